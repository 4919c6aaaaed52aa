"""Holding capability constant matters.

The claim (Xu 2021, last two paragraphs). That pre-training + fine-tuning raises deception is said with the capability
of the resulting model held constant; without that, the two ways end in models that are not equally capable, and the
argument does not compare them.

The experiment. The headline contrast matched by performance, less the same contrast at equal steps of fine-tuning;
and the contrast by each other mode of matching.

What would count against it. A contrast that is the same when capability is let go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from feint.scenarios.bibliography import XU_2021
from feint.sim.analysis.claims import HOLDS, REVERSED, Claim, Part, apart, rises
from feint.sim.analysis.estimands import Frequency, Term, difference
from feint.sim.analysis.prior_shares import Share
from feint.sim.ensembles.protocols import pretrained, scratch
from feint.sim.statistics.intervals import CONFIDENCE
from feint.sim.training.matching_rules import Match

if TYPE_CHECKING:
    from feint.scenarios.argument.robustness import Robustness

HELD = Match.TARGET.value
OPPOSED = {HOLDS, REVERSED}
HELD_EQUAL = tuple(mode.value for mode in Match if mode is not Match.DATA)
"""What is held equal in the race itself; `data` goes by the scale of a law of real networks, which is a convention."""


def _contrast(match: str, sign: int = 1) -> tuple[Term, Term]:
    return Term(pretrained(match=match), sign=sign), Term(scratch(match=match), sign=-sign)


def _less(match: str) -> Part:
    words = f"the contrast in deception matched by {HELD} less that by {match}"
    return Part(name=f"less-{match}", estimand=Frequency(words, _contrast(HELD) + _contrast(match, -1)), rule=apart())


def _shown(match: str) -> Part:
    words = f"deception, pre-training + fine-tuning minus from scratch, matched by {match}"
    contrast = difference(words, pretrained(match=match), scratch(match=match))
    return Part(name=match, estimand=contrast, rule=rises(), tested=False)


def sign_changes(spread: Robustness) -> dict[str, Share]:
    """Over what share of the prior the contrast by each other mode has the other sign than where it is held."""
    held, held_maybe = spread.kinds(CLAIM, HELD)
    found = {}
    for mode in HELD_EQUAL[1:]:
        kinds, maybe = spread.kinds(CLAIM, mode)
        changed = [{a, b} == OPPOSED for a, b in zip(held, kinds, strict=True)]
        sure = [len(a) == len(b) == 1 and a | b == OPPOSED for a, b in zip(held_maybe, maybe, strict=True)]
        possible = [any({x, y} == OPPOSED for x in a for y in b) for a, b in zip(held_maybe, maybe, strict=True)]
        found[mode] = Share.of(np.array(changed), np.array(sure), np.array(possible), CONFIDENCE)
    return found


def remark(spread: Robustness) -> str:
    """Where the contrast changes its sign."""
    told = (
        f"by {mode} {share.sampling.estimate:.2f} [{share.interval.low:.2f}, {share.interval.high:.2f}]"
        for mode, share in sign_changes(spread).items()
    )
    return (
        f"Of the prior, the contrast has the other sign than matched by {HELD} where it is matched {', '.join(told)}."
    )


CLAIM = Claim(
    number=10,
    name="matching",
    title="Holding capability constant matters",
    source=XU_2021,
    section="last two paragraphs",
    statement="That pre-training + fine-tuning favours deception is said of equally capable models; where capability "
    "is not held constant, the contrast is another.",
    parts=(_less("steps"), *(_shown(mode) for mode in HELD_EQUAL)),
    remark=remark,
)
