"""Imitation: how strategies spread among actors who compare themselves with others.

In pairwise comparison one who stands at p meets another who stands at p' and copies its strategy with probability

    1 / (1 + exp(-selection · (p' - p)))

(Szabó and Tőke 1998, doi:10.1103/PhysRevE.58.69; Traulsen, Nowak and Pacheco 2006, doi:10.1103/PhysRevE.74.011909). Of
two strategies that differ by δ, whatever their shares, one copy among N takes over with probability
(1 - e^(-selection δ)) / (1 - e^(-selection δ N)). In a population without end shares x flow by `flow`, which for weak
selection, and for that alone, is the replicator equation ẋ_i = r x_i (p_i - Σ_j x_j p_j) (Taylor and Jonker 1978).
"""

from __future__ import annotations

import numpy as np


def copied(strategy: np.ndarray, standing: np.ndarray, who: np.ndarray, met: np.ndarray, luck: np.ndarray) -> None:
    """Let each of `who` copy who it met if luck has it; all look before any copies. Writes to `strategy` (actors,).

    `standing` is times the selection; `luck` lies between 0 and 1.
    """
    with np.errstate(over="ignore"):
        copies = luck < 1 / (1 + np.exp(standing[who] - standing[met]))
    strategy[who[copies]] = strategy[met[copies]]


def lead(standing: np.ndarray, selection: float) -> np.ndarray:
    """How much more surely i is copied by j than j by i (…, strategies, strategies).

    lead_ij = tanh(selection (p_i - p_j) / 2)
    """
    return np.tanh(selection * (standing[..., :, None] - standing[..., None, :]) / 2)


def flow(shares: np.ndarray, leads: np.ndarray, meetings: float, trying: float) -> np.ndarray:
    """How fast shares of a population without end change, from what `lead` gives (…, strategies).

    ẋ_i = meetings · [(1 - trying) x_i Σ_j x_j lead_ij + trying (1 / n - x_i)]
    """
    gained = shares * np.einsum("...ij,...j", leads, shares)
    return meetings * ((1 - trying) * gained + trying * (1 / shares.shape[-1] - shares))
