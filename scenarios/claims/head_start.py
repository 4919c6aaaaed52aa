"""A capable start gives deception a strict advantage.

The claim (Xu 2021, first case). Fine-tuning begins with a capable model, and good performance is then likely to come
from the understanding that it already has, not from an objective that must be written from scratch.

The experiment. Pre-training + fine-tuning with only capability carried over, against nothing carried over, which is
training from scratch; and the effect of carrying capability over when everything else is carried over too.

What would count against it. Deception that is no more frequent with capability carried over.
"""

from feint.agents.mind import GROUPS
from feint.scenarios.bibliography import XU_2021
from feint.sim.analysis.claims import Claim, Part, rises
from feint.sim.analysis.estimands import difference
from feint.sim.ensembles.protocols import pretrained, scratch

CLAIM = Claim(
    name="head-start",
    source=XU_2021,
    section="first case",
    statement="That fine-tuning starts with a highly capable model gives deception a strict advantage.",
    parts=(
        Part(
            "capability",
            difference(
                "deception with capability alone carried minus with nothing carried",
                pretrained(finetuning__carry=("capability",)),
                scratch(),
            ),
            rises(),
        ),
        Part(
            "capability-last",
            difference(
                "deception with all carried minus with all but the capability",
                pretrained(),
                pretrained(finetuning__carry=tuple(group for group in GROUPS if group != "capability")),
            ),
            rises(),
        ),
    ),
)
