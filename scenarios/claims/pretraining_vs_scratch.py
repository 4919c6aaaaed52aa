"""Pre-training + fine-tuning favours deception.

The claim (Xu, "Pre-Training + Fine-Tuning Favors Deception", 2021, second and last paragraph). With the capability of
the resulting model held constant, training on Y and then fine-tuning on X ends in deceptive alignment more often than
training on X directly.

The experiment. `compare`: both protocols from the same starts and on the same fine-tuning noise, each stopped as soon
as its performance reaches the target.

What would count against it. A paired difference in deception whose interval ends at or below zero; one that contains
zero decides nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from feint.scenarios.bibliography import XU_2021
from feint.sim.analysis.claims import Claim, Part, rises
from feint.sim.analysis.estimands import difference
from feint.sim.ensembles.protocols import pretrained, scratch

if TYPE_CHECKING:
    pass

CLAIM = Claim(
    name="headline",
    source=XU_2021,
    section="second and last paragraph",
    statement="With the capability of the resulting model held constant, pre-training + fine-tuning ends in deceptive "
    "alignment more often than training from scratch.",
    parts=(
        Part(
            "difference",
            difference("deception, pre-training + fine-tuning minus from scratch", pretrained(), scratch()),
            rises(),
        ),
    ),
)
