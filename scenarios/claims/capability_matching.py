"""Holding capability constant matters.

The claim (Xu 2021, last two paragraphs). That pre-training + fine-tuning raises deception is said with the capability
of the resulting model held constant; otherwise the two protocols end in models that are not equally capable, and the
argument does not compare them.

The experiment. The headline contrast matched by performance, minus the same contrast at equal steps of fine-tuning;
and the contrast under each other matching mode.

What would count against it. A contrast that stays the same when capability is not held constant.
"""

from typing import Any

import numpy as np

from feint.scenarios.bibliography import XU_2021
from feint.sim.analysis.claims import HOLDS, REVERSED, Claim, Part, apart, rises
from feint.sim.analysis.estimands import Frequency, Term, difference
from feint.sim.analysis.prior_shares import Share
from feint.sim.ensembles.protocols import pretrained, scratch
from feint.sim.statistics.intervals import CONFIDENCE
from feint.sim.training.curriculum import Match

HELD = Match.TARGET.value
OPPOSED = {HOLDS, REVERSED}
HELD_EQUAL = tuple(mode.value for mode in Match if mode is not Match.DATA)
"""Matching modes that the simulation can hold equal itself; `data` relies on a transfer law of real networks."""


def _contrast(match: str, sign: int = 1) -> tuple[Term, Term]:
    return Term(pretrained(match=match), sign=sign), Term(scratch(match=match), sign=-sign)


def _less(match: str) -> Part:
    words = f"the contrast in deception matched by {HELD} less that by {match}"
    return Part(f"less-{match}", Frequency(words, _contrast(HELD) + _contrast(match, -1)), apart())


def _shown(match: str) -> Part:
    words = f"deception, pre-training + fine-tuning minus from scratch, matched by {match}"
    contrast = difference(words, pretrained(match=match), scratch(match=match))
    return Part(match, contrast, rises(), tested=False)


def sign_changes(robustness: Any) -> dict[str, Share]:
    """Return, per other mode, the share of the prior in which the contrast has the opposite sign of the matched one."""
    held, held_maybe = robustness.kinds(CLAIM, HELD)
    shares = {}
    for mode in HELD_EQUAL[1:]:
        kinds, maybe = robustness.kinds(CLAIM, mode)
        changed = [{a, b} == OPPOSED for a, b in zip(held, kinds, strict=True)]
        sure = [len(a) == len(b) == 1 and a | b == OPPOSED for a, b in zip(held_maybe, maybe, strict=True)]
        possible = [any({x, y} == OPPOSED for x in a for y in b) for a, b in zip(held_maybe, maybe, strict=True)]
        shares[mode] = Share.of(np.array(changed), np.array(sure), np.array(possible), CONFIDENCE)
    return shares


def remark(robustness: Any) -> str:
    """Return a sentence on how often the sign of the contrast depends on the matching mode."""
    listed = (
        f"by {mode} {share.sampling.estimate:.2f} [{share.interval.low:.2f}, {share.interval.high:.2f}]"
        for mode, share in sign_changes(robustness).items()
    )
    return (
        f"Of the prior, the contrast has the other sign than matched by {HELD} where it is matched {', '.join(listed)}."
    )


CLAIM = Claim(
    name="matching",
    source=XU_2021,
    section="last two paragraphs",
    statement="That pre-training + fine-tuning favours deception is said of equally capable models; where capability "
    "is not held constant, the contrast is another.",
    parts=(_less("steps"), *(_shown(mode) for mode in HELD_EQUAL)),
    remark=remark,
)
