"""One SGD step, line by line as in section 3 of the model page.

It reads like the step of one run; each number is a row of lanes, so that it steps many (`agents/kernels/lanes.py`).
`each` is a tuple with one entry per objective: its length is known when the kernel is compiled. The stage's objective
comes first. Each equation of the step is written here and nowhere else.
"""

from typing import Any, NamedTuple

from feint.agents.kernels.boarding import gain
from feint.agents.kernels.compiling import equation
from feint.agents.kernels.elementary import least
from feint.agents.kernels.equations import behaviour, concept, honeypot_gate, terminal

GOAL, REPRESENTATION, POINTER, GATE, CAPABILITY, AWARENESS, HORIZON, WORLD = range(8)


class Settings(NamedTuple):
    """Numbers of a stage and a model that the kernel reads, by the names of their parameters."""

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


class Sums(NamedTuple):
    """Sums over modes."""

    error: Any  #: E_s(g)
    error_h: Any  #: E_s(g°); 0 without honeypots
    y: Any  #: <r + (1 - realism) r°, z - t>
    vu: Any  #: <v, u>


@equation
def sweep(mind, moved, known, each, pi, m, vm, look, spectrum, normals, noise_scale, rate, settings, honeypots):
    """Pass over the modes once: errors, and what reaches each part; <v, m_j> goes to `vm`.

    `spectrum` is lambda, `noise_scale` times `normals` is lambda x; `rate` is learning_rate · plasticity · R.
    The goal after the step goes to `moved`, because a run that stops here keeps its own.
    """
    u, w = mind.goal, mind.world
    beta, psi, psi_h = look.beta, look.psi, honeypot_gate(settings.realism, look.psi)
    o, realism = settings.honeypots, settings.realism
    r_scale, r_h_scale = 2.0 * (1.0 - o) * look.c, 2.0 * o * look.c
    through = 1.0 - psi + (1.0 - settings.shielding) * psi
    through_h = 1.0 - psi_h
    none = 0.0 * psi
    error, error_h, y, vu = none, none, none, none
    for j in range(len(each)):
        vm[j] = none
    for k in range(spectrum.size):
        p = 0.0
        for j in range(len(each)):
            m[j] = concept(w[j], known.n[j, k], known.gap[j, k])
            p = p + pi[j] * m[j]
        t, z, b, x = terminal(beta, u[k], p), m[0], known.b[k], noise_scale[k] * normals[k]
        missed = b - behaviour(psi, t, z)
        r = r_scale * (spectrum[k] * missed + x)
        error = error + spectrum[k] * missed * missed
        v = through * r
        gate_r = r
        if honeypots:
            missed_h = b - behaviour(psi_h, t, z)
            r_h = r_h_scale * (spectrum[k] * missed_h + x)
            error_h = error_h + spectrum[k] * missed_h * missed_h
            v = v + through_h * r_h
            gate_r = r + (1.0 - realism) * r_h
        y = y + gate_r * (z - t)
        vu = vu + v * u[k]
        for j in range(len(each)):
            vm[j] = vm[j] + v * m[j]
        moved[k] = u[k] + rate[GOAL] * (beta * v - settings.goal_cost * u[k])
    return Sums(error, error_h, y, vu)


@equation
def move(mind, each, pi, vm, look, sums, rate, settings):
    """Move every part but the goal by rate · (minus the gradient), all directions taken at the state before."""
    _, B, f, G, C, A, H, w = mind
    beta, gamma, c, a, h, o = look.beta, look.gamma, look.c, look.a, look.h, settings.honeypots
    y = sums.y - settings.speed_cost
    won = 1.0 - (1.0 - o) * sums.error - o * sums.error_h
    vp = 0.0
    for j in range(len(each)):
        vp = vp + pi[j] * vm[j]
    for j in range(len(each)):
        kappa = 1.0 if j == 0 else settings.coverage
        gain(f, j, len(each) + j, rate[POINTER] * (1.0 - beta) * pi[j] * (vm[j] - vp))
        w[j] = w[j] + least(rate[WORLD] * kappa, 1.0) * (1.0 - w[j])
    gain(B, 0, 1, rate[REPRESENTATION] * beta * (1.0 - beta) * (sums.vu - vp))
    gain(G, 0, 1, rate[GATE] * gamma * (1.0 - gamma) * look.by_gamma * y)
    gain(C, 0, 1, rate[CAPABILITY] * look.c_slope * (won + y * look.by_q * look.q_slope))
    gain(A, 0, 1, rate[AWARENESS] * (1.0 - a) * (a * look.by_a * y + settings.awareness_exposure * c))
    gain(H, 0, 1, rate[HORIZON] * (1.0 - h) * (h * look.by_h * y + settings.horizon_exposure * c))
