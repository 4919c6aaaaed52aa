"""Draws cells of a table of verdicts: a verdict with its effect, an effect, a frequency, and shares of draws."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from feint.sim.analysis.claims import Verdict

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LETTERS = {verdict: verdict.value[0].upper() for verdict in Verdict}
FACES: dict[Verdict, tuple[str, str]] = {
    Verdict.SUPPORTED: ("#0072b2", "white"),
    Verdict.CONTRADICTED: ("#e69f00", "black"),
    Verdict.NEITHER: ("#e8e8e8", "black"),
    Verdict.MIXED: ("#b3dcf5", "black"),
    Verdict.UNDECIDED: ("white", "black"),
}
"""Fill of a cell and colour of its text: Okabe and Ito's hues, each of another lightness."""


def box(verdict: Verdict | None = None) -> dict[str, Any]:
    """Return how a box is drawn: white, or in the colour of a verdict."""
    return {"facecolor": FACES[verdict][0] if verdict else "white", "edgecolor": "#222222", "linewidth": 0.6}


def draw_verdict(axes: Axes, column: int, row: float, verdict: Verdict, effect: str) -> None:
    """Draw the letter of a verdict and an effect, on the verdict's colour."""
    from matplotlib.patches import Rectangle

    ink = FACES[verdict][1]
    axes.add_patch(Rectangle((column, row), 1, 1, **box(verdict)))
    axes.text(column + 0.2, row + 0.5, LETTERS[verdict], color=ink, ha="center", va="center", weight="bold")
    axes.text(column + 0.92, row + 0.52, effect, color=ink, ha="right", va="center", fontsize=7)


def draw_effect(axes: Axes, column: int, row: float, effect: str) -> None:
    """Draw an effect that has no verdict."""
    from matplotlib.patches import Rectangle

    axes.add_patch(Rectangle((column, row), 1, 1, **box()))
    axes.text(column + 0.5, row + 0.52, effect, ha="center", va="center", fontsize=7)


def draw_level(axes: Axes, column: int, row: float, share: float) -> None:
    """Draw a number above a bar of that length."""
    from matplotlib.patches import Rectangle

    axes.add_patch(Rectangle((column, row), 1, 1, **box()))
    axes.add_patch(Rectangle((column, row + 0.82), share, 0.18, facecolor="#d55e00", linewidth=0))
    axes.text(column + 0.5, row + 0.42, f"{share:.2f}", ha="center", va="center", fontsize=7)


def draw_shares(axes: Axes, column: int, row: float, holds: float, turned: float) -> None:
    """Draw the share of a table over which a claim holds, above one bar of that and of the reversed share."""
    from matplotlib.patches import Rectangle

    axes.add_patch(Rectangle((column, row), 1, 1, **box()))
    for left, width, verdict in ((0.0, holds, Verdict.SUPPORTED), (1 - turned, turned, Verdict.CONTRADICTED)):
        axes.add_patch(Rectangle((column + left, row + 0.7), width, 0.3, facecolor=FACES[verdict][0], linewidth=0))
    axes.text(column + 0.5, row + 0.36, f"{holds:.2f}", ha="center", va="center", fontsize=7)
