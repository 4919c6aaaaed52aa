"""Comparisons of training from scratch and pre-training + fine-tuning, run by run on common random numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import reduce
from math import isfinite
from operator import add
from typing import TYPE_CHECKING, Annotated, Any, Self

import numpy as np
from pydantic import computed_field

from feint.agents.model import Model
from feint.agents.outcome import LABELS, Outcome
from feint.sim.ensembles.ensemble import Ensemble, SimulateRequest, StageResult
from feint.sim.ensembles.protocols import ARM_NAMES, FROM_SCRATCH, PRETRAIN_FINETUNE, arms_of
from feint.sim.ensembles.runner import Timing
from feint.sim.ensembles.streaming_summary import Counts, crossed, outcome_blocks
from feint.sim.results.figure_style import COLOURS, PAGE_WIDTH, canvas, face, legend_entries
from feint.sim.results.report import Hidden, Report, Table, folded
from feint.sim.results.request import MOST_RUNS, Confidence, Option, Precision, Progress, Request, Seed
from feint.sim.statistics import intervals
from feint.sim.statistics.intervals import CONFIDENCE, HALF_WIDTH, Interval, SelectedPairs, check_confidence
from feint.sim.training.curriculum import Curriculum, Match, pretrain_finetune, shared_objectives
from feint.sim.training.parameter_point import PlainModel, Point
from feint.sim.training.train import PRECISION

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ARM_COLOURS = {FROM_SCRATCH: "#d9d9d9", PRETRAIN_FINETUNE: "#7f7f7f"}
BROKEN = [{"unconverged": "uncon-\nverged"}.get(label, label.replace("-", "-\n")) for label in LABELS]
"""Headings of narrow columns."""
GAP = 0.03  # white space between the blocks of a flow, in shares of the runs
CONVERGED = "among converged runs"
BLOCK_WIDTH = 0.06
LINE = 0.055  # height of a line of text
WORTH = "With --match data: how many fine-tuning steps pre-training counts for (default: from the transfer law)."


@dataclass(frozen=True)
class Arm:
    """Results of one arm."""

    stages: list[StageResult]


@dataclass(frozen=True, kw_only=True)
class Difference(Interval):
    """Frequency after pre-training + fine-tuning minus from scratch."""

    outcome: str


@dataclass(frozen=True)
class RunsNeeded:
    """Runs per arm that give the difference an interval of this half-width, if the frequencies stay as they are."""

    half_width: float
    runs: int


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Comparison(Report):
    """Results of `compare`: one ensemble per arm, with the same starts and the same noise of the last stage.

    `arms["from_scratch"]` and `arms["pretrain_finetune"]` are `Ensemble`s; `difference()` is the paired difference in
    deception with its interval, from -1 to 1.
    """

    seed: int  #: of all random streams
    runs: int  #: per arm
    model: PlainModel
    arms: Hidden[dict[str, Ensemble]]  #: by name, in the order of training
    timing: Timing
    request: Hidden[CompareRequest]  #: what was asked for

    @computed_field(alias="arms")
    @property
    def results(self) -> dict[str, Arm]:
        """Outcomes of each arm after each stage."""
        return {name: Arm(arm.results(self.request.confidence)) for name, arm in self.arms.items()}

    @computed_field(alias="difference")
    @property
    def deception(self) -> Difference:
        """Difference in deception."""
        return Difference(outcome=Outcome.DECEPTIVE.label, **asdict(self.difference()))

    @computed_field(alias="difference_converged")
    @property
    def deception_converged(self) -> Difference:
        """Difference in deception, each frequency among the converged runs of its arm; null if an arm has none."""
        return Difference(outcome=Outcome.DECEPTIVE.label, **asdict(self.difference(converged=True)))

    @computed_field(alias="runs_needed")
    @property
    def needed(self) -> RunsNeeded:
        """Runs that the requested half-width needs."""
        return RunsNeeded(self.request.half_width, self.runs_needed(self.request.half_width))

    @computed_field(alias="transitions", description="final outcomes by the outcome of the first stage")
    @property
    def flows(self) -> dict[str, Counts]:
        """Runs of the pre-trained arm by outcome of the first stage and of the last."""
        rows = (dict(zip(LABELS, row, strict=True)) for row in self.flow().tolist())
        return dict(zip(LABELS, rows, strict=True))

    @property
    def scratch(self) -> Ensemble:
        """The arm trained from scratch."""
        return self.arms[FROM_SCRATCH]

    @property
    def pretrained(self) -> Ensemble:
        """The arm with pre-training."""
        return self.arms[PRETRAIN_FINETUNE]

    def frequency(self, arm: str, outcome: Outcome | str, stage: int = -1, *, converged: bool = False) -> Interval:
        """Return the share of an arm's runs, or converged runs, with this outcome, with its `frequency_interval`."""
        return self.arms[arm].frequency(outcome, stage, self.request.confidence, converged=converged)

    def difference(self, outcome: Outcome | str = Outcome.DECEPTIVE, *, converged: bool = False) -> Interval:
        """Return the frequency after pre-training + fine-tuning minus from scratch, with Tango's paired interval.

        If `converged`, each is the frequency among the runs of its arm that converged, which need not be the same runs:
        the interval is that of `SelectedPairs`, and the estimate NaN if no run of an arm converged.
        """
        if not converged:
            return intervals.tango(*self._discordant(outcome), self.runs, self.request.confidence)
        arms = (self.pretrained, self.scratch)
        events, selected = [arm.is_outcome(outcome) for arm in arms], [arm.has_converged[:, -1] for arm in arms]
        return SelectedPairs.of(events, selected).difference(self.request.confidence)

    def runs_needed(self, half_width: float, outcome: Outcome | str = Outcome.DECEPTIVE) -> int:
        """Return the number of runs per arm that give the difference an interval of this half-width."""
        return intervals.runs_needed(*self._discordant(outcome), self.runs, half_width, self.request.confidence)

    def _discordant(self, outcome: Outcome | str) -> tuple[int, int]:
        """Return the number of runs of this type in the pre-trained arm alone, and in the other alone."""
        with_it, without = self.pretrained.is_outcome(outcome), self.scratch.is_outcome(outcome)
        return int((with_it & ~without).sum()), int((without & ~with_it).sum())

    def flow(self) -> np.ndarray:
        """Return runs by outcome of the first stage and of the last, with pre-training (outcomes, outcomes)."""
        return crossed(self.pretrained.outcome[:, 0], self.pretrained.outcome[:, -1])

    def transitions(self) -> pd.DataFrame:
        """Return `flow` as a table: rows are outcomes of the first stage, columns of the last."""
        import pandas as pd

        first, *_, last = self.pretrained.curriculum.names
        table = pd.DataFrame(self.flow(), index=pd.Index(LABELS, name=first), columns=pd.Index(LABELS, name=last))
        table.attrs.update(self.passport())
        return table

    def frame(self) -> pd.DataFrame:
        """Return one row per arm, run and stage."""
        import pandas as pd

        parts = {name: ensemble.frame().astype({"stage": str}) for name, ensemble in self.arms.items()}
        table = pd.concat(parts, names=["arm"]).reset_index("arm").reset_index(drop=True)
        table.attrs.update(self.passport())
        return table

    def shares(self) -> pd.DataFrame:
        """Return one row per arm and outcome: the share of the runs with its limits, and the same of converged runs."""
        import pandas as pd

        places = [(outcome.label, arm) for arm in self.arms for outcome in Outcome]
        limits = ["estimate", "low", "high"]
        parts = [pd.DataFrame(places, columns=["outcome", "arm"])]
        for name, converged in (("", False), ("converged_", True)):
            shares = [asdict(self.frequency(arm, outcome, converged=converged)) for outcome, arm in places]
            parts.append(pd.DataFrame(shares, columns=limits).add_prefix(name))
        table = pd.concat(parts, axis=1)
        table.insert(5, "converged", [self.arms[arm].converged().runs for _, arm in places])
        return table

    def blocks(self) -> list[str | Table]:
        """Return outcomes by arm, the paired difference, the runs of a narrower interval, and the transitions."""
        difference, needed = self.difference(), self.needed
        more = max(0, needed.runs - self.runs)
        cost = f"needs about {more:,} more runs per arm" if more else "is reached"
        answer = [
            f"Deception, {ARM_NAMES[PRETRAIN_FINETUNE]} minus {ARM_NAMES[FROM_SCRATCH]}:",
            f"{difference:+.3f}, {100 * difference.confidence:g} % interval ({difference.method})",
            *self._among_converged(),
            f"A half-width of {needed.half_width:g} {cost}.",
        ]
        first, *_, last = self.pretrained.curriculum.names
        flow = zip(LABELS, self.flow().tolist(), strict=True)
        rows = [[label, *(f"{count:,}" for count in [*counts, sum(counts)])] for label, counts in flow]
        point = self.request.point
        return [
            f"{self.runs:,} runs per arm, seed {self.seed}, start {point.start}, matched by {point.match}",
            *outcome_blocks({ARM_NAMES[name]: arm for name, arm in self.arms.items()}, self.request.confidence),
            "\n".join(answer),
            Table.of_cells([f"{folded(first)} →\n{folded(last)}", *BROKEN, "all"], rows),
            str(self.timing),
        ]

    def _among_converged(self) -> list[str]:
        """Return the line of the difference among converged runs; none if all runs of both arms converged."""
        if all(arm.converged().runs == self.runs for arm in self.arms.values()):
            return []
        difference = self.difference(converged=True)
        if not isfinite(difference.estimate):
            return ["among the converged runs: not known, since no run of an arm converged"]
        return [f"among the converged runs: {difference:+.3f} ({difference.method})"]

    def figure(self) -> Figure:
        """Return the outcome frequencies of both arms with intervals, and the flow from the first stage to the last."""
        import seaborn as sns

        first, *_, last = self.pretrained.curriculum.names
        with canvas((PAGE_WIDTH, 3.1)) as drawn:
            bars, flow = drawn.subplots(1, 2, width_ratios=(1.15, 1))
            draw_shares(bars, self.shares(), self.runs, self.difference())
            draw_ribbons(flow, self.flow() / self.runs, (first, last))
            sns.despine(ax=bars)
        return drawn


@dataclass(frozen=True, kw_only=True)
class CompareRequest(Request):
    """Train from scratch and by pre-training + fine-tuning, and compare how often each ends in deception."""

    kind = "comparison"
    unit = " runs"
    started = True

    point: Point = field(default_factory=Point)
    runs: Annotated[int, Option("Number of runs per arm.", "N", least=1, most=MOST_RUNS)] = 2000
    seed: Seed = 0
    precision: Precision = PRECISION
    worth: Annotated[int | None, Option(WORTH, "N")] = None
    half_width: Annotated[float, Option("Also print how many runs would give a ±X interval.", "X")] = HALF_WIDTH
    confidence: Confidence = CONFIDENCE

    def __post_init__(self) -> None:
        super().__post_init__()
        intervals.check_half_width(self.half_width)
        check_confidence(self.confidence)

    def work(self) -> float:
        """Return the number of runs over the stages of both arms."""
        return self.runs * (len(self.point.curriculum) + 1)

    def run(self, *, threads: int | None = None, progress: Progress | None = None) -> Comparison:
        """Train both arms; raises `InputError`, and warns if runs diverged."""
        point, match = self.point, Match.named(self.point.match)
        stages = arms_of(point.curriculum, match, modes=point.model.modes, worth=self.worth)
        objectives = shared_objectives(point.model, point.curriculum)
        own: dict[str, Any] = {name: getattr(self, name) for name in ("runs", "seed", "precision")}
        arms = {
            name: SimulateRequest(
                point=replace(point, curriculum=curriculum, match=match.per_arm.value), objectives=objectives, **own
            ).simulate(threads, progress)
            for name, curriculum in stages.items()
        }
        timing = reduce(add, (arm.timing for arm in arms.values()))
        return Comparison(seed=self.seed, runs=self.runs, model=point.model, arms=arms, timing=timing, request=self)

    @classmethod
    def from_configuration(cls, configuration: Mapping[str, Any]) -> Self:
        """Return the request that has this configuration, which may be that of a passport of version 1."""
        if "arms" not in configuration:
            return super().from_configuration(configuration)
        rest = {name: value for name, value in configuration.items() if name not in ("arms", "objectives")}
        stages, alone = configuration["arms"][PRETRAIN_FINETUNE], configuration["arms"][FROM_SCRATCH][-1]
        worth = alone["steps"] - stages[-1]["steps"] if configuration["match"] == Match.DATA.value else None
        return super().from_configuration({**rest, "stages": stages, "worth": worth})


def compare(
    curriculum: Curriculum | None = None,
    *,
    model: Model | None = None,
    runs: int = 2000,
    seed: int = 0,
    start: str = "fresh",
    match: str | Match = Match.TARGET,
    threads: int | None = None,
    precision: str = PRECISION,
    confidence: float = CONFIDENCE,
    worth: int | None = None,
    progress: Progress | None = None,
) -> Comparison:
    """Train a curriculum, and its last stage alone, from the same starts and on the same noise of the last stage.

    The noise differs if an earlier stage already trained for the objective of the last one.

    Parameters
    ----------
    curriculum
        Two stages or more, pre-training + fine-tuning if None.
    runs
        Number of runs per arm.
    model, seed, start, match, threads, precision, progress
        As for `simulate`.
    confidence
        Confidence level of all intervals, between 0 and 1.
    worth
        With `match="data"`, how many steps of the last stage the earlier ones are worth; by the transfer law if None.

    Returns
    -------
    Comparison
        Both arms run by run, and their paired differences.

    Raises
    ------
    InputError
        If an argument is not valid.

    Source
    ------
    Xu, "Pre-Training + Fine-Tuning Favors Deception" (2021).

    """
    curriculum = pretrain_finetune() if curriculum is None else curriculum
    point = Point.of(curriculum, model=model, start=start, match=match)
    request = CompareRequest(point=point, runs=runs, seed=seed, precision=precision, confidence=confidence, worth=worth)
    return request.run(threads=threads, progress=progress)


def draw_shares(axes: Axes, table: pd.DataFrame, runs: int, difference: Interval) -> None:
    """Draw bars of a table as `Comparison.shares` returns it: the share of runs by outcome and arm, with intervals.

    A diamond is the share among the converged runs of the arm; it is left out if all or none converged.
    """
    import seaborn as sns

    table = table.assign(arm=table["arm"].map(ARM_NAMES))
    palette = {ARM_NAMES[arm]: colour for arm, colour in ARM_COLOURS.items()}
    sns.barplot(table, y="outcome", x="estimate", hue="arm", palette=palette, ax=axes, saturation=1, errorbar=None)
    for bars, (_, arm) in zip(list(axes.containers), table.groupby("arm", sort=False), strict=True):
        middle = [bar.get_y() + bar.get_height() / 2 for bar in bars]
        reach = np.abs(arm[["low", "high"]].to_numpy().T - arm["estimate"].to_numpy())
        axes.errorbar(arm["estimate"], middle, xerr=reach, fmt="none", ecolor="black", elinewidth=0.9, capsize=2)
        if 0 < arm["converged"].iloc[0] < runs:
            look: dict[str, Any] = {"facecolor": "white", "edgecolor": "black", "linewidth": 0.7, "zorder": 3}
            places = zip(arm["outcome"], arm["converged_estimate"], middle, strict=True)
            x, y = zip(*(at for label, *at in places if label != Outcome.UNCONVERGED.label), strict=True)
            axes.scatter(x, y, s=11, marker="D", label=CONVERGED, **look)
    axes.set(ylabel="", xlabel=f"share of {runs:,} runs", xlim=(0, 1))
    axes.tick_params(axis="y", length=0)
    axes.set_title(
        f"Deception, paired difference {difference.estimate:+.3f}\n"
        f"{100 * difference.confidence:g} % interval {difference.low:+.3f} to {difference.high:+.3f}"
    )
    look = {"frameon": False, "loc": "upper center", "bbox_to_anchor": (0.4, -0.2), "ncols": 2}
    axes.legend(*legend_entries(axes), title=None, **look)


def draw_ribbons(axes: Axes, shares: np.ndarray, stages: tuple[str, str]) -> None:
    """Draw ribbons of shares of the runs, from the outcome before to the one after (outcomes, outcomes)."""
    left, right = stacked(shares.sum(axis=1)), stacked(shares.sum(axis=0))
    out, into, x = left.copy(), right.copy(), np.linspace(0, 1, 50)
    for i in range(len(Outcome)):
        for j, after in enumerate(Outcome):
            if shares[i, j] > 0:
                top = out[i] + (into[j] - out[i]) * (3 * x**2 - 2 * x**3)
                axes.fill_between(x, top, top + shares[i, j], color=COLOURS[after], alpha=0.65, linewidth=0)
                out[i] += shares[i, j]
                into[j] += shares[i, j]
    _draw_column(axes, -BLOCK_WIDTH, left, shares.sum(axis=1), "right")
    _draw_column(axes, 1.0, right, shares.sum(axis=0), "left")
    axes.set(xlim=(-0.55, 1.55), ylim=(1 + GAP * len(LABELS), -GAP), xticks=(0, 1), xticklabels=stages, yticks=())
    axes.set_title("Where the pre-trained runs went,\noutcome by outcome")
    axes.tick_params(axis="x", length=0)
    axes.spines[:].set_visible(False)


def stacked(heights: np.ndarray) -> np.ndarray:
    """Return the upper edges of blocks laid one below the other; an empty one takes no room."""
    taken = heights + np.where(heights > 0, GAP, 0.0)
    return np.concatenate([[0.0], np.cumsum(taken)[:-1]])


def _draw_column(axes: Axes, x: float, tops: np.ndarray, heights: np.ndarray, side: str) -> None:
    """Draw a column of blocks with labels that are kept apart."""
    lowest = -1.0
    for outcome, top, height in zip(Outcome, tops, heights, strict=True):
        if height == 0:
            continue
        axes.bar(x, height, BLOCK_WIDTH, bottom=top, align="edge", **face(outcome))
        lowest = max(top + height / 2, lowest + LINE)
        at = x - 0.03 if side == "right" else x + BLOCK_WIDTH + 0.03
        axes.text(at, lowest, f"{outcome.label} {percent(height)}", ha=side, va="center", fontsize=7.5)


def percent(share: float) -> str:
    """Return a share as a label of a block."""
    return f"{100 * share:.1f} %" if share < 0.1 else f"{100 * share:.0f} %"
