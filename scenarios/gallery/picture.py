"""A picture: a figure that is computed from nothing into a table, and drawn from that table alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from feint.agents.errors import InputError
from feint.sim.results.figure_style import STYLE
from feint.sim.results.optional_dependencies import load_extra
from feint.sim.results.provenance import passport
from feint.sim.statistics.intervals import CONFIDENCE, Interval
from feint.sim.training.parameter_point import Point, check_two_stages
from feint.sim.training.train import PRECISION, check_precision, check_runs, check_seed

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

KIND = "figure"  # of passports
TABLED_BY, DRAWN_BY = ("pandas", "scipy"), ("matplotlib", "seaborn")
LIMITS = ("estimate", "low", "high")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a picture is computed from; raises `InputError` for what is not valid."""

    size: Mapping[str, int]  #: `runs` of each way of training, and what else a picture counts
    point: Point = field(default_factory=Point)
    seed: int = 0
    precision: str = PRECISION
    threads: int | None = None  #: on which no number depends

    def __post_init__(self) -> None:
        check_two_stages(self.point)
        check_seed(self.seed)
        check_precision(self.precision)
        check_runs(self.size["runs"])

    @property
    def runs(self) -> int:
        """Of each way of training."""
        return self.size["runs"]

    @property
    def common(self) -> dict[str, Any]:
        """What everything that trains takes."""
        return {"seed": self.seed, "precision": self.precision, "threads": self.threads}


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A figure of the argument."""

    name: str
    title: str  #: what it shows
    compute: Callable[[Settings], pd.DataFrame]
    draw: Callable[[pd.DataFrame], Figure]
    full: Mapping[str, int]  #: how much is run
    quick: Mapping[str, int]
    extra: tuple[str, ...] = ()  #: optional libraries that its numbers come from

    def size(self, *, quick: bool = False, runs: int | None = None) -> dict[str, int]:
        """How much is run; `runs` replaces those of each way of training."""
        return {**(self.quick if quick else self.full), **({} if runs is None else {"runs": runs})}

    def configuration(self, settings: Settings) -> dict[str, Any]:
        """Everything that its numbers depend on."""
        told = {"figure": self.name, "seed": settings.seed, "precision": settings.precision}
        return {**told, **settings.point.described(), "size": dict(settings.size)}

    def passport(self, settings: Settings, data: str) -> dict[str, Any]:
        """What is needed to make its data again, whose digest is `data`."""
        found = passport(KIND, self.configuration(settings))
        found["versions"] |= {name: version(name) for name in (*TABLED_BY, *self.extra)}
        return {**found, "data": data}

    def check_libraries(self) -> None:
        """Raise `InputError` where an optional library that it needs is not installed."""
        for name in self.extra:
            load_extra(name, f"the figure {self.name!r}")

    def drawn(self, table: pd.DataFrame) -> Figure:
        """The figure of a table, laid out to the last digit."""
        import matplotlib as mpl
        import seaborn as sns

        from feint.sim.analysis.phase_diagrams import settled

        with mpl.rc_context(STYLE), sns.axes_style("ticks"):
            return settled(self.draw(table))


def limits(interval: Interval) -> dict[str, float]:
    """An interval as cells of a row."""
    return {name: float(getattr(interval, name)) for name in LIMITS}


def interval_of(row: Mapping[str, Any], confidence: float = CONFIDENCE) -> Interval:
    """The interval that stands in a row."""
    estimate, low, high = (float(row[name]) for name in LIMITS)
    return Interval(estimate=estimate, low=low, high=high, confidence=confidence, method="")


def rows_of(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a table, by column."""
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]


def check_size(name: str, value: object, least: int) -> None:
    """Raise unless a size is a whole number of at least so much."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise InputError(f"{name} = {value!r} is not valid: it must be a whole number of at least {least}.")
