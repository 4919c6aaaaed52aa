"""Finds why one run became what it is: its point of no return, and the carried groups on which its end depends.

The run is forked at logged steps of its stages: from each of them it is trained to its end again, with new noise. The
share of the continuations that end as the run did says how settled its end was. The *point of no return* is the first
of these steps from which on the share stays at nine tenths or more, there and at every later fork. It is determined
from the estimates, not from their intervals: one later fork that falls just below by chance moves it to a later step,
and one just above may move it to an earlier one. The groups on which the end depends are found by exchanging, at the
beginning of the last stage, one carried group for that of the run's twin from scratch, whose group is the run's own
initial draw.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import isfinite
from typing import Annotated, Any

import numpy as np
from matplotlib.axes import Axes
from pydantic import Field

from feint.agents.interventions import put_back
from feint.agents.mind import GROUPS, RUNNING
from feint.agents.outcome import LABELS, Outcome, is_converged, read
from feint.agents.state import State
from feint.sim.ensembles.runner import in_order
from feint.sim.ensembles.streaming_summary import by_outcome
from feint.sim.results.figure_style import face
from feint.sim.results.report import Hidden, Report, Table
from feint.sim.results.request import MOST_RUNS, Confidence, Option, Progress
from feint.sim.statistics.intervals import CONFIDENCE, Interval, check_confidence, clopper_pearson, share_of_selected
from feint.sim.training.parameter_point import PlainModel
from feint.sim.training.replay import OneRunRequest
from feint.sim.training.stage import Stage
from feint.sim.training.train import RunSpec, enter, race

SETTLED = 0.9  # share of the continuations from which on the end counts as settled
LOGGED = 11  # steps of each stage at which the run is forked, at most
NOTHING = "nothing"  # heading of the fork in which no group is exchanged


@dataclass(frozen=True, kw_only=True)
class Fork:
    """Continuations of a run from one step of a stage, or after an exchange at the beginning of the last one."""

    stage: str
    step: int
    changed: Annotated[str, Field(description="group exchanged for its twin's from scratch; empty if none")] = ""
    outcome: Annotated[str, Field(description="outcome if the run were stopped here")]
    counts: Annotated[dict[str, int], Field(description="continuations by outcome")]
    same: Annotated[Interval, Field(description="share of the continuations that end as the run did")]
    converged: Annotated[
        dict[str, int] | None, Field(description="converged continuations by outcome; null if not computed")
    ] = None
    same_converged: Annotated[
        Interval | None, Field(description="share of the converged ones that end as the run did; null if it did not")
    ] = None


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class RunHistory(Report):
    """Results of `WhyRunRequest`: how a run ended, when that was settled, and on which groups it depends.

    `forks` are in the order of training. The text is made from the counts in the table below it, so that a reader can
    check each sentence there.
    """

    grid = (1, 2)
    shared = {"sharey": True, "width_ratios": (3, 1)}
    size = (6.9, 3.2)

    run: int
    seed: int
    model: PlainModel
    stages: Annotated[list[str], Field(description="names of the stages")]
    ended: Annotated[list[str], Field(description="outcome at the end of each stage")]
    steps: Annotated[int, Field(description="SGD steps that it took in the last stage")]
    missed: Annotated[bool, Field(description="whether it missed the target of its last stage")]
    diverged: Annotated[bool, Field(description="whether it stopped because its state was no longer finite")]
    continuations: Annotated[int, Field(description="continuations of each fork")]
    confidence: float
    no_return: Annotated[
        int | None, Field(description="index of the fork from which on the end is settled; null if it never is")
    ]
    forks: list[Fork]
    exchanged: list[Fork]
    request: Hidden[WhyRunRequest]

    @property
    def outcome(self) -> str:
        """How the run ended."""
        return self.ended[-1]

    @property
    def unchanged(self) -> Fork:
        """The fork at the beginning of the last stage, to which the exchanged groups are compared."""
        return next(fork for fork in self.forks if (fork.stage, fork.step) == (self.stages[-1], 0))

    @property
    def depends_on(self) -> list[str]:
        """Groups on which the end depends, the most decisive first.

        With the twin's group fewer than half of the continuations end as the run did, and fewer than without the
        exchange: its interval lies wholly below one half, and wholly below that of `unchanged`.
        """
        most = min(0.5, self.unchanged.same.low)
        fewer = sorted((fork for fork in self.exchanged if fork.same.high < most), key=lambda fork: fork.same.estimate)
        return [fork.changed for fork in fewer]

    def blocks(self) -> Iterator[str | Table]:
        """Yield what happened in words, the forks and the exchanged groups."""
        ends = [f"{stage} as {outcome}" for stage, outcome in zip(self.stages, self.ended, strict=True)]
        stop = ", when it diverged" if self.diverged else ", without reaching its target" if self.missed else ""
        yield f"Run {self.run} of seed {self.seed} ended {', '.join(ends)}, after {counted(self.steps, 'step')}{stop}."
        yield self._sentence_of_no_return()
        yield Table(
            self.forks,
            {
                "forked in": "stage",
                "at step": "step",
                "if stopped there": "outcome",
                **self._shares(self.forks),
            },
            fixed=2,
        )
        if self.exchanged:
            yield self._sentence_of_groups()
            rows = [self.unchanged, *self.exchanged]
            yield Table(rows, {"exchanged": lambda row: row.changed or NOTHING, **self._shares(rows)})
        if all(fork.converged == fork.counts for fork in (*self.forks, *self.exchanged)):
            yield "All continuations converged."
        yield (
            f"Each row counts {counted(self.continuations, 'continuation')}; the share that ends {self.outcome} has "
            f"{100 * self.confidence:g} % intervals (Clopper–Pearson)."
        )

    def _shares(self, rows: list[Fork]) -> dict[str, Any]:
        """Return the columns of how continuations end: the share that ends as the run did, and counts."""
        seen = [label for label in rows[0].counts if any(row.counts[label] for row in rows)]
        labels = [self.outcome, *(label for label in seen if label != self.outcome)]
        columns: dict[str, Any] = {f"share {self.outcome}": lambda row: f"{row.same:.2f}"}
        if any(row.same_converged and row.converged != row.counts for row in (*self.forks, *self.exchanged)):
            columns["of converged"] = lambda row: _share_text(row.same_converged)
        return columns | {label: lambda row, label=label: row.counts[label] for label in labels}

    def _sentence_of_no_return(self) -> str:
        settled = f"{100 * SETTLED:g} % or more of its continuations end {self.outcome}"
        if self.no_return == 0:
            return f"Its end was settled from its first step on: wherever it is forked, {settled}."
        if self.no_return is None:
            last = self.forks[-1]
            place = (
                f"Its point of no return lies after step {last.step:,} of {last.stage}, the last at which it is forked"
            )
            return f"{place}: from there fewer than {settled.replace(' or more', '')}."
        before, after = self.forks[self.no_return - 1 : self.no_return + 1]
        where = f"steps {before.step:,} and {after.step:,} of {after.stage}"
        if before.stage != after.stage:
            where = f"step {before.step:,} of {before.stage} and the beginning of {after.stage}"
        return f"Its point of no return lies between {where}: wherever it is forked later, {settled}."

    def _sentence_of_groups(self) -> str:
        if self.depends_on:
            return (
                f"Its end depends on what was carried over of {listed(self.depends_on)}: with the group of its twin "
                f"from scratch in place of one of these, clearly fewer than half of its continuations end "
                f"{self.outcome}, and fewer than with nothing exchanged."
            )
        return (
            "Its end depends on no single group that was carried over: with the group of its twin from scratch in "
            "place of one, never clearly fewer than half of its continuations, and fewer than with nothing exchanged, "
            f"end {self.outcome}."
        )

    def draw(self, panels: np.ndarray) -> None:
        """Draw the shares of outcomes by step of the fork, with the point of no return, and by exchanged group."""
        along, groups = panels[0]
        self._draw_shares(along, self.forks, [f"{fork.step:,}" for fork in self.forks])
        places = range(1, len(self.forks))
        for place in places:
            if self.forks[place].stage != self.forks[place - 1].stage:
                along.axvline(place - 0.5, color="black", linewidth=0.8)
        if self.no_return is not None:
            along.axvline(
                self.no_return - 0.5, color="black", linewidth=1.6, linestyle="--", label="point of no return"
            )
        along.set(
            ylim=(0, 1), ylabel="share of continuations",
            xlabel=f"SGD step of the fork, in {', then in '.join(self.stages)}",
            title=f"Run {self.run} of seed {self.seed} ended {self.outcome}",
        )  # fmt: skip
        rows = [self.unchanged, *self.exchanged] if self.exchanged else []
        self._draw_shares(groups, rows, [fork.changed or NOTHING for fork in rows])
        groups.set(title="if exchanged" if rows else "")
        groups.set_axis_on() if rows else groups.set_axis_off()
        handles, labels = along.get_legend_handles_labels()
        along.figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False)

    def _draw_shares(self, axes: Axes, forks: list[Fork], names: list[str]) -> None:
        """Draw one stacked bar per fork."""
        places, below = np.arange(len(forks)), np.zeros(len(forks))
        for kind in Outcome:
            if not any(fork.counts[kind.label] for fork in (*self.forks, *self.exchanged)):
                continue
            shares = np.array([fork.counts[kind.label] / self.continuations for fork in forks])
            axes.bar(places, shares, 0.9, bottom=below, label=kind.label, **face(kind))
            below += shares
        axes.set_xticks(places, names, rotation=90)
        axes.margins(x=0.01)


def _share_text(share: Interval | None) -> str:
    """Return a share with its limits, empty if it is not known."""
    return f"{share:.2f}" if share and isfinite(share.estimate) else ""


def listed(names: list[str]) -> str:
    """Return names in a sentence: the last two joined by "and"."""
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)


def counted(number: int, noun: str) -> str:
    """Return a number with its noun."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


@dataclass(frozen=True, kw_only=True)
class WhyRunRequest(OneRunRequest):
    """Find why one run became what it is: fork it along its stages, and exchange the groups that were carried over."""

    kind = "why-run"
    unit = " forks"
    started = True

    continuations: Annotated[int, Option("Continuations of each fork.", "N", least=1, most=MOST_RUNS)] = 64
    confidence: Confidence = CONFIDENCE

    def __post_init__(self) -> None:
        super().__post_init__()
        check_confidence(self.confidence)

    def work(self) -> float:
        """Return the number of forks, at most."""
        stages = self.point.curriculum
        return LOGGED * len(stages) + (len(stages[-1].carry) if len(stages) > 1 else 0)

    def run(self, *, threads: int | None = None, progress: Progress | None = None) -> RunHistory:
        """Train the run and its continuations; raises `InputError` if a part is not valid, or no run ends so."""
        spec = self.point.spec(seed=self.seed, precision=self.precision)
        spec.warm_up()
        number = self.chosen(spec)
        state, entered, ended, taken = spec.begin(np.array([number])), [], [], []
        for stage in spec.curriculum:
            entered.append(enter(state, stage))
            state = _continued(entered[-1], stage, self.precision)
            ended.append(_outcome(state, stage))
            taken.append(int(state.taken[0]))
        jobs = [(i, step, "") for i, steps in enumerate(taken) for step in _logged(steps)]
        forked, last = len(jobs), len(taken) - 1
        jobs += [(last, 0, group) for group in GROUPS if last and group in spec.curriculum[last].carry]

        def fork(job: tuple[int, int, str]) -> Fork:
            made = self._fork(spec, entered, job, ended[-1])
            if progress is not None:
                progress(self.work() / len(jobs))
            return made

        forks = list(in_order(fork, jobs, threads=threads))
        settled = [all(one.same.estimate >= SETTLED for one in forks[i:forked]) for i in range(forked)]
        return RunHistory(
            run=number,
            seed=self.seed,
            model=spec.model,
            stages=list(spec.curriculum.names),
            ended=[outcome.label for outcome in ended],
            steps=taken[-1],
            missed=spec.curriculum[last].target > 0 and not state.reached[0],
            diverged=bool(state.diverged[0]),
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
        many = replace(
            here.take(np.zeros(self.continuations, np.int64)),
            fork=np.arange(1, self.continuations + 1, dtype=np.uint32),
        )
        progress = many.progress._replace(generator=_streams(many, stage))
        ended = _continued(replace(many, progress=progress), stage, spec.precision)
        for later in spec.curriculum.stages[i + 1 :]:
            ended = spec.train_stage(ended, later).state
        last, codes = spec.curriculum[-1], read(ended, spec.curriculum[-1].objective).outcome
        counts, converged = (
            by_outcome(codes),
            by_outcome(codes[is_converged(codes, (last.target > 0) & ~ended.reached)]),
        )
        return Fork(
            stage=stage.name,
            step=step,
            changed=group,
            outcome=_outcome(here, stage).label,
            counts=dict(zip(LABELS, counts.tolist(), strict=True)),
            same=clopper_pearson(int(counts[outcome]), self.continuations, self.confidence),
            converged=dict(zip(LABELS, converged.tolist(), strict=True)),
            same_converged=self._among(converged, outcome),
        )

    def _among(self, converged: np.ndarray, outcome: Outcome) -> Interval | None:
        """Return the share of an outcome among converged continuations (outcomes,); None if none can end so."""
        if outcome == Outcome.UNCONVERGED:
            return None
        count, runs = int(converged[outcome]), int(converged.sum())
        return share_of_selected(count, runs, self.confidence, interval=clopper_pearson)


def _streams(state: State, stage: Stage) -> np.ndarray:
    """Return generators (runs, 4) of a stage that was entered, under the state's own noise keys.

    The run itself has the key 0, so that no number of its noise is drawn again; and a later stage of the same objective
    opens the stream of another occurrence.
    """
    occurrences = list(state.occurrences)
    occurrences[stage.objective] -= 1
    return enter(replace(state, occurrences=tuple(occurrences)), stage).progress.generator


def _outcome(state: State, stage: Stage) -> Outcome:
    """Return what one run would be called if its stage ended now."""
    return Outcome(int(read(state, stage.objective).outcome[0]))


def _logged(taken: int) -> list[int]:
    """Return the steps at which a stage of N steps is forked: its beginning, and then steps at growing intervals."""
    later = np.geomspace(1, max(1, taken), LOGGED).round().astype(int).tolist()
    return sorted({0, *later[:-1]} & set(range(taken))) or [0]


def _continued(state: State, stage: Stage, precision: str, steps: int | None = None) -> State:
    """Return a state that was entered into a stage after this number of its steps, or at its end."""
    moving = state.copied()
    if (moving.progress.status == RUNNING).any():
        race(moving, stage, stage.steps if steps is None else min(steps, stage.steps), precision)
    return moving
