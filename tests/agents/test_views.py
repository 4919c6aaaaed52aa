"""Views: what each belief changes, and what it does not. Their values are the oracle's, see `test_outcome.py`."""

import numpy as np
import oracle
import pytest

from feint.agents.interventions import close_gate
from feint.agents.model import Model
from feint.agents.views import Belief, view
from feint.sim.training.stage import Stage
from feint.sim.training.train import begin, train

RUNS, OBJECTIVES, MODES = 40, 3, 7
NOTHING = 1e-300  # an exponential is held at e^-708
ROUNDING = 4e-16  # of numbers of order one
NARROWED = [oracle.TOGETHER[0], {**oracle.TOGETHER[0], "inference_form": "hyperbolic"}, oracle.TOGETHER[1]]
WIDEST = [1 - np.exp(-4.0), 4 / 5, 1.0]  # gate, by an exponential of capability, a hyperbola and a step
INFINITE = {"gate": np.inf, "capability": np.inf, "awareness": np.inf, "horizon": np.inf}
MODEL = Model(modes=MODES, gate_init=2.0, awareness_init=2.0, horizon_init=2.0, init_spread=2.0)


@pytest.fixture(scope="module", params=[{}, {"grader": 1.0}, {"identification": 1e6}], ids=["plain", "graded", "known"])
def state(request):
    """Trained a little, so that no part is at a value of its own; scattered, so that every gate is seen."""
    start = begin(MODEL.replace(**request.param), runs=RUNS, seed=8, objectives=OBJECTIVES)
    return train(start, Stage(steps=100, target=0.0, coverage=0.5))


def graded(state):
    """Whether the pointer can land on whatever is graded."""
    return state.model.grader > -30


def sure(state, objective):
    """A state that is certain to be trained for one objective."""
    return state.with_mind(belief=np.tile(np.eye(OBJECTIVES)[objective], (RUNS, 1)))


def assert_seen_as_by_the_oracle(state, objective):
    seen = view(state, objective)
    for i in range(RUNS):
        mind, world, _ = oracle.run(state, i)
        at = oracle.views(mind, world, state.model, objective)
        np.testing.assert_allclose(seen.gate[i], at.psi, rtol=1e-12)
        np.testing.assert_allclose(seen.behaviour(Belief.TRAINING)[i], at.g, rtol=1e-11, atol=1e-13)
        np.testing.assert_allclose(seen.behaviour(Belief.DEPLOYED)[i], at.t_deployed, rtol=1e-11, atol=1e-13)
        np.testing.assert_allclose(seen.understood[i], at.z, rtol=1e-11, atol=1e-13)
        np.testing.assert_allclose(seen.graded[i], (1 - at.beta) * at.pi_g, rtol=1e-11, atol=1e-300)
        for realism in (0.0, 0.4, 1.0):
            _, _, expected = oracle.on_honeypot(at, realism)
            found = seen.behaviour(Belief.HONEYPOT, realism=realism)[i]
            np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("objective", range(OBJECTIVES))
def test_views_are_those_of_the_oracle_along_training(state, objective):
    assert_seen_as_by_the_oracle(state, objective)


@pytest.mark.parametrize(
    ("forms", "grader"), [*((forms, -30.0) for forms in oracle.TOGETHER), (oracle.TOGETHER[1], 1.0)]
)
def test_views_in_other_forms_are_those_of_the_oracle(forms, grader):
    """With capability on either side of the middle, where a step opens, and at both ends of the linear form."""
    scattered = begin(MODEL.replace(grader=grader, **forms), runs=RUNS, seed=8)
    first = np.linspace(0, 1, RUNS)
    seen = scattered.with_mind(
        capability=np.linspace(-6, 6, RUNS),
        representation=np.linspace(3, -3, RUNS),
        world=np.full((RUNS, 2), 0.7),
        belief=np.stack([first, 1 - first], axis=1),
    )
    assert (view(seen, 1).gate > 0.1).sum() > 5
    assert_seen_as_by_the_oracle(seen, 1)


def test_views_have_the_shapes_that_they_state(state):
    seen = view(state, 1)
    assert seen.concepts.shape == (RUNS, OBJECTIVES, MODES)
    assert seen.pointing.shape == (RUNS, OBJECTIVES)
    assert seen.gate.shape == seen.graded.shape == (RUNS,)
    for array in (seen.terminal, seen.understood, *(seen.behaviour(belief) for belief in Belief)):
        assert array.shape == (RUNS, MODES)


def test_no_run_is_seen_through_another(state):
    alone, among = view(state.take([17]), 1), view(state, 1)
    for name in ("concepts", "pointing", "graded", "terminal", "understood", "gate"):
        np.testing.assert_allclose(getattr(alone, name)[0], getattr(among, name)[17], rtol=1e-14)


def test_a_honeypot_that_is_not_real_is_training_and_a_perfect_one_is_deployment(state):
    seen = view(state, 1)
    training, deployed = seen.behaviour(Belief.TRAINING), seen.behaviour(Belief.DEPLOYED)
    assert (np.abs(training - deployed).max(axis=1) > 0.01).sum() > RUNS / 2
    np.testing.assert_array_equal(seen.behaviour(Belief.HONEYPOT, realism=0.0), training)
    np.testing.assert_array_equal(seen.behaviour(Belief.HONEYPOT, realism=1.0), deployed)
    np.testing.assert_array_equal(seen.behaviour(Belief.HONEYPOT), deployed)
    np.testing.assert_array_equal(deployed, seen.terminal)


def test_the_more_real_a_honeypot_the_nearer_to_deployment(state):
    """In proportion, if it does so for one reason: for the gate or, with the gate closed, for what is graded."""
    seen = view(close_gate(state) if graded(state) else state, 1)
    deployed = seen.behaviour(Belief.DEPLOYED)
    away = [np.abs(seen.behaviour(Belief.HONEYPOT, realism=r) - deployed).max(axis=1) for r in np.linspace(0, 1, 6)]
    assert (np.diff(away, axis=0) < 0).all()
    np.testing.assert_allclose(away[3], 0.4 * away[0], rtol=1e-9)


def test_realism_means_nothing_outside_a_honeypot(state):
    seen = view(state, 1)
    for belief in (Belief.TRAINING, Belief.DEPLOYED):
        np.testing.assert_array_equal(seen.behaviour(belief, realism=0.3), seen.behaviour(belief))


@pytest.mark.parametrize("part", ["gate", "awareness", "horizon"])
def test_a_gate_that_lacks_one_factor_is_closed(state, part):
    seen = view(state.with_mind(**{part: np.full(RUNS, -np.inf)}), 1)
    assert (seen.gate < NOTHING).all()
    expected = seen.terminal + seen.graded[:, None] * seen.understood
    np.testing.assert_array_equal(seen.behaviour(Belief.TRAINING), expected)
    assert np.array_equal(expected, seen.terminal) == (not graded(state))


@pytest.mark.parametrize(("forms", "widest"), list(zip(NARROWED, WIDEST, strict=True)))
def test_in_other_forms_a_gate_is_as_open_as_its_narrowest_part_lets_it_be(forms, widest):
    start = begin(MODEL.replace(**forms), runs=RUNS)
    wide = start.with_mind(**{part: np.full(RUNS, value) for part, value in INFINITE.items()})
    np.testing.assert_allclose(view(wide, 1).gate, widest, rtol=1e-14)
    for part in INFINITE:
        lacking = view(wide.with_mind(**{part: np.full(RUNS, -np.inf)}), 1)
        assert (lacking.gate < NOTHING).all()


def test_without_run_time_inference_the_gate_is_closed():
    weak = train(begin(MODEL.replace(inference_power=0.0), runs=RUNS), Stage(steps=10))
    np.testing.assert_array_equal(view(weak, 1).gate, 0.0)


def test_run_time_inference_has_no_cap_so_that_a_gate_can_be_wholly_open(state):
    seen = view(state.with_mind(**{part: np.full(RUNS, value) for part, value in INFINITE.items()}), 1)
    np.testing.assert_array_equal(seen.gate, 1.0)
    np.testing.assert_array_equal(seen.behaviour(Belief.TRAINING), seen.understood)


def test_the_terminal_objective_knows_neither_the_gate_nor_what_is_trained(state):
    opened = state.with_mind(**{part: np.full(RUNS, value) for part, value in INFINITE.items()})
    for objective in range(OBJECTIVES):
        np.testing.assert_array_equal(view(opened, objective).behaviour(Belief.DEPLOYED), view(state, 0).terminal)


@pytest.mark.parametrize("logit", [1e4, np.inf])
def test_a_goal_or_a_pointer_that_is_wholly_used_is_the_terminal_objective(state, logit):
    written = view(state.with_mind(representation=np.full(RUNS, logit)), 1)
    np.testing.assert_allclose(written.terminal, state.mind.goal, rtol=0, atol=ROUNDING)
    pointer = np.full((RUNS, OBJECTIVES), -1e4)
    pointer[:, 2] = 1e4
    pointing = view(state.with_mind(representation=np.full(RUNS, -logit), pointer=pointer), 1)
    np.testing.assert_allclose(pointing.terminal, pointing.concepts[:, 2], rtol=0, atol=ROUNDING)


def test_a_pointer_that_sees_nothing_lands_on_the_decoy_which_wants_nothing(state):
    lost = state.with_mind(pointer=np.full((RUNS, OBJECTIVES), -1e4), representation=np.full(RUNS, -np.inf))
    assert (view(lost, 1).pointing < NOTHING).all()
    assert (np.abs(view(lost, 1).terminal) < NOTHING).all()
    share = oracle.sigma(state.mind.grader) if graded(state) else np.zeros(RUNS)
    np.testing.assert_allclose(view(lost, 1).graded, share, rtol=1e-14)


@pytest.mark.parametrize(("known", "group"), [(0.0, "misconceptions"), (1.0, "objectives")])
def test_a_concept_is_the_misconception_before_and_the_objective_after_it_is_learned(state, known, group):
    seen = view(sure(state, 2).with_mind(world=np.full((RUNS, OBJECTIVES), known)), 2)
    np.testing.assert_allclose(seen.concepts, getattr(state.world, group), rtol=0, atol=ROUNDING)
    np.testing.assert_allclose(seen.understood, getattr(state.world, group)[:, 2], rtol=0, atol=ROUNDING)


def test_what_it_takes_to_be_trained_is_all_that_it_believes_possible_weighed_by_its_belief(state):
    belief = np.random.default_rng(1).dirichlet(np.ones(OBJECTIVES), RUNS)
    unsure = state.with_mind(belief=belief)
    for objective in range(OBJECTIVES):
        seen = view(unsure, objective)
        if state.model.known_at_once:
            np.testing.assert_array_equal(seen.understood, seen.concepts[:, objective])
        else:
            mixed = np.einsum("ij,ijk->ik", belief, seen.concepts)
            np.testing.assert_allclose(seen.understood, mixed, rtol=0, atol=ROUNDING)


def test_what_is_graded_is_pursued_in_training_alone(state):
    """With nothing of its own and no other pointer, it does all that it takes to be trained; deployed, nothing."""
    lost = {"pointer": np.full((RUNS, OBJECTIVES), -1e4), "representation": np.full(RUNS, -np.inf)}
    seen = view(close_gate(state).with_mind(**lost, grader=np.full(RUNS, 1e4)), 1)
    expected = seen.understood if graded(state) else np.zeros((RUNS, MODES))
    np.testing.assert_allclose(seen.behaviour(Belief.TRAINING), expected, rtol=0, atol=ROUNDING)
    np.testing.assert_allclose(seen.behaviour(Belief.HONEYPOT, realism=0.4), 0.6 * expected, rtol=0, atol=ROUNDING)
    assert (np.abs(seen.behaviour(Belief.DEPLOYED)) < NOTHING).all()


@pytest.mark.parametrize("logit", [np.nan, 1e9])
def test_where_the_grader_is_off_its_logit_is_never_read(state, logit):
    seen, changed = (view(each, 1) for each in (state, state.with_mind(grader=np.full(RUNS, logit))))
    same = [np.array_equal(getattr(changed, name), getattr(seen, name)) for name in ("pointing", "graded", "terminal")]
    assert same == [not graded(state)] * 3
