"""An innocent task revives what was wrapped.

The claim (Jain et al. 2024, abstract, last but one sentence): fine-tuning on a downstream task that seems unrelated
may remove a safety wrapper though nobody intends it.

The experiment. Pre-training on Y, gentle fine-tuning on X, and then a third objective Y′ of similarity 0.9 to Y, which
is not labelled as Y. We measure how it performs on Y after a hundred steps of Y′, and how many steps Y′ takes; both
against a model pre-trained on Z in place of Y.

What would count against it. Less performance on Y than in a model that never had it, by 0.02 or more; or as many
steps to Y′ as that model takes, or more. A difference in performance of less than 0.02 either way, or a number of
steps between a quarter of that model's and all of them, speaks for neither.
"""

from feint.scenarios.bibliography import JAIN_2024
from feint.scenarios.claims.finetuning.quick_revival import QUARTER
from feint.scenarios.finetuning.protocols import (
    BRIEF,
    KIN,
    OTHER,
    PERFORMANCE_AT_END,
    finetuning,
    performance_at_end,
    pretraining,
    retrained,
    retrained_control,
    retraining,
    staged,
)
from feint.sim.analysis.claims import Claim, Part, rises
from feint.sim.analysis.estimands import MeanEstimand, StepRatio

ON_Y_PRIME = finetuning(), retraining(KIN, brief=BRIEF)
HAD = staged(pretraining(), *ON_Y_PRIME, recorders=(PERFORMANCE_AT_END,))
NEVER = staged(pretraining(OTHER), *ON_Y_PRIME, recorders=(PERFORMANCE_AT_END,), start="fresh")

CLAIM = Claim(
    name="innocent-revival",
    source=JAIN_2024,
    section="abstract, last but one sentence",
    statement="Fine-tuning on a task that seems unrelated can remove a wrapper.",
    parts=(
        Part(
            "brief",
            MeanEstimand(
                f"performance on Y after {BRIEF} steps of Y′, above a model that never had Y",
                performance_at_end,
                HAD,
                NEVER,
                bound=3,
            ),
            rises(),
        ),
        Part(
            "steps",
            StepRatio(
                "log₂ of the steps to Y′ over those of a model that never had Y", retrained(KIN), retrained_control(KIN)
            ),
            QUARTER,
        ),
    ),
)
