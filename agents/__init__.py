"""Who is trained: the mesa-optimizer's parameters, state and views, and its three types; Feint's version."""

import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

try:
    VERSION = version("feint")
except PackageNotFoundError:  # a checkout that is not installed
    _PROJECT = Path(__file__).resolve().parents[1] / "pyproject.toml"
    VERSION = str(tomllib.loads(_PROJECT.read_text())["project"]["version"])
