"""Falling costs bring hazards within reach of non-state actors.

The claim (Hazards from Increasingly Accessible Fine-Tuning, 2023, mechanism 1): the reduction of costs enables
non-state actors to fine-tune downloadable models for harm. It breaks where models cannot be effectively fine-tuned to
acquire dangerous skills.

The experiment. A model is released whose hazard is wrapped by safety fine-tuning. The engine counts the steps that it
takes to revive the hazard, and to add one that the model never had; a published cost gives their price. We report which
share of log-normal budgets pays for either a decade after the release, less at the release, and whether training leads
to the new hazard at all.

What would count against it. A decrease by a tenth of the actors or more; a new hazard to which a tenth of the
fine-tunes lead, or fewer. A change by less than a tenth either way, or a share of fine-tunes between a tenth and one
half, speaks for neither. The price only falls, so that the first can be supported or speak for neither, no more.
"""

from feint.scenarios.bibliography import HAZARDS_2023
from feint.scenarios.release.affordability import at_release, decade_gain, reached
from feint.scenarios.release.training_protocols import NEW, WRAPPED, fine_tuned
from feint.sim.analysis.claims import Claim, Part, at_least, rises
from feint.sim.analysis.estimands import SHARE, SHARE_DIFFERENCE, MeanEstimand

REVIVED, ADDED = fine_tuned(WRAPPED), fine_tuned(NEW)
TENTH = rises(0.1)

CLAIM = Claim(
    name="falling-cost",
    source=HAZARDS_2023,
    section="mechanism 1, cost reduction",
    statement="Reduced costs of fine-tuning enable malicious non-state actors to develop dangerous capabilities.",
    parts=(
        Part(
            "wrapped",
            MeanEstimand(
                "share who can pay for the wrapped hazard, a decade on less at release",
                decade_gain,
                REVIVED,
                limits=SHARE_DIFFERENCE,
            ),
            TENTH,
        ),
        Part(
            "new",
            MeanEstimand(
                "share who can pay for a new hazard, a decade on less at release",
                decade_gain,
                ADDED,
                limits=SHARE_DIFFERENCE,
            ),
            TENTH,
        ),
        Part(
            "skills",
            MeanEstimand("share of fine-tunes towards a new hazard that lead there", reached, ADDED, limits=SHARE),
            at_least(0.5, 0.1),
        ),
        Part(
            "already",
            MeanEstimand("share who can pay for the wrapped hazard at the release", at_release, REVIVED, limits=SHARE),
            at_least(0.5, 0.1),
            tested=False,
        ),
    ),
)
