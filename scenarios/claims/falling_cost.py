"""Falling costs bring hazards within reach of non-state actors.

The claim (Hazards from Increasingly Accessible Fine-Tuning, 2023, mechanism 1): the reduction of costs enables
non-state actors to fine-tune downloadable models for harm. It breaks where models cannot be effectively fine-tuned to
acquire dangerous skills.

The experiment. A model is released whose hazard is wrapped by safety fine-tuning; what it takes to revive it, and what
it takes to add a hazard that it never had, is counted in the engine and priced by a published cost. Told is what share
of log-normal budgets pays for it a decade after the release, less at the release; and whether training leads to the
new hazard at all.

What would count against it. Less than a tenth of actors more; a new hazard that most fine-tunes do not lead to.
"""

from feint.scenarios.bibliography import HAZARDS_2023
from feint.scenarios.release.affordability import later, now, reached
from feint.scenarios.release.training_protocols import made
from feint.sim.analysis.claims import Claim, Part, at_least, rises
from feint.sim.analysis.estimands import MeanEstimand

WRAPPED, NEW = made("wrapped hazard"), made("new hazard")
TENTH = rises(0.1)

CLAIM = Claim(
    number=1,
    name="falling-cost",
    title="Falling costs bring hazards within reach of non-state actors",
    source=HAZARDS_2023,
    section="mechanism 1, cost reduction",
    statement="Reduced costs of fine-tuning enable malicious non-state actors to develop dangerous capabilities.",
    family="release",
    parts=(
        Part(
            name="wrapped",
            estimand=MeanEstimand(
                "share who can pay for the wrapped hazard, a decade on less at release", later, WRAPPED
            ),
            rule=TENTH,
        ),
        Part(
            name="new",
            estimand=MeanEstimand("share who can pay for a new hazard, a decade on less at release", later, NEW),
            rule=TENTH,
        ),
        Part(
            name="skills",
            estimand=MeanEstimand("share of fine-tunes towards a new hazard that lead there", reached, NEW),
            rule=at_least(0.5, 0.1),
        ),
        Part(
            name="already",
            estimand=MeanEstimand("share who can pay for the wrapped hazard at the release", now, WRAPPED),
            rule=at_least(0.5, 0.1),
            tested=False,
        ),
    ),
)
