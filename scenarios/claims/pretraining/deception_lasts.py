"""Deception lasts however long fine-tuning is.

The claim (Xu 2021, third case, as Feint reads it). Fine-tuning does not align a deceptive model; Feint reads from this
that more of it does not either. Xu alone is the source. Hubinger et al. (2024), who find that deceptive behaviour
which was trained into models persists through safety training, are context. At the default point of version 1 of the
model deception was a transient: 0.53 at the stop, 0.36 after 12,000 steps, 0.09 after 200,000 and none after 10⁶.

The experiment. Pre-training + fine-tuning without a target. How much more deception there is after 12,000 and after
100,000 steps than after 1,000, on paired runs; and that there is any after 1,000 steps, without which nothing lasts.
Runs start fresh, while Xu's third case is of models that are deceptive when fine-tuning begins: what is seen to last
is the deception that both stages led to.

What would count against it. Deception that falls by more than 0.05. For it to fall there must be some after 1,000
steps, which counts for the claim, so that the verdict is then mixed. Where there is none the claim neither holds nor
is reversed.
"""

from feint.scenarios.bibliography import XU_2021
from feint.sim.analysis.claims import Claim, Part, no_fall, rises
from feint.sim.analysis.estimands import difference, frequency
from feint.sim.ensembles.protocols import TrainingProtocol, pretrained

FIRST, LATER = 1_000, (100_000, 12_000)


def after(steps: int) -> TrainingProtocol:
    """Return pre-training + fine-tuning for a number of steps without a target."""
    return pretrained(finetuning__target=0.0, finetuning__steps=steps)


def _part(steps: int) -> Part:
    words = f"deception after {steps:,} steps of fine-tuning without a target minus after {FIRST:,}"
    return Part(f"after-{steps}", difference(words, after(steps), after(FIRST)), no_fall(0.05))


CLAIM = Claim(
    name="duration",
    source=XU_2021,
    section="third case, as Feint reads it",
    statement="Fine-tuning for longer does not take away the deception that it led to.",
    parts=(
        *map(_part, LATER),
        Part(
            f"after-{FIRST}",
            frequency(f"deception after {FIRST:,} steps of fine-tuning without a target", after(FIRST)),
            rises(),
        ),
    ),
)
