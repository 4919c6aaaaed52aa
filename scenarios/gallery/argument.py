"""Figures `crux`, `lattice`, `prior`, `worldviews` and `graph`: what the argument depends on, and where it holds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from feint.agents.mind import GROUPS
from feint.scenarios.argument.crux import CruxRequest
from feint.scenarios.argument.evaluate_claim import Evaluation, evaluate, over_prior
from feint.scenarios.argument.graph import figure, graph
from feint.scenarios.argument.subset_lattice import Corner, Lattice
from feint.scenarios.argument.worldview_files import WorldView
from feint.scenarios.argument.worldviews import LEVELS, Matrix, WorldviewsRequest
from feint.scenarios.claims.registry import claims, select_claims
from feint.scenarios.gallery.picture import Picture, Size, interval_of, limits, rows_of
from feint.sim.analysis.claims import HOLDS, NEITHER, REVERSED, Verdict
from feint.sim.analysis.estimands import DECEPTIVE
from feint.sim.results.figure_style import PAGE_WIDTH
from feint.sim.statistics.intervals import CONFIDENCE, Interval
from feint.sim.statistics.shapley import Attribution
from feint.sim.training.parameter_point import Point

WHOLE = "whole"  # in place of a part
LEVEL = "level"  # in place of a part, with an arm in place of a claim
FACES = {HOLDS: ("#0072b2", ""), NEITHER: ("#d9d9d9", ""), REVERSED: ("#e69f00", "///")}


def _lattice(point: Point, size: Size, *, seed: int, precision: str, threads: int | None) -> Lattice:
    """Train with all 2⁵ sets of groups carried over."""
    return CruxRequest(point=point, runs=size["runs"], seed=seed, precision=precision).run(threads=threads)


def _restored(table: pd.DataFrame, corners: list[Corner], **intervals: Any) -> Lattice:
    """Return a lattice as far as its figures read it, from a table with the columns `runs` and `seed`."""
    runs, seed = (int(table[name].iloc[0]) for name in ("runs", "seed"))
    common = {"runs": runs, "confidence": CONFIDENCE}
    attribution = Attribution(parts=tuple(GROUPS), **common, **intervals)
    request = CruxRequest(runs=runs, seed=seed)
    return Lattice(
        of="carried", outcome=DECEPTIVE, seed=seed, corners=corners, attribution=attribution, request=request, **common
    )


def compute_crux(point: Point, size: Size, **keys: Any) -> pd.DataFrame:
    """Return one row per share, one per pair, and one for the whole difference."""
    attribution = _lattice(point, size, **keys).attribution
    rows = [{"part": WHOLE, "other": "-", **limits(attribution.whole)}]
    rows += [{"part": part, "other": "-", **limits(share)} for part, share in attribution.shares.items()]
    rows += [{"part": a, "other": b, **limits(pair)} for (a, b), pair in attribution.pairs.items()]
    return pd.DataFrame(rows).assign(runs=size["runs"], seed=keys["seed"])


def draw_crux(table: pd.DataFrame) -> Figure:
    """Draw bars of the shares, and the interactions of pairs."""
    rows = rows_of(table)
    shares = {row["part"]: interval_of(row) for row in rows if row["other"] == "-"}
    pairs = {(row["part"], row["other"]): interval_of(row) for row in rows if row["other"] != "-"}
    return _restored(table, [], whole=shares.pop(WHOLE), shares=shares, pairs=pairs).figure()


def compute_lattice(point: Point, size: Size, **keys: Any) -> pd.DataFrame:
    """Return one row per set of groups."""
    corners = _lattice(point, size, **keys).corners
    rows = [{**{group: group in corner.parts for group in GROUPS}, **limits(corner.value)} for corner in corners]
    return pd.DataFrame(rows).assign(runs=size["runs"], seed=keys["seed"])


def draw_lattice(table: pd.DataFrame) -> Figure:
    """Draw circles for sets, level by level."""
    corners = [
        Corner(parts=tuple(group for group in GROUPS if row[group]), value=interval_of(row)) for row in rows_of(table)
    ]
    return _restored(table, corners, whole=corners[-1].value, shares={}, pairs={}).lattice_figure()


CRUX = Picture(
    name="crux",
    title="what each group that pre-training hands over contributes to the difference in deception",
    compute=compute_crux,
    draw=draw_crux,
    full={"runs": 4000},
    quick={"runs": 500},
)
LATTICE = Picture(
    name="lattice",
    title="deception by which groups are carried over from pre-training, all 2⁵ sets",
    compute=compute_lattice,
    draw=draw_lattice,
    full={"runs": 4000},
    quick={"runs": 500},
)


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


def draw_prior(table: pd.DataFrame) -> Figure:
    """Draw one bar per claim: the share that holds from the left, the share that is reversed from the right."""
    names = table.drop_duplicates("claim")
    drawn = Figure(figsize=(PAGE_WIDTH, 1.1 + 0.25 * len(names)), layout="constrained")
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
    axes.set(xlim=(0, 1), ylim=(len(names) - 0.4, -0.6), xlabel="share of the prior")
    axes.tick_params(axis="y", length=0)
    draws, runs = (int(table[name].iloc[0]) for name in ("draws", "runs"))
    axes.set_title(f"{draws:,} draws from the prior, {runs:,} runs a draw and way of training; 95 % intervals")
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
    halo, line = (
        {"ecolor": "white", "elinewidth": 2.2, "capsize": 0},
        {"ecolor": "black", "elinewidth": 0.8, "capsize": 1.5},
    )
    for look in (halo, line):
        axes.errorbar(middle, at, xerr=np.abs(ends - middle), fmt="none", **look)


PRIOR = Picture(
    name="prior",
    title="the share of the prior in which each claim holds, is reversed, or is neither",
    compute=compute_prior,
    draw=draw_prior,
    full={"runs": 200, "draws": 256},
    quick={"runs": 50, "draws": 64},
)


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
    return matrix.figure()


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


WORLDVIEWS = Picture(
    name="worldviews",
    title="the verdict on each claim in each world view, whatever the point",
    compute=compute_worldviews,
    draw=draw_worldviews,
    full={"runs": 2000},
    quick={"runs": 200},
)
GRAPH = Picture(
    name="graph",
    title="premises, mechanisms and claims of the argument, with the verdict on each claim",
    compute=compute_graph,
    draw=draw_graph,
    full={"runs": 4000},
    quick={"runs": 1000},
)
