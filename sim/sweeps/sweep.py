"""Sweeps: studies carried out round by round, part by part, into a folder from which they are resumed and read."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cache, cached_property
from gzip import compress
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from feint.agents.errors import InputError, load_extra
from feint.agents.model import Model
from feint.agents.outcome import LABELS
from feint.sim.ensembles.protocols import ARM_NAMES, FROM_SCRATCH, PRETRAIN_FINETUNE
from feint.sim.ensembles.runner import check_threads
from feint.sim.results.figure_style import LINE, LOOKS, MOST_ROWS, draw_intervals
from feint.sim.results.files import written_whole
from feint.sim.results.provenance import data_beside, passport_line
from feint.sim.results.report import KEPT, Hidden, Report, Table, wrapped
from feint.sim.results.report import table as table_lines
from feint.sim.results.table_files import ending_of, in_netcdf
from feint.sim.statistics.intervals import CONFIDENCE, Interval, methods_of
from feint.sim.sweeps import experimental_designs as designs
from feint.sim.sweeps import sweep_store as stores
from feint.sim.sweeps.dask_cluster import Cluster
from feint.sim.sweeps.extensions import extension
from feint.sim.sweeps.factors import SEED
from feint.sim.sweeps.study import UNNAMED, Study
from feint.sim.sweeps.sweep_store import BOTH, COUNTED, PAIRED, RESUME, Store, last_stages, read_parts
from feint.sim.sweeps.unit_training import Columns, Train, in_threads, missing_jobs, part_table, rounds
from feint.sim.sweeps.units import Unit
from feint.sim.training.stage import Stage

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

DIFFERENCE = ["difference", "difference_low", "difference_high"]
AMONG_CONVERGED = ["difference_converged", "difference_converged_low", "difference_converged_high"]
AT_LOOKS = "Clopper–Pearson, good at every look"
MOST_POINTS, MOST_VARIED = 8, 4  # points that the text shows; the values of more parameters are left out
MEANINGS = {label: (f"runs that ended the stage as {label}", "runs") for label in LABELS}
MEANINGS |= {name: (f"{name.removeprefix('converged_')} runs among the converged", "runs") for name in stores.CONVERGED}
MEANINGS |= data_beside(__file__, "columns.toml")
"""Meaning and unit of the columns of the finished table besides the varied parameters."""


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Sweep(Report):
    """The folder of a sweep and its study, opened with `Sweep.open`; damaged parts are never read.

    `points` has one row per point, `counts` runs by point, arm, stage and outcome, `frame()` one row per point and arm.
    """

    folder: Hidden[Path]  #: where the points and counts are
    study: Hidden[Study]  #: what is carried out
    manifest: Hidden[dict[str, Any]]  #: description, key and passport that the folder holds

    @classmethod
    def open(cls, folder: str | Path) -> Self:
        """Open a folder that `sweep` wrote; raises `InputError` for any other."""
        manifest = stores.read_manifest(folder)
        return cls(folder=Path(folder), study=Study.from_configuration(manifest["study"]), manifest=manifest)

    def checked(self) -> Self:
        """Return the sweep, with a warning if it is not finished."""
        if not self.finished:
            what = "is not finished: results are of its finished parts; continue with --resume."
            warnings.warn(f"{str(self.folder)!r} {what}", RuntimeWarning, stacklevel=2)
        return self

    def passport(self) -> dict[str, Any]:
        """Return what is needed to compute the result again."""
        return self.manifest["passport"]

    def __repr__(self) -> str:
        design, points = self.study.design, len(self.points)
        return f"Sweep({str(self.folder)!r}, design={design!r}, points={points}, finished={self.finished})"

    @property
    def name(self) -> str:
        """The study's name when it was begun."""
        return self.manifest.get("name", UNNAMED)

    @property
    def finished(self) -> bool:
        """True if the sweep was carried out to its end, and all its points and parts are intact."""
        try:
            noted = json.loads((self.folder / "finished.json").read_text())
        except (OSError, ValueError, RecursionError):
            return False
        units = filter(None, map(Unit.named, self._named("parts")))
        held = sum(len(designs.points_in(name)) for name in self._named("points"))
        return noted == stores.ending(self.manifest["requests"], units) and held == self.number_of_points

    @property
    def number_of_points(self) -> int:
        """Number of points of the study, whether or not their files are intact."""
        return stores.number_of_points(self.manifest["requests"])

    @property
    def still_wide(self) -> int:
        """Number of points with intervals wider than `half_width` after `most_runs`; 0 if the study adds no runs."""
        most, last = self.study.most_runs, last_stages(self.counts)
        return 0 if most is None else len(self.study.wide_points(last[last["runs"] == most], most))

    def files(self, kind: str) -> list[Path]:
        """Return the intact files of a kind, `points` or `parts`."""
        return [*self._named(kind).values()]

    def _named(self, kind: str) -> dict[str, Path]:
        return stores.files_of(self.folder, kind, self.manifest["requests"])[0]

    @cached_property
    def numbered(self) -> pd.DataFrame:
        """The points in the order of the folder, by whose numbers its parts know them; `place` is another design's."""
        files = self.files("points")
        if not files:
            raise InputError(f"{str(self.folder)!r} has no intact file of points: continue the sweep with {RESUME}.")
        return read_parts(files)

    @cached_property
    def points(self) -> pd.DataFrame:
        """The points: `point`, and one column per factor."""
        table = self.numbered
        if designs.PLACE in table:
            table = table.assign(point=table[designs.PLACE]).drop(columns=designs.PLACE)
        return table.sort_values("point", ignore_index=True)

    @property
    def varied(self) -> list[str]:
        """Dotted names of what varies."""
        return [str(name) for name in designs.values_of(self.points).columns]

    @cached_property
    def counts(self) -> pd.DataFrame:
        """The counts over all runs, one row per point, arm and stage."""
        parts = self.files("parts")
        if not parts:
            raise InputError(f"{str(self.folder)!r} has no finished part yet: continue the sweep with {RESUME}.")
        table = read_parts(parts)
        if designs.PLACE in self.numbered:
            table["point"] = table["point"].map(self.numbered.set_index("point")[designs.PLACE])
            table = table.dropna(subset="point").astype({"point": int})  # without one where points are lost
        keys = ["point", "arm", "stage"]
        table = table.groupby(keys, sort=False, as_index=False)[[*COUNTED, *PAIRED]].sum()
        table["at"] = table["stage"].map({name: i for i, name in enumerate(self.study.curriculum.names)})
        return table.sort_values(["point", "arm", "at"], kind="stable", ignore_index=True).drop(columns="at")

    def frame(self, confidence: float = CONFIDENCE) -> pd.DataFrame:
        """Return the finished table: one row per point, arm and stage, with the varied parameters.

        It holds the number of runs by outcome, the same of the `converged` runs, `missed_target`, `diverged`, `steps`
        of all runs and, on the last stage of pre-training + fine-tuning if both arms ran, the paired difference in
        deception with its interval, among all runs and among the converged ones; and the seed, the study's name and its
        digest. The passport is in `attrs`.
        """
        table = self.points.merge(self.counts, on="point", how="inner")
        table[[*DIFFERENCE, *AMONG_CONVERGED]] = np.nan
        if len(self.study.arms) == 2:
            last, own = stores.is_last(table), ["converged_deceptive", "converged"]
            compared, other = (last & (table["arm"] == arm) for arm in (PRETRAIN_FINETUNE, FROM_SCRATCH))
            counts = table[compared].merge(table.loc[other, ["point", *own]], on="point", suffixes=("", "_scratch"))
            converged = [*own, *(f"{name}_scratch" for name in own), *BOTH]
            for columns, names, interval in (
                (DIFFERENCE, ["gained_deceptive", "runs", "lost_deceptive"], cache(self.study.interval)),
                (AMONG_CONVERGED, converged, cache(self.study.among_converged)),
            ):
                differences = [interval(*row, level=confidence) for row in counts[names].to_numpy().tolist()]
                limits = [(at.estimate, at.low, at.high) for at in differences]
                table.loc[compared, columns] = np.reshape(limits, (len(limits), 3))
        table = table.drop(columns=[*PAIRED]).assign(**self.identity(len(table)))
        table.attrs.update(self.passport())
        return table

    def identity(self, rows: int) -> dict[str, Any]:
        """Return the columns that say of which sweep a row is: seed, unless it varies, study's name and digest."""
        kind = np.int64 if self.study.seed < 2**63 else np.uint64
        seed = {} if SEED in self.varied else {SEED: np.full(rows, self.study.seed, kind)}
        return {**seed, "study": self.name, "digest": self.study.digest}

    def blocks(self) -> Iterator[str]:
        """Yield a heading, and for each of the first points its runs, deception and the difference between the arms."""
        last = last_stages(self.frame())
        numbers, runs = last["point"].unique(), int(last["runs"].sum())
        shown = last[last["point"].isin(numbers[:MOST_POINTS])]
        methods = methods_of(self._deception(shown)) if self.study.half_width is None else AT_LOOKS
        what = "deception, and its difference between the arms" if len(self.study.arms) == 2 else "deception"
        what += "\nbelow, the same of the converged runs"
        heading = f"{len(numbers):,} points, {runs:,} runs in all, design {self.study.design}"
        yield f"{heading}\nruns, {what}\n{100 * CONFIDENCE:g} % intervals: {methods}"
        names = self.varied if len(self.varied) <= MOST_VARIED else []
        for point, rows in shown.groupby("point"):
            values = ", ".join(f"{name} = {_value(rows[name].iloc[0])}" for name in names)
            cells = []
            deceptions = zip(self._deception(rows), self._deception(rows, "converged"), strict=True)
            for (_, row), (of_all, of_converged) in zip(rows.iterrows(), deceptions, strict=True):
                cells.append([f"  {row['arm']}", f"{row['runs']:,}", f"{of_all:.3f}", _compared(row)])
                shares = [f"{of_converged:.3f}" if row["converged"] else "", _compared(row, AMONG_CONVERGED)]
                cells.append(["    converged", f"{row['converged']:,}", *shares])
            yield "\n".join([wrapped(f"point {point}" + (f": {values}" if values else "")), *table_lines(cells)])
        if wide := self.still_wide:
            have = "point has" if wide == 1 else "points have"
            yield (
                f"{wide:,} {have} an interval wider than half_width = {self.study.half_width:g} after "
                f"most_runs = {self.study.most_runs:,} runs per arm."
            )
        if len(shown) < len(last):
            more = f"The first {shown['point'].nunique()} points; feint export {self.folder} FILE writes all."
            yield more.replace(" ", KEPT)

    def draw(self, panels: Any) -> None:
        """Draw deception in each arm: along a number that varies alone, by point, or its distribution if many vary."""
        import seaborn as sns

        axes, last, names = panels[0, 0], last_stages(self.frame()), self.varied
        numbers = len(names) == 1 and last[names[0]].dtype.kind in "if"
        last = last.sort_values(names[0], kind="stable") if numbers else last
        limits = np.array([(share.estimate, share.low, share.high) for share in self._deception(last)])
        arms = {ARM_NAMES[arm]: (last["arm"] == arm).to_numpy() for arm in self.study.arms}
        if not numbers and last["point"].nunique() <= MOST_ROWS:
            rows = last.drop_duplicates("point")[names].to_dict("records")
            labels = [", ".join(f"{name} = {_value(value)}" for name, value in row.items()) for row in rows]
            draw_intervals(axes, labels, {f"deception, {arm}": limits[rows] for arm, rows in arms.items()})
            return
        for (colour, marker, dashes), (arm, rows) in zip(LOOKS, arms.items(), strict=False):
            look: dict[str, Any] = {"color": colour, "label": arm, "linestyle": dashes}
            if numbers:
                x, middle, low, high = np.column_stack([last[names[0]], limits])[rows].T
                axes.plot(x, middle, marker=marker, markersize=LINE["markersize"], **look)
                axes.fill_between(x, low, high, color=colour, alpha=0.2, linewidth=0)
            else:
                sns.ecdfplot(x=limits[rows, 0], ax=axes, **look)
        words = (names[0], "deception") if numbers else ("deception", "share of the points at or below")
        axes.set(xlabel=words[0], ylabel=words[1])
        axes.set_xscale("log" if numbers and any(factor.log for factor in self.study.factors) else "linear")
        axes.figure.legend(loc="outside lower center", ncols=2, frameon=False)

    def _deception(self, rows: pd.DataFrame, among: str = "runs") -> list[Interval]:
        """Return the interval of deception of each row, among its runs or its converged ones."""
        names = ["deceptive" if among == "runs" else "converged_deceptive", among]
        return [self.study.interval(*counts) for counts in rows[names].to_numpy().tolist()]

    def _repr_html_(self) -> str:
        heading, *_ = self.blocks()
        rows = last_stages(self.frame()).query("point < @MOST_POINTS").to_dict("records")
        names = ["point", *self.varied, "arm", *COUNTED]
        columns = {name: (lambda row, name=name: _value(row[name])) for name in names}
        return Table(rows, {**columns, "difference in deception": _compared}, heading)._repr_html_()

    def polars(self) -> Any:
        """Return the finished table for polars; raises `InputError` if polars is not installed."""
        return load_extra("polars", "a table for polars").from_pandas(self.frame())

    def dataset(self) -> xr.Dataset:
        """Return the table as named arrays over point, arm and stage, in the study's order, with units and passport.

        Seed, name and digest of the study are coordinates without a dimension, along which sweeps can be joined.
        """
        table, own = self.frame(), {name: np.asarray(values).flat[0] for name, values in self.identity(1).items()}
        data = table.drop(columns=[*self.varied, *own]).set_index(["point", "arm", "stage"]).to_xarray()
        order = {"arm": self.study.arms, "stage": self.study.curriculum.names}
        data = data.sel({key: [name for name in names if name in data[key]] for key, names in order.items()})
        at = self.points.set_index("point").loc[data["point"].to_numpy()]
        data = data.assign_coords({name: ("point", at[name].to_numpy()) for name in self.varied}).assign_coords(own)
        for name in map(str, data.variables):
            declared = (Stage if "." in name else Model).parameters().get(name.rpartition(".")[2])
            own = (declared.meaning, declared.unit) if declared else (name, "name")
            data[name].attrs.update(zip(("long_name", "units"), MEANINGS.get(name, own), strict=True))
        return data.assign_attrs(passport=passport_line(self.passport()))

    def export(self, path: str | Path) -> None:
        """Write the finished table as .csv, .csv.gz, .parquet or .nc; raises `InputError` for another ending."""
        path = Path(path)
        write: dict[str, Callable[[Path], object]] = {
            ".csv": lambda file: self.frame().to_csv(file, index=False, compression=None),
            ".csv.gz": lambda file: file.write_bytes(compress(self.frame().to_csv(index=False).encode(), mtime=0)),
            ".parquet": lambda file: self.frame().to_parquet(file, index=False),
            ".nc": lambda file: in_netcdf(self.dataset()).to_netcdf(file, engine="scipy"),
        }
        if (ending := ending_of(path)) not in write:
            raise InputError(f"{str(path)!r} cannot be written: its name must end in {', '.join(write)}.")
        with written_whole("file", path) as beside:
            write[ending](beside)


def _compared(row: Any, columns: Sequence[str] = DIFFERENCE) -> str:
    """Return the difference of a row with its interval; empty if there is none."""
    estimate, low, high = (row[name] for name in columns)
    return f"{estimate:+.3f} [{low:+.3f}, {high:+.3f}]" if np.isfinite(estimate) else ""


def _value(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def sweep(
    study: Study,
    out: str | Path,
    *,
    resume: bool = False,
    threads: int | None = None,
    scheduler: Any = None,
    workers: int | None = None,
    begin: Callable[[str], object] | None = None,
    progress: Callable[[int, int, int], object] | None = None,
    warn: Callable[[str], object] | None = None,
) -> Sweep:
    """Carry out a study and return its results, which depend neither on what trains nor on how often it was resumed.

    Parameters
    ----------
    study, out, resume
        The study, the folder for its result, and whether to continue what the folder holds: the same study, or one with
        fewer runs or points whose points and runs are all among those of this one (`extension`), which are
        kept. A folder that is not there yet, or empty, is begun.
    threads, scheduler, workers
        Number of threads, one per core if None; or a Dask cluster: an address or a `distributed.Client` of one that
        runs, or the number of workers of one that is started here.
    begin, progress, warn
        Called once the folder is open, with what is added to the study in it, in words; with the runs per arm finished
        just now, those finished before, and the known total; and with one sentence for each damaged file,
        and if looks were added to those of `half_width`.

    Returns
    -------
    Sweep
        The folder, opened, with the finished table.

    Raises
    ------
    InputError
        If an argument is not valid, if the folder cannot be used, or if a part cannot be trained.

    """
    if not isinstance(study, Study):
        raise InputError(f"study = {study!r} is not a Study: write sweep(study, out), the folder second.")
    if not isinstance(out, (str, PathLike)):
        raise InputError(f"out = {out!r} is not the path of a folder: write sweep(study, out).")
    threads, here = check_threads(threads), scheduler is None and workers is None
    trainer = in_threads(study, threads) if here else Cluster(study, scheduler, workers)
    points = designs.checked_count(study)
    with Store.opened(out, study, resume=resume, points=points, extend=extension) as store:
        (begin or _ignore)(store.difference)
        finished: dict[Unit, Path] = {}
        try:
            designs.write_points(store)
            finished |= store.finished_parts()
            for sentence in store.warnings:
                (warn or _ignore)(sentence)
            with trainer as train:
                _train_missing(store, finished, train, progress or _ignore)
        except Exception:
            if store.fresh and not finished:  # a study that is refused or fails at once leaves no folder
                store.discard()
            raise
        store.write_json("finished.json", stores.ending(store.requests, finished))
    return Sweep.open(out)


def _ignore(*_: object) -> None:
    """Do nothing, as a callback that is left out."""


def _train_missing(
    store: Store, finished: dict[Unit, Path], train: Train, progress: Callable[[int, int, int], object]
) -> None:
    """Train and store what is not finished, round by round."""

    def keep(unit: Unit, columns: Columns) -> None:
        finished[unit] = store.write("parts", unit.name, part_table(columns))

    for first, last, points, total in rounds(store, finished):
        done = sum(unit.size for unit in finished if unit.last_run <= last)
        progress(0, done, total)
        with closing(train(missing_jobs(store, points, first, last, finished), keep)) as trained:
            for unit, _ in trained:
                progress(unit.size, done, total)
                done += unit.size
