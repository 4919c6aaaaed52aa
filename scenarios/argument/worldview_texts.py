"""What `feint worldviews` prints, in 80 columns; and the manual's table of departures."""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite
from typing import Any

from feint.agents.parameters import plain
from feint.scenarios.argument.evaluate_claim import Evaluation
from feint.scenarios.argument.worldview import Departure, WorldView
from feint.scenarios.argument.worldviews import LEVELS, Matrix
from feint.sim.analysis.claims import Verdict
from feint.sim.ensembles.protocols import FROM_SCRATCH, PRETRAIN_FINETUNE
from feint.sim.results.text_tables import table, wrapped

LETTERS: dict[Verdict, str] = {
    Verdict.SUPPORTED: "S",
    Verdict.CONTRADICTED: "C",
    Verdict.NEITHER: "N",
    Verdict.MIXED: "M",
    Verdict.UNDECIDED: "U",
}


SHORT = {FROM_SCRATCH: "  from scratch", PRETRAIN_FINETUNE: "  pre-trained"}
"""Heads of the rows that say how often ways of training end in deception."""


def matrix_text(matrix: Matrix) -> str:
    """Claims by world views, with what the columns, letters and numbers are."""
    rows = [(claim.name, *(_cell(matrix[view.name, claim.name]) for view in matrix.views)) for claim in matrix.claims]
    levels = [(SHORT[arm], *(level(matrix, view, arm) for view in matrix.views)) for arm in LEVELS]
    head = ("claim", *(str(number) for number, _ in enumerate(matrix.views)))
    below = ("deception", *("" for _ in matrix.views))
    parts = (
        [f"{matrix.runs:,} runs a way of training, seed {matrix.seed}"],
        table([head, *rows, ("",) * len(head), below, *levels], rule=True),
        [wrapped(", ".join(f"{letter} {verdict.value}" for verdict, letter in LETTERS.items()))],
        [wrapped(f"{number}  {told(view)}", "   ") for number, view in enumerate(matrix.views)],
        ["Below each letter, the claim's effect:", *_effects(matrix)],
        [wrapped(f"A view is a reading of its text, not the text. Intervals: {100 * matrix.confidence:g} %, --json.")],
    )
    return "\n\n".join("\n".join(part) for part in parts)


def told(view: WorldView) -> str:
    """A world view in a line: its name, whose text it reads, and how much departs."""
    count = len(view.departures())
    whose = ", ".join(str(each) for each in (view.author, view.year) if each)
    of = ": ".join(each for each in (whose, view.title) if each)
    departs = f" ({count} departure{'s' if count != 1 else ''})" if count else ""
    return f"{view.name}{' – ' if of else ''}{of}{departs}"


def level(matrix: Matrix, view: WorldView, arm: str) -> str:
    """How often a way of training ends in deception at a view."""
    return f"{matrix.levels[view.name, arm].estimate:.2f}"


def number(value: float) -> str:
    """An effect with its sign."""
    return f"{round(value, 2) + 0.0:+.2f}" if isfinite(value) else "–"  # no -0.00


def _cell(found: Evaluation) -> str:
    return f"{LETTERS[found.verdict]}\n{number(found.effect.estimate)}"


def _effects(matrix: Matrix) -> Iterator[str]:
    for claim in matrix.claims:
        part = claim.effect
        yield wrapped(f"  {claim.name}: {part.estimand.words}; holds: {part.rule.words}", "    ")


def departures_markdown(views: dict[str, WorldView]) -> str:
    """The manual's account of each world view: how it is read, and a table of what departs and on what ground."""
    return "\n\n".join(_section(view) for view in views.values())


def _section(view: WorldView) -> str:
    cited = "; ".join(f"{source.author} ({source.year}), [{source.title}]({source.where})" for source in view.cited)
    rows = "\n".join(_row(departure) for departure in view.departures())
    head = "| parameter | default | here | because |\n|---|---|---|---|"
    return f"### {view.name}\n\n{cited}.\n\n{view.reading.strip()}\n\n{head}\n{rows}"


def _row(departure: Departure) -> str:
    here, default = (shown(value) for value in (departure.value, departure.default))
    return f"| `{departure.name}` | {default} | {here} | {departure.because.strip()} |"


def shown(value: Any) -> str:
    """A parameter's value as a person writes it."""
    if isinstance(value, tuple):
        return ", ".join(shown(each) for each in value) or "nothing"
    return plain(value)
