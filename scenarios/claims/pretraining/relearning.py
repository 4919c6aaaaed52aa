"""Changing a written objective is about as hard as writing it from scratch.

The claim (Xu 2021, first case).

The experiment. All routes but the written goal are closed: the pointer does not move, there is no run-time inference,
the representation stays where it is and runs do not differ in their scalars. Both protocols start equally capable (C
= 4) and with the same representation (B = 4), one with u = b_Y, the other with its initial draw. We count the steps
to the target, run by run, over the similarity of the objectives from 0 to 0.95. At a similarity of 0.5 both starts
are equally far from X: what is counted there is whether the way is as long if the distance is the same. Elsewhere the
distance from Y, 2 (1 - similarity), differs from that from the initial draw, about 1.

The law. With the other routes closed, the distance of the written goal from X along mode k shrinks by the factor
e^(-2 c β² η λ_k) per step, with η = learning_rate · plasticity_goal · R: the error falls as Σ_k λ_k d_k² e^(-4 c β² η
λ_k t) from d, where the run starts. So the number of steps depends on the distance alone, and little on it: the page
on the claims has the formula, and a test holds the experiment to it.

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
EQUAL = 0.5  # similarity at which both starts are equally far from X
SIMILARITIES = (EQUAL, 0.0, 0.25, 0.75, 0.95)


def _part(similarity: float) -> Part:
    changes = {**CLOSED, "similarity": similarity}
    where = "at equal distance" if similarity == EQUAL else f"at similarity {similarity:g}"
    words = f"log₂ of the steps to X from Y over those from the initial draw, {where}, other routes closed"
    estimand = StepRatio(words, protocol=scratch(start="internal", **changes), over=scratch(**changes))
    name = "equal-distance" if similarity == EQUAL else f"similarity-{similarity:g}"
    return Part(name, estimand, within(log2(FACTOR)))


CLAIM = Claim(
    name="relearning",
    source=XU_2021,
    section="first case",
    statement="To change an internal objective from the pre-training loss to the fine-tuning loss is about as hard as "
    "to learn the fine-tuning loss from scratch.",
    parts=tuple(map(_part, SIMILARITIES)),
)
