"""Runtimes: versions and processor of a process, on which the bits of a result depend besides its study."""

from __future__ import annotations

import hashlib
import os
import platform
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Self

from feint.agents import VERSION
from feint.agents.errors import MOST_NAMED, InputError
from feint.agents.kernels.compiling import made_for
from feint.sim.results.provenance import NUMBERS_FROM, differing
from feint.sim.training.kernels.initial_draws import draw_starts

OTHERS = ("llvmlite", "scipy")  # compiler and designs; besides the libraries that a passport names


@dataclass(frozen=True, kw_only=True)
class Runtime:
    """A process on a machine, with everything that the bits of a result depend on besides the study."""

    where: str
    versions: Mapping[str, str]
    processor: Mapping[str, str]  #: kind that kernels are compiled for, settings, and forms of NumPy's functions
    instructions: frozenset[str]  #: of that processor

    def described(self) -> dict[str, Any]:
        """Return all but the place as plain data."""
        plain: dict[str, Any] = {"versions": dict(self.versions), "processor": dict(self.processor)}
        return {**plain, "instructions": sorted(self.instructions)}

    @classmethod
    def of(cls, described: Mapping[str, Any], where: str) -> Self:
        """Return the runtime that `described` gave."""
        return cls(where=where, **{**described, "instructions": frozenset(described["instructions"])})

    def other_versions(self, other: Runtime) -> str:
        """Return the differences to the versions of another process, in words; empty if there are none."""
        return "; ".join(differing(dict(other.versions), dict(self.versions)))

    def check_same(self, other: Runtime) -> None:
        """Raise `InputError` unless another process gives identical bits: the same versions and kind of processor."""
        if versions := self.other_versions(other):
            raise InputError(
                f"{other.where} runs other versions: {versions}; bits are promised within one version only: "
                "install the same on both, and start again."
            )
        differences = [
            f"{name} is {self.processor.get(name)!r} for the one and {other.processor.get(name)!r} for the other"
            for name in sorted({*self.processor, *other.processor})
            if self.processor.get(name) != other.processor.get(name)
        ]
        if alone := sorted(self.instructions ^ other.instructions):
            more = f" and {len(alone) - MOST_NAMED} others" if len(alone) > MOST_NAMED else ""
            differences.append(f"only one has {', '.join(alone[:MOST_NAMED])}{more}")
        if differences:
            raise InputError(
                f"{self.where} and {other.where} have processors of two kinds: {'; '.join(differences)}; "
                "bits are promised on one kind only: choose machines that are alike."
            )


@cache
def this_runtime() -> Runtime:
    """Return the runtime of this process, with a digest of the code, which changes more often than the version."""
    from numpy.lib.introspect import opt_func_info

    context: Any = getattr(draw_starts, "targetctx", None)  # None if compilation is switched off
    machine, kind, features = context.codegen().magic_tuple() if context else ("none", "none", "")
    forms = opt_func_info("^(exp|log|power)$", "float64")
    functions = {f"numpy.{name}": form["current"] for name, kinds in forms.items() for form in kinds.values()}
    digest, root = hashlib.sha256(), Path(__file__).parents[2]
    for part in ("agents", "sim"):
        for file in sorted((root / part).rglob("*.py")):
            digest.update(f"{part}/{file.relative_to(root / part).as_posix()}".encode())
            digest.update(file.read_bytes())
    libraries = {name: version(name) for name in (*NUMBERS_FROM, *OTHERS)}
    code = {"feint": VERSION, "its code": digest.hexdigest()[:12], "python": platform.python_version()}
    return Runtime(
        where=f"process {os.getpid()} on {socket.gethostname()}",
        versions={**code, **libraries},
        processor={**made_for(), "machine": machine, "processor": kind, **functions},
        instructions=frozenset(name[1:] for name in features.split(",") if name.startswith("+")),
    )
