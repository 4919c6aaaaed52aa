"""Fine-tuning rarely alters what pre-training taught.

The claim (Jain et al. 2024, abstract, i): fine-tuning rarely alters the underlying capabilities of a model. There a
probe finds the feature of the pre-training task after nearly all ways of fine-tuning.

The experiment. Pre-training on Y, then gentle fine-tuning on X for as many steps. A probe measures how well Y can be
read from the terminal objective (`readable`), before and after, and in a model that never had Y. Applying what the
source says of capabilities to goals is an analogy.

What would count against it. That half or more of what can be read of Y is gone, or that a model that never had Y
shows more of it, by 0.02 or more. A loss between a tenth and one half, or a difference from such a model of less than
0.02 either way, speaks for neither.
"""

from feint.scenarios.bibliography import JAIN_2024
from feint.scenarios.finetuning.protocols import finetuned, finetuned_control, readability_after, readability_lost
from feint.sim.analysis.claims import Claim, Part, at_most, rises
from feint.sim.analysis.estimands import MeanEstimand

CLAIM = Claim(
    name="capability-remains",
    source=JAIN_2024,
    section="abstract, (i)",
    statement="Fine-tuning rarely alters the underlying capabilities of a model.",
    parts=(
        Part(
            "lost",
            MeanEstimand("of Y that can no more be read after gentle fine-tuning on X", readability_lost, finetuned()),
            at_most(0.1, 0.5),
        ),
        Part(
            "had",
            MeanEstimand(
                "of Y to be read, above a model that never had Y", readability_after, finetuned(), finetuned_control()
            ),
            rises(),
        ),
    ),
)
