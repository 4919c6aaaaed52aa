"""What Ctrl-C does while modules are loaded, and where something is to be finished before the process ends."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

STOPPED = 130  # exit code after Ctrl-C


def leave() -> NoReturn:
    """End the process at once, with a line."""
    os.write(2, b"feint: stopped.\n")
    os._exit(STOPPED)


def raise_or_leave(_: int, frame: FrameType | None) -> None:
    """Raise `KeyboardInterrupt` or, while a module is being loaded, which may swallow it, end the process."""
    while frame is not None:
        if frame.f_code.co_filename == "<frozen importlib._bootstrap>":
            leave()
        frame = frame.f_back
    raise KeyboardInterrupt


def stopped() -> NoReturn:
    """Say that the process was stopped, and end it; another Ctrl-C ends it at once."""
    try:
        if signal.getsignal(signal.SIGINT) is raise_or_leave:
            signal.signal(signal.SIGINT, lambda *_: os._exit(STOPPED))
        print("feint: stopped. Finished parts of a sweep are kept; continue with --resume.", file=sys.stderr)
        sys.exit(STOPPED)
    except KeyboardInterrupt:
        leave()


@contextmanager
def on_interrupt(stop: Callable[[], object]) -> Iterator[None]:
    """Call `stop` on the first Ctrl-C; a second one does what it did before.

    Nothing is changed on another thread than the main one, or in a process that ignores Ctrl-C.
    """
    before = signal.getsignal(signal.SIGINT)

    def answer(*_: object) -> None:
        signal.signal(signal.SIGINT, before)
        stop()

    heard = before in (signal.default_int_handler, raise_or_leave)
    if not heard or threading.current_thread() is not threading.main_thread():
        yield
        return
    signal.signal(signal.SIGINT, answer)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
