"""Lattices: what every set of carried groups, or of premises, comes to, and how the difference divides among them.

The two ways of training are corners of one lattice (MODEL, section 5): with nothing carried over, pre-training +
fine-tuning is training from scratch, run by run; with all five groups carried it is the headline's other arm. So the
difference in deception divides exactly among what pre-training hands over. The same over premises that can be
switched off: a corner is the headline's difference with exactly these premises on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from feint.agents.errors import InputError
from feint.agents.mind import GROUPS
from feint.agents.outcome import Outcome
from feint.scenarios.argument.premises import PREMISES, named
from feint.sim.analysis.estimands import DECEPTIVE
from feint.sim.ensembles.paired_runs import run_paired
from feint.sim.ensembles.protocols import TrainingProtocol, pretrained, scratch
from feint.sim.ensembles.runner import check_threads
from feint.sim.results.provenance import passport
from feint.sim.statistics.intervals import CONFIDENCE, Interval, check_confidence, frequency_interval, tango
from feint.sim.statistics.shapley import MOST, Attribution, Game
from feint.sim.training.parameter_point import Point, check_two_stages
from feint.sim.training.train import PRECISION, check_runs

if TYPE_CHECKING:
    import pandas as pd

SWITCHED = tuple(name for name, premise in PREMISES.items() if not premise.carried)
"""The premises that are no group carried over."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Lattice:
    """What came of every set of parts at a point, and what that makes of each part."""

    of: str  #: "carried" (frequencies after both stages) or "premises" (differences of the two ways)
    game: Game
    point: Point
    seed: int
    precision: str = PRECISION
    outcome: str = DECEPTIVE
    confidence: float = CONFIDENCE

    @cached_property
    def attribution(self) -> Attribution:
        """Shares and interactions."""
        found = self.game.attribution(1 if self.of == "carried" else 2, self.confidence)
        if np.abs(self.game.whole).max() > 1:
            return found
        return replace(found, whole=_difference(self.game.whole, self.confidence))

    def corner(self, *parts: str) -> Interval:
        """What was found with exactly these parts, in any order."""
        return self._interval(self.game.corner(*parts))

    def _interval(self, corner: int) -> Interval:
        worth = self.game.worth[corner]
        if self.of == "carried":
            return frequency_interval(int(worth.sum()), self.game.runs, self.confidence)
        return _difference(worth, self.confidence)

    def corners(self) -> pd.DataFrame:
        """One row a set of parts: a column a part, true where it is in, then estimate and limits."""
        import pandas as pd

        rows = []
        for i, parts in enumerate(self.game.corners()):
            found = self._interval(i)
            there = {part: part in parts for part in self.game.parts}
            rows.append({**there, "estimate": found.estimate, "low": found.low, "high": found.high})
        table = pd.DataFrame(rows)
        table.attrs.update(self.passport())
        return table

    def frame(self) -> pd.DataFrame:
        """One row a share and one a pair, see `Attribution.frame`, with the passport in `attrs`."""
        table = self.attribution.frame()
        table.attrs.update(self.passport())
        return table

    def configuration(self) -> dict[str, Any]:
        """What its numbers depend on."""
        return {
            **self.point.described(),
            "of": self.of,
            "parts": list(self.game.parts),
            "outcome": self.outcome,
            "runs": self.game.runs,
            "seed": self.seed,
            "precision": self.precision,
            "confidence": self.confidence,
        }

    def passport(self) -> dict[str, Any]:
        """What is needed to make this result again."""
        return passport("crux", self.configuration())


def lattice(
    point: Point | None = None,
    *,
    runs: int = 2000,
    seed: int = 0,
    outcome: str = DECEPTIVE,
    precision: str = PRECISION,
    confidence: float = CONFIDENCE,
    threads: int | None = None,
) -> Lattice:
    """Which runs end so with each of the 2⁵ sets of groups carried, on the same starts and noise.

    Raises `InputError`, also where the point itself carries less than all: the sets are of all groups.
    """
    point = _checked(point, runs, confidence)
    if set(point.value("finetuning.carry")) != set(GROUPS):
        told = "+".join(point.value("finetuning.carry")) or "nothing"
        raise InputError(f"finetuning.carry = {told} leaves no whole lattice to divide: leave it out.")
    protocols = [pretrained(finetuning__carry=_carry(i)) for i in range(2 ** len(GROUPS))]
    ended = run_paired(point, protocols, range(runs), seed=seed, precision=precision, threads=threads)
    code = Outcome.named(outcome)
    worth = np.array([ended[protocol].outcome == code for protocol in protocols], np.int8)
    return Lattice(
        of="carried",
        game=Game(parts=tuple(GROUPS), worth=worth),
        point=point,
        seed=seed,
        precision=precision,
        outcome=outcome,
        confidence=confidence,
    )


def premises_lattice(
    point: Point | None = None,
    premises: Iterable[str] = SWITCHED,
    *,
    runs: int = 200,
    seed: int = 0,
    outcome: str = DECEPTIVE,
    precision: str = PRECISION,
    confidence: float = CONFIDENCE,
    threads: int | None = None,
    progress: Callable[[int], object] | None = None,
) -> Lattice:
    """The headline's difference with each of the 2ⁿ sets of premises on and the others off.

    All sets are tried on the same starts and noise. `progress` is told how many sets are done. Raises `InputError`.
    """
    point, names = _checked(point, runs, confidence), _chosen(premises)
    arms = (pretrained(), scratch())
    code = Outcome.named(outcome)

    def worth(corner: int) -> np.ndarray:
        here = without(point, [name for k, name in enumerate(names) if not corner >> k & 1])
        ended = run_paired(here, arms, range(runs), seed=seed, precision=precision, threads=1)
        if progress:
            progress(1)
        return _scores({protocol: ended[protocol].outcome == code for protocol in arms}, arms)

    with ThreadPoolExecutor(check_threads(threads)) as pool:
        found = np.array(list(pool.map(worth, range(2 ** len(names)))))
    return Lattice(
        of="premises",
        game=Game(parts=names, worth=found),
        point=point,
        seed=seed,
        precision=precision,
        outcome=outcome,
        confidence=confidence,
    )


def without(point: Point, premises: Iterable[str]) -> Point:
    """The point where these premises are off; their order does not matter."""
    for premise in named(premises):
        point = point.at(premise.off(point))
    return point


def _scores(
    happened: Mapping[TrainingProtocol, np.ndarray], arms: tuple[TrainingProtocol, TrainingProtocol]
) -> np.ndarray:
    plus, minus = (happened[protocol].astype(np.int8) for protocol in arms)
    return plus - minus


def _difference(scores: np.ndarray, confidence: float) -> Interval:
    """Tango's interval of the mean of scores that are -1, 0 or 1 (runs,)."""
    return tango(int((scores > 0).sum()), int((scores < 0).sum()), len(scores), confidence)


def _carry(corner: int) -> tuple[str, ...]:
    return tuple(group for k, group in enumerate(GROUPS) if corner >> k & 1)


def _checked(point: Point | None, runs: int, confidence: float) -> Point:
    point = Point() if point is None else point
    check_two_stages(point)
    check_runs(runs)
    check_confidence(confidence)
    return point


def _chosen(premises: Iterable[str]) -> tuple[str, ...]:
    names = tuple(premise.name for premise in named(premises))
    if not 1 <= len(names) <= MOST:
        raise InputError(f"premises = {len(names)} are not 1 to {MOST}: a lattice has a corner for every set of them.")
    return names
