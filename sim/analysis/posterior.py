"""Posterior over premises by simulation-based inference: a network learns which parameters gave which outputs.

Neural posterior estimation (Papamakarios and Murray 2016, arXiv:1605.06376; Greenberg et al. 2019, arXiv:1905.07488)
with the masked autoregressive flow of the library sbi. A parameter at u of its prior enters as Φ⁻¹(u), so that the
prior is standard normal, as the base of the flow is, and no probability leaks out of the prior's range. At every epoch
the outputs get other errors: each row's own and the simulator's discrepancy. A random subset of the data is hidden too,
so that one network gives the posterior for all data, for none, and without any one source.

Before that, parameters that no measure depends on are set apart: they keep their prior exactly, and need not be learnt.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from feint.agents.errors import InputError, load_extra
from feint.sim.analysis.history_matching import Targets
from feint.sim.results.request import Progress

TRANSFORMS, HIDDEN = 5, 50  # of the flow
BATCH, RATE, DECAY, CLIP = 64, 1e-3, 1e-4, 5.0  # of the optimizer AdamW
EPOCHS, PATIENCE = 300, 25
VALIDATED, TESTED, MOST_TESTED = 0.1, 0.1, 300  # shares of the draws
WHOLE = 0.5  # share of training tables in which no datum is hidden
FEWEST = 200  # draws
EDGE = 1e-6  # units of the prior next to 0 and 1
SURE = 3.5  # normal quantile beyond which a rank correlation shows that a measure depends on a parameter
PURPOSE = "a posterior"


@dataclass(frozen=True, kw_only=True, eq=False)
class Data:
    """What the network sees: rows of one measure and one source are joined, by their precisions, without loss."""

    sources: tuple[str, ...]  #: source of each datum (data,)
    measures: np.ndarray  #: column of the outputs (data,)
    value: np.ndarray
    own: np.ndarray  #: variance of a datum's own error (data,)
    common: np.ndarray  #: variance of the error that the data of its measure share (data,)

    @classmethod
    def of(cls, targets: Targets, sources: Sequence[str], common: float) -> Data:
        """Return the data of rows; `common` is the share of a discrepancy's variance that rows of one measure share."""
        keys = list(dict.fromkeys(zip(targets.measures.tolist(), sources, strict=True)))
        joined = []
        for key in keys:
            rows = [i for i, pair in enumerate(zip(targets.measures.tolist(), sources, strict=True)) if pair == key]
            squares = targets.discrepancy[rows] ** 2
            precision = 1 / (targets.error[rows] ** 2 + (1 - common) * squares)
            value = (targets.value[rows] * precision).sum() / precision.sum()
            joined.append((value, 1 / precision.sum(), common * squares[0]))
        value, own, shared = np.array(joined).reshape(-1, 3).T
        measures = np.array([measure for measure, _ in keys], int)
        return cls(sources=tuple(source for _, source in keys), measures=measures, value=value, own=own, common=shared)

    def noisy(self, outputs: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return data (points, data) as they could have been measured where the simulator gives these outputs."""
        _, which = np.unique(self.measures, return_inverse=True)
        shared = rng.standard_normal((len(outputs), which.max(initial=-1) + 1))[:, which] * np.sqrt(self.common)
        return (
            outputs[:, self.measures] + shared + rng.standard_normal((len(outputs), len(self.own))) * np.sqrt(self.own)
        )

    def without(self, source: str) -> np.ndarray:
        """Return a mask (data,) of the data of all other sources."""
        return np.array([other != source for other in self.sources])


def acting(design: np.ndarray, outputs: np.ndarray) -> np.ndarray:
    """Return the numbers of the parameters that some measure depends on.

    A measure depends on a parameter if their rank correlation, or that with the parameter's distance from the middle of
    its prior, is beyond SURE standard errors.
    """
    from scipy.stats import rankdata

    usable = np.isfinite(outputs).all(axis=1)
    design, outputs = design[usable], outputs[usable]
    varying = outputs[:, np.ptp(outputs, axis=0) > 0]
    inputs = np.concatenate([design, np.abs(design - 0.5)], axis=1)
    ranks = [(rankdata(part, axis=0) - (len(part) + 1) / 2) for part in (inputs, varying)]
    scaled = [part / np.sqrt((part**2).sum(axis=0)) for part in ranks]
    largest = np.abs(scaled[0].T @ scaled[1]).max(axis=1, initial=0.0) * np.sqrt(len(design))
    return np.flatnonzero(largest.reshape(2, -1).max(axis=0) > SURE)


@dataclass(frozen=True, kw_only=True)
class ParameterCheck:
    """Calibration of one parameter's posterior, over held-out draws."""

    parameter: str
    covered: Annotated[float, Field(description="share of draws within their 90 % interval")]
    half: Annotated[float, Field(description="share of draws within their 50 % interval")]
    uniform: Annotated[float, Field(description="p-value of uniform ranks (Kolmogorov and Smirnov)")]
    contraction: Annotated[float, Field(description="1 - posterior variance over prior variance, the mean over draws")]


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """Simulation-based calibration and expected coverage, over draws on which the network was not trained."""

    draws: int
    gained: Annotated[float, Field(description="nats by which the truth is more probable than by the prior, the mean")]
    levels: tuple[float, ...]
    expected: Annotated[tuple[float, ...], Field(description="share of draws within regions of these probabilities")]
    parameters: list[ParameterCheck]

    @property
    def identified(self) -> list[ParameterCheck]:
        """Parameters whose posterior variance is less than IDENTIFIED of the prior's on average, the surest first."""
        known = [check for check in self.parameters if check.contraction > IDENTIFIED]
        return sorted(known, key=lambda check: -check.contraction)


LEVELS = (0.5, 0.8, 0.9, 0.95)
IDENTIFIED = 0.1


@dataclass(frozen=True, kw_only=True, eq=False)
class Amortised:
    """Networks that give the posterior for any values of the data, with any of them hidden."""

    data: Data
    parameters: int  #: number of parameters in all
    acting: np.ndarray  #: numbers of those that were learnt
    middle: np.ndarray  #: of the data (data,)
    scale: np.ndarray
    networks: Sequence[Any]
    tested: np.ndarray  #: numbers of the draws that were held out for calibration
    losses: list[float] = field(default_factory=list)  #: best validated loss of each network, nats

    def sample(self, count: int, *, value: np.ndarray | None = None, mask: np.ndarray | None = None, seed: int = 0):  # noqa: ANN201
        """Return draws from the posterior, in units of the prior (count, parameters).

        `value` (data,) is that of the data unless given; `mask` (data,) is false for data that are hidden.
        """
        drawn = np.random.default_rng([seed, count]).random((count, self.parameters))
        value = self.data.value if value is None else value
        if len(self.acting) and len(value):
            shown = np.ones(len(value), bool) if mask is None else mask
            drawn[:, self.acting] = self._drawn(value[None], shown[None], count, seed)[:, 0]
        return drawn

    def _drawn(self, values: np.ndarray, shown: np.ndarray, count: int, seed: int) -> np.ndarray:
        """Return draws of the parameters that act (count, tables, acting), from each network in turn."""
        from scipy.special import ndtr

        torch = load_extra("torch", PURPOSE)
        seen = torch.tensor(features(values, shown, self.middle, self.scale))
        drawn = np.zeros((count, len(values), len(self.acting)))
        with torch.random.fork_rng(), torch.no_grad():
            torch.manual_seed(seed)
            for k, net in enumerate(self.networks):
                turns = drawn[k :: len(self.networks)]
                turns[:] = net.sample((len(turns),), condition=seen).numpy()
        return ndtr(drawn)

    def calibrated(
        self, design: np.ndarray, outputs: np.ndarray, names: Sequence[str], *, count: int = 200, seed: int = 0
    ) -> Calibration:
        """Return the calibration over the held-out draws, with data simulated again."""
        from scipy.stats import kstest

        rng = np.random.default_rng([seed, 1])
        truth = design[self.tested][:, self.acting]
        values = self.data.noisy(outputs[self.tested], rng)
        drawn = self._drawn(values, np.isfinite(values), count, seed)
        ranks = ((drawn < truth).sum(axis=0) + rng.random(truth.shape)) / (count + 1)
        contraction = 1 - 12 * drawn.var(axis=0).mean(axis=0)
        checks = [
            ParameterCheck(
                parameter=names[int(i)],
                covered=float((np.abs(rank - 0.5) <= 0.45).mean()),
                half=float((np.abs(rank - 0.5) <= 0.25).mean()),
                uniform=float(kstest(rank, "uniform").pvalue),  # pyright: ignore[reportAttributeAccessIssue]
                contraction=float(narrower),
            )
            for i, rank, narrower in zip(self.acting, ranks.T, contraction, strict=True)
        ]
        inside, gained = self._regions(values, truth, drawn)
        return Calibration(
            draws=len(truth),
            gained=gained,
            levels=LEVELS,
            expected=tuple(float((inside <= level).mean()) for level in LEVELS),
            parameters=checks,
        )

    def _regions(self, values: np.ndarray, truth: np.ndarray, drawn: np.ndarray) -> tuple[np.ndarray, float]:
        """Return the probability of the smallest region that holds each truth (tables,), and the nats gained."""
        torch = load_extra("torch", PURPOSE)
        seen = torch.tensor(features(values, np.isfinite(values), self.middle, self.scale))
        points = normal(np.concatenate([truth[None], drawn]))
        with torch.no_grad():
            each = [net.log_prob(torch.tensor(points), condition=seen).numpy() for net in self.networks]
        density = np.logaddexp.reduce(each) - np.log(len(each))
        prior = -0.5 * (points[0].astype(float) ** 2 + np.log(2 * np.pi)).sum(axis=1)
        return (density[1:] > density[0]).mean(axis=0), float((density[0] - prior).mean())


def normal(units: np.ndarray) -> np.ndarray:
    """Return units of the prior as numbers whose prior is standard normal."""
    from scipy.special import ndtri

    return ndtri(np.clip(units, EDGE, 1 - EDGE)).astype(np.float32)


def features(values: np.ndarray, shown: np.ndarray, middle: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Return what the network sees of data (tables, data): scaled, 0 where hidden, and which are shown."""
    shown = shown & np.isfinite(values)
    scaled = np.where(shown, (np.nan_to_num(values) - middle) / scale, 0.0)
    return np.concatenate([scaled, shown], axis=1).astype(np.float32)


def hidden(size: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Return masks of tables (tables, data): WHOLE of them show all data, the others a random number of them."""
    shares = np.where(rng.random(size[0]) < WHOLE, 1.0, rng.random(size[0]))
    return rng.random(size) < shares[:, None]


def learnt(
    design: np.ndarray,
    outputs: np.ndarray,
    data: Data,
    *,
    networks: int = 2,
    seed: int = 0,
    progress: Progress | None = None,
) -> Amortised:
    """Return the networks trained on draws from the prior.

    Parameters
    ----------
    design
        Draws in units of the prior (draws, parameters).
    outputs
        What was simulated there (draws, measures); NaN is shown to the network as a hidden datum.
    data
        What was measured.
    networks
        Number of networks, trained from other initial weights on other splits of the draws.
    seed
        Seed of weights, splits, errors and masks.
    progress
        Called with the share of the work that has been done.

    Returns
    -------
    Amortised
        The networks; without data, or if nothing acts on them, there are none and the posterior is the prior.

    Raises
    ------
    InputError
        If there are fewer than FEWEST draws, or sbi is not installed.

    """
    count = len(design)
    if count < FEWEST:
        raise InputError(f"draws = {count} are too few for a posterior: it needs at least {FEWEST}.")
    rng = np.random.default_rng([seed, count])
    seen = acting(design, outputs[:, np.unique(data.measures)]) if len(data.value) else np.zeros(0, int)
    noisy = data.noisy(outputs, rng)
    middle, scale = (function(noisy, axis=0) for function in (np.nanmean, np.nanstd)) if len(seen) else (0, 1)
    order = rng.permutation(count)
    tests = min(MOST_TESTED, round(TESTED * count))
    trainer = _Trainer(design[:, seen], outputs, data, np.asarray(middle), np.asarray(scale))
    trained = [trainer.train(order[tests:], seed + i, networks, progress) for i in range(networks if len(seen) else 0)]
    return Amortised(
        data=data,
        parameters=design.shape[1],
        acting=seen,
        middle=np.asarray(middle),
        scale=np.asarray(scale),
        networks=[net for net, _ in trained],
        tested=order[:tests],
        losses=[loss for _, loss in trained],
    )


@dataclass(frozen=True, eq=False)
class _Trainer:
    """Trains networks of sbi on tables of which each epoch makes new ones."""

    design: np.ndarray  #: of the parameters that act (draws, acting)
    outputs: np.ndarray
    data: Data
    middle: np.ndarray
    scale: np.ndarray

    def train(self, draws: np.ndarray, seed: int, of: int, progress: Progress | None) -> tuple[Any, float]:
        """Return a network and its best validated loss."""
        flows, torch = load_extra("sbi.neural_nets", PURPOSE), load_extra("torch", PURPOSE)
        rng, points = np.random.default_rng([seed, 2]), torch.tensor(normal(self.design))
        draws = rng.permutation(draws)
        validated, trained = np.split(draws, [round(VALIDATED * len(draws))])
        before = torch.get_num_threads()
        torch.set_num_threads(1)  # sums have one order, and networks as small as these gain nothing by more
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            facts = {"hidden_features": HIDDEN, "num_transforms": TRANSFORMS}
            plain = {"z_score_theta": "none", "z_score_x": "none"}
            net = flows.posterior_nn("maf", **facts, **plain)(points[trained], self._seen(trained, rng))
            held = [self._seen(validated, rng, whole=True) for _ in range(4)]
            loss = _descend(
                net, self._epochs(trained, points, rng), lambda: _loss(net, points[validated], held), of, progress
            )
        torch.set_num_threads(before)
        return net, loss

    def _seen(self, draws: np.ndarray, rng: np.random.Generator, *, whole: bool = False) -> Any:
        values = self.data.noisy(self.outputs[draws], rng)
        shown = np.ones(values.shape, bool) if whole else hidden(values.shape, rng)
        return load_extra("torch", PURPOSE).tensor(features(values, shown, self.middle, self.scale))

    def _epochs(self, draws: np.ndarray, points: Any, rng: np.random.Generator) -> Callable[[], list[tuple[Any, Any]]]:
        def batches() -> list[tuple[Any, Any]]:
            order = rng.permutation(draws)
            parts = [order[first : first + BATCH] for first in range(0, len(order), BATCH)]
            return [(points[part], self._seen(part, rng)) for part in parts]

        return batches


def _loss(net: Any, points: Any, seen: Sequence[Any]) -> float:
    """Return the mean negative log density of points, over several tables of each."""
    with load_extra("torch", PURPOSE).no_grad():
        return float(np.mean([net.loss(points, condition=table).mean().item() for table in seen]))


def _descend(
    net: Any,
    batches: Callable[[], list[tuple[Any, Any]]],
    validate: Callable[[], float],
    of: int,
    progress: Progress | None,
) -> float:
    """Train a network until PATIENCE epochs bring nothing, put back the best weights, and return their loss."""
    torch = load_extra("torch", PURPOSE)
    descent = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=DECAY)
    best, weights, since, told = np.inf, net.state_dict(), 0, 0.0
    for _ in range(EPOCHS):
        net.train()
        for points, seen in batches():
            descent.zero_grad()
            net.loss(points, condition=seen).mean().backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), CLIP)
            descent.step()
        net.eval()
        loss, since = validate(), since + 1
        if loss < best - 1e-3:
            best, since = loss, 0
            weights = {name: tensor.clone() for name, tensor in net.state_dict().items()}
        if progress is not None:
            progress(0.01 * (1 - told) / of)
            told += 0.01 * (1 - told)
        if since >= PATIENCE:
            break
    net.load_state_dict(weights)
    net.eval()
    if progress is not None:
        progress((1 - told) / of)
    return float(best)
