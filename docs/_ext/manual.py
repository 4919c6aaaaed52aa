"""The manual's reference: which modules are public, and how Sphinx is asked to document them."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

INSIDE = ("kernels",)  # rooms that no caller enters; the manual has a page on them


def public_modules(part: str) -> list[str]:
    """The modules of agents, sim or scenarios that the reference has, by their full names."""
    name, found = f"feint.{part}", []
    folder = Path(str(import_module(name).__file__)).parent
    for file in sorted(folder.rglob("*.py")):
        rooms = file.relative_to(folder).with_suffix("").parts
        if not {*INSIDE, "__pycache__"} & {*rooms} and rooms[-1] != "__init__":
            found.append(".".join([name, *rooms]))
    return found


def modules(part: str) -> str:
    """A section a module, in Markdown, for Sphinx to fill from the docstrings."""
    return "\n\n".join(
        f"## `{name}`\n\n```{{eval-rst}}\n.. automodule:: {name}\n   :members:\n```" for name in public_modules(part)
    )
