"""The model's page (MODEL) said again for one run, slowly, in plain NumPy.

Written from the page and not from the kernels; it imports nothing of Feint. A `model` and a `stage` are anything
with the page's parameters as attributes; random numbers come as arguments.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

PARTS = ("goal", "representation", "pointer", "gate", "capability", "awareness", "horizon", "world")
UNCONVERGED, INTERNAL, CORRIGIBLE, DECEPTIVE, PROXY = range(5)
MISSED, REACHED, DIVERGED = range(3)

#: section 10: the forms that a model may have, the default first
FORMS = {
    "capability_form": ("logistic", "power", "linear"),
    "inference_form": ("exponential", "hyperbolic", "step"),
    "gate_form": ("product", "minimum"),
}
#: all other forms in two sets, and a longer list in which each is also alone once
TOGETHER = [{name: forms[i] for name, forms in FORMS.items()} for i in (1, -1)]
COVERING = [*({name: form} for name, forms in FORMS.items() for form in forms[1:]), TOGETHER[-1]]


def named(forms):
    return "+".join(forms.values()) or "default"


class Mind(NamedTuple):
    """What is trained, in the order of section 2."""

    u: Any
    B: Any
    f: Any
    G: Any
    C: Any
    A: Any
    H: Any
    w: Any


class World(NamedTuple):
    """Objectives b and misconceptions n, each (J, d)."""

    b: np.ndarray
    n: np.ndarray


class Views(NamedTuple):
    """The views of section 2."""

    beta: Any
    pi: np.ndarray
    gamma: Any
    c: Any
    a: Any
    h: Any
    m: np.ndarray
    t: np.ndarray
    z: np.ndarray
    q: Any
    psi: Any
    g: np.ndarray


class Trained(NamedTuple):
    """How a stage ended."""

    mind: Mind
    taken: int
    status: int


def run(state, i):
    """Mind, world and bias R of the run at position i of a population."""
    mind = Mind(*(np.array(part[i]) for part in state.mind))
    return mind, World(*(np.array(part[i]) for part in state.world)), np.array(state.bias[i])


# Section 1


def spectrum(model):
    k = np.arange(1.0, model.modes + 1)
    weights = k ** (-model.spectrum)
    return weights * model.modes / weights.sum()


def E(weights, b, v):  # noqa: N802 - the page's name
    return np.sum(weights * (b - v) ** 2)


# Section 2


def sigma(x):
    return np.exp(-np.logaddexp(0.0, -x))  # 1 / (1 + e^-x), however large |x|


def pointing(f):
    logits = np.append(f, 0.0)  # the decoy's is 0
    powers = np.exp(logits - logits.max())
    return powers[:-1] / powers.sum()


def views(mind, world, model, s):
    u, B, f, G, C, A, H, w = mind
    beta, gamma, a, h = sigma(B), sigma(G), sigma(A), sigma(H)
    c, _ = capability(C, model)
    pi = pointing(f)
    m = w[:, None] * world.b + (1 - w[:, None]) * world.n
    t = beta * u + (1 - beta) * (pi @ m)
    z = m[s]
    q, _ = inference(c, model)
    psi, _ = instrumental_gate(gamma, a, h, q, model)
    return Views(beta, pi, gamma, c, a, h, m, t, z, q, psi, behaviour(psi, t, z))


def behaviour(psi, t, z):
    return (1 - psi) * t + psi * z


def on_honeypot(at, realism):
    """ψ° and g°."""
    psi = (1 - realism) * at.psi
    return psi, behaviour(psi, at.t, at.z)


# Section 10


def capability(C, model):
    """c and dc/dC."""
    if model.capability_form == "power":
        log = np.logaddexp(0.0, C)  # ln(1 + e^C), however large |C|
        return -np.expm1(-log / 2), np.exp(C - 3 * log / 2) / 2
    if model.capability_form == "linear":
        return np.clip(C / 8 + 1 / 2, 0.0, 1.0), (abs(C) < 4) / 8
    return sigma(C), sigma(C) * (1 - sigma(C))


def inference(c, model):
    """q and dq/dc."""
    K = model.inference_power
    if model.inference_form == "hyperbolic":
        return K * c / (1 + K * c), K / (1 + K * c) ** 2
    if model.inference_form == "step":
        return np.heaviside(K * c - 1, 0.0), 0.0  # of 0 it is 0, and of what is no number none
    return 1 - np.exp(-K * c), K * np.exp(-K * c)


def instrumental_gate(gamma, a, h, q, model):
    """ψ, and its slopes along γ, a, h and q; of equals the first counts as the smallest."""
    factors = np.array([gamma, a, h, q])
    if model.gate_form == "minimum":
        smallest = np.argmin(factors)
        return factors[smallest], np.eye(4)[smallest]
    return np.prod(factors), np.array([np.prod(np.delete(factors, i)) for i in range(4)])


# Section 3


def kappa(stage, objectives):
    weights = np.full(objectives, float(stage.coverage))
    weights[stage.objective] = 1.0
    return weights


def loss(mind, world, model, stage, given, x: Any = 0.0):
    """L, seen by a minibatch with noise x; `given` is the state that the stopped gradients stand on."""
    at = views(mind._replace(w=given.w), world, model, stage.objective)
    lam, o, seen = spectrum(model), stage.honeypots, world.b[stage.objective] + x
    _, g_honeypot = on_honeypot(at, stage.realism)
    task = (1 - at.c) + at.c * ((1 - o) * E(lam, seen, at.g) + o * E(lam, seen, g_honeypot))
    costs = model.speed_cost * at.psi + model.goal_cost * np.sum(mind.u**2) / 2
    concepts = np.sum(kappa(stage, len(world.b)) * (1 - mind.w) ** 2) / 2
    situation = stage.awareness_exposure * np.log(at.a) + stage.horizon_exposure * np.log(at.h)
    return task + costs + concepts - capability(given.C, model)[0] * situation


def slopes(mind, world, model, stage, x: Any = 0.0, width=1e-5):
    """Minus the gradient of L, by central differences."""

    def slope(part, index):
        def at(shift):
            values = np.array(getattr(mind, part), float)
            values[index] += shift
            return loss(mind._replace(**{part: values}), world, model, stage, mind, x)

        return -(at(width) - at(-width)) / (2 * width)

    def slopes_of(part):
        found = np.zeros(np.shape(getattr(mind, part)))
        for index in np.ndindex(found.shape):
            found[index] = slope(part, index)
        return found

    return Mind(*map(slopes_of, Mind._fields))


def directions(mind, world, model, stage, x: Any = 0.0):
    """The table of step directions, row by row."""
    s, o, realism = stage.objective, stage.honeypots, stage.realism
    beta, pi, gamma, c, a, h, m, t, z, q, psi, g = at = views(mind, world, model, s)
    psi_honeypot, g_honeypot = on_honeypot(at, realism)
    lam, b, u = spectrum(model), world.b[s], mind.u
    r = 2 * c * (1 - o) * lam * (b + x - g)
    r_honeypot = 2 * c * o * lam * (b + x - g_honeypot)
    v = (1 - psi + (1 - model.shielding) * psi) * r + (1 - psi_honeypot) * r_honeypot
    y = (r + (1 - realism) * r_honeypot) @ (z - t) - model.speed_cost
    p = pi @ m
    _, c_slope = capability(mind.C, model)
    _, q_slope = inference(c, model)
    _, (by_gamma, by_a, by_h, by_q) = instrumental_gate(gamma, a, h, q, model)
    gain = 1 - (1 - o) * E(lam, b, g) - o * E(lam, b, g_honeypot)
    return Mind(
        u=beta * v - model.goal_cost * u,
        B=beta * (1 - beta) * (v @ (u - p)),
        f=(1 - beta) * pi * np.array([v @ (m_j - p) for m_j in m]),
        G=gamma * (1 - gamma) * by_gamma * y,
        C=c_slope * (gain + y * by_q * q_slope),
        A=a * (1 - a) * by_a * y + stage.awareness_exposure * c * (1 - a),
        H=h * (1 - h) * by_h * y + stage.horizon_exposure * c * (1 - h),
        w=kappa(stage, len(m)) * (1 - mind.w),
    )


def step(mind, world, R, model, stage, normals):
    """One SGD step; `normals` (d,) are this step's."""
    x = stage.noise * normals / np.sqrt(spectrum(model) * model.modes)
    rates = [stage.learning_rate * getattr(model, f"plasticity_{part}") * R[i] for i, part in enumerate(PARTS)]
    protocols = directions(mind, world, model, stage, x)
    moved = Mind(*(theta + rate * protocol for theta, rate, protocol in zip(mind, rates, protocols, strict=True)))
    share = np.minimum(1.0, rates[-1] * kappa(stage, len(mind.w)))
    return moved._replace(w=mind.w + share * (1 - mind.w))


# Section 5


def performance(mind, world, model, s):
    at = views(mind, world, model, s)
    return at.c * (1 - E(spectrum(model), world.b[s], at.g))


def at_target(mind, world, model, stage, capability_target=0.0):
    if stage.target == 0:
        return False
    good = performance(mind, world, model, stage.objective) >= stage.target
    return bool(good and capability(mind.C, model)[0] >= capability_target)


def train(mind, world, R, model, stage, normals, capability_target=0.0):
    """A whole stage; `normals` (steps, d)."""
    for taken in range(stage.steps + 1):
        if not all(np.all(np.isfinite(part)) for part in mind):
            return Trained(mind, taken, DIVERGED)
        if at_target(mind, world, model, stage, capability_target):
            return Trained(mind, taken, REACHED)
        if taken < stage.steps:
            mind = step(mind, world, R, model, stage, normals[taken])
    return Trained(mind, stage.steps, MISSED)


# Section 6


def deployment_error(model, b, v):
    weights = np.arange(1.0, model.modes + 1) ** (-model.deployment_spectrum)
    return E(weights, b, v) / E(weights, b, 0.0)


def outcome(mind, world, model, s):
    at, b = views(mind, world, model, s), world.b[s]
    if not E(spectrum(model), b, at.g) <= model.train_tolerance:
        return UNCONVERGED
    if deployment_error(model, b, at.t) <= model.deploy_tolerance:
        return CORRIGIBLE if (1 - at.beta) * at.pi[s] >= 0.5 else INTERNAL
    if deployment_error(model, b, at.g) <= model.deploy_tolerance:
        return DECEPTIVE
    return PROXY
