"""Sensitivity: how much of the difference's variation over the prior goes back to each group of parameters."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np

from feint.agents.outcome import Outcome
from feint.scenarios.gallery.picture import Picture, Settings, interval_of, limits, rows_of
from feint.sim.analysis.priors import factors_at
from feint.sim.analysis.response_surface import Response, counted, points_of
from feint.sim.analysis.sensitivity import Sensitivity, figure, sensitivity
from feint.sim.ensembles.paired_runs import run_paired
from feint.sim.ensembles.protocols import FROM_SCRATCH, PRETRAIN_FINETUNE, TrainingProtocol
from feint.sim.ensembles.runner import check_threads
from feint.sim.statistics.intervals import Interval
from feint.sim.sweeps.study import Study
from feint.sim.training.parameter_point import Point

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

ARMS = (TrainingProtocol(PRETRAIN_FINETUNE), TrainingProtocol(FROM_SCRATCH))


def study_at(point: Point, base_points: int, runs: int, seed: int = 0) -> Study:
    """Saltelli's design over the whole prior, all parameters of one argument moved together."""
    return Study(
        design="saltelli",
        by_group=True,
        vary={factor.name: "prior" for factor in factors_at(point)},
        samples=base_points,
        runs=runs,
        seed=seed,
        start=point.start,
        match=point.match,
        model=point.model,
        curriculum=point.curriculum,
    )


def compute(settings: Settings) -> pd.DataFrame:
    """One row a measure and group."""
    PICTURE.check_libraries()
    study = study_at(settings.point, settings.size["base_points"], settings.runs, settings.seed)
    found = sensitivity(_response(study, settings), seed=settings.seed)
    rows = [
        {"measure": measure, "group": name, **limits(index)}
        for measure, indices in found.measures.items()
        for name, index in indices.items()
    ]
    import pandas as pd

    return pd.DataFrame(rows).assign(variance=found.variance, base_points=study.samples, runs=settings.runs)


def _response(study: Study, settings: Settings) -> Response:
    """The paired difference in deception at every point of the design."""
    points = points_of(study)
    keys: dict[str, Any] = {**settings.common, "threads": 1}

    def at(row: dict[str, Any]) -> tuple[int, int]:
        ended = run_paired(settings.point.at(row), ARMS, range(settings.runs), **keys)
        with_it, without = (ended[protocol].outcome == Outcome.DECEPTIVE for protocol in ARMS)
        return int((with_it & ~without).sum()), int((without & ~with_it).sum())

    with ThreadPoolExecutor(check_threads(settings.threads)) as pool:
        gained, lost = np.array(list(pool.map(at, rows_of(points)))).T
    return counted(study, points, gained, lost, runs=np.full(len(points), settings.runs))


def draw(table: pd.DataFrame) -> Figure:
    """Bars with intervals, from the largest total index down."""
    import pandas as pd

    measures: dict[str, dict[str, Interval]] = {}
    for row in rows_of(table):
        measures.setdefault(row["measure"], {})[row["group"]] = interval_of(row)
    study = study_at(Point(), int(table["base_points"].iloc[0]), int(table["runs"].iloc[0]))
    nothing = counted(study, pd.DataFrame(), np.zeros(0), runs=np.zeros(0))
    variance = float(table["variance"].iloc[0])
    found = Sensitivity(response=nothing, method="Sobol", measures=measures, variance=variance, noise=0.0, resamples=0)
    return figure(found)


PICTURE = Picture(
    name="sensitivity",
    title="how much of the variation of the difference over the prior goes back to each group of parameters",
    compute=compute,
    draw=draw,
    full={"runs": 100, "base_points": 512},
    quick={"runs": 32, "base_points": 64},
    extra=("SALib",),
)
