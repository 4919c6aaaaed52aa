"""A stage of training (model page, sections 5 and 8)."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

from pydantic import Field, field_validator

from feint.agents.errors import unknown
from feint.agents.mind import GROUPS
from feint.agents.model import WHEATON, XU_2020, XU_2021
from feint.agents.parameters import OWN, Declared, parameter

PRETRAINING = {"name": "pretraining", "steps": 3000, "target": 0.0, "coverage": 0.5}
"""Defaults of a pre-training stage (objective 0) that differ."""

SHARE, POSITIVE = (0.0, 1.0), (0.0, None)

_exposure = partial(
    parameter, valid=POSITIVE, prior=(1e-4, 0.1), log=True, off=0.0, unit="loss", source=WHEATON + "; form: " + OWN
)
_share = partial(parameter, valid=SHARE, off=0.0, unit="fraction")


class Stage(Declared):
    """A stage of training towards one base objective; `objective=0` is pre-training and has its own defaults.

    Stages are frozen and take keywords only; `feint parameters` lists them with units and valid ranges.

    Raises
    ------
    InputError
        For a name, type or value that is not valid.

    Source
    ------
    Model page, sections 5 and 8.

    """

    name: str = Field(default="finetuning", description="name of the stage: letters, digits, _ and -")
    objective: int = parameter(1, valid=(0, 255), unit="index", argument="curriculum", source=XU_2021)
    """base objective that the stage trains towards (0: the pre-training objective)"""
    steps: int = parameter(
        12000,
        valid=(0, 10**9),
        prior=(300, 30_000),
        prior_of="pre-training",
        log=True,
        unit="steps",
        argument="curriculum",
    )
    """most SGD steps the stage may take"""
    target: float = _share(
        0.9,
        prior=(0.8, 0.98),
        prior_of="fine-tuning",
        unit="performance",
        argument="matching",
        source=XU_2021 + ", capability held constant",
    )
    """performance c (1 - E) at which the stage stops; 0 never stops early"""
    learning_rate: float = parameter(1.0, valid=POSITIVE, prior=(0.3, 3.0), log=True, argument="optimization")
    """common factor on all plasticities"""
    noise: float = parameter(0.3, valid=POSITIVE, prior=(0.05, 1.0), log=True, off=0.0, argument="optimization")
    """size of minibatch noise in the objective"""
    coverage: float = _share(0.0, prior=SHARE, argument="world model", source=XU_2021 + ", case 1")
    """how much the stage's data inform about the other objectives"""
    awareness_exposure: float = _exposure(0.003, argument="situational awareness")
    """how much the stage's data reward knowing that one is in training"""
    horizon_exposure: float = _exposure(0.002, argument="horizon")
    """how much the stage's data reward an objective that reaches past the episode"""
    honeypots: float = _share(
        0.0, prior=(0.0, 0.2), argument="honeypots", source=OWN + ", after adversarial training in " + XU_2020
    )
    """share of episodes made to look like deployment"""
    realism: float = _share(1.0, prior=SHARE, argument="honeypots")
    """how far a honeypot is taken for deployment"""
    carry: tuple[str, ...] = Field(
        default=tuple(GROUPS),
        description="which groups enter the stage as the last one left them: " + ", ".join(GROUPS),
    )

    if not TYPE_CHECKING:

        def __init__(self, **values: Any) -> None:
            kind = PRETRAINING if values.get("objective") == 0 else {}
            super().__init__(**{**kind, **values})
            self.model_fields_set.intersection_update(values)

    def prior(self, name: str) -> tuple[float, float] | None:
        """Return the range of a parameter's prior in this stage; None if it has none, or is a target that is off."""
        declared = self.parameters()[name]
        kind = "fine-tuning" if self.objective else "pre-training"
        if declared.prior_of not in ("", kind) or (name == "target" and not self.target):
            return None
        return declared.prior

    @field_validator("name", mode="before")
    @classmethod
    def _plain_name(cls, value: object) -> object:
        if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]*", value):
            raise ValueError(f"name = {value!r} is not valid for a stage: it must be of letters, digits, _ and -.")
        return value

    @field_validator("carry", mode="before")
    @classmethod
    def _known_groups(cls, value: object) -> object:
        if not isinstance(value, (list, tuple)):
            raise ValueError(f"carry = {value!r} is not valid for a stage: it must be a list of {', '.join(GROUPS)}.")
        for group in value:
            if not isinstance(group, str) or group not in GROUPS:
                raise ValueError(f"carry = {list(value)!r}: {unknown('group', group, GROUPS)}")
        return tuple(group for group in GROUPS if group in value)
