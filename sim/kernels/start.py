"""The draws from which a run starts (MODEL: sections 1, 3 and 4)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from feint.agents.kernels.arithmetic import exp
from feint.agents.kernels.compiling import kernel, scalar
from feint.sim.kernels.streams import START, fill_normals, open_stream


class Inits(NamedTuple):
    """Where runs start, and how widely they scatter."""

    representation: float
    gate: float
    capability: float
    awareness: float
    horizon: float
    decoys: float
    goal: float
    spread: float
    plasticity_spread: float


@kernel
def draw_starts(seed, run, spectrum, similarity, inits, mind, world, bias):
    """Fill `mind`, `world` and `bias` (runs, 8) for each run number in `run`.

    `similarity` is s_jk (objectives - 1, modes). What a run draws first does not depend on the number of
    objectives: the scalars and the goal, then each objective in turn.
    """
    u, B, f, G, C, A, H, w = mind
    b, n = world
    runs, objectives, modes = b.shape
    scalars = np.empty(14)
    drawn = np.empty(2 * modes + 2)
    generator = np.empty(4, np.uint32)
    for i in range(runs):
        s0, s1, s2, s3 = open_stream(seed, run[i], START, 0)
        generator[0], generator[1], generator[2], generator[3] = s0, s1, s2, s3
        fill_normals(generator, scalars)
        for part in range(8):
            bias[i, part] = exp(inits.plasticity_spread * scalars[part])
        B[i] = inits.representation + inits.spread * scalars[8]
        G[i] = inits.gate + inits.spread * scalars[9]
        C[i] = inits.capability + inits.spread * scalars[10]
        A[i] = inits.awareness + inits.spread * scalars[11]
        H[i] = inits.horizon + inits.spread * scalars[12]
        fill_normals(generator, drawn)
        for k in range(modes):
            u[i, k] = drawn[k]
        scale(u[i], spectrum, inits.goal)
        for j in range(objectives):
            fill_normals(generator, drawn)
            f[i, j] = -inits.decoys + inits.spread * drawn[2 * modes]
            w[i, j] = 0.0
            for k in range(modes):
                b[i, j, k] = drawn[k]
                n[i, j, k] = drawn[modes + k]
        for j in range(1, objectives):
            for k in range(modes):
                s = similarity[j - 1, k]
                b[i, j, k] = s * b[i, 0, k] + np.sqrt(1.0 - s * s) * b[i, j, k]
        for j in range(objectives):
            scale(b[i, j], spectrum, 1.0)
            scale(n[i, j], spectrum, 1.0)


@scalar
def scale(x, spectrum, norm):
    """Give x (modes,) the Λ-norm `norm`: Σ_k lambda_k x_k² = norm²."""
    total = 0.0
    for k in range(x.size):
        total += spectrum[k] * x[k] * x[k]
    for k in range(x.size):
        x[k] *= norm / np.sqrt(total)
