"""The JSON document of `feint scenario transfer --networks`."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from pydantic import Field, PositiveInt

from feint.scenarios.networks.documents import finite
from feint.sim.networks.transfer import ARMS, FEW, SCORES, Transfer, amounts
from feint.sim.results.part import Part
from feint.sim.statistics.intervals import Interval
from feint.sim.statistics.scaling_law_fit import LawFit


class Curve(Part):
    """One arm at one width: at each amount of data the score on other strings, of each seed."""

    arm: Literal["scratch", "near", "far"]
    width: PositiveInt
    size: PositiveInt = Field(description="N, weights without those of the first layer")
    data: list[int] = Field(description="strings")
    loss: list[list[float]] = Field(description="nats, amounts by seeds")
    error: list[list[float]] = Field(description="share of wrong answers, amounts by seeds")


class EffectiveData(Part):
    """D_T at one width."""

    arm: Literal["near", "far"]
    score: Literal["loss", "error"]
    width: PositiveInt
    data: list[int] = Field(description="D_F, strings")
    transferred: list[float | None] = Field(description="D_T, strings; null where scratch is never so good")


class Bounded(Part):
    """An estimate with its interval; null where it is not finite."""

    estimate: float | None
    low: float | None
    high: float | None


class NetworksLaw(Part):
    """A law fitted over all widths; constants are null of one seed, or of too few points with a positive D_T."""

    arm: Literal["near", "far"]
    score: Literal["loss", "error"]
    k: Bounded | None
    alpha: Bounded | None
    beta: Bounded | None
    explained: float | None
    points: int
    left_out: int


class NetworksTransferDocument(Part):
    """The document of `feint scenario transfer --networks`."""

    schema_: Literal[1] = Field(alias="schema")
    scenario: Literal["networks-transfer"]
    seeds: PositiveInt
    seed: int
    curves: list[Curve]
    enough: list[float | None] = Field(description="D(N) of each width, strings")
    transferred: list[EffectiveData]
    laws: list[NetworksLaw]
    passport: dict[str, Any]


def told(found: Transfer, enough: np.ndarray, laws: dict[tuple[str, str], LawFit | None]) -> dict[str, Any]:
    """Transfer as a document."""
    return {
        "schema": 1,
        "scenario": "networks-transfer",
        "seeds": found.seeds,
        "seed": found.seed,
        "curves": [_curve(found, arm, i) for arm in ARMS for i in range(len(found.widths))],
        "enough": [finite(each) for each in enough],
        "transferred": [
            {
                "arm": arm,
                "score": score,
                "width": width,
                "data": list(FEW),
                "transferred": [finite(each) for each in found.effective(arm, score)[i]],
            }
            for arm in ("near", "far")
            for score in SCORES
            for i, width in enumerate(found.widths)
        ],
        "laws": [_law(*place, law) for place, law in laws.items()],
        "passport": found.passport(),
    }


def _curve(found: Transfer, arm: str, i: int) -> dict[str, Any]:
    about = {"arm": arm, "width": found.widths[i], "size": int(found.sizes[i]), "data": list(amounts(arm))}
    return {**about, "loss": found.loss[arm][i].tolist(), "error": found.error[arm][i].tolist()}


def _law(arm: str, score: str, law: LawFit | None) -> dict[str, Any]:
    about = {"arm": arm, "score": score}
    if law is None:
        return {**about, **dict.fromkeys(("k", "alpha", "beta", "explained")), "points": 0, "left_out": 0}
    constants = {"k": _bounded(law.k), "alpha": _bounded(law.alpha), "beta": _bounded(law.beta)}
    return {**about, **constants, "explained": finite(law.explained), "points": law.points, "left_out": law.left_out}


def _bounded(each: Interval | None) -> dict[str, Any] | None:
    return each and {name: finite(getattr(each, name)) for name in ("estimate", "low", "high")}
