"""Counting arguments: are most settings that do well in training deceptive, and does SGD find the most common ones?

The claim. Many settings of a model's parameters make it deceptive and few align it, so that a model that does well in
training is probably deceptive (Xu 2020, on counting; Carlsmith 2023 prefers a hazier form). Belrose and Pope ("Counting
arguments provide no evidence for AI doom", 2024): what matters is volume in parameter space, and what SGD does in it.

The experiment. Minds are drawn at random: scalars N(0, spread²) in logits, pointers N(-decoys, spread²), goals N(0, I)
scaled to a Λ-norm uniform below 2, the world model uniform. Draws and functions, patterns of modes in which the
deployed objective has the sign of the base objective, are counted by type if they do well; the first draws are also
trained.

What would count against it. Fewer deceptive draws than aligned ones, or other shares of types after SGD.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from math import isfinite
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import Field, computed_field

from feint.agents.errors import InputError, check_whole
from feint.agents.outcome import LABELS, Outcome, is_converged, read
from feint.agents.state import State
from feint.agents.views import view
from feint.sim.ensembles.protocols import scratch
from feint.sim.ensembles.runner import BLOCK, blocks, in_order, one_at_a_time
from feint.sim.ensembles.streaming_summary import by_outcome, converged_of
from feint.sim.results.figure_style import COLUMN_WIDTH
from feint.sim.results.report import KEPT, Hidden, Number, Report, Table
from feint.sim.results.request import Option, Precision, Progress, Request, Seed
from feint.sim.statistics.intervals import Interval, frequency_interval, share_of_selected
from feint.sim.training.parameter_point import Point
from feint.sim.training.train import PRECISION, RunSpec

SCALARS = ("representation", "gate", "capability", "awareness", "horizon")
LARGEST_GOAL = 2.0  # Λ-norm; that of a base objective is 1
MOST_MODES = 16  # whose patterns of signs can be distinguished
STREAM = 0x636F756E74  # of the draws of minds


@dataclass(frozen=True, kw_only=True)
class TypeCount:
    """Counts of one type: by volume, by function, and after SGD."""

    outcome: str
    kept: Annotated[int, Field(description="draws that do well in training and are of this type")]
    volume: Annotated[Interval, Field(description="their share of the draws that do well in training")]
    functions: Annotated[int, Field(description="distinct patterns of signs of their deployed objectives")]
    rarefied: Annotated[
        float, Field(description="expected number of distinct patterns among `alike` draws of the type")
    ]
    trained: Annotated[int, Field(description="draws that are of this type after training, well or not")]
    after_sgd: Annotated[Interval, Field(description="their share of the draws that were trained")]
    volume_converged: Annotated[
        Interval | None, Field(description="share of the kept that are not unconverged; null if not computed")
    ] = None
    after_sgd_converged: Annotated[
        Interval | None, Field(description="share of the trained that converged; null if not computed")
    ] = None


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Counting(Report):
    """Types among random minds that do well in training, and among the minds that SGD makes of them."""

    series: ClassVar = {"volume": "share of the kept (volume)", "after_sgd": "share of the trained (after SGD)"}
    size = (COLUMN_WIDTH, 1)

    draws: int
    trains: int
    spread: float
    kept: Hidden[np.ndarray]  #: number of draws that do well in training (outcomes,)
    patterns: Hidden[tuple[Mapping[int, int], ...]]  #: for each outcome, how many of them compute each function
    trained: Hidden[np.ndarray]  #: number of the first `trains` draws after SGD, whether well or not (outcomes,)
    converged: Hidden[np.ndarray]  #: number of those that converged (outcomes,)
    request: Hidden[CountingRequest]

    def share(self, outcome: Outcome | str, of: str = "kept") -> Interval:
        """Return the share of an outcome in `kept` or in `trained`; raises `InputError` if nothing was kept."""
        counts = getattr(self, of)
        if not counts.sum():
            raise InputError(f"draws = {self.draws:,} are too few: none of them does well in training; ask for more.")
        return frequency_interval(int(counts[Outcome.named(outcome)]), int(counts.sum()))

    def share_converged(self, outcome: Outcome | str, of: str = "kept") -> Interval:
        """Return the share of an outcome among those kept, or trained, that converged; NaN if there are none.

        All kept minds have reached their target, so that those that are not unconverged have converged.
        """
        counts = converged_of(self.kept, np.zeros_like(self.kept)) if of == "kept" else self.converged
        return share_of_selected(int(counts[Outcome.named(outcome)]), int(counts.sum()))

    @property
    def functions(self) -> np.ndarray:
        """Number of distinct functions that were seen among the kept draws of each outcome (outcomes,)."""
        return np.array([len(counts) for counts in self.patterns])

    @computed_field
    @property
    def alike(self) -> int:
        """Smallest number of kept draws of any outcome that has some, at which outcomes can be compared."""
        return int(min(self.kept[self.kept > 0], default=0))

    def rarefied(self, outcome: Outcome | str) -> float:
        """Return the number of functions to expect among `alike` of an outcome's kept draws.

        Σ 1 - C(N - Nᵢ, n) / C(N, n) over functions, Nᵢ of N draws each (Hurlbert 1971, doi:10.2307/1934145).
        """
        from scipy.special import gammaln

        counts = np.array(list(self.patterns[Outcome.named(outcome)].values()), float)
        drawn, n = counts.sum(), self.alike
        rest = drawn - counts
        some = rest >= n
        never = gammaln(rest[some] + 1) - gammaln(rest[some] - n + 1) - gammaln(drawn + 1) + gammaln(drawn - n + 1)
        return float(len(counts) - np.exp(never).sum())

    @computed_field
    @property
    def distance(self) -> Number:
        """Total variation distance between the shares by volume and after SGD, of minds that do well; 0 if equal."""
        well = np.arange(len(LABELS)) != Outcome.UNCONVERGED
        kept, trained = self.kept[well], self.trained[well]
        if not (kept.sum() and trained.sum()):
            return float("nan")
        return float(abs(kept / kept.sum() - trained / trained.sum()).sum() / 2)

    @computed_field
    @property
    def types(self) -> list[TypeCount]:
        """Counts of each type."""
        return [
            TypeCount(
                outcome=outcome.label,
                kept=int(self.kept[outcome]),
                volume=self.share(outcome),
                functions=len(self.patterns[outcome]),
                rarefied=self.rarefied(outcome),
                trained=int(self.trained[outcome]),
                after_sgd=self.share(outcome, "trained"),
                volume_converged=self.share_converged(outcome),
                after_sgd_converged=self.share_converged(outcome, "trained"),
            )
            for outcome in Outcome
        ]

    def blocks(self) -> Iterator[str | Table]:
        """Yield a heading, a table of types, and how they compare."""
        settings = f"logits of spread {self.spread:g}, seed {self.request.seed}; {self.trains:,} trained"
        yield f"{self.draws:,} minds drawn, {settings}."
        columns = {
            "": "outcome",
            "share of the kept\n(volume)": lambda row: f"{row.volume:.4f}",
            f"functions\nin {self.alike:,}": lambda row: f"{row.rarefied:.1f}",
            "share of the trained\n(after SGD)": lambda row: f"{row.after_sgd:.4f}",
        }
        yield Table(self.types, columns, rule=False)
        yield self._among_converged()
        apart = "not known, since no mind that was trained does well"
        if isfinite(self.distance):
            apart = f"{self.distance:.3f} (0: the same, 1: nothing in common)"
        yield (
            f"Kept: {self.kept.sum():,} draws do well in training. Functions: the distinct ones to expect in "
            f"{self.alike:,} of a type's kept draws (in all of them: {', '.join(map(str, self.functions))}). "
            f"The total variation between the shares of types that do well, in the volume and after SGD, is {apart}. "
            f"Intervals are of 95{KEPT}%."
        )

    def _among_converged(self) -> str | Table:
        """Return the shares among converged minds as a table, or one sentence if all converged."""
        if not self.kept[Outcome.UNCONVERGED] and self.converged.sum() == self.trains:
            return "All that were kept or trained converged."
        number = f"{self.converged.sum():,}"
        columns = {
            "": "outcome",
            "share of the kept": lambda row: f"{row.volume_converged:.4f}",
            f"share of the {number} trained\nthat converged": lambda row: f"{row.after_sgd_converged:.4f}",
        }
        title = "Among the converged, which reached their target and are not unconverged:"
        return Table(self.types[1:], columns, title, rule=False)


@dataclass(frozen=True, kw_only=True)
class CountingRequest(Request):
    """Count the types of random minds that do well in training, by volume and by function, and of minds after SGD."""

    kind = "counting"
    unit = " minds"

    draws: Annotated[int, Option("Number of minds to draw at random.", "N", least=1, most=10**9)] = 1_000_000
    trains: Annotated[int, Option("How many of them to train.", "N")] = 20_000
    spread: Annotated[float, Option("Standard deviation of their logits.", "X")] = 3.0
    point: Point = field(default_factory=Point)
    seed: Seed = 0
    precision: Precision = PRECISION

    def __post_init__(self) -> None:
        super().__post_init__()
        check_whole("trains", self.trains, 1, self.draws)
        if isinstance(self.spread, bool) or not isinstance(self.spread, (int, float)) or not 0 < self.spread <= 100:
            raise InputError(f"spread = {self.spread!r} is not valid: it must be a number above 0, and 100 at most.")
        if self.point.curriculum[-1].target == 0:
            stage = self.point.curriculum.names[-1]
            raise InputError(f"{stage}.target = 0.0 lets every mind do well in training: it must be above 0.")
        if self.point.model.modes > MOST_MODES:
            modes = self.point.model.modes
            raise InputError(f"modes = {modes} is too many to tell functions apart: it must be {MOST_MODES} or fewer.")

    def work(self) -> float:
        """Return the number of minds."""
        return self.draws

    def run(self, *, threads: int | None = None, progress: Progress | None = None) -> Counting:
        """Draw minds at random, count those that do well in training, and train the first of all draws."""
        spec = scratch().spec(self.point, seed=self.seed, precision=self.precision)
        spec.warm_up()
        count = partial(self._count, spec, one_at_a_time(progress))
        kept, functions, trained, converged = zip(*in_order(count, blocks(0, self.draws), threads=threads), strict=True)
        return Counting(
            **{name: getattr(self, name) for name in ("draws", "trains", "spread")},
            kept=np.sum(kept, axis=0),
            patterns=tuple(sum((counts[i] for counts in functions), Counter()) for i in range(len(LABELS))),
            trained=np.sum(trained, axis=0),
            converged=np.sum(converged, axis=0),
            request=self,
        )

    def _count(self, spec: RunSpec, report: Progress, block: range) -> tuple[np.ndarray, list[Counter], Any, Any]:
        """Return the outcomes of a block of draws that do well, their functions, and outcomes after training.

        Outcomes after training are those of all trained draws, and those of the converged ones.
        """
        stage = spec.curriculum[-1]
        state = drawn(spec, block, self.spread)
        readings = read(state, stage.objective)
        well = readings.performance >= stage.target
        kept = np.where(well, readings.outcome, -1)
        patterns = patterns_of(state, stage.objective)
        functions = [Counter(patterns[kept == outcome].tolist()) for outcome in Outcome]
        after = converged = readings.outcome[:0]
        if block.start < self.trains:
            stop, first = spec.train_stage(state, stage), slice(self.trains - block.start)
            after = stop.readings.outcome[first]
            converged = after[is_converged(after, stop.missed[first])]
        report(len(block))
        return by_outcome(readings.outcome[well]), functions, by_outcome(after), by_outcome(converged)


def drawn(spec: RunSpec, block: range, spread: float) -> State:
    """Return minds drawn at random, in the worlds of the runs with these numbers."""
    fresh = spec.begin(np.arange(block.start, block.stop, dtype=np.uint64))
    runs, objectives, modes = fresh.world.objectives.shape
    rng = np.random.Generator(np.random.Philox(key=[spec.seed, STREAM], counter=[0, 0, 0, block.start // BLOCK]))
    goal = rng.standard_normal((runs, modes))
    norm = np.sqrt((spec.model.spectrum_weights() * goal**2).sum(axis=1, keepdims=True))
    parts = {name: spread * rng.standard_normal(runs) for name in SCALARS}
    return fresh.with_mind(
        goal=goal / norm * rng.uniform(0, LARGEST_GOAL, (runs, 1)),
        pointer=spread * rng.standard_normal((runs, objectives)) - spec.model.decoys,
        world=rng.uniform(0, 1, (runs, objectives)),
        **parts,
    )


def patterns_of(state: State, objective: int) -> np.ndarray:
    """Return the function that each run computes when deployed: bit k is set if mode k has the base's sign."""
    agrees = view(state, objective).terminal * state.world.objectives[:, objective] > 0
    return (agrees << np.arange(state.modes)).sum(axis=1)
