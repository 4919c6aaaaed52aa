"""What the first Ctrl-C does, where something is to be finished before the process ends."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def on_interrupt(stop: Callable[[], object]) -> Iterator[None]:
    """Call `stop` on the first Ctrl-C; a second one does what it did before.

    Nothing is changed on another thread than the main one, or in a process that ignores Ctrl-C.
    """
    before = signal.getsignal(signal.SIGINT)

    def answer(*_: object) -> None:
        signal.signal(signal.SIGINT, before)
        stop()

    if before is not signal.default_int_handler or threading.current_thread() is not threading.main_thread():
        yield
        return
    signal.signal(signal.SIGINT, answer)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
