"""What an overseer may order, what it is shown and what counts: the terms of `feint/Overseer-v0`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
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

Y, X = 0, 1  #: the objectives of pre-training, and of fine-tuning, which is what is wanted
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
"""What is chosen each step, and the values of each choice; the learning rate is in that of the stage."""
COLUMN = {name: i for i, name in enumerate(ACTIONS)}
CHOICES = tuple(len(values) for values in ACTIONS.values())

LOSSES = (-1.0, 3.0)  #: where what is measured is cut off
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
"""What is seen after each step, with its bounds; the docstring of `Overseer` says what each is."""
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
"""Parameters of a run's start that can differ from run to run, and the part of the mind that each is of."""
VARIED = (*PLASTICITIES, *STARTS)
"""All parameters that can be drawn from their prior for each run: it has its own plasticities, and its own start."""


ORDERED = {
    "match": "an overseer says when training stops",
    "target": "an overseer says when training stops",
    "steps": "a slice has slice_steps",
    "carry": "an overseer says what is put back",
    "honeypots": "an overseer says how many there are",
    "realism": "that of the task holds",
}
"""Settings of training that would have no effect, and why."""


class Task(Declared):
    """Length, measurements, prices and harms; frozen and keyword-only."""

    slice_steps: int = parameter(
        250, valid=(1, 10**6), meaning="SGD steps of a slice", unit="steps", argument="oversight", source=OWN
    )
    slices: int = parameter(
        40,
        valid=(1, OCCURRENCES),  # each may be a stage of its own
        meaning="slices that there are means for",
        unit="slices",
        argument="oversight",
        source=OWN,
    )
    episodes: int = parameter(
        100,
        valid=(1, 10**12),
        meaning="episodes of each measurement of a loss, of performance and on honeypots",
        unit="episodes",
        argument="oversight",
        source=OWN,
    )
    realism: float = parameter(
        0.5,
        valid=(0.0, 1.0),
        meaning="how far a honeypot is taken for deployment, in training and in tests",
        unit="fraction",
        argument="honeypots",
        source=OWN,
    )
    readings: int = parameter(
        10, valid=(1, 10**12), meaning="readings of a probe", unit="readings", argument="interpretability", source=OWN
    )
    reliability: float = parameter(
        0.2,
        valid=(0.001, 1.0),
        meaning="correlation of two readings of the same minds",
        argument="interpretability",
        source=OWN,
    )
    sample_price: float = parameter(
        1e-5,
        valid=(0.0, None),
        meaning="cost of a sample: an SGD step, an episode of a test, a reading of a probe",
        unit="reward",
        argument="cost",
        source=OWN,
    )
    honeypot_price: float = parameter(
        10.0,
        valid=(0.0, None),
        meaning="what a honeypot in training takes beyond its step",
        unit="samples",
        argument="cost",
        source=OWN,
    )
    harm_deceptive: float = parameter(
        2.0, valid=(0.0, None), meaning="harm of a deceptive run, deployed", unit="reward", argument="harm", source=OWN
    )
    harm_proxy: float = parameter(
        1.0, valid=(0.0, None), meaning="harm of a proxy, deployed", unit="reward", argument="harm", source=OWN
    )


class Orders(NamedTuple):
    """Actions of all runs, read (runs,) each; `put_back` is (runs, groups)."""

    decision: np.ndarray
    objective: np.ndarray
    learning_rate: np.ndarray
    honeypots: np.ndarray
    audit: np.ndarray
    put_back: np.ndarray

    @classmethod
    def of(cls, actions: np.ndarray) -> Orders:
        """What actions (runs, 10) order; raises `InputError` where one is none of its choices."""
        columns = np.asarray(actions).T
        return cls(
            columns[COLUMN["decision"]],
            columns[COLUMN["objective"]],
            np.array(ACTIONS["learning_rate"])[columns[COLUMN["learning_rate"]]],
            columns[COLUMN["honeypots"]],
            columns[COLUMN["audit"]],
            columns[len(CHOICES) - len(GROUPS) :].T.astype(bool),
        )


def checked(actions: Any, runs: int) -> np.ndarray:
    """Actions (runs, 10) of so many runs; raises `InputError` where their shape is another, or one is no choice."""
    found = np.asarray(actions)
    if found.shape != (runs, len(CHOICES)):
        raise _no_action(f"of shape {found.shape} for {runs} run{'s' * (runs != 1)}")
    whole = np.issubdtype(found.dtype, np.integer)
    wrong = ((found < 0) | (found >= CHOICES)).any(axis=1) if whole else np.ones(runs, bool)
    if wrong.any():
        raise _no_action(f"= {found[wrong][0].tolist()!r}")
    return found


def _no_action(said: str) -> InputError:
    return InputError(
        f"action {said} is not valid: it must be {len(CHOICES)} whole numbers a run, from 0 to below {list(CHOICES)}."
    )


@dataclass(frozen=True, kw_only=True)
class Terms:
    """An overseer's task, checked: its numbers, the point at which runs are trained, and what is drawn for each."""

    task: Task = field(default_factory=Task)
    point: Point = field(default_factory=Point)
    vary: tuple[str, ...] = VARIED  #: drawn from their prior for each run

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Terms:
        """From keywords of an environment; raises `InputError` for one that is not valid."""
        given = dict(options)
        settings, vary = given.pop("settings", None) or {}, given.pop("vary", None)
        return cls(task=Task(**given), point=_point(settings), vary=_varied(vary, settings))

    @property
    def model(self) -> Model:
        """Of every run, but for what is drawn."""
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
        """Of a slice and what is looked at after it (runs,)."""
        numbers = self.task
        share = np.array(ACTIONS["honeypots"])[orders.honeypots]
        audits = np.array([0, self.honeypots.cost, self.probe.cost, self.honeypots.cost + self.probe.cost])
        samples = numbers.slice_steps * (1 + share * numbers.honeypot_price) + audits[orders.audit]
        return numbers.sample_price * samples

    def configuration(self) -> dict[str, Any]:
        """Everything that the numbers depend on, but for seeds."""
        return {**self.point.described(), "oversight": self.task.model_dump(), "vary": list(self.vary)}


def _point(settings: Any) -> Point:
    if not isinstance(settings, Mapping) or not all(isinstance(name, str) for name in settings):
        raise InputError(f"settings = {settings!r} is not valid: it must be a mapping of names to values.")
    for name, value in settings.items():
        part = name.rpartition(".")[2]
        if part in ORDERED:
            raise InputError(f"{name} = {value!r} is not allowed here: {ORDERED[part]}.")
    point = Point().at(settings)
    check_two_stages(point)
    return point


def _varied(vary: Any, settings: Mapping[str, Any]) -> tuple[str, ...]:
    """What is drawn: all that can be and is not set, unless it is said."""
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
