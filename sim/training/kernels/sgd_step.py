"""One SGD step, line by line as in section 3 of the model page.

It reads like the step of one run; each number is a row of lanes, so that it steps many (`agents/kernels/lanes.py`).
`each` is a tuple with one entry per objective: its length is known when the kernel is compiled. The stage's objective
comes first. Each equation of the step is written here and nowhere else.
"""

from typing import Any, NamedTuple

from feint.agents.kernels.boarding import LOGIT, REST, gain
from feint.agents.kernels.compiling import equation
from feint.agents.kernels.elementary import least
from feint.agents.kernels.equations import act, concept, honeypot, identify
from feint.agents.mind import ABSENT, INFERRED

GOAL, REPRESENTATION, POINTER, GATE, CAPABILITY, AWARENESS, HORIZON, WORLD = range(8)


class Settings(NamedTuple):
    """Numbers of a stage and a model that the kernel reads, by the names of their parameters."""

    objective: int
    target: float
    honeypots: float
    realism: float
    coverage: float
    awareness_exposure: float
    horizon_exposure: float
    inference_power: float
    identification: float
    switching: float
    speed_cost: float
    goal_cost: float
    shielding: float


class Shares(NamedTuple):
    """Rows that a step fills, one per objective."""

    pointing: Any  #: π_j
    concept: Any  #: m_j of one mode
    acting: Any  #: weight of m_j in g
    acting_h: Any  #: weight of m_j in g°
    reached: Any  #: <e, m_j>, where e = Λ (b_s + x - g)
    reached_h: Any  #: <e°, m_j>, where e° = Λ (b_s + x - g°)
    sampled: Any  #: <Λ x, m_j - m_s>


class Sums(NamedTuple):
    """Sums over modes."""

    error: Any  #: E_s(g)
    error_h: Any  #: E_s(g°); 0 without honeypots
    goal: Any  #: <e, u>
    goal_h: Any  #: <e°, u>; 0 without honeypots


class Flow(NamedTuple):
    """What reaches the mind of a residual, as factors of e and of e°."""

    r: Any  #: r = 2 c (1 - o) e
    r_h: Any  #: r° = 2 c o e°
    v: Any  #: v1 = (1 - ψ + (1 - shielding) ψ) r
    v_h: Any  #: v2 = (1 - ψ°) r°


@equation
def flow(look, settings):
    """Return what reaches the mind of a residual."""
    psi, psi_h = look.psi, honeypot(settings.realism, look.psi)
    r, r_h = 2.0 * (1.0 - settings.honeypots) * look.c, 2.0 * settings.honeypots * look.c
    return Flow(r, r_h, (1.0 - psi + (1.0 - settings.shielding) * psi) * r, (1.0 - psi_h) * r_h)


@equation
def sweep(
    mind, moved, known, each, shares, graded, look, through, spectrum, normals, noise, rate, settings, honeypots, forms
):
    """Pass over the modes once: errors, and the inner products that every step direction is made of.

    `spectrum` is lambda, `noise` times `normals` is lambda x; `rate` is learning_rate · plasticity · R. The goal after
    the step, u + rate (β v - goal_cost u), goes to `moved`, because a run that stops here keeps its own.
    """
    u, w, rho = mind.goal, mind.world, mind.belief
    pi, m, acting, acting_h, reached, reached_h, sampled = shares
    own = act(look.psi, look.beta, pi, graded, rho, each, acting, forms.grader)
    own_h = 0.0 * own
    if honeypots:
        psi_h, graded_h = honeypot(settings.realism, look.psi), honeypot(settings.realism, graded)
        own_h = act(psi_h, look.beta, pi, graded_h, rho, each, acting_h, forms.grader)
    kept = 1.0 - rate[GOAL] * settings.goal_cost
    push, push_h = rate[GOAL] * look.beta * through.v, rate[GOAL] * look.beta * through.v_h
    none = 0.0 * own
    error, error_h, goal, goal_h = none, none, none, none
    for j in range(len(each)):
        reached[j], reached_h[j], sampled[j] = none, none, none
    for k in range(spectrum.size):
        g = own * u[k]
        for j in range(len(each)):
            m[j] = concept(w[j], known.n[j, k], known.gap[j, k])
            g = g + acting[j] * m[j]
        x = noise[k] * normals[k]
        missed = known.b[k] - g
        weighed = spectrum[k] * missed
        error = error + weighed * missed
        e = weighed + x
        goal = goal + e * u[k]
        after = kept * u[k] + push * e
        for j in range(len(each)):
            reached[j] = reached[j] + e * m[j]
            if j > 0 and len(forms.belief) == INFERRED:
                sampled[j] = sampled[j] + x * (m[j] - m[0])
        if honeypots:
            g_h = own_h * u[k]
            for j in range(len(each)):
                g_h = g_h + acting_h[j] * m[j]
            missed_h = known.b[k] - g_h
            weighed_h = spectrum[k] * missed_h
            error_h = error_h + weighed_h * missed_h
            e_h = weighed_h + x
            goal_h = goal_h + e_h * u[k]
            after = after + push_h * e_h
            for j in range(len(each)):
                reached_h[j] = reached_h[j] + e_h * m[j]
        moved[k] = after
    return Sums(error, error_h, goal, goal_h)


@equation
def move(mind, known, each, shares, graded, look, through, sums, rate, settings, forms):
    """Move every part but the goal by rate · (minus the gradient), all directions taken at the state before."""
    _, B, f, G, C, A, H, w, f_g, rho = mind
    pi, reached, reached_h, sampled = shares.pointing, shares.reached, shares.reached_h, shares.sampled
    beta, gamma, c, a, h, o = look.beta, look.gamma, look.c, look.a, look.h, settings.honeypots
    real, none = 1.0 - settings.realism, 0.0 * look.c
    p, p_h, z, z_h = none, none, none, none  # <e, p>, <e°, p>, <e, z>, <e°, z>
    for j in range(len(each)):
        p, p_h = p + pi[j] * reached[j], p_h + pi[j] * reached_h[j]
        z, z_h = z + rho[j] * reached[j], z_h + rho[j] * reached_h[j]
    t = beta * sums.goal + (1.0 - beta) * (p + graded * z)
    t_h = beta * sums.goal_h + (1.0 - beta) * (p_h + real * graded * z_h)
    y = through.r * (z - t) + real * through.r_h * (z_h - t_h) - settings.speed_cost
    vz = through.v * z + real * through.v_h * z_h
    vp = through.v * p + through.v_h * p_h + graded * vz
    vu = through.v * sums.goal + through.v_h * sums.goal_h
    won = 1.0 - (1.0 - o) * sums.error - o * sums.error_h
    if len(forms.grader) != ABSENT:
        gain(f_g, LOGIT, REST, rate[POINTER] * (1.0 - beta) * graded * (vz - vp))
    if len(forms.belief) == INFERRED:
        nearest = known.away[0] + w[0] * (known.away[1] + w[0] * known.away[2])
        for j in range(len(each)):
            far = known.away[3 * j] + w[j] * (known.away[3 * j + 1] + w[j] * known.away[3 * j + 2])
            sampled[j] = look.q * (nearest - (far - 2.0 * sampled[j]))
        identify(rho, sampled, each, settings.identification, settings.switching)
    for j in range(len(each)):
        kappa = 1.0 if j == 0 else settings.coverage
        vm = through.v * reached[j] + through.v_h * reached_h[j]
        gain(f, j, len(each) + j, rate[POINTER] * (1.0 - beta) * pi[j] * (vm - vp))
        w[j] = w[j] + least(rate[WORLD] * kappa, 1.0) * (1.0 - w[j])
    gain(B, LOGIT, REST, rate[REPRESENTATION] * beta * (1.0 - beta) * (vu - vp))
    gain(G, LOGIT, REST, rate[GATE] * gamma * (1.0 - gamma) * look.by_gamma * y)
    gain(C, LOGIT, REST, rate[CAPABILITY] * (look.c_slope * won + y * look.by_q * look.q_slope))
    gain(A, LOGIT, REST, rate[AWARENESS] * (1.0 - a) * (a * look.by_a * y + settings.awareness_exposure * c))
    gain(H, LOGIT, REST, rate[HORIZON] * (1.0 - h) * (h * look.by_h * y + settings.horizon_exposure * c))
