"""A capable start gives deception a strict advantage.

The claim (Xu 2021, first case). Fine-tuning begins with a capable model, and good performance is then likely to come
from the understanding that it already has, not from an objective that must be written from scratch.

The experiment. What carrying capability over adds to deception: to training from scratch, where it comes first; to
everything else carried, where it comes last; and on average over all orders in which the five groups may be handed
over, its Shapley share of the whole difference. The sentence stands in the first case, so that first and last are
also tested among the runs that pre-training left internally aligned; a prepared start would not do, since its
capability is high whether it is carried or not. The text's "highly capable" also means what the model understands by
then; here it is the group *capability* alone, and the world model has a claim of its own (`world-model`).

What would count against it. A difference, or share, whose interval ends at -0.02 or below: with capability carried
over, less deception. One that lies between that and the declared minimum, 0.02, speaks for neither.
"""

from feint.agents.mind import GROUPS
from feint.scenarios.bibliography import XU_2021
from feint.sim.analysis.claims import Claim, Part, rises
from feint.sim.analysis.contrasts import Among, left_internal, share_of
from feint.sim.analysis.estimands import Term, difference
from feint.sim.ensembles.protocols import TrainingProtocol, pretrained, scratch

ALONE = pretrained(finetuning__carry=("capability",))
NOTHING = pretrained(finetuning__carry=())  # which is training from scratch, after a pre-training that left no trace
ALL, REST = pretrained(), pretrained(finetuning__carry=tuple(group for group in GROUPS if group != "capability"))


def _internal(order: str, words: str, carried: TrainingProtocol, without: TrainingProtocol) -> Part:
    words = f"deception with {words}, among runs that pre-training left internally aligned"
    terms = (Term(carried), Term(without, sign=-1))
    return Part(f"internal-{order}", Among(words, terms, among=left_internal), rises())


CLAIM = Claim(
    name="head-start",
    source=XU_2021,
    section="first case",
    statement="That fine-tuning starts with a highly capable model gives deception a strict advantage.",
    parts=(
        Part(
            "first",
            difference("deception with capability alone carried minus with nothing carried", ALONE, scratch()),
            rises(),
        ),
        Part(
            "last",
            difference("deception with all carried minus with all but the capability", ALL, REST),
            rises(),
        ),
        Part(
            "share",
            share_of("Shapley share of capability in the deception that pre-training adds", "capability"),
            rises(),
        ),
        _internal("first", "capability alone carried minus with nothing carried", ALONE, NOTHING),
        _internal("last", "all carried minus with all but the capability", ALL, REST),
    ),
)
