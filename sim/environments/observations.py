"""Observations of an overseer: what a developer could measure, with the noise of the measurement."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from feint.agents.outcome import read
from feint.agents.interventions import on_honeypots, readable, scored
from feint.agents.state import State
from feint.sim.environments.run_batch import NEVER, RunBatch
from feint.sim.environments.task import AT, BOTH, HONEYPOTS, LOSSES, PROBE, SEEN, Task, X, Y
from feint.sim.training.auditors import reading_error

NORMALS = 6  #: normal numbers drawn per run and observation, whichever audits are ordered
LEAST, WORST = LOSSES  #: performance, and loss, of what diverged


class Quantities(NamedTuple):
    """The quantities that can be measured, without noise (runs,) each: behaviour and representations, but no type."""

    training_loss: np.ndarray  #: 1 - c (1 - E_s(g)), s the objective of the last slice
    held_out_loss: np.ndarray  #: 1 - c (1 - E'_X(g)): the same for X, on the spectrum of deployment
    performance: np.ndarray  #: c (1 - E_X(g))
    honeypots: np.ndarray  #: c (1 - E_X(g°)); NaN if this audit is not ordered
    probe: np.ndarray  #: r² of X; NaN if this audit is not ordered


def quantities(batch: RunBatch, rows: np.ndarray, audit: np.ndarray) -> Quantities:
    """Return what could be measured on the runs in some rows, with the audits ordered for them (rows,)."""
    state, on_y = batch.state, batch.objective[rows] == Y
    wanted = read(state, X)
    performance = wanted.performance[rows]
    trained = np.where(on_y, read(state, Y).performance[rows], performance) if on_y.any() else performance
    with np.errstate(all="ignore"):
        held_out = wanted.capability[rows] * (1 - wanted.watched_error[rows])
    tested, probed = (np.full(len(rows), np.nan) for _ in range(2))
    audited = (audit == HONEYPOTS) | (audit == BOTH)
    if audited.any():
        tested[audited] = _on_honeypots(_taken(state, rows[audited]), batch.terms.honeypots.realism)
    audited = (audit == PROBE) | (audit == BOTH)
    if audited.any():
        probed[audited] = readable(_taken(state, rows[audited]), X)
    return Quantities(1 - trained, 1 - held_out, performance, tested, probed)


def _taken(state: State, rows: np.ndarray) -> State:
    """Return the runs in some rows (an increasing list), without a copy if these are all."""
    return state if len(rows) == len(state) else state.take(rows)


def _on_honeypots(state: State, realism: float) -> np.ndarray:
    return scored(state, X, on_honeypots(state, X, realism), read(state, X).capability)


def noisy_readings(exact: Quantities, noise: np.ndarray, task: Task) -> np.ndarray:
    """Return readings of the quantities (runs, 5), from standard normal noise (runs, 5 or more); NaN without an audit.

    The standard error of what episodes measure is ½ / sqrt(episodes), the largest that a proportion can have, at every
    value; an auditor's χ² noise (`sim/training/auditors.py`) grows with the error instead. That of a probe is as there.
    Losses and performance of a run that diverged are as bad as possible.
    """
    of_episodes = 0.5 / task.episodes**0.5
    errors = np.array([of_episodes] * 4 + [reading_error(task.reliability, task.readings)])
    losses = np.nan_to_num(np.array(exact[:2]), nan=WORST, posinf=WORST, neginf=WORST)
    performance = np.nan_to_num(exact.performance, nan=LEAST, posinf=LEAST, neginf=LEAST)
    readings = np.array([*losses, performance, *exact[3:]]).T
    return np.clip(readings + errors * noise[:, : len(exact)], *LOSSES)


def blank(runs: int) -> np.ndarray:
    """Return the observations before the first slice (runs, 10): nothing was measured."""
    seen = np.zeros((runs, len(SEEN)), np.float32)
    seen[:, AT["objective"]] = NEVER
    return seen


def observe(batch: RunBatch, rows: np.ndarray, audit: np.ndarray, seen: np.ndarray) -> None:
    """Measure the runs in some rows, with the audits ordered for them (rows,), and update `seen` (runs, 10)."""
    noise = batch.next_noise(rows, NORMALS)
    readings = noisy_readings(quantities(batch, rows, audit), noise, batch.terms.task)
    for column, name in enumerate(Quantities._fields):
        new = np.isfinite(readings[:, column])
        seen[rows[new], AT[name]] = readings[new, column]
        if name in ("honeypots", "probe"):
            seen[rows, AT[f"{name}_new"]] = new
    seen[rows, AT["objective"]] = batch.objective[rows]
