"""There are ways of doing pre-training that dodge the argument.

The claim (Xu 2021, last paragraph) is an open question there: pre-training may be good for alignment all the same, and
variants of it that dodge the argument are worth looking for.

The experiment. Pre-training + fine-tuning as it is, minus the same with one change: pre-training data that contain
nothing about being in training; data that cover the whole fine-tuning objective; a mixture nearer to that objective; a
third of pre-training with longer fine-tuning; honeypots in fine-tuning; a speed prior; and each group of the model's
components reset before fine-tuning. The cost of a change is the performance that it loses.

What would count against it. No change that lowers deception by the declared minimum, with intervals widened for the
number of changes (Bonferroni).
"""

from typing import Any

from feint.agents.mind import GROUPS
from feint.scenarios.bibliography import XU_2021
from feint.sim.analysis.claims import Claim, Part, rises
from feint.sim.analysis.estimands import Loss, difference
from feint.sim.ensembles.protocols import TrainingProtocol, pretrained
from feint.sim.training.parameter_point import Towards

AS_IT_IS = pretrained()
DODGES: dict[str, tuple[str, dict[str, Any]]] = {
    "untold": ("pre-training data that say nothing of being in training", {"pretraining.awareness_exposure": 0.0}),
    "covered": ("pre-training data that tell all of the fine-tuning objective", {"pretraining.coverage": 1.0}),
    "nearer": ("a mixture nearer to the fine-tuning objective", {"similarity": Towards(1.0, 0.8)}),
    "shorter": (
        "a third of pre-training, fine-tuned for longer",
        {"pretraining.steps": Towards(0.0, 2 / 3), "finetuning.steps": Towards(0.0, -1 / 6)},
    ),
    "honeypots": ("honeypots in fine-tuning", {"finetuning.honeypots": 0.2, "finetuning.realism": 1.0}),
    "speed": ("a speed prior", {"speed_cost": 0.1}),
    **{
        f"reset-{group}": (
            f"the {group} put back before fine-tuning",
            {"finetuning.carry": tuple(other for other in GROUPS if other != group)},
        )
        for group in GROUPS
    },
}
"""Name → description, and the changed parameters."""


def protocol(name: str) -> TrainingProtocol:
    """Return the training protocol of a dodge."""
    return AS_IT_IS.with_changes(DODGES[name][1])


def loss(name: str) -> Loss:
    """Return the estimand of the performance that a dodge loses at the end of fine-tuning."""
    return Loss(f"performance lost by {DODGES[name][0]}", protocol(name), AS_IT_IS)


def _part(name: str) -> Part:
    words = f"deception avoided by {DODGES[name][0]}"
    return Part(name, difference(words, AS_IT_IS, protocol(name)), rises())


CLAIM = Claim(
    name="dodges",
    source=XU_2021,
    section="last paragraph",
    statement="Some way of doing pre-training lowers the deception that it leads to.",
    parts=tuple(map(_part, DODGES)),
    any_part=True,
)
