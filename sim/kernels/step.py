"""One SGD step, line by line as in MODEL, section 3.

Every array ends in the lane axis: several runs stand side by side, and each loop over `i` becomes vector instructions.
`each` is a tuple with an entry an objective: its length is known when the kernel is compiled, so that a loop over
objectives inside one over lanes is unrolled. To change an equation, change it here; nothing else knows it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from feint.agents.kernels.arithmetic import exp, sigmoid
from feint.agents.kernels.compiling import inline, scalar
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
    pi: np.ndarray  #: (objectives, lanes)
    gamma: np.ndarray
    c: np.ndarray
    a: np.ndarray
    h: np.ndarray
    q: np.ndarray
    psi: np.ndarray
    psi_h: np.ndarray  #: ψ°
    p: np.ndarray  #: what the pointer points at (modes, lanes)
    error: np.ndarray  #: E_s(g)
    error_h: np.ndarray  #: E_s(g°)


class Sums(NamedTuple):
    """Inner products over modes; (lanes,) unless stated."""

    vu: np.ndarray
    vp: np.ndarray
    vm: np.ndarray  #: (objectives, lanes)
    y: np.ndarray


@scalar
def plus(k, total, x):
    """A sum over modes, begun at mode 0.

    A loop of its own that sets sums to zero would become narrower stores, for which the wide loads after it wait.
    """
    return x if k == 0 else total + x


@inline
def observe(mind, world, each, lanes, spectrum, settings, views):
    """The views of section 2, and the errors E_s(g) and E_s(g°)."""
    u, B, f, G, C, A, H, w = mind
    b, n = world
    beta, pi, gamma, c, a, h, q, psi, psi_h, p, error, error_h = views
    s = settings.objective
    modes = u.shape[0]
    for i in range(lanes):
        beta[i] = sigmoid(B[i])
        gamma[i] = sigmoid(G[i])
        c[i] = sigmoid(C[i])
        a[i] = sigmoid(A[i])
        h[i] = sigmoid(H[i])
        q[i] = 1.0 - missing_inference(settings.inference_power, c[i])
        psi[i] = instrumental_gate(gamma[i], a[i], h[i], q[i])
        psi_h[i] = honeypot_gate(settings.realism, psi[i])
        largest = 0.0  # the decoy's logit; the largest is taken off all, so that no exponential overflows
        for j in range(len(each)):
            largest = max(largest, f[j, i])
        total = exp(-largest)
        for j in range(len(each)):
            pi[j, i] = exp(f[j, i] - largest) + 0.0 * f[j, i]  # NaN where a logit is not finite
            total += pi[j, i]
        for j in range(len(each)):
            pi[j, i] = pi[j, i] / total
    for k in range(modes):
        for i in range(lanes):
            p_k = 0.0
            for j in range(len(each)):
                p_k += pi[j, i] * concept(w[j, i], b[j, k, i], n[j, k, i])
            t = terminal(beta[i], u[k, i], p_k)
            z = concept(w[s, i], b[s, k, i], n[s, k, i])
            error[i] = plus(k, error[i], squared_error(spectrum[k], b[s, k, i], behaviour(psi[i], t, z)))
            error_h[i] = plus(k, error_h[i], squared_error(spectrum[k], b[s, k, i], behaviour(psi_h[i], t, z)))
            p[k, i] = p_k


@inline
def step(mind, world, each, lanes, spectrum, normals, noise_scale, rate, settings, views, sums):
    """Move every part by rate · (minus the gradient), all directions taken at the state before the step.

    `normals` (modes, lanes) times `noise_scale` is x; `rate` is learning_rate · plasticity · R (parts, lanes).
    """
    u, B, f, G, C, A, H, w = mind
    b, n = world
    beta, pi, gamma, c, a, h, q, psi, psi_h, p, error, error_h = views
    vu, vp, vm, y = sums
    s, o, realism, shielding = settings.objective, settings.honeypots, settings.realism, settings.shielding
    modes = u.shape[0]
    for k in range(modes):
        for i in range(lanes):
            t = terminal(beta[i], u[k, i], p[k, i])
            z = concept(w[s, i], b[s, k, i], n[s, k, i])
            seen = b[s, k, i] + noise_scale[k] * normals[k, i]
            r = 2.0 * c[i] * (1.0 - o) * spectrum[k] * (seen - behaviour(psi[i], t, z))
            r_h = 2.0 * c[i] * o * spectrum[k] * (seen - behaviour(psi_h[i], t, z))
            v = (1.0 - psi[i] + (1.0 - shielding) * psi[i]) * r + (1.0 - psi_h[i]) * r_h
            y[i] = plus(k, y[i], (r + (1.0 - realism) * r_h) * (z - t))
            vu[i] = plus(k, vu[i], v * u[k, i])
            vp[i] = plus(k, vp[i], v * p[k, i])
            for j in range(len(each)):
                vm[j, i] = plus(k, vm[j, i], v * concept(w[j, i], b[j, k, i], n[j, k, i]))
            u[k, i] += rate[GOAL, i] * (beta[i] * v - settings.goal_cost * u[k, i])
    for i in range(lanes):
        for j in range(len(each)):
            kappa = 1.0 if j == s else settings.coverage
            f[j, i] += rate[POINTER, i] * (1.0 - beta[i]) * pi[j, i] * (vm[j, i] - vp[i])
            w[j, i] += min(1.0, rate[WORLD, i] * kappa) * (1.0 - w[j, i])
        reaches = y[i] - settings.speed_cost  # y, which reaches the gate
        ahq, ghq, gaq = a[i] * h[i] * q[i], gamma[i] * h[i] * q[i], gamma[i] * a[i] * q[i]
        q_slope = settings.inference_power * (1.0 - q[i])
        won = 1.0 - (1.0 - o) * error[i] - o * error_h[i]
        B[i] += rate[REPRESENTATION, i] * beta[i] * (1.0 - beta[i]) * (vu[i] - vp[i])
        G[i] += rate[GATE, i] * gamma[i] * (1.0 - gamma[i]) * ahq * reaches
        C[i] += rate[CAPABILITY, i] * c[i] * (1.0 - c[i]) * (won + reaches * gamma[i] * a[i] * h[i] * q_slope)
        A[i] += rate[AWARENESS, i] * (1.0 - a[i]) * (a[i] * ghq * reaches + settings.awareness_exposure * c[i])
        H[i] += rate[HORIZON, i] * (1.0 - h[i]) * (h[i] * gaq * reaches + settings.horizon_exposure * c[i])
