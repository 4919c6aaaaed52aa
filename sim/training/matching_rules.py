"""Matching rules: what is held equal between the arms of a comparison (model page, section 5)."""

from __future__ import annotations

from enum import Enum

from feint.agents.errors import InputError, unknown
from feint.sim.training.curriculum import Curriculum
from feint.sim.training.stage import Stage


class Match(Enum):
    """What the arms have in common at the end of their last stage."""

    TARGET = "target", "performance: each stops as soon as it reaches the target"
    CAPABILITY = "capability", "performance and capability: each stops as soon as both reach the target"
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
        if isinstance(name, Match):
            return name
        for mode in cls:
            if mode.value == name:
                return mode
        raise unknown("match", name, [mode.value for mode in cls])

    def apply(self, curriculum: Curriculum, *, total_steps: int | None = None, worth: int = 0) -> Curriculum:
        """Return the curriculum as it is trained under this rule.

        `total_steps` is the number of steps of all stages together; `worth`, D_T in steps, is what the rule `data` adds
        to the last stage.
        """
        *before, last = curriculum
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
        return self if self in (Match.TARGET, Match.CAPABILITY) else Match.STEPS

    def spec(self, curriculum: Curriculum) -> list[tuple[Stage, float]]:
        """Return the stages of a curriculum, after `apply`, each with the capability that it requires."""
        last = len(curriculum) - 1
        return [(stage, self.capability_target(stage, last=i == last)) for i, stage in enumerate(curriculum)]

    def capability_target(self, stage: Stage, *, last: bool) -> float:
        """Return the capability that a stage requires besides its target."""
        return stage.target if self is Match.CAPABILITY and last else 0.0


def _possible(stage: Stage, steps: int, mode: Match) -> int:
    """Return the steps that a rule requires of a stage; raises `InputError` if they are too many."""
    most = Stage.parameters()["steps"].valid[1]
    if most is not None and steps > most:
        raise InputError(
            f"match = {mode.value!r} asks for {steps:,} steps of stage {stage.name!r}: "
            f"it can take {most:,} at most; give the stages fewer."
        )
    return steps
