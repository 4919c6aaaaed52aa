"""Equations of a mind's views, one per function (model page, sections 2, 3 and 10), for lanes of runs.

A form that can be chosen (`agents/mind.py`) is given as a tuple whose length is the form's place in its list: the
length is known when a kernel is compiled, so that forms not chosen cost nothing.
"""

from typing import Any, NamedTuple

from feint.agents.kernels.compiling import equation
from feint.agents.kernels.elementary import exp, least, most, sigmoid, sqrt, where
from feint.agents.mind import ABSENT, EXPONENTIAL, HYPERBOLIC, LINEAR, MINIMUM, POWER, STEP

MOST_NATS = 60.0  # of evidence in one step: more says nothing more, because the filter never forgets switching / J


class Forms(NamedTuple):
    """Chosen forms, as tuples whose lengths are known when a kernel is compiled."""

    capability: tuple[int, ...]
    inference: tuple[int, ...]
    gate: tuple[int, ...]
    belief: tuple[int, ...]
    grader: tuple[int, ...]


class Capability(NamedTuple):
    """Capability, its odds c / (1 - c), and the slopes of both along C."""

    c: Any
    slope: Any
    odds: Any
    odds_slope: Any


class Look(NamedTuple):
    """Scalar views of a mind, and their slopes."""

    beta: Any  #: β
    gamma: Any  #: γ
    c: Any
    a: Any
    h: Any
    q: Any
    psi: Any  #: ψ
    c_slope: Any  #: dc/dC
    q_slope: Any  #: dq/dC
    by_gamma: Any  #: ∂ψ/∂γ
    by_a: Any  #: ∂ψ/∂a
    by_h: Any  #: ∂ψ/∂h
    by_q: Any  #: ∂ψ/∂q


@equation
def look(mind, inference_power, forms):
    """Return the scalar views of a mind and their slopes."""
    _, B, _, G, C, A, H, _, _, _ = mind
    beta, gamma, a, h = sigmoid(B[0]), sigmoid(G[0]), sigmoid(A[0]), sigmoid(H[0])
    able = capability(C[0], forms.capability)
    q, q_slope = inference(inference_power, able, forms.inference)
    psi, by_gamma, by_a, by_h, by_q = instrumental_gate(gamma, a, h, q, forms.gate)
    return Look(beta, gamma, able.c, a, h, q, psi, able.slope, q_slope, by_gamma, by_a, by_h, by_q)


@equation
def capability(C, form):
    """Return c: σ(C); or the power form, 1 - (1 + e^C)^(-1/2); or the linear one, C/8 + 1/2 within [0, 1]."""
    if len(form) == LINEAR:
        c = C * 0.125 + 0.5
        inside, missing = (c > 0.0) & (c < 1.0), most(1.0 - c, 1e-15)
        c, none = most(0.0, least(1.0, c)), 0.0 * C
        return Capability(c, where(inside, 0.125, none), c / missing, where(inside, 0.125 / (missing * missing), none))
    growth = least(1e30, exp(C))
    if len(form) == POWER:
        missing = 1.0 / sqrt(1.0 + growth)
        share = growth * missing * missing  # 1 - missing², with all its digits where little is reached yet
        c = share / (1.0 + missing)
        return Capability(c, 0.5 * missing * share, c / missing, 0.5 * share / missing)
    missing = 1.0 / (1.0 + growth)
    c = growth * missing
    return Capability(c, c * missing, growth, least(1e15, growth))  # q is 1 beyond, and no exponential is quite 0


@equation
def inference(K, able, form):
    """Return q and dq/dC: q = 1 - e^(-K c / (1 - c)), or one of the other forms of K c.

    Those are 1 - e^(-K c), the hyperbolic K c / (1 + K c), and a step, 1 where K c > 1, else 0.
    """
    if len(form) == HYPERBOLIC:
        missing = 1.0 / (1.0 + K * able.c)
        return K * able.c * missing, K * missing * missing * able.slope
    if len(form) == STEP:
        return where(K * able.c > 1.0, 1.0, 0.0 * able.c), 0.0 * able.c
    if len(form) == EXPONENTIAL:
        missing = exp(-K * able.c)
        return 1.0 - missing, K * missing * able.slope
    missing = exp(-K * able.odds)
    return 1.0 - missing, K * missing * able.odds_slope


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
def point(f, f_g, each, pi, grader):
    """Fill `pi` with the pointer's shares and return π_g; `each` has one entry per objective.

    π_j = e^{f_j} / (1 + e^{f_g} + Σ e^{f}), and π_g likewise; without a grader, e^{f_g} is 0.
    """
    largest = 0.0 * f[0]  # the decoy's logit; the largest is taken off all, so that no exponential overflows
    for j in range(len(each)):
        largest = most(f[j], largest)
    if len(grader) != ABSENT:
        largest = most(f_g[0], largest)
    total, graded = exp(-largest), 0.0 * largest
    for j in range(len(each)):
        pi[j] = exp(f[j] - largest)
        total = total + pi[j]
    if len(grader) != ABSENT:
        graded = exp(f_g[0] - largest)
        total = total + graded
    share = 1.0 / total
    for j in range(len(each)):
        pi[j] = pi[j] * share
    return graded * share


@equation
def concept(w, n, gap):
    """Return objective j as the world model understands it: m_j = w_j b_j + (1 - w_j) n_j = n_j + w_j (b_j - n_j)."""
    return n + w * gap


@equation
def act(psi, beta, pi, graded, rho, each, share, grader):
    """Return the weight of u in the behaviour under the gate ψ, and fill `share` with those of the concepts m_j.

    Behaviour (1 - ψ) t + ψ z is linear in the written goal and the concepts, since z = Σ_j ρ_j m_j and
    t = β u + (1 - β) (Σ_j π_j m_j + π_g z); `graded` is π_g, or 0 for the objective where nothing is graded.
    """
    own = 1.0 - psi
    pointed = own * (1.0 - beta)
    for j in range(len(each)):
        if len(grader) == ABSENT:
            share[j] = pointed * pi[j] + psi * rho[j]
        else:
            share[j] = pointed * pi[j] + (psi + pointed * graded) * rho[j]
    return own * beta


@equation
def honeypot(realism, view):
    """Return what is left on a honeypot of a view that supposes training: ψ° = (1 - r) ψ, and π_g likewise."""
    return (1.0 - realism) * view


@equation
def performance(c, error):
    """Return the performance on the training objective: c (1 - E_s(g))."""
    return c * (1.0 - error)


@equation
def identify(rho, nearer, each, identification, switching):
    """Update the belief in place by the sample of this step.

    ρ_j ← [(1 - switching) ρ_j + switching / J] · exp(-identification · q · D_j), scaled to sum 1. `nearer` holds
    q (D_0 - D_j): what is common to all distances has no effect. Exponents are at most MOST_NATS: beyond that, the
    excess of the largest is taken off all but that of objective 0, whose factor is then too small to matter.
    """
    largest = 0.0 * rho[0]
    for j in range(1, len(each)):
        largest = most(nearer[j], largest)
    excess, total = most(0.0, identification * largest - MOST_NATS), 0.0 * rho[0]
    for j in range(len(each)):
        rho[j] = (1.0 - switching) * rho[j] + switching / len(each)
        if j > 0:
            rho[j] = rho[j] * exp(most(-MOST_NATS, identification * nearer[j] - excess))
        total = total + rho[j]
    scale = 1.0 / total
    for j in range(len(each)):
        rho[j] = rho[j] * scale
