"""The task of an overseer: what it may order, what it is shown, prices and harms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from feint.agents.errors import InputError, unknown
from feint.agents.mind import GROUPS
from feint.agents.parameters import Declared
from feint.sim.environments.life import SHARE, number
from feint.sim.sweeps.factors import Factor, factor_of
from feint.sim.training.auditors import Honeypots, LinearProbe
from feint.sim.training.kernels.random_streams import OCCURRENCES
from feint.sim.training.parameter_point import Point, check_two_stages
from feint.sim.training.stage import Stage
from feint.sim.training.train import PLASTICITIES

Y, X = 0, 1  #: the objectives of pre-training, and of fine-tuning, which is the wanted one
GO_ON, STOP, DEPLOY = range(3)
NO_AUDIT, HONEYPOTS, PROBE, BOTH = range(4)  #: as bits: BOTH is HONEYPOTS and PROBE

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
    **dict.fromkeys(("used", "used_on_y"), SHARE),
    "objective": (-1.0, 1.0),
    **dict.fromkeys(("training_loss", "held_out_loss", "performance"), LOSSES),
    "honeypots": LOSSES,
    "honeypots_new": SHARE,
    "probe": LOSSES,
    "probe_new": SHARE,
}
"""Observations after each step, with their bounds; the docstring of `Overseer` explains them."""
AT = {name: i for i, name in enumerate(SEEN)}

STARTS = {"representation_init": "representation", "decoys": "pointer"}
STARTS |= {f"{part}_init": part for part in ("gate", "capability", "awareness", "horizon", "goal")}
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

COUNT, PRICE = (1, 10**12), (0.0, None)


class Task(Declared):
    """Length, measurements, prices and harms; frozen and keyword-only."""

    slice_steps: int = number(250, (1, 10**6), "SGD steps per slice", "steps", "oversight")
    slices: int = number(40, (1, OCCURRENCES), "slices in the budget", "slices", "oversight")  # each may be a stage
    episodes: int = number(100, COUNT, "episodes per loss, performance and test on honeypots", "episodes", "oversight")
    realism: float = number(0.5, SHARE, "how far a honeypot is taken for deployment", "fraction", "honeypots")
    readings: int = number(10, COUNT, "readings per probe", "readings", "interpretability")
    reliability: float = number(0.2, (0.001, 1.0), "correlation of two readings", "1", "interpretability")
    sample_price: float = number(1e-5, PRICE, "cost of an SGD step, an episode or a reading", "reward", "cost")
    honeypot_price: float = number(10.0, PRICE, "cost of a honeypot in training beyond its step", "samples", "cost")
    harm_deceptive: float = number(2.0, PRICE, "harm of a deceptive run that is deployed", "reward", "harm")
    harm_proxy: float = number(1.0, PRICE, "harm of a proxy that is deployed", "reward", "harm")
    harm_reward_seeking: float = number(1.0, PRICE, "harm of a reward-seeking run that is deployed", "reward", "harm")


class Orders(NamedTuple):
    """Actions of all runs, decoded: (runs,) each; `put_back` is (runs, groups)."""

    decision: np.ndarray
    objective: np.ndarray
    learning_rate: np.ndarray
    honeypots: np.ndarray
    audit: np.ndarray
    put_back: np.ndarray

    @classmethod
    def of(cls, actions: Any, runs: int) -> Orders:
        """Return the orders that actions (runs, 10) stand for; raises `InputError` if they are not valid."""
        checked, given = np.asarray(actions), ""
        if checked.shape != (runs, len(CHOICES)):
            given = f"of shape {checked.shape} for {runs} run{'s' * (runs != 1)}"
        else:
            whole = np.issubdtype(checked.dtype, np.integer)
            wrong = ((checked < 0) | (checked >= CHOICES)).any(axis=1) if whole else np.ones(runs, bool)
            given = f"= {checked[wrong][0].tolist()!r}" if wrong.any() else ""
        if given:
            bounds = f"{len(CHOICES)} whole numbers per run, from 0 to below {list(CHOICES)}"
            raise InputError(f"action {given} is not valid: it must be {bounds}.")
        decision, objective, rate, honeypots, audit, *resets = checked.T
        rates = np.array(ACTIONS["learning_rate"])[rate]
        return cls(decision, objective, rates, honeypots, audit, np.transpose(resets).astype(bool))


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
        task = Task(**given)
        if not isinstance(settings, Mapping) or not all(isinstance(name, str) for name in settings):
            raise InputError(f"settings = {settings!r} is not valid: it must be a mapping of names to values.")
        for name, value in settings.items():
            if reason := SET_BY_OVERSEER.get(name.rpartition(".")[2]):
                raise InputError(f"{name} = {value!r} is not allowed here: {reason}.")
        point = Point().at(settings)
        check_two_stages(point, "of this environment")
        if vary is None:
            vary = [name for name in VARIED if name not in settings]
        if not isinstance(vary, (list, tuple)):
            raise InputError(f"vary = {vary!r} is not valid: it must be a list of parameters.")
        for name in vary:
            if name not in VARIED:
                raise unknown("parameter to vary from run to run", name, VARIED)
            if name in settings:
                reason = "it is in vary, so each run draws its own"
                raise InputError(f"{name} = {settings[name]!r} is not allowed here: {reason}.")
        return cls(task=task, point=point, vary=tuple(name for name in VARIED if name in vary))

    @cached_property
    def factors(self) -> tuple[Factor, ...]:
        """The prior of each parameter that is drawn."""
        return tuple(factor_of(name, "prior", self.point.model, self.point.curriculum) for name in self.vary)

    @cached_property
    def stages(self) -> dict[tuple[int, int], Stage]:
        """The stage of each objective and each choice of honeypots."""
        own = {"steps": self.task.slice_steps, "target": 0.0, "realism": self.task.realism}
        return {
            (objective, choice): self.point.curriculum[objective].replace(**own, honeypots=share)
            for objective in (Y, X)
            for choice, share in enumerate(ACTIONS["honeypots"])
        }

    def cost(self, orders: Orders) -> np.ndarray:
        """Return the cost of a slice and of the audits after it (runs,)."""
        task, share = self.task, np.array(ACTIONS["honeypots"])[orders.honeypots]
        honeypots = Honeypots(episodes=task.episodes, realism=task.realism).cost
        probe = LinearProbe(readings=task.readings, reliability=task.reliability).cost
        audits = np.array([0, honeypots, probe, honeypots + probe])[orders.audit]
        return task.sample_price * (task.slice_steps * (1 + share * task.honeypot_price) + audits)
