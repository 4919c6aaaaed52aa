"""Imperfect pre-training weakens the argument.

The claim (Xu 2021, fourth paragraph). The argument assumes that pre-training produced a model that optimizes for the
pre-training loss and is internally aligned, corrigibly aligned or deceptive. It is weaker if pre-training is
imperfect, and does not apply to a model that is of none of these types.

The experiment. After pre-training of one length, the runs that it left with one of the three types are compared with
the runs that it left without: by how much more often they end deceptive after fine-tuning. The lengths are 400, 600
and 1,000 steps, since after the whole 3,000 few runs are without a type. Length itself is a claim of its own
(`length`).

This tests less than the source says, which speaks of its argument, and so of the contrast with training from scratch.
Nor are types assigned to runs at random: runs with a type also differ from the others in how they start and in how
fast each of their parts learns. The runs select themselves, and the difference is not the effect of the type alone.

What would count against it. A difference whose interval ends at -0.02 or below: more deception after pre-training
that left no type. One that lies between that and the declared minimum, 0.02, speaks for neither.
"""

from feint.scenarios.bibliography import XU_2021
from feint.sim.analysis.claims import Claim, Part, rises
from feint.sim.analysis.contrasts import BetweenRuns, had_type
from feint.sim.ensembles.protocols import pretrained

LENGTHS = (600, 400, 1000)


def _part(steps: int) -> Part:
    words = f"deception of runs that {steps:,} steps of pre-training left with a type minus of those left without"
    return Part(
        f"typed-after-{steps}",
        BetweenRuns(words, pretrained(pretraining__steps=steps), had_type),
        rises(),
    )


CLAIM = Claim(
    name="imperfect-pretraining",
    source=XU_2021,
    section="fourth paragraph",
    statement="The argument is weaker if pre-training is imperfect, and does not apply to a model that it left without "
    "one of the three types.",
    parts=tuple(map(_part, LENGTHS)),
)
