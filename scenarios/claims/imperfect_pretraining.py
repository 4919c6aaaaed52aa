"""Imperfect pre-training weakens the argument.

The claim (Xu 2021, third paragraph). The argument assumes that pre-training ends in a model that optimizes for the
pre-training loss; if it does not, the argument is weaker.

The experiment. Pre-training is stopped at a performance of 0.25, 0.5 or 0.75, and compared with the whole of it.

What would count against it. As much or more deception after fine-tuning a model that was pre-trained less.
"""

from feint.scenarios.bibliography import XU_2021
from feint.sim.analysis.claims import Claim, Part, rises
from feint.sim.analysis.estimands import difference
from feint.sim.ensembles.protocols import pretrained

STOPS = (0.5, 0.25, 0.75)


def _part(stop: float) -> Part:
    words = f"deception after the whole of pre-training minus after one stopped at performance {stop:g}"
    stopped = pretrained(pretraining__target=stop)
    return Part(f"stopped-at-{stop:g}", difference(words, pretrained(), stopped), rises())


CLAIM = Claim(
    name="imperfect-pretraining",
    source=XU_2021,
    section="third paragraph",
    statement="The argument is weaker where pre-training leaves its loss high.",
    parts=tuple(map(_part, STOPS)),
)
