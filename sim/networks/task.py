"""Tasks: how often each prompt comes, with which strings, and what the right answer to each is.

Strings have 10 positions over 6 tokens; a prompt says what is asked. The capability of interest is the count of token
a modulo 3: a plain count can be read off the input by a linear probe, which would then prove nothing about the network.
The token that a prompt asks about has a uniform count, from 0 to 10, so that a linear reading of it is right in at most
5 of 11 cases. Prompts and the changes that fine-tuning makes follow Jain et al., "Mechanistically analyzing the
effects of fine-tuning on procedurally defined tasks" (ICLR 2024, arXiv:2311.12786), at a much smaller size.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from feint.agents.errors import InputError, check_whole
from feint.sim.networks.kernels.strings import ACTIVE, INPUTS, LARGEST, PAIRS, PROMPTS, REFUSE, Mixture, draw_strings

A, B, MOST, SPARE = range(PROMPTS)
"""The prompts: the count of token a modulo 3, that of b, the largest token, and one that pre-training never shows."""

KINDS = (0, 1, LARGEST, 0)  # right answers, and what is uniform in the strings, unless a task says otherwise
COVERAGE = 0.5  #: share of pre-training strings that ask for the count of a; high in Jain et al.


class Purpose(IntEnum):
    """Random stream of a string; strings of two purposes, or of two seeds, are independent.

    So no network is tested on strings that it has learnt from.
    """

    PRETRAINING = 0
    FINETUNING = 1
    REVERSE = 2  #: training after fine-tuning, and its baselines
    CHECKING = 3  #: whether a level is reached during training
    TESTING = 4
    CHOOSING = 5  #: which units are pruned, and the probe's training
    START = 6  #: initial weights, drawn by NumPy's Philox


@dataclass(frozen=True, kw_only=True)
class Task:
    """A distribution of strings with right answers; raises `InputError` if a number is not valid."""

    shares: tuple[float, ...]  #: of the prompts (4,), adding up to 1
    strings: tuple[int, ...] = KINDS  #: which strings come with each prompt: token whose count is uniform, or a kind
    answers: tuple[int, ...] = KINDS  #: what is right for each: token to be counted, LARGEST or REFUSE
    correlation: float = 0.0  #: C, chance that in PAIRS the count of b follows from that of a, modulo 3
    examples: int = 0  #: D, number of different strings; 0 means that no string is repeated

    def __post_init__(self) -> None:
        if len(self.shares) != PROMPTS or min(self.shares) < 0 or abs(sum(self.shares) - 1) > 1e-9:
            raise InputError(f"shares = {self.shares!r} are not valid: they must be {PROMPTS} that add up to 1.")
        check_share("correlation", self.correlation)
        check_whole("examples", self.examples)

    def mixture(self) -> Mixture:
        """Return the task in the form that kernels take."""
        return Mixture(
            cumulative=np.cumsum(np.array(self.shares)),
            strings=np.array(self.strings, np.int64),
            answers=np.array(self.answers, np.int64),
            correlation=float(self.correlation),
            examples=int(self.examples),
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Strings:
    """Strings of a task with their right answers, which networks are shown without learning from them."""

    active: np.ndarray  #: inputs that are 1 (strings, 11): 6 i + token for position i, and 60 + prompt
    answers: np.ndarray  #: right answers (strings,): tokens from 0, and 6 for a refusal

    def __len__(self) -> int:
        return len(self.answers)

    def inputs(self) -> np.ndarray:
        """Return the raw input, zeros and ones (strings, 64)."""
        raw = np.zeros((len(self), INPUTS), np.float32)
        np.put_along_axis(raw, self.active, 1, axis=1)
        return raw


def draw(task: Task, count: int, *, seed: int, purpose: Purpose, first: int = 0) -> Strings:
    """Return the strings of a purpose from number `first` on; they do not depend on `count`."""
    active, answers = np.empty((count, ACTIVE), np.int64), np.empty(count, np.int64)
    draw_strings(task.mixture(), seed, int(purpose), first, active, answers)
    return Strings(active=active, answers=answers)


def pretraining(coverage: float = COVERAGE) -> Task:
    """Return pre-training on all prompts, with this share of the count of a; without it a network never learns it."""
    check_share("coverage", coverage)
    return Task(shares=(coverage, (1 - coverage) / 2, (1 - coverage) / 2, 0.0))


def refusal() -> Task:
    """Return fine-tuning that refuses the prompt for the count of a and leaves the other answers as they are."""
    return Task(shares=(1 / 3, 1 / 3, 1 / 3, 0.0), answers=(REFUSE, *KINDS[1:]))


def relabelling(correlation: float = 0.0) -> Task:
    """Return fine-tuning that answers the prompt for the count of a with that of b.

    With chance C the count of b in the string is one more than that of a, modulo 3: the capability then gives the new
    answer, and a network may go on using it.
    """
    shares = (1 / 3, 1 / 3, 1 / 3, 0.0)
    return Task(shares=shares, strings=(PAIRS, *KINDS[1:]), answers=(B, *KINDS[1:]), correlation=correlation)


def asking(prompt: int, of: int | None = None, examples: int = 0, strings: int | None = None) -> Task:
    """Return one prompt alone, answered by the count of a token or by the largest; by default as in pre-training."""
    answer = KINDS[prompt] if of is None else of
    kinds = (answer if strings is None else strings,) * PROMPTS
    shares = tuple(float(i == prompt) for i in range(PROMPTS))
    return Task(shares=shares, strings=kinds, answers=(answer,) * PROMPTS, examples=examples)


def check_share(name: str, value: float) -> None:
    """Raise `InputError` unless a value is a number from 0 to 1."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
        raise InputError(f"{name} = {value!r} is not valid: it must be a number from 0 to 1.")
