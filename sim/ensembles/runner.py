"""Work in threads: results come in order, and no number depends on the number of threads."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, fields, replace
from functools import cache
from threading import Lock
from typing import Annotated, Any, Self, TypeVar

import numpy as np
from pydantic import Field

from feint.agents.errors import check_whole
from feint.agents.kernels.beside import cores
from feint.agents.kernels.lanes import lanes_in
from feint.sim.results.report import Hidden
from feint.sim.results.request import Progress

BLOCK = 4096  # runs that are trained together and then added up; the same for any number of threads
CHUNK = 4096  # most runs that are trained together if nothing is added up
SMALLEST = 8 * lanes_in(np.float32)  # fewest runs of a chunk: otherwise many lanes idle at its end
ROOM = 2**22  # most numbers of the worlds of a chunk
LARGEST = 31 * 2**20  # bytes of a block, just below the most that moves the threshold of `keep_freed_memory`

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True, kw_only=True)
class Timing:
    """SGD steps taken by the kernels, and the time they took once compiled."""

    run_steps: Annotated[int, Field(description="SGD steps over all runs, stages and arms")]
    lane_steps: Hidden[int]  #: those and the steps of idle lanes
    seconds: Annotated[
        float,
        Field(description="wall-clock time of draws, training and reading, once compiled, all threads together"),
    ]
    threads: int

    @property
    def occupancy(self) -> float:
        """Share of the steps of all lanes that trained a run."""
        return self.run_steps / self.lane_steps if self.lane_steps else 1.0

    def __add__(self, other: Timing) -> Timing:
        sums = {name: getattr(self, name) + getattr(other, name) for name in ("run_steps", "lane_steps", "seconds")}
        return replace(self, **sums)

    def __str__(self) -> str:
        return f"{self.run_steps:,} SGD steps in {self.seconds:.2f} s on {self.threads} threads"


@dataclass(frozen=True, kw_only=True, eq=False)
class Sums:
    """Base of sums over blocks of runs: subclasses add fields that can be added."""

    runs: int
    run_steps: int  #: SGD steps of the runs
    lane_steps: int  #: those and the steps of idle lanes

    def __add__(self, other: Any) -> Self:
        names = [field.name for field in fields(self)]
        return type(self)(**{name: getattr(self, name) + getattr(other, name) for name in names})


AnySums = TypeVar("AnySums", bound=Sums)


def in_order(
    function: Callable[[Item], Result], items: Iterable[Item], *, threads: int | None = None, ahead: int | None = None
) -> Generator[Result, None, None]:
    """Yield `function(item)` of all items in their order, computed in threads; one per core if None.

    A single thread is the calling one. `ahead` limits how many items are taken before their results are used. Raises
    `InputError` if the number of threads is not valid.
    """
    threads = check_threads(threads)
    keep_freed_memory()
    if threads == 1:
        yield from map(function, items)
        return
    waiting: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        try:
            for item in items:
                waiting.append(pool.submit(function, item))
                if ahead is not None and len(waiting) >= ahead:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


@cache
def keep_freed_memory() -> None:
    """Let the C library keep the memory of one chunk for the next one.

    glibc gives memory that is freed back to the system beyond a threshold, which is twice the largest block that it has
    freed so far. With each chunk the system then hands out new pages, which takes longer than to draw its runs.
    """
    np.empty(LARGEST, np.uint8)  # freed at once, and its pages are never touched


def add_up(
    function: Callable[[range], AnySums], runs: int, *, threads: int | None = None, progress: Progress | None = None
) -> tuple[AnySums, Timing]:
    """Return the sum of `function(block)` over all blocks of `runs` runs, in memory that does not grow with them."""
    threads = check_threads(threads)
    begun, total = time.perf_counter(), None
    for part in in_order(function, blocks(0, runs), threads=threads, ahead=2 * threads):
        total = part if total is None else total + part
        if progress is not None:
            progress(part.runs)
    assert total is not None
    seconds = time.perf_counter() - begun
    return total, Timing(run_steps=total.run_steps, lane_steps=total.lane_steps, seconds=seconds, threads=threads)


def one_at_a_time(progress: Progress | None) -> Progress:
    """Return a function that passes progress on from several threads; without `progress` it does nothing."""
    lock = Lock()

    def report(amount: float) -> None:
        with lock:
            progress(amount)  # pyright: ignore[reportOptionalCall]

    return report if progress else lambda _: None


def blocks(first: int, last: int) -> Iterator[range]:
    """Yield ranges of run numbers from `first` to before `last`, whose bounds are multiples of BLOCK."""
    while first < last:
        stop = min(last, (first // BLOCK + 1) * BLOCK)
        yield range(first, stop)
        first = stop


def chunks(runs: int, threads: int, numbers: int) -> Iterator[range]:
    """Yield ranges of runs to train together, for runs whose worlds hold `numbers` numbers each."""
    size = min(max(SMALLEST, -(-runs // threads)), CHUNK, max(1, ROOM // numbers))
    for first in range(0, runs, size):
        yield range(first, min(runs, first + size))


def check_threads(threads: int | None) -> int:
    """Return the number of threads to use, one per core if None; raises `InputError` unless it is at least 1."""
    if threads is not None:
        return check_whole("threads", threads, 1)
    return cores()
