"""Memory that a request needs, reckoned before anything is computed."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from feint.agents.errors import InputError

SMALL = 2**26  # bytes, up to which nothing is reckoned
SPARE = 0.9  # share of the free memory that a result may fill
GROUPS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
USED = ("/sys/fs/cgroup/memory.current", "/sys/fs/cgroup/memory/memory.usage_in_bytes")


def check_memory(need: float, what: str, way: str) -> None:
    """Raise `InputError` if `need` bytes are more than is free; `what` needs them, and `way` is what holds instead."""
    if need > SMALL and need > SPARE * (free := free_memory()):
        raise InputError(f"{what} needs {in_words(need)} of memory, and {in_words(free)} are free: {way}.")


def free_memory() -> float:
    """Return the bytes that this process can still have: of the machine, its container and its limits."""
    return min(_limits(), default=float("inf"))


def _limits() -> Iterator[float]:
    """Yield each limit that is known."""
    with suppress(OSError, ValueError, StopIteration):
        lines = Path("/proc/meminfo").read_text().splitlines()
        yield 1024 * float(next(line for line in lines if line.startswith("MemAvailable")).split()[1])
    for most, used in zip(GROUPS, USED, strict=True):
        with suppress(OSError, ValueError):  # it says "max" where there is no limit
            yield float(Path(most).read_text()) - float(Path(used).read_text())
    if sys.platform != "win32":
        import resource

        most, _ = resource.getrlimit(resource.RLIMIT_AS)
        with suppress(OSError, ValueError):
            held = float(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
            yield most - held if most != resource.RLIM_INFINITY else float("inf")


def in_words(size: float) -> str:
    """Return a number of bytes for people, as in 3.2 GB."""
    return f"{size / 1e9:,.1f} GB" if size >= 1e8 else f"{size / 1e6:,.1f} MB"
