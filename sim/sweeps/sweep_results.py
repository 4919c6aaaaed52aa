"""What came of a sweep: its folder opened for reading, and the table to draw from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from feint.agents.errors import InputError
from feint.agents.model import Model
from feint.agents.outcome import LABELS
from feint.sim.ensembles.protocols import PRETRAIN_FINETUNE
from feint.sim.results.optional_dependencies import load_extra
from feint.sim.results.text_tables import table as aligned_table
from feint.sim.results.text_tables import wrapped
from feint.sim.statistics.intervals import CONFIDENCE, Interval, frequency_interval, methods_of, tango
from feint.sim.sweeps.study import SCALARS, Study
from feint.sim.sweeps.sweep_store import RESUME, faulty, read_manifest, read_parts
from feint.sim.sweeps.work_units import COUNTED, GAINED, LOST, Unit
from feint.sim.training.curriculum import Curriculum
from feint.sim.training.stage import Stage

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

DIFFERENCE = ["difference", "difference_low", "difference_high"]
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
    "missed_target": ("runs that never reached the target", "runs"),
    "diverged": ("runs whose state stopped being finite", "runs"),
    "steps": ("SGD steps taken, of all runs together", "steps"),
    "difference": ("frequency of deception, pre-training + fine-tuning minus from scratch", "1"),
    "difference_low": ("lower limit of its 95 % interval", "1"),
    "difference_high": ("upper limit of its 95 % interval", "1"),
}
"""What stands in the finished table beside the parameters varied, with its unit."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Sweep:
    """A sweep's folder; parts that are not whole are never read."""

    folder: Path
    study: Study
    manifest: dict[str, Any]

    @classmethod
    def open(cls, folder: str | Path) -> Self:
        """Open a folder that `sweep` wrote; raises `InputError` for another."""
        manifest = read_manifest(folder)
        return cls(folder=Path(folder), study=study_of(manifest["study"]), manifest=manifest)

    def passport(self) -> dict[str, Any]:
        """What is needed to make this result again."""
        return self.manifest["passport"]

    @property
    def finished(self) -> bool:
        """Whether the sweep was carried out to its end, and every part of it is there."""
        try:
            told = json.loads((self.folder / "finished.json").read_text())
        except (OSError, ValueError):
            return False
        return told == {"parts": len(self.files("parts"))}

    @property
    def still_wide(self) -> int:
        """Points with intervals wider than `half_width` though they have `most_runs`; 0 of a study that adds none."""
        from feint.sim.sweeps.sequential_sampling import still_wide

        return still_wide(self.study, last_stages(self.counts))

    def files(self, kind: str) -> list[Path]:
        """The whole files of a kind, `points` or `parts`."""
        found: dict[str, Path] = {}  # each name once, though it stood there twice
        for path in sorted((self.folder / kind).iterdir()):
            name, fault = faulty(path, self.manifest["key"])
            if not fault and (kind == "points" or Unit.named(name)):
                found[name] = path
        return list(found.values())

    @cached_property
    def points(self) -> pd.DataFrame:
        """The points: `point`, and a column a factor."""
        return read_parts(self.files("points"))

    @cached_property
    def counts(self) -> pd.DataFrame:
        """What was counted: one row a point, arm and stage, over all its runs."""
        parts = self.files("parts")
        if not parts:
            raise InputError(f"{str(self.folder)!r} has no finished part yet: go on with the sweep by {RESUME}.")
        whole = read_parts(parts)
        order = {name: i for i, name in enumerate(self.study.curriculum.names)}
        found = whole.groupby(["point", "arm", "stage"], sort=False, as_index=False)[[*COUNTED, *GAINED, *LOST]].sum()
        found["at"] = found["stage"].map(order)
        return found.sort_values(["point", "arm", "at"], kind="stable", ignore_index=True).drop(columns="at")

    def frame(self, confidence: float = CONFIDENCE) -> pd.DataFrame:
        """The finished table: one row a point, arm and stage, with the varied parameters under their dotted names.

        Runs by outcome, `missed_target`, `diverged`, `steps` in all; and, on the last stage of pre-training +
        fine-tuning where both arms ran, how much more often it ends in deception than from scratch, with the paired
        interval. The passport is in `attrs`.
        """
        table = self.points.merge(self.counts, on="point", how="inner")
        compared = (table["arm"] == PRETRAIN_FINETUNE) & is_last(table) & (len(self.study.arms) == 2)
        table[DIFFERENCE] = np.nan
        events = ["gained_deceptive", "lost_deceptive", "runs"]
        seen = [tuple(int(n) for n in row) for row in table.loc[compared, events].to_numpy()]
        intervals = {each: self._difference(each[0], each[1], each[2], confidence) for each in set(seen)}
        found = [intervals[each] for each in seen]
        if found:
            table.loc[compared, DIFFERENCE] = np.array([[each.estimate, each.low, each.high] for each in found])
        table = table.drop(columns=[*GAINED, *LOST])
        table.attrs.update(self.passport())
        return table

    def _difference(self, gained: int, lost: int, runs: int, confidence: float) -> Interval:
        if self.study.half_width is None:
            return tango(gained, lost, runs, confidence)
        from feint.sim.sweeps.sequential_sampling import difference_at_look

        return difference_at_look(self.study, gained, lost, runs, confidence)

    def text(self) -> str:
        """Return the first points for a terminal: by arm the runs, deception, and the difference between the arms."""
        found = last_stages(self.frame())
        points, runs = found["point"].nunique(), int(found["runs"].sum())
        shown = found[found["point"].isin(found["point"].unique()[:MOST_POINTS])]
        looked = "Clopper–Pearson, good at every look"
        methods = methods_of(self._deception(shown)) if self.study.half_width is None else looked
        what = "deception, and its difference between the arms" if len(self.study.arms) == 2 else "deception"
        lines = [
            f"{points:,} points, {runs:,} runs in all, design {self.study.design}",
            f"runs, {what}\n{100 * CONFIDENCE:g} % intervals: {methods}",
        ]
        varied = [str(name) for name in self.points.columns if name != "point"]
        varied = varied if len(varied) <= MOST_VARIED else []
        for point, rows in shown.groupby("point"):
            values = ", ".join(f"{name} = {_value(rows[name].iloc[0])}" for name in varied)
            lines.append("\n" + wrapped(f"point {point}" + (f": {values}" if values else "")))
            intervals = self._deception(rows)
            lines += aligned_table(
                [
                    ["  " + str(row["arm"]), f"{row['runs']:,}", f"{interval:.3f}", _compared(row)]
                    for (_, row), interval in zip(rows.iterrows(), intervals, strict=True)
                ]
            )
        if self.still_wide:
            have = "point has" if self.still_wide == 1 else "points have"
            lines.append(
                "\n"
                + wrapped(
                    f"{self.still_wide:,} {have} an interval wider than half_width = {self.study.half_width:g} after "
                    f"most_runs = {self.study.most_runs:,} runs an arm."
                )
            )
        if len(shown) < len(found):
            lines.append(f"\nThe first {shown['point'].nunique()} points; feint export {self.folder} FILE writes all.")
        return "\n".join(lines)

    def _deception(self, rows: pd.DataFrame) -> list[Interval]:
        """Return the interval of deception of each row; if the study adds runs, one that holds at every look."""
        counts = [(int(deceptive), int(runs)) for deceptive, runs in rows[["deceptive", "runs"]].to_numpy()]
        if self.study.half_width is None:
            return [frequency_interval(*pair) for pair in counts]
        from feint.sim.sweeps.sequential_sampling import frequency_at_look

        return [frequency_at_look(self.study, *pair) for pair in counts]

    def polars(self) -> Any:
        """The finished table for polars; raises `InputError` where polars is not installed."""
        return load_extra("polars", "a table for polars").from_pandas(self.frame())

    def dataset(self) -> xr.Dataset:
        """The finished table as named arrays over point, arm and stage, with units; the passport is in the attributes.

        Stages stand in the order of the curriculum, and arms in that of the study.
        """
        from feint.sim.results.datafile import as_line as text

        table = self.frame()
        keys = ["point", "arm", "stage"]
        varied = [name for name in self.points.columns if name != "point"]
        found = table.drop(columns=varied).set_index(keys).to_xarray()
        order = {"arm": self.study.arms, "stage": self.study.curriculum.names}
        found = found.sel({key: [name for name in names if name in found[key]] for key, names in order.items()})
        at = self.points.set_index("point").loc[found["point"].to_numpy()]
        found = found.assign_coords({name: ("point", at[name].to_numpy()) for name in varied})
        for name in found.variables:
            meaning, unit = meaning_of(str(name))
            found[name].attrs.update({"long_name": meaning, "units": unit})
        return found.assign_attrs(passport=text(self.passport()))

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


def _compared(row: pd.Series) -> str:
    if not np.isfinite(row["difference"]):
        return ""
    return f"{row['difference']:+.3f} [{row['difference_low']:+.3f}, {row['difference_high']:+.3f}]"


def _value(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def meaning_of(name: str) -> tuple[str, str]:
    """What a column of the finished table is, and its unit."""
    if name in MEANINGS:
        return MEANINGS[name]
    declared = (Stage if "." in name else Model).parameters().get(name.rpartition(".")[2])
    return (declared.meaning, declared.unit) if declared else (name, "name")


def is_last(table: pd.DataFrame) -> pd.Series:
    """Which rows are of the last stage of their point and arm; rows stand in the order of the stages."""
    return ~table.duplicated(["point", "arm"], keep="last")


def last_stages(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of last stages alone."""
    return table[is_last(table)]


def study_of(described: Mapping[str, Any]) -> Study:
    """The study that a manifest describes."""
    stages = [dict(stage) for stage in described["stages"]]
    stages[0].pop("carry")
    given = {name: described[name] for name in SCALARS}
    vary = {} if described["design"] == "table" else described["vary"]
    return Study(
        **given,
        arms=tuple(described["arms"]),
        vary={name: _spec(spec) for name, spec in vary.items()},
        model=Model(**described["model"]),
        curriculum=Curriculum(*(Stage(**stage) for stage in stages)),
    )


def _spec(spec: Any) -> Any:
    if isinstance(spec, list):
        return spec
    return {name: value for name, value in spec.items() if value is not None}
