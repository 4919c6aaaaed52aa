"""Shared by the scenarios on fine-tuning: requests, conditions, groups of runs by type, and how groups are drawn."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Self, TypeVar

import numpy as np
from pydantic import Field

from feint.agents.errors import InputError
from feint.agents.outcome import Outcome
from feint.agents.types import TYPES
from feint.scenarios.finetuning.protocols import GENTLE
from feint.scenarios.networks.battery import NetworksRequest
from feint.sim.analysis.estimands import Ended
from feint.sim.ensembles.paired_runs import run_paired
from feint.sim.ensembles.protocols import TrainingProtocol
from feint.sim.results.figure_style import COLOURS
from feint.sim.results.report import Hidden
from feint.sim.results.request import Progress
from feint.sim.statistics.intervals import Interval, mean_of
from feint.sim.training.parameter_point import EVERY, Point, check_two_stages, split

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ANY = "any"
PREPARED = tuple(f"{name}*" for name in TYPES)
"""Runs that were prepared as a type before pre-training."""
FEWEST = 20  # runs of a type, below which it is left out
RATES = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
"""Learning rates of fine-tuning, relative to that of pre-training."""
SIMILARITIES = (0.0, 0.25, 0.5, 0.75, 0.9)
HAD, NEVER, SCRATCH = "had Y", "never had Y", "from scratch"
MARKERS = {ANY: "o", "unconverged": "x", "internal": "s", "corrigible": "^", "deceptive": "D", "proxy": "v"}
MARKERS |= {"reward-seeking": "P"}
CONTROL: dict[str, Any] = {"color": "0.45", "linestyle": ":", "linewidth": 1.1}
"""Line style of runs that never had Y."""

Sweep = tuple[Sequence[float], str, str, str]
"""Values of a field of conditions, and title, label and scale of its axis."""


@dataclass(frozen=True)
class Condition:
    """Conditions of fine-tuning."""

    vary: str = ""  #: name of the field that is varied; empty if none is
    rate: float = GENTLE  #: learning rate of fine-tuning, relative to that of pre-training
    similarity: float | None = None  #: of X to Y; None is the point's own

    @classmethod
    def sweeps(cls, base: Iterable[Self], varied: Mapping[str, Sweep], **fixed: Any) -> dict[str, list[Self]]:
        """Return the base conditions, and a condition for each value of each field that is varied."""
        return {"": [*base]} | {
            vary: [cls(vary, **{vary: value}, **fixed.get(vary, {})) for value in values]
            for vary, (values, *_) in varied.items()
        }

    @property
    def value(self) -> float:
        """Value of the field that is varied; 0 if none is."""
        return getattr(self, self.vary) if self.vary else 0.0

    def changes(self, start: str = "") -> dict[str, Any]:
        """Return the changes to the point, with a start if one is named."""
        values = {"similarity": self.similarity, "start": start or None}
        return {name: value for name, value in values.items() if value is not None}

    def protocol(self, start: str = "") -> TrainingProtocol:
        """Return the training, from a start prepared as a type if one is named."""
        raise NotImplementedError

    @property
    def controls(self) -> dict[str, TrainingProtocol]:
        """Protocols with which it is compared, by name."""
        raise NotImplementedError

    @property
    def protocols(self) -> dict[str, TrainingProtocol]:
        """All protocols that are trained, by name."""
        return {HAD: self.protocol(), **self.controls, **{kind: self.protocol(kind.rstrip("*")) for kind in PREPARED}}


C = TypeVar("C", bound=Condition)


@dataclass(frozen=True, kw_only=True)
class Group:
    """Base of results of runs of one kind under one condition."""

    vary: Annotated[str, Field(description="rate, steps, similarity or kin if it is varied; else empty")]
    value: Annotated[float, Field(description="value of what is varied; 0 if nothing is")]
    type: str
    prepared: Annotated[bool, Field(description="whether they were prepared as this type before pre-training")]
    runs: int
    condition: Hidden[Any]
    kind: Hidden[str]  #: the type, with a * if prepared


def group_of(condition: Condition, kind: str, runs: int) -> dict[str, Any]:
    """Return the fields of `Group`."""
    fields = {"condition": condition, "vary": condition.vary, "value": float(condition.value), "runs": runs}
    return {**fields, "kind": kind, "type": kind.rstrip("*"), "prepared": kind in PREPARED}


def kinds_of(outcomes: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """Yield any type, and each type of at least FEWEST runs, with the indices of its runs."""
    yield ANY, np.arange(len(outcomes))
    for outcome in Outcome:
        runs = np.flatnonzero(outcomes == outcome)
        if len(runs) >= FEWEST:
            yield outcome.label, runs


@dataclass(frozen=True, kw_only=True)
class FinetuningRequest(NetworksRequest):
    """Base of the requests on fine-tuning; the settings are those of a point that the scenario does not set itself."""

    default_runs = 2000

    @property
    def point(self) -> Point:
        """The point with the settings; raises `InputError` if one is not valid or the scenario has its own."""
        for name, value in self.settings.items():
            stage, parameter = split(name)
            if name in ("start", "match"):
                raise InputError(f"{name} = {value!r} is not allowed here: the scenario has its own.")
            own = parameter in ("steps", "target") and stage in ("finetuning", EVERY)
            if own or name == "finetuning.learning_rate":
                right = f"fine-tuning on X has its own; set pretraining.{parameter}"
                raise InputError(f"{name} = {value!r} is not allowed here: {right}.")
        point = Point().at(self.settings)
        check_two_stages(point, "of this scenario")
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
            protocols = [protocol for condition in conditions for protocol in condition.protocols.values()]
            ended = self.train(protocols, threads)
            yield from ((condition, ended) for condition in conditions)
            if progress:
                progress(1 / len(sweeps))


def mean(values: np.ndarray, bound: int = 4) -> Interval:
    """Return a mean over runs with its interval; performance lies within ±4 for behaviours of unit norm."""
    return mean_of(np.asarray(values, float), bound)


G = TypeVar("G", bound=Group)


def by_kind(groups: Sequence[G]) -> dict[str, list[G]]:
    """Return the groups of each kind, in their order."""
    kinds = dict.fromkeys(group.kind for group in groups)
    return {kind: [group for group in groups if group.kind == kind] for kind in kinds}


def style(kind: str) -> dict[str, Any]:
    """Return colour, marker and line of a kind; the marker is open if it was prepared."""
    name, prepared = kind.rstrip("*"), kind in PREPARED
    colour = {ANY: "black", "unconverged": "0.6"}.get(name) or COLOURS[Outcome.named(name)]
    return {
        "color": colour,
        "marker": MARKERS[name],
        "markersize": 4,
        "markerfacecolor": "white" if prepared else colour,
        "markeredgecolor": colour if name != "proxy" else "0.3",
        "linestyle": "--" if prepared else "-",
        "linewidth": 1.0,
    }


def draw_intervals(axes: Axes, x: Sequence[float], intervals: Sequence[Interval], kind: str = "", **more: Any) -> None:
    """Draw estimates with their limits, in the style of a kind if one is given, and else in that of `more`."""
    shown = {**style(kind), "elinewidth": 0.7, "label": kind} if kind else {}
    estimates = np.array([interval.estimate for interval in intervals])
    limits = np.array([[interval.low, interval.high] for interval in intervals]).T
    axes.errorbar(x, estimates, yerr=np.abs(limits - estimates), capsize=1.5, **{**shown, **more})
