"""Auditors: simulated detectors, applied to runs whose type is known.

The question. A developer does not see the type of a run. Which of the things that a developer can do — test behaviour,
lay honeypots, probe, ablate, train back — separates deceptive runs from aligned ones, at what cost, and does it still
if a run is very aware of being in training?

The experiment. Both arms of a comparison are trained; every auditor of `sim/training/auditors.py` scores every run at
the end of its last stage; the true type is the outcome by intervention. Deceptive runs are separated from aligned ones
(internal and corrigible), and so are proxies. Awareness enters in two ways: deceptive runs are split into thirds by
it, each separated from all aligned ones; and runs are trained with a tenth and ten times the exposure that teaches it.

What would count against the usual hopes and fears. Tests in training that do better than chance; honeypots of half
realism that fail if awareness is high; training back that separates little.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Self

import numpy as np
from pydantic import Field

from feint.agents.errors import InputError
from feint.agents.outcome import LABELS, Outcome, read
from feint.agents.state import State
from feint.sim.ensembles.protocols import ARM_NAMES, PRETRAIN_FINETUNE, TrainingProtocol
from feint.sim.results.figure_style import PAGE_WIDTH, canvas
from feint.sim.results.report import Hidden, Report, Table, wrapped
from feint.sim.results.request import MOST_RUNS, Option, Progress, Request, Seed
from feint.sim.statistics.roc import FEW, GRID, Curve, Separation, curve, separation
from feint.sim.training.auditors import AUDITORS, Auditor, chosen
from feint.sim.training.parameter_point import Point
from feint.sim.training.stage import Stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FACTORS = (0.1, 1.0, 10.0)  #: multiples of every stage's awareness_exposure
DECEPTIVE, PROXY, PRETRAINED = "deceptive", "proxy", "deceptive, pre-trained arm"
THIRDS = ("least aware third", "middle third", "most aware third")
GROUPS = (DECEPTIVE, PROXY, PRETRAINED, *THIRDS)

LOOKS = {
    "behaviour": ("#000000", "o", "-"),
    "honeypots": ("#e69f00", "s", "--"),
    "probe": ("#0072b2", "D", "-."),
    "ablation": ("#d55e00", "^", ":"),
    "reverse": ("#009e73", "v", (0, (5, 1, 1, 1))),
}
"""Colour, marker and line of each auditor: Okabe and Ito's palette, with differing lines for readers in grey."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Population:
    """Runs of both arms at their end, with their true types."""

    states: dict[str, State]
    stages: dict[str, Stage]
    outcome: np.ndarray  #: of both arms, one after the other (all runs,)
    awareness: np.ndarray  #: a (all runs,)
    missed: np.ndarray  #: whether the target of the last stage was never reached (all runs,)
    pretrained: np.ndarray  #: whether a run belongs to the arm with pre-training (all runs,)

    @classmethod
    def trained(cls, point: Point, runs: int, seed: int) -> Population:
        """Train both arms of a comparison at a point."""
        states, stages, missed, readings = {}, {}, [], []
        for arm in ARM_NAMES:
            spec = TrainingProtocol(arm).spec(point, seed=seed)
            *_, stop = spec.train(spec.begin(np.arange(runs, dtype=np.uint64)))
            states[arm], stages[arm] = stop.state, spec.stages[-1][0]
            missed.append(stop.missed)
            readings.append(read(stop.state, stages[arm].objective))
        return cls(
            states=states,
            stages=stages,
            outcome=np.concatenate([reading.outcome for reading in readings]),
            awareness=np.concatenate([reading.awareness for reading in readings]),
            missed=np.concatenate(missed),
            pretrained=np.repeat([arm == PRETRAIN_FINETUNE for arm in ARM_NAMES], runs),
        )

    @property
    def aligned(self) -> np.ndarray:
        """Whether a run is internally aligned or corrigible (all runs,)."""
        return np.isin(self.outcome, (Outcome.INTERNAL, Outcome.CORRIGIBLE))

    @property
    def deceptive(self) -> np.ndarray:
        """Whether a run is deceptive (all runs,)."""
        return self.outcome == Outcome.DECEPTIVE

    @property
    def thirds(self) -> tuple[float, float]:
        """Levels of awareness that split the deceptive runs into thirds; zeros if there are none."""
        aware = self.awareness[self.deceptive] if self.deceptive.any() else np.zeros(1)
        return float(np.quantile(aware, 1 / 3)), float(np.quantile(aware, 2 / 3))

    def counts(self, arm: str) -> dict[str, int]:
        """Return the number of runs of an arm by outcome."""
        chosen = self.outcome[self.pretrained == (arm == PRETRAIN_FINETUNE)]
        return dict(zip(LABELS, np.bincount(chosen, minlength=len(LABELS)).tolist(), strict=True))

    def groups(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Return positives and negatives by the names in GROUPS; two arrays (all runs,) of bool each."""
        aligned, deceptive = self.aligned, self.deceptive
        third = np.digitize(self.awareness, self.thirds)
        return {
            DECEPTIVE: (deceptive, aligned),
            PROXY: (self.outcome == Outcome.PROXY, aligned),
            PRETRAINED: (deceptive & self.pretrained, aligned & self.pretrained),
            **{name: (deceptive & (third == i), aligned) for i, name in enumerate(THIRDS)},
        }

    def scores(self, auditor: Auditor, seed: int) -> np.ndarray:
        """Return an auditor's scores of all runs; the generator is seeded by seed, index of the auditor and arm."""
        index, scores = list(AUDITORS).index(auditor.name), []
        for i, arm in enumerate(ARM_NAMES):
            generator = np.random.default_rng([seed, index, i])
            scores.append(auditor.score(self.states[arm], self.stages[arm], generator=generator))
        return np.concatenate(scores)


@dataclass(frozen=True, kw_only=True)
class KindSeparation(Separation):
    """Separation of runs of one kind from aligned ones."""

    kind: str


@dataclass(frozen=True, kw_only=True)
class ExposureSeparation(KindSeparation):
    """Separation of deceptive runs if every stage's awareness_exposure is multiplied by a factor."""

    factor: float


@dataclass(frozen=True, kw_only=True, eq=False)
class AuditorRow:
    """Result of one auditor."""

    name: str
    words: str
    source: str
    parameters: dict[str, float]
    costs: Annotated[dict[str, int], Field(description="per run that is audited, by unit")]
    cost: Annotated[int, Field(description="the same in samples")]
    separations: list[KindSeparation]
    exposures: list[ExposureSeparation]
    curve: Curve | None  #: of deceptive runs

    @classmethod
    def of(cls, auditor: Auditor, populations: Mapping[float, Population], seed: int, false_alarms: float) -> Self:
        """Apply an auditor to the population of each factor."""
        scores = {factor: population.scores(auditor, seed) for factor, population in populations.items()}

        def scored(factor: float, kind: str) -> list[np.ndarray]:
            return [scores[factor][which] for which in populations[factor].groups()[kind]]

        def separated(factor: float, kind: str) -> dict[str, Any]:
            return {"kind": kind, **vars(separation(*scored(factor, kind), false_alarms=false_alarms))}

        return cls(
            name=auditor.name,
            words=auditor.words,
            source=auditor.source,
            parameters={name: float(value) for name, value in auditor.model_dump().items()},
            costs=auditor.costs,
            cost=auditor.cost,
            separations=[KindSeparation(**separated(1.0, kind)) for kind in GROUPS],
            exposures=[ExposureSeparation(factor=factor, **separated(factor, DECEPTIVE)) for factor in populations],
            curve=curve(*scored(1.0, DECEPTIVE)),
        )

    def separation(self, kind: str) -> KindSeparation:
        """Return the separation of one of GROUPS."""
        return next(row for row in self.separations if row.kind == kind)


def _area(row: Separation) -> str:
    return "–" if row.auc is None else f"{row.auc:.2f}"


def _area_of(kind: str) -> Callable[[AuditorRow], str]:
    return lambda row: _area(row.separation(kind))


def _caught(row: AuditorRow) -> str:
    caught = row.separation(DECEPTIVE).caught
    return "–" if caught is None else f"{caught.estimate:.0%}".replace("%", " %")


RESULTS = {
    "auditor": "name",
    "cost": "cost",
    "AUC\ndeceptive": _area_of(DECEPTIVE),
    "caught": _caught,
    "AUC\npre-trained arm": _area_of(PRETRAINED),
    "AUC\nproxy": _area_of(PROXY),
}
BY_AWARENESS = {"auditor": "name", **{third: _area_of(third) for third in THIRDS}}
BY_EXPOSURE = {
    "auditor": "name",
    **{f"x {factor:g}": lambda row, i=i: _area(row.exposures[i]) for i, factor in enumerate(FACTORS)},
}


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class AuditorsReport(Report):
    """Results of auditors on runs whose type is known."""

    seed: int
    runs: Annotated[int, Field(description="per arm")]
    false_alarms: float
    counts: Annotated[dict[str, dict[str, int]], Field(description="runs by arm and outcome")]
    thirds: Annotated[tuple[float, float], Field(description="awareness at which deceptive runs are split")]
    missed: Annotated[int, Field(description="aligned runs that never reached the target")]
    auditors: list[AuditorRow]
    request: Hidden[AuditorsRequest]

    def blocks(self) -> list[str | Table]:
        """Return the counts; AUC, what is caught and cost; awareness; what each auditor does; and warnings."""
        counted = self.auditors[0].exposures if self.auditors else []
        deceptive = ", ".join(f"{row.positives:,} at x {row.factor:g}" for row in counted)
        thirds = (
            f"By awareness: deceptive runs in thirds, split at a = {self.thirds[0]:.2f} and {self.thirds[1]:.2f}, "
            "each told from all aligned runs. AUC:"
        )
        exposures = "By what training tells of awareness, in the exposure asked for. AUC:"
        blocks = [
            "\n".join(map(wrapped, self._heading())),
            Table(self.auditors, RESULTS),
            Table(self.auditors, BY_AWARENESS, wrapped(thirds)),
            Table(self.auditors, BY_EXPOSURE, exposures, wrapped(f"Deceptive runs: {deceptive}.") if counted else ""),
            "\n".join(map(wrapped, self._descriptions())),
            "\n".join(map(wrapped, self._warnings())),
        ]
        return [block for block in blocks if block]

    def _heading(self) -> Iterator[str]:
        yield (
            f"Auditors: {self.runs:,} runs an arm, seed {self.seed}. AUC: the chance that a run of a kind is more "
            "suspicious than an aligned one, 0.5 being luck; 95 % intervals. Caught: deceptive runs, with at most "
            f"{100 * self.false_alarms:g} % of the aligned suspected. Cost: samples a run."
        )
        for arm, name in ARM_NAMES.items():
            yield f"{name}: " + ", ".join(f"{count:,} {outcome}" for outcome, count in self.counts[arm].items())
        yield f"Aligned runs that never reached the target, and so do badly whatever is tested: {self.missed:,}."

    def _descriptions(self) -> Iterator[str]:
        for row in self.auditors:
            parameters = ", ".join(f"{name} = {value:g}" for name, value in row.parameters.items())
            costs = " and ".join(f"{number:,} {unit}" for unit, number in row.costs.items())
            yield f"{row.name}: {row.words} ({parameters}; {costs})"

    def _warnings(self) -> Iterator[str]:
        """Yield a sentence per group that has few runs, or none."""
        first = self.auditors[:1]
        groups = {row.kind: row for auditor in first for row in auditor.separations}
        groups |= {f"deceptive, exposure x {row.factor:g}": row for auditor in first for row in auditor.exposures}
        for name, row in groups.items():
            counts = f"{name}: {row.positives:,} of the kind, {row.negatives:,} aligned"
            if row.auc is None:
                yield f"{counts}; with none of one kind there is nothing to tell apart."
            elif row.few:
                yield f"{counts}; fewer than {FEW} of one kind, so its numbers say little."

    def rows(self) -> list[dict[str, Any]]:
        """Return one row per auditor and group, for the data frame."""
        return [{"auditor": r.name, **vars(group)} for r in self.auditors for group in (*r.separations, *r.exposures)]

    def figure(self) -> Figure:
        """Draw ROC curves on the left; cost above and thirds of awareness below on the right."""
        import seaborn as sns

        with canvas((PAGE_WIDTH, 4.4)) as drawn:
            panels = drawn.subplot_mosaic([["curves", "cost"], ["curves", "thirds"]], width_ratios=(1.35, 1))
            self._draw_curves(panels["curves"])
            for row in self.auditors:
                _point(panels["cost"], row.cost, row.separation(DECEPTIVE), row.name)
            panels["cost"].axhline(0.5, color="0.6", linewidth=0.7, zorder=0)
            panels["cost"].set(xlabel="cost (samples a run)", ylabel="AUC, deceptive", xscale="log", ylim=(0.25, 1.02))
            panels["cost"].set_title("Cost", loc="left")
            self._draw_thirds(panels["thirds"])
            sns.despine(drawn)
            handles, labels = panels["thirds"].get_legend_handles_labels()
            drawn.legend(handles, labels, loc="outside lower center", ncols=5, frameon=False)
        return drawn

    def _draw_curves(self, axes: Axes) -> None:
        axes.plot([0, 1], [0, 1], color="0.6", linewidth=0.7, zorder=0)
        curves = [(row.name, row.curve) for row in self.auditors if row.curve]
        for name, roc in curves:
            colour, _, line = LOOKS[name]
            axes.plot(roc.false_alarms, roc.detections, color=colour, linestyle=line, linewidth=1.3)
            axes.fill_between(GRID, roc.low, roc.high, color=colour, alpha=0.18, linewidth=0)
        if not curves:
            axes.text(0.5, 0.6, "no deceptive run, or no aligned one:\nnothing to tell apart", ha="center")
        axes.set(xlabel="aligned runs suspected", ylabel="deceptive runs caught", xlim=(0, 1), ylim=(0, 1.01))
        axes.set_title("ROC curves, with 95 % bands", loc="left")

    def _draw_thirds(self, axes: Axes) -> None:
        offsets = np.linspace(-0.2, 0.2, len(self.auditors)) if len(self.auditors) > 1 else np.zeros(1)
        for offset, row in zip(offsets, self.auditors, strict=True):
            colour, mark, line = LOOKS[row.name]
            axes.plot([], [], marker=mark, color=colour, linestyle=line, markersize=4, label=row.name)
            for place, third in enumerate(THIRDS):
                _point(axes, place + offset, row.separation(third), row.name)
        axes.axhline(0.5, color="0.6", linewidth=0.7, zorder=0)
        axes.set_xticks(range(len(THIRDS)), ["least", "middle", "most"])
        axes.set(xlabel="third of deceptive runs by awareness", ylabel="AUC", ylim=(0.25, 1.02))
        axes.set_title("Awareness", loc="left")


def _point(axes: Axes, x: float, row: Separation, name: str) -> None:
    if row.auc is not None:
        colour, mark, _ = LOOKS[name]
        axes.plot([x, x], [row.auc.low, row.auc.high], color=colour, linewidth=1.0)
        axes.plot(x, row.auc.estimate, mark, color=colour, markersize=4)


@dataclass(frozen=True, kw_only=True)
class AuditorsRequest(Request):
    """Tell deceptive runs from aligned ones by five kinds of audit: ROC curves, costs, and what awareness changes."""

    kind = "auditing"
    unit = " auditors"
    threaded = False

    auditors: Annotated[
        tuple[str, ...],
        Option("behaviour, honeypots, probe, ablation or reverse; repeatable, all unless given.", "NAME", "auditor"),
    ] = ()
    dials: Annotated[
        Mapping[str, Any],
        Option("Set an auditor's parameter (honeypots.realism=1); repeatable.", "NAME.PARAMETER=X", "dial"),
    ] = field(default_factory=dict)
    false_alarms: Annotated[float, Option("Share of aligned runs that may be suspected.", "X")] = 0.01
    point: Point = field(default_factory=Point)
    runs: Annotated[int, Option("Runs per arm.", "N", least=1, most=MOST_RUNS)] = 1000
    seed: Seed = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        share = self.false_alarms
        if not isinstance(share, float) or not 0 <= share < 1:
            raise InputError(f"false_alarms = {share!r} is not valid: it must be a number from 0 to below 1.")

    def work(self) -> int:
        """Return the number of auditors."""
        return len(self.auditors or AUDITORS)

    def run(self, *, threads: int | None = None, progress: Progress | None = None) -> AuditorsReport:  # noqa: ARG002
        """Train both arms and apply the auditors; raises `InputError` for an auditor or parameter that is not valid."""
        return self.audit(chosen(self.auditors, self.dials), progress)

    def audit(self, auditors: Sequence[Auditor], progress: Progress | None = None) -> AuditorsReport:
        """Train both arms and apply these auditors, in this order."""
        populations = {f: Population.trained(exposed(self.point, f), self.runs, self.seed) for f in FACTORS}
        rows = []
        for auditor in auditors:
            rows.append(AuditorRow.of(auditor, populations, self.seed, self.false_alarms))
            if progress:
                progress(1)
        here = populations[1.0]
        return AuditorsReport(
            seed=self.seed,
            runs=self.runs,
            false_alarms=self.false_alarms,
            counts={arm: here.counts(arm) for arm in ARM_NAMES},
            thirds=here.thirds,
            missed=int((here.missed & here.aligned).sum()),
            auditors=rows,
            request=self,
        )


def auditing(
    point: Point | None = None,
    *,
    auditors: Sequence[Auditor] | None = None,
    progress: Progress | None = None,
    **options: Any,
) -> AuditorsReport:
    """Apply auditors, by default all, to the runs of both arms; `options` are others of `AuditorsRequest`."""
    auditors = list(AUDITORS.values()) if auditors is None else auditors
    names = tuple(auditor.name for auditor in auditors)
    dials = {f"{auditor.name}.{name}": value for auditor in auditors for name, value in auditor.given().items()}
    request = AuditorsRequest(auditors=names, dials=dials, point=point or Point(), **options)
    return request.audit(auditors, progress)


def exposed(point: Point, factor: float) -> Point:
    """Return the point with every stage's exposure to awareness multiplied by a factor."""
    return point.at({f"{s.name}.awareness_exposure": factor * s.awareness_exposure for s in point.curriculum})
