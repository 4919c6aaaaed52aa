"""How soon what fine-tuning took away is back, as tables for a terminal of 80 columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from feint.scenarios.finetuning.groups import ANY, FEWEST
from feint.scenarios.finetuning.protocols import GENTLE, LENGTH
from feint.scenarios.finetuning.revival import HAD, NEVER, SCRATCH, WITHIN, Course, Revival, Revived
from feint.sim.results.text_tables import table, wrapped
from feint.sim.statistics.intervals import Interval

NAMES = {
    "rate": "By learning rate of fine-tuning, in that of pre-training: back to Y, all runs",
    "similarity": "By similarity of X to Y: back to Y, all runs",
    "kin": "By similarity of Y′ to Y: to Y′, all runs",
}


def text(found: Revival) -> str:
    """Tables of the base conditions, then of each sweep."""
    blocks = [[_heading(found)]]
    for task in ("Y", "Y′"):
        blocks.append([f"Back within so many steps of {task}", *_within(found, task)])
        blocks.append([f"Steps to {task}, and what they are of those of others", *_kinds(found, task)])
    blocks += [[title, *_sweep(found, vary)] for vary, title in NAMES.items()]
    return "\n\n".join("\n".join(block) for block in blocks)


def _heading(found: Revival) -> str:
    return wrapped(
        f"{found.setting.runs:,} runs of each way of training, seed {found.setting.seed}; intervals of 95 %. "
        f"Pre-training on Y, then {LENGTH:,} steps of fine-tuning on X at {GENTLE:g} of its learning rate, then Y "
        "again, or Y′ of similarity 0.9 to Y, until its target is reached. Never had Y: pre-trained on what has "
        "nothing to do with Y. Read the other way, X is a safety fine-tune and Y what it was to remove. "
        f"Types of fewer than {FEWEST} runs are left out; * were prepared as a type before pre-training."
    )


def _within(found: Revival, task: str) -> list[str]:
    courses = [each for each in found.courses if each.condition.task == task and each.who in (HAD, NEVER, SCRATCH)]
    rows = [["steps", *(each.who for each in courses)]]
    rows += [[f"{most:,}", *(_share(each.back[i]) for each in courses)] for i, most in enumerate(WITHIN)]
    rows.append(["missed", *(f"{each.missed:,}" for each in courses)])
    rows.append(["median", *(_median(each) for each in courses)])
    rows += [[name, *(_share(getattr(each, name)) for each in courses)] for name in ("held", "played")]
    return table(rows, rule=True)


def _median(course: Course) -> str:
    return f"{course.steps.estimate:,.0f} [{course.steps.low:,.0f}, {course.steps.high:,.0f}]"


def _kinds(found: Revival, task: str) -> list[str]:
    chosen = [each for when in ("before X", "after X") for each in found.at("", when) if each.condition.task == task]
    return _table(chosen, lambda each: [each.when, f"{each.kind}"], ["", "type"])


def _sweep(found: Revival, vary: str) -> list[str]:
    chosen = [each for each in found.at(vary) if each.kind.name == ANY]
    return _table(chosen, lambda each: [f"{each.condition.value:g}"], [""])


def _table(chosen: list[Revived], named: Callable[[Revived], list[str]], head: list[str]) -> list[str]:
    columns = [*head, "runs", "steps", f"over\n{NEVER}", f"over\n{SCRATCH}", "Y read\nafter X", "held", "played"]
    rows = [columns, *([*named(each), *_cells(each)] for each in chosen)]
    return table(rows, fixed=len(head), rule=True)


def _cells(each: Revived) -> Iterator[str]:
    yield f"{each.runs:,}"
    yield f"{each.steps.estimate:,.0f}"
    yield from (factor(each.ratio[name]) for name in (NEVER, SCRATCH))
    yield from (_share(share) for share in (each.hidden, each.held, each.played))


def factor(ratio: Interval) -> str:
    """A factor with its limits, of an interval of its log₂."""
    return "{:.3g} [{:.2g}, {:.2g}]".format(*(2**each for each in (ratio.estimate, ratio.low, ratio.high)))


def _share(share: Interval) -> str:
    return f"{share.estimate:.2f} [{share.low:.2f}, {share.high:.2f}]"
