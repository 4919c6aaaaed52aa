"""Numbers that stand in for published measurements: small experiments of the race at the default point, and networks.

Networks count reverse fine-tuning in the published baseline's iterations, as the race does; weak relevance is the least
coverage of the capability in pre-training. Laws of transfer are fitted to errors, near prompts for text and code, far
ones for text. Pruning takes away up to eight units and is measured by accuracy, so that it has no number of units.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from feint.agents.kernels.reading import Readings
from feint.scenarios.finetuning.protocols import Y, finetuning, from_scratch, pretraining, retrained, retraining, staged
from feint.scenarios.networks.seeds import SEEDS
from feint.scenarios.transfer.arms import Arms, measure
from feint.scenarios.transfer.laws import fit_arms, law_of
from feint.scenarios.transfer.published_measurements import BY_NAME
from feint.scenarios.transfer.transfer import FURTHER, NEARER
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
STRONG, WEAK = 0.9, 0.1  # similarities that stand in for relevance
HARM_STEPS = (0, 2, 4, 6)
KEPT = {
    "kept through RL": scratch(start="deceptive", match="steps"),
    "kept through SFT": scratch(start="deceptive", match="steps"),
    "kept through red teaming": scratch(start="deceptive", match="steps", finetuning__honeypots=0.1),
}
SMALL, LARGE = (scratch(start="deceptive", match="steps", modes=modes) for modes in (4, 64))
NETWORKS_BASELINE = Measurement("steps", "scratch", rate=REVERSE_RATE)
NETWORKS_RETRAINED = {
    "baseline": NETWORKS_BASELINE,
    "revival, strong relevance": Measurement("steps", "pre-trained", "refuse", GENTLE),
    "revival, weak relevance": Measurement("steps", "pre-trained", "refuse", GENTLE, coverage=min(COVERAGES)),
}
NETWORKS_ARMS = {"alpha, text": "far", "alpha, text and code": "near"}
Numbers = Iterator[tuple[str, Interval]]


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
            yield "k, nearer over further", _ratio(nearer.k, further.k)

    def revival(self) -> Numbers:
        """Yield steps back to Y, in the published baseline's iterations: the one number that is fitted."""
        protocols = {
            "baseline": from_scratch(),
            "revival, strong relevance": retrained(similarity=STRONG),
            "revival, weak relevance": retrained(similarity=WEAK),
        }
        ended = self.trained(list(protocols.values()))
        baseline = BY_NAME["baseline"].published or 1.0
        steps = ended[protocols["baseline"]].steps
        for name, protocol in protocols.items():
            log_ratio = step_ratio(ended[protocol].steps, steps)
            ends = (baseline * 2.0**end for end in (log_ratio.estimate, log_ratio.low, log_ratio.high))
            yield name, _with_ends(log_ratio, *ends)

    def harm(self) -> Numbers:
        """Yield performance on Y as it is trained again."""
        protocol = staged(pretraining(), finetuning(), retraining(Y, brief=max(HARM_STEPS)))
        performance = self.read(protocol, HARM_STEPS).performance
        for step, values in zip(HARM_STEPS, performance, strict=True):
            yield f"harmful after {step} steps", student(100 * np.nan_to_num(values))

    def kept(self) -> Numbers:
        """Yield how many of the minds in which deception was put are deceptive after training on X."""
        ended = self.trained([*KEPT.values(), SMALL, LARGE])
        for name, protocol in KEPT.items():
            yield name, _percent(frequency(name, protocol).measured(ended))
        yield "kept, large less small", _percent(difference("", LARGE, SMALL).measured(ended))

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
    baseline = BY_NAME["baseline"].published or 1.0
    for name, measurement in NETWORKS_RETRAINED.items():
        ratios = baseline * measured[measurement] / measured[NETWORKS_BASELINE]
        if np.isfinite(ratios).all():
            yield name, middle(ratios, (float(ratios.min()), float(ratios.max())))
    curves = transfer(SEEDS, seed, threads=threads)
    for name, arm in NETWORKS_ARMS.items():
        law = curves.law(arm, "error")
        if law is not None:
            yield name, law.alpha
        if law is not None and law.beta is not None and arm == "far":
            yield "beta", law.beta


def _ratio(above: Interval, below: Interval) -> Interval:
    """Return a ratio with limits from those of both."""
    ends = above.estimate / below.estimate, above.low / below.high, above.high / below.low
    return replace(_with_ends(above, *ends), method="by limits")


def _percent(share: Interval) -> Interval:
    return _with_ends(share, 100 * share.estimate, 100 * share.low, 100 * share.high)


def _with_ends(interval: Interval, estimate: float, low: float, high: float) -> Interval:
    return replace(interval, estimate=estimate, low=low, high=high)
