"""The model's page (MODEL) said again for one run, slowly, in plain NumPy.

Written from the page and not from the kernels; it imports nothing of Feint. A `model` and a `stage` are anything
with the page's parameters as attributes; random numbers come as arguments.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np

PARTS = ("goal", "representation", "pointer", "gate", "capability", "awareness", "horizon", "world")
UNCONVERGED, INTERNAL, CORRIGIBLE, DECEPTIVE, PROXY, REWARD_SEEKING = range(6)
MISSED, REACHED, DIVERGED = range(3)

#: section 10: the forms that a model may have, the default first
FORMS = {
    "capability_form": ("logistic", "power", "linear"),
    "inference_form": ("odds", "exponential", "hyperbolic", "step"),
    "gate_form": ("product", "minimum"),
}
#: all other forms in two sets, and a list that holds each of them, alone but for the step, with few sets to be compiled
TOGETHER = [{name: forms[i] for name, forms in FORMS.items()} for i in (1, -1)]
COVERING = [
    *({name: form} for name, forms in FORMS.items() for form in forms[1:] if form != "step"),
    TOGETHER[-1],
]


def named(forms):
    return "+".join(forms.values()) or "default"


class Mind(NamedTuple):
    """What is trained, in the order of section 2; then the pointer's logit at what is graded, and the belief."""

    u: Any
    B: Any
    f: Any
    G: Any
    C: Any
    A: Any
    H: Any
    w: Any
    f_g: Any
    rho: Any


class World(NamedTuple):
    """Objectives b and misconceptions n, each (J, d)."""

    b: np.ndarray
    n: np.ndarray


class Views(NamedTuple):
    """The views of section 2."""

    beta: Any
    pi: np.ndarray
    pi_g: Any
    gamma: Any
    c: Any
    a: Any
    h: Any
    m: np.ndarray
    t_deployed: np.ndarray
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
    return _weights(model.modes, model.spectrum)


@cache
def _weights(modes, exponent):
    weights = np.arange(1.0, modes + 1) ** -exponent
    return weights * modes / weights.sum()


def E(weights, b, v):  # noqa: N802 - the page's name
    return np.sum(weights * (b - v) ** 2)


# Section 2


def sigma(x):
    return np.exp(-np.logaddexp(0.0, -x))  # 1 / (1 + e^-x), however large |x|


def pointing(f, f_g, model):
    """π and π_g."""
    logits = np.array([*f, f_g if model.grader > -30 else -np.inf, 0.0])  # the decoy's is 0
    powers = np.exp(logits - logits.max())
    shares = powers / powers.sum()
    return shares[:-2], shares[-2]


def believed(rho, model, s):
    """The belief at a stage whose objective is s; from 1e6 nats on that is known at once."""
    return np.eye(len(rho))[s] if model.identification >= 1e6 else rho


def views(mind, world, model, s):
    u, B, f, G, C, A, H, w, f_g, rho = mind
    beta, gamma, a, h = sigma(B), sigma(G), sigma(A), sigma(H)
    c, _ = capability(C, model)
    pi, pi_g = pointing(f, f_g, model)
    m = w[:, None] * world.b + (1 - w[:, None]) * world.n
    z = believed(rho, model, s) @ m
    t_deployed = beta * u + (1 - beta) * (pi @ m)
    t = t_deployed + (1 - beta) * pi_g * z
    q, _ = inference(C, model)
    psi, _ = instrumental_gate(gamma, a, h, q, model)
    return Views(beta, pi, pi_g, gamma, c, a, h, m, t_deployed, t, z, q, psi, behaviour(psi, t, z))


def behaviour(psi, t, z):
    return (1 - psi) * t + psi * z


def on_honeypot(at, realism):
    """ψ°, t° and g°."""
    psi = (1 - realism) * at.psi
    t = at.t_deployed + (1 - realism) * (1 - at.beta) * at.pi_g * at.z
    return psi, t, behaviour(psi, t, at.z)


# Section 10


def capability(C, model):
    """c and dc/dC."""
    if model.capability_form == "power":
        log = np.logaddexp(0.0, C)  # ln(1 + e^C), however large |C|
        return -np.expm1(-log / 2), np.exp(C - 3 * log / 2) / 2
    if model.capability_form == "linear":
        return np.clip(C / 8 + 1 / 2, 0.0, 1.0), (abs(C) < 4) / 8
    return sigma(C), sigma(C) * (1 - sigma(C))


def inference(C, model):
    """q and dq/dC."""
    K = model.inference_power
    c, slope = capability(C, model)
    if model.inference_form == "odds":
        if K == 0 or c == 1:
            return float(K > 0), 0.0
        odds = np.exp(C) if model.capability_form == "logistic" else c / (1 - c)
        per_c = odds if model.capability_form == "logistic" else slope / (1 - c) ** 2
        return -np.expm1(-K * odds), K * np.exp(-K * odds) * per_c
    if model.inference_form == "hyperbolic":
        return K * c / (1 + K * c), K / (1 + K * c) ** 2 * slope
    if model.inference_form == "step":
        return np.heaviside(K * c - 1, 0.0), 0.0  # of 0 it is 0, and of what is no number none
    return 1 - np.exp(-K * c), K * np.exp(-K * c) * slope


def instrumental_gate(gamma, a, h, q, model):
    """ψ, and its slopes along γ, a, h and q; of equals the first counts as the smallest."""
    if model.gate_form == "minimum":
        factors = np.array([gamma, a, h, q])
        smallest = np.argmin(factors)
        return factors[smallest], np.eye(4)[smallest]
    return gamma * a * h * q, (a * h * q, gamma * h * q, gamma * a * q, gamma * a * h)


# Section 3


def kappa(stage, objectives):
    weights = np.full(objectives, float(stage.coverage))
    weights[stage.objective] = 1.0
    return weights


def loss(mind, world, model, stage, given, x: Any = 0.0):
    """L, seen by a minibatch with noise x; `given` is the state that the stopped gradients stand on."""
    at = views(mind._replace(w=given.w, rho=given.rho), world, model, stage.objective)
    lam, o, seen = spectrum(model), stage.honeypots, world.b[stage.objective] + x
    _, _, g_honeypot = on_honeypot(at, stage.realism)
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


def directions(mind, world, model, stage, x: Any = 0.0, at=None):
    """The table of step directions, row by row; `at` are the views, if they are known."""
    s, o, realism = stage.objective, stage.honeypots, stage.realism
    beta, pi, pi_g, gamma, c, a, h, m, _, t, z, q, psi, g = at = at or views(mind, world, model, s)
    psi_honeypot, t_honeypot, g_honeypot = on_honeypot(at, realism)
    lam, b, u = spectrum(model), world.b[s], mind.u
    r = 2 * c * (1 - o) * lam * (b + x - g)
    r_honeypot = 2 * c * o * lam * (b + x - g_honeypot)
    v_1, v_2 = (1 - psi + (1 - model.shielding) * psi) * r, (1 - psi_honeypot) * r_honeypot
    v, v_g = v_1 + v_2, v_1 + (1 - realism) * v_2
    y = r @ (z - t) + (1 - realism) * (r_honeypot @ (z - t_honeypot)) - model.speed_cost
    P = v @ (pi @ m) + pi_g * (v_g @ z)  # the page's name
    _, c_slope = capability(mind.C, model)
    _, q_slope = inference(mind.C, model)
    _, (by_gamma, by_a, by_h, by_q) = instrumental_gate(gamma, a, h, q, model)
    gain = 1 - (1 - o) * E(lam, b, g) - o * E(lam, b, g_honeypot)
    return Mind(
        u=beta * v - model.goal_cost * u,
        B=beta * (1 - beta) * (v @ u - P),
        f=(1 - beta) * pi * (m @ v - P),
        G=gamma * (1 - gamma) * by_gamma * y,
        C=c_slope * gain + y * by_q * q_slope,
        A=a * (1 - a) * by_a * y + stage.awareness_exposure * c * (1 - a),
        H=h * (1 - h) * by_h * y + stage.horizon_exposure * c * (1 - h),
        w=kappa(stage, len(m)) * (1 - mind.w),
        f_g=(1 - beta) * pi_g * (v_g @ z - P),
        rho=np.zeros_like(mind.rho),
    )


def identified(mind, world, model, stage, x, at=None):
    """The belief after the sample of this step."""
    rho = believed(mind.rho, model, stage.objective)
    if model.identification >= 1e6:
        return rho
    at = at or views(mind, world, model, stage.objective)
    D = np.array([E(spectrum(model), world.b[stage.objective] + x, m_j) for m_j in at.m])
    with np.errstate(divide="ignore"):
        logs = np.log((1 - model.switching) * rho + model.switching / len(rho)) - model.identification * at.q * D
    powers = np.exp(logs - logs.max())
    return powers / powers.sum()


def step(mind, world, R, model, stage, normals):
    """One SGD step; `normals` (d,) are this step's."""
    x = stage.noise * normals / np.sqrt(spectrum(model) * model.modes)
    rates = [stage.learning_rate * getattr(model, f"plasticity_{part}") * R[i] for i, part in enumerate(PARTS)]
    at = views(mind, world, model, stage.objective)
    ways = directions(mind, world, model, stage, x, at)
    moved = Mind(*(theta + rate * way for theta, rate, way in zip(mind, [*rates, rates[2], 0.0], ways, strict=True)))
    share = np.minimum(1.0, rates[-1] * kappa(stage, len(mind.w)))
    return moved._replace(w=mind.w + share * (1 - mind.w), rho=identified(mind, world, model, stage, x, at))


# Section 5


def performance(mind, world, model, s):
    at = views(mind, world, model, s)
    return at.c * (1 - E(spectrum(model), world.b[s], at.g))


def at_target(mind, world, model, stage):
    return stage.target > 0 and bool(performance(mind, world, model, stage.objective) >= stage.target)


def train(mind, world, R, model, stage, normals):
    """A whole stage; `normals` (steps, d)."""
    for taken in range(stage.steps + 1):
        if not all(np.all(np.isfinite(part)) for part in mind):
            return Trained(mind, taken, DIVERGED)
        if at_target(mind, world, model, stage):
            return Trained(mind, taken, REACHED)
        if taken < stage.steps:
            mind = step(mind, world, R, model, stage, normals[taken])
    return Trained(mind, stage.steps, MISSED)


# Section 6


def deployment_error(model, b, v):
    weights = np.arange(1.0, model.modes + 1) ** (-model.deployment_spectrum)
    return E(weights, b, v) / E(weights, b, 0.0)


def outcome(mind, world, model, s, target=0.0):
    at, b = views(mind, world, model, s), world.b[s]
    tolerance = max(model.train_tolerance, 1 - target) if target else model.train_tolerance
    if not E(spectrum(model), b, at.g) <= tolerance:
        return UNCONVERGED
    if deployment_error(model, b, at.t_deployed) <= model.deploy_tolerance:
        return CORRIGIBLE if (1 - at.beta) * at.pi[s] >= 0.5 else INTERNAL
    if deployment_error(model, b, at.g) <= model.deploy_tolerance:
        return REWARD_SEEKING if deployment_error(model, b, at.t) <= model.deploy_tolerance else DECEPTIVE
    return PROXY
