"""Splits: runs of a scenario of fine-tuning by what they were when it began, and how a mean over some is told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from feint.agents.errors import InputError
from feint.agents.outcome import Outcome
from feint.agents.types import TYPES
from feint.scenarios.experiments import Asked
from feint.sim.ensembles.runner import check_threads
from feint.sim.statistics.intervals import CONFIDENCE, Interval, mean_of
from feint.sim.training.parameter_point import Point, check_two_stages
from feint.sim.training.train import check_runs, check_seed

ANY = "any"
PREPARED = tuple(TYPES)
FEWEST = 20  # runs of a type, below which nothing is told of it
RATES = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
"""Learning rates of fine-tuning, in that of pre-training."""
LENGTHS = (30, 100, 300, 1000, 3000, 10_000)
SIMILARITIES = (0.0, 0.25, 0.5, 0.75, 0.9)


@dataclass(frozen=True)
class Kind:
    """What some runs are: of a type, of any, or prepared as a type before pre-training."""

    name: str
    prepared: bool = False

    def __str__(self) -> str:
        return f"{self.name}*" if self.prepared else self.name


def kinds_of(outcomes: np.ndarray) -> Iterator[tuple[Kind, np.ndarray]]:
    """Any, and each type of which there are FEWEST runs or more, with where its runs stand."""
    yield Kind(ANY), np.arange(len(outcomes))
    for outcome in Outcome:
        found = np.flatnonzero(outcomes == outcome)
        if len(found) >= FEWEST:
            yield Kind(outcome.label), found


@dataclass(frozen=True, kw_only=True)
class Setting:
    """Where and on how much a scenario of fine-tuning is run."""

    point: Point
    runs: int
    seed: int
    threads: int

    @classmethod
    def of(cls, asked: Asked, runs: int) -> Setting:
        """As it is asked for; raises `InputError` for what is not valid, or would not be made use of."""
        for name in ("start", "match"):
            if name in asked.settings:
                raise InputError(f"{name} = {asked.settings[name]!r} is not allowed here: the scenario has its own.")
        point = Point().at(asked.settings)
        check_two_stages(point)
        if isinstance(point.model.similarity, tuple):
            raise InputError(f"similarity = {list(point.model.similarity)!r} is not valid here: give one number.")
        count, seed = runs if asked.runs is None else asked.runs, asked.seed or 0
        check_runs(count)
        check_seed(seed)
        if count < FEWEST:
            raise InputError(f"runs = {count!r} are too few for this scenario: give at least {FEWEST}.")
        return cls(point=point, runs=count, seed=seed, threads=check_threads(asked.threads))

    @property
    def common(self) -> dict[str, Any]:
        """What `run_paired` is told."""
        return {"seed": self.seed, "threads": self.threads}

    def described(self) -> dict[str, Any]:
        """As plain data, with all that the numbers depend on."""
        point = {name: value for name, value in self.point.described().items() if name not in ("start", "match")}
        return {**point, "runs": self.runs, "seed": self.seed}


def mean(values: np.ndarray, bound: int = 4, confidence: float = CONFIDENCE) -> Interval:
    """A mean over runs with its interval; performance lies within ±4 for behaviours of unit norm."""
    return mean_of(np.asarray(values, float), bound, confidence)


def told(interval: Interval, places: int = 2) -> str:
    """An estimate with its half-width, of an interval that is symmetric."""
    return f"{interval.estimate:+.{places}f} ±{interval.half_width:.{places}f}"
