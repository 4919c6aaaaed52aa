"""Run-time pointers outpace SGD.

The claim (Xu 2021, second case). A model's optimization power grows as it is trained, and SGD's stays what it is. A
deceptive model builds its pointer to the objective at run time, with its own power, so that it becomes deceptive
faster than SGD can make it corrigible.

The experiment. Pre-training + fine-tuning with the power of run-time inference at the high and at the low end of its
prior; and, at the point itself, who wins the race: runs that end deceptive against runs that end corrigible.

What would count against it. Deception that does not rise with the power, or more corrigible runs than deceptive ones.
"""

from feint.agents.outcome import Outcome
from feint.scenarios.sources import XU_2021
from feint.sim.claims import Claim, Part, rises
from feint.sim.point import pretrained
from feint.sim.quantities import DECEPTIVE, Frequency, Term, difference

CLAIM = Claim(
    number=7,
    name="runtime-pointers",
    title="Run-time pointers outpace SGD",
    source=XU_2021,
    section="second case",
    statement="Deceptive models build pointers at run time with a power that grows, so a pre-trained model becomes "
    "deceptive faster than SGD makes it corrigible.",
    parts=(
        Part(
            name="power",
            quantity=difference(
                "deception after both stages with inference_power = 10 minus with 0.3",
                pretrained(inference_power=10.0),
                pretrained(inference_power=0.3),
            ),
            rule=rises(),
        ),
        Part(
            name="race",
            quantity=Frequency(
                "deceptive minus corrigible runs after both stages",
                (Term(pretrained(), DECEPTIVE), Term(pretrained(), Outcome.CORRIGIBLE.label, -1)),
            ),
            rule=rises(),
        ),
    ),
)
