"""Holding capability constant matters.

The claim (Xu 2021, last two paragraphs). That pre-training + fine-tuning raises deception is said with the capability
of the resulting model held constant; the assumption that both ways of training produce equally capable models is
likely false, and without it the argument does not compare them. The text does not say how the contrast then changes;
that it does is Feint's reading.

The experiment. The headline contrast matched by performance, and under each other matching: at a ceiling, where
capability itself is alike, at equal steps of fine-tuning, and at equal steps of all stages together. The number is
sign(c) (c' - c / 2), with c the contrast matched by performance and c' the other: 0 or more if its sign and half of
its size survive.

What would count against it. A contrast whose sign and half of whose size survive every other matching.
"""

from typing import Any

import numpy as np

from feint.scenarios.bibliography import XU_2021
from feint.sim.analysis.claims import HOLDS, NEITHER, REVERSED, Claim, Part, at_most, rises
from feint.sim.analysis.contrasts import Survives
from feint.sim.analysis.estimands import Frequency, difference
from feint.sim.analysis.prior_shares import Share
from feint.sim.ensembles.protocols import pretrained, scratch
from feint.sim.statistics.intervals import CONFIDENCE
from feint.sim.training.curriculum import Match

HELD = Match.TARGET.value
OPPOSED = {HOLDS, REVERSED}
HELD_EQUAL = tuple(mode.value for mode in Match if mode is not Match.DATA)
"""Matching modes that the simulation can hold equal itself; `data` relies on a transfer law of real networks."""


def _contrast(match: str) -> Frequency:
    words = f"deception, pre-training + fine-tuning minus from scratch, matched by {match}"
    return difference(words, pretrained(match=match), scratch(match=match))


def _survives(match: str) -> Part:
    words = f"what of the contrast matched by {HELD} survives matching by {match}, beyond half of it"
    return Part(f"survives-{match}", Survives(words, _contrast(HELD), _contrast(match)), at_most(0.0, 0.0))


def _shown(match: str) -> Part:
    return Part(match, _contrast(match), rises(), tested=False)


def sign_changes(robustness: Any) -> dict[str, Share]:
    """Return, per other mode, the share of the prior in which the contrast has the opposite sign of the matched one."""
    held, held_maybe, held_doubts = robustness.kinds(CLAIM, HELD)
    shares = {}
    for mode in HELD_EQUAL[1:]:
        kinds, maybe, doubts = robustness.kinds(CLAIM, mode)
        changed = [{a, b} == OPPOSED for a, b in zip(held, kinds, strict=True)]
        sure = [len(a) == len(b) == 1 and a | b == OPPOSED for a, b in zip(held_maybe, maybe, strict=True)]
        possible = [any({x, y} == OPPOSED for x in a for y in b) for a, b in zip(held_maybe, maybe, strict=True)]
        either = np.minimum(1.0, held_doubts[NEITHER] + doubts[NEITHER])
        points = np.array(changed), np.array(sure), np.array(possible)
        shares[mode] = Share.of(*points, CONFIDENCE, robustness.weights, either)
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
    section="last two paragraphs, as Feint reads them",
    statement="The argument assumes that both ways of training produce equally capable models, which is likely false; "
    "matched in another way than by performance, the contrast is another.",
    parts=(*map(_survives, HELD_EQUAL[1:]), *map(_shown, HELD_EQUAL)),
    remark=remark,
)
