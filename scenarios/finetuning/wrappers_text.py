"""What carries the change that fine-tuning makes, as tables for a terminal of 80 columns."""

from __future__ import annotations

from collections.abc import Iterator

from feint.scenarios.finetuning.groups import ANY, FEWEST, told
from feint.scenarios.finetuning.wrappers import Wrapped, Wrappers
from feint.sim.results.text_tables import table, wrapped

NAMES = {
    "rate": "learning rate of fine-tuning, in that of pre-training",
    "steps": "steps of fine-tuning",
    "similarity": "similarity of X to Y",
}


def text(found: Wrappers) -> str:
    """Tables of the base condition, then of each sweep."""
    base = found.at("")
    blocks = [
        [_heading(found)],
        ["What carries the change of performance on X", *_carried(base, "X")],
        ["What carries the change of performance on Y", *_carried(base, "Y")],
        ["Performance on Y with parts put back, and how well Y can be read", *_below(base, found)],
    ]
    blocks += [list(_sweep(found.at(vary), title)) for vary, title in NAMES.items()]
    return "\n\n".join("\n".join(block) for block in blocks)


def _heading(found: Wrappers) -> str:
    base = found.at("")[0].condition
    return wrapped(
        f"{found.setting.runs:,} runs of each way of training, seed {found.setting.seed}; intervals of 95 %. "
        f"Pre-training on Y, then {base.steps:,} steps of fine-tuning on X at {base.rate:g} of its learning rate. "
        "Columns are types after pre-training, and minds prepared as a type before it (*); "
        f"types of fewer than {FEWEST} runs are left out."
    )


def _carried(base: list[Wrapped], on: str) -> list[str]:
    rows = [["", *(f"{each.kind}" for each in base)], ["runs", *(f"{each.runs:,}" for each in base)]]
    rows.append(["change", *(told(each.changes[on].total) for each in base)])
    names = base[0].changes[on].parts
    rows += [[f"  {name}", *(told(each.changes[on].parts[name]) for each in base)] for name in names]
    return table(rows, rule=True)


def _below(base: list[Wrapped], found: Wrappers) -> list[str]:
    rows = [["performance on Y", *(f"{each.kind}" for each in base)]]
    rows += [[f"  {when}", *(told(getattr(each.changes["Y"], when)) for each in base)] for when in ("before", "after")]
    rows += [[f"  {name} back", *(told(each.put_back[name]) for each in base)] for name in base[0].put_back]
    rows.append(["Y read", *("" for _ in base)])
    rows += [[f"  {when}", *(told(each.read[when]) for each in base)] for when in ("before", "after")]
    rows.append(["  never had Y", *(told(each.never) for each in base)])
    rows.append(["  untrained", *(told(found.fresh) for _ in base)])
    return table(rows, rule=True)


def _sweep(found: list[Wrapped], title: str) -> Iterator[str]:
    yield f"By {title}, all runs"
    head = [
        "",
        "gate and\npointer, X",
        "representation\nand goal, X",
        "Y read after",
        "Y with gate and\npointer back",
    ]
    yield from table([head, *(_row(each) for each in found if each.kind.name == ANY)], rule=True)


def _row(each: Wrapped) -> list[str]:
    change = each.changes["X"]
    cells = (change.wrapper, change.core, each.read["after"], each.put_back["gate and pointer"])
    return [f"{each.condition.value:g}", *map(told, cells)]
