"""Figure of how deception lasts: fine-tuning without a target, from 1,000 to 100,000 steps."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from feint.agents.errors import check_whole
from feint.agents.outcome import Outcome
from feint.scenarios.gallery.outcomes import QUANTILES
from feint.scenarios.gallery.picture import Size, interval_of, limits, rows_of
from feint.sim.analysis.response_surface import points_of
from feint.sim.ensembles.paired_runs import read_checkpoints
from feint.sim.ensembles.protocols import ARM_NAMES, FROM_SCRATCH, PRETRAIN_FINETUNE, TrainingProtocol
from feint.sim.ensembles.runner import in_order
from feint.sim.results.figure_style import COLOURS, PAGE_WIDTH, blank, panels
from feint.sim.statistics.intervals import CONFIDENCE, Interval, frequency_interval, mean_of
from feint.sim.sweeps.study import Study
from feint.sim.training.curriculum import Match
from feint.sim.training.parameter_point import Point

SHORTEST, LONGEST = 1000, 100_000  # SGD steps of fine-tuning
LEAST = 0.05  # deception at SHORTEST below which a draw from the prior has no half-life
HERE, PRIOR = "point", "prior"
HALF_LIFE = "half-life"  # in place of a number of steps
LOOKS = {FROM_SCRATCH: ("#7f7f7f", "--"), PRETRAIN_FINETUNE: (COLOURS[Outcome.DECEPTIVE], "-")}
TICKS = (1000, 3000, 10_000, 30_000, 100_000)


def deceptive_after(point: Point, arm: str, lengths: Sequence[int], runs: int, **keys: Any) -> np.ndarray:
    """Return whether each run is deceptive after fine-tuning of these lengths without a target (lengths, runs).

    The stage is trained once, since a shorter one takes the same steps.
    """
    last, threads = point.curriculum.names[-1], keys.pop("threads")
    long = replace(point.at({f"{last}.steps": lengths[-1]}), match=Match.STEPS.value)
    spec = TrainingProtocol(arm).spec(long, **keys)
    outcomes = read_checkpoints(spec, range(runs), lengths, threads=threads).readings.outcome
    return outcomes == Outcome.DECEPTIVE


def half_life(lengths: Sequence[int], deceptive: np.ndarray, confidence: float = CONFIDENCE) -> Interval:
    """Return the length at which half of the deception at the first length is gone; infinite beyond the last one.

    It is the first length L at which f(L) - f(first) / 2 is 0, the mean over runs of [deceptive at L] - [deceptive at
    the first] / 2, interpolated in log L. The interval holds the lengths at which that of the mean contains 0. NaN if
    no run is deceptive at the first length.
    """
    excess = [mean_of(row - deceptive[0] / 2, 1, confidence) for row in deceptive.astype(float)]
    estimate, low, high = (
        crossing(lengths, [getattr(mean, end) for mean in excess]) for end in ("estimate", "low", "high")
    )
    if not deceptive[0].any():
        estimate, low, high = np.nan, np.nan, np.nan
    method = "lengths at which half may be gone"
    return Interval(estimate=estimate, low=low, high=high, confidence=confidence, method=method)


def crossing(lengths: Sequence[int], values: Sequence[float]) -> float:
    """Return the length at which values first fall to 0, interpolated in its logarithm; infinite if they never do."""
    below = np.flatnonzero(np.asarray(values) <= 0)
    if not len(below):
        return np.inf
    i = int(below[0])
    if i == 0:
        return float(lengths[0])
    share = values[i - 1] / (values[i - 1] - values[i])
    return float(lengths[i - 1] * (lengths[i] / lengths[i - 1]) ** share)


def compute_duration(point: Point, size: Size, *, seed: int, precision: str, threads: int | None) -> pd.DataFrame:
    """Return deception by length at the point and as quantiles over draws from the prior, and the half-lives."""
    runs, levels = size["runs"], check_whole("levels", size["levels"], 2)
    lengths = np.unique(np.round(np.geomspace(SHORTEST, LONGEST, levels)).astype(int)).tolist()
    keys: dict[str, Any] = {"seed": seed, "precision": precision, "threads": threads}
    rows: list[dict[str, Any]] = []
    for arm in ARM_NAMES:
        deceptive = deceptive_after(point, arm, lengths, runs, **keys)
        place = {"of": HERE, "arm": arm, "runs": runs}
        for length, count in zip(lengths, deceptive.sum(axis=1).tolist(), strict=True):
            rows.append({**place, "steps": str(length), **limits(frequency_interval(count, runs))})
        rows.append({**place, "steps": HALF_LIFE, **limits(half_life(lengths, deceptive))})
    shares, lives = _over_prior(point, size, lengths, **keys)
    place = {"of": PRIOR, "arm": PRETRAIN_FINETUNE, "runs": size["draw_runs"]}
    for length, values in zip(lengths, shares.T, strict=True):
        quantiles = np.quantile(values, list(QUANTILES.values())).tolist()
        rows.append(
            {**place, "steps": str(length), "draws": len(shares), **dict(zip(QUANTILES, quantiles, strict=True))}
        )
    quantiles = np.quantile(lives, list(QUANTILES.values()), method="inverted_cdf") if len(lives) else [np.nan] * 5
    ends = dict(zip(QUANTILES, map(float, quantiles), strict=True))
    rows.append({**place, "steps": HALF_LIFE, "draws": len(lives), **ends})
    return pd.DataFrame(rows)


def _over_prior(
    point: Point, size: Size, lengths: Sequence[int], *, seed: int, precision: str, threads: int | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return deception by draw and length (draws, lengths), and the half-lives of draws that have one."""
    study = Study(
        design="prior",
        samples=size["draws"],
        runs=size["draw_runs"],
        seed=seed,
        start=point.start,
        match=Match.STEPS.value,
        model=point.model,
        curriculum=point.curriculum,
    )
    keys: dict[str, Any] = {"seed": seed, "precision": precision, "threads": 1}

    def at(row: dict[str, Any]) -> np.ndarray:
        return deceptive_after(study.point.at(row), PRETRAIN_FINETUNE, lengths, study.runs, **keys)

    found = list(in_order(at, rows_of(points_of(study)), threads=threads))
    lives = [half_life(lengths, deceptive).estimate for deceptive in found if deceptive[0].mean() >= LEAST]
    return np.array([deceptive.mean(axis=1) for deceptive in found]), np.array(lives)


def draw_duration(table: pd.DataFrame) -> Figure:
    """Draw deception by length: both arms at the point with their bands, and quantiles over the prior."""
    drawn = blank((PAGE_WIDTH, 3.0))
    left, right = panels(drawn, 1, 2, sharex=True, sharey=True)[0]
    _draw_point(left, table[table["of"] == HERE])
    _draw_prior(right, table[table["of"] == PRIOR])
    for axes in (left, right):
        axes.set(xscale="log", xlabel="SGD steps of fine-tuning, without a target", ylim=(-0.02, 1.02))
        axes.set_xticks(TICKS, [f"{tick:,}" for tick in TICKS])
        axes.minorticks_off()
    left.set_ylabel("deception, share of the runs")
    handles = [handle for axes in (left, right) for handle in axes.get_legend_handles_labels()[0]]
    drawn.legend(handles=handles, loc="outside lower center", ncols=3, frameon=False)
    sns.despine(fig=drawn)
    return drawn


def _draw_point(axes: Axes, table: pd.DataFrame) -> None:
    """Draw the shares of both arms with 95 % bands, and the half-life of the pre-trained one with its interval."""
    for arm, (colour, line) in LOOKS.items():
        rows = table[(table["arm"] == arm) & (table["steps"] != HALF_LIFE)]
        steps = rows["steps"].astype(int)
        axes.fill_between(steps, rows["low"], rows["high"], color=colour, alpha=0.25, linewidth=0)
        axes.plot(steps, rows["estimate"], line, color=colour, linewidth=1.5, label=ARM_NAMES[arm])
    life = interval_of(rows_of(table[(table["steps"] == HALF_LIFE) & (table["arm"] == PRETRAIN_FINETUNE)])[0])
    if life.low <= LONGEST:
        axes.axvspan(life.low, min(life.high, LONGEST), color="#bbbbbb", alpha=0.35, linewidth=0, label="half-life")
        if life.estimate <= LONGEST:
            axes.axvline(life.estimate, color="#555555", linewidth=0.8)
    ends = f" [{length_text(life.low)}, {length_text(life.high)}]" if life.low <= LONGEST else f" {LONGEST:,} steps"
    axes.set_title(
        f"At the point, {int(table['runs'].iloc[0]):,} runs per arm\nhalf-life: {length_text(life.estimate)}{ends}"
    )


def _draw_prior(axes: Axes, table: pd.DataFrame) -> None:
    """Draw quantiles of deception after pre-training over draws from the prior, and name those of the half-life."""
    rows, colour = table[table["steps"] != HALF_LIFE], COLOURS[Outcome.DECEPTIVE]
    steps = rows["steps"].astype(int)
    axes.fill_between(steps, rows["q05"], rows["q95"], color=colour, alpha=0.12, linewidth=0, label="nine tenths")
    axes.fill_between(steps, rows["q25"], rows["q75"], color=colour, alpha=0.28, linewidth=0, label="half of the draws")
    axes.plot(steps, rows["median"], color=colour, linewidth=1.5, label="median")
    life = rows_of(table[table["steps"] == HALF_LIFE])[0]
    quartiles = ", ".join(length_text(life[name]) for name in ("q25", "median", "q75"))
    axes.set_title(
        f"{int(rows['draws'].iloc[0]):,} draws from the prior, {int(life['draws']):,} with a half-life\n"
        f"quartiles: {quartiles}"
    )


def length_text(length: float) -> str:
    """Return a length to two digits; it may be beyond the longest one, or not exist."""
    if np.isnan(length):
        return "none"
    return "beyond" if length > LONGEST else f"{float(f'{length:.2g}'):,.0f}"
