"""Units: each run of each point in one of them, whatever is there already; no run in two."""

import random
from collections import Counter

import pytest

from feint.sim.sweeps.units import Cut, Missing, Unit, neighbours, repeated, units_of


def held(units):
    """How often each run of each point is in some units."""
    return Counter((point, run) for unit in units for point in unit.points for run in range(*runs_of(unit)))


def runs_of(unit):
    return unit.first_run, unit.last_run


def test_units_cover_every_run_of_every_point_once():
    units = list(units_of(range(3, 700), 100, 1100))
    assert all(Unit.named(unit.name) == unit for unit in units)
    points = [point for unit in units for point in unit.points]
    assert points == list(range(3, 700))
    large = list(units_of(range(2), 0, 10**6))
    assert sum(unit.size for unit in large) == 2 * 10**6
    assert Unit.named("points-1-2") is None


def test_neighbours_are_joined():
    assert list(neighbours([0, 1, 2, 5, 7, 8])) == [range(3), range(5, 6), range(7, 9)]
    assert list(neighbours([])) == []


@pytest.mark.parametrize("seed", range(30))
def test_what_is_missing_is_every_run_that_no_finished_unit_holds(seed):
    """Cut in any sizes, several times, with units lost in between."""
    rng, finished, runs, points = random.Random(seed), [], 0, 0
    for _ in range(4):
        runs, points = runs + rng.randrange(30), points + rng.randrange(8)
        if not runs:
            continue
        cut = Cut(runs=rng.randrange(1, 20), points=rng.randrange(1, 5))
        missing = Missing(0, runs, finished, cut)
        new = [unit for wanted in (range(points // 2), range(points // 2, points)) for unit in missing.units(wanted)]
        assert held([*finished, *new]) == Counter((point, run) for point in range(points) for run in range(runs))
        assert all(unit.last_run - unit.first_run <= cut.runs and len(unit.points) <= cut.points for unit in new)
        assert repeated([*finished, *new]) == set()
        finished = [unit for unit in [*finished, *new] if rng.random() < 0.7]


@pytest.mark.parametrize("seed", range(30))
def test_without_repeated_units_no_run_is_there_twice(seed):
    rng = random.Random(seed)
    units = {Unit(a, a + rng.randrange(1, 4), b, b + rng.randrange(1, 4)) for a in range(4) for b in range(4)}
    units = {unit for unit in units if rng.random() < 0.5}
    extra = repeated(units)
    assert set(held(units - extra).values()) <= {1}
    assert bool(extra) == any(times > 1 for times in held(units).values())
