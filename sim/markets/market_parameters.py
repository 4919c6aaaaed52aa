"""Terms: all that a market of released models takes for granted, each with its range and where it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from math import inf
from typing import Any, Self

from feint.agents.errors import InputError, unknown


def term(default: float, valid: tuple[float, float], words: str, span: str, tag: str = "assumption") -> Any:
    """A number that is taken for granted: its default, what is valid, what it is, its range, and where it is from."""
    return field(default=default, metadata={"valid": valid, "words": words, "span": span, "tag": tag})


@dataclass(frozen=True, kw_only=True)
class Assumed:
    """Numbers that are taken for granted, by name; raises `InputError` for one that is not valid."""

    def __post_init__(self) -> None:
        for each in fields(self):
            _check(each.name, getattr(self, each.name), each.metadata["valid"], whole=isinstance(each.default, int))

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Self:
        """From settings by name; raises `InputError` for one that there is not."""
        known = cls.names()
        for name in settings:
            if name not in known:
                raise unknown("term", name, known)
        return cls(**settings)

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Of all of them."""
        return tuple(each.name for each in fields(cls))


@dataclass(frozen=True, kw_only=True)
class Terms(Assumed):
    """What holds in a market; raises `InputError` for a number that is not valid."""

    actors: int = term(10_000, (1, 10**7), "actors in a market", "-")
    years: int = term(20, (1, 200), "years after the release", "-")
    budget: float = term(1000.0, (0.0, inf), "dollars a year of the median actor for one purpose", "100 to 100,000")
    budget_spread: float = term(2.0, (0.0, 10.0), "standard deviation of the logarithm of budgets", "1 to 3")
    malicious: float = term(0.05, (0.0, 1.0), "share of actors who want a hazard", "0.001 to 0.1")
    negligent: float = term(0.15, (0.0, 1.0), "share who do not look at what else a model does", "0 to 0.5")
    wants_new: float = term(0.5, (0.0, 1.0), "share of malicious ones after what was never there", "0 to 1")
    saving: float = term(0.0, (0.0, 1.0), "share of what is not spent that is kept for next year", "0 to 1")
    fall: float = term(1.0, (0.0, 100.0), "pace at which the price falls, in that of its sources", "0 to 2")
    sharing: float = term(0.1, (0.0, 1.0), "share of those who made a model who publish it", "0 to 0.5")
    finding: float = term(0.5, (0.0, 1.0), "chance in a year to find what is public", "0.1 to 1")
    members: int = term(1, (1, 10_000), "actors in a pool; 1 is no pooling", "1 to 100")
    pooling_loss: float = term(0.3, (0.0, inf), "pools work at members^-loss of what is paid", "0 to 1")
    detection: float = term(0.3, (0.0, 1.0), "chance that an evaluation finds a hazard made alone", "0 to 0.9")
    evasion: float = term(0.5, (0.0, inf), "in a pool that chance is times members^-evasion", "0 to 1")
    takedown: float = term(0.2, (0.0, 1.0), "chance in a year that a public hazard is removed", "0 to 0.9")
    tamper: float = term(1.0, (1.0, inf), "times the steps that undoing a wrapper takes", "1 to 100")
    screening: float = term(0.0, (0.0, 1.0), "structured access: chance that a hazard is refused; 0: open", "0 to 0.99")
    false_alarm: float = term(0.05, (0.0, 1.0), "structured access: chance that the harmless is refused", "0 to 0.2")
    staged: int = term(0, (0, 200), "years in which the vetted alone are served", "0 to 5")
    vetted: float = term(0.1, (0.0, 1.0), "share of benign actors who are vetted", "0 to 0.5")
    protection: float = term(0.5, (0.0, 1.0), "by how much defence at full reach lowers vulnerability", "0 to 0.9")
    spills_at: float = term(0.7, (0.0, 1.0), "performance from which a hazard is there by the way", "0.5 to 0.9")
    composing: float = term(0.0, (0.0, 1.0), "chance in a year to merge public experts, and one's own", "0 to 1")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.malicious + self.negligent > 1:
            raise InputError(
                f"malicious + negligent = {self.malicious + self.negligent:g} is not valid: it must be at most 1."
            )

    @property
    def efficiency(self) -> float:
        """What pools work at, of what is paid."""
        return float(self.members**-self.pooling_loss)

    @property
    def open(self) -> bool:
        """Whether the weights can be downloaded."""
        return self.screening == 0


def _check(name: str, value: object, valid: tuple[float, float], *, whole: bool) -> None:
    low, high = valid
    kinds = int if whole else (int, float)
    if isinstance(value, bool) or not isinstance(value, kinds) or not low <= value <= high:
        what = "a whole number" if whole else "a number"
        raise InputError(f"{name} = {value!r} is not valid: it must be {what} from {low:g} to {high:g}.")
