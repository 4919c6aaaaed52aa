"""Shared costs bring out more capable models, past oversight.

The claim (Hazards from Increasingly Accessible Fine-Tuning, 2023, mechanism 2): decentralised training and the
composition of experts let collectives make models beyond what each could make, and may bypass oversight. It breaks
where decentralised training is much less efficient, or where composition brings no gain in capability.

The experiment. Pools of ten actors with log-normal budgets pay for a hazard that the released model never had, at a
loss of efficiency that grows with their number. We report the share of pools that can pay, less that of single actors,
and the same difference for those that an evaluation does not detect; it detects pools less often. Then three experts of
one parent, for customisation, a language and defence, are merged; we report their mean performance on all three less
that of the best expert.

What would count against it. A share of pools that can pay below that of single actors, by a tenth or more; a merge
less general than the best expert, by 0.02 or more. Less than these, either way, speaks for neither.
"""

from functools import partial

from feint.scenarios.bibliography import HAZARDS_2023
from feint.scenarios.release.affordability import ExpertsMean, merging_gain, pooling_gain, undetected_gain
from feint.scenarios.release.training_protocols import NEW, fine_tuned
from feint.sim.analysis.claims import Claim, Part, rises
from feint.sim.analysis.estimands import SHARE_DIFFERENCE, MeanEstimand

ADDED = fine_tuned(NEW)
TENTH = rises(0.1)

CLAIM = Claim(
    name="shared-costs",
    source=HAZARDS_2023,
    section="mechanism 2, cost sharing",
    statement="Decentralised training and composition let collectives make more capable models and bypass oversight.",
    parts=(
        Part(
            "pooled",
            MeanEstimand(
                "share who can pay for a new hazard, in pools of ten less alone",
                pooling_gain,
                ADDED,
                limits=SHARE_DIFFERENCE,
            ),
            TENTH,
        ),
        Part(
            "unseen",
            MeanEstimand(
                "the same of those whom an evaluation does not find", undetected_gain, ADDED, limits=SHARE_DIFFERENCE
            ),
            TENTH,
        ),
        Part(
            "composed",
            ExpertsMean("mean performance on three domains, experts merged less the best expert", merging_gain),
            rises(),
        ),
        Part(
            "dear",
            MeanEstimand(
                "pooled, where a pool does no more than one member's part pays",
                partial(pooling_gain, loss=1.0),
                ADDED,
                limits=SHARE_DIFFERENCE,
            ),
            TENTH,
            tested=False,
        ),
    ),
)
