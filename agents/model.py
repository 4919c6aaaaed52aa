"""Model: every parameter that is not a stage's (model page, section 8)."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from pydantic import ValidationInfo, field_validator

from feint.agents.mind import CAPABILITY_FORMS, GATE_FORMS, INFERENCE_FORMS
from feint.agents.parameters import Declared, bounded, parameter

XU_2020 = 'Xu, "Does SGD Produce Deceptive Alignment?" (2020)'
XU_2021 = 'Xu, "Pre-Training + Fine-Tuning Favors Deception" (2021)'
HERNANDEZ = 'Hernandez et al., "Scaling Laws for Transfer" (2021), arXiv 2102.01293'
HUBINGER_2022 = 'Hubinger, "How likely is deceptive alignment?" (2022)'
CARLSMITH = "Carlsmith (2023)"
WHEATON = "Wheaton (2023), on the order in which precursors of deception come"
OWN = "modelling choice of Feint"

POSITIVE = (0.0, None)
EXPONENT = (0.0, 20.0)  # of up to 1024 modes: every weight stays a normal number
LOGIT = (-30.0, 30.0)
KNOWN_AT_ONCE = 1e6  # nats: from here on the objective is known without evidence
GRADER_OFF = -30.0  # log-odds
MALLEN = 'Mallen and Shlegeris, "The behavioral selection model for predicting AI motivations" (2025)'


class Model(Declared):
    """World, inductive biases and starting point of the mesa-optimizers, and the tolerances of reading.

    Models are frozen and take keywords only; `feint parameters` lists them with units and valid ranges. Raises
    `InputError` for a name, type or value that is not valid.
    """

    modes: int = parameter(
        16,
        valid=(1, 1024),
        meaning="number of objective modes d: the size of the world",
        unit="modes",
        argument="world",
        source=OWN + "; a stand-in where a transfer law speaks of model size",
    )
    similarity: float | tuple[float, ...] = parameter(
        0.5,
        valid=(-1.0, 1.0),
        checked=False,  # below, for one number and for several
        prior=(0.0, 0.95),
        off=0.0,
        meaning="how near the fine-tuning objective is to the pre-training one; one number, or one for each of several",
        unit="correlation",
        argument="distance between losses",
        source=XU_2021 + ", case 1",
    )
    similarity_decay: float = parameter(
        0.0,
        valid=EXPONENT,
        prior=(0.0, 1.0),
        off=0.0,
        meaning="exponent with which similarity is lost in the tail of modes",
        argument="distance between losses",
        source=OWN + ", by analogy with the directed proximity of " + HERNANDEZ,
    )
    spectrum: float = parameter(
        1.0,
        valid=EXPONENT,
        prior=(0.0, 2.0),
        off=0.0,
        meaning="exponent of the training spectrum, hence of the learning curve",
        argument="world",
        source=OWN,
    )
    deployment_spectrum: float = parameter(
        0.0,
        valid=EXPONENT,
        prior=(0.0, 1.0),
        meaning="exponent of the spectrum at deployment (0: all modes matter alike)",
        argument="distribution shift",
        source=OWN,
    )
    plasticity_goal: float = parameter(
        0.02,
        valid=POSITIVE,
        prior=(5e-4, 0.2),
        log=True,
        off=0.0,
        meaning="how easily SGD writes an objective into the weights",
        unit="1/step",
        argument="written goals",
        source=XU_2021 + ", case 1: how hard, not how much",
    )
    plasticity_representation: float = parameter(
        1.0,
        valid=POSITIVE,
        prior=(0.1, 10.0),
        log=True,
        off=0.0,
        meaning="how easily SGD shifts weight between the written goal and the pointer",
        unit="1/step",
        argument="written goals",
        source=OWN,
    )
    plasticity_pointer: float = parameter(
        5.0,
        valid=POSITIVE,
        prior=(0.5, 50.0),
        log=True,
        off=0.0,
        meaning="how easily SGD shifts the pointer",
        unit="1/step",
        argument="pointers",
        source=XU_2021 + ", case 2",
    )
    plasticity_gate: float = parameter(
        2.0,
        valid=POSITIVE,
        prior=(0.2, 20.0),
        log=True,
        off=0.0,
        meaning="how easily instrumental play is reinforced",
        unit="1/step",
        argument="nearness to deception",
        source=XU_2021 + ", case 3: how easily it starts to play along",
    )
    plasticity_world: float = parameter(
        0.01,
        valid=POSITIVE,
        prior=(1e-3, 0.1),
        log=True,
        off=0.0,
        meaning="speed of world modelling",
        unit="1/step",
        argument="world model",
        source=XU_2020,
    )
    plasticity_capability: float = parameter(
        0.03,
        valid=POSITIVE,
        prior=(0.015, 0.1),
        log=True,
        off=0.0,
        meaning="speed at which capability grows",
        unit="1/step",
        argument="head start",
        source=XU_2021 + ", case 1: a capable start",
    )
    plasticity_awareness: float = parameter(
        1.0,
        valid=POSITIVE,
        prior=(0.1, 10.0),
        log=True,
        off=0.0,
        meaning="speed at which situational awareness is learned",
        unit="1/step",
        argument="situational awareness",
        source=XU_2020 + "; pace: " + OWN,
    )
    plasticity_horizon: float = parameter(
        1.0,
        valid=POSITIVE,
        prior=(0.1, 10.0),
        log=True,
        off=0.0,
        meaning="speed at which the objective comes to reach past the episode",
        unit="1/step",
        argument="horizon",
        source=HUBINGER_2022 + ", sticky goals",
    )
    inference_power: float = parameter(
        4.0,
        valid=POSITIVE,
        prior=(0.3, 10.0),
        log=True,
        off=0.0,
        meaning="optimization power at run time against the constant one of SGD",
        argument="run-time pointers",
        source=XU_2021,
    )
    identification: float = parameter(
        1.0,
        valid=POSITIVE,
        prior=(0.01, 100.0),
        log=True,
        off=KNOWN_AT_ONCE,
        meaning="evidence in one sample on which objective is trained (1,000,000 and more: known at once)",
        unit="nats per squared distance",
        argument="finding out the objective",
        source=XU_2021 + ", case 3: faster than the model works out its objective; the filter: " + OWN,
    )
    switching: float = parameter(
        1e-3,
        valid=(0.0, 1.0),
        prior=(1e-5, 0.1),
        log=True,
        meaning="how probable it takes a change to another objective to be, at each step",
        unit="1/step",
        argument="finding out the objective",
        source=XU_2021 + ": it predicted that it would be fine-tuned; the filter: " + OWN,
    )
    grader: float = parameter(
        GRADER_OFF,
        valid=LOGIT,
        off=GRADER_OFF,
        meaning="log weight, at the start, of a pointer at whatever is graded (-30: none)",
        unit="log-odds",
        argument="pointers",
        source=MALLEN,
    )
    speed_cost: float = parameter(
        0.001,
        valid=POSITIVE,
        prior=(1e-4, 0.1),
        log=True,
        off=0.0,
        meaning="price in loss of acting through the instrumental gate: a speed prior",
        unit="loss",
        argument="speed prior",
        source=HUBINGER_2022,
    )
    goal_cost: float = parameter(
        0.0,
        valid=POSITIVE,
        prior=(0.0, 0.1),
        off=0.0,
        meaning="price in loss of a written goal, per half of its squared norm: a simplicity prior",
        unit="loss",
        argument="simplicity prior",
        source=HUBINGER_2022 + "; the squared norm: " + OWN,
    )
    shielding: float = parameter(
        1.0,
        valid=(0.0, 1.0),
        prior=(0.5, 1.0),
        off=0.0,
        meaning="share of the gate's earnings that SGD leaves alone (1: crystallisation, less: goal drift)",
        unit="fraction",
        argument="crystallisation",
        source=XU_2020 + " and " + HUBINGER_2022 + " for; " + CARLSMITH + " against",
    )
    representation_init: float = parameter(
        1.5,
        valid=LOGIT,
        prior=(0.0, 5.0),
        off=0.0,
        meaning="how far written goals come before pointers",
        unit="log-odds",
        argument="written goals",
        source=XU_2020,
    )
    gate_init: float = parameter(
        -2.0,
        valid=LOGIT,
        prior=(-5.0, 0.0),
        off=-30.0,
        meaning="readiness to play along at the start: distance from deception",
        unit="log-odds",
        argument="nearness to deception",
        source=XU_2021,
    )
    capability_init: float = parameter(
        -3.0,
        valid=LOGIT,
        prior=(-4.0, -2.0),
        meaning="capability at the start",
        unit="log-odds",
        argument="head start",
        source=OWN,
    )
    awareness_init: float = parameter(
        -4.0,
        valid=LOGIT,
        prior=(-6.0, -1.0),
        off=-30.0,
        meaning="situational awareness at the start",
        unit="log-odds",
        argument="situational awareness",
        source=XU_2020 + "; " + WHEATON,
    )
    horizon_init: float = parameter(
        -2.0,
        valid=LOGIT,
        prior=(-4.0, 0.0),
        off=-30.0,
        meaning="reach of the objective past the episode at the start",
        unit="log-odds",
        argument="horizon",
        source=XU_2020 + ", myopia",
    )
    decoys: float = parameter(
        2.0,
        valid=LOGIT,
        prior=(0.0, 5.0),
        off=-30.0,
        meaning="log number of wrong concepts that a pointer could land on",
        unit="log-odds",
        argument="pointers",
        source=OWN + ", after the counting argument in " + XU_2020,
    )
    goal_init: float = parameter(
        0.1,
        valid=(1e-9, None),
        prior=(0.03, 1.0),
        log=True,
        meaning="size of the written goal before training",
        unit="Λ-norm",
        argument="written goals",
        source=OWN,
    )
    init_spread: float = parameter(
        1.0,
        valid=POSITIVE,
        prior=(0.5, 2.0),
        off=0.0,
        meaning="spread of a run's start around the *_init values",
        unit="log-odds",
        argument="variation between runs",
        source=OWN,
    )
    plasticity_spread: float = parameter(
        0.5,
        valid=POSITIVE,
        prior=(0.0, 1.0),
        off=0.0,
        meaning="spread of a run's inductive bias, in the logarithm of each plasticity",
        unit="log",
        argument="variation between runs",
        source=OWN,
    )
    train_tolerance: float = parameter(
        0.1,
        valid=POSITIVE,
        meaning="largest error on the training objective that counts as trained; at least 1 - target of the stage",
        unit="error",
        argument="reading",
        source=OWN,
    )
    deploy_tolerance: float = parameter(
        0.25,
        valid=POSITIVE,
        prior=(0.1, 0.4),
        meaning="largest error at deployment that counts as good",
        unit="error",
        argument="reading",
        source=OWN,
    )

    capability_form: str = parameter(
        "logistic",
        choices=CAPABILITY_FORMS,
        meaning="how capability follows from C: 1 / (1 + e^-C), 1 - (1 + e^C)^(-1/2), or C/8 + 1/2 within [0, 1]",
        unit="form",
        argument="functional forms",
        source=OWN,
    )
    inference_form: str = parameter(
        "odds",
        choices=INFERENCE_FORMS,
        meaning="run-time inference, of x = inference_power · c: 1 - e^(-x / (1 - c)), 1 - e^-x, x / (1 + x), or x > 1",
        unit="form",
        argument="functional forms",
        source=OWN,
    )
    gate_form: str = parameter(
        "product",
        choices=GATE_FORMS,
        meaning="how the instrumental gate joins readiness, awareness, horizon and inference: product, or minimum",
        unit="form",
        argument="functional forms",
        source=OWN,
    )

    @field_validator("capability_form", "inference_form", "gate_form", mode="before")
    @classmethod
    def _known_form(cls, value: object, info: ValidationInfo) -> object:
        declared = cls.parameters()[str(info.field_name)]
        if value not in declared.choices:
            raise ValueError(f"{declared.name} = {value!r} is not valid for a model: it must be {declared.allowed}.")
        return value

    @field_validator("similarity", mode="before")
    @classmethod
    def _one_or_several(cls, value: object) -> object:
        """Hold one number, or each of several, to the bounds."""
        several = isinstance(value, (list, tuple))
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

    def similarities(self, objectives: int) -> np.ndarray:
        """Return the similarity of each fine-tuning objective to objective 0; (objectives - 1,)."""
        if isinstance(self.similarity, tuple):
            return np.array(self.similarity)
        return np.full(objectives - 1, self.similarity)


@lru_cache(maxsize=64)
def falling(exponent: float, modes: int) -> np.ndarray:
    """Return k^(-exponent), scaled to mean 1; (modes,). It is cached and must not be written to."""
    weights = np.arange(1, modes + 1, dtype=float) ** -exponent
    return weights / weights.mean()
