"""Copies runs into lanes and back: arrays whose leading axis is the run, and rows of lanes.

In lanes the objective of the stage comes first, so that its place is known when a kernel is compiled.
"""

from typing import Any, NamedTuple

import numpy as np

from feint.agents.kernels.compiling import equation, inline
from feint.agents.kernels.elementary import single
from feint.agents.kernels.rows import by_lane, many_rows, row_each, rows
from feint.agents.mind import Mind

#: rows of a logit and of what rounding leaves out of it; plain numbers would be types of their own, to compile for
LOGIT, REST = np.int64(0), np.int64(1)


class Known(NamedTuple):
    """World of the run in each lane, as rows."""

    b: Any  #: the stage's objective (modes,)
    n: Any  #: misconceptions (objectives, modes)
    gap: Any  #: b - n, which full understanding adds (objectives, modes)
    away: Any  #: coefficients of |b_s - m_j|² as a quadratic function of w_j, three per objective (3 objectives,)


@equation
def place(j, s):
    """Return the objective at place j in lanes, if s is the stage's."""
    if j == 0:
        return s
    return j - 1 if j <= s else j


@inline
def mind_rows(like, each, modes):
    """Return rows for a mind, in the precision of `like`; those of pointer and world model may be in registers.

    Each logit is followed by what rounding has left out of it (see `gain`): row 1 of a single logit, and as many more
    rows as there are logits for the pointer.
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
        rows(like, (2,)),
        row_each(like, each),
    )


@inline
def known_rows(like, each, modes):
    """Return rows for a world; on the heap, since there may be many."""
    kept = many_rows(like, (1 + 2 * len(each), modes))
    away = row_each(like, each + each + each)
    return Known(kept[0], kept[1 : 1 + len(each)], kept[1 + len(each) :], away)


@equation
def measure(known, each, spectrum):
    """Fill `away` for all lanes: |b_s - m_j|² = away[3j] + w_j (away[3j + 1] + w_j away[3j + 2])."""
    for j in range(len(each)):
        constant, linear, square = 0.0 * known.b[0], 0.0 * known.b[0], 0.0 * known.b[0]
        for k in range(spectrum.size):
            far, gap = known.b[k] - known.n[j, k], known.gap[j, k]
            constant = constant + spectrum[k] * far * far
            linear = linear + spectrum[k] * far * gap
            square = square + spectrum[k] * gap * gap
        known.away[3 * j], known.away[3 * j + 1], known.away[3 * j + 2] = constant, -2.0 * linear, square


@equation
def board(i, run, mind, world, s, lane_mind, known):
    """Copy a run into lane i, at a stage whose objective is s."""
    u, B, f, G, C, A, H, w, f_g, rho = mind
    b, n = world
    lane_f, lane_w, lane_rho = by_lane(lane_mind.pointer), by_lane(lane_mind.world), by_lane(lane_mind.belief)
    seat(u[run], by_lane(lane_mind.goal), i)
    seat(b[run, s], by_lane(known.b), i)
    for j in range(f.shape[1]):
        at = place(j, s)
        put(lane_f, j, f.shape[1] + j, i, f[run, at])
        lane_w[j, i], lane_rho[j, i] = w[run, at], rho[run, at]
        seat(n[run, at], by_lane(known.n)[j], i)
        seat_gap(b[run, at], n[run, at], by_lane(known.gap)[j], i)
    put(by_lane(lane_mind.representation), LOGIT, REST, i, B[run])
    put(by_lane(lane_mind.gate), LOGIT, REST, i, G[run])
    put(by_lane(lane_mind.capability), LOGIT, REST, i, C[run])
    put(by_lane(lane_mind.awareness), LOGIT, REST, i, A[run])
    put(by_lane(lane_mind.horizon), LOGIT, REST, i, H[run])
    put(by_lane(lane_mind.grader), LOGIT, REST, i, f_g[run])


@equation
def leave(i, run, mind, s, lane_mind):
    """Copy the mind in lane i back into its run."""
    u, B, f, G, C, A, H, w, f_g, rho = mind
    lane_u, lane_f = by_lane(lane_mind.goal), by_lane(lane_mind.pointer)
    lane_w, lane_rho = by_lane(lane_mind.world), by_lane(lane_mind.belief)
    unseat(lane_u, i, u[run])
    for j in range(f.shape[1]):
        f[run, place(j, s)] = got(lane_f, j, f.shape[1] + j, i)
        w[run, place(j, s)], rho[run, place(j, s)] = lane_w[j, i], lane_rho[j, i]
    B[run] = got(by_lane(lane_mind.representation), LOGIT, REST, i)
    G[run] = got(by_lane(lane_mind.gate), LOGIT, REST, i)
    C[run] = got(by_lane(lane_mind.capability), LOGIT, REST, i)
    A[run] = got(by_lane(lane_mind.awareness), LOGIT, REST, i)
    H[run] = got(by_lane(lane_mind.horizon), LOGIT, REST, i)
    f_g[run] = got(by_lane(lane_mind.grader), LOGIT, REST, i)


@equation
def seat(x, numbers, i):
    """Copy x (modes,) into lane i; an unsigned index needs no check for counting from the end."""
    lane = np.uint64(i)
    for k in range(np.uint64(x.size)):
        numbers[k, lane] = x[k]


@equation
def unseat(numbers, i, x):
    """Copy lane i into x (modes,)."""
    lane = np.uint64(i)
    for k in range(np.uint64(x.size)):
        x[k] = numbers[k, lane]


@equation
def seat_gap(x, y, numbers, i):
    """Copy x - y into lane i."""
    lane = np.uint64(i)
    for k in range(np.uint64(x.size)):
        numbers[k, lane] = x[k] - y[k]


@equation
def gain(x, at, rest, increment):
    """Add to row `at`; in single precision, what rounding leaves out is kept in row `rest` for the next step.

    Without it, increments below half a unit in the last place would be lost, however many there are. The error of a
    sum is exact (Knuth, The Art of Computer Programming 2, 4.2.2): the two rows add up to one number in double
    precision, which is what is stored.
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
    """Copy a logit into row `at` of lane i, and what does not fit the lane's precision into row `rest`."""
    numbers[at, i] = value
    numbers[rest, i] = value - numbers[at, i] if abs(value) < np.inf else 0.0


@equation
def got(numbers, at, rest, i):
    """Return a logit of lane i, including the part in row `rest`."""
    return np.float64(numbers[at, i]) + np.float64(numbers[rest, i])
