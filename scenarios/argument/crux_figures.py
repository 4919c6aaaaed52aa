"""Charts of a lattice: shares and interactions of its parts, and its corners level by level."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from feint.agents.errors import InputError
from feint.agents.mind import GROUPS
from feint.agents.outcome import Outcome
from feint.sim.results.figure_style import COLOURS, PAGE_WIDTH, STYLE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from feint.scenarios.argument.subset_lattice import Lattice
    from feint.sim.statistics.intervals import Interval

SYMBOLS = dict(zip(GROUPS, "uγcaw", strict=True))
"""A letter for each group, that of its part in the model: u stands for u, B and f, a for A and H."""


def figure(lattice: Lattice) -> Figure:
    """Bars of the shares with their intervals, and beside them the interaction of each pair."""
    import matplotlib as mpl
    import seaborn as sns
    from matplotlib.figure import Figure

    with mpl.rc_context(STYLE), sns.axes_style("ticks"):
        rows = len(lattice.game.parts)
        drawn = Figure(figsize=(PAGE_WIDTH, 1.7 + 0.27 * rows), layout="constrained")
        bars, *pairs = drawn.subplots(1, min(rows, 2), sharey=True, squeeze=False, width_ratios=(1, 1.2)[:rows])[0]
        draw_shares(bars, lattice)
        sns.despine(ax=bars)
        for panel in pairs:
            draw_pairs(panel, lattice)
            sns.despine(ax=panel, left=True, bottom=True)
        drawn.suptitle(_title(lattice), fontsize=9)
    return drawn


def draw_shares(axes: Axes, lattice: Lattice) -> None:
    """A bar a part, from the largest share down, with its interval and its number."""
    found = lattice.attribution
    shares = [found.shares[part] for part in found.order]
    estimates, reach = _reaches(shares)
    rows = np.arange(len(shares))
    axes.barh(rows, estimates, height=0.62, color=COLOURS[Outcome.DECEPTIVE], edgecolor="#222222", linewidth=0.5)
    axes.errorbar(estimates, rows, xerr=reach, fmt="none", ecolor="black", elinewidth=0.9, capsize=2)
    room = max(0.0, *(each.high for each in shares)) - min(0.0, *(each.low for each in shares))
    for row, each in enumerate(shares):
        axes.text(max(each.high, 0) + 0.03 * room, row, f"{each.estimate:+.3f}", va="center", fontsize=7)
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set_yticks(rows, found.order)
    axes.set(ylim=(len(rows) - 0.4, -0.6), xlabel="share of the difference")
    axes.margins(x=0.16)
    axes.set_title(f"Shapley shares, {100 * found.confidence:g} % intervals", fontsize=8)
    axes.tick_params(axis="y", length=0)


def draw_pairs(axes: Axes, lattice: Lattice) -> None:
    """A square a pair with the interaction in hundredths; a dot where its interval holds 0."""
    found, order = lattice.attribution, lattice.attribution.order
    values = np.full((len(order), len(order)), np.nan)
    for i, part in enumerate(order):
        for j in range(i):
            values[i, j] = found.pair(part, order[j]).estimate
    most = max(float(np.nanmax(np.abs(values))), 1e-9)
    axes.imshow(values, cmap="PuOr_r", vmin=-most, vmax=most, aspect="auto")
    for i, part in enumerate(order):
        for j in range(i):
            _number(axes, (j, i), found.pair(part, order[j]), most)
    axes.set_xticks(range(len(order) - 1), order[:-1], rotation=35, ha="right", rotation_mode="anchor")
    axes.set_xlim(-0.5, max(len(order) - 1.5, 0.5))
    axes.set_title("interactions of pairs, in hundredths\n(a dot: the interval holds 0)", fontsize=8)
    axes.tick_params(length=0)


def _number(axes: Axes, at: tuple[int, int], pair: Interval, most: float) -> None:
    told = "·" if pair.low <= 0 <= pair.high else f"{100 * pair.estimate:+.1f}"
    colour = "white" if abs(pair.estimate) > 0.65 * most else "black"
    axes.text(*at, told, ha="center", va="center", fontsize=6.3, color=colour)


def _reaches(intervals: list[Interval]) -> tuple[np.ndarray, np.ndarray]:
    """Estimates, and how far limits are from them, below and above (2, intervals)."""
    estimates = np.array([each.estimate for each in intervals])
    limits = np.array([[each.low, each.high] for each in intervals]).T
    return estimates, np.abs(limits - estimates)


def _title(lattice: Lattice) -> str:
    whole = lattice.attribution.whole
    among = "groups that pre-training hands over" if lattice.of == "carried" else "premises switched on"
    what = f"{whole.estimate:+.3f} [{whole.low:+.3f}, {whole.high:+.3f}] in {lattice.outcome} runs"
    return f"The difference, {what}, divided among\n{among}; {lattice.game.runs:,} paired runs, seed {lattice.seed}"


def lattice_figure(lattice: Lattice) -> Figure:
    """The 2⁵ sets of groups carried, from none below to all above, each with how often its runs end so."""
    import matplotlib as mpl
    import seaborn as sns
    from matplotlib.figure import Figure

    if lattice.of != "carried":
        raise InputError(
            f"of = {lattice.of!r} cannot be drawn level by level: a page has room for the 2⁵ carried sets."
        )
    with mpl.rc_context(STYLE), sns.axes_style("white"):
        drawn = Figure(figsize=(PAGE_WIDTH, 4.9), layout="constrained")
        axes = drawn.subplots()
        draw_lattice(axes, lattice)
    return drawn


def draw_lattice(axes: Axes, lattice: Lattice) -> None:
    """Circles for sets, lines between those that differ by one group."""
    import seaborn as sns
    from matplotlib.colors import Normalize

    places = _places(lattice)
    shade: Any = sns.light_palette(COLOURS[Outcome.DECEPTIVE], as_cmap=True)
    most = max(float(lattice.game.worth.mean(axis=1).max()), 1e-9)
    for corner, (x, y) in places.items():
        for part in range(len(GROUPS)):
            above = corner | 1 << part
            if above != corner:
                axes.plot(*zip((x, y), places[above], strict=True), color="#c4c4c4", linewidth=0.6, zorder=1)
    share = lattice.game.worth.mean(axis=1)
    xs, ys = np.array([places[corner] for corner in range(len(share))]).T
    dots = axes.scatter(
        xs, ys, s=560, c=share, cmap=shade, norm=Normalize(0, most), edgecolor="#222222", linewidth=0.7, zorder=2
    )
    for corner, parts in enumerate(lattice.game.corners()):
        _label(axes, places[corner], share[corner], "".join(SYMBOLS[part] for part in parts) or "none")
    meaning = ", ".join(f"{symbol} {group}" for group, symbol in SYMBOLS.items())
    axes.set(xlim=(-5.1, 5.1), ylim=(-0.55, len(GROUPS) + 0.4), xticks=(), yticks=range(len(GROUPS) + 1))
    axes.set(ylabel="groups carried", xlabel=f"carried: {meaning}")
    axes.set_title(
        f"Share of {lattice.outcome} runs after fine-tuning, by what is carried over from pre-training\n"
        f"none is training from scratch; {lattice.game.runs:,} paired runs a set, seed {lattice.seed}"
    )
    axes.figure.colorbar(dots, ax=axes, fraction=0.025, pad=0.01, label=f"share of {lattice.outcome} runs")
    for side in axes.spines.values():
        side.set_visible(False)


def _places(lattice: Lattice) -> dict[int, tuple[float, float]]:
    """Where each set stands: its level upwards, the sets of a level side by side."""
    levels: dict[int, list[int]] = {}
    for corner in range(len(lattice.game.worth)):
        levels.setdefault(corner.bit_count(), []).append(corner)
    return {
        corner: (float(i - (len(each) - 1) / 2), float(level))
        for level, each in levels.items()
        for i, corner in enumerate(each)
    }


def _label(axes: Axes, at: tuple[float, float], share: float, name: str) -> None:
    x, y = at
    axes.text(x, y, f"{share:.2f}", ha="center", va="center", fontsize=7.5, zorder=3)
    box = {"boxstyle": "round,pad=0.12", "facecolor": "white", "edgecolor": "none", "alpha": 0.85}
    axes.text(x, y - 0.32, name, ha="center", va="center", fontsize=7, zorder=4, bbox=box)
