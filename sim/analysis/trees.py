"""Trees: a regression tree over the points of a response, and its leaves as boxes in the parameters' own terms."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import exp, inf
from typing import Any, Self

import numpy as np

from feint.sim.analysis.response_surface import Response
from feint.sim.results.optional_dependencies import load_extra

LEAVES = (2, 3, 4, 5, 6, 8)  # sizes that are tried
DEPTH = 4  # most cuts from the whole to a leaf
LEAST_SHARE, LEAST_POINTS = 0.05, 5  # of the points the tree is grown on, in each leaf
FOLDS, SLACK, SURE = 5, 0.05, 2.0  # of the cross-validation that chooses the size
OTHERS = 16  # trees grown beside the greedy one


@dataclass(frozen=True)
class Condition:
    """What a box asks of one parameter: to lie between two limits, or to be one of some values."""

    name: str
    above: float = -inf
    below: float = inf
    among: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The condition in words."""
        if self.among:
            return f"{self.name} is {' or '.join(self.among)}"
        if self.above == -inf:
            return f"{self.name} below {self.below:.3g}"
        return f"{self.name} above {self.above:.3g}" if self.below == inf else self._between

    @property
    def _between(self) -> str:
        return f"{self.name} between {self.above:.3g} and {self.below:.3g}"


@dataclass(frozen=True, kw_only=True)
class Column:
    """A number that the tree may cut: a parameter, its logarithm, or whether it has one of its values."""

    name: str
    log: bool = False
    value: str | None = None
    values: tuple[str, ...] = ()  #: all that it has

    def numbers(self, cells: Any) -> np.ndarray:
        """The column (points,)."""
        if self.value is not None:
            return (cells.astype(str) == self.value).to_numpy(float)
        return np.log(cells.to_numpy(float)) if self.log else cells.to_numpy(float)


Limits = dict[Column, tuple[float, float]]


@dataclass(frozen=True, kw_only=True, eq=False)
class Tree:
    """A grown tree; one of a single leaf is None."""

    columns: tuple[Column, ...]
    grown: Any

    @classmethod
    def of(cls, response: Response, rows: np.ndarray, seed: int) -> Self:
        """Grown on some points of a response (CART: Breiman, Friedman, Olshen and Stone 1984), by scikit-learn.

        By cross-validation on those points: the smallest of the sizes in LEAVES that explains as much of the variance
        as the best of them, to SLACK; a single leaf where that is not above 0 by SURE standard errors over folds.
        """
        columns, values = tuple(columns_of(response)), response.value[rows]
        if not columns or np.ptp(values) == 0:
            return cls(columns=columns, grown=None)
        table = numbers(columns, response)[rows]
        folds = load_extra("sklearn.model_selection", "regions").KFold(FOLDS, shuffle=True, random_state=seed)
        explained = np.zeros((len(LEAVES), FOLDS))
        for j, (within, out) in enumerate(folds.split(table)):
            most = np.mean((values[out] - values[within].mean()) ** 2)
            for i, leaves in enumerate(LEAVES):
                found = grown(table[within], values[within], leaves, seed)
                explained[i, j] = (most - np.mean((values[out] - found.predict(table[out])) ** 2)) / values.var()
        middle = explained.mean(axis=1)
        chosen = int((middle >= middle.max() - SLACK).argmax())
        sure = middle[chosen] > SURE * explained[chosen].std(ddof=1) / np.sqrt(FOLDS)
        return cls(columns=columns, grown=grown(table, values, LEAVES[chosen], seed) if sure else None)

    def leaves(self, response: Response) -> np.ndarray:
        """The leaf of each point (points,)."""
        if self.grown is None:
            return np.zeros(len(response.value), int)
        return self.grown.apply(numbers(self.columns, response))

    def boxes(self) -> dict[int, tuple[Condition, ...]]:
        """The conditions of each leaf."""
        return dict(self._below(0, {})) if self.grown is not None else {0: ()}

    def _below(self, node: int, limits: Limits) -> Iterator[tuple[int, tuple[Condition, ...]]]:
        nodes = self.grown.tree_
        if nodes.children_left[node] < 0:
            yield node, tuple(conditions(limits))
            return
        column, cut = self.columns[nodes.feature[node]], float(nodes.threshold[node])
        low, high = limits.get(column, (-inf, inf))
        yield from self._below(int(nodes.children_left[node]), {**limits, column: (low, min(high, cut))})
        yield from self._below(int(nodes.children_right[node]), {**limits, column: (max(low, cut), high)})


def conditions(limits: Limits) -> Iterator[Condition]:
    """What limits on columns ask of parameters, in the order in which they were set."""
    left: dict[str, tuple[str, ...]] = {}
    for column, (low, high) in limits.items():
        if column.value is None:
            ends = (exp(low), exp(high)) if column.log else (low, high)
            above, below = (-inf if low == -inf else ends[0]), (inf if high == inf else ends[1])
            yield Condition(column.name, above=above, below=below)
            continue
        before = left.get(column.name, column.values)
        left[column.name] = tuple(v for v in before if (v == column.value) == (low > -inf))
    yield from (Condition(name, among=values) for name, values in left.items())


def columns_of(response: Response) -> Iterator[Column]:
    """The columns of a response's points: a number's is itself or its logarithm, other things have one a value."""
    for factor in response.factors:
        cells = response.points[factor.name]
        if cells.dtype.kind in "iuf":
            yield Column(name=factor.name, log=factor.log)
        else:
            values = tuple(dict.fromkeys(cells.astype(str)))
            yield from (Column(name=factor.name, value=value, values=values) for value in values)


def numbers(columns: tuple[Column, ...], response: Response) -> np.ndarray:
    """What the tree cuts (points, columns)."""
    return np.column_stack([column.numbers(response.points[column.name]) for column in columns])


def grown(table: np.ndarray, values: np.ndarray, leaves: int, seed: int) -> Any:
    """A tree with so many leaves at most, of scikit-learn.

    The first cut that pays most at once need not be the one that pays most in the end. So besides the tree that may cut
    any column at each step there are others that may cut only some, drawn at random; the best on these points is taken.
    """
    kind = load_extra("sklearn.tree", "regions").DecisionTreeRegressor
    facts: dict[str, Any] = {"max_leaf_nodes": leaves, "max_depth": DEPTH}
    facts["min_samples_leaf"] = max(LEAST_POINTS, round(LEAST_SHARE * len(values)))
    free = kind(**facts, random_state=seed).fit(table, values)
    others = [kind(**facts, max_features=0.5, random_state=seed + i).fit(table, values) for i in range(OTHERS)]
    return min((free, *others), key=lambda tree: np.mean((values - tree.predict(table)) ** 2))
