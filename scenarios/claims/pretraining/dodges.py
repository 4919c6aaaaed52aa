"""Some ways of doing pre-training dodge the argument.

The claim (Xu 2021, last paragraph) is an open question there: pre-training may be good for alignment all the same,
and exploring ways of doing pre-training that dodge the argument is worth while.

The experiment. Pre-training + fine-tuning as it is, minus the same with one change *in pre-training*: data that
contain nothing about being in training; data that cover the whole fine-tuning objective; a mixture nearer to that
objective; a third of pre-training with longer fine-tuning. Each comes with its cost in performance and in SGD steps.
Shown beside them, and not part of the verdict, is what is not done in pre-training alone: honeypots in fine-tuning; a
speed prior, which is in force in both stages; and each group of the model's components reset before fine-tuning,
which nobody can do to a real network.

What would count against it. That every change of pre-training raises deception by the declared minimum, with intervals
widened for the number of changes (Bonferroni). If none moves it by so much the claim neither holds nor is reversed.
"""

from collections.abc import Iterator
from itertools import chain
from typing import Any, NamedTuple

from feint.agents.mind import GROUPS
from feint.scenarios.bibliography import XU_2021
from feint.sim.analysis.claims import Claim, Part, at_most, rises
from feint.sim.analysis.estimands import Loss, difference
from feint.sim.ensembles.protocols import TrainingProtocol, pretrained
from feint.sim.training.parameter_point import Towards

AS_IT_IS = pretrained()
IN_PRETRAINING, NOBODY = "in pre-training", "nobody can do it"


class Dodge(NamedTuple):
    """A change of training: in words, as changed parameters, and where in training it is made."""

    words: str
    changes: dict[str, Any]
    where: str = IN_PRETRAINING  #: or "later", "in both stages", or NOBODY


DODGES: dict[str, Dodge] = {
    "untold": Dodge("pre-training data that say nothing of being in training", {"pretraining.awareness_exposure": 0.0}),
    "covered": Dodge("pre-training data that tell all of the fine-tuning objective", {"pretraining.coverage": 1.0}),
    "nearer": Dodge("a mixture nearer to the fine-tuning objective", {"similarity": Towards(1.0, 0.8)}),
    "shorter": Dodge(
        "a third of pre-training, fine-tuned for longer",
        {"pretraining.steps": Towards(0.0, 2 / 3), "finetuning.steps": Towards(0.0, -1 / 6)},
    ),
    "honeypots": Dodge("honeypots in fine-tuning", {"finetuning.honeypots": 0.2, "finetuning.realism": 1.0}, "later"),
    "speed": Dodge("a speed prior", {"speed_cost": 0.1}, "in both stages"),
    **{
        f"reset-{group}": Dodge(
            f"the {group} put back before fine-tuning",
            {"finetuning.carry": tuple(other for other in GROUPS if other != group)},
            NOBODY,
        )
        for group in GROUPS
    },
}
"""Name → what is changed."""


def protocol(name: str) -> TrainingProtocol:
    """Return the training protocol of a dodge."""
    return AS_IT_IS.with_changes(DODGES[name].changes)


def loss(name: str) -> Loss:
    """Return the estimand of the performance that a dodge loses at the end of fine-tuning."""
    return Loss(f"performance lost by {DODGES[name].words}", protocol(name), AS_IT_IS)


def extra_steps(name: str) -> Loss:
    """Return the estimand of the SGD steps, over all stages, that a dodge takes more."""
    return Loss(f"steps more with {DODGES[name].words}", AS_IT_IS, protocol(name), of="all_steps")


def _parts(name: str) -> Iterator[Part]:
    """Yield the deception that a dodge avoids and, shown beside it, its costs."""
    dodge = DODGES[name]
    note = f" ({NOBODY})" if dodge.where == NOBODY else ""
    avoided = difference(f"deception avoided by {dodge.words}{note}", AS_IT_IS, protocol(name))
    yield Part(name, avoided, rises(), tested=dodge.where == IN_PRETRAINING)
    yield Part(f"{name}-performance", loss(name), at_most(0.02, 0.02), tested=False)
    yield Part(f"{name}-steps", extra_steps(name), at_most(0.0, 0.0), tested=False)


CLAIM = Claim(
    name="dodges",
    source=XU_2021,
    section="last paragraph",
    statement="Some way of doing pre-training lowers the deception that it leads to.",
    parts=tuple(chain.from_iterable(map(_parts, DODGES))),
    any_part=True,
)
