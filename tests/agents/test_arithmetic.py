"""Elementary functions of the kernels against NumPy's in extended precision, with their errors stated."""

import numpy as np
import pytest
from lanewise import each

from feint.agents.kernels.elementary import exp, sigmoid

RNG = np.random.default_rng(1)
LARGEST = {np.float32: 87.0, np.float64: 708.0}
ERROR = {np.float32: 2e-7, np.float64: 4e-16}  # relative

pytestmark = [pytest.mark.interpreted, pytest.mark.parametrize("dtype", [np.float32, np.float64])]


def relative_error(found, true):
    return float(np.max(np.abs(found / true - 1)))


def extended(x):
    return np.asarray(x, np.longdouble)


def spread(dtype):
    most = LARGEST[dtype] - 1
    ends = np.arange(-most, most + 1)
    return np.concatenate([RNG.uniform(-most, most, 20_000), RNG.normal(0, 1, 20_000), ends]).astype(dtype)


def test_exp_is_right_to_its_stated_error(dtype):
    x = spread(dtype)
    assert relative_error(each(exp, x), np.exp(extended(x))) < ERROR[dtype]


def test_exp_is_right_where_its_argument_is_halfway_between_two_reductions(dtype):
    reductions = int(LARGEST[dtype] / np.log(2)) - 1
    x = ((np.arange(-reductions, reductions) + 0.5) * np.log(2)).astype(dtype)
    x = np.concatenate([x, np.nextafter(x, dtype(np.inf)), np.nextafter(x, dtype(-np.inf))])
    assert relative_error(each(exp, x), np.exp(extended(x))) < ERROR[dtype]


def test_exp_of_zero_is_exactly_one(dtype):
    np.testing.assert_array_equal(each(exp, np.array([0.0, -0.0], dtype)), 1.0)


def test_exp_is_held_beyond_its_largest_argument(dtype):
    largest = dtype(LARGEST[dtype])
    ends = each(exp, np.array([largest, -largest]))
    assert relative_error(ends, np.exp(extended([largest, -largest]))) < ERROR[dtype]
    for far in (np.nextafter(largest, dtype(np.inf)), dtype(745.0), dtype(1e9), dtype(np.inf)):
        np.testing.assert_array_equal(each(exp, np.array([far, -far])), ends)
    assert ends[1] >= np.finfo(dtype).tiny


def test_sigmoid_is_right_to_its_stated_error(dtype):
    x = spread(dtype)
    assert relative_error(each(sigmoid, x), 1 / (1 + np.exp(-extended(x)))) < 1.5 * ERROR[dtype]


def test_sigmoid_is_exactly_a_half_at_zero_and_stays_within_zero_and_one(dtype):
    assert each(sigmoid, np.array([0.0], dtype))[0] == 0.5
    ends = each(sigmoid, np.array([-np.inf, -1e9, 1e9, np.inf], dtype))
    np.testing.assert_array_equal(ends, [ends[0], ends[0], 1, 1])
    assert 0 <= ends[0] < 1e-37


@pytest.mark.parametrize("function", [exp, sigmoid], ids=["exp", "sigmoid"])
def test_nan_stays_nan_and_harms_no_neighbour(dtype, function):
    x = np.linspace(-3, 3, 64).astype(dtype)
    with_nan = np.where(np.arange(64) % 5 == 0, dtype(np.nan), x)
    found = each(function, with_nan)
    np.testing.assert_array_equal(np.isnan(found), np.isnan(with_nan))
    np.testing.assert_array_equal(found[~np.isnan(found)], each(function, x)[~np.isnan(found)])


@pytest.mark.parametrize("function", [exp, sigmoid], ids=["exp", "sigmoid"])
def test_a_number_has_the_same_bits_in_whatever_lane_and_company(dtype, function):
    x = RNG.uniform(0.1, 5, 67).astype(dtype)
    found = each(function, x)
    for count in (1, 3, 16):
        np.testing.assert_array_equal(each(function, x[:count]), found[:count])
    np.testing.assert_array_equal(each(function, x[::-1].copy()), found[::-1])
