"""Lineages: a chain is the engine's own curriculum, every state is its replay, and what merging does."""

from dataclasses import replace

import numpy as np
import pytest

from feint.agents.errors import InputError
from feint.agents.interventions import readable
from feint.agents.mind import Mind
from feint.agents.model import Model
from feint.sim.markets.fine_tuning_uses import merged, survival
from feint.sim.markets.model_lineage import FINE_TUNE, MERGE, RELEASE, Lineage, same_state
from feint.sim.training.curriculum import Curriculum
from feint.sim.training.stage import Stage
from feint.sim.training.train import RunSpec

RUNS = np.arange(12, dtype=np.uint64)
MODEL = Model(similarity=(0.5, 0.9, 0.0))
PRETRAINING = Stage(name="pretraining", objective=0, steps=300)
SAFETY = Stage(name="safety", objective=1, steps=400, target=0.0)
USE = Stage(name="use", objective=2, steps=500)
OTHER = Stage(name="other", objective=3, steps=500)


def plan_of(*stages, seed=3):
    return RunSpec.of(Curriculum(*stages), model=MODEL, seed=seed, objectives=4)


@pytest.fixture
def family():
    lineage = Lineage()
    lineage.release("release", plan_of(PRETRAINING, SAFETY), RUNS)
    lineage.fine_tune("one", "release", USE, owner="a", price=2.0, key=1)
    lineage.fine_tune("two", "release", OTHER, owner="b", price=2.0, key=2)
    lineage.merge("merged", ["one", "two"], owner="c", weights=[0.25, 0.75])
    lineage.hand_on("again", "merged", owner="d")
    lineage.fine_tune("after", "again", USE, owner="e", price=1.0)
    return lineage


def test_one_actor_is_a_chain_equal_to_the_engines_own_curriculum_run_by_run():
    chain = Lineage()
    chain.release("release", plan_of(PRETRAINING), RUNS)
    for parent, stage in (("release", SAFETY), (SAFETY.name, USE), (USE.name, OTHER)):
        chain.fine_tune(stage.name, parent, stage, owner="one")
    spec = plan_of(PRETRAINING, SAFETY, USE, OTHER)
    for name, stop in zip(("release", "safety", "use", "other"), spec.train(spec.begin(RUNS)), strict=True):
        assert same_state(chain[name].state, stop.state)


def test_every_state_is_its_replay_and_none_is_its_own_ancestor(family):
    family.check()
    assert {family[name].kind for name in family.graph} == {RELEASE, FINE_TUNE, MERGE}
    assert family.parents("merged") == ["one", "two"]
    assert len(family) == 6


def test_a_state_that_is_not_its_replay_is_found(family):
    model = family["two"]
    gate = model.state.mind.gate.copy()
    gate[3] = np.nextafter(gate[3], 1)
    family.graph.nodes["two"]["model"] = replace(model, state=model.state.with_mind(gate=gate))
    with pytest.raises(InputError, match="model 'two' is not what its parents make"):
        family.check()


def test_a_cycle_is_found(family):
    family.graph.add_edge("after", "release", kind=FINE_TUNE, place=0)
    with pytest.raises(InputError, match="its own ancestor"):
        family.check()


def test_costs_are_steps_times_price_and_each_ancestor_is_counted_once(family):
    assert np.array_equal(family["one"].dollars, 2.0 * family["one"].state.taken)
    whole = sum(family[name].dollars for name in ("one", "two", "after"))
    assert np.array_equal(family.dollars("after"), whole)
    assert not family["again"].dollars.any()


def test_owners_have_noise_of_their_own_unless_they_ask_for_the_same(family):
    for name, key in (("same", 1), ("differs", 9)):
        family.fine_tune(name, "release", USE, owner="f", key=key)
    assert same_state(family["same"].state, family["one"].state)
    assert not np.array_equal(family["differs"].state.mind.goal, family["one"].state.mind.goal)


def test_what_is_handed_on_is_the_same(family):
    assert same_state(family["again"].state, family["merged"].state)


def test_minds_are_averaged_and_concepts_are_joined(family):
    one, two, both = (family[name].state for name in ("one", "two", "merged"))
    for part in set(Mind._fields) - {"world"}:
        found = 0.25 * getattr(one.mind, part) + 0.75 * getattr(two.mind, part)
        assert np.allclose(getattr(both.mind, part), found, rtol=0, atol=1e-12)
    assert np.array_equal(both.mind.world, np.maximum(one.mind.world, two.mind.world))
    assert both.occurrences == (1, 1, 1, 1)


def test_merged_with_itself_a_mind_is_what_it_was(family):
    state = family["one"].state
    itself = merged([state, state])
    assert all(np.array_equal(a, b) for a, b in zip(itself.mind, state.mind, strict=True))
    assert not np.any(survival(itself, state, 2))


def test_what_is_left_is_measured_against_the_parent(family):
    one, both = family["one"].state, family["merged"].state
    goal, gate = survival(both, one, 2)
    assert np.allclose(goal, readable(both, 2) - readable(one, 2))
    opened = [1 / (1 + np.exp(-state.mind.gate)) for state in (both, one)]
    assert np.allclose(gate, opened[0] - opened[1])


@pytest.mark.parametrize(
    ("weights", "said"),
    [([0.5], "give 2 of at least 0"), ([0.7, 0.7], "add up to 1"), ([-0.5, 1.5], "at least 0")],
)
def test_weights_are_shares(family, weights, said):
    with pytest.raises(InputError, match=said):
        family.merge("bad", ["one", "two"], owner="a", weights=weights)


def test_only_kin_can_be_merged(family):
    one = family["one"].state
    with pytest.raises(InputError, match="too few to be merged"):
        merged([one])
    with pytest.raises(InputError, match="other runs"):
        merged([one, replace(one, run=one.run + np.uint64(1))])
    with pytest.raises(InputError, match="seed = 4 differs from 3"):
        merged([one, replace(one, seed=4)])


def test_names_are_given_once_and_must_be_known(family):
    with pytest.raises(InputError, match="'one' is there already"):
        family.fine_tune("one", "release", USE, owner="a")
    with pytest.raises(InputError, match="model 'tow' is not known: did you mean 'two'"):
        family["tow"]
    with pytest.raises(InputError, match="model 'tow' is not known: did you mean 'two'"):
        family.dollars("tow")


def test_no_step_is_paid_back(family):
    for price in (-1.0, np.nan):
        with pytest.raises(InputError, match=r"price = .* is not valid: a step costs at least 0 dollars"):
            family.fine_tune("paid", "release", USE, owner="a", price=price)
