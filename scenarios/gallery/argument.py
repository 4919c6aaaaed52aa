"""Figures of what the argument depends on and where it holds: crux, lattice, prior, worldviews, graph and dodges."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from feint.agents.mind import GROUPS
from feint.scenarios.argument.crux import Corner, CruxRequest, Lattice
from feint.scenarios.argument.evaluate_claim import Evaluation, evaluate, over_prior
from feint.scenarios.argument.graph import figure, graph
from feint.scenarios.argument.over_draws import FACES
from feint.scenarios.argument.worldview_files import WorldView
from feint.scenarios.argument.worldviews import LEVELS, Matrix, WorldviewsRequest
from feint.scenarios.claims.pretraining.dodges import AS_IT_IS, CLAIM, DODGES, IN_PRETRAINING, NOBODY, protocol
from feint.scenarios.claims.registry import claims, select_claims
from feint.scenarios.gallery.picture import Size, interval_of, limits, rows_of
from feint.sim.analysis.claims import HOLDS, NEITHER, REVERSED, Verdict
from feint.sim.analysis.estimands import DECEPTIVE
from feint.sim.ensembles.paired_runs import run_paired
from feint.sim.results.figure_fit import fit
from feint.sim.results.figure_style import PAGE_WIDTH, blank
from feint.sim.statistics.intervals import CONFIDENCE, Interval, look_confidence
from feint.sim.statistics.shapley import Attribution
from feint.sim.training.parameter_point import Point

WHOLE = "whole"  # in place of a part
LEVEL = "level"  # in place of a part, with an arm in place of a claim
FRONT, BEHIND = "#d55e00", "#8c8c8c"
AXES = ("lost", "avoided")
FONT_SIZE = 7  # points
DISTANCES = (7, 13, 20, 28, 37, 47, 58, 70)  # points from the labelled point at which a place is tried
ANGLES = [np.pi / 4 + 2 * np.pi * turn / 16 for turn in range(16)]  # directions at each, from the upper right around
OFFSETS = np.array(
    [(away * np.cos(angle), away * np.sin(angle)) for away in DISTANCES for angle in ANGLES]
    + [(DISTANCES[0], DISTANCES[0])]  # if no place is free of labels
)
LEADER_FROM = 13  # points from which on a line leads to the label


def _restored(table: pd.DataFrame, corners: list[Corner], **intervals: Any) -> Lattice:
    """Return a lattice as far as its figures read it, from a table with the columns `runs` and `seed`."""
    runs, seed = (int(table[name].iloc[0]) for name in ("runs", "seed"))
    attribution = Attribution(parts=tuple(GROUPS), confidence=CONFIDENCE, **intervals)
    same: dict[str, Any] = {"runs": runs, "seed": seed, "confidence": CONFIDENCE, "request": CruxRequest(runs=runs)}
    return Lattice(of="carried", outcome=DECEPTIVE, corners=corners, attribution=attribution, **same)


def compute_crux(point: Point, size: Size, *, threads: int | None, **keys: Any) -> pd.DataFrame:
    """Return one row per share, one per pair, and one for the whole difference."""
    attribution = CruxRequest(point=point, runs=size["runs"], **keys).run(threads=threads).attribution
    rows = [{"part": WHOLE, "other": "-", **limits(attribution.whole)}]
    rows += [{"part": part, "other": "-", **limits(share)} for part, share in attribution.shares.items()]
    rows += [{"part": a, "other": b, **limits(pair)} for (a, b), pair in attribution.pairs.items()]
    return pd.DataFrame(rows).assign(runs=size["runs"], seed=keys["seed"])


def draw_crux(table: pd.DataFrame) -> Figure:
    """Draw bars of the shares, and the interactions of pairs."""
    rows = rows_of(table)
    shares = {row["part"]: interval_of(row) for row in rows if row["other"] == "-"}
    pairs = {(row["part"], row["other"]): interval_of(row) for row in rows if row["other"] != "-"}
    return _restored(table, [], whole=shares.pop(WHOLE), shares=shares, pairs=pairs).drawing()


def compute_lattice(point: Point, size: Size, *, threads: int | None, **keys: Any) -> pd.DataFrame:
    """Return one row per set of groups carried over, all 2⁵."""
    corners = CruxRequest(point=point, runs=size["runs"], **keys).run(threads=threads).corners
    rows = [{**{group: group in corner.parts for group in GROUPS}, **limits(corner.value)} for corner in corners]
    return pd.DataFrame(rows).assign(runs=size["runs"], seed=keys["seed"])


def draw_lattice(table: pd.DataFrame) -> Figure:
    """Draw circles for sets, level by level."""
    corners = [
        Corner(parts=tuple(group for group in GROUPS if row[group]), value=interval_of(row)) for row in rows_of(table)
    ]
    return _restored(table, corners, whole=corners[-1].value, shares={}, pairs={}).lattice_drawing()


def compute_prior(point: Point, size: Size, **keys: Any) -> pd.DataFrame:
    """Return one row per claim and kind."""
    tested = [replace(claim, parts=claim.tested) for claim in select_claims(None)]
    robustness = over_prior(tested, point, draws=size["draws"], runs=size["runs"], **keys)
    rows = []
    for claim in tested:
        for kind, share in robustness.shares(claim).items():
            names = {"number": claim.number, "claim": claim.name, "kind": kind}
            numbers = {"count": share.count, "certain": share.certain, "possible": share.possible}
            rows.append({**names, **numbers, **limits(share.interval)})
    return pd.DataFrame(rows).assign(draws=size["draws"], runs=size["runs"])


PRIOR_LABEL = "share of the prior; intervals: from the left of what holds, from the right of what is reversed"


def draw_prior(table: pd.DataFrame) -> Figure:
    """Draw one bar per claim: the share that holds from the left, the share that is reversed from the right."""
    names = table.drop_duplicates("claim")
    drawn = blank((PAGE_WIDTH, 1.1 + 0.25 * len(names)))
    axes = drawn.subplots()
    rows, left = np.arange(len(names)), np.zeros(len(names))
    for kind in (HOLDS, NEITHER, REVERSED):
        seen = table[table["kind"] == kind].set_index("claim").loc[names["claim"].tolist()]
        colour, hatch = FACES[kind]
        look = {"color": colour, "hatch": hatch, "edgecolor": "#222222", "linewidth": 0.5}
        axes.barh(rows, seen["estimate"], 0.7, left=left, label=kind, **look)
        left = left + seen["estimate"].to_numpy()
        if kind != NEITHER:
            _draw_limits(axes, rows, seen, kind)
    axes.set_yticks(rows, [f"{row.number}  {row.claim}" for row in names.itertuples()])
    axes.set(xlim=(0, 1), ylim=(len(names) - 0.4, -0.6), xlabel=PRIOR_LABEL)
    axes.tick_params(axis="y", length=0)
    draws, runs = (int(table[name].iloc[0]) for name in ("draws", "runs"))
    axes.set_title(f"{draws:,} draws from the prior, {runs:,} runs per draw and way of training; 95 % intervals")
    drawn.legend(loc="outside lower center", ncols=3, frameon=False)
    sns.despine(fig=drawn)
    return drawn


def _draw_limits(axes: Axes, rows: np.ndarray, seen: pd.DataFrame, kind: str) -> None:
    """Draw the interval of a share at the edge of its part of the bar; reversed ones are measured from the right."""
    ends = seen[["low", "high"]].to_numpy().T
    middle = seen["estimate"].to_numpy()
    if kind == REVERSED:
        middle, ends = 1 - middle, 1 - ends
    at = rows + (0.16 if kind == REVERSED else -0.16)
    for colour, width, cap in (("white", 2.2, 0), ("black", 0.8, 1.5)):
        look: dict[str, Any] = {"ecolor": colour, "elinewidth": width, "capsize": cap}
        axes.errorbar(middle, at, xerr=np.abs(ends - middle), fmt="none", **look)


def compute_worldviews(_: Point, size: Size, *, threads: int | None, **keys: Any) -> pd.DataFrame:
    """Return one row per view, claim and part, and one per view and arm; each view has its own point."""
    matrix, rows = WorldviewsRequest(runs=size["runs"], **keys).run(threads=threads), []
    for view in (view.name for view in matrix.views):
        for claim in (claim.name for claim in matrix.claims):
            evaluation = matrix[view, claim]
            for part, interval in evaluation.intervals.items():
                names = {"view": view, "claim": claim, "part": part, "verdict": evaluation.verdicts[part].value}
                rows.append({**names, **limits(interval)})
        for arm in LEVELS:
            names = {"view": view, "claim": arm, "part": LEVEL, "verdict": "-"}
            rows.append({**names, **limits(matrix.levels[view, arm])})
    return pd.DataFrame(rows).assign(runs=size["runs"])


def draw_worldviews(table: pd.DataFrame) -> Figure:
    """Draw one cell per claim and view."""
    cells: dict[tuple[str, str], dict[str, Interval]] = {}
    for row in rows_of(table):
        cells.setdefault((row["view"], row["claim"]), {})[row["part"]] = interval_of(row)
    shown = {name: claims()[name] for _, name in cells if name not in LEVELS}
    runs = int(table["runs"].iloc[0])
    matrix = Matrix(
        seed=0,
        runs=runs,
        confidence=CONFIDENCE,
        views=tuple(WorldView(name=name) for name in table["view"].unique()),
        claims=tuple(shown.values()),
        evaluations={
            (view, name): Evaluation(claim=shown[name], intervals=intervals)
            for (view, name), intervals in cells.items()
            if name in shown
        },
        levels={cell: intervals[LEVEL] for cell, intervals in cells.items() if LEVEL in intervals},
        request=WorldviewsRequest(runs=runs),
    )
    return matrix.drawing()


def compute_graph(point: Point, size: Size, **keys: Any) -> pd.DataFrame:
    """Return one row per claim: its verdict and its effect."""
    evaluations = evaluate(select_claims(None), point, runs=size["runs"], **keys)
    rows = [
        {"number": result.claim.number, "claim": name, "verdict": result.verdict.value, **limits(result.effect)}
        for name, result in evaluations.items()
    ]
    return pd.DataFrame(rows).assign(runs=size["runs"])


def draw_graph(table: pd.DataFrame) -> Figure:
    """Draw premises, mechanisms and claims."""
    verdicts = zip(table["claim"], table["verdict"], strict=True)
    return figure(graph({name: Verdict(value) for name, value in verdicts}))


def compute_dodges(point: Point, size: Size, **keys: Any) -> pd.DataFrame:
    """Return one row per dodge; intervals hold for all dodges at once (Bonferroni)."""
    protocols = [AS_IT_IS, *map(protocol, DODGES)]
    ended = run_paired(point, protocols, range(size["runs"]), **keys)
    level = look_confidence(CONFIDENCE, len(DODGES))
    measured = {part.name: part.estimand.measured(ended, level) for part in CLAIM.parts}
    rows = []
    for name, dodge in DODGES.items():
        effects = {"avoided": name, "lost": f"{name}-performance", "more_steps": f"{name}-steps"}
        cells = {f"{of}_{end}": value for of, part in effects.items() for end, value in limits(measured[part]).items()}
        rows.append({"dodge": name, "words": dodge.words, "where": dodge.where, "runs": size["runs"], **cells})
    table = pd.DataFrame(rows)
    possible = table[table["where"] != NOBODY]
    front = on_front(possible["avoided_estimate"].to_numpy(), possible["lost_estimate"].to_numpy())
    return table.assign(front=table["dodge"].isin(possible["dodge"][front]))


def on_front(avoided: np.ndarray, lost: np.ndarray) -> np.ndarray:
    """Return which dodges are on the Pareto front: no other avoids more for as little, or as much for less."""
    more, less = avoided[None] >= avoided[:, None], lost[None] <= lost[:, None]
    strictly = (avoided[None] > avoided[:, None]) | (lost[None] < lost[:, None])
    return np.logical_not(np.any(more & less & strictly, axis=1))


def draw_dodges(table: pd.DataFrame) -> Figure:
    """Draw points with intervals in both directions, the Pareto front in colour and joined by a line."""
    drawn = blank((PAGE_WIDTH, 3.4))
    axes = drawn.subplots()
    for front, colour, marker in ((False, BEHIND, "s"), (True, FRONT, "o")):
        rows = table[table["front"] == front]
        _draw_points(axes, rows, color=colour, marker=marker)
    front = table[table["front"]].sort_values("lost_estimate")
    axes.step(front["lost_estimate"], front["avoided_estimate"], where="post", color=FRONT, linewidth=1, zorder=1)
    axes.axhline(0, color="#bbbbbb", linewidth=0.6, zorder=0)
    axes.axvline(0, color="#bbbbbb", linewidth=0.6, zorder=0)
    axes.set(xlabel="performance lost", ylabel="deception avoided")
    axes.margins(x=0.08, y=0.1)
    axes.set_title(
        f"Dodges, {int(table['runs'].iloc[0]):,} paired runs; intervals hold for all at once; "
        f"hollow: {NOBODY}\n"
        "circles: the Pareto front of the others (more avoided for less lost); in pre-training unless named"
    )
    sns.despine(fig=drawn)
    points = table[["lost_estimate", "avoided_estimate"]].to_numpy()
    bars = table[["lost_low", "lost_high", "avoided_low", "avoided_high"]].to_numpy()
    apart = {NOBODY, IN_PRETRAINING}
    names = [(str(row["dodge"]), str(row["where"])) for row in rows_of(table)]
    labels = [name if where in apart else f"{name} ({where})" for name, where in names]
    fit(drawn)  # before labels are placed
    place(axes, points, labels, bars)
    return drawn


def _draw_points(axes: Axes, rows: pd.DataFrame, **look: Any) -> None:
    x, y = (rows[f"{axis}_estimate"] for axis in AXES)
    ends = (rows[[f"{axis}_low", f"{axis}_high"]].to_numpy().T for axis in AXES)
    across, along = (np.abs(pair - middle.to_numpy()) for pair, middle in zip(ends, (x, y), strict=True))
    axes.errorbar(x, y, xerr=across, yerr=along, fmt="none", ecolor=look["color"], elinewidth=0.9)
    hollow = rows["where"] == NOBODY
    faces = np.where(hollow, "white", look["color"]).tolist()
    edges = np.where(hollow, look["color"], "black").tolist()
    axes.scatter(x, y, s=22, c=faces, edgecolor=edges, linewidth=0.7, zorder=3, marker=look["marker"])


def place(axes: Axes, points: np.ndarray, labels: list[str], bars: np.ndarray) -> None:
    """Write each label at the nearest free place beside its point, or at the nearest one that is free of labels.

    Points (points, 2) and their bars, the limits left, right, below and above (points, 4), are in data coordinates.
    """
    figure: Any = axes.figure
    figure.draw_without_rendering()
    taken = np.concatenate([_cross(axes, point, bar) for point, bar in zip(points, bars, strict=True)])
    written, frame = np.zeros((0, 4)), axes.get_window_extent()
    for i in np.argsort(-points[:, 1], kind="stable").tolist():
        text = axes.text(0, 0, labels[i], fontsize=FONT_SIZE, transform=None, zorder=5)
        size = np.array(text.get_window_extent().size)
        text.remove()
        corners = axes.transData.transform(points[i]) + OFFSETS * (figure.dpi / 72)
        corners -= np.where(OFFSETS < 0, size, 0) * (1, 0) + size * (0, 0.5)
        boxes = np.hstack([corners - 1, corners + size + 1])
        inside = (boxes[:, :2] >= frame.min).all(1) & (boxes[:, 2:] <= frame.max).all(1)
        allowed = inside & ~_overlap(boxes, written)
        free = allowed & ~_overlap(boxes, taken)
        chosen = int(np.argmax(free)) if free.any() else int(np.argmax(allowed)) if allowed.any() else -1
        written = np.vstack([written, [*corners[chosen], *(corners[chosen] + size)]])
        _write(axes, points[i], labels[i], OFFSETS[chosen])


def _cross(axes: Axes, point: np.ndarray, bar: np.ndarray) -> np.ndarray:
    """Return the boxes in pixels of a point's intervals and its mark (3, 4)."""
    (left, below), (right, above) = axes.transData.transform([(bar[0], bar[2]), (bar[1], bar[3])])
    x, y = axes.transData.transform(point)
    return np.array([[left, y - 1, right, y + 1], [x - 1, below, x + 1, above], [x - 5, y - 5, x + 5, y + 5]])


def _overlap(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return whether each box overlaps one of the others (boxes,); boxes are left, below, right and above."""
    low, high = np.split(boxes[:, None], 2, axis=2)
    other_low, other_high = np.split(others[None], 2, axis=2)
    return np.any(np.all((low < other_high) & (other_low < high), axis=2), axis=1)


def _write(axes: Axes, point: np.ndarray, label: str, offset: np.ndarray) -> None:
    line: Any = {"arrowstyle": "-", "linewidth": 0.4, "color": "#555555", "shrinkA": 0, "shrinkB": 3}
    written = axes.annotate(
        label,
        tuple(point.tolist()),
        tuple(offset.round(3).tolist()),
        textcoords="offset points",
        ha="right" if offset[0] < 0 else "left",
        va="center",
        fontsize=FONT_SIZE,
        arrowprops=line if np.hypot(*offset) >= LEADER_FROM - 1e-9 else None,
        zorder=5,
    )
    written.set_in_layout(False)
