"""Figure `prior`: the share of the prior in which each claim holds, is reversed, or is neither."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from feint.scenarios.argument.evaluate_claim import over_prior
from feint.scenarios.claims.registry import select_claims
from feint.scenarios.gallery.picture import Picture, Size, limits
from feint.sim.analysis.claims import HOLDS, NEITHER, REVERSED
from feint.sim.results.figure_style import PAGE_WIDTH
from feint.sim.training.parameter_point import Point

FACES = {HOLDS: ("#0072b2", ""), NEITHER: ("#d9d9d9", ""), REVERSED: ("#e69f00", "///")}


def compute(point: Point, size: Size, **keys: Any) -> pd.DataFrame:
    """Return one row per claim and kind."""
    claims = [replace(claim, parts=claim.tested) for claim in select_claims(None)]
    robustness = over_prior(claims, point, draws=size["draws"], runs=size["runs"], **keys)
    rows = []
    for claim in claims:
        for kind, share in robustness.shares(claim).items():
            names = {"number": claim.number, "claim": claim.name, "kind": kind}
            numbers = {"count": share.count, "certain": share.certain, "possible": share.possible}
            rows.append({**names, **numbers, **limits(share.interval)})
    return pd.DataFrame(rows).assign(draws=size["draws"], runs=size["runs"])


def draw(table: pd.DataFrame) -> Figure:
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


PICTURE = Picture(
    name="prior",
    title="the share of the prior in which each claim holds, is reversed, or is neither",
    compute=compute,
    draw=draw,
    full={"runs": 200, "draws": 256},
    quick={"runs": 50, "draws": 64},
)
