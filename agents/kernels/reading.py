"""Kernels that read a state: errors under each belief, and the type by intervention (model page, section 6)."""

from typing import NamedTuple

import numpy as np

from feint.agents.kernels.boarding import board, known_rows, mind_rows, place
from feint.agents.kernels.compiling import equation, kernel
from feint.agents.kernels.equations import behaviour, concept, look, performance, point, terminal
from feint.agents.kernels.rows import by_lane, lanes_of, row_each, rows

UNCONVERGED, INTERNAL, CORRIGIBLE, DECEPTIVE, PROXY = range(5)


class Readings(NamedTuple):
    """Everything that is read out of a state at the end of a stage, one number per run (runs,)."""

    outcome: np.ndarray  #: code of the outcome
    performance: np.ndarray  #: c (1 - E_s(g))
    train_error: np.ndarray  #: E_s(g)
    deployed_error: np.ndarray  #: E'(t): error when it believes it is deployed, on the deployment spectrum
    watched_error: np.ndarray  #: E'(g): error when it believes it is in training, on the deployment spectrum
    following: np.ndarray  #: how far the terminal objective follows an intervention on the concept of s
    representation: np.ndarray  #: β
    gate: np.ndarray  #: γ
    capability: np.ndarray  #: c
    awareness: np.ndarray  #: a
    horizon: np.ndarray  #: h
    instrumental: np.ndarray  #: ψ


@equation
def type_of(train_error, deployed_error, watched_error, following, train_tolerance, deploy_tolerance):
    """Return the outcome's code; the order of the conditions is part of the definition."""
    if not train_error <= train_tolerance:
        return UNCONVERGED
    if deployed_error <= deploy_tolerance:
        return CORRIGIBLE if following >= 0.5 else INTERNAL
    return DECEPTIVE if watched_error <= deploy_tolerance else PROXY


@kernel
def read(mind, world, each, s, spectrum, deployment, inference_power, forms, tolerances, found):
    """Fill `found`, one row per field of `Readings` and one column per run, for runs trained towards objective s.

    `tolerances` are those of training and of deployment. `each` is a tuple with one entry per objective and `forms`
    are tuples: their lengths are known when this is compiled.
    """
    modes = spectrum.size
    lane_mind, known = mind_rows(spectrum, each, modes), known_rows(spectrum, each, modes)
    pi, seen = row_each(spectrum, each), rows(spectrum, (found.shape[0],))
    numbers, lanes = by_lane(seen), lanes_of(seen)
    runs = world[0].shape[0]
    for first in range(0, runs, lanes):
        for i in range(lanes):
            board(i, min(first + i, runs - 1), mind, world, s, lane_mind, known)
        at = look(lane_mind, inference_power, forms)
        point(lane_mind.pointer, each, pi)
        train_error, deployed_error, watched_error, scale = 0.0, 0.0, 0.0, 0.0
        for k in range(modes):
            z = concept(lane_mind.world[0], known.n[0, k], known.gap[0, k])
            p = pi[0] * z
            for j in range(1, len(each)):
                p = p + pi[j] * concept(lane_mind.world[j], known.n[j, k], known.gap[j, k])
            t = terminal(at.beta, lane_mind.goal[k], p)
            b = known.b[k]
            watched, deployed = b - behaviour(at.psi, t, z), b - t
            train_error = train_error + spectrum[k] * watched * watched
            deployed_error = deployed_error + deployment[k] * deployed * deployed
            watched_error = watched_error + deployment[k] * watched * watched
            scale = scale + deployment[k] * b * b
        seen[1] = performance(at.c, train_error)
        seen[2] = train_error
        seen[3] = deployed_error / scale
        seen[4] = watched_error / scale
        seen[5] = (1.0 - at.beta) * pi[0]
        seen[6], seen[7], seen[8], seen[9], seen[10], seen[11] = at.beta, at.gamma, at.c, at.a, at.h, at.psi
        for i in range(min(lanes, runs - first)):
            numbers[0, i] = type_of(
                numbers[2, i], numbers[3, i], numbers[4, i], numbers[5, i], tolerances[0], tolerances[1]
            )
            for row in range(numbers.shape[0]):
                found[row, first + i] = numbers[row, i]


@kernel
def observe(mind, world, each, spectrum, inference_power, forms, pointing, objective, gate):
    """Fill π (runs, objectives), t (runs, modes) and ψ (runs,)."""
    modes = spectrum.size
    lane_mind, known = mind_rows(spectrum, each, modes), known_rows(spectrum, each, modes)
    pi, t, psi = row_each(spectrum, each), rows(spectrum, (modes,)), rows(spectrum, (1,))
    lanes, runs = lanes_of(t), world[0].shape[0]
    for first in range(0, runs, lanes):
        for i in range(lanes):
            board(i, min(first + i, runs - 1), mind, world, 0, lane_mind, known)
        at = look(lane_mind, inference_power, forms)
        psi[0] = at.psi
        point(lane_mind.pointer, each, pi)
        for k in range(modes):
            p = 0.0
            for j in range(len(each)):
                p = p + pi[j] * concept(lane_mind.world[j], known.n[j, k], known.gap[j, k])
            t[k] = terminal(at.beta, lane_mind.goal[k], p)
        for i in range(min(lanes, runs - first)):
            gate[first + i] = by_lane(psi)[0, i]
            for j in range(len(each)):
                pointing[first + i, place(j, 0)] = by_lane(pi)[j, i]
            for k in range(modes):
                objective[first + i, k] = by_lane(t)[k, i]
