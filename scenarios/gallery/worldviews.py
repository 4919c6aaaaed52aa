"""World views: each claim tried where each party to the argument stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from feint.scenarios.argument.evaluate_claim import Evaluation
from feint.scenarios.argument.worldview import WorldView
from feint.scenarios.argument.worldview_figure import figure
from feint.scenarios.argument.worldviews import LEVELS, Matrix, worldviews
from feint.scenarios.claims.registry import claims
from feint.scenarios.gallery.picture import Picture, Settings, interval_of, limits, rows_of
from feint.sim.statistics.intervals import CONFIDENCE
from feint.sim.training.train import PRECISION

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

LEVEL = "level"  # stands in place of a part, with the way of training in place of a claim


def compute(settings: Settings) -> pd.DataFrame:
    """One row a view, claim and part, and one a view and way of training; each view has its own point."""
    import pandas as pd

    found, rows = worldviews(runs=settings.runs, **settings.common), []
    for view in found.views:
        for claim in found.claims:
            tried = found[view.name, claim.name]
            for name, interval in tried.intervals.items():
                told = {"view": view.name, "claim": claim.name, "part": name, "verdict": tried.verdicts[name].value}
                rows.append({**told, **limits(interval)})
        for arm in LEVELS:
            told = {"view": view.name, "claim": arm, "part": LEVEL, "verdict": "-"}
            rows.append({**told, **limits(found.levels[view.name, arm])})
    return pd.DataFrame(rows).assign(runs=settings.runs)


def draw(table: pd.DataFrame) -> Figure:
    """A cell a claim and view."""
    rows = rows_of(table)
    parts: dict[tuple[str, str], dict[str, dict]] = {}
    for row in rows:
        parts.setdefault((row["view"], row["claim"]), {})[row["part"]] = row
    names = list(dict.fromkeys(row["claim"] for row in rows if row["part"] != LEVEL))
    asked = {name: claims()[name] for name in names}
    matrix = Matrix(
        views=tuple(WorldView(name=name) for name in dict.fromkeys(row["view"] for row in rows)),
        claims=tuple(asked.values()),
        found={
            cell: Evaluation(claim=asked[cell[1]], intervals={name: interval_of(row) for name, row in each.items()})
            for cell, each in parts.items()
            if cell[1] in asked
        },
        levels={cell: interval_of(each[LEVEL]) for cell, each in parts.items() if cell[1] not in asked},
        runs=int(table["runs"].iloc[0]),
        seed=0,
        precision=PRECISION,
        confidence=CONFIDENCE,
    )
    return figure(matrix)


PICTURE = Picture(
    name="worldviews",
    title="each claim tried where each party to the argument stands, whatever the point",
    compute=compute,
    draw=draw,
    full={"runs": 2000},
    quick={"runs": 200},
)
