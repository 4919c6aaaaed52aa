"""Model: every parameter that is not a stage's (model page, section 8)."""

from functools import lru_cache, partial
from typing import Any

import numpy as np
from pydantic import field_validator

from feint.agents.mind import CAPABILITY_FORMS, GATE_FORMS, INFERENCE_FORMS
from feint.agents.parameters import OWN, Declared, bounded, parameter

XU_2020 = 'Xu, "Does SGD Produce Deceptive Alignment?" (2020)'
XU_2021 = 'Xu, "Pre-Training + Fine-Tuning Favors Deception" (2021)'
HERNANDEZ = 'Hernandez et al., "Scaling Laws for Transfer" (2021), arXiv 2102.01293'
MALLEN = 'Mallen and Shlegeris, "The behavioral selection model for predicting AI motivations" (2025)'
HUBINGER_2022 = 'Hubinger, "How likely is deceptive alignment?" (2022)'
CARLSMITH = "Carlsmith (2023)"
WHEATON = "Wheaton (2023), on the order in which precursors of deception come"

POSITIVE = (0.0, None)
EXPONENT = (0.0, 20.0)  # of up to 1024 modes: every weight stays a normal number
LOGIT = (-30.0, 30.0)
KNOWN_AT_ONCE = 1e6  # nats: from here on the objective is known without evidence
NEVER = LOGIT[0]  # log-odds at which a mechanism is off
ALIKE = 1e-9  # of an objective that is left to itself: below this it is a mixture of others

_distance = partial(parameter, off=0.0, argument="distance between losses")
_plasticity = partial(parameter, valid=POSITIVE, log=True, off=0.0, unit="1/step")
_cost = partial(parameter, valid=POSITIVE, off=0.0, unit="loss")
_log_odds = partial(parameter, valid=LOGIT, unit="log-odds")
_finding_out = partial(parameter, log=True, argument="finding out the objective")
_spread = partial(parameter, valid=POSITIVE, off=0.0, argument="variation between runs")
_tolerance = partial(parameter, valid=POSITIVE, unit="error", argument="reading")
_form = partial(parameter, unit="form", argument="functional forms")


class Model(Declared):
    """World, inductive biases and starting point of the mesa-optimizers, and the tolerances of reading.

    Models are frozen and take keywords only; `feint parameters` lists them with units and valid ranges.

    Raises
    ------
    InputError
        For a name, type or value that is not valid.

    Source
    ------
    Model page, section 8.

    """

    modes: int = parameter(
        16,
        valid=(1, 1024),
        unit="modes",
        argument="world",
        source=OWN + "; a stand-in where a transfer law speaks of model size",
    )
    """number of objective modes d: the size of the world"""
    similarity: float | tuple[float, ...] | tuple[tuple[float, ...], ...] = _distance(  # checked below
        0.5, valid=(-1.0, 1.0), checked=False, prior=(0.0, 0.95), unit="correlation", source=XU_2021 + ", case 1"
    )
    """how near the fine-tuning objective is to the pre-training one; one number, one for each, or rows for any two"""
    similarity_decay: float = _distance(
        0.0, valid=EXPONENT, prior=(0.0, 1.0), source=OWN + ", by analogy with the directed proximity of " + HERNANDEZ
    )
    """exponent with which similarity is lost in the tail of modes"""
    spectrum: float = parameter(1.0, valid=EXPONENT, prior=(0.0, 2.0), off=0.0, argument="world")
    """exponent of the training spectrum, hence of the learning curve"""
    deployment_spectrum: float = parameter(0.0, valid=EXPONENT, prior=(0.0, 1.0), argument="distribution shift")
    """exponent of the spectrum at deployment (0: all modes matter alike)"""
    plasticity_goal: float = _plasticity(
        0.02, prior=(5e-4, 0.2), argument="written goals", source=XU_2021 + ", case 1: how hard, not how much"
    )
    """how easily SGD writes an objective into the weights"""
    plasticity_representation: float = _plasticity(1.0, prior=(0.1, 10.0), argument="written goals")
    """how easily SGD shifts weight between the written goal and the pointer"""
    plasticity_pointer: float = _plasticity(5.0, prior=(0.5, 50.0), argument="pointers", source=XU_2021 + ", case 2")
    """how easily SGD shifts the pointer"""
    plasticity_gate: float = _plasticity(
        2.0,
        prior=(0.2, 20.0),
        argument="nearness to deception",
        source=XU_2021 + ", case 3: how easily it starts to behave deceptively",
    )
    """how easily instrumental behaviour is reinforced"""
    plasticity_world: float = _plasticity(0.01, prior=(1e-3, 0.1), argument="world model", source=XU_2020)
    """speed of world modelling"""
    plasticity_capability: float = _plasticity(
        0.03, prior=(0.015, 0.1), argument="head start", source=XU_2021 + ", case 1: a capable start"
    )
    """speed at which capability grows"""
    plasticity_awareness: float = _plasticity(
        1.0, prior=(0.1, 10.0), argument="situational awareness", source=XU_2020 + "; pace: " + OWN
    )
    """speed at which situational awareness is learned"""
    plasticity_horizon: float = _plasticity(
        1.0, prior=(0.1, 10.0), argument="horizon", source=HUBINGER_2022 + ", sticky goals"
    )
    """speed at which the objective comes to reach past the episode"""
    inference_power: float = parameter(
        4.0, valid=POSITIVE, prior=(0.3, 10.0), log=True, off=0.0, argument="run-time pointers", source=XU_2021
    )
    """optimization power at run time against the constant one of SGD"""
    identification: float = _finding_out(
        1.0,
        valid=POSITIVE,
        prior=(0.01, 100.0),
        off=KNOWN_AT_ONCE,
        unit="nats per squared distance",
        source=XU_2021 + ", case 3: faster than the model works out its objective; the filter: " + OWN,
    )
    """evidence in one sample on which objective is trained (1,000,000 and more: known at once)"""
    switching: float = _finding_out(
        1e-3,
        valid=(0.0, 1.0),
        prior=(1e-5, 0.1),
        unit="1/step",
        source=XU_2021 + ": it predicted that it would be fine-tuned; the filter: " + OWN,
    )
    """probability that a mind assigns to a change of the objective at each step"""
    grader: float = _log_odds(NEVER, off=NEVER, argument="pointers", source=MALLEN)
    """log weight, at the start, of a pointer at whatever is graded (-30: none)"""
    speed_cost: float = _cost(0.001, prior=(1e-4, 0.1), log=True, argument="speed prior", source=HUBINGER_2022)
    """price in loss of acting through the instrumental gate: a speed prior"""
    goal_cost: float = _cost(
        0.0, prior=(0.0, 0.1), argument="simplicity prior", source=HUBINGER_2022 + "; the squared norm: " + OWN
    )
    """price in loss of a written goal, per half of its squared norm: a simplicity prior"""
    shielding: float = parameter(
        1.0,
        valid=(0.0, 1.0),
        prior=(0.5, 1.0),
        off=0.0,
        unit="fraction",
        argument="crystallisation",
        source=XU_2020 + " and " + HUBINGER_2022 + " for; " + CARLSMITH + " against",
    )
    """share of the gradient kept from the terminal objective by an open gate (1: crystallisation, less: goal drift)"""
    representation_init: float = _log_odds(1.5, prior=(0.0, 5.0), off=0.0, argument="written goals", source=XU_2020)
    """how far written goals come before pointers"""
    gate_init: float = _log_odds(-2.0, prior=(-5.0, 0.0), off=NEVER, argument="nearness to deception", source=XU_2021)
    """readiness at the start to act on what training wants: distance from deception"""
    capability_init: float = _log_odds(-3.0, prior=(-4.0, -2.0), argument="head start")
    """capability at the start"""
    awareness_init: float = _log_odds(
        -4.0, prior=(-6.0, -1.0), off=NEVER, argument="situational awareness", source=XU_2020 + "; " + WHEATON
    )
    """situational awareness at the start"""
    horizon_init: float = _log_odds(-2.0, prior=(-4.0, 0.0), off=NEVER, argument="horizon", source=XU_2020 + ", myopia")
    """reach of the objective past the episode at the start"""
    decoys: float = _log_odds(
        2.0,
        prior=(0.0, 5.0),
        off=NEVER,
        argument="pointers",
        source=OWN + ", after the counting argument in " + XU_2020,
    )
    """log number of wrong concepts that a pointer could land on"""
    goal_init: float = parameter(
        0.1, valid=(1e-9, None), prior=(0.03, 1.0), log=True, unit="Λ-norm", argument="written goals"
    )
    """size of the written goal before training"""
    init_spread: float = _spread(
        1.0, prior=(0.5, 2.0), unit="log-odds", meaning="spread of a run's start around the *_init values"
    )
    plasticity_spread: float = _spread(0.5, prior=(0.0, 1.0), unit="log")
    """spread of a run's inductive bias, in the logarithm of each plasticity"""
    train_tolerance: float = _tolerance(0.1)
    """largest error on the training objective that counts as trained; at least 1 - target of the stage"""
    deploy_tolerance: float = _tolerance(0.25, prior=(0.1, 0.4))
    """largest error at deployment that counts as good"""
    capability_form: str = _form("logistic", choices=CAPABILITY_FORMS)
    """how capability follows from C: 1 / (1 + e^-C), 1 - (1 + e^C)^(-1/2), or C/8 + 1/2 within [0, 1]"""
    inference_form: str = _form("odds", choices=INFERENCE_FORMS)
    """run-time inference, of x = inference_power · c: 1 - e^(-x / (1 - c)), 1 - e^-x, x / (1 + x), or x > 1"""
    gate_form: str = _form("product", choices=GATE_FORMS)
    """how the instrumental gate joins readiness, awareness, horizon and inference: product, or minimum"""

    @field_validator("similarity", mode="before")
    @classmethod
    def _one_or_several(cls, value: object) -> object:
        several = isinstance(value, (list, tuple))
        if several and len(value) > 1 and all(isinstance(row, (list, tuple)) for row in value):
            return _checked_rows(value, cls)
        for number in value if several else (value,):
            bounded(cls.parameters()["similarity"], number, cls)
        if several and not value:
            raise ValueError("similarity = [] names no fine-tuning objective: give one number, or one for each.")
        return tuple(float(number) for number in value) if several else value

    @property
    def known_at_once(self) -> bool:
        """Whether every mind knows from a stage's first check on which objective is trained."""
        return self.identification >= KNOWN_AT_ONCE

    def spectrum_weights(self) -> np.ndarray:
        """Return the training spectrum, lambda_k ∝ k^(-spectrum), scaled to mean 1; (modes,)."""
        return falling(self.spectrum, self.modes).copy()

    def deployment_weights(self) -> np.ndarray:
        """Return the deployment spectrum, lambda'_k ∝ k^(-deployment_spectrum), scaled to mean 1; (modes,)."""
        return falling(self.deployment_spectrum, self.modes).copy()

    @property
    def nearest(self) -> float:
        """Similarity of objective 1 to objective 0."""
        first = self.similarity[0] if isinstance(self.similarity, tuple) else self.similarity
        return first[0] if isinstance(first, tuple) else first

    def similarities(self, objectives: int) -> np.ndarray:
        """Return the similarity of each fine-tuning objective to objective 0 (objectives - 1,)."""
        if not isinstance(self.similarity, tuple):
            return np.full(objectives - 1, self.similarity)
        return np.zeros(objectives - 1) if self.in_rows else np.array(self.similarity)

    @property
    def in_rows(self) -> bool:
        """Whether the similarity of any two objectives is given."""
        return isinstance(self.similarity, tuple) and isinstance(self.similarity[0], tuple)

    def mixture(self) -> np.ndarray:
        """Return what each objective is mixed of, if the similarity of any two is given: b_j = Σ_i a_ji e_i, i ≤ j.

        a_jik (objectives, objectives, modes) is Cholesky's factor of the matrix of similarities, each lost in the tail
        of modes by k^(-similarity_decay).
        """
        fall = np.arange(1, self.modes + 1, dtype=float) ** -self.similarity_decay
        return factor(_matrix(self.similarity)[..., None] * fall)


def _matrix(rows: Any) -> np.ndarray:
    """Return similarities below the diagonal (objectives, objectives), from a row for each objective but the first."""
    below = np.zeros((len(rows) + 1, len(rows) + 1))
    for j, row in enumerate(rows, 1):
        below[j, :j] = row
    return below


def factor(below: np.ndarray) -> np.ndarray:
    """Return Cholesky's factor of matrices of similarities (objectives, objectives, modes).

    `below` has them below the diagonal, which is 1 (objectives, objectives, modes). A row that those before it
    determine has nothing of its own, so that matrices may be singular.
    """
    factors = np.zeros_like(below)
    for j in range(len(below)):
        for i in range(j):
            left = below[j, i] - (factors[j, :i] * factors[i, :i]).sum(axis=0)
            factors[j, i] = np.divide(left, factors[i, i], out=np.zeros_like(left), where=factors[i, i] > ALIKE)
        factors[j, j] = np.sqrt(np.maximum(0.0, 1 - (factors[j, :j] ** 2).sum(axis=0)))
    return factors


def _checked_rows(rows: Any, cls: type[Declared]) -> tuple[tuple[float, ...], ...]:
    """Return the similarities of any two objectives; raises `InputError` unless some objectives can have them."""
    for j, row in enumerate(rows, 1):
        if len(row) != j:
            right = f"that of objective {j} needs {j}, one for each objective before it"
            raise ValueError(f"similarity = {list(rows)!r} has a row {list(row)!r}: {right}.")
        for number in row:
            bounded(cls.parameters()["similarity"], number, cls)
    below = _matrix(rows)
    if np.linalg.eigvalsh(below + below.T + np.eye(len(below))).min() < -ALIKE:
        right = "two objectives that are near a third one are near each other; make them less alike, or more so"
        raise ValueError(f"similarity = {list(map(list, rows))!r} cannot be: {right}.")
    return tuple(tuple(float(number) for number in row) for row in rows)


@lru_cache(maxsize=64)
def falling(exponent: float, modes: int) -> np.ndarray:
    """Return k^(-exponent), scaled to mean 1; (modes,). It is cached and must not be written to."""
    weights = np.arange(1, modes + 1, dtype=float) ** -exponent
    return weights / weights.mean()
