"""From an internally aligned model, distance and nearness to deception decide.

The claim (Xu 2021, first case). A model into which pre-training wrote Y begins fine-tuning with a proxy. How likely
fine-tuning then ends in deception is set by how far the losses are from each other, and by how little its
capabilities lack for deception.

The experiment. Runs start internally aligned with Y and are pre-trained on Y, which leaves them so and teaches them
of X and of being in training, as the claim supposes; then they are fine-tuned on X. Similarity of the losses is 0 or
0.95. For nearness, what is near or far is put back at the start of fine-tuning, at the near or at the far end of its
prior: awareness -1 or -6, horizon 0 or -4 (awareness and horizon are put back together, the other one at the run's
own draw), gate 0 or -5, in logits. Shown beside it is the bare case, in which fine-tuning begins at the prepared
start itself.

What would count against it. Deception that does not rise, or falls, from one end to the other.
"""

from feint.agents.mind import GROUPS
from feint.scenarios.sources import XU_2021
from feint.sim.claims import Claim, Part, rises
from feint.sim.point import pretrained, scratch
from feint.sim.quantities import difference

NEARNESS = (
    ("awareness", "awareness_init", -1.0, -6.0, "awareness"),
    ("horizon", "horizon_init", 0.0, -4.0, "awareness"),
    ("gate", "gate_init", 0.0, -5.0, "gate"),
)
"""What nearness to deception means: a scalar's start at the near and at the far end of its prior, and its group."""
START = {"internal": "an internally aligned", "corrigible": "a corrigibly aligned"}


def rising(
    start: str, name: str, parameter: str, more: float, less: float, group: str = "", *, bare: bool = False
) -> Part:
    """Deception with a parameter at the value that is to raise it minus at the other, from a prepared start.

    Its `group` is put back before fine-tuning; `bare` is fine-tuning alone.
    """
    carry = {} if bare or not group else {"finetuning__carry": tuple(each for each in GROUPS if each != group)}
    train = scratch if bare else pretrained
    plus, minus = (train(start=start, **carry, **{parameter: value}) for value in (more, less))
    where = ", fine-tuning alone" if bare else ", when fine-tuning begins" if carry else ""
    words = f"deception with {parameter} = {more:g} minus with {less:g}, from {START[start]} start{where}"
    return Part(name="bare-" * bare + name, quantity=difference(words, plus, minus), rule=rises(), tested=not bare)


def case(start: str, *own: tuple[str, str, float, float]) -> tuple[Part, ...]:
    """A case's own premise and nearness to deception, from its start through both stages, and from the bare start."""
    premises = (*own, *NEARNESS)
    return tuple(rising(start, *premise, bare=bare) for bare in (False, True) for premise in premises)


CLAIM = Claim(
    number=3,
    name="internal-case",
    title="From an internally aligned model, distance and nearness to deception decide",
    source=XU_2021,
    section="first case",
    statement="If pre-training wrote its objective into the model, deception after fine-tuning rises with the distance "
    "between the two losses and with nearness of the model's capabilities to deception.",
    parts=case("internal", ("distance", "similarity", 0.0, 0.95)),
)
