"""Functions of lanes, applied to arrays of numbers."""

import numba
import numpy as np

from feint.agents.kernels.compiling import OPTIONS
from feint.agents.kernels.rows import by_lane, lanes_of, rows, words


@numba.njit(**OPTIONS)
def each(function, x):
    """The function over an array, as many at a time as there are lanes; the last ones in company of the last."""
    out = np.empty_like(x)
    row = rows(x, (2,))
    numbers, lanes = by_lane(row), lanes_of(row)
    for first in range(0, x.size, lanes):
        for i in range(lanes):
            numbers[0, i] = x[min(first + i, x.size - 1)]
        row[1] = function(row[0])
        for i in range(min(lanes, x.size - first)):
            out[first + i] = numbers[1, i]
    return out


@numba.njit(**OPTIONS)
def each_pair(function, like, a, b):
    """A function of two words that gives two numbers, over arrays of words."""
    out = np.empty((a.size, 2), like.dtype)
    row, found = words(like, (2,)), rows(like, (2,))
    lanes = lanes_of(row)
    for first in range(0, a.size, lanes):
        for i in range(lanes):
            by_lane(row)[0, i] = a[min(first + i, a.size - 1)]
            by_lane(row)[1, i] = b[min(first + i, a.size - 1)]
        found[0], found[1] = function(row[0], row[1])
        for i in range(min(lanes, a.size - first)):
            out[first + i, 0], out[first + i, 1] = by_lane(found)[0, i], by_lane(found)[1, i]
    return out


@numba.njit(**OPTIONS)
def each_state(function, like, states):
    """A generator's step over states (n, 4): its words, and the states after it."""
    out, after = np.empty(len(states), np.uint32), np.empty_like(states)
    row = words(like, (5,))
    numbers, lanes = by_lane(row), lanes_of(row)
    for first in range(0, len(states), lanes):
        for i in range(lanes):
            for word in range(4):
                numbers[word, i] = states[min(first + i, len(states) - 1), word]
        row[4], row[0], row[1], row[2], row[3] = function(row[0], row[1], row[2], row[3])
        for i in range(min(lanes, len(states) - first)):
            out[first + i] = numbers[4, i]
            for word in range(4):
                after[first + i, word] = numbers[word, i]
    return out, after


@numba.njit(**OPTIONS)
def called(function, *numbers):
    """The function of numbers, which by itself is only part of kernels."""
    return function(*numbers)
