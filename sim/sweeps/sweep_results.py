"""Results of a sweep: its folder, opened for reading, and the finished table."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from feint.agents.errors import InputError, load_extra
from feint.agents.model import Model
from feint.agents.outcome import LABELS
from feint.sim.ensembles.protocols import ARM_NAMES, FROM_SCRATCH, PRETRAIN_FINETUNE
from feint.sim.results.provenance import passport_line
from feint.sim.results.report import KEPT, Hidden, Report, Table, wrapped
from feint.sim.results.report import table as table_lines
from feint.sim.statistics.intervals import CONFIDENCE, Interval, methods_of
from feint.sim.sweeps.study import Study
from feint.sim.sweeps.sweep_store import (
    BOTH,
    CONVERGED,
    COUNTED,
    PAIRED,
    RESUME,
    fault_of,
    is_last,
    last_stages,
    read_manifest,
    read_parts,
)
from feint.sim.training.stage import Stage

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

EVENTS = ["deceptive", "gained_deceptive", "lost_deceptive"]
DIFFERENCE = ["difference", "difference_low", "difference_high"]
AMONG_CONVERGED = ["difference_converged", "difference_converged_low", "difference_converged_high"]
FORMATS = (".csv", ".parquet", ".nc")
MOST_POINTS, MOST_VARIED = 8, 4  # points that the text shows; the values of more parameters are left out
MEANINGS = {
    "point": ("number of the point", "1"),
    "arm": ("way of training", "name"),
    "stage": ("stage of the curriculum", "name"),
    "start": ("how runs start", "name"),
    "match": ("what is held equal at the end", "name"),
    "runs": ("runs trained", "runs"),
    **{label: (f"runs that ended the stage as {label}", "runs") for label in LABELS},
    "converged": ("runs that are not unconverged and did not miss a target", "runs"),
    **{name: (f"{name.removeprefix('converged_')} runs among the converged", "runs") for name in CONVERGED},
    "missed_target": ("runs that never reached the target", "runs"),
    "diverged": ("runs whose state stopped being finite", "runs"),
    "steps": ("SGD steps taken, of all runs together", "steps"),
    "difference": ("frequency of deception, pre-training + fine-tuning minus from scratch", "1"),
    "difference_low": ("lower limit of its 95 % interval", "1"),
    "difference_high": ("upper limit of its 95 % interval", "1"),
    "difference_converged": ("the same, each frequency among the converged runs of its arm", "1"),
    "difference_converged_low": ("lower limit of its 95 % interval", "1"),
    "difference_converged_high": ("upper limit of its 95 % interval", "1"),
}
"""Meaning and unit of the columns of the finished table besides the varied parameters."""


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Sweep(Report):
    """The folder of a sweep and its study, opened with `Sweep.open`; damaged parts are never read."""

    folder: Hidden[Path]
    study: Hidden[Study]
    manifest: Hidden[dict[str, Any]]

    @classmethod
    def open(cls, folder: str | Path) -> Self:
        """Open a folder that `sweep` wrote; raises `InputError` for any other."""
        manifest = read_manifest(folder)
        return cls(folder=Path(folder), study=Study.from_configuration(manifest["study"]), manifest=manifest)

    def checked(self) -> Self:
        """Return the sweep, with a warning if it is not finished."""
        if not self.finished:
            what = "is not finished: what follows is of the parts there are; go on by --resume."
            warnings.warn(f"{str(self.folder)!r} {what}", RuntimeWarning, stacklevel=2)
        return self

    def passport(self) -> dict[str, Any]:
        """Return what is needed to compute the result again."""
        return self.manifest["passport"]

    def __repr__(self) -> str:
        design, points = self.study.design, len(self.points)
        return f"Sweep({str(self.folder)!r}, design={design!r}, points={points}, finished={self.finished})"

    @property
    def finished(self) -> bool:
        """True if the sweep was carried out to its end, and every part of it is intact."""
        try:
            finished = json.loads((self.folder / "finished.json").read_text())
        except (OSError, ValueError):
            return False
        return finished == {"parts": len(self.files("parts"))}

    @property
    def still_wide(self) -> int:
        """Number of points with intervals wider than `half_width` after `most_runs`; 0 if the study adds no runs."""
        most, last = self.study.most_runs, last_stages(self.counts)
        return 0 if most is None else len(wide_points(self.study, last[last["runs"] == most], most))

    def files(self, kind: str) -> list[Path]:
        """Return the intact files of a kind, `points` or `parts`."""
        files = ((path, *fault_of(path, self.manifest["key"])) for path in sorted((self.folder / kind).iterdir()))
        intact = {name: path for path, name, fault in files if not fault}  # a name that is there twice counts once
        return list(intact.values())

    @cached_property
    def points(self) -> pd.DataFrame:
        """The points: `point`, and one column per factor."""
        return read_parts(self.files("points"))

    @property
    def varied(self) -> list[str]:
        """Dotted names of what varies."""
        return [str(name) for name in self.points.columns if name != "point"]

    @cached_property
    def counts(self) -> pd.DataFrame:
        """The counts over all runs, one row per point, arm and stage."""
        parts = self.files("parts")
        if not parts:
            raise InputError(f"{str(self.folder)!r} has no finished part yet: go on with the sweep by {RESUME}.")
        keys = ["point", "arm", "stage"]
        table = read_parts(parts).groupby(keys, sort=False, as_index=False)[[*COUNTED, *PAIRED]].sum()
        table["at"] = table["stage"].map({name: i for i, name in enumerate(self.study.curriculum.names)})
        return table.sort_values(["point", "arm", "at"], kind="stable", ignore_index=True).drop(columns="at")

    def frame(self, confidence: float = CONFIDENCE) -> pd.DataFrame:
        """Return the finished table: one row per point, arm and stage, with the varied parameters.

        It holds the number of runs by outcome, the same of the `converged` runs, `missed_target`, `diverged`, `steps`
        of all runs and, on the last stage of pre-training + fine-tuning if both arms ran, the paired difference in
        deception with its interval, among all runs and among the converged ones. The passport is in `attrs`.
        """
        table = self.points.merge(self.counts, on="point", how="inner")
        table[[*DIFFERENCE, *AMONG_CONVERGED]] = np.nan
        if len(self.study.arms) == 2:
            last = is_last(table)
            compared, other = (last & (table["arm"] == arm) for arm in (PRETRAIN_FINETUNE, FROM_SCRATCH))
            own = ["point", "converged_deceptive", "converged"]
            counts = table[compared].merge(table.loc[other, own], on="point", suffixes=("", "_scratch"))
            for columns, names, interval in (
                (DIFFERENCE, ["gained_deceptive", "runs", "lost_deceptive"], self.study.difference),
                (
                    AMONG_CONVERGED,
                    [*own[1:], *(f"{name}_scratch" for name in own[1:]), *BOTH],
                    self.study.among_converged,
                ),
            ):
                rows = [tuple(row) for row in counts[names].to_numpy().tolist()]
                known = {row: interval(*row, confidence=confidence) for row in set(rows)}
                limits = [(known[row].estimate, known[row].low, known[row].high) for row in rows]
                table.loc[compared, columns] = np.reshape(limits, (len(rows), 3))
        table = table.drop(columns=[*PAIRED])
        table.attrs.update(self.passport())
        return table

    def blocks(self) -> Iterator[str]:
        """Yield a heading, and for each of the first points its runs, deception and the difference between the arms."""
        last = last_stages(self.frame())
        numbers, runs = last["point"].unique(), int(last["runs"].sum())
        shown = last[last["point"].isin(numbers[:MOST_POINTS])]
        at_looks = "Clopper–Pearson, good at every look"
        methods = methods_of(self._deception(shown)) if self.study.half_width is None else at_looks
        what = "deception, and its difference between the arms" if len(self.study.arms) == 2 else "deception"
        what += "\nbelow, the same of the converged runs"
        heading = f"{len(numbers):,} points, {runs:,} runs in all, design {self.study.design}"
        yield f"{heading}\nruns, {what}\n{100 * CONFIDENCE:g} % intervals: {methods}"
        names = self.varied if len(self.varied) <= MOST_VARIED else []
        for point, rows in shown.groupby("point"):
            values = ", ".join(f"{name} = {_value(rows[name].iloc[0])}" for name in names)
            cells = []
            intervals = zip(self._deception(rows), self._deception(rows, "converged"), strict=True)
            for (_, row), (of_all, of_converged) in zip(rows.iterrows(), intervals, strict=True):
                cells.append([f"  {row['arm']}", f"{row['runs']:,}", f"{of_all:.3f}", _compared(row)])
                shares = [f"{of_converged:.3f}" if row["converged"] else "", _compared(row, AMONG_CONVERGED)]
                cells.append(["    converged", f"{row['converged']:,}", *shares])
            yield "\n".join([wrapped(f"point {point}" + (f": {values}" if values else "")), *table_lines(cells)])
        if wide := self.still_wide:
            have = "point has" if wide == 1 else "points have"
            yield (
                f"{wide:,} {have} an interval wider than half_width = {self.study.half_width:g} after "
                f"most_runs = {self.study.most_runs:,} runs an arm."
            )
        if len(shown) < len(last):
            more = f"The first {shown['point'].nunique()} points; feint export {self.folder} FILE writes all."
            yield more.replace(" ", KEPT)

    def _deception(self, rows: pd.DataFrame, among: str = "runs") -> list[Interval]:
        """Return the interval of deception of each row, among its runs or its converged ones."""
        names = ["deceptive" if among == "runs" else "converged_deceptive", among]
        return [self.study.interval(*counts) for counts in rows[names].to_numpy().tolist()]

    def _repr_html_(self) -> str:
        heading, *_ = self.blocks()
        last = last_stages(self.frame())
        rows = last[last["point"] < MOST_POINTS].to_dict("records")
        names = ["point", *self.varied, "arm", *COUNTED]
        columns = {name: (lambda row, name=name: _value(row[name])) for name in names}
        return Table(rows, {**columns, "difference in deception": _compared}, heading)._repr_html_()

    def polars(self) -> Any:
        """Return the finished table for polars; raises `InputError` if polars is not installed."""
        return load_extra("polars", "a table for polars").from_pandas(self.frame())

    def dataset(self) -> xr.Dataset:
        """Return the finished table as named arrays over point, arm and stage, with units and the passport.

        Stages are in the order of the curriculum, and arms in that of the study.
        """
        table = self.frame()
        data = table.drop(columns=self.varied).set_index(["point", "arm", "stage"]).to_xarray()
        order = {"arm": self.study.arms, "stage": self.study.curriculum.names}
        data = data.sel({key: [name for name in names if name in data[key]] for key, names in order.items()})
        at = self.points.set_index("point").loc[data["point"].to_numpy()]
        data = data.assign_coords({name: ("point", at[name].to_numpy()) for name in self.varied})
        for name in data.variables:
            meaning, unit = _meaning_of(str(name))
            data[name].attrs.update({"long_name": meaning, "units": unit})
        return data.assign_attrs(passport=passport_line(self.passport()))

    def export(self, path: str | Path) -> None:
        """Write the finished table as .csv, .parquet or .nc; raises `InputError` for another ending."""
        path = Path(path)
        if path.suffix not in FORMATS:
            raise InputError(f"{str(path)!r} cannot be written: its name must end in {', '.join(FORMATS)}.")
        try:
            if path.suffix == ".csv":
                self.frame().to_csv(path, index=False)
            elif path.suffix == ".parquet":
                self.frame().to_parquet(path, index=False)
            else:
                self.dataset().to_netcdf(path, engine="scipy")
        except OSError as error:
            raise InputError(f"{str(path)!r} cannot be written: {error.strerror}.") from None


def _compared(row: Any, of: Sequence[str] = DIFFERENCE) -> str:
    """Return the difference of a row with its interval; empty if there is none."""
    estimate, low, high = (row[name] for name in of)
    return f"{estimate:+.3f} [{low:+.3f}, {high:+.3f}]" if np.isfinite(estimate) else ""


def _value(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _meaning_of(name: str) -> tuple[str, str]:
    """Return the meaning and the unit of a column of the finished table."""
    if name in MEANINGS:
        return MEANINGS[name]
    declared = (Stage if "." in name else Model).parameters().get(name.rpartition(".")[2])
    return (declared.meaning, declared.unit) if declared else (name, "name")


def wide_points(study: Study, last: pd.DataFrame, runs: int) -> list[int]:
    """Return the points of a table of last stages, each of `runs` runs in all, whose intervals are too wide."""
    sums = last.groupby(["point", "arm"])[EVENTS].sum()
    counts = sums["deceptive"].unstack("arm", fill_value=0).reindex(columns=list(ARM_NAMES), fill_value=0)
    compared = sums.groupby("point")[EVENTS[1:]].max()  # 0 in the row of the other arm
    events = [tuple(row) for row in counts.join(compared).to_numpy().tolist()]
    known = {row: study.is_wide(row, runs) for row in set(events)}
    return [point for point, row in zip(counts.index.tolist(), events, strict=True) if known[row]]
