"""Ledger: who made, published and took what in a market.

A model is a row of `models`: what kind it is of, on which stream, who made it, when, how, and at what price. What is
public is found by others; which of the public models someone finds is drawn on a stream of the ledger's own.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

ALONE, POOLED, MERGED = range(3)
"""How a model was made."""
NOBODY = -1

MODEL = np.dtype(
    [("kind", "i4"), ("stream", "i4"), ("by", "i8"), ("year", "i4"), ("how", "i1"), ("price", "f8")],
)
"""A model: kind is the index of the use it was fine-tuned for or, beyond the uses, of what was merged; by is an actor,
of a pool its first; price is dollars a step, with what pooling swallows and tamper resistance."""
PUBLIC = np.dtype([("model", "i8"), ("by", "i8"), ("kind", "i4"), ("stream", "i4"), ("year", "i4")])
"""A model that lies in public, and who published it."""
HAD = np.dtype([("actor", "i8"), ("model", "i8"), ("by", "i8"), ("year", "i4")])
"""That an actor has a model; by is who published it, or NOBODY where it was made by the actor or its pool."""


class Ledger:
    """What was done in a market with so many uses."""

    def __init__(self, uses: int, seed: int) -> None:
        self.generator = np.random.default_rng([seed, 0x7368656C])
        self._shelves: list[list[np.ndarray]] = [[] for _ in range(uses)]
        self.parents: dict[int, list[tuple[int, int]]] = {}  #: merged model → models, and who published each
        self._models: list[np.ndarray] = []
        self._had: list[np.ndarray] = []
        self._count = 0

    @property
    def models(self) -> np.ndarray:
        """All that were made, in order."""
        return np.concatenate([np.empty(0, MODEL), *self._models])

    @property
    def had(self) -> np.ndarray:
        """Who had what, in order."""
        return np.concatenate([np.empty(0, HAD), *self._had])

    @property
    def public(self) -> np.ndarray:
        """How many models lie in public, by what they are wanted for (uses,)."""
        return np.array([sum(map(len, rows)) for rows in self._shelves], float)

    def make(self, count: int, **columns: object) -> np.ndarray:
        """Write so many models down; gives their numbers."""
        self._models.append(_rows(MODEL, count, columns))
        self._count += count
        return np.arange(self._count - count, self._count)

    def have(self, actors: np.ndarray, models: np.ndarray, year: int, by: np.ndarray | int = NOBODY) -> None:
        """Write down that actors have models from now on."""
        self._had.append(_rows(HAD, len(actors), {"actor": actors, "model": models, "by": by, "year": year}))

    def publish(self, use: int, rows: np.ndarray) -> None:
        """Put rows of PUBLIC where all find them who want a use."""
        if len(rows):
            self._shelves[use].append(rows)

    def shelf(self, use: int) -> np.ndarray:
        """What lies in public for a use: rows of PUBLIC, in the order they were put there."""
        rows = self._shelves[use]
        if len(rows) != 1:
            rows[:] = [np.concatenate(rows) if rows else np.empty(0, PUBLIC)]
        return rows[0]

    def remove(self, use: int, count: int) -> None:
        """Take so many public models away, as chance has it."""
        if count:
            gone = self.generator.choice(len(self.shelf(use)), count, replace=False)
            self._shelves[use] = [np.delete(self.shelf(use), gone)]

    def find(self, use: int, count: int) -> np.ndarray:
        """For so many who find something for a use: which (count,)."""
        shelf = self.shelf(use)
        return shelf[self.generator.integers(len(shelf), size=count)]

    def experts(self, uses: Iterable[int]) -> dict[tuple[int, int], tuple[int, int]]:
        """The first public fine-tune for each of these uses on each stream: its model, and who published it."""
        found: dict[tuple[int, int], tuple[int, int]] = {}
        for use in uses:
            shelf = self.shelf(use)
            shelf = shelf[shelf["kind"] == use]
            streams, first = np.unique(shelf["stream"], return_index=True)
            for stream, row in zip(streams.tolist(), shelf[first], strict=True):
                found[use, stream] = int(row["model"]), int(row["by"])
        return found


def public(actors: np.ndarray, models: np.ndarray, kinds: np.ndarray, streams: np.ndarray, year: int) -> np.ndarray:
    """Rows of PUBLIC."""
    columns = {"model": models, "by": actors, "kind": kinds, "stream": streams, "year": year}
    return _rows(PUBLIC, len(actors), columns)


def _rows(kind: np.dtype, count: int, columns: dict[str, object]) -> np.ndarray:
    rows = np.empty(count, kind)
    for name, values in columns.items():
        rows[name] = values
    return rows
