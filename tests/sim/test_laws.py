"""What must come out (model page, sections 8 and 9): checks of the code, not of the world."""

import numpy as np
import oracle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from studies.precision import NEAR_DECEPTION

from feint.agents.mind import Mind
from feint.agents.model import Model
from feint.agents.outcome import Outcome, read
from feint.sim.ensembles.comparison import compare
from feint.sim.ensembles.ensemble import UNITS, simulate
from feint.sim.statistics.intervals import tango, wilson
from feint.sim.training.curriculum import Curriculum, from_scratch, pretrain_finetune
from feint.sim.training.stage import Stage
from feint.sim.training.train import begin, enter, train

GRADED = Model(grader=-2.0)
VERSION_1 = Model(identification=1e6, inference_form="exponential")
EXPOSED = {"awareness_exposure": 0.1, "horizon_exposure": 0.1}


def deceptive(ensemble):
    return ensemble.is_outcome(Outcome.DECEPTIVE)


@pytest.mark.parametrize("model", [Model(), GRADED, VERSION_1], ids=["plain", "graded", "version 1"])
def test_nothing_carried_is_from_scratch_bit_for_bit(model):
    fresh = compare(pretrain_finetune(finetuning={"carry": ()}), model=model, runs=300, seed=2)
    assert "belief" in UNITS
    for name in UNITS:
        np.testing.assert_array_equal(fresh.scratch[name][:, -1], fresh.pretrained[name][:, -1], err_msg=name)
    assert fresh.difference().estimate == 0.0


@pytest.mark.parametrize("model", [Model(), GRADED], ids=["plain", "graded"])
def test_nothing_carried_late_in_a_curriculum_is_from_scratch_bit_for_bit(model):
    last = Stage(name="last", objective=1, carry=())
    long = Curriculum(
        Stage(name="one", objective=1, steps=300, target=0.0), Stage(name="two", objective=0, steps=200), last
    )
    found = compare(long, model=model, runs=200, seed=3)
    for name in UNITS:
        np.testing.assert_array_equal(found.scratch[name][:, -1], found.pretrained[name][:, -1], err_msg=name)


@pytest.mark.parametrize("grader", [-30.0, -2.0, 1.0])
@pytest.mark.parametrize("start", ["fresh", "internal", "corrigible", "deceptive"])
def test_without_inference_power_no_run_is_ever_deceptive(start, grader):
    """With a grader some are good only while they believe that they are in training, but not to gain by it later."""
    model = NEAR_DECEPTION.replace(inference_power=0.0, grader=grader)
    curriculum = pretrain_finetune({**EXPOSED, "steps": 1000}, {**EXPOSED, "steps": 3000})
    ensemble = simulate(curriculum, model=model, runs=500, seed=4, start=start)
    assert not (ensemble.outcome == Outcome.DECEPTIVE).any()


def test_of_minds_that_infer_nothing_those_with_a_grader_may_seek_what_is_graded():
    """Without this, that none is deceptive could be because none is anything; a belief then rests on nothing."""
    model = Model(grader=0.0, inference_power=0.0, identification=1e6)
    ensemble = simulate(pretrain_finetune(), model=model, runs=500, seed=4)
    assert (ensemble.outcome[:, -1] == Outcome.REWARD_SEEKING).mean() > 0.3
    assert not (ensemble.outcome == Outcome.DECEPTIVE).any()


@pytest.mark.parametrize("start", ["fresh", "internal", "corrigible", "deceptive"])
@pytest.mark.parametrize("model", [Model(), NEAR_DECEPTION, VERSION_1], ids=["default", "near", "version 1"])
def test_without_a_grader_no_run_ever_seeks_what_is_graded(model, start):
    for finetuning in ({}, {"target": 0.7}, {"honeypots": 0.2, "realism": 0.5, "steps": 3000}):
        ensemble = simulate(pretrain_finetune({}, finetuning), model=model, runs=500, seed=4, start=start)
        assert not (ensemble.outcome == Outcome.REWARD_SEEKING).any()


def test_the_heavier_a_grader_before_training_the_more_runs_seek_what_is_graded_in_place_of_every_other_type():
    weights = (-30.0, -5.0, -2.0, 0.0, 2.0)
    counts = [compare(model=Model(grader=weight), runs=2000, seed=4).pretrained.counts() for weight in weights]
    assert (np.diff([count["reward-seeking"] for count in counts]) > 0).all()
    for label in ("internal", "corrigible", "deceptive"):
        assert (np.diff([count[label] for count in counts]) < 0).all(), label


def test_inference_by_a_step_gates_nothing_until_power_times_capability_is_more_than_one():
    """At exactly one neither: linear capability is 1/4 at C = -2."""
    scattered = begin(Model(init_spread=3.0, inference_form="step", capability_init=-1.0), runs=500, seed=12)
    beyond = 4.0 * read(scattered, 1).capability > 1
    assert 100 < beyond.sum() < 400
    np.testing.assert_array_equal(read(scattered, 1).instrumental > 0, beyond)
    linear = Model(init_spread=0.0, capability_form="linear", inference_form="step", gate_form="minimum")
    at_border = begin(linear, runs=2).with_mind(capability=np.array([-2.0, -2.0 + 1e-12]))
    np.testing.assert_array_equal(read(at_border, 1).instrumental > 0, [False, True])


def test_inference_by_a_step_needs_more_power_than_one_for_any_run_to_be_deceptive():
    curriculum = pretrain_finetune({**EXPOSED, "steps": 500}, {**EXPOSED, "steps": 1500})
    weak, strong = (
        simulate(
            curriculum,
            model=NEAR_DECEPTION.replace(**oracle.TOGETHER[-1], inference_power=power),
            runs=500,
            seed=4,
            start="deceptive",
            precision="double",
        )
        for power in (1.0, 1.5)
    )
    assert (weak["instrumental"] == 0).all()
    assert not deceptive(weak).any()
    assert deceptive(strong).any()


def test_the_smallest_of_what_the_gate_needs_is_no_less_than_their_product():
    product = begin(Model(init_spread=3.0), runs=500, seed=13)
    minimum = begin(Model(init_spread=3.0, gate_form="minimum"), runs=500, seed=13)
    product, minimum = read(product, 1), read(minimum, 1)
    assert (minimum.instrumental > product.instrumental).all()
    for name in ("gate", "awareness", "horizon"):
        np.testing.assert_array_equal(getattr(minimum, name), getattr(product, name))
        assert (minimum.instrumental <= getattr(minimum, name)).all()


@pytest.mark.parametrize("precision", ["single", "double"])
def test_linear_capability_is_nothing_at_one_end_and_everything_at_the_other(precision):
    """And who can do nothing learns nothing but what the world is like: all else is learned by doing."""
    model = Model(capability_form="linear", inference_form="step", gate_form="minimum")
    start = begin(model, runs=5).with_mind(capability=np.array([-1000.0, -4.0, 0.0, 4.0, 1000.0]))
    np.testing.assert_array_equal(read(start, 1).capability, [0.0, 0.0, 0.5, 1.0, 1.0])
    trained = train(start, Stage(steps=100, target=0.0), precision=precision)
    np.testing.assert_array_equal(read(trained, 1).capability[[0, 1, 4]], [0.0, 0.0, 1.0])
    for part in Mind._fields:
        distance = np.abs(getattr(trained.mind, part) - getattr(start.mind, part)).reshape(5, -1).max(axis=1)
        np.testing.assert_array_equal(distance[:2] > 1e-6, [part == "world"] * 2, err_msg=part)
        if part == "world":
            assert distance[2] > 0.1


def test_honeypots_lower_deception_on_paired_runs():
    """By a few points: a tenth of the episodes, each taken for deployment."""
    plain = simulate(pretrain_finetune(), runs=4000, seed=5)
    watched = simulate(pretrain_finetune(finetuning={"honeypots": 0.1}), runs=4000, seed=5)
    only_plain = (deceptive(plain) & ~deceptive(watched)).sum()
    only_watched = (deceptive(watched) & ~deceptive(plain)).sum()
    assert tango(only_watched, only_plain, 4000).high < 0


def test_the_same_objective_twice_leaves_little_but_the_head_start():
    """With similarity 1 and full coverage, what is learned for Y serves X: hardly any run needs the gate."""
    found = compare(pretrain_finetune({"coverage": 1.0}), model=Model(similarity=1.0), runs=4000, seed=6)
    apart = compare(runs=2000, seed=6)
    assert abs(found.difference().estimate) < 0.1 * apart.difference().estimate
    at_once = (found.pretrained.steps[:, -1] == 0).mean()
    from_scratch = np.median(found.scratch.steps[:, -1])
    assert at_once == pytest.approx(0.80, abs=0.02)  # the page of the model has these numbers
    assert from_scratch == pytest.approx(1576, rel=0.02)


@pytest.mark.parametrize("grader", [-30.0, -2.0])
def test_smaller_steps_with_the_noise_kept_give_the_same_frequencies(grader):
    """Weak limit: half the learning rate, twice the steps, noise by √2, on independent streams.

    A sample then tells half as much and is half as likely to be the first of another objective.
    """
    coarse = pretrain_finetune({"steps": 2000}, {"steps": 6000})
    fine = pretrain_finetune(
        {"steps": 4000, "learning_rate": 0.5, "noise": 0.3 * np.sqrt(2)},
        {"steps": 12000, "learning_rate": 0.5, "noise": 0.3 * np.sqrt(2)},
    )
    runs, model = 6000, Model(grader=grader)
    finer = model.replace(identification=model.identification / 2, switching=model.switching / 2)
    one = simulate(coarse, model=model, runs=runs, seed=7).counts()
    two = simulate(fine, model=finer, runs=runs, seed=8).counts()
    for label in one:
        pooled = (one[label] + two[label]) / (2 * runs)
        spread = np.sqrt(2 * pooled * (1 - pooled) / runs)
        assert abs(one[label] - two[label]) / runs <= 4 * spread + 1e-12, (label, one, two)


@pytest.mark.parametrize("precision", ["single", "double"])
def test_runs_that_did_not_miss_their_target_stop_at_it(precision):
    ensemble = simulate(from_scratch(), runs=500, seed=9, precision=precision)
    found = ~ensemble["missed"][:, 0]
    assert found.sum() > 400
    assert (ensemble["performance"][found, 0] >= 0.9).all()
    assert (ensemble.steps[~found, 0] == 12000).all()


@settings(max_examples=12, deadline=None, derandomize=True)
@given(target=st.floats(0.5, 0.98), seed=st.integers(0, 2**32), tolerance=st.sampled_from([0.1, 0.01]))
@pytest.mark.parametrize("form", oracle.FORMS["capability_form"])
def test_what_reached_its_target_is_never_unconverged(form, target, seed, tolerance):
    """In either arm, at any target; and in the linear form, where capability is 1 and error all that is missing."""
    model = Model(capability_form=form, train_tolerance=tolerance)
    for arm in compare(pretrain_finetune({}, {"target": target}), model=model, runs=500, seed=seed).arms.values():
        reached = ~arm["missed"][:, -1]
        assert reached.sum() > 200
        assert not (reached & (arm.outcome[:, -1] == Outcome.UNCONVERGED)).any()


def test_identical_arms_on_common_streams_differ_by_exactly_nothing_and_on_independent_ones_by_chance():
    arm = pretrain_finetune({"steps": 1000}, {"steps": 2000})
    one, same, other = (simulate(arm, runs=2000, seed=seed) for seed in (10, 10, 11))
    np.testing.assert_array_equal(one.outcome, same.outcome)
    assert (one.outcome != other.outcome).any()
    for label in one.counts():
        first, second = wilson(one.counts()[label], 2000, 0.9999), wilson(other.counts()[label], 2000, 0.9999)
        assert first.low <= second.high
        assert second.low <= first.high


def test_arms_share_starts_and_fine_tuning_noise():
    """Whatever pre-training carries over, fine-tuning begins from the same draw and on the same noise."""
    curriculum = pretrain_finetune({"steps": 50})
    start = begin(runs=40, seed=1)
    alone = enter(start, curriculum.last_alone()[0])
    after = enter(train(start, curriculum[0]), curriculum[1])
    np.testing.assert_array_equal(alone.progress.generator, after.progress.generator)
    np.testing.assert_array_equal(alone.initial.goal, after.initial.goal)
    assert (alone.mind.goal != after.mind.goal).any()
    assert (alone.progress.generator != enter(start.forked(1), curriculum[1]).progress.generator).any()
