"""Pre-training + fine-tuning favours deception.

The claim (Xu, "Pre-Training + Fine-Tuning Favors Deception", 2021, second and last paragraph). With the capability of
the resulting model held constant, training on Y and then fine-tuning on X ends in deceptive alignment more often than
training on X directly.

The experiment. `compare`: both protocols from the same starts and on the same fine-tuning noise, each stopped as soon
as its performance reaches the target. Beside it, and not part of the verdict: the same at a target of 0.99, where
capability itself is alike; after 1,000, 12,000 and 100,000 steps of fine-tuning without a target, because the stop
comes after few steps in a pre-trained model; among the runs that converged; and with a gate that SGD cannot move,
which is the null model in which nothing rewards deception.

What would count against it. A paired difference in deception whose interval ends at minus the declared minimum or
below; one that lies between that and the minimum speaks for neither.
"""

from feint.scenarios.bibliography import XU_2021
from feint.sim.analysis.claims import Claim, Part, rises
from feint.sim.analysis.contrasts import Among, converged
from feint.sim.analysis.estimands import Term, difference
from feint.sim.ensembles.companions import COMPANIONS, Companion
from feint.sim.ensembles.protocols import pretrained, scratch

WORDS = "deception, pre-training + fine-tuning minus from scratch"


def _shown(companion: Companion) -> Part:
    words = f"{WORDS}, {companion.words}"
    plus, minus = (arm().with_changes(dict(companion.changes)) for arm in (pretrained, scratch))
    if companion.converged:
        contrast = Among(words, (Term(plus), Term(minus, sign=-1)), among=converged)
    else:
        contrast = difference(words, plus, minus)
    return Part(companion.name, contrast, rises(), tested=False)


CLAIM = Claim(
    name="headline",
    source=XU_2021,
    section="second and last paragraph",
    statement="With the capability of the resulting model held constant, pre-training + fine-tuning ends in deceptive "
    "alignment more often than training from scratch.",
    parts=(Part("difference", difference(WORDS, pretrained(), scratch()), rises()), *map(_shown, COMPANIONS)),
)
