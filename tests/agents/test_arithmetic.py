"""Elementary functions of the kernels against NumPy's in extended precision, with their errors stated."""

import numba
import numpy as np
import pytest

from feint.agents.kernels.arithmetic import cos_sin, exp, log, sigmoid
from feint.agents.kernels.compiling import OPTIONS

RNG = np.random.default_rng(1)
LARGEST = 708.0


@numba.njit(**OPTIONS)
def each(function, x):
    """The function over an array, in a loop that may become vector instructions as in a kernel."""
    out = np.empty(x.size)
    for i in range(x.size):
        out[i] = function(x[i])
    return out


@numba.njit(**OPTIONS)
def each_pair(x):
    cosine, sine = np.empty(x.size), np.empty(x.size)
    for i in range(x.size):
        cosine[i], sine[i] = cos_sin(x[i])
    return cosine, sine


def relative_error(found, true):
    return float(np.max(np.abs(found / true - 1)))


def extended(x):
    return np.asarray(x, np.longdouble)


def test_exp_is_right_to_4e_16():
    x = np.concatenate([RNG.uniform(-700, 700, 200_000), RNG.normal(0, 1, 200_000), np.arange(-700.0, 701)])
    assert relative_error(each(exp, x), np.exp(extended(x))) < 4e-16


def test_exp_is_right_where_its_argument_is_halfway_between_two_reductions():
    x = (np.arange(-1000, 1000) + 0.5) * np.log(2)
    x = np.concatenate([x, np.nextafter(x, np.inf), np.nextafter(x, -np.inf)])
    assert relative_error(each(exp, x), np.exp(extended(x))) < 4e-16


def test_exp_of_zero_is_exactly_one():
    np.testing.assert_array_equal(each(exp, np.array([0.0, -0.0])), 1.0)


def test_exp_is_held_beyond_its_largest_argument():
    ends = each(exp, np.array([LARGEST, -LARGEST]))
    assert relative_error(ends, np.exp(extended([LARGEST, -LARGEST]))) < 4e-16
    for far in (np.nextafter(LARGEST, np.inf), 745.0, 1e9, np.inf):
        np.testing.assert_array_equal(each(exp, np.array([far, -far])), ends)
    assert ends[1] >= np.finfo(float).tiny


def test_log_is_right_to_1e_15():
    x = np.concatenate([np.exp(RNG.uniform(-700, 700, 200_000)), RNG.uniform(0.5, 2, 200_000)])
    assert relative_error(each(log, x), np.log(extended(x))) < 1e-15


def test_log_is_right_to_1e_15_at_the_words_of_a_stream():
    words = np.concatenate([RNG.integers(0, 2**32, 200_000), np.arange(1000), 2**32 - 1 - np.arange(1000)])
    x = (words + 0.5) * 2.0**-32
    assert relative_error(each(log, x), np.log(extended(x))) < 1e-15


def test_log_is_right_to_1e_15_beside_one_and_beside_its_reductions():
    x = np.concatenate([2.0 ** np.arange(-1000, 1001) * root for root in (1.0, np.sqrt(0.5))])
    x = np.concatenate([x, np.nextafter(x, np.inf), np.nextafter(x, 0)])
    assert (each(log, x[x == 1.0]) == 0.0).all()
    x = x[x != 1.0]
    assert relative_error(each(log, x), np.log(extended(x))) < 1e-15


def test_log_and_exp_undo_each_other():
    x = RNG.uniform(-700, 700, 10_000)
    np.testing.assert_allclose(each(log, each(exp, x)), x, rtol=1e-15, atol=1e-15)


def test_cos_sin_are_right_to_1e_12():
    eighths = (np.arange(8)[:, None] * 2**29 + np.arange(-1000, 1000)) % 2**32
    turns = np.concatenate([RNG.integers(0, 2**32, 400_000), eighths.ravel()]).astype(np.uint32)
    cosine, sine = each_pair(turns)
    angle = 2 * extended(np.pi) * turns.astype(np.longdouble) / 2**32
    assert np.abs(cosine - np.cos(angle)).max() < 1e-12
    assert np.abs(sine - np.sin(angle)).max() < 1e-12
    assert np.abs(cosine**2 + sine**2 - 1).max() < 2e-12


def test_cos_sin_of_quarter_turns_are_exact():
    cosine, sine = each_pair(np.arange(4, dtype=np.uint32) * np.uint32(2**30))
    np.testing.assert_array_equal(cosine, [1, 0, -1, 0])
    np.testing.assert_array_equal(sine, [0, 1, 0, -1])


def test_sigmoid_is_right_to_6e_16():
    x = np.concatenate([RNG.uniform(-700, 700, 200_000), RNG.normal(0, 4, 200_000)])
    assert relative_error(each(sigmoid, x), 1 / (1 + np.exp(-extended(x)))) < 6e-16


def test_sigmoid_is_exactly_a_half_at_zero_and_stays_within_zero_and_one():
    assert each(sigmoid, np.array([0.0]))[0] == 0.5
    ends = each(sigmoid, np.array([-np.inf, -1e9, 1e9, np.inf]))
    np.testing.assert_array_equal(ends, [ends[0], ends[0], 1, 1])
    assert 0 <= ends[0] < 1e-300


@pytest.mark.parametrize("function", [exp, sigmoid], ids=["exp", "sigmoid"])
def test_nan_stays_nan_and_harms_no_neighbour(function):
    x = np.linspace(-3, 3, 64)
    with_nan = np.where(np.arange(64) % 5 == 0, np.nan, x)
    found = each(function, with_nan)
    np.testing.assert_array_equal(np.isnan(found), np.isnan(with_nan))
    np.testing.assert_array_equal(found[~np.isnan(found)], each(function, x)[~np.isnan(found)])


@pytest.mark.parametrize("function", [exp, log, sigmoid], ids=["exp", "log", "sigmoid"])
def test_a_number_alone_and_in_an_array_of_any_length_gives_the_same_bits(function):
    x = RNG.uniform(0.1, 5, 67)
    found = each(function, x)
    for count in (1, 3, 16):
        np.testing.assert_array_equal(each(function, x[:count]), found[:count])
    assert function(x[5]) == found[5]
