"""Points of a study: computed designs, which are SciPy's and SALib's, points read from a file, and further ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice, product
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from feint.agents.errors import InputError, load_extra
from feint.sim.sweeps.factors import Factor
from feint.sim.sweeps.study import MOST_RUNS, SAMPLED, Study
from feint.sim.sweeps.sweep_store import Requests, Store, merged, number_of_points
from feint.sim.sweeps.units import neighbours
from feint.sim.sweeps.weighted_draws import WEIGHT, WeightedDraws
from feint.sim.training.curriculum import Match
from feint.sim.training.parameter_point import as_column, of_cell

if TYPE_CHECKING:
    import pandas as pd

MORRIS_LEVELS = 4  # of the grid on which trajectories walk (Morris 1991)
PLACE = "place"  # column of a point's number in the design, if another one is its number in the folder
CHUNK = 4096  # points in a table
MOST_POINTS = 10**9 - 1  # whose numbers have room in the names of files
MOST_APART = 2**64 // MOST_RUNS  # points whose runs can be numbered separately
DRAWN_AT_ONCE = ("lhs", "saltelli", "morris")  # designs that are whole in memory
MOST_DRAWN = 2 * 10**8  # numbers of them


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
        alone = map(as_column, zip(*_one_at_a_time(factors), strict=True)) if study.design != "grid" else ()
        rows = zip(*alone, strict=True) if alone else product(*(factor.cells for factor in factors))
        while part := list(islice(rows, chunk)):
            yield {factor.name: [*column] for factor, column in zip(factors, zip(*part, strict=True), strict=True)}
    else:
        _check_ranges(study)
        for cube in _cubes(study, len(factors), chunk):
            pairs = zip(factors, cube.T, strict=True)
            yield {factor.name: [factor.at(share) for share in column.tolist()] for factor, column in pairs}


def _check_ranges(study: Study) -> None:
    for factor in study.factors:
        if not factor.is_range:
            right = "give it low and high, or use design = 'grid' or 'table'"
            raise InputError(f"vary.{factor.name} is a list, which design = {study.design!r} cannot vary: {right}.")


def _one_at_a_time(factors: list[Factor]) -> Iterator[tuple[Any, ...]]:
    """Yield the base point, then each factor's ends in turn."""
    base = tuple(factor.base for factor in factors)
    if None in base:
        raise InputError("start, match and seed have no low and no high: vary them by design = 'grid' or 'table'.")
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
    """Check all points of a design before any is trained, unless they are there; write those of a table.

    Those of other designs are written as they are needed, so that a large one begins at once.
    """
    expected = number_of_points(store.requests)
    if sum(len(points_in(name)) for name in store.intact_files("points")) == expected:
        return
    check_design(store.study)
    if store.study.design == "table":  # which a longer table can only follow if it is whole
        for _ in files_of_points(store):
            pass


def files_of_points(store: Store) -> Iterator[tuple[range, Path]]:
    """Yield the points in each file of points, in order, and the file; those that are missing are written."""
    import pyarrow as pa

    held = sorted(((points_in(name), path) for name, path in store.intact_files("points").items()), key=_first)
    if sum(len(points) for points, _ in held) == number_of_points(store.requests):
        yield from held
        return
    starts, stops = (np.array([0, *(getattr(points, end) for points, _ in held)]) for end in ("start", "stop"))
    for table in numbered_points(store.study, store.requests, store.cut.points_a_file):
        numbers = table["point"].to_numpy()
        missing = numbers >= stops[np.searchsorted(starts, numbers, side="right") - 1]
        here = [pair for pair in held if numbers[0] <= pair[0].start <= numbers[-1]]
        for part in neighbours(numbers[missing].tolist()):
            rows = pa.Table.from_pandas(table[table["point"].isin(part)], preserve_index=False)
            here.append((part, store.write("points", f"{part.start:09d}-{part.stop:09d}", rows)))
        yield from sorted(here, key=_first)


def _first(of: tuple[range, Path]) -> int:
    return of[0].start


def checked_count(study: Study) -> int:
    """Return the number of points; raises `InputError` if there are more than a sweep can number, or hold at once."""
    if study.design in SAMPLED:
        _check_ranges(study)
    number = count(study)
    most = MOST_APART if study.streams == "independent" else MOST_POINTS
    if number > most:
        raise InputError(f"the study has {number:,} points: with streams = {study.streams!r} it may have {most:,}.")
    drawn = number * len(study.factors)
    if study.design in DRAWN_AT_ONCE and drawn > MOST_DRAWN:
        needs = f"design = {study.design!r} draws {number:,} points at once, which needs {8e-9 * drawn:.0f} GB"
        raise InputError(f"samples = {study.samples} is too many: {needs}: take fewer, or design = 'sobol'.")
    return number


def check_design(study: Study) -> None:
    """Raise `InputError` unless a study can be carried out at all its points.

    Each value was checked when the study was made, or its table read. So only those combinations are tried here that
    may be refused although each value is valid, and of numbers that make no difference to this a single one.
    """
    if study.design == "grid":
        grid = {factor.name: factor.cells for factor in study.factors if _is_joint(factor.name, study)}
        alone = [{_kind(name, cell): cell for cell in cells}.values() for name, cells in grid.items()]
        _check_rows(study, (dict(zip(grid, row, strict=True)) for row in product(*alone)))
        return
    names = read_points(study).columns if study.design == "table" else [factor.name for factor in study.factors]
    joint = [str(name) for name in names if _is_joint(str(name), study, varied=names)]
    for table in points(study) if joint else ():
        rows = table[joint].to_dict("records")
        kinds = {tuple(_kind(str(name), cell) for name, cell in row.items()): row for row in rows}
        _check_rows(study, kinds.values())


def _check_rows(study: Study, rows: Iterable[Mapping[Any, Any]]) -> None:
    for row in rows:
        study.specs({str(name): value for name, value in row.items()})


def _is_joint(name: str, study: Study, varied: Iterable[Any] = ()) -> bool:
    """Return whether a value of this name may be refused beside others: several similarities, and steps of a rule."""
    parameter = name.rpartition(".")[2]
    if parameter in ("similarity", "objective"):
        return True
    rules = "match" in [*varied, *study.vary] or Match(study.match) in (Match.TOTAL_STEPS, Match.DATA)
    return rules and parameter in ("match", "steps", "modes")


def _kind(name: str, cell: Any) -> Any:
    """Return what it depends on whether a cell fits others: of similarity the number of its values alone."""
    value = of_cell(cell)
    return value if name != "similarity" else len(value) if isinstance(value, tuple) else 0


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

    grid = {factor.name: factor.cells for factor in study.factors}
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
