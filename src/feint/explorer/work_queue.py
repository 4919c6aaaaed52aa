"""One worker thread for all readers: first results come before refinements, and unwanted work is dropped."""

from __future__ import annotations

import itertools
import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from queue import PriorityQueue
from typing import Any

DONE = object()


@dataclass(order=True)
class Job:
    """Work that is computed piece by piece; waiting jobs take turns, those with fewer finished pieces first."""

    rank: int  #: how many pieces are done
    number: int
    pieces: Iterator[Any] = field(compare=False)
    deliver: Callable[[Any], object] = field(compare=False)  #: receives each piece, or the error
    wanted: Callable[[], bool] = field(compare=False)


class WorkQueue:
    """Carries out jobs on a thread of its own, which lives as long as the process."""

    def __init__(self) -> None:
        self._waiting: PriorityQueue[Job] = PriorityQueue()
        self._numbers = itertools.count()
        threading.Thread(target=self._work, name="feint explorer", daemon=True).start()

    def ask(self, pieces: Iterator[Any], deliver: Callable[[Any], object], wanted: Callable[[], bool]) -> None:
        """Have `pieces` computed while they are wanted; `deliver` is called on the worker's thread."""
        self._waiting.put(Job(0, next(self._numbers), pieces, deliver, wanted))

    def _work(self) -> None:
        while True:
            job = self._waiting.get()
            try:
                more = job.wanted() and self._next_of(job)
            except Exception:  # others are still waiting
                logging.getLogger(__name__).exception("a result could not be delivered")
                continue
            if more:
                self._waiting.put(Job(job.rank + 1, next(self._numbers), job.pieces, job.deliver, job.wanted))

    @staticmethod
    def _next_of(job: Job) -> bool:
        """Compute and deliver one piece; return whether there may be more."""
        try:
            piece = next(job.pieces, DONE)
        except Exception as error:
            job.deliver(error)
            return False
        if piece is DONE:
            return False
        if job.wanted():
            job.deliver(piece)
        return True


class Reader:
    """A session's access to the queue: only its latest request is wanted."""

    def __init__(self, queue: WorkQueue) -> None:
        self._queue, self._request = queue, 0

    def ask(self, pieces: Iterator[Any], deliver: Callable[[Any, Callable[[], bool]], object]) -> None:
        """Replace the previous request; `deliver` also receives a function that says if the piece is still wanted."""
        self._request += 1
        mine = self._request

        def wanted() -> bool:
            return self._request == mine

        self._queue.ask(pieces, lambda piece: deliver(piece, wanted), wanted)

    def leave(self) -> None:
        """Drop the last request."""
        self._request += 1
