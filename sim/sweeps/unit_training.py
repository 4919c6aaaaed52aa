"""Training of a sweep's units, round by round: in threads of this process, or on a Dask cluster."""

import asyncio
import json
import pickle
import uuid
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from feint.agents.errors import InputError, check_whole, load_extra
from feint.agents.outcome import LABELS, Outcome
from feint.sim.ensembles.protocols import FROM_SCRATCH, PRETRAIN_FINETUNE
from feint.sim.ensembles.runner import blocks, in_order
from feint.sim.ensembles.streaming_summary import Tally, converged_of, crossed
from feint.sim.sweeps.experimental_designs import count, points_in, values_of
from feint.sim.sweeps.runtime import Runtime, this_runtime
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

PATIENCE = 5.0  # seconds within which a scheduler must answer
AHEAD, LEAST_AHEAD = 4, 8  # units submitted per thread of the cluster; in all, also while it has no thread yet
RETRIES = 2  # of a unit in which a worker fails; if a worker dies, Dask's own limit holds
DEAF = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)"  # Ctrl-C is for the process that started them
LOGGED = 10  # messages that each connection keeps for Dask's developers; by default thousands, with their units
PURPOSE = "a sweep on a cluster"
KEPT = "finished parts stay, continue with --resume"
KEPT_SENTENCE = f"{KEPT.capitalize()}."


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
    for stored, path in store.intact_files("points").items():
        held = points_in(stored)
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


def train_there(packed: bytes) -> tuple[Runtime, Columns] | InputError:
    """Train a study's unit on a worker; an error of the unit itself is returned, since no worker would do better."""
    try:
        return this_runtime(), train_unit(*pickle.loads(packed))
    except InputError as error:
        return error


class Cluster:
    """Context manager that yields a function from jobs to units trained on a Dask cluster, in no fixed order.

    `scheduler` is an address, a scheduler file (.json) or a `distributed.Client`; without one, `workers` processes of
    one thread each are started here, and stopped at the end. Only some units per thread of the cluster are submitted at
    a time, so that memory does not grow with their number. Raises `InputError` if the cluster cannot be reached, if its
    workers would not give identical bits, or if a unit fails for good.
    """

    def __init__(self, study: Study, scheduler: Any = None, workers: int | None = None) -> None:
        if scheduler is None:
            check_whole("workers", workers, 1)
        elif workers is not None:
            raise InputError(f"workers = {workers!r} is not allowed with a scheduler: its cluster has its own.")
        self.study, self.workers = study, workers
        self.distributed = load_extra("distributed", PURPOSE)
        self.closed = load_extra("distributed.client", PURPOSE).ClosedClientError
        self.scheduler: Any = scheduler if isinstance(scheduler, self.distributed.Client) else address_of(scheduler)
        self.name = f"feint-{uuid.uuid4().hex[:8]}"
        if isinstance(self.scheduler, str):
            check_scheduler(self.scheduler)

    def __enter__(self) -> Train:
        from dask import config

        with ExitStack() as opened:
            opened.enter_context(config.set({"distributed.admin.low-level-log-length": LOGGED}))
            self.client = self._client(opened, self.scheduler) if self.scheduler else self._started(opened)
            with self._reached():
                runtimes = self.client.run(this_runtime, on_error="return")
            for address, runtime in runtimes.items():
                self._check(runtime, address)
            self.opened = opened.pop_all()
        return self._train

    def __exit__(self, *_: object) -> None:
        self.opened.close()

    def _started(self, opened: ExitStack) -> Any:
        """Start a cluster that lives as long as this, and return its client."""
        try:
            cluster = self.distributed.LocalCluster(
                n_workers=self.workers,
                threads_per_worker=1,  # a unit is one thread's work
                memory_limit=0,  # a unit takes little memory, none of which could be spilled
                dashboard_address="127.0.0.1:0",  # any free port: the default one may be taken
                scheduler_kwargs={"dashboard": False},
                preload=[DEAF],
            )
        except Exception as error:
            raise InputError(
                f"workers = {self.workers!r} cannot be started: {_first_line(error)}; "
                "a script of your own must call sweep() below `if __name__ == '__main__':`."
            ) from error
        opened.callback(cluster.close)
        return self._client(opened, cluster)

    def _client(self, opened: ExitStack, where: Any) -> Any:
        """Return a client of a cluster that runs already."""
        if isinstance(where, self.distributed.Client):
            state = "asynchronous" if where.asynchronous else where.status
            if state != "running":
                raise InputError(f"scheduler = {where!r} cannot be used: it is {state}; give one that waits.")
            return where
        try:
            client = self.distributed.Client(where, timeout=PATIENCE, set_as_default=False)
        except Exception as error:
            raise InputError(f"scheduler = {where!r} cannot be used: {_first_line(error)}.") from error
        opened.callback(client.close)
        return client

    def _train(self, jobs: Iterable[Job], keep: Keep) -> Generator[Job, None, None]:
        """Yield units as they are done and stored."""
        jobs, done = iter(jobs), self.distributed.as_completed(loop=self.client.loop)
        submitted: dict[Any, Unit] = {}
        try:
            self._submit(jobs, submitted, done)
            for future in done:
                unit = submitted.pop(future)
                columns = self._received(unit, future)
                self._submit(jobs, submitted, done)
                keep(unit, columns)
                yield unit, columns
        finally:
            if submitted and self.client is self.scheduler and self.client.status == "running":
                self.client.cancel(list(submitted))

    def _submit(self, jobs: Iterator[Job], submitted: dict[Any, Unit], done: Any) -> None:
        """Submit the next jobs, up to the limit."""
        with self._reached():
            threads = sum(self.client.nthreads().values())
        for unit, values in islice(jobs, max(0, max(LEAST_AHEAD, AHEAD * threads) - len(submitted))):
            packed = pickle.dumps((self.study, unit, values))  # a quarter of the memory, also on the scheduler
            with self._reached():
                key = (self.name, unit.name)
                future = self.client.submit(train_there, packed, key=key, pure=False, retries=RETRIES)
            submitted[future] = unit
            done.add(future)

    def _received(self, unit: Unit, future: Any) -> Columns:
        """Return the columns of a unit that is done."""
        try:
            result = future.result()
        except Exception as error:
            if future.status != "error":
                raise self._lost() from error
            if isinstance(error, self.distributed.KilledWorker):
                what = "was under way whenever a worker died, more often than Dask allows: had they memory enough?"
                raise InputError(f"unit {unit.name} {what} {KEPT_SENTENCE}") from error
            what = f"{type(error).__name__}: {_first_line(error)}"
            raise InputError(f"unit {unit.name} failed on a worker: {what}; {KEPT}.") from error
        if isinstance(result, InputError):
            raise InputError(f"unit {unit.name} cannot be trained: {result} {KEPT_SENTENCE}")
        runtime, columns = result
        self._check(runtime)
        return columns

    def _check(self, runtime: Any, address: str = "") -> None:
        """Raise `InputError` unless a worker gives the same bits as this process, which the manifest describes."""
        if not isinstance(runtime, Runtime):
            what = f"{type(runtime).__name__}: {_first_line(runtime)}"
            raise InputError(f"worker {address} cannot run Feint: {what}; install there what is here.")
        this_runtime().check_same(runtime)

    @contextmanager
    def _reached(self) -> Iterator[None]:
        """Turn the loss of the scheduler into `InputError`."""
        try:
            yield
        except (OSError, CancelledError, self.closed) as error:
            raise self._lost() from error

    def _lost(self) -> InputError:
        return InputError(f"the scheduler of {self.client!r} does not answer any more; {KEPT}.")


def address_of(scheduler: Any) -> str | None:
    """Return the address of a scheduler, which may be in the file that `dask scheduler --scheduler-file` writes."""
    if scheduler is None:
        return None
    if not isinstance(scheduler, (str, Path)) or not str(scheduler):
        raise InputError(f"scheduler = {scheduler!r} is not an address, such as 'tcp://host:8786', nor a Client.")
    if Path(scheduler).suffix != ".json":
        return str(scheduler)
    try:
        return str(json.loads(Path(scheduler).read_text())["address"])
    except OSError as error:
        raise InputError(f"scheduler = {str(scheduler)!r} cannot be read: {error.strerror}.") from None
    except (ValueError, KeyError, TypeError):
        raise InputError(f"scheduler = {str(scheduler)!r} is not a scheduler file: it names no address.") from None


def check_scheduler(address: str) -> None:
    """Raise `InputError` unless a scheduler answers; a client without one would try again when it is discarded."""
    with ThreadPoolExecutor(1) as pool:  # in a notebook this thread has an event loop already
        try:
            pool.submit(asyncio.run, _greet(address)).result()
        except OSError:
            within = f"within {PATIENCE:g} seconds"
            raise InputError(f"scheduler = {address!r} cannot be reached: no scheduler answers {within}.") from None
        except ValueError as error:
            right = "write one such as 'tcp://host:8786'"
            raise InputError(f"scheduler = {address!r} is not an address: {_first_line(error)}; {right}.") from None
        except Exception as error:
            what = f"{type(error).__name__}: {_first_line(error)}"
            raise InputError(f"scheduler = {address!r} is not that of a Dask scheduler: {what}.") from error


async def _greet(address: str) -> None:
    from distributed.comm.core import connect
    from distributed.security import Security

    answer = connect(address, timeout=PATIENCE, **Security().get_connection_args("client"))
    comm = await asyncio.wait_for(answer, PATIENCE)  # connect() has no read timeout of its own
    await comm.close()


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
