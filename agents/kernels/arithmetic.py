"""Elementary functions as plain arithmetic, so that a loop over lanes becomes vector instructions.

A call into the C library cannot be vectorised. Each function here reduces its argument to a short
interval and evaluates a polynomial there; `tests/agents/test_arithmetic.py` states the errors.
"""

from __future__ import annotations

import numpy as np

from feint.agents.kernels.compiling import scalar

LOG2_E = 1.4426950408889634
LN2_HIGH = 6.93147180369123816490e-01  # the leading bits of ln 2: products with small integers are exact
LN2_LOW = 1.90821492927058770002e-10
ROUND = 6755399441055744.0  # 1.5 * 2**52: adding and subtracting it rounds to the nearest integer
EIGHTH = np.uint32(1 << 29)  # of a turn
QUARTER_MASK = np.uint32((1 << 30) - 1)
TURN_32 = 2.0 * np.pi / 2.0**32  # radians in one unit of a 32-bit angle


@scalar
def exp(x):
    """e^x; arguments beyond ±708 are held there, so that the result is a normal number. NaN stays NaN."""
    x = 708.0 if x > 708.0 else x
    x = -708.0 if x < -708.0 else x
    n = (x * LOG2_E + ROUND) - ROUND
    r = (x - n * LN2_HIGH) - n * LN2_LOW
    y = 1.0 / 6227020800.0
    y = y * r + 1.0 / 479001600.0
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
    return y * np.int64((np.int64(n) + 1023) << 52).view(np.float64)


@scalar
def log(x):
    """Ln x for a positive normal number x."""
    bits = np.float64(x).view(np.int64)
    e = (bits - 0x3FE6A09E667F3BCD) >> 52  # x = 2^e m, sqrt(1/2) <= m < sqrt(2)
    m = np.int64(bits - (e << 52)).view(np.float64)
    s = (m - 1.0) / (m + 1.0)  # ln m = 2 artanh s
    z = s * s
    y = 2.0 / 19.0
    y = y * z + 2.0 / 17.0
    y = y * z + 2.0 / 15.0
    y = y * z + 2.0 / 13.0
    y = y * z + 2.0 / 11.0
    y = y * z + 2.0 / 9.0
    y = y * z + 2.0 / 7.0
    y = y * z + 2.0 / 5.0
    y = y * z + 2.0 / 3.0
    return np.float64(e) * LN2_HIGH + (np.float64(e) * LN2_LOW + (s * z * y + 2.0 * s))


@scalar
def add_words(a, b):
    """Sum of two 32-bit words, modulo 2^32."""
    return np.uint32((np.uint64(a) + np.uint64(b)) & np.uint64(0xFFFFFFFF))


@scalar
def cos_sin(turn):
    """Cosine and sine of the angle 2π · turn / 2^32, for an unsigned 32-bit turn."""
    quadrant = np.uint32(add_words(turn, EIGHTH) >> np.uint32(30))
    rest = np.int32(np.uint32(add_words(turn, EIGHTH) & QUARTER_MASK)) - np.int32(EIGHTH)
    a = np.float64(rest) * TURN_32  # -π/4 <= a < π/4
    z = a * a
    s = 1.0 / 6227020800.0
    s = s * z - 1.0 / 39916800.0
    s = s * z + 1.0 / 362880.0
    s = s * z - 1.0 / 5040.0
    s = s * z + 1.0 / 120.0
    s = s * z - 1.0 / 6.0
    s = a + a * z * s
    c = 1.0 / 479001600.0
    c = c * z - 1.0 / 3628800.0
    c = c * z + 1.0 / 40320.0
    c = c * z - 1.0 / 720.0
    c = c * z + 1.0 / 24.0
    c = c * z - 0.5
    c = 1.0 + z * c
    odd = (quadrant & np.uint32(1)) != 0
    cosine = s if odd else c
    sine = c if odd else s
    cosine = -cosine if quadrant == 1 or quadrant == 2 else cosine
    sine = -sine if quadrant >= 2 else sine
    return cosine, sine


@scalar
def sigmoid(x):
    """σ(x) = 1 / (1 + e^-x)."""
    return 1.0 / (1.0 + exp(-x))
