"""Trains many runs through one stage, a row of lanes at a time; a lane whose run has stopped gets the next run."""

import numpy as np

from feint.agents.kernels.boarding import board, known_rows, leave, measure, mind_rows
from feint.agents.kernels.compiling import equation, kernel
from feint.agents.kernels.elementary import which
from feint.agents.kernels.equations import look, performance, point
from feint.agents.kernels.rows import by_lane, counts, lanes_of, row_each, rows, words
from feint.agents.mind import ABSENT, DIVERGED, INFERRED, REACHED, RUNNING, Mind
from feint.sim.training.kernels.random_streams import draw
from feint.sim.training.kernels.sgd_step import Shares, flow, move, sweep

NONE, LANE = np.uint64(0), np.uint64(1)  # a set of lanes is a word of bits


@kernel
def race(mind, world, each, rate, progress, spectrum, noise_scale, settings, forms, limit):
    """Train each run, in place, until it reaches its target, diverges or has taken `limit` steps.

    The precision is that of `spectrum` (modes,) and of `noise_scale` (modes,), which is lambda times the standard
    deviation of x; `rate` is (runs, 8). `each` is a tuple with one entry per objective, `forms` are tuples: their
    lengths are known when this is compiled. Returns the number of passes over the lanes.
    """
    s, modes = settings.objective, spectrum.size
    u, B, f, G, C, A, H, w, f_g, rho = mind_rows(spectrum, each, modes)
    known, moved, normals = known_rows(spectrum, each, modes), rows(spectrum, (modes,)), rows(spectrum, (modes + 1,))
    pi, m, acting = row_each(spectrum, each), row_each(spectrum, each), row_each(spectrum, each)
    acting_h, felt, felt_h = row_each(spectrum, each), row_each(spectrum, each), row_each(spectrum, each)
    shares = Shares(pi, m, acting, acting_h, felt, felt_h, row_each(spectrum, each))
    lane_rate, generator, ahead = rows(spectrum, (8,)), words(spectrum, (4,)), words(spectrum, (4,))
    taken, numbers, lanes = counts(spectrum, (1,)), counts(spectrum, (1,)), lanes_of(u)
    lane_run = by_lane(numbers)[0]
    at = Mind(u, B, f, G, C, A, H, w, f_g, rho)
    free, live = (LANE << np.uint64(lanes)) - LANE, NONE
    queue, passes = np.int64(0), 0  # a plain 0 would be a type of its own, and compile all that it is handed to twice
    while True:
        if free != NONE:
            live = live & ~free
            for i in range(lanes):
                if has(free, i):
                    queue = next_running(queue, progress, limit)
                    run = min(queue, rate.shape[0] - 1)  # an idle lane trains the last run again, to no effect
                    board(i, run, mind, world, s, at, known)
                    ready(i, run, rate, progress, lane_rate, generator, taken)
                    if queue < rate.shape[0]:
                        live = live | LANE << np.uint64(i)
                        lane_run[i] = queue
                        queue += 1
            if live == NONE:
                return passes
            if len(forms.belief) == INFERRED:
                measure(known, each, spectrum)
        seen = look(at, settings.inference_power, forms)
        graded, through = point(f, f_g, each, pi, forms.grader), flow(seen, settings)
        draw(generator, ahead, normals[: modes + modes % 2])
        if settings.honeypots > 0.0:
            sums = sweep(
                at, moved, known, each, shares, graded, seen, through, spectrum, normals, noise_scale, lane_rate,
                settings, True, forms
            )  # fmt: skip
        else:
            sums = sweep(
                at, moved, known, each, shares, graded, seen, through, spectrum, normals, noise_scale, lane_rate,
                settings, False, forms
            )  # fmt: skip
        sound, reached = judge(at, each, seen, sums, settings, forms)
        free = (~sound | reached | which(taken[0] >= limit)) & live
        if free != NONE:
            for i in range(lanes):
                if has(free, i):
                    if by_lane(taken)[0, i] > progress.taken[lane_run[i]]:  # else it stays as it was, to the bit
                        leave(i, lane_run[i], mind, s, at)
                    verdict = REACHED if has(reached, i) else RUNNING
                    note(i, lane_run[i], verdict if has(sound, i) else DIVERGED, progress, generator, taken)
        move(at, known, each, shares, graded, seen, through, sums, lane_rate, settings, forms)
        taken[0] = taken[0] + 1
        u, moved = moved, u
        generator, ahead = ahead, generator
        at = Mind(u, B, f, G, C, A, H, w, f_g, rho)
        passes += 1


@equation
def has(lanes, i):
    """Return whether lane i is in a set of lanes."""
    return (lanes >> np.uint64(i)) & LANE != NONE


@equation
def judge(mind, each, seen, sums, settings, forms):
    """Return the set of lanes with finite states, and the set of those that have reached their target."""
    _, B, f, G, C, A, H, _, f_g, _ = mind
    done = performance(seen.c, sums.error)
    total = B[0] + G[0] + C[0] + A[0] + H[0] + done
    for j in range(len(each)):
        total = total + f[j]
    if len(forms.grader) != ABSENT:
        total = total + f_g[0]
    reached = which(done >= settings.target)
    return which(total * 0.0 == 0.0), reached if settings.target > 0.0 else NONE


@equation
def next_running(queue, progress, limit):
    """Return the first run from `queue` on that has steps to take; the number of runs if there is none."""
    taken, status, _ = progress
    while queue < taken.size and (status[queue] != RUNNING or taken[queue] > limit):
        queue += 1
    return queue


@equation
def ready(i, run, rate, progress, lane_rate, generator, taken):
    """Copy a run's rates, and its position in its stage and stream, into lane i."""
    rates, state = by_lane(lane_rate), by_lane(generator)
    for part in range(rate.shape[1]):
        rates[part, i] = rate[run, part]
    for word in range(4):
        state[word, i] = progress.generator[run, word]
    by_lane(taken)[0, i] = progress.taken[run]


@equation
def note(i, run, status, progress, generator, taken):
    """Write back where and how the run in lane i stopped."""
    state = by_lane(generator)
    for word in range(4):
        progress.generator[run, word] = state[word, i]
    progress.taken[run] = by_lane(taken)[0, i]
    progress.status[run] = status
