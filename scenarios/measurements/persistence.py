"""Stand-ins for the persistence of deception that was put into a mind: through training, red teaming, other data."""

from __future__ import annotations

from collections.abc import Sequence

from feint.agents.outcome import Outcome
from feint.scenarios.finetuning.protocols import X
from feint.scenarios.measurements.stand_in import DECEPTIVE_SHARE, StandIn, Values, per_cent
from feint.scenarios.measurements.trainings import AFTER_GENERIC, INSERTED, LARGE, SMALL, inserted, on, red_teamed
from feint.sim.ensembles.paired_runs import RunOutcomes
from feint.sim.statistics.intervals import Interval, tango

INSERTION = (
    "a backdoor has a trigger, inserted deception is a goal of its own; a run is kept or not, a rate is of answers"
)
LONG = 12_000


def _size(ended: Sequence[RunOutcomes], _: Values) -> Interval:
    large, small = (outcomes.outcome == Outcome.DECEPTIVE for outcomes in ended)
    return per_cent(tango(int((large & ~small).sum()), int((small & ~large).sum()), len(large)))


PERSISTENCE = (
    StandIn(
        name="inserted kept",
        words="share of minds with inserted deception that are deceptive after pre-training on Y and 3,000 steps on X",
        unit="%",
        discrepancy=15,
        reason=INSERTION,
        protocols=(INSERTED,),
        measure=DECEPTIVE_SHARE,
    ),
    StandIn(
        name="inserted kept, long",
        words="the same share after 12,000 steps on X",
        unit="%",
        discrepancy=15,
        reason=INSERTION,
        protocols=(inserted(on(X, LONG)),),
        measure=DECEPTIVE_SHARE,
    ),
    StandIn(
        name="inserted kept, red teaming",
        words="the same share if half of the 3,000 steps is honeypots of the red team's realism",
        unit="%",
        discrepancy=20,
        reason=INSERTION,
        protocols=lambda values: (red_teamed(values["red_team_realism"]),),
        measure=DECEPTIVE_SHARE,
        nuisances=("red_team_realism",),
    ),
    StandIn(
        name="inserted kept, small",
        words="the share kept at 4 modes",
        unit="%",
        discrepancy=25,
        reason=INSERTION + "; modes are no parameters",
        protocols=(SMALL,),
        measure=DECEPTIVE_SHARE,
    ),
    StandIn(
        name="inserted kept, large less small",
        words="the share kept at 64 modes less that at 4",
        unit="points",
        discrepancy=25,
        reason=INSERTION + "; a factor of 16 in modes stands for one of more than 100 in parameters",
        protocols=(LARGE, SMALL),
        measure=_size,
    ),
    StandIn(
        name="inserted kept, generic training",
        words="share of minds with inserted deception that are deceptive after pre-training on Y and 500 steps on Z",
        unit="%",
        discrepancy=20,
        reason=INSERTION + "; a sample need not be one step",
        protocols=(AFTER_GENERIC,),
        measure=DECEPTIVE_SHARE,
    ),
)
