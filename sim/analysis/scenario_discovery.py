"""Scenario discovery: boxes of parameters in which a response is high or low, in words."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from math import exp, inf, sqrt
from typing import Annotated, Any, NamedTuple

import numpy as np
from pydantic import Field, computed_field

from feint.agents.errors import InputError, load_extra
from feint.sim.analysis.among_converged import CONVERGED
from feint.sim.analysis.response_surface import DIFFERENCE, Response, ResponseAnalysis, ResponseRequest
from feint.sim.results.report import Hidden
from feint.sim.statistics.intervals import CONFIDENCE, Interval, check_confidence, tango, wilson
from feint.sim.statistics.weighted import effective_size, mean_over_draws
from feint.sim.sweeps.experimental_designs import weights_of
from feint.sim.sweeps.factors import SEED

FEWEST = 40  # points: one half finds the regions, the other judges them
EVEN = ("grid", "lhs", "sobol", "prior", "table")  # designs whose points represent the space
METHOD = "Student's t over held-out points, with the sampling error of their runs"
LEAVES = (2, 3, 4, 5, 6, 8)  # sizes of trees that are tried
DEPTH = 4  # most cuts from the root to a leaf
LEAST_SHARE, LEAST_POINTS = 0.05, 5  # of the points the tree is grown on, in each leaf
FOLDS, SLACK, SURE = 5, 0.05, 2.0  # of the cross-validation that chooses the size
OTHERS = 16  # trees grown besides the greedy one
FEWEST_DIGITS, MOST_DIGITS = 3, 17  # of limits in words; with 17 no two numbers look alike


def limit_text(limit: float, digits: int) -> str:
    """Return a limit to so many significant digits, without an exponent if it is neither tiny nor huge."""
    return format(float(f"{limit:.{digits}g}"), f".{MOST_DIGITS if digits == MOST_DIGITS else MOST_DIGITS - 2}g")


def digits_for(limits: Iterable[float], fewest: int = FEWEST_DIGITS) -> int:
    """Return the significant digits, `fewest` or more, that tell different limits apart."""
    limits = set(limits)
    several = range(fewest, MOST_DIGITS)
    return next((n for n in several if len({limit_text(x, n) for x in limits}) == len(limits)), MOST_DIGITS)


@dataclass(frozen=True)
class Condition:
    """A limit of a region on one parameter: an interval, or some of its values."""

    name: str
    above: float | None = None
    below: float | None = None
    among: tuple[str, ...] = ()
    digits: Hidden[int] = FEWEST_DIGITS  #: of its limits in words

    @property
    def limits(self) -> tuple[float, ...]:
        """Limits that there are, in order."""
        return tuple(limit for limit in (self.above, self.below) if limit is not None)

    @property
    def text(self) -> str:
        """The condition in words."""
        if self.among:
            return f"{self.name} is {' or '.join(self.among)}"
        words = "below" if self.above is None else "above" if self.below is None else "between"
        digits = digits_for(self.limits, self.digits)
        return f"{self.name} {words} {' and '.join(limit_text(limit, digits) for limit in self.limits)}"


@dataclass(frozen=True, kw_only=True)
class Region:
    """A box, with its share of points and the response's mean there, both over held-out points."""

    conditions: tuple[Condition, ...]
    points: int
    share: float
    mean: Interval

    @computed_field
    @property
    def where(self) -> str:
        """Conditions in words."""
        return " and ".join(condition.text for condition in self.conditions) or "everywhere"


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Regions(ResponseAnalysis):
    """Boxes that together contain every point, from the highest mean to the lowest."""

    kind = "regions"
    libraries = ("scikit-learn", "scipy")

    found_on: int
    held_out: int
    effective: Annotated[
        float | None,
        Field(description="effective sample size of the held-out points of a table that differ in weight; else null"),
    ] = None
    explained: Annotated[
        float | None, Field(description="share of the variance over held-out points; null if there is none")
    ]
    regions: tuple[Region, ...]

    def sentences(self) -> list[str]:
        """Return each region in words."""
        spec = "+.2f" if self.response.of == DIFFERENCE else ".2f"
        return [
            f"{region.where}: {self.response.noun} {region.mean:{spec}} in {100 * region.share:.0f} % of the points"
            for region in self.regions
        ]

    def blocks(self) -> Iterator[str]:
        """Yield how the regions were judged, and each in a sentence, the highest first."""
        judged = f"regions found on {self.found_on:,} points; means, {100 * self.confidence:g} % intervals and shares "
        judged += f"are of {self.held_out:,} others"
        if self.effective is not None:
            judged += f" by weight (effective sample size {self.effective:.1f})"
        if self.explained is not None:
            judged += f", of whose variance they explain {100 * self.explained:.0f} %"
        yield f"{self.response.heading}\n{judged}"
        yield "\n".join(self.sentences())

    def rows(self) -> list[dict[str, Any]]:
        """Return the regions, with their conditions in words."""
        names = ("where", "points", "share", "mean")
        return [{name: getattr(region, name) for name in names} for region in self.regions]

    def draw(self, panels: Any) -> None:
        """Draw the mean in each region."""
        super().draw(panels)
        panels[0, 0].set_xlabel("mean over a region: " + self.response.title.replace(", ", ",\n"))


def regions(response: Response, *, confidence: float = CONFIDENCE, seed: int = 0) -> Regions:
    """Return the leaves of a regression tree grown on one half of the points, judged on the other half.

    Each point has the same weight however many runs it has, since a region is a share of the points, unless those of a
    table have weights of their own: then trees, means and shares are of weighted points. `seed` is that of
    the halves and of the tree. If converged runs are counted, points where no run of an arm converged are left out.
    Raises `InputError` if the design's points do not represent the space, or are fewer than FEWEST.
    """
    check_confidence(confidence)
    response = response.known()
    design, count = response.study.design, len(response.value)
    if design not in EVEN:
        raise InputError(
            f"design = {design!r} has no points that represent the space: regions need one of {', '.join(EVEN)}."
        )
    if count < FEWEST:
        raise InputError(
            f"{count} points are too few: one half finds regions and the other judges them, so {FEWEST} are needed."
        )
    growing, judging = np.split(np.random.default_rng([seed, count]).permutation(count), [count // 2])
    columns = dict(_columns_of(response))
    numbers = np.column_stack([*columns.values()]) if columns else np.zeros((count, 0))
    weights = weights_of(response.points)
    each = np.ones(count) if weights is None else weights / weights.mean()
    tree = _chosen_tree(numbers[growing], response.value[growing], each[growing], seed) if columns else None
    leaf = np.zeros(count, int) if tree is None else tree.apply(numbers)
    boxes = {0: ()} if tree is None else _told_apart(dict(_boxes(tree.tree_, tuple(columns), 0, {})))
    judged = []
    for at, conditions in boxes.items():
        inside = judging[leaf[judging] == at]
        mean, share = mean_over(response, inside, confidence), float(each[inside].sum() / each[judging].sum())
        judged.append(Region(conditions=conditions, points=len(inside), share=share, mean=mean))
    return Regions(
        **response.facts(confidence),
        found_on=len(growing),
        held_out=len(judging),
        effective=None if weights is None else effective_size(weights[judging]),
        explained=_explained(response.value[judging], leaf[judging], each[judging]),
        regions=tuple(sorted(judged, key=lambda region: -region.mean.estimate)),
    )


def mean_over(response: Response, rows: np.ndarray, confidence: float = CONFIDENCE) -> Interval:
    """Return the mean of a response over some points, with an interval for the mean over all points like them.

    Student's t over the points and the score interval of the mean counts are joined as if independent, each limit
    separately (MOVER: Zou and Donner 2008, doi:10.1002/sim.3095). With common streams runs count once and not once per
    point. Converged runs differ in number between points, so that their points' own intervals are joined in the same
    way: as if their errors were equal with common streams, and independent otherwise. The interval of a single point is
    everything that is possible. Points of a table count by their weights, by `mean_over_draws`.
    """
    from scipy.stats import t

    values, weights = response.value[rows], weights_of(response.points.iloc[rows])
    least, most = (-inf, inf) if response.runs is None else (-1.0 if response.of == DIFFERENCE else 0.0, 1.0)
    if len(values) < 2:
        middle = float(values.mean()) if len(values) else float("nan")
        return Interval(estimate=middle, low=least, high=most, confidence=confidence, method=METHOD)
    if weights is None:
        middle = float(values.mean())
        reach = float(t.ppf((1 + confidence) / 2, len(values) - 1)) * float(values.std(ddof=1)) / sqrt(len(values))
    else:
        of_draws = mean_over_draws(values, weights, confidence)
        middle, reach = of_draws.estimate, of_draws.half_width
    low, high = middle - reach, middle + reach
    if response.runs is not None:
        of_runs = _joined if response.among == CONVERGED else _of_mean_counts
        least_sampled, most_sampled = of_runs(response, rows, middle, confidence)
        low = max(least, middle - sqrt(reach**2 + (middle - least_sampled) ** 2))
        high = min(most, middle + sqrt(reach**2 + (most_sampled - middle) ** 2))
    return Interval(estimate=middle, low=low, high=high, confidence=confidence, method=METHOD)


def _of_mean_counts(response: Response, rows: np.ndarray, _: float, confidence: float) -> tuple[float, float]:
    """Return the limits that sampling error sets to the mean, by the score interval of the mean counts."""
    assert response.events is not None
    (gained, lost, runs), weights = (counts[rows] for counts in response.events), weights_of(response.points.iloc[rows])
    of_all = float(runs.min() if response.study.streams == "common" else runs.sum())
    if weights is not None and response.study.streams != "common":  # runs of heavy points count more than others
        of_all *= effective_size(weights) / len(rows)
    first, second = (float(np.average(counts / runs, weights=weights)) * of_all for counts in (gained, lost))
    paired = response.of == DIFFERENCE
    sampled = tango(first, second, of_all, confidence) if paired else wilson(first, of_all, confidence)
    return sampled.low, sampled.high


def _joined(response: Response, rows: np.ndarray, middle: float, confidence: float) -> tuple[float, float]:
    """Return the limits that sampling error sets to the mean, by the intervals of the points."""
    intervals = response.at(rows).intervals(confidence)
    below, above = np.array([(at.estimate - at.low, at.high - at.estimate) for at in intervals]).T
    weights = weights_of(response.points.iloc[rows])
    if response.study.streams == "common":
        down, up = (float(np.average(reach, weights=weights)) for reach in (below, above))
        return middle - down, middle + up
    parts = np.full(len(rows), 1 / len(rows)) if weights is None else weights / weights.sum()
    down, up = (sqrt(float(((parts * reach) ** 2).sum())) for reach in (below, above))
    return middle - down, middle + up


def _explained(values: np.ndarray, leaf: np.ndarray, weights: np.ndarray) -> float | None:
    """Return 1 - the variance within leaves over the variance, of held-out points; None if they do not vary."""
    if np.ptp(values) == 0:
        return None

    def squares(rows: np.ndarray) -> float:
        return (weights[rows] * (values[rows] - np.average(values[rows], weights=weights[rows])) ** 2).sum()

    return 1 - float(sum(squares(leaf == at) for at in np.unique(leaf)) / squares(np.full(len(leaf), True)))


class Column(NamedTuple):
    """A number that the tree may cut: a parameter, its logarithm, or whether it has one of its values."""

    name: str
    log: bool = False
    value: str | None = None
    values: tuple[str, ...] = ()  #: all that it has

    def cut(self, condition: Condition, at: float, above: bool) -> Condition:
        """Return a condition on the parameter with a further limit on this number."""
        if self.value is not None:
            return replace(condition, among=tuple(v for v in condition.among if (v == self.value) == above))
        return replace(condition, **{"above" if above else "below": exp(at) if self.log else at})


def _chosen_tree(table: np.ndarray, values: np.ndarray, weights: np.ndarray, seed: int) -> Any:
    """Return a regression tree of scikit-learn (CART: Breiman, Friedman, Olshen and Stone 1984); None for one leaf.

    By cross-validation, its size is the smallest in LEAVES that explains as much of the variance of values (points,) as
    the best one, to SLACK, if that is above 0 by SURE standard errors over folds.
    """
    if np.ptp(values) == 0:
        return None
    folds = load_extra("sklearn.model_selection", "regions").KFold(FOLDS, shuffle=True, random_state=seed)
    explained = np.zeros((len(LEAVES), FOLDS))
    variance = np.average((values - np.average(values, weights=weights)) ** 2, weights=weights)
    for j, (within, out) in enumerate(folds.split(table)):
        mean = np.average(values[within], weights=weights[within])
        most = np.average((values[out] - mean) ** 2, weights=weights[out])
        for i, leaves in enumerate(LEAVES):
            predicted = _grown(table[within], values[within], weights[within], leaves, seed).predict(table[out])
            explained[i, j] = (most - np.average((values[out] - predicted) ** 2, weights=weights[out])) / variance
    middle = explained.mean(axis=1)
    chosen = int((middle >= middle.max() - SLACK).argmax())
    sure = middle[chosen] > SURE * explained[chosen].std(ddof=1) / np.sqrt(FOLDS)
    return _grown(table, values, weights, LEAVES[chosen], seed) if sure else None


def _boxes(nodes: Any, columns: tuple[Column, ...], node: int, box: dict[str, Condition]) -> Iterator[tuple[int, Any]]:
    """Yield each leaf below a node with its conditions: ranges, then values, in the order in which they were set."""
    if nodes.children_left[node] < 0:
        yield node, tuple(sorted(box.values(), key=lambda condition: bool(condition.among)))
        return
    column, at = columns[nodes.feature[node]], float(nodes.threshold[node])
    here = box.get(column.name, Condition(column.name, among=column.values))
    for children, above in ((nodes.children_left, False), (nodes.children_right, True)):
        yield from _boxes(nodes, columns, int(children[node]), {**box, column.name: column.cut(here, at, above)})


def _told_apart(boxes: Mapping[int, tuple[Condition, ...]]) -> dict[int, tuple[Condition, ...]]:
    """Return boxes whose conditions on a parameter have enough digits for the limits of all of them."""
    limits: dict[str, set[float]] = defaultdict(set)
    for condition in (condition for box in boxes.values() for condition in box):
        limits[condition.name].update(condition.limits)
    digits = {name: digits_for(numbers) for name, numbers in limits.items()}
    return {leaf: tuple(replace(part, digits=digits[part.name]) for part in box) for leaf, box in boxes.items()}


def _columns_of(response: Response) -> Iterator[tuple[Column, np.ndarray]]:
    """Yield each column that the tree may cut with its numbers (points,); regions are means over seeds."""
    for factor in response.factors:
        if factor.name == SEED:
            continue
        cells = response.points[factor.name]
        if cells.dtype.kind in "iuf":
            numbers = cells.to_numpy(float)
            yield Column(factor.name, log=factor.log), np.log(numbers) if factor.log else numbers
        else:
            values = tuple(dict.fromkeys(cells.astype(str)))
            for value in values:
                yield Column(factor.name, value=value, values=values), (cells.astype(str) == value).to_numpy(float)


def _grown(table: np.ndarray, values: np.ndarray, weights: np.ndarray, leaves: int, seed: int) -> Any:
    """Return a tree of at most `leaves` leaves: the best on these points of a greedy one and of randomized ones."""
    regressor = load_extra("sklearn.tree", "regions").DecisionTreeRegressor
    limits: dict[str, Any] = {"max_leaf_nodes": leaves, "max_depth": DEPTH}
    if np.ptp(weights) == 0:
        limits["min_samples_leaf"] = max(LEAST_POINTS, round(LEAST_SHARE * len(values)))
    else:
        limits |= {"min_samples_leaf": LEAST_POINTS, "min_weight_fraction_leaf": LEAST_SHARE}
    fit = {"X": table, "y": values, "sample_weight": None if np.ptp(weights) == 0 else weights}
    free = regressor(**limits, random_state=seed).fit(**fit)
    others = [regressor(**limits, max_features=0.5, random_state=seed + i).fit(**fit) for i in range(OTHERS)]
    return min((free, *others), key=lambda tree: np.average((values - tree.predict(table)) ** 2, weights=weights))


@dataclass(frozen=True, kw_only=True)
class RegionsRequest(ResponseRequest):
    """Regions in which the outcome is frequent, and in which it is not: boxes of parameters, in words."""

    kind = "regions"
    analysis = regions
