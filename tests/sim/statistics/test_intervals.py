"""Intervals: known answers, and what they promise."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest, multinomial

from feint.agents.errors import InputError
from feint.sim.statistics.intervals import quantile_interval, runs_needed, tango, wilson


@given(st.integers(1, 10**6).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.floats(0.5, 0.999))
def test_wilson_is_scipys(counts, confidence):
    count, runs = counts
    low, high = binomtest(count, runs).proportion_ci(confidence, method="wilson")
    found = wilson(count, runs, confidence)
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-9)


def test_wilson_gives_the_textbook_interval():
    """10 of 100: centre (p + z²/2n) / (1 + z²/n), written out."""
    z, p, n = 1.959963984540054, 0.1, 100
    centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    reach = z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    found = wilson(10, 100)
    assert (found.low, found.high) == pytest.approx((centre - reach, centre + reach), abs=1e-12)


def test_tango_gives_the_published_interval():
    """Airway data of Bentur et al. 2009, 1 and 7 discordant of 21: -0.517 to -0.026 (Fagerland et al. 2014)."""
    found = tango(1, 7, 21)
    assert (found.low, found.high) == pytest.approx((-0.517, -0.026), abs=5e-4)


def test_tango_without_discordant_pairs_is_the_closed_form():
    """With b = c = 0 the limits are ± z² / (n + z²)."""
    z2 = 1.959963984540054**2
    found = tango(0, 0, 50)
    assert (found.low, found.high) == pytest.approx((-z2 / (50 + z2), z2 / (50 + z2)), abs=1e-9)


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.integers(0, n), st.just(n))))
def test_tango_is_never_of_zero_width_and_holds_the_estimate(counts):
    b, c, n = counts
    b, c = min(b, n - min(c, n)), min(c, n)
    found = tango(b, c, n)
    assert -1 <= found.low <= found.estimate <= found.high <= 1
    assert found.high - found.low > 1e-6


@given(st.integers(1, 300).flatmap(lambda n: st.tuples(st.integers(0, n // 2), st.integers(0, n // 2), st.just(n))))
def test_tango_of_swapped_arms_is_the_mirror_image(counts):
    b, c, n = counts
    one, other = tango(b, c, n), tango(c, b, n)
    assert (one.low, one.high) == pytest.approx((-other.high, -other.low), abs=1e-7)


@pytest.mark.parametrize(("runs", "frequency"), [(50, 0.2), (200, 0.05), (1000, 0.01)])
def test_wilson_covers_as_stated(runs, frequency):
    counts = np.arange(runs + 1)
    holds = [wilson(k, runs).low <= frequency <= wilson(k, runs).high for k in counts]
    assert 0.93 <= binom.pmf(counts, runs, frequency)[holds].sum() <= 0.975


@pytest.mark.parametrize("cells", [(0.3, 0.1), (0.05, 0.05), (0.5, 0.0), (0.02, 0.10)])
def test_tango_covers_as_stated(cells):
    """Exact coverage over all tables of 60 pairs."""
    b_share, c_share = cells
    n, covered, total = 60, 0.0, 0.0
    for b in range(n + 1):
        for c in range(n + 1 - b):
            weight = multinomial.pmf([b, c, n - b - c], n, [b_share, c_share, 1 - b_share - c_share])
            if weight > 1e-7:
                found = tango(b, c, n)
                covered += weight * (found.low <= b_share - c_share <= found.high)
                total += weight
    assert total > 0.999
    assert 0.93 <= covered / total <= 0.985


@pytest.mark.parametrize(("b", "c", "n"), [(30, 10, 100), (0, 0, 100), (100, 0, 100), (1048, 0, 2000)])
@pytest.mark.parametrize("half_width", [0.1, 0.01, 0.003])
def test_as_many_runs_as_needed_give_the_half_width(b, c, n, half_width):
    needed = runs_needed(b, c, n, half_width)
    assert tango(b * needed / n, c * needed / n, needed).half_width <= half_width * (1 + 1e-6)
    fewer = needed - 2
    assert fewer < 1 or tango(b * fewer / n, c * fewer / n, fewer).half_width > half_width * (1 - 1e-6)


@pytest.mark.parametrize("half_width", [0.0, -1.0, float("nan"), 1.0, 1e-7, 1e-300])
def test_a_half_width_out_of_range_is_refused(half_width):
    with pytest.raises(InputError, match="half_width"):
        runs_needed(1, 1, 10, half_width)


def test_limits_of_a_quantile_are_order_statistics():
    values = np.random.default_rng(0).permutation(np.arange(1.0, 101.0))
    median = quantile_interval(values, 0.5)
    assert (median.low, median.estimate, median.high) == (40, 50.5, 61)  # binomial(100, ½) leaves 1.8 % on either side
    assert quantile_interval(values, 0.01, (0.0, 1.0)).low == 0.0  # too few values below it for a limit
    assert quantile_interval(np.full(9, np.inf), 0.5).estimate == np.inf
