"""Originals: what a figure's passport says it was drawn from, and how that is computed and drawn again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from feint.agents.model import Model
from feint.sim.results.report import Report
from feint.sim.training.curriculum import Curriculum
from feint.sim.training.parameter_point import Point
from feint.sim.training.stage import Stage

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Told = Mapping[str, Any]


class Original(Report):
    """A result of a kind that is not yet a report."""

    def __init__(self, passport: dict[str, Any], drawings: tuple[Callable[[], Figure], ...]) -> None:
        self._passport, self._drawings = passport, drawings

    def passport(self) -> dict[str, Any]:
        """Return its passport."""
        return self._passport

    def drawings(self) -> tuple[Callable[[], Figure], ...]:
        """Return the functions that draw its figures."""
        return self._drawings


def point_of(described: Told) -> Point:
    """The point that `Point.described` told."""
    return Point(
        model=Model(**described["model"]),
        curriculum=curriculum_of(described["stages"]),
        start=described["start"],
        match=described["match"],
    )


def curriculum_of(stages: list[dict[str, Any]]) -> Curriculum:
    """The curriculum that `Curriculum.described` told; nothing enters its first stage."""
    first, *others = stages
    return Curriculum(
        Stage(**{name: value for name, value in first.items() if name != "carry"}),
        *(Stage(**stage) for stage in others),
    )


def _transfer(told: Told, threads: int | None) -> Original:
    from feint.scenarios.experiments import Asked
    from feint.scenarios.transfer.transfer import Experiment

    asked = told["configuration"]
    names = {name: asked[name] for name in ("longest", "runs", "seed")}
    found = Experiment(point=point_of(asked), asked=Asked(threads=threads), **names).run(asked["sizes"])
    return Original(passport=found.passport(), drawings=(found.figure,))


def _calibration(told: Told, threads: int | None) -> Original:
    from feint.scenarios.experiments import Asked
    from feint.scenarios.transfer.published_comparison import run

    names = {name: told["configuration"][name] for name in ("runs", "seed", "networks")}
    found = run(Asked(threads=threads, **names))
    return Original(passport=found.passport(), drawings=(found.figure,))


MAKERS: dict[str, Callable[[Told, int | None], Original]] = {
    "transfer": _transfer,
    "calibration": _calibration,
}
"""How what each kind of passport asks for is made."""
