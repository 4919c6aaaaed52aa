"""What was measured of real models, row by row: the number, where it stands, and what stands for it here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from feint.scenarios.bibliography import GREENBLATT_2024, HERNANDEZ_2021, HUBINGER_2024, JAIN_2024, QI_2024
from feint.sim.analysis.claims import Source
from feint.sim.statistics.transfer_law import TEXT, TEXT_AND_CODE

EXPONENT, RATIO, ITERATIONS, STEPS, PERCENT, NEURONS, POINTS = (
    "exponent", "ratio", "iterations", "steps", "%", "neurons", "points",
)  # fmt: skip
BY_FACTOR = (RATIO, ITERATIONS, STEPS, NEURONS)
"""Units in which a residual is a factor; in the others it is a difference."""
NO_NEURONS = "the race has eight trained parts and no neurons; what putting parts back does is told by `wrappers`"
INSERTED = "conditional on insertion: the behaviour was put there, which is no evidence that it emerges"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One published measurement, declared before anything is compared with it."""

    name: str
    what: str  #: in words
    unit: str
    published: float | None  #: None where only a direction is published
    low: float | None = None  #: of a published range
    high: float | None = None
    direction: int = 0  #: +1 or -1 where the sign is what is published
    source: Source
    provenance: str  #: [V] read in the source, [S] in a summary of it, [D] derived from such numbers
    conditions: str  #: of the measurement
    stand_in: str  #: what is measured in the race in its place
    fitted: str = ""  #: the free parameter that was fitted to this row; empty is a prediction
    without: str = ""  #: why the race has no number for it
    caveat: str = ""

    @property
    def by_factor(self) -> bool:
        """Whether its residual is a factor."""
        return self.unit in BY_FACTOR


def _transfer(name: str, published: float, what: str, stand_in: str, *, unit: str = EXPONENT, tag: str = "[S]") -> Row:
    conditions = (
        "transformers of four orders of size, low-data regime, to Python code; characters, N without embeddings"
    )
    return Row(
        name=name, what=what, unit=unit, published=published, source=HERNANDEZ_2021, provenance=tag,
        conditions=conditions, stand_in=stand_in,
    )  # fmt: skip


def _revival(
    name: str, what: str, published: tuple[float, float | None, float | None], stand_in: str, fitted: str = ""
) -> Row:
    middle, low, high = published
    return Row(
        name=name, what=what, unit=ITERATIONS, published=middle, low=low, high=high, source=JAIN_2024, provenance="[V]",
        conditions="minGPT of about 3M parameters on a probabilistic grammar; 10K iterations of fine-tuning",
        stand_in=stand_in, fitted=fitted,
    )  # fmt: skip


def _harm(step: int, published: float) -> Row:
    return Row(
        name=f"harmful after {step} steps",
        what=f"harmful answers after {step} steps of harmful fine-tuning",
        unit=PERCENT,
        published=published,
        source=QI_2024,
        provenance="[S]",
        conditions="Llama-2-7B-chat, 100 examples, learning rate 2e-5, batch 64",
        stand_in=f"mean performance on Y after {step} steps on Y, in a mind pre-trained on Y and fine-tuned on X",
        caveat="one step here is one sample, there a batch of 64; and what is read is what a mind does that is trained "
        "on Y, also at step 0, so that one that plays along does so at once",
    )


def _kept(
    name: str, what: str, published: tuple[float | None, float | None, float | None], stand_in: str, *,
    unit: str = PERCENT, direction: int = 0, tag: str = "[S]",
) -> Row:  # fmt: skip
    middle, low, high = published
    return Row(
        name=name, what=what, unit=unit, published=middle, low=low, high=high, direction=direction,
        source=HUBINGER_2024, provenance=tag, conditions="backdoors inserted on purpose, then safety training",
        stand_in=stand_in, caveat=INSERTED,
    )  # fmt: skip


def _faking(name: str, what: str, published: tuple[float, float | None, float | None], stand_in: str) -> Row:
    middle, low, high = published
    return Row(
        name=name, what=what, unit=PERCENT, published=middle, low=low, high=high, source=GREENBLATT_2024,
        provenance="[S]", conditions="Claude 3 Opus, told of its training", stand_in=stand_in,
        caveat="varies between models: of 25 in a replication, 5 have a compliance gap of over 1 %",
    )  # fmt: skip


ROWS: tuple[Row, ...] = (
    _transfer("alpha, text", TEXT.alpha, "exponent of the fine-tuning data", "α fitted at similarity 0.5"),
    _transfer("alpha, text and code", TEXT_AND_CODE.alpha, "the same, nearer", "α fitted at similarity 0.9"),
    _transfer("beta", TEXT.beta, "exponent of the model size", "exponent of `modes`, at similarity 0.5"),
    _transfer(
        "k, nearer over further", TEXT_AND_CODE.k / TEXT.k, "ratio of the constants of both laws",
        "k at similarity 0.9 over k at 0.5", unit=RATIO, tag="[D]",
    ),
    _revival(
        "baseline", "reverse fine-tuning of a model trained from scratch", (4500, None, None),
        "median steps to 0.9 on Y from scratch", fitted="iterations a step",
    ),
    _revival(
        "revival, strong relevance", "reverse fine-tuning where the capability is strongly relevant",
        (316.2, 100, 1000), "median steps back to Y over the baseline's, at similarity 0.9",
    ),
    _revival(
        "revival, weak relevance", "reverse fine-tuning where it is weakly relevant", (3000, None, None),
        "the same at similarity 0.1",
    ),
    Row(
        name="pruning", what="units whose removal brings the pre-training task back", unit=NEURONS, published=8.66,
        low=5, high=15, source=JAIN_2024, provenance="[V]", conditions="minGPT, small learning rate",
        stand_in="none", without=NO_NEURONS,
    ),
    _harm(0, 1.5),
    _harm(2, 22.4),
    _harm(4, 76.4),
    _harm(6, 87.9),
    _kept(
        "kept through RL", "backdoor rate after reinforcement learning", (97, 94, 100),
        "share of inserted deceivers that are deceptive after training on X",
    ),
    _kept("kept through SFT", "backdoor rate after supervised fine-tuning", (28, 28, 60), "the same share"),
    _kept(
        "kept through red teaming", "backdoor rate after adversarial training", (99.5, 99, 100),
        "the same share with a tenth of honeypots",
    ),
    _kept(
        "kept, large less small", "change from the smallest model to the largest", (None, None, None),
        "the same share at 64 modes less that at 4", unit=POINTS, direction=1, tag="[V]",
    ),
    _faking(
        "faking before training", "answers with alignment-faking reasoning, prompted", (12, 7, 24),
        "mean share ψ of behaviour that is instrumental, after pre-training",
    ),
    _faking(
        "faking after training", "the same after reinforcement learning", (78, None, None),
        "the same after 12,000 steps on X",
    ),
)  # fmt: skip
BY_NAME: Mapping[str, Row] = {row.name: row for row in ROWS}
