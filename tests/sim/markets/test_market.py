"""Markets: limits, conservation, known answers."""

from math import inf

import numpy as np
import pytest
from catalogues import STEPS, catalogue
from scipy.stats import norm

from feint.agents.errors import InputError
from feint.agents.outcome import Outcome
from feint.sim.markets.fine_tuning_uses import Use
from feint.sim.markets.market import MONEY, POOLED, Market
from feint.sim.markets.market_parameters import BENIGN, MALICIOUS, NEGLIGENT, Price, Terms, draw_actors

USES = (
    Use(name="customisation", objective=2),
    Use(name="language", objective=3),
    Use(name="defence", objective=4),
    Use(name="wrapped hazard", objective=0, hazard=True, wrapped=True),
    Use(name="new hazard", objective=5, hazard=True),
)
WRAPPED, NEW = 3, 4
SHOWN = (0.9, 0.9, 0.9, 0.0, 0.0)
"""Performance on the wrapped hazard, by the use of a fine-tune."""
TERMS = Terms(actors=4000, malicious=0.4, negligent=0.2, years=8)
QUIET = TERMS.replace(detection=0.0, sharing=0.0, fall=0.0)
"""Nothing happens but that actors pay, alone."""


def market(terms, made=None, price=10.0, seed=1):
    return Market(terms, made or catalogue(USES), Price(step_price=price, fall=terms.fall), seed)


def history(*args, **more):
    return market(*args, **more).run()


def test_at_a_price_without_end_nothing_is_reached_beyond_the_release():
    assert not history(TERMS, price=inf).reach.any()
    shown = history(TERMS, catalogue(USES, (60, 80, 70, 0, 100)), price=inf)
    assert not np.delete(shown.reach, WRAPPED, axis=1).any()
    assert shown.reach[-1, WRAPPED] > 0.5


def test_at_tamper_resistance_without_end_only_hazards_that_were_never_wrapped_are_reached():
    for members in (1, 10):
        found = history(TERMS.replace(tamper=inf, members=members), catalogue(USES, shown=SHOWN))
        assert not found.reach[:, WRAPPED].any()
        assert (found.reach[-1, [0, 1, 2, NEW]] > 0.5).all()


@pytest.mark.parametrize("members", [1, 3, 50])
@pytest.mark.parametrize("saving", [0.0, 0.3, 1.0])
def test_money_is_neither_made_nor_lost(members, saving):
    money = history(TERMS.replace(members=members, saving=saving), price=100.0).money
    assert set(money) == set(MONEY)
    before = np.concatenate([[0.0], money["held"][:-1]])
    assert before + money["income"] == pytest.approx(money["spent"] + money["returned"] + money["held"], rel=1e-12)
    assert (money["overhead"] <= money["spent"]).all()
    assert money["spent"].sum() > 0
    assert (money["overhead"].sum() > 0) == (members > 1)


def test_alone_at_a_price_that_stays_those_reach_it_who_have_as_much():
    found = history(QUIET.replace(actors=100_000))
    for use, steps in enumerate((60, 80, 70, 20, 100)):
        share = norm.sf((np.log(steps * 10.0) - np.log(QUIET.budget)) / QUIET.budget_spread)
        assert found.reach[:, use] == pytest.approx(share, abs=0.015)
        assert len(set(found.reach[:, use])) == 1


def test_who_saves_reaches_more_every_year():
    found = history(QUIET.replace(saving=1.0))
    assert (np.diff(found.reach, axis=0) > 0).all()


def test_all_are_seen_and_none_who_looked_has_it_where_evaluations_miss_nothing():
    found = history(TERMS.replace(detection=1.0, sharing=0.0))
    assert not found.hazard.any()
    assert found.caught[-1] > 0.9
    assert found.reach[-1, :3].min() > 0.9


def test_detection_thins_the_hazards_by_as_much():
    free, seen = (history(QUIET.replace(actors=100_000, detection=each)).hazard[0] for each in (0.0, 0.4))
    assert seen == pytest.approx(0.6 * free, abs=0.01)


def test_pools_reach_what_their_members_cannot_and_lose_by_their_size():
    alone, pooled, dear = (
        history(QUIET.replace(**each), price=100.0).reach[0, NEW]
        for each in ({}, {"members": 10, "pooling_loss": 0.0}, {"members": 10, "pooling_loss": 3.0})
    )
    assert alone == dear < pooled


def test_a_pool_of_all_pays_at_its_efficiency():
    """Ten of 100 dollars each buy what costs 500, at 10^0.3 times it; what costs 600 they do not."""
    terms = QUIET.replace(members=10, budget=100.0, budget_spread=0.0, malicious=1.0, negligent=0.0, wants_new=1.0)
    assert history(terms, price=5.0).reach[0, NEW] == 1
    assert history(terms, price=6.0).reach[0, NEW] == 0
    assert history(terms, price=5.0).money["overhead"][0] == pytest.approx(400 * 500 * (10**0.3 - 1))


def test_evaluations_find_pools_less_often():
    """None can pay alone, all can in pools of ten: they are found with probability 0.8 · 10^-evasion."""
    terms = QUIET.replace(actors=40_000, members=10, budget=100.0, budget_spread=0.0, malicious=1.0, negligent=0.0)
    for evasion in (0.0, 0.5, 1.0):
        found = history(terms.replace(wants_new=1.0, detection=0.8, evasion=evasion), price=5.0)
        assert found.caught[0] == pytest.approx(0.8 * 10**-evasion, abs=0.03)
        assert found.hazard[0] == pytest.approx(1 - found.caught[0])


def test_what_is_published_is_found_by_others():
    none, some = (history(QUIET.replace(sharing=each), price=300.0).reach[-1] for each in (0.0, 0.2))
    assert (some > none + 0.2).all()


def test_a_hazard_by_the_way_comes_of_who_does_not_look():
    """Nobody can pay for a hazard; it is there once a harmless model that shows it lies in public."""
    made = catalogue(USES, (1, 1, 1, inf, inf), shown=SHOWN)
    found = history(QUIET, made)
    assert not found.reach[:, WRAPPED].any()
    spilt = history(QUIET.replace(sharing=0.1), made)
    assert spilt.reach[-1, WRAPPED] > 0.5
    assert not spilt.reach[:, NEW].any()
    looked, careless = (
        history(QUIET.replace(sharing=0.1, detection=1.0, negligent=each), made).reach[:, WRAPPED] for each in (0, 0.6)
    )
    assert not looked.any()
    assert careless[-1] > 0.5


def test_public_hazards_are_counted_and_removed():
    """All who can pay do so in the first year and publish; no one finds anything, and half is taken down each year."""
    terms = QUIET.replace(actors=20_000, sharing=1.0, finding=0.0, takedown=0.5)
    made = market(terms, catalogue(USES, shown=(0.0, 0.0, 0.0, 0.9, 0.9)))
    found = made.run()
    assert found.public[0] == (made.has & made.hazardous).sum() > 1000
    assert found.public[1:4] / found.public[:3] == pytest.approx(0.5, abs=0.06)


def test_structured_access_publishes_nothing_and_refuses():
    found = history(TERMS.replace(screening=1.0))
    assert not found.hazard.any()
    assert not found.public.any()
    assert found.reach[-1, :3].min() > 0.9


def test_who_is_refused_is_refused_for_the_year_alone_or_in_a_pool():
    """All could pay alone; pools are no second chance."""
    terms = QUIET.replace(actors=20_000, malicious=1.0, negligent=0.0, screening=0.7)
    for members in (1, 5):
        assert history(terms.replace(members=members), price=1e-6).hazard[0] == pytest.approx(0.3, abs=0.015)


def test_a_staged_release_serves_the_vetted_alone():
    found = history(TERMS.replace(staged=3))
    assert not found.hazard[:3].any()
    assert found.hazard[3] > 0
    assert 0 < found.exposure[2] < TERMS.vetted


def test_risk_is_the_product_and_defence_lowers_vulnerability():
    found = history(TERMS)
    assert found.risk == pytest.approx(found.hazard * found.exposure * found.vulnerability)
    assert found.vulnerability == pytest.approx(1 - TERMS.protection * found.reach[:, 2])


def test_who_has_it_keeps_it():
    found = history(TERMS.replace(members=5))
    assert (np.diff(found.reach, axis=0) >= 0).all()
    assert (np.diff(found.caught) >= 0).all()


def test_actors_are_as_the_terms_have_them():
    terms = TERMS.replace(actors=50_000, members=7)
    actors, _ = draw_actors(terms, USES, 4, 0)
    shares = [(actors.aim == aim).mean() for aim in (BENIGN, NEGLIGENT, MALICIOUS)]
    assert shares == pytest.approx([0.4, 0.2, 0.4], abs=0.01)
    assert np.median(actors.budget) == pytest.approx(1000, rel=0.05)
    assert np.log(actors.budget).std() == pytest.approx(2, rel=0.02)
    assert ((actors.use >= WRAPPED) == (actors.aim == MALICIOUS)).all()
    for pool in np.split(actors.use, np.flatnonzero(np.diff(actors.pool)) + 1):
        assert len(set(pool)) == 1
        assert len(pool) <= 7
    assert not actors.vetted[actors.aim != BENIGN].any()


def test_who_finds_or_pools_has_what_was_made_and_inherits_it():
    """One stream of four behaves deceptively: what it makes does, and what is taken from it, wherever it is found."""
    plays = catalogue(USES)
    plays.outcome[:, :3, 2] = Outcome.DECEPTIVE
    plays.general[:, :3] = np.arange(4.0)
    for members in (1, 5):
        made = market(TERMS.replace(members=members), plays)
        found = made.run()
        had, models = made.ledger["holdings"], made.ledger["models"]
        assert (had["publisher"] >= 0).any()
        run = made.has & (made.actors.aim != MALICIOUS)
        assert found.inherited[-1] == pytest.approx((made.stream[run] == 2).mean())
        assert found.breadth[-1] == pytest.approx(made.stream[run].mean())
        assert (models["stream"][made.model[run]] == made.stream[run]).all()
        taken_from = had[had["publisher"] >= 0]
        assert (made.stream[taken_from["actor"]] == made.stream[taken_from["publisher"]]).all()


def test_members_of_a_pool_have_one_model():
    made = market(QUIET.replace(members=5), price=100.0)
    made.run()
    how = made.ledger["models"]["how"]
    assert (how == POOLED).any()
    for model in np.flatnonzero(how == POOLED)[:50]:
        assert len(set(made.actors.pool[made.model == model])) == 1
        assert (made.model == model).sum() > 1


def test_what_is_spent_is_the_steps_of_what_was_made_at_its_price():
    made = market(TERMS.replace(members=4, tamper=2.0, detection=0.0))
    spent = made.run().money["spent"].sum()
    models = made.ledger["models"]
    steps = np.array([60, 80, 70, 20, 100])[models["kind"]]
    assert (models["how"] == POOLED).any()
    assert (steps * models["price"]).sum() == pytest.approx(spent)


def test_a_market_is_made_again_by_its_seed_and_is_its_own_whatever_stands_beside_it():
    three, single = (catalogue(USES, parents=parents) for parents in (3, 1))
    price = Price(step_price=10.0)
    one, again = ([Market(TERMS, three, price, 5, parent).run() for parent in range(3)] for _ in range(2))
    alone = Market(TERMS, single, price, 5).run()
    for a, b in zip(one, again, strict=True):
        assert np.array_equal(a.reach, b.reach)
    assert np.array_equal(one[0].reach, alone.reach)
    assert not np.array_equal(one[0].reach, one[1].reach)


def test_a_hundred_thousand_actors_fare_as_ten_thousand():
    """The size that is asked for; `tests/benchmarks/test_market.py` has what it takes."""
    many, fewer = (history(Terms(actors=actors, years=20, members=10)) for actors in (100_000, 10_000))
    assert many.reach.shape == (20, len(USES))
    harmless = slice(WRAPPED)  # of hazards, few are wanted and chance has more to say
    assert many.reach[:, harmless] == pytest.approx(fewer.reach[:, harmless], abs=0.05)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"malicious": 0.7, "negligent": 0.7}, "it must be at most 1"),
        ({"detection": 1.5}, "detection = 1.5 is not valid for a market: it must be a finite number from 0 to 1"),
        ({"members": 2.5}, "members = 2.5 is not valid for a market: it must be a whole number"),
        ({"tamper": 0.5}, "tamper = 0.5 is not valid for a market: it must be a number of at least 1"),
    ],
)
def test_terms_that_cannot_be_are_refused(values, said):
    with pytest.raises(InputError, match=said):
        Terms(**values)


def test_terms_are_named():
    with pytest.raises(InputError, match="market parameter 'member' is not known: did you mean 'members'"):
        Terms(member=3)  # pyright: ignore[reportCallIssue] - the mistake that is tested


def test_there_is_a_row_for_each_use():
    with pytest.raises(InputError, match="steps = 4 rows"):
        catalogue(USES, STEPS[:4])
