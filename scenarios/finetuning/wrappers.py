"""Wrappers: what carries the change that fine-tuning makes, and what is left of pre-training below it.

The claim. Fine-tuning learns a minimal transformation, a wrapper; the capability below stays, and shows once the
wrapper is taken off (Jain et al. 2024, doi:10.48550/arXiv.2311.12786).

The experiment. Pre-training on Y, then fine-tuning on X. Gate, pointer, representation and goal are put back to where
fine-tuning found them, in all 2⁴ ways: Shapley values divide the change of performance, `rest` is what remains. A probe
reads Y from the terminal objective, also in minds that never had Y. Behaviour is that of a mind which believes it is
trained on X; an * marks types that were prepared before pre-training.

What would count against it. Representation and goal carry the change, Y cannot be read, putting back regains nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import Field

from feint.scenarios.finetuning import groups as shared
from feint.scenarios.finetuning import protocols
from feint.scenarios.finetuning.groups import ANY, NEVER, PREPARED, Condition, Group, draw_intervals, mean
from feint.scenarios.networks.battery import NetworksWrappers
from feint.sim.analysis.estimands import Ended
from feint.sim.ensembles.paired_runs import PARTS, game_of, rest_of
from feint.sim.ensembles.protocols import TrainingProtocol
from feint.sim.results.figure_style import PAGE_WIDTH, canvas, panels, parts
from feint.sim.results.report import Hidden, Report, Table
from feint.sim.results.request import Progress
from feint.sim.statistics.intervals import Interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

UNTRAINED = protocols.staged(protocols.no_pretraining(), recorders=(protocols.READABLE_BEFORE,))
VARIED: dict[str, shared.Sweep] = {
    "rate": (
        shared.RATES,
        "learning rate of fine-tuning, in that of pre-training",
        "learning rate (1: pre-training's)",
        "log",
    ),
    "steps": ((30, 100, 300, 1000, 3000, 10_000), "steps of fine-tuning", "steps of fine-tuning", "log"),
    "similarity": (shared.SIMILARITIES, "similarity of X to Y", "similarity of X to Y", "linear"),
}


@dataclass(frozen=True)
class FinetuningCondition(Condition):
    """Conditions of fine-tuning, with its number of steps."""

    steps: int = protocols.LENGTH

    def protocol(self, start: str = "") -> TrainingProtocol:
        """Return pre-training, from a start prepared as a type if one is named, and fine-tuning."""
        return protocols.finetuned(self.rate, self.steps, **self.changes(start))

    @property
    def controls(self) -> dict[str, TrainingProtocol]:
        """Protocol of runs that never had Y."""
        return {NEVER: protocols.finetuned_control(self.rate, self.steps, **self.changes())}


SWEEPS = FinetuningCondition.sweeps([FinetuningCondition()], VARIED)


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


def wrapped(condition: FinetuningCondition, ended: Ended) -> Iterator[Wrapped]:
    """Yield the results of each kind of runs under one condition."""
    whole = ended[condition.protocol()]
    never = mean(ended[condition.controls[NEVER]].recorded[protocols.READABLE_AFTER], 1)
    kinds = [(kind, whole, runs) for kind, runs in shared.kinds_of(whole.before)]
    kinds += [(kind, ended[condition.protocols[kind]], slice(None)) for kind in PREPARED]
    for kind, outcomes, runs in kinds:
        recorded = {recorder: values[runs] for recorder, values in outcomes.recorded.items()}
        on_y, on_x = recorded[protocols.CORNERS].swapaxes(0, 1)
        game = game_of(on_y)
        back = {"gate": PARTS[1:], "gate and pointer": PARTS[2:]}
        yield Wrapped(
            **shared.group_of(condition, kind, len(on_y)),
            changes={"X": Change.of(on_x), "Y": Change.of(on_y)},
            put_back={name: mean(game.worth[game.corner(*parts)]) for name, parts in back.items()},
            read={
                "before": mean(recorded[protocols.READABLE_BEFORE], 1),
                "after": mean(recorded[protocols.READABLE_AFTER], 1),
            },
            never=never,
        )


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Wrappers(Report):
    """Parts of the mind that carry the change which fine-tuning makes."""

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

    def blocks(self) -> Iterator[str | Table]:
        """Yield tables of the base condition, then of each sweep."""
        (base,) = SWEEPS[""]
        yield (
            f"{self.runs:,} runs of each way of training, seed {self.seed}; intervals of 95 %. "
            f"Pre-training on Y, then {base.steps:,} steps of fine-tuning on X at {base.rate:g} of its "
            "learning rate. Columns are types after pre-training, and minds prepared as a type before it (*); "
            f"types of fewer than {shared.FEWEST} runs are left out."
        )
        for on in ("X", "Y"):
            rows = {"runs": lambda group: f"{group.runs:,}", "change": lambda group, on=on: group.changes[on].total}
            for part in (*PARTS, "rest"):
                rows[f"  {part}"] = lambda group, on=on, part=part: group.changes[on].parts[part]
            yield self.across("", rows, f"What carries the change of performance on {on}")
        below: dict[str, Callable[[Wrapped], Interval | str]] = {
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
        yield self.across("performance on Y", below, "Performance on Y with parts put back, and how well Y can be read")
        columns = {
            "": lambda group: f"{group.value:g}",
            "gate and\npointer, X": lambda group: group.changes["X"].wrapper.plus_minus("+.2f"),
            "representation\nand goal, X": lambda group: group.changes["X"].core.plus_minus("+.2f"),
            "Y read after": lambda group: group.read["after"].plus_minus("+.2f"),
            "Y with gate and\npointer back": lambda group: group.put_back["gate and pointer"].plus_minus("+.2f"),
        }
        for vary, (_, title, *_) in VARIED.items():
            yield Table([group for group in self.at(vary) if group.type == ANY], columns, f"By {title}, all runs")

    def across(self, corner: str, rows: dict[str, Callable[[Wrapped], Interval | str]], title: str) -> Table:
        """Return a table with a column per group of the base condition, and a row per name in `rows`."""

        def text(value: Interval | str) -> str:
            return value.plus_minus("+.2f") if isinstance(value, Interval) else value

        base = self.at("")
        cells = [[name, *(text(value(group)) for group in base)] for name, value in rows.items()]
        return Table.of_cells((corner, *(group.kind for group in base)), cells, title)

    def drawing(self) -> Figure:
        """Return shares of the change; below, by rate, length and similarity, wrapper and core, and the probe."""
        import seaborn as sns

        lines: dict[str, Callable[[Wrapped], Interval]] = {
            "on X by gate\nand pointer": lambda group: group.changes["X"].wrapper,
            "on X by representation\nand goal": lambda group: group.changes["X"].core,
            "Y to be read\nafter (r²)": lambda group: group.read["after"],
        }
        with canvas((PAGE_WIDTH, 7.0)) as drawn:
            above, below = parts(drawn, [(2.3, 2), (4.7, 3)], 1)
            for on, axes in zip(("X", "Y"), panels(above, 1, 2, least=1)[0], strict=True):
                self.draw_shares(axes, on)
            grid = panels(below, 3, 3, least=1, sharex="col", sharey="row")
            for column, (vary, (_, _, label, scale)) in zip(grid.T, VARIED.items(), strict=True):
                for axes, get in zip(column, lines.values(), strict=True):
                    for kind, mine in shared.by_kind(self.at(vary)).items():
                        draw_intervals(axes, [group.condition.value for group in mine], list(map(get, mine)), kind)
                for axes in column[:2]:
                    axes.axhline(0, color="0.5", linewidth=0.6, zorder=0)
                control = {group.condition.value: group.never.estimate for group in self.at(vary)}
                column[2].plot(list(control), list(control.values()), **shared.CONTROL, label="never had Y (r²)")
                column[2].axhline(self.fresh.estimate, color="0.75", linewidth=0.8, zorder=0, label="untrained (r²)")
                column[2].set(ylim=(0, 1.03), xlabel=label, xscale=scale)
            for axes, label in zip(grid[:, 0], lines, strict=True):
                axes.set_ylabel(label)
            sns.despine(drawn)
            named = grid[2, 0].get_legend_handles_labels()
            drawn.legend(*named, loc="outside lower center", ncols=5, frameon=False, title="type (*: prepared)")
        return drawn

    def draw_shares(self, axes: Axes, on: Any) -> None:
        """Draw what each part carries, a point per kind."""
        base = self.at("")
        names = list(base[0].changes[on].parts)
        places = np.arange(len(names))
        offsets = (np.arange(len(base)) - (len(base) - 1) / 2) * 0.7 / len(base)
        for offset, group in zip(offsets, base, strict=True):
            parts = list(group.changes[on].parts.values())
            draw_intervals(axes, (places + offset).tolist(), parts, group.kind, linestyle="none")
        axes.axhline(0, color="0.5", linewidth=0.6, zorder=0)
        axes.set_xticks(places, [name.replace("representation", "represen-\ntation") for name in names])
        axes.tick_params(axis="x", length=0)
        axes.set_title(f"Change of performance on {on}, divided", loc="left", fontsize=8)
        axes.set_ylabel("performance" if on == "X" else "")


@dataclass(frozen=True, kw_only=True)
class WrappersRequest(shared.FinetuningRequest):
    """Find which parts carry the change that fine-tuning makes, and what is left below them (Jain et al. 2024)."""

    kind = "wrappers"

    def run(self, *, threads: int | None = None, progress: Progress | None = None) -> Wrappers | NetworksWrappers:
        """Compute the result, with real networks if `networks` is set; raises `InputError` for what is not valid."""
        if self.networks:
            return NetworksWrappers.measure(self, threads=threads, progress=progress)
        swept = self.sweep(SWEEPS, threads=threads, progress=progress)
        groups = [group for condition, ended in swept for group in wrapped(condition, ended)]
        fresh = self.train([UNTRAINED], threads)[UNTRAINED].recorded[protocols.READABLE_BEFORE]
        return Wrappers(runs=self.count, seed=self.seed, fresh=mean(fresh, 1), groups=groups, request=self)
