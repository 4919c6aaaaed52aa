"""Why the compiler may fuse a product with a sum and do nothing else: what other permissions take away.

`test_kernels.py` holds every kernel to the rule, `test_targets.py` what reaches LLVM.
"""

from typing import Any

import numba
import numpy as np
import pytest
from lanewise import each
from numba.core import config

from feint.agents.kernels import lanes
from feint.agents.kernels.boarding import gain
from feint.agents.kernels.compiling import OPTIONS
from feint.agents.kernels.elementary import exp
from feint.agents.kernels.rows import by_lane, rows

pytestmark = pytest.mark.skipif(bool(config.DISABLE_JIT), reason="nothing is compiled")  # pyright: ignore[reportAttributeAccessIssue]

RULE = ("contract",)
BANNED = [("contract", "reassoc", "nsz"), ("fast",)]
MANY, SMALL = 100_000, 1e-8  # increments far below the last place of a logit in single precision


@numba.njit(**OPTIONS)
def summed(add, like, start):
    """A logit in single precision to which a small number was added many times."""
    x = rows(like, (3,))
    numbers = by_lane(x)
    for i in range(numbers.shape[1]):
        numbers[0, i], numbers[1, i], numbers[2, i] = start, 0.0, SMALL
    for _ in range(MANY):
        add(x, 0, 1, x[2])
    return np.float64(numbers[0, 0]) + np.float64(numbers[1, 0])


@pytest.fixture
def permitted(monkeypatch):
    """Compile an equation anew under other flags."""

    def compiled(function, flags):
        monkeypatch.setattr(lanes, "CONTRACT", flags)
        options: dict[str, Any] = {**OPTIONS, "fastmath": set(flags)}
        return numba.njit(function.py_func, forceinline=True, **options)

    return compiled


def error_of(add):
    """By how much the sum is off, as a share of what was added."""
    return abs((summed(add, np.zeros(1, np.float32), 4.0) - 4.0) / (MANY * SMALL) - 1)


def test_the_rule_is_what_kernels_are_compiled_with():
    assert lanes.CONTRACT == RULE
    assert OPTIONS["fastmath"] == set(RULE)


def test_many_small_increments_add_up_under_the_rule(permitted):
    assert error_of(permitted(gain, RULE)) < 1e-6


@pytest.mark.parametrize("flags", BANNED, ids="+".join)
def test_what_rounding_leaves_out_would_be_lost(permitted, flags):
    """With sums put in another order what is kept for the next time is no longer what was left out."""
    assert error_of(permitted(gain, flags)) > 0.1


@pytest.mark.parametrize(("flags", "worst"), [(RULE, (0, 1e-15)), *((flags, (1e-14, 1)) for flags in BANNED)], ids=str)
def test_the_exponential_would_lose_two_digits(permitted, flags, worst):
    """The two halves of ln 2 are put together again, which were apart so that products with them are exact."""
    x = np.linspace(-700, 700, 10_001)
    error = np.abs(each(permitted(exp, flags), x) / np.exp(x) - 1).max()
    assert worst[0] <= error <= worst[1]
