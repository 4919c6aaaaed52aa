"""Curricula: the stages on which a mesa-optimizer is trained, and how the arms of a comparison are matched."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from feint.agents.errors import InputError, check_whole, unknown
from feint.agents.model import Model
from feint.sim.training.stage import Stage

FEWEST_OBJECTIVES = 2  # one of pre-training, one of fine-tuning
CEILING = 0.99  # performance at which capability itself, which is at least as high, is alike in all arms


@dataclass(frozen=True, init=False)
class Curriculum:
    """A sequence of named stages, given in order; `curriculum[i]` is one of them.

    Raises
    ------
    InputError
        If there is no stage, two stages share a name, or the first stage has `carry`.

    Source
    ------
    Model page, section 5.

    """

    stages: tuple[Stage, ...]  #: at least one

    def __init__(self, *stages: Stage) -> None:
        if not stages:
            raise InputError("curriculum = [] has no stage: give at least one.")
        for stage in stages:
            if not isinstance(stage, Stage):
                raise InputError(f"stages = {stage!r} is not a Stage: write Curriculum(Stage(...), Stage(...)).")
        for name, count in Counter(stage.name for stage in stages).items():
            if count > 1:
                raise InputError(f"name = {name!r} is used by two stages: each stage needs a name of its own.")
        if "carry" in stages[0].model_fields_set:
            raise InputError(
                f"stage {stages[0].name!r}: carry = {list(stages[0].carry)!r} is not allowed on a first stage: "
                "nothing comes before it; leave carry out."
            )
        object.__setattr__(self, "stages", stages)

    def __iter__(self) -> Iterator[Stage]:
        return iter(self.stages)

    def __len__(self) -> int:
        return len(self.stages)

    def __getitem__(self, index: int) -> Stage:
        return self.stages[index]

    @property
    def names(self) -> tuple[str, ...]:
        """The stages' names in order."""
        return tuple(stage.name for stage in self.stages)

    @property
    def objectives(self) -> int:
        """Number of base objectives that the stages need, at least two."""
        return max(FEWEST_OBJECTIVES, 1 + max(stage.objective for stage in self.stages))

    def carried(self, index: int) -> tuple[str, ...]:
        """Return the groups that a stage carries over; the first stage carries none."""
        return self.stages[index].carry if index else ()

    def described(self) -> list[dict[str, Any]]:
        """Return all parameters of every stage."""
        stages = enumerate(self.stages)
        return [stage.model_dump(mode="json") | {"carry": list(self.carried(i))} for i, stage in stages]

    def configuration(self) -> list[dict[str, Any]]:
        """Return the name and objective of every stage, and what else departs from the defaults."""
        listed = []
        for stage in self.stages:
            given = {"name": stage.name, "objective": stage.objective}
            default = Stage(**given).model_dump(mode="json")
            listed.append(given | {k: v for k, v in stage.model_dump(mode="json").items() if v != default[k]})
        return listed

    @classmethod
    def from_configuration(cls, stages: Iterable[Mapping[str, Any]]) -> Curriculum:
        """Return the curriculum of `configuration` or `described`; nothing is carried into its first stage."""
        first, *others = stages
        return cls(_alone(first), *(Stage(**stage) for stage in others))

    def last_alone(self) -> Curriculum:
        """Return the last stage by itself: training from scratch."""
        return Curriculum(_alone(self.stages[-1].given()))

    def replace(self, changes: Mapping[str, Mapping[str, Any]]) -> Curriculum:
        """Return a copy with the changes {stage: {parameter: value}}, unknown stages ignored; raises `InputError`."""
        stages = []
        for stage in self.stages:
            try:
                stages.append(stage.replace(**changes.get(stage.name, {})))
            except InputError as error:
                raise InputError(f"stage {stage.name!r}: {error}") from None
        return Curriculum(*stages)


def _alone(values: Mapping[str, Any]) -> Stage:
    """Return a stage into which nothing is carried."""
    return Stage(**{name: value for name, value in values.items() if name != "carry"})


def from_scratch(**finetuning: Any) -> Curriculum:
    """Return fine-tuning alone, on objective 1.

    Parameters
    ----------
    **finetuning
        Parameters of the `Stage` that depart from the defaults, as in `steps=1000`.

    Returns
    -------
    Curriculum
        One stage, `finetuning`.

    Raises
    ------
    InputError
        If a parameter is not valid.

    """
    return Curriculum(Stage(**{"name": "finetuning", "objective": 1, **finetuning}))


def pretrain_finetune(
    pretraining: Mapping[str, Any] | None = None, finetuning: Mapping[str, Any] | None = None
) -> Curriculum:
    """Return pre-training on objective 0, then fine-tuning on objective 1.

    Parameters
    ----------
    pretraining, finetuning
        Parameters of its `Stage` that depart from the defaults, as in `{"steps": 1000}`.

    Returns
    -------
    Curriculum
        Two stages, `pretraining` and `finetuning`.

    Raises
    ------
    InputError
        If a parameter is not valid.

    Source
    ------
    Xu, "Pre-Training + Fine-Tuning Favors Deception" (2021); model page, section 5.

    """
    return Curriculum(
        Stage(**{"name": "pretraining", "objective": 0, **(pretraining or {})}),
        Stage(**{"name": "finetuning", "objective": 1, **(finetuning or {})}),
    )


def check_parts(*curricula: object) -> None:
    """Raise `InputError` unless these are curricula."""
    for curriculum in curricula:
        if not isinstance(curriculum, Curriculum):
            raise InputError(f"curriculum = {curriculum!r} is not a Curriculum: write Curriculum(Stage(...), ...).")


def shared_objectives(model: Model, *curricula: Curriculum, objectives: int | None = None) -> int:
    """Return the number of objectives over all arms, or `objectives`; raises `InputError` if the model has another."""
    check_parts(*curricula)
    needed = max(curriculum.objectives for curriculum in curricula)
    if objectives is not None:
        most = Stage.parameters()["objective"].valid[1] or 0
        needed = check_whole("objectives", objectives, needed, most + 1)
    if not isinstance(model.similarity, tuple) or len(model.similarity) + 1 == needed:
        return needed
    known = len(model.similarity) + 1
    for stage in (stage for curriculum in curricula for stage in curriculum):
        if stage.objective >= known:
            raise InputError(
                f"stage {stage.name!r}: objective = {stage.objective} is not one that the model has: "
                f"similarity names {known - 1} fine-tuning objectives, so it must be from 0 to {known - 1}."
            )
    raise InputError(
        f"similarity = {list(model.similarity)!r} names {known - 1} fine-tuning objectives, "
        f"and the stages have {needed - 1}: give one number, or {needed - 1}."
    )


class Match(Enum):
    """What the arms have in common at the end of their last stage."""

    TARGET = "target", "performance: each stops as soon as it reaches the target"
    CEILING = "ceiling", "performance and capability alike: each stops as soon as performance reaches 0.99"
    STEPS = "steps", "the steps of the last stage, which never stops early"
    TOTAL_STEPS = "total-steps", "the steps of all stages together, none of which stops early"
    DATA = (
        "data",
        "effective data: no last stage stops early; alone it takes D_F + D_T, with the steps that the others are worth",
    )

    meaning: str

    def __new__(cls, value: str, meaning: str) -> Match:
        """Create a member from its name and meaning."""
        member = object.__new__(cls)
        member._value_ = value
        member.meaning = meaning
        return member

    @classmethod
    def named(cls, name: str | Match) -> Match:
        """Return the rule of this name; raises `InputError` for an unknown one."""
        try:
            return cls(name)
        except ValueError:
            raise unknown("match", name, [mode.value for mode in cls]) from None

    def apply(self, curriculum: Curriculum, *, total_steps: int | None = None, worth: int = 0) -> Curriculum:
        """Return the curriculum as it is trained under this rule.

        `total_steps` is the number of steps of all stages together; `worth`, D_T in steps, is what the rule `data` adds
        to the last stage.
        """
        *before, last = curriculum
        if self is Match.CEILING:
            return Curriculum(*before, last.replace(target=CEILING))
        if self is Match.STEPS:
            return Curriculum(*before, last.replace(target=0.0))
        if self is Match.DATA:
            return Curriculum(*before, last.replace(target=0.0, steps=_possible(last, last.steps + worth, self)))
        if self is Match.TOTAL_STEPS:
            total = total_steps if total_steps is not None else sum(stage.steps for stage in curriculum)
            spent = sum(stage.steps for stage in before)
            left = _possible(last, max(0, total - spent), self)
            open_ended: list[Stage] = [stage.replace(target=0.0) for stage in before]
            return Curriculum(*open_ended, last.replace(target=0.0, steps=left))
        return curriculum

    @property
    def per_arm(self) -> Match:
        """The rule that remains to be followed while an arm, to which `apply` was applied, is trained."""
        return self if self in (Match.TARGET, Match.CEILING) else Match.STEPS


MATCHES = tuple(mode.value for mode in Match)


def _possible(stage: Stage, steps: int, mode: Match) -> int:
    """Return the steps that a rule requires of a stage; raises `InputError` if they are too many."""
    most = Stage.parameters()["steps"].valid[1]
    if most is not None and steps > most:
        raise InputError(
            f"match = {mode.value!r} asks for {steps:,} steps of stage {stage.name!r}: "
            f"it can take {most:,} at most; give the stages fewer."
        )
    return steps
