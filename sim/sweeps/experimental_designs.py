"""Points of a study: computed designs, which are SciPy's and SALib's, points read from a file, and further ones."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice, product
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from feint.agents.errors import InputError, load_extra
from feint.sim.sweeps.factors import Factor
from feint.sim.sweeps.study import MOST_RUNS, Study
from feint.sim.sweeps.sweep_store import RESUME, Requests, Store, files_of, merged, number_of_points, plain, read_parts
from feint.sim.sweeps.units import neighbours
from feint.sim.sweeps.weighted_draws import WEIGHT, WeightedDraws
from feint.sim.training.parameter_point import as_cell

if TYPE_CHECKING:
    import pandas as pd

MORRIS_LEVELS = 4  # of the grid on which trajectories walk (Morris 1991)
PLACE = "place"  # column of a point's number in the design, if another one is its number in the folder
OF_RUNS, OF_POINTS = ("runs", "half_width", "most_runs"), ("samples", "vary", "table")
"""Fields of a study in which more of the same may be requested."""
CHUNK = 4096  # points in a table
MOST_APART = 2**64 // MOST_RUNS  # points whose runs can be numbered separately


def points(study: Study, chunk: int = CHUNK) -> Iterator[pd.DataFrame]:
    """Yield the points in order, as tables of up to `chunk` rows: `point`, and one column per factor."""
    import pandas as pd

    first = 0
    for columns in _columns(study, chunk):
        table = pd.DataFrame(columns)
        table.insert(0, "point", np.arange(first, first + len(table)))
        first += len(table)
        yield table


def count(study: Study) -> int:
    """Return the number of points of a study."""
    if study.design == "grid":
        return int(np.prod([len(factor.grid) for factor in study.factors], dtype=object))
    if study.design == "one-at-a-time":
        return sum(1 for _ in _one_at_a_time(study.factors))
    if study.design == "table":
        return len(read_points(study))
    moved = len(study.groups)
    return int(study.samples or 0) * {"saltelli": moved + 2, "morris": moved + 1}.get(study.design, 1)


def problem(study: Study) -> dict[str, Any]:
    """Return the study as SALib describes it: every factor on the unit interval, and their groups if moved by group."""
    names = [factor.name for factor in study.factors]
    whole: dict[str, Any] = {"num_vars": len(names), "names": names, "bounds": [[0.0, 1.0]] * len(names)}
    return {**whole, "groups": [factor.group for factor in study.factors]} if study.by_group else whole


def _columns(study: Study, chunk: int) -> Iterator[dict[str, list[Any]]]:
    factors = study.factors
    if study.design == "table":
        table = read_points(study)
        for first in range(0, len(table), chunk):
            yield {name: table[name].iloc[first : first + chunk].tolist() for name in table.columns}
    elif study.design in ("grid", "one-at-a-time"):
        rows = product(*(factor.grid for factor in factors)) if study.design == "grid" else _one_at_a_time(factors)
        while part := list(islice(rows, chunk)):
            pairs = zip(factors, zip(*part, strict=True), strict=True)
            yield {factor.name: [as_cell(value) for value in column] for factor, column in pairs}
    else:
        for factor in factors:
            if not factor.is_range:
                right = "give it low and high, or use design = 'grid' or 'table'"
                raise InputError(f"vary.{factor.name} is a list, which design = {study.design!r} cannot vary: {right}.")
        for cube in _cubes(study, len(factors), chunk):
            pairs = zip(factors, cube.T, strict=True)
            yield {factor.name: [factor.at(share) for share in column.tolist()] for factor, column in pairs}


def _one_at_a_time(factors: list[Factor]) -> Iterator[tuple[Any, ...]]:
    """Yield the base point, then each factor's ends in turn."""
    base = tuple(factor.base for factor in factors)
    if None in base:
        raise InputError("start and match have no low and no high: vary them by design = 'grid' or 'table'.")
    yield base
    for i, factor in enumerate(factors):
        for end in factor.ends:
            if end != base[i]:
                yield (*base[:i], end, *base[i + 1 :])


def _cubes(study: Study, dimensions: int, chunk: int) -> Iterator[np.ndarray]:
    """Yield points of the unit cube (points, dimensions)."""
    from scipy.stats import qmc

    samples = int(study.samples or 0)
    seed = int(np.random.SeedSequence([study.seed, len(study.factors)]).generate_state(1)[0])  # not that of the runs
    if study.design in ("sobol", "prior"):
        yield from sobol_cubes(dimensions, samples, seed, chunk)
        return
    if study.design == "lhs":
        whole = qmc.LatinHypercube(dimensions, rng=seed).random(samples)
    elif study.design == "saltelli":
        sobol = load_extra("SALib.sample.sobol", "a Saltelli design")
        whole = sobol.sample(problem(study), samples, calc_second_order=False, seed=seed)
    else:
        morris = load_extra("SALib.sample.morris", "a Morris design")
        whole = morris.sample(problem(study), samples, num_levels=MORRIS_LEVELS, seed=seed)
    for first in range(0, len(whole), chunk):
        yield whole[first : first + chunk]


def write_points(store: Store) -> None:
    """Write the points of the design unless they are already there; all are validated before any is trained."""
    import pyarrow as pa

    study, expected = store.study, _checked_count(store.study)
    held = sorted((points_in(name) for name in store.intact_files("points")), key=lambda points: points.start)
    if sum(map(len, held)) == expected:
        return
    starts, stops = (np.array([0, *(getattr(points, end) for points in held)]) for end in ("start", "stop"))
    for table in numbered_points(study, store.requests, store.cut.points_a_file):
        numbers = table["point"].to_numpy()
        missing = numbers >= stops[np.searchsorted(starts, numbers, side="right") - 1]
        for part in neighbours(numbers[missing].tolist()):
            rows = table[table["point"].isin(part)]
            check_points(study, rows[rows["point"] < store.requests[0]["points"]])  # others were before, by `extension`
            name = f"{part.start:09d}-{part.stop:09d}"
            store.write("points", name, pa.Table.from_pandas(rows, preserve_index=False))


def _checked_count(study: Study) -> int:
    """Return the number of points; raises `InputError` if there are more than have room for runs of their own."""
    number = count(study)
    if study.streams == "independent" and number > MOST_APART:
        raise InputError(f"streams = 'independent' has room for {MOST_APART:,} points, and the study has {number:,}.")
    return number


def check_points(study: Study, table: pd.DataFrame) -> None:
    """Raise `InputError` unless a study can be carried out at all points of a table."""
    for row in values_of(table).to_dict("records"):
        study.specs({str(factor): value for factor, value in row.items()})


def numbered_points(study: Study, requests: Requests, chunk: int = CHUNK) -> Iterator[pd.DataFrame]:
    """Yield the points of a study as the folder of a sweep numbers them: each request's new ones behind those before.

    `point` is that number, by which parts know their points. If the design has another order, `place` is the number
    there.
    """
    changing = [i for i, request in enumerate(requests) if "points" in request]
    places = requests[changing[-1]].get("places")
    if study.design == "grid" and len(changing) > 1:
        described = [merged(requests[: i + 1]) for i in changing]
        chosen = _grid_places([*map(Study.from_configuration, described[:-1]), study], chunk)
        at = partial(_grid_at, study)
    elif places:
        table = read_points(study)
        old = np.concatenate([np.arange(first, first + number) for first, number in places])
        order = np.concatenate([old, np.setdiff1d(np.arange(len(table)), old)])
        chosen, at = (order[first : first + chunk] for first in range(0, len(order), chunk)), table.iloc.__getitem__
    else:
        yield from points(study, chunk)
        return
    first = 0
    for part in chosen:
        table = at(part).reset_index(drop=True)
        table.insert(0, "point", np.arange(first, first + len(part)))
        table.insert(1, PLACE, part)
        first += len(part)
        yield table


def _grid_places(studies: Sequence[Study], chunk: int) -> Iterator[np.ndarray]:
    """Yield the numbers in the last of some grids, each within the next, of the points that each adds to the former."""
    grids = [[factor.grid for factor in study.factors] for study in studies]
    shape = [len(values) for values in grids[-1]]
    for i, grid in enumerate(grids):
        later = [indices(*pair) for pair in zip(grid, grids[-1], strict=True)]
        former = [indices(*pair) for pair in zip(grid, grids[i - 1], strict=True)]
        sizes = [len(values) for values in grid]
        for first in range(0, prod(sizes), chunk):
            numbers = np.arange(first, min(prod(sizes), first + chunk))
            levels = np.unravel_index(numbers, sizes)
            known = np.all([index[level] >= 0 for index, level in zip(former, levels, strict=True)], axis=0)
            place = np.ravel_multi_index([index[level] for index, level in zip(later, levels, strict=True)], shape)
            if len(new := place if i == 0 else place[~known]):
                yield new


def _grid_at(study: Study, places: np.ndarray) -> pd.DataFrame:
    """Return the points of a grid with these numbers, one column per factor."""
    import pandas as pd

    grid = {factor.name: [as_cell(value) for value in factor.grid] for factor in study.factors}
    levels = np.unravel_index(places, [len(values) for values in grid.values()])
    pairs = zip(grid.items(), levels, strict=True)
    return pd.DataFrame({name: [values[i] for i in level.tolist()] for (name, values), level in pairs})


def indices(values: Sequence[Any], among: Sequence[Any]) -> np.ndarray:
    """Return the index of each of some values among others, -1 if it is not there."""
    known = {value: i for i, value in enumerate(among)}
    return np.array([known.get(value, -1) for value in values])


def points_in(name: str) -> range:
    """Return the points in a file of points."""
    first, _, last = name.partition("-")
    return range(int(first), int(last))


def sobol_cubes(dimensions: int, points: int, seed: int, chunk: int | None = None) -> Iterator[np.ndarray]:
    """Yield the first points of a scrambled Sobol sequence, (chunk, dimensions) or, without `chunk`, all at once."""
    from scipy.stats import qmc

    sequence, whole = qmc.Sobol(dimensions, scramble=True, rng=seed), 1 << (points - 1).bit_length()
    step = chunk or whole
    for first in range(0, points, step):
        yield sequence.random(min(step, whole - first))[: points - first]


def read_points(study: Study) -> pd.DataFrame:
    """Read the points of a study's file: one column per name that can vary, and `weight` if weights differ.

    Raises `InputError` with file, row and column; rows count from 1, the first below the header.
    """
    draws = WeightedDraws.of(str(study.table), study.point, name="table")
    return (draws if study.samples is None else draws.thinned(study.samples, study.seed)).frame()


def values_of(points: pd.DataFrame) -> pd.DataFrame:
    """Return the columns of a table of points that vary: all but their numbers and their weight."""
    return points.drop(columns=["point", PLACE, WEIGHT], errors="ignore")


def weights_of(points: pd.DataFrame) -> np.ndarray | None:
    """Return the weights of a table of points (points,); None if they have equal ones."""
    return points[WEIGHT].to_numpy(float) if WEIGHT in points else None


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
        request["points"] = _checked_count(study)
        if study.design != "table":
            _check_kept(store, held)
        elif places := _table_places(store):
            request["places"] = places
        before = number_of_points(store.requests)
        for table in numbered_points(study, [*store.requests, request]):
            check_points(study, table[table["point"] >= before])
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
    """Yield the rows of a table, with several numbers in a cell as a tuple."""
    columns = (table[name].tolist() for name in table.columns)
    plain_columns = ([tuple(cell) if hasattr(cell, "tolist") else cell for cell in column] for column in columns)
    return zip(*plain_columns, strict=True)
