"""Ledger of a market: which models were made, published and held, by whom and when.

Which of the public models an actor finds is drawn from the ledger's own generator.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

ALONE, POOLED, MERGED = range(3)
"""How a model was made."""
NOBODY = -1

MODEL = np.dtype([("kind", "i4"), ("stream", "i4"), ("maker", "i8"), ("year", "i4"), ("how", "i1"), ("price", "f8")])
"""A model: its kind as in `Catalogue`, the actor that made it (of a pool its first member), and the dollars per step
that it cost, including losses of pooling and tamper resistance."""
PUBLIC = np.dtype([("model", "i8"), ("publisher", "i8"), ("kind", "i4"), ("stream", "i4"), ("year", "i4")])
"""A public model, and the actor that published it."""
HOLDING = np.dtype([("actor", "i8"), ("model", "i8"), ("publisher", "i8"), ("year", "i4")])
"""An actor has a model from a year on; publisher is NOBODY if the actor or its pool made it."""


class Ledger:
    """Records of a market with a number of uses."""

    def __init__(self, uses: int, seed: int) -> None:
        self.generator = np.random.default_rng([seed, 0x7368656C])
        self.parents: dict[int, list[tuple[int, int]]] = {}  #: merged model → its parts, and the publisher of each
        self._public: list[list[np.ndarray]] = [[] for _ in range(uses)]
        self._models: list[np.ndarray] = []
        self._holdings: list[np.ndarray] = []
        self._count = 0

    @property
    def models(self) -> np.ndarray:
        """All models in the order they were made, as rows of MODEL."""
        return np.concatenate([np.empty(0, MODEL), *self._models])

    @property
    def holdings(self) -> np.ndarray:
        """All holdings in order, as rows of HOLDING."""
        return np.concatenate([np.empty(0, HOLDING), *self._holdings])

    @property
    def public(self) -> np.ndarray:
        """Number of public models by the use they are wanted for (uses,)."""
        return np.array([sum(map(len, rows)) for rows in self._public], float)

    def make(self, count: int, **columns: Any) -> np.ndarray:
        """Record new models with these columns of MODEL, and return their numbers."""
        self._models.append(_rows(MODEL, count, columns))
        self._count += count
        return np.arange(self._count - count, self._count)

    def hold(self, actors: np.ndarray, models: np.ndarray, year: int, publisher: np.ndarray | int = NOBODY) -> None:
        """Record that actors have models from a year on."""
        columns = {"actor": actors, "model": models, "publisher": publisher, "year": year}
        self._holdings.append(_rows(HOLDING, len(actors), columns))

    def publish(self, use: int, publishers: np.ndarray, **columns: Any) -> None:
        """Publish models, with these columns of PUBLIC, for all actors that want a use."""
        if len(publishers):
            self._public[use].append(_rows(PUBLIC, len(publishers), {"publisher": publishers, **columns}))

    def published(self, use: int) -> np.ndarray:
        """Return the public models for a use in the order they were published, as rows of PUBLIC."""
        rows = self._public[use]
        if len(rows) != 1:
            rows[:] = [np.concatenate(rows) if rows else np.empty(0, PUBLIC)]
        return rows[0]

    def remove(self, use: int, count: int) -> None:
        """Remove a number of public models at random."""
        if count:
            removed = self.generator.choice(len(self.published(use)), count, replace=False)
            self._public[use] = [np.delete(self.published(use), removed)]

    def find(self, use: int, count: int) -> np.ndarray:
        """Return the public model that each of `count` actors finds for a use (count,)."""
        rows = self.published(use)
        return rows[self.generator.integers(len(rows), size=count)]

    def experts(self, uses: Iterable[int]) -> dict[tuple[int, int], tuple[int, int]]:
        """Return the first public fine-tune by use and stream: its model and its publisher."""
        experts: dict[tuple[int, int], tuple[int, int]] = {}
        for use in uses:
            rows = self.published(use)
            rows = rows[rows["kind"] == use]
            streams, first = np.unique(rows["stream"], return_index=True)
            for stream, row in zip(streams.tolist(), rows[first], strict=True):
                experts[use, stream] = int(row["model"]), int(row["publisher"])
        return experts


def _rows(kind: np.dtype, count: int, columns: dict[str, Any]) -> np.ndarray:
    rows = np.empty(count, kind)
    for name, values in columns.items():
        rows[name] = values
    return rows
