"""Figures `crux` and `lattice`: what each group carried over contributes, and how every set of groups ends."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from feint.agents.mind import GROUPS
from feint.scenarios.argument.crux import CruxRequest
from feint.scenarios.argument.subset_lattice import Corner, Lattice
from feint.scenarios.gallery.picture import Picture, Size, interval_of, limits, rows_of
from feint.sim.analysis.estimands import DECEPTIVE
from feint.sim.statistics.intervals import CONFIDENCE
from feint.sim.statistics.shapley import Attribution
from feint.sim.training.parameter_point import Point

WHOLE = "whole"  # in place of a part


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
