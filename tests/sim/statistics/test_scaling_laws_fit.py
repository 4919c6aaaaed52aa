"""Fits of the transfer law recover constants that were planted, and say how well they fit."""

import numpy as np
import pytest

from feint.agents.errors import InputError
from feint.sim.statistics.scaling_laws import TEXT, TransferLaw, fit, resample_runs, solve

DATA, SIZES = (grid.ravel() for grid in np.meshgrid(np.geomspace(1e5, 1e8, 8), np.geomspace(1e6, 1e9, 4)))
RUNS = 60


def planted(law, data=DATA, sizes=SIZES):
    return np.array([law.transferred(d, n) for d, n in zip(data, sizes, strict=True)])


def noisy(found, spread, seed=0):
    """What is measured with runs each of which has a factor of its own at every point."""
    factors = np.exp(spread * np.random.default_rng(seed).normal(size=(len(found), RUNS)))
    return lambda weights: found * (factors @ weights)


@pytest.mark.parametrize("law", [TEXT, TransferLaw(name="falling", k=7.0, alpha=-0.3, beta=0.0)])
def test_without_noise_the_constants_are_exact(law):
    told = fit(DATA, SIZES, lambda _: planted(law), RUNS, resamples=9)
    assert (told.k.estimate, told.alpha.estimate) == pytest.approx((law.k, law.alpha))
    assert told.beta is not None
    assert told.beta.estimate == pytest.approx(law.beta, abs=1e-9)
    assert told.explained == pytest.approx(1)
    assert told.factor == pytest.approx(1)
    assert told.bend == pytest.approx(0, abs=1e-9)
    assert (told.points, told.left_out) == (32, 0)
    assert told.law("again").k == pytest.approx(law.k)


def test_with_noise_the_intervals_hold_what_was_planted():
    told = fit(DATA, SIZES, noisy(planted(TEXT), 0.3), RUNS)
    assert told.beta is not None
    for interval, truth in ((told.k, TEXT.k), (told.alpha, TEXT.alpha), (told.beta, TEXT.beta)):
        assert interval.low < truth < interval.high or interval.estimate == pytest.approx(truth, rel=0.1)
        assert interval.low < interval.estimate < interval.high
    assert 0.9 < told.explained < 1


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    data = DATA[:8]
    told = [
        fit(data, np.ones(8), noisy(planted(TEXT, data, np.ones(8)), 0.3, seed), RUNS, resamples=199).alpha
        for seed in range(60)
    ]
    assert np.mean([each.low <= TEXT.alpha <= each.high for each in told]) >= 0.85


def test_of_one_size_there_is_no_beta():
    one = np.isclose(SIZES, SIZES[0])
    told = fit(DATA[one], SIZES[one], lambda _: planted(TEXT)[one], RUNS, resamples=9)
    assert told.beta is None
    assert told.alpha.estimate == pytest.approx(TEXT.alpha)
    assert told.k.estimate == pytest.approx(TEXT.k * SIZES[0] ** TEXT.beta)
    assert told.law("one").beta == 0


def test_what_levels_off_bends_and_fits_worse():
    data = np.geomspace(1, 1000, 20)
    told = fit(data, np.ones(20), lambda _: 3000 * data / (data + 10), RUNS, resamples=9)
    assert told.bend < -0.2
    assert told.explained < 0.9
    assert told.factor > 1.2


def test_points_without_a_positive_amount_are_left_out_and_counted():
    found = planted(TEXT)
    found[:3] = -5, 0, np.nan
    told = fit(DATA, SIZES, lambda _: found, RUNS, resamples=9)
    assert (told.points, told.left_out) == (29, 3)
    assert told.alpha.estimate == pytest.approx(TEXT.alpha)


def test_too_few_points_are_refused():
    assert np.isnan(solve(np.array([1.0, 2.0]), np.ones(2), np.array([1.0, 2.0]))).all()
    with pytest.raises(InputError, match="of 2 points 2 have a positive D_T: a law needs 3 or more"):
        fit(np.array([1.0, 2.0]), np.ones(2), lambda _: np.array([1.0, 2.0]), RUNS)


def test_drawing_anew_is_the_same_for_the_same_seed_and_weighs_whole_runs():
    again = [resample_runs(lambda weights: RUNS * weights[:2], RUNS, seed, 20) for seed in (1, 1, 2)]
    assert again[0].shape == (2, 20)
    assert np.array_equal(again[0], again[1])
    assert not np.array_equal(again[0], again[2])
    assert again[0] == pytest.approx(np.round(again[0]))
