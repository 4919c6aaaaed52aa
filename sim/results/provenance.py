"""The passport: what a result carries so that it can be made again."""

from __future__ import annotations

import json
import platform
import subprocess
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from feint.agents.version import VERSION

SCHEMA = 1
NUMBERS_FROM = ("numpy", "numba")


def passport(kind: str, configuration: dict[str, Any]) -> dict[str, Any]:
    """The passport of a result: its kind, its effective configuration, and what computed it."""
    return {
        "passport": SCHEMA,
        "kind": kind,
        "configuration": configuration,
        "versions": {
            "feint": VERSION,
            "python": platform.python_version(),
            **{name: version(name) for name in NUMBERS_FROM},
        },
        "platform": {"machine": platform.machine(), "system": platform.system()},
        "commit": commit(),
    }


def text(passport: dict[str, Any]) -> str:
    """A passport as one line of JSON, the same for the same content."""
    return json.dumps(passport, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


@cache
def commit() -> str | None:
    """Git commit of the checkout that Feint runs from, with '+' where files were changed; None outside one."""
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return None
    try:
        head = _git(root, "rev-parse", "HEAD")
        return head + ("+" if _git(root, "status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.SubprocessError):
        return None


def _git(root: Path, *words: str) -> str:
    command = ["git", "-C", str(root), *words]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=5).stdout.strip()
