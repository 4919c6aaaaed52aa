"""Claims: what is said of training before it is tried, what would count for it and against it, and verdicts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise
from math import inf, isfinite
from typing import Any

from feint.sim.analysis.estimands import Estimand
from feint.sim.analysis.prior_shares import LEAST
from feint.sim.statistics.intervals import Interval

HOLDS, REVERSED, NEITHER = KINDS = "holds", "reversed", "neither"


class Verdict(Enum):
    """What is found of a claim, or of a part of one."""

    SUPPORTED = "supported", "the whole interval lies where the claim says"
    CONTRADICTED = "contradicted", "the whole interval lies where the claim says it does not"
    NEITHER = "neither", "the whole interval lies in between, neither where the claim says nor where it is reversed"
    MIXED = "mixed", "its parts are decided, but not all alike"
    UNDECIDED = "undecided", "too few runs: the interval reaches across a limit"

    meaning: str

    def __new__(cls, value: str, meaning: str) -> Verdict:
        """A member that is its name and explains itself."""
        member = object.__new__(cls)
        member._value_ = value
        member.meaning = meaning
        return member


Range = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Where a quantity must lie for a claim to hold, and where it lies if the claim is reversed.

    Ranges hold both their ends; an end that both sides have belongs to the side that holds.
    """

    words: str
    holds: tuple[Range, ...]
    reverses: tuple[Range, ...]

    def kind(self, value: float) -> str:
        """Holds, reversed or neither, at a value."""
        if any(low <= value <= high for low, high in self.holds):
            return HOLDS
        return REVERSED if any(low <= value <= high for low, high in self.reverses) else NEITHER

    def possible(self, low: float, high: float) -> frozenset[str]:
        """The kinds that values from `low` to `high` may be of."""
        ends = {end for each in (*self.holds, *self.reverses) for end in each if low < end < high}
        steps = sorted({low, high, *ends})
        between = ((a + b) / 2 for a, b in pairwise(steps) if isfinite(a) and isfinite(b))
        return frozenset(map(self.kind, [*steps, *between]))

    def margin(self, kind: str, low: float, high: float) -> float:
        """By how much values from `low` to `high` lie within holds, or within reversed; below 0 they do not."""
        ranges = self.holds if kind == HOLDS else self.reverses
        return max(min(low - a, b - high) for a, b in ranges)

    def verdict(self, interval: Interval) -> Verdict:
        """What an interval says."""
        kinds = self.possible(interval.low, interval.high)
        return VERDICTS[next(iter(kinds))] if len(kinds) == 1 else Verdict.UNDECIDED


VERDICTS = {HOLDS: Verdict.SUPPORTED, REVERSED: Verdict.CONTRADICTED, NEITHER: Verdict.NEITHER}


def rises(least: float = LEAST) -> Rule:
    """An effect of at least so much; as much the other way reverses it."""
    words = f"at least {least:g}; reversed at -{least:g} or below"
    return Rule(words=words, holds=((least, inf),), reverses=((-inf, -least),))


def at_least(holds: float, reverses: float) -> Rule:
    """A level of at least `holds`; at `reverses` or below the claim is reversed."""
    words = f"at least {holds:g}; reversed at {reverses:g} or below"
    return Rule(words=words, holds=((holds, inf),), reverses=((-inf, reverses),))


def at_most(holds: float, reverses: float) -> Rule:
    """A level of at most `holds`; at `reverses` or above the claim is reversed."""
    words = f"at most {holds:g}; reversed at {reverses:g} or above"
    return Rule(words=words, holds=((-inf, holds),), reverses=((reverses, inf),))


def within(bound: float) -> Rule:
    """No further from 0 than `bound`; further the claim is reversed."""
    words = f"within ±{bound:.3g}; reversed beyond"
    return Rule(words=words, holds=((-bound, bound),), reverses=((-inf, -bound), (bound, inf)))


def apart(least: float = LEAST) -> Rule:
    """Further from 0 than `least`, either way; nearer the claim is reversed."""
    words = f"beyond ±{least:g}; reversed within"
    return Rule(words=words, holds=((-inf, -least), (least, inf)), reverses=((-least, least),))


def no_fall(least: float = LEAST) -> Rule:
    """No lower than -`least`; lower the claim is reversed."""
    return Rule(words=f"-{least:g} or above; reversed below", holds=((-least, inf),), reverses=((-inf, -least),))


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where a claim, a premise or a reading comes from."""

    key: str
    author: str
    title: str
    year: int
    where: str  #: address or DOI
    kind: str = "online"  #: of entry in a bibliography

    def bibtex(self) -> str:
        """The entry for a bibliography."""
        field = "doi" if self.where.startswith("10.") else "url"
        told = {"author": self.author, "title": f"{{{self.title}}}", "year": str(self.year), field: self.where}
        lines = ",\n".join(f"  {name} = {{{value}}}" for name, value in told.items())
        return f"@{self.kind}{{{self.key},\n{lines}\n}}"


@dataclass(frozen=True)
class Part:
    """One number that a claim stands or falls by, with the rule that was declared for it."""

    name: str
    estimand: Estimand
    rule: Rule
    tested: bool = True  #: whether the verdict of the claim hangs on it; others are shown beside it


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A claim, declared before it is tried; its first part is the one that is told as its effect."""

    name: str
    title: str
    source: Source
    section: str  #: where in the source
    statement: str  #: in its author's terms
    parts: tuple[Part, ...]
    any_part: bool = False  #: one part is enough; intervals then hold for all parts at once (Bonferroni)
    family: str = "pretraining"
    number: int = 0
    remark: Callable[[Any], str] | None = None  #: what more there is to say of its draws from the prior

    @property
    def effect(self) -> Part:
        """The part that is told as the effect."""
        return self.parts[0]

    @property
    def tested(self) -> tuple[Part, ...]:
        """The parts that the verdict hangs on."""
        return tuple(part for part in self.parts if part.tested)

    def confidence(self, confidence: float) -> float:
        """The level of each part's interval."""
        return 1 - (1 - confidence) / len(self.tested) if self.any_part else confidence

    def verdict(self, verdicts: Mapping[str, Verdict]) -> Verdict:
        """Of the whole, from the verdicts of its parts by name."""
        found = [verdicts[part.name] for part in self.tested]
        return one_of(found) if self.any_part else all_of(found)

    def kind(self, kinds: Mapping[str, str]) -> str:
        """Of the whole, from the kinds of its parts: that of all of them, or neither; one that holds may be enough."""
        return self._of(frozenset(kinds[part.name] for part in self.tested))

    def possible(self, kinds: Mapping[str, frozenset[str]]) -> frozenset[str]:
        """The kinds that the whole may be of, from those that each part may be of."""
        met = {frozenset[str]()}
        for part in self.tested:
            met = {each | {kind} for each in met for kind in kinds[part.name]}
        return frozenset(map(self._of, met))

    def _of(self, met: frozenset[str]) -> str:
        if self.any_part and HOLDS in met:
            return HOLDS
        return next(iter(met)) if len(met) == 1 else NEITHER


def all_of(verdicts: list[Verdict]) -> Verdict:
    """Of a claim that needs all its parts: what they agree on; mixed where two that are decided differ."""
    decided = {each for each in verdicts if each is not Verdict.UNDECIDED}
    if len(decided) > 1:
        return Verdict.MIXED
    return Verdict.UNDECIDED if Verdict.UNDECIDED in verdicts else decided.pop()


def one_of(verdicts: list[Verdict]) -> Verdict:
    """Of a claim that needs one of its parts."""
    if Verdict.SUPPORTED in verdicts:
        return Verdict.SUPPORTED
    return all_of(verdicts)
