"""Outcomes: the kernel's reading against the oracle's, each outcome at a state built to have it, and at the borders."""

from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import oracle
import pytest

from feint.agents.interventions import close_gate, following, move_concept
from feint.agents.mind import Mind
from feint.agents.model import Model
from feint.agents.outcome import LABELS, Outcome, read
from feint.agents.types import TYPES
from feint.agents.views import Belief, view
from feint.sim.training.stage import Stage
from feint.sim.training.train import begin, train

SATURATED = 1000.0  # log-odds: σ is exactly 1
SHIFTED = Model(modes=5, deployment_spectrum=0.7, spectrum=2.0, deploy_tolerance=0.1)
SEEKING: dict[str, Any] = {"grader": 0.0}
KNOWN: dict[str, Any] = {"identification": 1e6}


def scattered(model, runs=300, objectives=3, seed=1):
    """Runs of every kind: each part is sometimes near, sometimes far from what training wants."""
    rng = np.random.default_rng(seed)
    state = begin(model, runs=runs, seed=seed, objectives=objectives)
    logits = {name: rng.normal(2, 3, runs) for name in ("gate", "capability", "awareness", "horizon")}
    noise = rng.normal(size=(runs, model.modes)) * rng.choice([0.0, 0.1, 0.5], (runs, 1))
    pointer = rng.normal(-2, 1, (runs, objectives))
    pointer[:, 1] += rng.choice([0.0, 8.0], runs)
    belief = rng.dirichlet(np.ones(objectives), runs) * 0.05
    belief[:, 1] += 0.95
    return state.with_mind(
        **logits,
        goal=state.world.objectives[:, 1] + noise,
        representation=rng.normal(0, 4, runs),
        pointer=pointer,
        world=rng.choice([0.5, 0.9, 1.0], (runs, objectives)),
        belief=np.where(rng.random((runs, 1)) < 0.8, belief, rng.dirichlet(np.ones(objectives), runs)),
        grader=rng.normal(-2, 1, runs) + rng.choice([0.0, 8.0], runs),
    )


def possible(model):
    """The outcomes that runs of a model may have: without a grader nothing is pursued for being graded."""
    return set(Outcome) - (set() if model.grader > -30 else {Outcome.REWARD_SEEKING})


def good_on_training_data(model):
    """Written goals that hold the objective in its first mode only; nothing else plays a part."""
    state = begin(model, runs=20, seed=3)
    first = np.arange(model.modes) == 0
    return state.with_mind(
        goal=state.world.objectives[:, 1] * first,
        representation=np.full(20, SATURATED),
        gate=np.full(20, -SATURATED),
    )


def seeking_what_is_graded(model):
    """Minds whose pointer is at whatever is graded, and who know what that is; nothing is instrumental."""
    state = begin(model, runs=20, seed=3)
    return state.with_mind(
        representation=np.full(20, -SATURATED),
        grader=np.full(20, SATURATED),
        belief=np.tile([0.0, 1.0], (20, 1)),
        world=np.ones((20, 2)),
        gate=np.full(20, -SATURATED),
    )


def built(outcome):
    """States that have an outcome by construction, and the objective that they were trained on."""
    if outcome is Outcome.UNCONVERGED:
        return begin(runs=20, seed=3), 1
    if outcome is Outcome.PROXY:
        return good_on_training_data(Model(spectrum=20.0)), 1
    if outcome is Outcome.REWARD_SEEKING:
        return seeking_what_is_graded(Model(**SEEKING)), 1
    return begin(Model(init_spread=0.0), runs=20, seed=3, start=outcome.label), 0


def in_one_mode(goal, *, pointing=None, **settings):
    """One run in a world of one mode, b = ±1, w = 1, whose goal is a multiple of b."""
    state = begin(Model(modes=1, **settings), runs=1)
    return state.with_mind(
        goal=goal * state.world.objectives[:, 1],
        representation=np.full(1, SATURATED if pointing is None else -SATURATED),
        pointer=state.mind.pointer if pointing is None else np.array([[-SATURATED, pointing]]),
        gate=np.full(1, -SATURATED),
        world=np.ones((1, 2)),
    )


def assert_read_as_by_the_oracle(state, objective):
    reading, model = read(state, objective), state.model
    for i in range(len(state)):
        mind, world, _ = oracle.run(state, i)
        at, b = oracle.views(mind, world, model, objective), world.b[objective]
        expected = {
            "performance": oracle.performance(mind, world, model, objective),
            "train_error": oracle.E(oracle.spectrum(model), b, at.g),
            "deployed_error": oracle.deployment_error(model, b, at.t_deployed),
            "watched_error": oracle.deployment_error(model, b, at.g),
            "myopic_error": oracle.deployment_error(model, b, at.t),
            "following": (1 - at.beta) * at.pi[objective],
            "representation": at.beta,
            "gate": at.gamma,
            "capability": at.c,
            "awareness": at.a,
            "horizon": at.h,
            "instrumental": at.psi,
            "grading": at.pi_g,
            "belief": oracle.believed(mind.rho, model, objective)[objective],
        }
        assert {"outcome", *expected} == set(reading._fields)
        assert reading.outcome[i] == oracle.outcome(mind, world, model, objective)
        for name, value in expected.items():
            np.testing.assert_allclose(getattr(reading, name)[i], value, rtol=1e-9, atol=1e-13, err_msg=name)


@pytest.mark.parametrize("objective", [0, 1, 2])
@pytest.mark.parametrize("grading", [{}, SEEKING, KNOWN], ids=["plain", "graded", "known"])
@pytest.mark.parametrize("model", [Model(), SHIFTED])
def test_readings_are_those_of_the_oracle(model, grading, objective):
    state = scattered(model.replace(**grading))
    if objective == 1:
        assert set(read(state, objective).outcome) == possible(state.model)
    assert_read_as_by_the_oracle(state, objective)


@pytest.mark.parametrize("forms", [*oracle.COVERING, {**oracle.COVERING[-1], **SEEKING}], ids=str)
def test_readings_in_other_forms_are_those_of_the_oracle(forms):
    state = scattered(SHIFTED.replace(**forms), objectives=2)
    assert set(read(state, 1).outcome) == possible(state.model)
    assert_read_as_by_the_oracle(state, 1)


@pytest.mark.parametrize("target", [0.0, 0.7, 0.83, 0.98])
def test_the_tolerance_in_training_follows_the_stage_s_target(target):
    """At 0.7 an error of up to 0.3 is read as trained; at 0.98 one of up to 0.1, which is the tolerance itself."""
    state = replace(scattered(Model(**SEEKING)), target=target)
    reading = read(state, 1)
    for i in range(len(state)):
        mind, world, _ = oracle.run(state, i)
        assert reading.outcome[i] == oracle.outcome(mind, world, state.model, 1, target)
    wide = {0.0: 0.1, 0.7: 0.3, 0.83: 0.17, 0.98: 0.1}[target]
    np.testing.assert_array_equal(reading.outcome == Outcome.UNCONVERGED, reading.train_error > wide)
    assert ((reading.train_error > 0.1) & (reading.train_error <= wide)).any() == (wide > 0.1)


@pytest.mark.parametrize("forms", oracle.COVERING, ids=oracle.named)
def test_the_three_types_read_as_themselves_in_other_forms(forms):
    """With inference strong enough for a gate of more than 0.9 in every form, by the hyperbolic one too."""
    for name, agent in TYPES.items():
        state = begin(Model(init_spread=0.0, inference_power=20.0, **forms), runs=20, start=name)
        assert (read(state, 0).outcome == agent.outcome).all()
        assert_read_as_by_the_oracle(state, 0)


@pytest.mark.parametrize("outcome", Outcome)
def test_a_state_built_for_an_outcome_has_it(outcome):
    state, objective = built(outcome)
    assert (read(state, objective).outcome == outcome).all()
    for i in range(len(state)):
        mind, world, _ = oracle.run(state, i)
        assert oracle.outcome(mind, world, state.model, objective) == outcome


def test_the_outcomes_are_the_oracle_s_by_name_and_number():
    assert {name: getattr(oracle, name) for name in Outcome.__members__} == dict(Outcome.__members__)
    assert LABELS == ("unconverged", "internal", "corrigible", "deceptive", "proxy", "reward-seeking")
    assert all(outcome.meaning for outcome in Outcome)


@pytest.mark.parametrize(
    ("part", "forms"),
    [*product([*oracle.PARTS, "belief"], [{}, *oracle.COVERING]), *((part, SEEKING) for part in Mind._fields)],
    ids=str,
)
def test_a_state_with_a_nan_is_unconverged(part, forms):
    """Half written goal, half pointer, behind an open gate: every part has a share in what it does."""
    start = begin(Model(init_spread=0.0, **forms), runs=10, start="deceptive")
    state = start.with_mind(representation=np.zeros(10))
    broken = getattr(state.mind, part).copy()
    broken[4] = np.nan
    outcome = read(state.with_mind(**{part: broken}), 0).outcome
    assert outcome[4] == Outcome.UNCONVERGED
    np.testing.assert_array_equal(np.delete(outcome, 4), np.delete(read(state, 0).outcome, 4))
    assert (np.delete(outcome, 4) != Outcome.UNCONVERGED).all()


@pytest.mark.parametrize(
    ("goal", "tolerances", "outcome"),
    [
        (0.5, {"train_tolerance": 0.25}, Outcome.INTERNAL),  # both errors exactly at tolerance
        (0.5, {"train_tolerance": 0.2499}, Outcome.UNCONVERGED),
        (0.5, {"train_tolerance": 0.25, "deploy_tolerance": 0.2499}, Outcome.PROXY),
        (0.4999, {"train_tolerance": 0.25}, Outcome.UNCONVERGED),
        (1.0, {"train_tolerance": 0.0, "deploy_tolerance": 0.0}, Outcome.INTERNAL),
    ],
)
def test_an_error_at_its_tolerance_is_tolerated_and_one_beyond_is_not(goal, tolerances, outcome):
    assert read(in_one_mode(goal, **tolerances), 1).outcome == outcome


@pytest.mark.parametrize("target", [0.5, 0.7, 0.8, 0.9])
def test_a_run_that_stops_at_its_target_by_rounding_is_not_unconverged(target):
    """At full capability, error is 1 - performance; here it is too large by less than single precision resolves."""
    state = in_one_mode(1 - np.sqrt(1 - target + 1e-9), train_tolerance=0.01, capability_form="linear")
    stage = Stage(steps=5, target=target)
    reached = train(state.with_mind(capability=np.full(1, 1000.0)), stage, precision="single")
    assert (reached.taken, reached.reached) == (0, True)
    reading = read(reached, 1)
    assert reading.train_error > 1 - target
    np.testing.assert_allclose(1 - reading.performance, reading.train_error, rtol=1e-12)
    assert reading.outcome != Outcome.UNCONVERGED
    assert read(replace(reached, target=0.0), 1).outcome == Outcome.UNCONVERGED


def test_a_terminal_objective_that_half_follows_counts_as_corrigible_and_a_little_less_does_not():
    tolerances = {"train_tolerance": 0.3, "deploy_tolerance": 0.3}
    half = in_one_mode(0.0, pointing=0.0, **tolerances)
    assert read(half, 1).following == 0.5
    assert read(half, 1).outcome == Outcome.CORRIGIBLE
    assert read(in_one_mode(0.0, pointing=-0.01, **tolerances), 1).outcome == Outcome.INTERNAL


@pytest.mark.parametrize("objective", [0, 1, 2])
def test_following_as_measured_by_intervention_is_following_as_read(objective):
    state = scattered(Model())
    measured, found = following(state, objective), read(state, objective).following
    np.testing.assert_allclose(measured, found, rtol=0, atol=1e-12)
    assert found.min() < 0.01
    assert found.max() > (0.99 if objective == 1 else 0.01)


def test_moving_a_concept_moves_what_is_understood_of_it_by_as_much_and_of_nothing_else():
    state, displacement = scattered(Model(), runs=20), np.linspace(-1, 1, 16)
    before, after = (view(each, 1).concepts for each in (state, move_concept(state, 1, displacement)))
    np.testing.assert_allclose(after[:, 1] - before[:, 1], np.tile(displacement, (20, 1)), atol=1e-12)
    np.testing.assert_array_equal(np.delete(after, 1, axis=1), np.delete(before, 1, axis=1))


@pytest.mark.parametrize("grading", [{}, SEEKING, KNOWN], ids=["plain", "graded", "known"])
def test_views_and_behaviours_are_those_of_the_oracle(grading):
    state = scattered(Model(**grading), runs=30)
    seen = view(state, 2)
    for i in range(len(state)):
        mind, world, _ = oracle.run(state, i)
        at = oracle.views(mind, world, state.model, 2)
        for found, expected in (
            (seen.concepts, at.m),
            (seen.pointing, at.pi),
            (seen.terminal, at.t_deployed),
            (seen.graded, (1 - at.beta) * at.pi_g),
            (seen.understood, at.z),
            (seen.gate, at.psi),
            (seen.behaviour(Belief.TRAINING), at.g),
            (seen.behaviour(Belief.DEPLOYED), at.t_deployed),
            (seen.behaviour(Belief.HONEYPOT, realism=0.3), oracle.on_honeypot(at, 0.3)[2]),
            (seen.behaviour(Belief.HONEYPOT, realism=1.0), at.t_deployed),
            (seen.behaviour(Belief.HONEYPOT, realism=0.0), at.g),
        ):
            np.testing.assert_allclose(found[i], expected, rtol=1e-12, atol=1e-14)


def test_a_deceiver_whose_gate_is_closed_is_found_out_and_the_others_are_what_they_were():
    for name, agent in TYPES.items():
        state = close_gate(begin(Model(init_spread=0.0), runs=20, start=name))
        expected = Outcome.UNCONVERGED if name == "deceptive" else agent.outcome
        assert (read(state, 0).outcome == expected).all()


@pytest.mark.parametrize("grading", [{}, SEEKING], ids=["plain", "graded"])
def test_without_run_time_inference_no_state_reads_as_deceptive(grading):
    state = scattered(Model(inference_power=0.0, **grading))
    reading = read(state, 1)
    assert (reading.instrumental == 0).all()
    assert set(reading.outcome) == possible(state.model) - {Outcome.DECEPTIVE}


@pytest.mark.parametrize("objective", [0, 1, 2])
def test_without_a_grader_no_state_reads_as_reward_seeking(objective):
    """Whatever its logit is: nothing of it is left in behaviour in training, so that t is t'."""
    state = scattered(Model())
    reading = read(state, objective)
    np.testing.assert_array_equal(reading.myopic_error, reading.deployed_error)
    assert (reading.grading == 0).all()
    assert Outcome.REWARD_SEEKING not in reading.outcome


def test_who_does_what_is_graded_for_its_own_sake_is_no_deceiver_and_the_horizon_tells_them_apart():
    """Both are good only while they believe that they are in training; without a horizon one of them still is."""
    state = scattered(Model(**SEEKING), runs=1000)
    reading = read(state, 1)
    myopic = read(state.with_mind(horizon=np.full(1000, -SATURATED)), 1)
    np.testing.assert_allclose(myopic.watched_error, reading.myopic_error, rtol=1e-9, atol=1e-13)
    good_if_watched = np.isin(reading.outcome, [Outcome.DECEPTIVE, Outcome.REWARD_SEEKING])
    assert (reading.deployed_error[good_if_watched] > 0.25).all()
    still_good = myopic.watched_error[good_if_watched] <= 0.25
    np.testing.assert_array_equal(still_good, reading.outcome[good_if_watched] == Outcome.REWARD_SEEKING)
    assert 20 < still_good.sum() < good_if_watched.sum() - 20


def test_a_seeker_of_what_is_graded_does_whatever_it_takes_to_be_trained():
    state = seeking_what_is_graded(Model(**SEEKING))
    wrong = state.with_mind(belief=np.tile([1.0, 0.0], (20, 1)))
    assert (read(wrong, 0).outcome == Outcome.REWARD_SEEKING).all()
    assert (read(wrong, 1).outcome == Outcome.UNCONVERGED).all()
    sure = replace(wrong, model=wrong.model.replace(**KNOWN))
    assert (read(sure, 1).outcome == Outcome.REWARD_SEEKING).all()
