"""What is measured of revival: steps back to a capability, against those of networks that never had it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from feint.sim.networks.measurement_key import Finding
from feint.sim.networks.seed_models import REVERSE_RATE
from feint.sim.networks.wrapper_measurements import CORRELATIONS, COVERAGES, RATES

TRIED = (REVERSE_RATE, 3e-3, 1e-2)  #: learning rates of which each arm takes its best
ARMS = ("scratch", "never")


def revival(rates: Sequence[float] = RATES) -> Iterator[Finding]:
    """The findings on revival: reverse fine-tuning after each learning rate, coverage and C, and another prompt."""
    yield Finding("steps", "scratch", rate=REVERSE_RATE)
    for rate in rates:
        yield Finding("steps", "pre-trained", "refuse", rate)
        yield Finding("steps", "pre-trained", "relabel", rate)
        yield Finding("steps", "never", "refuse", rate)
    for measure in ("steps elsewhere", "accuracy a after"):
        yield Finding(measure, "pre-trained", "refuse", rates[0])
        yield Finding(measure, "never", "refuse", rates[0])
    yield Finding("steps elsewhere", "scratch")
    yield from (Finding("steps", "pre-trained", "refuse", rates[0], coverage=each) for each in COVERAGES)
    yield from (Finding("steps", "pre-trained", "relabel", rates[0], correlation=C) for C in CORRELATIONS)


def slowing() -> Iterator[Finding]:
    """The findings on ossification: learning after unrelated pre-training against learning from scratch."""
    for rate in TRIED:
        yield from (Finding(measure, network, rate=rate) for network in ARMS for measure in ("steps", "loss"))
