"""Holding capability constant matters.

The claim (Xu 2021, last two paragraphs). That pre-training + fine-tuning raises deception is said with the capability
of the resulting model held constant; without that, the two ways end in models that are not equally capable, and the
argument does not compare them.

The experiment. The headline contrast matched by performance, less the same contrast at equal steps of fine-tuning;
and the contrast by each other mode of matching.

What would count against it. A contrast that is as large, or larger, when capability is let go.
"""

from feint.scenarios.sources import XU_2021
from feint.sim.claims import Claim, Part, rises
from feint.sim.matching import Match
from feint.sim.point import pretrained, scratch
from feint.sim.quantities import Frequency, Term, difference

HELD = Match.TARGET.value


def _contrast(match: str, sign: int = 1) -> tuple[Term, Term]:
    return Term(pretrained(match=match), sign=sign), Term(scratch(match=match), sign=-sign)


def _less(match: str) -> Part:
    words = f"the contrast in deception matched by {HELD} less that by {match}"
    return Part(name=f"less-{match}", quantity=Frequency(words, _contrast(HELD) + _contrast(match, -1)), rule=rises())


def _shown(match: str) -> Part:
    words = f"deception, pre-training + fine-tuning minus from scratch, matched by {match}"
    contrast = difference(words, pretrained(match=match), scratch(match=match))
    return Part(name=match, quantity=contrast, rule=rises(), tested=False)


CLAIM = Claim(
    number=10,
    name="matching",
    title="Holding capability constant matters",
    source=XU_2021,
    section="last two paragraphs",
    statement="That pre-training + fine-tuning favours deception is said of equally capable models; where capability "
    "is not held constant, the contrast is another, and smaller.",
    parts=(_less("steps"), *(_shown(mode.value) for mode in Match)),
)
