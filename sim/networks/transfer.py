"""What pre-training is worth in data: networks learn a new prompt from few strings, pre-trained and from scratch.

The new prompt is one that pre-training never shows. Its right answer is the count of token a, which pre-training taught
under another prompt (*near*), or that of a token that was never counted (*far*). From scratch both are the same task.
Effective data transferred, as in Hernandez et al., "Scaling laws for transfer" (2021, arXiv:2102.01293), figure 1:

    D_T = D_E - D_F,   loss from scratch on D_E strings = loss of the pre-trained network on D_F strings
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import product
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from feint.agents.errors import InputError
from feint.sim.ensembles.runner import check_threads
from feint.sim.networks.experiments import SETTINGS, check_seeds
from feint.sim.networks.kernels.strings import INPUTS
from feint.sim.networks.network import BATCH, Network, size
from feint.sim.networks.seed_models import Subject, key
from feint.sim.networks.stream_ids import Purpose
from feint.sim.networks.strings import Strings
from feint.sim.networks.task import SPARE, Task, asking
from feint.sim.training.train import check_seed

if TYPE_CHECKING:
    import pandas as pd

WIDTHS = (8, 16, 32, 64)
FEW = tuple(2**k for k in range(4, 13))  #: strings to fine-tune on, D_F
MANY = tuple(2**k for k in range(4, 17))  #: strings from scratch
RATE = 3e-3
LOOKS = (10, 20, 40, 80, 160, 320, 640, 1000, 1500, 2000, 2500, 3000)
"""Steps after which the loss on other strings is looked at; the best look counts, as of training stopped in time."""
ARMS = {"scratch": 0, "near": 0, "far": 2}
"""Arm → the token whose count the new prompt asks for."""
SCORES = ("loss", "error")
JUDGED_ON = 1_000  #: strings
WIDEST = 256  #: units a layer


class Best(NamedTuple):
    """How well a network did on other strings, at its best."""

    loss: float  #: nats
    error: float  #: share of wrong answers


@dataclass(frozen=True, kw_only=True, eq=False)
class Transfer:
    """Learning curves over amounts of data, for each arm and width."""

    loss: dict[str, np.ndarray]  #: arm → nats on other strings (widths, amounts, seeds)
    error: dict[str, np.ndarray]  #: arm → share of wrong answers (widths, amounts, seeds)
    widths: tuple[int, ...]
    seeds: int
    seed: int

    @property
    def sizes(self) -> np.ndarray:
        """N: weights without those of the first layer, which embed tokens and prompts (widths,)."""
        return np.array([size(width) - INPUTS * width for width in self.widths])

    def effective(self, arm: str, score: str = "loss", weights: np.ndarray | None = None) -> np.ndarray:
        """D_T (widths, amounts) of near or far; negative where pre-training harms, NaN where scratch is never so good.

        Seeds are averaged with `weights` (seeds,) before the curves are compared.
        """
        from feint.sim.statistics.learning_curve import data_for

        weights = np.full(self.seeds, 1 / self.seeds) if weights is None else weights
        curves, tuned = (getattr(self, score)[each] @ weights for each in ("scratch", arm))
        found = [data_for(np.array(MANY, float), *each) for each in zip(curves, tuned, strict=True)]
        return np.array(found) - np.array(FEW)

    def frame(self) -> pd.DataFrame:
        """One row an arm, width and amount of data: medians, quartiles and range over seeds of loss and error."""
        import pandas as pd

        table = pd.DataFrame(list(self._rows()))
        table.attrs.update(self.passport())
        return table

    def _rows(self) -> Iterator[dict[str, Any]]:
        for arm, (i, width) in product(ARMS, enumerate(self.widths)):
            for j, data in enumerate(amounts(arm)):
                told: dict[str, Any] = {"arm": arm, "width": width, "data": data}
                for score in SCORES:
                    at = np.quantile(getattr(self, score)[arm][i, j], (0.5, 0.25, 0.75, 0, 1))
                    names = ("median", "lower quartile", "upper quartile", "least", "most")
                    told |= {f"{score} {name}": float(value) for name, value in zip(names, at, strict=True)}
                yield told

    def passport(self) -> dict[str, Any]:
        """What is needed to make it again."""
        from feint.sim.results.provenance import passport

        own = {"seeds": self.seeds, "seed": self.seed, "widths": list(self.widths), "rate": RATE, "looks": list(LOOKS)}
        return passport("networks-transfer", {**{k: v for k, v in SETTINGS.items() if k != "width"}, **own})


def transfer(
    seeds: int = 8,
    seed: int = 0,
    widths: Sequence[int] = WIDTHS,
    *,
    threads: int | None = None,
    progress: Callable[[float], object] | None = None,
) -> Transfer:
    """Train networks of these widths on rising amounts of data, pre-trained and from scratch.

    `progress` is called with the share of the work that is newly done. No number depends on threads. Raises
    `InputError`.
    """
    check_seeds(seeds)
    check_seed(seed)
    widths = check_widths(widths)
    told, telling = sum(widths), Lock()

    def one(place: tuple[int, int]) -> dict[str, list[Best]]:
        i, width = place
        found = curves(Subject(key(seed, i), width))
        with telling:
            if progress is not None:
                progress(width / (told * seeds))
        return found

    places = [(i, width) for width in sorted(widths, reverse=True) for i in range(seeds)]  # the longest first
    with ThreadPoolExecutor(check_threads(threads)) as pool:
        found = dict(zip(places, pool.map(one, places), strict=True))
    scores = {
        arm: np.array([[found[i, width][arm] for i in range(seeds)] for width in widths]).transpose(0, 2, 1, 3)
        for arm in ARMS
    }
    loss, error = ({arm: each[..., k] for arm, each in scores.items()} for k in range(len(SCORES)))
    return Transfer(loss=loss, error=error, widths=widths, seeds=seeds, seed=seed)


def curves(subject: Subject) -> dict[str, list[Best]]:
    """The learning curves of one seed and width: arm → the best at each amount of data."""
    begun = {"scratch": subject.fresh, "near": subject.pretrained()}
    begun["far"] = begun["near"]
    found = {}
    for arm, token in ARMS.items():
        judged_on = subject.strings(asking(SPARE, of=token), count=JUDGED_ON)
        found[arm] = [best(begun[arm], asking(SPARE, of=token, examples=data), judged_on) for data in amounts(arm)]
    return found


def best(network: Network, task: Task, judged_on: Strings) -> Best:
    """The least loss and error on other strings while a network is trained on a task, from before it begins."""
    network = network.fresh()
    seen = [Best(network.loss(judged_on), 1 - network.accuracy(judged_on))]
    for look in LOOKS:
        args = {"purpose": Purpose.REVERSE, "number": network.time * BATCH}
        network = network.trained(task, look - network.time, RATE, **args)
        seen.append(Best(network.loss(judged_on), 1 - network.accuracy(judged_on)))
    return Best(*(min(each) for each in zip(*seen, strict=True)))


def amounts(arm: str) -> tuple[int, ...]:
    """The amounts of data of an arm, in strings."""
    return MANY if arm == "scratch" else FEW


def check_widths(widths: Sequence[int]) -> tuple[int, ...]:
    """Widths as they are used; raises where they are none."""
    found = tuple(widths)
    whole = all(type(width) is int and 1 <= width <= WIDEST for width in found)
    if not found or not whole or len(set(found)) < len(found):
        rule = f"they must be different whole numbers from 1 to {WIDEST}"
        raise InputError(f"widths = {list(found)!r} are not valid: {rule}.")
    return found
