"""Prices: what a step costs, how that falls, and what was published."""

from math import inf, nan

import numpy as np
import pytest

from feint.agents.errors import InputError
from feint.sim.markets.market_parameters import FACTORS, PUBLISHED, Price, cost


def test_the_fall_is_the_product_of_its_factors():
    price, years = Price(step_price=10.0), np.array([0.0, 1.0, 7.5])
    product = np.prod([np.minimum(2 ** (years / each.halving), each.most) for each in FACTORS], axis=0)
    assert price.at(years) == pytest.approx(10.0 / product)
    assert price.at(0.0) == 10.0


def test_a_saving_that_is_made_once_ends():
    for factor in FACTORS:
        late = factor.at(np.array([60.0, 61.0]))
        assert (late[0] == late[1] == factor.most) if factor.most < inf else late[1] > late[0]


def test_a_price_stays_above_nothing():
    found = Price(step_price=1e-3, fall=100.0).at(np.array([200.0, 1e9]))
    assert (found > 0).all()
    assert cost(np.array([inf]), float(found[1])).tolist() == [inf]


def test_a_price_never_rises_and_at_no_pace_stays():
    years = np.linspace(0, 30, 61)
    assert (np.diff(Price(step_price=3.0).at(years)) < 0).all()
    assert (Price(step_price=3.0, fall=0.0).at(years) == 3.0).all()
    assert Price(step_price=3.0, fall=2.0).at(1.0) == pytest.approx(Price(step_price=3.0).at(2.0))


def test_no_step_costs_nothing_and_steps_without_end_are_beyond_any_price():
    steps = np.array([0.0, 5.0, inf])
    assert cost(steps, 2.0).tolist() == [0.0, 10.0, inf]
    assert cost(steps, inf).tolist() == [0.0, inf, inf]


@pytest.mark.parametrize("factor", FACTORS, ids=lambda each: each.name)
def test_a_factor_lies_in_its_range_and_says_where_it_is_from(factor):
    assert factor.low <= factor.halving <= factor.high
    assert factor.tag
    assert factor.source


def test_published_points_lie_in_their_ranges():
    assert set(PUBLISHED) == {"llama-2-70b", "llama-3-8b", "gpt-3.5", "filtered-6.9b"}
    for anchor in PUBLISHED.values():
        assert anchor.dollars is None or anchor.span[0] <= anchor.dollars <= anchor.span[1]


@pytest.mark.parametrize("values", [{"step_price": 0.0}, {"step_price": nan}, {"step_price": 1.0, "fall": -1.0}])
def test_prices_that_cannot_be_are_refused(values):
    with pytest.raises(InputError, match="is not valid"):
        Price(**values)
