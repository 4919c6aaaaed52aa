"""The JSON document of `feint scenario transfer`."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from feint.scenarios.argument.crux_documents import Told
from feint.sim.results.part import Part
from feint.sim.statistics.transfer_law import LAWS, TEXT, TEXT_AND_CODE, TransferLaw, crossing

if TYPE_CHECKING:
    from feint.scenarios.transfer.arms import Arms
    from feint.scenarios.transfer.laws import Law
    from feint.scenarios.transfer.transfer import Transferred
    from feint.sim.statistics.intervals import Interval
    from feint.sim.statistics.scaling_law_fit import LawFit

WORKED = ((1e8, 1e6), (1e6, 1e8), (4e7, 3e5))  # parameters and characters of worked values


class Constants(Part):
    """A fitted law, data in steps and sizes in modes; limits are null where no draw of the runs gave a law."""

    k: Told
    alpha: Told
    beta: Told | None = Field(description="null where there was one size")
    explained: float = Field(description="R² in logarithms")
    factor: float = Field(description="by which the law is typically off")
    bend: float | None = Field(description="α of the upper half of the data less that of the lower; 0 for a power law")
    points: int
    left_out: int = Field(description="points of the regime without a positive D_T that the from-scratch curve shows")


class AtPoint(Part):
    """A law at one size."""

    changes: dict[str, Any]
    overlap: float = Field(description="Σ λ_k s_k / Σ λ_k: similarity of the objectives where training looks")
    law: Constants | None = Field(description="null where fewer than three points have a positive D_T")
    data: list[int] = Field(description="D_F, steps, of the low-data regime")
    transferred: list[float | None] = Field(description="D_T, steps; null where from-scratch training never gets there")


class Size(Part):
    """Both arms at one size; losses are 1 - performance, the mean over the runs."""

    modes: int
    enough: float = Field(description="D(N), steps from scratch to 99 % of the best performance")
    steps: list[int]
    from_scratch: list[float]
    pre_trained: list[float]
    transferred: list[float | None] = Field(description="D_T, steps; null where from-scratch training never gets there")


class Parted(Part):
    """How far a parameter moves ln k and α from its lowest level to its highest; null where no law could be fitted."""

    parameter: str
    of_k: float | None
    of_alpha: float | None


class RegimeOf(Part):
    """Who is ahead for compute."""

    modes: int
    regime: str
    counted: bool = Field(description="whether the steps of pre-training count")
    share: float = Field(description="share of the regime's budgets at which the pre-trained arm has the lower loss")
    steps: int = Field(description="the regime's last budget, steps of fine-tuning")
    difference: Told = Field(description="there: loss of the pre-trained arm less that from scratch")


class EndOf(Part):
    """The high-data end."""

    modes: int
    difference: Told = Field(description="loss at the last step, pre-trained less from scratch; above 0 is ossified")
    slower: float | None = Field(description="steps to 99 % over those from scratch; above 1 is slower")


class OnFrontier(Part):
    """The least loss that a budget buys."""

    compute: float
    arm: str
    modes: int
    loss: float


class Frontiers(Part):
    """Without and with the cost of pre-training."""

    free: list[OnFrontier]
    counted: list[OnFrontier]


class WorkedValue(Part):
    """A worked value of a law: sizes in parameters, data in characters."""

    size: float
    data: float
    transferred: float
    multiplier: float = Field(description="(D_F + D_T) / D_F")


class PublishedLaw(Part):
    """A law of the paper, as arithmetic."""

    name: str
    k: float
    alpha: float
    beta: float
    provenance: str
    size_tenfold: float = Field(description="what D_T is multiplied by where the model is ten times as large")
    data_hundredfold: float = Field(description="and where there are a hundred times as many data")
    data_for_size_tenfold: float = Field(description="times the data that a model ten times as large is worth")
    worked: list[WorkedValue]


class Gap(Part):
    """How much more the nearer objective transfers."""

    data: int
    estimate: float | None
    low: float | None
    high: float | None


class Puzzle(Part):
    """The nearer objective against the further one."""

    further: AtPoint
    nearer: AtPoint
    crossing: float | None = Field(description="D_F at which the fitted laws cross, steps")
    overtaken: int | None = Field(description="least D_F at which the nearer objective is seen to transfer less")
    gap: list[Gap] = Field(description="D_T of the nearer objective less that of the further one, by D_F")


class HandedOver(Part):
    """The pair where pre-training hands over some groups alone."""

    carried: str
    further: AtPoint
    nearer: AtPoint


class TransferDocument(Part):
    """What `feint scenario transfer --json` prints."""

    schema_: Literal[1] = Field(1, alias="schema")
    scenario: Literal["transfer"] = "transfer"
    runs: int
    seed: int
    law: Constants = Field(description="over all sizes")
    sizes: list[Size]
    puzzle: Puzzle
    handed: list[HandedOver]
    near: list[AtPoint]
    weights: list[Parted]
    together: dict[str, float | None] = Field(description="rank correlations over the combinations")
    ends: list[EndOf]
    ahead: list[RegimeOf]
    frontier: Frontiers
    published: list[PublishedLaw]
    published_crossing: float = Field(description="characters of fine-tuning at which the paper's two laws cross")
    passport: dict[str, Any]


def document(found: Transferred) -> TransferDocument:
    """The document of what was found."""
    further, nearer = found.laws
    return TransferDocument(
        schema=1,
        runs=found.runs,
        seed=found.seed,
        law=constants(found.law),
        sizes=[_size(arms) for arms in found.sizes],
        puzzle=Puzzle(
            further=at_point(further),
            nearer=at_point(nearer),
            crossing=found.crossing,
            overtaken=found.overtaken,
            gap=_gaps(found),
        ),
        handed=[
            HandedOver(carried=name, further=at_point(one), nearer=at_point(other))
            for name, (one, other) in found.handed.items()
        ],
        near=[at_point(law) for law in found.near],
        weights=[
            Parted(parameter=each.parameter, of_k=known(each.of_k), of_alpha=known(each.of_alpha))
            for each in found.weights
        ],
        together={name: known(value) for name, value in found.together.items()},
        ends=[EndOf(**{**vars(each), "difference": told(each.difference)}) for each in found.ends],
        ahead=[RegimeOf(**{**vars(each), "difference": told(each.difference)}) for each in found.ahead],
        frontier=Frontiers(
            **{
                name: [OnFrontier(**vars(each)) for each in found.frontier(counted)]
                for name, counted in (("free", False), ("counted", True))
            }
        ),
        published=[published(law) for law in LAWS.values()],
        published_crossing=crossing(TEXT_AND_CODE, TEXT),
        passport=found.passport(),
    )


def constants(law: LawFit) -> Constants:
    """The constants of a fit."""
    beta = None if law.beta is None else told(law.beta)
    rest = {"explained": law.explained, "factor": law.factor, "points": law.points, "left_out": law.left_out}
    return Constants(k=told(law.k), alpha=told(law.alpha), beta=beta, bend=known(law.bend), **rest)


def at_point(law: Law) -> AtPoint:
    """A law at one size."""
    changes = {name: list(value) if isinstance(value, tuple) else value for name, value in law.changes.items()}
    return AtPoint(
        changes=changes,
        overlap=law.overlap,
        law=None if law.found is None else constants(law.found),
        data=law.data.tolist(),
        transferred=[known(each) for each in law.measured],
    )


def published(law: TransferLaw) -> PublishedLaw:
    """A law of the paper."""
    return PublishedLaw(
        **{name: getattr(law, name) for name in ("name", "k", "alpha", "beta", "provenance")},
        size_tenfold=law.by_size(10),
        data_hundredfold=law.by_data(100),
        data_for_size_tenfold=law.data_for_size(10),
        worked=[
            WorkedValue(
                size=size, data=data, transferred=law.transferred(data, size), multiplier=law.multiplier(data, size)
            )
            for size, data in WORKED
        ],
    )


def told(interval: Interval) -> Told:
    """A number with its interval."""
    return Told(estimate=interval.estimate, low=interval.low, high=interval.high, method=interval.method)


def known(value: float) -> float | None:
    """A number, or None where there is none."""
    return float(value) if isfinite(value) else None


def _gaps(found: Transferred) -> list[Gap]:
    columns = zip(found.laws[0].data, *found.gap, strict=True)
    return [Gap(data=int(data), estimate=known(a), low=known(b), high=known(c)) for data, a, b, c in columns]


def _size(arms: Arms) -> Size:
    return Size(
        modes=arms.modes,
        enough=arms.scratch.enough,
        steps=arms.steps.tolist(),
        from_scratch=arms.scratch.mean.tolist(),
        pre_trained=arms.tuned.mean.tolist(),
        transferred=[known(each) for each in arms.transferred()],
    )
