"""Learning curves: mean loss of many runs against the amount of data, and the data that reach a given loss."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from feint.agents.errors import InputError
from feint.sim.statistics.transfer_law import ENOUGH, LOW_DATA


@dataclass(frozen=True, kw_only=True, eq=False)
class LearningCurve:
    """Loss of runs at increasing amounts of data; one step of training is one sample.

    Raises `InputError` where the data do not rise from 0 or more, or where there is not a row of losses for each.
    """

    data: np.ndarray  #: steps (points,)
    losses: np.ndarray  #: of each run (points, runs)

    def __post_init__(self) -> None:
        if self.data.ndim != 1 or len(self.data) < 2 or self.data[0] < 0 or (np.diff(self.data) <= 0).any():
            raise InputError("data are not valid for a learning curve: they must be numbers that rise from 0 or more.")
        if self.losses.ndim != 2 or len(self.losses) != len(self.data):
            raise InputError(
                f"losses of shape {self.losses.shape} do not fit {len(self.data)} amounts of data: "
                "they must be (points, runs)."
            )

    @property
    def mean(self) -> np.ndarray:
        """Return the mean loss over the runs (points,)."""
        return self.losses.mean(axis=1)

    def weighted(self, weights: np.ndarray) -> np.ndarray:
        """Return the mean loss (points,) with weights (runs,) that add up to 1."""
        return self.losses @ weights

    @property
    def enough(self) -> float:
        """Return D(N): the least data that reach 99 % of the best mean performance, 1 - loss, of the curve."""
        best = least_loss(self.mean)
        return float(data_for(self.data, best, np.array([1 - ENOUGH * (1 - best[-1])]))[0])

    @property
    def low(self) -> np.ndarray:
        """Return which amounts of data are in the low-data regime, above 0 and at most a tenth of D(N); (points,)."""
        return (self.data > 0) & (self.data <= LOW_DATA * self.enough)

    def at(self, data: np.ndarray) -> np.ndarray:
        """Return the runs' losses at other amounts of data by linear interpolation (amounts, runs).

        NaN beyond the last.
        """
        place = np.clip(np.searchsorted(self.data, data, side="right") - 1, 0, len(self.data) - 2)
        share = (data - self.data[place]) / (self.data[place + 1] - self.data[place])
        found = self.losses[place] + share[:, None] * (self.losses[place + 1] - self.losses[place])
        found[data > self.data[-1]] = np.nan
        return found


def least_loss(loss: np.ndarray) -> np.ndarray:
    """Return the least loss with at most this much data, as if training kept its best state (points,)."""
    return np.minimum.accumulate(loss)


def data_for(data: np.ndarray, loss: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Return the least data that reach each wanted loss, by linear interpolation (wanted,).

    0 where the curve begins no higher, NaN where it never comes so low.
    """
    best = least_loss(loss)
    falls = np.concatenate([[True], np.diff(best) < 0])
    falls[np.flatnonzero(falls[1:] & ~falls[:-1])] = True  # from where a fall sets out, after a level stretch
    found = np.interp(-wanted, -best[falls], data[falls])
    found = np.where(wanted >= best[0], 0.0, found)
    return np.where(wanted < best[-1], np.nan, found)


def transferred(data: np.ndarray, tuned: np.ndarray, curve: np.ndarray) -> np.ndarray:
    """Return the data transferred: from-scratch data to the loss of the pre-trained arm, less its own (points,).

    D_T = D_E - D_F, with `tuned` and `curve` the mean losses of both arms at the same amounts of data.
    """
    return data_for(data, curve, tuned) - data
