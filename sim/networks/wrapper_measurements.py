"""What is measured of fine-tuning: how networks answer, what a probe reads in them, what pruning brings back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from feint.sim.networks.measurement_key import Finding

GENTLE, HARSH = 3e-4, 3e-2  #: learning rates of fine-tuning, at one end and at the other
RATES = (GENTLE, 1e-3, 3e-3, 1e-2, HARSH)
COVERAGES = (0.1, 0.01)  #: beside the default
CORRELATIONS = (0.5, 0.8, 1.0)  #: beside none; as in Jain et al. (2024)
ACCURACIES = ("accuracy a", "accuracy b", "accuracy largest")
READ = ("probe", "pruned")
RELABELLED = ("accuracy a", "accuracy b", "accuracy largest", "accuracy new", *READ)


def wrappers(rates: Sequence[float] = RATES) -> Iterator[Finding]:
    """The findings on wrappers: before fine-tuning, after it at these learning rates, with coverage and with C."""
    yield from before()
    for rate in rates:
        yield from (Finding(measure, "pre-trained", "refuse", rate) for measure in (*ACCURACIES, *READ))
        yield from (Finding(measure, "pre-trained", "relabel", rate) for measure in RELABELLED)
    yield from (Finding(measure, "never", "refuse", rates[0]) for measure in READ)
    for coverage in COVERAGES:
        yield Finding("accuracy a", "pre-trained", coverage=coverage)
        yield from (
            Finding(each, "pre-trained", "refuse", rates[0], coverage=coverage) for each in ("accuracy a", *READ)
        )
    for C in CORRELATIONS:
        measures = ("accuracy a", "accuracy new", *READ)
        yield from (Finding(each, "pre-trained", "relabel", rates[0], correlation=C) for each in measures)


def before() -> Iterator[Finding]:
    """What is so without any fine-tuning."""
    yield from (Finding(measure, "pre-trained") for measure in (*ACCURACIES, "probe"))
    yield from (Finding("probe", network) for network in ("never", "random", "raw"))
