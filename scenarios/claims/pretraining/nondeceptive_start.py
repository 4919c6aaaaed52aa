"""Fine-tuning a non-deceptive model makes deception more likely than training from scratch.

The claim (Xu 2021, second paragraph). Besides deceptive models, which stay so, fine-tuning a model that is not
deceptive is more likely to produce a deceptive one than training on the fine-tuning loss from scratch. The argument
supposes that the model optimizes for the pre-training loss and is internally or corrigibly aligned; to a model of no
type it does not apply.

The experiment. Deception after fine-tuning among the runs that pre-training left internally or corrigibly aligned,
minus deception from scratch, both stopped at the same performance. The two cases are shown, each with the runs that
pre-training left so and with a start that is prepared so, and so is the difference if the same runs are trained from
scratch: pre-training selects runs by how they start, so that those it left not deceptive are further from deception
than others, which works against the claim.

What would count against it. A difference whose interval ends at -0.02 or below: less deception than from scratch. One
that lies between that and the declared minimum, 0.02, speaks for neither.
"""

from feint.scenarios.bibliography import XU_2021
from feint.sim.analysis.claims import Claim, Part, rises
from feint.sim.analysis.contrasts import (
    Among,
    AmongFirst,
    Select,
    left_corrigible,
    left_internal,
    left_nondeceptive,
)
from feint.sim.analysis.estimands import Term, difference
from feint.sim.ensembles.protocols import pretrained, scratch

NOTHING = pretrained(finetuning__carry=())  # which is training from scratch, after a pre-training that left no trace


def _left(name: str, aligned: str, among: Select, *, tested: bool = False) -> Part:
    words = f"deception after fine-tuning, among runs that pre-training left {aligned}, minus from scratch"
    return Part(name, AmongFirst(words, (Term(pretrained()), Term(scratch(), sign=-1)), among=among), rises(), tested)


def _prepared(case: str) -> Part:
    words = f"deception after both stages, from {case} aligned start, minus from scratch"
    start = case.split()[1].removesuffix("ly")
    return Part(f"prepared-{start}", difference(words, pretrained(start=start), scratch()), rises(), tested=False)


def _same_runs() -> Part:
    words = "the same minus from scratch by the same runs alone"
    terms = (Term(pretrained()), Term(NOTHING, sign=-1))
    return Part("same-runs", Among(words, terms, among=left_nondeceptive), rises(), tested=False)


CLAIM = Claim(
    name="non-deceptive",
    source=XU_2021,
    section="second paragraph",
    statement="Fine-tuning a non-deceptive model is more likely to produce a deceptive model than training from "
    "scratch.",
    parts=(
        _left("left", "internally or corrigibly aligned", left_nondeceptive, tested=True),
        _same_runs(),
        _left("left-internal", "internally aligned", left_internal),
        _left("left-corrigible", "corrigibly aligned", left_corrigible),
        _prepared("an internally"),
        _prepared("a corrigibly"),
    ),
)
