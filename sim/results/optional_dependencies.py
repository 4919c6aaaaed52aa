"""Optional libraries, which only some commands need."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from feint.agents.errors import InputError

#: which of Feint's extras brings a library
EXTRA_OF = {
    "SALib": "analysis",
    "sklearn": "analysis",
    "distributed": "cluster",
    "polars": "tables",
    "duckdb": "tables",
    "IPython": "notebooks",
    "ipywidgets": "notebooks",
    "panel": "explore",
    "stable_baselines3": "rl",
    "torch": "rl",
}


def load_extra(module: str, purpose: str) -> Any:
    """Import a module of an optional library; raises `InputError` with what to install if it is missing."""
    library = module.partition(".")[0]
    try:
        return import_module(module)
    except ImportError:
        extra = EXTRA_OF[library]
        raise InputError(
            f"{purpose} needs {library}, which is not installed: .venv/bin/pip install -e '.[{extra}]' in a clone, "
            f"pip install 'feint[{extra}]' elsewhere."
        ) from None
