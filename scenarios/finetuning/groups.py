"""What the scenarios on fine-tuning share: requests, groups of runs by type, and how groups are printed and drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, Self, TypeVar

import numpy as np
from pydantic import Field

from feint.agents.errors import InputError
from feint.agents.outcome import Outcome
from feint.agents.types import TYPES
from feint.scenarios.finetuning.protocols import GENTLE
from feint.scenarios.networks.seeds import NetworksRequest
from feint.sim.ensembles.paired_runs import RunOutcomes, run_paired
from feint.sim.ensembles.protocols import TrainingProtocol
from feint.sim.results.figure_style import COLOURS
from feint.sim.results.report import Hidden, Table
from feint.sim.results.request import Progress
from feint.sim.statistics.intervals import CONFIDENCE, Interval, mean_of
from feint.sim.training.parameter_point import Point, check_two_stages

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ANY = "any"
PREPARED = tuple(TYPES)
FEWEST = 20  # runs of a type, below which it is left out
RATES = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
"""Learning rates of fine-tuning, relative to that of pre-training."""
SIMILARITIES = (0.0, 0.25, 0.5, 0.75, 0.9)
HAD, NEVER, SCRATCH = "had Y", "never had Y", "from scratch"
MARKERS = {ANY: "o", "unconverged": "x", "internal": "s", "corrigible": "^", "deceptive": "D", "proxy": "v"}
CONTROL: dict[str, Any] = {"color": "0.45", "linestyle": ":", "linewidth": 1.1}
"""Line style of runs that never had Y."""

Ended = Mapping[TrainingProtocol, RunOutcomes]


@dataclass(frozen=True)
class Kind:
    """What the runs of a group are: of a type, of any type, or prepared as a type before pre-training."""

    name: str
    prepared: bool = False

    def __str__(self) -> str:
        return f"{self.name}*" if self.prepared else self.name


@dataclass(frozen=True)
class Condition:
    """How fine-tuning is done."""

    vary: str = ""  #: name of the field that is varied; empty if none is
    rate: float = GENTLE  #: learning rate of fine-tuning, relative to that of pre-training
    similarity: float | None = None  #: of X to Y; None is the point's own

    @classmethod
    def varied(cls, vary: str, values: Iterable[Any], **fixed: Any) -> list[Self]:
        """Return a condition for each value of a field."""
        return [cls(vary, **{vary: value}, **fixed) for value in values]

    @property
    def value(self) -> float:
        """Value of the field that is varied; 0 if none is."""
        return getattr(self, self.vary) if self.vary else 0.0

    def changes(self, start: str = "") -> dict[str, Any]:
        """Return the changes to the point, with a start if one is named."""
        near = {} if self.similarity is None else {"similarity": self.similarity}
        return {**near, "start": start} if start else near

    def protocol(self, start: str = "") -> TrainingProtocol:
        """Return what is trained, from a start prepared as a type if one is named."""
        raise NotImplementedError

    @property
    def controls(self) -> dict[str, TrainingProtocol]:
        """Protocols with which it is compared, by name."""
        raise NotImplementedError

    @property
    def protocols(self) -> dict[str, TrainingProtocol]:
        """All protocols that are trained, by name."""
        prepared = {f"{start}*": self.protocol(start) for start in PREPARED}
        return {HAD: self.protocol(), **self.controls, **prepared}


C = TypeVar("C", bound=Condition)


class Sweep(NamedTuple):
    """Values of a field of conditions, and how it is named."""

    values: Sequence[float]
    title: str
    label: str  #: of an axis
    scale: str


@dataclass(frozen=True, kw_only=True)
class Group:
    """Base of results of runs of one kind under one condition."""

    vary: Annotated[str, Field(description="rate, steps, similarity or kin if it is varied; else empty")]
    value: Annotated[float, Field(description="value of what is varied; 0 if nothing is")]
    type: str
    prepared: Annotated[bool, Field(description="whether they were prepared as this type before pre-training")]
    runs: int
    condition: Hidden[Any]
    kind: Hidden[Kind]


def group_of(condition: Condition, kind: Kind, runs: np.ndarray) -> dict[str, Any]:
    """Return the fields of `Group`."""
    fields = {"condition": condition, "vary": condition.vary, "value": float(condition.value), "runs": len(runs)}
    return {**fields, "kind": kind, "type": kind.name, "prepared": kind.prepared}


def prepared_runs(condition: Condition, ended: Ended) -> Iterator[tuple[Kind, RunOutcomes, np.ndarray]]:
    """Yield how the runs prepared as each type ended, with the indices of all of them."""
    for start in PREPARED:
        outcomes = ended[condition.protocol(start)]
        yield Kind(start, prepared=True), outcomes, np.arange(len(outcomes))


def kinds_of(outcomes: np.ndarray) -> Iterator[tuple[Kind, np.ndarray]]:
    """Yield any type, and each type of at least FEWEST runs, with the indices of its runs."""
    yield Kind(ANY), np.arange(len(outcomes))
    for outcome in Outcome:
        runs = np.flatnonzero(outcomes == outcome)
        if len(runs) >= FEWEST:
            yield Kind(outcome.label), runs


@dataclass(frozen=True, kw_only=True)
class FinetuningRequest(NetworksRequest):
    """Base of the requests on fine-tuning; the settings are those of a point, without start and match."""

    default_runs = 2000

    @property
    def point(self) -> Point:
        """The point with the settings; raises `InputError` if a setting is not valid or would have no effect."""
        for name in ("start", "match"):
            if name in self.settings:
                raise InputError(f"{name} = {self.settings[name]!r} is not allowed here: the scenario has its own.")
        point = Point().at(self.settings)
        check_two_stages(point)
        if isinstance(point.model.similarity, tuple):
            raise InputError(f"similarity = {list(point.model.similarity)!r} is not valid here: give one number.")
        if self.count < FEWEST:
            raise InputError(f"runs = {self.count!r} are too few for this scenario: give at least {FEWEST}.")
        return point

    def train(self, protocols: Iterable[TrainingProtocol], threads: int | None = None) -> Ended:
        """Return how the runs of these protocols ended."""
        return run_paired(self.point, protocols, range(self.count), seed=self.seed, threads=threads)

    def sweep(
        self, sweeps: Mapping[str, list[C]], *, threads: int | None = None, progress: Progress | None = None
    ) -> Iterator[tuple[C, Ended]]:
        """Yield each condition with how its runs ended; stages that conditions of a sweep share are trained once."""
        for conditions in sweeps.values():
            ended = self.train(
                [protocol for condition in conditions for protocol in condition.protocols.values()], threads
            )
            yield from ((condition, ended) for condition in conditions)
            if progress:
                progress(1 / len(sweeps))


def mean(values: np.ndarray, bound: int = 4, confidence: float = CONFIDENCE) -> Interval:
    """Return a mean over runs with its interval; performance lies within ±4 for behaviours of unit norm."""
    return mean_of(np.asarray(values, float), bound, confidence)


G = TypeVar("G", bound=Group)


def across(
    corner: str, groups: Sequence[G], rows: Mapping[str, Callable[[G], Interval | str]], title: str = ""
) -> Table:
    """Return a table with a column per group, and a row per name in `rows`."""

    def text(value: Interval | str) -> str:
        return value.plus_minus("+.2f") if isinstance(value, Interval) else value

    cells = [[name, *(text(value(group)) for group in groups)] for name, value in rows.items()]
    return Table.of_cells((corner, *(f"{group.kind}" for group in groups)), cells, title)


def by_kind(groups: Sequence[G]) -> dict[Kind, list[G]]:
    """Return the groups of each kind, in their order."""
    kinds = dict.fromkeys(group.kind for group in groups)
    return {kind: [group for group in groups if group.kind == kind] for kind in kinds}


def style(kind: Kind) -> dict[str, Any]:
    """Return colour, marker and line of a kind; the marker is open if it was prepared."""
    colour = "black" if kind.name == ANY else COLOURS[Outcome.named(kind.name)]
    colour = "0.6" if kind.name == "unconverged" else colour
    return {
        "color": colour,
        "marker": MARKERS[kind.name],
        "markersize": 4,
        "markerfacecolor": "white" if kind.prepared else colour,
        "markeredgecolor": colour if kind.name != "proxy" else "0.3",
        "linestyle": "--" if kind.prepared else "-",
        "linewidth": 1.0,
    }


def draw_intervals(
    axes: Axes, x: Sequence[float], intervals: Sequence[Interval], kind: Kind, *, joined: bool = True
) -> None:
    """Draw estimates with their limits in the style of a kind."""
    shown = style(kind) if joined else {**style(kind), "linestyle": "none"}
    y, reach = reaches(intervals)
    axes.errorbar(x, y, yerr=reach, elinewidth=0.7, capsize=1.5, label=f"{kind}", **shown)


def reaches(intervals: Sequence[Interval]) -> tuple[np.ndarray, np.ndarray]:
    """Return estimates, and how far limits are from them, below and above (2, intervals)."""
    estimates = np.array([interval.estimate for interval in intervals])
    limits = np.array([[interval.low, interval.high] for interval in intervals]).T
    return estimates, np.abs(limits - estimates)
