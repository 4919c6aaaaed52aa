"""Auditors: simulated detectors, applied to runs whose type is known.

The question. Which tests of a model - of behaviour, with honeypots, a probe, an ablation, or training back - separate
deceptive runs from aligned ones, at what cost, and do they still work if a run is very aware of being in training?

The experiment. Both arms of a comparison are trained, and every auditor scores every run at its end; the true type is
the outcome by intervention. Deceptive runs are separated from aligned ones (internal and corrigible, of those that
reached their target), and so are proxies and reward-seekers; deceptive runs also in thirds by awareness, and with a
tenth and ten times the exposure that teaches it.

What would count against the usual hopes and fears. Tests in training that do better than chance; honeypots of half
realism that fail if awareness is high; training back that separates little.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Self

import numpy as np
from pydantic import Field

from feint.agents.errors import InputError
from feint.agents.outcome import LABELS, Outcome, is_converged, read
from feint.agents.state import State
from feint.sim.ensembles.protocols import ARM_NAMES, PRETRAIN_FINETUNE, TrainingProtocol
from feint.sim.ensembles.streaming_summary import by_outcome
from feint.sim.results.figure_style import PAGE_WIDTH, canvas, mosaic
from feint.sim.results.report import Hidden, Report, Table, wrapped
from feint.sim.results.request import MOST_RUNS, Option, Progress, Request, Seed
from feint.sim.statistics.roc import FEW, GRID, Curve, Separation, curve, separation
from feint.sim.training.auditors import AUDITORS, Auditor, chosen
from feint.sim.training.parameter_point import Point
from feint.sim.training.replay import check_states
from feint.sim.training.stage import Stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FACTORS = (0.1, 1.0, 10.0)  #: multiples of every stage's awareness_exposure
DECEPTIVE, PROXY, SEEKING, PRETRAINED = "deceptive", "proxy", "reward-seeking", "deceptive, pre-trained arm"
THIRDS = ("least aware third", "middle third", "most aware third")
GROUPS = (DECEPTIVE, PROXY, SEEKING, PRETRAINED, *THIRDS)
ALARMS = 0.01  # share of aligned runs suspected up to which the axis of ROC curves is linear
LOOKS = {
    "behaviour": ("#000000", "o", "-"),
    "honeypots": ("#e69f00", "s", "--"),
    "probe": ("#0072b2", "D", "-."),
    "ablation": ("#d55e00", "^", ":"),
    "reverse": ("#009e73", "v", (0, (8, 2))),
}
"""Colour, marker and line of each auditor: Okabe and Ito's palette, with line styles that differ in grey too."""


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
        specs = {arm: TrainingProtocol(arm).spec(point, seed=seed) for arm in ARM_NAMES}
        check_states([*specs.values()], runs)
        ends = {arm: [*spec.train(spec.begin(np.arange(runs, dtype=np.uint64)))][-1] for arm, spec in specs.items()}
        stages = {arm: spec.curriculum[-1] for arm, spec in specs.items()}
        readings = [read(end.state, stages[arm].objective) for arm, end in ends.items()]
        return cls(
            states={arm: end.state for arm, end in ends.items()},
            stages=stages,
            outcome=np.concatenate([reading.outcome for reading in readings]),
            awareness=np.concatenate([reading.awareness for reading in readings]),
            missed=np.concatenate([end.missed for end in ends.values()]),
            pretrained=np.repeat([arm == PRETRAIN_FINETUNE for arm in ARM_NAMES], runs),
        )

    @property
    def aligned(self) -> np.ndarray:
        """True for runs that are internally aligned or corrigible and reached their target (all runs,)."""
        return np.isin(self.outcome, (Outcome.INTERNAL, Outcome.CORRIGIBLE)) & ~self.missed

    @property
    def thirds(self) -> tuple[float, float]:
        """Levels of awareness that split the deceptive runs into thirds; zeros if there are none."""
        deceptive = self.outcome == Outcome.DECEPTIVE
        aware = self.awareness[deceptive] if deceptive.any() else np.zeros(1)
        return float(np.quantile(aware, 1 / 3)), float(np.quantile(aware, 2 / 3))

    def counts(self, arm: str, *, converged: bool = False) -> dict[str, int]:
        """Return the number of runs of an arm by outcome, or of its converged runs alone."""
        chosen = self.pretrained == (arm == PRETRAIN_FINETUNE)
        if converged:
            chosen &= is_converged(self.outcome, self.missed)
        return dict(zip(LABELS, by_outcome(self.outcome[chosen]).tolist(), strict=True))

    def groups(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Return positives and negatives by the names in GROUPS; two arrays (all runs,) of bool each."""
        aligned, deceptive = self.aligned, self.outcome == Outcome.DECEPTIVE
        third = np.digitize(self.awareness, self.thirds)
        return {
            DECEPTIVE: (deceptive, aligned),
            PROXY: (self.outcome == Outcome.PROXY, aligned),
            SEEKING: (self.outcome == Outcome.REWARD_SEEKING, aligned),
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

    def areas(self, *kinds: str) -> list[str]:
        """Return the areas of some of GROUPS as cells of a table."""
        return [_area(self.separation(kind)) for kind in kinds]

    @property
    def caught(self) -> str:
        """Share of the deceptive runs that is caught, as a cell of a table."""
        caught = self.separation(DECEPTIVE).caught
        return "–" if caught is None else f"{100 * caught.estimate:.0f} %"

    @property
    def description(self) -> str:
        """Words, parameters and costs in a line."""
        parameters = ", ".join(f"{name} = {value:g}" for name, value in self.parameters.items())
        costs = " and ".join(f"{number:,} {unit}" for unit, number in self.costs.items())
        return f"{self.name}: {self.words} ({parameters}; {costs})"


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {outcome}" for outcome, count in counts.items())


def _area(row: Separation) -> str:
    return "–" if row.auc is None else f"{row.auc:.2f}"


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class AuditorsReport(Report):
    """Results of auditors on runs whose type is known."""

    seed: int
    runs: Annotated[int, Field(description="per arm")]
    false_alarms: float
    counts: Annotated[dict[str, dict[str, int]], Field(description="runs by arm and outcome")]
    converged: Annotated[
        dict[str, dict[str, int]] | None, Field(description="converged runs by arm and outcome; null if not computed")
    ] = None
    thirds: Annotated[tuple[float, float], Field(description="awareness at which deceptive runs are split")]
    missed: Annotated[int, Field(description="aligned runs that never reached the target, and are left out")]
    auditors: list[AuditorRow]
    request: Hidden[AuditorsRequest]

    def blocks(self) -> list[str | Table]:
        """Return counts; AUC, share caught and cost; results by awareness; a line per auditor; and warnings."""
        deceptive = ", ".join(f"{row.positives:,} at x {row.factor:g}" for row in self.auditors[0].exposures)
        low, high = self.thirds
        thirds = (
            f"By awareness: deceptive runs in thirds, split at a = {low:.2f} and {high:.2f}, each against all aligned "
            "runs. AUC:"
        )
        exposures = "By exposure to awareness, as multiples of the point's. AUC:"
        others = (PROXY, SEEKING) if self.auditors[0].separation(SEEKING).positives else (PROXY,)
        kinds = [f"AUC\n{kind}" for kind in others]
        headings = ("auditor", "cost", "AUC\ndeceptive", "caught", "AUC\npre-trained arm", *kinds)
        results = [
            [row.name, f"{row.cost:,}", *row.areas(DECEPTIVE), row.caught, *row.areas(PRETRAINED, *others)]
            for row in self.auditors
        ]
        by_third = [[row.name, *row.areas(*THIRDS)] for row in self.auditors]
        by_factor = [[row.name, *map(_area, row.exposures)] for row in self.auditors]
        factors = [f"x {factor:g}" for factor in FACTORS]
        blocks = [
            "\n".join(map(wrapped, self._heading())),
            Table.of_cells(headings, results),
            Table.of_cells(("auditor", *THIRDS), by_third, wrapped(thirds)),
            Table.of_cells(("auditor", *factors), by_factor, exposures, wrapped(f"Deceptive runs: {deceptive}.")),
            "\n".join(wrapped(row.description) for row in self.auditors),
            "\n".join(map(wrapped, self._warnings())),
        ]
        return [block for block in blocks if block]  # there may be no warnings

    def _heading(self) -> Iterator[str]:
        yield (
            f"Auditors: {self.runs:,} runs per arm, seed {self.seed}. AUC: probability that a run of a kind is more "
            "suspicious than an aligned one, 0.5 by chance; 95 % intervals. Caught: deceptive runs, with at most "
            f"{100 * self.false_alarms:g} % of the aligned suspected. Cost: samples per run."
        )
        for arm, name in ARM_NAMES.items():
            yield f"{name}: {_listed(self.counts[arm])}"
            if self.converged and self.converged[arm] != self.counts[arm]:
                yield f"{name}, converged: {_listed(self.converged[arm])}"
        yield f"Aligned runs that never reached the target, which every test finds, are left out: {self.missed:,}."

    def _warnings(self) -> Iterator[str]:
        """Yield a sentence per group that has few runs, or none."""
        first = self.auditors[0]
        groups = {row.kind: row for row in first.separations}
        groups |= {f"deceptive, exposure x {row.factor:g}": row for row in first.exposures}
        for name, row in groups.items():
            if name == SEEKING and not row.positives:
                continue
            counts = f"{name}: {row.positives:,} of the kind, {row.negatives:,} aligned"
            if row.auc is None:
                yield f"{counts}; one of the two is empty, so nothing can be separated."
            elif row.few:
                yield f"{counts}; fewer than {FEW} of one kind, so its numbers say little."

    def rows(self) -> list[dict[str, Any]]:
        """Return one row per auditor and group, for the data frame."""
        return [{"auditor": r.name, **vars(group)} for r in self.auditors for group in (*r.separations, *r.exposures)]

    def drawing(self) -> Figure:
        """Draw ROC curves on the left, and costs above thirds of awareness on the right."""
        import seaborn as sns

        with canvas((PAGE_WIDTH, 4.4)) as drawn:
            panels = mosaic(drawn, [("curves", "cost"), ("curves", "thirds")], 2, width_ratios=(1.35, 1))
            self._draw_curves(panels["curves"])
            for row in self.auditors:
                _point(panels["cost"], row.cost, row.separation(DECEPTIVE), row.name)
            (cost := panels["cost"]).axhline(0.5, color="0.6", linewidth=0.7, zorder=0)
            cost.set(xlabel="cost (samples a run)", ylabel="AUC, deceptive", xscale="log", ylim=(0.25, 1.02))
            cost.set_title("Cost", loc="left")
            self._draw_thirds(panels["thirds"])
            sns.despine(drawn)
            entries = panels["thirds"].get_legend_handles_labels()
            drawn.legend(*entries, loc="outside lower center", ncols=5, frameon=False)
        return drawn

    def _draw_curves(self, axes: Axes) -> None:
        axes.plot(GRID, GRID, color="0.6", linewidth=0.7, zorder=0)
        curves = {row.name: row.curve for row in self.auditors if row.curve}
        for name, roc in curves.items():
            axes.plot(roc.false_alarms, roc.detections, color=LOOKS[name][0], linestyle=LOOKS[name][2], linewidth=1.3)
            axes.fill_between(GRID, roc.low, roc.high, color=LOOKS[name][0], alpha=0.18, linewidth=0)
        if not curves:
            axes.text(0.5, 0.6, "no deceptive run, or no aligned one:\nnothing to separate", ha="center")
        axes.set(xlabel="aligned runs suspected", ylabel="deceptive runs caught", xlim=(0, 1), ylim=(0, 1.01))
        axes.set_xscale("symlog", linthresh=ALARMS, subs=None)
        axes.set_xticks([0, ALARMS, 0.1, 1], ["0", "0.01", "0.1", "1"])
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
    """Separate deceptive runs from aligned ones by five kinds of audit: ROC curves, costs, and effect of awareness."""

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
        if not isinstance(share := self.false_alarms, float) or not 0 <= share < 1:
            raise InputError(f"false_alarms = {share!r} is not valid: it must be a number from 0 to below 1.")

    def work(self) -> int:
        """Return the number of auditors."""
        return len(self.auditors or AUDITORS)

    def run(self, *, threads: int | None = None, progress: Progress | None = None) -> AuditorsReport:  # noqa: ARG002
        """Train both arms and apply the auditors; raises `InputError` for an auditor or parameter that is not valid."""
        populations = {f: Population.trained(exposed(self.point, f), self.runs, self.seed) for f in FACTORS}
        rows = []
        for auditor in chosen(self.auditors, self.dials):
            rows.append(AuditorRow.of(auditor, populations, self.seed, self.false_alarms))
            if progress:
                progress(1)
        here = populations[1.0]
        return AuditorsReport(
            seed=self.seed,
            runs=self.runs,
            false_alarms=self.false_alarms,
            counts={arm: here.counts(arm) for arm in ARM_NAMES},
            converged={arm: here.counts(arm, converged=True) for arm in ARM_NAMES},
            thirds=here.thirds,
            missed=int((here.missed & np.isin(here.outcome, (Outcome.INTERNAL, Outcome.CORRIGIBLE))).sum()),
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
    auditors = [*AUDITORS.values()] if auditors is None else auditors
    dials = {f"{auditor.name}.{name}": value for auditor in auditors for name, value in auditor.given().items()}
    named = {"auditors": tuple(auditor.name for auditor in auditors), "dials": dials}
    return AuditorsRequest(**named, point=point or Point(), **options).run(progress=progress)


def exposed(point: Point, factor: float) -> Point:
    """Return the point with every stage's exposure to awareness multiplied by a factor."""
    return point.at({f"{s.name}.awareness_exposure": factor * s.awareness_exposure for s in point.curriculum})
