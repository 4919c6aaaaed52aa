"""What tells two kinds apart: known areas, intervals that cover, and nothing said where there is nothing to tell."""

import numpy as np
import pytest
from scipy.stats import norm

from feint.agents.errors import InputError
from feint.sim.statistics import roc
from feint.sim.statistics.intervals import frequency_interval
from feint.sim.statistics.roc import above, curve, separation


def drawn(seed, positives=200, negatives=300, shift=1.0):
    generator = np.random.default_rng(seed)
    return generator.normal(shift, 1, positives), generator.normal(0, 1, negatives)


def area(*kinds, false_alarms=0.1):
    found = separation(*kinds, false_alarms=false_alarms).auc
    assert found is not None
    return found


def caught(*kinds, false_alarms):
    found = separation(*kinds, false_alarms=false_alarms).caught
    assert found is not None
    return found.estimate


def test_the_area_is_that_of_two_normal_distributions():
    assert above(*drawn(0, 20_000, 20_000)) == pytest.approx(norm.cdf(1 / np.sqrt(2)), abs=0.01)


def test_the_area_counts_pairs_and_ties_by_half():
    positives, negatives = np.array([1.0, 2.0, 2.0]), np.array([0.0, 2.0])
    by_hand = np.mean([(p > n) + 0.5 * (p == n) for p in positives for n in negatives])
    assert above(positives, negatives) == by_hand
    assert area(positives, negatives).estimate == pytest.approx(by_hand)


def test_the_interval_of_the_area_covers_about_as_often_as_it_says():
    truth = norm.cdf(1 / np.sqrt(2))
    found = [area(*drawn(seed, 60, 80)) for seed in range(60)]
    assert (
        sum(each.low <= truth <= each.high for each in found) >= 51
    )  # of 60; 57 are expected, 50 or fewer one time in 1,000


def test_what_is_caught_keeps_to_the_false_alarm_rate():
    positives, negatives = np.array([5.0, 4.0, 1.0, 0.0]), np.arange(10) / 10 * 4.5
    assert caught(positives, negatives, false_alarms=0.0) == 0.25
    assert caught(positives, negatives, false_alarms=0.1) == 0.5


@pytest.mark.parametrize(("positives", "negatives"), [(0, 5), (5, 0), (0, 0)])
def test_with_none_of_one_kind_nothing_is_told(positives, negatives):
    found = separation(np.ones(positives), np.ones(negatives), false_alarms=0.01)
    assert (found.auc, found.caught, found.few) == (None, None, True)
    assert curve(np.ones(positives), np.ones(negatives)) is None


def test_one_run_of_a_kind_and_equal_scores_are_no_error():
    found = area(np.ones(1), np.ones(3))
    assert (found.estimate, found.low, found.high) == (0.5, 0.0, 1.0)
    assert separation(np.ones(1), np.ones(3), false_alarms=0.01).few


def test_the_band_of_a_curve_holds_the_curve():
    positives, negatives = drawn(1)
    found = curve(positives, negatives)
    assert found is not None
    middle = np.interp(roc.GRID, found.false_alarms, found.detections)
    assert (found.low <= middle + 0.03).all()
    assert (middle <= found.high + 0.03).all()
    assert 0.02 < (found.high - found.low).mean() < 0.3


def test_without_its_library_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "sklearn.metrics", None)
    with pytest.raises(InputError, match=r"sklearn.*\[analysis\]"):
        separation(*drawn(0), false_alarms=0.01)


@pytest.mark.parametrize("false_alarms", [0.0, 0.1, 0.2, 0.35, 0.9])
def test_of_graded_scores_the_share_caught_is_the_false_alarm_rate_and_ties_are_spared(false_alarms):
    scores = np.arange(10.0)
    assert caught(scores, scores, false_alarms=false_alarms) == np.floor(10 * false_alarms) / 10
    assert caught(np.repeat(scores, 3), np.ones(4), false_alarms=0.25) == 0.8  # one that ties with all four is spared
    positives, negatives = (np.round(2 * kind) for kind in drawn(3))
    thresholds = np.unique([*positives, *negatives, np.inf])
    allowed = [t for t in thresholds if (negatives >= t).mean() <= false_alarms]
    assert caught(positives, negatives, false_alarms=false_alarms) == max((positives >= t).mean() for t in allowed)


def test_the_interval_of_what_is_caught_covers_although_the_threshold_is_estimated():
    truth = 1 - norm.cdf(norm.ppf(0.95) - 1)  # of a threshold that is known
    found = (separation(*drawn(seed, 100, 100), false_alarms=0.05).caught for seed in range(60))
    intervals = [each for each in found if each]
    assert len(intervals) == 60
    assert sum(each.low <= truth <= each.high for each in intervals) >= 51  # of 60; 57 are expected
    known = [frequency_interval(round(100 * each.estimate), 100) for each in intervals]
    assert np.mean([each.half_width for each in intervals]) > 1.3 * np.mean([each.half_width for each in known])
