"""Random streams: a counter-based function names each stream, a fast sequential generator feeds it.

Philox4x32-10 (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011,
doi:10.1145/2063384.2063405) turns (seed, run, stream, fork) into 128 bits, the initial state of a
xoshiro128++ (Blackman and Vigna, "Scrambled linear pseudorandom number generators", ACM Transactions on
Mathematical Software 47(4), 2021, doi:10.1145/3460772). For one seed Philox is a bijection, so two streams
never start in the same state.
"""

from __future__ import annotations

import numpy as np

from feint.agents.kernels.arithmetic import add_words, cos_sin, log
from feint.agents.kernels.compiling import inline, kernel, scalar

MULTIPLIER_0, MULTIPLIER_1 = 0xD2511F53, 0xCD9E8D57
WEYL_0, WEYL_1 = 0x9E3779B9, 0xBB67AE85
ROUNDS = 10
LOW_32 = 0xFFFFFFFF
UNIT_32 = 2.0**-32

START = 0  # the stream of a run's start; the noise of stages comes after it
OCCURRENCES = 1 << 16  # how many stages may train towards one objective


@scalar
def philox(c0, c1, c2, c3, k0, k1):
    """Philox4x32-10: four 32-bit words from a counter of four words and a key of two."""
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


@scalar
def rotate(x, bits):
    """A 32-bit word turned left."""
    return np.uint32((np.uint32(x) << np.uint32(bits)) | (np.uint32(x) >> np.uint32(32 - bits)))


@scalar
def xoshiro(s0, s1, s2, s3):
    """xoshiro128++: one 32-bit word, and the next state."""
    word = add_words(rotate(add_words(s0, s3), 7), s0)
    t = np.uint32(s1 << np.uint32(9))
    s2 = np.uint32(s2 ^ s0)
    s3 = np.uint32(s3 ^ s1)
    s1 = np.uint32(s1 ^ s2)
    s0 = np.uint32(s0 ^ s3)
    s2 = np.uint32(s2 ^ t)
    return word, s0, s1, s2, rotate(s3, 11)


@scalar
def normal_pair(word_0, word_1):
    """Two independent standard normal numbers from two uniform words (Box and Muller 1958)."""
    radius = np.sqrt(-2.0 * log((np.float64(word_0) + 0.5) * UNIT_32))
    cosine, sine = cos_sin(word_1)
    return radius * cosine, radius * sine


@scalar
def open_stream(seed, run, stream, fork):
    """State of the generator named by (seed, run, stream, fork), all unsigned."""
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


@scalar
def fill_normals(generator, out):
    """Fill `out` (n,) with the next normal numbers of a generator (4,), two at a time."""
    s0, s1, s2, s3 = generator[0], generator[1], generator[2], generator[3]
    for i in range(0, out.size, 2):
        word_0, s0, s1, s2, s3 = xoshiro(s0, s1, s2, s3)
        word_1, s0, s1, s2, s3 = xoshiro(s0, s1, s2, s3)
        first, second = normal_pair(word_0, word_1)
        out[i] = first
        if i + 1 < out.size:
            out[i + 1] = second
    generator[0], generator[1], generator[2], generator[3] = s0, s1, s2, s3


@kernel
def draw_normals(generators, out):
    """Fill `out` (runs, n) from one generator a run, `generators` (runs, 4)."""
    for i in range(out.shape[0]):
        fill_normals(generators[i], out[i])


@inline
def draw_lanes(generator, noise, lanes):
    """Fill `noise` (modes rounded up to even, lanes) from one generator a lane, `generator` (4, lanes)."""
    for k in range(0, noise.shape[0], 2):
        for i in range(lanes):
            s0, s1, s2, s3 = generator[0, i], generator[1, i], generator[2, i], generator[3, i]
            word_0, s0, s1, s2, s3 = xoshiro(s0, s1, s2, s3)
            word_1, s0, s1, s2, s3 = xoshiro(s0, s1, s2, s3)
            noise[k, i], noise[k + 1, i] = normal_pair(word_0, word_1)
            generator[0, i], generator[1, i], generator[2, i], generator[3, i] = s0, s1, s2, s3
