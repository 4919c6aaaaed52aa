"""Elementary functions as plain arithmetic of lanes.

A call into the C library cannot be vectorised. Each function here reduces its argument to a short
interval and evaluates a polynomial on it; `tests/agents/test_arithmetic.py` states the errors.
"""

from __future__ import annotations

from feint.agents.kernels.compiling import equation
from feint.agents.kernels.elementary import least, most, rint, scaled, single

LOG2_E = 1.4426950408889634
LN2_HIGH = 6.93147180369123816490e-01  # the leading bits of ln 2: products with small integers are exact
LN2_LOW = 1.90821492927058770002e-10
LN2_HIGH_SINGLE = 0.693359375
LN2_LOW_SINGLE = -2.12194440e-4


@equation
def exp(x):
    """e^x; arguments beyond ±708 (in single precision ±87) are held there, so that it is normal. NaN stays NaN."""
    if single(x):  # the polynomial is the best of its degree: relative error 7e-8 on |r| <= ln(2) / 2
        x = most(-87.0, least(87.0, x))
        n = rint(x * LOG2_E)
        r = (x - n * LN2_HIGH_SINGLE) - n * LN2_LOW_SINGLE
        y = 0.00138146132 * r + 0.00836870982
        y = y * r + 0.0416683874
        y = y * r + 0.166665207
        y = y * r + 0.499999935
    else:
        x = most(-708.0, least(708.0, x))
        n = rint(x * LOG2_E)
        r = (x - n * LN2_HIGH) - n * LN2_LOW
        y = (1.0 / 6227020800.0) * r + 1.0 / 479001600.0
        y = y * r + 1.0 / 39916800.0
        y = y * r + 1.0 / 3628800.0
        y = y * r + 1.0 / 362880.0
        y = y * r + 1.0 / 40320.0
        y = y * r + 1.0 / 5040.0
        y = y * r + 1.0 / 720.0
        y = y * r + 1.0 / 120.0
        y = y * r + 1.0 / 24.0
        y = y * r + 1.0 / 6.0
        y = y * r + 0.5
    y = y * r + 1.0
    y = y * r + 1.0
    return scaled(y, n)


@equation
def sigmoid(x):
    """σ(x) = 1 / (1 + e^-x)."""
    return 1.0 / (1.0 + exp(-x))
