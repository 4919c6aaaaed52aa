"""Ensembles: many runs of one curriculum, with the quantities recorded of each run at the end of each stage."""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from pydantic import Field, computed_field

from feint.agents.errors import check_whole, unknown
from feint.agents.outcome import LABELS, Outcome, is_converged
from feint.agents.types import FRESH
from feint.sim.ensembles import streaming_summary
from feint.sim.ensembles.runner import Timing, add_up, check_threads, chunks, in_order, one_at_a_time
from feint.sim.ensembles.settings_table import SettingShares, SettingsTable, Vary, as_vary, number_of, settings_of
from feint.sim.ensembles.streaming_summary import (
    AT_STOP,
    MOST_SUMMED,
    UNITS,
    OutcomeReport,
    StageOutcomes,
    Summary,
    by_outcome,
)
from feint.sim.results.memory import check_memory
from feint.sim.results.provenance import passport_line
from feint.sim.results.report import Hidden, Number
from feint.sim.results.request import MOST_RUNS, Option, Precision, Progress, Request, Seed
from feint.sim.statistics.intervals import CONFIDENCE
from feint.sim.training.configuration import ModelValues, Stages, point_of
from feint.sim.training.curriculum import Match
from feint.sim.training.parameter_point import Point
from feint.sim.training.replay import ReplayRequest, Trajectory
from feint.sim.training.stage import Stage
from feint.sim.training.train import PRECISION, RunSpec

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

NEARLY_ALL = 0.95  # of the runs of a stage that stops before its first step, from which on there is a warning
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
KINDS: dict[str, Any] = {"steps": np.int64, "missed": np.bool_, "diverged": np.bool_, "outcome": np.int8}
"""Types of the recorded quantities that are not floats."""
RECORDED = sum(np.dtype(KINDS.get(name, np.float64)).itemsize for name in UNITS)  # bytes of a run and stage

Spread = Annotated[
    dict[str, Number | None], Field(description="quantiles over the runs whose value is finite; null if none is")
]


@dataclass(frozen=True, kw_only=True)
class StageResult(StageOutcomes):
    """Outcomes of the runs after a stage, and quantiles at the stop."""

    median_steps: float
    at_stop: Annotated[
        dict[str, Spread], Field(description="performance, capability and error on the objective, at the stop")
    ]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Ensemble(OutcomeReport):
    """Results of `simulate`: `ensemble["gate"]` is an array (runs, stages), for every name in UNITS with its unit.

    `counts(stage)` gives runs by outcome, `frequency(outcome, stage)` a share with its interval.
    """

    recorded: Hidden[dict[str, np.ndarray]]  #: name → values (runs, stages)

    at_stop_heading = "At the stop, medians and, in parentheses, quartiles:"

    @computed_field
    @property
    def stages(self) -> list[StageResult]:
        """Outcomes and quantiles after each stage."""
        return self.results()

    def results(self, confidence: float = CONFIDENCE) -> list[StageResult]:
        """Return outcomes, with intervals at this level of confidence, and quantiles after each stage."""
        medians = np.median(self.steps, axis=0).tolist()
        at_stop = ({name: spread(self[name][:, i]) for name in AT_STOP} for i in range(len(medians)))
        ended = enumerate(zip(medians, at_stop, strict=True))
        return [
            StageResult(**self.outcomes_of(i, confidence), median_steps=steps, at_stop=at) for i, (steps, at) in ended
        ]

    def __getitem__(self, name: str) -> np.ndarray:
        if name not in self.recorded:
            raise unknown("record", name, self.recorded)
        return self.recorded[name]

    def __len__(self) -> int:
        return self.runs

    @property
    def outcome(self) -> np.ndarray:
        """Codes of `Outcome` (runs, stages)."""
        return self.recorded["outcome"]

    @property
    def steps(self) -> np.ndarray:
        """SGD steps taken (runs, stages)."""
        return self.recorded["steps"]

    @property
    def has_converged(self) -> np.ndarray:
        """Whether each run is not unconverged and did not miss its target (runs, stages)."""
        return is_converged(self.outcome, self.recorded["missed"])

    def is_outcome(self, outcome: Outcome | str, stage: int = -1) -> np.ndarray:
        """Return whether each run ended a stage as this type (runs,)."""
        return self.outcome[:, stage] == Outcome.named(outcome)

    def stop_cell(self, quantity: str, stage: int) -> str:
        """Return the median of a quantity at the end of a stage with its quartiles."""
        if quantity == "steps":
            return f"{np.median(self.steps[:, stage]):,.0f}"
        quantiles = spread(self[quantity][:, stage])
        return "" if quantiles["q50"] is None else "{q50:.3f} ({q25:.3f}, {q75:.3f})".format(**quantiles)

    def frame(self) -> pd.DataFrame:
        """Return one row per run and stage, with the outcome as an ordered category and the passport in `attrs`."""
        import pandas as pd

        runs, stages = self.outcome.shape
        codes, names = np.tile(np.arange(stages), runs), pd.Index(self.curriculum.names)
        columns: dict[str, Any] = {name: values.ravel() for name, values in self.recorded.items()}
        columns["outcome"] = pd.Categorical.from_codes(columns["outcome"], pd.Index(LABELS), ordered=True)
        columns["converged"] = self.has_converged.ravel()
        stage = pd.Categorical.from_codes(codes, names, ordered=True)
        table = pd.DataFrame({"run": np.repeat(np.arange(runs), stages), "stage": stage, **columns})
        table.attrs.update(self.passport())
        return table

    def dataset(self) -> xr.Dataset:
        """Return named arrays over run and stage, with units; the passport is in the attributes."""
        import xarray as xr

        variables: dict[str, Any] = {
            name: (("run", "stage"), values, {"long_name": UNITS[name][0], "units": UNITS[name][1]})
            for name, values in self.recorded.items()
        }
        converged = {"long_name": "whether it is not unconverged and did not miss its target", "units": "1"}
        variables["converged"] = (("run", "stage"), self.has_converged, converged)
        variables["outcome"][2]["flag_values"] = list(range(len(LABELS)))
        variables["outcome"][2]["flag_meanings"] = " ".join(LABELS)
        coordinates = {"run": np.arange(self.runs), "stage": list(self.curriculum.names)}
        return xr.Dataset(variables, coordinates, {"passport": passport_line(self.passport())})

    def replay(self, run: int, *, every: int = 1) -> Trajectory:
        """Return the trajectory of one run, bit-identical to what the ensemble computed, every `every` steps.

        Raises `InputError` if there is no such run.
        """
        number = check_whole("run", run, 0, self.runs - 1)
        of_runs = {name: getattr(self.request, name) for name in ("point", "seed", "precision", "objectives")}
        return ReplayRequest(number=number, every=every, **of_runs).run()


@dataclass(frozen=True, kw_only=True)
class SimulateRequest(Request):
    """Train one ensemble, through pre-training + fine-tuning unless a curriculum is given."""

    kind = "ensemble"
    unit = " runs"
    started = varied = True
    not_drawn = {"summary": "the figure is drawn from single runs"}

    point: Point = field(default_factory=Point)
    runs: Annotated[int, Option("Number of runs.", "N")] = 2000
    seed: Seed = 0
    precision: Precision = PRECISION
    summary: Annotated[bool, Option("Keep counts and moments alone: any number of runs in constant memory.")] = False
    objectives: int | None = None  #: number of base objectives, if more than the curriculum names
    vary: Vary = ()  #: dotted names with values, for a table with a row per combination

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "vary", as_vary(self.vary))
        runs = check_whole("runs", self.runs, 1, MOST_SUMMED if self.summary else MOST_RUNS)
        object.__setattr__(self, "runs", runs)

    def work(self) -> float:
        """Return the number of runs; if they are recorded one by one, over all stages."""
        settings = number_of(self.vary)
        return self.runs * settings * (1 if self.summary or self.vary else len(self.point.curriculum))

    def spec(self) -> RunSpec:
        """Return the specification of the runs; raises `InputError` if a part is not valid."""
        return self.point.spec(seed=self.seed, precision=self.precision, objectives=self.objectives)

    def run(
        self, *, threads: int | None = None, progress: Progress | None = None
    ) -> Ensemble | Summary | SettingsTable:
        """Train the runs; raises `InputError`, and warns if runs diverged."""
        if self.vary:
            return self._table(threads, progress)
        return self.summarize(threads, progress) if self.summary else self.simulate(threads, progress)

    def _table(self, threads: int | None, progress: Progress | None) -> SettingsTable:
        """Train the runs at each combination of values on common random numbers, and keep counts."""
        rows = []
        for values, point in [*settings_of(self.point, self.vary)]:
            ended = replace(self, point=point, vary=()).summarize(threads, progress)
            shares = {label: ended.frequency(label) for label in LABELS}
            rows.append(SettingShares.of(values, shares))
        return SettingsTable(seed=self.seed, runs=self.runs, settings=rows, request=self)

    def summarize(self, threads: int | None = None, progress: Progress | None = None) -> Summary:
        """Train the runs, and keep counts and moments."""
        spec = self.spec()
        spec.warm_up()
        tally, timing = add_up(
            partial(streaming_summary.MeasuredTally.trained, spec), self.runs, threads=threads, progress=progress
        )
        ended: dict[str, Any] = {"outcomes": tally.counts, "missed": tally.missed, "diverged": tally.diverged}
        return Summary(**self._known(spec), timing=timing, tally=tally, moments=tally.moments, **ended)

    def simulate(self, threads: int | None = None, progress: Progress | None = None) -> Ensemble:
        """Train the runs, and record each."""
        spec, threads = self.spec(), check_threads(threads)
        check_memory(
            self.work() * RECORDED, f"runs = {self.runs:,}", "--summary keeps counts alone, of any number of runs"
        )
        spec.warm_up()
        shape, report = (self.runs, len(spec.curriculum)), one_at_a_time(progress)
        recorded = {name: np.empty(shape, KINDS.get(name, np.float64), order="F") for name in UNITS}

        def train(chunk: range) -> int:
            rows, lane_steps = slice(chunk.start, chunk.stop), 0
            for i, stop in enumerate(spec.train(spec.begin(np.arange(chunk.start, chunk.stop)))):
                for name, values in streaming_summary.recordings(stop).items():
                    recorded[name][rows, i] = values
                lane_steps += stop.lane_steps
                report(len(chunk))
            return lane_steps

        begun = time.perf_counter()
        work = chunks(self.runs, threads, spec.objectives * spec.model.modes)
        lane_steps = sum(in_order(train, work, threads=threads))
        seconds, run_steps = time.perf_counter() - begun, int(recorded["steps"].sum())
        timing = Timing(run_steps=run_steps, lane_steps=lane_steps, seconds=seconds, threads=threads)
        outcomes = np.array([by_outcome(codes) for codes in recorded["outcome"].T])
        stages = zip(recorded["outcome"].T, recorded["missed"].T.astype(bool), strict=True)
        missed = [by_outcome(codes[of_stage]) for codes, of_stage in stages]
        diverged = recorded["diverged"].sum(axis=0)
        idle = np.count_nonzero((recorded["steps"] == 0) & np.logical_not(recorded["missed"]), axis=0)
        for stage, count, still in zip(spec.curriculum, diverged.tolist(), idle.tolist(), strict=True):
            if count:
                where = f"in stage {stage.name!r} and are counted as unconverged"
                warnings.warn(f"{count} of {self.runs} runs diverged {where}.", RuntimeWarning, stacklevel=3)
            if stage.target > 0 and spec.start == FRESH and still >= NEARLY_ALL * self.runs:
                warnings.warn(_untrained(stage, still / self.runs), RuntimeWarning, stacklevel=3)
        ended: dict[str, Any] = {"outcomes": outcomes, "missed": np.array(missed), "diverged": diverged}
        return Ensemble(**self._known(spec), timing=timing, recorded=recorded, **ended)

    def _known(self, spec: RunSpec) -> dict[str, Any]:
        """Return the fields that both reports take from the request."""
        return {"seed": self.seed, "runs": self.runs, "model": spec.model, "spec": spec, "request": self}


def _untrained(stage: Stage, share: float) -> str:
    """Return the warning that a stage found nearly all of its runs at its target before their first step."""
    right = "raise its target, or make its objective less like those before it"
    return f"stage {stage.name!r} stopped before its first step in {100 * share:.0f} % of the runs: {right}."


def spread(values: np.ndarray) -> dict[str, float | None]:
    """Return QUANTILES of the finite values of runs by name (runs,)."""
    finite = values[np.isfinite(values)]
    quantiles = np.quantile(finite, QUANTILES).tolist() if len(finite) else [None] * len(QUANTILES)
    return {f"q{round(100 * q):02d}": value for q, value in zip(QUANTILES, quantiles, strict=True)}


def simulate(
    curriculum: Stages | None = None,
    *,
    model: ModelValues | None = None,
    runs: int = 2000,
    seed: int = 0,
    start: str = "fresh",
    match: str | Match = Match.TARGET,
    threads: int | None = None,
    objectives: int | None = None,
    precision: str = PRECISION,
    progress: Progress | None = None,
) -> Ensemble:
    """Train mesa-optimizers through a curriculum, and record each at the end of each stage; warns if runs diverged.

    Parameters
    ----------
    curriculum
        Stages, or the name of a file that holds them; pre-training + fine-tuning if None.
    model
        Model, or the values of its parameters by name; the defaults if None, or what the file says.
    runs
        Number of runs, at most 10^9.
    seed
        Key of all random streams, from 0 to 2^64 - 1.
    start
        "fresh", or a type of TYPES as which the runs are prepared: "internal", "corrigible", "deceptive", or your own.
    match
        Rule of `Match`, applied to the last stage.
    threads
        Number of threads, one per core if None; no result depends on it.
    objectives
        Number of base objectives, if the runs are compared with runs that have more.
    precision
        "single" or "double".
    progress
        Called with the number of runs that finished a stage, by one thread at a time.

    Returns
    -------
    Ensemble
        Every recorded quantity of every run at the end of every stage (runs, stages).

    Raises
    ------
    InputError
        If an argument is not valid.

    """
    point = point_of(curriculum, model, start, match)
    request = SimulateRequest(point=point, runs=runs, seed=seed, precision=precision, objectives=objectives)
    return request.simulate(threads, progress)


def summarize(
    curriculum: Stages | None = None,
    *,
    model: ModelValues | None = None,
    runs: int = 2000,
    seed: int = 0,
    start: str = "fresh",
    match: str | Match = Match.TARGET,
    threads: int | None = None,
    objectives: int | None = None,
    precision: str = PRECISION,
    progress: Progress | None = None,
) -> Summary:
    """Train the same runs as `simulate`, and keep counts and moments, in memory that does not grow with the runs.

    Parameters
    ----------
    curriculum, model, seed, start, match, threads, objectives, precision
        As for `simulate`.
    runs
        Number of runs, at most 10^12.
    progress
        Called with the number of runs that finished all stages, by one thread at a time.

    Returns
    -------
    Summary
        Runs by outcome and moments of what is measured, after each stage.

    Raises
    ------
    InputError
        If an argument is not valid.

    """
    point = point_of(curriculum, model, start, match)
    known: dict[str, Any] = {"point": point, "precision": precision, "objectives": objectives}
    return SimulateRequest(runs=runs, seed=seed, summary=True, **known).summarize(threads, progress)
