"""Crux shares: what each group that pre-training hands over contributes to the difference in deception."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from feint.agents.mind import GROUPS
from feint.scenarios.argument.crux_figures import figure
from feint.scenarios.argument.subset_lattice import Lattice, lattice
from feint.scenarios.gallery.picture import Picture, Settings, interval_of, limits, rows_of
from feint.sim.statistics.shapley import Attribution, Game
from feint.sim.training.parameter_point import Point

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

WHOLE = "whole"  # stands in place of a part


class Means(Game):
    """A game of whose runs the means are left (2^n, 1), and how many they were."""

    def __init__(self, shares: np.ndarray, runs: int) -> None:
        super().__init__(parts=tuple(GROUPS), worth=np.asarray(shares, float)[:, None])
        object.__setattr__(self, "counted", runs)

    @property
    def runs(self) -> int:
        """How many there were."""
        return getattr(self, "counted")  # noqa: B009 - the class is frozen


def standing_for(table: pd.DataFrame, shares: np.ndarray) -> Lattice:
    """A lattice as far as figures read it, from a table with the columns `runs` and `seed`."""
    runs, seed = (int(table[name].iloc[0]) for name in ("runs", "seed"))
    return Lattice(of="carried", game=Means(shares, runs), point=Point(), seed=seed)


def found_at(settings: Settings) -> Lattice:
    """All 2⁵ sets of carried groups at the point."""
    return lattice(settings.point, runs=settings.runs, **settings.common)


def compute(settings: Settings) -> pd.DataFrame:
    """One row a share, one a pair, and one for the whole difference."""
    import pandas as pd

    found = found_at(settings).attribution
    rows = [{"part": WHOLE, "other": "-", **limits(found.whole)}]
    rows += [{"part": part, "other": "-", **limits(share)} for part, share in found.shares.items()]
    rows += [{"part": a, "other": b, **limits(pair)} for (a, b), pair in found.pairs.items()]
    return pd.DataFrame(rows).assign(runs=settings.runs, seed=settings.seed)


def draw(table: pd.DataFrame) -> Figure:
    """Bars of the shares, and the interactions of pairs."""
    rows = rows_of(table)
    alone = {row["part"]: interval_of(row) for row in rows if row["other"] == "-"}
    whole = alone.pop(WHOLE)
    found = standing_for(table, np.zeros(2 ** len(GROUPS)))
    vars(found)["attribution"] = Attribution(  # in place of what the property would compute from runs
        parts=tuple(alone),
        runs=found.game.runs,
        confidence=whole.confidence,
        whole=whole,
        shares=alone,
        pairs={(row["part"], row["other"]): interval_of(row) for row in rows if row["other"] != "-"},
    )
    return figure(found)


PICTURE = Picture(
    name="crux",
    title="what each group that pre-training hands over contributes to the difference in deception",
    compute=compute,
    draw=draw,
    full={"runs": 4000},
    quick={"runs": 500},
)
