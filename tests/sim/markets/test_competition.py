"""Competition: limits, who falls behind, whom systems serve, and a known flow."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from feint.agents.errors import InputError
from feint.sim.markets.competition import (
    AVERAGE,
    OWNER,
    PEERS,
    WITHOUT,
    Competition,
    Stakes,
    Systems,
    common_payoff,
    flow,
    net_imitation,
    payoff,
)
from feint.sim.markets.market_parameters import MALICIOUS, Actors, Price, Terms

TERMS = Terms(years=8)
STEPS = 50.0


def actors(count=3000, *, spread=0.0, uses=3, bad=0):
    """Those who want each use in turn, of 1000 dollars a year or about that."""
    generator = np.random.default_rng(4)
    aim = np.zeros(count, int)
    aim[:bad] = MALICIOUS
    use = np.arange(count) % uses
    use[:bad] = uses
    return Actors(
        aim=aim,
        use=use,
        budget=1000 * np.exp(spread * generator.standard_normal(count)),
        stream=generator.integers(2, size=count),
        vetted=np.zeros(count, bool),
        pool=np.arange(count),
    )


def does(own, others, uses=3):
    """What systems do on two streams: so much for their owner's use, and so much for others."""
    return np.repeat(np.where(np.eye(uses, dtype=bool), own, others)[None], 2, axis=0)


def systems(owner=(0.9, 0.1), average=(0.7, 0.6), steps=STEPS):
    return Systems(owner=does(*owner), average=does(*average), steps=np.full((2, 3), steps))


def race(stakes=None, found=None, price=0.0001, terms=TERMS, who=None, seed=1, fall=0.0):
    stakes = Stakes() if stakes is None else stakes
    who, found = actors() if who is None else who, systems() if found is None else found
    return Competition(stakes, terms, who, found, Price(step_price=price, fall=fall), seed)


def test_shares_add_up_to_one_and_those_who_want_a_hazard_do_not_race():
    competition = race(who=actors(bad=500))
    assert len(competition) == 2500
    assert competition.run().shares.sum(axis=1) == pytest.approx(1)


def test_where_a_system_is_worth_nothing_and_costs_nothing_no_one_falls_behind():
    found = race(Stakes(value=0.0, trying=0.0), systems(steps=0.0)).run()
    assert not found.pays.any()
    assert (found.shares[:, WITHOUT] == 1).all()
    assert not found.better.any()


def test_where_use_costs_more_than_it_gains_no_one_uses_a_system_but_to_try_it():
    """It gains 0.45 budgets, and costs 0.44 or 0.46."""
    pays, costs = (race(price=price, found=systems(average=(0.5, 0.5))).run() for price in (8.8, 9.2))
    assert (pays.pays == 1).all()
    assert not costs.pays.any()
    assert costs.shares[-1, WITHOUT] > pays.shares[-1, WITHOUT]
    assert (race(price=1e9).run().shares[:, WITHOUT] > 0.98).all()


def test_a_system_that_cannot_be_had_is_had_by_no_one_who_copies():
    found = race(Stakes(trying=0.0), systems(steps=np.inf)).run()
    assert (found.shares[:, WITHOUT] == 1).all()


def test_who_falls_behind_copies_and_systems_come_to_serve_their_owners():
    found = race(terms=TERMS.replace(years=20)).run()
    assert found.shares[-1, WITHOUT] < 0.03
    assert found.shares[-1, OWNER] > 0.6
    assert found.better[-5:] == pytest.approx(0.5 * -0.2 + 0.5 * (1.9 - 1.1) / 3, abs=0.002)


def test_with_a_penalty_beyond_what_it_gains_systems_serve_the_average():
    """To serve one's owner gains 0.1 budgets more."""
    light, heavy = (race(Stakes(penalty=penalty), terms=TERMS.replace(years=20)).run() for penalty in (0.05, 0.3))
    assert light.shares[-1, OWNER] > light.shares[-1, AVERAGE]
    assert heavy.shares[-1, AVERAGE] > 0.9


def test_where_both_kinds_do_the_same_neither_wins():
    """But for drift: 16 looks of each of 60,000 leave the difference with a deviation of 0.02."""
    competition = race(found=systems(average=(0.9, 0.1)), who=actors(60_000))
    competition.strategy[:] = np.random.default_rng(1).integers(3, size=60_000)
    found = competition.run()
    assert found.shares[-1, WITHOUT] < 0.03
    assert found.shares[:, OWNER] == pytest.approx(found.shares[:, AVERAGE], abs=0.06)
    assert not found.better.any()


def test_a_competition_flows_as_a_population_without_end_does():
    """Peers who are all alike, and all prices as they were: the flow of pairwise comparison, year by year."""
    stakes = Stakes(selection=4.0, meetings=1.0, trying=0.1)
    found = race(stakes, who=actors(90_000), terms=TERMS.replace(years=10)).run()
    have = payoff(stakes, np.array([0.0, 0.9, 0.7]), np.array(STEPS * 0.0001 / 1000))
    solved = solve_ivp(
        lambda _, x: flow(x, net_imitation(have, stakes.selection), stakes.meetings, stakes.trying),
        (0, 10),
        [1.0, 0.0, 0.0],
        t_eval=range(1, 11),
        rtol=1e-8,
    )
    assert found.shares == pytest.approx(solved.y.T, abs=0.015)


def test_what_all_would_have_more_is_what_the_stakes_say():
    """All have a system: (1 - common) · (0.7 - 0.9) + common · the mean of both kinds over all uses."""
    stakes = Stakes(common=0.3, value=2.0)
    competition = race(stakes)
    competition.strategy[:] = OWNER
    alike = (0.7 + 2 * 0.6) / 3 - (0.9 + 2 * 0.1) / 3
    told = competition.summary(competition.payoffs())
    assert told["better"] == pytest.approx(2.0 * (0.7 * -0.2 + 0.3 * alike))


def test_what_befalls_all_is_the_mean_over_all():
    done = np.array([[1.0, 0.0], [0.0, 0.5], [0.0, 0.0]])
    assert common_payoff(Stakes(common=0.6, value=2.0), done) == pytest.approx(1.2 * np.array([1, 0.5]) / 3)


def test_standing_is_by_strategy_and_no_cost_is_beyond_all_bounds():
    stakes = Stakes(common=0.25, penalty=0.125)
    found = payoff(stakes, np.array([[0.0, 0.8, 0.4]]), np.array([0.5]))
    assert found == pytest.approx(np.array([[1.0, 1 + 0.6 - 0.5 - 0.125, 1 + 0.3 - 0.5]]))
    assert np.isfinite(payoff(stakes, np.zeros((1, 3)), np.array([np.inf]))).all()


def test_peers_want_the_same_and_have_a_budget_in_the_same_tenth():
    competition = race(who=actors(3000, spread=2.0))
    for actor in range(0, 3000, 200):
        begins, size = competition.first[actor], competition.size[actor]
        peers = competition.order[begins : begins + size]
        assert actor in peers
        assert size == 3000 / 3 / PEERS
        assert set(competition.use[peers]) == {competition.use[actor]}
        poorer = np.sum(competition.budget[competition.use == competition.use[actor]] < competition.budget[peers].min())
        assert poorer % size == 0


def test_a_competition_is_made_again_by_its_seed():
    one, again, other = (race(seed=seed).run().shares for seed in (3, 3, 4))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"common": 1.5}, "common = 1.5 is not valid for a competition: it must be a finite number from 0 to 1"),
        ({"value": -1.0}, "value = -1.0"),
        ({"trying": "no"}, "trying = 'no'"),
    ],
)
def test_stakes_that_cannot_be_are_refused(values, said):
    with pytest.raises(InputError, match=said):
        Stakes(**values)


def test_weights_are_what_befalls_those_who_want_each_use():
    assert Stakes(common=0.6).weights(1, 3) == pytest.approx([0.2, 0.6, 0.2])
    assert Stakes(common=0.0).weights(2, 3).tolist() == [0, 0, 1]
    assert Stakes(common=1.0).weights(0, 4) == pytest.approx(0.25)
