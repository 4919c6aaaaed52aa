"""Matching: what each mode makes of a curriculum, and what it then holds equal between trained arms."""

import numpy as np
import pytest

from feint.agents.errors import InputError
from feint.agents.model import Model
from feint.sim.ensembles.comparison import compare
from feint.sim.ensembles.ensemble import simulate
from feint.sim.ensembles.protocols import FROM_SCRATCH, PRETRAIN_FINETUNE, arm_of, arms_of, pretrained, scratch
from feint.sim.statistics.scaling_laws import SCALE
from feint.sim.sweeps.study import Study
from feint.sim.training.curriculum import Curriculum, Match, from_scratch, pretrain_finetune
from feint.sim.training.parameter_point import Point
from feint.sim.training.stage import Stage

DEFAULT = pretrain_finetune()
THREE = Curriculum(
    Stage(name="base", objective=0, steps=100),
    Stage(name="helpful", objective=1, steps=200, target=0.3),
    Stage(name="harmless", objective=2, steps=400, target=0.6),
)
TRAINED = pretrain_finetune({"steps": 400, "target": 0.5}, {"steps": 1500, "target": 0.8})
RUNS = 60


def shape(curriculum):
    return [(stage.name, stage.steps, stage.target) for stage in curriculum]


@pytest.fixture(scope="module")
def trained():
    """One comparison a mode, of runs some of which would stop early in every stage and some would not."""
    return {mode: compare(TRAINED, runs=RUNS, seed=5, match=mode) for mode in Match}


@pytest.mark.parametrize("curriculum", [DEFAULT, THREE])
def test_matched_at_a_target_a_curriculum_stays_as_it_is(curriculum):
    assert Match.TARGET.apply(curriculum) == curriculum
    assert Match.TARGET.apply(curriculum, total_steps=7) == curriculum


def test_matched_at_the_ceiling_the_last_stage_stops_where_capability_is_alike():
    assert shape(Match.CEILING.apply(DEFAULT)) == [("pretraining", 3000, 0.0), ("finetuning", 12000, 0.99)]
    assert shape(Match.CEILING.apply(THREE)) == [("base", 100, 0.0), ("helpful", 200, 0.3), ("harmless", 400, 0.99)]


def test_matched_by_steps_the_last_stage_never_stops_early():
    assert shape(Match.STEPS.apply(DEFAULT)) == [("pretraining", 3000, 0.0), ("finetuning", 12000, 0.0)]
    assert shape(Match.STEPS.apply(THREE)) == [("base", 100, 0.0), ("helpful", 200, 0.3), ("harmless", 400, 0.0)]


def test_matched_by_total_steps_no_stage_stops_early():
    assert shape(Match.TOTAL_STEPS.apply(DEFAULT)) == [("pretraining", 3000, 0.0), ("finetuning", 12000, 0.0)]
    assert shape(Match.TOTAL_STEPS.apply(THREE)) == [("base", 100, 0.0), ("helpful", 200, 0.0), ("harmless", 400, 0.0)]


@pytest.mark.parametrize(
    ("curriculum", "total", "last"),
    [(THREE, 1000, 700), (THREE.last_alone(), 700, 700), (THREE, 300, 0), (THREE, 9, 0)],
)
def test_the_last_stage_makes_up_the_total_steps(curriculum, total, last):
    applied = Match.TOTAL_STEPS.apply(curriculum, total_steps=total)
    assert shape(applied)[-1] == ("harmless", last, 0.0)
    assert applied.names == curriculum.names


@pytest.mark.parametrize("mode", list(Match))
def test_matching_leaves_every_other_parameter_alone(mode):
    given = pretrain_finetune({"noise": 0.1}, {"honeypots": 0.1, "carry": ["goal"], "coverage": 0.2})
    applied = mode.apply(given, total_steps=20000)
    same = {stage.name: {"steps": stage.steps, "target": stage.target} for stage in given}
    assert applied.replace(same) == given


def test_a_mode_is_found_by_its_name_and_explains_itself():
    assert [Match.named(name) for name in ("target", "ceiling", "steps", "total-steps", "data")] == list(Match)
    assert Match.named(Match.STEPS) is Match.STEPS
    assert len({mode.meaning for mode in Match}) == 5


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("total_steps", "match 'total_steps' is not known: did you mean 'total-steps'?"),
        ("xyz", "match 'xyz' is not known: known are target, ceiling, steps, total-steps, data."),
        (None, "match None is not known: known are target, ceiling, steps, total-steps, data."),
    ],
)
def test_an_unknown_mode_is_refused_before_anything_is_trained(name, words):
    for use in (Match.named, lambda match: compare(TRAINED, match=match), lambda match: simulate(TRAINED, match=match)):
        with pytest.raises(InputError) as caught:
            use(name)
        assert str(caught.value) == words


def test_matched_by_steps_every_run_takes_all_steps_of_the_last_stage(trained):
    for arm in trained[Match.STEPS].arms.values():
        assert set(arm.steps[:, -1]) == {1500}
    assert (trained[Match.TARGET].scratch.steps < 1500).any()


def test_matched_by_total_steps_both_arms_take_the_same_number_altogether(trained):
    found = trained[Match.TOTAL_STEPS]
    assert set(found.scratch.steps.sum(axis=1)) == {1900}
    assert {tuple(steps) for steps in found.pretrained.steps} == {(400, 1500)}
    assert (trained[Match.STEPS].pretrained.steps[:, 0] < 400).any()


def test_matched_by_data_from_scratch_takes_the_steps_that_pretraining_is_worth_as_well(trained):
    worth = SCALE.worth(1500, 16)
    found = trained[Match.DATA]
    assert set(found.scratch.steps[:, -1]) == {1500 + worth}
    assert set(found.pretrained.steps[:, -1]) == {1500}
    assert (found.pretrained.steps[:, 0] < 400).any()
    assert np.array_equal(found.pretrained.outcome, trained[Match.STEPS].pretrained.outcome)


def test_what_pretraining_is_worth_follows_the_modes_or_is_given():
    few, many = (arms_of(TRAINED, Match.DATA, modes=modes)[FROM_SCRATCH][-1].steps for modes in (1, 1024))
    assert (many - 1500) / (few - 1500) == pytest.approx(1024**0.38, rel=1e-3)
    assert shape(arms_of(TRAINED, Match.DATA, worth=7)[FROM_SCRATCH]) == [("finetuning", 1507, 0.0)]
    assert shape(Match.DATA.apply(DEFAULT)) == [("pretraining", 3000, 0.0), ("finetuning", 12000, 0.0)]


@pytest.mark.parametrize("model", [Model(), Model(modes=3)])
def test_every_front_finds_the_same_arms_matched_by_data(model):
    arms = arms_of(TRAINED, Match.DATA, modes=model.modes)
    point = Point(model=model, curriculum=TRAINED, match="data")
    plans = Study(model=model, curriculum=TRAINED, vary={"start": ["fresh"]}, match="data").specs({})
    for name, protocol in ((FROM_SCRATCH, scratch()), (PRETRAIN_FINETUNE, pretrained())):
        assert protocol.spec(point, seed=0).curriculum == arms[name] == plans[name].curriculum
        assert arm_of(TRAINED, name, "data", model)[0] == arms[name]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"worth": 5}, "worth = 5 is not allowed with match = 'target': it is for match = 'data'."),
        ({"match": "data", "worth": -1}, "worth = -1 is not valid: it must be a whole number of at least 0."),
        ({"match": "data", "worth": 1.5}, "worth = 1.5 is not valid: it must be a whole number of at least 0."),
        (
            {"match": "data", "worth": 10**9},
            "match = 'data' asks for 1,000,001,500 steps of stage 'finetuning': it can take 1,000,000,000 at most",
        ),
    ],
)
def test_a_worth_that_cannot_be_is_refused(asked, words):
    with pytest.raises(InputError) as caught:
        compare(TRAINED, runs=3, **asked)
    assert str(caught.value).startswith(words)


@pytest.mark.parametrize("mode", [Match.STEPS, Match.TOTAL_STEPS, Match.DATA])
def test_where_no_stage_can_stop_early_no_target_is_missed(trained, mode):
    for arm in trained[mode].arms.values():
        assert not arm["missed"][:, -1].any()


#: rule, performance that is reached, and steps; runs rise so slowly at the ceiling that some are there by rounding
AT_TARGET = [(Match.TARGET, 0.8, 1500), (Match.CEILING, 0.99 - 1e-6, 8000)]


@pytest.fixture(scope="module")
def at_the_ceiling():
    """A comparison in which some of the runs, but not all, reach a performance of 0.99."""
    return compare(TRAINED.replace({"finetuning": {"steps": 8000}}), runs=RUNS, seed=5, match=Match.CEILING)


def at_target(mode, trained, at_the_ceiling):
    return (trained[mode] if mode is Match.TARGET else at_the_ceiling).arms.values()


@pytest.mark.parametrize(("mode", "target", "_steps"), AT_TARGET)
def test_matched_at_a_target_a_run_reaches_it_or_is_missed(trained, at_the_ceiling, mode, target, _steps):
    for arm in at_target(mode, trained, at_the_ceiling):
        reached = arm["performance"][:, -1] >= target
        assert reached.any()
        assert (~reached).any()
        assert (arm["missed"][:, -1] == ~reached).all()


def test_at_the_ceiling_capability_itself_is_alike_in_both_arms(at_the_ceiling):
    for arm in at_the_ceiling.arms.values():
        assert (arm["capability"][:, -1][~arm["missed"][:, -1]] >= 0.99 - 1e-6).all()


@pytest.mark.parametrize(("mode", "_target", "steps"), AT_TARGET)
def test_a_run_that_missed_took_every_step_and_is_counted(trained, at_the_ceiling, mode, _target, steps):
    for arm in at_target(mode, trained, at_the_ceiling):
        missed = arm["missed"][:, -1]
        assert set(arm.steps[missed, -1]) == {steps}
        assert sum(arm.counts().values()) == RUNS
        assert arm.frame()["missed"].sum() == arm["missed"].sum() >= missed.sum() > 0


def test_a_stage_before_the_last_stops_at_its_own_target(trained):
    arm = trained[Match.TARGET].pretrained
    assert (arm["missed"][:, 0] == (arm["performance"][:, 0] < 0.5)).all()
    assert arm["missed"][:, 0].any()
    assert (~arm["missed"][:, 0]).any()


def test_a_target_of_1_is_missed_by_all_and_a_target_of_0_by_none():
    asked = simulate(from_scratch(steps=20, target=1.0), runs=9)
    assert asked["missed"].all()
    unasked = simulate(from_scratch(steps=20, target=0.0), runs=9)
    assert not unasked["missed"].any()
    assert set(unasked.steps[:, 0]) == {20}
