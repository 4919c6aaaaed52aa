"""Trained parts of a mesa-optimizer, its world, its progress in a stage, and the names of functional forms."""

from typing import NamedTuple

import numpy as np

Array = np.ndarray


class Mind(NamedTuple):
    """The eight parts that have a plasticity, the pointer's logit at what is graded, and the belief.

    They are those of the model page, section 2; the leading axis is the run.

    Kernels use the same names for rows of lanes.
    """

    goal: Array  #: u, an objective written into the weights (runs, modes)
    representation: Array  #: B, β = σ(B): share of the written goal in the terminal objective (runs,)
    pointer: Array  #: f, logits over the concepts; the decoy's is 0 (runs, objectives)
    gate: Array  #: G, γ = σ(G): readiness to act on what training wants (runs,)
    capability: Array  #: C, c = σ(C) (runs,)
    awareness: Array  #: A, a = σ(A): probability it gives to being in training (runs,)
    horizon: Array  #: H, h = σ(H): reach of its objective past the episode (runs,)
    world: Array  #: w in [0, 1]: how well each objective is understood (runs, objectives)
    grader: Array  #: f_g, the pointer's logit at whatever is graded (runs,)
    belief: Array  #: ρ, probability that each objective is the one it is trained for (runs, objectives)


class World(NamedTuple):
    """Base objectives of a run and its misconceptions of them (model page, section 1)."""

    objectives: Array  #: b (runs, objectives, modes)
    misconceptions: Array  #: n (runs, objectives, modes)


class Progress(NamedTuple):
    """Position of each run in its present stage."""

    taken: Array  #: SGD steps taken (runs,)
    status: Array  #: OUTSIDE (of any stage), RUNNING, REACHED or DIVERGED (runs,)
    generator: Array  #: state of the run's noise generator (runs, 4)


RUNNING, REACHED, DIVERGED = 0, 1, 2
OUTSIDE = -1

PARTS = Mind._fields[:8]
"""Parts with a plasticity of their own; the grader's logit moves with that of the pointer, and the belief has none."""

GROUPS: dict[str, tuple[str, ...]] = {
    "goal": ("goal", "representation", "pointer", "grader"),
    "gate": ("gate",),
    "capability": ("capability",),
    "awareness": ("awareness", "horizon", "belief"),
    "world": ("world",),
}
"""The five groups of parts that a stage can carry over from the previous one."""


CAPABILITY_FORMS = ("logistic", "power", "linear")
INFERENCE_FORMS = ("odds", "exponential", "hyperbolic", "step")
GATE_FORMS = ("product", "minimum")

LOGISTIC, POWER, LINEAR = range(3)
ODDS, EXPONENTIAL, HYPERBOLIC, STEP = range(4)
PRODUCT, MINIMUM = range(2)
INFERRED, KNOWN = range(2)  # whether the belief is a filter's, or certain from the stage's first check on
ABSENT, PRESENT = range(2)  # whether the pointer can land on what is graded
