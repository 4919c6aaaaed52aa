"""Thought experiments that are run by name: what is asked of one, and what one gives."""

from __future__ import annotations

from importlib import import_module

from feint.agents.errors import unknown
from feint.sim.results.request import Asked, Result

EXPERIMENTS = {
    "calibration": "transfer.published_comparison",
    "overseer": "oversight.overseer_baselines",
    "release": "release.release",
    "revival": "finetuning.revival",
    "rsa-2048": "oversight.rsa2048",
    "transfer": "transfer.transfer",
    "two-exits": "oversight.two_exits",
    "wrappers": "finetuning.wrappers",
    "xu-race": "xu_race",
}
"""Name → file, which has a function `run` of what is asked."""


def run(name: str, asked: Asked) -> Result:
    """Run an experiment; raises `InputError` for one that there is not, and where it cannot do what is asked."""
    if name not in EXPERIMENTS:
        raise unknown("scenario", name, EXPERIMENTS)
    return import_module(f"feint.scenarios.{EXPERIMENTS[name]}").run(asked)
