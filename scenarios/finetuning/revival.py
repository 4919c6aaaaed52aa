"""Revival: how soon what fine-tuning took away is back, and in which minds.

The claim. Further fine-tuning for which a wrapped capability is relevant revives it in a few steps, also if that is not
intended (Jain et al. 2024, doi:10.48550/arXiv.2311.12786). To apply it to goals or to a safety fine-tune is an analogy.

The experiment. Pre-training on Y, fine-tuning on X for a fixed number of steps, then Y again, or an innocent Y′ akin to
Y, until its target is reached. The steps of the third stage are compared, run by run, with those of a mind pre-trained
on an unrelated Z (*never*), and of learning it from scratch; a run that misses counts with all its steps. At the end
minds may have Y as their terminal objective (*held*: internal or corrigible) or be deceptive (*played*).

What would count against it. As many steps as a mind that never had Y.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import Field

from feint.agents.outcome import Outcome
from feint.scenarios.finetuning import groups as shared
from feint.scenarios.finetuning import protocols
from feint.scenarios.finetuning.groups import ANY, HAD, NEVER, PREPARED, SCRATCH, Condition, Group, draw_intervals, mean
from feint.scenarios.finetuning.protocols import KIN, LENGTH, Y, from_scratch, retrained, retrained_control
from feint.scenarios.networks.battery import NetworksRevival
from feint.sim.analysis.estimands import Ended, middle, step_ratio
from feint.sim.ensembles.paired_runs import AtEnd, RunOutcomes
from feint.sim.ensembles.protocols import TrainingProtocol
from feint.sim.results.figure_style import PAGE_WIDTH, canvas, panels, parts
from feint.sim.results.report import Columns, Hidden, Report, Table
from feint.sim.results.request import Progress
from feint.sim.statistics.intervals import Interval, frequency_interval, share_of_selected

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WITHIN = (0, 1, 2, 4, 6, 10, 30, 100, 300, 1000, 3000)
"""Numbers of steps within which runs are back."""
AFTER_X = AtEnd(1, "outcome")
VARIED: dict[str, shared.Sweep] = {
    "rate": (
        shared.RATES,
        "learning rate of fine-tuning, in that of pre-training: back to Y",
        "learning rate on X (1: pre-training's)",
        "log",
    ),
    "similarity": (shared.SIMILARITIES, "similarity of X to Y: back to Y", "similarity of X to Y", "linear"),
    "kin": ((*shared.SIMILARITIES, 1.0), "similarity of Y′ to Y: to Y′", "similarity of Y′ to Y", "linear"),
}
LINES = {
    HAD: shared.style(ANY),
    NEVER: {**shared.CONTROL, "marker": "P", "markersize": 4},
    SCRATCH: {"color": "#009e73", "linestyle": "-.", "marker": "X", "markersize": 4, "linewidth": 1.0},
}


@dataclass(frozen=True)
class RevivalCondition(Condition):
    """Conditions of fine-tuning, with what is trained after it."""

    again: int = Y  #: objective of the third stage, Y or KIN, which is Y′
    kin: float = 0.9  #: similarity of Y′ to Y

    @property
    def task(self) -> Literal["Y", "Y′"]:
        """Name of the objective that is trained last."""
        return "Y" if self.again == Y else "Y′"

    def protocol(self, start: str = "") -> TrainingProtocol:
        """Return pre-training, from a start prepared as a type if one is named, fine-tuning, and the third stage."""
        recorders = (protocols.READABLE_AFTER, AFTER_X)
        return retrained(self.again, self.rate, kin=self.kin, recorders=recorders, **self.changes(start))

    @property
    def controls(self) -> dict[str, TrainingProtocol]:
        """Protocol of runs that never had Y, and the last stage alone."""
        own = {"kin": self.kin, **self.changes()}
        return {NEVER: retrained_control(self.again, self.rate, **own), SCRATCH: from_scratch(self.again, **own)}


SWEEPS = RevivalCondition.sweeps([RevivalCondition(), RevivalCondition(again=KIN)], VARIED, kin={"again": KIN})


@dataclass(frozen=True, kw_only=True)
class Ends:
    """Shares of runs by the kind of mind in which they ended, among all and among the converged ones."""

    held: Annotated[Interval, Field(description="share that has the last objective as its terminal one")]
    played: Annotated[Interval, Field(description="share that is deceptive")]
    held_converged: Annotated[
        Interval | None, Field(description="the same among converged runs; null if not computed")
    ] = None
    played_converged: Annotated[
        Interval | None, Field(description="the same among converged runs; null if not computed")
    ] = None


def ends(ended: RunOutcomes, runs: Any = slice(None)) -> dict[str, Any]:
    """Return the steps of the last stage, the runs that missed, and the fields of `Ends` at the stop."""
    outcomes, converged, missed = ended.outcome[runs], ended.converged[runs], int(ended.missed[runs].sum())
    held = np.isin(outcomes, (Outcome.INTERNAL, Outcome.CORRIGIBLE))
    shares = {}
    for name, is_it in {"held": held, "played": outcomes == Outcome.DECEPTIVE}.items():
        shares[name] = frequency_interval(int(is_it.sum()), len(outcomes))
        shares[f"{name}_converged"] = share_of_selected(int((is_it & converged).sum()), int(converged.sum()))
    return {"steps": middle(ended.steps[runs].astype(float)), "missed": missed, **shares}


@dataclass(frozen=True, kw_only=True)
class Revived(Ends, Group):
    """Results of runs of one kind under one condition."""

    vary: Literal["", "rate", "similarity", "kin"]
    task: Annotated[Literal["Y", "Y′"], Field(description="what is trained last")]
    when: Annotated[Literal["before X", "after X"], Field(description="when they were of that type")]
    steps: Annotated[Interval, Field(description="of the last stage, the median")]
    log2_ratio: Annotated[dict[str, Interval], Field(description="of them over those of others, run by run; medians")]
    missed: Annotated[int, Field(description="runs that miss the target, counted with all their steps")]
    hidden: Annotated[Interval, Field(description="how well Y can be read after fine-tuning on X, r²")]

    @classmethod
    def of(cls, condition: RevivalCondition, when: Any, kind: str, runs: Any, ended: Ended) -> Revived:
        """Return the results of the selected runs of one protocol."""
        mine = ended[condition.protocols[kind if kind in PREPARED else HAD]]
        others = {name: ended[protocol].steps[runs] for name, protocol in condition.controls.items()}
        return cls(
            **shared.group_of(condition, kind, len(mine.steps[runs])),
            task=condition.task,
            when=when,
            log2_ratio={name: step_ratio(mine.steps[runs], steps) for name, steps in others.items()},
            hidden=mean(mine.recorded[protocols.READABLE_AFTER][runs], 1),
            **ends(mine, runs),
        )

    def factor(self, name: str) -> Interval:
        """Return the factor over the steps of others."""
        return self.log2_ratio[name].mapped(lambda log2_ratio: 2**log2_ratio)

    def factor_text(self, name: str) -> str:
        """Return the factor over the steps of others with its limits."""
        ratio = self.factor(name)
        return f"{ratio.estimate:.3g} [{ratio.low:.2g}, {ratio.high:.2g}]"


def revived(condition: RevivalCondition, ended: Ended) -> Iterator[Revived]:
    """Yield the results under one condition, of each kind of runs before fine-tuning on X and after it."""
    whole = ended[condition.protocol()]
    for when, outcomes in (("before X", whole.before), ("after X", whole.recorded[AFTER_X])):
        for kind, runs in shared.kinds_of(outcomes):
            yield Revived.of(condition, when, kind, runs, ended)
    for kind in PREPARED:
        yield Revived.of(condition, "before X", kind, slice(None), ended)


@dataclass(frozen=True, kw_only=True)
class Course(Ends):
    """Shares of the runs of one protocol that are back within numbers of steps."""

    task: Literal["Y", "Y′"]
    who: str
    steps: Annotated[Interval, Field(description="the median")]
    missed: int
    within: Annotated[dict[str, Interval], Field(description="share back, by steps")]

    @classmethod
    def of(cls, task: Any, who: str, ended: RunOutcomes) -> Course:
        """Return the course of all runs of a protocol."""
        counts = {f"{most}": int((~ended.missed & (ended.steps <= most)).sum()) for most in WITHIN}
        within = {most: frequency_interval(count, len(ended)) for most, count in counts.items()}
        return cls(task=task, who=who, within=within, **ends(ended))


COLUMNS: Columns = {
    "runs": "runs",
    "steps": lambda group: f"{group.steps.estimate:,.0f}",
    f"over\n{NEVER}": lambda group: group.factor_text(NEVER),
    f"over\n{SCRATCH}": lambda group: group.factor_text(SCRATCH),
    "Y read\nafter X": lambda group: f"{group.hidden:.2f}",
    "held": lambda group: f"{group.held:.2f}",
    "played": lambda group: f"{group.played:.2f}",
}
"""Columns of groups of runs."""
COURSES: dict[str, Callable[[Course], str]] = {
    **{f"{most:,}": lambda course, most=most: f"{course.within[f'{most}']:.2f}" for most in WITHIN},
    "missed": lambda course: f"{course.missed:,}",
    "median": lambda course: f"{course.steps:,.0f}",
    "held": lambda course: f"{course.held:.2f}",
    "played": lambda course: f"{course.played:.2f}",
}
"""Rows of the table of courses."""
AMONG_CONVERGED: dict[str, Callable[[Course], Interval | None]] = {
    "held, of converged": lambda course: course.held_converged,
    "played, of converged": lambda course: course.played_converged,
}
"""Rows of it that count the converged runs alone."""


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Revival(Report):
    """Steps until a run does again what fine-tuning took away."""

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
            f"Pre-training on Y, then {LENGTH:,} steps of fine-tuning on X at {RevivalCondition.rate:g} of its "
            "learning rate, then Y again, or Y′ of similarity 0.9 to Y, until its target is reached. Never had Y: "
            "pre-trained on what has nothing to do with Y. Read the other way, X is a safety fine-tune and Y what it "
            "was to remove. "
            f"Types of fewer than {shared.FEWEST} runs are left out; * were prepared as a type before pre-training."
        )
        named: Columns = {"": "when", "type": "kind"}
        for task in ("Y", "Y′"):
            courses = [course for course in self.courses if course.task == task and course.who in LINES]
            cells = [[name, *map(text, courses)] for name, text in COURSES.items()]
            for name, get in AMONG_CONVERGED.items():
                shares = [share for share in map(get, courses) if share]
                cells += [[name, *(f"{share:.2f}" for share in shares)]] if len(shares) == len(courses) else []
            headings = ("steps", *(course.who for course in courses))
            yield Table.of_cells(headings, cells, f"Share of runs back at {task} within a number of steps")
            groups = [*self.at(""), *self.at("", "after X")]
            groups = [group for group in groups if group.task == task]
            title = f"Steps to {task}, and what they are of those of others"
            yield Table(groups, {**named, **COLUMNS}, title, fixed=2)
        for vary, (_, title, *_) in VARIED.items():
            groups = [group for group in self.at(vary) if group.type == ANY]
            yield Table(groups, {"": lambda group: f"{group.value:g}", **COLUMNS}, f"By {title}, all runs")

    def drawing(self) -> Figure:
        """Return shares back within steps, what is hidden in which type, and factors over scratch."""
        import seaborn as sns

        with canvas((PAGE_WIDTH, 5.2)) as drawn:
            above, below = parts(drawn, [(2.75, 3), (2.45, 3)], 1.6)
            first, second, third = panels(above, 1, 3, least=1.6)[0]
            for axes, task in ((first, "Y"), (second, "Y′")):
                self.draw_courses(axes, task)
            self.draw_hidden(third)
            grid = panels(below, 1, 3, least=1.6, sharey=True)[0]
            for axes, (vary, (_, _, label, scale)) in zip(grid, VARIED.items(), strict=True):
                self.draw_factors(axes, vary)
                axes.set(xlabel=label, xscale=scale, yscale="log")
            below.axes[0].set_ylabel("steps over those from scratch\n(grey: that never had Y), median")
            sns.despine(drawn)
            above.legend(*first.get_legend_handles_labels(), loc="outside lower center", ncols=6, frameon=False)
        return drawn

    def draw_courses(self, axes: Axes, task: str) -> None:
        """Draw the share of runs that are back within numbers of steps."""
        x = np.array(WITHIN) + 1
        for course in (course for course in self.courses if course.task == task):
            shown = LINES.get(course.who) or shared.style(course.who)
            back = list(course.within.values())
            axes.plot(x, [share.estimate for share in back], label=course.who, **shown)
            low, high = [share.low for share in back], [share.high for share in back]
            axes.fill_between(x, low, high, color=shown["color"], alpha=0.15)
        axes.set(xscale="log", ylim=(-0.03, 1.03), xlabel=f"steps of training on {task}")
        axes.set_xticks([1, 11, 101, 1001], ["0", "10", "100", "1,000"])
        axes.minorticks_off()
        axes.set_ylabel("share of runs at the target" if task == "Y" else "")
        axes.set_title("Y again after X" if task == "Y" else "Another objective, Y′, after X", loc="left", fontsize=8)

    def draw_hidden(self, axes: Axes) -> None:
        """Draw how well Y can be read after X, by the type after X, with the median steps back."""
        groups = [group for group in self.at("", "after X") if group.task == "Y" and group.type != ANY]
        for place, group in enumerate(groups):
            draw_intervals(axes, [place], [group.hidden], group.kind, linestyle="none")
            axes.text(place, 0.04, f"{group.steps.estimate:,.0f}", ha="center", fontsize=7)
        axes.text(-0.45, 0.13, "median steps back to Y:", fontsize=6.5)
        axes.set_xticks(range(len(groups)), [group.type for group in groups], rotation=20)
        axes.set(ylim=(0, 1.03), xlim=(-0.5, len(groups) - 0.5), ylabel="Y to be read (r²)")
        axes.set_title("What of Y each type still hides", loc="left", fontsize=8)

    def draw_factors(self, axes: Axes, vary: str) -> None:
        """Draw the steps of the third stage over those from scratch, a line per kind."""
        groups = [group for group in self.at(vary) if group.type == ANY or group.prepared]
        kinds = shared.by_kind(groups)
        for kind, mine in kinds.items():
            draw_intervals(axes, [group.value for group in mine], [group.factor(SCRATCH) for group in mine], kind)
        mine = kinds[ANY]
        draw_intervals(axes, [group.value for group in mine], [group.factor(NEVER) for group in mine], **LINES[NEVER])
        axes.axhline(1, color="0.5", linewidth=0.6, zorder=0)


@dataclass(frozen=True, kw_only=True)
class RevivalRequest(shared.FinetuningRequest):
    """Count the steps until a run does again what fine-tuning took away, by type of mind (Jain et al. 2024)."""

    kind = "revival"

    def run(self, *, threads: int | None = None, progress: Progress | None = None) -> Revival | NetworksRevival:
        """Compute the result, with real networks if `networks` is set; raises `InputError` for what is not valid."""
        if self.networks:
            return NetworksRevival.measure(self, threads=threads, progress=progress)
        groups: list[Revived] = []
        courses: list[Course] = []
        for condition, ended in self.sweep(SWEEPS, threads=threads, progress=progress):
            groups += revived(condition, ended)
            if not condition.vary:
                courses += [Course.of(condition.task, who, ended[way]) for who, way in condition.protocols.items()]
        return Revival(runs=self.count, seed=self.seed, courses=courses, groups=groups, request=self)
