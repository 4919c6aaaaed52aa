"""Training of a sweep's units on a Dask cluster, which is started here or runs already."""

import asyncio
import json
import logging
import pickle
import time
import uuid
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Any

from feint.agents.errors import InputError, check_whole, load_extra
from feint.sim.sweeps.runtime import Runtime, this_runtime
from feint.sim.sweeps.study import Study
from feint.sim.sweeps.unit_training import Columns, Job, Keep, Train, train_unit
from feint.sim.sweeps.units import Unit

PATIENCE = 5.0  # seconds within which a scheduler must answer
AHEAD, LEAST_AHEAD = 4, 8  # units submitted per thread of the cluster; in all, also while it has no thread yet
STALLED = 60.0  # seconds without a finished unit, after which paused workers end a sweep
FINISHING = 60.0  # seconds for which an interrupted sweep waits for the units under way
GLANCE = 0.1  # seconds between two looks at whether a unit is done
TALKERS = ("distributed", "distributed.client", "tornado.application", "asyncio")  # loggers of what Dask runs on
RETRIES = 2  # of a unit in which a worker fails; if a worker dies, Dask's own limit holds
DEAF = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)"  # Ctrl-C is for the process that started them
MOST_SHOWN = 3  # workers in a sentence
LOGGED = 10  # messages that each connection keeps for Dask's developers; by default thousands, with their units
PURPOSE = "a sweep on a cluster"
KEPT = "finished parts stay, continue with --resume"
KEPT_SENTENCE = f"{KEPT.capitalize()}."


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
        self.closed = getattr(self.distributed.client, "ClosedClientError", OSError)  # earlier versions have none
        self.scheduler: Any = scheduler if isinstance(scheduler, self.distributed.Client) else address_of(scheduler)
        self.name = f"feint-{uuid.uuid4().hex[:8]}"
        if isinstance(self.scheduler, str):
            check_scheduler(self.scheduler)

    def __enter__(self) -> Train:
        from dask import config

        with ExitStack() as opened:
            opened.push(_quietly())
            opened.enter_context(config.set({"distributed.admin.low-level-log-length": LOGGED}))
            self.client = self._client(opened, self.scheduler) if self.scheduler else self._started(opened)
            with self._reached():
                runtimes = self.client.run(this_runtime, on_error="return")
            for address, runtime in runtimes.items():
                self._check(runtime, address)
            self.opened = opened.pop_all()
        return self._train

    def __exit__(self, *raised: Any) -> None:
        self.opened.__exit__(*raised)

    def _started(self, opened: ExitStack) -> Any:
        """Start a cluster that lives as long as this, and return its client."""
        try:
            cluster = self.distributed.LocalCluster(
                n_workers=self.workers,
                threads_per_worker=1,  # a unit is one thread's work
                memory_limit=0,  # a unit takes little memory, none of which could be spilled
                dashboard_address="127.0.0.1:0",  # any free port: the default one may be taken
                scheduler_kwargs={"dashboard": False},
                silence_logs=logging.CRITICAL,
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
            while submitted:
                future = self._next(done)
                unit = submitted.pop(future)
                columns = self._received(unit, future)
                self._submit(jobs, submitted, done)
                keep(unit, columns)
                yield unit, columns
        except (KeyboardInterrupt, GeneratorExit):
            self._finish(submitted, keep)
            raise
        finally:
            if submitted and self.client is self.scheduler and self.client.status == "running":
                self.client.cancel(list(submitted))

    def _next(self, done: Any) -> Any:
        """Return the next future that is done; raises `InputError` if paused workers keep all others waiting."""
        looked = time.monotonic()
        while not done.has_ready():
            with done.thread_condition:
                done.thread_condition.wait(GLANCE)
            if time.monotonic() - looked > STALLED:
                self._check_paused()
                looked = time.monotonic()
        return next(done)

    def _check_paused(self) -> None:
        """Raise `InputError` if units wait for workers that Dask has paused, and no worker trains one."""
        with self._reached():
            info = self.client.sync(self.client.scheduler.identity)
            under_way = {address for address, keys in self.client.processing().items() if keys}
        workers = info["workers"]
        paused = [address for address, worker in workers.items() if worker["status"] == "paused"]
        at_work = [worker for address, worker in workers.items() if address in under_way and address not in paused]
        if not paused or at_work or any(workers[address]["metrics"].get("executing") for address in paused):
            return
        held = [workers[address]["metrics"]["memory"] / (workers[address]["memory_limit"] or 1) for address in paused]
        shown = ", ".join(paused[:MOST_SHOWN]) + (" and others" if len(paused) > MOST_SHOWN else "")
        raise InputError(
            f"workers {shown} are paused by Dask, at up to {max(held):.0%} of their memory limit, and no unit was "
            f"finished in {STALLED:g} seconds: start them with a higher --memory-limit; {KEPT}."
        )

    def _finish(self, submitted: dict[Any, Unit], keep: Keep) -> None:
        """Keep the units that workers are training, if that does not take long; others are dropped."""
        with suppress(Exception):
            threads = self.client.nthreads()
            under_way = {key for at, keys in self.client.processing().items() for key in [*keys][: threads.get(at, 0)]}
            waiting = [future for future in submitted if future.key in under_way]
            self.client.cancel([future for future in submitted if future.key not in under_way])
            for future in self.distributed.as_completed(waiting, loop=self.client.loop, timeout=FINISHING):
                keep(submitted[future], self._received(submitted[future], future))
                del submitted[future]

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


def _quietly() -> Callable[..., None]:
    """Let Dask say nothing: what happens to a cluster is one sentence of Feint's; return what lets it speak again.

    After an error it stays silent, since its tasks complain of a lost scheduler only as they are thrown away.
    """
    loggers = [logging.getLogger(name) for name in TALKERS]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)

    def restore(kind: Any, *_: object) -> None:
        if kind is None:
            for logger, level in zip(loggers, before, strict=True):
                logger.setLevel(level)

    return restore


def address_of(scheduler: Any) -> str | None:
    """Return the address of a scheduler, which may be in the file that `dask scheduler --scheduler-file` writes."""
    if scheduler is None:
        return None
    if not isinstance(scheduler, (str, Path)) or not str(scheduler):
        raise InputError(f"scheduler = {scheduler!r} is not an address, such as 'tcp://host:8786', nor a Client.")
    if Path(scheduler).suffix.lower() != ".json":
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
        except MemoryError:  # the first bytes of another protocol, read as a length
            what = "something else listens there"
            raise InputError(f"scheduler = {address!r} is not that of a Dask scheduler: {what}.") from None
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
