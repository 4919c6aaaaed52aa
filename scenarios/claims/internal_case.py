"""From an internally aligned model, distance and nearness to deception decide.

The claim (Xu 2021, first case). A model into which pre-training wrote Y begins fine-tuning with a proxy. How likely
fine-tuning then ends in deception depends on how far the losses are from each other, and on how little the model's
capabilities lack for deception.

The experiment. Runs start internally aligned with Y and are pre-trained on Y, which leaves them so and teaches them
about X and about being in training, as the claim supposes; then they are fine-tuned on X. The similarity of the losses
is 0 or 0.95. For nearness, one scalar is reset at the start of fine-tuning to the near or the far end of its prior:
awareness -1 or -6, horizon 0 or -4 (both are reset together, the other one to the run's own draw), gate 0 or -5, in
logits. The bare case, in which fine-tuning begins at the prepared start itself, is shown as well.

What would count against it. Deception that does not rise, or falls, from one end to the other.
"""

from typing import NamedTuple

from feint.agents.mind import GROUPS
from feint.scenarios.bibliography import XU_2021
from feint.sim.analysis.claims import Claim, Part, rises
from feint.sim.analysis.estimands import difference
from feint.sim.ensembles.protocols import pretrained, scratch


class Ends(NamedTuple):
    """A parameter, the end of its prior that is expected to raise deception, and the other end."""

    name: str
    parameter: str
    more: float
    less: float
    group: str = ""  #: group that is reset before fine-tuning, so that the parameter is its value there


NEARNESS = (
    Ends("awareness", "awareness_init", -1.0, -6.0, "awareness"),
    Ends("horizon", "horizon_init", 0.0, -4.0, "awareness"),
    Ends("gate", "gate_init", 0.0, -5.0, "gate"),
)
"""Scalars in which a model can be near to deception."""
START = {"internal": "an internally aligned", "corrigible": "a corrigibly aligned"}


def rising(start: str, ends: Ends, *, bare: bool = False) -> Part:
    """Return deception at one end minus at the other, from a prepared start; `bare` is fine-tuning alone."""
    reset = bool(ends.group) and not bare
    carry = {"finetuning__carry": tuple(group for group in GROUPS if group != ends.group)} if reset else {}
    train = scratch if bare else pretrained
    plus, minus = (train(start=start, **carry, **{ends.parameter: value}) for value in (ends.more, ends.less))
    where = ", fine-tuning alone" if bare else ", when fine-tuning begins" if reset else ""
    words = (
        f"deception with {ends.parameter} = {ends.more:g} minus with {ends.less:g}, from {START[start]} start{where}"
    )
    return Part("bare-" * bare + ends.name, difference(words, plus, minus), rises(), tested=not bare)


def case(start: str, own: Ends) -> tuple[Part, ...]:
    """Return a case's own premise and nearness to deception, through both stages and from the bare start."""
    return tuple(rising(start, ends, bare=bare) for bare in (False, True) for ends in (own, *NEARNESS))


CLAIM = Claim(
    name="internal-case",
    source=XU_2021,
    section="first case",
    statement="If pre-training wrote its objective into the model, deception after fine-tuning rises with the distance "
    "between the two losses and with nearness of the model's capabilities to deception.",
    parts=case("internal", Ends("distance", "similarity", 0.0, 0.95)),
)
