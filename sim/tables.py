"""What the command line prints for a person to read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

from feint.agents.errors import InputError
from feint.agents.mind import GROUPS
from feint.agents.model import Model
from feint.agents.outcome import LABELS, Outcome
from feint.agents.parameters import Parameter, plain
from feint.sim.allocation import frequency_at_look as at_look
from feint.sim.comparison import ARM_NAMES, FROM_SCRATCH, PRETRAIN_FINETUNE, Comparison
from feint.sim.documents import spread
from feint.sim.ensemble import Ensemble
from feint.sim.exact import frequency_interval
from feint.sim.finished import Sweep, last_stages
from feint.sim.replay import Trajectory
from feint.sim.stage import PRETRAINING, Stage
from feint.sim.statistics import CONFIDENCE, Interval
from feint.sim.summary import Summary

if TYPE_CHECKING:
    import pandas as pd

ROWS = 12  # of a trajectory, a stage
MOST_POINTS, MOST_VARIED = 16, 4  # rows of a sweep; beyond so many parameters none has room for its column
AT_STOP_LABELS = (("performance", "performance"), ("capability", "capability"), ("train_error", "error E(g)"))


def print_comparison(comparison: Comparison, half_width: float) -> None:
    """Outcomes by arm, the paired difference, the transitions, and what a narrower interval would take."""
    more = max(0, comparison.runs_needed(half_width) - comparison.runs)
    console = _console()
    console.print(
        f"{comparison.runs:,} runs an arm, seed {comparison.scratch.seed}, start {comparison.scratch.start}, "
        f"matched by {comparison.match.value}"
    )
    console.print(_outcomes({ARM_NAMES[name]: arm for name, arm in comparison.arms.items()}, comparison.confidence))
    console.print("At the stop, medians and, in parentheses, quartiles:")
    for name, arm in comparison.arms.items():
        for i, stage in enumerate(arm.curriculum.names):
            console.print(f"  {ARM_NAMES[name]}, {stage}: {_stop_line(arm, i)}")
    difference = comparison.difference()
    console.print(f"\nDeception, {ARM_NAMES[PRETRAIN_FINETUNE]} minus {ARM_NAMES[FROM_SCRATCH]}:")
    console.print(f"{_interval(difference)}, {100 * difference.confidence:g} % interval ({difference.method})")
    needed = "is reached" if not more else f"needs about {more:,} more runs an arm"
    console.print(f"A half-width of {half_width:g} {needed}.")
    console.print(_transitions(comparison))
    _clock(console, comparison)


def print_ensemble(ensemble: Ensemble) -> None:
    """Outcomes after each stage."""
    console = _console()
    console.print(
        f"{ensemble.runs:,} runs, seed {ensemble.seed}, start {ensemble.start}, matched by {ensemble.match.value}"
    )
    console.print(_outcomes({"": ensemble}))
    console.print("At the stop, medians and, in parentheses, quartiles:")
    for i, name in enumerate(ensemble.curriculum.names):
        console.print(f"  {name}: {_stop_line(ensemble, i)}")
    _clock(console, ensemble)


def print_summary(summary: Summary) -> None:
    """Outcomes after each stage, and how the runs stopped on average."""
    console, plan = _console(), summary.plan
    console.print(f"{summary.runs:,} runs, seed {plan.seed}, start {plan.start}, matched by {plan.match.value}")
    console.print(_outcomes({"": summary}))
    console.print("At the stop, means and, after ±, standard deviations over runs:")
    for i, stage in enumerate(plan.curriculum):
        told = [_spread_line(summary, name, label, i) for name, label in (("steps", "steps"), *AT_STOP_LABELS)]
        missed = [f"{summary.tally.missed[i]:,} missed the target"] if stage.target > 0 else []
        diverged = [f"{summary.tally.diverged[i]:,} diverged"] if summary.tally.diverged[i] else []
        console.print(f"  {stage.name}: {', '.join([*told, *missed, *diverged])}")
    _clock(console, summary)


def print_sweep(sweep: Sweep) -> None:
    """What a sweep holds, and its first points."""
    console, table = _console(), sweep.frame()
    arms = ", ".join(ARM_NAMES[arm] for arm in sweep.study.arms)
    points, runs = table["point"].nunique(), int(last_stages(table)["runs"].sum())
    console.print(f"{points:,} points, {runs:,} runs in all, design {sweep.study.design}, arms {arms}")
    shown = last_stages(table).head(MOST_POINTS)
    varied = [str(name) for name in sweep.points.columns if name != "point"]
    varied = varied if len(varied) <= MOST_VARIED else []
    listed = Table("point", *varied, "arm", "runs", "deceptive", "difference", box=box.SIMPLE_HEAD)
    for _, row in shown.iterrows():
        deceptive, runs = int(row["deceptive"]), int(row["runs"])
        looked = sweep.study.half_width is not None
        found = at_look(sweep.study, deceptive, runs) if looked else frequency_interval(deceptive, runs)
        compared = f"{row['difference']:+.3f} [{row['difference_low']:+.3f}, {row['difference_high']:+.3f}]"
        listed.add_row(
            str(row["point"]),
            *(f"{row[name]:g}" if isinstance(row[name], float) else str(row[name]) for name in varied),
            ARM_NAMES[row["arm"]],
            f"{row['runs']:,}",
            _interval(found),
            compared if np.isfinite(row["difference"]) else "",
        )
    console.print(listed)
    if len(shown) < len(last_stages(table)):
        console.print(f"The first {len(shown)} rows; feint export {sweep.folder} FILE writes all.")


def print_trajectory(trajectory: Trajectory) -> None:
    """A few steps of each stage of one run."""
    console = _console()
    shown = ("performance", "deployed_error", "following", "instrumental", "capability", "awareness", "horizon", "gate")
    for i, stage in enumerate(trajectory.curriculum):
        table = Table(
            "step", "outcome if stopped here", *shown, box=box.SIMPLE_HEAD, title=f"{stage.name}, run {trajectory.run}"
        )
        readings, steps = trajectory.readings(i), trajectory.states[i].taken
        for row in sorted({int(r) for r in np.linspace(0, len(steps) - 1, ROWS)}):
            values = (f"{getattr(readings, name)[row]:.3f}" for name in shown)
            table.add_row(f"{steps[row]:,}", LABELS[readings.outcome[row]], *values)
        console.print(table)


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write a table to a file."""
    try:
        table.to_csv(path, index=False)
    except OSError as error:
        raise InputError(f"csv = {str(path)!r} cannot be written: {error.strerror}.") from None


def print_parameters() -> None:
    """The parameters as tables that fit a terminal."""
    console = _console()
    for kind in (Model, Stage):
        table = Table(box=box.SIMPLE_HEAD, title=f"{kind.__name__} parameters")
        for name in NARROW:
            table.add_column(name, no_wrap=name != "meaning")
        for parameter in kind.parameters().values():
            table.add_row(*_narrow(parameter))
        console.print(table)
    console.print("Valid: what is accepted. Prior: stated ignorance, for robustness studies; L is log-uniform.")
    console.print("A stage's parameter is set as <stage>.<name>, as in finetuning.honeypots; so are a stage's name and")
    console.print(f"carry, a list out of {', '.join(GROUPS)}.")


def parameters_markdown() -> str:
    """The parameters as the manual's tables."""
    lines = []
    for kind in (Model, Stage):
        rows = [(f"`{name}`", *facts) for name, *facts in map(_narrow, kind.parameters().values())]
        cells = [NARROW, ("---",) * len(NARROW), *rows]
        lines += [f"## {kind.__name__} parameters", "", *("| " + " | ".join(row) + " |" for row in cells), ""]
    return "\n".join(lines).rstrip()


NARROW = ("name", "default", "valid", "prior", "off", "meaning")


def _narrow(parameter: Parameter) -> tuple[str, ...]:
    """The facts of a parameter in words, in the order of NARROW."""
    before = PRETRAINING.get(parameter.name)
    differs = f" ({plain(before)})" if isinstance(before, (int, float)) else ""
    measured = "" if parameter.unit == "1" else f", in {parameter.unit}"
    phase = "; in parentheses: of pre-training" if differs else ""
    source = parameter.source[0].upper() + parameter.source[1:]
    meaning = f"{parameter.meaning}{measured}{phase}. {parameter.argument.capitalize()}. {source}."
    default = plain(parameter.default) + differs
    return (parameter.name, default, parameter.brief, parameter.prior_text, plain(parameter.off), meaning)


def _spread_line(summary: Summary, name: str, label: str, stage: int) -> str:
    digits = 0 if name == "steps" else 3
    return f"{label} {summary.mean(name, stage):,.{digits}f} ± {summary.deviation(name, stage):,.{digits}f}"


def _outcomes(arms: Mapping[str, Ensemble | Summary], confidence: float = CONFIDENCE) -> Table:
    """Frequencies with Wilson intervals, one column an arm and stage."""
    columns = [(arm, i, stage) for arm, found in arms.items() for i, stage in enumerate(found.curriculum.names)]
    table = Table("outcome", *(f"{arm}\n{stage}".strip() for arm, _, stage in columns), box=box.SIMPLE_HEAD)
    for outcome in Outcome:
        cells = [_interval(arms[arm].frequency(outcome, i, confidence)) for arm, i, _ in columns]
        table.add_row(outcome.label, *cells)
    return table


def _transitions(comparison: Comparison) -> Table:
    first, *_, last = comparison.pretrained.curriculum.names
    table = Table(f"{first} → {last}", *LABELS, "all", box=box.SIMPLE_HEAD)
    for label, row in zip(LABELS, comparison.flow().tolist(), strict=True):
        table.add_row(label, *(f"{n:,}" for n in row), f"{sum(row):,}")
    return table


def _stop_line(ensemble: Ensemble, stage: int = -1) -> str:
    """How the runs stopped: steps, target, and quartiles of what they had reached."""
    missed, diverged = int(ensemble["missed"][:, stage].sum()), int(ensemble["diverged"][:, stage].sum())
    parts = [f"{np.median(ensemble.steps[:, stage]):,.0f} steps"]
    if ensemble.curriculum[stage].target > 0:
        parts.append(f"{missed:,} missed the target")
    if diverged:
        parts.append(f"{diverged:,} diverged")
    for name, label in AT_STOP_LABELS:
        found = spread(ensemble[name][:, stage])
        if found.q50 is not None:
            parts.append(f"{label} {found.q50:.3f} ({found.q25:.3f} to {found.q75:.3f})")
    return ", ".join(parts)


def _interval(interval: Interval) -> str:
    sign = "+" if interval.low < 0 or "Tango" in interval.method else ""
    return f"{interval.estimate:{sign}.3f} [{interval.low:{sign}.3f}, {interval.high:{sign}.3f}]"


def _clock(console: Console, result: Comparison | Ensemble | Summary) -> None:
    timing = result.timing
    console.print(f"{timing.run_steps:,} SGD steps in {timing.seconds:.2f} s on {timing.threads} threads", style="dim")


def _console() -> Console:
    """Rich on a terminal; plain text of any width in a pipe."""
    console = Console(highlight=False, soft_wrap=False)
    return console if console.is_terminal else Console(highlight=False, width=200, color_system=None)
