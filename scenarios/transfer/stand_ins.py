"""Published measurements, and numbers that stand in for them: experiments of the race at its default point, networks.

Rows are declared in `measurements.toml`. Networks count reverse fine-tuning in the published baseline's iterations, as
the race does; weak relevance is the least coverage of the capability in pre-training. Laws of transfer are fitted to
errors, near prompts for text and code, far ones for text. Pruning takes away up to eight units and is measured by
accuracy, so that it has no number of units.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from feint.agents.kernels.reading import Readings
from feint.scenarios.bibliography import SOURCES
from feint.scenarios.finetuning.protocols import Y, finetuning, from_scratch, pretraining, retrained, retraining, staged
from feint.scenarios.networks.battery import SEEDS
from feint.scenarios.transfer.arms import Arms, measure
from feint.scenarios.transfer.laws import fit_arms, law_of
from feint.scenarios.transfer.transfer import FURTHER, NEARER
from feint.sim.analysis.claims import Source
from feint.sim.analysis.estimands import difference, frequency, middle, step_ratio
from feint.sim.ensembles.paired_runs import RunOutcomes, read_checkpoints, run_paired
from feint.sim.ensembles.protocols import TrainingProtocol, pretrained, scratch
from feint.sim.networks.experiments import COVERAGES, GENTLE, battery
from feint.sim.networks.seed_models import REVERSE_RATE, Measurement
from feint.sim.networks.transfer import transfer
from feint.sim.results.request import Progress
from feint.sim.statistics.intervals import Interval, student
from feint.sim.training.parameter_point import Point

LONGEST = 48_000  # steps of the transfer experiments
SIZES = (4, 8, 16, 32, 64)
RETRAINED = {
    "baseline": from_scratch(),
    "revival, strong relevance": retrained(similarity=0.9),
    "revival, weak relevance": retrained(similarity=0.1),
}
HARM_STEPS = (0, 2, 4, 6)
KEPT = {
    "kept through RL": scratch(start="deceptive", match="steps"),
    "kept through SFT": scratch(start="deceptive", match="steps"),
    "kept through red teaming": scratch(start="deceptive", match="steps", finetuning__honeypots=0.1),
}
SMALL, LARGE = (scratch(start="deceptive", match="steps", modes=modes) for modes in (4, 64))
NETWORKS_RETRAINED = {
    "baseline": Measurement("steps", "scratch", rate=REVERSE_RATE),
    "revival, strong relevance": Measurement("steps", "pre-trained", "refuse", GENTLE),
    "revival, weak relevance": Measurement("steps", "pre-trained", "refuse", GENTLE, coverage=min(COVERAGES)),
}
NETWORKS_ARMS = {"alpha, text": "far", "alpha, text and code": "near"}
Numbers = Iterator[tuple[str, Interval]]


@dataclass(frozen=True, kw_only=True)
class Compared:
    """A number with its residual from the published one."""

    value: Interval
    residual: Annotated[float | None, Field(description="factor or difference; null if no number is published")]
    agrees: Annotated[bool | None, Field(description="whether it meets the published range; null if fitted")]


@dataclass(frozen=True, kw_only=True)
class Row:
    """One published measurement, declared before anything is compared with it."""

    name: str
    what: str  #: in words
    published: float | None = None  #: None if only a direction is published
    stand_in: str  #: what is measured in the race instead
    unit: str
    source: Source
    provenance: str  #: [V] read in the source, [S] in a summary of it, [D] derived from such numbers
    conditions: str  #: of the measurement
    low: float | None = None  #: lower limit of a published range
    high: float | None = None
    direction: Literal[-1, 0, 1] = 0  #: the sign, if that is what is published
    fitted: str = ""  #: the free parameter that was fitted to this row; empty is a prediction
    without: str = ""  #: why the race has no number for it
    caveat: str = ""

    @property
    def by_factor(self) -> bool:
        """True if the residual is a factor; in other units it is a difference."""
        return self.unit in ("ratio", "iterations", "steps", "neurons")

    def compared(self, interval: Interval) -> Compared:
        """Return a number with its residual, and whether it agrees: for a direction, whether it lies on that side."""
        low, high = (self.published if end is None else end for end in (self.low, self.high))
        residual = None
        if self.published is None or low is None or high is None:
            agrees = bool(self.direction * interval.low > 0 and self.direction * interval.high > 0)
        else:
            estimate = interval.estimate
            residual = estimate / self.published if self.by_factor else estimate - self.published
            agrees = bool(interval.low <= high and interval.high >= low)
        return Compared(value=interval, residual=residual, agrees=None if self.fitted else agrees)


_TABLES = tomllib.loads(Path(__file__).with_name("measurements.toml").read_text(encoding="utf-8"))["of"]
ROWS = [Row(**{**table, **row, "source": SOURCES[table["source"]]}) for table in _TABLES for row in table.pop("rows")]
BY_NAME: Mapping[str, Row] = {row.name: row for row in ROWS}
BASELINE = BY_NAME["baseline"].published or 1.0


@dataclass(frozen=True, kw_only=True)
class StandIns:
    """Experiments of the race at the default point."""

    runs: int
    seed: int
    threads: int | None = None
    progress: Progress | None = None

    def numbers(self) -> dict[str, Interval]:
        """Return a number for each row that the race has one for, by the row's name."""
        parts = (self.transfer, self.revival, self.harm, self.kept, self.faking)
        numbers: dict[str, Interval] = {}
        for part in parts:
            numbers.update(part())
            if self.progress is not None:
                self.progress(1 / len(parts))
        return numbers

    def transfer(self) -> Numbers:
        """Yield the constants of the transfer law."""
        further, nearer = (law_of(self.arms(**changes), self.seed).fit for changes in (FURTHER, NEARER))
        beta = fit_arms([self.arms(modes=modes) for modes in SIZES], self.seed).beta
        if further is not None:
            yield "alpha, text", further.alpha
        if nearer is not None:
            yield "alpha, text and code", nearer.alpha
        if beta is not None:
            yield "beta", beta
        if further is not None and nearer is not None:
            above, below = nearer.k, further.k
            ends = above.estimate / below.estimate, above.low / below.high, above.high / below.low
            yield "k, nearer over further", replace(_with_ends(above, *ends), method="by limits")

    def revival(self) -> Numbers:
        """Yield steps back to Y, in the published baseline's iterations: the one number that is fitted."""
        ended = self.trained(list(RETRAINED.values()))
        for name, protocol in RETRAINED.items():
            log_ratio = step_ratio(ended[protocol].steps, ended[RETRAINED["baseline"]].steps)
            ends = (BASELINE * 2.0**end for end in (log_ratio.estimate, log_ratio.low, log_ratio.high))
            yield name, _with_ends(log_ratio, *ends)

    def harm(self) -> Numbers:
        """Yield performance on Y as it is trained again."""
        protocol = staged(pretraining(), finetuning(), retraining(Y, brief=max(HARM_STEPS)))
        performance = self.read(protocol, HARM_STEPS).performance
        for step, values in zip(HARM_STEPS, performance, strict=True):
            yield f"harmful after {step} steps", student(100 * np.nan_to_num(values))

    def kept(self) -> Numbers:
        """Yield the percentage of the minds in which deception was put that are deceptive after training on X."""
        ended = self.trained([*KEPT.values(), SMALL, LARGE])
        shares = {name: frequency(name, protocol) for name, protocol in KEPT.items()}
        for name, estimand in {**shares, "kept, large less small": difference("", LARGE, SMALL)}.items():
            share = estimand.measured(ended)
            yield name, _with_ends(share, *(100 * end for end in (share.estimate, share.low, share.high)))

    def faking(self) -> Numbers:
        """Yield ψ before and after training on X."""
        protocol = pretrained(match="steps")
        ends = 0, protocol.spec(Point(), seed=self.seed).curriculum[-1].steps
        shares = self.read(protocol, ends).instrumental
        for name, psi in zip(("faking before training", "faking after training"), shares, strict=True):
            yield name, student(100 * np.nan_to_num(psi))

    def arms(self, **changes: float) -> Arms:
        """Return both arms, read along the last stage."""
        return measure(Point(), changes, longest=LONGEST, runs=self.runs, seed=self.seed, threads=self.threads)

    def trained(self, protocols: list[TrainingProtocol]) -> dict[TrainingProtocol, RunOutcomes]:
        """Return how runs of these protocols ended."""
        return run_paired(Point(), protocols, range(self.runs), seed=self.seed, threads=self.threads)

    def read(self, protocol: TrainingProtocol, steps: tuple[int, ...]) -> Readings:
        """Return readings at steps of the last stage."""
        spec = protocol.spec(Point(), seed=self.seed)
        return read_checkpoints(spec, range(self.runs), steps, threads=self.threads).readings


def network_numbers(seed: int, threads: int | None = None) -> Numbers:
    """Yield the name of a row and its number; left out if not all seeds are finite, or if there is no law."""
    measured = battery(SEEDS, seed, (GENTLE,), parts=("revival",), threads=threads)
    for name, measurement in NETWORKS_RETRAINED.items():
        ratios = BASELINE * measured[measurement] / measured[NETWORKS_RETRAINED["baseline"]]
        if np.isfinite(ratios).all():
            yield name, middle(ratios, (float(ratios.min()), float(ratios.max())))
    curves = transfer(SEEDS, seed, threads=threads)
    for name, arm in NETWORKS_ARMS.items():
        law = curves.law(arm, "error")
        if law is not None:
            yield name, law.alpha
        if law is not None and law.beta is not None and arm == "far":
            yield "beta", law.beta


def _with_ends(interval: Interval, estimate: float, low: float, high: float) -> Interval:
    return replace(interval, estimate=estimate, low=low, high=high)
