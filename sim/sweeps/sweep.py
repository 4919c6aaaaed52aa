"""Sweeps: a study carried out part by part, into a folder from which it can be resumed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from feint.agents.errors import InputError
from feint.sim.ensembles.runner import check_threads, in_order
from feint.sim.sweeps import experimental_designs as designs
from feint.sim.sweeps.dask_cluster import Cluster
from feint.sim.sweeps.sequential_sampling import Allocation
from feint.sim.sweeps.study import MOST_RUNS, Study
from feint.sim.sweeps.sweep_results import Sweep
from feint.sim.sweeps.sweep_store import Store
from feint.sim.sweeps.work_units import COLUMNS, Columns, Job, Unit, train_unit, units_of

if TYPE_CHECKING:
    import pyarrow as pa

MOST_APART = 2**64 // MOST_RUNS  # points whose runs can be numbered separately


def sweep(
    study: Study,
    out: str | Path,
    *,
    resume: bool = False,
    threads: int | None = None,
    scheduler: Any = None,
    workers: int | None = None,
    begin: Callable[[], object] | None = None,
    progress: Callable[[int, int, int], object] | None = None,
    warn: Callable[[str], object] | None = None,
) -> Sweep:
    """Carry out a study and return its results, which do not depend on what trains nor on how often it was resumed.

    Parameters
    ----------
    study
        What varies and how.
    out
        Folder for the result.
    resume
        Whether to go on with a sweep that the folder holds.
    threads
        Number of threads; one per core if None.
    scheduler
        Train on a Dask cluster instead: an address, or a `distributed.Client`.
    workers
        Start a Dask cluster of this many workers here instead.
    begin
        Called once the folder is open.
    progress
        Called with the runs per arm finished just now, those finished before, and all there are as far as is known.
    warn
        Called with one sentence for each damaged file.

    Raises
    ------
    InputError
        If an argument is not valid, if the folder cannot be used, or if a part cannot be trained.

    """
    if not isinstance(study, Study):
        raise InputError(f"study = {study!r} is not a Study: write sweep(study, out), the folder second.")
    if not isinstance(out, (str, PathLike)):
        raise InputError(f"out = {out!r} is not the path of a folder: write sweep(study, out).")
    threads, here = check_threads(threads), scheduler is None and workers is None
    trainer = _in_threads(study, threads) if here else Cluster(study, scheduler, workers)
    with Store.opened(out, study, resume=resume) as store:
        if begin is not None:
            begin()
        try:
            write_points(store)
        except InputError:
            if store.fresh:  # a study that is refused leaves no folder
                store.discard()
            raise
        finished = set(store.finished_parts())
        for sentence in store.set_aside if warn else ():
            warn(f"{sentence}; it was set aside and is made again.")  # pyright: ignore[reportOptionalCall]
        with trainer as train:
            for first, last, points, total in Allocation(study, store).rounds():
                missing = (unit for unit in _units(store, points, first, last) if unit not in finished)
                done = sum(unit.size for unit in finished if unit.last_run <= last)
                if progress is not None:
                    progress(0, done, total)
                for unit, columns in train(_jobs(store, missing)):
                    store.write("parts", unit.name, _part(columns))
                    if progress is not None:
                        progress(unit.size, done, total)
                    done += unit.size
                    finished.add(unit)
        store.write_text("finished.json", json.dumps({"parts": len(store.finished_parts())}))
    return Sweep.open(out)


def write_points(store: Store) -> None:
    """Write the points of the design, unless they are there; every point is validated before any is trained."""
    import pyarrow as pa

    written, expected = store.intact_files("points"), designs.count(store.study)
    if store.study.streams == "independent" and expected > MOST_APART:
        raise InputError(f"streams = 'independent' has room for {MOST_APART:,} points, and the study has {expected:,}.")
    if sum(len(_points_of(name)) for name in written) == expected:
        return
    for table in designs.points(store.study, store.cut.points_a_file):
        name = f"{table['point'].iloc[0]:09d}-{table['point'].iloc[-1] + 1:09d}"
        if name in written:
            continue
        for row in table.drop(columns="point").to_dict("records"):
            store.study.specs({str(factor): value for factor, value in row.items()})
        store.write("points", name, pa.Table.from_pandas(table, preserve_index=False))


def _part(columns: Columns) -> pa.Table:
    """Return the columns of a unit as the table that is stored."""
    import pyarrow as pa

    kinds = {"arm": pa.string(), "stage": pa.string()}
    schema = pa.schema([(name, kinds.get(name, pa.int64())) for name in COLUMNS])
    return pa.Table.from_pydict(columns, schema=schema)


@contextmanager
def _in_threads(study: Study, threads: int) -> Iterator[Callable[[Iterable[Job]], Iterator[Job]]]:
    """Yield a function that trains units in threads of this process."""
    for spec in study.specs({}).values():
        spec.warm_up()

    def train(job: Job) -> Job:
        unit, values = job
        return unit, train_unit(study, unit, values)

    yield lambda jobs: in_order(train, jobs, threads=threads, ahead=2 * threads)


def _points_of(name: str) -> range:
    """Return the points in a file of points."""
    first, _, last = name.partition("-")
    return range(int(first), int(last))


def _units(store: Store, points: Iterable[range], first: int, last: int) -> Iterator[Unit]:
    """Yield units of these points, each of which lies within one file of points."""
    files = [_points_of(name) for name in store.intact_files("points")]
    for wanted in points:
        for held in files:
            common = range(max(wanted.start, held.start), min(wanted.stop, held.stop))
            if common:
                yield from units_of(common, first, last, store.cut)


def _jobs(store: Store, units: Iterable[Unit]) -> Iterator[Job]:
    """Yield units with the values of the factors at their points."""
    import pandas as pd

    files = {_points_of(name): path for name, path in store.intact_files("points").items()}
    here, table = range(0), pd.DataFrame()
    for unit in units:
        if unit.first_point not in here:
            here = next(held for held in files if unit.first_point in held)
            table = pd.read_parquet(files[here]).drop(columns="point")
        rows = table.iloc[unit.first_point - here.start : unit.last_point - here.start]
        yield unit, {str(name): rows[name].tolist() for name in rows.columns}
