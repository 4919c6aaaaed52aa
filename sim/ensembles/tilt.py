"""Tilted starts: scalars of a run's random start drawn around another place, and the weight that undoes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any, NamedTuple, Self

import numpy as np

from feint.agents.errors import InputError, unknown
from feint.agents.mind import PARTS
from feint.agents.state import State
from feint.sim.training.configuration import check_new
from feint.sim.training.run_spec import RunSpec

LOGITS = ("representation", "gate", "capability", "awareness", "horizon")
BIASES = tuple(f"plasticity_{part}" for part in PARTS)
SPREAD_OF = dict.fromkeys(LOGITS, "init_spread") | dict.fromkeys(BIASES, "plasticity_spread")
SCALARS = tuple(SPREAD_OF)
"""What can be tilted: the logits of a start, and this run's inductive bias on each plasticity."""

FURTHEST = 6.0  # standard deviations; no draw lies further out than 6.7
SPREADS = (1e-6, 50.0)  # in between, a draw can be told from a start, and a tilted one is a number


class Starts(NamedTuple):
    """Tilted starts of some runs."""

    state: State
    deviations: np.ndarray  #: z, the tilted scalars in standard deviations of the untilted start (runs, scalars)
    weights: np.ndarray  #: w (runs,)


@dataclass(frozen=True, kw_only=True)
class Tilt:
    """By how many standard deviations δ the draws of scalars are moved; see `Tilt.of`.

    A scalar whose standard normal number is moved has z ~ N(δ, 1) in place of N(0, 1), and the run has the weight

        w = Π exp(δ²/2 - δ z),

    the ratio of the two densities. So the mean of w over tilted runs is 1, and the mean of w · 1{event} the frequency
    of the event over untilted ones (Kahn and Marshall 1953, doi:10.1287/opre.1.5.263; Owen, "Monte Carlo theory,
    methods and examples", 2013, chapter 9).
    """

    shifts: dict[str, float]  #: δ of the scalars that are moved
    known: tuple[str, ...]  #: the scalars whose z can be told

    @classmethod
    def of(cls, shifts: Mapping[str, float] | None, spec: RunSpec) -> Self:
        """A tilt of the starts of a plan; raises `InputError` where one of its scalars is not drawn at random."""
        shifts = {} if shifts is None else shifts
        if not isinstance(shifts, Mapping):
            raise InputError(f"tilt = {shifts!r} is not valid: write {{'gate': 2.0}}, or leave it out.")
        for name, shift in shifts.items():
            _check(name, shift, spec)
        known = tuple(name for name in SCALARS if spec.start == "fresh" and _spread_fits(name, spec))
        return cls(shifts={name: float(shifts[name]) for name in SCALARS if shifts.get(name)}, known=known)

    def begin(self, spec: RunSpec, runs: np.ndarray) -> Starts:
        """The tilted starts of the runs of these numbers."""
        state = spec.begin(runs)
        shift = np.array([self.shifts.get(name, 0.0) for name in self.known])
        z = deviations(state, self.known) + shift
        weights = np.exp((shift**2 / 2 - shift * z).sum(axis=1))
        return Starts(moved(state, self.shifts), z, weights)


def deviations(state: State, names: Iterable[str]) -> np.ndarray:
    """Scalars of fresh starts in standard deviations (runs, scalars): (logit - init) / spread, or ln R / spread."""
    model = state.model

    def told(name: str) -> np.ndarray:
        if name in LOGITS:
            return (getattr(state.initial, name) - getattr(model, f"{name}_init")) / model.init_spread
        return np.log(state.bias[:, BIASES.index(name)]) / model.plasticity_spread

    columns = [told(name) for name in names]
    return np.column_stack(columns) if columns else np.empty((len(state), 0))


def moved(state: State, shifts: Mapping[str, float]) -> State:
    """The same starts with scalars moved by so many standard deviations; this becomes their initial draw."""
    model, mind, bias = state.model, state.mind, state.bias.copy()
    for name, shift in shifts.items():
        if name in LOGITS:
            mind = mind._replace(**{name: getattr(mind, name) + model.init_spread * shift})
        else:
            bias[:, BIASES.index(name)] *= np.exp(model.plasticity_spread * shift)
    return replace(state.starting_from(mind), bias=bias) if shifts else state


def parse_tilt(texts: Iterable[str]) -> dict[str, float]:
    """Shifts written as `name=number`."""
    shifts: dict[str, float] = {}
    for text in texts:
        name, equals, number = (part.strip() for part in text.partition("="))
        try:
            shift = float(number if equals and name else "")
        except ValueError:
            raise InputError(f"tilt = {text!r} is not a tilt: write name=number, as in gate=2.") from None
        check_new(name, shifts, "tilt", text)
        shifts[name] = shift
    return shifts


def _check(name: Any, shift: Any, spec: RunSpec) -> None:
    """Raise unless this scalar can be tilted so far."""
    if name not in SCALARS:
        raise unknown("scalar", name, SCALARS)
    number = isinstance(shift, (int, float, np.integer, np.floating)) and not isinstance(shift, bool)
    if not number or not isfinite(shift) or abs(shift) > FURTHEST:
        raise InputError(f"tilt of {name} = {shift!r} is not valid: it must be from {-FURTHEST:g} to {FURTHEST:g}.")
    if spec.start != "fresh":
        raise InputError(f"start = {spec.start!r} is prepared and not drawn: only a fresh start can be tilted.")
    if not _spread_fits(name, spec):
        spread, (least, most) = SPREAD_OF[name], SPREADS
        value = getattr(spec.model, spread)
        raise InputError(f"{spread} = {value!r} does not let {name} be tilted: it must be from {least:g} to {most:g}.")


def _spread_fits(name: str, spec: RunSpec) -> bool:
    return SPREADS[0] <= getattr(spec.model, SPREAD_OF[name]) <= SPREADS[1]
