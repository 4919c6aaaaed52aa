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
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from feint.agents.errors import InputError
from feint.sim.results.provenance import difference_text, passport
from feint.sim.sweeps.runtime_fingerprint import Runtime, this_runtime
from feint.sim.sweeps.study import Study
from feint.sim.sweeps.work_units import CUT, Cut, Unit

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

SCHEMA = 1
KINDS = ("points", "parts")
RESUME = "--resume (resume=True in Python)"
DIGEST = 16  # hexadecimal digits of SHA-256 in a file's name


class Store:
    """The folder of one study; opened by one process at a time."""

    def __init__(self, folder: Path, study: Study) -> None:
        self.folder, self.study, self.key, self.cut = folder, study, study_key(study), CUT
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
            raise InputError(f"out = {str(folder)!r} holds no sweep to go on with: leave out {RESUME} to begin one.")
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
        others = [path.name for path in self.folder.iterdir() if not _is_leftover(path)]
        if others:
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
            "passport": passport("sweep", self.study.configuration()),
        }
        self.write_text("manifest.json", json.dumps(manifest, indent=1, ensure_ascii=False))

    def _check(self, manifest: dict[str, Any], *, resume: bool) -> None:
        out, here = f"out = {str(self.folder)!r}", this_runtime()
        there = Runtime.of(manifest["maker"], f"the sweep in {str(self.folder)!r}")
        if versions := here.other_versions(there):
            raise InputError(
                f"{out} was begun by other versions ({versions}), and only the versions that began a sweep can go on "
                "with it: restore them, or name a new folder."
            )
        if difference := difference_text(manifest["study"], json.loads(json.dumps(self.study.described()))):
            raise InputError(f"{out} holds another study: {difference}.")
        here.check_same(there)
        self.cut = Cut(**manifest["cut"])
        if not resume:
            raise InputError(f"{out} holds this study already: go on with it by {RESUME}.")

    def discard(self) -> None:
        """Leave the folder as it was before, if nothing has been trained yet."""
        for kind in KINDS:
            shutil.rmtree(self.folder / kind, ignore_errors=True)
        (self.folder / "manifest.json").unlink(missing_ok=True)

    def write(self, kind: str, name: str, table: pa.Table) -> None:
        """Write a table to `kind`/`name`.DIGEST.parquet: to a temporary name, flushed to disk, then renamed."""
        import pyarrow.parquet as pq

        content = BytesIO()
        pq.write_table(table.replace_schema_metadata({"feint": self.key}), content)
        self._put(self.folder / kind / f"{name}.{_digest(content.getvalue())}.parquet", content.getvalue())

    def write_text(self, name: str, text: str) -> None:
        """Write a text file in the same way."""
        self._put(self.folder / name, (text + "\n").encode())

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
            _sync(path.parent)

    def intact_files(self, kind: str) -> dict[str, Path]:
        """Return the intact files of a kind by name; others are set aside, so that they are made again."""
        intact = {}
        for path in sorted((self.folder / kind).iterdir()):
            name, fault = fault_of(path, self.key)
            if fault:
                self._set_aside(path, fault)
            elif name:
                intact[name] = path
        return intact

    def finished_parts(self) -> dict[Unit, Path]:
        """Return the parts that are there."""
        parts = {}
        for name, path in self.intact_files("parts").items():
            unit = Unit.named(name)
            if unit is None:
                self._set_aside(path, "its name is not that of a part")
            else:
                parts[unit] = path
        return parts

    def _set_aside(self, path: Path, fault: str) -> None:
        aside = self.folder / "damaged"
        aside.mkdir(exist_ok=True)
        path.replace(aside / path.name)
        self.set_aside.append(f"{path.name}: {fault}")


def _is_leftover(path: Path) -> bool:
    """Return whether a sweep that is killed before it writes its manifest leaves this file or folder."""
    return path.name in ("lock", "holder.json") or (path.name in KINDS and path.is_dir() and not any(path.iterdir()))


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:DIGEST]


def fault_of(path: Path, key: str) -> tuple[str, str]:
    """Return the name that a file is stored under, and what is wrong with it; empty if nothing is."""
    stem, _, digest = path.name.removesuffix(".parquet").rpartition(".")
    if path.name.endswith(".tmp"):
        return stem, "it was left half written"
    if not path.is_file() or path.suffix != ".parquet" or not stem:
        return stem, "it is no file of this store"
    if _digest(path.read_bytes()) != digest:
        return stem, "its content is not what was written"
    import pyarrow.parquet as pq

    held = (pq.read_schema(path).metadata or {}).get(b"feint", b"").decode()
    return stem, "" if held == key else "it belongs to another study"


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
        raise InputError(f"{str(folder)!r} has schema {schema}: this version of Feint reads {SCHEMA}.")
    return manifest


def study_key(study: Study) -> str:
    """Return a digest that differs between studies, which marks their files."""
    return hashlib.sha256(json.dumps(study.described(), sort_keys=True).encode()).hexdigest()


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
    """Raise errors of the disk as one sentence; finished parts stay."""
    try:
        yield
    except OSError as error:
        raise InputError(
            f"out = {str(folder)!r} cannot be written: {error.strerror}; what is finished is kept, go on by {RESUME}."
        ) from None


def _sync(folder: Path) -> None:
    """Make a rename permanent."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def read_parts(paths: list[Path]) -> pd.DataFrame:
    """Return the parts as one table."""
    import pandas as pd

    return pd.concat([pd.read_parquet(path) for path in paths], ignore_index=True)


def is_last(table: pd.DataFrame) -> pd.Series:
    """Return whether each row is of the last stage of its point and arm; rows are in the order of the stages."""
    return ~table.duplicated(["point", "arm"], keep="last")


def last_stages(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the last stages."""
    return table[is_last(table)]
