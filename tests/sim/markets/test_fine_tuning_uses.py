"""Fine-tunes and their merges: what the engine gives, the tables of a market, and how actors merge."""

from dataclasses import replace

import numpy as np
import pytest
from catalogues import STEPS, catalogue

from feint.agents.errors import InputError
from feint.agents.interventions import performance_on
from feint.agents.outcome import Outcome, read
from feint.scenarios.release.training_protocols import DOMAINS, OBJECTIVE, PLACE, SUPPRESSED, USES, fine_tuner
from feint.sim.markets.competition import OWNER, Stakes, Systems, systems_by_world
from feint.sim.markets.fine_tuning_uses import blended, deployed_on, generality, merged, steps_to_target, use_sets
from feint.sim.markets.market import MERGED, Market
from feint.sim.markets.market_parameters import MALICIOUS, Price, Terms
from feint.sim.markets.model_lineage import same_state
from feint.sim.training.parameter_point import Point

WRAPPED, NEW = 3, 4
TERMS = Terms(actors=3000, malicious=0.3, negligent=0.2, years=6, composing=0.5, fall=0.0)


def merging(steps=STEPS, **merges):
    """What fine-tunes and merges do on three streams."""
    return catalogue(USES, steps, streams=3, general=0.3, **merges)


def market(terms=TERMS, made=None, price=10.0):
    return Market(terms, made or merging(), Price(step_price=price, fall=terms.fall), 1)


@pytest.fixture(scope="module")
def tuner():
    return fine_tuner(SUPPRESSED, Point(), runs=5, seed=2, streams=2)


def test_sets_are_of_two_or_more_harmless_uses():
    assert use_sets(USES) == ((0, 1), (0, 2), (1, 2), (0, 1, 2))
    available = np.array([[1, 1, 0, 1, 0], [1, 0, 0, 1, 1], [0, 1, 1, 1, 0], [0, 0, 0, 0, 1], [0, 0, 0, 0, 1]], bool)
    assert merging().merged_kind(available).tolist() == [5, 6, -1, 8, -1]


def test_off_it_changes_nothing():
    off = TERMS.replace(composing=0.0)
    alone = market(off, replace(merging(), sets=())).run()
    beside = market(off).run()
    for name in ("reach", "hazard", "inherited", "breadth", "public"):
        assert np.array_equal(getattr(alone, name), getattr(beside, name))
    assert not beside.composite.any()


def test_what_is_merged_is_broader_and_passes_on_what_it_is():
    found = market(made=merging(merged_outcome=Outcome.DECEPTIVE)).run()
    assert found.composite[-1] > 0.5
    assert found.breadth == pytest.approx(0.3 + 0.5 * found.composite)
    assert found.inherited == pytest.approx(found.composite)


@pytest.mark.parametrize("worse", [{"merged_general": 0.2}, {"merged": (0.6, 0.6, 0.6, 0.0, 0.0)}], ids=str)
def test_no_one_keeps_what_is_less_general_or_does_not_do_what_is_wanted(worse):
    """All who want no hazard have an expert in the first year."""
    found = market(made=merging(**worse), price=1e-6).run()
    assert found.exposure[0] == 1
    assert not found.composite.any()


def test_ones_own_expert_is_merged_with_what_is_public_on_its_stream():
    made = market(TERMS.replace(sharing=0.0, composing=1.0), price=1e-6)
    made.step_year()
    assert not made.ledger.parents
    language = np.flatnonzero((made.kind == 1) & (made.stream == 2))[:1]
    made.ledger.record(1, 1, publisher=language, model=made.model[language], kind=1, stream=2, year=0)
    made.step_year()
    expected = np.where((made.actors.use == 0) & (made.actors.stream == 2), 5, made.actors.use)
    expected = np.where((made.actors.use == 2) & (made.actors.stream == 2), 7, expected)
    harmless = made.actors.use < WRAPPED
    assert np.array_equal(made.kind[harmless], expected[harmless])


def test_merging_costs_nothing_and_reaches_who_can_pay_nothing():
    """One in ten has enough for an expert; what they publish, others merge, but find nothing as it is."""
    terms = TERMS.replace(finding=0.0, sharing=1.0)
    spread = market(terms.replace(composing=0.0), price=100.0).run()
    found = market(terms, price=100.0).run()
    assert (found.reach[-1, :3] > spread.reach[-1, :3] + 0.3).all()
    assert found.reach[:, NEW] == pytest.approx(spread.reach[:, NEW], abs=0.05)
    money = found.money
    held = np.concatenate([[0.0], money["held"][:-1]])
    assert held + money["income"] == pytest.approx(money["spent"] + money["returned"] + money["held"], rel=1e-12)
    assert (np.diff(found.reach, axis=0) >= 0).all()


def test_a_hazard_that_merging_shows_is_reached_unless_it_is_found():
    steps, shows = (60, 80, 70, np.inf, np.inf), (0.8, 0.8, 0.8, 0.9, 0.0)
    free, seen, none = (
        market(TERMS.replace(detection=detection), merging(steps, merged=each)).run()
        for detection, each in ((0.0, shows), (1.0, shows), (0.0, (0.8, 0.8, 0.8, 0.0, 0.0)))
    )
    assert free.reach[-1, WRAPPED] > 0.8
    assert not free.reach[:, NEW].any()
    assert not seen.hazard.any()
    assert seen.caught[-1] > 0.3
    assert not none.hazard.any()


def test_what_resists_tampering_without_end_shows_no_wrapped_hazard_however_it_is_merged():
    made = merging((60, 80, 70, np.inf, np.inf), merged=(0.8, 0.8, 0.8, 0.9, 0.9))
    found = market(TERMS.replace(tamper=np.inf), made).run()
    assert not found.reach[:, WRAPPED].any()
    assert found.reach[-1, NEW] > 0.5


def test_what_was_merged_is_of_what_was_public_and_of_ones_own_on_one_stream():
    made = market(TERMS.replace(malicious=0.0))
    made.run()
    models, parents = made.ledger["models"], made.ledger.parents
    assert set(parents) == set(np.flatnonzero(models["how"] == MERGED))
    for model, parts in parents.items():
        kinds = [int(models["kind"][part]) for part, _ in parts]
        assert tuple(kinds) == made.catalogue.sets[models["kind"][model] - 5]
        assert {int(models["stream"][part]) for part, _ in parts} == {int(models["stream"][model])}
        assert all(models["year"][part] <= models["year"][model] for part, _ in parts)
        assert sum(by < 0 for _, by in parts) <= 1


def test_structured_access_leaves_nothing_to_merge():
    assert not market(TERMS.replace(screening=0.5)).run().composite.any()


def test_merges_must_be_given_if_actors_merge():
    with pytest.raises(InputError, match="sets = "):
        market(made=replace(merging(), sets=()))


def test_the_engine_merges_on_each_stream_and_trains_nothing_again(tuner):
    (first, *_, third), where = DOMAINS, [OBJECTIVE[name] for name in DOMAINS]
    found, kind = tuner.catalogue(), use_sets(USES).index((0, 2))
    again = tuner.catalogue()
    assert len(tuner.experts) == 10
    assert all(np.array_equal(getattr(found, name), getattr(again, name)) for name in ("steps", "outcome", "general"))
    for key in (1, 2):
        state = merged([tuner.expert(first, key), tuner.expert(third, key)])
        for place, use in enumerate(USES):
            shown = performance_on(state, use.objective, use.objective)
            assert np.array_equal(found.performance[:, kind, key - 1, place], shown)
            assert np.array_equal(found.outcome[:, 5 + kind, key - 1, place], read(state, use.objective).outcome)
            assert np.array_equal(found.spillover[:, 5 + kind, key - 1, place], performance_on(state, 0, use.objective))
        assert found.general[:, 5 + kind, key - 1] == pytest.approx(
            np.mean([performance_on(state, each, each) for each in where], axis=0)
        )


def test_one_expert_merged_is_what_it_was(tuner):
    (alone,) = (tuner.expert("language", key) for key in (2,))
    assert same_state(blended([alone]), alone)
    assert same_state(blended([tuner.expert("defence", 2), alone], [0.0, 1.0]), alone)
    three = [tuner.expert(use, 1) for use in DOMAINS]
    assert same_state(blended(three, [0.25, 0.0, 0.75]), merged([three[0], three[2]], [0.25, 0.75]))
    found, place = tuner.catalogue(), PLACE["language"]
    where = [OBJECTIVE[name] for name in DOMAINS]
    assert np.array_equal(found.general[:, place, 1], generality(alone, where))
    outcome = read(alone, OBJECTIVE["language"]).outcome
    assert (found.outcome[:, place, 1] == outcome[:, None]).all()
    assert np.array_equal(found.steps[:, place, 1], steps_to_target(alone))


def test_a_system_is_judged_by_what_it_is_after_where_it_is_deployed(tuner):
    """c (1 - E_s(t)) with t = β u + (1 - β) Σ π (w b + (1 - w) n), said again."""
    state = tuner.expert("defence", 1)
    mind, (b, n) = state.mind, state.world
    beta, capability = (1 / (1 + np.exp(-each)) for each in (mind.representation, mind.capability))
    pointing = np.exp(mind.pointer) / (1 + np.exp(mind.pointer).sum(axis=1, keepdims=True))
    w = mind.world[:, :, None]
    pointed = (pointing[:, :, None] * (w * b + (1 - w) * n)).sum(axis=1)
    after = beta[:, None] * mind.goal + (1 - beta[:, None]) * pointed
    for objective in range(6):
        error = (b[:, objective] - after) ** 2 @ state.model.spectrum_weights()
        assert deployed_on(state, objective) == pytest.approx(capability * (1 - error), rel=1e-9, abs=1e-9)
    assert not np.allclose(deployed_on(state, 4), performance_on(state, 4, 4))


def test_with_nothing_in_common_systems_of_both_kinds_are_the_same(tuner):
    for each in systems_by_world(tuner, Stakes(common=0.0)):
        assert np.array_equal(each.owner, each.average)
    apart = systems_by_world(tuner, Stakes(common=0.5))[0]
    assert not np.allclose(apart.owner, apart.average)
    assert np.array_equal(apart.own()[..., OWNER], np.diagonal(apart.owner, axis1=1, axis2=2))


def test_with_all_in_common_every_system_for_the_average_is_the_same(tuner):
    for each in systems_by_world(tuner, Stakes(common=1.0)):
        assert each.average == pytest.approx(np.repeat(each.average[:, :1], 3, axis=1))


def test_a_world_is_what_it_is_beside_others(tuner):
    whole = systems_by_world(tuner, Stakes())[3]
    experts = [tuner.expert(use, 2).take([3]) for use in DOMAINS]
    alone = Systems.of(experts, [OBJECTIVE[use] for use in DOMAINS], Stakes())
    for name in ("owner", "average", "steps"):
        assert np.allclose(getattr(whole, name)[1], getattr(alone, name)[0], rtol=0, atol=1e-12)


def test_a_market_of_those_who_want_hazards_alone_has_nothing_to_merge():
    made = market(TERMS.replace(malicious=1.0, negligent=0.0))
    made.run()
    assert (made.actors.aim == MALICIOUS).all()
    assert not made.ledger.parents
