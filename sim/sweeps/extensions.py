"""More of the same: the requests by which a study that a folder holds becomes a longer one."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from feint.sim.sweeps.experimental_designs import (
    check_design,
    checked_count,
    count,
    indices,
    points,
    read_points,
    values_of,
)
from feint.sim.sweeps.study import Study
from feint.sim.sweeps.sweep_store import RESUME, Store, files_of, merged, number_of_points, plain, read_parts
from feint.sim.sweeps.units import neighbours
from feint.sim.training.parameter_point import of_cell

if TYPE_CHECKING:
    import pandas as pd

OF_RUNS, OF_POINTS = ("runs", "half_width", "most_runs"), ("samples", "vary", "table")
"""Fields of a study in which more of the same may be requested."""


def extension(store: Store) -> dict[str, Any]:
    """Return the request by which the study that a folder holds becomes the store's, which asks for more of the same.

    More are runs at every point (`runs`, or `most_runs` and a smaller `half_width`), and points of a design that has
    those before among its own: a longer Sobol', Saltelli or Morris design, a grid with further levels, a table with
    further rows. New points are validated. Raises `InputError` for any other difference.
    """
    there, study = merged(store.requests), store.study
    held, described = Study.from_configuration(there), plain(study.described())
    changes = {name: value for name, value in described.items() if value != there[name]}
    if {*changes} - {*OF_RUNS, *OF_POINTS} or [*there["vary"]] != [*described["vary"]]:
        raise store.refusal()
    _check_more_runs(store, held)
    request: dict[str, Any] = {"study": changes}
    if {*changes} & {*OF_POINTS}:
        request["points"] = checked_count(study)
        if study.design != "table":
            _check_kept(store, held)
        elif places := _table_places(store):
            request["places"] = places
        check_design(study)
    return request


def _check_more_runs(store: Store, held: Study) -> None:
    """Raise `InputError` unless every point gets at least the runs that it may have; warn if there are more looks."""
    study, most = store.study, held.most_runs or held.runs
    if held.half_width is not None and study.half_width is not None and study.rounds != held.rounds:
        what = "this adds looks to those of half_width, whose intervals keep their confidence"
        store.warnings.append(f"{what} if it was not decided from what they showed.")
    if study.runs >= most:
        return
    if held.half_width is None or held.most_runs is None:
        raise store.refusal("a sweep can be continued with more runs, not with fewer")
    if study.half_width is None or study.most_runs is None or study.runs != held.runs:
        raise store.refusal(f"runs must stay the size of the first look, or be at least most_runs = {most} there")
    if study.half_width > held.half_width:
        raise store.refusal("half_width can become smaller, not larger")
    if study.most_runs < most:
        raise store.refusal("most_runs can become larger, not smaller")


def _check_kept(store: Store, held: Study) -> None:
    """Raise `InputError` unless the points of the study that is held are among those of this one."""
    study = store.study
    if study.design == "grid":
        grids = [[factor.grid for factor in part.factors] for part in (held, study)]
        later = [indices(*pair) for pair in zip(*grids, strict=True)]
        if any((index < 0).any() for index in later):
            raise store.refusal("a sweep can be continued on a grid with further levels that keeps those before")
        shapes = [[len(values) for values in grid[1:]] for grid in grids]
        if shapes[0] != shapes[1] or any((index != np.arange(len(index))).any() for index in later):
            _check_common(store)
        return
    if study.design == "lhs":
        raise store.refusal(
            "a Latin hypercube with more samples has other points: only sobol, prior, saltelli and "
            "morris have the points of fewer samples among those of more"
        )
    fewer = count(study) < count(held)
    if fewer or not all(one.equals(two[: len(one)]) for one, two in zip(points(held), points(study), strict=False)):
        raise store.refusal("a sweep can be continued with more points, and those before must be the first of them")


def _table_places(store: Store) -> list[list[int]]:
    """Return where the points of a folder are in a longer table, as first rows and numbers of rows; empty if in front.

    Raises `InputError` if one of them is not there.
    """
    files, _ = files_of(store.folder, "points", store.requests)
    table, new = read_parts(files.values()) if files else None, values_of(read_points(store.study))
    if table is None or len(table) != number_of_points(store.requests):
        raise store.refusal(f"its files of points are not intact: continue it first as it is, with {RESUME}")
    old = values_of(table.sort_values("point"))
    if {*old.columns} != {*new.columns}:
        raise store.refusal("the table here has other columns")
    free: dict[tuple[Any, ...], deque[int]] = defaultdict(deque)
    for i, row in enumerate(_cells(new[old.columns])):
        free[row].append(i)
    places = []
    for row in _cells(old):
        if not free[row]:
            point = ", ".join(f"{name} = {cell}" for name, cell in zip(old.columns, row, strict=True))
            raise store.refusal(f"the table here lacks a point of the one there, {point}")
        places.append(free[row].popleft())
    ranges = [[part.start, len(part)] for part in neighbours(places)]
    if ranges == [[0, len(old)]]:
        return []
    _check_common(store)
    return ranges


def _check_common(store: Store) -> None:
    """Raise `InputError` if the runs of a point depend on its number, which changes."""
    if store.study.streams == "independent":
        raise store.refusal("with independent streams its points must keep their numbers, and so come first here")


def _cells(table: pd.DataFrame) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a table, with the values that its cells stand for."""
    return zip(*([*map(of_cell, table[name].tolist())] for name in table.columns), strict=True)
