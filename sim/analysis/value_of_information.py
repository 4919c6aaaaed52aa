"""Value of information: how far a measurement that has not been made is expected to move a share.

Each draw is taken for the truth in turn: it says what would be measured, y + noise, and the draws are weighted by how
probable that makes them. The expected change of the share is the mean of |share after - share before| over these truths
(preposterior analysis: Raiffa and Schlaifer 1961; from given draws as in Strong, Oakley and Brennan 2014,
doi:10.1177/0272989X13505910). No new simulation is needed. The draw that is taken for the truth gets no weight itself.

With few draws, chance alone moves the share a little. How far is measured by the same with the outputs permuted, and is
subtracted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field

PERMUTED = 8  # permutations that measure what chance alone moves
LEAST_DRAWS = 30


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """What a measurement is expected to decide."""

    name: str
    unit: str
    noise: Annotated[float, Field(description="standard deviation of error and discrepancy together, in the unit")]
    spread: Annotated[float, Field(description="standard deviation of the measure over the draws, in the unit")]
    change: Annotated[float, Field(description="expected absolute change of the share, less what chance moves")]
    chance: Annotated[float, Field(description="what chance alone moves, by permuted outputs")]
    settled: Annotated[float, Field(description="share of the variance of the yes or no that it is expected to remove")]


def expected_change(
    holds: np.ndarray,
    output: np.ndarray,
    noise: np.ndarray | float,
    rng: np.random.Generator,
    weights: np.ndarray | None = None,
) -> tuple[float, float]:
    """Return the expected absolute change of a share, and the share of its variance that is removed.

    `holds` (draws,) is 1 where the claim holds, `output` (draws,) the measure, `noise` the standard deviation of what
    is measured around it, and `weights` (draws,) those of the draws.
    """
    weights = np.full(len(holds), 1 / len(holds)) if weights is None else weights / weights.sum()
    before = float(weights @ holds)
    measured = output + noise * rng.standard_normal(len(output))
    log_density = -0.5 * ((measured[:, None] - output[None]) / noise) ** 2
    density = np.exp(log_density - log_density.max(axis=1, keepdims=True)) * weights
    np.fill_diagonal(density, 0.0)
    total = density.sum(axis=1)
    after = np.divide(density @ holds, total, out=np.full(len(holds), before), where=total > 0)
    variance = before * (1 - before)
    left = float(weights @ ((holds - after) ** 2))
    return float(weights @ np.abs(after - before)), 1 - left / variance if variance > 0 else 0.0


def value_of_information(
    holds: np.ndarray,
    outputs: Mapping[str, np.ndarray],
    noises: Mapping[str, np.ndarray | float],
    units: Mapping[str, str],
    *,
    weights: np.ndarray | None = None,
    seed: int = 0,
) -> list[Candidate]:
    """Return the candidates, from what decides most to what decides least.

    `outputs` and `noises` hold the measure and the standard deviation of its measurement at the draws (draws,), by
    name. Draws at which a measure has no number are left out for that measure.
    """
    candidates = []
    for number, (name, output) in enumerate(outputs.items()):
        known = np.isfinite(output)
        if known.sum() < LEAST_DRAWS:
            continue
        rng, noise = np.random.default_rng([seed, number]), np.broadcast_to(noises[name], output.shape)[known]
        here, yes = output[known], holds[known].astype(float)
        its = None if weights is None else weights[known]
        change, settled = expected_change(yes, here, noise, rng, its)
        nothing = np.mean(
            [expected_change(rng.permutation(yes), here, noise, rng, its) for _ in range(PERMUTED)], axis=0
        )
        candidates.append(
            Candidate(
                name=name,
                unit=units[name],
                noise=float(noise.mean()),
                spread=float(here.std()),
                change=max(0.0, change - float(nothing[0])),
                chance=float(nothing[0]),
                settled=max(0.0, settled - float(nothing[1])),
            )
        )
    return sorted(candidates, key=lambda candidate: -candidate.change)
