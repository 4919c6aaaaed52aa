"""A large learning rate destroys the core.

The claim (Jain et al. 2024, compiled transformers): at the largest learning rate the capability itself is destroyed
and is not revived, at one ten times smaller it survives.

The experiment. Pre-training on Y, then fine-tuning on X for the same number of steps at a tenth of pre-training's
learning rate, or at all of it. In this model a rate ten times larger is nearly ten times as much learning: the
experiment varies the amount of fine-tuning, and cannot distinguish it from the rate.

What would count against it. Y can be read better after the larger rate, by 0.02 or more, or it takes half the steps
back to Y, or fewer. A difference of less than 0.02, or of less than a factor of two in the steps, either way speaks
for neither.
"""

from feint.scenarios.bibliography import JAIN_2024
from feint.scenarios.finetuning.protocols import LARGE, finetuned, readability_after, retrained
from feint.sim.analysis.claims import Claim, Part, rises
from feint.sim.analysis.estimands import MeanEstimand, StepRatio

CLAIM = Claim(
    name="large-rate",
    source=JAIN_2024,
    section="results on compiled transformers",
    statement="At a large learning rate fine-tuning destroys the capability, and it is not revived.",
    parts=(
        Part(
            "probe",
            MeanEstimand(
                "of Y to be read after gentle fine-tuning, less after that at pre-training's own learning rate",
                readability_after,
                finetuned(),
                finetuned(LARGE),
            ),
            rises(),
        ),
        Part(
            "steps",
            StepRatio(
                "log₂ of the steps back to Y after the large rate over those after the gentle one",
                retrained(rate=LARGE),
                retrained(),
            ),
            rises(1.0),
        ),
    ),
)
