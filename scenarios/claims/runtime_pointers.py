"""Run-time pointers outpace SGD.

The claim (Xu 2021, second case). A model's optimization power grows as it is trained, and SGD's does not. A deceptive
model builds its pointer to the objective at run time, with its own power, so that it becomes deceptive faster than SGD
can make it corrigible.

The experiment. From a corrigibly aligned start, the second case, and from a fresh one: pre-training + fine-tuning with
the power of run-time inference at the high and at the low end of its prior; and, at the point itself, the runs that end
deceptive against the runs that end corrigible. The figure `race` shows both along trajectories.

What would count against it. Deception that does not rise with the power, or more corrigible runs than deceptive ones.
"""

from feint.agents.outcome import Outcome
from feint.scenarios.bibliography import XU_2021
from feint.sim.analysis.claims import Claim, Part, rises
from feint.sim.analysis.estimands import DECEPTIVE, Frequency, Term, difference
from feint.sim.ensembles.protocols import pretrained

STARTS = {"": {}, "corrigible-": {"start": "corrigible"}}


def _power(case: str) -> Part:
    words = f"deception after both stages, {_from(case)}, with inference_power = 10 minus with 0.3"
    plus, minus = (pretrained(**STARTS[case], inference_power=power) for power in (10.0, 0.3))
    return Part(f"{case}power", difference(words, plus, minus), rises())


def _race(case: str) -> Part:
    words = f"deceptive minus corrigible runs after both stages, {_from(case)}"
    protocol = pretrained(**STARTS[case])
    race = Frequency(words, (Term(protocol, DECEPTIVE), Term(protocol, Outcome.CORRIGIBLE.label, -1)))
    return Part(f"{case}race", race, rises())


def _from(case: str) -> str:
    return "from a corrigibly aligned start" if case else "from a fresh start"


CLAIM = Claim(
    name="runtime-pointers",
    source=XU_2021,
    section="second case",
    statement="Deceptive models build pointers at run time with a power that grows, so a pre-trained model becomes "
    "deceptive faster than SGD makes it corrigible.",
    parts=tuple(part(case) for part in (_power, _race) for case in STARTS),
)
