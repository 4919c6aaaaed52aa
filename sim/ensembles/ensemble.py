"""An ensemble: many runs of one curriculum, and what was read out of each."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from feint.agents.errors import InputError, unknown
from feint.agents.model import Model
from feint.agents.outcome import LABELS, Outcome
from feint.sim.ensembles.runner import Timing, check_threads, chunks, in_order, one_at_a_time
from feint.sim.results.provenance import passport
from feint.sim.results.request import Progress
from feint.sim.statistics.intervals import CONFIDENCE, Interval, frequency_interval
from feint.sim.training.curriculum import Curriculum
from feint.sim.training.matching_rules import Match
from feint.sim.training.replay import Trajectory, replay_plan
from feint.sim.training.run_spec import RunSpec, Stop
from feint.sim.training.train import PRECISION, check_runs

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr


UNITS = {
    "steps": ("SGD steps taken", "steps"),
    "missed": ("whether the target was never reached", "1"),
    "diverged": ("whether the state stopped being finite", "1"),
    "outcome": ("type of the mesa-optimizer, by intervention", "code"),
    "performance": ("c (1 - E_s(g))", "performance"),
    "train_error": ("E_s(g), error on the training objective", "error"),
    "deployed_error": ("E'(t), error at deployment when it believes it is deployed", "error"),
    "watched_error": ("E'(g), error at deployment when it believes it is in training", "error"),
    "following": ("(1 - β) π_s, how far it follows its concept of the objective", "fraction"),
    "representation": ("β, share of the written goal", "fraction"),
    "gate": ("γ, readiness to play along", "fraction"),
    "capability": ("c", "fraction"),
    "awareness": ("a, probability it gives to being in training", "probability"),
    "horizon": ("h, reach past the episode", "fraction"),
    "instrumental": ("ψ, instrumental gate", "fraction"),
}
"""What is recorded of each run at the end of each stage, with its unit."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Ensemble:
    """Results of `simulate`; `ensemble["gate"]` is an array (runs, stages), for every name in UNITS."""

    spec: RunSpec
    runs: int
    recorded: dict[str, np.ndarray]
    timing: Timing

    @property
    def curriculum(self) -> Curriculum:
        """The stages as they were trained."""
        return self.spec.curriculum

    @property
    def model(self) -> Model:
        """The model's parameters."""
        return self.spec.model

    @property
    def seed(self) -> int:
        """Key of all random streams."""
        return self.spec.seed

    @property
    def start(self) -> str:
        """How the runs started."""
        return self.spec.start

    @property
    def match(self) -> Match:
        """What was held equal."""
        return self.spec.match

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

    def counts(self, stage: int = -1) -> dict[str, int]:
        """How many runs ended a stage as each type; they add up to the runs."""
        found = np.bincount(self.outcome[:, stage], minlength=len(LABELS))
        return dict(zip(LABELS, found.tolist(), strict=True))

    def frequency(self, outcome: Outcome | str, stage: int = -1, confidence: float = CONFIDENCE) -> Interval:
        """How often a stage ends as this type, with its `frequency_interval`."""
        return frequency_interval(self.counts(stage)[Outcome.named(outcome).label], self.runs, confidence)

    def is_outcome(self, outcome: Outcome | str, stage: int = -1) -> np.ndarray:
        """Which runs ended a stage as this type (runs,) of bool."""
        return self.outcome[:, stage] == Outcome.named(outcome)

    def configuration(self) -> dict[str, Any]:
        """The effective configuration: everything that the numbers depend on."""
        return self.spec.configuration({"runs": self.runs})

    def passport(self) -> dict[str, Any]:
        """What is needed to make this result again."""
        return passport("ensemble", self.configuration())

    def frame(self) -> pd.DataFrame:
        """One row a run and stage, with the outcome as an ordered category and the passport in `attrs`."""
        import pandas as pd

        runs, stages = self.outcome.shape
        names = self.curriculum.names
        table = pd.DataFrame(
            {
                "run": np.repeat(np.arange(runs), stages),
                "stage": pd.Categorical.from_codes(np.tile(np.arange(stages), runs), pd.Index(names), ordered=True),
                **{name: values.ravel() for name, values in self.recorded.items()},
            }
        )
        table["outcome"] = pd.Categorical.from_codes(self.outcome.ravel(), pd.Index(LABELS))
        table.attrs.update(self.passport())
        return table

    def dataset(self) -> xr.Dataset:
        """The same as named arrays over run and stage, with units; the passport is in the attributes."""
        import xarray as xr

        from feint.sim.results.datafile import as_line as text

        variables: dict[str, Any] = {
            name: (("run", "stage"), values, {"long_name": UNITS[name][0], "units": UNITS[name][1]})
            for name, values in self.recorded.items()
        }
        variables["outcome"][2]["flag_values"] = list(range(len(LABELS)))
        variables["outcome"][2]["flag_meanings"] = " ".join(LABELS)
        coordinates = {"run": np.arange(self.runs), "stage": list(self.curriculum.names)}
        return xr.Dataset(variables, coordinates, {"passport": text(self.passport())})

    def replay(self, run: int, *, every: int = 1) -> Trajectory:
        """The whole trajectory of one run, equal to the bit to what the ensemble computed for it."""
        if isinstance(run, bool) or not isinstance(run, (int, np.integer)) or not 0 <= run < self.runs:
            raise InputError(f"run = {run!r} is not one of this ensemble: it must be from 0 to {self.runs - 1}.")
        return replay_plan(self.spec, int(run), every=every)


def simulate(
    curriculum: Curriculum,
    *,
    model: Model | None = None,
    runs: int = 1000,
    seed: int = 0,
    start: str = "fresh",
    match: str | Match = Match.TARGET,
    threads: int | None = None,
    objectives: int | None = None,
    precision: str = PRECISION,
    progress: Progress | None = None,
) -> Ensemble:
    """Train `runs` mesa-optimizers through a curriculum and read out what each became.

    `start` is one of STARTS; `match` a mode of MODEL, section 5, applied to the last stage; `threads` all cores unless
    given; `objectives` as many as the curriculum names unless it is compared with one that names more; `precision` is
    single or double. `progress` is called with the number of runs that finished a stage, by one thread at a time. No
    number depends on threads or progress. Raises `InputError`; warns where runs diverged.
    """
    check_runs(runs)
    spec = RunSpec.of(
        curriculum, model=model, seed=seed, start=start, match=match, objectives=objectives, precision=precision
    )
    threads = check_threads(threads)
    spec.warm_up()
    recorded = _empty_records(runs, len(spec.curriculum))
    tell = one_at_a_time(progress)

    def run_chunk(chunk: range) -> int:
        return _train_chunk(spec, chunk, recorded, tell)

    begun = time.perf_counter()
    lane_steps = sum(in_order(run_chunk, chunks(runs, threads, spec.objectives * spec.model.modes), threads=threads))
    seconds = time.perf_counter() - begun
    _warn_of_divergence(recorded, spec.curriculum)
    run_steps = int(recorded["steps"].sum())
    timing = Timing(run_steps=run_steps, lane_steps=lane_steps, seconds=seconds, threads=threads)
    return Ensemble(spec=spec, runs=int(runs), recorded=recorded, timing=timing)


def _train_chunk(spec: RunSpec, chunk: range, recorded: dict[str, np.ndarray], tell: Callable[[float], object]) -> int:
    """Train a range of runs and write what is read out of them into the records; returns the lanes' steps."""
    rows, lane_steps = slice(chunk.start, chunk.stop), 0
    for i, stop in enumerate(spec.train(spec.begin(np.arange(chunk.start, chunk.stop)))):
        for name, values in recordings(stop).items():
            recorded[name][rows, i] = values
        lane_steps += stop.lane_steps
        tell(len(chunk))
    return lane_steps


def recordings(stop: Stop) -> dict[str, np.ndarray]:
    """What is recorded of each run at the end of a stage, under the names of UNITS."""
    told = {"steps": stop.state.taken, "missed": stop.missed, "diverged": stop.state.diverged}
    return {**told, **stop.readings._asdict()}


def _empty_records(runs: int, stages: int) -> dict[str, np.ndarray]:
    kinds = {"steps": np.int64, "missed": np.bool_, "diverged": np.bool_, "outcome": np.int8}
    return {name: np.empty((runs, stages), kinds.get(name, np.float64)) for name in UNITS}


def _warn_of_divergence(recorded: dict[str, np.ndarray], curriculum: Curriculum) -> None:
    for i, stage in enumerate(curriculum):
        count = int(recorded["diverged"][:, i].sum())
        if count:
            total = len(recorded["diverged"])
            message = f"{count} of {total} runs diverged in stage {stage.name!r} and are counted as unconverged."
            warnings.warn(message, RuntimeWarning, stacklevel=3)
