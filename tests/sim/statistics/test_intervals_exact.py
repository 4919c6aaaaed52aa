"""Intervals: known answers, and how often they cover what they should, summed over everything that can be seen."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import betaincinv
from scipy.stats import binom, binomtest, chi2, multinomial, norm

from feint.agents.errors import InputError
from feint.sim.statistics.intervals import (
    clopper_pearson,
    fay_feuer,
    frequency_interval,
    look_confidence,
    paired_exact,
    wilson,
)

ROUNDS = (250, 250, 500, 1000, 2000, 4000)  # runs of each round: at each look there are twice as many as at the last
Z = norm.isf(0.025)


def limits(interval, runs, confidence=0.95):
    """Low and high limit for every count (2, runs + 1)."""
    found = [interval(count, runs, confidence) for count in range(runs + 1)]
    return np.array([[each.low, each.high] for each in found]).T


def coverage(found, frequencies):
    """How often an interval holds the frequency, for each frequency: a sum over all counts."""
    low, high = found
    runs = len(low) - 1
    chances = binom.pmf(np.arange(runs + 1), runs, np.asarray(frequencies)[:, None])
    return np.where((low <= frequencies[:, None]) & (frequencies[:, None] <= high), chances, 0).sum(axis=1)


def beside(found):
    """Frequencies just beside a limit, where coverage is at its lowest."""
    ends = found[(found > 0) & (found <= 0.5)]
    return np.concatenate([ends * (1 - 1e-9), ends * (1 + 1e-9)])


@given(st.integers(1, 10**6).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.floats(0.5, 0.999))
def test_clopper_pearson_is_scipys(counts, confidence):
    count, runs = counts
    low, high = binomtest(count, runs).proportion_ci(confidence, method="exact")
    found = clopper_pearson(count, runs, confidence)
    assert (found.low, found.high) == pytest.approx((low, high), rel=1e-8, abs=1e-12)
    assert found.low <= found.estimate <= found.high


@pytest.mark.parametrize("interval", [clopper_pearson, frequency_interval])
@pytest.mark.parametrize("runs", [1, 10, 2000, 10**12])
def test_where_none_was_seen_there_is_an_upper_bound_and_where_all_were_a_lower_one(interval, runs):
    none, every = interval(0, runs), interval(runs, runs)
    assert none.low == 0 < none.high == pytest.approx(-np.expm1(np.log(0.025) / runs), rel=1e-9)
    assert every.high == 1 > every.low == pytest.approx(0.025 ** (1 / runs), rel=1e-9)


@pytest.mark.parametrize("runs", [1, 5, 20, 50, 200, 1000])
def test_clopper_pearson_never_covers_less_than_stated(runs):
    found = limits(clopper_pearson, runs)
    assert coverage(found, beside(found)).min() >= 0.95
    assert coverage(found, np.geomspace(1e-3 / runs, 0.5, 300)).min() >= 0.95


def test_a_one_sided_bound_for_the_count_of_none_alone_would_cover_less_than_stated():
    """Why the bound where none was seen is the two-sided interval's."""
    found = limits(clopper_pearson, 50)
    found[1, 0], found[0, 50] = 1 - 0.05 ** (1 / 50), 0.05 ** (1 / 50)
    assert coverage(found, beside(found)).min() < 0.94


@pytest.mark.parametrize("runs", [50, 100, 200, 1000, 4000])
def test_wilson_covers_between_93_and_97_in_100(runs):
    """At every frequency p of a grid with n p >= 10; where 5 <= n p < 10 at 95 in 100 of them, and on average."""
    found = limits(wilson, runs)
    many = coverage(found, np.geomspace(10 / runs, 0.5, 500))
    assert 0.93 <= many.min() <= many.max() <= 0.97
    few = coverage(found, np.geomspace(5 / runs, 10 / runs, 500))
    assert 0.945 <= few.mean() <= 0.96
    assert ((few >= 0.93) & (few <= 0.97)).mean() >= 0.95
    assert 0.925 <= few.min() <= few.max() <= 0.975


def test_wilson_covers_too_seldom_where_fewer_than_one_run_is_expected():
    """Why it is not relied on there: 84 times in 100."""
    found = limits(wilson, 1000)
    assert coverage(found, np.geomspace(1e-5, 1e-3, 500)).min() < 0.85


@pytest.mark.parametrize("runs", [20, 34, 100, 400])
def test_the_interval_of_a_frequency_covers_92_times_in_100_at_the_worst_and_95_on_average(runs):
    found = limits(frequency_interval, runs)
    assert coverage(found, beside(found)).min() >= 0.919
    assert coverage(found, np.geomspace(0.02 / runs, 0.5, 500)).mean() >= 0.95


@pytest.mark.parametrize(
    ("count", "runs", "method"),
    [(4, 100, "Clopper–Pearson"), (5, 100, "Wilson score"), (96, 100, "Clopper–Pearson"), (95, 100, "Wilson score")],
)
def test_wilsons_interval_is_given_where_five_runs_have_the_event_and_five_have_not(count, runs, method):
    assert frequency_interval(count, runs).method == method


@pytest.mark.parametrize("runs", [1, 2, 4, 7, 10, 100, 2000, 10**6])
@pytest.mark.parametrize("confidence", [0.5, 0.95, 0.99999])
def test_limits_of_few_counts_are_scipys_and_take_none_of_it(runs, confidence):
    """scipy.special takes 0.15 s to load, which is a sixth of the default comparison."""
    tail = (1 - confidence) / 2
    for count in {*range(min(runs + 1, 5)), *range(max(0, runs - 4), runs + 1)}:
        found = clopper_pearson(count, runs, confidence)
        low = betaincinv(count, runs - count + 1, tail) if count else 0.0
        high = betaincinv(count + 1, runs - count, 1 - tail) if count < runs else 1.0
        assert (found.low, found.high) == pytest.approx((low, high), rel=1e-9, abs=1e-15)


def test_the_default_comparison_does_not_wait_for_scipys_special_functions():
    code = (
        "import sys; from feint.sim.statistics.intervals import frequency_interval; "
        "[frequency_interval(k, 2000) for k in (0, 3, 700, 1999)]; print('scipy.special' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


@pytest.mark.parametrize("cells", [(0.3, 0.1), (0.05, 0.05), (0.5, 0.0), (0.02, 0.1), (0.001, 0.01), (0.0, 0.0)])
def test_the_paired_interval_never_covers_less_than_stated(cells):
    """Over all tables of 60 pairs that are likely at all; the others count as not covered."""
    one, other = cells
    n, covered = 60, 0.0
    tables = np.array([(b, c, n - b - c) for b in range(n + 1) for c in range(n + 1 - b)])
    chances = multinomial.pmf(tables, n, [one, other, 1 - one - other])
    for (b, c, _), chance in zip(tables[chances > 1e-6].tolist(), chances[chances > 1e-6], strict=True):
        found = paired_exact(b, c, n)
        covered += chance * (found.low <= one - other <= found.high)
    assert covered >= 0.95


@given(st.integers(1, 10**6).flatmap(lambda n: st.tuples(st.integers(0, n // 2), st.integers(0, n // 2), st.just(n))))
def test_the_paired_interval_of_swapped_arms_is_the_mirror_image(counts):
    b, c, n = counts
    one, other = paired_exact(b, c, n), paired_exact(c, b, n)
    assert -1 <= one.low < one.estimate < one.high <= 1
    assert (one.low, one.high) == (-other.high, -other.low)


class Looks:
    """A frequency looked at after every round, with the intervals of each look."""

    def __init__(self, interval, confidence):
        self.limits = [limits(interval, int(total), confidence) for total in np.cumsum(ROUNDS)]

    def covered(self, frequency, stops):
        """How often the interval at the stop holds the frequency; `stops` says at which counts of a look one stops."""
        going, covered = np.ones(1), 0.0
        for i, (runs, (low, high)) in enumerate(zip(ROUNDS, self.limits, strict=True)):
            going = np.convolve(going, binom.pmf(np.arange(runs + 1), runs, frequency))
            holds = (low <= frequency) & (frequency <= high)
            stop = stops(low, high, holds) | (i == len(ROUNDS) - 1)
            covered += going[stop & holds].sum()
            going = np.where(stop, 0, going)
        return covered


FREQUENCIES = np.concatenate([np.geomspace(2e-5, 0.1, 40), np.linspace(0.15, 0.5, 6)])


@pytest.fixture(scope="module")
def exact_looks():
    return Looks(clopper_pearson, look_confidence(0.95, len(ROUNDS)))


@pytest.mark.parametrize("half_width", [0.01, 0.02, 0.03])
def test_intervals_at_looks_cover_when_one_stops_at_the_first_that_is_narrow_enough(exact_looks, half_width):
    found = [exact_looks.covered(p, lambda low, high, _: (high - low) / 2 <= half_width) for p in FREQUENCIES]
    assert min(found) >= 0.95


def test_intervals_at_looks_cover_even_when_one_stops_at_the_first_that_is_wrong(exact_looks):
    found = [exact_looks.covered(p, lambda *found: ~found[2]) for p in FREQUENCIES]
    assert min(found) >= 0.95


def test_without_a_level_for_each_look_they_would_not():
    plain = Looks(clopper_pearson, 0.95)
    found = [plain.covered(p, lambda *found: ~found[2]) for p in FREQUENCIES]
    assert min(found) < 0.85


def test_paired_intervals_at_looks_cover_when_one_stops_at_the_first_that_is_narrow_enough():
    """Simulated: 1,000 sequences of rounds, of which 50 might miss."""
    cells, level = (0.03, 0.01), look_confidence(0.95, len(ROUNDS))
    drawn = np.random.default_rng(5).multinomial(ROUNDS, [*cells, 1 - sum(cells)], size=(1000, len(ROUNDS)))
    missed = 0
    for counts in drawn.cumsum(axis=1):
        looks = [paired_exact(b, c, b + c + rest, level) for b, c, rest in counts.tolist()]
        found = next((look for look in looks if look.half_width <= 0.015), looks[-1])
        missed += not found.low <= cells[0] - cells[1] <= found.high
    assert missed <= 50


@pytest.mark.parametrize(("confidence", "looks", "level"), [(0.95, 1, 0.95), (0.95, 2, 0.975), (0.9, 10, 0.99)])
def test_each_look_spends_an_equal_part_of_the_error(confidence, looks, level):
    assert look_confidence(confidence, looks) == pytest.approx(level, rel=1e-12)


@pytest.mark.parametrize("count", [1, 2, 50, 10_000])
def test_fay_feuer_of_equal_weights_is_the_exact_interval_of_a_poisson_count(count):
    found = fay_feuer(0.25 * count, 0.25**2 * count, 0.25, 10**6)
    low, high = chi2.ppf(0.025, 2 * count) / 2, chi2.ppf(0.975, 2 * count + 2) / 2
    assert (found.low, found.high) == pytest.approx((0.25 * low / 10**6, 0.25 * high / 10**6), rel=1e-9)
    assert found.estimate == pytest.approx(0.25 * count / 10**6)


def weighted(tilts, thinning, runs, repeats, rng):
    """Σ w e, Σ (w e)², max w e of runs whose event is z > 3 in one tilted number and a coin of its own."""
    first, *others = tilts
    for hits in rng.binomial(runs, norm.sf(3 - first) * thinning, repeats):
        z = first + norm.isf(rng.random(hits) * norm.sf(3 - first))
        logs = first**2 / 2 - first * z
        for tilt in others:  # moved for nothing: the event does not depend on it
            logs += tilt**2 / 2 - tilt * rng.normal(tilt, 1, hits)
        w = np.exp(logs)
        yield w.sum(), (w**2).sum(), w.max(initial=0)


@pytest.mark.parametrize(
    ("tilts", "thinning", "runs"),
    [
        ((3.0,), 1.0, 1000),
        ((1.5,), 1.0, 3000),
        ((4.5,), 1.0, 2000),
        ((2.0, 1.5), 0.3, 30_000),
        ((3, 1, 1), 0.1, 30_000),
    ],
)
def test_fay_feuer_covers_as_stated_and_the_normal_intervals_less(tilts, thinning, runs):
    """Of 1,500 intervals with an effective size of 50 or more, 95 in 100 less two standard errors."""
    frequency = norm.sf(3) * thinning
    held, plain, logarithmic = [], [], []
    for total, squares, largest in weighted(tilts, thinning, runs, 1500, np.random.default_rng(11)):
        if total**2 < 50 * squares:
            continue
        found = fay_feuer(total, squares, largest, runs)
        held.append(found.low <= frequency <= found.high)
        reach = Z * np.sqrt(squares / total**2 - 1 / runs)  # of the relative error
        plain.append(abs(frequency / found.estimate - 1) <= reach)
        logarithmic.append(abs(np.log(frequency / found.estimate)) <= reach)
    assert len(held) > 1000
    assert np.mean(held) >= 0.95 - 2 * np.sqrt(0.05 * 0.95 / len(held))
    if len(tilts) > 1:
        assert max(np.mean(plain), np.mean(logarithmic)) < 0.935


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: clopper_pearson(3, 2), r"count = 3 is not valid: it must be a whole number from 0 to 2\."),
        (lambda: clopper_pearson(-1, 2), "count = -1 is not valid"),
        (lambda: clopper_pearson(0, 0), r"runs = 0 is not valid: it must be a whole number of at least 1\."),
        (lambda: frequency_interval(True, 5), "count = True is not valid"),
        (
            lambda: frequency_interval(1, 5, 1.0),
            r"confidence = 1.0 is not valid: it must be a number between 0 and 1\.",
        ),
        (lambda: paired_exact(2, 2, 3), r"second_only = 2 is not valid: it must be a whole number from 0 to 1\."),
        (lambda: look_confidence(0.95, 0), r"looks = 0 is not valid: it must be a whole number of at least 1\."),
        (lambda: fay_feuer(0.0, 0.0, 0.0, 10), "there must be one event"),
    ],
)
def test_what_is_not_a_count_a_level_or_a_number_of_looks_is_refused(call, sentence):
    with pytest.raises(InputError, match=sentence):
        call()
