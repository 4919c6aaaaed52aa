"""A network with two hidden layers of rectified linear units, trained by minibatch Adam in single precision."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple, Self

import numpy as np

from feint.sim.networks.kernels.mlp import look, train, weights
from feint.sim.networks.kernels.strings import ACTIVE, INPUTS, OUTPUTS
from feint.sim.networks.task import Purpose, Strings, Task

WIDTH = 32  #: units in each hidden layer
BATCH = 64  #: strings per step
LEVEL = 0.95  #: accuracy that counts as learnt
FINENESS = 20  # accuracy is checked again after a twentieth of the steps so far, and after each of the first ones


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
        parts = weights(theta, width)
        for part, variance in ((parts[0], 2 / ACTIVE), (parts[2], 2 / width), (parts[4], 0.5 / width)):
            part[:] = np.sqrt(variance) * generator.standard_normal(part.shape)
        return cls(seed=seed, width=width, theta=theta, first=np.zeros_like(theta), second=np.zeros_like(theta))

    def fresh(self) -> Self:
        """Return the same weights with Adam's moments at zero."""
        return replace(self, first=np.zeros_like(self.theta), second=np.zeros_like(self.theta), time=0)

    def trained(
        self, task: Task, steps: int, rate: float, *, purpose: Purpose, number: int = 0, batch: int = BATCH
    ) -> Self:
        """Return the network after more steps at a learning rate, on the strings of a purpose from `number` on."""
        theta, first, second = self.theta.copy(), self.first.copy(), self.second.copy()
        args = task.mixture(), self.seed, int(purpose), number, steps, batch, rate
        train(theta, first, second, self.time, self.width, *args)
        return replace(self, theta=theta, first=first, second=second, time=self.time + steps)

    def look(self, strings: Strings, kept: np.ndarray | None = None) -> Activations:
        """Return units and outputs on strings; units where `kept` (2, width) is 0 are pruned."""
        kept = nothing_pruned(self.width) if kept is None else kept
        seen = Activations(*(np.empty((len(strings), n), np.float32) for n in (self.width, self.width, OUTPUTS)))
        look(self.theta, self.width, kept, strings.active, *seen)
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


def nothing_pruned(width: int) -> np.ndarray:
    """Return the mask that keeps all units (2, width)."""
    return np.ones((2, width), np.float32)


class Learnt(NamedTuple):
    """When a level was reached."""

    steps: float  #: the first step at which it was seen to be; infinite if it was not
    network: Network  #: as it was then, or at the end


def steps_to(
    network: Network, task: Task, checked_on: Strings, *, rate: float, most: int, level: float = LEVEL
) -> Learnt:
    """Train, from zero moments of Adam, until `level` of the strings `checked_on` are answered correctly.

    The count is exact up to 40 steps, and at most 5 % too high above.
    """
    network = network.fresh()
    while network.accuracy(checked_on) < level:
        taken = network.time
        if taken >= most:
            return Learnt(float("inf"), network)
        more = min(max(1, taken // FINENESS), most - taken)
        network = network.trained(task, more, rate, purpose=Purpose.REVERSE, number=taken * BATCH)
    return Learnt(float(network.time), network)
