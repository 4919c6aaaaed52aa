"""Units of a sweep's work: points by runs that are trained together; which are missing, and which are there twice."""

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass
from itertools import groupby, pairwise
from typing import NamedTuple, Self

NAME, PATTERN = "points-{:09d}-{:09d}-runs-{:013d}-{:013d}", r"points-(\d{9})-(\d{9})-runs-(\d{13})-(\d{13})"
Piece = tuple[int, int]  # first run, and the one after the last


class Cut(NamedTuple):
    """Sizes of the parts of a sweep, on which no number depends."""

    runs: int = 2**15  #: of a unit and arm, over all its points
    points: int = 256  #: most points of a unit
    points_a_file: int = 4096  #: points in a file of points


CUT = Cut()


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


def neighbours(points: Iterable[int]) -> Iterator[range]:
    """Yield increasing numbers as ranges."""
    for _, part in groupby(enumerate(points), lambda pair: pair[1] - pair[0]):
        numbers = [number for _, number in part]
        yield range(numbers[0], numbers[-1] + 1)


def repeated(units: Iterable[Unit]) -> set[Unit]:
    """Return units that hold a run of a point which another unit holds as well; without them none is held twice."""
    units = sorted(units)
    columns, extra = _columns(_bounds(units), units), set[Unit]()
    for column in columns.values():
        end = 0
        for unit in column:
            if unit in extra:
                continue
            if unit.first_point < end:
                extra.add(unit)
            else:
                end = unit.last_point
    return extra


class Missing:
    """The runs of a round that no finished unit holds, cut where finished units begin and end.

    So units of any sizes fit together, as those of an earlier request and of a later one, which asks for more.
    """

    def __init__(self, first_run: int, last_run: int, finished: Iterable[Unit], cut: Cut) -> None:
        finished, self.cut = sorted(finished), cut
        inner = (run for run in _bounds(finished) if first_run < run < last_run)
        self.pieces = [
            (run, min(stop, run + cut.runs))
            for start, stop in pairwise([first_run, *inner, last_run])
            for run in range(start, stop, cut.runs)
        ]
        bounds = sorted({*_bounds(finished), *(first for first, _ in self.pieces)})
        self.held = _columns(bounds, finished)

    def units(self, points: range) -> Iterator[Unit]:
        """Yield the missing units of neighbouring points."""
        for first, last in self.pieces:
            held, at = self.held[first], points.start
            i = max(0, bisect_right(held, points.start, key=lambda unit: unit.first_point) - 1)
            while at < points.stop:
                start, stop = (held[i].first_point, held[i].last_point) if i < len(held) else (points.stop,) * 2
                if at < start:
                    yield from units_of(range(at, min(start, points.stop)), first, last, self.cut)
                at, i = max(at, stop), i + 1


def _bounds(units: Iterable[Unit]) -> list[int]:
    """Return the runs at which units begin and end, in order."""
    return sorted({run for unit in units for run in (unit.first_run, unit.last_run)})


def _columns(bounds: list[int], units: Iterable[Unit]) -> dict[int, list[Unit]]:
    """Return the units that hold the runs from each bound to the next one, in the order of these units."""
    columns: dict[int, list[Unit]] = defaultdict(list)
    for unit in units:
        for i in range(bisect_left(bounds, unit.first_run), bisect_left(bounds, unit.last_run)):
            columns[bounds[i]].append(unit)
    return columns
