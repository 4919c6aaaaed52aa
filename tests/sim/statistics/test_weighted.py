"""Weighted draws: effective sample size, and limits that hold the truth about as often as they say."""

import numpy as np
import pytest
from scipy.stats import norm

from feint.sim.statistics.intervals import clopper_pearson
from feint.sim.statistics.weighted import effective_size, mean_over_draws, share_over


def test_the_effective_size_of_equal_weights_is_their_number_and_of_one_heavy_draw_1():
    assert effective_size(np.full(40, 0.3)) == pytest.approx(40)
    assert effective_size(np.array([1.0, 0.0, 0.0])) == 1
    assert effective_size(np.array([3.0, 1.0])) == pytest.approx(1.6)


def test_without_weights_and_with_equal_ones_a_share_is_clopper_and_pearsons():
    is_it = np.arange(50) < 12
    exact = clopper_pearson(12, 50)
    assert share_over(is_it) == exact
    weighted = share_over(is_it, np.full(50, 0.02))
    limits = [getattr(weighted, name) for name in ("estimate", "low", "high")]
    assert limits == pytest.approx([exact.estimate, exact.low, exact.high], rel=1e-9)


@pytest.mark.parametrize("ends", [(0, 0.0), (50, 1.0)])
def test_a_share_of_none_or_all_has_an_interval(ends):
    share = share_over(np.arange(50) < ends[0], np.linspace(1, 3, 50))
    assert share.estimate == ends[1]
    assert 0 <= share.low <= ends[1] <= share.high <= 1
    assert share.high - share.low > 0.03


@pytest.mark.parametrize("together", [-0.8, 0.0, 0.8])
@pytest.mark.parametrize("shift", [0.3, 0.8])
@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_planted_shares_are_covered(together, shift, share):
    """Draws from N(0, 1), weighted towards N(shift, 1), of an event that goes with the weight, against it, or apart.

    The effective size of 200 draws is 183 and 107.
    """
    rng = np.random.default_rng(1)
    covered = []
    for _ in range(300):
        z, other = rng.normal(size=(2, 200))
        is_it = together * z + np.sqrt(1 - together**2) * other > together * shift + norm.ppf(1 - share)
        interval = share_over(is_it, np.exp(shift * z))
        covered.append(interval.low <= share <= interval.high)
    assert np.mean(covered) >= 0.92


def test_planted_means_are_covered():
    rng = np.random.default_rng(2)
    covered = []
    for _ in range(300):
        z = rng.normal(size=100)
        interval = mean_over_draws(z, np.exp(0.5 * z))
        covered.append(interval.low <= 0.5 <= interval.high)
    assert np.mean(covered) >= 0.92


def test_a_single_draw_has_no_limits():
    interval = mean_over_draws(np.array([0.4]), np.array([1.0]))
    assert (interval.estimate, interval.low, interval.high) == (0.4, -np.inf, np.inf)
