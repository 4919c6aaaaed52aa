"""Tasks, and networks that learn them: two hidden layers of rectified linear units, minibatch Adam, single precision.

Strings have 10 positions over 6 tokens; a prompt says what is asked. The capability of interest is the count of token
a modulo 3: a plain count can be read off the input by a linear probe, which would then prove nothing about the network.
The token that a prompt asks about has a uniform count, from 0 to 10, so that a linear reading of it is right in at most
5 of 11 cases. Prompts and the changes that fine-tuning makes follow Jain et al., "Mechanistically analyzing the
effects of fine-tuning on procedurally defined tasks" (ICLR 2024, arXiv:2311.12786), at a much smaller size.
"""

from dataclasses import dataclass, replace
from enum import IntEnum
from typing import NamedTuple, Self

import numpy as np

from feint.agents.errors import InputError, check_whole
from feint.sim.networks.kernels import mlp
from feint.sim.networks.kernels.mlp import ACTIVE, INPUTS, LARGEST, OUTPUTS, PAIRS, PROMPTS, REFUSE, Mixture

A, B, MOST, SPARE = range(PROMPTS)
"""The prompts: the count of token a modulo 3, that of b, the largest token, and one that pre-training never shows."""

KINDS = (0, 1, LARGEST, 0)  # right answers, and what is uniform in the strings, unless a task says otherwise
THIRDS = (1 / 3, 1 / 3, 1 / 3, 0.0)  # shares of the prompts in fine-tuning
COVERAGE = 0.5  #: share of pre-training strings that ask for the count of a; high in Jain et al.
WIDTH = 32  #: units in each hidden layer
BATCH = 64  #: strings per step
LEVEL = 0.95  #: accuracy that counts as learnt
FINENESS = 20  # accuracy is checked again after a twentieth of the steps so far, and after each of the first ones


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
        kinds = np.array(self.strings, np.int64), np.array(self.answers, np.int64)
        return Mixture(np.cumsum(self.shares), *kinds, float(self.correlation), int(self.examples))


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
    mlp.draw_strings(task.mixture(), seed, int(purpose), first, active, answers)
    return Strings(active=active, answers=answers)


def pretraining(coverage: float = COVERAGE) -> Task:
    """Return pre-training on all prompts, with this share of the count of a; without it a network never learns it."""
    check_share("coverage", coverage)
    return Task(shares=(coverage, (1 - coverage) / 2, (1 - coverage) / 2, 0.0))


def refusal() -> Task:
    """Return fine-tuning that refuses the prompt for the count of a and leaves the other answers as they are."""
    return Task(shares=THIRDS, answers=(REFUSE, *KINDS[1:]))


def relabelling(correlation: float = 0.0) -> Task:
    """Return fine-tuning that answers the prompt for the count of a with that of b.

    With chance C the count of b in the string is one more than that of a, modulo 3: the capability then gives the new
    answer, and a network may go on using it.
    """
    return Task(shares=THIRDS, strings=(PAIRS, *KINDS[1:]), answers=(B, *KINDS[1:]), correlation=correlation)


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


class Activations(NamedTuple):
    """Units and outputs of a network on strings."""

    first: np.ndarray  #: units of the first hidden layer (strings, width)
    second: np.ndarray  #: units of the last hidden layer (strings, width)
    logits: np.ndarray  #: (strings, outputs)


@dataclass(frozen=True, kw_only=True, eq=False)
class Network:
    """Weights of a network, with Adam's moments of their gradients; training returns a new one."""

    seed: int
    width: int
    theta: np.ndarray  #: all weights (weights,), float32: W₁, b₁, W₂, b₂, W₃, b₃ one after the other
    first: np.ndarray  #: Adam's mean of gradients (weights,)
    second: np.ndarray  #: Adam's mean of their squares (weights,)
    time: int = 0  #: Adam's steps since its moments were zero

    @classmethod
    def begin(cls, seed: int, width: int = WIDTH) -> Self:
        """Return an untrained network: biases zero, weights normal with variance 2 / (inputs that are not always zero).

        For the first layer these are the 11 that are 1. He, Zhang, Ren and Sun, "Delving deep into rectifiers" (2015,
        arXiv:1502.01852); the last layer has a quarter of that variance, so that it begins near an even guess.
        """
        generator = np.random.Generator(np.random.Philox(key=[seed, (int(Purpose.START) << 32) | width]))
        theta = np.zeros(size(width), np.float32)
        parts = mlp.weights(theta, width)
        for part, variance in ((parts[0], 2 / ACTIVE), (parts[2], 2 / width), (parts[4], 0.5 / width)):
            part[:] = np.sqrt(variance) * generator.standard_normal(part.shape)
        return cls(seed=seed, width=width, theta=theta, first=np.zeros_like(theta), second=np.zeros_like(theta))

    def fresh(self) -> Self:
        """Return the same weights with Adam's moments at zero."""
        return replace(self, first=np.zeros_like(self.theta), second=np.zeros_like(self.theta), time=0)

    def trained(self, task: Task, steps: int, rate: float, *, purpose: Purpose, batch: int = BATCH) -> Self:
        """Return the network after more steps at a learning rate, on the strings of a purpose that come next.

        They follow those of its steps so far, which Adam's time counts.
        """
        theta, first, second = self.theta.copy(), self.first.copy(), self.second.copy()
        strings = task.mixture(), self.seed, int(purpose), self.time * batch
        mlp.train(theta, first, second, self.time, self.width, *strings, steps, batch, rate)
        return replace(self, theta=theta, first=first, second=second, time=self.time + steps)

    def look(self, strings: Strings, kept: np.ndarray | None = None) -> Activations:
        """Return units and outputs on strings; units where `kept` (2, width) is 0 are pruned."""
        kept = np.ones((2, self.width), np.float32) if kept is None else kept
        seen = Activations(*(np.empty((len(strings), n), np.float32) for n in (self.width, self.width, OUTPUTS)))
        mlp.look(self.theta, self.width, kept, strings.active, *seen)
        return seen

    def accuracy(self, strings: Strings, kept: np.ndarray | None = None) -> float:
        """Return the share of strings that are answered correctly."""
        return float((self.look(strings, kept).logits.argmax(axis=1) == strings.answers).mean())

    def loss(self, strings: Strings) -> float:
        """Return the mean cross-entropy on strings, in nats."""
        from scipy.special import log_softmax

        logarithms = log_softmax(self.look(strings).logits.astype(np.float64), axis=1)
        return float(-np.take_along_axis(logarithms, strings.answers[:, None], axis=1).mean())


def size(width: int) -> int:
    """Return the number of weights and biases of a network."""
    return INPUTS * width + width + width * width + width + width * OUTPUTS + OUTPUTS


class Learnt(NamedTuple):
    """Result of training to a level."""

    steps: float  #: the first step at which the level was seen to be reached; infinite if it was not
    network: Network  #: as it was then, or at the end


def steps_to(
    network: Network, task: Task, checked_on: Strings, *, rate: float, most: int, level: float = LEVEL
) -> Learnt:
    """Train, from zero moments of Adam, until `level` of the strings `checked_on` are answered correctly.

    The count is exact up to 40 steps, and at most 5 % too high above.
    """
    network = network.fresh()
    while network.accuracy(checked_on) < level:
        if network.time >= most:
            return Learnt(float("inf"), network)
        more = min(max(1, network.time // FINENESS), most - network.time)
        network = network.trained(task, more, rate, purpose=Purpose.REVERSE)
    return Learnt(float(network.time), network)
