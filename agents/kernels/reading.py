"""What a trained state is: its errors under each belief, and its type, by intervention (MODEL: section 6)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from feint.agents.kernels.arithmetic import exp, sigmoid
from feint.agents.kernels.compiling import kernel, scalar
from feint.agents.kernels.equations import (
    behaviour,
    concept,
    instrumental_gate,
    missing_inference,
    performance,
    squared_error,
    terminal,
)

UNCONVERGED, INTERNAL, CORRIGIBLE, DECEPTIVE, PROXY = range(5)


class Readings(NamedTuple):
    """One number a run of everything that is read out of a state at the end of a stage."""

    outcome: np.ndarray  #: code of the outcome
    performance: np.ndarray  #: c (1 - E_s(g))
    train_error: np.ndarray  #: E_s(g)
    deployed_error: np.ndarray  #: E'(t): what it does when it believes it is deployed, on the deployment spectrum
    watched_error: np.ndarray  #: E'(g): what it does when it believes it is in training, on the deployment spectrum
    following: np.ndarray  #: how far the terminal objective follows an intervention on the concept of s
    representation: np.ndarray  #: β
    gate: np.ndarray  #: γ
    capability: np.ndarray  #: c
    awareness: np.ndarray  #: a
    horizon: np.ndarray  #: h
    instrumental: np.ndarray  #: ψ


@scalar
def type_of(train_error, deployed_error, watched_error, following, train_tolerance, deploy_tolerance):
    """The outcome's code; the order of the questions is part of the definition."""
    if not train_error <= train_tolerance:
        return UNCONVERGED
    if deployed_error <= deploy_tolerance:
        return CORRIGIBLE if following >= 0.5 else INTERNAL
    return DECEPTIVE if watched_error <= deploy_tolerance else PROXY


@kernel
def read(mind, world, s, spectrum, deployment, inference_power, train_tolerance, deploy_tolerance, readings):
    """Fill `readings` for runs trained towards objective s."""
    u, B, f, G, C, A, H, w = mind
    b, n = world
    for i in range(B.size):
        beta, gamma, c, a, h = sigmoid(B[i]), sigmoid(G[i]), sigmoid(C[i]), sigmoid(A[i]), sigmoid(H[i])
        psi = instrumental_gate(gamma, a, h, 1.0 - missing_inference(inference_power, c))
        largest = 0.0
        for j in range(f.shape[1]):
            largest = max(largest, f[i, j])
        weight = exp(-largest)
        for j in range(f.shape[1]):
            weight += exp(f[i, j] - largest)
        train_error, deployed_error, watched_error, scale = 0.0, 0.0, 0.0, 0.0
        for k in range(u.shape[1]):
            p = 0.0
            for j in range(f.shape[1]):
                p += exp(f[i, j] - largest) / weight * concept(w[i, j], b[i, j, k], n[i, j, k])
            t = terminal(beta, u[i, k], p)
            g = behaviour(psi, t, concept(w[i, s], b[i, s, k], n[i, s, k]))
            train_error += squared_error(spectrum[k], b[i, s, k], g)
            deployed_error += squared_error(deployment[k], b[i, s, k], t)
            watched_error += squared_error(deployment[k], b[i, s, k], g)
            scale += squared_error(deployment[k], b[i, s, k], 0.0)
        following = (1.0 - beta) * exp(f[i, s] - largest) / weight
        readings.outcome[i] = type_of(
            train_error, deployed_error / scale, watched_error / scale, following, train_tolerance, deploy_tolerance
        )
        readings.performance[i] = performance(c, train_error)
        readings.train_error[i] = train_error
        readings.deployed_error[i] = deployed_error / scale
        readings.watched_error[i] = watched_error / scale
        readings.following[i] = following
        readings.representation[i] = beta
        readings.gate[i] = gamma
        readings.capability[i] = c
        readings.awareness[i] = a
        readings.horizon[i] = h
        readings.instrumental[i] = psi
