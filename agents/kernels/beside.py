"""Compiles kernels in a second process while this one compiles others: Numba's compiler does one thing at a time."""

import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

CALL = "import pickle, sys; function, arguments = pickle.load(sys.stdin.buffer); function(*arguments)"

_waiting: list[Callable[[], None]] = []  # what is to start as soon as a kernel must be compiled


def cores() -> int:
    """Return how many threads can run at once."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def beside(function: Callable[..., None], *arguments: Any) -> Iterator[None]:
    """Call a function, which compiles kernels into the cache, in a process of its own if the block compiles others.

    Whatever goes wrong there is left to this process, which compiles what it does not find.
    """
    started: list[subprocess.Popen[bytes]] = []
    start = partial(_start, started, pickle.dumps((function, arguments)))
    able = cores() > 1 and sys.executable and not getattr(sys, "frozen", False)  # a frozen program is not Python
    if able:
        _waiting.append(start)
    try:
        yield
    finally:
        with suppress(ValueError):
            _waiting.remove(start)
        for process in started:
            process.wait()


def start_others() -> None:
    """Start the other process, if there is to be one: a kernel is about to be compiled here."""
    while _waiting:
        _waiting.pop()()


def _start(started: list[subprocess.Popen[bytes]], call: bytes) -> None:
    paths = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with suppress(OSError):
        process: subprocess.Popen[bytes] = subprocess.Popen(
            [sys.executable, "-c", CALL],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=paths,
        )
        started.append(process)
        assert process.stdin is not None
        with process.stdin as pipe:
            pipe.write(call)
