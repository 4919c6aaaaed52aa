"""Draws from the prior, its own units, and shares of it."""

import pytest

from feint.agents.errors import InputError
from feint.agents.model import Model
from feint.sim.analysis.claims import rises
from feint.sim.analysis.prior_shares import factors_at, in_units, prior_draws, shares_of
from feint.sim.training.parameter_point import Point


def test_draws_are_of_the_whole_prior_and_valid():
    draws = prior_draws(Point(), 16, seed=1)
    names = {factor.name for factor in factors_at(Point())}
    assert len(draws) == 16
    assert all(set(draw) == names for draw in draws)
    assert {"similarity", "pretraining.coverage", "finetuning.honeypots"} <= names
    for draw in draws:
        Point().at(draw)
        assert 0 <= draw["similarity"] <= 0.95


def test_draws_depend_on_the_seed_alone():
    assert prior_draws(Point(), 8, seed=1) == prior_draws(Point(model=Model(similarity=0.9)), 8, seed=1)
    assert prior_draws(Point(), 8, seed=1) != prior_draws(Point(), 8, seed=2)


def test_draws_come_in_powers_of_two():
    with pytest.raises(InputError, match="samples = 12"):
        prior_draws(Point(), 12, seed=1)


def test_units_go_from_one_end_of_the_prior_to_the_other():
    for factor in factors_at(Point()):
        assert in_units(factor, factor.low) == 0
        assert in_units(factor, factor.high) == pytest.approx(1)
        assert in_units(factor, factor.at(0.3)) == pytest.approx(0.3)
        if factor.log:
            assert in_units(factor, 0.0) == 0


def test_shares_take_the_luck_of_runs_into_account():
    ends = [(0.1, 0.3), (0.0, 0.06), (-0.01, 0.01), (-0.3, -0.1)]
    kinds = [rises().kind((low + high) / 2) for low, high in ends]
    found = shares_of(kinds, [rises().possible(*each) for each in ends])
    told = {kind: (share.count, share.certain, share.possible) for kind, share in found.items()}
    assert told == {"holds": (2, 1, 2), "reversed": (1, 1, 1), "neither": (1, 1, 2)}
    assert all(share.interval.low <= share.sampling.estimate <= share.interval.high for share in found.values())
    assert sum(share.sampling.estimate for share in found.values()) == pytest.approx(1)


def test_several_similarities_stay_as_they_are():
    names = {factor.name for factor in factors_at(Point(model=Model(similarity=(0.5,))))}
    assert "similarity" not in names
    assert "similarity_decay" in names
