"""Figures `worldviews` and `graph`: the verdict on each claim in each world view, and in the graph of the argument."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from feint.scenarios.argument.evaluate_claim import Evaluation, evaluate
from feint.scenarios.argument.graph import figure, graph
from feint.scenarios.argument.worldview_files import WorldView
from feint.scenarios.argument.worldviews import LEVELS, Matrix, WorldviewsRequest
from feint.scenarios.claims.registry import claims, select_claims
from feint.scenarios.gallery.picture import Picture, Size, interval_of, limits, rows_of
from feint.sim.analysis.claims import Verdict
from feint.sim.statistics.intervals import CONFIDENCE, Interval
from feint.sim.training.parameter_point import Point

LEVEL = "level"  # in place of a part, with an arm in place of a claim


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
