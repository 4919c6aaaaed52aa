"""Reports what every set of carried groups, or of premises, contributes: Shapley shares and interactions, and figures.

The two training protocols are corners of one lattice (section 5 of the model's page): with nothing carried over,
pre-training + fine-tuning equals training from scratch run by run, and with all five groups carried it is the other arm
of the headline. The difference in deception therefore divides exactly among what pre-training hands over. The same is
done over premises that can be switched off: a corner is then the headline's difference with exactly these premises on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import Field, computed_field

from feint.agents.errors import InputError
from feint.agents.mind import GROUPS
from feint.agents.outcome import Outcome
from feint.sim.results.figure_style import COLOURS, PAGE_WIDTH, canvas, save
from feint.sim.results.report import Hidden, Report, Table, wrapped
from feint.sim.results.request import Request
from feint.sim.statistics.intervals import Interval
from feint.sim.statistics.shapley import Attribution, Game

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_PAIRS = 10  # of the text
SYMBOLS = dict(zip(GROUPS, "uγcaw", strict=True))
"""A letter for each group, after its part in the model: u stands for u, B and f, a for A and H."""


@dataclass(frozen=True, kw_only=True)
class PartShare:
    """Shapley share of one part."""

    part: str
    share: Interval


@dataclass(frozen=True, kw_only=True)
class PairInteraction:
    """How much more two parts add together than apart."""

    parts: tuple[str, str]
    interaction: Interval


@dataclass(frozen=True, kw_only=True)
class Corner:
    """Result with exactly these parts."""

    parts: tuple[str, ...]
    value: Interval


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Lattice(Report):
    """Results with every set of parts, and what they attribute to each part.

    A corner's value is how often runs end with the outcome, if the parts are groups carried over, and the difference
    between the protocols, if the parts are premises.
    """

    of: Annotated[Literal["carried", "premises"], Field(description="groups carried over, or premises switched on")]
    outcome: str
    runs: int
    seed: int
    confidence: float
    corners: list[Corner]
    attribution: Hidden[Attribution]
    request: Hidden[Request]
    game: Hidden[Game | None] = None  #: worth of every set in each run; None if only the means are known

    @computed_field
    @property
    def whole(self) -> Interval:
        """Difference between all parts and none, which is the sum of the shares."""
        return self.attribution.whole

    @computed_field
    @property
    def shares(self) -> list[PartShare]:
        """Shapley values, from the largest down by absolute value."""
        return [PartShare(part=part, share=self.attribution.shares[part]) for part in self.attribution.order]

    @computed_field
    @property
    def pairs(self) -> list[PairInteraction]:
        """Shapley interaction indices of all pairs."""
        return [PairInteraction(parts=pair, interaction=index) for pair, index in self.attribution.pairs.items()]

    def corner(self, *parts: str) -> Interval:
        """Return the value with exactly these parts, in any order."""
        return next(corner.value for corner in self.corners if {*corner.parts} == {*parts})

    def frame(self) -> pd.DataFrame:
        """Return one row per share and per pair (see `Attribution.frame`), with the passport in `attrs`."""
        table = self.attribution.frame()
        table.attrs.update(self.passport())
        return table

    def blocks(self) -> Iterator[str | Table]:
        """Yield the question with the whole difference, a table of shares, and one of the largest interactions."""
        yield f"{wrapped(self._question())}\n{wrapped(self._answer())}"
        shares = [(row.part, f"{row.share:+.4f}") for row in self.shares]
        total = sum(row.share.estimate for row in self.shares)
        yield Table.of_cells(("part", "Shapley share"), [*shares, ("sum", f"{total:+.4f}")])
        pairs = sorted(self.pairs, key=lambda row: -abs(row.interaction.estimate))[:MOST_PAIRS]
        if pairs:
            heading = "pair (those that interact most)" if len(self.pairs) > MOST_PAIRS else "pair"
            rows = [(", ".join(row.parts), f"{row.interaction:+.4f}") for row in pairs]
            yield Table.of_cells((heading, "interaction"), rows)

    def _question(self) -> str:
        what = (
            f"how often runs end {self.outcome} with each set of groups carried over"
            if self.of == "carried"
            else f"difference in {self.outcome} runs, pre-training + fine-tuning minus from scratch, with each set of "
            "premises on and the others off"
        )
        return (
            f"{len(self.corners):,} corners, {self.runs:,} paired runs each, seed {self.seed}; "
            f"{100 * self.confidence:g} % intervals. Of a corner: {what}."
        )

    def _answer(self) -> str:
        none, every = (self.corners[i].value.estimate for i in (0, -1))
        if self.of == "carried":
            return f"From nothing carried ({none:.3f}) to everything carried ({every:.3f}): {self.whole:+.4f}"
        return f"From none of them on ({none:+.3f}) to all of them on ({every:+.3f}): {self.whole:+.4f}"

    def figure(self) -> Figure:
        """Draw bars of the shares, and beside them the interaction of each pair."""
        import seaborn as sns

        rows = len(self.attribution.parts)
        with canvas((PAGE_WIDTH, 1.7 + 0.27 * rows)) as drawn:
            widths = {"sharey": True, "width_ratios": (1, 1.2)[:rows]}
            bars, *pairs = drawn.subplots(1, min(rows, 2), squeeze=False, **widths)[0]
            _draw_shares(bars, self.attribution)
            sns.despine(ax=bars)
            for panel in pairs:
                _draw_pairs(panel, self.attribution)
                sns.despine(ax=panel, left=True, bottom=True)
            among = "groups that pre-training hands over" if self.of == "carried" else "premises switched on"
            title = (
                f"The difference, {self.whole:+.3f} in {self.outcome} runs, divided among\n"
                f"{among}; {self.runs:,} paired runs, seed {self.seed}"
            )
            drawn.suptitle(title, fontsize=9)
        return drawn

    def lattice_figure(self) -> Figure:
        """Draw the 2⁵ sets of carried groups level by level, each with how often its runs end with the outcome."""
        import seaborn as sns

        if self.of != "carried":
            raise InputError(
                f"of = {self.of!r} cannot be drawn level by level: a page has room for the 2⁵ carried sets."
            )
        with canvas((PAGE_WIDTH, 4.9)) as drawn, sns.axes_style("white"):
            _draw_lattice(drawn.subplots(), self)
        return drawn

    def drawings(self) -> tuple[Callable[[], Figure], ...]:
        """Return the functions that draw the shares and, for groups carried over, the lattice."""
        return (self.figure, self.lattice_figure) if self.of == "carried" else (self.figure,)

    def save_lattice(self, path: Path) -> None:
        """Draw the lattice into a file."""
        save(self.lattice_figure(), path, self.passport())


def _draw_shares(axes: Axes, attribution: Attribution) -> None:
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


def _draw_pairs(axes: Axes, attribution: Attribution) -> None:
    """Draw one square per pair with the interaction in hundredths; a dot if its interval contains 0."""
    order = attribution.order
    pairs = {(i, j): attribution.pair(order[i], order[j]) for i in range(len(order)) for j in range(i)}
    values = np.full((len(order), len(order)), np.nan)
    for at, pair in pairs.items():
        values[at] = pair.estimate
    most = max(float(np.nanmax(np.abs(values))), 1e-9)
    axes.imshow(values, cmap="PuOr_r", vmin=-most, vmax=most, aspect="auto")
    for (i, j), pair in pairs.items():
        label = "·" if pair.low <= 0 <= pair.high else f"{100 * pair.estimate:+.1f}"
        colour = "white" if abs(pair.estimate) > 0.65 * most else "black"
        axes.text(j, i, label, ha="center", va="center", fontsize=6.3, color=colour)
    axes.set_xticks(range(len(order) - 1), order[:-1], rotation=35, ha="right", rotation_mode="anchor")
    axes.set_xlim(-0.5, max(len(order) - 1.5, 0.5))
    axes.set_title("interactions of pairs, in hundredths\n(a dot: the interval holds 0)", fontsize=8)
    axes.tick_params(length=0)


def _draw_lattice(axes: Axes, lattice: Lattice) -> None:
    """Draw a circle per set, and lines between sets that differ by one group."""
    import seaborn as sns
    from matplotlib.colors import Normalize

    places = _places()
    shade: Any = sns.light_palette(COLOURS[Outcome.DECEPTIVE], as_cmap=True)
    share = np.array([corner.value.estimate for corner in lattice.corners])
    for corner, place in places.items():
        for above in (corner | 1 << part for part in range(len(GROUPS)) if not corner >> part & 1):
            axes.plot(*zip(place, places[above], strict=True), color="#c4c4c4", linewidth=0.6, zorder=1)
    xs, ys = np.array([places[corner] for corner in range(len(share))]).T
    look: Any = {"cmap": shade, "norm": Normalize(0, max(float(share.max()), 1e-9)), "edgecolor": "#222222"}
    dots = axes.scatter(xs, ys, s=560, c=share, linewidth=0.7, zorder=2, **look)
    for i, corner in enumerate(lattice.corners):
        _label(axes, places[i], share[i], "".join(SYMBOLS[part] for part in corner.parts) or "none")
    meaning = ", ".join(f"{symbol} {group}" for group, symbol in SYMBOLS.items())
    axes.set(xlim=(-5.1, 5.1), ylim=(-0.55, len(GROUPS) + 0.4), xticks=(), yticks=range(len(GROUPS) + 1))
    axes.set(ylabel="groups carried", xlabel=f"carried: {meaning}")
    axes.set_title(
        f"Share of {lattice.outcome} runs after fine-tuning, by what is carried over from pre-training\n"
        f"none is training from scratch; {lattice.runs:,} paired runs a set, seed {lattice.seed}"
    )
    axes.figure.colorbar(dots, ax=axes, fraction=0.025, pad=0.01, label=f"share of {lattice.outcome} runs")
    for side in axes.spines.values():
        side.set_visible(False)


def _places() -> dict[int, tuple[float, float]]:
    """Return the place of each set: its level upwards, the sets of a level side by side."""
    levels: dict[int, list[int]] = {}
    for corner in range(2 ** len(GROUPS)):
        levels.setdefault(corner.bit_count(), []).append(corner)
    return {
        corner: (float(i - (len(level) - 1) / 2), float(height))
        for height, level in levels.items()
        for i, corner in enumerate(level)
    }


def _label(axes: Axes, at: tuple[float, float], share: float, name: str) -> None:
    x, y = at
    axes.text(x, y, f"{share:.2f}", ha="center", va="center", fontsize=7.5, zorder=3)
    box = {"boxstyle": "round,pad=0.12", "facecolor": "white", "edgecolor": "none", "alpha": 0.85}
    axes.text(x, y - 0.32, name, ha="center", va="center", fontsize=7, zorder=4, bbox=box)
