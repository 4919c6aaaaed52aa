"""Attributes the headline's difference to parts: to groups carried over, or to premises that can be switched off.

The two training protocols are corners of one lattice (section 5 of the model's page): with nothing carried over,
pre-training + fine-tuning equals training from scratch run by run, and with all five groups carried it is the other arm
of the headline. The difference therefore divides exactly among what pre-training hands over, by Shapley values. For
premises a corner is the headline's difference with exactly these premises on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

import numpy as np
from pydantic import Field, computed_field

from feint.agents.errors import InputError
from feint.agents.mind import GROUPS
from feint.agents.outcome import Outcome
from feint.scenarios.argument.lattice_figure import draw_lattice, draw_pairs, draw_shares
from feint.scenarios.argument.over_draws import PRIOR, OverFile, OverRequest, OverTable, Rest
from feint.scenarios.argument.premises import PREMISES, select_premises, without
from feint.sim.analysis.among_converged import ALL, Among, among_text, check_among
from feint.sim.analysis.estimands import DECEPTIVE
from feint.sim.ensembles.paired_runs import RunOutcomes, run_paired
from feint.sim.ensembles.protocols import pretrained, scratch
from feint.sim.ensembles.runner import in_order, one_at_a_time
from feint.sim.results.figure_look import Look
from feint.sim.results.figure_style import PAGE_WIDTH, canvas, check_figure_path, panels, save
from feint.sim.results.report import Hidden, Report, Table, wrapped
from feint.sim.results.request import MOST_RUNS, Confidence, Option, Output, Precision, Progress, Seed
from feint.sim.statistics.intervals import CONFIDENCE, Interval, check_confidence, frequency_interval, mean_of, tango
from feint.sim.statistics.shapley import MOST, Attribution, Game, SelectedGame, corners_of
from feint.sim.training.parameter_point import Point, pair_text
from feint.sim.training.train import PRECISION

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SWITCHED = tuple(
    name for name, premise in PREMISES.items() if not premise.group and Point().at(premise.off(Point())) != Point()
)
"""The premises that are not groups carried over and are on at the default point."""
RUNS, PREMISE_RUNS = 2000, 200  # paired runs of each set; sets of premises are many more
DRAWS = 128  # most draws of a table, among which the runs are divided
MOST_PAIRS = 10  # of the text


@dataclass(frozen=True, kw_only=True)
class PartShare:
    """Shapley share of one part."""

    part: str
    share: Interval


@dataclass(frozen=True, kw_only=True)
class PairInteraction:
    """Interaction of two parts: the amount that they add together beyond what they add apart."""

    parts: tuple[str, str]
    interaction: Interval


@dataclass(frozen=True, kw_only=True)
class Corner:
    """Result with exactly these parts."""

    parts: tuple[str, ...]
    value: Interval


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Lattice(Report):
    """Results with every set of parts: frequencies for groups carried, differences of the protocols for premises."""

    of: Annotated[Literal["carried", "premises"], Field(description="groups carried over, or premises switched on")]
    outcome: str
    runs: int
    seed: int
    confidence: float
    corners: list[Corner]
    attribution: Hidden[Attribution]
    request: Hidden[CruxRequest]
    among: Annotated[str, Field(description="runs that are counted: all, or converged")] = ALL
    over: Annotated[
        OverTable | None, Field(description="the table of draws over which everything is a mean; null at a point")
    ] = None
    game: Hidden[Game | None] = None  #: worth of every set in each run; None if runs have none, or it is not known

    @property
    def happened(self) -> str:
        """Runs with the outcome, in words."""
        return f"{self.outcome} runs{among_text(self.among)}"

    @computed_field
    @property
    def whole(self) -> Interval:
        """Difference between all parts and none, which is the sum of the shares."""
        return self.attribution.whole

    @computed_field
    @property
    def shares(self) -> list[PartShare]:
        """Shapley values, from the largest down by absolute value."""
        return [PartShare(part=part, share=self.attribution.shares[part]) for part in self.attribution.order]

    @computed_field
    @property
    def pairs(self) -> list[PairInteraction]:
        """Shapley interaction indices of all pairs."""
        return [PairInteraction(parts=pair, interaction=index) for pair, index in self.attribution.pairs.items()]

    def corner(self, *parts: str) -> Interval:
        """Return the value with exactly these parts, in any order."""
        return next(corner.value for corner in self.corners if {*corner.parts} == {*parts})

    def rows(self) -> list[dict[str, Any]]:
        """Return one row per share and pair: `part`, `other` (empty for a share), estimate, low, high and method."""
        shares, limits = self.attribution.shares, ("estimate", "low", "high", "method")
        indices = {**{(part, ""): share for part, share in shares.items()}, **self.attribution.pairs}
        return [
            {"part": part, "other": other} | {name: getattr(index, name) for name in limits}
            for (part, other), index in indices.items()
        ]

    def blocks(self) -> Iterator[str | Table]:
        """Yield what is divided, a table of shares, and one of the largest interactions."""
        none, every = (self.corners[i].value.estimate for i in (0, -1))
        if self.of == "carried":
            runs = "runs" if self.among == ALL else "converged runs"
            value = f"how often {runs} end {self.outcome} with each set of groups carried over"
            ends = f"nothing carried ({none:.3f}) to everything carried ({every:.3f})"
        else:
            arms = "pre-training + fine-tuning minus from scratch"
            value = f"difference in {self.happened}, {arms}, with each set of premises on and the others off"
            ends = f"none of them on ({none:+.3f}) to all of them on ({every:+.3f})"
        size = f"{len(self.corners):,} corners, {self.runs:,} paired runs each, seed {self.seed}"
        method = "" if self.among == ALL else f" (of shares and interactions: {self.shares[0].share.method})"
        heading = f"{size}; {100 * self.confidence:g} % intervals{method}. Value of a corner: {value}."
        if self.over:
            yield wrapped(f"Means over draws of {self.over.text()}")
        if told := pair_text(self.request.point):
            yield wrapped(told)
        yield f"{wrapped(heading)}\n{wrapped(f'From {ends}: {self.whole:+.4f}')}"
        shares = [(row.part, f"{row.share:+.4f}") for row in self.shares]
        total = sum(row.share.estimate for row in self.shares)
        yield Table.of_cells(("part", "Shapley share"), [*shares, ("sum", f"{total:+.4f}")])
        pairs = sorted(self.pairs, key=lambda row: -abs(row.interaction.estimate))[:MOST_PAIRS]
        if pairs:
            heading = "pair (those that interact most)" if len(self.pairs) > MOST_PAIRS else "pair"
            rows = [(", ".join(row.parts), f"{row.interaction:+.4f}") for row in pairs]
            yield Table.of_cells((heading, "interaction"), rows)

    def drawing(self) -> Figure:
        """Draw bars of the shares, and beside them the interaction of each pair."""
        import seaborn as sns

        rows = len(self.attribution.parts)
        with canvas((PAGE_WIDTH, 1.7 + 0.27 * rows)) as drawn:
            widths = {"sharey": True, "width_ratios": (1, 1.2)[:rows]}
            bars, *pairs = panels(drawn, 1, min(rows, 2), **widths)[0]
            draw_shares(bars, self.attribution)
            sns.despine(ax=bars)
            for panel in pairs:
                draw_pairs(panel, self.attribution)
                sns.despine(ax=panel, left=True, bottom=True)
            among = "groups that pre-training hands over" if self.of == "carried" else "premises switched on"
            title = (
                f"The difference, {self.whole:+.3f} in {self.happened}, divided among\n"
                f"{among}; {self.runs:,} paired runs, seed {self.seed}"
            )
            drawn.suptitle(title, fontsize=9)
        return drawn

    def lattice_figure(self, **look: Any) -> Figure:
        """Return the 2⁵ sets of carried groups level by level as a figure; keywords as of `figure`."""
        return Look(**look).drawn(self.lattice_drawing)

    def lattice_drawing(self) -> Figure:
        """Draw the 2⁵ sets of carried groups level by level, each with how often its runs end with the outcome."""
        import seaborn as sns

        if self.of != "carried":
            raise InputError(f"of = {self.of!r} cannot be drawn level by level: only the 2⁵ carried sets fit a page.")
        with canvas((PAGE_WIDTH, 4.9)) as drawn, sns.axes_style("white"):
            draw_lattice(drawn.subplots(), self)
        return drawn

    def drawings(self) -> tuple[Callable[[], Figure], ...]:
        """Return the functions that draw the shares and, for groups carried over, the lattice."""
        return (self.drawing, self.lattice_drawing) if self.of == "carried" else (self.drawing,)

    def save_lattice(self, path: Path, **look: Any) -> None:
        """Draw the lattice into a file; keywords as of `figure`."""
        save(self.lattice_figure(**look), path, self.passport(), Look(**look))


@dataclass(frozen=True, kw_only=True)
class CruxRequest(OverRequest):
    """Attribute the difference between the training protocols to what is carried over, or to premises."""

    kind = "crux"
    unit = " sets"
    started = True
    outputs = {
        "lattice": Output(
            "Draw how often each set of groups ends with the outcome.", "FILE", "save_lattice", check_figure_path, True
        )
    }

    premises: Annotated[bool, Option("Divide among premises that can be switched off, not among groups.")] = False
    premise: Annotated[
        tuple[str, ...] | None,
        Option("With --premises: only these premises, while the others stay on; repeatable.", "NAME"),
    ] = None
    over: OverFile = None
    rest: Rest = PRIOR
    point: Point = field(default_factory=Point)
    runs: Annotated[
        int | None,
        Option(f"Runs per set; by default {RUNS:,}, or {PREMISE_RUNS} with --premises.", "N", least=1, most=MOST_RUNS),
    ] = None
    seed: Seed = 0
    outcome: Annotated[str, Option("Outcome to analyse: deceptive, internal, corrigible, proxy or reward-seeking.")] = (
        DECEPTIVE
    )
    among: Among = ALL
    precision: Precision = PRECISION
    confidence: Confidence = CONFIDENCE

    def __post_init__(self) -> None:
        super().__post_init__()
        outcome = Outcome.named(self.outcome)
        check_among(self.among, self.outcome)
        if outcome is Outcome.UNCONVERGED:
            raise InputError(f"outcome = {self.outcome!r} is no type of what is trained: name another one.")
        if self.over is not None and self.among != ALL:
            raise InputError(f"among = {self.among!r} has no mean over draws, each with its own: leave --over out.")
        if self.premise is not None and not self.premises:
            raise InputError("--premise needs --premises: without it, groups carried over are divided.")
        _ = self.around  # raises for stages of which claims cannot speak
        check_confidence(self.confidence)
        if self.premises and not 1 <= len(self.names) <= MOST:
            raise InputError(f"premises = {len(self.names)} are not 1 to {MOST}: a lattice has a corner for every set.")

    def check(self, given: Any) -> None:
        """Raise `InputError` if the lattice of premises is to be drawn."""
        if given.get("lattice") and self.premises:
            raise InputError("--lattice and --premises exclude each other: only sets of groups fit a page.")

    @classmethod
    def from_configuration(cls, configuration: Mapping[str, Any]) -> Self:
        """Return the request that has this configuration; passports of version 1 name the parts."""
        rest = {name: value for name, value in configuration.items() if name not in ("of", "parts")}
        if configuration.get("of") == "premises":
            rest |= {"premises": True, "premise": configuration["parts"]}
        return super().from_configuration(rest)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the parts."""
        if not self.premises:
            return tuple(GROUPS)
        return tuple(premise.name for premise in select_premises(SWITCHED if self.premise is None else self.premise))

    def work(self) -> float:
        """Return the number of sets, or draws, that are trained one after another."""
        if self.over:
            return self.sampled(DRAWS, self.seed)[0].evaluated
        return 2 ** len(self.names) if self.premises else 1

    def run(self, *, threads: int | None = None, progress: Progress | None = None) -> Lattice:
        """Train with every set of parts; raises `InputError`, also if the point itself carries less than all groups."""
        runs = self.runs or (PREMISE_RUNS if self.premises else RUNS)
        report, over = one_at_a_time(progress), None
        if self.over is None:
            ended = self._ended(range(runs), threads, report)
        else:
            over, draws = self.sampled(DRAWS, self.seed)
            runs = max(1, runs // len(draws)) * len(draws)
            ended = self._of_draws(draws.rows, runs // len(draws), threads, report)
        values, attribution, game = (self._among_all if self.among == ALL else self._among_converged)(ended)
        return Lattice(
            of="premises" if self.premises else "carried",
            outcome=self.outcome,
            among=self.among,
            runs=runs,
            seed=self.seed,
            confidence=self.confidence,
            corners=[Corner(parts=part, value=at) for part, at in zip(corners_of(self.names), values, strict=True)],
            attribution=attribution,
            request=self,
            over=over,
            game=game,
        )

    def _ended(self, runs: range, threads: int | None, report: Progress) -> np.ndarray:
        """Return whether each run has the outcome, and converged, with each set of parts (sets, arms, 2, runs)."""
        return (self._of_premises if self.premises else self._of_groups)(runs, threads, report)

    def _of_draws(self, rows: list[dict[str, Any]], each: int, threads: int | None, report: Progress) -> np.ndarray:
        """Return the share of runs with the outcome, and of the converged ones, per draw (sets, arms, 2, draws).

        Each draw of the table has `each` runs of its own; draws, and not runs, are the independent units of intervals.
        """

        def at(i: int) -> np.ndarray:
            here = replace(self, over=None, rest=PRIOR, point=self.around.at(rows[i]))
            ended = here._ended(range(i * each, (i + 1) * each), 1, lambda _: None)
            report(1)
            return ended.mean(axis=-1)

        return np.stack([*in_order(at, range(len(rows)), threads=threads)], axis=-1)

    def _among_all(self, ended: np.ndarray) -> tuple[list[Interval], Attribution, Game | None]:
        """Return the corners' values and what is made of them, in each run: 0 or 1, or the difference of the arms."""
        game = Game(parts=self.names, worth=ended[:, 0, 0] - ended[:, 1, 0] if self.premises else ended[:, 0, 0])
        attribution = game.attribution(2 if self.premises else 1, self.confidence)
        if self.over:
            return [mean_of(worth, 1, self.confidence) for worth in game.worth], attribution, game
        if np.abs(game.whole).max() <= 1:
            attribution = replace(attribution, whole=self._difference(game.whole))
        if self.premises:
            return [self._difference(worth) for worth in game.worth], attribution, game
        counts = game.worth.sum(axis=1).tolist()
        return [frequency_interval(count, ended.shape[-1], self.confidence) for count in counts], attribution, game

    def _among_converged(self, ended: np.ndarray) -> tuple[list[Interval], Attribution, Game | None]:
        """Return the same of shares among the converged runs of each set and arm; no run has shares of its own."""
        events, converged = np.moveaxis(ended.astype(bool), 2, 0)
        game = SelectedGame(parts=self.names, events=events, selected=converged, how="converged")
        attribution = game.attribution(self.confidence, self.seed)
        if not self.premises:
            attribution = replace(attribution, whole=game.pairs((-1, 0), (0, 0)).difference(self.confidence))
        return game.values(self.confidence), attribution, None

    def _of_groups(self, runs: range, threads: int | None, _: Progress) -> np.ndarray:
        """Return whether each run has the outcome, and converged, with each set of groups (sets, 1, 2, runs)."""
        if set(self.around.value("finetuning.carry")) != set(GROUPS):
            carried = "+".join(self.around.value("finetuning.carry")) or "nothing"
            raise InputError(f"finetuning.carry = {carried} leaves no whole lattice to divide: leave it out.")
        subsets = (tuple(group for k, group in enumerate(GROUPS) if i >> k & 1) for i in range(2 ** len(GROUPS)))
        protocols = [pretrained(finetuning__carry=subset) for subset in subsets]
        ended = run_paired(self.around, protocols, runs, seed=self.seed, precision=self.precision, threads=threads)
        return np.array([[self._read(ended[protocol])] for protocol in protocols])

    def _of_premises(self, runs: range, threads: int | None, report: Progress) -> np.ndarray:
        """Return the same of each protocol with each set of premises on (sets, 2, 2, runs)."""
        arms = (pretrained(), scratch())

        def both(corner: int) -> np.ndarray:
            here = without(self.around, [name for k, name in enumerate(self.names) if not corner >> k & 1])
            ended = run_paired(here, arms, runs, seed=self.seed, precision=self.precision, threads=1)
            report(1)
            return np.array([self._read(ended[arm]) for arm in arms])

        return np.array([*in_order(both, range(2 ** len(self.names)), threads=threads)])

    def _read(self, ended: RunOutcomes) -> np.ndarray:
        """Return whether each run has the outcome, and whether it converged, as 0 or 1 (2, runs)."""
        return np.array([ended.outcome == Outcome.named(self.outcome), ended.converged], np.int8)

    def _difference(self, scores: np.ndarray) -> Interval:
        """Return Tango's interval of the mean of scores that are -1, 0 or 1 (runs,)."""
        return tango(int((scores > 0).sum()), int((scores < 0).sum()), len(scores), self.confidence)


def lattice(
    point: Point | None = None, *, threads: int | None = None, progress: Progress | None = None, **fields: Any
) -> Lattice:
    """Divide the difference among groups carried over, or premises; keywords are the fields of `CruxRequest`."""
    return CruxRequest(point=Point() if point is None else point, **fields).run(threads=threads, progress=progress)
