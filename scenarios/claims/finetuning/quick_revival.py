"""What was wrapped is revived in a few steps.

The claim (Jain et al. 2024, abstract, iii): further fine-tuning on a task for which the wrapped capability is relevant
revives it sample-efficiently, in a few gradient steps. There it took 0.1 to 1 thousand steps, against 4.5 thousand of
a model that never had the capability: ratios of 0.02 to 0.22.

The experiment. Pre-training on Y, gentle fine-tuning on X, and Y again until its target is reached. We count the
steps, run by run, against learning Y from scratch and against a model pre-trained on Z in place of Y.

What would count against it. As many steps, or more. What lies between that and a quarter of the steps, which is above
all ratios of the source, speaks for neither.
"""

from feint.scenarios.bibliography import JAIN_2024
from feint.scenarios.finetuning.protocols import from_scratch, retrained, retrained_control
from feint.sim.analysis.claims import Claim, Part, at_most
from feint.sim.analysis.estimands import StepRatio

QUARTER = at_most(-2.0, 0.0)

CLAIM = Claim(
    name="quick-revival",
    source=JAIN_2024,
    section="abstract, (iii)",
    statement="Further fine-tuning on a task for which the wrapped capability is relevant revives it in a few steps.",
    parts=(
        Part(
            "never",
            StepRatio(
                "log₂ of the steps back to Y over those of a model that never had Y", retrained(), retrained_control()
            ),
            QUARTER,
        ),
        Part(
            "scratch",
            StepRatio("log₂ of the steps back to Y over those from scratch", retrained(), from_scratch()),
            QUARTER,
        ),
    ),
)
