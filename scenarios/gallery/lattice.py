"""The lattice: how often runs end in deception with each of the 2⁵ sets of groups carried over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from feint.agents.mind import GROUPS
from feint.scenarios.argument.crux_figures import lattice_figure
from feint.scenarios.gallery.crux import found_at, standing_for
from feint.scenarios.gallery.picture import Picture, Settings

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


def compute(settings: Settings) -> pd.DataFrame:
    """One row a set of groups."""
    return found_at(settings).corners().assign(runs=settings.runs, seed=settings.seed)


def draw(table: pd.DataFrame) -> Figure:
    """Circles for sets, level by level."""
    place = table[list(GROUPS)].to_numpy(int) @ (1 << np.arange(len(GROUPS)))
    shares = table.assign(place=place).sort_values("place")["estimate"].to_numpy()
    return lattice_figure(standing_for(table, shares))


PICTURE = Picture(
    name="lattice",
    title="deception by which groups are carried over from pre-training, all 2⁵ sets",
    compute=compute,
    draw=draw,
    full={"runs": 4000},
    quick={"runs": 500},
)
