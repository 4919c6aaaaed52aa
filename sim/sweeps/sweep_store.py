"""The folder of a sweep: a manifest, the points, and parts of the result, each written completely or not at all.

DIR/manifest.json      the study as first requested, what was added to it later, versions, processor
DIR/points/*.parquet   the varied parameters, one row per point
DIR/parts/*.parquet    counts, one row per point, arm and stage
DIR/finished.json      the number of parts and of their runs, once all are there
DIR/damaged/           files that were not intact, set aside

Files of points and parts carry the key of the request that they were made for and their own name, and their name ends
in a digest of their content, so that a file that was changed, renamed or brought from elsewhere is not read.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from importlib.metadata import version
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from feint.agents.errors import InputError
from feint.agents.outcome import LABELS
from feint.sim.results.provenance import difference_text, passport
from feint.sim.sweeps.runtime import Runtime, this_runtime
from feint.sim.sweeps.study import UNNAMED, Study
from feint.sim.sweeps.units import CUT, Unit, repeated

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

SCHEMA = 3  # since 3, a manifest lists what was added to a study, and files carry their names
KINDS = ("points", "parts")
READERS = ("pyarrow", "pandas")  # libraries that read and write tables, on which no number depends
RESUME = "--resume (resume=True in Python)"
DIGEST = 16  # hexadecimal digits of SHA-256 in a file's name
STALE = "it has the points of an earlier request"
CONVERGED = tuple(f"converged_{label}" for label in LABELS[1:])  # what is unconverged has not converged
COUNTED = ("runs", *LABELS, "converged", *CONVERGED, "missed_target", "diverged", "steps")
GAINED, LOST = tuple(f"gained_{label}" for label in LABELS), tuple(f"lost_{label}" for label in LABELS)
BOTH = ("both_converged", "both_converged_deceptive_pretrained", "both_converged_deceptive_scratch")
BOTH += ("both_converged_deceptive",)
PAIRED = (*GAINED, *LOST, *BOTH)
COLUMNS = ("point", "arm", "stage", *COUNTED, *PAIRED)
Requests = Sequence[Mapping[str, Any]]
"""What a folder was asked for: a whole study, then what each resume changed in it, with the number of points if that
changed, and the places of the earlier points in a longer table."""


class Store:
    """The folder of one study, or of what is `described` as one is; opened by one process at a time."""

    def __init__(self, folder: Path, study: Study) -> None:
        self.folder, self.study, self.cut = folder, study, CUT
        self.name = study.name or UNNAMED  #: of the study, in tables
        self.requests: list[dict[str, Any]] = []
        self.difference = ""  #: in which the study differs from the one that the folder held, in words
        self.warnings: list[str] = []
        self.fresh = False  #: whether this process began it

    @classmethod
    @contextmanager
    def opened(
        cls,
        folder: str | Path,
        study: Study,
        *,
        resume: bool,
        points: int | None = None,
        extend: Callable[[Self], dict[str, Any]] | None = None,
    ) -> Iterator[Self]:
        """Begin or resume the store of a study in a folder, locked until the block ends.

        `points` is the number of its points, and `extend` returns the request by which the study that the folder holds
        becomes this one. Raises `InputError` if another process holds the folder, if it holds a study that cannot
        become this one, a sweep of another version or something else, or if it holds a study and `resume` is false.
        """
        folder = Path(folder)
        if folder.is_file():
            raise InputError(f"out = {str(folder)!r} is a file: name a folder.")
        new = not folder.exists()
        with _writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
        with _locked(folder):
            try:
                for left in folder.glob(".*.tmp"):  # by a process that was killed while it wrote
                    left.unlink(missing_ok=True)
                store = cls(folder, study)
                if (folder / "manifest.json").exists():
                    store._resume(read_manifest(folder), resume=resume, extend=extend)
                else:
                    store._begin(points)
                yield store
            finally:
                if new:
                    _remove_unused(folder)

    def _begin(self, points: int | None) -> None:
        left = [  # by a sweep that was killed before it wrote its manifest
            *(self.folder / name for name in ("lock", "holder.json")),
            *(path for kind in KINDS if (path := self.folder / kind).is_dir() and not any(path.iterdir())),
        ]
        if others := [path.name for path in self.folder.iterdir() if path not in left]:
            raise InputError(f"out = {str(self.folder)!r} holds other files, such as {others[0]!r}: name a new folder.")
        self.fresh = True
        self._make_folders()
        self._add_request({"study": self.study.described()} | ({} if points is None else {"points": points}))

    def _resume(
        self, manifest: dict[str, Any], *, resume: bool, extend: Callable[[Self], dict[str, Any]] | None
    ) -> None:
        out, here = f"out = {str(self.folder)!r}", this_runtime()
        there = Runtime.of(manifest["maker"], f"the sweep in {str(self.folder)!r}")
        if versions := here.other_versions(there):
            raise InputError(
                f"{out} was begun by other versions ({versions}), and only the versions that began a sweep can "
                "continue it: restore them, or name a new folder."
            )
        self.requests, self.name = manifest["requests"], manifest.get("name", self.name)
        self.difference = difference_text(*map(_with_order, (manifest["study"], plain(self.study.described()))))
        request = extend(self) if extend and self.difference else {}
        if self.difference and not request:
            raise self.refusal()
        here.check_same(there)
        if not resume:
            held = f"less of this study ({self.difference})" if request else "this study already"
            raise InputError(f"{out} holds {held}: continue it with {RESUME}.")
        self._make_folders()
        if request:
            self._add_request(request)

    def refusal(self, reason: str = "") -> InputError:
        """Return the error that the folder holds another study, in which the difference stands, and why it matters."""
        reason = f"; {reason}" if reason else ""
        return InputError(f"out = {str(self.folder)!r} holds another study: {self.difference}{reason}.")

    def _make_folders(self) -> None:
        for path in (self.folder / kind for kind in KINDS):
            if path.is_file():
                right = f"move it away, and continue with {RESUME}"
                raise InputError(f"{str(path)!r} is a file, and a sweep keeps a folder there: {right}.")
            with _writing(self.folder):
                path.mkdir(exist_ok=True)

    def _add_request(self, request: dict[str, Any]) -> None:
        """Write the manifest with a further request."""
        self.requests = [*self.requests, plain(request)]
        manifest = {
            "schema": SCHEMA,
            "key": keys_of(self.requests)[-1],
            "requests": self.requests,
            "name": self.name,
            "maker": this_runtime().described(),
            "readers": {library: version(library) for library in READERS},
            "passport": passport(getattr(self.study, "kind", "sweep"), self.study.configuration()),
        }
        self.write_json("manifest.json", manifest, indent=1)

    def discard(self) -> None:
        """Leave the folder as it was before the first part was trained."""
        for kind in KINDS:
            shutil.rmtree(self.folder / kind, ignore_errors=True)
        (self.folder / "manifest.json").unlink(missing_ok=True)

    def write(self, kind: str, name: str, table: pa.Table) -> Path:
        """Write a table to `kind`/`name`.DIGEST.parquet: to a temporary name, flushed to disk, then renamed."""
        import pyarrow.parquet as pq

        content, key = BytesIO(), keys_of(self.requests, kind)[-1]
        pq.write_table(table.replace_schema_metadata({"feint": key, "name": f"{kind}/{name}"}), content)
        path = self.folder / kind / f"{name}.{_digest(content.getvalue())}.parquet"
        self._put(path, content.getvalue())
        return path

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
        intact, faults = files_of(self.folder, kind, self.requests)
        for path, fault in faults.items():
            with _writing(self.folder):
                if fault == STALE:
                    path.unlink()
                    continue
                aside = self.folder / "damaged"
                aside.mkdir(exist_ok=True)
                path.replace(aside / path.name)
            self.warnings.append(f"{path.name}: {fault}; it was set aside and is made again.")
        return intact

    def finished_parts(self) -> dict[Unit, Path]:
        """Return the intact parts."""
        return {unit: path for name, path in self.intact_files("parts").items() if (unit := Unit.named(name))}


def plain(content: Any) -> Any:
    """Return a content as it is read from JSON."""
    return json.loads(json.dumps(content))


def _with_order(study: Mapping[str, Any]) -> dict[str, Any]:
    """Return the description of a study with the order of what varies, which numbers its points."""
    return {**study, "order of vary": [*study.get("vary", {})]}


def merged(requests: Requests) -> dict[str, Any]:
    """Return the description of the study that requests come to."""
    return {name: value for request in requests for name, value in request["study"].items()}


def number_of_points(requests: Requests) -> int:
    """Return the number of points of the study that requests come to."""
    return [request["points"] for request in requests if "points" in request][-1]


def ending(requests: Requests, units: Iterable[Unit]) -> dict[str, Any]:
    """Return what `finished.json` holds once these units are all that the last request needs."""
    units = list(units)
    return {"key": keys_of(requests)[-1], "parts": len(units), "runs": sum(unit.size for unit in units)}


def keys_of(requests: Requests, kind: str = "parts") -> list[str]:
    """Return the keys that files of a kind carry: of each request, a digest of it and of all before it.

    Files of points are made again if a request changes them, so that they carry the key of the last one that did.
    """
    keys, key = [], ""
    for request in requests:
        key = hashlib.sha256((key + json.dumps(request)).encode()).hexdigest()
        keys.append(key)
    changing = [key for key, request in zip(keys, requests, strict=True) if "points" in request]
    return changing[-1:] if kind == "points" else keys


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:DIGEST]


def files_of(folder: Path, kind: str, requests: Requests) -> tuple[dict[str, Path], dict[Path, str]]:
    """Return the intact files of a kind by name, and the faults of the others; no run is in two of the intact ones."""
    intact: dict[str, Path] = {}
    faults: dict[Path, str] = {}
    every, current = keys_of(requests), keys_of(requests, kind)
    for path in sorted((folder / kind).iterdir()) if (folder / kind).is_dir() else []:
        name = path.name.removesuffix(".parquet").rpartition(".")[0]
        fault = _fault(path, f"{kind}/{name}", every, current)
        if fault or name in intact:
            faults[path] = fault or "it is there twice"
        else:
            intact[name] = path
    if kind == "parts" and "points" in requests[0]:
        for unit in repeated(unit for name in intact if (unit := Unit.named(name))):
            faults[intact.pop(unit.name)] = "some of its runs are in another part as well"
    return intact, faults


def _fault(path: Path, name: str, every: Sequence[str], current: Sequence[str]) -> str:
    """Return what is wrong with a file of this name, in which a key of a list must stand; empty if it is intact."""
    if not path.is_file() or path.suffix != ".parquet" or name.endswith("/"):
        return "it was left half written" if path.suffix == ".tmp" else "it is no file of this store"
    try:
        if _digest(path.read_bytes()) != path.stem.rpartition(".")[2]:
            return "its content is not what was written"
    except OSError as error:
        return f"it cannot be read: {error.strerror}"
    import pyarrow.parquet as pq

    try:
        carried = {key.decode(): value.decode() for key, value in (pq.read_schema(path).metadata or {}).items()}
    except ValueError:  # it is whole, but no table
        carried = {}
    key, written = carried.get("feint"), carried.get("name")
    if key in current and written == name:
        return ""
    if key in every:
        return STALE if written == name else f"it was written as {written!r}"
    return "it belongs to another study"


def read_manifest(folder: str | Path) -> dict[str, Any]:
    """Return the manifest of a folder, and the `study` that it describes in all.

    Raises `InputError` if there is none, if it is of another schema, or if it was changed.
    """
    path = Path(folder) / "manifest.json"
    other = f"{str(folder)!r} is not a sweep's folder:"
    try:
        manifest = json.loads(path.read_text())
        schema, key, _ = manifest["schema"], manifest["key"], manifest["passport"]["configuration"]
        Runtime.of(manifest["maker"], "").described()
        requests = manifest["requests"] if schema == SCHEMA else [{"study": {"design": ""}}]
        study = merged(requests)
        known, _ = keys_of(requests)[-1], study["design"]
    except OSError as error:
        raise InputError(f"{other} {path.name} cannot be read: {error.strerror}.") from None
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise InputError(f"{other} its {path.name} is not one that Feint wrote.") from None
    again = "carry its study out again into a new folder"
    if schema != SCHEMA:
        raise InputError(f"{str(folder)!r} has schema {schema}, and this version of Feint reads {SCHEMA}: {again}.")
    if key != known:
        raise InputError(f"{str(folder)!r} has a {path.name} that was changed after it was written: {again}.")
    return {**manifest, "study": study}


def _remove_unused(folder: Path) -> None:
    """Remove a folder that this process made and holds, if nothing was begun in it."""
    with suppress(OSError):
        if {path.name for path in folder.iterdir()} <= {"lock", "holder.json"}:
            shutil.rmtree(folder)


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
    except OSError as error:
        raise InputError(f"out = {str(folder)!r} cannot be locked: {error.strerror}: name another folder.") from None
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
