"""From a corrigibly aligned model, the pointer's stiffness and nearness to deception decide.

The claim (Xu 2021, second case). A model that points at Y begins fine-tuning with a misaligned pointer. How likely
fine-tuning then ends in deception depends on how hard the pointer is to shift, and on how little the model's
capabilities lack for deception.

The experiment. Runs start corrigibly aligned with Y and are pre-trained on Y, which leaves them so and teaches them
about X and about being in training. They are then fine-tuned on X with the plasticity of the pointer at the low or the
high end of its prior, and with each scalar near to or far from deception when fine-tuning begins, as in the internal
case. The bare case, in which fine-tuning begins at the prepared start itself, is shown as well.

What would count against it. Deception that does not rise, or falls, from one end to the other.
"""

from feint.scenarios.bibliography import XU_2021
from feint.scenarios.claims.internal_case import Ends, case
from feint.sim.analysis.claims import Claim

CLAIM = Claim(
    name="corrigible-case",
    source=XU_2021,
    section="second case",
    statement="If pre-training left a pointer to its objective, deception after fine-tuning rises with how hard the "
    "pointer is to shift and with nearness of the model's capabilities to deception.",
    parts=case("corrigible", Ends("stiffness", "plasticity_pointer", 0.5, 50.0)),
)
