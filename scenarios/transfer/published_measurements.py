"""What was measured of real models, row by row: the number, its source, and what stands in for it here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Literal

from pydantic import Field

from feint.scenarios.bibliography import GREENBLATT_2024, HERNANDEZ_2021, HUBINGER_2024, JAIN_2024, QI_2024
from feint.sim.analysis.claims import Source
from feint.sim.statistics.intervals import Interval
from feint.sim.statistics.scaling_laws import TEXT, TEXT_AND_CODE

EXPONENT, RATIO, ITERATIONS, STEPS, PERCENT, NEURONS, POINTS = (
    "exponent", "ratio", "iterations", "steps", "%", "neurons", "points",
)  # fmt: skip
BY_FACTOR = (RATIO, ITERATIONS, STEPS, NEURONS)
"""Units in which a residual is a factor; in the others it is a difference."""


@dataclass(frozen=True, kw_only=True)
class PublishedNumber:
    """A published number, and where it is published."""

    value: Annotated[float | None, Field(description="null if only a direction is published")]
    low: float | None
    high: float | None
    direction: Annotated[Literal[-1, 0, 1], Field(description="the sign, if that is what is published; else 0")]
    source: Annotated[str, Field(description="key of the source")]
    title: str
    year: int
    where: str
    provenance: Annotated[str, Field(description="[V] read in the source, [S] in a summary, [D] derived from such")]
    conditions: str


@dataclass(frozen=True, kw_only=True)
class Compared:
    """A number with its residual from the published one."""

    value: Interval
    residual: Annotated[float | None, Field(description="factor or difference; null if no number is published")]
    agrees: Annotated[bool | None, Field(description="whether it meets the published range; null if fitted")]


@dataclass(frozen=True)
class Row:
    """One published measurement, declared before anything is compared with it."""

    name: str
    what: str  #: in words
    published: float | None  #: None if only a direction is published
    stand_in: str  #: what is measured in the race instead
    unit: str
    source: Source
    provenance: str  #: [V] read in the source, [S] in a summary of it, [D] derived from such numbers
    conditions: str  #: of the measurement
    low: float | None = None  #: lower limit of a published range
    high: float | None = None
    direction: Literal[-1, 0, 1] = 0  #: the sign, if that is what is published
    fitted: str = ""  #: the free parameter that was fitted to this row; empty is a prediction
    without: str = ""  #: why the race has no number for it
    caveat: str = ""

    @property
    def by_factor(self) -> bool:
        """Whether its residual is a factor."""
        return self.unit in BY_FACTOR

    def number(self) -> PublishedNumber:
        """Return the number and where it is published."""
        own = {name: getattr(self, name) for name in ("low", "high", "direction", "provenance", "conditions")}
        source = {name: getattr(self.source, name) for name in ("title", "year", "where")}
        return PublishedNumber(value=self.published, source=self.source.key, **own, **source)

    def compared(self, interval: Interval) -> Compared:
        """Return a number with its residual, and whether it agrees: for a direction, whether it lies on that side."""
        low, high = (self.published if end is None else end for end in (self.low, self.high))
        residual = None
        if self.published is None or low is None or high is None:
            agrees = bool(self.direction * interval.low > 0 and self.direction * interval.high > 0)
        else:
            estimate = interval.estimate
            residual = estimate / self.published if self.by_factor else estimate - self.published
            agrees = bool(interval.low <= high and interval.high >= low)
        return Compared(value=interval, residual=residual, agrees=None if self.fitted else agrees)


_transfer = partial(
    Row,
    unit=EXPONENT,
    source=HERNANDEZ_2021,
    provenance="[S]",
    conditions="transformers of four orders of size, low-data regime, to Python code; characters, N without embeddings",
)
_revival = partial(
    Row,
    unit=ITERATIONS,
    source=JAIN_2024,
    provenance="[V]",
    conditions="minGPT of about 3M parameters on a probabilistic grammar; 10K iterations of fine-tuning",
)
_kept = partial(
    Row,
    unit=PERCENT,
    source=HUBINGER_2024,
    provenance="[S]",
    conditions="backdoors inserted on purpose, then safety training",
    caveat="conditional on insertion: the behaviour was put there, which is no evidence that it emerges",
)
_faking = partial(
    Row,
    unit=PERCENT,
    source=GREENBLATT_2024,
    provenance="[S]",
    conditions="Claude 3 Opus, told of its training",
    caveat="varies between models: of 25 in a replication, 5 have a compliance gap of over 1 %",
)


def _harm(step: int, published: float) -> Row:
    return Row(
        f"harmful after {step} steps",
        f"harmful answers after {step} steps of harmful fine-tuning",
        published,
        f"mean performance on Y after {step} steps on Y, in a mind pre-trained on Y and fine-tuned on X",
        unit=PERCENT,
        source=QI_2024,
        provenance="[S]",
        conditions="Llama-2-7B-chat, 100 examples, learning rate 2e-5, batch 64",
        caveat="one step here is one sample, there a batch of 64; and what is read is what a mind does that is trained "
        "on Y, also at step 0, so that one that plays along does so at once",
    )


ROWS: tuple[Row, ...] = (
    _transfer("alpha, text", "exponent of the fine-tuning data", TEXT.alpha, "α fitted at similarity 0.5"),
    _transfer("alpha, text and code", "the same, nearer", TEXT_AND_CODE.alpha, "α fitted at similarity 0.9"),
    _transfer("beta", "exponent of the model size", TEXT.beta, "exponent of `modes`, at similarity 0.5"),
    _transfer(
        "k, nearer over further", "ratio of the constants of both laws", TEXT_AND_CODE.k / TEXT.k,
        "k at similarity 0.9 over k at 0.5", unit=RATIO, provenance="[D]",
    ),
    _revival(
        "baseline", "reverse fine-tuning of a model trained from scratch", 4500,
        "median steps to 0.9 on Y from scratch", fitted="iterations a step",
    ),
    _revival(
        "revival, strong relevance", "reverse fine-tuning where the capability is strongly relevant", 316.2,
        "median steps back to Y over the baseline's, at similarity 0.9", low=100, high=1000,
    ),
    _revival(
        "revival, weak relevance", "reverse fine-tuning where it is weakly relevant", 3000, "the same at similarity 0.1"
    ),
    _revival(
        "pruning", "units whose removal brings the pre-training task back", 8.66, "none", low=5, high=15, unit=NEURONS,
        conditions="minGPT, small learning rate",
        without="the race has eight trained parts and no neurons; what putting parts back does is told by `wrappers`",
    ),
    _harm(0, 1.5),
    _harm(2, 22.4),
    _harm(4, 76.4),
    _harm(6, 87.9),
    _kept(
        "kept through RL", "backdoor rate after reinforcement learning", 97,
        "share of inserted deceivers that are deceptive after training on X", low=94, high=100,
    ),
    _kept(
        "kept through SFT", "backdoor rate after supervised fine-tuning", 28, "the same share", low=28, high=60
    ),
    _kept(
        "kept through red teaming", "backdoor rate after adversarial training", 99.5,
        "the same share with a tenth of honeypots", low=99, high=100,
    ),
    _kept(
        "kept, large less small", "change from the smallest model to the largest", None,
        "the same share at 64 modes less that at 4", unit=POINTS, direction=1, provenance="[V]",
    ),
    _faking(
        "faking before training", "answers with alignment-faking reasoning, prompted", 12,
        "mean share ψ of behaviour that is instrumental, after pre-training", low=7, high=24,
    ),
    _faking(
        "faking after training", "the same after reinforcement learning", 78, "the same after 12,000 steps on X"
    ),
)  # fmt: skip
BY_NAME: Mapping[str, Row] = {row.name: row for row in ROWS}
