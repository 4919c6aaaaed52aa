"""Replays one run of an ensemble, and records it step by step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Self

import numpy as np
from pydantic import computed_field

from feint.agents.errors import InputError, check_output, check_whole
from feint.agents.kernels.reading import Readings
from feint.agents.mind import RUNNING, Mind, Progress
from feint.agents.outcome import LABELS, Outcome, read
from feint.agents.state import State
from feint.sim.results.figure_style import PAGE_WIDTH, canvas, panels
from feint.sim.results.files import written_whole
from feint.sim.results.memory import check_memory
from feint.sim.results.report import Hidden, Number, Report, Table, folded
from feint.sim.results.request import MOST_RUNS, Option, Output, Precision, Request, Seed
from feint.sim.results.request import Progress as ProgressCallback
from feint.sim.training.configuration import ModelValues, Stages, point_of
from feint.sim.training.curriculum import Curriculum, Match
from feint.sim.training.parameter_point import PlainModel, Point
from feint.sim.training.stage import Stage
from feint.sim.training.train import PRECISION, RunSpec, enter, race

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

ROWS = 12  # steps of a stage that the text shows
MOST_SHOWN = 4.0  # error that the figure shows; it is 1 for a mind that does nothing
SHOWN = (
    *("performance", "deployed_error", "following", "instrumental"),
    *("capability", "awareness", "horizon", "gate", "belief"),
)
LINES = {
    "performance": "performance  c (1 − E(g))",
    "capability": "capability  c",
    "following": "following its objective  (1 − β) π",
    "awareness": "awareness  a",
    "horizon": "horizon  h",
    "gate": "gate  γ",
    "instrumental": "instrumental gate  ψ",
    "deployed_error": "error when deployed  E′(t′)",
    "belief": "belief in the trained objective  ρ",
}
"""Readings that the figure shows."""
MOST_SEARCHED = 100_000  # runs among which one that ends in an outcome is looked for
COPIES = 3  # of a recorded state that are held at once, at most
BATCH = 512  # runs that are trained at once in the search


@dataclass(frozen=True, kw_only=True)
class StageTrajectory:
    """One stage of a replayed run, with one number per recorded step in every list."""

    name: str
    step: list[int]
    outcome: list[str]
    readings: dict[str, list[Number]]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Trajectory(Report):
    """Results of `replay`: for each stage of one run, its state at each recorded step.

    `states[i]` is a `State` whose leading axis is time instead of the run, so that views, readings and interventions
    apply to a whole trajectory as they do to a population; `states[i].taken` is the step.
    """

    seed: int  #: of all random streams
    run: int  #: number in its ensemble
    model: PlainModel
    spec: Hidden[RunSpec]  #: what was trained
    states: Hidden[tuple[State, ...]]  #: one per stage
    request: Hidden[ReplayRequest]  #: what was asked for

    @property
    def curriculum(self) -> Curriculum:
        """The stages as they were trained."""
        return self.spec.curriculum

    @computed_field
    @property
    def stages(self) -> list[StageTrajectory]:
        """What is read along each stage."""
        stages = []
        for i, stage in enumerate(self.curriculum):
            readings = {name: values.tolist() for name, values in self.readings(i)._asdict().items()}
            outcome = [LABELS[code] for code in readings.pop("outcome")]
            step = self.states[i].taken.tolist()
            stages.append(StageTrajectory(name=stage.name, step=step, outcome=outcome, readings=readings))
        return stages

    def readings(self, stage: int = -1) -> Readings:
        """Return what is read along a stage: arrays of one number per recorded step (steps,)."""
        return read(self.states[stage], self.curriculum[stage].objective)

    def frame(self) -> pd.DataFrame:
        """Return one row per stage and recorded step: readings, and the outcome if training stopped there."""
        import pandas as pd

        known = (
            {"stage": stage.name, "step": self.states[i].taken, **self.readings(i)._asdict()}
            for i, stage in enumerate(self.curriculum)
        )
        whole = pd.concat(map(pd.DataFrame, known), ignore_index=True)
        whole["outcome"] = pd.Categorical.from_codes(whole["outcome"].to_numpy(), pd.Index(LABELS), ordered=True)
        whole.attrs.update(self.passport())
        return whole

    def write_csv(self, path: Path) -> None:
        """Write `frame` to a file; raises `InputError` if it cannot be written."""
        with written_whole("csv", path) as beside:
            self.frame().to_csv(beside, index=False)

    def blocks(self) -> list[str | Table]:
        """Return a few steps of each stage."""
        blocks: list[str | Table] = []
        for i, stage in enumerate(self.curriculum):
            blocks.append(f"{stage.name}, run {self.run}, with the outcome if it were stopped at the step")
            steps, readings = self.states[i].taken, self.readings(i)._asdict()
            outcomes = readings.pop("outcome")
            rows = [
                (f"{steps[row]:,}", LABELS[outcomes[row]], *(f"{readings[name][row]:.3f}" for name in SHOWN))
                for row in sorted({int(row) for row in np.linspace(0, len(steps) - 1, ROWS)})
            ]
            blocks.append(Table.of_cells(("step", "outcome", *(folded(name, 11) for name in SHOWN)), rows))
        return blocks

    def drawing(self) -> Figure:
        """Return lines: what is read of the run along its stages."""
        import seaborn as sns

        stages = self.curriculum
        with canvas((max(PAGE_WIDTH, 2.6 * len(stages)), 3.0)) as drawn:
            axes = panels(drawn, 1, len(stages), sharey=True)[0]
            table = self.frame().melt(["stage", "step", "outcome"], list(LINES), var_name="reading")
            table = table.replace({"reading": LINES})
            top = max(1.05, 1.05 * min(float(table["value"].max()), MOST_SHOWN))
            look: Any = {"hue": "reading", "style": "reading", "palette": "colorblind", "errorbar": None}
            for panel, stage in zip(axes, stages, strict=True):
                rows: Any = table.query("stage == @stage.name")
                sns.lineplot(rows, x="step", y="value", ax=panel, legend=panel is axes[0], **look)
                title = f"{stage.name}, {rows['step'].max():,} steps:\nends {rows['outcome'].iloc[-1]}"
                panel.set(label=stage.name, title=title, xlabel="SGD step", ylabel="", ylim=(-0.02, top))
                _mark_changes(panel, rows.drop_duplicates("step"))
            drawn.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False)
            axes[0].get_legend().remove()
            sns.despine(fig=drawn)
        return drawn


def _mark_changes(panel: Any, rows: pd.DataFrame) -> None:
    """Draw a line where the outcome, if training stopped there, becomes another, and write which."""
    changed = rows[rows["outcome"] != rows["outcome"].shift()].iloc[1:]
    for step, outcome in zip(changed["step"], changed["outcome"], strict=True):
        panel.axvline(step, color="#555555", linewidth=0.6, linestyle=":", zorder=0)
        panel.annotate(
            outcome, (step, 1), xycoords=("data", "axes fraction"), xytext=(1, -2), textcoords="offset points",
            rotation=90, va="top", ha="left", fontsize=6, color="#555555",
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class OneRunRequest(Request):
    """Base of requests about one run of an ensemble, named by its number or found by how it ends."""

    number: Annotated[int, Option("Number of the run in its ensemble.", "N", flag="run")] = 0
    ends: Annotated[
        str, Option("Use the first run, from that number on, that ends in this outcome, such as deceptive.", "OUTCOME")
    ] = ""
    point: Point = field(default_factory=Point)
    seed: Seed = 0
    precision: Precision = PRECISION

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "number", check_whole("run", self.number, 0, MOST_RUNS))
        if self.ends:
            Outcome.named(self.ends)

    def chosen(self, spec: RunSpec) -> int:
        """Return the number of the run; raises `InputError` if none ends as it must."""
        return first_that_ends(spec, self.ends, self.number) if self.ends else self.number


@dataclass(frozen=True, kw_only=True)
class ReplayRequest(OneRunRequest):
    """Show one training run step by step, bit-identical to the run in the ensemble."""

    kind = "trajectory"
    started = True
    threaded = False
    outputs = {"csv": Output("Write the trajectory as a table.", "FILE.csv", "write_csv", partial(check_output, "csv"))}

    every: Annotated[int, Option("Record every N steps, and the end of each stage.", "N", least=1, most=MOST_RUNS)] = 1
    objectives: int | None = None  #: number of base objectives, if more than the curriculum names

    @classmethod
    def of(cls, spec: RunSpec, number: int, every: int = 1) -> Self:
        """Return the request for one run of a specification."""
        point = Point(model=spec.model, curriculum=spec.curriculum, start=spec.start, match=spec.match.value)
        known: dict[str, Any] = {name: getattr(spec, name) for name in ("seed", "precision", "objectives")}
        return cls(number=number, point=point, every=every, **known)

    def work(self) -> float:
        """Return the number of steps of all stages."""
        return sum(stage.steps for stage in self.point.curriculum)

    def run(self, *, threads: int | None = None, progress: ProgressCallback | None = None) -> Trajectory:  # noqa: ARG002
        """Train the run, which takes one thread; raises `InputError` if a part is not valid."""
        spec = self.point.spec(seed=self.seed, precision=self.precision, objectives=self.objectives)
        number = self.chosen(spec)
        state, stages = spec.begin(np.array([number])), []
        self._check_memory(state, spec.curriculum)
        for stage in spec.curriculum:
            recorded, state = self._record(enter(state, stage), stage, progress)
            stages.append(recorded)
        known: dict[str, Any] = {"seed": self.seed, "run": number, "model": spec.model}
        return Trajectory(**known, spec=spec, states=tuple(stages), request=self)

    def _check_memory(self, state: State, curriculum: Curriculum) -> None:
        """Raise `InputError` if the recorded steps cannot be held; the targets may end a stage earlier."""
        steps = sum(stage.steps // self.every + 2 for stage in curriculum)
        check_memory(COPIES * size_of(state) * steps, f"a recording of {steps:,} steps", "record fewer with --every N")

    def _record(self, state: State, stage: Stage, progress: ProgressCallback | None) -> tuple[State, State]:
        """Return the trajectory of a stage, and the state at its end."""
        moving = state.copied()
        seen, steps = [_snapshot(moving)], [0]
        while moving.progress.status[0] == RUNNING and steps[-1] < stage.steps:
            race(moving, stage, min(stage.steps, steps[-1] + self.every), self.precision)
            if moving.taken[0] == steps[-1]:
                seen[-1] = _snapshot(moving)  # the run stops here; only now is it known how
                break
            steps.append(int(moving.taken[0]))
            if progress is not None:
                progress(steps[-1] - steps[-2])
            seen.append(_snapshot(moving))
        along = [np.concatenate(parts) for parts in zip(*seen, strict=True)]
        here = state.take(np.zeros(len(steps), np.int64))
        parts = len(Mind._fields)
        return replace(here, mind=Mind(*along[:parts]), progress=Progress(*along[parts:])), moving

    @classmethod
    def from_configuration(cls, configuration: Mapping[str, Any]) -> Self:
        """Return the request that has this configuration, which may be that of a passport of version 1."""
        version_1 = {"run": "number"}
        return super().from_configuration({version_1.get(name, name): value for name, value in configuration.items()})


def first_that_ends(spec: RunSpec, outcome: str | Outcome, first: int = 0) -> int:
    """Return the number of the first run from `first` on that ends in an outcome; raises `InputError` if none does."""
    wanted = Outcome.named(outcome)
    for begin in range(first, first + MOST_SEARCHED, BATCH):
        *_, last = spec.train(spec.begin(np.arange(begin, begin + BATCH)))
        is_it = np.flatnonzero(last.readings.outcome == wanted)
        if len(is_it):
            return begin + int(is_it[0])
    raise InputError(
        f"ends = {wanted.label!r}: none of the runs {first:,} to {first + MOST_SEARCHED - 1:,} ends so; name an "
        "outcome that occurs here, as `feint compare` shows."
    )


def size_of(state: State) -> int:
    """Return the bytes that the arrays of a state fill."""
    groups = (state.world, state.initial, state.mind, state.progress)
    return sum(array.nbytes for group in groups for array in group)


def check_states(specs: Sequence[RunSpec], runs: int) -> None:
    """Raise `InputError` if so many runs of each specification cannot be trained at once, with a state per stage."""
    one = sum(size_of(spec.begin(np.zeros(1, np.uint64))) * (1 + len(spec.curriculum)) for spec in specs)
    check_memory(one * runs, f"runs = {runs:,} of each arm", "request fewer")


def _snapshot(state: State) -> tuple[np.ndarray, ...]:
    return tuple(part.copy() for part in (*state.mind, *state.progress))


def replay(
    curriculum: Stages,
    *,
    run: int,
    model: ModelValues | None = None,
    seed: int = 0,
    start: str = "fresh",
    match: str | Match = Match.TARGET,
    objectives: int | None = None,
    precision: str = PRECISION,
    every: int = 1,
    progress: ProgressCallback | None = None,
) -> Trajectory:
    """Train one run of an ensemble alone and record it; bit-identical to what `simulate` computes for that run.

    Parameters
    ----------
    curriculum, model, seed, start, match, objectives, precision
        As for `simulate`.
    run
        Number of the run in its ensemble.
    every
        Steps between two that are recorded; the end of each stage is recorded as well.
    progress
        Called with the number of steps taken since the last call.

    Returns
    -------
    Trajectory
        The run's state and readings at each recorded step of each stage.

    Raises
    ------
    InputError
        If an argument is not valid.

    """
    point = point_of(curriculum, model, start, match)
    known: dict[str, Any] = {"seed": seed, "precision": precision, "objectives": objectives, "every": every}
    return ReplayRequest(number=run, point=point, **known).run(progress=progress)
