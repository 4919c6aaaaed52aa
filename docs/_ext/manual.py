"""Lists the public modules for the manual's reference, with the directives by which Sphinx documents them."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

INSIDE = ("kernels",)  # rooms that are not public; the manual has a page on them


def public_modules(part: str) -> list[str]:
    """Return the full names of the public modules of agents, sim or scenarios."""
    name, modules = f"feint.{part}", []
    folder = Path(str(import_module(name).__file__)).parent
    for file in sorted(folder.rglob("*.py")):
        rooms = file.relative_to(folder).with_suffix("").parts
        if not {*INSIDE, "__pycache__"} & {*rooms} and rooms[-1] != "__init__":
            modules.append(".".join([name, *rooms]))
    return modules


def modules(part: str) -> str:
    """Return one section per module, in Markdown, for Sphinx to fill from the docstrings."""
    return "\n\n".join(
        f"## `{name}`\n\n```{{eval-rst}}\n.. automodule:: {name}\n   :members:\n```" for name in public_modules(part)
    )
