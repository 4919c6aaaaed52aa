"""Random streams: a counter-based function gives each stream its state, a fast sequential generator its numbers.

Philox4x32-10 (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011,
doi:10.1145/2063384.2063405) turns (seed, run, stream, fork) into 128 bits, the initial state of a
xoshiro128++ (Blackman and Vigna, "Scrambled linear pseudorandom number generators", ACM Transactions on
Mathematical Software 47(4), 2021, doi:10.1145/3460772). For one seed Philox is a bijection, so two streams
never start in the same state.
"""

import numpy as np

from feint.agents.kernels.compiling import equation, kernel
from feint.agents.kernels.elementary import as_counts, as_floats, as_words, in_precision_of, rotated, sqrt, to_float
from feint.agents.kernels.rows import by_lane, lanes_of, rows, words

MULTIPLIER_0, MULTIPLIER_1 = 0xD2511F53, 0xCD9E8D57
WEYL_0, WEYL_1 = 0x9E3779B9, 0xBB67AE85
ROUNDS = 10
LOW_32 = 0xFFFFFFFF

UNIT = 2.0**-32
ROOT_HALF = 0x3F3504F3 + (32 << 23)  # bits of sqrt(1/2) 2^32 in single precision
EXPONENT, MANTISSA = -(1 << 23), (1 << 23) - 1  # bits of a number in single precision
TWO, SIGN = 0x40000000, 0x80000000  # bits of 2.0, and of a minus sign
LN2_SHIFTED = 0.693147181 * 2.0**-23

START = 0  # stream of a run's start; the streams of stages follow
OCCURRENCES = 1 << 16  # most stages that may train towards one objective


@equation
def philox(c0, c1, c2, c3, k0, k1):
    """Compute Philox4x32-10: four 32-bit words from a counter of four words and a key of two."""
    for _ in range(ROUNDS):
        product_0 = np.uint64(MULTIPLIER_0) * np.uint64(c0)
        product_1 = np.uint64(MULTIPLIER_1) * np.uint64(c2)
        c0, c1, c2, c3 = (
            np.uint32((product_1 >> np.uint64(32)) ^ np.uint64(c1) ^ np.uint64(k0)),
            np.uint32(product_1 & np.uint64(LOW_32)),
            np.uint32((product_0 >> np.uint64(32)) ^ np.uint64(c3) ^ np.uint64(k1)),
            np.uint32(product_0 & np.uint64(LOW_32)),
        )
        k0 = np.uint32((np.uint64(k0) + np.uint64(WEYL_0)) & np.uint64(LOW_32))
        k1 = np.uint32((np.uint64(k1) + np.uint64(WEYL_1)) & np.uint64(LOW_32))
    return c0, c1, c2, c3


@equation
def xoshiro(s0, s1, s2, s3):
    """Return the next 32-bit word of xoshiro128++ in lanes, and the next state."""
    word = rotated(s0 + s3, 7) + s0
    t = s1 << 9
    s2 = s2 ^ s0
    s3 = s3 ^ s1
    s1 = s1 ^ s2
    s0 = s0 ^ s3
    s2 = s2 ^ t
    return word, s0, s1, s2, rotated(s3, 11)


@equation
def normal_pair(a, b):
    """Return two independent standard normal numbers from two uniform words (Box and Muller 1958), in single precision.

    The first word makes the radius sqrt(-2 ln u), u = a / 2^32 with the lowest bit of a set. Of the second, 23 bits are
    the angle t π/4 about the diagonal of a quadrant, -1 <= t < 1, and two are the signs that choose the quadrant.
    """
    bits = as_counts(to_float(a | 1))  # u 2^32 = 2^e m, with sqrt(1/2) <= m < sqrt(2)
    e = (bits - ROOT_HALF) & EXPONENT  # 2^23 times the binary exponent of u
    f = as_floats(bits - e) * UNIT - 1.0  # m - 1
    y = -0.118961075 * f + 0.186678547  # -ln m = f y, relative error 1e-6
    y = y * f - 0.20496329
    y = y * f + 0.249097442
    y = y * f - 0.333145089
    y = y * f + 0.500011129
    y = y * f - 1.00000097
    radius = sqrt(f * y - to_float(e) * LN2_SHIFTED)  # sqrt(-ln u), the missing sqrt(2) is in the diagonal
    t = as_floats((b & MANTISSA) | TWO) - 3.0
    z = t * t
    c = -0.000318880536 * z + 0.0158499153  # cos(t π/4), error 3e-8
    c = c * z - 0.308424254
    c = (c * z + 0.999999972) * radius
    s = -3.58772584e-05 * z + 0.00248987197  # sin(t π/4), error 3e-8
    s = s * z - 0.0807453673
    s = (s * z + 0.785398153) * (t * radius)
    first = as_floats(as_words(c - s) ^ (b & SIGN))
    return first, as_floats(as_words(c + s) ^ ((b << 1) & SIGN))


@equation
def fill(normals, k, a, b):
    """Fill rows k and k + 1 with the normal numbers of two words."""
    first, second = normal_pair(a, b)
    normals[k] = in_precision_of(first, normals)
    normals[k + 1] = in_precision_of(second, normals)


@equation
def draw(generator, ahead, normals):
    """Fill `normals` (an even number of rows) with the next numbers of each lane's generator, two at a time.

    `generator` (4,) stays where it is, the state after the draw goes to `ahead`; the two may be the same rows. The
    words of a pair are drawn before the previous pair is made of its own, so that a processor can do both at a time.
    """
    s0, s1, s2, s3 = generator[0], generator[1], generator[2], generator[3]
    a, s0, s1, s2, s3 = xoshiro(s0, s1, s2, s3)
    b, s0, s1, s2, s3 = xoshiro(s0, s1, s2, s3)
    last = normals.shape[0] - 2
    for k in range(0, last, 2):
        c, s0, s1, s2, s3 = xoshiro(s0, s1, s2, s3)
        d, s0, s1, s2, s3 = xoshiro(s0, s1, s2, s3)
        fill(normals, k, a, b)
        a, b = c, d
    fill(normals, last, a, b)
    ahead[0], ahead[1], ahead[2], ahead[3] = s0, s1, s2, s3


@equation
def open_stream(seed, run, stream, fork):
    """Return the state of the generator named by (seed, run, stream, fork), all unsigned."""
    s0, s1, s2, s3 = philox(
        np.uint32(np.uint64(run) & np.uint64(LOW_32)),
        np.uint32(np.uint64(run) >> np.uint64(32)),
        np.uint32(stream),
        np.uint32(fork),
        np.uint32(np.uint64(seed) & np.uint64(LOW_32)),
        np.uint32(np.uint64(seed) >> np.uint64(32)),
    )
    if s0 == 0 and s1 == 0 and s2 == 0 and s3 == 0:  # the one state from which xoshiro never leaves
        s3 = np.uint32(1)
    return s0, s1, s2, s3


@kernel
def open_streams(seed, run, stream, fork, generator):
    """Set `generator` (runs, 4) to the start of a stream for each run."""
    for i in range(run.size):
        s0, s1, s2, s3 = open_stream(seed, run[i], stream, fork[i])
        generator[i, 0], generator[i, 1], generator[i, 2], generator[i, 3] = s0, s1, s2, s3


@kernel
def draw_normals(generators, out):
    """Fill `out` (runs, n) from one generator per run, `generators` (runs, 4); if n is odd, a number is dropped."""
    runs, count = out.shape
    generator, pair = words(out, (4,)), rows(out, (2,))
    state, numbers, lanes = by_lane(generator), by_lane(pair), lanes_of(pair)
    for first in range(0, runs, lanes):
        for i in range(lanes):
            for word in range(4):
                state[word, i] = generators[min(first + i, runs - 1), word]
        for k in range(0, count, 2):
            draw(generator, generator, pair)
            for i in range(min(lanes, runs - first)):
                for each in range(min(2, count - k)):
                    out[first + i, k + each] = numbers[each, i]
        for i in range(min(lanes, runs - first)):
            for word in range(4):
                generators[first + i, word] = state[word, i]
