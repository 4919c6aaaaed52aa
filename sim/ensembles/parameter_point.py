"""A point: a model, a curriculum, a start and a matching mode, from which ways of training differ by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np

from feint.agents.errors import InputError, unknown
from feint.agents.model import Model
from feint.sim.ensembles.comparison import ARM_NAMES, FROM_SCRATCH, PRETRAIN_FINETUNE, arms_of
from feint.sim.training.curriculum import Curriculum, pretrain_finetune, shared_objectives
from feint.sim.training.matching_rules import Match
from feint.sim.training.parameter_paths import as_cell, by_stage, carried, split
from feint.sim.training.run_spec import RunSpec, Stop
from feint.sim.training.train import PRECISION

DEFAULTS = Model().model_dump(mode="json")
EVERY = "*"  #: stands for all stages in a dotted name
Recorder = Callable[[list[Stop]], np.ndarray]
"""What is written down of runs beside how they ended, from where they stood at the end of each stage (runs, …)."""


@dataclass(frozen=True, kw_only=True)
class Point:
    """Where in parameter space one stands; `at` moves by dotted names, as a study's `vary` has them."""

    model: Model = field(default_factory=Model)
    curriculum: Curriculum = field(default_factory=pretrain_finetune)
    start: str = "fresh"
    match: str = Match.TARGET.value

    def at(self, changes: Mapping[str, Any]) -> Self:
        """The point with these values in place of its own; raises `InputError` for a name or value that is not valid.

        A name is a model parameter's, `stage.parameter`, `*.parameter` for all stages, `start` or `match`; a value may
        be a `Towards`, by what stands here.
        """
        changes = {
            name: each.of(self.value(name)) if isinstance(each, Towards) else each for name, each in changes.items()
        }
        of_model, of_stages = by_stage(dict(self._spread(changes)))
        start, match = of_model.pop("start", self.start), of_model.pop("match", self.match)
        return type(self)(
            model=self.model.replace(**of_model) if of_model else self.model,
            curriculum=self.curriculum.replace(of_stages) if of_stages else self.curriculum,
            start=start,
            match=match,
        )

    def _spread(self, changes: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
        """The same with what holds of all stages said of each, and what is carried as a tuple."""
        for name, value in changes.items():
            stage, parameter = split(name)
            if not stage:
                yield name, value
            for each in self.stages_named(stage) if stage else ():
                yield f"{each}.{parameter}", carried(value) if parameter == "carry" else value

    def stages_named(self, stage: str) -> tuple[str, ...]:
        """The stages that a dotted name means."""
        names = self.curriculum.names
        if stage != EVERY and stage not in names:
            raise unknown("stage", stage, names)
        return names if stage == EVERY else (stage,)

    def value(self, name: str) -> Any:
        """What stands here under a dotted name; of all stages, what the last has."""
        stage, parameter = split(name)
        if not stage:
            return getattr(self, name) if name in ("start", "match") else getattr(self.model, name)
        last = self.stages_named(stage)[-1]
        return getattr(self.curriculum[self.curriculum.names.index(last)], parameter)

    def configuration(self) -> dict[str, Any]:
        """Return what departs from the default point, as plain data."""
        model = {name: value for name, value in self.model.model_dump(mode="json").items() if value != DEFAULTS[name]}
        departures = {
            "model": model,
            "stages": [] if self.curriculum == pretrain_finetune() else self.curriculum.configuration(),
            "start": "" if self.start == "fresh" else self.start,
            "match": "" if self.match == Match.TARGET.value else self.match,
        }
        return {name: value for name, value in departures.items() if value}

    @classmethod
    def from_configuration(cls, configuration: Mapping[str, Any]) -> Self:
        """Return the point of `configuration` or `described`."""
        stages = configuration.get("stages")
        return cls(
            model=Model(**configuration.get("model", {})),
            curriculum=Curriculum.from_configuration(stages) if stages else pretrain_finetune(),
            **{name: configuration[name] for name in ("start", "match") if name in configuration},
        )

    def described(self) -> dict[str, Any]:
        """The point as plain data."""
        return {
            "model": self.model.model_dump(mode="json"),
            "stages": self.curriculum.described(),
            "start": self.start,
            "match": self.match,
        }


@dataclass(frozen=True)
class Towards:
    """A share of the way from a value to an end: v + share · (end - v); whole where the value is."""

    end: float
    share: float

    def of(self, value: Any) -> Any:
        """Where that is; several values go each their way."""
        if isinstance(value, tuple):
            return tuple(self.of(each) for each in value)
        moved = value + self.share * (self.end - value)
        return round(moved) if isinstance(value, int) else moved

    def __str__(self) -> str:
        return f"{self.share:.0%} of the way to {self.end:g}"


@dataclass(frozen=True)
class TrainingProtocol:
    """A way of training, wherever one stands: one of the two arms, and what it changes there.

    `lot` numbers lots of runs: ways of one lot share starts and noise, another lot has luck of its own. `recorders` are
    what is asked of its runs beside how they ended.
    """

    arm: str = PRETRAIN_FINETUNE
    changes: tuple[tuple[str, Any], ...] = ()
    lot: int = 0
    recorders: tuple[Recorder, ...] = ()

    def spec(self, point: Point, *, seed: int, precision: str = PRECISION) -> RunSpec:
        """What it trains at a point; raises `InputError` where a stage that it changes is not there."""
        here = point.at(dict(self.changes))
        mode = Match.named(here.match)
        return RunSpec.of(
            arms_of(here.curriculum, mode, modes=here.model.modes)[self.arm],
            model=here.model,
            seed=seed,
            start=here.start,
            match=mode.per_arm,
            objectives=shared_objectives(here.model, here.curriculum),
            precision=precision,
        )

    def with_changes(self, changes: Mapping[str, Any]) -> Self:
        """The same with more changed."""
        return replace(self, changes=tuple({**dict(self.changes), **changes}.items()))

    def with_defaults(self, changes: Mapping[str, Any]) -> Self:
        """The same where these changes hold, but for what it changes itself."""
        return replace(self, changes=tuple({**changes, **dict(self.changes)}.items()))

    def __str__(self) -> str:
        told = ", ".join(f"{name} = {_brief(value)}" for name, value in self.changes)
        return f"{ARM_NAMES[self.arm]} ({told})" if told else ARM_NAMES[self.arm]


def scratch(**changes: Any) -> TrainingProtocol:
    """From scratch; `finetuning__honeypots=0.1` stands for the dotted name finetuning.honeypots."""
    return TrainingProtocol(FROM_SCRATCH, _dotted(changes))


def pretrained(**changes: Any) -> TrainingProtocol:
    """Pre-training + fine-tuning, with changes as `scratch` takes them."""
    return TrainingProtocol(PRETRAIN_FINETUNE, _dotted(changes))


def _dotted(changes: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    plain = {name: tuple(value) if isinstance(value, list) else value for name, value in changes.items()}
    return tuple((name.replace("__", "."), value) for name, value in plain.items())


def _brief(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(as_cell(value))


def check_two_stages(point: Point, names: tuple[str, ...] = ("pretraining", "finetuning")) -> None:
    """Raise unless the curriculum is of these stages, which claims speak of."""
    if point.curriculum.names != names:
        told = ", ".join(point.curriculum.names)
        raise InputError(f"stages = {told} are not those that claims speak of: name them {' and '.join(names)}.")
