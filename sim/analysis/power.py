"""Power: how likely a design of models and seeds is to give the right verdict on a difference, and what is enough."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from math import sqrt
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from feint.agents.errors import InputError, check_whole
from feint.sim.analysis.claims import VERDICTS, Verdict, rises
from feint.sim.analysis.contrasts import newcombe
from feint.sim.analysis.prior_shares import check_least
from feint.sim.results.figure_style import COLUMN_WIDTH, legend_entries, plain_log_ticks
from feint.sim.results.report import Hidden, Report, Table
from feint.sim.results.request import Progress, Request
from feint.sim.statistics.intervals import Interval, check_confidence, frequency_interval, tango

TARGETS = (0.8, 0.9)  # chances of the right verdict for which it is searched what is enough
TRIALS = 2000  # simulated experiments of a size
AT_ONCE = 10**6  # models that are simulated together
MOST, MOST_CORRELATED = 10**6, 10**4  # models per arm that are tried; the second if seeds are correlated
EXACT = 50  # a size that is enough is found to one part in so many
SIZES = 40  # most sizes that are tried
Tally = Callable[[int], Counter[Verdict]]
"""Verdicts of simulated experiments by the number of models per arm."""


@dataclass(frozen=True, kw_only=True)
class Design:
    """Two arms of models that are each trained from several seeds, and what is assumed to be true of them."""

    models: int  #: per arm
    seeds: int  #: trainings of each model
    base: float  #: frequency of the event in the first arm
    effect: float  #: frequency in the second arm minus that in the first
    paired: bool  #: whether both arms train the same models from the same seeds
    correlation: float  #: between the events of a pair
    icc: float  #: intraclass correlation: that between the events of two seeds of a model
    least: float  #: smallest effect that counts
    confidence: float

    def __post_init__(self) -> None:
        check_confidence(self.confidence)
        check_least(self.least)
        for name in ("base", "icc", "effect", "correlation"):
            value, (low, high) = getattr(self, name), self._ends(name)
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
                raise InputError(f"{name} = {value!r} is not valid: it must be a number from {low:.3g} to {high:.3g}.")
        if self.correlation and not self.paired:
            raise InputError(f"correlation = {self.correlation!r} is not allowed with arms that are not paired.")

    def _ends(self, name: str) -> tuple[float, float]:
        """Return the smallest and the largest possible value; a pair with a frequency of 0 or 1 has any correlation."""
        if name != "correlation":
            return (-self.base, 1 - self.base) if name == "effect" else (0, 1)
        p, q = self.base, self.base + self.effect
        scale = sqrt(max(0.0, p * (1 - p) * q * (1 - q)))
        return ((max(0.0, p + q - 1) - p * q) / scale, (min(p, q) - p * q) / scale) if scale else (-1, 1)

    @property
    def worth(self) -> float:
        """How many independent runs a run is worth: 1 / (1 + (seeds - 1) icc), which is 1 over the design effect."""
        return 1 / (1 + (self.seeds - 1) * self.icc)

    def interval(self, second: float, first: float, models: int) -> Interval:
        """Return the interval of the effect from the runs with the event in each arm or, if paired, in it alone.

        Counts are those of as many independent runs as the runs are worth.
        """
        runs, second, first = models * self.seeds * self.worth, second * self.worth, first * self.worth
        if self.paired:
            return tango(second, first, runs, self.confidence)
        return newcombe((second, runs), (first, runs), self.confidence)

    def verdicts(self, models: int, trials: int, seed: int, effect: float | None = None) -> Counter[Verdict]:
        """Return how many of `trials` simulated experiments give each verdict, also with another effect."""
        counts, times = np.unique(self._counts(models, trials, seed, effect), axis=0, return_counts=True)
        rule, tally = rises(self.least), Counter[Verdict]()
        for (second, first), number in zip(counts.tolist(), times.tolist(), strict=True):
            tally[rule.verdict(self.interval(second, first, models))] += number
        return tally

    def _counts(self, models: int, trials: int, seed: int, effect: float | None) -> np.ndarray:
        """Return the runs with the event in the second and in the first arm, or in it alone (trials, 2)."""
        rng, p = np.random.default_rng([seed, models]), self.base
        q = p + (self.effect if effect is None else effect)
        if not self.paired:
            arms = [self._drawn([share, 1 - share], models, trials, rng) for share in (q, p)]
            return np.stack([arm[:, 0] for arm in arms], axis=1)
        both = p * q + self.correlation * sqrt(max(0.0, p * (1 - p) * q * (1 - q)))
        both = min(max(both, p + q - 1, 0.0), p, q)
        return self._drawn([q - both, p - both, both, 1 - p - q + both], models, trials, rng)[:, :2]

    def _drawn(self, shares: list[float], models: int, trials: int, rng: np.random.Generator) -> np.ndarray:
        """Return how many runs of an arm are of each kind (trials, kinds).

        With an intraclass correlation ρ the shares of a model are Dirichlet-distributed around `shares` with the
        concentration (1 - ρ) / ρ, and its seeds are multinomial: a count is beta-binomial, and each two seeds of a
        model have the correlation ρ in every kind of event.
        """
        kinds = np.clip(shares, 0.0, 1.0)
        kinds /= kinds.sum()
        if self.seeds == 1 or self.icc in (0, 1):
            together = self.seeds if self.icc == 1 else 1
            return rng.multinomial(models * self.seeds // together, kinds, trials) * together
        drawn, possible = np.zeros((trials, len(kinds)), int), kinds > 0
        step = max(1, AT_ONCE // models)
        for start in range(0, trials, step):
            size = (min(step, trials - start), models)
            of_models = rng.dirichlet(kinds[possible] * (1 - self.icc) / self.icc, size)
            drawn[start : start + step, possible] = rng.multinomial(self.seeds, of_models).sum(axis=1)
        return drawn


@dataclass(frozen=True, kw_only=True)
class PowerAt:
    """Chances of verdicts at one size, from simulated experiments."""

    models: Annotated[int, Field(description="per arm; of a claim, runs of each protocol")]
    runs: Annotated[int, Field(description="trainings per arm")]
    right: Annotated[Interval, Field(description="chance of the right verdict")]
    wrong: Annotated[Interval, Field(description="chance of another verdict than undecided")]

    @classmethod
    def of(cls, models: int, seeds: int, tally: Mapping[Verdict, int], right: Verdict) -> PowerAt:
        """Return the chances that a tally of verdicts gives."""
        trials, hits = sum(tally.values()), tally.get(right, 0)
        misses = trials - hits - tally.get(Verdict.UNDECIDED, 0)
        chances = {"right": frequency_interval(hits, trials), "wrong": frequency_interval(misses, trials)}
        return cls(models=models, runs=models * seeds, **chances)


@dataclass(frozen=True, kw_only=True)
class Enough:
    """The fewest models per arm that give the right verdict with a chance."""

    target: float
    at: Annotated[PowerAt | None, Field(description="null if no size that was tried is enough")]


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """Sizes of an experiment that are tried, to find which are enough."""

    tally: Tally
    right: Verdict
    own: int  #: size that is asked for
    seeds: int = 1
    fewest: int = 1
    most: int = MOST

    def explored(self, progress: Progress | None) -> dict[str, Any]:
        """Return `curve`, `here` and `enough` of a report: sizes are doubled until they are enough, then halved in."""
        known: dict[int, PowerAt] = {}
        report = progress or (lambda _: None)

        def chance(models: int) -> float:
            if models not in known:
                known[models] = PowerAt.of(models, self.seeds, self.tally(models), self.right)
                report(1)
            return known[models].right.estimate

        chance(self.own)
        found = {target: self._fewest(chance, target) for target in TARGETS}
        report(max(0, SIZES - len(known)))
        enough = [Enough(target=target, at=None if size is None else known[size]) for target, size in found.items()]
        return {"here": known[self.own], "enough": enough, "curve": [known[size] for size in sorted(known)]}

    def _fewest(self, chance: Callable[[int], float], target: float) -> int | None:
        high = low = self.fewest
        while chance(high) < target:
            if high >= self.most:
                return None
            low, high = high, min(2 * high, self.most)
        while high - low > max(1, low // EXACT):
            middle = (low + high) // 2
            low, high = (low, middle) if chance(middle) >= target else (middle, high)
        return high


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class PowerReport(Report):
    """Base of the results of `power`: chances at the size that was asked for, at others, and what is enough."""

    right: Annotated[Verdict, Field(description="verdict that what is assumed to be true deserves")]
    trials: Annotated[int, Field(description="simulated experiments of each size")]
    seed: int  #: of the simulation
    here: PowerAt  #: at the size that was asked for
    enough: list[Enough]  #: fewest models per arm for each chance
    curve: list[PowerAt]  #: at all sizes that were tried
    request: Hidden[Request]  #: what was asked for

    size = (COLUMN_WIDTH, 2.6)
    unit = "models per arm"
    fewest = 1  #: models that are tried

    def rows(self) -> list[PowerAt]:
        """Return the sizes that were tried."""
        return self.curve

    def _enough(self) -> Table:
        """Return the table of what is enough."""

        def models(row: Enough) -> str:
            if row.at is None:
                return f"more than {self.curve[-1].models:,}"
            return f"{row.at.models:,}" + (" or fewer" if row.at.models == self.fewest > 1 else "")

        columns: dict[str, Any] = {"chance": "target", self.unit: models}
        if any(row.runs != row.models for row in self.curve):
            columns["runs per arm"] = lambda row: f"{row.at.runs:,}" if row.at else ""
        columns |= {"chance then": lambda row: row.at and row.at.right}
        columns |= {"of a wrong one": lambda row: row.at and row.at.wrong}
        return Table(self.enough, columns, title=f"Enough for the right verdict, {self.right.value}:")

    def draw(self, panels: Any) -> None:
        """Draw the chances of the right verdict and of a wrong one against the size, with Monte Carlo intervals."""
        (axes,) = panels[0]
        models = [row.models for row in self.curve]
        for name, colour, dashes in (("right", "#0072b2", "-"), ("wrong", "#d55e00", "--")):
            limits = np.array([(at.estimate, at.low, at.high) for at in (getattr(row, name) for row in self.curve)])
            axes.fill_between(models, *limits[:, 1:].T, color=colour, alpha=0.25, linewidth=0)
            label = f"{self.right.value}, the right verdict" if name == "right" else "a wrong verdict"
            axes.plot(models, limits[:, 0], dashes, color=colour, marker="o", markersize=2.5, linewidth=1, label=label)
        for row in self.enough:
            axes.axhline(row.target, color="#888888", linewidth=0.6, zorder=0)
        axes.axvline(self.here.models, color="#009e73", linewidth=0.8, linestyle=":", label="the size that was given")
        axes.set(xscale="log", ylim=(-0.02, 1.02), xlabel=self.unit, ylabel="chance")
        plain_log_ticks(axes.xaxis, models[0], models[-1])
        axes.figure.legend(*legend_entries(axes), loc="outside lower center", frameon=False)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class DesignPower(PowerReport):
    """Power of a design: the chance of each verdict, and the error at the limit of the rule."""

    models: int  #: per arm
    seeds: int  #: trainings of each model
    base: float  #: frequency of the event in the first arm
    effect: float  #: frequency in the second arm minus that in the first
    paired: bool  #: whether both arms train the same models from the same seeds
    correlation: Annotated[float, Field(description="between the events of a pair")]
    icc: Annotated[float, Field(description="intraclass correlation: that between two seeds of a model")]
    least: float  #: smallest effect that counts
    confidence: float  #: of the intervals on which verdicts rest
    worth: Annotated[float, Field(description="independent runs per arm that the runs are worth")]
    chances: Annotated[dict[str, Interval], Field(description="chance of each verdict")]
    at_limit: Annotated[
        Interval | None,
        Field(description="chance of that verdict if there is just the least effect that counts; null if none can be"),
    ]

    def blocks(self) -> Iterator[str | Table]:
        """Yield the design, the chance of each verdict, what is enough, and the error at the limit."""
        pairs = "paired" if self.paired else "not paired"
        each = "1 seed" if self.seeds == 1 else f"{self.seeds} seeds"
        yield (
            f"Two arms of {self.models:,} models of {each} each, {pairs}; the event has frequency {self.base:g} in one "
            f"and {self.base + self.effect:g} in the other. An effect counts from {self.least:g} on. {self.trials:,} "
            f"simulated experiments of each size, seed {self.seed}; 95 % Monte Carlo intervals."
        )
        if self.seeds > 1:
            most = f"; however many seeds, no more than {self.models / self.icc:,.0f}" if self.icc else ""
            yield f"The {self.here.runs:,} runs per arm are worth {self.worth:,.1f} independent ones{most}."
        columns: dict[str, Any] = {
            "verdict": lambda row: f"{row[0]} (right)" if row[0] == self.right.value else row[0],
            "chance": lambda row: row[1],
        }
        yield Table([*self.chances.items()], columns)
        yield self._enough()
        if self.at_limit is not None:
            limit, found = (self.least, "supported") if self.effect >= 0 else (-self.least, "contradicted")
            yield (
                f"If the effect were just {limit:+g}, the least that counts, the chance of {found} would be "
                f"{self.at_limit}; the confidence level stands for {(1 - self.confidence) / 2:.3g}."
            )


def design_power(design: Design, *, trials: int, seed: int, request: Request, progress: Progress | None) -> DesignPower:
    """Return the power of a design by simulation."""
    check_whole("trials", trials, 1)
    right = VERDICTS[rises(design.least).kind(design.effect)]
    most = MOST_CORRELATED if design.seeds > 1 and 0 < design.icc < 1 else MOST
    tally = cache(lambda models: design.verdicts(models, trials, seed))
    sizes = Sizes(tally=tally, right=right, own=design.models, seeds=design.seeds, most=max(most, design.models))
    limit = design.least if design.effect >= 0 else -design.least
    at_limit = None
    if 0 <= design.base + limit <= 1:
        at_least = design.verdicts(design.models, trials, seed, limit)
        at_limit = frequency_interval(at_least[VERDICTS[rises(design.least).kind(limit)]], trials)
    shown = [verdict for verdict in Verdict if verdict is not Verdict.MIXED]
    return DesignPower(
        **vars(design),
        **sizes.explored(progress),
        right=right,
        trials=trials,
        seed=seed,
        worth=design.models * design.seeds * design.worth,
        chances={verdict.value: frequency_interval(tally(design.models)[verdict], trials) for verdict in shown},
        at_limit=at_limit,
        request=request,
    )
