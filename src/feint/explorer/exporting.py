"""Files made of a state: the command line's figure with its passport."""

from __future__ import annotations

import tempfile
from pathlib import Path

from feint.explorer.state import State
from feint.scenarios.claims import pretraining_vs_scratch as headline
from feint.sim.ensembles.comparison import compare
from feint.sim.results.figure_style import save


def picture(state: State, runs: int, kind: str) -> bytes:
    """The figure that `feint compare` draws of a state, as a file of this kind: svg, png or pdf."""
    point = state.point
    found = compare(
        point.curriculum, model=point.model, runs=runs, seed=state.seed, start=point.start, match=point.match
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"feint.{kind}")
        save(headline.figure(found), path, found.passport())
        return path.read_bytes()
