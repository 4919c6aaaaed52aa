"""Sphinx configuration of the manual."""

import re
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "_ext"))  # modules that make the generated pages

import claims_page  # noqa: E402 - after the path
import commands_page  # noqa: E402
import results_page  # noqa: E402
from manual import modules  # noqa: E402

import feint  # noqa: E402
from feint.explorer import page as explorer_page  # noqa: E402

project = "Feint"
author = "The Feint developers"
version = release = feint.__version__
extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    "sphinx-mathjax-offline",
]
myst_enable_extensions = ["attrs_inline", "dollarmath", "colon_fence"]
myst_heading_anchors = 3
nb_execution_mode = "off"
html_theme = "furo"
html_show_copyright = False  # the licence says whose it is
html_extra_path = ["_build/extra"]  # the explorer, written below
exclude_patterns = ["_build", "*_table.md"]
autodoc_typehints = "description"
autodoc_member_order = "bysource"
napoleon_custom_sections = ["Source"]
suppress_warnings = ["ref.python"]  # two modules may have a class of one name

GENERATED = {
    "claims": lambda: claims_page.page(HERE, HERE / "_build" / "drawn"),
    "commands": commands_page.page,
    "results": lambda: results_page.page(HERE),
    "not": lambda: results_page.measured(HERE),
    **{f"reference_{part}": lambda part=part: modules(part) for part in ("agents", "sim", "scenarios")},
}
"""Page → what stands in it for `<!-- generated -->` at build."""


def generate(_: Any, page: str, source: list[str]) -> None:
    """Put what is generated into a page."""
    if page in GENERATED:
        source[0] = source[0].replace("<!-- generated -->", GENERATED[page]())


def plain_bars(_: Any, _what: str, _name: str, _object: Any, _options: Any, lines: list[str]) -> None:
    """A bar in a docstring is a bar, and a star in a name a star, to reStructuredText too."""
    for i, line in enumerate(lines):
        quoted = re.split(r"(``.*?``|`.*?`)", line)
        lines[i] = "".join(
            each if each.startswith("`") else each.replace("|", r"\|").replace("*_", r"\*_") for each in quoted
        )


explorer_page.write(HERE / "_build" / "extra" / "explorer")


def setup(app: Any) -> None:
    """Connect both."""
    app.connect("source-read", generate)
    app.connect("autodoc-process-docstring", plain_bars)
