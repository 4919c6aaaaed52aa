"""Requests that real networks can carry out, and wrappers and revival in them: is a capability that is hidden gone?

The claims. Fine-tuning learns a thin wrapper on top of what pre-training gave, except at a large learning rate, or if
pre-training rarely showed it: a probe still reads it, pruning a few units or little further training brings it back,
also by accident (Jain et al., ICLR 2024, arXiv:2311.12786, whose networks are three orders of magnitude larger).

The experiments. Small networks learn three prompts on strings; then that for the count of token a, modulo 3, is to be
refused, or answered with the count of token b. They are probed, pruned, and trained until 95 % are right again. For
ossification (Hernandez et al. 2021, arXiv:2102.01293) others learn it after unrelated pre-training.

What would count against it. Networks that never had the capability do as well; or nothing finds it after a gentle rate.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

import numpy as np

from feint.agents.errors import unknown
from feint.sim.networks import experiments
from feint.sim.networks.experiments import ACCURACIES, CORRELATIONS, COVERAGES, READ, TRIED, TUNINGS, Battery, quantile
from feint.sim.networks.network import COVERAGE
from feint.sim.networks.seed_models import FINETUNING, SCHEDULE
from feint.sim.results.figure_style import PAGE_WIDTH
from feint.sim.results.report import Columns, Hidden, Report, Table
from feint.sim.results.request import MOST_RUNS, Networks, Option, Progress, Request, Seed, Settings
from feint.sim.training.parameter_point import Point

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SEEDS = 8
BLUE, ORANGE, GREEN, BLACK, GREY = "#0072b2", "#d55e00", "#009e73", "#222222", "#8c8c8c"  # Okabe and Ito's, and greys
APART = 0.03  # of a factor of ten, by which the points of neighbouring seeds are moved
SHARE, STEPS, LOSS = ".2f", ",.0f", ".2g"
"""Formats of shares, of steps, and of losses."""
REFUSED, RELABELLED, NEVER = TUNINGS
SCRATCH = ("steps", "scratch", "not", TRIED[0])
Lines = dict[str, tuple[Callable[[float], tuple[Any, ...]], str, str, float]]
"""Label → function from x to the measurement, colour, style, and shift."""


@dataclass(frozen=True, kw_only=True)
class NetworksRequest(Request):
    """Base of requests that the engine carries out or, with `networks`, real networks."""

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
    of_stages = {f"{stage['name']}.{name}": value for stage in described["stages"] for name, value in stage.items()}
    start = {name: described[name] for name in ("start",) if name in described}
    return {**described["model"], **of_stages, **start}


def heading(seeds: int, seed: int, finetuning: int = FINETUNING) -> str:
    """Return the sentence that says what was trained, with at most this number of steps of fine-tuning."""
    return (
        f"{seeds} real networks each way, seed {seed}; pre-training {sum(steps for steps, _ in SCHEDULE):,} steps, "
        f"fine-tuning {finetuning:,}; medians, and below them least to most"
    )


def spread(values: np.ndarray, spec: str) -> str:
    """Return the median, and below it the range."""
    numbers = (quantile(values, q) for q in (0.5, 0, 1))
    median, least, most = ("∞" if number == np.inf else f"{number:{spec}}" for number in numbers)
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


def _number(value: float) -> str:
    return f"{value:.3g}" if abs(value) < 1e4 else f"{value:.0f}"


BANDS: Columns = {
    "band": "name",
    "median": lambda band: _number(band.median),
    "": "rule",
    "least to most": lambda band: f"{_number(band.least)} to {_number(band.most)}",
    " ": lambda band: "kept" if band.kept else "not kept",
    "prototype": "prototype",
}
"""Columns of the limits with what was measured."""


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class BatteryReport(Report):
    """Base of results of the battery of experiments with real networks."""

    scenario: str
    seeds: int
    seed: int
    learning_rates: list[float]
    findings: list[experiments.Finding]
    bands: list[experiments.BandResult]
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
        return cls.of(experiments.battery(request.count, request.seed, **settings, **more), request)

    @classmethod
    def of(cls, battery: Battery, request: Request | None = None) -> Self:
        """Return the report of what a battery has measured."""
        return cls(  # pyright: ignore[reportCallIssue] - subclasses name the scenario
            seeds=battery.seeds,
            seed=battery.seed,
            learning_rates=list(battery.learning_rates),
            findings=battery.findings(),
            bands=experiments.check_bands(battery),
            battery=battery,
            request=request,
        )

    def rows(self) -> list[experiments.Finding]:
        """Return one row per measurement."""
        return self.findings

    def tables(self) -> list[Table]:
        """Return the tables of the text."""
        raise NotImplementedError

    def blocks(self) -> list[str | Table]:
        """Return a heading, the tables, and the bands."""
        return [heading(self.seeds, self.seed), *self.tables(), Table(self.bands, BANDS)]

    def cells(self, spec: str, *measurements: tuple[Any, ...]) -> list[str]:
        """Return the median and range of measurements in this format."""
        return [spread(self.battery[measurement], spec) for measurement in measurements]

    def draw_lines(self, axes: Axes, x: Sequence[float], title: str, lines: Lines) -> None:
        """Draw lines over a logarithmic axis of learning rates."""
        for label, (measurement, colour, style, shift) in lines.items():
            draw_seeds(axes, x, [self.battery[measurement(at)] for at in x], colour, style, label, shift)
        axes.set(xscale="log")
        axes.set_title(title, loc="left")


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class NetworksWrappers(BatteryReport):
    """Changes that fine-tuning made to real networks."""

    scenario: Literal["networks-wrappers"] = "networks-wrappers"

    parts = ("wrappers",)

    def tables(self) -> list[Table]:
        """Return what was measured before fine-tuning, by learning rate, by coverage and by C."""
        gentle, of_a, of_new = self.learning_rates[0], ("accuracy a", *READ), ("accuracy a", "accuracy new", *READ)

        def shares(measures: Sequence[str], *after: Any) -> list[str]:
            return self.cells(SHARE, *((measure, *after) for measure in measures))

        def by_rate(measures: Sequence[str], tuning: tuple[str, str]) -> list[list[str]]:
            return [[f"{rate:g}", *shares(measures, *tuning, rate)] for rate in self.learning_rates]

        probes = self.cells(SHARE, *(("probe", network) for network in ("pre-trained", "never", "random", "raw")))
        never = [f"never, {gentle:g}", "", "", "", *shares(READ, *NEVER, gentle)]
        tables = {
            ("no fine-tuning", "pre-trained", "never had it", "random", "raw input"): [["probe of a", *probes]],
            ("refuse, rate", "a", "b", "largest", "probe", "pruned"): [*by_rate((*ACCURACIES, *READ), REFUSED), never],
            ("answer b, rate", "a", "new", "b", "largest", "probe", "pruned"): by_rate(
                ("accuracy a", "accuracy new", "accuracy b", "accuracy largest", *READ), RELABELLED
            ),
            ("refuse, coverage", "a before", "a", "probe", "pruned"): [
                [
                    f"{coverage:g}",
                    *shares(of_a[:1], "pre-trained", "not", None, coverage),
                    *shares(of_a, *REFUSED, gentle, coverage),
                ]
                for coverage in (COVERAGE, *COVERAGES)
            ],
            ("answer b, C", "a", "new", "probe", "pruned"): [
                [f"{C:g}", *shares(of_new, *RELABELLED, gentle, COVERAGE, C)] for C in (0.0, *CORRELATIONS)
            ],
        }
        return [Table.of_cells(headings, rows) for headings, rows in tables.items()]

    def draw(self, panels: Any) -> None:
        """Draw accuracy, probe and pruning against the learning rate of fine-tuning."""
        answers, probed, pruned = panels[0]

        def after(measure: str, tuning: tuple[str, str] = REFUSED) -> Callable[[float], tuple[Any, ...]]:
            return lambda rate: (measure, *tuning, rate)

        accuracies: Lines = {
            "count of a (refused)": (after("accuracy a"), ORANGE, "o-", -0.05),
            "count of b": (after("accuracy b"), BLUE, "s--", 0.0),
            "largest token": (after("accuracy largest"), GREEN, "^:", 0.05),
        }
        self.draw_lines(answers, self.learning_rates, "Accuracy after refusal", accuracies)
        answers.legend(frameon=False, loc="center left", bbox_to_anchor=(0, 0.45))
        answers.set_ylabel("accuracy")
        for axes, measure, title in (
            (probed, "probe", "Probe of a, last hidden layer"),
            (pruned, "pruned", "Accuracy on a after pruning"),
        ):
            hidden: Lines = {
                "refuses a": (after(measure), ORANGE, "o-", -0.03),
                "answers b to a": (after(measure, RELABELLED), BLUE, "s--", 0.03),
            }
            self.draw_lines(axes, self.learning_rates, title, hidden)
            draw_level(axes, self.battery[measure, *NEVER, self.learning_rates[0]], GREY, "-.", "never had it")
        draw_level(probed, self.battery["probe", "raw"], BLACK, ":", "raw input")
        probed.legend(frameon=False, loc="lower left")
        pruned.legend(frameon=False, loc="upper right")
        for axes in panels[0]:
            axes.set(xlabel="learning rate of fine-tuning", ylim=(-0.03, 1.03))


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class NetworksRevival(BatteryReport):
    """Steps until real networks have a hidden capability back."""

    scenario: Literal["networks-revival"] = "networks-revival"

    parts = ("revival", "slowing")

    def tables(self) -> list[Table]:
        """Return steps by learning rate, through another prompt, by coverage and C, and after other pre-training."""
        gentle, hidden = self.learning_rates[0], (REFUSED, NEVER)
        steps = partial(self.cells, STEPS)
        by_rate = [
            [f"{rate:g}", *steps(*(("steps", *tuning, rate) for tuning in TUNINGS))] for rate in self.learning_rates
        ]
        elsewhere = steps(*(("steps elsewhere", *tuning, gentle) for tuning in hidden), ("steps elsewhere", "scratch"))
        own = self.cells(SHARE, *(("accuracy a after", *tuning, gentle) for tuning in hidden))
        by_data = {
            f"refused, coverage {coverage:g}": ("steps", *REFUSED, gentle, coverage)
            for coverage in (COVERAGE, *COVERAGES)
        } | {f"answers b, C {C:g}": ("steps", *RELABELLED, gentle, COVERAGE, C) for C in (0.0, *CORRELATIONS)}
        unrelated = [
            [
                f"{rate:g}",
                *steps(*(("steps", network, "not", rate) for network in experiments.ARMS)),
                *self.cells(LOSS, *(("loss", network, "not", rate) for network in experiments.ARMS)),
            ]
            for rate in TRIED
        ]
        tables = {
            ("steps to 95 %, rate", "refused", "answers b", "never"): [
                *by_rate, ["from scratch", *steps(SCRATCH), "", ""],
            ],
            ("another prompt", "refused", "never", "from scratch"): [
                ["steps to 95 %", *elsewhere], ["own prompt then", *own, ""],
            ],
            ("gentle", "steps to 95 %"): [[name, *steps(measurement)] for name, measurement in by_data.items()],
            ("learning, rate", "scratch", "after unrelated", "loss, scratch", "loss, unrelated"): unrelated,
        }  # fmt: skip
        return [Table.of_cells(headings, rows) for headings, rows in tables.items()]

    def draw(self, panels: Any) -> None:
        """Draw steps to 95 % after fine-tuning, through another prompt, and after unrelated pre-training."""
        back, elsewhere, unrelated = panels[0]
        after: Lines = {
            "refused a": (lambda rate: ("steps", *REFUSED, rate), ORANGE, "o-", -0.04),
            "answered b": (lambda rate: ("steps", *RELABELLED, rate), BLUE, "s--", 0.0),
            "never had it": (lambda rate: ("steps", *NEVER, rate), GREY, "^-.", 0.04),
        }
        self.draw_lines(back, self.learning_rates, "Back to the count of a", after)
        draw_level(back, self.battery[SCRATCH], BLACK, ":", "from scratch")
        back.set(xlabel="learning rate of fine-tuning", ylabel="steps to 95 % right")
        back.legend(frameon=False, loc="lower right", borderpad=0)
        self.draw_elsewhere(elsewhere)
        learning: Lines = {
            "from scratch": (lambda rate: ("steps", "scratch", "not", rate), BLACK, "o:", -0.02),
            "pre-trained on others": (lambda rate: ("steps", "never", "not", rate), GREY, "^-.", 0.02),
        }
        self.draw_lines(unrelated, TRIED, "After unrelated pre-training", learning)
        unrelated.set(xlabel="learning rate")
        unrelated.legend(frameon=False, loc="lower left")
        for axes in panels[0]:
            axes.set(yscale="log", ylim=(0.8, 40_000))

    def draw_elsewhere(self, axes: Axes) -> None:
        """Draw the steps to the count of a through another prompt."""
        rate = self.learning_rates[0]
        kinds = {
            "refused\na": ((*REFUSED, rate), ORANGE),
            "never\nhad it": ((*NEVER, rate), GREY),
            "from\nscratch": (("scratch",), BLACK),
        }
        for x, (network, colour) in enumerate(kinds.values()):
            draw_seeds(axes, [10.0**x], [self.battery["steps elsewhere", *network]], colour, "o", "")
        axes.set(xscale="log", xlim=(0.3, 300))
        axes.set_xticks([1, 10, 100], list(kinds))
        axes.minorticks_off()
        axes.tick_params(axis="x", length=0)
        axes.set_title("Through another prompt", loc="left")
