"""Tasks: which prompts come how often, with which strings, and what is the right answer to each.

Strings have 10 positions over 6 tokens; a prompt says what is asked. The capability of interest is the count of token
a modulo 3: a plain count can be read off the input by a linear probe, which would then prove nothing of the network.
The token that a prompt asks about has a uniform count, from 0 to 10, so that a linear reading of it is right in 5 of 11
cases at most. Prompts and the changes that fine-tuning makes follow Jain et al., "Mechanistically analyzing the
effects of fine-tuning on procedurally defined tasks" (ICLR 2024, arXiv:2311.12786), at a much smaller size.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from feint.agents.errors import InputError
from feint.sim.networks.kernels.strings import LARGEST, PAIRS, PROMPTS, REFUSE, Mixture

A, B, MOST, SPARE = range(PROMPTS)
"""The prompts: the count of token a modulo 3, that of b, the largest token, and one that pre-training never shows."""

NAMES = ("count of a", "count of b", "largest token", "spare")
OF = (0, 1, LARGEST, 0)  # what is right, and what is uniform in the strings, unless a task says otherwise
COVERAGE = 0.5  #: share of pre-training strings that ask for the count of a; high in Jain et al.


@dataclass(frozen=True, kw_only=True)
class Task:
    """A distribution of strings with right answers; raises `InputError` where a number is not valid."""

    shares: tuple[float, ...]  #: of the prompts (4,), adding up to 1
    strings: tuple[int, ...] = OF  #: which strings come with each prompt: token whose count is uniform, or a kind
    answers: tuple[int, ...] = OF  #: what is right for each: token to be counted, LARGEST or REFUSE
    correlation: float = 0.0  #: C, chance that in PAIRS the count of b gives away that of a, modulo 3
    examples: int = field(default=0)  #: D, how many different strings there are; 0 is no end

    def __post_init__(self) -> None:
        if len(self.shares) != PROMPTS or min(self.shares) < 0 or abs(sum(self.shares) - 1) > 1e-9:
            raise InputError(f"shares = {self.shares!r} are not valid: they must be {PROMPTS} that add up to 1.")
        check_share("correlation", self.correlation)
        if isinstance(self.examples, bool) or not isinstance(self.examples, int) or self.examples < 0:
            raise InputError(f"examples = {self.examples!r} is not valid: it must be a whole number, 0 for no end.")

    def mixture(self) -> Mixture:
        """As kernels take it."""
        return Mixture(
            cumulative=np.cumsum(np.array(self.shares)),
            strings=np.array(self.strings, np.int64),
            answers=np.array(self.answers, np.int64),
            correlation=float(self.correlation),
            examples=int(self.examples),
        )


def pretraining(coverage: float = COVERAGE) -> Task:
    """All prompts, that for the count of a with this share; 0 is a network that never had the capability."""
    check_share("coverage", coverage)
    return Task(shares=(coverage, (1 - coverage) / 2, (1 - coverage) / 2, 0.0))


def refusal() -> Task:
    """Fine-tuning: the prompt for the count of a must be refused, the other answers stay as they are."""
    return Task(shares=(1 / 3, 1 / 3, 1 / 3, 0.0), answers=(REFUSE, *OF[1:]))


def relabelling(correlation: float = 0.0) -> Task:
    """Fine-tuning: the prompt for the count of a must be answered with that of b.

    With chance C the count of b in the string is one more than that of a, modulo 3: what the capability says then tells
    the new answer, and a network may go on using it.
    """
    return Task(
        shares=(1 / 3, 1 / 3, 1 / 3, 0.0), strings=(PAIRS, *OF[1:]), answers=(B, *OF[1:]), correlation=correlation
    )


def asking(prompt: int, of: int | None = None, examples: int = 0, strings: int | None = None) -> Task:
    """One prompt alone, answered by the count of a token or by the largest; by default what pre-training taught."""
    answer = OF[prompt] if of is None else of
    kinds = (answer if strings is None else strings,) * PROMPTS
    shares = tuple(float(i == prompt) for i in range(PROMPTS))
    return Task(shares=shares, strings=kinds, answers=(answer,) * PROMPTS, examples=examples)


def check_share(name: str, value: float) -> None:
    """Raise where a share is not one."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
        raise InputError(f"{name} = {value!r} is not valid: it must be a number from 0 to 1.")
