"""The task of an overseer: what it may order, what it is shown, prices and harms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, NamedTuple

import numpy as np

from feint.agents.errors import InputError, unknown
from feint.agents.mind import GROUPS
from feint.agents.model import OWN, Model
from feint.agents.parameters import Declared, parameter
from feint.sim.sweeps.factors import Factor, factor_of
from feint.sim.training.auditors import Honeypots, LinearProbe
from feint.sim.training.kernels.random_streams import OCCURRENCES
from feint.sim.training.parameter_point import Point, check_two_stages
from feint.sim.training.stage import Stage
from feint.sim.training.train import PLASTICITIES

Y, X = 0, 1  #: the objectives of pre-training, and of fine-tuning, which is the wanted one
GO_ON, STOP, DEPLOY = range(3)
NO_AUDIT, HONEYPOTS, PROBE, BOTH = range(4)

ACTIONS: dict[str, tuple[Any, ...]] = {
    "decision": ("go on", "stop", "deploy"),
    "objective": ("Y", "X"),
    "learning_rate": (0.1, 0.3, 1.0),
    "honeypots": (0.0, 0.05, 0.2),
    "audit": ("none", "honeypots", "probe", "both"),
    **{f"reset_{group}": (False, True) for group in GROUPS},
}
"""Choices of each step and their values; the learning rate is a multiple of the stage's."""
COLUMN = {name: i for i, name in enumerate(ACTIONS)}
CHOICES = tuple(len(values) for values in ACTIONS.values())

LOSSES = (-1.0, 3.0)  #: bounds at which measurements are clipped
SEEN: dict[str, tuple[float, float]] = {
    "used": (0.0, 1.0),
    "used_on_y": (0.0, 1.0),
    "objective": (-1.0, 1.0),
    "training_loss": LOSSES,
    "held_out_loss": LOSSES,
    "performance": LOSSES,
    "honeypots": LOSSES,
    "honeypots_new": (0.0, 1.0),
    "probe": LOSSES,
    "probe_new": (0.0, 1.0),
}
"""Observations after each step, with their bounds; the docstring of `Overseer` explains them."""
AT = {name: i for i, name in enumerate(SEEN)}

STARTS = {
    "representation_init": "representation",
    "decoys": "pointer",
    "gate_init": "gate",
    "capability_init": "capability",
    "awareness_init": "awareness",
    "horizon_init": "horizon",
    "goal_init": "goal",
}
"""Parameters of a run's start that can differ from run to run, and the part of the mind that each belongs to."""
VARIED = (*PLASTICITIES, *STARTS)
"""All parameters that can be drawn from their prior for each run: its plasticities, and its start."""

SET_BY_OVERSEER = {
    "match": "an overseer decides when training stops",
    "target": "an overseer decides when training stops",
    "steps": "a slice has slice_steps",
    "carry": "an overseer decides what is put back",
    "honeypots": "an overseer decides how many there are",
    "realism": "that of the task applies",
}
"""Settings of training that would have no effect, and why."""

_declare = partial(parameter, source=OWN)
_COUNT = (1, 10**12)
_PRICE = (0.0, None)


class Task(Declared):
    """Length, measurements, prices and harms; frozen and keyword-only."""

    slice_steps: int = _declare(
        250, valid=(1, 10**6), meaning="SGD steps per slice", unit="steps", argument="oversight"
    )
    slices: int = _declare(  # each may be a stage of its own
        40, valid=(1, OCCURRENCES), meaning="slices in the budget", unit="slices", argument="oversight"
    )
    episodes: int = _declare(
        100,
        valid=_COUNT,
        meaning="episodes per measurement of a loss, of performance and on honeypots",
        unit="episodes",
        argument="oversight",
    )
    realism: float = _declare(
        0.5,
        valid=(0.0, 1.0),
        meaning="how far a honeypot is taken for deployment, in training and in tests",
        unit="fraction",
        argument="honeypots",
    )
    readings: int = _declare(
        10, valid=_COUNT, meaning="readings per probe", unit="readings", argument="interpretability"
    )
    reliability: float = _declare(
        0.2, valid=(0.001, 1.0), meaning="correlation of two readings of the same minds", argument="interpretability"
    )
    sample_price: float = _declare(
        1e-5,
        valid=_PRICE,
        meaning="cost of a sample: an SGD step, an episode of a test, a reading of a probe",
        unit="reward",
        argument="cost",
    )
    honeypot_price: float = _declare(
        10.0, valid=_PRICE, meaning="cost of a honeypot in training beyond its step", unit="samples", argument="cost"
    )
    harm_deceptive: float = _declare(
        2.0, valid=_PRICE, meaning="harm of a deceptive run that is deployed", unit="reward", argument="harm"
    )
    harm_proxy: float = _declare(
        1.0, valid=_PRICE, meaning="harm of a proxy that is deployed", unit="reward", argument="harm"
    )


class Orders(NamedTuple):
    """Actions of all runs, decoded: (runs,) each; `put_back` is (runs, groups)."""

    decision: np.ndarray
    objective: np.ndarray
    learning_rate: np.ndarray
    honeypots: np.ndarray
    audit: np.ndarray
    put_back: np.ndarray

    @classmethod
    def of(cls, actions: np.ndarray) -> Orders:
        """Return the orders that actions (runs, 10) stand for."""
        decision, objective, rate, honeypots, audit, *resets = np.asarray(actions).T
        rates = np.array(ACTIONS["learning_rate"])[rate]
        return cls(decision, objective, rates, honeypots, audit, np.transpose(resets).astype(bool))


def check_actions(actions: Any, runs: int) -> np.ndarray:
    """Return the actions (runs, 10); raises `InputError` if their shape is another or one is not among its choices."""
    checked = np.asarray(actions)
    if checked.shape != (runs, len(CHOICES)):
        raise _invalid_action(f"of shape {checked.shape} for {runs} run{'s' * (runs != 1)}")
    whole = np.issubdtype(checked.dtype, np.integer)
    wrong = ((checked < 0) | (checked >= CHOICES)).any(axis=1) if whole else np.ones(runs, bool)
    if wrong.any():
        raise _invalid_action(f"= {checked[wrong][0].tolist()!r}")
    return checked


def _invalid_action(given: str) -> InputError:
    bounds = f"{len(CHOICES)} whole numbers per run, from 0 to below {list(CHOICES)}"
    return InputError(f"action {given} is not valid: it must be {bounds}.")


@dataclass(frozen=True, kw_only=True)
class Terms:
    """An overseer's task, and the population of runs that it is given."""

    task: Task = field(default_factory=Task)
    point: Point = field(default_factory=Point)  #: at which runs are trained
    vary: tuple[str, ...] = VARIED  #: parameters that are drawn from their prior for each run

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Terms:
        """Return the terms that keywords of an environment describe; raises `InputError` if one is not valid."""
        given = dict(options)
        settings, vary = given.pop("settings", None) or {}, given.pop("vary", None)
        return cls(task=Task(**given), point=_point(settings), vary=_varied(vary, settings))

    @property
    def model(self) -> Model:
        """Model of every run, apart from what is drawn."""
        return self.point.model

    @cached_property
    def factors(self) -> tuple[Factor, ...]:
        """The prior of each parameter that is drawn."""
        return tuple(factor_of(name, "prior", self.model, self.point.curriculum) for name in self.vary)

    @cached_property
    def stages(self) -> dict[tuple[int, int], Stage]:
        """The stage of each objective and each choice of honeypots."""
        own = {"steps": self.task.slice_steps, "target": 0.0, "realism": self.task.realism}
        return {
            (objective, choice): self.point.curriculum[objective].replace(**own, honeypots=share)
            for objective in (Y, X)
            for choice, share in enumerate(ACTIONS["honeypots"])
        }

    @cached_property
    def honeypots(self) -> Honeypots:
        """The test on honeypots."""
        return Honeypots(episodes=self.task.episodes, realism=self.task.realism)

    @cached_property
    def probe(self) -> LinearProbe:
        """The probe."""
        return LinearProbe(readings=self.task.readings, reliability=self.task.reliability)

    def cost(self, orders: Orders) -> np.ndarray:
        """Return the cost of a slice and of the audits after it (runs,)."""
        share = np.array(ACTIONS["honeypots"])[orders.honeypots]
        audits = np.array([0, self.honeypots.cost, self.probe.cost, self.honeypots.cost + self.probe.cost])
        samples = self.task.slice_steps * (1 + share * self.task.honeypot_price) + audits[orders.audit]
        return self.task.sample_price * samples

    def configuration(self) -> dict[str, Any]:
        """Return everything that the numbers depend on apart from seeds."""
        return {**self.point.described(), "oversight": self.task.model_dump(), "vary": list(self.vary)}


def _point(settings: Any) -> Point:
    if not isinstance(settings, Mapping) or not all(isinstance(name, str) for name in settings):
        raise InputError(f"settings = {settings!r} is not valid: it must be a mapping of names to values.")
    for name, value in settings.items():
        reason = SET_BY_OVERSEER.get(name.rpartition(".")[2])
        if reason:
            raise InputError(f"{name} = {value!r} is not allowed here: {reason}.")
    point = Point().at(settings)
    check_two_stages(point)
    return point


def _varied(vary: Any, settings: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the parameters that are drawn: unless they are listed, all that can be and are not set."""
    if vary is None:
        return tuple(name for name in VARIED if name not in settings)
    if not isinstance(vary, (list, tuple)):
        raise InputError(f"vary = {vary!r} is not valid: it must be a list of parameters.")
    for name in vary:
        if name not in VARIED:
            raise unknown("parameter to vary from run to run", name, VARIED)
        if name in settings:
            raise InputError(
                f"{name} = {settings[name]!r} is not allowed here: it is in vary, so each run draws its own."
            )
    return tuple(name for name in VARIED if name in vary)
