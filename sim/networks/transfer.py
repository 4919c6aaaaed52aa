"""Data that pre-training is worth: networks learn a new prompt from few strings, pre-trained and from scratch.

Pre-training never shows the new prompt. Its right answer is the count of token a, which pre-training taught under
another prompt (*near*), or that of a token that was never counted (*far*). From scratch both are the same task.
Effective data transferred, as in Hernandez et al., "Scaling laws for transfer" (2021, arXiv:2102.01293), figure 1:

    D_T = D_E - D_F,   loss from scratch on D_E strings = loss of the pre-trained network on D_F strings
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from feint.agents.errors import InputError, check_whole
from feint.sim.ensembles.runner import in_order, one_at_a_time
from feint.sim.networks.experiments import QUANTILES
from feint.sim.networks.kernels.mlp import INPUTS
from feint.sim.networks.network import SPARE, Network, Purpose, Strings, Task, asking, size
from feint.sim.networks.seed_models import SeedModels, key
from feint.sim.results.request import Progress
from feint.sim.statistics.scaling_laws import LOW_DATA, LawFit, LearningCurve, data_for, fit
from feint.sim.training.train import check_seed

WIDTHS = (8, 16, 32, 64)
FEW = tuple(2**k for k in range(4, 13))  #: strings to fine-tune on, D_F
MANY = tuple(2**k for k in range(4, 17))  #: strings from scratch
RATE = 3e-3
LOOKS = (10, 20, 40, 80, 160, 320, 640, 1000, 1500, 2000, 2500, 3000)
"""Steps after which the loss on other strings is measured; the best one counts, as if training were stopped in time."""
ARMS = {"scratch": 0, "near": 0, "far": 2}
"""Arm → the token whose count the new prompt asks for."""
AMOUNTS = {"scratch": MANY, "near": FEW, "far": FEW}
"""Arm → its amounts of data, in strings."""
SCORES = ("loss", "error")
JUDGED_ON = 1_000  #: strings
WIDEST = 256  #: units per layer
FEWEST = 2  #: seeds, for intervals


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
        """Return D_T (widths, amounts) of near or far.

        It is negative if pre-training harms, and NaN if training from scratch never gets there. Seeds are averaged with
        `weights` (seeds,), by default all alike, before the curves are compared.
        """
        weights = np.full(self.seeds, 1 / self.seeds) if weights is None else weights
        curves, tuned = (getattr(self, score)[name] @ weights for name in ("scratch", arm))
        wanted = [data_for(np.array(MANY, float), *pair) for pair in zip(curves, tuned, strict=True)]
        return np.array(wanted) - np.array(FEW)

    @property
    def enough(self) -> np.ndarray:
        """D(N), strings from scratch at which 99 % of the best mean accuracy is reached (widths,)."""
        return np.array([LearningCurve(data=np.array(MANY, float), losses=e).enough for e in self.error["scratch"]])

    def law(self, arm: str, score: str) -> LawFit | None:
        """Return the transfer law fitted to the low-data regime of all widths.

        None for one seed, which has no interval, and for too few points with a positive D_T.
        """
        if self.seeds < FEWEST:
            return None
        low = np.array(FEW) <= LOW_DATA * self.enough[:, None]
        data, sizes = np.broadcast_arrays(np.array(FEW, float), self.sizes[:, None].astype(float))

        def measure(weights: np.ndarray) -> np.ndarray:
            return self.effective(arm, score, weights)[low]

        try:
            return fit(data[low], sizes[low], measure, self.seeds, seed=self.seed)
        except InputError:
            return None

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield medians, quartiles and range over seeds of loss and error, one row per arm, width and amount."""
        for arm, (i, width) in product(ARMS, enumerate(self.widths)):
            for j, data in enumerate(AMOUNTS[arm]):
                row: dict[str, Any] = {"arm": arm, "width": width, "data": data}
                for score in SCORES:
                    at = np.quantile(getattr(self, score)[arm][i, j], list(QUANTILES.values()))
                    row |= {f"{score}_{name}": float(value) for name, value in zip(QUANTILES, at, strict=True)}
                yield row


def transfer(
    seeds: int = 8,
    seed: int = 0,
    widths: Sequence[int] = WIDTHS,
    *,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Transfer:
    """Train networks on rising amounts of data, pre-trained and from scratch; raises `InputError`.

    `widths` are units in each hidden layer.
    """
    check_whole("seeds", seeds, 1)
    seed = check_seed(seed)
    whole = all(type(width) is int and 1 <= width <= WIDEST for width in widths)
    if not widths or not whole or len(set(widths)) < len(widths):
        rule = f"they must be different whole numbers from 1 to {WIDEST}"
        raise InputError(f"widths = {list(widths)!r} are not valid: {rule}.")
    report = one_at_a_time(progress)

    def train(place: tuple[int, int]) -> dict[str, list[tuple[float, float]]]:
        i, width = place
        scores = curves(SeedModels(key(seed, i), width))
        report(width / (sum(widths) * seeds))
        return scores

    places = [(i, width) for width in sorted(widths, reverse=True) for i in range(seeds)]  # the longest first
    of_places = dict(zip(places, in_order(train, places, threads=threads), strict=True))
    scores = {
        arm: np.array([[of_places[i, width][arm] for i in range(seeds)] for width in widths]).transpose(3, 0, 2, 1)
        for arm in ARMS
    }
    loss, error = ({arm: values[k] for arm, values in scores.items()} for k in range(len(SCORES)))
    return Transfer(loss=loss, error=error, widths=tuple(widths), seeds=seeds, seed=seed)


def curves(models: SeedModels) -> dict[str, list[tuple[float, float]]]:
    """Return the learning curves of one seed and width: arm → the best scores at each amount of data."""
    scores = {}
    for arm, token in ARMS.items():
        begun = models.fresh if arm == "scratch" else models.pretrained()
        judged_on = models.strings(asking(SPARE, of=token), count=JUDGED_ON)
        scores[arm] = [best(begun, asking(SPARE, of=token, examples=data), judged_on) for data in AMOUNTS[arm]]
    return scores


def best(network: Network, task: Task, judged_on: Strings) -> tuple[float, float]:
    """Return the least loss and share of wrong answers on other strings during training, its start included."""
    network, scores = network.fresh(), []
    for look in (0, *LOOKS):
        network = network.trained(task, look - network.time, RATE, purpose=Purpose.REVERSE)
        scores.append((network.loss(judged_on), 1 - network.accuracy(judged_on)))
    loss, error = (min(values) for values in zip(*scores, strict=True))
    return loss, error
