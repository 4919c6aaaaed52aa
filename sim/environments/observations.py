"""What an overseer is shown of runs: what a developer could measure, with the noise of the measurement."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from feint.agents.outcome import read
from feint.agents.probes import on_honeypots, readable, scored
from feint.agents.state import State
from feint.sim.environments.run_batch import NEVER, Trainees
from feint.sim.environments.task import AT, BOTH, HONEYPOTS, LOSSES, PROBE, SEEN, Task, X, Y
from feint.sim.training.auditors import reading_error

NORMALS = 6  #: drawn of a run's noise at every look, whatever is looked at
LEAST, WORST = LOSSES  #: performance, and loss, of what diverged


class Quantities(NamedTuple):
    """What there is to be measured, without noise (runs,) each: behaviour and representations, and no type."""

    training_loss: np.ndarray  #: 1 - c (1 - E_s(g)), s the objective of the last slice
    held_out_loss: np.ndarray  #: 1 - c (1 - E'_X(g)): the same of X, on the spectrum of deployment
    performance: np.ndarray  #: c (1 - E_X(g))
    honeypots: np.ndarray  #: c (1 - E_X(g°)); nothing (NaN) where no such test was asked for
    probe: np.ndarray  #: r² of X; nothing where it was not asked for


def quantities(trainees: Trainees, rows: np.ndarray, audit: np.ndarray) -> Quantities:
    """What could be measured on the runs at some rows, where each is audited as asked (rows,)."""
    state, on_y = trainees.state, trainees.objective[rows] == Y
    wanted = read(state, X)
    performance = wanted.performance[rows]
    trained = np.where(on_y, read(state, Y).performance[rows], performance) if on_y.any() else performance
    with np.errstate(all="ignore"):
        held_out = wanted.capability[rows] * (1 - wanted.watched_error[rows])
    tested, probed = (np.full(len(rows), np.nan) for _ in range(2))
    asked = (audit == HONEYPOTS) | (audit == BOTH)
    if asked.any():
        tested[asked] = _on_honeypots(_those(state, rows[asked]), trainees.terms.honeypots.realism)
    asked = (audit == PROBE) | (audit == BOTH)
    if asked.any():
        probed[asked] = readable(_those(state, rows[asked]), X)
    return Quantities(1 - trained, 1 - held_out, performance, tested, probed)


def _those(state: State, rows: np.ndarray) -> State:
    """The runs at some rows (an increasing list); without a copy where these are all."""
    return state if len(rows) == len(state) else state.take(rows)


def _on_honeypots(state: State, realism: float) -> np.ndarray:
    return scored(state, X, on_honeypots(state, X, realism), read(state, X).capability)


def measured(found: Quantities, noise: np.ndarray, numbers: Task) -> np.ndarray:
    """Readings of the quantities (runs, 5), from standard normal noise (runs, 5 or more); NaN where not asked for.

    The standard error of what episodes measure is ½ / sqrt(episodes), the most that a share of so many has, whatever is
    measured; an auditor's χ² (`sim/training/auditors.py`) grows with the error instead. That of a probe is as there.
    Losses and performance that are not finite, of a run that diverged, are as bad as can be.
    """
    of_episodes = 0.5 / numbers.episodes**0.5
    errors = np.array([of_episodes] * 4 + [reading_error(numbers.reliability, numbers.readings)])
    losses = np.nan_to_num(np.array(found[:2]), nan=WORST, posinf=WORST, neginf=WORST)
    performance = np.nan_to_num(found.performance, nan=LEAST, posinf=LEAST, neginf=LEAST)
    readings = np.array([*losses, performance, *found[3:]]).T
    return np.clip(readings + errors * noise[:, : len(found)], *LOSSES)


def blank(runs: int) -> np.ndarray:
    """What is shown before the first slice (runs, 10): nothing was measured."""
    seen = np.zeros((runs, len(SEEN)), np.float32)
    seen[:, AT["objective"]] = NEVER
    return seen


def look(trainees: Trainees, rows: np.ndarray, audit: np.ndarray, seen: np.ndarray) -> None:
    """Write into what is shown (runs, 10) what a look at some runs, audited as asked (rows,), gives."""
    found = quantities(trainees, rows, audit)
    readings = measured(found, trainees.heard(rows, NORMALS), trainees.terms.task)
    for column, name in enumerate(Quantities._fields):
        new = np.isfinite(readings[:, column])
        seen[rows[new], AT[name]] = readings[new, column]
        if name in ("honeypots", "probe"):
            seen[rows, AT[f"{name}_new"]] = new
    seen[rows, AT["objective"]] = trainees.objective[rows]
