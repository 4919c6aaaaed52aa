"""What competition comes to in the world of each run: limits, break conditions, and agreement with a population."""

import numpy as np
import pytest

from feint.scenarios.argument.evaluate_claim import evaluate
from feint.scenarios.claims.registry import select_claims
from feint.scenarios.release.affordability import DECADE, EXPERTS, PRICE, TERMS, ExpertsMean, last_states
from feint.scenarios.release.competition_limit import (
    average_gain,
    budgets,
    effect_on_others,
    gain,
    in_worlds,
    serving_owners,
    shares_after_decade,
    without,
    worlds,
)
from feint.sim.analysis.claims import Verdict
from feint.sim.ensembles.paired_runs import run_paired
from feint.sim.markets.competition import PEERS, Competition, Stakes, Systems
from feint.sim.markets.market_parameters import Actors, Terms
from feint.sim.training.parameter_point import Point

CLAIMS = ("fall-behind", "owners-goals")


def systems(own=0.9, others=0.1, average=(0.7, 0.6), steps=50.0):
    mine = np.eye(3, dtype=bool)
    kinds = [np.where(mine, *each)[None] for each in ((own, others), average)]
    return Systems(owner=kinds[0], average=kinds[1], steps=np.full((1, 3), steps))


@pytest.fixture(scope="module")
def ended():
    return run_paired(Point(), EXPERTS, range(60), seed=1)


def test_without_an_advantage_no_one_is_gain():
    free = systems(steps=0.0)
    assert not gain(free, Stakes(value=0.0)).any()
    assert without(free, Stakes(value=0.0, trying=0.0)) == 1
    assert without(free, Stakes(value=0.0)) == pytest.approx(1 / 3 + 2 / 3 * (1 - 0.01 * 2 / 10) ** 100)
    assert not average_gain(free, Stakes(value=0.0)).any()
    assert not effect_on_others(free, Stakes(value=0.0)).any()


def test_one_is_ahead_by_what_ones_own_part_is_worth_less_its_cost():
    found = gain(systems(), Stakes(common=0.2, value=2.0), year=0)
    assert found == pytest.approx(2.0 * 0.8 * 0.9 - 50 * PRICE.step_price / TERMS.budget)
    assert gain(systems(), Stakes(), 0, 100.0) == pytest.approx(-4)


def test_what_cannot_be_made_puts_no_one_ahead_and_is_used_by_no_one():
    never = systems(steps=np.inf)
    assert not gain(never, Stakes()).any()
    assert without(never, Stakes()) == pytest.approx(1, abs=0.01)
    assert without(never, Stakes(trying=0.0)) == 1
    assert serving_owners(never, Stakes(trying=0.0)) == 0.5


def test_with_nothing_in_common_both_kinds_are_alike(ended):
    stakes = Stakes(common=0.0)
    same = [ExpertsMean("", in_worlds(of, stakes)) for of in (average_gain, serving_owners)]
    assert not same[0].values(ended).any()
    assert same[1].values(ended) == pytest.approx(0.5)
    assert ExpertsMean("", in_worlds(average_gain)).values(ended).any()


def test_a_penalty_makes_it_pay_to_serve_the_average():
    """To serve one's owner brings 0.1 budgets a year; at as high a penalty neither is copied more."""
    shares = [serving_owners(systems(steps=0.0), Stakes(penalty=each)).item() for each in (0.0, 0.1, 0.2)]
    assert shares[1] == pytest.approx(0.5)
    assert shares[0] > 0.95
    assert shares[2] < 0.05


def test_more_that_is_common_makes_it_better_for_all_to_serve_the_average():
    found = [average_gain(systems(), Stakes(common=common)).item() for common in (0.1, 0.5, 1.0)]
    wanted = [(1 - c) * (0.7 - 0.9) + c * ((0.7 + 1.2) - (0.9 + 0.2)) / 3 for c in (0.1, 0.5, 1.0)]
    assert found == pytest.approx(wanted)


@pytest.mark.parametrize("where", [0, 4, PEERS - 1])
def test_shares_are_where_a_competition_of_many_such_actors_leads(where):
    """Of one class of budget, at the stakes as assumed."""
    count, stakes, found = 60_000, Stakes(), systems()
    nothing = np.zeros(count, int)
    many = Actors(
        aim=nothing,
        use=nothing,
        budget=np.full(count, budgets()[where]),
        stream=nothing,
        vetted=nothing > 0,
        pool=np.arange(count),
    )
    game = Competition(stakes, Terms(years=DECADE), many, found, PRICE, seed=1)
    assert shares_after_decade(found, stakes)[0, 0, where] == pytest.approx(game.run().shares[-1], abs=0.02)


def test_shares_add_up_to_one_in_every_class(ended):
    found = shares_after_decade(worlds([ended[protocol] for protocol in EXPERTS], Stakes()), Stakes())
    assert found.shape == (60, 3, PEERS, 3)
    assert found.sum(axis=-1) == pytest.approx(1)


def test_half_the_actors_have_less_than_the_median_budget():
    assert len(budgets()) == PEERS
    assert np.log(budgets()).mean() == pytest.approx(np.log(TERMS.budget))
    assert (budgets() < TERMS.budget).sum() == PEERS / 2


def test_worlds_are_read_once_and_are_those_of_their_runs(ended):
    found = worlds([ended[protocol] for protocol in EXPERTS], Stakes())
    assert worlds([ended[protocol] for protocol in EXPERTS], Stakes(penalty=0.3)) is found
    other = run_paired(Point(), EXPERTS, range(60), seed=2)
    assert not np.array_equal(worlds([other[protocol] for protocol in EXPERTS], Stakes()).owner, found.owner)
    for place, protocol in enumerate(EXPERTS):
        assert np.array_equal(found.steps[:, place], np.where(ended[protocol].reached, ended[protocol].steps, np.inf))
        assert len(ended[protocol].recorded[last_states]) == 60


@pytest.mark.parametrize("name", CLAIMS)
def test_claims_are_broken_where_their_source_says_they_break(name):
    found = evaluate(select_claims([name], "release"), runs=300, seed=3)[name]
    broken = {"fall-behind": ("at once", "dear"), "owners-goals": ("fined",)}[name]
    assert all(found.verdicts[part] is Verdict.CONTRADICTED for part in broken)


def test_where_nothing_is_learned_no_one_needs_a_system():
    point = Point().at({"finetuning.steps": 1})
    found = evaluate(select_claims(["fall-behind"], "release"), point, runs=100)["fall-behind"]
    assert found.verdicts["ahead"] is not Verdict.SUPPORTED
    assert found.verdicts["without"] is Verdict.CONTRADICTED
