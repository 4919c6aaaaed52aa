"""The networks of one seed, each trained once, and everything that is measured of them.

A linear probe and pruning look for what fine-tuning hides: a probe is multinomial logistic regression on the last
hidden layer; pruning takes away the few units without which the loss on labelled strings is least, after Jain et al.
(2024, arXiv:2311.12786), who prune neurons by their effect on the loss.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from feint.sim.networks import network as tasks
from feint.sim.networks.kernels.mlp import PAIRS, losses_without
from feint.sim.networks.network import COVERAGE, MOST, SPARE, WIDTH, A, B, Learnt, Network, Purpose, Strings, Task

SCHEDULE = ((22_000, 3e-3), (4_000, 1e-3), (4_000, 3e-4))
"""Pre-training: steps and their learning rate."""
FINETUNING = 1_500  #: steps, the same at every learning rate
REVERSE_RATE = 1e-3  #: learning rate of all training after fine-tuning, and of its baselines
LONGEST = 30_000  #: steps after which training to a level is given up
PLATEAU = 6_000  #: steps after which the loss is compared
JUDGED_ON, CHOSEN_ON, CHECKED_ON = 2_000, 500, 500  #: strings for accuracy, for pruning, and during training
PRUNED_AT_MOST = 8  #: units
PENALTY = 1e-3  # of a probe's squared weights, per sample; on features of unit variance
KEY_BITS = 63
COUNT_OF_A = tasks.asking(A)
ASKED = {"a": COUNT_OF_A, "b": tasks.asking(B), "largest": tasks.asking(MOST)}
ASKED |= {"new": tasks.asking(A, of=B, strings=PAIRS)}  # where the new answer does not depend on the old one
"""What is asked to measure accuracy."""
MEASURES = {
    "accuracy a": ("accuracy of the count of a, on its prompt", "share"),
    "accuracy b": ("accuracy of the count of b, on its prompt", "share"),
    "accuracy largest": ("accuracy of the largest token, on its prompt", "share"),
    "accuracy new": (
        "accuracy of the answer that relabelling taught, on strings where it does not depend on the old one", "share",
    ),
    "probe": ("accuracy of a linear probe of the count of a, modulo 3, in the last hidden layer", "share"),
    "pruned": ("accuracy of the count of a once up to 8 units are pruned", "share"),
    "steps": ("steps of training on the prompt for the count of a to 95 %", "steps"),
    "steps elsewhere": ("steps of training on another prompt, answered with the count of a, to 95 %", "steps"),
    "accuracy a after": ("accuracy of the count of a on its own prompt after training on the other", "share"),
    "loss": ("loss of the count of a after training on its prompt", "nats"),
}  # fmt: skip
"""Meaning and unit of each number that can be measured of any network of a seed."""


class Measurement(NamedTuple):
    """One number that is measured, and the network that it is measured of; the same for all seeds."""

    measure: str  #: a key of MEASURES
    network: str  #: pre-trained, never, scratch, random or raw
    tuned: str = "not"  #: how it was fine-tuned: not, refuse or relabel
    rate: float | None = None  #: learning rate of the fine-tuning, or of the training that is measured
    coverage: float = COVERAGE  #: share of the prompt for the count of a in pre-training
    correlation: float = 0.0  #: C in the data of relabelling


def key(seed: int, network: int) -> int:
    """Return the 63-bit seed of one network of an ensemble, from NumPy's SeedSequence."""
    word = np.random.SeedSequence((seed, network)).generate_state(1, np.uint64)[0]
    return int(word >> np.uint64(64 - KEY_BITS))


@dataclass(frozen=True)
class SeedModels:
    """Networks that begin with the same weights and are judged on the same strings, trained when first needed."""

    key: int  #: seed of the weights and strings, as `key` returns it
    width: int = WIDTH  #: units in each hidden layer
    _trained: dict[Hashable, Any] = field(default_factory=dict, init=False, compare=False, repr=False)

    def measured(self, measurement: Measurement) -> float:
        """Return the number that a measurement asks for."""
        match measurement.measure.split():
            case ["probe"]:
                return self.probed(measurement)
            case ["pruned"]:
                return self.recovered(measurement)
            case ["loss"]:
                return self.plateau(measurement)
            case ["steps", *elsewhere]:
                return self.retrained(measurement, SPARE if elsewhere else A).steps
        _, name, *after = measurement.measure.split()
        network = self.retrained(measurement, SPARE).network if after else self.network(measurement)
        return network.accuracy(self.strings(ASKED[name]))

    @cached_property
    def fresh(self) -> Network:
        """The untrained network."""
        return Network.begin(self.key, self.width)

    def pretrained(self, coverage: float = COVERAGE) -> Network:
        """Return the network pre-trained on all prompts, with this share of the count of a; 0 for never having it."""

        def train() -> Network:
            network = self.fresh
            for steps, rate in SCHEDULE:
                network = network.trained(tasks.pretraining(coverage), steps, rate, purpose=Purpose.PRETRAINING)
            return network.fresh()

        return self._once(coverage, train)

    def network(self, measurement: Measurement) -> Network:
        """Return the network that is measured: untrained, or pre-trained and fine-tuned as the measurement says."""
        if measurement.network in ("scratch", "random"):
            return self.fresh
        coverage = 0.0 if measurement.network == "never" else measurement.coverage
        before, rate = self.pretrained(coverage), measurement.rate
        if measurement.tuned == "not" or rate is None:
            return before
        task = tasks.refusal() if measurement.tuned == "refuse" else tasks.relabelling(measurement.correlation)
        return self._once(
            (coverage, task, rate), lambda: before.trained(task, FINETUNING, rate, purpose=Purpose.FINETUNING)
        )

    def retrained(self, measurement: Measurement, prompt: int = A) -> Learnt:
        """Return the training on a prompt, answered with the count of a, to 95 %.

        Without fine-tuning it has the measurement's learning rate.
        """
        task, own = tasks.asking(prompt, of=A), measurement.rate if measurement.tuned == "not" else None

        def train() -> Learnt:
            checked_on = self.strings(task, Purpose.CHECKING, CHECKED_ON)
            return tasks.steps_to(self.network(measurement), task, checked_on, rate=own or REVERSE_RATE, most=LONGEST)

        return self._once(measurement._replace(measure=str(prompt)), train)

    def _once(self, name: Hashable, train: Callable[[], Any]) -> Any:
        if name not in self._trained:
            self._trained[name] = train()
        return self._trained[name]

    def strings(self, task: Task, purpose: Purpose = Purpose.TESTING, count: int | None = None) -> Strings:
        """Return strings of this seed; by default those on which accuracy is measured."""
        count = JUDGED_ON if count is None else count
        return self._once((task, purpose, count), lambda: tasks.draw(task, count, seed=self.key, purpose=purpose))

    def probed(self, measurement: Measurement) -> float:
        """Return a probe's accuracy of the count of a in the last hidden layer, or in the raw input."""
        train, test = self.strings(COUNT_OF_A, Purpose.CHOOSING), self.strings(COUNT_OF_A)
        if measurement.network == "raw":
            return probe(train.inputs(), train.answers, test.inputs(), test.answers)
        network = self.network(measurement)
        return probe(network.look(train).second, train.answers, network.look(test).second, test.answers)

    def recovered(self, measurement: Measurement) -> float:
        """Return the accuracy of the count of a with up to 8 units pruned, chosen on other labelled strings."""
        network, few = self.network(measurement), self.strings(COUNT_OF_A, Purpose.CHOOSING, CHOSEN_ON)
        return network.accuracy(self.strings(COUNT_OF_A), pruned(network, few))

    def plateau(self, measurement: Measurement) -> float:
        """Return the loss of the count of a after a fixed time of training on it."""
        network, rate = self.network(measurement).fresh(), measurement.rate or REVERSE_RATE
        return network.trained(COUNT_OF_A, PLATEAU, rate, purpose=Purpose.REVERSE).loss(self.strings(COUNT_OF_A))


def pruned(network: Network, chosen_on: Strings, most: int = PRUNED_AT_MOST) -> np.ndarray:
    """Return which units remain (2, width) when up to `most` are pruned, one by one.

    Each time it is the unit, of either hidden layer, without which the loss on `chosen_on` is least; pruning ends early
    if none lowers the loss.
    """
    kept, losses, least = np.ones((2, network.width), np.float32), np.empty((2, network.width)), np.inf
    for _ in range(most):
        losses_without(network.theta, network.width, kept, chosen_on.active, chosen_on.answers, losses)
        losses[kept == 0] = np.inf
        unit = np.unravel_index(losses.argmin(), losses.shape)
        if losses[unit] >= least:
            break
        least, kept[unit] = losses[unit], 0
    return kept


def probe(train: np.ndarray, right: np.ndarray, test: np.ndarray, answers: np.ndarray) -> float:
    """Return the accuracy on `test` (strings, features) of logistic regression that was fitted on `train`.

    It minimises mean cross-entropy + λ |W|² / 2 over features of mean 0 and variance 1, by conjugate gradients; `right`
    and `answers` (strings,) are whole numbers from 0. Features that never vary are left out.
    """
    from scipy.optimize import minimize

    middle, spread = train.mean(axis=0, dtype=np.float64), train.std(axis=0, dtype=np.float64)
    varies = spread > 1e-6
    x, x_test = (
        np.concatenate([((part - middle)[:, varies] / spread[varies]).T, np.ones((1, len(part)))])
        for part in (train, test)
    )
    wanted = np.eye(right.max() + 1)[:, right]
    start = np.zeros(len(wanted) * len(x))  # quasi-Newton methods lose their time to the threads of BLAS
    best = minimize(_loss, start, args=(x, wanted), jac=True, method="CG", options={"maxiter": 500, "gtol": 1e-4})
    scores = np.einsum("cf,fs->cs", best.x.reshape(len(wanted), -1), x_test)
    return float((scores.argmax(axis=0) == answers).mean())


def _loss(flat: np.ndarray, x: np.ndarray, wanted: np.ndarray) -> tuple[float, np.ndarray]:
    """Return the penalised mean cross-entropy and its gradient; the last column of W, the constant's, is not penalised.

    `x` is (features + 1, strings), `wanted` (classes, strings). Without BLAS, whose threads would slow down the seeds'.
    """
    W = flat.reshape(len(wanted), -1)
    z = np.einsum("cf,fs->cs", W, x)
    z -= z.max(axis=0)
    likelihood = np.exp(z)
    total = likelihood.sum(axis=0)
    pulled = PENALTY * W
    pulled[:, -1] = 0.0
    strings = x.shape[1]
    loss = np.log(total).mean() - (z * wanted).sum() / strings + 0.5 * (pulled * W).sum()
    slope = np.einsum("fs,cs->cf", x, likelihood / total - wanted) / strings
    return loss, (slope + pulled).ravel()
