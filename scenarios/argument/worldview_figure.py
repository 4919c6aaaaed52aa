"""Claims by world views as a figure: the verdict by colour and by letter, the effect in small."""

from __future__ import annotations

from typing import TYPE_CHECKING

from feint.scenarios.argument.evaluate_claim import Evaluation
from feint.scenarios.argument.worldview_texts import LETTERS, level, number
from feint.scenarios.argument.worldviews import LEVELS, Matrix
from feint.sim.analysis.claims import Verdict
from feint.sim.results.figure_style import PAGE_WIDTH, STYLE
from feint.sim.results.text_tables import folded

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FACES: dict[Verdict, tuple[str, str]] = {  # Okabe and Ito's hues, each of another lightness: fill, and text on it
    Verdict.SUPPORTED: ("#0072b2", "white"),
    Verdict.CONTRADICTED: ("#e69f00", "black"),
    Verdict.NEITHER: ("#e8e8e8", "black"),
    Verdict.MIXED: ("#b3dcf5", "black"),
    Verdict.UNDECIDED: ("white", "black"),
}
ROW, HEAD = 0.36, 1.5  # inches of a row, and of heads and key together
APART = 0.4  # rows between the claims and how often training ends in deception
LINE, MOST, WHOLE = 10, 24, 13  # characters in a line of a column's head, of a row's, and the most of one word
LABELS, COLUMN = 1.5, 0.75  # inches of the rows' heads, and the least of a column


def figure(matrix: Matrix) -> Figure:
    """A cell for each claim and view; the default point is the first column."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(STYLE):
        height = HEAD + ROW * (len(matrix.claims) + len(LEVELS) + APART)
        width = max(PAGE_WIDTH, LABELS + COLUMN * len(matrix.views))
        drawn = Figure(figsize=(width, height), layout="constrained")
        axes = drawn.subplots()
        for column, view in enumerate(matrix.views):
            for row, claim in enumerate(matrix.claims):
                _draw_cell(axes, column, row, matrix[view.name, claim.name])
            for row, arm in enumerate(LEVELS):
                at = len(matrix.claims) + APART + row
                _draw_level(axes, column, at, level(matrix, view, arm), matrix.levels[view.name, arm].estimate)
        _label(axes, matrix)
        _key(drawn)
    return drawn


def _draw_cell(axes: Axes, column: int, row: int, found: Evaluation) -> None:
    from matplotlib.patches import Rectangle

    fill, ink = FACES[found.verdict]
    axes.add_patch(Rectangle((column, row), 1, 1, facecolor=fill, edgecolor="#222222", linewidth=0.6))
    axes.text(column + 0.2, row + 0.5, LETTERS[found.verdict], color=ink, ha="center", va="center", weight="bold")
    told = number(found.effect.estimate)
    axes.text(column + 0.92, row + 0.52, told, color=ink, ha="right", va="center", fontsize=7)


def _draw_level(axes: Axes, column: int, row: float, told: str, share: float) -> None:
    """A number above a bar as long as it is large."""
    from matplotlib.patches import Rectangle

    axes.add_patch(Rectangle((column, row), 1, 1, facecolor="white", edgecolor="#222222", linewidth=0.6))
    axes.add_patch(Rectangle((column, row + 0.82), share, 0.18, facecolor="#d55e00", linewidth=0))
    axes.text(column + 0.5, row + 0.42, told, ha="center", va="center", fontsize=7)


def _label(axes: Axes, matrix: Matrix) -> None:
    views, claims = len(matrix.views), len(matrix.claims)
    rows = [*range(claims), *(claims + APART + i for i in range(len(LEVELS)))]
    heads = [*(f"{claim.number}  {claim.name}" for claim in matrix.claims), *(each.words for each in LEVELS.values())]
    axes.set(xlim=(0, views), ylim=(claims + APART + len(LEVELS), 0))
    axes.set_xticks([i + 0.5 for i in range(views)], [_heading(view.name) for view in matrix.views])
    axes.set_yticks([row + 0.5 for row in rows], [folded(head, MOST) for head in heads])
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    for side in axes.spines.values():
        side.set_visible(False)


def _heading(name: str) -> str:
    """A view's name in short lines."""
    words = (word if len(word) <= WHOLE else word[: WHOLE - 1] + "…" for word in name.replace("-", " ").split())
    return folded(" ".join(words), LINE)


def _key(drawn: Figure) -> None:
    from matplotlib.patches import Patch

    patches = [
        Patch(facecolor=FACES[verdict][0], edgecolor="#222222", linewidth=0.6, label=f"{letter}  {verdict.value}")
        for verdict, letter in LETTERS.items()
    ]
    drawn.legend(handles=patches, loc="outside lower center", ncols=len(patches), frameon=False)
