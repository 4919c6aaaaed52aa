"""The views of a mind, one equation a function (MODEL: section 2).

Each is a function of scalars, which the training kernel applies lane by lane and the read-out run by run;
`equation.py_func` is the same line of code over NumPy arrays.
"""

from __future__ import annotations

from feint.agents.kernels.arithmetic import exp
from feint.agents.kernels.compiling import scalar


@scalar
def concept(w, b, n):
    """Objective j as the world model understands it: m_j = w_j b_j + (1 - w_j) n_j."""
    return w * b + (1.0 - w) * n


@scalar
def terminal(beta, u, p):
    """Terminal objective: t = β u + (1 - β) p, where p = Σ_j π_j m_j is what the pointer points at."""
    return beta * u + (1.0 - beta) * p


@scalar
def missing_inference(inference_power, c):
    """What run-time inference lacks: 1 - q = exp(-inference_power · c)."""
    return exp(-inference_power * c)


@scalar
def instrumental_gate(gamma, a, h, q):
    """Instrumental gate: ψ = γ a h q."""
    return gamma * a * h * q


@scalar
def honeypot_gate(realism, psi):
    """Instrumental gate on a honeypot: ψ° = (1 - r) ψ."""
    return (1.0 - realism) * psi


@scalar
def behaviour(psi, t, z):
    """Behaviour under the gate ψ: (1 - ψ) t + ψ z, where z is the training objective as understood."""
    return (1.0 - psi) * t + psi * z


@scalar
def squared_error(weight, b, v):
    """One mode's part of an error E(v) = Σ_k weight_k (b_k - v_k)²."""
    return weight * (b - v) * (b - v)


@scalar
def performance(c, error):
    """Performance on the training objective: c (1 - E_s(g))."""
    return c * (1.0 - error)
