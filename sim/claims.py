"""Claims: what is said of training before it is tried, what would count for it and against it, and verdicts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from math import inf

from feint.sim.quantities import Quantity
from feint.sim.shares import LEAST
from feint.sim.statistics import Interval

HOLDS, REVERSED, NEITHER = "holds", "reversed", "neither"


class Verdict(Enum):
    """What is found of a claim, or of a part of one."""

    SUPPORTED = "supported", "the whole interval lies where the claim says"
    CONTRADICTED = "contradicted", "the whole interval lies where the claim says it does not"
    NO_EFFECT = "no effect", "the whole interval lies in between: less than the declared minimum either way"
    MIXED = "mixed", "some parts of the claim are supported, and others are not"
    UNDECIDED = "undecided", "too few runs: the interval reaches across a limit"

    meaning: str

    def __new__(cls, value: str, meaning: str) -> Verdict:
        """A member that is its name and explains itself."""
        member = object.__new__(cls)
        member._value_ = value
        member.meaning = meaning
        return member


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Where a quantity must lie for a claim to hold, and where it lies if the claim is reversed.

    Limits belong to their side, and one that both sides have to the side that holds.
    """

    words: str
    low: float = -inf  #: it holds from here
    high: float = inf  #: to here
    below: float = -inf  #: it is reversed here and below
    above: float = inf  #: and here and above

    def kind(self, value: float) -> str:
        """Holds, reversed or neither, at a value."""
        if self.low <= value <= self.high:
            return HOLDS
        return REVERSED if value <= self.below or value >= self.above else NEITHER

    def possible(self, low: float, high: float) -> set[str]:
        """The kinds that values from `low` to `high` may be of."""
        found = {self.kind(low), self.kind(high)}
        if low <= self.high and high >= self.low:
            found.add(HOLDS)
        if (low <= self.below and low < self.low) or (high >= self.above and high > self.high):
            found.add(REVERSED)
        between = ((self.below, self.low), (self.high, self.above))
        if any(a < b and low < b and high > a for a, b in between):
            found.add(NEITHER)
        return found

    def verdict(self, interval: Interval) -> Verdict:
        """What an interval says."""
        kinds = self.possible(interval.low, interval.high)
        if len(kinds) > 1:
            return Verdict.UNDECIDED
        return {HOLDS: Verdict.SUPPORTED, REVERSED: Verdict.CONTRADICTED, NEITHER: Verdict.NO_EFFECT}[kinds.pop()]


def rises(least: float = LEAST) -> Rule:
    """An effect of at least so much; as much the other way reverses it."""
    return Rule(words=f"at least {least:g}; reversed at -{least:g} or below", low=least, below=-least)


def at_least(holds: float, reverses: float) -> Rule:
    """A level of at least `holds`; at `reverses` or below the claim is reversed."""
    return Rule(words=f"at least {holds:g}; reversed at {reverses:g} or below", low=holds, below=reverses)


def within(bound: float) -> Rule:
    """No further from 0 than `bound`; further the claim is reversed."""
    return Rule(words=f"within ±{bound:.3g}; reversed beyond", low=-bound, high=bound, below=-bound, above=bound)


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


@dataclass(frozen=True, kw_only=True)
class Part:
    """One number that a claim stands or falls by, with the rule that was declared for it."""

    name: str
    quantity: Quantity
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

    def verdict(self, verdicts: dict[str, Verdict]) -> Verdict:
        """Of the whole, from the verdicts of its parts by name."""
        found = [verdicts[part.name] for part in self.tested]
        return one_of(found) if self.any_part else all_of(found)


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
