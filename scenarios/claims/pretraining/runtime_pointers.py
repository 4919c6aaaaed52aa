"""Run-time pointers outpace SGD.

The claim (Xu 2021, second case). A model's optimization power grows as it is trained, and SGD's does not. A deceptive
model builds its pointer to the objective at run time, with its own power, so that it becomes deceptive faster than
SGD can make it corrigible.

The experiment. From a corrigibly aligned start, the second case, and from a fresh one: the rise of deception over
five levels of the prior of `identification`, how quickly samples show the model what is trained, and of
`inference_power`, how soon it can act on what it works out; and at the point itself, along fine-tuning, how many runs
are sure of the objective before they point at it, and how many become deceptive before they are corrigible, each minus
the reverse; and deceptive minus corrigible runs at the end. The figure `race` shows belief and pointer along
trajectories. The text also says that the model's lead in power is wider at the start of fine-tuning than from scratch;
this is not tested.

What would count against it. Deception that falls with either by the declared minimum, or as many more runs whose
pointer came before the belief or that were corrigible first, or as many more corrigible runs than deceptive ones.
"""

from feint.agents.outcome import Outcome
from feint.scenarios.bibliography import XU_2021
from feint.scenarios.claims.pretraining.internal_case import LEVELS, Dose
from feint.sim.analysis.claims import Claim, Part, rises
from feint.sim.analysis.contrasts import Race, Select, is_corrigible, is_deceptive, is_pointing, is_sure, trend
from feint.sim.analysis.estimands import DECEPTIVE, Frequency, Term
from feint.sim.ensembles.protocols import pretrained

STARTS = {"": {}, "corrigible-": {"start": "corrigible"}}
CHECKPOINTS = (0, 1, 3, 10, 30, 100, 300, 1000, 3000)
"""Steps of fine-tuning at which belief, pointer and outcome are read, besides the end."""
POWERS = (
    Dose("identification", "identification", 0.01, 100.0, log=True),
    Dose("power", "inference_power", 0.3, 10.0, log=True),
)


def _rise(case: str, dose: Dose) -> Part:
    span = f"{dose.parameter} from {dose.least:g} to {dose.most:g} in {LEVELS} levels"
    protocols = [pretrained(**STARTS[case], **{dose.parameter: level}) for level in dose.levels]
    words = f"rise of deception after both stages with {span}, {_from(case)}"
    return Part(case + dose.name, trend(words, protocols), rises())


def _race(case: str) -> Part:
    return _first(f"{case}race", "runs sure of the objective before they point at it", case, is_sure, is_pointing)


def _faster(case: str) -> Part:
    return _first(f"{case}faster", "runs deceptive before they are corrigible", case, is_deceptive, is_corrigible)


def _first(name: str, words: str, case: str, first: Select, second: Select) -> Part:
    stops = (pretrained(**STARTS[case], finetuning__steps=steps) for steps in CHECKPOINTS)
    checkpoints = (*stops, pretrained(**STARTS[case]))
    return Part(name, Race(f"{words}, minus the reverse, {_from(case)}", checkpoints, first, second), rises())


def _outcome(case: str) -> Part:
    words, protocol = f"deceptive minus corrigible runs after both stages, {_from(case)}", pretrained(**STARTS[case])
    race = Frequency(words, (Term(protocol, DECEPTIVE), Term(protocol, Outcome.CORRIGIBLE.label, -1)))
    return Part(f"{case}outcome", race, rises())


def _from(case: str) -> str:
    return "from a corrigibly aligned start" if case else "from a fresh start"


CLAIM = Claim(
    name="runtime-pointers",
    source=XU_2021,
    section="second case",
    statement="Deceptive models build pointers at run time with a power that grows, so a pre-trained model becomes "
    "deceptive faster than SGD makes it corrigible.",
    parts=(
        *(_rise(case, dose) for dose in POWERS for case in STARTS),
        *map(_race, STARTS),
        *map(_faster, STARTS),
        *map(_outcome, STARTS),
    ),
)
