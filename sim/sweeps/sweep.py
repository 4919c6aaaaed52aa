"""Sweeps: a study carried out, part by part, into a folder that can be gone on with."""

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
from feint.sim.sweeps.sequential_sampling import Allocation
from feint.sim.sweeps.study import MOST_RUNS, Study
from feint.sim.sweeps.sweep_results import Sweep
from feint.sim.sweeps.sweep_store import Store
from feint.sim.sweeps.work_units import COLUMNS, Unit, train_unit, units_of

if TYPE_CHECKING:
    import pyarrow as pa

MOST_APART = 2**64 // MOST_RUNS  # points whose runs can be numbered apart
Job = tuple[Unit, dict[str, list[Any]]]
Done = tuple[Unit, dict[str, list[Any]]]


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
    """Carry out a study into the folder `out`, and open what came of it.

    In threads of this process, unless a `scheduler` is given (an address, or a `distributed.Client`) or a number of
    `workers` of a Dask cluster to start here. Nothing in the result depends on which, nor on how often the sweep was
    stopped and gone on with. `begin` is called once the folder is open; `progress` with the runs an arm finished just
    now, those finished before, and all there are as far as is known; `warn` with a sentence on each file that was
    damaged. Raises `InputError`.
    """
    _check_order(study, out)
    carrying = carrier(study, check_threads(threads), scheduler, workers)
    with Store.opened(out, study, resume=resume) as store:
        if begin is not None:
            begin()
        try:
            lay_points(store)
        except InputError:
            if store.fresh:  # a study that is refused takes no folder
                store.discard()
            raise
        finished = set(store.finished())
        for sentence in store.set_aside if warn else ():
            warn(f"{sentence}; it was set aside and is made again.")  # pyright: ignore[reportOptionalCall]
        allocation = Allocation(study, store)
        with carrying as carry:
            for first, last, points, total in allocation.rounds():
                fresh = (unit for unit in _units(store, points, first, last) if unit not in finished)
                done = sum(unit.size for unit in finished if unit.last_run <= last)
                if progress is not None:
                    progress(0, done, total)
                for unit, columns in carry(_jobs(store, fresh)):
                    store.write("parts", unit.name, part(columns))
                    if progress is not None:
                        progress(unit.size, done, total)
                    done += unit.size
                    finished.add(unit)
        store.write_text("finished.json", json.dumps({"parts": len(store.finished())}))
    return Sweep.open(out)


def _check_order(study: object, out: object) -> None:
    """Raise unless these are a study and the path of a folder, in this order."""
    if not isinstance(study, Study):
        raise InputError(f"study = {study!r} is not a Study: write sweep(study, out), the folder second.")
    if not isinstance(out, (str, PathLike)):
        raise InputError(f"out = {out!r} is not the path of a folder: write sweep(study, out).")


def lay_points(store: Store) -> None:
    """Write the points of the design, where they are not there yet."""
    import pyarrow as pa

    there = store.sound("points")
    expected = designs.count(store.study)
    if store.study.streams == "independent" and expected > MOST_APART:
        raise InputError(f"streams = 'independent' has room for {MOST_APART:,} points, and the study has {expected:,}.")
    if sum(_points_of(name).stop - _points_of(name).start for name in there) == expected:
        return
    for table in designs.points(store.study, store.cut.points_a_file):
        name = f"{table['point'].iloc[0]:09d}-{table['point'].iloc[-1] + 1:09d}"
        for row in table.drop(columns="point").to_dict("records") if name not in there else ():
            store.study.plans(
                {str(factor): value for factor, value in row.items()}
            )  # every point is valid before the first is trained
        if name not in there:
            store.write("points", name, pa.Table.from_pandas(table, preserve_index=False))


def part(columns: dict[str, list[Any]]) -> pa.Table:
    """The columns of a unit as the table that is stored."""
    import pyarrow as pa

    kinds = {"arm": pa.string(), "stage": pa.string()}
    schema = pa.schema([(name, kinds.get(name, pa.int64())) for name in COLUMNS])
    return pa.Table.from_pydict(columns, schema=schema)


def carrier(study: Study, threads: int, scheduler: Any, workers: int | None) -> Any:
    """What trains the units: a context manager that gives a function of jobs."""
    if scheduler is None and workers is None:
        return _in_threads(study, threads)
    from feint.sim.sweeps.dask_cluster import Cluster

    return Cluster(study, scheduler, workers)


@contextmanager
def _in_threads(study: Study, threads: int) -> Iterator[Callable[[Iterable[Job]], Iterator[Done]]]:
    """Yield a function that trains units in threads of this process."""
    for spec in study.plans({}).values():
        spec.warm_up()

    def train(job: Job) -> Done:
        unit, values = job
        return unit, train_unit(study, unit, values)

    yield lambda jobs: in_order(train, jobs, threads=threads, ahead=2 * threads)


def _points_of(name: str) -> range:
    first, _, last = name.partition("-")
    return range(int(first), int(last))


def _units(store: Store, points: Iterable[range], first: int, last: int) -> Iterator[Unit]:
    """Units of these points, none of which crosses the files of points."""
    files = [_points_of(name) for name in store.sound("points")]
    for wanted in points:
        for held in files:
            common = range(max(wanted.start, held.start), min(wanted.stop, held.stop))
            if common:
                yield from units_of(common, first, last, store.cut)


def _jobs(store: Store, units: Iterable[Unit]) -> Iterator[Job]:
    """Units with the values of the factors at their points."""
    import pandas as pd

    files = {_points_of(name): path for name, path in store.sound("points").items()}
    here, table = range(0), pd.DataFrame()
    for unit in units:
        if unit.first_point not in here:
            here = next(held for held in files if unit.first_point in held)
            table = pd.read_parquet(files[here]).drop(columns="point")
        rows = table.iloc[unit.first_point - here.start : unit.last_point - here.start]
        yield unit, {str(name): rows[name].tolist() for name in rows.columns}
