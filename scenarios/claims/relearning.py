"""Changing a written objective is about as hard as writing it from scratch.

The claim (Xu 2021, first case).

The experiment. All routes but the written goal are closed: the pointer does not move, there is no run-time inference,
the representation stays where it is and runs do not differ in their scalars. Both protocols start equally capable
(C = 4) and with the same representation (B = 4), one with u = b_Y, the other with its initial draw. We count the steps
to the target, run by run.

What would count against it. Steps that differ by more than a factor of 1.5 either way, in the median.
"""

from math import log2

from feint.scenarios.bibliography import XU_2021
from feint.sim.analysis.claims import Claim, Part, within
from feint.sim.analysis.estimands import StepRatio
from feint.sim.ensembles.protocols import scratch

CLOSED = {
    "plasticity_pointer": 0.0,
    "plasticity_representation": 0.0,
    "inference_power": 0.0,
    "init_spread": 0.0,
    "capability_init": 4.0,
    "representation_init": 4.0,
}
FACTOR = 1.5

CLAIM = Claim(
    name="relearning",
    source=XU_2021,
    section="first case",
    statement="To change an internal objective from the pre-training loss to the fine-tuning loss is about as hard as "
    "to learn the fine-tuning loss from scratch.",
    parts=(
        Part(
            "steps",
            StepRatio(
                "log₂ of the steps to X from Y over those from the initial draw, other routes closed",
                protocol=scratch(start="internal", **CLOSED),
                over=scratch(**CLOSED),
            ),
            within(log2(FACTOR)),
        ),
    ),
)
