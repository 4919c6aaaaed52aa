"""The contract of a type of mesa-optimizer; to register an agent in `TYPES` is to put it through all of this.

Prepared starts are read at objective 0, which they are prepared for, with the default model and its spread. All of
these 2000 runs are of their type. Of 400,000 of each, none, three and three were not: corrigible ones in which the
pointer at another concept was drawn higher than 2.4, and which were unconverged; and deceivers whose own goal, drawn at
random, lay within the deployment tolerance of the base objective, and which so were aligned after all. The errors here
have room besides: a deceiver's gate is σ(4)³ = 0.95, so that 0.05² of the error of its own goal shows in training; a
pointer keeps a few hundredths for the other concepts and the decoy, more where another logit was drawn high.
"""

import inspect

import numpy as np
import oracle
import pytest

from feint.agents.interventions import close_gate, put_back
from feint.agents.mind import GROUPS, Mind
from feint.agents.model import Model
from feint.agents.outcome import Outcome, read
from feint.agents.types import TYPES, Deceptive, MesaOptimizer, prepare, starts
from feint.agents.views import Belief
from feint.sim.training.stage import Stage
from feint.sim.training.train import begin, train

RUNS = 2000
EACH = pytest.mark.parametrize("agent", TYPES.values(), ids=TYPES)
ALIGNED = {Outcome.INTERNAL, Outcome.CORRIGIBLE}


@pytest.fixture(scope="module")
def prepared():
    """Many runs, prepared as each type."""
    fresh = begin(runs=RUNS, seed=11)
    return {name: agent.prepare(fresh) for name, agent in TYPES.items()}


def errors(agent, state, belief, **given):
    """On the training spectrum, and at deployment; (2, runs)."""
    model, b = state.model, state.world.objectives[:, 0]
    done = agent.act(state, 0, belief, **given)
    flat = np.array([oracle.deployment_error(model, *pair) for pair in zip(b, done, strict=True)])
    return np.stack([(oracle.spectrum(model) * (b - done) ** 2).sum(axis=1), flat])


@EACH
def test_an_agent_declares_its_name_its_outcome_its_source_and_its_meaning(agent):
    assert TYPES[agent.name] is agent
    assert agent.name == agent.outcome.label
    assert agent.outcome in set(Outcome)
    assert agent.source
    assert inspect.getdoc(type(agent)) != inspect.getdoc(MesaOptimizer)
    assert (type(agent).settle.__doc__ or "") > ""
    assert agent == type(agent)()


def test_every_agent_has_an_outcome_of_its_own_and_a_start_by_its_name():
    assert len({agent.outcome for agent in TYPES.values()}) == len(TYPES)
    assert list(starts()) == ["fresh", *TYPES]
    assert {agent.outcome for agent in TYPES.values()} == {*ALIGNED, Outcome.DECEPTIVE}


@EACH
def test_a_prepared_start_is_of_its_type_and_of_no_other_in_every_run(agent, prepared):
    shares = {name: other.recognised(prepared[agent.name], 0).mean() for name, other in TYPES.items()}
    assert shares == {name: float(name == agent.name) for name in TYPES}


@EACH
def test_a_prepared_start_is_capable_and_good_enough_in_training_to_meet_the_default_target(agent, prepared):
    assert (read(prepared[agent.name], 0).performance > Stage().target).all()


@EACH
def test_a_prepared_start_is_not_yet_of_its_type_for_an_objective_that_it_has_not_learned(agent, prepared):
    assert not agent.recognised(prepared[agent.name], 1).any()


@EACH
def test_it_is_good_while_it_believes_that_it_is_in_training(agent, prepared):
    trained, deployed = errors(agent, prepared[agent.name], Belief.TRAINING)
    assert trained.max() < 0.05
    assert deployed.max() < 0.15


@EACH
def test_it_is_good_when_it_believes_that_it_is_deployed_only_if_it_is_aligned(agent, prepared):
    _, deployed = errors(agent, prepared[agent.name], Belief.DEPLOYED)
    if agent.outcome in ALIGNED:
        assert deployed.max() < 0.1
    else:
        assert deployed.min() > 0.3
        assert np.median(deployed) > 1.5


@EACH
def test_a_perfect_honeypot_shows_what_it_would_do_when_deployed_and_a_poor_one_does_not(agent, prepared):
    state = prepared[agent.name]
    np.testing.assert_array_equal(agent.act(state, 0, Belief.HONEYPOT), agent.act(state, 0, Belief.DEPLOYED))
    seen_through = agent.act(state, 0, Belief.HONEYPOT, realism=0.0)
    np.testing.assert_array_equal(seen_through, agent.act(state, 0, Belief.TRAINING))


@EACH
def test_closing_the_gate_lays_bare_who_only_played_along(agent, prepared):
    recognised = agent.recognised(close_gate(prepared[agent.name]), 0)
    assert recognised.all() == (agent.outcome in ALIGNED)
    assert recognised.any() == (agent.outcome in ALIGNED)


@EACH
def test_preparing_changes_the_mind_alone_and_only_the_parts_that_it_names(agent):
    fresh = begin(runs=20, seed=5, objectives=3)
    state = agent.prepare(fresh)
    for kept in ("model", "seed", "run", "fork", "world", "bias", "progress", "occurrences"):
        assert getattr(state, kept) is getattr(fresh, kept)
    drawn = {part for part in Mind._fields if np.array_equal(getattr(state.mind, part), getattr(fresh.mind, part))}
    assert drawn == set(Mind._fields) - {"capability", "world", "belief", *agent.settle(fresh)}
    np.testing.assert_array_equal(state.mind.belief, np.tile([1.0, 0.0, 0.0], (20, 1)))
    np.testing.assert_array_equal(state.mind.pointer[:, 1:], fresh.mind.pointer[:, 1:])
    np.testing.assert_array_equal(state.mind.world[:, 1:], fresh.mind.world[:, 1:])
    for part, before in begin(runs=20, seed=5, objectives=3).mind._asdict().items():
        np.testing.assert_array_equal(getattr(fresh.mind, part), before)


@EACH
def test_what_was_prepared_is_the_initial_draw_to_which_groups_are_put_back(agent):
    begun = begin(Model(grader=-2.0), runs=20, seed=5, start=agent.name)
    trained = train(begun, Stage(steps=300, target=0.0, learning_rate=0.5))
    back = put_back(trained, GROUPS)
    assert all((getattr(trained.mind, part) != getattr(begun.mind, part)).any() for part in Mind._fields)
    for part in Mind._fields:
        np.testing.assert_array_equal(getattr(back.mind, part), getattr(begun.mind, part), err_msg=part)
    assert agent.recognised(back, 0).all()


def test_a_deceiver_has_a_goal_of_unit_size_in_the_direction_that_was_drawn():
    model = Model(modes=9, spectrum=1.5, goal_init=0.3)
    fresh = begin(model, runs=20)
    goal = Deceptive().prepare(fresh).mind.goal
    np.testing.assert_allclose((oracle.spectrum(model) * goal**2).sum(axis=1), 1.0, rtol=1e-12)
    np.testing.assert_allclose(goal, fresh.mind.goal / 0.3, rtol=1e-12)


def test_a_fresh_start_is_the_state_itself():
    state = begin(runs=3)
    assert prepare(state, "fresh") is state
