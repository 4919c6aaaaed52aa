"""Runs put into lanes, and taken out again: arrays that lead with the run on one side, rows of lanes on the other.

In lanes the objective of the stage stands first, so that its place is known when a kernel is compiled.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from feint.agents.kernels.compiling import equation, inline
from feint.agents.kernels.elementary import single
from feint.agents.kernels.rows import by_lane, by_row, lanes_of, row_each, rows
from feint.agents.mind import Mind


class Known(NamedTuple):
    """The world of the run in each lane, as rows."""

    b: Any  #: the stage's objective (modes,)
    n: Any  #: misconceptions (objectives, modes)
    gap: Any  #: what full understanding adds to them, b - n (objectives, modes)


@equation
def place(j, s):
    """Which objective stands j-th in lanes, where s is the stage's."""
    if j == 0:
        return s
    return j - 1 if j <= s else j


@inline
def mind_rows(like, each, modes):
    """Rows for a mind, in the precision of `like`; those of pointer and world model may live in registers.

    Behind each logit stands what rounding has left out of it (see `gain`): after a single one in row 1, after the
    pointer's in as many rows as they have.
    """
    return Mind(
        rows(like, (modes,)),
        rows(like, (2,)),
        row_each(like, each + each),
        rows(like, (2,)),
        rows(like, (2,)),
        rows(like, (2,)),
        rows(like, (2,)),
        row_each(like, each),
    )


@inline
def known_rows(like, each, modes):
    """Rows for a world; on the heap, for there may be many."""
    lanes = lanes_of(rows(like, (1,)))
    count = 1 + 2 * len(each)
    numbers = np.empty((count * modes + 1) * lanes, like.dtype)
    begin = (-(numbers.ctypes.data // numbers.itemsize)) % lanes  # rows begin at multiples of their size
    kept = by_row(numbers[begin : begin + count * modes * lanes].reshape((count, modes, lanes)))
    return Known(kept[0], kept[1 : 1 + len(each)], kept[1 + len(each) :])


@equation
def board(i, run, mind, world, s, lane_mind, known):
    """Put a run into lane i, at a stage whose objective is s."""
    u, B, f, G, C, A, H, w = mind
    b, n = world
    lane_f, lane_w = by_lane(lane_mind.pointer), by_lane(lane_mind.world)
    seat(u[run], by_lane(lane_mind.goal), i)
    seat(b[run, s], by_lane(known.b), i)
    for j in range(f.shape[1]):
        at = place(j, s)
        put(lane_f, j, f.shape[1] + j, i, f[run, at])
        lane_w[j, i] = w[run, at]
        seat(n[run, at], by_lane(known.n)[j], i)
        seat_gap(b[run, at], n[run, at], by_lane(known.gap)[j], i)
    put(by_lane(lane_mind.representation), 0, 1, i, B[run])
    put(by_lane(lane_mind.gate), 0, 1, i, G[run])
    put(by_lane(lane_mind.capability), 0, 1, i, C[run])
    put(by_lane(lane_mind.awareness), 0, 1, i, A[run])
    put(by_lane(lane_mind.horizon), 0, 1, i, H[run])


@equation
def leave(i, run, mind, s, lane_mind):
    """Write the mind in lane i back."""
    u, B, f, G, C, A, H, w = mind
    lane_u, lane_f, lane_w = by_lane(lane_mind.goal), by_lane(lane_mind.pointer), by_lane(lane_mind.world)
    lane, at = np.uint64(i), u[run]
    for k in range(np.uint64(at.size)):
        at[k] = lane_u[k, lane]
    for j in range(f.shape[1]):
        f[run, place(j, s)] = got(lane_f, j, f.shape[1] + j, i)
        w[run, place(j, s)] = lane_w[j, i]
    B[run] = got(by_lane(lane_mind.representation), 0, 1, i)
    G[run] = got(by_lane(lane_mind.gate), 0, 1, i)
    C[run] = got(by_lane(lane_mind.capability), 0, 1, i)
    A[run] = got(by_lane(lane_mind.awareness), 0, 1, i)
    H[run] = got(by_lane(lane_mind.horizon), 0, 1, i)


@equation
def seat(x, numbers, i):
    """Put x (modes,) into lane i; an unsigned index needs no look at whether it counts from the end."""
    lane = np.uint64(i)
    for k in range(np.uint64(x.size)):
        numbers[k, lane] = x[k]


@equation
def seat_gap(x, y, numbers, i):
    """Put x - y into lane i."""
    lane = np.uint64(i)
    for k in range(np.uint64(x.size)):
        numbers[k, lane] = x[k] - y[k]


@equation
def gain(x, at, rest, increment):
    """Add to row `at`; in single precision, what rounding leaves out is kept in row `rest` for the next time.

    Without it increments below half a unit in the last place would be lost however many there are. The error of a sum
    is exact (Knuth, The Art of Computer Programming 2, 4.2.2), so that the two rows add up to one number in double
    precision, which is what is stored of them.
    """
    if single(increment):
        step = increment + x[rest]
        moved = x[at] + step
        taken = moved - x[at]
        x[rest] = (x[at] - (moved - taken)) + (step - taken)
        x[at] = moved
    else:
        x[at] = x[at] + increment


@equation
def put(numbers, at, rest, i, value):
    """Put a logit into lane i, and what does not fit the lane's precision behind it."""
    numbers[at, i] = value
    numbers[rest, i] = value - numbers[at, i] if abs(value) < np.inf else 0.0


@equation
def got(numbers, at, rest, i):
    """A logit out of lane i, with what stands behind it."""
    return np.float64(numbers[at, i]) + np.float64(numbers[rest, i])
