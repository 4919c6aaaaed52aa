"""Response surfaces: one number at every point of a study, with its sampling error, and analyses of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np
from pydantic import Field

from feint.agents.errors import InputError, unknown
from feint.agents.outcome import LABELS
from feint.sim.analysis.among_converged import ALL, CONVERGED, Among, among_text, check_among, share, variance_of_pairs
from feint.sim.analysis.estimands import DECEPTIVE
from feint.sim.ensembles.protocols import ARM_NAMES, FROM_SCRATCH, PRETRAIN_FINETUNE
from feint.sim.results.provenance import passport
from feint.sim.results.report import Hidden, Report
from feint.sim.results.request import Confidence, Option, Progress, Request
from feint.sim.statistics.intervals import CONFIDENCE, Interval, check_confidence
from feint.sim.sweeps import experimental_designs as designs
from feint.sim.sweeps.factors import Factor, factor_of
from feint.sim.sweeps.study import Study
from feint.sim.sweeps.sweep import Sweep
from feint.sim.sweeps.sweep_store import BOTH, RESUME, last_stages

if TYPE_CHECKING:
    import pandas as pd

DIFFERENCE, FUNCTION = "difference", "function"
NOUNS = {outcome: f"{outcome} alignment" for outcome in ("internal", "corrigible", "proxy")}
NOUNS |= {"unconverged": "no convergence", DECEPTIVE: "deception", "reward-seeking": "reward-seeking"}
LIMITS = ("estimate", "low", "high", "method")
OWN = ["converged_deceptive", "converged"]  # counts of each arm in a difference among converged runs

Of = Annotated[
    str | None, Option("difference (of the arms, the default if both ran), from_scratch or pretrain_finetune.", "WHAT")
]
OutcomeName = Annotated[
    str, Option("Outcome to analyse: deceptive, internal, corrigible, proxy, reward-seeking or unconverged.", "NAME")
]


@dataclass(frozen=True, kw_only=True, eq=False)
class Response:
    """A frequency, a paired difference or a function's value at every point of a study, in the study's order.

    `gained` counts the runs with the event or, for a difference, those with it after pre-training alone; `lost` those
    with it from scratch alone. A function has no runs. A difference among converged runs compares shares of different
    runs: it has `pairs`, and `runs` are those of the arm with fewer. Its value is NaN where an arm has none.
    """

    study: Study
    of: str  #: an arm, "difference" or "function"
    outcome: str
    points: pd.DataFrame  #: one column per factor, under its dotted name; `weight` if points of a table differ in it
    value: np.ndarray  #: (points,)
    gained: np.ndarray | None = None  #: (points,)
    lost: np.ndarray | None = None  #: (points,)
    runs: np.ndarray | None = None  #: (points,)
    among: str = ALL  #: the runs that are counted: "all" or "converged"
    pairs: np.ndarray | None = None  #: counts that `Study.among_converged` takes (points, 8)
    left_out: int = 0  #: points of the study without a value, which are not among these

    def __post_init__(self) -> None:
        """Raise `InputError` for a value that is no number; among converged runs NaN means that no run converged."""
        value = np.asarray(self.value)
        wrong = ~np.isfinite(value) if self.among == ALL else np.isinf(value)
        if wrong.any():
            point = int(wrong.argmax())
            right = "it must be a finite number at every point"
            raise InputError(f"{self.title} is {value[point]:g} at point {point}, which is not valid: {right}.")

    @property
    def noun(self) -> str:
        """Name of the outcome in a sentence, with the runs that are counted."""
        return NOUNS.get(self.outcome, self.outcome) + among_text(self.among)

    def at(self, rows: np.ndarray) -> Response:
        """Return the response at some of its points, by index or mask; the others count as left out."""
        arrays = {name: getattr(self, name) for name in ("value", "gained", "lost", "runs", "pairs")}
        kept: Any = {name: None if array is None else array[rows] for name, array in arrays.items()}
        left_out = self.left_out + len(self.value) - len(kept["value"])
        return replace(self, points=self.points.iloc[rows].reset_index(drop=True), left_out=left_out, **kept)

    def known(self) -> Response:
        """Return the response at the points where it is known; raises `InputError` if there are none.

        It is not known where no run of an arm converged, if converged runs are counted.
        """
        known = np.isfinite(self.value)
        if self.among == ALL or known.all():
            return self
        if not known.any():
            raise InputError(f"{self.title} is known at no point: {self.not_known} at any of them.")
        return self.at(known)

    @property
    def not_known(self) -> str:
        """Why it is not known at a point, in words."""
        return "no run of an arm converged" if self.of == DIFFERENCE else "no run converged"

    @property
    def heading(self) -> str:
        """The title, and below it how many points are left out, if any are."""
        points = "1 point is" if self.left_out == 1 else f"{self.left_out:,} points are"
        return "\n".join([self.title, *([f"{points} left out: {self.not_known} there"] if self.left_out else [])])

    @property
    def title(self) -> str:
        """Description in words."""
        if self.of == DIFFERENCE:
            return f"{self.noun}, {ARM_NAMES[PRETRAIN_FINETUNE]} minus {ARM_NAMES[FROM_SCRATCH]}"
        return f"{self.noun}, {ARM_NAMES[self.of]}" if self.of in ARM_NAMES else self.noun

    @property
    def factors(self) -> list[Factor]:
        """Factors that vary; if the points are a table's, its columns."""
        study = self.study
        if study.design != "table":
            return study.factors
        columns = {str(name): values.drop_duplicates() for name, values in designs.values_of(self.points).items()}
        return [factor_of(name, values, study.model, study.curriculum) for name, values in columns.items()]

    @property
    def events(self) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
        """Gained, lost and all runs of each point (points,); None for a function."""
        if self.gained is None or self.lost is None or self.runs is None:
            return None
        return self.gained, self.lost, self.runs

    @property
    def variance(self) -> np.ndarray:
        """Unbiased Monte Carlo variance of each value (points,); 0 for a function, NaN for a single run."""
        if self.pairs is not None:
            return variance_of_pairs(self.pairs)
        if self.events is None:
            return np.zeros(len(self.value))
        gained, lost, runs = self.events
        with np.errstate(invalid="ignore", divide="ignore"):
            return ((gained + lost) / runs - self.value**2) / (runs - 1)

    def facts(self, confidence: float) -> dict[str, Any]:
        """Return the fields of a `ResponseAnalysis` of it."""
        named = {"of": self.of, "outcome": self.outcome, "among": self.among, "left_out": self.left_out}
        return {**named, "study": self.study, "confidence": confidence, "response": self}

    def intervals(self, confidence: float = CONFIDENCE) -> list[Interval]:
        """Return each point's `frequency_interval`, or `tango`; exact ones for all looks if the study adds runs."""
        if self.pairs is not None:
            level = check_confidence(confidence)
            return [self.study.among_converged(*row, level=level) for row in self.pairs.tolist()]
        if self.events is None:
            exact: dict[str, Any] = {"confidence": confidence, "method": "exact"}
            return [Interval(estimate=value, low=value, high=value, **exact) for value in self.value.tolist()]
        check_confidence(confidence)

        @cache  # many points have the same counts
        def interval(gained: int, lost: int, runs: int) -> Interval:
            return self.study.interval(gained, runs, lost=lost if self.of == DIFFERENCE else None, level=confidence)

        return [interval(*row) for row in zip(*(column.tolist() for column in self.events), strict=True)]


def checked_quantity(arms: Sequence[str], of: str | None, outcome: str, among: str) -> str:
    """Return the arm or "difference" that `of` means if these arms run; raises `InputError` for what they lack."""
    check_among(among, outcome if outcome in LABELS else DECEPTIVE)
    known = _layer_names(arms)
    of = of or known[-1]
    if of not in known:
        if of == DIFFERENCE:
            what = f"a difference needs both arms, and this sweep has {known[0]} alone"
            raise InputError(f"{what}: sweep with arms = {list(ARM_NAMES)}.")
        if of in ARM_NAMES:
            raise InputError(f"this sweep has no {of!r}: it has {', '.join(known)}.")
        raise unknown("quantity", of, known)
    if outcome not in LABELS:
        raise unknown("outcome", outcome, LABELS)
    if (among, of) == (CONVERGED, DIFFERENCE) and outcome != DECEPTIVE:
        what = f"a sweep counts no pairs of converged runs by {outcome!r}, and has no difference in it among them"
        raise InputError(f"{what}: take outcome = {DECEPTIVE!r}, or of = one of {', '.join(known[:-1])}.")
    return of


def response(sweep: Sweep, of: str | None = None, outcome: str = DECEPTIVE, among: str = ALL) -> Response:
    """Return how often an arm ends the last stage of a finished sweep in an outcome, or the paired difference.

    `of` is an arm or "difference", which is the default if both arms ran. If `among` is "converged", frequencies are
    those among the converged runs of each arm. Raises `InputError` if a name is not known, or runs are missing.
    """
    of = checked_quantity(sweep.study.arms, of, outcome, among)
    stages = last_stages(sweep.counts).sort_values("point")
    rows = stages[stages["arm"] == (PRETRAIN_FINETUNE if of == DIFFERENCE else of)]
    complete = min(int((rows["runs"] >= sweep.study.runs).sum()), len(sweep.points))
    if complete < (expected := sweep.number_of_points):
        raise InputError(
            f"{str(sweep.folder)!r} is not finished: {complete:,} of {expected:,} points have their runs; "
            f"continue the sweep with {RESUME}."
        )
    points = sweep.points.sort_values("point", ignore_index=True).drop(columns="point")
    if among == CONVERGED:
        named: Any = {"study": sweep.study, "of": of, "outcome": outcome, "points": points, "among": among}
        if of == DIFFERENCE:
            alone = stages.loc[stages["arm"] == FROM_SCRATCH, OWN]
            return _of_pairs(np.hstack([part.to_numpy() for part in (rows[OWN], alone, rows[[*BOTH]])]), **named)
        events, runs = rows[f"converged_{outcome}"].to_numpy(), rows["converged"].to_numpy()
        return Response(value=share(events, runs), gained=events, lost=np.zeros_like(events), runs=runs, **named)
    names = (f"gained_{outcome}", f"lost_{outcome}") if of == DIFFERENCE else (outcome,)
    gained, *lost = (rows[name].to_numpy() for name in names)
    return counted(sweep.study, points, gained, *lost, runs=rows["runs"].to_numpy(), of=of, outcome=outcome)


def _of_pairs(pairs: np.ndarray, **named: Any) -> Response:
    """Return the response of the counts that `Study.among_converged` takes (points, 8)."""
    event, converged, event_alone, converged_alone = pairs.T[:4]
    value = share(event, converged) - share(event_alone, converged_alone)
    return Response(value=value, pairs=pairs, runs=np.minimum(converged, converged_alone), **named)


def _layer_names(arms: Sequence[str]) -> list[str]:
    return [*arms, *([DIFFERENCE] if len(arms) == 2 else [])]


def counted(
    study: Study,
    points: pd.DataFrame,
    gained: np.ndarray,
    lost: np.ndarray | None = None,
    *,
    runs: np.ndarray,
    of: str = DIFFERENCE,
    outcome: str = DECEPTIVE,
) -> Response:
    """Return the response of counts at each point (points,)."""
    lost = np.zeros_like(gained) if lost is None else lost
    counts = {"value": (gained - lost) / runs, "gained": gained, "lost": lost, "runs": runs}
    return Response(study=study, of=of, outcome=outcome, points=points, **counts)


def evaluated(study: Study, function: Callable[[pd.DataFrame], Any], name: str = FUNCTION) -> Response:
    """Return the response of a function, which takes the table of points and returns one number per point."""
    points = points_of(study)
    try:
        value = np.asarray(function(points), float)
    except (TypeError, ValueError):
        raise InputError(f"function gives no numbers: it must give {len(points)}, one per point.") from None
    if value.shape != (len(points),):
        raise InputError(f"function gives an array of shape {value.shape}: it must give {len(points)} numbers.")
    return Response(study=study, of=FUNCTION, outcome=name, points=points, value=value)


def points_of(study: Study) -> pd.DataFrame:
    """Return all points of a study as one table, one column per factor."""
    import pandas as pd

    return pd.concat(list(designs.points(study)), ignore_index=True).drop(columns="point")


@dataclass(frozen=True, kw_only=True, eq=False)
class Layer:
    """Content of a map or profile for one arm: a response, or the most frequent of all outcomes at each point."""

    responses: tuple[Response, ...]

    @property
    def name(self) -> str:
        """The arm, "difference" or "function"."""
        return self.responses[0].of

    @property
    def study(self) -> Study:
        """The study."""
        return self.responses[0].study

    @property
    def among(self) -> str:
        """The runs that are counted: "all" or "converged"."""
        return self.responses[0].among

    @property
    def is_phase(self) -> bool:
        """Whether it shows the most frequent outcome."""
        return len(self.responses) > 1

    @property
    def title(self) -> str:
        """Description in words."""
        if self.is_phase:
            return f"most frequent outcome{among_text(self.among)}, {ARM_NAMES[self.name]}"
        first = self.responses[0]
        return f"{first.noun}, difference of the arms" if self.name == DIFFERENCE else first.title

    def frame(self, confidence: float = CONFIDENCE) -> pd.DataFrame:
        """Return one row per point: the factors, and `layer`, `outcome`, `estimate`, `low`, `high`, `method`.

        Where no run of an arm converged, the estimate is NaN, and the most frequent outcome None.
        """
        shown = np.argmax([response.value for response in self.responses], axis=0)
        every = [response.intervals(confidence) for response in self.responses]
        nowhere = self.is_phase & np.isnan(self.responses[0].value)
        of_each = [response.outcome for response in self.responses]
        outcomes = [None if no else of_each[which] for which, no in zip(shown, nowhere, strict=True)]
        table = self.responses[0].points.assign(layer=self.name, outcome=np.array(outcomes, object))
        for name in LIMITS:
            table[name] = [getattr(every[which][i], name) for i, which in enumerate(shown)]
        return table


def layers_of(sweep: Sweep, of: str | None = None, outcome: str | None = None, among: str = ALL) -> list[Layer]:
    """Return the layers of a finished sweep: each arm's and that of the difference, or the one that `of` names.

    An arm shows its most frequent outcome, or the frequency of `outcome`; the difference is in `outcome` or deception.
    All are among the converged runs if `among` is "converged".
    """
    layers, shown_by_arm = [], LABELS[among == CONVERGED :]  # no converged run is unconverged
    for name in [of] if of else _layer_names(sweep.study.arms):
        outcomes = shown_by_arm if outcome is None and name != DIFFERENCE else (outcome or DECEPTIVE,)
        layers.append(Layer(responses=tuple(response(sweep, name, shown, among) for shown in outcomes)))
    return layers


@dataclass(frozen=True, kw_only=True)
class AnalysisRequest(Request):
    """Base of requests that read a finished sweep; a subclass defines `analyse`."""

    threaded = False

    folder: Annotated[Path, Option("Folder of a finished sweep.", "DIR", argument=True)]
    among: Among = ALL

    def __post_init__(self) -> None:
        super().__post_init__()
        check_among(self.among)

    def work(self) -> float:
        """Return 0: nothing is trained."""
        return 0

    def analyse(self, sweep: Sweep) -> Any:
        """Return the analysis of the sweep; raises `InputError` if it has none."""
        raise NotImplementedError

    def run(self, *, threads: int | None = None, progress: Progress | None = None) -> Any:  # noqa: ARG002
        """Open the sweep and analyse it; an unfinished one gives a warning."""
        return replace(self.analyse(Sweep.open(self.folder).checked()), request=self)

    def configuration(self) -> dict[str, Any]:
        """Return the fields that differ from their defaults without the folder, and the sweep's passport."""
        own = {name: value for name, value in super().configuration().items() if name != "folder"}
        return {"request": own, "sweep": Sweep.open(self.folder).passport()}


@dataclass(frozen=True, kw_only=True)
class ResponseRequest(AnalysisRequest):
    """Base of requests that analyse one response."""

    analysis: ClassVar[Callable[..., Any]]  #: of a response

    of: Of = None
    outcome: OutcomeName = DECEPTIVE
    confidence: Confidence = CONFIDENCE

    def analyse(self, sweep: Sweep) -> Any:
        """Return the analysis of the response."""
        return type(self).analysis(response(sweep, self.of, self.outcome, self.among), confidence=self.confidence)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Analysis(Report):
    """Base of the analyses of a study's responses; its passport names the libraries that compute it."""

    confidence: float
    study: Hidden[Study]
    request: Hidden[AnalysisRequest | None] = None

    libraries: ClassVar[tuple[str, ...]] = ()

    def passport(self) -> dict[str, Any]:
        """Return what is needed to compute the result again."""
        configuration = self.request.configuration() if self.request else {"study": self.study.configuration()}
        made = passport(self.kind, configuration)
        return {**made, "versions": made["versions"] | {name: version(name) for name in self.libraries}}


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class ResponseAnalysis(Analysis):
    """Base of the analyses of one response."""

    of: str
    outcome: str
    among: Annotated[str, Field(description="runs that are counted: all, or converged")]
    left_out: Annotated[
        int, Field(description="points of the study where no run of an arm converged, or that depend on such a point")
    ]
    response: Hidden[Response]
