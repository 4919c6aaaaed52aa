"""What is of little use for the new task is altered more, and revived later.

The claim (Jain et al. 2024, results on grammars): where the pre-trained capability is strongly relevant to the
fine-tuning task, reverse fine-tuning takes 0.1 to 1 thousand steps, and about 3 thousand if it is weakly relevant.

The experiment. Pre-training on Y, gentle fine-tuning on an X of similarity 0.9 or 0.1 to Y, and Y again. The source's
relevance is how often pre-training showed the operand that fine-tuning asks for; this model has similarity of the
objectives instead, which is not quite the same.

What would count against it. Half the steps back to Y after the unlike X, or fewer, or more of Y to be read, by 0.02
or more. Less than a factor of two in the steps, or than 0.02 in what is read, either way speaks for neither.
"""

from feint.scenarios.bibliography import JAIN_2024
from feint.scenarios.finetuning.protocols import finetuned, readability_after, retrained
from feint.sim.analysis.claims import Claim, Part, rises
from feint.sim.analysis.estimands import MeanEstimand, StepRatio

STRONG, WEAK = 0.9, 0.1

CLAIM = Claim(
    name="weak-relevance",
    source=JAIN_2024,
    section="results on grammars, strong and weak relevance",
    statement="A capability that is only weakly relevant to the fine-tuning task takes more steps to revive.",
    parts=(
        Part(
            "steps",
            StepRatio(
                "log₂ of the steps back to Y after an X unlike Y over those after one like Y",
                retrained(similarity=WEAK),
                retrained(similarity=STRONG),
            ),
            rises(1.0),
        ),
        Part(
            "probe",
            MeanEstimand(
                "of Y to be read after an X like Y, less after one unlike Y",
                readability_after,
                finetuned(similarity=STRONG),
                finetuned(similarity=WEAK),
            ),
            rises(),
        ),
    ),
)
