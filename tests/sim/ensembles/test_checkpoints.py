"""Courses: runs read along a stage are the runs that are replayed one by one."""

import numpy as np
import pytest

from feint.agents.errors import InputError
from feint.sim.ensembles.paired_runs import read_checkpoints
from feint.sim.ensembles.protocols import pretrained, scratch
from feint.sim.training.parameter_point import Point
from feint.sim.training.replay import ReplayRequest

HERE = Point().at({"pretraining.steps": 300, "finetuning.steps": 900, "finetuning.target": 0.6})
AT = (0, 1, 7, 200, 900)


@pytest.mark.parametrize("protocol", [scratch(), pretrained()])
def test_a_course_is_what_a_replay_reads_to_the_bit(protocol):
    spec = protocol.spec(HERE, seed=5)
    found = read_checkpoints(spec, range(3, 9), AT)
    for place, run in enumerate(range(3, 9)):
        life = ReplayRequest.of(spec, run).run()
        steps = [min(step, len(life.states[-1]) - 1) for step in AT]
        for name in ("following", "instrumental", "performance"):
            read = getattr(life.readings(), name)[steps]
            assert (getattr(found.readings, name)[:, place] == read).all()


def test_runs_that_stopped_are_told_from_those_still_running():
    spec = pretrained().spec(HERE, seed=5)
    found = read_checkpoints(spec, range(200), AT)
    assert found.running[0].all()
    assert (np.diff(found.running.mean(axis=1)) <= 0).all()
    stopped = ~found.running[3]
    assert stopped.any()
    assert (found.readings.performance[4, stopped] == found.readings.performance[3, stopped]).all()


def test_no_number_depends_on_threads():
    spec = scratch().spec(HERE, seed=0)
    one, two = (read_checkpoints(spec, range(5000), (0, 5), threads=threads) for threads in (1, 2))
    assert all((a == b).all() for a, b in zip(one.readings, two.readings, strict=True))


@pytest.mark.parametrize("steps", [(), (-1, 3), (3, 3), (5, 2)])
def test_steps_that_do_not_rise_are_refused(steps):
    with pytest.raises(InputError, match=r"steps = .* must be whole numbers that rise from 0 or more"):
        read_checkpoints(scratch().spec(HERE, seed=0), range(3), steps)
