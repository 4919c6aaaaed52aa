"""Paired runs are what `simulate` computes, whatever they are put together with; checkpoints are what replays read."""

import numpy as np
import pytest

from feint.agents.errors import InputError
from feint.agents.model import Model
from feint.sim.ensembles.comparison import compare
from feint.sim.ensembles.ensemble import simulate
from feint.sim.ensembles.paired_runs import OWN, read_checkpoints, run_paired
from feint.sim.ensembles.protocols import TrainingProtocol, pretrained, scratch
from feint.sim.training.curriculum import pretrain_finetune
from feint.sim.training.parameter_point import Point
from feint.sim.training.replay import ReplayRequest

SHORT = pretrain_finetune({"steps": 400}, {"steps": 900})
POINT = Point(curriculum=SHORT)
PROTOCOLS = [
    scratch(),
    pretrained(),
    pretrained(finetuning__carry=("capability",)),
    pretrained(finetuning__honeypots=0.2),
    pretrained(pretraining__target=0.5),
    scratch(start="deceptive"),
]


@pytest.fixture(scope="module")
def ended():
    return run_paired(POINT, PROTOCOLS, range(150), seed=5)


def test_both_arms_are_those_of_a_comparison(ended):
    found = compare(SHORT, runs=150, seed=5)
    for protocol, arm in ((scratch(), found.scratch), (pretrained(), found.pretrained)):
        assert np.array_equal(ended[protocol].outcome, arm.outcome[:, -1])
        assert np.array_equal(ended[protocol].before, arm.outcome[:, 0])
        assert np.array_equal(ended[protocol].steps, arm.steps[:, -1])
        assert np.array_equal(ended[protocol].all_steps, arm.steps.sum(axis=1))
        assert np.array_equal(ended[protocol].performance, arm["performance"][:, -1])
        assert np.array_equal(ended[protocol].missed, arm["missed"][:, -1])
        deployed = arm["capability"][:, -1] * (1 - arm["deployed_error"][:, -1])
        assert np.array_equal(ended[protocol].deployed, deployed)


@pytest.mark.parametrize("protocol", PROTOCOLS, ids=str)
def test_a_protocol_alone_ends_as_among_others(ended, protocol):
    alone = run_paired(POINT, [protocol], range(150), seed=5)[protocol]
    assert np.array_equal(alone.outcome, ended[protocol].outcome)
    assert np.array_equal(alone.performance, ended[protocol].performance)


def test_runs_are_numbered_and_threads_do_not_matter(ended):
    later = run_paired(POINT, PROTOCOLS, range(100, 150), seed=5, threads=1)
    for protocol in PROTOCOLS:
        assert np.array_equal(later[protocol].performance, ended[protocol].performance[100:])


def test_nothing_carried_is_from_scratch(ended):
    nothing = pretrained(finetuning__carry=())
    found = run_paired(POINT, [nothing], range(150), seed=5)[nothing]
    assert np.array_equal(found.performance, ended[scratch()].performance)


def test_another_lot_shares_no_noise(ended):
    other = TrainingProtocol(lot=1)
    found = run_paired(POINT, [other], range(150), seed=5)[other]
    assert not (found.performance == ended[pretrained()].performance).any()


def test_outcomes_at_other_tolerances_are_those_of_a_model_that_has_them():
    moved = (("deploy_tolerance", 0.1),), (("train_tolerance", 0.2),)
    found = run_paired(POINT, [pretrained()], range(150), seed=5, readings=moved)[pretrained()]
    assert set(found.outcomes) == {OWN, *moved}
    for reading in moved:
        direct = simulate(SHORT, model=Model().replace(**dict(reading)), runs=150, seed=5)
        assert np.array_equal(found.read_as(reading).outcome, direct.outcome[:, -1])
        assert np.array_equal(found.read_as(reading).before, direct.outcome[:, 0])
        assert np.array_equal(found.read_as(reading).performance, found.performance)
    assert not np.array_equal(found.read_as(moved[0]).before, found.before)  # what a run was before is a reading, too


def test_a_run_that_diverges_performs_nothing():
    wild = scratch(finetuning__noise=1e30)
    found = run_paired(POINT, [wild], range(40), seed=5)[wild]
    assert np.isfinite(found.performance).all()
    assert np.isfinite(found.deployed).all()


HERE = Point().at({"pretraining.steps": 300, "finetuning.steps": 900, "finetuning.target": 0.6})
AT = (0, 1, 7, 200, 900)


@pytest.mark.parametrize("protocol", [scratch(), pretrained()])
def test_a_checkpoint_is_what_a_replay_reads_to_the_bit(protocol):
    spec = protocol.spec(HERE, seed=5)
    found = read_checkpoints(spec, range(3, 9), AT)
    for place, run in enumerate(range(3, 9)):
        life = ReplayRequest.of(spec, run).run()
        steps = [min(step, len(life.states[-1]) - 1) for step in AT]
        for name in ("following", "instrumental", "performance"):
            read = getattr(life.readings(), name)[steps]
            assert (getattr(found.readings, name)[:, place] == read).all()


def test_runs_that_stopped_are_distinguished_from_those_still_running():
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
