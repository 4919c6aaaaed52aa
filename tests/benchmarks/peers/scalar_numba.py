"""Scalar Numba, one run after another in double precision: what a competent user writes first."""

from __future__ import annotations

import math

import numba
import numpy as np
from numba.core import config

from benchmarks.peers.task import DIVERGED, OVER, REACHED, RUNNING, finish, prepare, seed_of
from feint.agents.state import State
from feint.sim.training.stage import Stage

NAME = "scalar Numba"
RUNS = 64
GOAL, REPRESENTATION, POINTER, GATE, CAPABILITY, AWARENESS, HORIZON, WORLD = range(8)


def available() -> str | None:
    """It is not, where Numba does not compile."""
    off = config.DISABLE_JIT  # pyright: ignore[reportAttributeAccessIssue] - set when Numba is loaded
    return "Numba does not compile (NUMBA_DISABLE_JIT)" if off else None


def train(state: State, stage: Stage) -> State:
    """Train every run of an entered state through the stage."""
    task, settings = prepare(state, stage, np.float64)
    taken, status = np.zeros(len(state), np.int64), np.full(len(state), RUNNING)
    train_all(task, settings, seed_of(state), taken, status)
    return finish(state, task.mind, taken, status)


@numba.njit
def train_all(task, settings, seed, taken, status):
    """Each run in turn, written back where it stands."""
    np.random.seed(seed)  # noqa: NPY002 - Numba's own generator
    u, B, f, G, C, A, H, w, _, rho = task.mind
    for i in range(len(B)):
        logits = (B[i], G[i], C[i], A[i], H[i])
        B[i], G[i], C[i], A[i], H[i], taken[i], status[i] = train_one(
            task.b[i], task.n[i], u[i], f[i], w[i], rho[i], logits, task.rate[i], task.spectrum, task.noise, settings
        )


@numba.njit
def sigmoid(x):
    """σ(x)."""
    return 1 / (1 + math.exp(-x))


@numba.njit
def identify(rho, distance, nats, switching):
    """Update the belief in place by this step's squared distances; the smallest is taken off them."""
    nearest = distance.min()
    for j in range(rho.size):
        rho[j] = (1 - switching) * rho[j] + switching / rho.size
        rho[j] *= math.exp(-nats * (distance[j] - nearest))
    rho /= rho.sum()


@numba.njit
def train_one(b, n, u, f, w, rho, logits, rate, spectrum, noise, settings):  # noqa: PLR0915 - the whole step
    """One run through the stage; u, f, w and rho are changed in place, the logits returned."""
    B, G, C, A, H = logits
    s, o, realism = settings.objective, settings.honeypots, settings.realism
    objectives, modes = b.shape
    pi, vm, m = np.empty(objectives), np.empty(objectives), np.empty((objectives, modes))
    p, z, residual, residual_h = np.empty(modes), np.empty(modes), np.empty(modes), np.empty(modes)
    distance = np.empty(objectives)
    taken = 0
    while True:
        beta, gamma, c, a, h = sigmoid(B), sigmoid(G), sigmoid(C), sigmoid(A), sigmoid(H)
        odds = math.exp(C)
        missing = math.exp(-settings.inference_power * odds)
        q = 1 - missing
        psi = gamma * a * h * q
        psi_h = (1 - realism) * psi
        top = max(0.0, f.max())
        total = math.exp(-top)
        for j in range(objectives):
            pi[j] = math.exp(f[j] - top)
            total += pi[j]
        for j in range(objectives):
            pi[j] /= total
        error = error_h = 0.0
        for k in range(modes):
            p[k] = z[k] = 0.0
            for j in range(objectives):
                m[j, k] = w[j] * b[j, k] + (1 - w[j]) * n[j, k]
                p[k] += pi[j] * m[j, k]
                z[k] += rho[j] * m[j, k]
            t = beta * u[k] + (1 - beta) * p[k]
            residual[k] = b[s, k] - ((1 - psi) * t + psi * z[k])
            residual_h[k] = b[s, k] - ((1 - psi_h) * t + psi_h * z[k])
            error += spectrum[k] * residual[k] ** 2
            error_h += spectrum[k] * residual_h[k] ** 2
        performance = c * (1 - error)
        if not math.isfinite(B + G + C + A + H + performance):
            return B, G, C, A, H, taken, DIVERGED
        if settings.target > 0 and performance >= settings.target:
            return B, G, C, A, H, taken, REACHED
        if taken == settings.steps:
            return B, G, C, A, H, taken, OVER
        taken += 1
        y = -settings.speed_cost
        vu = vp = 0.0
        vm[:] = 0.0
        distance[:] = 0.0
        for k in range(modes):
            t = beta * u[k] + (1 - beta) * p[k]
            x = noise[k] * np.random.standard_normal()  # noqa: NPY002 - Numba's own generator
            r = 2 * c * (1 - o) * spectrum[k] * (residual[k] + x)
            r_h = 2 * c * o * spectrum[k] * (residual_h[k] + x)
            v = (1 - psi + (1 - settings.shielding) * psi) * r + (1 - psi_h) * r_h
            y += (r + (1 - realism) * r_h) * (z[k] - t)
            vu += v * u[k]
            vp += v * p[k]
            for j in range(objectives):
                vm[j] += v * m[j, k]
                distance[j] += spectrum[k] * (b[s, k] + x - m[j, k]) ** 2
            u[k] += rate[GOAL] * (beta * v - settings.goal_cost * u[k])
        for j in range(objectives):
            kappa = 1.0 if j == s else settings.coverage
            f[j] += rate[POINTER] * (1 - beta) * pi[j] * (vm[j] - vp)
            w[j] += min(1.0, rate[WORLD] * kappa) * (1 - w[j])
        identify(rho, distance, settings.identification * q, settings.switching)
        won = 1 - (1 - o) * error - o * error_h
        q_slope = settings.inference_power * odds * missing
        B += rate[REPRESENTATION] * beta * (1 - beta) * (vu - vp)
        G += rate[GATE] * gamma * (1 - gamma) * a * h * q * y
        C += rate[CAPABILITY] * (c * (1 - c) * won + y * gamma * a * h * q_slope)
        A += rate[AWARENESS] * (a * (1 - a) * gamma * h * q * y + settings.awareness_exposure * c * (1 - a))
        H += rate[HORIZON] * (h * (1 - h) * gamma * a * q * y + settings.horizon_exposure * c * (1 - h))
