"""From a corrigibly aligned model, the pointer's stiffness and nearness to deception decide.

The claim (Xu 2021, second case). A model that points at Y begins fine-tuning with a misaligned pointer. How likely
fine-tuning then ends in deception is controlled by how easy it is to shift the pointer, and by how far the current
capabilities are from deception. The direction is Feint's reading: the harder the pointer is to shift and the
nearer the capabilities are to deception, the more often.

The experiment. Runs start corrigibly aligned with Y and are pre-trained on Y, which leaves them so and teaches them
about X and about being in training. They are then fine-tuned on X. "How easy it is to shift the pointer" can be read
in two ways, and both are tested, over five levels of the prior from easy to hard: how strongly SGD moves the pointer
(`plasticity_pointer` from 50 to 0.5), and how far the pointer has to go past wrong concepts (`decoys` from 0 to 5,
the log number of concepts that it could land on, which a prepared start keeps for X). Nearness is as in the internal
case. The bare case, in which fine-tuning begins at the prepared start itself, is shown as well.

As there, to reset awareness or horizon puts back their whole group, and with it the belief about what the mind is
trained for, which becomes that of the prepared start: sure of Y. The source's models understand their training by
then; these two doses are of a mind that has to find out again that it is in training, and for what.

What would count against it. A rise of deception along the levels whose interval ends at -0.02 or below, which is a
fall; one that lies between that and the declared minimum, 0.02, speaks for neither. Each dose is judged by itself, and
the verdict is mixed where they differ.
"""

from feint.scenarios.bibliography import XU_2021
from feint.scenarios.claims.pretraining.internal_case import Dose, case
from feint.sim.analysis.claims import Claim

CLAIM = Claim(
    name="corrigible-case",
    source=XU_2021,
    section="second case",
    statement="If pre-training left a pointer to its objective, deception after fine-tuning is controlled by how easy "
    "it is to shift the pointer and by how far the capabilities are from deception.",
    parts=case(
        "corrigible",
        Dose("stiffness", "plasticity_pointer", 50.0, 0.5, log=True),
        Dose("decoys", "decoys", 0.0, 5.0),
    ),
)
