"""Counting: do most settings that do well in training deceive, and does SGD find what is most?

The claim. Few settings of a model's parameters make it internally or corrigibly aligned, many make it deceptive, for
any objective at all will do for that; so a model that does well in training is probably deceptive (Xu 2020, section
on counting; Carlsmith 2023 prefers a hazier form). Belrose and Pope (2024) answer that this counts functions, and
that the same count would have networks overfit always: what matters is the volume in parameter space, and what SGD
does in it.

The experiment. Minds are drawn at random: scalars N(0, width²) in logits, pointers N(-decoys, width²), the goal N(0,
I) scaled to a Λ-norm uniform below 2, the world model uniform. Kept are those whose performance on the fine-tuning
objective reaches its target. Of each type among them are counted: the draws (volume), and the functions, one for each
pattern in which the deployed objective has the sign of the base objective or not, mode by mode. Beside it the same
draws, all of them, are fine-tuned by SGD, and counted at its end.

What would count against it. Fewer deceptive draws than aligned ones among the kept; or SGD that ends in types by
shares other than the volume's, for then the volume does not say what training finds.

Source of the line between functions and volume: Belrose and Pope, "Counting arguments provide no evidence for AI
doom" (2024).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from feint.agents.errors import InputError
from feint.agents.outcome import LABELS, Outcome, read
from feint.agents.state import State
from feint.agents.views import view
from feint.sim.ensembles.protocols import scratch
from feint.sim.ensembles.runner import BLOCK, blocks, check_threads
from feint.sim.results.provenance import passport
from feint.sim.statistics.intervals import Interval, frequency_interval
from feint.sim.training.parameter_point import Point
from feint.sim.training.run_spec import RunSpec
from feint.sim.training.train import PRECISION

if TYPE_CHECKING:
    import pandas as pd

SCALARS = ("representation", "gate", "capability", "awareness", "horizon")
LARGEST_GOAL = 2.0  # Λ-norm; that of a base objective is 1
MOST_MODES = 16  # whose patterns of signs are told apart
STREAM = 0x636F756E74  # of the draws of minds


@dataclass(frozen=True, kw_only=True, eq=False)
class Counting:
    """Results of `count`; counts are by outcome, in the order of LABELS."""

    point: Point
    draws: int
    trains: int
    width: float
    seed: int
    precision: str
    kept: np.ndarray  #: draws that do well in training (outcomes,)
    patterns: tuple[Mapping[int, int], ...]  #: of each outcome, how many of them compute each function
    trained: np.ndarray  #: the first `trains` of the draws, whether they do well or not, after SGD (outcomes,)

    def share(self, outcome: Outcome | str, of: str = "kept") -> Interval:
        """The share of an outcome in `kept` or in `trained`; raises where nothing was kept."""
        counts = getattr(self, of)
        if not counts.sum():
            raise InputError(f"draws = {self.draws:,} are too few: none of them does well in training; ask for more.")
        return frequency_interval(int(counts[Outcome.named(outcome)]), int(counts.sum()))

    @property
    def functions(self) -> np.ndarray:
        """Distinct functions among the kept draws of each outcome; those seen, and more draws see more (outcomes,)."""
        return np.array([len(each) for each in self.patterns])

    @property
    def alike(self) -> int:
        """The fewest kept draws that an outcome has, of those that have any: so many can be compared."""
        return int(min(self.kept[self.kept > 0], default=0))

    def rarefied(self, outcome: Outcome | str) -> float:
        """Functions to be expected among `alike` of an outcome's kept draws, so that outcomes can be compared.

        Σ 1 - C(N - Nᵢ, n) / C(N, n) over functions, Nᵢ of N draws each (Hurlbert 1971, doi:10.2307/1934145).
        """
        from scipy.special import gammaln

        met = np.array(list(self.patterns[Outcome.named(outcome)].values()), float)
        drawn, n = met.sum(), self.alike
        rest = drawn - met
        some = rest >= n
        never = gammaln(rest[some] + 1) - gammaln(rest[some] - n + 1) - gammaln(drawn + 1) + gammaln(drawn - n + 1)
        return float(len(met) - np.exp(never).sum())

    @property
    def distance(self) -> float:
        """Total variation between shares in the volume and after SGD, of what does well: 0 the same, 1 all apart."""
        well = np.arange(len(LABELS)) != Outcome.UNCONVERGED
        kept, trained = self.kept[well], self.trained[well]
        if not (kept.sum() and trained.sum()):
            return float("nan")
        return float(abs(kept / kept.sum() - trained / trained.sum()).sum() / 2)

    def frame(self) -> pd.DataFrame:
        """One row an outcome: the three counts, and shares with intervals of the volume and after SGD."""
        import pandas as pd

        rows = []
        for outcome in Outcome:
            row: dict[str, Any] = {"outcome": outcome.label}
            for of in ("kept", "trained"):
                share = self.share(outcome, of)
                row |= {of: int(getattr(self, of)[outcome])}
                row |= {f"{of}_share": share.estimate, f"{of}_low": share.low, f"{of}_high": share.high}
            rows.append(row | {"functions": len(self.patterns[outcome]), "rarefied": self.rarefied(outcome)})
        table = pd.DataFrame(rows)
        table.attrs.update(self.passport())
        return table

    def passport(self) -> dict[str, Any]:
        """What is needed to make this result again."""
        told = {
            "draws": self.draws,
            "trains": self.trains,
            "width": self.width,
            "seed": self.seed,
            "precision": self.precision,
        }
        return passport("counting", {**told, "point": self.point.described()})


def count(
    point: Point | None = None,
    *,
    draws: int = 1_000_000,
    trains: int = 20_000,
    width: float = 3.0,
    seed: int = 0,
    precision: str = PRECISION,
    threads: int | None = None,
    progress: Callable[[int], object] | None = None,
) -> Counting:
    """Draw minds at random and count those that do well in training; train the first `trains` of them.

    `width` is the standard deviation of the logits. Raises `InputError`.
    """
    point = Point() if point is None else point
    _check(point, draws, trains, width)
    spec = scratch().spec(point, seed=seed, precision=precision)
    spec.warm_up()

    def one(block: range) -> tuple[np.ndarray, list[Counter[int]], np.ndarray]:
        found = _count_block(spec, block, trains, width)
        if progress:
            progress(len(block))
        return found

    with ThreadPoolExecutor(check_threads(threads)) as pool:
        parts = list(pool.map(one, blocks(0, draws)))
    patterns = tuple(sum((part[1][i] for part in parts), Counter()) for i in range(len(LABELS)))
    return Counting(
        point=point,
        draws=draws,
        trains=trains,
        width=width,
        seed=seed,
        precision=precision,
        kept=np.sum([part[0] for part in parts], axis=0),
        patterns=patterns,
        trained=np.sum([part[2] for part in parts], axis=0),
    )


def _check(point: Point, draws: int, trains: int, width: float) -> None:
    for name, value, most in (("draws", draws, 10**9), ("trains", trains, draws)):
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
            raise InputError(f"{name} = {value!r} is not valid: it must be a whole number from 1 to {most:,}.")
    if isinstance(width, bool) or not isinstance(width, (int, float)) or not 0 < width <= 100:
        raise InputError(f"width = {width!r} is not valid: it must be a number above 0, and 100 at most.")
    if point.curriculum[-1].target == 0:
        stage = point.curriculum.names[-1]
        raise InputError(f"{stage}.target = 0.0 lets every mind do well in training: it must be above 0.")
    if point.model.modes > MOST_MODES:
        raise InputError(
            f"modes = {point.model.modes} is too many to tell functions apart: it must be {MOST_MODES} or fewer."
        )


def _count_block(
    spec: RunSpec, block: range, trains: int, width: float
) -> tuple[np.ndarray, list[Counter[int]], np.ndarray]:
    stage, capability_target = spec.asked[-1]
    state = drawn(spec, block, width)
    readings = read(state, stage.objective)
    well = readings.performance >= stage.target
    kept = np.where(well, readings.outcome, -1)
    patterns = patterns_of(state, stage.objective)
    functions = [Counter(patterns[kept == outcome].tolist()) for outcome in Outcome]
    if block.start >= trains:
        return _counted(readings.outcome[well]), functions, _counted(readings.outcome[:0])
    stop = spec.train_stage(state, stage, capability_target)
    return _counted(readings.outcome[well]), functions, _counted(stop.readings.outcome[: trains - block.start])


def drawn(spec: RunSpec, block: range, width: float) -> State:
    """Minds drawn at random, in the worlds that the runs of these numbers have."""
    fresh = spec.begin(np.arange(block.start, block.stop, dtype=np.uint64))
    runs, objectives, modes = fresh.world.objectives.shape
    rng = np.random.Generator(np.random.Philox(key=[spec.seed, STREAM], counter=[0, 0, 0, block.start // BLOCK]))
    goal = rng.standard_normal((runs, modes))
    norm = np.sqrt((spec.model.spectrum_weights() * goal**2).sum(axis=1, keepdims=True))
    parts = {name: width * rng.standard_normal(runs) for name in SCALARS}
    return fresh.with_mind(
        goal=goal / norm * rng.uniform(0, LARGEST_GOAL, (runs, 1)),
        pointer=width * rng.standard_normal((runs, objectives)) - spec.model.decoys,
        world=rng.uniform(0, 1, (runs, objectives)),
        **parts,
    )


def patterns_of(state: State, objective: int) -> np.ndarray:
    """Which function each run computes when deployed: bit k says whether mode k has the base objective's sign."""
    agrees = view(state, objective).terminal * state.world.objectives[:, objective] > 0
    return (agrees << np.arange(state.modes)).sum(axis=1)


def _counted(outcomes: np.ndarray) -> np.ndarray:
    return np.bincount(outcomes, minlength=len(LABELS))


def lines(found: Counting) -> Iterator[str]:
    """What was found, in words for a terminal."""
    yield f"{found.draws:,} minds drawn, logits of width {found.width:g}, seed {found.seed}; {found.trains:,} trained."
    yield ""
    yield f"{'':12} {'volume: share of the kept':>28} {f'in {found.alike:,}':>9} {'after SGD: share of trained':>27}"
    for outcome in Outcome:
        shares = (found.share(outcome, of) for of in ("kept", "trained"))
        kept, trained = (f"{each.estimate:.4f} [{each.low:.4f}, {each.high:.4f}]" for each in shares)
        yield f"{outcome.label:12} {kept:>28} {found.rarefied(outcome):>9.1f} {trained:>27}"
    yield ""
    yield f"Kept: {found.kept.sum():,} draws do well in training. Between them are the functions to be"
    yield f"expected among {found.alike:,} of a type's draws (seen in all: {', '.join(map(str, found.functions))})."
    yield f"Of what does well, SGD's shares are {found.distance:.3f} from the volume's (total variation:"
    yield "0 the same, 1 nothing in common). Intervals are of 95 %."
