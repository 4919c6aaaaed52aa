"""Sphinx configuration of the manual."""

import re
from pathlib import Path
from typing import Any

import feint
from feint.scenarios import claims_page, results_page
from feint.sim.manual import modules

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
exclude_patterns = ["_build", "argument_table.md", "worldviews_table.md"]
autodoc_typehints = "description"
autodoc_member_order = "bysource"
suppress_warnings = ["ref.python"]  # two modules may have a class of one name

HERE = Path(__file__).parent
GENERATED = {
    "claims": lambda: claims_page.page(HERE, HERE / "_build" / "drawn"),
    "results": lambda: results_page.page(HERE),
    "not": lambda: results_page.measured(HERE),
    **{f"reference_{part}": lambda part=part: modules(part) for part in ("agents", "sim", "scenarios")},
}
"""Page → what stands in it for `<!-- generated -->` at build."""
OPTIONAL = re.compile(r"^(\w+)\?$", re.MULTILINE)


def generate(_: Any, page: str, source: list[str]) -> None:
    """Put what is generated into a page; of the index, leave out a page with a question mark that is not there."""
    if page == "index":
        there = (r"\1" if (HERE / f"{name}.md").exists() else "" for name in OPTIONAL.findall(source[0]))
        source[0] = OPTIONAL.sub(lambda found: found.expand(next(there)), source[0])
    if page in GENERATED:
        source[0] = source[0].replace("<!-- generated -->", GENERATED[page]())


def plain_bars(_: Any, _what: str, _name: str, _object: Any, _options: Any, lines: list[str]) -> None:
    """A bar in a docstring is a bar, and no substitution of reStructuredText."""
    for i, line in enumerate(lines):
        quoted = re.split(r"(``.*?``|`.*?`)", line)
        lines[i] = "".join(each if each.startswith("`") else each.replace("|", r"\|") for each in quoted)


def setup(app: Any) -> None:
    """Connect both."""
    app.connect("source-read", generate)
    app.connect("autodoc-process-docstring", plain_bars)
