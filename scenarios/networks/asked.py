"""What may be asked of real networks, and how what they say is told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from feint.agents.errors import unknown
from feint.scenarios.experiments import Asked
from feint.sim.networks.acceptance_ranges import Judged, judged
from feint.sim.networks.experiments import SETTINGS, Battery, battery, quantile
from feint.sim.results.text_tables import aligned, wrapped

SEEDS = 8


def measured(asked: Asked, *parts: str) -> Battery:
    """These parts of the battery, as they are asked for; raises `InputError`."""
    settings = known(asked, "learning_rates")
    seeds, seed = SEEDS if asked.runs is None else asked.runs, asked.seed or 0
    more = {"parts": parts, "threads": asked.threads, "progress": asked.progress}
    return battery(seeds, seed, **settings, **more)


def known(asked: Asked, *names: str) -> dict[str, Any]:
    """The settings that are given; raises `InputError` for one that real networks do not have."""
    for name in asked.settings:
        if name not in names:
            raise unknown("number", name, names)
    return dict(asked.settings)


def heading(seeds: int, seed: int, finetuning: int = SETTINGS["finetuning"]) -> str:
    """What was trained, with so many steps of fine-tuning at most."""
    steps = sum(each for each, _ in SETTINGS["pretraining"])
    return wrapped(
        f"{seeds} real networks each way, seed {seed}; pre-training {steps:,} steps, fine-tuning "
        f"{finetuning:,}; medians, and below them least to most"
    )


def share(values: np.ndarray) -> str:
    """Median and range of shares."""
    return spread(values, lambda value: f"{value:.2f}")


def steps(values: np.ndarray) -> str:
    """Median and range of steps."""
    return spread(values, lambda value: f"{value:,.0f}" if np.isfinite(value) else "∞")


def loss(values: np.ndarray) -> str:
    """Median and range of losses."""
    return spread(values, lambda value: f"{value:.2g}")


def spread(values: np.ndarray, told: Callable[[float], str]) -> str:
    """Median, and below it the range."""
    median, least, most = (told(quantile(values, q)) for q in (0.5, 0, 1))
    return f"{median}\n{least}–{most}"


def table(rows: Sequence[Sequence[str]]) -> str:
    """Rows below a head and a rule, in 80 columns."""
    return "\n".join(aligned(rows, rule=True))


def bands_text(battery: Battery) -> str:
    """The bands of what was measured, each with what it gave."""
    rows = [["band", "median", "", "least to most", "", "prototype"]]
    for each in judged(battery):
        told = [f"{value:.3g}" if abs(value) < 1e4 else f"{value:.0f}" for value in limits(each)]
        earlier = "" if each.band.prototype is None else f"{each.band.prototype:g}"
        verdict = "kept" if each.met else "not kept"
        rows.append([each.band.name, told[0], each.band.rule, f"{told[1]} to {told[2]}", verdict, earlier])
    return table(rows)


def limits(each: Judged) -> tuple[float, float, float]:
    """Median, least and most of a band's number."""
    return each.median, quantile(each.values, 0), quantile(each.values, 1)


def sentence(text: str) -> str:
    """A sentence in 80 columns."""
    return wrapped(text, "")
