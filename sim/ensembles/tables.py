"""What the command line prints for a person to read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from feint.agents.errors import InputError
from feint.agents.mind import GROUPS
from feint.agents.model import Model
from feint.agents.outcome import LABELS, Outcome
from feint.agents.parameters import Parameter, plain
from feint.sim.ensembles.comparison import Comparison
from feint.sim.ensembles.documents import spread
from feint.sim.ensembles.ensemble import Ensemble
from feint.sim.ensembles.protocols import ARM_NAMES, FROM_SCRATCH, PRETRAIN_FINETUNE
from feint.sim.ensembles.streaming_summary import Summary
from feint.sim.results.text_tables import folded, table
from feint.sim.statistics.intervals import CONFIDENCE, Interval, methods_of
from feint.sim.training.replay import Trajectory
from feint.sim.training.stage import PRETRAINING, Stage

if TYPE_CHECKING:
    import pandas as pd


ROWS = 12  # of a trajectory, a stage
AT_STOP_LABELS = (("performance", "performance"), ("capability", "capability"), ("train_error", "error E(g)"))
READINGS = ("performance", "deployed_error", "following", "instrumental", "capability", "awareness", "horizon", "gate")
Columns = list[tuple[str, Any, int]]  # head, an ensemble or a summary, and the place of the stage


def print_comparison(comparison: Comparison, half_width: float) -> None:
    """Outcomes by arm, the paired difference, the transitions, and what a narrower interval would take."""
    more = max(0, comparison.runs_needed(half_width) - comparison.runs)
    columns = _columns({ARM_NAMES[name]: arm for name, arm in comparison.arms.items()})
    print(
        f"{comparison.runs:,} runs an arm, seed {comparison.scratch.seed}, start {comparison.scratch.start}, "
        f"matched by {comparison.match.value}\n"
    )
    _print_outcomes(columns, comparison.confidence)
    _print_quartiles(columns)
    difference = comparison.difference()
    needed = "is reached" if not more else f"needs about {more:,} more runs an arm"
    print(f"Deception, {ARM_NAMES[PRETRAIN_FINETUNE]} minus {ARM_NAMES[FROM_SCRATCH]}:")
    print(f"{_interval(difference)}, {100 * difference.confidence:g} % interval ({difference.method})")
    print(f"A half-width of {half_width:g} {needed}.\n")
    _print(_transitions(comparison))
    _clock(comparison)


def print_ensemble(ensemble: Ensemble) -> None:
    """Outcomes after each stage."""
    print(f"{ensemble.runs:,} runs, seed {ensemble.seed}, start {ensemble.start}, matched by {ensemble.match.value}\n")
    columns = _columns({"": ensemble})
    _print_outcomes(columns)
    _print_quartiles(columns)
    _clock(ensemble)


def print_summary(summary: Summary) -> None:
    """Outcomes after each stage, and how the runs stopped on average."""
    spec = summary.spec
    print(f"{summary.runs:,} runs, seed {spec.seed}, start {spec.start}, matched by {spec.match.value}\n")
    columns = _columns({"": summary})
    _print_outcomes(columns)
    print("At the stop, means and, after ±, standard deviations over runs:\n")
    labels = (("steps", "steps"), *AT_STOP_LABELS)
    rows = [[label, *(_spread(found, name, i) for _, found, i in columns)] for name, label in labels]
    _print([_heads("", columns), rows[0], *_missed(columns, _missed_of_summary), *rows[1:]])
    _clock(summary)


def print_trajectory(trajectory: Trajectory) -> None:
    """A few steps of each stage of one run."""
    for i, stage in enumerate(trajectory.curriculum):
        print(f"{stage.name}, run {trajectory.run}, with the outcome if it were stopped at the step\n")
        readings, steps = trajectory.readings(i), trajectory.states[i].taken
        rows = [["step", "outcome", *(folded(name, 11) for name in READINGS)]]
        for row in sorted({int(r) for r in np.linspace(0, len(steps) - 1, ROWS)}):
            values = (f"{getattr(readings, name)[row]:.3f}" for name in READINGS)
            rows.append([f"{steps[row]:,}", LABELS[readings.outcome[row]], *values])
        _print(rows)


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write a table to a file."""
    try:
        table.to_csv(path, index=False)
    except OSError as error:
        raise InputError(f"csv = {str(path)!r} cannot be written: {error.strerror}.") from None


def print_parameters() -> None:
    """The parameters as tables that fit a terminal."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    console = console if console.is_terminal else Console(highlight=False, width=200, color_system=None)
    for kind in (Model, Stage):
        listed = Table(box=box.SIMPLE_HEAD, title=f"{kind.__name__} parameters")
        for name in NARROW:
            listed.add_column(name, no_wrap=name != "meaning")
        for parameter in kind.parameters().values():
            listed.add_row(*_narrow(parameter))
        console.print(listed)
    console.print("Valid: what is accepted. Prior: stated ignorance, for robustness studies; L is log-uniform.")
    console.print("A stage's parameter is set as <stage>.<name>, as in finetuning.honeypots; so are a stage's name and")
    console.print(f"carry, a list out of {', '.join(GROUPS)}.")


def parameters_markdown() -> str:
    """The parameters as the manual's tables."""
    lines = []
    for kind in (Model, Stage):
        rows = [(f"[`{name}`]{{#{name}}}", *facts) for name, *facts in map(_narrow, kind.parameters().values())]
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


def _columns(arms: Mapping[str, Ensemble | Summary]) -> Columns:
    """One column an arm and stage, the names of arms and of stages each on the same lines."""
    names = {arm: folded(arm) for arm in arms}
    most = max(name.count("\n") for name in names.values())
    return [
        (f"{names[arm]}{chr(10) * (1 + most - names[arm].count(chr(10)))}{folded(stage)}".lstrip("\n"), found, i)
        for arm, found in arms.items()
        for i, stage in enumerate(found.curriculum.names)
    ]


def _heads(first: str, columns: Columns) -> list[str]:
    return [first, *(head for head, _, _ in columns)]


def _print(rows: list[list[str]], note: str = "") -> None:
    """A table, what is said below it, and an empty line."""
    print("\n".join([*table(rows, rule=True), *([note] if note else [])]) + "\n")


def _print_outcomes(columns: Columns, confidence: float = CONFIDENCE) -> None:
    """Frequencies with their intervals."""
    found = {each: [arm.frequency(each, i, confidence) for _, arm, i in columns] for each in Outcome}
    methods = methods_of([interval for cells in found.values() for interval in cells])
    rows = ([each.label, *map(_interval, cells)] for each, cells in found.items())
    _print([_heads("outcome", columns), *rows], f"{100 * confidence:g} % intervals: {methods}")


def _print_quartiles(columns: Columns) -> None:
    """How the runs stopped: steps, target, and quartiles of what they had reached."""
    print("At the stop, medians and, in parentheses, quartiles:\n")
    rows = [["steps", *(f"{np.median(found.steps[:, i]):,.0f}" for _, found, i in columns)]]
    rows += _missed(columns, _missed_of_ensemble)
    for name, label in AT_STOP_LABELS:
        rows.append([label, *(_quartiles(found, name, i) for _, found, i in columns)])
    _print([_heads("", columns), *rows])


def _quartiles(ensemble: Ensemble, name: str, stage: int) -> str:
    found = spread(ensemble[name][:, stage])
    return "" if found.q50 is None else f"{found.q50:.3f} ({found.q25:.3f}, {found.q75:.3f})"


def _missed(columns: Columns, counted: Callable[[Any, int], tuple[int, int]]) -> Iterator[list[str]]:
    """Rows of the runs that missed a target, where there is one, and of those that diverged, where some did."""
    counts = [(found.curriculum[i].target > 0, *counted(found, i)) for _, found, i in columns]
    if any(aimed for aimed, _, _ in counts):
        yield ["missed target", *(f"{missed:,}" if aimed else "" for aimed, missed, _ in counts)]
    if any(diverged for _, _, diverged in counts):
        yield ["diverged", *(f"{diverged:,}" for _, _, diverged in counts)]


def _missed_of_ensemble(ensemble: Ensemble, stage: int) -> tuple[int, int]:
    return int(ensemble["missed"][:, stage].sum()), int(ensemble["diverged"][:, stage].sum())


def _missed_of_summary(summary: Summary, stage: int) -> tuple[int, int]:
    return int(summary.tally.missed[stage]), int(summary.tally.diverged[stage])


def _spread(summary: Summary, name: str, stage: int) -> str:
    digits = 0 if name == "steps" else 3
    return f"{summary.mean(name, stage):,.{digits}f} ± {summary.deviation(name, stage):,.{digits}f}"


def _transitions(comparison: Comparison) -> list[list[str]]:
    first, *_, last = comparison.pretrained.curriculum.names
    rows = [[f"{folded(first)} →\n{folded(last)}", *LABELS, "all"]]
    for label, row in zip(LABELS, comparison.flow().tolist(), strict=True):
        rows.append([label, *(f"{n:,}" for n in row), f"{sum(row):,}"])
    return rows


def _interval(interval: Interval) -> str:
    sign = "+" if interval.low < 0 or "Tango" in interval.method else ""
    return f"{interval.estimate:{sign}.3f} [{interval.low:{sign}.3f}, {interval.high:{sign}.3f}]"


def _clock(result: Comparison | Ensemble | Summary) -> None:
    timing = result.timing
    print(f"{timing.run_steps:,} SGD steps in {timing.seconds:.2f} s on {timing.threads} threads")
