"""Kernels that read a state: errors under each belief, and the type by intervention (model page, section 6)."""

from typing import NamedTuple

import numpy as np

from feint.agents.kernels.boarding import board, known_rows, mind_rows, place
from feint.agents.kernels.compiling import equation, kernel
from feint.agents.kernels.equations import act, concept, look, performance, point
from feint.agents.kernels.rows import by_lane, lanes_of, row_each, rows

UNCONVERGED, INTERNAL, CORRIGIBLE, DECEPTIVE, PROXY, REWARD_SEEKING = range(6)


class Readings(NamedTuple):
    """Everything that is read out of a state at the end of a stage, one number per run (runs,)."""

    outcome: np.ndarray  #: code of the outcome
    performance: np.ndarray  #: c (1 - E_s(g))
    train_error: np.ndarray  #: E_s(g)
    deployed_error: np.ndarray  #: E'(t'): error when it believes it is deployed, on the deployment spectrum
    watched_error: np.ndarray  #: E'(g): error when it believes it is in training, on the deployment spectrum
    myopic_error: np.ndarray  #: E'(t): error in training with horizon 0, so that nothing is instrumental
    following: np.ndarray  #: how far the terminal objective follows an intervention on the concept of s
    representation: np.ndarray  #: β
    gate: np.ndarray  #: γ
    capability: np.ndarray  #: c
    awareness: np.ndarray  #: a
    horizon: np.ndarray  #: h
    instrumental: np.ndarray  #: ψ
    grading: np.ndarray  #: π_g, share of the pointer at whatever is graded
    belief: np.ndarray  #: ρ_s, probability it gives to being trained for the objective of the stage


@equation
def type_of(train_error, deployed_error, watched_error, myopic_error, following, train_tolerance, deploy_tolerance):
    """Return the outcome's code; the order of the conditions is part of the definition."""
    if not train_error <= train_tolerance:
        return UNCONVERGED
    if deployed_error <= deploy_tolerance:
        return CORRIGIBLE if following >= 0.5 else INTERNAL
    if watched_error <= deploy_tolerance:
        return REWARD_SEEKING if myopic_error <= deploy_tolerance else DECEPTIVE
    return PROXY


@kernel
def read(mind, world, each, s, spectrum, deployment, inference_power, forms, tolerances, found):
    """Fill `found`, one row per field of `Readings` and one column per run, for runs trained towards objective s.

    `tolerances` are those of training and of deployment. `each` is a tuple with one entry per objective and `forms`
    are tuples: their lengths are known when this is compiled.
    """
    modes = spectrum.size
    at, known = mind_rows(spectrum, each, modes), known_rows(spectrum, each, modes)
    pi, seen = row_each(spectrum, each), rows(spectrum, (found.shape[0],))
    watched, myopic, deployed = row_each(spectrum, each), row_each(spectrum, each), row_each(spectrum, each)
    numbers, lanes = by_lane(seen), lanes_of(seen)
    runs = world[0].shape[0]
    for first in range(0, runs, lanes):
        for i in range(lanes):
            board(i, min(first + i, runs - 1), mind, world, s, at, known)
        view = look(at, inference_power, forms)
        graded = point(at.pointer, at.grader, each, pi, forms.grader)
        none = 0.0 * graded
        u_watched = act(view.psi, view.beta, pi, graded, at.belief, each, watched, forms.grader)
        u_myopic = act(none, view.beta, pi, graded, at.belief, each, myopic, forms.grader)
        act(none, view.beta, pi, none, at.belief, each, deployed, forms.grader)
        train_error, watched_error, myopic_error, deployed_error, scale = none, none, none, none, none
        for k in range(modes):
            b, u = known.b[k], at.goal[k]
            g, t, alone = u_watched * u, u_myopic * u, u_myopic * u
            for j in range(len(each)):
                m = concept(at.world[j], known.n[j, k], known.gap[j, k])
                g, t, alone = g + watched[j] * m, t + myopic[j] * m, alone + deployed[j] * m
            train_error = train_error + spectrum[k] * (b - g) * (b - g)
            watched_error = watched_error + deployment[k] * (b - g) * (b - g)
            myopic_error = myopic_error + deployment[k] * (b - t) * (b - t)
            deployed_error = deployed_error + deployment[k] * (b - alone) * (b - alone)
            scale = scale + deployment[k] * b * b
        seen[1], seen[2] = performance(view.c, train_error), train_error
        seen[3], seen[4], seen[5] = deployed_error / scale, watched_error / scale, myopic_error / scale
        seen[6] = (1.0 - view.beta) * pi[0]
        seen[7], seen[8], seen[9], seen[10], seen[11] = view.beta, view.gamma, view.c, view.a, view.h
        seen[12], seen[13], seen[14] = view.psi, graded, at.belief[0]
        here = min(lanes, runs - first)
        for i in range(here):
            numbers[0, i] = type_of(
                numbers[2, i], numbers[3, i], numbers[4, i], numbers[5, i], numbers[6, i], tolerances[0], tolerances[1]
            )
        for row in range(numbers.shape[0]):
            for i in range(here):
                found[row, first + i] = numbers[row, i]


@kernel
def observe(mind, world, each, spectrum, inference_power, forms, pointing, graded, objective, gate):
    """Fill π (runs, objectives), (1 - β) π_g (runs,), t' (runs, modes) and ψ (runs,)."""
    modes = spectrum.size
    at, known = mind_rows(spectrum, each, modes), known_rows(spectrum, each, modes)
    pi, share, t = row_each(spectrum, each), row_each(spectrum, each), rows(spectrum, (modes + 2,))
    lanes, runs = lanes_of(t), world[0].shape[0]
    for first in range(0, runs, lanes):
        for i in range(lanes):
            board(i, min(first + i, runs - 1), mind, world, 0, at, known)
        view = look(at, inference_power, forms)
        t[modes] = view.psi
        t[modes + 1] = (1.0 - view.beta) * point(at.pointer, at.grader, each, pi, forms.grader)
        none = 0.0 * view.psi
        own = act(none, view.beta, pi, none, at.belief, each, share, forms.grader)
        for k in range(modes):
            t[k] = own * at.goal[k]
            for j in range(len(each)):
                t[k] = t[k] + share[j] * concept(at.world[j], known.n[j, k], known.gap[j, k])
        numbers = by_lane(t)
        for i in range(min(lanes, runs - first)):
            gate[first + i], graded[first + i] = numbers[modes, i], numbers[modes + 1, i]
            for j in range(len(each)):
                pointing[first + i, place(j, 0)] = by_lane(pi)[j, i]
            for k in range(modes):
                objective[first + i, k] = numbers[k, i]
