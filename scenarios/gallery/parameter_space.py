"""Figures `phases` and `sensitivity`: the difference in deception over parameters, and what explains it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from feint.agents.errors import check_whole
from feint.agents.outcome import LABELS, Outcome
from feint.scenarios.gallery.picture import Picture, Size, interval_of, limits, rows_of
from feint.sim.analysis.estimands import DECEPTIVE
from feint.sim.analysis.phase_diagrams import phase_diagram
from feint.sim.analysis.priors import factors_at
from feint.sim.analysis.response_surface import DIFFERENCE, Layer, Response, counted, points_of
from feint.sim.analysis.sensitivity import bars, sensitivity
from feint.sim.ensembles.paired_runs import RunOutcomes, run_paired
from feint.sim.ensembles.protocols import ARM_NAMES, FROM_SCRATCH, PRETRAIN_FINETUNE, TrainingProtocol
from feint.sim.ensembles.runner import in_order
from feint.sim.statistics.intervals import Interval
from feint.sim.sweeps.study import Study
from feint.sim.training.parameter_point import Point

X, Y = "similarity", "plasticity_gate"
ARMS = (FROM_SCRATCH, PRETRAIN_FINETUNE)
TITLE = f"deception, {ARM_NAMES[PRETRAIN_FINETUNE]} minus {ARM_NAMES[FROM_SCRATCH]}"


def compute_phases(point: Point, size: Size, **keys: Any) -> pd.DataFrame:
    """Return one row per grid point: runs of each arm that ended as each type, and as deceptive in one arm only."""
    count = check_whole("levels", size["levels"], 2)
    cells = [(x, y) for x in _rounded(np.linspace(0, 0.95, count)) for y in _rounded(np.geomspace(0.2, 20, count))]
    protocols = {(cell, arm): TrainingProtocol(arm, ((X, cell[0]), (Y, cell[1]))) for cell in cells for arm in ARMS}
    ended = run_paired(point, protocols.values(), range(size["runs"]), **keys)
    return pd.DataFrame([_row(cell, *(ended[protocols[cell, arm]] for arm in ARMS)) for cell in cells])


def _rounded(levels: np.ndarray) -> list[float]:
    return [float(f"{level:.6g}") for level in levels]


def _row(cell: tuple[float, float], scratch: RunOutcomes, pretrained: RunOutcomes) -> dict[str, Any]:
    counts = {
        f"{arm}_{label}": int((ended.outcome == code).sum())
        for arm, ended in zip(ARMS, (scratch, pretrained), strict=True)
        for code, label in enumerate(LABELS)
    }
    gained, lost = _discordant(scratch, pretrained)
    return {X: cell[0], Y: cell[1], "runs": len(scratch), **counts, "gained": gained, "lost": lost}


def _discordant(scratch: RunOutcomes, pretrained: RunOutcomes) -> tuple[int, int]:
    """Return the numbers of runs that end as deceptive only with pre-training, and only from scratch."""
    without, with_it = (ended.outcome == Outcome.DECEPTIVE for ended in (scratch, pretrained))
    return int((with_it & ~without).sum()), int((without & ~with_it).sum())


def draw_phases(table: pd.DataFrame) -> Figure:
    """Draw a map of each arm's most frequent outcome, and one of the difference with its sign."""
    levels = {name: sorted(set(table[name].tolist())) for name in (X, Y)}
    study = Study(vary=levels, runs=int(table["runs"].iloc[0]))
    phases = [Layer(responses=tuple(_counted(study, table, arm, label) for label in LABELS)) for arm in ARMS]
    layers = [*phases, Layer(responses=(_counted(study, table, DIFFERENCE),))]
    return phase_diagram(layers, (X, Y)).figure()


def _counted(study: Study, table: pd.DataFrame, of: str, outcome: str = DECEPTIVE) -> Response:
    """Return the response that a sweep of the grid would give."""
    names = ("gained", "lost") if of == DIFFERENCE else (f"{of}_{outcome}",)
    gained, *lost = (table[name].to_numpy() for name in names)
    return counted(study, table[[X, Y]], gained, *lost, runs=table["runs"].to_numpy(), of=of, outcome=outcome)


PHASES = Picture(
    name="phases",
    title="the most frequent outcome of each training protocol, and the sign of the difference in deception, over "
    "similarity and the plasticity of the gate",
    compute=compute_phases,
    draw=draw_phases,
    full={"runs": 400, "levels": 14},
    quick={"runs": 100, "levels": 8},
)


def compute_sensitivity(point: Point, size: Size, *, seed: int, precision: str, threads: int | None) -> pd.DataFrame:
    """Return one row per measure and group."""
    SENSITIVITY.check_libraries()
    study = Study(  # the whole prior; parameters of one argument vary together
        design="saltelli",
        by_group=True,
        vary={factor.name: "prior" for factor in factors_at(point)},
        samples=size["base_points"],
        runs=size["runs"],
        seed=seed,
        start=point.start,
        match=point.match,
        model=point.model,
        curriculum=point.curriculum,
    )
    result = sensitivity(_response(study, precision, threads), seed=seed)
    rows = [
        {"measure": measure, "group": name, **limits(index)}
        for measure, indices in result.measures.items()
        for name, index in indices.items()
    ]
    return pd.DataFrame(rows).assign(variance=result.variance, base_points=study.samples, runs=study.runs)


def _response(study: Study, precision: str, threads: int | None) -> Response:
    """Return the paired difference in deception at every point of the design."""
    points, arms = points_of(study), [TrainingProtocol(arm) for arm in ARMS]
    keys: dict[str, Any] = {"seed": study.seed, "precision": precision, "threads": 1}

    def at(row: dict[str, Any]) -> tuple[int, int]:
        ended = run_paired(study.point.at(row), arms, range(study.runs), **keys)
        return _discordant(*(ended[arm] for arm in arms))

    gained, lost = np.array([*in_order(at, rows_of(points), threads=threads)]).T
    return counted(study, points, gained, lost, runs=np.full(len(points), study.runs))


def draw_sensitivity(table: pd.DataFrame) -> Figure:
    """Draw bars with intervals, from the largest total index down."""
    measures: dict[str, dict[str, Interval]] = {}
    for row in rows_of(table):
        measures.setdefault(row["measure"], {})[row["group"]] = interval_of(row)
    return bars(measures, TITLE)


SENSITIVITY = Picture(
    name="sensitivity",
    title="how much of the variation of the difference over the prior each group of parameters explains",
    compute=compute_sensitivity,
    draw=draw_sensitivity,
    full={"runs": 100, "base_points": 512},
    quick={"runs": 32, "base_points": 64},
    extra=("SALib",),
)
