"""Findings: one number measured of one network, and what it was measured of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from feint.sim.networks.task import COVERAGE


class Finding(NamedTuple):
    """What a number was measured of; the same for all seeds."""

    measure: str  #: a key of MEASURES
    network: str  #: pre-trained, never, scratch, random or raw
    tuned: str = "not"  #: how it was fine-tuned: not, refuse or relabel
    rate: float | None = None  #: learning rate of the fine-tuning, or of the training that is measured
    coverage: float = COVERAGE  #: share of the prompt for the count of a in pre-training
    correlation: float = 0.0  #: C in the data of relabelling


Found = Iterator[tuple[Finding, float]]

MEASURES = {
    "accuracy a": ("accuracy of the count of a, on its prompt", "share"),
    "accuracy b": ("accuracy of the count of b, on its prompt", "share"),
    "accuracy largest": ("accuracy of the largest token, on its prompt", "share"),
    "accuracy new": ("accuracy of the answer that relabelling taught, where it tells nothing of the old one", "share"),
    "probe": ("accuracy of a linear probe of the count of a, modulo 3, in the last hidden layer", "share"),
    "pruned": ("accuracy of the count of a once up to 8 units are pruned", "share"),
    "steps": ("steps of training on the prompt for the count of a to 95 %", "steps"),
    "steps elsewhere": ("steps of training on another prompt, answered with the count of a, to 95 %", "steps"),
    "accuracy a after": ("accuracy of the count of a on its own prompt after training on the other", "share"),
    "loss": ("loss of the count of a after training on its prompt", "nats"),
}
"""Measure → meaning and unit."""
