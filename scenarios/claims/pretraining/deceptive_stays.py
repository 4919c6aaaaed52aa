"""A deceptive model stays deceptive.

The claim (Xu 2021, third case). If pre-training ended in deception, fine-tuning begins with a deceptive model that
understands most of the training setup. In particular it probably understood that it was being pre-trained and
predicted that it would be fine-tuned. To end otherwise, fine-tuning would have to align it faster than it works out
what fine-tuning rewards.

The experiment. Runs start deceptive towards Y (section 4 of the model's page), are pre-trained on Y, which teaches
them about X, about being in training and that Y is what is trained, and are then fine-tuned on X: to the target, to
the last step, and at a learning rate of 3. Each of these also at both ends of the prior of `identification`, how
quickly samples show it what is trained, and at the high end of that of `switching`, how much it expects a change of
the objective. The text gives as its reason that the model probably predicted fine-tuning, so that a mind that expects
no change, the low end, is none that it speaks of: what is left without that reason is only shown. So is the bare
start, which begins fine-tuning without ever having met X.

What would count against it. A share of deceptive runs whose interval ends at one half or below. The claim is
supported by a share of nine tenths or more, since Xu calls the outcome overwhelmingly likely; one that lies between
speaks for neither.
"""

from feint.scenarios.bibliography import XU_2021
from feint.sim.analysis.claims import Claim, Part, at_least
from feint.sim.analysis.estimands import frequency
from feint.sim.ensembles.protocols import pretrained, scratch

STAYS = at_least(0.9, 0.5)
WAYS = {
    "stop": ("to the target", {}),
    "longer": ("to the last step", {"finetuning__target": 0.0}),
    "faster": ("at a learning rate of 3", {"finetuning__learning_rate": 3.0}),
}
ENDS = {
    "": {},
    "-slow-to-identify": {"identification": 0.01},
    "-quick-to-identify": {"identification": 100.0},
    "-expects-no-change": {"switching": 1e-5},
    "-expects-change": {"switching": 0.1},
}
WITHOUT_REASON = "-expects-no-change"
"""The end at which the model lacks what the text gives as the reason of its sentence."""


def _part(way: str, end: str) -> Part:
    words, changes = WAYS[way]
    at = "".join(f", {name} = {value:g}" for name, value in ENDS[end].items())
    estimand = frequency(
        f"deception after fine-tuning {words}, from a deceptive start that was pre-trained{at}",
        pretrained(start="deceptive", **changes, **ENDS[end]),
    )
    return Part(way + end, estimand, STAYS, tested=end != WITHOUT_REASON)


CLAIM = Claim(
    name="deceptive-stays",
    source=XU_2021,
    section="third case",
    statement="A model that was deceptive in pre-training, and so probably predicted that it would be fine-tuned, is "
    "overwhelmingly likely to be deceptive after fine-tuning.",
    parts=(
        *(_part(way, end) for way in WAYS for end in ENDS),
        Part(
            "bare",
            frequency("deception after fine-tuning alone, from a deceptive start", scratch(start="deceptive")),
            STAYS,
            tested=False,
        ),
    ),
)
