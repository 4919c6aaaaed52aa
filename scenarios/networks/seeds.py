"""Requests that real networks can answer, and how numbers over their seeds are printed and drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self

import numpy as np

from feint.agents.errors import unknown
from feint.sim.networks.experiments import BandResult, Battery, Finding, battery, check_bands, quantile
from feint.sim.networks.seed_models import FINETUNING, SCHEDULE, Measurement
from feint.sim.results.figure_style import PAGE_WIDTH
from feint.sim.results.report import Hidden, Report, Table
from feint.sim.results.request import MOST_RUNS, Networks, Option, Progress, Request, Seed, Settings
from feint.sim.training.parameter_point import Point

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SEEDS = 8
BLUE, ORANGE, GREEN, BLACK, GREY = "#0072b2", "#d55e00", "#009e73", "#222222", "#8c8c8c"  # Okabe and Ito's, and greys
APART = 0.03  # of a factor of ten, by which the points of neighbouring seeds are moved


@dataclass(frozen=True, kw_only=True)
class NetworksRequest(Request):
    """Base of requests that the engine answers, or, if asked for, real networks."""

    unit = ""
    default_runs: ClassVar[int]  #: of the engine
    own_settings: ClassVar[Mapping[str, Any]] = {}  #: settings of the engine besides those of a point, with defaults

    settings: Settings = field(default_factory=dict)
    networks: Networks = False
    runs: Annotated[int | None, Option("Number of runs, or of networks' seeds.", "N", least=1, most=MOST_RUNS)] = None
    seed: Seed = 0

    @classmethod
    def from_configuration(cls, configuration: Mapping[str, Any]) -> Self:
        """Return the request that has this configuration; one of version 1 holds every parameter of the point."""
        if "model" not in configuration:
            return super().from_configuration(configuration)
        default = {**_settings_of(Point().described()), **cls.own_settings}
        every = _settings_of(configuration) | {name: configuration[name] for name in cls.own_settings}
        settings = {name: value for name, value in every.items() if value != default.get(name)}
        others = {name: configuration[name] for name in ("networks", "seed") if name in configuration}
        runs = None if configuration["runs"] == cls.default_runs else configuration["runs"]
        return cls(settings=settings, runs=runs, **others)

    @property
    def count(self) -> int:
        """Number of runs of the engine, or of seeds of networks."""
        default = SEEDS if self.networks else self.default_runs
        return default if self.runs is None else self.runs

    def networks_settings(self, *names: str) -> dict[str, Any]:
        """Return the settings; raises `InputError` for one that real networks do not have."""
        for name in self.settings:
            if name not in names:
                raise unknown("number", name, names)
        return dict(self.settings)


def _settings_of(described: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of a point by dotted name."""
    stages = {stage["name"]: stage for stage in described["stages"]}
    of_stages = {f"{name}.{key}": value for name, stage in stages.items() for key, value in stage.items()}
    start = {"start": described["start"]} if "start" in described else {}
    return {**described["model"], **of_stages, **start}


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class BatteryReport(Report):
    """Base of results of the battery of experiments with real networks."""

    scenario: str
    seeds: int
    seed: int
    learning_rates: list[float]
    findings: list[Finding]
    bands: list[BandResult]
    battery: Hidden[Battery]
    request: Hidden[Any]

    parts: ClassVar[tuple[str, ...]]  #: of the battery
    grid = (1, 3)
    size = (PAGE_WIDTH, 2.6)

    @classmethod
    def measure(cls, request: NetworksRequest, *, threads: int | None = None, progress: Progress | None = None) -> Self:
        """Train and measure; runs are seeds, and `learning_rates` may be set."""
        settings = request.networks_settings("learning_rates")
        more = {"parts": cls.parts, "threads": threads, "progress": progress}
        return cls.of(battery(request.count, request.seed, **settings, **more), request)

    @classmethod
    def of(cls, battery: Battery, request: Request | None = None) -> Self:
        """Return the report of what a battery has measured."""
        return cls(  # pyright: ignore[reportCallIssue] - subclasses name the scenario
            seeds=battery.seeds,
            seed=battery.seed,
            learning_rates=list(battery.learning_rates),
            findings=battery.findings(),
            bands=check_bands(battery),
            battery=battery,
            request=request,
        )

    def rows(self) -> list[Finding]:
        """Return one row per measurement."""
        return self.findings

    def tables(self) -> list[Table]:
        """Return the tables of the text."""
        raise NotImplementedError

    def blocks(self) -> list[str | Table]:
        """Return a heading, the tables, and the bands."""
        return [heading(self.seeds, self.seed), *self.tables(), bands_table(self.bands)]

    def shares(self, *measurements: Measurement) -> list[str]:
        """Return the cells of measured shares."""
        return [share(self.battery[measurement]) for measurement in measurements]

    def steps(self, *measurements: Measurement) -> list[str]:
        """Return the cells of measured steps."""
        return [steps(self.battery[measurement]) for measurement in measurements]

    def draw_lines(self, axes: Axes, x: Sequence[float], lines: dict[str, tuple[Any, str, str, float]]) -> None:
        """Draw lines over `x`: label → function from x to the measurement, colour, style, and shift."""
        for label, (measurement, colour, style, shift) in lines.items():
            draw_seeds(axes, x, [self.battery[measurement(at)] for at in x], colour, style, label, shift)


def heading(seeds: int, seed: int, finetuning: int = FINETUNING) -> str:
    """Return the sentence that says what was trained, with at most this number of steps of fine-tuning."""
    return (
        f"{seeds} real networks each way, seed {seed}; pre-training {sum(steps for steps, _ in SCHEDULE):,} steps, "
        f"fine-tuning {finetuning:,}; medians, and below them least to most"
    )


def bands_table(bands: Sequence[BandResult]) -> Table:
    """Return the limits with what was measured."""
    headings = ("band", "median", "", "least to most", " ", "prototype")
    return Table.of_cells(headings, [_band_row(band) for band in bands])


def _band_row(band: BandResult) -> list[str]:
    median, least, most = (
        f"{value:.3g}" if abs(value) < 1e4 else f"{value:.0f}" for value in (band.median, band.least, band.most)
    )
    prototype = "" if band.prototype is None else f"{band.prototype:g}"
    return [band.name, median, band.rule, f"{least} to {most}", "kept" if band.kept else "not kept", prototype]


def share(values: np.ndarray) -> str:
    """Return median and range of shares."""
    return _spread(values, lambda value: f"{value:.2f}")


def steps(values: np.ndarray) -> str:
    """Return median and range of steps."""
    return _spread(values, lambda value: f"{value:,.0f}" if np.isfinite(value) else "∞")


def loss(values: np.ndarray) -> str:
    """Return median and range of losses."""
    return _spread(values, lambda value: f"{value:.2g}")


def _spread(values: np.ndarray, written: Callable[[float], str]) -> str:
    median, least, most = (written(quantile(values, q)) for q in (0.5, 0, 1))
    return f"{median}\n{least}–{most}"


def draw_seeds(
    axes: Axes, x: Sequence[float], values: Sequence[np.ndarray], colour: str, style: str, label: str, shift: float = 0
) -> None:
    """Draw a point per seed around each x of a logarithmic axis, and a line with markers through the medians.

    `style` is a marker and a line as Matplotlib takes them; `shift` moves all by this many factors of ten. Values that
    are not finite are left out.
    """
    place = np.array(x) * 10**shift
    for at, of_seeds in zip(place, values, strict=True):
        moved = at * 10 ** (APART * np.linspace(-1, 1, len(of_seeds)))
        shown = np.isfinite(of_seeds)
        axes.plot(moved[shown], of_seeds[shown], ".", color=colour, markersize=3.5, alpha=0.5, markeredgewidth=0)
    medians = np.array([quantile(of_seeds, 0.5) for of_seeds in values])
    medians[~np.isfinite(medians)] = np.nan
    axes.plot(place, medians, style, color=colour, linewidth=1.2, markersize=4, markerfacecolor="white", label=label)


def draw_level(axes: Axes, values: np.ndarray, colour: str, style: str, label: str) -> None:
    """Draw a horizontal line at the median, and a band over the range."""
    least, median, most = (quantile(values, q) for q in (0, 0.5, 1))
    if np.isfinite(most):
        axes.axhspan(least, most, color=colour, alpha=0.12, linewidth=0)
    if np.isfinite(median):
        axes.axhline(median, color=colour, linestyle=style, linewidth=0.9, label=label)
