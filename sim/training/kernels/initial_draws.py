"""Draws of a run's world, bias and initial parts (model page, sections 1, 3 and 4)."""

from typing import NamedTuple

import numpy as np

from feint.agents.kernels.boarding import unseat
from feint.agents.kernels.compiling import equation, kernel
from feint.agents.kernels.elementary import exp, sqrt
from feint.agents.kernels.rows import by_lane, lanes_of, rows, words
from feint.sim.training.kernels.random_streams import START, draw, open_stream

PARTS, SCALARS = 8, 14  # numbers of the inductive bias, and of the first draw, which is even
FIRST = np.int64(0)  # a plain 0 would be a type of its own, and compile `scale` twice
OFF = -30.0  # of the grader's logit


class Inits(NamedTuple):
    """Means and spreads of the initial draws."""

    representation: float
    gate: float
    capability: float
    awareness: float
    horizon: float
    decoys: float
    grader: float
    goal: float
    spread: float
    plasticity_spread: float


@kernel
def draw_starts(seed, run, spectrum, similarity, inits, mind, world, bias):
    """Fill `mind`, `world` and `bias` (runs, 8) for each run number in `run`.

    `similarity` is s_jk (objectives - 1, modes). The scalars and the goal are drawn first, then each objective in
    turn, so that the first draws do not depend on the number of objectives.
    """
    u, B, f, G, C, A, H, w, f_g, rho = mind
    b, n = world
    runs, objectives, modes = b.shape
    generator, scalars = words(spectrum, (4,)), rows(spectrum, (SCALARS,))
    drawn, base, other = rows(spectrum, (2 * modes + 2,)), rows(spectrum, (modes,)), rows(spectrum, (modes,))
    numbers, vector, objective, lanes = by_lane(scalars), by_lane(drawn), by_lane(other), lanes_of(drawn)
    for first in range(0, runs, lanes):
        here = min(lanes, runs - first)
        for i in range(lanes):
            s0, s1, s2, s3 = open_stream(seed, run[min(first + i, runs - 1)], np.uint32(START), np.uint32(0))
            state = by_lane(generator)
            state[0, i], state[1, i], state[2, i], state[3, i] = s0, s1, s2, s3
        draw(generator, generator, scalars)
        for part in range(PARTS):
            scalars[part] = exp(inits.plasticity_spread * scalars[part])
        draw(generator, generator, drawn)
        scale(drawn, FIRST, spectrum, inits.goal)
        for i in range(here):
            for part in range(PARTS):
                bias[first + i, part] = numbers[part, i]
            B[first + i] = inits.representation + inits.spread * numbers[8, i]
            G[first + i] = inits.gate + inits.spread * numbers[9, i]
            C[first + i] = inits.capability + inits.spread * numbers[10, i]
            A[first + i] = inits.awareness + inits.spread * numbers[11, i]
            H[first + i] = inits.horizon + inits.spread * numbers[12, i]
            f_g[first + i] = inits.grader + inits.spread * numbers[13, i] if inits.grader > OFF else inits.grader
            unseat(vector, i, u[first + i])
        for j in range(objectives):
            draw(generator, generator, drawn)
            for k in range(modes):
                if j == 0:
                    base[k] = 1.0 * drawn[k]
                    other[k] = 1.0 * drawn[k]
                else:
                    s = similarity[j - 1, k]
                    other[k] = s * base[k] + np.sqrt(1.0 - s * s) * drawn[k]
            scale(other, FIRST, spectrum, 1.0)
            scale(drawn, modes, spectrum, 1.0)
            for i in range(here):
                f[first + i, j] = -inits.decoys + inits.spread * vector[2 * modes, i]
                w[first + i, j] = 0.0
                rho[first + i, j] = 1.0 / objectives
                unseat(objective, i, b[first + i, j])
                unseat(vector[modes:], i, n[first + i, j])


@equation
def scale(x, begin, spectrum, norm):
    """Scale the rows of x from `begin` on, one per mode, to the Λ-norm `norm`: Σ_k lambda_k x_k² = norm²."""
    total = 0.0
    for k in range(spectrum.size):
        total = total + spectrum[k] * x[begin + k] * x[begin + k]
    for k in range(spectrum.size):
        x[begin + k] = x[begin + k] * (norm / sqrt(total))
