"""What a run of the benchmarks left in its JSON file."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

TO_THE_END = "every run to the last step"
STAGES = {
    TO_THE_END: "every run to the last step",
    f"{TO_THE_END}, with honeypots": "with honeypots",
    "runs stop at the target": "runs stop at the target",
}
"""The stages in which peers are measured, with what the tables call them."""


@dataclass(frozen=True)
class Results:
    """What each benchmark found, and on which machine; what was not run has found nothing."""

    machine: dict[str, Any]
    commit: dict[str, Any]
    date: str
    found: dict[str, dict[str, Any]]

    @classmethod
    def load(cls, path: Path) -> Self:
        """The results in a file of pytest-benchmark."""
        told = json.loads(path.read_text())
        found = {each["name"]: each["extra_info"] for each in told["benchmarks"]}
        return cls(told["machine_info"], told["commit_info"], told["datetime"][:10], found)

    def of(self, name: str) -> dict[str, Any]:
        """What the benchmark of this name found."""
        return self.found.get(name, {})

    def by_stage(self, name: str) -> dict[str, dict[str, Any]]:
        """What a benchmark of peers found, stage by stage."""
        each = {stage: self.of(f"{name}[{stage}]") for stage in STAGES}
        return {stage: found for stage, found in each.items() if found}
