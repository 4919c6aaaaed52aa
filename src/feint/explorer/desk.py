"""The desk: one worker for all readers, who gives first bars before finer ones and drops what nobody waits for."""

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
class Errand:
    """Something that is computed piece by piece; pieces of all errands that wait take turns, the earlier ones first."""

    rank: int  #: how many pieces are done
    number: int
    pieces: Iterator[Any] = field(compare=False)
    tell: Callable[[Any], object] = field(compare=False)  #: is given each piece, or what went wrong
    wanted: Callable[[], bool] = field(compare=False)


class Desk:
    """Carries out errands on a thread of its own, which lives as long as the process."""

    def __init__(self) -> None:
        self._waiting: PriorityQueue[Errand] = PriorityQueue()
        self._numbers = itertools.count()
        threading.Thread(target=self._work, name="feint explorer", daemon=True).start()

    def ask(self, pieces: Iterator[Any], tell: Callable[[Any], object], wanted: Callable[[], bool]) -> None:
        """Have `pieces` computed while they are wanted; `tell` is called on the desk's thread."""
        self._waiting.put(Errand(0, next(self._numbers), pieces, tell, wanted))

    def _work(self) -> None:
        while True:
            errand = self._waiting.get()
            try:
                more = errand.wanted() and self._next_of(errand)
            except Exception:  # others are still waiting
                logging.getLogger(__name__).exception("what was found could not be told")
                continue
            if more:
                self._waiting.put(
                    Errand(errand.rank + 1, next(self._numbers), errand.pieces, errand.tell, errand.wanted)
                )

    @staticmethod
    def _next_of(errand: Errand) -> bool:
        """Compute and tell one piece; whether there may be more."""
        try:
            piece = next(errand.pieces, DONE)
        except Exception as error:
            errand.tell(error)
            return False
        if piece is DONE:
            return False
        if errand.wanted():
            errand.tell(piece)
        return True


class Reader:
    """One session at the desk: what it asks last is what it wants."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._asked = desk, 0

    def ask(self, pieces: Iterator[Any], tell: Callable[[Any, Callable[[], bool]], object]) -> None:
        """Ask anew; what was asked before is dropped. `tell` is also given whether the piece is still wanted."""
        self._asked += 1
        mine = self._asked

        def wanted() -> bool:
            return self._asked == mine

        self._desk.ask(pieces, lambda piece: tell(piece, wanted), wanted)

    def leave(self) -> None:
        """Want nothing more."""
        self._asked += 1
