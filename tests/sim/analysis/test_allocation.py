"""Runs where they are needed: looks, draws that stop and draws that go on, and the runs that they get."""

from dataclasses import replace

import numpy as np
import pytest
from studies.shares import LIMIT, counted, coverage

from feint.agents.errors import InputError
from feint.scenarios.claims.registry import select_claims
from feint.sim.analysis.allocation import HIGH, LOW, ROOM, RUNS, Allocation, Looks, measured_row
from feint.sim.analysis.claims import at_least
from feint.sim.ensembles.paired_runs import OWN, run_paired
from feint.sim.statistics.intervals import look_confidence
from feint.sim.training.parameter_point import Point

(HEADLINE,) = select_claims(["headline"])
LOOKS = Looks(first=20, most=60)


def allocated(rule, point):
    """The claim, with this rule and its tested part alone, and what is measured of it at a point."""
    claim = replace(HEADLINE, parts=(replace(HEADLINE.effect, rule=rule),))
    rows = Allocation(parts=[(claim, claim.effect)], looks=LOOKS).at(point, ROOM, seed=3, threads=1)
    return claim, rows[OWN, claim.name, claim.effect.name]


def test_looks_multiply_up_to_the_most():
    assert Looks(first=50, most=200).totals == [50, 200]
    assert Looks(first=50, most=900).totals == [50, 300, 900]
    assert Looks(first=50, most=50).totals == [50]
    assert Looks(first=50, most=50).level() == 0.95
    assert Looks(first=50, most=1800).level() == look_confidence(0.95, 2)


@pytest.mark.parametrize(("first", "most"), [(0, 10), (20, 10), (10, ROOM + 1)])
def test_looks_that_do_not_rise_are_refused(first, most):
    with pytest.raises(InputError):
        Looks(first=first, most=most)


def test_a_claim_that_is_clear_stops_at_the_first_look():
    _, row = allocated(at_least(-0.99, -0.995), Point())
    assert row[RUNS] == 20
    assert row[LOW] > -0.99


def test_a_claim_that_is_open_goes_on_with_the_runs_of_a_longer_ensemble():
    claim, first = allocated(at_least(-0.99, -0.995), Point())
    between = (first[LOW] + first[HIGH]) / 2
    claim, row = allocated(at_least(between, between - 1e-3), Point())
    assert row[RUNS] == 60
    protocols = claim.effect.estimand.protocols
    whole = run_paired(Point(), protocols, range(ROOM, ROOM + 60), seed=3, threads=1)
    assert row == measured_row(claim.effect, whole, LOOKS.level())
    assert first == measured_row(
        replace(claim.effect, rule=at_least(-0.99, -0.995)), {p: of.first(20) for p, of in whole.items()}, LOOKS.level()
    )


@pytest.mark.parametrize("effect", [0.0, LIMIT - 1e-9, LIMIT, 0.05, 0.2])
def test_draws_are_stopped_on_the_wrong_side_of_a_limit_no_more_often_than_promised(effect):
    """Of 4,000 draws with the same effect, at the null, at the limit and beyond it; also with a third look."""
    rng = np.random.default_rng(1)
    gain, lose = np.full(4000, 0.05 + effect), np.full(4000, 0.05)
    for looks in (Looks(first=32, most=192), Looks(first=32, most=1152)):
        limits, runs = counted(gain, lose, LIMIT, looks, rng)
        holds = (limits[:, 0] >= LIMIT) & (runs < looks.most)
        falls = (limits[:, 0] < LIMIT) & (runs < looks.most)
        wrong = falls if effect >= LIMIT else holds
        assert wrong.mean() <= 0.05 + 3 * (0.05 * 0.95 / 4000) ** 0.5


@pytest.mark.parametrize("share", [0.05, 0.3, 0.55, 0.9])
def test_intervals_of_shares_cover(share):
    """With the study's repetitions cut to what tells 0.9 from 0.95; `tests/studies/shares.py` has all of them."""
    found = coverage("smooth", share, Looks(first=32, most=192), draws=256, repetitions=60)
    assert 0.87 <= found.covered <= 1.0
    assert found.width < 0.16
    assert found.full_width > found.width
