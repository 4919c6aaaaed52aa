"""The calibration scoreboard: published measurements, what the race gives, and what small real networks give.

The claim. None: a scoreboard says how far a toy is from what was measured of real models, row by row, and whether a
free parameter was fitted to the row or it is a prediction. A poor fit stays in the table.

The experiment. Every row is declared with its source, conditions and stand-in in `calibration_rows`; the race is run
at its default point (`calibration_toy`). One number is fitted: how many of the published iterations one step stands
for, so that learning from scratch takes as long. Everything else is predicted, with no parameter moved.

What would count against reading anything into it. The stand-ins: a mode is no parameter, a step is no batch, and
performance on an objective is no harmful answer. Agreement is weak evidence, disagreement shows where the toy ends.

Sources: those of the rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from feint.agents.errors import InputError
from feint.scenarios.experiments import Asked
from feint.scenarios.transfer.published_measurements import ROWS, Row
from feint.scenarios.transfer.stand_ins import Toy
from feint.sim.results.provenance import passport
from feint.sim.training.parameter_point import Point
from feint.sim.training.train import check_runs, check_seed

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from feint.scenarios.transfer.calibration_documents import CalibrationDocument
    from feint.sim.statistics.intervals import Interval

NAME = "calibration"
RUNS = 1000
NETWORKS = "feint.scenarios.transfer.network_stand_ins"
"""A module with `measured(asked)`, which gives an Interval for each row that networks have one for, by its name."""
NOT_ASKED, NOT_THERE, NONE = (
    "not asked for: --networks trains them",
    "this version has no networks for it",
    "the small networks have no number for it",
)


@dataclass(frozen=True, kw_only=True)
class Score:
    """One row with what was found."""

    row: Row
    toy: Interval | None
    networks: Interval | None
    why: str = ""  #: why there is none of networks

    def residual(self, found: Interval | None) -> float | None:
        """How far a number is from the published one: a factor or a difference, by the row's unit."""
        if found is None or self.row.published is None:
            return None
        return found.estimate / self.row.published if self.row.by_factor else found.estimate - self.row.published

    def agrees(self, found: Interval | None) -> bool | None:
        """Whether the interval meets the published range; of a direction, whether it lies wholly on that side.

        None of a row that was fitted, and where there is no number.
        """
        if found is None or self.row.fitted:
            return None
        if self.row.published is None:
            return bool(self.row.direction * found.low > 0 and self.row.direction * found.high > 0)
        low, high = (self.row.published if end is None else end for end in (self.row.low, self.row.high))
        return bool(found.low <= high and found.high >= low)


@dataclass(frozen=True, kw_only=True)
class Scoreboard:
    """All rows."""

    scores: tuple[Score, ...]
    runs: int
    seed: int
    networks: bool  #: whether networks were asked for

    def text(self) -> str:
        """In words, for a terminal of 80 columns."""
        from feint.scenarios.transfer.calibration_texts import text

        return text(self)

    def document(self) -> CalibrationDocument:
        """As its JSON document."""
        from feint.scenarios.transfer.calibration_documents import document

        return document(self)

    def figure(self) -> Figure:
        """Drawn."""
        from feint.scenarios.transfer.calibration_figure import figure

        return figure(self)

    def passport(self) -> dict[str, Any]:
        """What is needed to make it again."""
        own = {"runs": self.runs, "seed": self.seed, "networks": self.networks}
        return passport(NAME, {**Point().described(), **own})


def run(asked: Asked) -> Scoreboard:
    """All rows, of the race and, if asked for, of networks; raises `InputError`."""
    if asked.settings:
        raise InputError(
            f"set = {dict(asked.settings)!r} is not allowed with scenario {NAME!r}: it stands at the default point."
        )
    runs, seed = RUNS if asked.runs is None else asked.runs, asked.seed or 0
    check_runs(runs)
    check_seed(seed)
    toy = Toy(runs=runs, seed=seed, threads=asked.threads, progress=asked.progress).numbers()
    networks, why = _networks(asked)
    return Scoreboard(
        scores=tuple(_score(row, toy, networks, why) for row in ROWS), runs=runs, seed=seed, networks=asked.networks
    )


def _score(row: Row, toy: Mapping[str, Interval], networks: Mapping[str, Interval], why: str) -> Score:
    found = networks.get(row.name)
    return Score(row=row, toy=toy.get(row.name), networks=found, why="" if found else why)


def _networks(asked: Asked) -> tuple[Mapping[str, Interval], str]:
    """What networks give, and why they give nothing for the other rows."""
    if not asked.networks:
        return {}, NOT_ASKED
    if find_spec(NETWORKS) is None:
        return {}, NOT_THERE
    return import_module(NETWORKS).measured(asked), NONE
