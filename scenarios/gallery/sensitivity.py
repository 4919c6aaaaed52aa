"""Figure `sensitivity`: how much of the difference's variation over the prior each group of parameters explains."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from feint.agents.outcome import Outcome
from feint.scenarios.gallery.picture import Picture, Size, interval_of, limits, rows_of
from feint.sim.analysis.priors import factors_at
from feint.sim.analysis.response_surface import Response, counted, points_of
from feint.sim.analysis.sensitivity import bars, sensitivity
from feint.sim.ensembles.paired_runs import run_paired
from feint.sim.ensembles.protocols import ARM_NAMES, FROM_SCRATCH, PRETRAIN_FINETUNE, TrainingProtocol
from feint.sim.ensembles.runner import in_order
from feint.sim.statistics.intervals import Interval
from feint.sim.sweeps.study import Study
from feint.sim.training.parameter_point import Point

ARMS = (TrainingProtocol(PRETRAIN_FINETUNE), TrainingProtocol(FROM_SCRATCH))
TITLE = f"deception, {ARM_NAMES[PRETRAIN_FINETUNE]} minus {ARM_NAMES[FROM_SCRATCH]}"


def compute(point: Point, size: Size, *, seed: int, precision: str, threads: int | None) -> pd.DataFrame:
    """Return one row per measure and group."""
    PICTURE.check_libraries()
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
    points = points_of(study)
    keys: dict[str, Any] = {"seed": study.seed, "precision": precision, "threads": 1}

    def at(row: dict[str, Any]) -> tuple[int, int]:
        ended = run_paired(study.point.at(row), ARMS, range(study.runs), **keys)
        pretrained, scratch = (ended[protocol].outcome == Outcome.DECEPTIVE for protocol in ARMS)
        return int((pretrained & ~scratch).sum()), int((scratch & ~pretrained).sum())

    gained, lost = np.array([*in_order(at, rows_of(points), threads=threads)]).T
    return counted(study, points, gained, lost, runs=np.full(len(points), study.runs))


def draw(table: pd.DataFrame) -> Figure:
    """Draw bars with intervals, from the largest total index down."""
    measures: dict[str, dict[str, Interval]] = {}
    for row in rows_of(table):
        measures.setdefault(row["measure"], {})[row["group"]] = interval_of(row)
    return bars(measures, TITLE)


PICTURE = Picture(
    name="sensitivity",
    title="how much of the variation of the difference over the prior each group of parameters explains",
    compute=compute,
    draw=draw,
    full={"runs": 100, "base_points": 512},
    quick={"runs": 32, "base_points": 64},
    extra=("SALib",),
)
