"""Views of a state: its objectives, and its behaviour under each belief (model page, section 2)."""

from dataclasses import dataclass
from enum import Enum

import numpy as np

from feint.agents.kernels import equations
from feint.agents.kernels.equations import Forms
from feint.agents.kernels.reading import observe
from feint.agents.mind import CAPABILITY_FORMS, GATE_FORMS, INFERENCE_FORMS, Mind
from feint.agents.model import NEVER, Model
from feint.agents.state import State, check_objective


class Belief(Enum):
    """What a mesa-optimizer believes about its situation (model page, section 2)."""

    TRAINING = "in training"
    DEPLOYED = "deployed"
    HONEYPOT = "in an episode made to look like deployment"


@dataclass(frozen=True, kw_only=True, eq=False)
class View:
    """Views of every run of a state, at a stage with a given objective."""

    concepts: np.ndarray  #: m, each objective as understood (runs, objectives, modes)
    pointing: np.ndarray  #: π, shares of the pointer (runs, objectives); the rest is that of what is graded and a decoy
    graded: np.ndarray  #: (1 - β) π_g, weight of what is graded in the objective in training (runs,)
    terminal: np.ndarray  #: t', the terminal objective where nothing is graded (runs, modes)
    understood: np.ndarray  #: z, the objective it takes to be trained (runs, modes)
    gate: np.ndarray  #: ψ, the instrumental gate (runs,)

    def behaviour(self, belief: Belief, *, realism: float = 1.0) -> np.ndarray:
        """Return its behaviour under a belief (runs, modes): g in training, t' deployed, g° on a honeypot.

        g° = (1 - ψ°) t° + ψ° z, with t° = t' + (1 - r) (1 - β) π_g z and ψ° = (1 - r) ψ; r = 0 gives g, r = 1 gives t'.
        """
        share = {Belief.TRAINING: 1.0, Belief.DEPLOYED: 0.0, Belief.HONEYPOT: 1.0 - realism}[belief]
        gate, z = share * self.gate[:, None], self.understood
        return (1.0 - gate) * (self.terminal + share * self.graded[:, None] * z) + gate * z


def view(state: State, objective: int) -> View:
    """Return the views of all runs in training on the objective with this index: concepts, terminal objective, gate.

    The objective matters only where objectives are known at once; otherwise what a mind takes to be trained follows
    from its belief as it stands, and the views are the same for every objective.

    Parameters
    ----------
    state
        Runs between two moments of training, or one run along time.
    objective
        Index of the base objective that is trained.

    Returns
    -------
    View
        Arrays whose leading axis is that of the state.

    Raises
    ------
    InputError
        If the state has no such objective.

    Source
    ------
    Model page, section 2.

    """
    check_objective(state, objective)
    runs, objectives, modes = state.world.objectives.shape
    pointing, graded = np.empty((runs, objectives)), np.empty(runs)
    terminal, gate = np.empty((runs, modes)), np.empty(runs)
    mind = believing(state, objective)
    observe(
        mind,
        state.world,
        tuple(range(objectives)),
        state.model.spectrum_weights(),
        state.model.inference_power,
        chosen(state.model),
        pointing,
        graded,
        terminal,
        gate,
    )
    b, n = state.world
    concepts = _over(equations.concept)(mind.world[:, :, None], n, b - n)
    return View(
        concepts=concepts,
        pointing=pointing,
        graded=graded,
        terminal=terminal,
        understood=(mind.belief[:, :, None] * concepts).sum(axis=1),
        gate=gate,
    )


def believing(state: State, objective: int) -> Mind:
    """Return the mind of a state in training on `objective`: sure of it if objectives are known at once, else as is."""
    if not state.model.known_at_once:
        return state.mind
    sure = np.zeros((len(state), state.objectives))
    sure[:, objective] = 1.0
    return state.mind._replace(belief=sure)


def chosen(model: Model) -> Forms:
    """Return the functional forms of a model for the kernels: tuples whose length is the form's place in its list."""
    places = (
        CAPABILITY_FORMS.index(model.capability_form),
        INFERENCE_FORMS.index(model.inference_form),
        GATE_FORMS.index(model.gate_form),
        int(model.known_at_once),
        int(model.grader > NEVER),
    )
    return Forms(*((0,) * place for place in places))


def _over(equation):  # noqa: ANN001, ANN202 - a compiled function, or with compilation off a plain one
    """Return an equation of the kernels as a function of NumPy arrays."""
    return getattr(equation, "py_func", equation)
