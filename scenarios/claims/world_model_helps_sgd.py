"""The detailed world model helps SGD too, and not more than deception.

The claim (Xu 2021, second case). Pre-training hands over a detailed world model. SGD can use it to build its pointer
to X earlier; but deception needs it as well, so it favours the pointer no more than in training from scratch.

The experiment. Pre-training + fine-tuning with only the world model carried over, against nothing carried over: by how
much more often runs end deceptive, minus by how much more often they end corrigible.

What would count against it. A world model that favours the pointer over the gate. If it favours neither, the claim
holds, since it only says that alignment is not favoured.
"""

from feint.agents.outcome import Outcome
from feint.scenarios.bibliography import XU_2021
from feint.sim.analysis.claims import Claim, Part, no_fall, rises
from feint.sim.analysis.estimands import DECEPTIVE, Frequency, Term, difference
from feint.sim.ensembles.protocols import pretrained, scratch

CORRIGIBLE = Outcome.CORRIGIBLE.label
CARRIED, NOTHING = pretrained(finetuning__carry=("world",)), scratch()

CLAIM = Claim(
    name="world-model",
    source=XU_2021,
    section="second case",
    statement="A detailed world model lets SGD build its pointer earlier, but it favours alignment no more than "
    "deception, which needs it as well.",
    parts=(
        Part(
            "gate-or-pointer",
            Frequency(
                "what the world model alone adds to deception, less what it adds to corrigibility",
                (
                    Term(CARRIED, DECEPTIVE),
                    Term(NOTHING, DECEPTIVE, -1),
                    Term(CARRIED, CORRIGIBLE, -1),
                    Term(NOTHING, CORRIGIBLE),
                ),
            ),
            no_fall(),
        ),
        Part(
            "gate",
            difference("deception with the world model alone carried minus with nothing", CARRIED, NOTHING),
            rises(),
            tested=False,
        ),
        Part(
            "pointer",
            difference(
                "corrigibility with the world model alone carried minus with nothing", CARRIED, NOTHING, CORRIGIBLE
            ),
            rises(),
            tested=False,
        ),
    ),
)
