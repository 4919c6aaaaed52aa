"""Level sets of a frequency, or of a paired difference, over a square: adaptive sampling, the border, its band and law.

Of the n runs at a point k have the event, and k is binomial. The logit of its chance is a Gaussian process, learnt by
Laplace's approximation (Rasmussen and Williams, "Gaussian Processes for Machine Learning", 2006, section 3.4) with
scikit-learn's process at the working responses of each Newton step. A paired difference is q (2 θ - 1), with q the
share of runs that differ and θ the share of those that favour the first arm: two such processes, since the likelihood
is a product. Further points are taken where 1.96 σ - |margin| is greatest, the straddle heuristic (Bryan et al. 2005,
"Active learning for identifying function threshold boundaries"), each as if those chosen before it had been trained:
variances do not depend on the results of training.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial, reduce
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from feint.agents.errors import load_extra
from feint.sim.statistics.intervals import Interval, look_confidence

PURPOSE = "feint boundary"
FIRST, BATCH = 32, 16  # points of the first look, spread evenly, and of each further one
CANDIDATES = 512  # places among which a look chooses
GROWTH = 1.4  # of the number of points before length scales are fitted again
NEWTON, STEP = 3, 3.0  # steps of a look, from where the last one ended, and the longest
STRADDLE = 1.96
SHORTEST, LONGEST = 0.05, 1.0  # length scales, in units of the square, over which a longer one cannot be seen
FURTHEST = 8.0  # mean logit; beyond it a chance is 0 or 1 as far as counts can say
SIDE, DRAWS = 41, 1000  # places along each side of the lattice of draws, and their number
NEAREST = 0.05  # least distance of 2 θ - 1 from the level at which the variance of the margin is taken
JITTER = 1e-6
FEWEST, ENOUGH = 5, 100  # columns to which a law is fitted, and draws that cross all of them
MISSED = 0.005  # most draws that miss such a column: near the end of a range they lie beyond it
METHOD = "draws of the border"

Counts = Callable[[np.ndarray], np.ndarray]
"""Function of places (points, 2) that returns the numbers of runs that favour the first arm, the second, and of all."""


@dataclass(eq=False)
class Logit:
    """The logit of a chance as a Gaussian process over the unit square."""

    kernel: Any = None  #: with the fitted length scales
    process: Any = None
    centre: float = 0.0
    fitted: int = 0  #: number of points when length scales were fitted
    at: np.ndarray = field(default_factory=lambda: np.zeros(0))  #: mean at the points (points,)

    def fit(self, places: np.ndarray, events: np.ndarray, trials: np.ndarray) -> None:
        """Learn from `events` of `trials` at places (points, 2), of which the first are those of the last look."""
        begin = np.log((events + 0.5) / (trials - events + 0.5))
        self.at = np.concatenate([self.at, begin[len(self.at) :]])
        again = len(places) >= GROWTH * self.fitted
        for step in range(NEWTON):
            chance = 1 / (1 + np.exp(-self.at))
            weight = np.maximum(trials * chance * (1 - chance), JITTER)
            response = self.at + np.clip((events - trials * chance) / weight, -STEP, STEP)
            self._solve(places, response, 1 / weight, optimise=again and step == NEWTON - 1)
            self.at = np.clip(self.predict(places)[0], -2 * FURTHEST, 2 * FURTHEST)
        self.fitted = len(places) if again else self.fitted

    def _solve(self, places: np.ndarray, response: np.ndarray, variance: np.ndarray, *, optimise: bool) -> None:
        gaussian = load_extra("sklearn.gaussian_process", PURPOSE)
        if self.kernel is None:
            scales = gaussian.kernels.Matern([0.5, 0.5], (SHORTEST, LONGEST), nu=2.5)
            self.kernel = gaussian.kernels.ConstantKernel(10.0, (0.1, 1e4)) * scales
        self.centre = float(np.clip(np.average(response, weights=1 / (variance + 1)), -FURTHEST, FURTHEST))
        how: dict[str, Any] = {"alpha": variance, "optimizer": "fmin_l_bfgs_b" if optimise else None}
        self.process = gaussian.GaussianProcessRegressor(self.kernel, **how)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a length scale is at a bound
            self.process.fit(places, response - self.centre)
        self.kernel = self.process.kernel_

    def predict(self, places: np.ndarray, *, whole: bool = False) -> tuple[np.ndarray, np.ndarray]:
        """Return the mean at places (points,), and the variance there or the `whole` covariance (points, points)."""
        mean, spread = self.process.predict(places, return_cov=whole, return_std=not whole)
        return mean + self.centre, spread if whole else spread**2

    def left_out(self) -> np.ndarray:
        """Return each point's error when it is left out, in predicted deviations (points,).

        With K the covariance of the responses y, it is [K⁻¹ y]ᵢ / sqrt([K⁻¹]ᵢᵢ) (Rasmussen and Williams, eq. 5.12).
        """
        from scipy.linalg import cho_solve

        inverse = cho_solve((self.process.L_, True), np.eye(len(self.at)))
        return np.ravel(self.process.alpha_) / np.sqrt(np.diag(inverse))


@dataclass(eq=False)
class LevelSet:
    """A frequency or paired difference over the unit square, as learnt from counts, and where it is at a level."""

    level: float
    paired: bool  #: whether it is a difference
    places: np.ndarray = field(default_factory=lambda: np.zeros((0, 2)))  #: (points, 2)
    counts: np.ndarray = field(default_factory=lambda: np.zeros((0, 3)))  #: as `Counts` returns them (points, 3)

    def __post_init__(self) -> None:
        self.logits = [Logit() for _ in range(1 + self.paired)]

    def learn(self, places: np.ndarray, counts: np.ndarray) -> None:
        """Add counts (points, 3) at places (points, 2)."""
        self.places, self.counts = np.vstack([self.places, places]), np.vstack([self.counts, counts])
        gained, lost, runs = self.counts.T
        events = [(gained + lost, runs), (gained, gained + lost)] if self.paired else [(gained, runs)]
        for logit, (happened, trials) in zip(self.logits, events, strict=True):
            logit.fit(self.places, happened, trials)

    def value(self, logits: list[np.ndarray]) -> np.ndarray:
        """Return the frequency or difference that logits give."""
        share = 1 / (1 + np.exp(-logits[0]))
        return share * np.tanh(logits[1] / 2) if self.paired else share

    def margin(self, logits: list[np.ndarray]) -> np.ndarray:
        """Return how far logits are above the level; it is above 0 if the value is above the level.

        With d = q u and u = 2 θ - 1, d > L > 0 if u > L and logit q > logit (L / u); for L = 0, if logit θ > 0.
        """
        if not self.paired:
            return logits[0] - np.log(self.level / (1 - self.level))
        if self.level == 0:
            return logits[1]
        sign = np.sign(self.level)
        favour = np.maximum(sign * np.tanh(logits[1] / 2), abs(self.level) * (1 + JITTER))
        return sign * (logits[0] + np.log(favour / abs(self.level) - 1))

    def straddle(self, means: list[np.ndarray], variances: list[np.ndarray]) -> np.ndarray:
        """Return 1.96 σ - |margin| at places (points,), σ to first order."""
        variance = variances[0]
        if self.paired:
            favour = np.tanh(means[1] / 2)
            away = np.maximum(np.sign(self.level) * favour - abs(self.level), NEAREST)
            slope = (1 - favour**2) / 2 / away if self.level else 1.0
            variance = variances[0] * bool(self.level) + slope**2 * variances[1]
        return STRADDLE * np.sqrt(np.maximum(variance, 0)) - np.abs(self.margin(means))

    def chosen(self, candidates: np.ndarray, number: int, runs: int) -> np.ndarray:
        """Return the places of the next look, chosen among candidates (points, 2)."""
        means, covariances = map(
            list, zip(*(logit.predict(candidates, whole=True) for logit in self.logits), strict=True)
        )
        places = []
        for _ in range(number):
            best = int(np.argmax(self.straddle(means, [np.diag(covariance) for covariance in covariances])))
            places.append(candidates[best])
            trials = float(runs)
            for k, covariance in enumerate(covariances):
                chance = 1 / (1 + np.exp(-means[k][best]))
                noise = 1 / max(trials * chance * (1 - chance), JITTER)
                column = covariance[best]
                covariances[k] = covariance - np.outer(column, column) / (column[best] + noise)
                trials *= chance
        return np.array(places)

    def draws(self, places: np.ndarray, seed: int) -> np.ndarray:
        """Return the margins of DRAWS surfaces of the posterior at places (DRAWS, points)."""
        rng, drawn = np.random.default_rng((seed, 1)), []
        for logit in self.logits:
            mean, covariance = logit.predict(places, whole=True)
            covariance += JITTER * (1 + np.trace(covariance) / len(places)) * np.eye(len(places))
            drawn.append(rng.multivariate_normal(mean, covariance, DRAWS, method="cholesky"))
        return self.margin(drawn)

    def means(self, places: np.ndarray) -> np.ndarray:
        """Return the value at the posterior mean at places (points,)."""
        return self.value([logit.predict(places)[0] for logit in self.logits])

    def misfit(self) -> float:
        """Return the root of the mean squared error of points that are left out, in predicted deviations."""
        near = np.abs(self.logits[0].at) < FURTHEST / 2  # where the counts say how far they are off
        errors = self.logits[0].left_out()[near]
        return float(np.sqrt(np.mean(errors**2))) if len(errors) else np.nan


def followed(counts: Counts, level: float, *, points: int, runs: int, paired: bool = False, seed: int = 0) -> LevelSet:
    """Return the level set as learnt from `points` points of `runs` runs, which are chosen look by look.

    `counts` may move its places, which are an array of its own, to those at which the runs were trained.
    """
    from scipy.stats import qmc

    rng, known = np.random.default_rng((seed, 0)), LevelSet(level, paired)
    with load_extra("threadpoolctl", PURPOSE).threadpool_limits(1, "blas"):  # several threads wait for each other
        while len(known.places) < points:
            more = min(BATCH if len(known.places) else FIRST, points - len(known.places))
            candidates = qmc.Sobol(2, rng=rng).random(CANDIDATES)
            places = known.chosen(candidates, more, runs) if len(known.places) else candidates[:more]
            places = np.array(places)
            told = counts(places)
            known.learn(places, told)
    return known


def lattice() -> np.ndarray:
    """Return the places of the lattice of draws, the second coordinate moving fastest (SIDE², 2)."""
    side = np.linspace(0, 1, SIDE)
    return np.array([(x, y) for x in side for y in side])


@dataclass(frozen=True, eq=False)
class Column:
    """Where the border crosses one column of the lattice."""

    at: float  #: place of the column
    crossings: np.ndarray  #: places along it, in the draws that cross it as often as most do (draws, crossings)
    share: float  #: share of the draws that cross it so often
    which: np.ndarray  #: indices of these draws (draws,)
    missed: float  #: share of the draws that do not cross it at all


def columns(margins: np.ndarray) -> list[Column]:
    """Return every column's crossings by the most frequent number of them, from margins (draws, columns, rows)."""
    side, made = np.linspace(0, 1, margins.shape[2]), []
    for at, drawn in zip(np.linspace(0, 1, margins.shape[1]), np.moveaxis(margins, 1, 0), strict=True):
        changes = (drawn[:, 1:] > 0) != (drawn[:, :-1] > 0)
        number = int(np.bincount(changes.sum(axis=1)).argmax())
        which = np.flatnonzero(changes.sum(axis=1) == number)
        rows = np.nonzero(changes[which])[1].reshape(len(which), number)
        below, above = (np.take_along_axis(drawn[which], rows + step, axis=1) for step in (0, 1))
        crossings = side[rows] + below / (below - above) * side[1]
        missed = float(np.mean(changes.sum(axis=1) == 0))
        made.append(Column(float(at), crossings, len(which) / len(drawn), which, missed))
    return made


FORMS = {
    (True, True): ("power law", "{b} = {c:.3g} · {a}^{s:.3g}"),
    (False, False): ("straight line", "{b} = {c:.3g} {s:+.3g} · {a}"),
    (True, False): ("exponential law", "{b} = {c:.3g} · exp({s:.3g} · {a})"),
    (False, True): ("logarithmic law", "{b} = {c:.3g} {s:+.3g} · ln {a}"),
}
"""Name and equation of a law that is straight on two axes, by whether that of b, the border, and a is logarithmic."""


@dataclass(frozen=True, kw_only=True)
class Axis:
    """A premise over its range."""

    name: str
    low: float
    high: float
    log: Annotated[bool, Field(description="whether the axis is logarithmic")]

    def scaled(self, place: Any) -> Any:
        """Return the value at a place from 0 to 1, in its natural logarithm if the axis is logarithmic."""
        low, high = np.log((self.low, self.high)) if self.log else (self.low, self.high)
        return low + place * (high - low)

    def value(self, place: Any) -> Any:
        """Return the value at a place from 0 to 1."""
        return np.exp(self.scaled(place)) if self.log else self.scaled(place)


def interval_of(drawn: np.ndarray, confidence: float) -> Interval:
    """Return the median and central interval of draws (draws,)."""
    low, middle, high = np.quantile(drawn, (0.5 - confidence / 2, 0.5, 0.5 + confidence / 2)).tolist()
    return Interval(estimate=middle, low=low, high=high, confidence=confidence, method=METHOD)


@dataclass(frozen=True, kw_only=True)
class Law:
    """A law that is a straight line on the two axes, fitted to each drawn border by least squares weighted by the band.

    It describes the border unless one of two tests, each at half of the significance level, finds that it does not: one
    of the coefficient of an added quadratic term, one of the largest distance from the law in units of its own standard
    deviation, compared with that in the draws (Montiel Olea and Plagborg-Møller 2019, "Simultaneous confidence bands").
    """

    form: Annotated[str, Field(description="power law, straight line, exponential law or logarithmic law")]
    equation: str
    first: Annotated[float, Field(description="first value of the premise `along` in the fit; `last` is the last")]
    last: float
    slope: Annotated[Interval, Field(description="on the axes, in natural logarithms: the exponent of a power law")]
    constant: Annotated[Interval, Field(description="factor of a power or exponential law, else the intercept")]
    curvature: Annotated[Interval, Field(description="coefficient of a quadratic term, at half the significance level")]
    slope_first: Annotated[Interval, Field(description="slope at `first`, if a quadratic term is added")]
    slope_last: Interval
    furthest: Annotated[float, Field(description="value of the premise `along` at which the law is furthest off")]
    departure: Annotated[float, Field(description="border minus law there; on a logarithmic axis, of logarithms")]
    chance: Annotated[float, Field(description="probability of so large a distance if the law is right")]
    describes: Annotated[bool, Field(description="whether neither test finds that it does not describe the border")]

    @classmethod
    def of(cls, lines: list[Column], along: Axis, across: Axis, confidence: float) -> Law | None:
        """Return the law of columns that are crossed once; None if they are too few."""
        lines = [line for line in lines if line.missed <= MISSED]
        drawn = reduce(np.intersect1d, [line.which for line in lines]) if len(lines) >= FEWEST else np.zeros(0)
        if len(drawn) < ENOUGH:
            return None
        crossed = [line.crossings[np.isin(line.which, drawn), 0] for line in lines]
        at = np.array([line.at for line in lines])
        a, b = along.scaled(at), across.scaled(np.array(crossed))
        middle, weights = float(a.mean()), 1 / b.std(axis=1)
        slope, constant = np.polyfit(a, b, 1, w=weights)
        square, tilt, _ = np.polyfit(a - middle, b, 2, w=weights)
        off = b - np.outer(a, slope) - constant  # (columns, draws)
        mean, spread = off.mean(axis=1), off.std(axis=1)
        worst = int(np.argmax(np.abs(mean) / spread))
        largest = (np.abs(off - mean[:, None]) / spread[:, None]).max(axis=0)
        chance = float(np.mean(largest >= abs(mean[worst]) / spread[worst]))
        each = look_confidence(confidence, 2)
        interval, bends = partial(interval_of, confidence=confidence), interval_of(square, each)
        factor, (form, equation) = interval(np.exp(constant) if across.log else constant), FORMS[across.log, along.log]
        terms = {"a": along.name, "b": across.name, "c": factor.estimate, "s": float(np.median(slope))}
        first, last, furthest = along.value(at[[0, -1, worst]]).tolist()
        return cls(
            form=form,
            equation=equation.format(**terms),
            first=first,
            last=last,
            furthest=furthest,
            constant=factor,
            curvature=bends,
            slope=interval(slope),
            slope_first=interval(tilt + 2 * square * (a[0] - middle)),
            slope_last=interval(tilt + 2 * square * (a[-1] - middle)),
            departure=float(mean[worst]),
            chance=chance,
            describes=bool(bends.low <= 0 <= bends.high and chance >= 1 - each),
        )

    def sentence(self, along: Axis, across: Axis) -> str:
        """Return whether the law describes the border, with its slope."""
        slope = "exponent" if self.form == "power law" else "slope"
        law = f"{self.equation}, {slope} {self.slope:.3g}"
        article = "an" if self.form[0] in "aeiou" else "a"
        none = f"No departure from it is found (p = {self.chance:.2g})."
        if self.describes and self.slope.low <= 0 <= self.slope.high:
            found = f"the {slope} of {article} {self.form} is {self.slope:.3g}"
            return f"No dependence on {along.name} is found: {found}. {none}"
        if self.describes:
            return f"{article.capitalize()} {self.form} describes it: {law}. {none}"
        far = f"a factor of {np.exp(abs(self.departure)):.3g}" if across.log else f"{abs(self.departure):.2g}"
        ends = f"{self.slope_first:.2f} at {self.first:.3g} to {self.slope_last:.2f} at {self.last:.3g}"
        return (
            f"No {self.form} describes it: its local {slope} goes from {ends}. The nearest is {law}, from which it is "
            f"most clearly off at {along.name} = {self.furthest:.3g}, by {far}."
        )
