"""The folder of a sweep: a manifest, the points, and parts of the result, each written completely or not at all.

DIR/manifest.json      study, versions, processor, how the sweep is cut into parts
DIR/points/*.parquet   the varied parameters, one row per point
DIR/parts/*.parquet    counts, one row per point, arm and stage; the name ends in a digest of the content
DIR/finished.json      the number of parts, once all are there
DIR/damaged/           files whose content did not match their names, set aside
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import shutil
import socket
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from feint.agents import VERSION
from feint.agents.errors import MOST_NAMED, InputError
from feint.agents.outcome import LABELS
from feint.sim.results.provenance import NUMBERS_FROM, difference_text, differing, passport
from feint.sim.sweeps.study import Study
from feint.sim.training.kernels.initial_draws import draw_starts

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

SCHEMA = 2  # version 1 had neither converged runs nor the outcome reward-seeking
KINDS = ("points", "parts")
RESUME = "--resume (resume=True in Python)"
DIGEST = 16  # hexadecimal digits of SHA-256 in a file's name


COMPILERS = ("llvmlite",)  # besides the libraries that a passport names
NAME, PATTERN = "points-{:09d}-{:09d}-runs-{:013d}-{:013d}", r"points-(\d{9})-(\d{9})-runs-(\d{13})-(\d{13})"


class Cut(NamedTuple):
    """Sizes of the parts of a sweep; kept in its manifest, so that it is resumed as it was begun."""

    runs: int = 2**15  #: of a unit and arm, over all its points
    points: int = 256  #: most points of a unit
    points_a_file: int = 4096  #: points in a file of points


CUT = Cut()
CONVERGED = tuple(f"converged_{label}" for label in LABELS[1:])  # what is unconverged has not converged
COUNTED = ("runs", *LABELS, "converged", *CONVERGED, "missed_target", "diverged", "steps")
GAINED, LOST = tuple(f"gained_{label}" for label in LABELS), tuple(f"lost_{label}" for label in LABELS)
BOTH = ("both_converged", "both_converged_deceptive_pretrained", "both_converged_deceptive_scratch")
BOTH += ("both_converged_deceptive",)
PAIRED = (*GAINED, *LOST, *BOTH)
COLUMNS = ("point", "arm", "stage", *COUNTED, *PAIRED)


@dataclass(frozen=True, order=True)
class Unit:
    """Points from `first_point` to before `last_point`, each with its runs from `first_run` to before `last_run`.

    They are trained together, and stored as one part.
    """

    first_point: int
    last_point: int
    first_run: int
    last_run: int

    @property
    def name(self) -> str:
        """Name of its part."""
        return NAME.format(*astuple(self))

    @classmethod
    def named(cls, name: str) -> Self | None:
        """Return the unit of a part's name; None for any other name."""
        match = re.fullmatch(PATTERN, name)
        return cls(*map(int, match.groups())) if match else None

    @property
    def points(self) -> range:
        """Numbers of its points."""
        return range(self.first_point, self.last_point)

    @property
    def size(self) -> int:
        """Number of runs per arm, over all its points."""
        return (self.last_run - self.first_run) * len(self.points)


def units_of(points: range, first_run: int, last_run: int, cut: Cut = CUT) -> Iterator[Unit]:
    """Yield units of neighbouring points, with about `cut.runs` runs per arm each."""
    together = min(cut.points, max(1, cut.runs // (last_run - first_run)))
    for point in range(points.start, points.stop, together):
        last = min(points.stop, point + together)
        for run in range(first_run, last_run, cut.runs):
            yield Unit(point, last, run, min(last_run, run + cut.runs))


@dataclass(frozen=True, kw_only=True)
class Runtime:
    """A process on a machine, with everything that the bits of a result depend on besides the study."""

    where: str
    versions: Mapping[str, str]
    processor: Mapping[str, str]  #: kind of processor that kernels are compiled for, and forms of NumPy's functions
    instructions: frozenset[str]  #: of that processor

    def described(self) -> dict[str, Any]:
        """Return all but the place as plain data."""
        plain: dict[str, Any] = {"versions": dict(self.versions), "processor": dict(self.processor)}
        return {**plain, "instructions": sorted(self.instructions)}

    @classmethod
    def of(cls, described: Mapping[str, Any], where: str) -> Self:
        """Return the runtime that `described` gave."""
        return cls(where=where, **{**described, "instructions": frozenset(described["instructions"])})

    def other_versions(self, other: Runtime) -> str:
        """Return the differences to the versions of another process, in words; empty if there are none."""
        return "; ".join(differing(dict(other.versions), dict(self.versions)))

    def check_same(self, other: Runtime) -> None:
        """Raise `InputError` unless another process gives identical bits: the same versions and kind of processor."""
        if versions := self.other_versions(other):
            raise InputError(
                f"{other.where} runs other versions: {versions}; bits are promised within one version only: "
                "install the same on both, and start again."
            )
        differences = [
            f"{name} is {self.processor.get(name)!r} for the one and {other.processor.get(name)!r} for the other"
            for name in sorted({*self.processor, *other.processor})
            if self.processor.get(name) != other.processor.get(name)
        ]
        if alone := sorted(self.instructions ^ other.instructions):
            more = f" and {len(alone) - MOST_NAMED} others" if len(alone) > MOST_NAMED else ""
            differences.append(f"only one has {', '.join(alone[:MOST_NAMED])}{more}")
        if differences:
            raise InputError(
                f"{self.where} and {other.where} have processors of two kinds: {'; '.join(differences)}; "
                "bits are promised on one kind only: choose machines that are alike."
            )


@cache
def this_runtime() -> Runtime:
    """Return the runtime of this process, with a digest of the code, which changes more often than the version."""
    from numpy.lib.introspect import opt_func_info

    context: Any = getattr(draw_starts, "targetctx", None)  # None if compilation is switched off
    machine, kind, features = context.codegen().magic_tuple() if context else ("none", "none", "")
    forms = opt_func_info("^(exp|log|power)$", "float64")
    functions = {f"numpy.{name}": form["current"] for name, kinds in forms.items() for form in kinds.values()}
    digest, root = hashlib.sha256(), Path(__file__).parents[2]
    for part in ("agents", "sim"):
        for file in sorted((root / part).rglob("*.py")):
            digest.update(f"{part}/{file.relative_to(root / part).as_posix()}".encode())
            digest.update(file.read_bytes())
    libraries = {name: version(name) for name in (*NUMBERS_FROM, *COMPILERS)}
    code = {"feint": VERSION, "its code": digest.hexdigest()[:12], "python": platform.python_version()}
    return Runtime(
        where=f"process {os.getpid()} on {socket.gethostname()}",
        versions={**code, **libraries},
        processor={"machine": machine, "processor": kind, **functions},
        instructions=frozenset(name[1:] for name in features.split(",") if name.startswith("+")),
    )


class Store:
    """The folder of one study, or of what is `described` as one is; opened by one process at a time."""

    def __init__(self, folder: Path, study: Study) -> None:
        self.folder, self.study, self.cut = folder, study, CUT
        described = json.dumps(study.described(), sort_keys=True)
        self.key = hashlib.sha256(described.encode()).hexdigest()  #: marks the files of the study
        self.set_aside: list[str] = []
        self.fresh = False  #: whether this process began it

    @classmethod
    @contextmanager
    def opened(cls, folder: str | Path, study: Study, *, resume: bool) -> Iterator[Self]:
        """Begin or resume the store of a study in a folder, locked until the block ends.

        Raises `InputError` if another process holds the folder, if it holds another study, a sweep of another version
        or something else, or if it holds this study and `resume` is false.
        """
        folder = Path(folder)
        if folder.is_file():
            raise InputError(f"out = {str(folder)!r} is a file: name a folder.")
        if resume and not (folder.is_dir() and any(folder.iterdir())):  # even a sweep killed at once leaves its lock
            raise InputError(f"out = {str(folder)!r} holds no sweep to continue: leave out {RESUME} to begin one.")
        with _writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
        with _locked(folder):
            for left in folder.glob(".*.tmp"):  # by a process that was killed while it wrote
                left.unlink(missing_ok=True)
            store = cls(folder, study)
            if (folder / "manifest.json").exists():
                store._check(read_manifest(folder), resume=resume)
            else:
                store._begin()
            yield store

    def _begin(self) -> None:
        left = [  # by a sweep that was killed before it wrote its manifest
            *(self.folder / name for name in ("lock", "holder.json")),
            *(path for kind in KINDS if (path := self.folder / kind).is_dir() and not any(path.iterdir())),
        ]
        if others := [path.name for path in self.folder.iterdir() if path not in left]:
            raise InputError(f"out = {str(self.folder)!r} holds other files, such as {others[0]!r}: name a new folder.")
        self.fresh = True
        for kind in KINDS:
            (self.folder / kind).mkdir(exist_ok=True)
        manifest = {
            "schema": SCHEMA,
            "key": self.key,
            "cut": self.cut._asdict(),
            "study": self.study.described(),
            "maker": this_runtime().described(),
            "passport": passport(getattr(self.study, "kind", "sweep"), self.study.configuration()),
        }
        self.write_json("manifest.json", manifest, indent=1)

    def _check(self, manifest: dict[str, Any], *, resume: bool) -> None:
        out, here = f"out = {str(self.folder)!r}", this_runtime()
        there = Runtime.of(manifest["maker"], f"the sweep in {str(self.folder)!r}")
        if versions := here.other_versions(there):
            raise InputError(
                f"{out} was begun by other versions ({versions}), and only the versions that began a sweep can "
                "continue it: restore them, or name a new folder."
            )
        if difference := difference_text(manifest["study"], json.loads(json.dumps(self.study.described()))):
            raise InputError(f"{out} holds another study: {difference}.")
        here.check_same(there)
        self.cut = Cut(**manifest["cut"])
        if not resume:
            raise InputError(f"{out} holds this study already: continue it with {RESUME}.")

    def discard(self) -> None:
        """Leave the folder as it was before the first part was trained."""
        for kind in KINDS:
            shutil.rmtree(self.folder / kind, ignore_errors=True)
        (self.folder / "manifest.json").unlink(missing_ok=True)

    def write(self, kind: str, name: str, table: pa.Table) -> None:
        """Write a table to `kind`/`name`.DIGEST.parquet: to a temporary name, flushed to disk, then renamed."""
        import pyarrow.parquet as pq

        content = BytesIO()
        pq.write_table(table.replace_schema_metadata({"feint": self.key}), content)
        self._put(self.folder / kind / f"{name}.{_digest(content.getvalue())}.parquet", content.getvalue())

    def write_json(self, name: str, content: Any, indent: int | None = None) -> None:
        """Write a JSON file in the same way."""
        text = json.dumps(content, indent=indent, ensure_ascii=False) + "\n"
        self._put(self.folder / name, text.encode())

    def _put(self, path: Path, content: bytes) -> None:
        temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        with _writing(self.folder):
            try:
                with temporary.open("wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                temporary.replace(path)
            finally:
                temporary.unlink(missing_ok=True)
            if os.name == "posix":  # make the new name permanent
                handle = os.open(path.parent, os.O_RDONLY)
                try:
                    os.fsync(handle)
                finally:
                    os.close(handle)

    def intact_files(self, kind: str) -> dict[str, Path]:
        """Return the intact files of a kind by name; others are set aside, so that they are made again."""
        files = {path: fault_of(path, self.key) for path in sorted((self.folder / kind).iterdir())}
        for path, (_, fault) in files.items():
            if fault:
                aside = self.folder / "damaged"
                aside.mkdir(exist_ok=True)
                path.replace(aside / path.name)
                self.set_aside.append(f"{path.name}: {fault}")
        return {name: path for path, (name, fault) in files.items() if not fault}

    def finished_parts(self) -> dict[Unit, Path]:
        """Return the intact parts."""
        return {unit: path for name, path in self.intact_files("parts").items() if (unit := Unit.named(name))}


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:DIGEST]


def fault_of(path: Path, key: str) -> tuple[str, str]:
    """Return the name under which a file is stored, and its fault; the fault of an intact file is empty."""
    stem, _, digest = path.name.removesuffix(".parquet").rpartition(".")
    if path.name.endswith(".tmp"):
        return stem, "it was left half written"
    if not path.is_file() or path.suffix != ".parquet" or not stem:
        return stem, "it is no file of this store"
    if _digest(path.read_bytes()) != digest:
        return stem, "its content is not what was written"
    import pyarrow.parquet as pq

    if (pq.read_schema(path).metadata or {}).get(b"feint", b"").decode() != key:
        return stem, "it belongs to another study"
    return stem, "its name is not that of a part" if path.parent.name == "parts" and not Unit.named(stem) else ""


def read_manifest(folder: str | Path) -> dict[str, Any]:
    """Return the manifest of a folder; raises `InputError` if there is none, or one of another schema."""
    path = Path(folder) / "manifest.json"
    other = f"{str(folder)!r} is not a sweep's folder:"
    try:
        manifest = json.loads(path.read_text())
        schema = manifest["schema"]
        _ = (manifest["study"]["design"], manifest["key"], manifest["maker"]["versions"])
    except OSError as error:
        raise InputError(f"{other} {path.name} cannot be read: {error.strerror}.") from None
    except (ValueError, KeyError, TypeError):
        raise InputError(f"{other} its {path.name} is not one that Feint wrote.") from None
    if schema != SCHEMA:
        again = "carry its study out again into a new folder"
        raise InputError(f"{str(folder)!r} has schema {schema}, and this version of Feint reads {SCHEMA}: {again}.")
    return manifest


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the folder's lock, which ends with the process that holds it."""
    from filelock import FileLock, Timeout

    holder, lock = folder / "holder.json", FileLock(folder / "lock", timeout=0)
    try:
        lock.acquire()
    except Timeout:
        try:
            by = json.loads(holder.read_text())
            who = f"process {by['process']} on {by['host']}, since {by['since']}"
        except (OSError, ValueError, KeyError):
            who = "another process"
        raise InputError(f"out = {str(folder)!r} is in use by {who}: wait for it, or name another folder.") from None
    try:
        since = datetime.now(UTC).isoformat(timespec="seconds")
        who = {"process": os.getpid(), "host": socket.gethostname() or platform.node(), "since": since}
        with _writing(folder):
            holder.write_text(json.dumps(who))
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    """Turn errors of the disk into `InputError`; finished parts stay."""
    try:
        yield
    except OSError as error:
        raise InputError(
            f"out = {str(folder)!r} cannot be written: {error.strerror}; finished parts stay, continue with {RESUME}."
        ) from None


def read_parts(paths: Iterable[Path]) -> pd.DataFrame:
    """Return the tables of these files as one."""
    import pandas as pd

    return pd.concat([pd.read_parquet(path) for path in paths], ignore_index=True)


def is_last(table: pd.DataFrame) -> pd.Series:
    """Return a mask of the rows of the last stage of their point and arm; rows are in the order of the stages."""
    return ~table.duplicated(["point", "arm"], keep="last")


def last_stages(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the last stages."""
    return table[is_last(table)]
