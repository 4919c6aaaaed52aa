"""History matching on planted functions: what is left of the prior, and which rows exclude each other."""

from functools import cache

import numpy as np
import pytest

from feint.agents.errors import InputError
from feint.sim.analysis.emulators import emulate, emulate_all
from feint.sim.analysis.history_matching import CUT, Matcher, Targets, distance_from_prior

PARAMETERS = ("a", "b", "c", "d")
FUNCTIONS = {
    "a": lambda x: x[:, 0],
    "not a": lambda x: 1 - x[:, 0],
    "b": lambda x: x[:, 1],
    "a and b": lambda x: (x[:, 0] + x[:, 1]) / 2,
}


def planted(count=400, noise=0.01, seed=0):
    """A design, and what a simulator with Monte Carlo errors gives of every function."""
    rng = np.random.default_rng(seed)
    design = rng.random((count, len(PARAMETERS)))
    exact = np.column_stack([function(design) for function in FUNCTIONS.values()])
    return design, exact + noise * rng.standard_normal(exact.shape), np.full(exact.shape, noise**2)


@cache
def learnt():
    """What a matcher knows of the functions, whatever the rows are."""
    design, outputs, variances = planted()
    known = {"design": design, "outputs": outputs, "variances": variances}
    return {**known, "emulators": emulate_all(list(FUNCTIONS), design, outputs, variances)}


def match(rows):
    """The history match of rows, each a name of FUNCTIONS with the value that was measured."""
    names = list(FUNCTIONS)
    targets = Targets(
        names=tuple(rows),
        measures=np.array([names.index(name) for name in rows], int),
        value=np.array([*rows.values()], float),
        error=np.full(len(rows), 0.02),
        discrepancy=np.full(len(rows), 0.02),
    )
    return Matcher(targets=targets, parameters=PARAMETERS, **learnt()).matched(2048)


def test_an_emulator_knows_how_good_it_is():
    design, outputs, variances = planted()
    check = emulate("a", design, outputs[:, 0], variances[:, 0]).check
    assert check.explained > 0.97
    assert 0.9 < check.covered <= 1
    assert check.noise == pytest.approx(0.01)
    rng = np.random.default_rng(1)
    nothing = emulate("noise", design, rng.standard_normal(len(design)), variances[:, 0])
    assert nothing.check.explained < 0.1
    assert nothing.predict(design)[1].mean() > 0.5


def test_an_emulator_needs_points():
    design, outputs, variances = planted(count=40)
    with pytest.raises(InputError, match="'a' is known at 40 points: an emulator needs 50"):
        emulate("a", design, outputs[:, 0], variances[:, 0])


def test_a_row_leaves_what_it_does_not_rule_out():
    result = match({"a": 0.25})
    (row,) = result.rows
    assert 0.1 < row.left < 0.4
    assert row.met
    assert row.simulated > 0
    assert row.narrowed[0].parameter == "a"
    assert row.narrowed[0].low < 0.25 < row.narrowed[0].high
    assert result.left == row.left
    assert result.simulated == row.simulated
    assert result.pairs == [[row.left]]
    assert result.pairs_met == [[row.simulated / result.simulations]]
    assert result.exclusions == []


def test_rows_that_agree_exclude_nothing():
    result = match({"a": 0.7, "not a": 0.3, "b": 0.2})
    assert result.exclusions == []
    assert result.left > 0


def test_a_planted_contradiction_of_two_rows_is_found():
    result = match({"a": 0.9, "not a": 0.9, "b": 0.5})
    (exclusion,) = result.exclusions
    assert exclusion.rows == ("a", "not a")
    assert exclusion.nearest > CUT
    assert sum(exclusion.predicted) == pytest.approx(1, abs=0.1)
    assert exclusion.sentence.startswith("Rows “a” and “not a” cannot both be met: the nearest point gives 0.")
    assert result.left == 0
    assert all(row.met for row in result.rows)


def test_a_planted_contradiction_of_three_rows_is_found():
    result = match({"a": 0.1, "b": 0.1, "a and b": 0.5})
    assert [set(exclusion.rows) for exclusion in result.exclusions] == [{"a", "b", "a and b"}]
    assert "cannot all be met" in result.exclusions[0].sentence


def test_what_no_point_gives_is_unmet_and_excludes_no_other():
    result = match({"a": 3.0, "b": 0.5})
    assert [row.name for row in result.unmet] == ["a"]
    assert result.exclusions == []


def test_without_rows_everything_is_left():
    result = match({})
    assert result.left == 1.0
    assert (result.rows, result.pairs, result.exclusions) == ([], [], [])
    assert result.simulated == result.simulations


def test_distances_from_the_prior():
    grid = (np.arange(1000) + 0.5) / 1000
    assert distance_from_prior(grid) < 0.01
    assert distance_from_prior(grid / 2) == pytest.approx(0.5, abs=0.01)
    assert distance_from_prior(grid, weights=(grid < 0.5).astype(float)) == pytest.approx(0.5, abs=0.01)
