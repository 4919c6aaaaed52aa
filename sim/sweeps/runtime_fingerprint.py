"""Fingerprint of a runtime: everything that the bits of a result depend on besides the study."""

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
from typing import Any

from feint.agents.errors import MOST_NAMED, InputError
from feint.agents.version import VERSION
from feint.sim.results.provenance import NUMBERS_FROM, differing
from feint.sim.training.kernels.initial_draws import draw_starts

COMPILERS = ("llvmlite",)  # besides the libraries that a passport names


@dataclass(frozen=True, kw_only=True)
class Runtime:
    """A process on a machine: versions, and the processor that its kernels are compiled for."""

    where: str
    versions: Mapping[str, str]
    processor: Mapping[str, str]  #: kind of processor, and which forms of NumPy's functions are used
    instructions: frozenset[str]  #: of that processor

    def described(self) -> dict[str, Any]:
        """Return all but the place as plain data."""
        return {
            "versions": dict(self.versions),
            "processor": dict(self.processor),
            "instructions": sorted(self.instructions),
        }

    @classmethod
    def of(cls, described: Mapping[str, Any], where: str) -> Runtime:
        """Return the runtime that `described` gave."""
        return cls(
            where=where,
            versions=described["versions"],
            processor=described["processor"],
            instructions=frozenset(described["instructions"]),
        )

    def other_versions(self, other: Runtime) -> str:
        """Return how the versions of another process differ, in words; empty if they do not."""
        return "; ".join(differing(dict(other.versions), dict(self.versions)))

    def check_same(self, other: Runtime) -> None:
        """Raise `InputError` unless another process gives identical bits: the same versions and kind of processor."""
        if versions := self.other_versions(other):
            raise InputError(
                f"{other.where} runs other versions: {versions}; bits are promised within one version only: "
                "let both have the same, and start again."
            )
        differences = [
            f"{name} is {self.processor.get(name)!r} for the one and {other.processor.get(name)!r} for the other"
            for name in sorted({*self.processor, *other.processor})
            if self.processor.get(name) != other.processor.get(name)
        ]
        alone = sorted(self.instructions ^ other.instructions)
        if alone:
            more = f" and {len(alone) - MOST_NAMED} others" if len(alone) > MOST_NAMED else ""
            differences.append(f"only one has {', '.join(alone[:MOST_NAMED])}{more}")
        if differences:
            raise InputError(
                f"{self.where} and {other.where} have processors of two kinds: {'; '.join(differences)}; "
                "bits are promised on one kind only: choose machines that are alike."
            )


@cache
def this_runtime() -> Runtime:
    """Return the runtime of this process."""
    from numpy.lib.introspect import opt_func_info

    context: Any = getattr(draw_starts, "targetctx", None)  # None if compilation is switched off
    machine, kind, features = context.codegen().magic_tuple() if context else ("none", "none", "")
    forms = opt_func_info("^(exp|log|power)$", "float64")
    functions = {f"numpy.{name}": form["current"] for name, kinds in forms.items() for form in kinds.values()}
    return Runtime(
        where=f"process {os.getpid()} on {socket.gethostname()}",
        versions={
            "feint": VERSION,
            "its code": _code_digest(),
            "python": platform.python_version(),
            **{name: version(name) for name in (*NUMBERS_FROM, *COMPILERS)},
        },
        processor={"machine": machine, "processor": kind, **functions},
        instructions=frozenset(name[1:] for name in features.split(",") if name.startswith("+")),
    )


def _code_digest() -> str:
    """Return a digest of the code that numbers come from, which changes more often than the version's number."""
    digest = hashlib.sha256()
    for part in ("agents", "sim"):
        folder = Path(__file__).parents[2] / part
        for file in sorted(folder.rglob("*.py")):
            digest.update(f"{part}/{file.relative_to(folder).as_posix()}".encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()[:12]
