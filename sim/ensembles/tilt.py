"""Tilted starts: draws of scalars that are moved, and the weights with which such runs count."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple, Self

import numpy as np

from feint.agents.errors import InputError, unknown
from feint.agents.mind import PARTS
from feint.agents.state import State
from feint.sim.training.train import RunSpec

LOGITS = ("representation", "gate", "capability", "awareness", "horizon")
BIASES = tuple(f"plasticity_{part}" for part in PARTS)
SPREAD_OF = dict.fromkeys(LOGITS, "init_spread") | dict.fromkeys(BIASES, "plasticity_spread")
SCALARS = tuple(SPREAD_OF)
"""Scalars that can be tilted: the logits of a start, and the inductive bias of a run on each plasticity."""
FURTHEST = 6.0  # standard deviations; no draw is further out than 6.7
SPREADS = (1e-6, 50.0)  # between these, a draw can be computed from a start, and a tilted draw is finite


class Starts(NamedTuple):
    """Tilted starts of some runs."""

    state: State
    deviations: np.ndarray  #: z, the tilted scalars in standard deviations of the untilted start (runs, scalars)
    weights: np.ndarray  #: w (runs,)


@dataclass(frozen=True, kw_only=True)
class Tilt:
    """Numbers δ of standard deviations by which the draws of scalars are moved, made with `Tilt.of`.

    A scalar whose standard normal number is moved has z ~ N(δ, 1) in place of N(0, 1), and the run has the weight

        w = Π exp(δ²/2 - δ z),

    the ratio of the two densities. So the mean of w over tilted runs is 1, and the mean of w · 1{event} the frequency
    of the event over untilted ones (Kahn and Marshall 1953, doi:10.1287/opre.1.5.263; Owen, "Monte Carlo theory,
    methods and examples", 2013, chapter 9).
    """

    shifts: dict[str, float]  #: δ of the scalars that are moved
    known: tuple[str, ...]  #: the scalars whose z can be computed

    @classmethod
    def of(cls, shifts: Mapping[str, float] | None, spec: RunSpec) -> Self:
        """Return a tilt of the starts of runs; raises `InputError` if one of its scalars is not drawn at random."""
        shifts = {} if shifts is None else shifts
        if not isinstance(shifts, Mapping):
            raise InputError(f"tilt = {shifts!r} is not valid: write {{'gate': 2.0}}, or leave it out.")
        for name, shift in shifts.items():
            if name not in SCALARS:
                raise unknown("scalar", name, SCALARS)
            number = isinstance(shift, (int, float, np.integer, np.floating)) and not isinstance(shift, bool)
            if not number or not abs(shift) <= FURTHEST:
                right = f"it must be from {-FURTHEST:g} to {FURTHEST:g}"
                raise InputError(f"tilt of {name} = {shift!r} is not valid: {right}.")
            if spec.start != "fresh":
                raise InputError(f"start = {spec.start!r} is prepared and not drawn: only a fresh start can be tilted.")
            if not _fits(spec, name):
                spread = SPREAD_OF[name]
                right = f"it must be from {SPREADS[0]:g} to {SPREADS[1]:g}"
                raise InputError(f"{spread} = {getattr(spec.model, spread)!r} does not let {name} be tilted: {right}.")
        known = tuple(name for name in SCALARS if spec.start == "fresh" and _fits(spec, name))
        return cls(shifts={name: float(shifts[name]) for name in SCALARS if shifts.get(name)}, known=known)

    def begin(self, spec: RunSpec, runs: np.ndarray) -> Starts:
        """Return the tilted starts of the runs with these numbers."""
        state = spec.begin(runs)
        shift = np.array([self.shifts.get(name, 0.0) for name in self.known])
        z = deviations(state, self.known) + shift
        weights = np.exp((shift**2 / 2 - shift * z).sum(axis=1))
        return Starts(moved(state, self.shifts), z, weights)


def deviations(state: State, names: Iterable[str]) -> np.ndarray:
    """Return (logit - init) / spread or ln R / spread of scalars of fresh starts (runs, scalars)."""
    model = state.model
    columns = [
        (getattr(state.initial, name) - getattr(model, f"{name}_init")) / model.init_spread
        if name in LOGITS
        else np.log(state.bias[:, BIASES.index(name)]) / model.plasticity_spread
        for name in names
    ]
    return np.column_stack(columns) if columns else np.empty((len(state), 0))


def moved(state: State, shifts: Mapping[str, float]) -> State:
    """Return the starts with scalars moved by numbers of standard deviations, also in their initial draw."""
    model, mind, bias = state.model, state.mind, state.bias.copy()
    for name, shift in shifts.items():
        if name in LOGITS:
            mind = mind._replace(**{name: getattr(mind, name) + model.init_spread * shift})
        else:
            bias[:, BIASES.index(name)] *= np.exp(model.plasticity_spread * shift)
    return replace(state.starting_from(mind), bias=bias) if shifts else state


def _fits(spec: RunSpec, name: str) -> bool:
    return SPREADS[0] <= getattr(spec.model, SPREAD_OF[name]) <= SPREADS[1]
