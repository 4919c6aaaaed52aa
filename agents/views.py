"""Views of a state: its objectives, and its behaviour under each belief (model page, section 2)."""

from dataclasses import dataclass
from enum import Enum

import numpy as np

from feint.agents.kernels import equations
from feint.agents.kernels.equations import Forms
from feint.agents.kernels.reading import observe
from feint.agents.mind import CAPABILITY_FORMS, GATE_FORMS, INFERENCE_FORMS
from feint.agents.model import Model
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
    pointing: np.ndarray  #: π, shares of the pointer (runs, objectives); the rest is the decoy's
    terminal: np.ndarray  #: t, the terminal objective (runs, modes)
    understood: np.ndarray  #: z, the training objective as understood (runs, modes)
    gate: np.ndarray  #: ψ, the instrumental gate (runs,)

    def behaviour(self, belief: Belief, *, realism: float = 1.0) -> np.ndarray:
        """Return its behaviour under a belief (runs, modes): g in training, t deployed, g° on a honeypot."""
        gate = {
            Belief.TRAINING: self.gate,
            Belief.DEPLOYED: np.zeros_like(self.gate),
            Belief.HONEYPOT: _over(equations.honeypot_gate)(realism, self.gate),
        }[belief]
        return _over(equations.behaviour)(gate[:, None], self.terminal, self.understood)


def view(state: State, objective: int) -> View:
    """Return the views of all runs in training on the objective with this index: concepts, terminal objective, gate.

    Raises `InputError` if they have no such objective. Source: model page, section 2; `View` states the shapes.
    """
    check_objective(state, objective)
    runs, objectives, modes = state.world.objectives.shape
    pointing, terminal, gate = np.empty((runs, objectives)), np.empty((runs, modes)), np.empty(runs)
    observe(
        state.mind,
        state.world,
        tuple(range(objectives)),
        state.model.spectrum_weights(),
        state.model.inference_power,
        chosen(state.model),
        pointing,
        terminal,
        gate,
    )
    b, n = state.world
    concepts = _over(equations.concept)(state.mind.world[:, :, None], n, b - n)
    return View(concepts=concepts, pointing=pointing, terminal=terminal, understood=concepts[:, objective], gate=gate)


def chosen(model: Model) -> Forms:
    """Return the functional forms of a model for the kernels: tuples whose length is the form's place in its list."""
    return Forms(
        (0,) * CAPABILITY_FORMS.index(model.capability_form),
        (0,) * INFERENCE_FORMS.index(model.inference_form),
        (0,) * GATE_FORMS.index(model.gate_form),
    )


def _over(equation):  # noqa: ANN001, ANN202 - a compiled function, or with compilation off a plain one
    """Return an equation of the kernels as a function of NumPy arrays."""
    return getattr(equation, "py_func", equation)
