"""Sphinx configuration of the manual."""

import feint

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
myst_enable_extensions = ["dollarmath", "colon_fence"]
myst_heading_anchors = 3
nb_execution_mode = "off"
html_theme = "furo"
exclude_patterns = ["_build", "argument_table.md", "worldviews_table.md"]
autodoc_typehints = "description"
autodoc_member_order = "bysource"
