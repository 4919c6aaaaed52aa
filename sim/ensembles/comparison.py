"""Comparisons of training from scratch and pre-training + fine-tuning, run by run on common random numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial, reduce
from itertools import pairwise
from math import isfinite
from operator import add
from typing import TYPE_CHECKING, Annotated, Any, Self, overload

import numpy as np
from pydantic import Field, computed_field

from feint.agents.errors import InputError
from feint.agents.outcome import LABELS, Outcome
from feint.sim.ensembles.companions import (
    COMPANIONS,
    TRAINED,
    Arm,
    Beside,
    Companion,
    Difference,
    RunsNeeded,
    Transition,
    beside_labels,
    beside_table,
    difference_of,
    discordant,
    train_arms,
)
from feint.sim.ensembles.comparison_figure import draw_beside, draw_ribbons, draw_shares
from feint.sim.ensembles.ensemble import RECORDED, Ensemble
from feint.sim.ensembles.protocols import ARM_NAMES, FROM_SCRATCH, PRETRAIN_FINETUNE
from feint.sim.ensembles.runner import Timing
from feint.sim.ensembles.settings_table import SettingsTable, Train, Vary, as_vary, number_of
from feint.sim.ensembles.streaming_summary import Counts, by_names, crossed, outcome_blocks
from feint.sim.ensembles.versus import Versus
from feint.sim.results.figure_style import PAGE_WIDTH, canvas, panels, parts
from feint.sim.results.memory import check_memory
from feint.sim.results.report import Hidden, Report, Table, folded, wrapped
from feint.sim.results.request import MOST_RUNS, Confidence, Option, Precision, Progress, Request, Seed
from feint.sim.statistics import intervals
from feint.sim.statistics.intervals import CONFIDENCE, HALF_WIDTH, Interval, check_confidence
from feint.sim.training.configuration import ModelValues, Stages, point_of
from feint.sim.training.curriculum import Match
from feint.sim.training.parameter_point import PAIR, PlainModel, Point
from feint.sim.training.train import PRECISION

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

BROKEN = [{"unconverged": "uncon-\nverged"}.get(label, label.replace("-", "-\n")) for label in LABELS]
"""Headings of narrow columns."""
DECEPTION = f"Deception, {ARM_NAMES[PRETRAIN_FINETUNE]} minus {ARM_NAMES[FROM_SCRATCH]}"
HEIGHT, BELOW = 3.1, 2.1  # of the figure's rows, in inches
WIDER = 0.5  # by which the flow is wider for each stage beyond two
MOST = 60  # characters in a line of a label of the lower row
HINT = "With other stops, and without the gate: --beside."
BESIDE = "Also show the difference with other stops, among converged runs, and without the gate: trains far longer."
WORTH = "With --match data: how many fine-tuning steps pre-training counts for (default: from the transfer law)."


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
    beside: Annotated[list[Beside] | None, Field(description="the difference with its companions; null without them")]
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
        return by_names(self.flow())

    @computed_field(alias="transitions_by_stage", description="outcomes of every stage by those of the one before it")
    @property
    def steps(self) -> list[Transition]:
        """Runs of the pre-trained arm by outcome of each stage and of the next."""
        names = self.pretrained.curriculum.names
        return [Transition(*pair, by_names(self.flow(i, i + 1))) for i, pair in enumerate(pairwise(names))]

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
        return difference_of(self.arms, outcome, self.request.confidence, converged=converged)

    def runs_needed(self, half_width: float, outcome: Outcome | str = Outcome.DECEPTIVE) -> int:
        """Return the number of runs per arm that give the difference an interval of this half-width."""
        pairs = discordant([arm.is_outcome(outcome) for arm in (self.pretrained, self.scratch)])
        return intervals.runs_needed(*pairs, self.runs, half_width, self.request.confidence)

    def flow(self, before: int = 0, after: int = -1) -> np.ndarray:
        """Return runs by outcome of two stages, the first and the last, with pre-training (outcomes, outcomes)."""
        return crossed(self.pretrained.outcome[:, before], self.pretrained.outcome[:, after])

    def transitions(self, before: int = 0, after: int = -1) -> pd.DataFrame:
        """Return `flow` as a table: rows are outcomes of the stage before, columns of the one after."""
        import pandas as pd

        first, last = (self.pretrained.curriculum.names[stage] for stage in (before, after))
        flow = self.flow(before, after)
        table = pd.DataFrame(flow, index=pd.Index(LABELS, name=first), columns=pd.Index(LABELS, name=last))
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
            f"{DECEPTION}:",
            f"{difference:+.3f}, {100 * difference.confidence:g} % interval ({difference.method})",
            *self._among_converged(),
            f"A half-width of {needed.half_width:g} {cost}.",
            *([HINT] if self.beside is None else []),
        ]
        beside = [beside_table(difference, self.beside, f"{DECEPTION}, on the same runs:")] if self.beside else []
        point = self.request.point
        return [
            f"{self.runs:,} runs per arm, seed {self.seed}, start {point.start}, matched by {point.match}",
            *_told(self.pretrained.curriculum.names),
            *outcome_blocks({ARM_NAMES[name]: arm for name, arm in self.arms.items()}, self.request.confidence),
            "\n".join(answer),
            *beside,
            *(self._table_of(i) for i in range(len(self.pretrained.curriculum) - 1)),
            str(self.timing),
        ]

    def _table_of(self, before: int) -> Table:
        """Return the table of runs by outcome of a stage and of the next."""
        first, last = map(folded, self.pretrained.curriculum.names[before : before + 2])
        flow = zip(LABELS, self.flow(before, before + 1).tolist(), strict=True)
        rows = [[label, *(f"{count:,}" for count in [*counts, sum(counts)])] for label, counts in flow]
        return Table.of_cells([f"{first} →\n{last}", *BROKEN, "all"], rows)

    def _among_converged(self) -> list[str]:
        """Return the line of the difference among converged runs; none if all runs of both arms converged."""
        if all(arm.converged().runs == self.runs for arm in self.arms.values()):
            return []
        difference = self.difference(converged=True)
        if not isfinite(difference.estimate):
            return ["among the converged runs: not known, since no run of an arm converged"]
        return [f"among the converged runs: {difference:+.3f} ({difference.method})"]

    def drawing(self) -> Figure:
        """Return the outcome frequencies of both arms with intervals, and the flow from each stage to the next.

        The companions of the difference, if there are any, are drawn below.
        """
        import seaborn as sns

        stages = self.pretrained.curriculum.names
        with canvas((PAGE_WIDTH, HEIGHT + (BELOW if self.beside else 0))) as drawn:
            above, *below = parts(drawn, [(HEIGHT, 2), (BELOW, 1)]) if self.beside else [drawn]
            bars, flow = panels(above, 1, 2, width_ratios=(1.15, 1 + WIDER * (len(stages) - 2)))[0]
            draw_shares(bars, self.shares(), self.runs, self.difference())
            draw_ribbons(flow, [self.flow(i, i + 1) / self.runs for i in range(len(stages) - 1)], stages)
            sns.despine(ax=bars)
            bars.set_label("shares")
            flow.set_label("flow")
            for part in below:
                rows = {"as it is (above)": self.difference(), **dict(beside_labels(self.beside or []))}
                draw_beside(part.subplots(), rows, MOST)
                sns.despine(ax=part.axes[0])
                part.axes[0].set_label("beside")
        return drawn


def _told(stages: Sequence[str]) -> Iterator[str]:
    """Yield which stages the arms are, if they are not pre-training and fine-tuning alone."""
    if tuple(stages) != PAIR:
        long, short = ARM_NAMES[PRETRAIN_FINETUNE], ARM_NAMES[FROM_SCRATCH]
        yield wrapped(f"{long}: {' → '.join(stages)}; {short}: {stages[-1]} alone")


@dataclass(frozen=True, kw_only=True)
class CompareRequest(Request):
    """Train from scratch and by pre-training + fine-tuning, and compare how often each ends in deception."""

    kind = "comparison"
    unit = " runs"
    started = varied = True

    point: Point = field(default_factory=Point)
    runs: Annotated[int, Option("Number of runs per arm.", "N", least=1, most=MOST_RUNS)] = 2000
    seed: Seed = 0
    precision: Precision = PRECISION
    worth: Annotated[int | None, Option(WORTH, "N")] = None
    half_width: Annotated[float, Option("Also print how many runs would give a ±X interval.", "X")] = HALF_WIDTH
    confidence: Confidence = CONFIDENCE
    beside: Annotated[bool, Option(BESIDE)] = False
    versus: Point | None = None  #: a second setting, to which the point is compared
    vary: Vary = ()  #: dotted names with values, for a table with a row per combination

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "vary", as_vary(self.vary))
        intervals.check_half_width(self.half_width)
        check_confidence(self.confidence)
        if self.beside + (self.versus is not None) + bool(self.vary) > 1:
            raise InputError("--beside, --versus and several values of a parameter exclude each other: give one.")

    def work(self) -> float:
        """Return the number of runs over the stages of both arms, of all settings, and of those of the companions."""
        settings = number_of(self.vary) * (1 + (self.versus is not None))
        return self.runs * (len(self.point.curriculum) + 1) * (1 + TRAINED * self.beside) * settings

    def run(
        self, *, threads: int | None = None, progress: Progress | None = None
    ) -> Comparison | Versus | SettingsTable:
        """Train both arms, and those of other settings; raises `InputError`, and warns if runs diverged."""
        report = progress or (lambda _: None)
        kept = self.work() / number_of(self.vary) * RECORDED  # of a table, one setting at a time
        fewer = "request fewer, or `feint sweep`, which keeps counts alone"
        check_memory(kept, f"runs = {self.runs:,} of each arm", fewer)
        train: Train = partial(self._train, threads=threads, progress=report)
        if self.versus is not None:
            return Versus.trained(self, train)
        return SettingsTable.trained(self, train) if self.vary else self.compared(threads, report)

    def compared(self, threads: int | None = None, report: Progress = lambda _: None) -> Comparison:
        """Train both arms at the point, and the companions."""
        trained = [arms := self._train(self.point, threads, report)]

        def of_companion(companion: Companion) -> Beside:
            try:
                there = companion.at(self.point)
                if companion.changes:
                    trained.append(self._train(there, threads, report))
            except InputError as error:
                report(self.runs * (len(self.point.curriculum) + 1))  # none of its runs is trained
                return companion.row(self.point, None, str(error))
            its = trained[-1] if companion.changes else arms
            whole = difference_of(its, Outcome.DECEPTIVE, self.confidence, converged=companion.converged)
            return companion.row(self.point, whole)

        beside = [*map(of_companion, COMPANIONS)] if self.beside else None
        timing = reduce(add, (arm.timing for of_point in trained for arm in of_point.values()))
        known: dict[str, Any] = {"seed": self.seed, "runs": self.runs, "model": self.point.model, "request": self}
        return Comparison(arms=arms, beside=beside, timing=timing, **known)

    def _train(self, point: Point, threads: int | None, progress: Progress, **more: Any) -> dict[str, Ensemble]:
        """Train both arms at the point, at that of a companion, or in another setting."""
        own: dict[str, Any] = {name: getattr(self, name) for name in ("runs", "seed", "precision")}
        worth = self.worth if point.match == self.point.match else None
        return train_arms(point, worth=worth, threads=threads, progress=progress, **own, **more)

    @classmethod
    def from_configuration(cls, configuration: Mapping[str, Any]) -> Self:
        """Return the request that has this configuration, which may be that of a passport of version 1."""
        if "arms" not in configuration:
            return super().from_configuration(configuration)
        rest = {name: value for name, value in configuration.items() if name not in ("arms", "objectives")}
        stages, alone = configuration["arms"][PRETRAIN_FINETUNE], configuration["arms"][FROM_SCRATCH][-1]
        worth = alone["steps"] - stages[-1]["steps"] if configuration["match"] == Match.DATA.value else None
        return super().from_configuration({**rest, "stages": stages, "worth": worth})


@overload
def compare(curriculum: Stages | None = None, *, versus: None = None, **options: Any) -> Comparison: ...


@overload
def compare(curriculum: Stages | None = None, *, versus: Point | Mapping[str, Any], **options: Any) -> Versus: ...


def compare(  # pyright: ignore[reportInconsistentOverload] - `options` are those named here
    curriculum: Stages | None = None,
    *,
    model: ModelValues | None = None,
    runs: int = 2000,
    seed: int = 0,
    start: str = "fresh",
    match: str | Match = Match.TARGET,
    threads: int | None = None,
    precision: str = PRECISION,
    confidence: float = CONFIDENCE,
    worth: int | None = None,
    beside: bool = False,
    versus: Point | Mapping[str, Any] | None = None,
    progress: Progress | None = None,
) -> Comparison | Versus:
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
    beside
        Whether the difference is also measured with its `COMPANIONS`: with other stops, and without the gate.
    versus
        A second setting, trained on the same random numbers: changes by dotted name, as in `{"similarity": 0.1}`.

    Returns
    -------
    Comparison | Versus
        Both arms run by run, and their paired differences; with `versus`, those between the two settings.

    Raises
    ------
    InputError
        If an argument is not valid.

    Source
    ------
    Xu, "Pre-Training + Fine-Tuning Favors Deception" (2021).

    """
    point = point_of(curriculum, model, start, match)
    own: dict[str, Any] = {"runs": runs, "seed": seed, "precision": precision, "confidence": confidence}
    own |= {"worth": worth, "beside": beside, "versus": point.at(versus) if isinstance(versus, Mapping) else versus}
    return CompareRequest(point=point, **own).run(threads=threads, progress=progress)  # pyright: ignore - no table
