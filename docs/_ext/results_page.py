"""Assembles the manual's page of results from the committed claims, figures and tables, and the passports in them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import claims_page

from feint.scenarios.gallery.gallery import PICTURES, FigureRequest
from feint.sim.results.provenance import passport_in

GALLERY = Path("figures", "argument")  # folder of the gallery, in the manual
TABLES = {
    "argument_table": "the argument in full: every part, form and tolerance, counting, audit",
    "crux": "what pre-training hands over",
    "finetuning": "what fine-tuning hides, and its claims",
    "release": "released models, and their claims",
    "auditors": "deception detectors, tested on labelled runs",
    "two_exits": "when deceptive behaviour is optimal, solved exactly",
    "overseer": "training without seeing the type",
    "worldviews": "the claims in other authors' world views",
    "calibration": "the simulation compared with measurements on real models",
    "transfer": "what pre-training is worth in data",
    "networks": "the same experiments on small real networks",
    "precision": "single precision against double",
    "speed": "how fast",
}
"""Pages whose tables and printed results are committed; tests compare them with the output of their commands."""


def page(folder: Path) -> str:
    """Return claims, figures, tables and passports as Markdown, from the files of a folder."""
    declared = claims_page.declared_claims()
    documents = {family: claims_page.document(folder, family, declared[family]) for family in declared}
    summary = claims_page.summary(documents, declared, claims_page.proposals())
    blocks = ["## Claims", summary.replace("](#", "](claims.md#"), "## Figures"]
    for name in PICTURES:
        blocks += shown(folder, name)
    blocks += ["## Tables", "\n".join(f"- [{name}]({link(name)}): {what}" for name, what in TABLES.items())]
    blocks += ["## Passports", passports(folder)]
    return "\n\n".join(blocks) + "\n"


def link(name: str) -> str:
    """Return the page that has a table."""
    return "argument.md" if name == "argument_table" else f"{name}.md"


def shown(folder: Path, name: str) -> list[str]:
    """Return the section on a figure of the gallery, with the command that makes it again."""
    path = figure_of(folder, name)
    request = FigureRequest.from_configuration(passport_in(folder / path)["configuration"])
    title = PICTURES[name].title
    runs = f"{request.size['runs']:,} runs, seed {request.seed}"
    again = f"`feint regenerate docs/{path}`"
    return [f"### {name}", f"{title[0].upper()}{title[1:]}. {runs}; {again}.", f"![{name}]({path})"]


def figure_of(folder: Path, name: str) -> Path:
    """Return the file of a figure of the gallery, in the manual."""
    paths = [GALLERY / f"{name}{ending}" for ending in (".svg", ".png")]
    return next(path for path in paths if (folder / path).exists())


def passports(folder: Path) -> str:
    """Return a table per set of versions, with one row per file of data."""
    made: dict[str, list[str]] = {}
    for file, command, passport in files(folder):
        versions, platform = passport["versions"], passport["platform"]
        numbers = ", ".join(f"{name} {versions[name]}" for name in ("feint", "python", "numpy", "numba"))
        seed, commit = passport["configuration"].get("seed", 0), (passport["commit"] or "none")[:10]
        cells = f"`{file}`", f"`{command}`", seed, commit
        made.setdefault(f"With {numbers}, on {platform['system']} {platform['machine']}:", []).append(
            "| " + " | ".join(map(str, cells)) + " |"
        )
    head = "| file | made by | seed | commit |\n|---|---|---|---|\n"
    return "\n\n".join(f"{title}\n\n{head}" + "\n".join(rows) for title, rows in made.items())


def files(folder: Path) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Yield name, command and passport of the documents of claims and the data of figures."""
    for name, command in claims_page.RUN.values():
        yield name, command, json.loads((folder / name).read_text())["passport"]
    for name in PICTURES:
        data = GALLERY / f"{name}.csv"
        yield str(data), f"feint figures {name}", passport_in(folder / data)


def measured(folder: Path) -> str:
    """Return the rows of the calibration, as its page prints them."""
    printed = (folder / "calibration.md").read_text().split("```text\n")[1].split("```")[0]
    rows = printed.split("\nWhat stands in")[0].strip()
    return (
        f"From the page on [calibration](calibration.md), which has the sources and conditions:\n\n```text\n{rows}\n```"
    )
