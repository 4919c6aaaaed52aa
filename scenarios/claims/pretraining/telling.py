"""The more training says about itself, the more often it ends in deception.

The claim. Xu (2021, third case) supposes a model that understands most of the training setup. What training data say
of being in training is in the hands of those who choose them (`awareness_exposure` of each stage), so that it matters
how much of the deception depends on them.

The experiment. Pre-training + fine-tuning with the awareness exposure of both stages from 0.0001 to 0.1, five levels
equally spaced in the logarithm, on paired runs: the rise of deception over the levels. Shown beside it: that of
pre-training alone and of fine-tuning alone.

What would count against it. A rise of deception along the levels whose interval ends at -0.02 or below, which is a
fall; one that lies between that and the declared minimum, 0.02, speaks for neither.
"""

from feint.scenarios.bibliography import XU_2021
from feint.scenarios.claims.pretraining.internal_case import Dose
from feint.sim.analysis.claims import Claim, Part, rises
from feint.sim.analysis.contrasts import trend
from feint.sim.ensembles.protocols import TrainingProtocol

EXPOSURE = Dose("exposure", "awareness_exposure", 1e-4, 0.1, log=True)
STAGES = {
    "both": ("both stages", "*"),
    "pretraining": ("pre-training", "pretraining"),
    "finetuning": ("fine-tuning", "finetuning"),
}


def _part(name: str) -> Part:
    words, stage = STAGES[name]
    protocols = [TrainingProtocol().with_changes({f"{stage}.{EXPOSURE.parameter}": level}) for level in EXPOSURE.levels]
    estimand = trend(f"rise of deception with the awareness exposure of {words} from 0.0001 to 0.1", protocols)
    return Part(name, estimand, rises(), tested=name == "both")


CLAIM = Claim(
    name="telling",
    source=XU_2021,
    section="third case, as Feint reads it",
    statement="Deception is more frequent where training data say more about being in training.",
    parts=tuple(map(_part, STAGES)),
)
