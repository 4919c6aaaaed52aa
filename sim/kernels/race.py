"""Many runs through one stage: lanes of them at a time, each lane refilled when its run has stopped."""

from __future__ import annotations

import numpy as np

from feint.agents.kernels.compiling import inline, kernel
from feint.agents.kernels.equations import performance
from feint.agents.kernels.storage import floats, integers, words
from feint.agents.mind import DIVERGED, REACHED, RUNNING, Mind, World
from feint.sim.kernels.step import Sums, Views, observe, step
from feint.sim.kernels.streams import draw_lanes

LANES = 32  # runs side by side: enough to hide latency, few enough to stay in the first-level cache
IDLE = -1
GOES_ON = -1


@kernel
def race(mind, world, each, rate, progress, spectrum, noise_scale, settings, limit, lanes):
    """Train each run (in place) until it reaches its target, diverges or has taken `limit` steps.

    `rate` (runs, 8), `noise_scale` (modes,); `each` is a tuple with an entry an objective, and the kernel is compiled
    once for each length. `lanes` is LANES, or fewer: told at run time, so that loops over lanes are not unrolled, while
    LANES itself gives rows of a length that the compiler knows. Returns the number of passes over the lanes.
    """
    runs, objectives, modes = world[0].shape
    lane_mind = Mind(
        floats((modes, LANES)),
        floats((LANES,)),
        floats((objectives, LANES)),
        floats((LANES,)),
        floats((LANES,)),
        floats((LANES,)),
        floats((LANES,)),
        floats((objectives, LANES)),
    )
    lane_world = World(np.empty((objectives, modes, LANES)), np.empty((objectives, modes, LANES)))
    views = Views(
        floats((LANES,)),
        floats((objectives, LANES)),
        floats((LANES,)),
        floats((LANES,)),
        floats((LANES,)),
        floats((LANES,)),
        floats((LANES,)),
        floats((LANES,)),
        floats((LANES,)),
        floats((modes, LANES)),
        floats((LANES,)),
        floats((LANES,)),
    )
    sums = Sums(floats((LANES,)), floats((LANES,)), floats((objectives, LANES)), floats((LANES,)))
    lane_rate = floats((8, LANES))
    generator = words((4, LANES))
    noise = floats((modes + modes % 2, LANES))
    lane_run = integers((LANES,))
    lane_taken = integers((LANES,))
    verdict = integers((LANES,))

    for i in range(lanes):
        load(i, 0, mind, world, rate, progress, lane_mind, lane_world, lane_rate, generator, lane_taken)
        lane_run[i] = IDLE
        verdict[i] = RUNNING
    queue = 0
    passes = 0
    busy = runs
    while busy > 0:
        busy = 0
        for i in range(lanes):
            if lane_run[i] != IDLE and verdict[i] == GOES_ON:
                busy += 1
                continue
            if lane_run[i] != IDLE:
                store(i, lane_run[i], mind, progress, lane_mind, generator, lane_taken, verdict)
            lane_run[i] = IDLE
            queue = next_running(queue, progress, limit)
            if queue < runs:
                load(i, queue, mind, world, rate, progress, lane_mind, lane_world, lane_rate, generator, lane_taken)
                lane_run[i] = queue
                queue += 1
                busy += 1
        stopping = 0
        while busy > 0 and stopping == 0:
            observe(lane_mind, lane_world, each, lanes, spectrum, settings, views)
            stopping = judge(lane_mind, views, lane_run, lane_taken, limit, lanes, settings, verdict)
            if stopping == 0:
                draw_lanes(generator, noise, lanes)
                step(lane_mind, lane_world, each, lanes, spectrum, noise, noise_scale, lane_rate, settings, views, sums)
                for i in range(lanes):
                    lane_taken[i] += 1
                passes += 1
    return passes


@inline
def next_running(queue, progress, limit):
    """The first run from `queue` on that has steps to take; the number of runs where there is none."""
    taken, status, _ = progress
    while queue < taken.size and (status[queue] != RUNNING or taken[queue] > limit):
        queue += 1
    return queue


@inline
def judge(mind, views, lane_run, lane_taken, limit, lanes, settings, verdict):
    """Set each lane's verdict, a status for a run that stops here; returns how many stop."""
    _, B, _, G, C, A, H, _ = mind
    stopping = 0
    for i in range(lanes):
        done = performance(views.c[i], views.error[i])
        sound = (B[i] + G[i] + C[i] + A[i] + H[i] + done) * 0.0 == 0.0
        reached = settings.target > 0.0 and done >= settings.target and views.c[i] >= settings.capability_target
        verdict[i] = RUNNING if lane_taken[i] >= limit else GOES_ON
        verdict[i] = REACHED if reached else verdict[i]
        verdict[i] = verdict[i] if sound else DIVERGED
        verdict[i] = verdict[i] if lane_run[i] != IDLE else GOES_ON
        stopping += verdict[i] != GOES_ON
    return stopping


@inline
def load(i, run, mind, world, rate, progress, lane_mind, lane_world, lane_rate, generator, lane_taken):
    """Put a run into lane i."""
    u, B, f, G, C, A, H, w = mind
    lane_u, lane_B, lane_f, lane_G, lane_C, lane_A, lane_H, lane_w = lane_mind
    b, n = world
    lane_b, lane_n = lane_world
    for j in range(f.shape[1]):
        lane_f[j, i] = f[run, j]
        lane_w[j, i] = w[run, j]
        for k in range(u.shape[1]):
            lane_b[j, k, i] = b[run, j, k]
            lane_n[j, k, i] = n[run, j, k]
    for k in range(u.shape[1]):
        lane_u[k, i] = u[run, k]
    lane_B[i], lane_G[i], lane_C[i], lane_A[i], lane_H[i] = B[run], G[run], C[run], A[run], H[run]
    for part in range(8):
        lane_rate[part, i] = rate[run, part]
    for word in range(4):
        generator[word, i] = progress.generator[run, word]
    lane_taken[i] = progress.taken[run]


@inline
def store(i, run, mind, progress, lane_mind, generator, lane_taken, verdict):
    """Write the run in lane i back."""
    u, B, f, G, C, A, H, w = mind
    lane_u, lane_B, lane_f, lane_G, lane_C, lane_A, lane_H, lane_w = lane_mind
    for j in range(f.shape[1]):
        f[run, j] = lane_f[j, i]
        w[run, j] = lane_w[j, i]
    for k in range(u.shape[1]):
        u[run, k] = lane_u[k, i]
    B[run], G[run], C[run], A[run], H[run] = lane_B[i], lane_G[i], lane_C[i], lane_A[i], lane_H[i]
    for word in range(4):
        progress.generator[run, word] = generator[word, i]
    progress.taken[run] = lane_taken[i]
    progress.status[run] = verdict[i]
