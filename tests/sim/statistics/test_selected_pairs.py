"""Differences of shares among the selected runs of two paired arms: known cases, and coverage."""

from math import sqrt

import numpy as np
import pytest

from feint.sim.statistics.intervals import SelectedPairs, clopper_pearson, frequency_interval, wilson


def pairs_of(a, b, c, d):
    """Return the runs of a two by two table, all selected: event in both, in the first, in the second, in none."""
    first, second = np.repeat([1, 1, 0, 0], (a, b, c, d)) > 0, np.repeat([1, 0, 1, 0], (a, b, c, d)) > 0
    everything = np.ones(a + b + c + d, bool)
    return SelectedPairs.of((first, second), (everything, everything))


@pytest.mark.parametrize("table", [(36, 12, 8, 40), (60, 30, 10, 200), (10, 40, 60, 15)])
def test_with_all_runs_selected_it_is_newcombes_paired_interval(table):
    a, b, c, d = table
    n = sum(table)
    phi = (a * d - b * c) / sqrt((a + b) * (c + d) * (a + c) * (b + d))
    one, other = wilson(a + b, n), wilson(a + c, n)
    gap = (b - c) / n
    low = gap - sqrt(
        (one.estimate - one.low) ** 2
        - 2 * phi * (one.estimate - one.low) * (other.high - other.estimate)
        + (other.high - other.estimate) ** 2
    )
    found = pairs_of(*table)
    assert found.correlation == pytest.approx(phi, abs=1e-12)
    assert found.difference().estimate == pytest.approx(gap, abs=1e-12)
    assert found.difference().low == pytest.approx(low, abs=1e-12)


def test_arms_that_are_alike_differ_by_exactly_nothing():
    event, chosen = np.arange(60) % 3 == 0, np.arange(60) % 4 > 0
    found = SelectedPairs.of((event, event), (chosen, chosen))
    assert found.correlation == pytest.approx(1)
    assert found.difference().estimate == 0


def test_arms_that_never_select_the_same_run_are_independent():
    event, chosen = np.arange(80) % 3 == 0, np.arange(80) % 2 == 0
    found = SelectedPairs.of((event, event), (chosen, ~chosen))
    assert (found.both, found.correlation) == (0, 0)
    one, other = (frequency_interval(count, 40) for count in found.events)
    below, over = one.estimate - one.low, other.high - other.estimate
    assert found.difference().low == pytest.approx(one.estimate - other.estimate - np.hypot(below, over))


def test_an_event_that_is_never_seen_leaves_the_width_of_few_selected_runs():
    """Ten of two thousand are selected: the interval is that of ten runs, not of two thousand."""
    chosen, never = np.arange(2000) < 10, np.zeros(2000, bool)
    found = SelectedPairs.of((never, never), (chosen, np.ones(2000, bool))).difference()
    assert found.high > clopper_pearson(0, 10).high - 0.01 > 0.29


def test_without_selected_runs_all_is_possible():
    never, always = np.zeros(5, bool), np.ones(5, bool)
    for selected in ((never, always), (always, never)):
        found = SelectedPairs.of((always, always), selected)
        for interval in (found.difference(), found.exact_difference()):
            assert np.isnan(interval.estimate)
            assert (interval.low, interval.high) == (-1, 1)


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("shares", [(0.4, 0.05), (0.5, 0.5), (0.9, 0.7)])
def test_it_covers_as_stated(shares, exact):
    """The event and being selected depend on one number of the run, so that both arms hang together."""
    generator, runs, hold = np.random.default_rng(5), 150, 0
    repeats = 400
    for _ in range(repeats):
        common = generator.random(runs)
        own = generator.random((2, 2, runs))
        mixed = np.where(generator.random((2, 2, runs)) < 0.6, common, own)  # uniform, and correlated
        selected = mixed[0] < np.array([[0.8], [0.4]])
        events = own[1] < np.array(shares)[:, None]
        events[:, : runs // 2] = common[: runs // 2] < np.array(shares)[:, None]
        selected[:, : runs // 2] = own[0][:, : runs // 2] < np.array([[0.8], [0.4]])
        found = SelectedPairs.of(events, selected)
        interval = found.exact_difference() if exact else found.difference()
        hold += interval.low <= shares[0] - shares[1] <= interval.high
    assert hold / repeats >= (0.95 if exact else 0.95 - 3 * sqrt(0.05 * 0.95 / repeats))
