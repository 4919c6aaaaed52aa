"""The runs that an analysis counts: all, or the converged ones, which reached their target and are not unconverged."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from feint.agents.errors import InputError, unknown
from feint.agents.outcome import LABELS
from feint.sim.analysis.estimands import DECEPTIVE
from feint.sim.results.request import Option

ALL, CONVERGED = AMONG = ("all", "converged")
Among = Annotated[str, Option("Runs that are counted: all, or converged for the converged ones alone.", "RUNS")]


def check_among(among: str, outcome: str = DECEPTIVE) -> None:
    """Raise `InputError` unless runs of that kind can be counted and end in that outcome."""
    if among not in AMONG:
        raise unknown("kind of runs", among, AMONG)
    if (among, outcome) == (CONVERGED, LABELS[0]):
        raise InputError(f"outcome = {outcome!r} is that of no converged run: it needs among = {ALL!r}.")


def among_text(among: str) -> str:
    """Return which runs are counted, as the end of a name; empty if all are."""
    return " among converged runs" if among == CONVERGED else ""


def in_two_lines(title: str) -> str:
    """Return a title with a line break after the runs that are counted, if it names them."""
    return title.replace(f"{among_text(CONVERGED)}, ", f"{among_text(CONVERGED)},\n")


def share(events: np.ndarray, runs: np.ndarray) -> np.ndarray:
    """Return the share of events (points,), NaN where there are no runs."""
    return np.divide(events, runs, out=np.full(len(runs), np.nan), where=runs > 0)


def variance_of_pairs(pairs: np.ndarray) -> np.ndarray:
    """Return the Monte Carlo variance of differences among converged runs (points,), NaN if an arm has a single one.

    `pairs` are the counts that `Study.among_converged` takes (points, 8). With shares p of m runs and q of n, it is
    p (1 - p) / (m - 1) + q (1 - q) / (n - 1) less twice the covariance; if all runs converged, that of a paired
    difference.
    """
    event, m, event_alone, n, both, one, other, in_both = pairs.T.astype(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        p, q = event / m, event_alone / n
        covariance = (in_both - p * other - q * one + p * q * both) / np.sqrt(m * (m - 1) * n * (n - 1))
        return p * (1 - p) / (m - 1) + q * (1 - q) / (n - 1) - 2 * covariance
