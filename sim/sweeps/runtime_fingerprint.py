"""What makes numbers: a process, with all that their bits depend on besides the study."""

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

COMPILERS = ("llvmlite",)  # besides those that a passport names


@dataclass(frozen=True, kw_only=True)
class Maker:
    """A process on a machine."""

    where: str
    versions: Mapping[str, str]
    processor: Mapping[str, str]  #: what kernels are compiled for, and the forms of NumPy's functions that are used
    instructions: frozenset[str]  #: of that processor

    def described(self) -> dict[str, Any]:
        """It as plain data, but for where it is."""
        return {
            "versions": dict(self.versions),
            "processor": dict(self.processor),
            "instructions": sorted(self.instructions),
        }

    @classmethod
    def of(cls, described: Mapping[str, Any], where: str) -> Maker:
        """The maker that plain data describe."""
        return cls(
            where=where,
            versions=described["versions"],
            processor=described["processor"],
            instructions=frozenset(described["instructions"]),
        )

    def check_versions(self, other: Maker) -> None:
        """Raise unless another process runs what this one runs."""
        found = "; ".join(differing(dict(other.versions), dict(self.versions)))
        if found:
            raise InputError(
                f"{other.where} runs other versions: {found}; bits are promised within one version only: "
                "let both have the same, and start again."
            )

    def check_processor(self, other: Maker) -> None:
        """Raise unless another process has a processor of the same kind."""
        found = [
            f"{name} is {self.processor.get(name)!r} for the one and {other.processor.get(name)!r} for the other"
            for name in sorted({*self.processor, *other.processor})
            if self.processor.get(name) != other.processor.get(name)
        ]
        alone = sorted(self.instructions ^ other.instructions)
        if alone:
            more = f" and {len(alone) - MOST_NAMED} others" if len(alone) > MOST_NAMED else ""
            found.append(f"only one has {', '.join(alone[:MOST_NAMED])}{more}")
        if found:
            raise InputError(
                f"{self.where} and {other.where} have processors of two kinds: {'; '.join(found)}; "
                "bits are promised on one kind only: choose machines that are alike."
            )


@cache
def maker() -> Maker:
    """The process that asks."""
    from numpy.lib.introspect import opt_func_info

    context: Any = getattr(draw_starts, "targetctx", None)  # none where compilation is switched off
    machine, kind, features = context.codegen().magic_tuple() if context else ("none", "none", "")
    forms = opt_func_info("^(exp|log|power)$", "float64")
    functions = {f"numpy.{name}": each["current"] for name, kinds in forms.items() for each in kinds.values()}
    return Maker(
        where=f"process {os.getpid()} on {socket.gethostname()}",
        versions={
            "feint": VERSION,
            "its code": digest_of_code(),
            "python": platform.python_version(),
            **{name: version(name) for name in (*NUMBERS_FROM, *COMPILERS)},
        },
        processor={"machine": machine, "processor": kind, **functions},
        instructions=frozenset(name[1:] for name in features.split(",") if name.startswith("+")),
    )


def digest_of_code() -> str:
    """Digest of the code that numbers come from; a version under development has many."""
    digest = hashlib.sha256()
    for part in ("agents", "sim"):
        folder = Path(__file__).parents[2] / part
        for file in sorted(folder.rglob("*.py")):
            digest.update(f"{part}/{file.relative_to(folder).as_posix()}".encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()[:12]
