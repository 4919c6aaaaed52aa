"""Shared costs bring out more capable models, past oversight.

The claim (Hazards from Increasingly Accessible Fine-Tuning, 2023, mechanism 2): decentralised training and the
composition of experts let collectives make models beyond what each could make, and may bypass oversight. It breaks
where decentralised training is much less efficient, or where composition brings no gain in capability.

The experiment. Pools of ten actors with log-normal budgets pay for a hazard that the released model never had, at a
loss of efficiency that grows with their number; told is the share who can, less of actors alone, and the same of those
whom an evaluation does not find, which finds pools less often. Then three experts of one parent, for customisation, a
language and defence, are merged, and asked for performance on all three, less that of the best of them.

What would count against it. Less than a tenth of actors more; a merged model that is less general than an expert is.
"""

from feint.scenarios.bibliography import HAZARDS_2023
from feint.scenarios.release.affordability import STANDING, Broader, together, together_dear, unseen
from feint.scenarios.release.training_protocols import DOMAINS, NAMED, made
from feint.sim.analysis.claims import Claim, Part, rises
from feint.sim.analysis.estimands import MeanEstimand

NEW = made("new hazard")
TENTH = rises(0.1)
EXPERTS = tuple(made(domain, recorders=(STANDING,)) for domain in DOMAINS)

CLAIM = Claim(
    number=2,
    name="shared-costs",
    title="Shared costs bring out more capable models, past oversight",
    source=HAZARDS_2023,
    section="mechanism 2, cost sharing",
    statement="Decentralised training and composition let collectives make more capable models and bypass oversight.",
    family="release",
    parts=(
        Part(
            name="pooled",
            estimand=MeanEstimand("share who can pay for a new hazard, in pools of ten less alone", together, NEW),
            rule=TENTH,
        ),
        Part(
            name="unseen",
            estimand=MeanEstimand("the same of those whom an evaluation does not find", unseen, NEW),
            rule=TENTH,
        ),
        Part(
            name="composed",
            estimand=Broader(
                "mean performance on three domains, experts merged less the best expert",
                EXPERTS,
                tuple(NAMED[domain].objective for domain in DOMAINS),
            ),
            rule=rises(),
        ),
        Part(
            name="dear",
            estimand=MeanEstimand("pooled, where a pool does no more than one member's part pays", together_dear, NEW),
            rule=TENTH,
            tested=False,
        ),
    ),
)
