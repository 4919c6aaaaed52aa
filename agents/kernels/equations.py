"""Equations of a mind's views, one per function (model page, sections 2 and 10), for lanes of runs.

A form that can be chosen (`agents/mind.py`) is given as a tuple whose length is the form's place in its list: the
length is known when a kernel is compiled, so that forms not chosen cost nothing.
"""

from typing import Any, NamedTuple

from feint.agents.kernels.compiling import equation
from feint.agents.kernels.elementary import exp, least, most, sigmoid, sqrt, where
from feint.agents.mind import HYPERBOLIC, LINEAR, MINIMUM, POWER, STEP


class Forms(NamedTuple):
    """Chosen forms, as tuples whose lengths are known when a kernel is compiled."""

    capability: tuple[int, ...]
    inference: tuple[int, ...]
    gate: tuple[int, ...]


class Look(NamedTuple):
    """Scalar views of a mind, and their slopes."""

    beta: Any  #: β
    gamma: Any  #: γ
    c: Any
    a: Any
    h: Any
    psi: Any  #: ψ
    c_slope: Any  #: dc/dC
    q_slope: Any  #: dq/dc
    by_gamma: Any  #: ∂ψ/∂γ
    by_a: Any  #: ∂ψ/∂a
    by_h: Any  #: ∂ψ/∂h
    by_q: Any  #: ∂ψ/∂q


@equation
def look(mind, inference_power, forms):
    """Return the scalar views of a mind and their slopes."""
    _, B, _, G, C, A, H, _ = mind
    beta, gamma, a, h = sigmoid(B[0]), sigmoid(G[0]), sigmoid(A[0]), sigmoid(H[0])
    c, c_slope = capability(C[0], forms.capability)
    q, q_slope = inference(inference_power, c, forms.inference)
    psi, by_gamma, by_a, by_h, by_q = instrumental_gate(gamma, a, h, q, forms.gate)
    return Look(beta, gamma, c, a, h, psi, c_slope, q_slope, by_gamma, by_a, by_h, by_q)


@equation
def capability(C, form):
    """Return c and dc/dC: σ(C); or the power form, 1 - (1 + e^C)^(-1/2); or the linear one, C/8 + 1/2 within [0, 1]."""
    if len(form) == POWER:
        growth = exp(C)
        missing = 1.0 / sqrt(1.0 + growth)
        share = growth * missing * missing  # 1 - missing², with all its digits where little is reached yet
        return share / (1.0 + missing), 0.5 * missing * share
    if len(form) == LINEAR:
        c = C * 0.125 + 0.5
        return most(0.0, least(1.0, c)), where((c > 0.0) & (c < 1.0), 0.125, 0.0 * C)
    c = sigmoid(C)
    return c, c * (1.0 - c)


@equation
def inference(K, c, form):
    """Return q and dq/dc: q = 1 - e^(-K c); or hyperbolic, K c / (1 + K c); or a step, 1 where K c > 1, else 0."""
    if len(form) == HYPERBOLIC:
        missing = 1.0 / (1.0 + K * c)
        return K * c * missing, K * missing * missing
    if len(form) == STEP:
        return where(K * c > 1.0, 1.0, 0.0 * c), 0.0 * c
    missing = exp(-K * c)
    return 1.0 - missing, K * missing


@equation
def instrumental_gate(gamma, a, h, q, form):
    """Return ψ and its slopes along γ, a, h, q: ψ = γ a h q; or the smallest of the four, which alone has a slope."""
    if len(form) == MINIMUM:
        none = 0.0 * (gamma + a + h + q)  # not a number where one of them is not, which `least` passes over
        psi = least(least(gamma, a), least(h, q)) + none
        by_gamma = where(gamma == psi, 1.0, none)
        by_a = where(a == psi, 1.0 - by_gamma, none)
        by_h = where(h == psi, 1.0 - by_gamma - by_a, none)
        return psi, by_gamma, by_a, by_h, 1.0 - by_gamma - by_a - by_h
    ah, gq = a * h, gamma * q
    return gq * ah, ah * q, gq * h, gq * a, gamma * ah


@equation
def point(f, each, pi):
    """Fill `pi` with the pointer's shares: π_j = e^{f_j} / (1 + Σ e^{f}); `each` has one entry per objective."""
    largest = 0.0 * f[0]  # the decoy's logit; the largest is taken off all, so that no exponential overflows
    for j in range(len(each)):
        largest = most(f[j], largest)
    total = exp(-largest)
    for j in range(len(each)):
        pi[j] = exp(f[j] - largest)
        total = total + pi[j]
    share = 1.0 / total
    for j in range(len(each)):
        pi[j] = pi[j] * share


@equation
def concept(w, n, gap):
    """Return objective j as the world model understands it: m_j = w_j b_j + (1 - w_j) n_j = n_j + w_j (b_j - n_j)."""
    return n + w * gap


@equation
def terminal(beta, u, p):
    """Return the terminal objective t = β u + (1 - β) p, where p = Σ_j π_j m_j is what the pointer points at."""
    return p + beta * (u - p)


@equation
def behaviour(psi, t, z):
    """Return the behaviour under the gate ψ: (1 - ψ) t + ψ z, where z is the training objective as understood."""
    return t + psi * (z - t)


@equation
def honeypot_gate(realism, psi):
    """Return the instrumental gate on a honeypot: ψ° = (1 - r) ψ."""
    return (1.0 - realism) * psi


@equation
def performance(c, error):
    """Return the performance on the training objective: c (1 - E_s(g))."""
    return c * (1.0 - error)
