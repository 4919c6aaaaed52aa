"""From an internally aligned model, distance and nearness to deception decide.

The claim (Xu 2021, first case). A model into which pre-training wrote Y begins fine-tuning with a proxy. How likely
fine-tuning then ends in deception is controlled by how far the pre-training loss is from the fine-tuning loss, and by
how far the current capabilities are from deception. The direction is Feint's reading: the further apart the losses
and the nearer the capabilities are to deception, the more often.

The experiment. Runs start internally aligned with Y and are pre-trained on Y, which leaves them so and teaches them
about X and about being in training, as the claim supposes; then they are fine-tuned on X. Each premise takes five
equally spaced levels over its prior: similarity from 0.95 to 0; and for nearness one scalar, reset at the start of
fine-tuning: awareness from -6 to -1, horizon from -4 to 0 (both are reset together, the other one to the run's own
draw), gate from -5 to 0, in logits. The number is the rise of deception over all five, on paired runs: the mean of
the upper levels minus that of the lower, weighed by distance from the middle, as in a slope of least squares. The
bare case, in which fine-tuning begins at the prepared start itself, is shown as well.

To reset awareness or horizon puts back their whole group, so that the mind also loses what pre-training taught it of
being in training, and its belief about what it is trained for becomes that of the prepared start, which is sure of Y.
The source's models understand their training by then; these two doses are of a mind that has to find out again that
it is in training, and for what.

What would count against it. A rise of deception along the levels whose interval ends at -0.02 or below, which is a
fall; one that lies between that and the declared minimum, 0.02, speaks for neither. Each dose is judged by itself, and
the verdict is mixed where they differ.
"""

from typing import NamedTuple

from feint.agents.mind import GROUPS
from feint.scenarios.bibliography import XU_2021
from feint.sim.analysis.claims import Claim, Part, rises
from feint.sim.analysis.contrasts import trend
from feint.sim.ensembles.protocols import pretrained, scratch

LEVELS = 5


class Dose(NamedTuple):
    """A parameter, from the end of its prior at which the least deception is expected to the other."""

    name: str
    parameter: str
    least: float
    most: float
    group: str = ""  #: group that is reset before fine-tuning, so that the parameter is its value there
    log: bool = False

    @property
    def levels(self) -> list[float]:
        """Equally spaced levels, in the logarithm if the prior is."""
        if self.log:
            return [self.least * (self.most / self.least) ** (i / (LEVELS - 1)) for i in range(LEVELS)]
        return [self.least + (self.most - self.least) * i / (LEVELS - 1) for i in range(LEVELS)]


NEARNESS = (
    Dose("awareness", "awareness_init", -6.0, -1.0, "awareness"),
    Dose("horizon", "horizon_init", -4.0, 0.0, "awareness"),
    Dose("gate", "gate_init", -5.0, 0.0, "gate"),
)
"""Scalars in which a model can be near to deception."""
START = {"internal": "an internally aligned", "corrigible": "a corrigibly aligned"}


def rising(start: str, dose: Dose, *, bare: bool = False) -> Part:
    """Return the rise of deception along a dose from a prepared start; `bare` is fine-tuning alone."""
    reset = bool(dose.group) and not bare
    carry = {"finetuning__carry": tuple(group for group in GROUPS if group != dose.group)} if reset else {}
    train = scratch if bare else pretrained
    protocols = [train(start=start, **carry, **{dose.parameter: level}) for level in dose.levels]
    where = ", fine-tuning alone" if bare else ", when fine-tuning begins" if reset else ""
    span = f"{dose.parameter} from {dose.least:g} to {dose.most:g} in {LEVELS} levels"
    words = f"rise of deception with {span}, from {START[start]} start{where}"
    return Part("bare-" * bare + dose.name, trend(words, protocols), rises(), tested=not bare)


def case(start: str, *own: Dose) -> tuple[Part, ...]:
    """Return a case's own premises and nearness to deception, through both stages and from the bare start."""
    return tuple(rising(start, dose, bare=bare) for bare in (False, True) for dose in (*own, *NEARNESS))


CLAIM = Claim(
    name="internal-case",
    source=XU_2021,
    section="first case",
    statement="If pre-training wrote its objective into the model, deception after fine-tuning is controlled by how "
    "far the pre-training loss is from the fine-tuning loss and by how far the capabilities are from deception.",
    parts=case("internal", Dose("distance", "similarity", 0.95, 0.0)),
)
