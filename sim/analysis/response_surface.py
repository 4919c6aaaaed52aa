"""A response: one number at every point of a study, and how far the luck of the runs may have moved it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from feint.agents.errors import InputError, unknown
from feint.agents.outcome import LABELS
from feint.sim.ensembles.protocols import ARM_NAMES, FROM_SCRATCH, PRETRAIN_FINETUNE
from feint.sim.statistics.intervals import (
    CONFIDENCE,
    Interval,
    check_confidence,
    clopper_pearson,
    frequency_interval,
    look_confidence,
    tango,
    wilson,
)
from feint.sim.sweeps import experimental_designs as designs
from feint.sim.sweeps.factors import Factor, factor_of
from feint.sim.sweeps.sequential_sampling import difference_at_look, rounds_of
from feint.sim.sweeps.sweep_results import last_stages
from feint.sim.sweeps.sweep_store import RESUME
from feint.sim.training.parameter_paths import as_cell

if TYPE_CHECKING:
    import pandas as pd

    from feint.sim.sweeps.study import Study
    from feint.sim.sweeps.sweep_results import Sweep

DIFFERENCE, FUNCTION = "difference", "function"
NOUNS = {
    "unconverged": "no convergence",
    "internal": "internal alignment",
    "corrigible": "corrigible alignment",
    "deceptive": "deception",
    "proxy": "proxy alignment",
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Response:
    """A frequency, a paired difference or a plain function's value at every point of a study, in the study's order.

    Of a frequency `gained` counts the runs with the event and `lost` none; of a difference `gained` counts those with
    the event after pre-training alone, `lost` those with it from scratch alone. A function has no runs.
    """

    study: Study
    of: str  #: an arm, "difference" or "function"
    outcome: str
    points: pd.DataFrame  #: a column a factor under its dotted name
    value: np.ndarray  #: (points,)
    gained: np.ndarray | None = None  #: (points,)
    lost: np.ndarray | None = None  #: (points,)
    runs: np.ndarray | None = None  #: (points,)

    @property
    def noun(self) -> str:
        """What is counted, in a word."""
        return NOUNS.get(self.outcome, self.outcome)

    @property
    def title(self) -> str:
        """What it is, in words."""
        if self.of == DIFFERENCE:
            return f"{self.noun}, {ARM_NAMES[PRETRAIN_FINETUNE]} minus {ARM_NAMES[FROM_SCRATCH]}"
        return f"{self.noun}, {ARM_NAMES[self.of]}" if self.of in ARM_NAMES else self.noun

    @property
    def bounds(self) -> tuple[float, float]:
        """The least and the largest value there can be."""
        return (-np.inf, np.inf) if self.of == FUNCTION else (-1.0 if self.of == DIFFERENCE else 0.0, 1.0)

    @property
    def factors(self) -> list[Factor]:
        """What varies; of a table's points, from its columns."""
        study = self.study
        if study.design != "table":
            return study.factors
        columns = ((str(name), self.points[name].drop_duplicates().tolist()) for name in self.points.columns)
        return [factor_of(name, values, study.model, study.curriculum) for name, values in columns]

    @property
    def variance(self) -> np.ndarray:
        """Monte Carlo variance of each value (points,), without bias; 0 of a function, NaN of a single run.

        ((gained + lost) / runs - value²) / (runs - 1), the sample variance of +1, -1 and 0 over the number of runs.
        """
        if self.gained is None or self.lost is None or self.runs is None:
            return np.zeros(len(self.value))
        with np.errstate(invalid="ignore", divide="ignore"):
            return ((self.gained + self.lost) / self.runs - self.value**2) / (self.runs - 1)

    def intervals(self, confidence: float = CONFIDENCE) -> list[Interval]:
        """The interval of each point: of a frequency `frequency_interval`, of a difference Tango's.

        Of a study that adds runs they are exact and hold at every look.
        """
        if self.gained is None or self.lost is None or self.runs is None:
            return [exactly(value, confidence) for value in self.value.tolist()]
        events = list(zip(self.gained.tolist(), self.lost.tolist(), self.runs.tolist(), strict=True))
        found = {each: self._interval(*each, check_confidence(confidence)) for each in set(events)}
        return [found[each] for each in events]

    def _interval(self, gained: int, lost: int, runs: int, confidence: float) -> Interval:
        if self.study.half_width is None:
            counted = self.of == DIFFERENCE
            return tango(gained, lost, runs, confidence) if counted else frequency_interval(gained, runs, confidence)
        if self.of == DIFFERENCE:
            return difference_at_look(self.study, gained, lost, runs, confidence)
        return clopper_pearson(gained, runs, look_confidence(confidence, len(rounds_of(self.study))))


def response(sweep: Sweep, of: str | None = None, outcome: str = "deceptive") -> Response:
    """How often an arm ends a finished sweep's last stage as this type, or the paired difference between the arms.

    `of` names an arm or "difference", which is the default where both arms ran. Raises `InputError`, also where runs
    are missing.
    """
    study = sweep.study
    both = len(study.arms) == 2
    of = of or (DIFFERENCE if both else study.arms[0])
    known = [*study.arms, *([DIFFERENCE] if both else [])]
    if of == DIFFERENCE and not both:
        raise InputError(
            f"a difference needs both arms, and this sweep has {known[0]} alone: sweep with arms = {list(ARM_NAMES)}."
        )
    if of not in known and of in ARM_NAMES:
        raise InputError(f"this sweep has no {of!r}: it has {', '.join(known)}.")
    if of not in known:
        raise unknown("quantity", of, known)
    if outcome not in LABELS:
        raise unknown("outcome", outcome, LABELS)
    rows = last_stages(sweep.counts)
    rows = rows[rows["arm"] == (PRETRAIN_FINETUNE if of == DIFFERENCE else of)].sort_values("point")
    check_finished(sweep, rows)
    names = (f"gained_{outcome}", f"lost_{outcome}") if of == DIFFERENCE else (outcome,)
    gained, *lost = (rows[name].to_numpy() for name in names)
    points = plain_points(sweep.points.sort_values("point", ignore_index=True))
    return counted(study, points, gained, *lost, runs=rows["runs"].to_numpy(), of=of, outcome=outcome)


def check_finished(sweep: Sweep, rows: pd.DataFrame) -> None:
    """Raise unless every point has the runs it was to have."""
    there = int((rows["runs"] >= sweep.study.runs).sum())
    if there < len(sweep.points):
        raise InputError(
            f"{str(sweep.folder)!r} is not finished: {there:,} of {len(sweep.points):,} points have their runs; "
            f"go on with the sweep by {RESUME}."
        )


def counted(
    study: Study,
    points: pd.DataFrame,
    gained: np.ndarray,
    lost: np.ndarray | None = None,
    *,
    runs: np.ndarray,
    of: str = DIFFERENCE,
    outcome: str = "deceptive",
) -> Response:
    """A response from what was counted at each point (points,)."""
    lost = np.zeros_like(gained) if lost is None else lost
    value = (gained - lost) / runs
    return Response(
        study=study, of=of, outcome=outcome, points=points, value=value, gained=gained, lost=lost, runs=runs
    )


def evaluated(study: Study, function: Callable[[pd.DataFrame], Any], name: str = FUNCTION) -> Response:
    """A plain function at the points of a study; it takes their table, a column a factor, and gives a number each."""
    points = points_of(study)
    value = np.asarray(function(points), float)
    if value.shape != (len(points),):
        raise InputError(f"function gives an array of shape {value.shape}: it must give {len(points)} numbers.")
    return Response(study=study, of=FUNCTION, outcome=name, points=points, value=value)


def points_of(study: Study) -> pd.DataFrame:
    """All points of a study in one table, a column a factor."""
    import pandas as pd

    return plain_points(pd.concat(list(designs.points(study)), ignore_index=True))


def plain_points(points: pd.DataFrame) -> pd.DataFrame:
    """The factors alone, several numbers in one cell as text."""
    points = points.drop(columns="point")
    several = [name for name in points.columns if points[name].dtype == object]
    return points.assign(**{name: points[name].map(plain_cell) for name in several})


def plain_cell(value: Any) -> Any:
    """A value as a table can compare it: what a stage carries as `a+b`, several numbers as `0.5, 0.2`."""
    found = as_cell(tuple(value) if isinstance(value, (list, np.ndarray)) else value)
    return ", ".join(f"{each:g}" for each in found) if isinstance(found, tuple) else found


def score_interval(of: str, gained: float, lost: float, runs: float, confidence: float) -> Interval:
    """Wilson's interval of a frequency, Tango's of a difference; counts may be means over points."""
    if of == DIFFERENCE:
        return tango(gained, lost, runs, confidence)
    return wilson(gained, runs, confidence)  # pyright: ignore[reportArgumentType] - its formula takes any number


def exactly(value: float, confidence: float = CONFIDENCE) -> Interval:
    """The interval of a number that no luck has moved."""
    return Interval(estimate=value, low=value, high=value, confidence=confidence, method="exact")
