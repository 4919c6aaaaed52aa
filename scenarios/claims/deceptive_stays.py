"""A deceptive model stays deceptive.

The claim (Xu 2021, third case). If pre-training ended in deception, fine-tuning begins with a deceptive model. That
model already understands most of how it is trained, and to end otherwise, fine-tuning would have to align it before it
has worked out what fine-tuning rewards.

The experiment. Runs start deceptive towards Y (section 4 of the model's page) and are fine-tuned on X: as they are; to
the last step instead of stopping at the target; at three times the learning rate; and after a pre-training on Y whose
data contain nothing about X.

What would count against it. A share of deceptive runs whose interval ends at one half or below. The claim is supported
by a share of nine tenths or more, since Xu calls the outcome overwhelmingly likely.
"""

from feint.scenarios.bibliography import XU_2021
from feint.sim.analysis.claims import Claim, Part, at_least
from feint.sim.analysis.estimands import frequency
from feint.sim.ensembles.protocols import pretrained, scratch

STAYS = at_least(0.9, 0.5)

CLAIM = Claim(
    name="deceptive-stays",
    source=XU_2021,
    section="third case",
    statement="A model that is deceptive when fine-tuning begins most probably is so when it ends.",
    parts=(
        Part(
            "fine-tuned",
            frequency("deception after fine-tuning, from a deceptive start", scratch(start="deceptive")),
            STAYS,
        ),
        Part(
            "longer",
            frequency("the same, fine-tuned to the last step", scratch(start="deceptive", finetuning__target=0.0)),
            STAYS,
        ),
        Part(
            "faster",
            frequency("the same, at a learning rate of 3", scratch(start="deceptive", finetuning__learning_rate=3.0)),
            STAYS,
        ),
        Part(
            "untold",
            frequency(
                "deception after both stages, from a deceptive start, pre-training telling nothing of X",
                pretrained(start="deceptive", pretraining__coverage=0.0),
            ),
            STAYS,
        ),
    ),
)
