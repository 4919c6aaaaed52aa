"""Stand-ins for different starts: their lengths are settings, and a start of no step is none."""

import pytest

from feint.scenarios.finetuning.protocols import X, pretraining
from feint.scenarios.measurements.stand_in import SETTINGS
from feint.scenarios.measurements.stand_ins import STAND_INS, measured
from feint.scenarios.measurements.starts import STARTS
from feint.scenarios.measurements.trainings import Reading, of, on
from feint.sim.ensembles.paired_runs import run_paired
from feint.sim.training.parameter_point import Point

RUNS = 24
BASE = {factor.name: factor.base for factor in SETTINGS}


def number(name, point=None, **values):
    stand_in, point, values = STAND_INS[name], point or Point(), {**BASE, **values}
    trainings = stand_in.trainings(values)
    ended = run_paired(point, trainings, range(RUNS), seed=1)
    return stand_in.measure([ended[training] for training in trainings], values)


def test_at_the_base_values_they_are_those_of_the_registry():
    numbers = measured([stand_in.name for stand_in in STARTS], Point(), runs=RUNS, seed=1)
    assert numbers == {stand_in.name: number(stand_in.name) for stand_in in STARTS}


def test_a_kept_head_start_is_the_one_of_the_table_at_its_length():
    known = measured(["head start left"], Point(), runs=RUNS, seed=1)["head start left"]
    assert number("head start kept") == known
    assert number("head start kept", trained_steps=300) != known


def test_there_is_no_head_start_where_other_data_are_as_near():
    assert number("head start kept", Point().at({"similarity": 0.9})).estimate == 0


def test_without_aligned_post_training_hacks_follow_pretraining():
    readings = [Reading(stage, "unwatched on X") for stage in (0, 1)]
    plain = of(pretraining(), on(X, BASE["trained_steps"]), read_at=readings, start="fresh")
    before, after = run_paired(Point(), [plain], range(RUNS), seed=1)[plain].recorded.values()
    assert number("broad after hacks").estimate == pytest.approx(100 * (after - before).mean())
    assert number("broad after hacks", aligned_steps=3000).estimate != pytest.approx(100 * (after - before).mean())


def test_what_is_graded_is_learnt_at_least_as_far_as_it_spreads():
    assert number("graded after hacks").estimate > number("broad after hacks").estimate - 5
