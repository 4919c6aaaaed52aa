"""Which network a finding is about, made once, and what is measured of it."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

from feint.sim.networks.measurement_key import Finding
from feint.sim.networks.network import Network
from feint.sim.networks.seed_models import REVERSE_RATE, Subject
from feint.sim.networks.steps_to_threshold import Learnt
from feint.sim.networks.stream_ids import Purpose
from feint.sim.networks.task import MOST, SPARE, A, B, Task, asking, refusal, relabelling

PLATEAU = 6_000  #: steps after which the loss is compared


class Lineage:
    """The networks that come of one seed."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self._made: dict[Hashable, Any] = {}

    def measured(self, finding: Finding) -> float:
        """The number of a finding."""
        return MEASURED[finding.measure](self, finding)

    def network(self, finding: Finding) -> Network:
        """The network of a finding: at its start, or pre-trained and fine-tuned as it says."""
        if finding.network in ("scratch", "random"):
            return self.subject.fresh
        coverage = 0.0 if finding.network == "never" else finding.coverage
        before = self._once(coverage, lambda: self.subject.pretrained(coverage))
        if finding.tuned == "not" or finding.rate is None:
            return before
        task, rate = task_of(finding), finding.rate
        return self._once((coverage, task, rate), lambda: self.subject.tuned(before, task, rate))

    def again(self, finding: Finding, prompt: int = A) -> Learnt:
        """Training on a prompt with the count of a, to 95 %; where nothing was fine-tuned, at the finding's rate."""
        rate = finding.rate if finding.tuned == "not" and finding.rate is not None else REVERSE_RATE
        place = finding._replace(measure=str(prompt))
        return self._once(place, lambda: self.subject.steps(self.network(finding), prompt=prompt, rate=rate))

    def loss(self, finding: Finding) -> float:
        """Loss of the count of a after a fixed time of training on it."""
        network, rate = self.network(finding).fresh(), REVERSE_RATE if finding.rate is None else finding.rate
        trained = network.trained(asking(A), PLATEAU, rate, purpose=Purpose.REVERSE)
        return trained.loss(self.subject.asked[A])

    def _once(self, place: Hashable, make: Callable[[], Any]) -> Any:
        if place not in self._made:
            self._made[place] = make()
        return self._made[place]


def task_of(finding: Finding) -> Task:
    """What a finding's network was fine-tuned on."""
    return refusal() if finding.tuned == "refuse" else relabelling(finding.correlation)


def _accuracy(prompt: int) -> Callable[[Lineage, Finding], float]:
    return lambda lineage, finding: lineage.network(finding).accuracy(lineage.subject.asked[prompt])


def _probe(lineage: Lineage, finding: Finding) -> float:
    return lineage.subject.probed(None if finding.network == "raw" else lineage.network(finding))


MEASURED: dict[str, Callable[[Lineage, Finding], float]] = {
    "accuracy a": _accuracy(A),
    "accuracy b": _accuracy(B),
    "accuracy largest": _accuracy(MOST),
    "accuracy new": lambda lineage, finding: lineage.network(finding).accuracy(lineage.subject.relabelled),
    "probe": _probe,
    "pruned": lambda lineage, finding: lineage.subject.recovered(lineage.network(finding)),
    "steps": lambda lineage, finding: lineage.again(finding).steps,
    "steps elsewhere": lambda lineage, finding: lineage.again(finding, SPARE).steps,
    "accuracy a after": lambda lineage, finding: lineage.again(finding, SPARE).network.accuracy(
        lineage.subject.asked[A]
    ),
    "loss": Lineage.loss,
}
