"""Imitation: how strategies spread among actors who compare themselves with others.

In pairwise comparison one who stands at p meets another who stands at p' and copies its strategy with probability

    1 / (1 + exp(-selection · (p' - p)))

(Szabó and Tőke 1998, doi:10.1103/PhysRevE.58.69; Traulsen, Nowak and Pacheco 2006, doi:10.1103/PhysRevE.74.011909). Of
two strategies that differ by δ, whatever their shares, one copy among N takes over with probability
(1 - e^(-selection δ)) / (1 - e^(-selection δ N)). In a population without end shares x flow by `flow`, which for weak
selection is the replicator equation ẋ_i = r x_i (p_i - Σ_j x_j p_j) (Taylor and Jonker 1978).
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


def flow(shares: np.ndarray, standing: np.ndarray, selection: float, meetings: float, trying: float) -> np.ndarray:
    """How fast shares of a population without end change (…, strategies).

    ẋ_i = meetings · [(1 - trying) x_i Σ_j x_j tanh(selection (p_i - p_j) / 2) + trying (1 / n - x_i)]
    """
    ahead = np.tanh(selection * (standing[..., :, None] - standing[..., None, :]) / 2)
    gained = shares * (ahead @ shares[..., :, None])[..., 0]
    return meetings * ((1 - trying) * gained + trying * (1 / shares.shape[-1] - shares))


def replicated(shares: np.ndarray, standing: np.ndarray, rate: np.ndarray | float) -> np.ndarray:
    """Shares after the replicator equation has run: x_i e^(rate · p_i) / Σ_j x_j e^(rate · p_j) (…, strategies).

    Exact where standings differ by what does not depend on shares; `rate` is the equation's times how long it ran.
    """
    exponent = rate * standing
    grown = shares * np.exp(exponent - exponent.max(axis=-1, keepdims=True))
    return grown / grown.sum(axis=-1, keepdims=True)
