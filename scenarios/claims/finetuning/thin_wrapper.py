"""Fine-tuning learns a thin wrapper on top of what is there.

The claim (Jain et al. 2024, abstract, ii): typically a minimal transformation, a wrapper, is learned on top of the
underlying capability, which creates the illusion that it has been modified. Pruning a few units brings it back.

The experiment. Pre-training on Y, then gentle fine-tuning on X. The change of behaviour is divided exactly among gate,
pointer, representation and goal, over the 2⁴ ways of putting them back to where fine-tuning found them. Gate and
pointer are the wrapper, representation and goal the core: this division is Feint's, not the source's.

What would count against it. That the core carries more of what is gained on X, or of what is lost on Y, than the
wrapper does, by 0.02 or more. A difference of less than 0.02 either way speaks for neither.
"""

from feint.scenarios.bibliography import JAIN_2024
from feint.scenarios.finetuning.protocols import finetuned, regained_on_y, wrapper_gain_on_x, wrapper_loss_on_y
from feint.sim.analysis.claims import Claim, Part, rises
from feint.sim.analysis.estimands import MeanEstimand

RANGE = 4  # performance lies between -3 and 1 for behaviours of unit norm

CLAIM = Claim(
    name="thin-wrapper",
    source=JAIN_2024,
    section="abstract, (ii)",
    statement="A minimal transformation, a wrapper, is typically learned on top of the underlying capabilities.",
    parts=(
        Part(
            "gained",
            MeanEstimand(
                "performance gained on X by gate and pointer, less by representation and goal",
                wrapper_gain_on_x,
                finetuned(),
                bound=2 * RANGE,
            ),
            rises(),
        ),
        Part(
            "lost",
            MeanEstimand(
                "performance lost on Y by gate and pointer, less by representation and goal",
                wrapper_loss_on_y,
                finetuned(),
                bound=2 * RANGE,
            ),
            rises(),
        ),
        Part(
            "regained",
            MeanEstimand(
                "performance regained on Y with gate and pointer put back", regained_on_y, finetuned(), bound=RANGE
            ),
            rises(),
            tested=False,
        ),
    ),
)
