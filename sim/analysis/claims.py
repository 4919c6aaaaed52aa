"""Claims about training: what is declared of them, rules for and against them, and verdicts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from itertools import pairwise
from math import inf, isfinite
from statistics import NormalDist
from typing import Any

import numpy as np

from feint.sim.analysis.estimands import Estimand
from feint.sim.statistics.intervals import Interval

NORMAL = NormalDist()
LEAST = 0.02  # smallest effect that counts, by default
HOLDS, REVERSED, NEITHER = KINDS = "holds", "reversed", "neither"


class Verdict(Enum):
    """Result of testing a claim, or one of its parts."""

    SUPPORTED = "supported", "the whole interval lies where the claim says"
    CONTRADICTED = "contradicted", "the whole interval lies where the claim says it does not"
    NEITHER = "neither", "the whole interval lies in between, neither where the claim says nor where it is reversed"
    MIXED = "mixed", "its parts are decided, but not all alike"
    UNDECIDED = "undecided", "too few runs: the interval reaches across a limit"

    meaning: str

    def __new__(cls, value: str, meaning: str) -> Verdict:
        """Return a member with a name and its meaning."""
        member = object.__new__(cls)
        member._value_ = value
        member.meaning = meaning
        return member


Range = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Ranges of an estimand, ends included, in which a claim holds and, elsewhere, in which it is reversed."""

    words: str
    holds: tuple[Range, ...]
    reverses: tuple[Range, ...]

    def kind(self, value: float) -> str:
        """Return holds, reversed or neither for a value."""
        if any(low <= value <= high for low, high in self.holds):
            return HOLDS
        return REVERSED if any(low <= value <= high for low, high in self.reverses) else NEITHER

    def possible(self, low: float, high: float) -> frozenset[str]:
        """Return the kinds that values from `low` to `high` may have."""
        ends = {end for limits in (*self.holds, *self.reverses) for end in limits if low < end < high}
        steps = sorted({low, high, *ends})
        between = ((a + b) / 2 for a, b in pairwise(steps) if isfinite(a) and isfinite(b))
        return frozenset(map(self.kind, [*steps, *between]))

    def margin(self, kind: str, low: float, high: float) -> float:
        """Return by how much values from `low` to `high` lie within holds or within reversed; negative if outside."""
        ranges = self.holds if kind == HOLDS else self.reverses
        return max(min(low - a, b - high) for a, b in ranges)

    def doubts(self, estimate: float, low: float, high: float, confidence: float) -> dict[str, float]:
        """Return by kind a bound of the chance that the estimate is mistaken about it; 0 if the interval is clear.

        It is the sum of Φ(-z) over the ends of the kind's ranges within the interval, z the distance of an end from the
        estimate in standard errors, of which the interval of this confidence level reaches Φ⁻¹((1 + confidence) / 2)
        far. For a number of which nothing else is known (a flat prior), Φ(-z) is the chance that it lies beyond an end.
        """
        finite, reach = isfinite(estimate) and isfinite(low) and isfinite(high), NORMAL.inv_cdf(0.5 + confidence / 2)

        def beyond(end: float) -> float:
            if not finite:
                return 1.0
            return NORMAL.cdf(-reach * abs(end - estimate) / (high - estimate if end > estimate else estimate - low))

        ranges = {HOLDS: self.holds, REVERSED: self.reverses, NEITHER: (*self.holds, *self.reverses)}
        ends = {kind: {end for limits in of for end in limits if low < end < high} for kind, of in ranges.items()}
        return {kind: min(1.0, sum(map(beyond, of_kind))) for kind, of_kind in ends.items()}

    def verdict(self, interval: Interval) -> Verdict:
        """Return the verdict of an interval."""
        kinds = self.possible(interval.low, interval.high)
        return VERDICTS[next(iter(kinds))] if len(kinds) == 1 else Verdict.UNDECIDED


VERDICTS = {HOLDS: Verdict.SUPPORTED, REVERSED: Verdict.CONTRADICTED, NEITHER: Verdict.NEITHER}


def rises(least: float = LEAST) -> Rule:
    """Return the rule of an effect of at least `least`, which is reversed at -`least` or below."""
    return at_least(least, -least)


def at_least(holds: float, reverses: float) -> Rule:
    """Return the rule of a level of at least `holds`, which is reversed at `reverses` or below."""
    words = f"at least {holds:g}; reversed at {reverses:g} or below"
    return Rule(words=words, holds=((holds, inf),), reverses=((-inf, reverses),))


def at_most(holds: float, reverses: float) -> Rule:
    """Return the rule of a level of at most `holds`, which is reversed at `reverses` or above."""
    words = f"at most {holds:g}; reversed at {reverses:g} or above"
    return Rule(words=words, holds=((-inf, holds),), reverses=((reverses, inf),))


def within(bound: float) -> Rule:
    """Return the rule of a number no further from 0 than `bound`."""
    words = f"within ±{bound:.3g}; reversed beyond"
    return Rule(words=words, holds=((-bound, bound),), reverses=((-inf, -bound), (bound, inf)))


def apart(least: float = LEAST) -> Rule:
    """Return the rule of a number further from 0 than `least`, either way."""
    words = f"beyond ±{least:g}; reversed within"
    return Rule(words=words, holds=((-inf, -least), (least, inf)), reverses=((-least, least),))


def no_fall(least: float = LEAST) -> Rule:
    """Return the rule of a number no lower than -`least`."""
    return Rule(words=f"-{least:g} or above; reversed below", holds=((-least, inf),), reverses=((-inf, -least),))


@dataclass(frozen=True, kw_only=True)
class Source:
    """Publication of a claim, a premise or a measurement."""

    key: str
    author: str
    title: str
    year: int
    where: str  #: address or DOI
    kind: str = "online"  #: of the entry in a bibliography

    def bibtex(self) -> str:
        """Return the entry for a bibliography."""
        where = "doi" if self.where.startswith("10.") else "url"
        entry = {"author": self.author, "title": f"{{{self.title}}}", "year": self.year, where: self.where}
        lines = ",\n".join(f"  {name} = {{{value}}}" for name, value in entry.items())
        return f"@{self.kind}{{{self.key},\n{lines}\n}}"


UNPUBLISHED = Source(key="own", author="", title="", year=0, where="")
"""Stands for the source of a claim of one's own."""


@dataclass(frozen=True)
class Part:
    """One number on which a claim depends, with the rule declared for it."""

    name: str  #: unique within its claim
    estimand: Estimand  #: what is measured, and its words
    rule: Rule  #: where it must lie
    tested: bool = True  #: whether the verdict of the claim depends on it; others are only shown


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A claim as it is declared; the first part is reported as its effect.

    A claim of one's own is read from a file (`feint.load_claim`), or made of estimands and their rules.
    """

    name: str  #: of letters, digits, _ and -
    source: Source = UNPUBLISHED  #: the publication that states it
    section: str = ""  #: of the source
    statement: str  #: in its author's terms
    parts: tuple[Part, ...]  #: one number each
    any_part: bool = False  #: whether one part is enough; intervals then hold for all parts at once (Bonferroni)
    title: str = ""  #: first line of its file; title, against, family and number are those of the registry
    against: str = ""  #: what would count against it, as its file says
    family: str = "pretraining"  #: of the registry
    number: int = 0  #: in its family
    remark: Callable[[Any], str] | None = None  #: returns what else to report of its draws from the prior
    declared: Mapping[str, Any] | None = field(default=None, compare=False)  #: tables of the file that it was read from

    def configuration(self) -> Any:
        """Return what a passport holds: the tables of its file or, if it has none, its name."""
        return self.name if self.declared is None else dict(self.declared)

    @property
    def effect(self) -> Part:
        """The part that is reported as the effect."""
        return self.parts[0]

    @property
    def tested(self) -> tuple[Part, ...]:
        """The parts on which the verdict depends."""
        return tuple(part for part in self.parts if part.tested)

    def confidence(self, confidence: float) -> float:
        """Return the confidence level of each part's interval."""
        return 1 - (1 - confidence) / len(self.tested) if self.any_part else confidence

    def verdict(self, verdicts: Mapping[str, Verdict]) -> Verdict:
        """Return the verdict of the claim from those of its parts: mixed if two that are decided differ."""
        of_parts = {verdicts[part.name] for part in self.tested}
        decided = of_parts - {Verdict.UNDECIDED}
        if self.any_part and Verdict.SUPPORTED in decided:
            return Verdict.SUPPORTED
        if len(decided) > 1:
            return Verdict.MIXED
        return Verdict.UNDECIDED if Verdict.UNDECIDED in of_parts else decided.pop()

    def kind(self, kinds: Mapping[str, str]) -> str:
        """Return the kind of the claim from those of its parts: that of all, or neither; one that holds may suffice."""
        return self._kind_of(frozenset(kinds[part.name] for part in self.tested))

    def possible(self, kinds: Mapping[str, frozenset[str]]) -> frozenset[str]:
        """Return the kinds that the claim may have from those that each part may have."""
        sets = {frozenset[str]()}
        for part in self.tested:
            sets = {of_parts | {kind} for of_parts in sets for kind in kinds[part.name]}
        return frozenset(map(self._kind_of, sets))

    def doubts(self, kinds: np.ndarray, doubts: Mapping[Any, np.ndarray]) -> dict[str, np.ndarray]:
        """Return by kind a bound of the chance that it is mistaken whether the claim is of it (draws,).

        `kinds` of the tested parts by their estimates and `doubts` by kind are (parts, draws). Where all parts must be
        of a kind, one mistake loses it, and only mistakes in all parts that are not of it gain it; where one part that
        holds is enough, the other way round.
        """
        one = np.minimum(1.0, doubts[NEITHER].sum(axis=0))

        def of(kind: str, *, enough: bool) -> tuple[np.ndarray, np.ndarray]:
            is_kind = kinds == kind
            whole = is_kind.any(axis=0) if enough else is_kind.all(axis=0)
            every = np.where(is_kind == enough, doubts[kind], 1.0).min(axis=0)
            return whole, np.where(whole == enough, every, np.minimum(1.0, doubts[kind].sum(axis=0)))

        holds, to_hold = of(HOLDS, enough=self.any_part)
        turned, to_turn = of(REVERSED, enough=False)
        neither = np.where(holds, to_hold, np.where(turned, to_turn, np.minimum(one, to_hold + to_turn)))
        return {HOLDS: to_hold, REVERSED: to_turn, NEITHER: neither}

    def _kind_of(self, of_parts: frozenset[str]) -> str:
        if self.any_part and HOLDS in of_parts:
            return HOLDS
        return next(iter(of_parts)) if len(of_parts) == 1 else NEITHER
