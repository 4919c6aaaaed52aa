"""One seed's networks before fine-tuning, and the strings on which all of them are judged."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from feint.sim.networks.kernels.strings import PAIRS
from feint.sim.networks.linear_probe import probe
from feint.sim.networks.network import BATCH, WIDTH, Network
from feint.sim.networks.pruning import pruned
from feint.sim.networks.steps_to_threshold import Learnt, steps_to
from feint.sim.networks.stream_ids import Purpose
from feint.sim.networks.strings import Strings, draw
from feint.sim.networks.task import COVERAGE, SPARE, A, B, Task, asking, pretraining

SCHEDULE = ((22_000, 3e-3), (4_000, 1e-3), (4_000, 3e-4))
"""Pre-training: steps, and their learning rate."""
FINETUNING = 1_500  #: steps, the same at every learning rate
REVERSE_RATE = 1e-3  #: of all training after fine-tuning, and of its baselines
LONGEST = 30_000  #: steps after which training to a level is given up
JUDGED_ON, CHOSEN_ON, CHECKED_ON = 2_000, 500, 500  #: strings that tell accuracy, for pruning, and on the way
WORD = 63  # bits of a key


def key(seed: int, network: int) -> int:
    """The seed of one network of an ensemble, by NumPy's SeedSequence; 63 bits."""
    return int(np.random.SeedSequence((seed, network)).generate_state(1, np.uint64)[0] >> np.uint64(64 - WORD))


@dataclass(frozen=True)
class Subject:
    """A seed: what is trained under it begins with the same weights and is judged on the same strings."""

    key: int
    width: int = WIDTH

    @cached_property
    def fresh(self) -> Network:
        """The network at its start, from scratch."""
        return Network.begin(self.key, self.width)

    def pretrained(self, coverage: float = COVERAGE) -> Network:
        """Pre-trained on all prompts, that for the count of a with this share; of 0 it never had the capability."""
        found = self.fresh
        for steps, rate in SCHEDULE:
            args = {"purpose": Purpose.PRETRAINING, "number": found.time * BATCH}
            found = found.trained(pretraining(coverage), steps, rate, **args)
        return found.fresh()

    def tuned(self, network: Network, task: Task, rate: float) -> Network:
        """The network after fine-tuning on a task."""
        return network.fresh().trained(task, FINETUNING, rate, purpose=Purpose.FINETUNING)

    def strings(self, task: Task, purpose: Purpose = Purpose.TESTING, count: int = JUDGED_ON) -> Strings:
        """Strings to judge by."""
        return draw(task, count, seed=self.key, purpose=purpose)

    @cached_property
    def asked(self) -> dict[int, Strings]:
        """Strings of each prompt, with the answers of pre-training; of the spare one, with the count of a."""
        return {prompt: self.strings(asking(prompt)) for prompt in range(SPARE + 1)}

    @cached_property
    def labelled(self) -> Strings:
        """Labelled strings that ask for the count of a, apart from those to judge by: for probes, and for pruning."""
        return self.strings(asking(A), Purpose.CHOOSING)

    @cached_property
    def relabelled(self) -> Strings:
        """Strings that ask for the count of a, where that of b is right and tells nothing of it."""
        return self.strings(asking(A, of=B, strings=PAIRS))

    def probed(self, network: Network | None) -> float:
        """How well the capability is read off the last hidden layer by a probe; off the raw input without a network."""
        test = self.asked[A]
        train, judged = (
            (each.inputs() if network is None else network.look(each).second) for each in (self.labelled, test)
        )
        return probe(train, self.labelled.answers, judged, test.answers)

    def recovered(self, network: Network) -> float:
        """Accuracy of the capability once up to 8 units are pruned, chosen on labelled strings apart."""
        few = Strings(active=self.labelled.active[:CHOSEN_ON], answers=self.labelled.answers[:CHOSEN_ON])
        return network.accuracy(self.asked[A], pruned(network, few))

    def steps(self, network: Network, *, prompt: int = A, rate: float = REVERSE_RATE) -> Learnt:
        """Training on a prompt alone, answered by the count of a, to 95 %."""
        task = asking(prompt, of=A)
        checked_on = self.strings(task, Purpose.CHECKING, CHECKED_ON)
        return steps_to(network, task, checked_on, rate=rate, most=LONGEST)
