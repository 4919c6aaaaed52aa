"""What the race gives in the place of each published measurement: small experiments at the default point."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from feint.scenarios.finetuning.protocols import Y, first, from_scratch, journey, revived, trained_again, tuned_on_x
from feint.scenarios.transfer.arms import Arms, measure
from feint.scenarios.transfer.laws import fit_arms, law_of
from feint.scenarios.transfer.published_measurements import BY_NAME
from feint.scenarios.transfer.transfer import FURTHER, NEARER
from feint.sim.analysis.estimands import difference, frequency, step_ratio
from feint.sim.ensembles.paired_runs import read_checkpoints, run_paired
from feint.sim.ensembles.protocols import TrainingProtocol, pretrained, scratch
from feint.sim.statistics.intervals import Interval, student
from feint.sim.training.parameter_point import Point

LONGEST = 48_000  # steps of the transfer courses
SIZES = (4, 8, 16, 32, 64)
STRONG, WEAK = 0.9, 0.1  # similarities that stand for relevance
HARM_STEPS = (0, 2, 4, 6)
KEPT = {
    "kept through RL": scratch(start="deceptive", match="steps"),
    "kept through SFT": scratch(start="deceptive", match="steps"),
    "kept through red teaming": scratch(start="deceptive", match="steps", finetuning__honeypots=0.1),
}
SMALL, LARGE = (scratch(start="deceptive", match="steps", modes=modes) for modes in (4, 64))
Found = Iterator[tuple[str, Interval]]


@dataclass(frozen=True, kw_only=True)
class Toy:
    """The race at the default point, with so many runs of each way of training."""

    runs: int
    seed: int
    threads: int | None = None
    progress: Callable[[float], object] | None = None

    def numbers(self) -> dict[str, Interval]:
        """A number for each row that the race has one for, by the row's name."""
        parts = (self.transfer, self.revival, self.harm, self.kept, self.faking)
        found: dict[str, Interval] = {}
        for part in parts:
            found.update(part())
            if self.progress is not None:
                self.progress(1 / len(parts))
        return found

    def arms(self, **changes: float) -> Arms:
        """Both arms, read along the last stage."""
        return measure(Point(), changes, longest=LONGEST, runs=self.runs, seed=self.seed, threads=self.threads)

    def transfer(self) -> Found:
        """The constants of the transfer law."""
        further, nearer = (law_of(self.arms(**each), self.seed).found for each in (FURTHER, NEARER))
        beta = fit_arms([self.arms(modes=modes) for modes in SIZES], self.seed).beta
        if further is not None:
            yield "alpha, text", further.alpha
        if nearer is not None:
            yield "alpha, text and code", nearer.alpha
        if beta is not None:
            yield "beta", beta
        if further is not None and nearer is not None:
            yield "k, nearer over further", _ratio(nearer.k, further.k)

    def revival(self) -> Found:
        """Steps back to Y, in the published baseline's iterations: the one number that is fitted."""
        protocols = {"baseline": from_scratch()}
        again = {
            "revival, strong relevance": revived(similarity=STRONG),
            "revival, weak relevance": revived(similarity=WEAK),
        }
        ended = self.trained([*protocols.values(), *again.values()])
        baseline = BY_NAME["baseline"].published or 1.0
        steps = ended[protocols["baseline"]].steps
        for name, protocol in (protocols | again).items():
            yield name, _scaled(step_ratio(ended[protocol].steps, steps), baseline)

    def harm(self) -> Found:
        """Performance on Y as it is trained again."""
        protocol = journey(first(), tuned_on_x(), trained_again(Y, brief=max(HARM_STEPS)))
        read = courses(
            protocol.spec(Point(), seed=self.seed), range(self.runs), HARM_STEPS, threads=self.threads
        ).readings
        for step, performance in zip(HARM_STEPS, read.performance, strict=True):
            yield f"harmful after {step} steps", student(100 * np.nan_to_num(performance))

    def kept(self) -> Found:
        """How many of the minds in which deception was put are deceptive after training on X."""
        ended = self.trained([*KEPT.values(), SMALL, LARGE])
        for name, protocol in KEPT.items():
            yield name, _percent(frequency(name, protocol).measured(ended))
        yield "kept, large less small", _percent(difference("", LARGE, SMALL).measured(ended))

    def faking(self) -> Found:
        """ψ before and after training on X."""
        protocol = pretrained(match="steps")
        spec = protocol.spec(Point(), seed=self.seed)
        ends = 0, spec.curriculum[-1].steps
        read = courses(spec, range(self.runs), ends, threads=self.threads).readings
        for name, psi in zip(("faking before training", "faking after training"), read.instrumental, strict=True):
            yield name, student(100 * np.nan_to_num(psi))

    def trained(self, protocols: list[TrainingProtocol]) -> dict:
        """How runs of these ways ended."""
        return run_paired(Point(), protocols, range(self.runs), seed=self.seed, threads=self.threads)


def _ratio(above: Interval, below: Interval) -> Interval:
    """A ratio, by the limits of both."""
    return Interval(
        estimate=above.estimate / below.estimate,
        low=above.low / below.high,
        high=above.high / below.low,
        confidence=above.confidence,
        method="by limits",
    )


def _scaled(log_ratio: Interval, scale: float) -> Interval:
    """Scale · 2^x of a median of x and its limits."""
    ends = (scale * 2.0**value for value in (log_ratio.estimate, log_ratio.low, log_ratio.high))
    return _of(log_ratio, *ends)


def _percent(share: Interval) -> Interval:
    """A share in hundredths."""
    return _of(share, 100 * share.estimate, 100 * share.low, 100 * share.high)


def _of(like: Interval, estimate: float, low: float, high: float) -> Interval:
    return Interval(estimate=estimate, low=low, high=high, confidence=like.confidence, method=like.method)
