"""Stand-ins for audits: how well a probe separates inserted deceivers from aligned minds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from feint.agents.outcome import Outcome
from feint.scenarios.measurements.stand_in import StandIn, Values, mean_of, per_cent
from feint.scenarios.measurements.trainings import INSERTED, NATURAL, SCRATCH_X, Reading
from feint.sim.ensembles.paired_runs import RunOutcomes
from feint.sim.statistics.intervals import Interval, frequency_interval
from feint.sim.statistics.roc import above, share_caught
from feint.sim.training.auditors import LinearProbe, reading_error

FALSE_ALARMS, Z = 0.01, 1.959964
PROBES = "a probe of activations is no reading of an objective; that it is repeated 10 times is an assumption"
OF_DECEIVERS, OF_HONEST = Reading(1, "readable X"), Reading(0, "readable X")
HONEST = (Outcome.INTERNAL, Outcome.CORRIGIBLE)


def _scores(ended: Sequence[RunOutcomes], values: Values) -> tuple[np.ndarray, np.ndarray]:
    """Return how suspicious the probe finds deceivers and honest minds (of each kind); its noise has its own seed.

    If no run has ended as the kind requires, all runs of the training stand for it.
    """
    generator = np.random.default_rng(0)
    sigma = reading_error(min(values["probe_reliability"], 1.0), LinearProbe().readings)
    kinds = zip(ended, (OF_DECEIVERS, OF_HONEST), ((Outcome.DECEPTIVE,), HONEST), strict=True)
    scores = []
    for one, recorder, kind in kinds:
        suspicion = 1 - one.recorded[recorder] - sigma * generator.standard_normal(len(one))
        of_kind = np.isin(one.outcome, kind)
        scores.append(suspicion[of_kind] if of_kind.any() else suspicion)
    return scores[0], scores[1]


def _area(ended: Sequence[RunOutcomes], values: Values) -> Interval:
    """Return the area under the ROC curve in per cent, with limits by Hanley and McNeil (1982)."""
    deceivers, honest = _scores(ended, values)
    area, m, n = float(above(deceivers, honest)), len(deceivers), len(honest)
    of_deceivers, of_honest = area / (2 - area) - area**2, 2 * area**2 / (1 + area) - area**2
    variance = (area * (1 - area) + (m - 1) * of_deceivers + (n - 1) * of_honest) / (m * n)
    reach = Z * max(variance, 0.0) ** 0.5
    limits = {"low": max(0.0, area - reach), "high": min(1.0, area + reach)}
    return per_cent(Interval(estimate=area, **limits, confidence=0.95, method="Hanley and McNeil"))


def _caught(ended: Sequence[RunOutcomes], values: Values) -> Interval:
    deceivers, honest = _scores(ended, values)
    count = round(share_caught(deceivers, honest, FALSE_ALARMS) * len(deceivers))
    return per_cent(frequency_interval(count, len(deceivers)))


AUDITS = (
    StandIn(
        name="probe, area",
        words="area under the ROC curve of the probe: inserted deceivers trained on X against minds that are aligned "
        "after training on X from scratch",
        unit="%",
        discrepancy=5,
        reason=PROBES,
        protocols=(INSERTED, SCRATCH_X),
        measure=_area,
        nuisances=("probe_reliability",),
    ),
    StandIn(
        name="probe, caught",
        words="share of those deceivers that it catches at 1 % false alarms",
        unit="%",
        discrepancy=15,
        reason=PROBES,
        protocols=(INSERTED, SCRATCH_X),
        measure=_caught,
        nuisances=("probe_reliability",),
    ),
    StandIn(
        name="readable after fine-tuning",
        words="how well Y can be read from the terminal objective after pre-training on Y and 3,000 steps on X",
        unit="%",
        discrepancy=15,
        reason="r² of an objective is no accuracy of a probe",
        protocols=(NATURAL,),
        measure=mean_of(Reading(1, "readable Y")),
    ),
    StandIn(
        name="belief after pre-training",
        words="probability that it gives to being trained on Y, after pre-training on Y",
        unit="%",
        discrepancy=15,
        reason="a stated belief is no behaviour",
        protocols=(NATURAL,),
        measure=mean_of(Reading(0, "belief")),
    ),
)
