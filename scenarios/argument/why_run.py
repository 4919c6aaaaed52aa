"""Why one run became what it is: its point of no return, and the carried group on which that hangs.

The run is forked at logged steps of its stages: from there on the noise is drawn again, and all that follows is
trained. The share of the continuations that end as the run did says how settled its end was. The *point of no return*
is the first of these steps from which on the share stays at nine tenths or more. What it hangs on is asked by
exchanging, where the last stage begins, one carried group with that of its twin from scratch, whose group is the
run's own initial draw.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Annotated, Any

import numpy as np
from matplotlib.axes import Axes
from pydantic import Field

from feint.agents.interventions import put_back
from feint.agents.mind import GROUPS, RUNNING
from feint.agents.outcome import Outcome, read
from feint.agents.state import State
from feint.sim.ensembles.runner import in_order
from feint.sim.results.figure_style import COLOURS
from feint.sim.results.report import Hidden, Report, Table
from feint.sim.results.request import MOST_RUNS, Confidence, Option, Precision, Progress, Request, Seed
from feint.sim.statistics.intervals import CONFIDENCE, Interval, check_confidence, clopper_pearson
from feint.sim.training.parameter_point import PlainModel, Point
from feint.sim.training.replay import first_that_ends
from feint.sim.training.stage import Stage
from feint.sim.training.train import PRECISION, RunSpec, enter, race

SETTLED = 0.9  # share of the continuations from which on the end counts as settled
LOGGED = 11  # steps of each stage at which the run is forked


@dataclass(frozen=True, kw_only=True)
class Fork:
    """Continuations from one step of a stage, or after a change where the last one begins."""

    stage: str
    step: int
    changed: Annotated[str, Field(description="group exchanged with the twin from scratch; empty if none")] = ""
    outcome: Annotated[str, Field(description="outcome if the run were stopped here")]
    counts: Annotated[dict[str, int], Field(description="continuations by outcome")]
    same: Annotated[Interval, Field(description="share of the continuations that end as the run did")]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class RunHistory(Report):
    """Why a run ended as it did."""

    run: int
    seed: int
    model: PlainModel
    stages: Annotated[list[str], Field(description="names of the stages")]
    outcome: Annotated[str, Field(description="how the run ended")]
    began: Annotated[str, Field(description="how it had ended the stage before; empty if there was none")]
    steps: Annotated[int, Field(description="SGD steps that it took in the last stage")]
    continuations: Annotated[int, Field(description="continuations of each fork")]
    confidence: float
    no_return: Annotated[
        int | None, Field(description="index of the fork from which on the end is settled; null if none")
    ]
    forks: list[Fork]
    exchanged: list[Fork]
    request: Hidden[WhyRunRequest]

    @property
    def hangs_on(self) -> list[str]:
        """Groups without which most continuations end otherwise, the most decisive first."""
        fewer = sorted((fork for fork in self.exchanged if fork.same.high < 0.5), key=lambda fork: fork.same.estimate)
        return [fork.changed for fork in fewer]

    def blocks(self) -> Iterator[str | Table]:
        """Yield what happened in words, the forks and the exchanged groups."""
        where = f", which it entered as {self.began}," if self.began else ""
        ended = f"ended {self.stages[-1]}{where} as {self.outcome}, after {self.steps:,} steps"
        yield f"Run {self.run} of seed {self.seed} {ended}."
        yield self._sentence_of_no_return()
        yield Table(
            self.forks,
            {
                "forked in": lambda row: row.stage,
                "at step": lambda row: f"{row.step:,}",
                "if stopped there": lambda row: row.outcome,
                **self._shares,
            },
        )
        if self.exchanged:
            yield self._sentence_of_groups()
            yield Table(self.exchanged, {"exchanged with its twin": lambda row: row.changed, **self._shares})
        yield f"{self.continuations} continuations each, {100 * self.confidence:g} % intervals (Clopper–Pearson)"

    @property
    def _shares(self) -> dict[str, Any]:
        others = [name for name in self.forks[0].counts if name != self.outcome]
        seen = [name for name in others if any(fork.counts[name] for fork in (*self.forks, *self.exchanged))]
        columns: dict[str, Any] = {f"end {self.outcome}": lambda row: f"{row.same:.2f}"}
        return columns | {name: lambda row, name=name: row.counts[name] for name in seen}

    def _sentence_of_no_return(self) -> str:
        if self.no_return is None:
            return f"It has no point of no return: up to its end fewer than {SETTLED:.0%} of its continuations end so."
        if self.no_return == 0:
            return f"It was settled from its first step on: {SETTLED:.0%} or more of its continuations end so."
        before, after = self.forks[self.no_return - 1 : self.no_return + 1]
        if after.step == 0:
            return f"Its point of no return lies between step {before.step:,} of {before.stage} and {after.stage}."
        return f"Its point of no return lies between steps {before.step:,} and {after.step:,} of {after.stage}."

    def _sentence_of_groups(self) -> str:
        if not self.hangs_on:
            return "It hangs on no single group that was carried over: without each of them most continuations end so."
        return f"It hangs on what was carried over of: {', '.join(self.hangs_on)}."

    def draw(self, panels: np.ndarray) -> None:
        """Draw the shares of outcomes over the forked steps of each stage, and the point of no return."""
        axes: Axes = panels[0, 0]
        places = np.arange(len(self.forks))
        kinds = [outcome for outcome in Outcome if any(fork.counts[outcome.label] for fork in self.forks)]
        shares = np.array([[fork.counts[kind.label] / self.continuations for fork in self.forks] for kind in kinds])
        axes.stackplot(places, shares, colors=[COLOURS[kind] for kind in kinds], labels=[kind.label for kind in kinds])
        for place in places[1:]:
            if self.forks[place].stage != self.forks[place - 1].stage:
                axes.axvline(place - 0.5, color="white", linewidth=2)
        if self.no_return is not None:
            axes.axvline(self.no_return, color="black", linewidth=1, linestyle="--", label="point of no return")
        axes.set_xticks(places, [f"{fork.step:,}" for fork in self.forks], rotation=90)
        axes.set(
            xlim=(0, len(places) - 1), ylim=(0, 1), ylabel="share of continuations",
            xlabel=f"SGD step at which the run is forked, in {' and then in '.join(self.stages)}",
            title=f"Run {self.run} of seed {self.seed}: how its continuations end",
        )  # fmt: skip
        axes.legend(loc="center left", bbox_to_anchor=(1.02, 0.5), frameon=False)


@dataclass(frozen=True, kw_only=True)
class WhyRunRequest(Request):
    """Ask why one run became what it is: fork it along its last stage, and exchange what was carried over."""

    kind = "why-run"
    unit = " forks"
    started = True

    number: Annotated[int, Option("Number of the run in its ensemble.", "N", flag="run")] = 0
    ends: Annotated[
        str, Option("Take the first run from that number on which ends so, as in deceptive.", "OUTCOME")
    ] = ""
    point: Point = field(default_factory=Point)
    seed: Seed = 0
    precision: Precision = PRECISION
    continuations: Annotated[int, Option("Continuations of each fork.", "N", least=1, most=MOST_RUNS)] = 64
    confidence: Confidence = CONFIDENCE

    def __post_init__(self) -> None:
        super().__post_init__()
        check_confidence(self.confidence)
        if self.ends:
            Outcome.named(self.ends)

    def work(self) -> float:
        """Return the number of forks."""
        stages = self.point.curriculum
        return LOGGED * len(stages) + (len(stages[-1].carry) if len(stages) > 1 else 0)

    def run(self, *, threads: int | None = None, progress: Progress | None = None) -> RunHistory:
        """Train the run and its continuations; raises `InputError` if a part is not valid."""
        spec = self.point.spec(seed=self.seed, precision=self.precision)
        spec.warm_up()
        number = first_that_ends(spec, self.ends, self.number) if self.ends else self.number
        state, entered, ended = spec.begin(np.array([number])), [], []
        for stage in spec.curriculum:
            entered.append(enter(state, stage))
            state = _continued(entered[-1], stage, self.precision)
            ended.append((Outcome(int(read(state, stage.objective).outcome[0])), int(state.taken[0])))
        outcome, steps = ended[-1]
        jobs = [(i, step, "") for i, (_, taken) in enumerate(ended) for step in _logged(taken)]
        forked, last = len(jobs), len(ended) - 1
        jobs += [(last, 0, group) for group in GROUPS if last and group in spec.curriculum[last].carry]

        def fork(job: tuple[int, int, str]) -> Fork:
            made = self._fork(spec, entered, job, outcome)
            if progress is not None:
                progress(1)
            return made

        forks = list(in_order(fork, jobs, threads=threads))
        settled = [all(one.same.estimate >= SETTLED for one in forks[i:forked]) for i in range(forked)]
        return RunHistory(
            run=number,
            seed=self.seed,
            model=spec.model,
            stages=list(spec.curriculum.names),
            outcome=outcome.label,
            began=ended[-2][0].label if last else "",
            steps=steps,
            continuations=self.continuations,
            confidence=self.confidence,
            no_return=settled.index(True) if any(settled) else None,
            forks=forks[:forked],
            exchanged=forks[forked:],
            request=self,
        )

    def _fork(self, spec: RunSpec, entered: list[State], job: tuple[int, int, str], outcome: Outcome) -> Fork:
        """Continue the run from a step, or with a group exchanged, on fresh noise to the end of its last stage."""
        i, step, group = job
        stage, begun = spec.curriculum[i], put_back(entered[i], group) if group else entered[i]
        here = _continued(begun, stage, spec.precision, step)
        stopped = Outcome(int(read(here, stage.objective).outcome[0])).label
        keys = np.arange(1, self.continuations + 1, dtype=np.uint32)
        many = replace(here.take(np.zeros(self.continuations, np.int64)), fork=keys)
        fresh = enter(many, stage).progress.generator  # of a stream that the run itself never opens
        ended = _continued(replace(many, progress=many.progress._replace(generator=fresh)), stage, spec.precision)
        for later in spec.curriculum.stages[i + 1 :]:
            ended = spec.train_stage(ended, later).state
        codes = np.bincount(read(ended, spec.curriculum[-1].objective).outcome, minlength=len(Outcome))
        return Fork(
            stage=stage.name,
            step=step,
            changed=group,
            outcome=stopped,
            counts={kind.label: int(codes[kind]) for kind in Outcome},
            same=clopper_pearson(int(codes[outcome]), self.continuations, self.confidence),
        )


def _logged(taken: int) -> list[int]:
    """Return the steps at which a stage of so many steps is forked: its beginning, and then ever more rarely."""
    later = np.geomspace(1, max(1, taken), LOGGED).round().astype(int).tolist()
    return sorted({0, *later[:-1]} & set(range(taken))) or [0]


def _continued(state: State, stage: Stage, precision: str, steps: int | None = None) -> State:
    """Return a state that was entered into a stage after so many of its steps, or at its end."""
    moving = state.copied()
    if (moving.progress.status == RUNNING).any():
        race(moving, stage, stage.steps if steps is None else min(steps, stage.steps), precision)
    return moving
