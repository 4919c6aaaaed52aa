"""Lanes with compilation off: NumPy arrays whose last axis is the lane."""

from __future__ import annotations

from functools import partial
from operator import methodcaller
from typing import Any

import numpy as np

from feint.agents.kernels.lanes import lanes_in

sqrt, rint, where, same = np.sqrt, np.rint, np.where, np.asarray
to_float = methodcaller("astype", np.float32)
as_floats, as_counts, as_words = (methodcaller("view", dtype) for dtype in (np.float32, np.int32, np.uint32))


def rows(like: np.ndarray, shape: tuple[int, ...], dtype: Any = None) -> np.ndarray:
    """Return rows of lanes in the precision of an array, or as many of another type."""
    return np.empty((*shape, lanes_in(like.dtype)), dtype or like.dtype)


words, counts = partial(rows, dtype=np.uint32), partial(rows, dtype=np.int32)


def row_each(like: np.ndarray, each: tuple[int, ...]) -> np.ndarray:
    """Return one row per objective."""
    return rows(like, (len(each),))


def lanes_of(array: np.ndarray) -> int:
    """Return how many lanes a row has."""
    return array.shape[-1]


def least(x: Any, y: Any) -> np.ndarray:
    """Return the smaller of two; if either is NaN, the second."""
    return np.where(np.less(x, y), x, y)


def most(x: Any, y: Any) -> np.ndarray:
    """Return the larger of two; if either is NaN, the second."""
    return np.where(np.greater(x, y), x, y)


def scaled(x: np.ndarray, n: np.ndarray) -> np.ndarray:
    """Return x · 2^n for whole n; a NaN n gives any exponent, as on a processor."""
    with np.errstate(invalid="ignore"):
        return np.ldexp(x, n.astype(np.int64))


def rotated(x: np.ndarray, bits: int) -> np.ndarray:
    """Rotate 32-bit words left."""
    return x << np.uint32(bits) | x >> np.uint32(32 - bits)


def in_precision_of(x: np.ndarray, like: np.ndarray) -> np.ndarray:
    """Convert numbers to the precision of rows."""
    return x.astype(like.dtype)


def which(x: np.ndarray) -> np.uint64:
    """Return truth values as the bits of a word, lane 0 lowest."""
    return np.uint64(sum(1 << i for i, bit in enumerate(x) if bit))


def single(x: np.ndarray) -> bool:
    """Return whether these are lanes of single precision."""
    return x.dtype == np.float32
