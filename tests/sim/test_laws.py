"""What must come out (model page, sections 8 and 9): checks of the code, not of the world."""

import numpy as np
import oracle
import pytest

from feint.agents.mind import PARTS
from feint.agents.model import Model
from feint.agents.outcome import Outcome, read
from feint.sim.ensembles.comparison import compare
from feint.sim.ensembles.ensemble import UNITS, simulate
from feint.sim.statistics.intervals import tango, wilson
from feint.sim.training.curriculum import Curriculum, from_scratch, pretrain_finetune
from feint.sim.training.stage import Stage
from feint.sim.training.train import begin, enter, train

NEAR_DECEPTION = Model(
    plasticity_goal=0.002,
    representation_init=4.0,
    decoys=5.0,
    plasticity_pointer=1.0,
    gate_init=0.0,
    plasticity_gate=10.0,
    inference_power=8.0,
)
EXPOSED = {"awareness_exposure": 0.1, "horizon_exposure": 0.1}
UNEXPOSED = {"awareness_exposure": 1e-4, "horizon_exposure": 1e-4}


def deceptive(ensemble):
    return ensemble.is_outcome(Outcome.DECEPTIVE)


def consistent(count, runs, published, published_runs=2000, z=4.0):
    """Whether a count agrees with a frequency that an independent implementation published to two digits."""
    pooled = (count + published * published_runs) / (runs + published_runs)
    spread = np.sqrt(pooled * (1 - pooled) * (1 / runs + 1 / published_runs))
    return abs(count / runs - published) <= z * spread + 0.005


@pytest.mark.parametrize(
    ("model", "pretraining", "scratch", "after"),
    [
        (NEAR_DECEPTION, EXPOSED, 0.96, 0.97),
        (
            NEAR_DECEPTION.replace(gate_init=-3.0, plasticity_goal=0.006, similarity=0.9),
            {**UNEXPOSED, "steps": 5000},
            0.55,
            0.07,
        ),
    ],
    ids=["deceptive either way", "the claim reversed"],
)
def test_reference_points_of_an_independent_implementation_are_met(model, pretraining, scratch, after):
    found = compare(pretrain_finetune(pretraining, EXPOSED), model=model, runs=4000, seed=11)
    assert consistent(deceptive(found.scratch).sum(), 4000, scratch)
    assert consistent(deceptive(found.pretrained).sum(), 4000, after)


def test_nothing_carried_is_from_scratch_bit_for_bit():
    fresh = compare(pretrain_finetune(finetuning={"carry": ()}), runs=300, seed=2)
    for name in UNITS:
        np.testing.assert_array_equal(fresh.scratch[name][:, -1], fresh.pretrained[name][:, -1], err_msg=name)
    assert fresh.difference().estimate == 0.0


def test_nothing_carried_late_in_a_curriculum_is_from_scratch_bit_for_bit():
    last = Stage(name="last", objective=1, carry=())
    long = Curriculum(
        Stage(name="one", objective=1, steps=300, target=0.0), Stage(name="two", objective=0, steps=200), last
    )
    found = compare(long, runs=200, seed=3)
    for name in UNITS:
        np.testing.assert_array_equal(found.scratch[name][:, -1], found.pretrained[name][:, -1], err_msg=name)


@pytest.mark.parametrize("start", ["fresh", "internal", "corrigible", "deceptive"])
def test_without_inference_power_no_run_is_ever_deceptive(start):
    model = NEAR_DECEPTION.replace(inference_power=0.0)
    curriculum = pretrain_finetune({**EXPOSED, "steps": 1000}, {**EXPOSED, "steps": 3000})
    ensemble = simulate(curriculum, model=model, runs=500, seed=4, start=start)
    assert not (ensemble.outcome == Outcome.DECEPTIVE).any()


@pytest.mark.parametrize("start", ["fresh", "deceptive"])
@pytest.mark.parametrize("forms", oracle.COVERING, ids=oracle.named)
def test_without_inference_power_no_run_is_ever_deceptive_in_any_form(forms, start):
    model = NEAR_DECEPTION.replace(inference_power=0.0, **forms)
    curriculum = pretrain_finetune({**EXPOSED, "steps": 500}, {**EXPOSED, "steps": 1500})
    ensemble = simulate(curriculum, model=model, runs=500, seed=4, start=start, precision="double")
    assert not (ensemble.outcome == Outcome.DECEPTIVE).any()
    assert (ensemble["instrumental"] == 0).all()


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
            model=NEAR_DECEPTION.replace(inference_form="step", inference_power=power),
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
    for part in PARTS:
        distance = np.abs(getattr(trained.mind, part) - getattr(start.mind, part)).reshape(5, -1).max(axis=1)
        np.testing.assert_array_equal(distance[:2] > 1e-6, [part == "world"] * 2, err_msg=part)


def test_honeypots_lower_deception_on_paired_runs():
    plain = simulate(pretrain_finetune(), runs=4000, seed=5)
    watched = simulate(pretrain_finetune(finetuning={"honeypots": 0.1}), runs=4000, seed=5)
    only_plain = (deceptive(plain) & ~deceptive(watched)).sum()
    only_watched = (deceptive(watched) & ~deceptive(plain)).sum()
    assert tango(only_watched, only_plain, 4000).high < 0


def test_the_same_objective_twice_leaves_little_but_the_head_start():
    """With similarity 1 and full coverage, what is learned for Y serves X: hardly any run needs the gate."""
    found = compare(pretrain_finetune({"coverage": 1.0}), model=Model(similarity=1.0), runs=2000, seed=6)
    apart = compare(runs=2000, seed=6)
    assert abs(found.difference().estimate) < 0.1 * apart.difference().estimate


def test_smaller_steps_with_the_noise_kept_give_the_same_frequencies():
    """Weak limit: half the learning rate, twice the steps, noise by √2, on independent streams."""
    coarse = pretrain_finetune({"steps": 2000}, {"steps": 6000})
    fine = pretrain_finetune(
        {"steps": 4000, "learning_rate": 0.5, "noise": 0.3 * np.sqrt(2)},
        {"steps": 12000, "learning_rate": 0.5, "noise": 0.3 * np.sqrt(2)},
    )
    runs = 6000
    one = simulate(coarse, runs=runs, seed=7).counts()
    two = simulate(fine, runs=runs, seed=8).counts()
    for label in one:
        pooled = (one[label] + two[label]) / (2 * runs)
        spread = np.sqrt(2 * pooled * (1 - pooled) / runs)
        assert abs(one[label] - two[label]) / runs <= 4 * spread + 1e-12, (label, one, two)


def test_runs_that_did_not_miss_their_target_stop_at_it():
    ensemble = simulate(from_scratch(), runs=500, seed=9)
    found = ~ensemble["missed"][:, 0]
    assert found.sum() > 400
    assert (ensemble["performance"][found, 0] >= 0.9).all()
    assert (ensemble.steps[~found, 0] == 12000).all()


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
