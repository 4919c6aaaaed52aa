"""Assembles the page: its text, scripts, style, data and the compiled kernel in one file, and the picture beside it."""

from __future__ import annotations

import json
from base64 import b64encode
from io import BytesIO
from pathlib import Path
from typing import Any

from feint.agents import VERSION
from feint.agents.errors import InputError
from feint.agents.outcome import Outcome
from feint.explorer.declarations import ASSETS, PAGE, data, findings, short_name
from feint.scenarios.argument.worldview_files import views
from feint.sim.ensembles.comparison import CompareRequest
from feint.sim.results.figure_style import COLOURS, canvas
from feint.sim.results.files import write_whole
from feint.sim.training.parameter_point import Point

RUNS = CompareRequest.runs  # of each arm, as `feint compare` trains them
CARD = (6.0, 3.15)  # inches of the picture that a link to the page is shown with
CARD_RESOLUTION = 200


def html(point: Point | None = None, *, seed: int = 0, runs: int = RUNS) -> str:
    """Return the page as one file without a request to any other; raises `InputError` if it cannot start there."""
    known = data(point or Point(), seed=seed, runs=runs) | {"version": VERSION}
    parts = {
        "STYLE": asset("page.css"),
        "DATA": json.dumps(known, separators=(",", ":"), ensure_ascii=False).replace("</", "<\\/"),
        "DESCRIPTOR": json.dumps(json.loads(asset("model.json")), separators=(",", ":")),
        "WASM": b64encode((ASSETS / "model.wasm").read_bytes()).decode(),
        "SCRIPTS": "\n".join(f"<script>\n{asset(name)}</script>" for name in PAGE["scripts"]),
    }
    page = asset("page.html")
    for name, text in parts.items():
        page = page.replace(f"<!-- {name} -->", text, 1)
    return page


def asset(name: str) -> str:
    """Return the text of a file in `assets`."""
    return (ASSETS / name).read_text(encoding="utf-8")


def card() -> bytes:
    """Return the picture that a link to the page is shown with, as PNG: the world views on the line less … more."""
    effects, every = findings()["views"], views()
    ranked = sorted(every, key=lambda name: effects[name]["estimate"])
    with canvas(CARD) as drawn:
        axes = drawn.subplots()
        for row, name in enumerate(ranked):
            effect = effects[name]
            axes.plot([effect["low"], effect["high"]], [row, row], color="#222222", linewidth=1.2)
            axes.plot(
                [effect["estimate"]],
                [row],
                "o",
                color=COLOURS[Outcome.DECEPTIVE],
                markeredgecolor="#222222",
                markersize=7,
            )
        axes.axvline(0, color="#999999", linewidth=0.8)
        axes.set_yticks(range(len(ranked)), [short_name(every[name]) for name in ranked])
        axes.set(xlim=(-1, 1), xlabel="← less deception after pre-training · more →")
        axes.set_title("Does pre-training + fine-tuning favour deception?", fontsize=13, loc="right")
        axes.spines[["top", "right", "left"]].set_visible(False)
        picture = BytesIO()
        drawn.savefig(picture, format="png", dpi=CARD_RESOLUTION)
    return picture.getvalue()


def write(folder: Path, point: Point | None = None, **options: Any) -> tuple[Path, Path]:
    """Write index.html and card.png into a folder, which is made if needed, and return their paths.

    Raises `InputError` if that fails.
    """
    page, paths = html(point, **options), (folder / "index.html", folder / "card.png")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"export = {str(folder)!r} cannot be written: {error.strerror}.") from None
    for path, content in zip(paths, (page, card()), strict=True):
        write_whole("export", path, content)
    return paths
