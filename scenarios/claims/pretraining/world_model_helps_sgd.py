"""The detailed world model helps SGD too, and not more than deception.

The claim (Xu 2021, second case). Pre-training hands over a detailed world model. SGD can use it to build its pointer
to X earlier; but deception cannot happen without it either, so this consideration is not more compelling in
fine-tuning than in training from scratch.

The experiment. By how much more often runs end deceptive, minus by how much more often they end corrigible, when the
world model is carried over: to training from scratch, where it comes first; to everything else carried, where it
comes last; and its Shapley share over all orders. Shown beside them: deception and corrigibility by themselves.

What would count against it. A world model that adds more to corrigibility than to deception, by more than 0.02. If
it favours neither, the claim holds, since it only says that alignment is not favoured. The verdict is mixed where
first, last and share differ.
"""

from feint.agents.mind import GROUPS
from feint.agents.outcome import Outcome
from feint.scenarios.bibliography import XU_2021
from feint.sim.analysis.claims import Claim, Part, no_fall, rises
from feint.sim.analysis.contrasts import share_of
from feint.sim.analysis.estimands import DECEPTIVE, Frequency, Term, difference
from feint.sim.ensembles.protocols import TrainingProtocol, pretrained, scratch

CORRIGIBLE = Outcome.CORRIGIBLE.label
ORDERS: dict[str, tuple[str, TrainingProtocol, TrainingProtocol]] = {
    "first": (
        "with the world model alone carried minus with nothing",
        pretrained(finetuning__carry=("world",)),
        scratch(),
    ),
    "last": (
        "with all carried minus with all but the world model",
        pretrained(),
        pretrained(finetuning__carry=tuple(group for group in GROUPS if group != "world")),
    ),
}


def _balance(order: str) -> Part:
    words, carried, without = ORDERS[order]
    terms = (
        Term(carried, DECEPTIVE),
        Term(without, DECEPTIVE, -1),
        Term(carried, CORRIGIBLE, -1),
        Term(without, CORRIGIBLE),
    )
    return Part(order, Frequency(f"deception less corrigibility, {words}", terms), no_fall())


def _shown(order: str, outcome: str, name: str) -> Part:
    words, carried, without = ORDERS[order]
    return Part(
        f"{name}-{order}",
        difference(f"{name} {words}", carried, without, outcome),
        rises(),
        tested=False,
    )


CLAIM = Claim(
    name="world-model",
    source=XU_2021,
    section="second case",
    statement="A detailed world model lets SGD build its pointer earlier, but deception needs it as well, so it "
    "favours alignment no more in fine-tuning than in training from scratch.",
    parts=(
        *map(_balance, ORDERS),
        Part(
            "share",
            share_of(
                "Shapley share of the world model in deception less corrigibility",
                "world",
                ((DECEPTIVE, 1), (CORRIGIBLE, -1)),
            ),
            no_fall(),
        ),
        *(
            _shown(order, outcome, name)
            for order in ORDERS
            for outcome, name in ((DECEPTIVE, "deception"), (CORRIGIBLE, "corrigibility"))
        ),
    ),
)
