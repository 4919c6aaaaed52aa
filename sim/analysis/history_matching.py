"""History matching: how much of the prior could have given each measurement, and which measurements exclude each other.

A point x of the prior is *ruled out* by a row if its implausibility

    I(x) = |E f(x) - z| / sqrt(Var f(x) + error² + discrepancy²)

is above 3, with z the measured number and E f, Var f those of an emulator: at least 95 % of any distribution with one
peak lies within three standard deviations (Pukelsheim 1994, doi:10.1080/00031305.1994.10476030). Source of the method:
Vernon, Goldstein and Bower 2010, "Galaxy formation: a Bayesian uncertainty analysis" (doi:10.1214/10-BA524).

Nothing is called impossible from random points alone: where rows seem to be met jointly nowhere, the emulators are
searched for a point that meets them, and what was simulated counts too, without an emulator.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Annotated

import numpy as np
from pydantic import Field

from feint.sim.analysis.emulators import Emulator, EmulatorCheck
from feint.sim.sweeps.experimental_designs import sobol_cubes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CUT = 3.0
POINTS = 2**13
ROUNDS, ELITE, CHILDREN = 12, 32, 512  # of the search for a point that meets several rows
MOST_SEARCHED = 60  # triples that are searched, those that seem furthest from being met first
NARROWED = 0.1  # least distance (Kolmogorov and Smirnov) by which a parameter counts as narrowed
MOST_NARROWED = 3


@dataclass(frozen=True, kw_only=True, eq=False)
class Targets:
    """What was measured: one entry per row."""

    names: tuple[str, ...]
    measures: np.ndarray  #: column of the outputs that each row is about (rows,)
    value: np.ndarray
    error: np.ndarray  #: standard error of the measurement (rows,)
    discrepancy: np.ndarray  #: standard deviation of what the simulator is wrong by (rows,)

    @property
    def variance(self) -> np.ndarray:
        """Variance of what was measured around what a right simulator gives (rows,)."""
        return self.error**2 + self.discrepancy**2

    def implausibility(self, expected: np.ndarray, variance: np.ndarray) -> np.ndarray:
        """Return the implausibility (points, rows) of expectations and variances (points, measures).

        It is infinite where the simulator gives no number.
        """
        away = np.abs(expected[:, self.measures] - self.value)
        spread = np.sqrt(variance[:, self.measures] + self.variance)
        return np.nan_to_num(away / spread, nan=np.inf)


@dataclass(frozen=True, kw_only=True)
class Narrowed:
    """A parameter whose distribution over what is left differs from the prior."""

    parameter: str
    distance: Annotated[float, Field(description="largest distance of the distribution functions")]
    low: Annotated[float, Field(description="10 % of what is left lies below, in units of the prior from 0 to 1")]
    high: Annotated[float, Field(description="10 % of what is left lies above")]


@dataclass(frozen=True, kw_only=True)
class RowMatch:
    """What one row leaves of the prior."""

    name: str
    left: Annotated[float, Field(description="share of the prior that it does not rule out")]
    nearest: Annotated[float, Field(description="least implausibility of any point")]
    simulated: Annotated[int, Field(description="simulated points that meet it, by what they gave")]
    narrowed: tuple[Narrowed, ...]

    @property
    def met(self) -> bool:
        """Whether some point meets the row."""
        return self.nearest <= CUT


@dataclass(frozen=True, kw_only=True)
class JointExclusion:
    """Rows that are met jointly nowhere, although fewer of them are."""

    rows: tuple[str, ...]
    nearest: Annotated[float, Field(description="least over points of the largest implausibility of these rows")]
    at: Annotated[tuple[float, ...], Field(description="that point, in units of the prior")]
    predicted: Annotated[tuple[float, ...], Field(description="expected number of each row there")]

    @property
    def sentence(self) -> str:
        """The exclusion in words."""
        *others, last = (f"“{name}”" for name in self.rows)
        what = "both" if len(self.rows) == 2 else "all"
        gives = " and ".join(f"{number:.3g}" for number in self.predicted)
        return (
            f"Rows {', '.join(others)} and {last} cannot {what} be met: the nearest point gives {gives} and has "
            f"implausibility {self.nearest:.1f}."
        )


@dataclass(frozen=True, kw_only=True)
class HistoryMatch:
    """The prior after history matching."""

    points: Annotated[int, Field(description="points of the prior at which the emulators were evaluated")]
    simulations: int
    left: Annotated[float, Field(description="share of the prior that no row rules out, by the emulators")]
    simulated: Annotated[int, Field(description="simulated draws that meet every row, by what they gave")]
    rows: list[RowMatch]
    pairs: Annotated[list[list[float]], Field(description="share of the prior that neither row of a pair rules out")]
    pairs_met: Annotated[list[list[float]], Field(description="share of the simulated draws that meet both rows")]
    exclusions: list[JointExclusion]
    emulators: list[EmulatorCheck]

    @property
    def unmet(self) -> list[RowMatch]:
        """Rows that no point meets."""
        return [row for row in self.rows if not row.met]


@dataclass(frozen=True, kw_only=True, eq=False)
class Matcher:
    """Rows, emulators of their measures, and the simulations that these were learnt from."""

    targets: Targets
    emulators: Sequence[Emulator]
    parameters: Sequence[str]
    design: np.ndarray  #: in units of the prior (simulations, parameters)
    outputs: np.ndarray  #: (simulations, measures)
    variances: np.ndarray  #: Monte Carlo variances (simulations, measures)
    seed: int = 0

    def matched(self, points: int = POINTS) -> HistoryMatch:
        """Return the history match over this many points of the prior."""
        (cube,) = sobol_cubes(len(self.parameters), points, self.seed + 1)
        implausible = self.at(cube)
        simulated = self.targets.implausibility(self.outputs, self.variances)
        met, seen = implausible <= CUT, simulated <= CUT
        rows = [self._row(i, cube, implausible[:, i], simulated[:, i]) for i in range(len(self.targets.names))]
        return HistoryMatch(
            points=points,
            simulations=len(self.design),
            left=float(met.all(axis=1).mean()),
            simulated=int(seen.all(axis=1).sum()),
            rows=rows,
            pairs=_jointly(met),
            pairs_met=_jointly(seen),
            exclusions=list(self._exclusions(cube, implausible, seen, [row.met for row in rows])),
            emulators=[emulator.check for emulator in self.emulators],
        )

    def at(self, points: np.ndarray) -> np.ndarray:
        """Return the implausibility of points in units of the prior by the emulators (points, rows)."""
        return self.targets.implausibility(*self._predicted(points, range(len(self.emulators))))

    def _predicted(self, points: np.ndarray, measures: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
        """Return expectations and variances (points, measures); NaN for measures that are not among those named."""
        expected, variance = np.full((2, len(points), len(self.emulators)), np.nan)
        for i in measures:
            expected[:, i], variance[:, i] = self.emulators[i].predict(points)
        return expected, variance

    def _row(self, i: int, cube: np.ndarray, implausible: np.ndarray, simulated: np.ndarray) -> RowMatch:
        met = implausible <= CUT
        narrowed = narrowing(cube[met], self.parameters) if 0.0 < met.mean() < 1.0 else ()
        return RowMatch(
            name=self.targets.names[i],
            left=float(met.mean()),
            nearest=float(min(implausible.min(), simulated.min())),
            simulated=int((simulated <= CUT).sum()),
            narrowed=narrowed,
        )

    def _exclusions(
        self, cube: np.ndarray, implausible: np.ndarray, seen: np.ndarray, singly: Sequence[bool]
    ) -> Iterator[JointExclusion]:
        """Yield pairs, then triples without such a pair, of rows that are met singly and jointly nowhere."""
        met, excluded = implausible <= CUT, set()
        possible = [i for i, is_met in enumerate(singly) if is_met]
        for size in (2, 3):
            suspects = [
                rows
                for rows in combinations(possible, size)
                if not any(set(pair) <= set(rows) for pair in excluded)
                and not met[:, rows].all(axis=1).any()
                and not seen[:, rows].all(axis=1).any()
            ]
            suspects.sort(key=lambda rows: -implausible[:, rows].max(axis=1).min())
            for rows in suspects[: None if size == 2 else MOST_SEARCHED]:
                exclusion = self.nearest(rows, cube, implausible)
                if exclusion.nearest > CUT:
                    excluded.add(rows)
                    yield exclusion

    def nearest(self, rows: Sequence[int], cube: np.ndarray, implausible: np.ndarray) -> JointExclusion:
        """Return the point whose largest implausibility of some rows is least, by an evolutionary search.

        It begins with the best points of a cube (points, parameters). Children mix two parents; some of their
        parameters are then drawn near these, and a few from the prior.
        """
        rng, rows = np.random.default_rng([self.seed, *rows]), list(rows)
        measures = sorted({int(self.targets.measures[i]) for i in rows})
        worst = implausible[:, rows].max(axis=1)
        best = np.argsort(worst)[:ELITE]
        elite, worst = cube[best], worst[best]
        for _ in range(ROUNDS):
            if worst[0] <= CUT:
                break
            children = _children(elite, rng)
            of_children = self.targets.implausibility(*self._predicted(children, measures))[:, rows].max(axis=1)
            elite, worst = np.concatenate([elite, children]), np.concatenate([worst, of_children])
            best = np.argsort(worst)[:ELITE]
            elite, worst = elite[best], worst[best]
        expected, _ = self._predicted(elite[:1], measures)
        return JointExclusion(
            rows=tuple(self.targets.names[i] for i in rows),
            nearest=float(worst[0]),
            at=tuple(elite[0].tolist()),
            predicted=tuple(expected[0, self.targets.measures[rows]].tolist()),
        )


def _jointly(met: np.ndarray) -> list[list[float]]:
    """Return the share of points (points, rows) that meet both rows of each pair."""
    return ((met.T.astype(float) @ met) / len(met)).tolist()


def _children(elite: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return points between and around the best ones (CHILDREN, parameters)."""
    first, second = elite[rng.integers(len(elite), size=(2, CHILDREN))]
    mixed = np.where(rng.random(first.shape) < 0.5, first, second)
    near = mixed + rng.choice([0.02, 0.1, 0.3], size=(CHILDREN, 1)) * rng.standard_normal(mixed.shape)
    moved = np.where(rng.random(mixed.shape) < 0.3, near, mixed)
    fresh = rng.random(mixed.shape)
    return np.clip(np.where(rng.random(mixed.shape) < 0.03, fresh, moved), 0.0, 1.0)


def distance_from_prior(values: np.ndarray, weights: np.ndarray | None = None) -> float:
    """Return the largest distance of a (weighted) distribution function from that of the uniform distribution."""
    order = np.argsort(values)
    share = np.full(len(values), 1 / len(values)) if weights is None else weights[order] / weights.sum()
    above, at = np.cumsum(share), values[order]
    return float(max(np.abs(above - at).max(), np.abs(above - share - at).max()))


def narrowing(left: np.ndarray, parameters: Sequence[str]) -> tuple[Narrowed, ...]:
    """Return the parameters that points left (points, parameters) narrow most, the most narrowed first."""
    distances = [distance_from_prior(column) for column in left.T]
    noise = 1.36 / np.sqrt(len(left))  # 5 % of uniform samples of this size are further away
    order = [int(i) for i in np.argsort(distances)[::-1] if distances[i] > max(NARROWED, noise)]
    limits = np.quantile(left, (0.1, 0.9), axis=0)
    return tuple(
        Narrowed(
            parameter=parameters[i],
            distance=distances[i],
            low=float(limits[0, i]),
            high=float(limits[1, i]),
        )
        for i in order[:MOST_NARROWED]
    )


def draw_pairs(axes: Axes, match: HistoryMatch) -> None:
    """Draw the matrix of pairs, dark where much of the prior is left; × marks a pair that is excluded.

    Below the diagonal stands what neither row rules out, above it the share of the simulated draws that meet both.
    """
    names = [row.name for row in match.rows]
    places = {name: i for i, name in enumerate(names)}
    below = np.tri(len(names), dtype=bool)
    shares = np.where(below, match.pairs, match.pairs_met)
    mesh = axes.pcolormesh(shares, cmap="Blues", vmin=0, vmax=1)
    for exclusion in match.exclusions:
        if len(exclusion.rows) == 2:
            low, high = sorted(places[name] for name in exclusion.rows)
            axes.text(low + 0.5, high + 0.5, "×", ha="center", va="center", color="#d55e00", fontsize=9)
    ticks = np.arange(len(names)) + 0.5
    axes.set_yticks(ticks, names, fontsize=6)
    axes.set_xticks(ticks, names, rotation=90, fontsize=6)
    axes.invert_yaxis()
    axes.set_aspect("equal")
    axes.tick_params(length=0)
    bar = axes.figure.colorbar(mesh, ax=axes, shrink=0.6)
    bar.set_label("share not ruled out (below), met by draws (above)")
