"""A sweep's folder: a manifest, the points, and parts of the result, each written whole or not at all.

DIR/manifest.json      study, versions, processor, how the sweep is cut into parts
DIR/points/*.parquet   the varied parameters, a row a point
DIR/parts/*.parquet    what was counted, a row a point, arm and stage; the name ends in a digest of the content
DIR/finished.json      how many parts there are, once all are
DIR/damaged/           files that were not what their names said, set aside
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from feint.agents.errors import InputError
from feint.sim.results.provenance import difference_text, passport
from feint.sim.sweeps.runtime_fingerprint import Maker, maker
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

    def __init__(self, folder: Path, study: Study, key: str) -> None:
        self.folder, self.study, self.key, self.cut = folder, study, key, CUT
        self.set_aside: list[str] = []
        self.fresh = False  # begun just now, by this process

    @classmethod
    @contextmanager
    def opened(cls, folder: str | Path, study: Study, *, resume: bool) -> Iterator[Self]:
        """The store of a study in a folder, begun or gone on with; held until the block ends.

        Raises `InputError` where another process holds it, where the folder holds another study, another schema or
        something else, or where it holds this study and `resume` was not asked for.
        """
        folder = Path(folder)
        if folder.is_file():
            raise InputError(f"out = {str(folder)!r} is a file: name a folder.")
        if resume and not (folder.is_dir() and any(folder.iterdir())):  # even a sweep killed at once leaves its lock
            raise InputError(f"out = {str(folder)!r} holds no sweep to go on with: leave out {RESUME} to begin one.")
        with _disk(folder):
            folder.mkdir(parents=True, exist_ok=True)
        with _held(folder):
            for left in folder.glob(".*.tmp"):  # of a process that was killed while it wrote there
                left.unlink(missing_ok=True)
            store = cls(folder, study, key_of(study))
            manifest = folder / "manifest.json"
            if manifest.exists():
                store._check(read_manifest(folder), resume=resume)
            else:
                others = [each.name for each in folder.iterdir() if not _begun(each)]
                if others:
                    raise InputError(
                        f"out = {str(folder)!r} holds other files, such as {others[0]!r}: name a new folder."
                    )
                store._begin()
            yield store

    def _begin(self) -> None:
        self.fresh = True
        for name in KINDS:
            (self.folder / name).mkdir(exist_ok=True)
        described = {"schema": SCHEMA, "key": self.key, "cut": self.cut._asdict(), "study": self.study.described()}
        described["maker"] = maker().described()
        told = passport("sweep", self.study.described())
        self.write_text("manifest.json", json.dumps({**described, "passport": told}, indent=1, ensure_ascii=False))

    def _check(self, manifest: dict[str, Any], *, resume: bool) -> None:
        told = difference_text(manifest["study"], json.loads(json.dumps(self.study.described())))
        if told:
            raise InputError(f"out = {str(self.folder)!r} holds another study: {told}.")
        here, there = maker(), Maker.of(manifest["maker"], f"the sweep in {str(self.folder)!r}")
        here.check_versions(there)
        here.check_processor(there)
        self.cut = Cut(**manifest["cut"])
        if not resume:
            raise InputError(f"out = {str(self.folder)!r} holds this study already: go on with it by {RESUME}.")

    def discard(self) -> None:
        """Leave the folder as it was found: nothing was trained yet."""
        import shutil

        for name in KINDS:
            shutil.rmtree(self.folder / name, ignore_errors=True)
        (self.folder / "manifest.json").unlink(missing_ok=True)

    def write(self, kind: str, name: str, table: pa.Table) -> None:
        """Write a table to `kind`/`name`.DIGEST.parquet: to a temporary name, to the disk, then renamed."""
        import pyarrow.parquet as pq

        content = BytesIO()
        pq.write_table(table.replace_schema_metadata({"feint": self.key}), content)
        digest = hashlib.sha256(content.getvalue()).hexdigest()[:DIGEST]
        self._put(self.folder / kind / f"{name}.{digest}.parquet", content.getvalue())

    def write_text(self, name: str, text: str) -> None:
        """Write a text file likewise."""
        self._put(self.folder / name, (text + "\n").encode())

    def _put(self, path: Path, content: bytes) -> None:
        temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        with _disk(self.folder):
            try:
                with temporary.open("wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                temporary.replace(path)
            finally:
                temporary.unlink(missing_ok=True)
            _sync(path.parent)

    def sound(self, kind: str) -> dict[str, Path]:
        """Files of a kind that are whole, by name; what is not is set aside, so that it is made again."""
        found = {}
        for path in sorted((self.folder / kind).iterdir()):
            name, fault = faulty(path, self.key)
            if fault:
                self._set_aside(path, fault)
            elif name:
                found[name] = path
        return found

    def finished(self) -> dict[Unit, Path]:
        """The parts that are there."""
        found = {}
        for name, path in self.sound("parts").items():
            unit = Unit.named(name)
            if unit is None:
                self._set_aside(path, "its name is not that of a part")
            else:
                found[unit] = path
        return found

    def _set_aside(self, path: Path, fault: str) -> None:
        aside = self.folder / "damaged"
        aside.mkdir(exist_ok=True)
        path.replace(aside / path.name)
        self.set_aside.append(f"{path.name}: {fault}")


def _begun(path: Path) -> bool:
    """Whether it is what a sweep leaves that is killed before its manifest is written."""
    return path.name in ("lock", "holder.json") or (path.name in KINDS and path.is_dir() and not any(path.iterdir()))


def faulty(path: Path, key: str) -> tuple[str, str]:
    """The name that a file stands under, and what is wrong with it: an empty text where nothing is."""
    stem, _, digest = path.name.removesuffix(".parquet").rpartition(".")
    if path.name.endswith(".tmp"):
        return stem, "it was left half written"
    if not path.is_file() or path.suffix != ".parquet" or not stem:
        return stem, "it is no file of this store"
    if hashlib.sha256(path.read_bytes()).hexdigest()[:DIGEST] != digest:
        return stem, "its content is not what was written"
    import pyarrow.parquet as pq

    held = (pq.read_schema(path).metadata or {}).get(b"feint", b"").decode()
    return stem, "" if held == key else "it belongs to another study"


def read_manifest(folder: str | Path) -> dict[str, Any]:
    """The manifest of a folder; raises `InputError` where there is none, or one of another schema."""
    path = Path(folder) / "manifest.json"
    try:
        manifest = json.loads(path.read_text())
        schema, _, _, _ = (
            manifest["schema"],
            manifest["study"]["design"],
            manifest["key"],
            manifest["maker"]["versions"],
        )
    except OSError as error:
        raise InputError(
            f"{str(folder)!r} is not a sweep's folder: {path.name} cannot be read: {error.strerror}."
        ) from None
    except (ValueError, KeyError, TypeError):
        raise InputError(
            f"{str(folder)!r} is not a sweep's folder: its {path.name} is not one that Feint wrote."
        ) from None
    if schema != SCHEMA:
        raise InputError(f"{str(folder)!r} has schema {schema}: this version of Feint reads {SCHEMA}.")
    return manifest


def key_of(study: Study) -> str:
    """What tells the files of one study from those of another."""
    return hashlib.sha256(json.dumps(study.described(), sort_keys=True).encode()).hexdigest()


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """The folder's lock, which falls with the process that holds it."""
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
        with _disk(folder):
            holder.write_text(json.dumps(who))
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


@contextmanager
def _disk(folder: Path) -> Iterator[None]:
    """What the disk refuses, as one sentence; finished parts stay."""
    try:
        yield
    except OSError as error:
        raise InputError(
            f"out = {str(folder)!r} cannot be written: {error.strerror}; what is finished is kept, go on by {RESUME}."
        ) from None


def _sync(folder: Path) -> None:
    """Make a rename last."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def read_parts(paths: list[Path]) -> pd.DataFrame:
    """The parts in one table."""
    import pandas as pd

    return pd.concat([pd.read_parquet(path) for path in paths], ignore_index=True)
