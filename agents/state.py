"""A population of mesa-optimizers between two moments of training."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, Self
from weakref import WeakValueDictionary

import numpy as np

from feint.agents.errors import InputError, check_whole, escaped, middle_cut, unknown
from feint.agents.mind import DIVERGED, OUTSIDE, PARTS, REACHED, Mind, Progress, World
from feint.agents.model import Model

FORKS = 2**32
FORMAT = 2  # of a saved state
LONGEST_WHY = 160  # characters of what a library says of a damaged file


@dataclass(frozen=True, kw_only=True, eq=False)
class State:
    """Runs side by side, each with its own world, inductive bias, initial draw and position in its random streams.

    `begin` makes one (model page, sections 1 to 4). The leading axis of every array is the run. Arrays must not be
    written to; training makes new ones. Kernels read them unchecked, so that every array is checked here: raises
    `InputError` with the name of one whose type, shape or values do not fit the others.
    """

    model: Model
    seed: int  #: key of all random streams, together with the run's number
    run: np.ndarray  #: number of each run (runs,), unsigned
    fork: np.ndarray  #: noise key of each run (runs,); 0 until it is forked
    world: World
    bias: np.ndarray  #: R, this run's factor on each plasticity (runs, 8)
    initial: Mind  #: this run's own initial draw, to which a stage may put groups back
    mind: Mind  #: the trained parameters
    progress: Progress  #: how far the runs are in their present stage
    occurrences: tuple[int, ...]  #: how often each objective was trained since a stage carried nothing
    objective: int = -1  #: objective of the present stage; -1 outside any
    target: float = 0.0  #: performance at which the present stage stops; 0 if it has no target

    def __post_init__(self) -> None:
        arrays, sizes = self._arrays(), self._sizes()
        for name, array in arrays.items():
            _check_array(name, array, SHAPES[name], sizes)
        check_whole("seed", self.seed, 0, 2**64 - 1)
        check_whole("objective", self.objective, -1, self.objectives - 1)
        if len(self.occurrences) != self.objectives or any(check_whole("occurrences", n) < 0 for n in self.occurrences):
            raise InputError(f"occurrences = {self.occurrences!r} is not valid: it must be {self.objectives} numbers.")
        if not 0 <= self.target <= 1:
            raise InputError(f"target = {self.target!r} is not valid: it must be from 0 to 1.")
        for name, (low, high) in BOUNDS.items():
            _check_values(name, arrays[name], low, high)

    def __len__(self) -> int:
        return len(self.run)

    @property
    def objectives(self) -> int:
        """Number of base objectives J."""
        return self.world.objectives.shape[1]

    @property
    def modes(self) -> int:
        """Number of objective modes d."""
        return self.world.objectives.shape[2]

    @property
    def reached(self) -> np.ndarray:
        """Whether each run stopped at the target of the present stage (runs,)."""
        return self.progress.status == REACHED

    @property
    def diverged(self) -> np.ndarray:
        """Whether each run stopped because its state was no longer finite (runs,)."""
        return self.progress.status == DIVERGED

    @property
    def taken(self) -> np.ndarray:
        """SGD steps taken in the present stage (runs,)."""
        return self.progress.taken

    def forked(self, key: int) -> Self:
        """Return the state with a noise key from 0 to 2^32 - 1: from the next stage on only its noise differs."""
        return replace(self, fork=np.full(len(self), check_whole("key", key, 0, FORKS - 1), np.uint32))

    def with_mind(self, **parts: np.ndarray) -> Self:
        """Return a copy with some parts of the mind replaced; raises `InputError` for a part of another shape."""
        kept: dict[str, np.ndarray] = {}
        for name, part in parts.items():
            if name not in Mind._fields:
                raise unknown("part", name, Mind._fields)
            kept[name] = np.array(part, dtype=np.float64, order="C")
            shape = getattr(self.mind, name).shape
            if kept[name].shape != shape:
                raise InputError(f"{name} has the shape {kept[name].shape}: it must be {shape}.")
        return replace(self, mind=self.mind._replace(**kept))

    def starting_from(self, mind: Mind) -> Self:
        """Return a copy with this mind, also as its initial draw."""
        return replace(self, mind=mind, initial=mind)

    def arriving(self, progress: Progress, objective: int, target: float, occurrences: tuple[int, ...]) -> Self:
        """Return a copy in another stage, at its position in the random streams."""
        return replace(self, progress=progress, objective=objective, target=target, occurrences=occurrences)

    def copied(self) -> Self:
        """Return a copy whose mind and progress may be written to."""
        mind, progress = Mind(*(part.copy() for part in self.mind)), Progress(*(part.copy() for part in self.progress))
        return replace(self, mind=mind, progress=progress)

    def take(self, runs: Sequence[int] | np.ndarray | slice) -> Self:
        """Return the runs at these positions, in this order; raises `InputError` if there is none."""
        index = runs if isinstance(runs, slice) else np.asarray(runs)
        if len(self.run[index]) == 0:
            raise InputError(f"runs = {runs!r} picks no run: a state holds at least one.")
        return replace(self, **_grouped({k: np.ascontiguousarray(v[index]) for k, v in self._arrays().items()}))

    @classmethod
    def joined(cls, states: Sequence[State]) -> State:
        """Return populations one after the other; raises `InputError` unless they share model, seed and stages."""
        if not states:
            raise InputError("states = [] cannot be joined: give at least one state.")
        first = states[0]
        for other in states[1:]:
            for name in ("model", "seed", "objectives", "objective", "target", "occurrences"):
                if getattr(other, name) != getattr(first, name):
                    raise InputError(
                        f"{name} = {getattr(other, name)!r} differs from {getattr(first, name)!r}: "
                        "only states that share it can be joined."
                    )
        arrays = [state._arrays() for state in states]
        return replace(first, **_grouped({k: np.concatenate([flat[k] for flat in arrays]) for k in arrays[0]}))

    def save(self, path: str | PathLike[str]) -> None:
        """Write the state to one .npz file, completely or not at all."""
        about: dict[str, Any] = self._arrays() | {
            "format": np.array(FORMAT),
            "model": np.array(self.model.model_dump_json()),
            "seed": np.array(self.seed, np.uint64),
            "objective": np.array(self.objective),
            "target": np.array(self.target),
            "occurrences": np.array(self.occurrences, np.int64),
        }
        with NamedTemporaryFile(dir=Path(path).absolute().parent, delete=False) as file:
            try:
                np.savez(file, **about)
                file.flush()
                Path(file.name).replace(path)
            finally:
                Path(file.name).unlink(missing_ok=True)

    @classmethod
    def load(cls, path: str | PathLike[str]) -> State:
        """Read a state that `save` wrote; raises `InputError` for another file, and for one that is damaged."""
        try:
            with Path(path).open("rb") as opened, np.load(opened, allow_pickle=False) as file:
                data = {name: np.asarray(file[name], order="C") for name in file.files}
            if int(data.get("format", FORMAT)) != FORMAT:
                raise ValueError(f"its format is {data['format']}, and this version reads {FORMAT}")
            if missing := {*SHAPES, "format", "model", "seed", "objective", "target", "occurrences"} - {*data}:
                raise ValueError(f"it has no array {min(missing)!r}")
            return cls(
                model=Model(**json.loads(str(data["model"]))),
                seed=int(data["seed"]),
                objective=int(data["objective"]),
                target=float(data["target"]),
                occurrences=tuple(int(n) for n in data["occurrences"]),
                **_grouped(data),
            )
        except Exception as error:  # of three libraries, whatever a file may hold
            if isinstance(error, OSError) and error.filename is not None:
                raise InputError(f"{path}: the file cannot be read: {error.strerror}.") from None
            why = middle_cut(escaped(str(error)).rstrip("."), LONGEST_WHY) or type(error).__name__
            raise InputError(f"{path}: this is not a state that Feint saved: {why}.") from None

    def _sizes(self) -> dict[str, int]:
        """Return the length of each axis, of which the runs, objectives and modes are those of the base objectives."""
        shape = np.shape(self.world.objectives)
        if len(shape) != 3 or 0 in shape or shape[2] != self.model.modes:
            right = f"(runs, objectives, {self.model.modes}), with one of each at least"
            raise InputError(f"array 'world.objectives' has the shape {shape}: it must be {right}.")
        similarity = self.model.similarity
        if isinstance(similarity, tuple) and len(similarity) != shape[1] - 1:
            right = f"{len(similarity) + 1} objectives, as its model names"
            raise InputError(f"array 'world.objectives' has {shape[1]} objectives: it must have {right}.")
        return {**dict(zip(("runs", "objectives", "modes"), shape, strict=True)), "parts": len(PARTS), "words": 4}

    def _arrays(self) -> dict[str, np.ndarray]:
        flat = {"run": self.run, "fork": self.fork, "bias": self.bias}
        for group in GROUPED:
            flat |= {f"{group}.{name}": array for name, array in getattr(self, group)._asdict().items()}
        return flat


GROUPED = {"world": World, "initial": Mind, "mind": Mind, "progress": Progress}
ONE, ALL, WORLD = ("runs",), ("runs", "objectives"), ("runs", "objectives", "modes")
MIND = {"goal": ("runs", "modes"), "pointer": ALL, "world": ALL, "belief": ALL}
SHAPES: dict[str, tuple[Any, tuple[str, ...]]] = {
    "run": (np.uint64, ONE),
    "fork": (np.uint32, ONE),
    "bias": (np.float64, ("runs", "parts")),
    **{f"world.{name}": (np.float64, WORLD) for name in World._fields},
    **{f"{group}.{name}": (np.float64, MIND.get(name, ONE)) for group in ("initial", "mind") for name in Mind._fields},
    "progress.taken": (np.int64, ONE),
    "progress.status": (np.int64, ONE),
    "progress.generator": (np.uint32, ("runs", "words")),
}
"""Type and axes of each array."""
LARGEST = np.finfo(float).max
BOUNDS = {
    **dict.fromkeys(("world.objectives", "world.misconceptions"), (-LARGEST, LARGEST)),
    "bias": (0, np.inf),
    "progress.taken": (0, np.inf),
    "progress.status": (OUTSIDE, DIVERGED),
}
"""Least and largest values; those of a mind may be anything, since a run whose mind is not finite has diverged."""


def _check_array(name: str, array: Any, wanted: tuple[Any, tuple[str, ...]], sizes: Mapping[str, int]) -> None:
    """Raise `InputError` unless an array has this type, and these axes of these sizes in C order."""
    dtype, axes = wanted
    shape = tuple(sizes[axis] for axis in axes)
    if not isinstance(array, np.ndarray) or array.dtype != dtype:
        held = array.dtype if isinstance(array, np.ndarray) else type(array).__name__
        raise InputError(f"array {name!r} holds {held}: it must hold {np.dtype(dtype)}.")
    if array.shape != shape:
        raise InputError(f"array {name!r} has the shape {array.shape}: it must be {shape}, for ({', '.join(axes)}).")
    if not array.flags.c_contiguous:
        raise InputError(f"array {name!r} is not contiguous: make it so with numpy.ascontiguousarray.")


_SOUND: WeakValueDictionary[int, np.ndarray] = WeakValueDictionary()
"""Arrays whose values have been checked, by identity: a state shares its world with the states that it becomes."""


def _check_values(name: str, array: np.ndarray, low: float, high: float) -> None:
    """Raise `InputError` unless all values of an array are within bounds; an array is looked at once."""
    if _SOUND.get(id(array)) is array:
        return
    if not (array.min() >= low and array.max() <= high):
        raise InputError(f"array {name!r} has values that are not valid: they must be from {low:g} to {high:g}.")
    _SOUND[id(array)] = array


def _grouped(flat: dict[str, np.ndarray]) -> dict[str, Any]:
    """Return arrays with flat names as the fields of a state."""
    groups = {name: kind(**{part: flat[f"{name}.{part}"] for part in kind._fields}) for name, kind in GROUPED.items()}
    return {name: flat[name] for name in ("run", "fork", "bias")} | groups


def check_objective(state: State, objective: int) -> None:
    """Raise `InputError` unless the state has this objective."""
    if not isinstance(objective, (int, np.integer)) or not 0 <= objective < state.objectives:
        most = state.objectives - 1
        raise InputError(f"objective = {objective!r} is not one that the state has: it must be from 0 to {most}.")
