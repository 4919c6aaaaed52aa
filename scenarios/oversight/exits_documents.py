"""The JSON documents of `feint scenario two-exits` and `feint scenario rsa-2048`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field

from feint.sim.results.part import Part

if TYPE_CHECKING:
    from feint.scenarios.oversight import rsa2048
    from feint.scenarios.oversight import two_exits as exits


class CellFacts(Part):
    """A life, and whether playing along is best in it."""

    discount: float
    deployment: int
    strength: float
    waiting: float = Field(description="μ δ^T S_D; the closed form: playing along is optimal from 1 on")
    plays_along: bool = Field(description="by value iteration")


class CuedFacts(Part):
    """What the rules of an agent that knows its cue alone are worth."""

    cue_reliability: float
    honeypots: float
    values: dict[str, float]
    best: str


class TwoExitsDocument(Part):
    """What `feint scenario two-exits --json` prints."""

    schema_: int = Field(1, alias="schema")
    life: dict[str, float]
    lengths: list[CellFacts]
    strengths: list[CellFacts]
    cues: list[CuedFacts]
    disagreements: int = Field(description="lives in which value iteration and closed form do not agree")
    passport: dict[str, Any]


class CheckedFacts(Part):
    """What the three ways are worth in a life."""

    discount: float
    check_cost: float
    values: dict[str, float]
    best: str


class LivedFacts(Part):
    """What minds of a type did, as shares of episodes."""

    type: str
    checked: float
    defected_in_training: float
    defected_in_deployment: float


class RsaDocument(Part):
    """What `feint scenario rsa-2048 --json` prints."""

    schema_: int = Field(1, alias="schema")
    seed: int
    life: dict[str, float]
    cells: list[CheckedFacts]
    lived: list[LivedFacts]
    disagreements: int = Field(description="lives in which closed form and exact evaluation differ")
    passport: dict[str, Any]


def two_exits(found: exits.Found) -> TwoExitsDocument:
    """The document of what was found."""
    told: dict[str, Any] = {"schema": 1}
    return TwoExitsDocument(
        **told,
        life=found.life.model_dump(),
        lengths=[_cell(each) for each in found.lengths],
        strengths=[_cell(each) for each in found.strengths],
        cues=[_cued(each) for each in found.cues],
        disagreements=found.disagreements,
        passport=found.passport(),
    )


def _cell(cell: exits.Cell) -> CellFacts:
    numbers = cell.life.model_dump(include={"discount", "deployment", "strength"})
    return CellFacts(**numbers, waiting=cell.waiting, plays_along=cell.plays)


def _cued(cued: exits.Cued) -> CuedFacts:
    numbers = cued.life.model_dump(include={"cue_reliability", "honeypots"})
    return CuedFacts(**numbers, values=dict(cued.values), best=cued.best)


def rsa(found: rsa2048.Found) -> RsaDocument:
    """The document of what was found."""
    told: dict[str, Any] = {"schema": 1}
    return RsaDocument(
        **told,
        seed=found.seed,
        life=found.life.model_dump(),
        cells=[_checked(each) for each in found.cells],
        lived=[LivedFacts(**vars(each)) for each in found.lived],
        disagreements=found.disagreements,
        passport=found.passport(),
    )


def _checked(cell: rsa2048.Checked) -> CheckedFacts:
    numbers = cell.life.model_dump(include={"discount", "check_cost"})
    return CheckedFacts(**numbers, values=dict(cell.values), best=cell.best)
