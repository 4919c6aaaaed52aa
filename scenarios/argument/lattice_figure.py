"""Draws the shares, interactions and corners of a lattice of parts."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np

from feint.agents.mind import GROUPS
from feint.agents.outcome import Outcome
from feint.sim.analysis.among_converged import among_text, in_two_lines
from feint.sim.results.figure_style import COLOURS
from feint.sim.statistics.shapley import Attribution

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDE = 6.0  # inches, of a figure in which names stand beside each other
SYMBOLS = dict(zip(GROUPS, "uγcaw", strict=True))
"""A letter for each group, after its part in the model: u stands for u, B, f and f_g, a for A, H and ρ."""


def draw_shares(axes: Axes, attribution: Attribution) -> None:
    """Draw one bar per part, the largest share first, with its interval and its number."""
    shares = [attribution.shares[part] for part in attribution.order]
    rows, estimates = np.arange(len(shares)), np.array([share.estimate for share in shares])
    reach = np.abs(np.array([[share.low, share.high] for share in shares]).T - estimates)
    axes.barh(rows, estimates, height=0.62, color=COLOURS[Outcome.DECEPTIVE], edgecolor="#222222", linewidth=0.5)
    axes.errorbar(estimates, rows, xerr=reach, fmt="none", ecolor="black", elinewidth=0.9, capsize=2)
    room = max(0.0, *(share.high for share in shares)) - min(0.0, *(share.low for share in shares))
    for row, share in enumerate(shares):
        axes.text(max(share.high, 0) + 0.03 * room, row, f"{share.estimate:+.3f}", va="center", fontsize=7)
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set_yticks(rows, attribution.order)
    axes.set(ylim=(len(rows) - 0.4, -0.6), xlabel="share of the difference")
    axes.margins(x=0.16)
    axes.set_title(f"Shapley shares, {100 * attribution.confidence:g} % intervals", fontsize=8)
    axes.tick_params(axis="y", length=0)


def draw_pairs(axes: Axes, attribution: Attribution) -> None:
    """Draw one square per pair with its interaction; a dot if its interval contains 0."""
    order = attribution.order
    pairs = {(i, j): attribution.pair(order[i], order[j]) for i in range(len(order)) for j in range(i)}
    values = np.full((len(order), len(order)), np.nan)
    for at, pair in pairs.items():
        values[at] = pair.estimate
    most = max(float(np.nanmax(np.abs(values))), 1e-9)
    axes.imshow(values, cmap="PuOr_r", vmin=-most, vmax=most, aspect="auto")
    for (i, j), pair in pairs.items():
        label = "·" if pair.low <= 0 <= pair.high else f"{pair.estimate:+.3f}"
        colour = "white" if abs(pair.estimate) > 0.65 * most else "black"
        axes.text(j, i, label, ha="center", va="center", fontsize=6.3, color=colour)
    axes.set_xticks(range(len(order) - 1), order[:-1], rotation=35, ha="right", rotation_mode="anchor")
    axes.set_xlim(-0.5, max(len(order) - 1.5, 0.5))
    axes.set_title("interactions of pairs\n(a dot: the interval holds 0)", fontsize=8)
    axes.tick_params(length=0, labelleft=True)


def draw_lattice(axes: Axes, lattice: Any) -> None:
    """Draw a circle per set, and lines between sets that differ by one group."""
    import seaborn as sns
    from matplotlib.colors import Normalize

    places: dict[int, tuple[float, float]] = {}  # level upwards, and the sets of a level side by side
    for height, level in groupby(sorted(range(2 ** len(GROUPS)), key=int.bit_count), key=int.bit_count):
        side_by_side = list(level)
        places |= {corner: (i - (len(side_by_side) - 1) / 2, float(height)) for i, corner in enumerate(side_by_side)}
    shade: Any = sns.light_palette(COLOURS[Outcome.DECEPTIVE], as_cmap=True)
    share = np.array([corner.value.estimate for corner in lattice.corners])
    for corner, place in places.items():
        for above in (corner | 1 << part for part in range(len(GROUPS)) if not corner >> part & 1):
            axes.plot(*zip(place, places[above], strict=True), color="#c4c4c4", linewidth=0.6, zorder=1)
    xs, ys = np.array([places[corner] for corner in range(len(share))]).T
    look: Any = {"cmap": shade, "norm": Normalize(0, max(float(share.max()), 1e-9)), "edgecolor": "#222222"}
    figure: Any = axes.figure
    small = min(1, figure.get_figwidth() / WIDE)
    dots = axes.scatter(xs, ys, s=560 * small**2, c=share, linewidth=0.7, zorder=2, **look)
    for i, corner in enumerate(lattice.corners):
        _write_set(axes, *places[i], share[i], [SYMBOLS[part] for part in corner.parts], narrow=small < 1)
    meaning = ", ".join(f"{symbol} {group}" for group, symbol in SYMBOLS.items())
    axes.set(xlim=(-5.1, 5.1), ylim=(-0.55, len(GROUPS) + 0.4), xticks=(), yticks=range(len(GROUPS) + 1))
    axes.set(ylabel="groups carried", xlabel=f"carried: {meaning}")
    runs = in_two_lines(f"{lattice.outcome} runs after fine-tuning{among_text(lattice.among)}, ")
    axes.set_title(
        f"Share of {runs}by what is carried over from pre-training\n"
        f"none is training from scratch; {lattice.runs:,} paired runs a set, seed {lattice.seed}"
    )
    axes.figure.colorbar(dots, ax=axes, fraction=0.025, pad=0.01, label=f"share of {lattice.happened}")
    for side in axes.spines.values():
        side.set_visible(False)


def _write_set(axes: Axes, x: float, y: float, share: float, parts: list[str], *, narrow: bool) -> None:
    """Write a share and, below it, the groups; in a narrow figure smaller, and every second name lower."""
    box = {"boxstyle": "round,pad=0.12", "facecolor": "white", "edgecolor": "none", "alpha": 0.85}
    look: Any = {"ha": "center", "va": "center"}
    axes.text(x, y, f"{share:.2f}", fontsize=6 if narrow else 7.5, zorder=3, **look)
    below, name = y - 0.32 - 0.2 * narrow * (int(np.floor(x)) % 2), ("" if narrow else "·").join(parts) or "none"
    axes.text(x, below, name, fontsize=6 if narrow else 7, zorder=4, bbox=box, **look)
