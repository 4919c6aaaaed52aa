"""Declares the assumptions of a market of released models, each with its bounds, its range and its source."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import ConfigDict, model_validator

from feint.agents.errors import InputError
from feint.agents.parameters import Bounds, Declared, parameter

SHARE = (0.0, 1.0)


def assumption(default: float, valid: Bounds, prior: tuple[float, float] | None, meaning: str, unit: str = "1") -> Any:
    """Declare a number for which there is no source, as `parameter` does."""
    more: dict[str, Any] = {"unit": unit, "argument": "release", "source": "assumption"}
    return parameter(default, valid=valid, prior=prior, meaning=meaning, **more)


class Assumptions(Declared):
    """Base of sets of assumptions, which may be infinite if they have no upper bound."""

    model_config = ConfigDict(allow_inf_nan=True)


class Terms(Assumptions):
    """Assumptions on a market; raises `InputError` for a number that is not valid."""

    name: ClassVar[str] = "market"

    actors: int = assumption(10_000, (1, 10**7), None, "actors in a market", "actors")
    years: int = assumption(20, (1, 200), None, "years after the release", "years")
    budget: float = assumption(
        1000.0, (0.0, None), (100, 100_000), "dollars a year of the median actor for one purpose", "dollars per year"
    )
    budget_spread: float = assumption(2.0, (0.0, 10.0), (1, 3), "standard deviation of the logarithm of budgets")
    malicious: float = assumption(0.05, SHARE, (0.001, 0.1), "share of actors who want a hazard")
    negligent: float = assumption(0.15, SHARE, (0, 0.5), "share who do not look at what else a model does")
    wants_new: float = assumption(0.5, SHARE, (0, 1), "share of malicious ones after what was never there")
    saving: float = assumption(0.0, SHARE, (0, 1), "share of what is not spent that is kept for next year")
    fall: float = assumption(1.0, (0.0, 100.0), (0, 2), "pace at which the price falls, in that of its sources")
    sharing: float = assumption(0.1, SHARE, (0, 0.5), "share of those who made a model who publish it")
    finding: float = assumption(0.5, SHARE, (0.1, 1), "chance in a year to find what is public")
    members: int = assumption(1, (1, 10_000), (1, 100), "actors in a pool; 1 is no pooling", "actors")
    pooling_loss: float = assumption(0.3, (0.0, None), (0, 1), "pools work at members^-loss of what is paid")
    detection: float = assumption(0.3, SHARE, (0, 0.9), "chance that an evaluation finds a hazard made alone")
    evasion: float = assumption(0.5, (0.0, None), (0, 1), "in a pool that chance is times members^-evasion")
    takedown: float = assumption(0.2, SHARE, (0, 0.9), "chance in a year that a public hazard is removed")
    tamper: float = assumption(1.0, (1.0, None), (1, 100), "times the steps that undoing a wrapper takes")
    screening: float = assumption(0.0, SHARE, (0, 0.99), "structured access: chance that a hazard is refused; 0: open")
    false_alarm: float = assumption(0.05, SHARE, (0, 0.2), "structured access: chance that the harmless is refused")
    staged: int = assumption(0, (0, 200), (0, 5), "years in which the vetted alone are served", "years")
    vetted: float = assumption(0.1, SHARE, (0, 0.5), "share of benign actors who are vetted")
    protection: float = assumption(0.5, SHARE, (0, 0.9), "by how much defence at full reach lowers vulnerability")
    spills_at: float = assumption(0.7, SHARE, (0.5, 0.9), "performance from which a hazard is there by the way")
    composing: float = assumption(0.0, SHARE, (0, 1), "chance in a year to merge public experts, and one's own")

    @model_validator(mode="after")
    def _check_shares(self) -> Terms:
        total = self.malicious + self.negligent
        if total > 1:
            raise InputError(f"malicious + negligent = {total:g} is not valid: it must be at most 1.")
        return self

    @property
    def open(self) -> bool:
        """Whether the weights can be downloaded."""
        return self.screening == 0
