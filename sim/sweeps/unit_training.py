"""Training of a sweep's units, round by round, in threads of this process."""

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from feint.agents.errors import InputError
from feint.agents.outcome import LABELS, Outcome
from feint.sim.ensembles.protocols import FROM_SCRATCH, PRETRAIN_FINETUNE
from feint.sim.ensembles.runner import blocks, in_order
from feint.sim.ensembles.streaming_summary import Tally, converged_of, crossed
from feint.sim.sweeps.experimental_designs import count, files_of_points, values_of
from feint.sim.sweeps.study import EVENTS, Study
from feint.sim.sweeps.sweep_store import COLUMNS, RESUME, Store, last_stages, read_parts
from feint.sim.sweeps.units import Missing, Unit, neighbours
from feint.sim.training.train import RunSpec

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

Round = tuple[int, int, list[range], int]  # first and last run, points, known total of runs per arm
Columns = dict[str, list[Any]]
Job = tuple[Unit, Columns]
"""A unit with the values of the factors at its points or, once it is trained, with the columns of its part."""
Keep = Callable[[Unit, Columns], object]
"""What stores the columns of a unit that is trained."""
Train = Callable[[Iterable[Job], Keep], Generator[Job, None, None]]


def rounds(store: Store, finished: Mapping[Unit, Path]) -> Iterator[Round]:
    """Yield the rounds of a study, each decided from the counts of the last one, until no point needs more runs.

    With `half_width` there is a round of `runs`, then rounds of as many again as there are, up to `most_runs`. A point
    gets more runs while an interval of its deception, of an arm or of the difference between them, is wider than
    `half_width`. The intervals are exact and hold at every look: each look spends an equal part of the error
    (`feint.sim.statistics.intervals`).

    So a sweep may be resumed with a smaller `half_width`, also one that was chosen from what was seen: the looks stay
    the same, and their intervals hold all at once, with at least the stated confidence, whenever one stops. A larger
    `most_runs` adds looks, and all get the level of that many, as if they had been requested at once. That holds the
    confidence if `most_runs` was not chosen from what was seen; if it was, each time adds an error of at most
    (looks added) / (looks in all) of the stated one, so that `most_runs` is better large from the beginning.
    """
    number, before = count(store.study), 0
    points, totals = [range(number)], store.study.rounds
    for total in totals:
        yield before, total, points, number * before + sum(map(len, points)) * (total - before)
        before = total
        points = points if total == totals[-1] else list(neighbours(_still_wide(store, finished, points, total)))
        if not points:
            return


def _still_wide(store: Store, finished: Mapping[Unit, Path], points: list[range], total: int) -> list[int]:
    """Return those of these points whose intervals are too wide after `total` runs."""
    import pandas as pd

    candidates = {point for part in points for point in part}
    paths = (path for unit, path in finished.items() if unit.last_run <= total)  # others are of a later look
    tables = map(_last_stages_in, paths)
    last = pd.concat([table.loc[table["point"].isin(candidates), ["point", "arm", *EVENTS]] for table in tables])
    return store.study.wide_points(last, total)


def _last_stages_in(path: Path) -> "pd.DataFrame":
    try:
        return last_stages(read_parts([path]))
    except OSError:
        raise InputError(f"{str(path)!r} cannot be read any more: continue the sweep with {RESUME}.") from None


def missing_jobs(
    store: Store, points: Iterable[range], first: int, last: int, finished: Iterable[Unit]
) -> Iterator[Job]:
    """Yield the unfinished units of these points, each within one file of points, with the factors' values there."""
    import pandas as pd

    read = lru_cache(maxsize=1)(lambda path: values_of(pd.read_parquet(path)))
    missing = Missing(first, last, finished, store.cut)
    for held, path in files_of_points(store):
        for wanted in points:
            for unit in missing.units(range(max(wanted.start, held.start), min(wanted.stop, held.stop))):
                rows = read(path).iloc[unit.first_point - held.start : unit.last_point - held.start]
                yield unit, {str(name): rows[name].tolist() for name in rows.columns}


def part_table(columns: Columns) -> "pa.Table":
    """Return the columns of a unit as the table that is stored."""
    import pyarrow as pa

    kinds = {"arm": pa.string(), "stage": pa.string()}
    schema = pa.schema([(name, kinds.get(name, pa.int64())) for name in COLUMNS])
    return pa.Table.from_pydict(columns, schema=schema)


def train_unit(study: Study, unit: Unit, values: Columns) -> Columns:
    """Train a unit and return the columns of its part; `values` are the factors' values at its points."""
    rows: list[tuple[Any, ...]] = []
    for i, point in enumerate(unit.points):
        specs = study.specs({name: column[i] for name, column in values.items()})
        first = study.first_run(point)
        tallies, pairs, converged = train_point(specs, first + unit.first_run, first + unit.last_run)
        paired = [*discordant(pairs), *deceptive_in_both(converged)]
        for arm, tally in tallies.items():
            rows += _rows(point, arm, specs[arm], tally, paired)
    return {name: list(column) for name, column in zip(COLUMNS, zip(*rows, strict=True), strict=True)}


def train_point(specs: Mapping[str, RunSpec], first: int, last: int) -> tuple[dict[str, Tally], np.ndarray, np.ndarray]:
    """Train runs of one point; return each arm's tally, and the runs by the final outcomes of both arms, twice.

    These counts have the shape (outcome from scratch, outcome after pre-training); they are 0 for a single arm. In the
    second ones every run that did not converge counts as unconverged.
    """
    tallies: dict[str, Tally] = {}
    pairs, converged = np.zeros((2, len(LABELS), len(LABELS)), np.int64)
    for block in blocks(first, last):
        state, final = None, {}
        for arm, spec in specs.items():
            state = spec.begin(np.arange(block.start, block.stop, dtype=np.uint64)) if state is None else state
            stops = list(spec.train(state))
            tally = Tally.of(stops)
            tallies[arm] = tallies[arm] + tally if arm in tallies else tally
            final[arm] = stops[-1].readings.outcome, stops[-1].missed
        if len(final) == 2:
            (one, missed), (other, missed_too) = final[FROM_SCRATCH], final[PRETRAIN_FINETUNE]
            pairs += crossed(one, other)
            unconverged = Outcome.UNCONVERGED
            converged += crossed(np.where(missed, unconverged, one), np.where(missed_too, unconverged, other))
    return tallies, pairs, converged


def discordant(pairs: np.ndarray) -> list[int]:
    """Return GAINED and LOST: the runs that end as each type after pre-training alone, then from scratch alone."""
    return np.concatenate([pairs.sum(axis=0), pairs.sum(axis=1)] - np.tile(np.diag(pairs), (2, 1))).tolist()


def deceptive_in_both(converged: np.ndarray) -> list[int]:
    """Return BOTH: of the runs that converged in both arms, all, and those that are deceptive in one or in both."""
    both, deceptive = converged[1:, 1:], Outcome.DECEPTIVE - 1
    counts = both.sum(), both[:, deceptive].sum(), both[deceptive].sum(), both[deceptive, deceptive]
    return [int(count) for count in counts]


def _rows(point: int, arm: str, spec: RunSpec, tally: Tally, paired: list[int]) -> Iterator[tuple[Any, ...]]:
    """Yield the row of each stage of an arm, with COLUMNS; only the last stage of the pre-trained arm has PAIRED."""
    for i, (stage, counts) in enumerate(zip(spec.curriculum.names, tally.counts.tolist(), strict=True)):
        converged = converged_of(tally.counts[i], tally.missed[i])[1:].tolist()
        others = (int(number) for number in (tally.missed[i].sum(), tally.diverged[i], tally.steps[i]))
        last = arm == PRETRAIN_FINETUNE and i == len(spec.curriculum) - 1
        of_both = paired if last else [0] * len(paired)
        yield (point, arm, stage, tally.runs, *counts, sum(converged), *converged, *others, *of_both)


@contextmanager
def in_threads(study: Study, threads: int) -> Iterator[Train]:
    """Yield a function that trains units in threads of this process.

    Each is stored by the thread that trained it, so that those under way are kept if the process is interrupted.
    """
    for spec in study.specs({}).values():
        spec.warm_up()

    def train_all(jobs: Iterable[Job], keep: Keep) -> Generator[Job, None, None]:
        def train(job: Job) -> Job:
            unit, values = job
            columns = train_unit(study, unit, values)
            keep(unit, columns)
            return unit, columns

        return in_order(train, jobs, threads=threads, ahead=2 * threads)

    yield train_all
