"""The lineage of what some actors of a market held, and how it is written."""

import numpy as np
import pytest

from feint.agents.errors import InputError
from feint.agents.outcome import Outcome, read
from feint.scenarios.release.training_protocols import SUPPRESSED, USES, fine_tuner, released, use_stages
from feint.sim.markets.market import MERGED, NOBODY, POOLED, Ledger, Market
from feint.sim.markets.market_parameters import Price, Terms
from feint.sim.markets.model_lineage import (
    FINE_TUNE,
    MERGE,
    PUBLISH,
    RELEASE,
    TAKE,
    MarketLineage,
    notable_actors,
)
from feint.sim.training.parameter_point import Point

WORLD = 1
TERMS = Terms(actors=400, years=5, members=4, composing=0.4, malicious=0.2, budget=300.0, fall=0.0, tamper=2.0)


@pytest.fixture(scope="module")
def made():
    catalogue = fine_tuner(SUPPRESSED, Point(), runs=3, seed=3, streams=3).catalogue()
    market = Market(TERMS, catalogue, Price(step_price=10.0, fall=0.0), 3, WORLD)
    market.run()
    return market


def lineage_of(made):
    return MarketLineage(made, released().spec(Point(), seed=3), np.array([WORLD], np.uint64), use_stages(Point()))


@pytest.fixture(scope="module")
def family(made):
    return lineage_of(made).of(range(len(made.actors)))


def test_every_state_is_its_replay_and_none_is_its_own_ancestor(made):
    some = lineage_of(made).of(notable_actors(made, 1))
    some.check()
    assert len(some) > 10
    assert {some[name].kind for name in some.graph} == {RELEASE, FINE_TUNE, PUBLISH, TAKE, MERGE}


def test_all_that_anyone_ever_had_is_there_and_nothing_else(made, family):
    kinds = [family[name].kind for name in family.graph]
    models, had = made.ledger["models"], made.ledger["holdings"]
    assert kinds.count(RELEASE) == 1
    assert kinds.count(FINE_TUNE) == (models["how"] != MERGED).sum()
    assert kinds.count(MERGE) == (models["how"] == MERGED).sum() > 0
    assert kinds.count(TAKE) == (had["publisher"] != NOBODY).sum() > 0


def test_dollars_are_those_that_the_market_was_paid_but_for_what_was_found_and_is_gone(made, family):
    """What no one has is not there: a hazard that an evaluation found before anyone had it."""
    models = made.ledger["models"]
    tuned = models[models["how"] != MERGED]
    paid = made.catalogue.steps[WORLD][tuned["kind"], tuned["stream"]] * tuned["price"]
    told = [family[name].dollars.item() for name in family.graph if family[name].kind == FINE_TUNE]
    assert sum(told) == pytest.approx(paid.sum())
    assert (models["how"] == POOLED).any()


def test_what_an_actor_has_is_what_the_market_takes_it_for(made, family):
    """Whether it behaves deceptively is looked up there, and read here from the state that the engine made again.

    A fine-tune is read as what it was trained for, whatever its actor uses it for; a merge as what it is used for.
    """
    has = np.flatnonzero(made.has)
    read_here = []
    for actor in has:
        (name,) = [
            name for name in family.graph if name.split(":")[0] == f"model {made.model[actor]}" and "by" not in name
        ]
        state, used_for = family[name].state, USES[made.actors.use[actor]].objective
        outcome = read(state, used_for if state.objective < 0 else state.objective).outcome.item()
        read_here.append(outcome == Outcome.DECEPTIVE)
    told = made.deceptive[made.kind[has], made.stream[has], made.actors.use[has]]
    assert np.array_equal(told, read_here)
    assert 0 < told.sum() < len(told)


def test_years_and_owners_go_from_parents_to_children(family):
    for one, other in family.graph.edges:
        assert family[one].year <= family[other].year
    for name in family.graph:
        model = family[name]
        if model.kind == TAKE:
            (published,) = family.parents(name)
            assert family[published].kind == PUBLISH
            assert family[published].owner != model.owner
            assert name.endswith(f"taken by {model.owner.split()[1]}")
    assert any(family[name].owner.startswith("pool ") for name in family.graph)


def test_who_is_looked_at_must_be_there(made):
    with pytest.raises(InputError, match="actor = 400 is not valid: it must be a whole number from 0 to 399"):
        lineage_of(made).of([400])


def test_what_is_handed_on_is_published_taken_or_released(made):
    lineage = lineage_of(made).lineage
    with pytest.raises(InputError, match="kind 'takes' is not known: did you mean 'take'"):
        lineage.hand_on("again", "release", owner="a", kind="takes")


def test_what_lies_in_public_is_found_until_it_is_taken_away():
    ledger = Ledger(2, seed=1)
    models = ledger.record(
        "models", 4, kind=[0, 0, 1, 5], stream=[1, 1, 0, 1], maker=range(4), year=0, how=0, price=1.0
    )
    ledger.record(0, 4, publisher=np.arange(4), model=models, kind=[0, 0, 1, 5], stream=[1, 1, 0, 1], year=0)
    assert ledger.public.tolist() == [4, 0]
    assert ledger.experts([0, 1]) == {(0, 1): (0, 0)}
    assert set(ledger.find(0, 100)["model"]) == {0, 1, 2, 3}
    ledger.remove(0, 3)
    assert ledger.public.tolist() == [1, 0]
    assert len(set(ledger.find(0, 10)["model"])) == 1
