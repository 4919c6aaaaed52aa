"""One SGD step, line by line as in MODEL, section 3.

Every array ends in the lane axis: several runs stand side by side, and each loop over `i` is vector
instructions. To change an equation, change it here; nothing else knows it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from feint.agents.kernels.arithmetic import exp, sigmoid
from feint.agents.kernels.compiling import inline
from feint.agents.kernels.equations import (
    behaviour,
    concept,
    honeypot_gate,
    instrumental_gate,
    missing_inference,
    squared_error,
    terminal,
)

GOAL, REPRESENTATION, POINTER, GATE, CAPABILITY, AWARENESS, HORIZON, WORLD = range(8)


class Settings(NamedTuple):
    """The numbers of one stage under one model, as the kernel reads them."""

    objective: int
    target: float
    capability_target: float
    honeypots: float
    realism: float
    coverage: float
    awareness_exposure: float
    horizon_exposure: float
    inference_power: float
    speed_cost: float
    goal_cost: float
    shielding: float


class Views(NamedTuple):
    """What a state is seen to be at one step; (lanes,) unless stated."""

    beta: np.ndarray
    pi: np.ndarray  #: with room for the decoy (objectives + 1, lanes)
    gamma: np.ndarray
    c: np.ndarray
    a: np.ndarray
    h: np.ndarray
    q: np.ndarray
    psi: np.ndarray
    psi_h: np.ndarray  #: ψ°
    m: np.ndarray  #: concepts (objectives, modes, lanes)
    p: np.ndarray  #: what the pointer points at (modes, lanes)
    error: np.ndarray  #: E_s(g)
    error_h: np.ndarray  #: E_s(g°)


class Sums(NamedTuple):
    """Inner products over modes; (lanes,) unless stated."""

    v: np.ndarray
    vu: np.ndarray
    vp: np.ndarray
    vm: np.ndarray  #: (objectives, lanes)
    y: np.ndarray


@inline
def observe(mind, world, spectrum, settings, views):
    """The views of section 2, and the errors E_s(g) and E_s(g°)."""
    u, B, f, G, C, A, H, w = mind
    b, n = world
    beta, pi, gamma, c, a, h, q, psi, psi_h, m, p, error, error_h = views
    s = settings.objective
    objectives, modes, lanes = b.shape
    for i in range(lanes):
        beta[i] = sigmoid(B[i])
        gamma[i] = sigmoid(G[i])
        c[i] = sigmoid(C[i])
        a[i] = sigmoid(A[i])
        h[i] = sigmoid(H[i])
        q[i] = 1.0 - missing_inference(settings.inference_power, c[i])
        psi[i] = instrumental_gate(gamma[i], a[i], h[i], q[i])
        psi_h[i] = honeypot_gate(settings.realism, psi[i])
        error[i] = 0.0
        error_h[i] = 0.0
    point(f, pi)
    for k in range(modes):
        for i in range(lanes):
            p[k, i] = 0.0
        for j in range(objectives):
            for i in range(lanes):
                m[j, k, i] = concept(w[j, i], b[j, k, i], n[j, k, i])
                p[k, i] += pi[j, i] * m[j, k, i]
        for i in range(lanes):
            t = terminal(beta[i], u[k, i], p[k, i])
            z = m[s, k, i]
            error[i] += squared_error(spectrum[k], b[s, k, i], behaviour(psi[i], t, z))
            error_h[i] += squared_error(spectrum[k], b[s, k, i], behaviour(psi_h[i], t, z))


@inline
def point(f, pi):
    """Where the pointer points: π_j = e^f_j / (1 + Σ e^f), shifted by the largest logit so that nothing overflows.

    The last row of `pi` is the decoy's, whose logit is 0. A logit that is not finite gives NaN.
    """
    objectives, lanes = f.shape
    for i in range(lanes):
        pi[objectives, i] = 0.0
    for j in range(objectives):
        for i in range(lanes):
            pi[objectives, i] = max(pi[objectives, i], f[j, i])
    for j in range(objectives):
        for i in range(lanes):
            pi[j, i] = exp(f[j, i] - pi[objectives, i]) + 0.0 * f[j, i]
    for i in range(lanes):
        pi[objectives, i] = exp(-pi[objectives, i])
    for j in range(objectives):
        for i in range(lanes):
            pi[objectives, i] += pi[j, i]
    for j in range(objectives):
        for i in range(lanes):
            pi[j, i] = pi[j, i] / pi[objectives, i]


@inline
def step(mind, world, spectrum, normals, noise_scale, rate, settings, views, sums):
    """Move every part by rate · (minus the gradient), all directions taken at the state before the step.

    `normals` (modes, lanes) times `noise_scale` is x; `rate` is learning_rate · plasticity · R (parts, lanes).
    """
    u, B, f, G, C, A, H, w = mind
    b, _ = world
    beta, pi, gamma, c, a, h, q, psi, psi_h, m, p, error, error_h = views
    v, vu, vp, vm, y = sums
    s, o, realism, shielding = settings.objective, settings.honeypots, settings.realism, settings.shielding
    objectives, modes, lanes = b.shape
    for i in range(lanes):
        vu[i] = 0.0
        vp[i] = 0.0
        y[i] = -settings.speed_cost
    for j in range(objectives):
        for i in range(lanes):
            vm[j, i] = 0.0
    for k in range(modes):
        for i in range(lanes):
            t = terminal(beta[i], u[k, i], p[k, i])
            z = m[s, k, i]
            g = behaviour(psi[i], t, z)
            g_h = behaviour(psi_h[i], t, z)
            seen = b[s, k, i] + noise_scale[k] * normals[k, i]
            r = 2.0 * c[i] * (1.0 - o) * spectrum[k] * (seen - g)
            r_h = 2.0 * c[i] * o * spectrum[k] * (seen - g_h)
            v[i] = (1.0 - psi[i] + (1.0 - shielding) * psi[i]) * r + (1.0 - psi_h[i]) * r_h
            y[i] += (r + (1.0 - realism) * r_h) * (z - t)
            vu[i] += v[i] * u[k, i]
            vp[i] += v[i] * p[k, i]
            u[k, i] += rate[GOAL, i] * (beta[i] * v[i] - settings.goal_cost * u[k, i])
        for j in range(objectives):
            for i in range(lanes):
                vm[j, i] += v[i] * m[j, k, i]
    for j in range(objectives):
        kappa = 1.0 if j == s else settings.coverage
        for i in range(lanes):
            f[j, i] += rate[POINTER, i] * (1.0 - beta[i]) * pi[j, i] * (vm[j, i] - vp[i])
            w[j, i] += min(1.0, rate[WORLD, i] * kappa) * (1.0 - w[j, i])
    for i in range(lanes):
        ahq, ghq, gaq = a[i] * h[i] * q[i], gamma[i] * h[i] * q[i], gamma[i] * a[i] * q[i]
        q_slope = settings.inference_power * (1.0 - q[i])
        won = 1.0 - (1.0 - o) * error[i] - o * error_h[i]
        B[i] += rate[REPRESENTATION, i] * beta[i] * (1.0 - beta[i]) * (vu[i] - vp[i])
        G[i] += rate[GATE, i] * gamma[i] * (1.0 - gamma[i]) * ahq * y[i]
        C[i] += rate[CAPABILITY, i] * c[i] * (1.0 - c[i]) * (won + y[i] * gamma[i] * a[i] * h[i] * q_slope)
        A[i] += rate[AWARENESS, i] * (1.0 - a[i]) * (a[i] * ghq * y[i] + settings.awareness_exposure * c[i])
        H[i] += rate[HORIZON, i] * (1.0 - h[i]) * (h[i] * gaq * y[i] + settings.horizon_exposure * c[i])
