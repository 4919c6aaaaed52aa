"""The JSON documents of `feint scenario wrappers` and `feint scenario revival`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from feint.sim.results.part import Part

if TYPE_CHECKING:
    from collections.abc import Mapping

    from feint.scenarios.finetuning.groups import Kind
    from feint.scenarios.finetuning.revival import Course, Revival, Revived
    from feint.scenarios.finetuning.wrappers import Change, Wrapped, Wrappers
    from feint.sim.statistics.intervals import Interval


class Number(Part):
    """A number with its interval; a limit that so few runs do not have is null."""

    estimate: float
    low: float | None
    high: float | None
    method: str


class ChangeFacts(Part):
    """A change of performance, and what carries it: the parts and the rest add up to the total."""

    before: Number
    after: Number
    total: Number
    parts: dict[str, Number] = Field(description="Shapley values of gate, pointer, representation, goal; and the rest")
    wrapper: Number = Field(description="gate and pointer together")
    core: Number = Field(description="representation and goal together")


class WrappedFacts(Part):
    """Runs of one kind under one condition."""

    vary: Literal["", "rate", "steps", "similarity"] = Field(description="what is moved; empty where nothing is")
    value: float = Field(description="of what is moved; 0 where nothing is")
    type: str = Field(description="after pre-training; any for all runs")
    prepared: bool = Field(description="whether they were prepared as this type before pre-training")
    runs: int
    changes: dict[Literal["X", "Y"], ChangeFacts]
    put_back: dict[str, Number] = Field(description="performance on Y with these parts put back")
    read: dict[Literal["before", "after"], Number] = Field(description="how well Y can be read, r²")
    never: Number = Field(description="the same after fine-tuning, of what never had Y")


class WrappersDocument(Part):
    """What `feint scenario wrappers --json` prints."""

    schema_: Literal[1] = Field(1, alias="schema")
    runs: int
    seed: int
    fresh: Number = Field(description="how well Y can be read from minds that were never trained")
    found: list[WrappedFacts]
    passport: dict[str, Any]


class RevivedFacts(Part):
    """Runs of one kind under one condition."""

    task: Literal["Y", "Y′"] = Field(description="what is trained last")
    vary: Literal["", "rate", "similarity", "kin"] = Field(description="what is moved; empty where nothing is")
    value: float = Field(description="of what is moved; 0 where nothing is")
    when: Literal["before X", "after X"] = Field(description="when they were of that type")
    type: str
    prepared: bool
    runs: int
    steps: Number = Field(description="of the last stage, the median")
    log2_ratio: dict[str, Number] = Field(description="of them over those of others, run by run; medians")
    missed: int = Field(description="runs that miss the target, counted with all their steps")
    hidden: Number = Field(description="how well Y can be read after fine-tuning on X, r²")
    held: Number = Field(description="share that has the last objective as its terminal one")
    played: Number = Field(description="share that plays along")


class CourseFacts(Part):
    """How many of some runs are back within so many steps."""

    task: Literal["Y", "Y′"]
    who: str
    steps: Number = Field(description="the median")
    missed: int
    within: dict[str, Number] = Field(description="share back, by steps")
    held: Number = Field(description="share that has the last objective as its terminal one")
    played: Number = Field(description="share that plays along")


class RevivalDocument(Part):
    """What `feint scenario revival --json` prints."""

    schema_: Literal[1] = Field(1, alias="schema")
    runs: int
    seed: int
    courses: list[CourseFacts]
    found: list[RevivedFacts]
    passport: dict[str, Any]


def wrappers_document(found: Wrappers) -> WrappersDocument:
    """The scenario as its document."""
    return WrappersDocument(
        schema=1,
        runs=found.setting.runs,
        seed=found.setting.seed,
        fresh=_number(found.fresh),
        found=[_wrapped(each) for each in found.found],
        passport=found.passport(),
    )


def revival_document(found: Revival) -> RevivalDocument:
    """The scenario as its document."""
    return RevivalDocument(
        schema=1,
        runs=found.setting.runs,
        seed=found.setting.seed,
        courses=[_course(each) for each in found.courses],
        found=[_revived(each) for each in found.found],
        passport=found.passport(),
    )


def _wrapped(each: Wrapped) -> WrappedFacts:
    return WrappedFacts.model_validate(
        {
            **_where(each.condition, each.kind, each.runs),
            "changes": {name: _change(change) for name, change in each.changes.items()},
            "put_back": _numbers(each.put_back),
            "read": _numbers(each.read),
            "never": _number(each.never),
        }
    )


def _change(change: Change) -> ChangeFacts:
    names = ("before", "after", "total", "wrapper", "core")
    return ChangeFacts(parts=_numbers(change.parts), **{name: _number(getattr(change, name)) for name in names})


def _revived(each: Revived) -> RevivedFacts:
    return RevivedFacts.model_validate(
        {
            **_where(each.condition, each.kind, each.runs),
            "task": each.condition.task,
            "when": each.when,
            "log2_ratio": _numbers(each.ratio),
            "missed": each.missed,
            **{name: _number(getattr(each, name)) for name in ("steps", "hidden", "held", "played")},
        }
    )


def _course(course: Course) -> CourseFacts:
    from feint.scenarios.finetuning.revival import WITHIN

    within = {f"{most}": _number(share) for most, share in zip(WITHIN, course.back, strict=True)}
    numbers = {name: _number(getattr(course, name)) for name in ("steps", "held", "played")}
    told = {"who": course.who, "missed": course.missed, "within": within, **numbers}
    return CourseFacts.model_validate({"task": course.condition.task, **told})


def _where(condition: Any, kind: Kind, runs: int) -> dict[str, Any]:
    told = {"vary": condition.vary, "value": condition.value, "runs": runs}
    return {**told, "type": kind.name, "prepared": kind.prepared}


def _numbers(intervals: Mapping[str, Interval]) -> dict[str, Number]:
    return {name: _number(each) for name, each in intervals.items()}


def _number(each: Interval) -> Number:
    low, high = (end if abs(end) != float("inf") else None for end in (each.low, each.high))
    return Number(estimate=each.estimate, low=low, high=high, method=each.method)
