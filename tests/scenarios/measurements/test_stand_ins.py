"""Stand-ins: what is measured in the model, on trainings that are shared, and nuisance parameters."""

from math import isfinite

import numpy as np
import pytest

from feint.agents.errors import InputError
from feint.agents.outcome import Outcome
from feint.scenarios.measurements import stand_ins
from feint.scenarios.measurements.rows import shipped_rows
from feint.scenarios.measurements.stand_in import NUISANCES, steps_of
from feint.scenarios.measurements.stand_ins import STAND_INS, measured, nuisance_values
from feint.scenarios.measurements.trainings import INSERTED, LOCKED_FROM_SCRATCH, NATURAL, Moved, Reading
from feint.sim.ensembles.paired_runs import run_paired
from feint.sim.training.parameter_point import Point

RUNS = 60
QUICK = [name for name, stand_in in STAND_INS.items() if not stand_in.law]


@pytest.fixture(scope="module")
def numbers():
    return measured(QUICK, Point(), runs=RUNS, seed=1)


def test_every_stand_in_gives_a_number_with_limits_in_its_unit(numbers):
    assert list(numbers) == QUICK
    for name, number in numbers.items():
        assert isfinite(number.estimate)
        assert number.low <= number.estimate <= number.high
        if STAND_INS[name].unit == "%":
            assert -1e-9 <= number.estimate <= 100 + 1e-9, name


def test_every_stand_in_says_what_it_is_and_why_it_may_be_wrong():
    known = {factor.name for factor in NUISANCES}
    for name, stand_in in STAND_INS.items():
        assert stand_in.name == name
        assert stand_in.words
        assert stand_in.reason
        assert stand_in.discrepancy > 0
        assert set(stand_in.nuisances) <= known


def test_there_are_candidates_that_no_row_measured():
    taken = {row.stand_in for row in shipped_rows()}
    assert len(set(STAND_INS) - taken) >= 10


def test_a_stand_in_has_the_same_number_alone_as_among_others(numbers):
    for name in ("faking after", "inserted kept, large less small", "revival, near", "probe, area"):
        assert measured([name], Point(), runs=RUNS, seed=1) == {name: numbers[name]}


def test_trainings_that_are_shared_are_carried_out_once(monkeypatch):
    calls = []

    def counting(point, protocols, *more, **keywords):
        calls.append(list(protocols))
        return run_paired(point, calls[-1], *more, **keywords)

    monkeypatch.setattr(stand_ins, "run_paired", counting)
    measured(["faking before", "faking after", "unwatched moved"], Point(), runs=4, seed=0)
    assert [set(call) for call in calls] == [{NATURAL}]


def test_nuisance_parameters_move_what_depends_on_them_and_nothing_else(numbers):
    ends = {factor.name: factor.high for factor in NUISANCES}
    moved = measured(QUICK, Point(), runs=RUNS, seed=1, nuisances=ends)
    differ = {name for name in QUICK if moved[name] != numbers[name]}
    assert differ <= {name for name in QUICK if STAND_INS[name].nuisances}
    assert {"from scratch", "harmful after 2 iterations", "inserted kept, red teaming", "probe, caught"} <= differ


def test_nuisance_parameters_have_log_uniform_priors_with_the_middle_as_default():
    for factor in NUISANCES:
        assert factor.log
        assert factor.low < factor.high
        assert factor.at(0.5) == pytest.approx(nuisance_values()[factor.name])


def test_one_iteration_is_no_more_steps_than_its_batch():
    assert steps_of(190, {"samples_per_iteration": 64.0}, 4) == 760
    assert steps_of(2, {"samples_per_iteration": 1.0}, 64) == 2


@pytest.mark.parametrize(
    ("names", "nuisances", "sentence"),
    [
        (["faking aftr"], {}, "stand-in 'faking aftr' is not known: did you mean 'faking after'?"),
        (["faking after"], {"iterations": 3}, "nuisance parameter 'iterations' is not known"),
        (["faking after"], {"iterations_per_step": 0}, "iterations_per_step = 0 is not valid: it must be above 0"),
    ],
)
def test_wrong_input_is_one_sentence(names, nuisances, sentence):
    with pytest.raises(InputError) as error:
        measured(names, Point(), runs=4, seed=0, nuisances=nuisances)
    assert sentence in str(error.value)


def test_inserted_deceivers_go_through_pretraining_and_are_kept(numbers):
    assert [stage.name for stage in INSERTED.stages] == ["pretraining", "finetuning"]
    assert dict(INSERTED.changes)["start"] == "deceptive"
    assert numbers["inserted kept"].estimate > 90


def test_harm_before_the_first_step_is_read_as_the_mind_then_behaves(numbers):
    """It is what the mind does on Y after training on X, also where objectives are known at once."""
    assert numbers["harmful after 0 iterations"] == numbers["watched on Y after"]
    known = Point().at({"identification": 1e6})
    names = ["harmful after 0 iterations", "harmful after 6 iterations"]
    before, after = measured(names, known, runs=RUNS, seed=1).values()
    assert before.estimate < after.estimate - 20


def test_shielding_below_1_lets_training_move_unwatched_behaviour_of_deceivers(numbers):
    leaking = measured(["unwatched moved, inserted"], Point().at({"shielding": 0.7}), runs=RUNS, seed=1)
    assert leaking["unwatched moved, inserted"].low > numbers["unwatched moved, inserted"].high


def test_red_teaming_that_is_taken_for_the_trigger_removes_what_unrealistic_prompts_leave():
    name = "inserted kept, red teaming"
    plain, real = (
        measured([name], Point(), runs=RUNS, seed=1, nuisances={"red_team_realism": realism})[name]
        for realism in (0.01, 1.0)
    )
    assert real.estimate < plain.estimate - 50


def test_published_trainings_have_no_honeypots_whatever_the_point_has():
    spec = NATURAL.spec(Point().at({"finetuning.honeypots": 0.2}), seed=0)
    assert [stage.honeypots for stage in spec.curriculum] == [0, 0]


def test_what_moved_is_the_share_of_the_way_to_the_objective():
    ended = run_paired(Point(), [NATURAL], range(RUNS), seed=1)[NATURAL]
    moved, way = ended.recorded[Moved(1)].T
    aligned = np.isin(ended.outcome, [Outcome.INTERNAL, Outcome.CORRIGIBLE])
    assert (way > 0).all()
    assert np.median((moved / way)[aligned]) == pytest.approx(1, abs=0.15)
    assert np.median((moved / way)[ended.outcome == Outcome.DECEPTIVE]) < 0.5


def test_locks_made_from_scratch_know_the_hidden_objective_without_having_practised_it():
    spec = LOCKED_FROM_SCRATCH.spec(Point(), seed=0)
    assert spec.curriculum[0].coverage == 1
    assert [stage.objective for stage in spec.curriculum] == [1, 0]


def test_a_diverged_run_is_recorded_as_0():
    wild = Point().at({"*.learning_rate": 1e9})
    ended = run_paired(wild, [NATURAL], range(8), seed=0)[NATURAL]
    assert np.isfinite(ended.recorded[Reading(1, "faking")]).all()
    assert all(isfinite(number.estimate) for number in measured(QUICK, wild, runs=8, seed=0).values())


@pytest.mark.slow
def test_constants_of_the_transfer_law_are_those_of_the_transfer_experiment():
    numbers = measured([name for name in STAND_INS if STAND_INS[name].law], Point(), runs=60, seed=1)
    assert numbers["alpha, far"].estimate > numbers["alpha, near"].estimate
    assert set(numbers) <= {"alpha, far", "alpha, near", "beta", "k, near over far"}
