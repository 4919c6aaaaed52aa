"""The manual's page of results: all claims, figures and tables that are committed, each with what made it.

Nothing is run; the page is assembled from the files and the passports in them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import claims_page

from feint.scenarios.claims.registry import FAMILIES, claims
from feint.scenarios.gallery import gallery
from feint.sim.results.provenance import passport_in

HUNG = Path("figures", "argument")  # where the gallery hangs, in the manual
TABLES = {
    "argument_table": "the argument in full: every part, form and tolerance, counting, audit",
    "crux": "what pre-training hands over",
    "finetuning": "what fine-tuning hides, and its claims",
    "release": "released models, and their claims",
    "auditors": "detectors on runs whose truth is known",
    "two_exits": "when playing along is rational, solved exactly",
    "overseer": "training without seeing the type",
    "worldviews": "the claims where others stand",
    "calibration": "the race beside what was measured of real models",
    "transfer": "what pre-training is worth in data",
    "networks": "the same asked of small real networks",
    "precision": "single precision against double",
    "speed": "how fast",
}
"""Pages whose tables and printed results are committed and held to their commands by the tests."""


def page(folder: Path) -> str:
    """Claims, figures, tables and passports as Markdown, from what a folder holds."""
    declared = {family: claims(family) for family in FAMILIES}
    told = {family: claims_page.document(folder, family, declared[family]) for family in declared}
    blocks = ["## Claims", claims_page.summary(told, declared).replace("](#", "](claims.md#"), "## Figures"]
    for name in gallery.FILES:
        blocks += shown(folder, name)
    blocks += ["## Tables", "\n".join(f"- [{name}]({link(name)}): {what}" for name, what in TABLES.items())]
    blocks += ["## Passports", passports(folder)]
    return "\n\n".join(blocks) + "\n"


def link(name: str) -> str:
    """The page on which a table stands."""
    return "argument.md" if name == "argument_table" else f"{name}.md"


def shown(folder: Path, name: str) -> list[str]:
    """A figure of the gallery, and the command that makes it again."""
    (picture,) = gallery.asked([name])
    path = figure_of(folder, name)
    told = passport_in(folder / path)
    runs = f"{told['configuration']['size']['runs']:,} runs, seed {told['configuration']['seed']}"
    again = f"`feint regenerate docs/{path}`"
    return [f"### {name}", f"{picture.title[0].upper()}{picture.title[1:]}. {runs}; {again}.", f"![{name}]({path})"]


def figure_of(folder: Path, name: str) -> Path:
    """The file of a figure of the gallery, in the manual."""
    return next(HUNG / f"{name}{end}" for end in (".svg", ".png") if (folder / HUNG / f"{name}{end}").exists())


def passports(folder: Path) -> str:
    """A row a file of data, below what they were made with."""
    made: dict[str, list[str]] = {}
    for file, command, told in files(folder):
        versions, platform = told["versions"], told["platform"]
        numbers = ", ".join(f"{name} {versions[name]}" for name in ("feint", "python", "numpy", "numba"))
        cells = f"`{file}`", f"`{command}`", told["configuration"]["seed"], (told["commit"] or "none")[:10]
        made.setdefault(f"With {numbers}, on {platform['system']} {platform['machine']}:", []).append(
            "| " + " | ".join(map(str, cells)) + " |"
        )
    head = "| file | made by | seed | commit |\n|---|---|---|---|\n"
    return "\n\n".join(f"{said}\n\n{head}" + "\n".join(rows) for said, rows in made.items())


def files(folder: Path) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Documents of claims and data of figures: name, command and passport."""
    for name, command in claims_page.RUN.values():
        yield name, command, json.loads((folder / name).read_text())["passport"]
    for name in gallery.FILES:
        data = HUNG / f"{name}.csv"
        yield str(data), f"feint figures {name}", passport_in(folder / data)


def measured(folder: Path) -> str:
    """The rows of the calibration, as its page prints them."""
    printed = (folder / "calibration.md").read_text().split("```text\n")[1].split("```")[0]
    rows = printed.split("\nHernandez")[0].strip()
    return (
        f"From the page on [calibration](calibration.md), which has the sources and conditions:\n\n```text\n{rows}\n```"
    )
