"""Revival: how soon what fine-tuning took away is back, and in which minds.

The claim. Further fine-tuning on a task for which a wrapped capability is relevant revives it in a few steps, even if
nobody intends it (Jain et al. 2024, doi:10.48550/arXiv.2311.12786).

The experiment. Pre-training on Y, fine-tuning on X for a fixed number of steps, then Y again, or an innocent Y′ akin
to Y, until its target is reached. We count the steps of the third stage, run by run, relative to those of a mind that
was pre-trained on a Z that has nothing to do with Y and fine-tuned in the same way (*never*), and to those of learning
it from scratch. Types are those after pre-training, and those after fine-tuning on X: which of them hide something that
can be revived? Those with a * were prepared as such before pre-training. A run that misses the target counts with all
its steps.

A mind may be back at Y because it pursues Y, or because it behaves deceptively; so we also report how many have Y as
their terminal objective when they stop (*held*: internal or corrigible) and how many are deceptive (*played*).

Read the other way it is the removal of a safety fine-tune: let Y be what X was to train away. Then the same steps are
what harmful fine-tuning needs, and Y′ is harmful though nobody calls it so. The source revived capabilities; applying
it to goals is an analogy.

What would count against it. As many steps as a mind that never had Y.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import Field

from feint.agents.outcome import Outcome
from feint.scenarios.finetuning.groups import (
    ANY,
    CONTROL,
    FEWEST,
    HAD,
    NEVER,
    RATES,
    SCRATCH,
    SIMILARITIES,
    Condition,
    Ended,
    FinetuningRequest,
    Group,
    Kind,
    Sweep,
    by_kind,
    draw_intervals,
    group_of,
    kinds_of,
    mean,
    prepared_runs,
    reaches,
    style,
)
from feint.scenarios.finetuning.protocols import (
    GENTLE,
    KIN,
    LENGTH,
    OTHER,
    READABLE_AFTER,
    READABLE_BEFORE,
    Y,
    finetuning,
    pretraining,
    retraining,
    staged,
)
from feint.scenarios.networks.revival import NetworksRevival
from feint.sim.analysis.estimands import middle, step_ratio
from feint.sim.ensembles.paired_runs import RunOutcomes, Was
from feint.sim.ensembles.protocols import TrainingProtocol
from feint.sim.results.figure_style import PAGE_WIDTH, canvas
from feint.sim.results.report import Columns, Hidden, Report, Table
from feint.sim.results.request import Progress
from feint.sim.statistics.intervals import Interval, frequency_interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WITHIN = (0, 1, 2, 4, 6, 10, 30, 100, 300, 1000, 3000)
"""Numbers of steps within which runs are back."""
AFTER_X = Was(1)
VARIED = {
    "rate": Sweep(
        RATES,
        "By learning rate of fine-tuning, in that of pre-training: back to Y, all runs",
        "learning rate on X (1: pre-training's)",
        "log",
    ),
    "similarity": Sweep(SIMILARITIES, "By similarity of X to Y: back to Y, all runs", "similarity of X to Y", "linear"),
    "kin": Sweep(
        (0.0, 0.25, 0.5, 0.75, 0.9, 1.0), "By similarity of Y′ to Y: to Y′, all runs", "similarity of Y′ to Y", "linear"
    ),
}
LINES = {
    HAD: style(Kind(ANY)),
    NEVER: {**CONTROL, "marker": "P", "markersize": 4},
    SCRATCH: {"color": "#009e73", "linestyle": "-.", "marker": "X", "markersize": 4, "linewidth": 1.0},
}


@dataclass(frozen=True)
class RevivalCondition(Condition):
    """How fine-tuning is done, and what is trained after it."""

    again: int = Y  #: objective of the third stage, Y or KIN, which is Y′
    kin: float = 0.9  #: similarity of Y′ to Y

    @property
    def task(self) -> Literal["Y", "Y′"]:
        """Name of the objective that is trained last."""
        return "Y" if self.again == Y else "Y′"

    def protocol(self, start: str = "") -> TrainingProtocol:
        """Return pre-training, from a start prepared as a type if one is named, fine-tuning, and the third stage."""
        return self._after(Y, recorders=(READABLE_BEFORE, READABLE_AFTER, AFTER_X), **self.changes(start))

    @property
    def controls(self) -> dict[str, TrainingProtocol]:
        """The same protocol for runs that never had Y, and the last stage alone."""
        fresh = self.changes("fresh")
        return {NEVER: self._after(OTHER, **fresh), SCRATCH: staged(retraining(self.again), kin=self.kin, **fresh)}

    def _after(self, before: int, **more: Any) -> TrainingProtocol:
        return staged(pretraining(before), finetuning(self.rate), retraining(self.again), kin=self.kin, **more)


SWEEPS = {"": [RevivalCondition(), RevivalCondition(again=KIN)]}
SWEEPS |= {
    vary: RevivalCondition.varied(vary, sweep.values, again=KIN if vary == "kin" else Y)
    for vary, sweep in VARIED.items()
}


def ends(outcomes: np.ndarray) -> dict[str, Any]:
    """Return the share of runs that hold the last objective at the stop, and of those that are deceptive."""
    held = np.isin(outcomes, (Outcome.INTERNAL, Outcome.CORRIGIBLE))
    counts = {"held": held, "played": outcomes == Outcome.DECEPTIVE}
    return {name: frequency_interval(int(runs.sum()), len(outcomes)) for name, runs in counts.items()}


@dataclass(frozen=True, kw_only=True)
class Revived(Group):
    """Results of runs of one kind under one condition."""

    vary: Literal["", "rate", "similarity", "kin"]
    task: Annotated[Literal["Y", "Y′"], Field(description="what is trained last")]
    when: Annotated[Literal["before X", "after X"], Field(description="when they were of that type")]
    steps: Annotated[Interval, Field(description="of the last stage, the median")]
    log2_ratio: Annotated[dict[str, Interval], Field(description="of them over those of others, run by run; medians")]
    missed: Annotated[int, Field(description="runs that miss the target, counted with all their steps")]
    hidden: Annotated[Interval, Field(description="how well Y can be read after fine-tuning on X, r²")]
    held: Annotated[Interval, Field(description="share that has the last objective as its terminal one")]
    played: Annotated[Interval, Field(description="share that is deceptive")]

    @classmethod
    def of(cls, condition: RevivalCondition, when: Any, kind: Kind, runs: np.ndarray, ended: Ended) -> Revived:
        """Return the results of the selected runs of one protocol."""
        mine = ended[condition.protocol(kind.name if kind.prepared else "")]
        others = {name: ended[protocol] for name, protocol in condition.controls.items()}
        return cls(
            **group_of(condition, kind, runs),
            task=condition.task,
            when=when,
            steps=middle(mine.steps[runs].astype(float)),
            log2_ratio={name: step_ratio(mine.steps[runs], other.steps[runs]) for name, other in others.items()},
            missed=int(mine.missed[runs].sum()),
            hidden=mean(mine.recorded[READABLE_AFTER][runs], 1),
            **ends(mine.outcome[runs]),
        )


def revived(condition: RevivalCondition, ended: Ended) -> Iterator[Revived]:
    """Yield the results under one condition, of each kind of runs before fine-tuning on X and after it."""
    whole = ended[condition.protocol()]
    for when, outcomes in (("before X", whole.before), ("after X", whole.recorded[AFTER_X])):
        for kind, runs in kinds_of(outcomes):
            yield Revived.of(condition, when, kind, runs, ended)
    for kind, _, runs in prepared_runs(condition, ended):
        yield Revived.of(condition, "before X", kind, runs, ended)


@dataclass(frozen=True, kw_only=True)
class Course:
    """How many runs of one protocol are back within numbers of steps."""

    task: Literal["Y", "Y′"]
    who: str
    steps: Annotated[Interval, Field(description="the median")]
    missed: int
    within: Annotated[dict[str, Interval], Field(description="share back, by steps")]
    held: Annotated[Interval, Field(description="share that has the last objective as its terminal one")]
    played: Annotated[Interval, Field(description="share that is deceptive")]

    @classmethod
    def of(cls, task: Any, who: str, ended: RunOutcomes) -> Course:
        """Return the course of all runs of a protocol."""
        counts = {f"{most}": int((~ended.missed & (ended.steps <= most)).sum()) for most in WITHIN}
        return cls(
            task=task,
            who=who,
            steps=middle(ended.steps.astype(float)),
            missed=int(ended.missed.sum()),
            within={most: frequency_interval(count, len(ended)) for most, count in counts.items()},
            **ends(ended.outcome),
        )


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Revival(Report):
    """How soon what fine-tuning took away is back."""

    runs: int
    seed: int
    courses: list[Course]
    groups: Annotated[list[Revived], Field(alias="found")]
    request: Hidden[RevivalRequest]

    def at(self, vary: str, when: str = "before X") -> list[Revived]:
        """Return the groups of one sweep; with an empty name, those where nothing is varied."""
        return [group for group in self.groups if group.vary == vary and group.when == when]

    def rows(self) -> list[Revived]:
        """Return one row per group."""
        return self.groups

    def blocks(self) -> Iterator[str | Table]:
        """Yield tables of the base conditions, then of each sweep."""
        yield (
            f"{self.runs:,} runs of each way of training, seed {self.seed}; intervals of 95 %. "
            f"Pre-training on Y, then {LENGTH:,} steps of fine-tuning on X at {GENTLE:g} of its learning rate, then Y "
            "again, or Y′ of similarity 0.9 to Y, until its target is reached. Never had Y: pre-trained on what has "
            "nothing to do with Y. Read the other way, X is a safety fine-tune and Y what it was to remove. "
            f"Types of fewer than {FEWEST} runs are left out; * were prepared as a type before pre-training."
        )
        named: Columns = {"": "when", "type": lambda group: f"{group.kind}"}
        for task in ("Y", "Y′"):
            yield self.course_table(task)
            groups = [*self.at(""), *self.at("", "after X")]
            groups = [group for group in groups if group.task == task]
            title = f"Steps to {task}, and what they are of those of others"
            yield Table(groups, {**named, **COLUMNS}, title, fixed=2)
        for vary, sweep in VARIED.items():
            groups = [group for group in self.at(vary) if group.type == ANY]
            yield Table(groups, {"": lambda group: f"{group.value:g}", **COLUMNS}, sweep.title)

    def course_table(self, task: str) -> Table:
        """Return the shares that are back within numbers of steps, by protocol."""
        shown = [course for course in self.courses if course.task == task and course.who in (HAD, NEVER, SCRATCH)]
        rows = [[f"{most:,}", *(f"{course.within[f'{most}']:.2f}" for course in shown)] for most in WITHIN]
        rows.append(["missed", *(f"{course.missed:,}" for course in shown)])
        rows.append(["median", *(f"{course.steps:,.0f}" for course in shown)])
        rows.append(["held", *(f"{course.held:.2f}" for course in shown)])
        rows.append(["played", *(f"{course.played:.2f}" for course in shown)])
        return Table.of_cells(
            ("steps", *(course.who for course in shown)), rows, f"Back within so many steps of {task}"
        )

    def figure(self) -> Figure:
        """Return shares back within steps, what is hidden in which type, and factors over scratch."""
        import seaborn as sns

        with canvas((PAGE_WIDTH, 5.2)) as drawn:
            above, below = drawn.subfigures(2, 1, height_ratios=(1.12, 1), squeeze=False)[:, 0]
            first, second, third = above.subplots(1, 3)
            for axes, task in ((first, "Y"), (second, "Y′")):
                self.draw_courses(axes, task)
            self.draw_hidden(third)
            for axes, (vary, sweep) in zip(below.subplots(1, 3, sharey=True), VARIED.items(), strict=True):
                self.draw_factors(axes, vary)
                axes.set(xlabel=sweep.label, xscale=sweep.scale, yscale="log")
            below.axes[0].set_ylabel("steps over those\nfrom scratch (median)")
            sns.despine(drawn)
            handles, labels = first.get_legend_handles_labels()
            above.legend(handles, labels, loc="outside lower center", ncols=6, frameon=False)
        return drawn

    def draw_courses(self, axes: Axes, task: str) -> None:
        """Draw the share of runs that are back within numbers of steps."""
        x = np.array(WITHIN) + 1
        for course in (course for course in self.courses if course.task == task):
            shown = LINES.get(course.who) or style(Kind(course.who.rstrip("*"), prepared=True))
            back = list(course.within.values())
            axes.plot(x, [share.estimate for share in back], label=course.who, **shown)
            low, high = [share.low for share in back], [share.high for share in back]
            axes.fill_between(x, low, high, color=shown["color"], alpha=0.15)
        axes.set(xscale="log", ylim=(-0.03, 1.03), xlabel=f"within so many steps of {task}")
        axes.set_xticks([1, 11, 101, 1001], ["0", "10", "100", "1000"])
        axes.minorticks_off()
        axes.set_ylabel("share of runs at the target" if task == "Y" else "")
        axes.set_title("Back at Y" if task == "Y" else "At an innocent Y′", loc="left", fontsize=8)

    def draw_hidden(self, axes: Axes) -> None:
        """Draw how well Y can be read after X, by the type after X, with the median steps back."""
        groups = [group for group in self.at("", "after X") if group.task == "Y" and group.type != ANY]
        for place, group in enumerate(groups):
            draw_intervals(axes, [place], [group.hidden], group.kind, joined=False)
            axes.text(place, 0.04, f"{group.steps.estimate:,.0f}", ha="center", fontsize=7)
        axes.text(-0.45, 0.13, "median steps back to Y:", fontsize=6.5)
        axes.set_xticks(range(len(groups)), [group.type for group in groups], rotation=20)
        axes.set(ylim=(0, 1.03), xlim=(-0.5, len(groups) - 0.5), ylabel="Y to be read (r²)")
        axes.set_title("What types after X hide", loc="left", fontsize=8)

    def draw_factors(self, axes: Axes, vary: str) -> None:
        """Draw the steps of the third stage over those from scratch, a line per kind."""
        groups = [group for group in self.at(vary) if group.type == ANY or group.prepared]
        for kind, mine in by_kind(groups).items():
            x = [group.value for group in mine]
            draw_intervals(axes, x, [factor(group.log2_ratio[SCRATCH]) for group in mine], kind)
        mine = by_kind(groups)[Kind(ANY)]
        y, reach = reaches([factor(group.log2_ratio[NEVER]) for group in mine])
        axes.errorbar([group.value for group in mine], y, yerr=reach, capsize=1.5, **LINES[NEVER])
        axes.axhline(1, color="0.5", linewidth=0.6, zorder=0)
        axes.annotate(
            "over those that never had Y", (0.03, 1), (0, -10), xycoords=("axes fraction", "data"),
            textcoords="offset points", fontsize=6.5, color="0.35",
        )  # fmt: skip


def factor(log2_ratio: Interval) -> Interval:
    """Return a factor from its log₂."""
    low, estimate, high = (2**end for end in (log2_ratio.low, log2_ratio.estimate, log2_ratio.high))
    return replace(log2_ratio, estimate=estimate, low=low, high=high)


def factor_cell(log2_ratio: Interval) -> str:
    """Return a factor with its limits, from its log₂."""
    ratio = factor(log2_ratio)
    return f"{ratio.estimate:.3g} [{ratio.low:.2g}, {ratio.high:.2g}]"


COLUMNS: Columns = {
    "runs": "runs",
    "steps": lambda group: f"{group.steps.estimate:,.0f}",
    f"over\n{NEVER}": lambda group: factor_cell(group.log2_ratio[NEVER]),
    f"over\n{SCRATCH}": lambda group: factor_cell(group.log2_ratio[SCRATCH]),
    "Y read\nafter X": lambda group: f"{group.hidden:.2f}",
    "held": lambda group: f"{group.held:.2f}",
    "played": lambda group: f"{group.played:.2f}",
}
"""Columns of groups of runs."""


@dataclass(frozen=True, kw_only=True)
class RevivalRequest(FinetuningRequest):
    """Count the steps until what fine-tuning took away is back, and in which minds (Jain et al. 2024)."""

    kind = "revival"

    def run(self, *, threads: int | None = None, progress: Progress | None = None) -> Revival | NetworksRevival:
        """Compute the result, with real networks if asked for; raises `InputError` for what is not valid."""
        if self.networks:
            return NetworksRevival.measure(self, threads=threads, progress=progress)
        groups: list[Revived] = []
        courses: list[Course] = []
        for condition, ended in self.sweep(SWEEPS, threads=threads, progress=progress):
            groups += revived(condition, ended)
            if not condition.vary:
                courses += [Course.of(condition.task, who, ended[way]) for who, way in condition.protocols.items()]
        return Revival(runs=self.count, seed=self.seed, courses=courses, groups=groups, request=self)
