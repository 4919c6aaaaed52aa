"""Sweeps: studies carried out round by round, part by part, into a folder from which they can be resumed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import groupby
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from feint.agents.errors import InputError
from feint.sim.ensembles.runner import check_threads
from feint.sim.sweeps import experimental_designs as designs
from feint.sim.sweeps.study import MOST_RUNS, Study
from feint.sim.sweeps.sweep_results import EVENTS, Sweep, wide_points
from feint.sim.sweeps.sweep_store import COLUMNS, Store, Unit, last_stages, read_parts, units_of
from feint.sim.sweeps.unit_training import Cluster, Columns, Job, in_threads

if TYPE_CHECKING:
    import pyarrow as pa

Round = tuple[int, int, list[range], int]  # first and last run, points, known total of runs per arm
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
    study, out, resume
        The study, the folder for its result, and whether to go on with the sweep that the folder holds.
    threads, scheduler, workers
        Number of threads, one per core if None; or a Dask cluster: an address or a `distributed.Client` of one that
        runs, or the number of workers of one that is started here.
    begin, progress, warn
        Called once the folder is open; with the runs per arm finished just now, those finished before, and the known
        total; and with one sentence for each damaged file.

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
    trainer = in_threads(study, threads) if here else Cluster(study, scheduler, workers)
    with Store.opened(out, study, resume=resume) as store:
        (begin or _ignore)()
        try:
            write_points(store)
        except InputError:
            if store.fresh:  # a study that is refused leaves no folder
                store.discard()
            raise
        finished = set(store.finished_parts())
        for sentence in store.set_aside:
            (warn or _ignore)(f"{sentence}; it was set aside and is made again.")
        with trainer as train:
            for first, last, points, total in rounds(store):
                done = sum(unit.size for unit in finished if unit.last_run <= last)
                (progress or _ignore)(0, done, total)
                for unit, columns in train(_missing(store, points, first, last, finished)):
                    store.write("parts", unit.name, _part(columns))
                    (progress or _ignore)(unit.size, done, total)
                    done += unit.size
                    finished.add(unit)
        store.write_json("finished.json", {"parts": len(store.finished_parts())})
    return Sweep.open(out)


def _ignore(*_: object) -> None:
    """Do nothing, as a callback that is left out."""


def rounds(store: Store) -> Iterator[Round]:
    """Yield the rounds of a study, each decided from the counts of the last one, until no point needs more runs.

    With `half_width` there is a round of `runs`, then rounds of as many again as there are, up to `most_runs`. A point
    gets more runs while an interval of its deception, of an arm or of the difference between them, is wider than
    `half_width`. The intervals are exact and hold at every look: each look spends an equal part of the error
    (`feint.sim.statistics.intervals`).
    """
    count, before = designs.count(store.study), 0
    points, totals = [range(count)], store.study.rounds
    for total in totals:
        yield before, total, points, count * before + sum(map(len, points)) * (total - before)
        before = total
        points = points if total == totals[-1] else list(neighbours(_still_wide(store, points, total)))
        if not points:
            return


def _still_wide(store: Store, points: list[range], total: int) -> list[int]:
    """Return those of these points whose intervals are too wide after `total` runs."""
    import pandas as pd

    candidates = {point for part in points for point in part}
    parts = store.finished_parts().items()  # a sweep that is resumed may be further than this look
    tables = (last_stages(read_parts([path])) for unit, path in parts if unit.last_run <= total)
    last = pd.concat([table.loc[table["point"].isin(candidates), ["point", "arm", *EVENTS]] for table in tables])
    return wide_points(store.study, last, total)


def neighbours(points: Iterable[int]) -> Iterator[range]:
    """Yield increasing numbers as ranges."""
    for _, part in groupby(enumerate(points), lambda pair: pair[1] - pair[0]):
        numbers = [number for _, number in part]
        yield range(numbers[0], numbers[-1] + 1)


def write_points(store: Store) -> None:
    """Write the points of the design unless that is done; every point is validated before any is trained."""
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


def _points_of(name: str) -> range:
    """Return the points in a file of points."""
    first, _, last = name.partition("-")
    return range(int(first), int(last))


def _missing(store: Store, points: Iterable[range], first: int, last: int, finished: set[Unit]) -> Iterator[Job]:
    """Yield the unfinished units of these points, each within one file of points, with the factors' values there."""
    import pandas as pd

    read = lru_cache(maxsize=1)(lambda path: pd.read_parquet(path).drop(columns="point"))
    for stored, path in store.intact_files("points").items():
        held = _points_of(stored)
        for wanted in points:
            common = range(max(wanted.start, held.start), min(wanted.stop, held.stop))
            for unit in units_of(common, first, last, store.cut):
                if unit not in finished:
                    rows = read(path).iloc[unit.first_point - held.start : unit.last_point - held.start]
                    yield unit, {str(name): rows[name].tolist() for name in rows.columns}
