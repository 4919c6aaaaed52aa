"""Wrappers: what carries the change that fine-tuning makes, and what is left of pre-training below it.

The claim. Fine-tuning learns a minimal transformation, a wrapper, on top of what pre-training taught; the capability
below stays, and shows once the wrapper is taken off (Jain et al. 2024, doi:10.48550/arXiv.2311.12786).

The experiment. Pre-training on Y, then fine-tuning on X for a fixed number of steps. Every number is of the mind as it
is then, with no further training:

- *attribution*: gate, pointer, representation and goal are put back to where fine-tuning found them, in all 2⁴ ways;
  their Shapley values divide the change of performance, on X and on Y, exactly. `rest` is the change that remains with
  all four put back: by capability, awareness, horizon and world model.
- *probe*: how well Y can be read from the terminal objective (`agents/interventions.py`), before and after, compared
  with minds that were never trained, and minds that were pre-trained on a Z that has nothing to do with Y and
  fine-tuned in the same way.
- *ablation*: performance on Y with the gate put back, and with gate and pointer.

Behaviour is always that of a mind which believes it is trained on X. Types are those after pre-training; an * marks
those that were prepared as such before it, as Xu's cases are. Learning rate, length and similarity vary one at a time.

What would count against it. That representation and goal carry the change, that Y cannot be read any more, or that
putting gate and pointer back regains nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import Field

from feint.scenarios.finetuning.groups import (
    ANY,
    CONTROL,
    FEWEST,
    NEVER,
    RATES,
    SIMILARITIES,
    Condition,
    Ended,
    FinetuningRequest,
    Group,
    Kind,
    Sweep,
    across,
    by_kind,
    draw_intervals,
    group_of,
    kinds_of,
    mean,
    prepared_runs,
)
from feint.scenarios.finetuning.protocols import (
    CORNERS,
    LENGTH,
    READABLE_AFTER,
    READABLE_BEFORE,
    X,
    Y,
    finetuned,
    finetuned_control,
    no_pretraining,
    staged,
)
from feint.scenarios.networks.wrappers import NetworksWrappers
from feint.sim.ensembles.paired_runs import PARTS, RunOutcomes, game_of, rest_of
from feint.sim.ensembles.protocols import TrainingProtocol
from feint.sim.results.figure_style import PAGE_WIDTH, canvas
from feint.sim.results.report import Hidden, Report, Table
from feint.sim.results.request import Progress
from feint.sim.statistics.intervals import Interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

UNTRAINED = staged(no_pretraining(), recorders=(READABLE_BEFORE,))
VARIED = {
    "rate": Sweep(
        RATES, "learning rate of fine-tuning, in that of pre-training", "learning rate (1: pre-training's)", "log"
    ),
    "steps": Sweep((30, 100, 300, 1000, 3000, 10_000), "steps of fine-tuning", "steps of fine-tuning", "log"),
    "similarity": Sweep(SIMILARITIES, "similarity of X to Y", "similarity of X to Y", "linear"),
}
ROWS = ("on X by gate\nand pointer", "on X by repre-\nsentation, goal", "Y to be read\nafter (r²)")


@dataclass(frozen=True)
class FinetuningCondition(Condition):
    """How fine-tuning is done, and for how many steps."""

    steps: int = LENGTH

    def protocol(self, start: str = "") -> TrainingProtocol:
        """Return pre-training, from a start prepared as a type if one is named, and fine-tuning."""
        return finetuned(self.rate, self.steps, **self.changes(start))

    @property
    def controls(self) -> dict[str, TrainingProtocol]:
        """The same protocol for runs that never had Y."""
        return {NEVER: finetuned_control(self.rate, self.steps, **self.changes())}


SWEEPS = {"": [FinetuningCondition()]}
SWEEPS |= {vary: FinetuningCondition.varied(vary, sweep.values) for vary, sweep in VARIED.items()}


@dataclass(frozen=True, kw_only=True)
class Change:
    """A change of performance, and what carries it: the parts and the rest add up to the total."""

    before: Interval
    after: Interval
    total: Interval
    parts: Annotated[dict[str, Interval], Field(description="Shapley values of the four parts; and the rest")]
    wrapper: Annotated[Interval, Field(description="gate and pointer together")]
    core: Annotated[Interval, Field(description="representation and goal together")]

    @classmethod
    def of(cls, corners: np.ndarray) -> Change:
        """Return the change in what `PutBack` recorded on one objective (runs, corners + 1)."""
        game = game_of(corners)
        gate, pointer, representation, goal = game.shares()
        return cls(
            before=mean(corners[:, -1]),
            after=mean(game.worth[-1]),
            total=mean(game.worth[-1] - corners[:, -1]),
            parts={**game.attribution(4).shares, "rest": mean(rest_of(corners))},
            wrapper=mean(gate + pointer),
            core=mean(representation + goal),
        )


@dataclass(frozen=True, kw_only=True)
class Wrapped(Group):
    """Results of runs of one kind under one condition."""

    vary: Literal["", "rate", "steps", "similarity"]
    type: Annotated[str, Field(description="after pre-training; any for all runs")]
    changes: Annotated[dict[Literal["X", "Y"], Change], Field(description="of performance on X and on Y")]
    put_back: Annotated[dict[str, Interval], Field(description="performance on Y with these parts put back")]
    read: Annotated[dict[Literal["before", "after"], Interval], Field(description="how well Y can be read, r²")]
    never: Annotated[Interval, Field(description="the same after fine-tuning, of runs that never had Y")]

    @classmethod
    def of(
        cls, condition: FinetuningCondition, kind: Kind, ended: RunOutcomes, runs: np.ndarray, control: RunOutcomes
    ) -> Wrapped:
        """Return the results of the selected runs of one protocol."""
        corners = ended.recorded[CORNERS][runs]
        game = game_of(corners[:, Y])
        kept = {"gate": PARTS[1:], "gate and pointer": PARTS[2:]}
        return cls(
            **group_of(condition, kind, runs),
            changes={"X": Change.of(corners[:, X]), "Y": Change.of(corners[:, Y])},
            put_back={name: mean(game.worth[game.corner(*parts)]) for name, parts in kept.items()},
            read={
                "before": mean(ended.recorded[READABLE_BEFORE][runs], 1),
                "after": mean(ended.recorded[READABLE_AFTER][runs], 1),
            },
            never=mean(control.recorded[READABLE_AFTER], 1),
        )


def wrapped(condition: FinetuningCondition, ended: Ended) -> Iterator[Wrapped]:
    """Yield the results of each kind of runs under one condition."""
    whole, control = ended[condition.protocol()], ended[condition.controls[NEVER]]
    for kind, runs in kinds_of(whole.before):
        yield Wrapped.of(condition, kind, whole, runs, control)
    for kind, outcomes, runs in prepared_runs(condition, ended):
        yield Wrapped.of(condition, kind, outcomes, runs, control)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Wrappers(Report):
    """What carries the change that fine-tuning makes."""

    runs: int
    seed: int
    fresh: Annotated[Interval, Field(description="how well Y can be read from minds that were never trained")]
    groups: Annotated[list[Wrapped], Field(alias="found")]
    request: Hidden[WrappersRequest]

    def at(self, vary: str) -> list[Wrapped]:
        """Return the groups of one sweep; with an empty name, those where nothing is varied."""
        return [group for group in self.groups if group.vary == vary]

    def rows(self) -> list[Wrapped]:
        """Return one row per group."""
        return self.groups

    def blocks(self) -> list[str | Table]:
        """Return tables of the base condition, then of each sweep."""
        base = self.at("")
        condition: FinetuningCondition = base[0].condition
        heading = (
            f"{self.runs:,} runs of each way of training, seed {self.seed}; intervals of 95 %. "
            f"Pre-training on Y, then {condition.steps:,} steps of fine-tuning on X at {condition.rate:g} of its "
            "learning rate. Columns are types after pre-training, and minds prepared as a type before it (*); "
            f"types of fewer than {FEWEST} runs are left out."
        )
        return [
            heading,
            *(self.change_table(on) for on in ("X", "Y")),
            self.below_table(),
            *(self.sweep_table(vary, sweep.title) for vary, sweep in VARIED.items()),
        ]

    def change_table(self, on: Any) -> Table:
        """Return what carries the change of performance on an objective."""
        base = self.at("")
        rows = {"runs": lambda group: f"{group.runs:,}", "change": lambda group: group.changes[on].total}
        for part in base[0].changes[on].parts:
            rows[f"  {part}"] = lambda group, part=part: group.changes[on].parts[part]
        return across("", base, rows, f"What carries the change of performance on {on}")

    def below_table(self) -> Table:
        """Return performance on Y with parts put back, and how well Y can be read."""
        rows: dict[str, Callable[[Wrapped], Interval | str]] = {
            "  before": lambda group: group.changes["Y"].before,
            "  after": lambda group: group.changes["Y"].after,
            "  gate back": lambda group: group.put_back["gate"],
            "  gate and pointer back": lambda group: group.put_back["gate and pointer"],
            "Y read": lambda _: "",
            "  before ": lambda group: group.read["before"],
            "  after ": lambda group: group.read["after"],
            "  never had Y": lambda group: group.never,
            "  untrained": lambda _: self.fresh,
        }
        title = "Performance on Y with parts put back, and how well Y can be read"
        return across("performance on Y", self.at(""), rows, title)

    def sweep_table(self, vary: str, title: str) -> Table:
        """Return all runs by what is varied."""
        columns = {
            "": lambda group: f"{group.value:g}",
            "gate and\npointer, X": lambda group: group.changes["X"].wrapper.plus_minus("+.2f"),
            "representation\nand goal, X": lambda group: group.changes["X"].core.plus_minus("+.2f"),
            "Y read after": lambda group: group.read["after"].plus_minus("+.2f"),
            "Y with gate and\npointer back": lambda group: group.put_back["gate and pointer"].plus_minus("+.2f"),
        }
        rows = [group for group in self.at(vary) if group.type == ANY]
        return Table(rows, columns, f"By {title}, all runs")

    def figure(self) -> Figure:
        """Return shares of the change; below, by rate, length and similarity, wrapper and core, and the probe."""
        import seaborn as sns

        with canvas((PAGE_WIDTH, 7.0)) as drawn:
            above, below = drawn.subfigures(2, 1, height_ratios=(1, 2), squeeze=False)[:, 0]
            for on, axes in zip(("X", "Y"), above.subplots(1, 2), strict=True):
                self.draw_shares(axes, on)
            panels = below.subplots(3, 3, sharex="col", sharey="row")
            for column, (vary, sweep) in enumerate(VARIED.items()):
                self.draw_sweep(panels[:, column], vary)
                panels[-1, column].set(xlabel=sweep.label, xscale=sweep.scale)
            for axes, label in zip(panels[:, 0], ROWS, strict=True):
                axes.set_ylabel(label)
            sns.despine(drawn)
            handles, labels = panels[2, 0].get_legend_handles_labels()
            drawn.legend(
                handles, labels, loc="outside lower center", ncols=5, frameon=False, title="type (*: prepared)"
            )
        return drawn

    def draw_shares(self, axes: Axes, on: Any) -> None:
        """Draw what each part carries, a point per kind."""
        base = self.at("")
        names = list(base[0].changes[on].parts)
        places = np.arange(len(names))
        offsets = (np.arange(len(base)) - (len(base) - 1) / 2) * 0.7 / len(base)
        for offset, group in zip(offsets, base, strict=True):
            parts = list(group.changes[on].parts.values())
            draw_intervals(axes, (places + offset).tolist(), parts, group.kind, joined=False)
        axes.axhline(0, color="0.5", linewidth=0.6, zorder=0)
        axes.set_xticks(places, [name.replace("representation", "represen-\ntation") for name in names])
        axes.tick_params(axis="x", length=0)
        axes.set_title(f"Change of performance on {on}, divided", loc="left", fontsize=8)
        axes.set_ylabel("performance" if on == "X" else "")

    def draw_sweep(self, panels: np.ndarray, vary: str) -> None:
        """Draw wrapper, core, and how well Y can be read, a line per kind."""
        groups = self.at(vary)
        for kind, mine in by_kind(groups).items():
            x = [group.condition.value for group in mine]
            draw_intervals(panels[0], x, [group.changes["X"].wrapper for group in mine], kind)
            draw_intervals(panels[1], x, [group.changes["X"].core for group in mine], kind)
            draw_intervals(panels[2], x, [group.read["after"] for group in mine], kind)
        control = {group.condition.value: group.never.estimate for group in groups}
        panels[2].plot(list(control), list(control.values()), **CONTROL, label="never had Y (r²)")
        panels[2].axhline(self.fresh.estimate, color="0.75", linewidth=0.8, zorder=0, label="untrained (r²)")
        for axes in panels[:2]:
            axes.axhline(0, color="0.5", linewidth=0.6, zorder=0)
        panels[2].set_ylim(0, 1.03)


@dataclass(frozen=True, kw_only=True)
class WrappersRequest(FinetuningRequest):
    """Find what carries the change that fine-tuning makes, and what is left below it (Jain et al. 2024)."""

    kind = "wrappers"

    def run(self, *, threads: int | None = None, progress: Progress | None = None) -> Wrappers | NetworksWrappers:
        """Compute the result, with real networks if asked for; raises `InputError` for what is not valid."""
        if self.networks:
            return NetworksWrappers.measure(self, threads=threads, progress=progress)
        swept = self.sweep(SWEEPS, threads=threads, progress=progress)
        groups = [group for condition, ended in swept for group in wrapped(condition, ended)]
        fresh = self.train([UNTRAINED], threads)[UNTRAINED].recorded[READABLE_BEFORE]
        return Wrappers(runs=self.count, seed=self.seed, fresh=mean(fresh, 1), groups=groups, request=self)
