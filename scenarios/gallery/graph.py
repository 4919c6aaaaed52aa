"""The argument as a graph, with what was found of each claim at the point."""

from __future__ import annotations

from typing import TYPE_CHECKING

from feint.scenarios.argument.evaluate_claim import evaluate
from feint.scenarios.argument.graph import graph
from feint.scenarios.argument.graph_figure import figure
from feint.scenarios.claims.registry import select_claims
from feint.scenarios.gallery.picture import Picture, Settings, limits
from feint.sim.analysis.claims import Verdict

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


def compute(settings: Settings) -> pd.DataFrame:
    """One row a claim: its verdict, and its effect."""
    import pandas as pd

    found = evaluate(select_claims(None), settings.point, runs=settings.runs, **settings.common)
    rows = [
        {"number": each.claim.number, "claim": name, "verdict": each.verdict.value, **limits(each.effect)}
        for name, each in found.items()
    ]
    return pd.DataFrame(rows).assign(runs=settings.runs)


def draw(table: pd.DataFrame) -> Figure:
    """Premises, mechanisms and claims."""
    verdicts = dict(zip(table["claim"], table["verdict"], strict=True))
    return figure(graph({name: Verdict(value) for name, value in verdicts.items()}))


PICTURE = Picture(
    name="graph",
    title="premises, mechanisms and claims of the argument, with the verdict on each claim",
    compute=compute,
    draw=draw,
    full={"runs": 4000},
    quick={"runs": 1000},
)
