"""Evaluates claims in several world views: which hold under each author's assumptions.

The experiment. Every claim is evaluated at the point of every world view, and at the default point, on the same runs
and by the rules that were declared for it.

What it does not show. A cell is the result of the toy model for a reading of a text: not its author's opinion, and no
evidence for or against a view.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import Field, computed_field

from feint.agents.errors import InputError
from feint.scenarios.argument.evaluate_claim import Effect, Evaluation, Robustness, evaluation_of, protocols_of
from feint.scenarios.argument.over_draws import PRIOR, OverFile, OverRequest, OverTable, Rest
from feint.scenarios.argument.verdict_cells import LETTERS, box, draw_effect, draw_level, draw_shares, draw_verdict
from feint.scenarios.argument.worldview_files import DEFAULT, WorldView, default_view, view_named, views
from feint.scenarios.claims.registry import named_claim, select_claims
from feint.sim.analysis.claims import HOLDS, REVERSED, Claim, Part, Verdict
from feint.sim.analysis.estimands import frequency
from feint.sim.analysis.prior_shares import EffectSpread
from feint.sim.ensembles.paired_runs import run_paired
from feint.sim.ensembles.protocols import FROM_SCRATCH, PRETRAIN_FINETUNE, pretrained, scratch
from feint.sim.ensembles.runner import check_threads
from feint.sim.results.figure_style import PAGE_WIDTH, STYLE, blank
from feint.sim.results.report import Hidden, Report, Table, folded, from_attributes, wrapped
from feint.sim.results.request import MOST_RUNS, Confidence, Option, Precision, Progress, Runs, Seed
from feint.sim.statistics.intervals import CONFIDENCE, Interval, check_confidence
from feint.sim.training.parameter_point import check_two_stages
from feint.sim.training.train import PRECISION, check_precision

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LEVELS = {
    FROM_SCRATCH: frequency("deception, from scratch", scratch()),
    PRETRAIN_FINETUNE: frequency("deception, pre-training + fine-tuning", pretrained()),
}
"""Frequency of deception of each training protocol, in which views differ most."""
HEADLINE = "headline"  # claim whose other parts are shown too
ROW_NAMES = {FROM_SCRATCH: "  from scratch", PRETRAIN_FINETUNE: "  pre-trained"}
KEY = "letter: verdict, at its right the effect; bars below: shares of the runs, from 0 to 1"
ROW, HEAD = 0.36, 1.5  # inches of a row, and of headings and key together
DRAW_RUNS, DRAW_MOST = 32, 192  # of each draw of a table and protocol: at first, and if they leave a claim open
APART = 0.4  # rows between the claims and the frequencies of deception
LINE, MOST, WHOLE = 10, 24, 12  # characters in a line of a column's heading, in one of a row's, and in one word
LABELS, COLUMN, NARROW = 1.5, 0.675, 0.6  # inches of the rows' headings, of a column, and of the narrowest one


@dataclass(frozen=True, kw_only=True)
class ClaimFacts:
    """A claim that was evaluated."""

    number: int
    name: str
    title: str
    statement: str


@dataclass(frozen=True, kw_only=True)
class PartEffect(Effect):
    """Effect of one part of a claim, with its rule and verdict."""

    name: str
    rule: str
    verdict: Verdict
    tested: Annotated[bool, Field(description="whether the claim's verdict depends on it")]


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A claim in a world view."""

    view: str
    claim: str
    verdict: Verdict
    effect: Effect
    parts: list[PartEffect]

    @classmethod
    def of(cls, view: str, evaluation: Evaluation) -> Self:
        """Return the cell that reports an evaluation."""
        claim, parts = evaluation.claim, []
        for part in claim.parts:
            facts = {"name": part.name, "verdict": evaluation.verdicts[part.name], "tested": part.tested}
            parts.append(PartEffect(**vars(evaluation.effect_of(part)), rule=part.rule.words, **facts))
        effect = replace(evaluation.reported, quantity=claim.effect.estimand.words)
        return cls(view=view, claim=claim.name, verdict=evaluation.verdict, effect=effect, parts=parts)


@dataclass(frozen=True, kw_only=True)
class OverClaim:
    """Shares of a table of draws over which a claim holds, is reversed, or is neither."""

    claim: str
    holds: Interval
    reversed: Interval
    neither: Interval
    spread: Annotated[EffectSpread | None, Field(description="distribution of the claim's effect over the table")] = (
        None
    )

    @classmethod
    def of(cls, claim: Claim, spread: Robustness) -> Self:
        """Return the shares with their estimates, and limits that also cover the sampling error of the draws' runs."""
        shares: dict[str, Any] = {kind: share.interval for kind, share in spread.shares(claim).items()}
        return cls(claim=claim.name, spread=spread.spread(claim, claim.effect), **shares)


@dataclass(frozen=True, kw_only=True)
class Level(Effect):
    """Frequency of deception of a training protocol in a world view."""

    view: str
    arm: str


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Matrix(Report):
    """Claims evaluated in each world view; `matrix["wheaton-2023", "headline"]` is one of the evaluations."""

    seed: int
    runs: int
    confidence: float
    views: tuple[WorldView, ...]  #: the default point first
    claims: Hidden[tuple[Claim, ...]]
    evaluations: Hidden[Mapping[tuple[str, str], Evaluation]]  #: by the names of view and claim
    levels: Hidden[Mapping[tuple[str, str], Interval]]  #: frequency of deception by the names of view and protocol
    levels_converged: Hidden[Mapping[tuple[str, str], Interval]] = field(default_factory=dict)  #: of converged runs
    request: Hidden[WorldviewsRequest]
    over: Annotated[
        OverTable | None, Field(description="a table of draws over which claims are evaluated too; null without one")
    ] = None
    over_claims: Annotated[
        list[OverClaim] | None, Field(description="shares of the table over which each claim holds or is reversed")
    ] = None

    def __getitem__(self, cell: tuple[str, str]) -> Evaluation:
        return self.evaluations[cell]

    @computed_field(alias="claims")
    @property
    def claim_facts(self) -> list[ClaimFacts]:
        """Claims that were evaluated."""
        return [from_attributes(ClaimFacts, claim) for claim in self.claims]

    @computed_field
    @property
    def cells(self) -> list[Cell]:
        """Every claim in every view."""
        return [Cell.of(view.name, self[view.name, claim.name]) for view in self.views for claim in self.claims]

    @computed_field(alias="levels")
    @property
    def level_facts(self) -> list[Level]:
        """Frequency of deception of each protocol in each view."""
        return [
            Level.of(LEVELS[arm], interval, self.levels_converged.get((view, arm)), view=view, arm=arm)
            for (view, arm), interval in self.levels.items()
        ]

    def rows(self) -> list[dict[str, Any]]:
        """Return one row per view and claim: the verdict, and the claim's effect with its interval."""
        limits = ("quantity", "estimate", "low", "high")
        return [
            {"view": cell.view, "claim": cell.claim, "verdict": cell.verdict.value}
            | {name: getattr(cell.effect, name) for name in limits}
            for cell in self.cells
        ]

    def blocks(self) -> Iterator[str | Table]:
        """Yield claims by world views, and what columns, letters and numbers mean."""
        yield f"{self.runs:,} runs per training protocol, seed {self.seed}"
        columns = range(len(self.views))
        rows = [(claim.name, *(_cell(self[view.name, claim.name]) for view in self.views)) for claim in self.claims]
        gap = ("", *("" for _ in columns))
        levels = [gap, *self._level_rows("deception", self.levels)]
        if self.levels_converged:
            levels += self._level_rows("of converged runs", self.levels_converged)
        yield Table.of_cells(("claim", *map(str, columns)), [*rows, *levels, *self._rows_beside_headline()])
        yield ", ".join(f"{letter} {verdict.value}" for verdict, letter in LETTERS.items())
        yield "\n".join(wrapped(f"{number}  {view}", "   ") for number, view in enumerate(self.views))
        if self.over:
            yield wrapped(f"Over {self.over.text()} The shares of these over which each claim holds and is reversed:")
            columns = {"claim": "claim", HOLDS: HOLDS, REVERSED: REVERSED}
            yield Table(self.over_claims or [], columns | {"effect: median [quartiles]": effect_of}, rule=False)
        effects = (
            f"  {claim.name}: {claim.effect.estimand.words}; holds: {claim.effect.rule.words}" for claim in self.claims
        )
        yield "\n".join(["Below each letter, the claim's effect:", *(wrapped(effect, "    ") for effect in effects)])
        if beside := self._beside_headline():
            words = (f"  {part.name}: {part.estimand.words}" for part in beside)
            yield "\n".join(["Beside the headline:", *(wrapped(line, "    ") for line in words)])
        yield f"A view is a reading of its text, not the text. Intervals: {100 * self.confidence:g} %, --json."

    def _level_rows(self, heading: str, levels: Mapping[tuple[str, str], Interval]) -> Iterator[tuple[str, ...]]:
        """Yield a heading, and a row of frequencies of deception per protocol."""
        yield (heading, *("" for _ in self.views))
        for arm in LEVELS:
            shares = (levels[view.name, arm].estimate for view in self.views)
            yield (ROW_NAMES[arm], *(f"{share:.2f}" if isfinite(share) else "–" for share in shares))

    def _beside_headline(self) -> list[Part]:
        """Return the parts that are shown beside the headline claim and are not part of its verdict."""
        return [part for claim in self.claims if claim.name == HEADLINE for part in claim.parts if not part.tested]

    def _rows_beside_headline(self) -> Iterator[tuple[str, ...]]:
        """Yield a heading, and a row of effects per part that is shown beside the headline claim."""
        if beside := self._beside_headline():
            yield ("", *("" for _ in self.views))
            yield (HEADLINE, *("" for _ in self.views))
        for part in beside:
            effects = (self[view.name, HEADLINE].intervals[part.name].estimate for view in self.views)
            yield (f"  {part.name}", *map(number, effects))

    def drawing(self) -> Figure:
        """Draw one cell per claim and view, with the verdict as colour and letter; the default point comes first."""
        import matplotlib as mpl
        from matplotlib.patches import Patch

        beside = self._beside_headline()
        rows = [*range(len(self.claims)), *(len(self.claims) + APART + i for i in range(len(LEVELS)))]
        rows += [rows[-1] + 1 + APART + i for i in range(len(beside))]
        heads = [f"{claim.number}  {claim.name}" for claim in self.claims] + [level.words for level in LEVELS.values()]
        heads += [f"{HEADLINE}: {part.name}" for part in beside]
        columns = len(self.views) + bool(self.over)
        size = max(PAGE_WIDTH, LABELS + COLUMN * columns), HEAD + ROW * (rows[-1] + 1)
        with mpl.rc_context(STYLE):
            drawn = blank(size, least=LABELS + NARROW * columns)
            axes = drawn.subplots()
            self._draw_cells(axes, rows)
            names = [*(view.name for view in self.views), *([f"over {Path(self.over.file).stem}"] if self.over else [])]
            axes.set(xlim=(0, columns), ylim=(rows[-1] + 1, 0))
            axes.set_xticks([i + 0.5 for i in range(columns)], [_heading(name) for name in names])
            axes.set_yticks([row + 0.5 for row in rows], [folded(head, MOST) for head in heads])
            axes.xaxis.tick_top()
            axes.tick_params(length=0)
            axes.spines[:].set_visible(False)
            key = [Patch(**box(verdict), label=f"{letter}  {verdict.value}") for verdict, letter in LETTERS.items()]
            drawn.legend(handles=key, loc="outside lower center", ncols=len(key), frameon=False, title=KEY)
        return drawn

    def _draw_cells(self, axes: Axes, rows: list[float]) -> None:
        """Draw claims, frequencies of deception and what is beside the headline, each in its row, by view."""
        for column, view in enumerate(self.views):
            places = iter(rows)
            for claim, row in zip(self.claims, places, strict=False):
                draw_verdict(axes, column, row, *_verdict_and_effect(self[view.name, claim.name]))
            for arm, row in zip(LEVELS, places, strict=False):
                draw_level(axes, column, row, self.levels[view.name, arm].estimate)
            for part, row in zip(self._beside_headline(), places, strict=True):
                draw_effect(axes, column, row, number(self[view.name, HEADLINE].intervals[part.name].estimate))
        for row, claim in zip(rows, self.over_claims or (), strict=False):
            draw_shares(axes, len(self.views), row, claim.holds.estimate, claim.reversed.estimate)


def effect_of(over: OverClaim) -> str:
    """Return the median of a claim's effect over a table, with its quartiles."""
    spread = over.spread
    return f"{spread.median:+.3f} [{spread.lower:+.3f}, {spread.upper:+.3f}]" if spread else ""


def number(value: float) -> str:
    """Return an effect with its sign and two decimals."""
    return f"{round(value, 2) + 0.0:+.2f}" if isfinite(value) else "–"  # no -0.00


def _verdict_and_effect(evaluation: Evaluation) -> tuple[Verdict, str]:
    return evaluation.verdict, number(evaluation.effect.estimate)


def _cell(evaluation: Evaluation) -> str:
    verdict, effect = _verdict_and_effect(evaluation)
    return f"{LETTERS[verdict]}\n{effect}"


def _heading(name: str) -> str:
    """Return a view's name in short lines."""
    words = (word if len(word) <= WHOLE else word[: WHOLE - 1] + "…" for word in name.replace("-", " ").split())
    return folded(" ".join(words), LINE)


@dataclass(frozen=True, kw_only=True)
class WorldviewsRequest(OverRequest):
    """Evaluate claims in world views: at the default point, and under each author's assumptions."""

    kind = "worldviews"
    unit = " views"

    view: Annotated[
        tuple[str | Mapping[str, Any], ...] | None,
        Option(
            "A world view by name, or a TOML file with a model table; repeatable. All curated views by default.",
            "NAME|FILE.toml",
        ),
    ] = None
    claim: Annotated[
        tuple[str | Mapping[str, Any] | Claim, ...] | None,
        Option("A claim by name, or from a TOML file; repeatable. All by default.", "NAME|FILE.toml"),
    ] = None
    over: OverFile = None
    rest: Rest = PRIOR
    draws: Annotated[
        int,
        Option(
            f"With --over: most draws of the table, of {DRAW_RUNS} to {DRAW_MOST} runs each.",
            "N",
            least=1,
            most=MOST_RUNS,
        ),
    ] = 64
    runs: Runs = 2000
    seed: Seed = 0
    precision: Precision = PRECISION
    confidence: Confidence = CONFIDENCE

    def __post_init__(self) -> None:
        super().__post_init__()
        check_precision(self.precision)
        check_confidence(self.confidence)
        if self.claim is not None:
            object.__setattr__(self, "claim", tuple(map(named_claim, self.claim)))
        if self.view is not None:
            object.__setattr__(self, "view", tuple(view_named(which) for which in self.view))
        for name, times in Counter(view.name for view in self.columns).items():
            if times > 1:
                raise InputError(f"view = {name!r} is given twice: give each file its own name, and each view once.")

    @classmethod
    def from_configuration(cls, configuration: Mapping[str, Any]) -> Self:
        """Return the request that has this configuration; in passports of version 1 the default point is a view."""
        names = {"views": "view", "claims": "claim"}
        rest = {names.get(name, name): value for name, value in configuration.items()}
        if "views" in configuration:
            rest["view"] = [view for view in rest["view"] if view["name"] != DEFAULT]
        return super().from_configuration(rest)

    @property
    def columns(self) -> tuple[WorldView, ...]:
        """World views that are requested, the default point first."""
        return (default_view(), *(views().values() if self.view is None else map(view_named, self.view)))

    def work(self) -> float:
        """Return the number of views, and of draws."""
        return len(self.columns) + (len(self.evaluated(self.draws, self.seed)) if self.over else 0)

    def run(self, *, threads: int | None = None, progress: Progress | None = None) -> Matrix:
        """Evaluate the claims in each view, and return the matrix; raises `InputError`."""
        claims = select_claims(self.claim)
        protocols = [*protocols_of(claims), *(protocol for level in LEVELS.values() for protocol in level.protocols)]
        keys: dict[str, Any] = {"seed": self.seed, "precision": self.precision, "threads": check_threads(threads)}
        evaluations: dict[tuple[str, str], Evaluation] = {}
        levels: dict[tuple[str, str], Interval] = {}
        among: dict[tuple[str, str], Interval] = {}
        for view in self.columns:
            check_two_stages(view.point)
            ended = run_paired(view.point, protocols, range(self.runs), **keys)
            evaluations |= {(view.name, claim.name): evaluation_of(claim, ended, self.confidence) for claim in claims}
            levels |= {(view.name, arm): level.measured(ended, self.confidence) for arm, level in LEVELS.items()}
            among |= {(view.name, arm): level.among_converged(ended, self.confidence) for arm, level in LEVELS.items()}
            if progress:
                progress(1)
        size: dict[str, Any] = {"draws": self.draws, "runs": DRAW_RUNS, "most": DRAW_MOST, "shown": False}
        over, spread = self.over_table(claims, size, progress=progress, **keys)
        return Matrix(
            over=over,
            over_claims=[OverClaim.of(claim, spread) for claim in claims] if spread else None,
            **{name: getattr(self, name) for name in ("seed", "runs", "confidence")},
            views=self.columns,
            claims=tuple(claims),
            evaluations=evaluations,
            levels=levels,
            levels_converged=among,
            request=self,
        )


def worldviews(
    which: Iterable[str | Path | WorldView] | None = None,
    *,
    claims: Iterable[str] | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
    **fields: Any,
) -> Matrix:
    """Evaluate claims in world views given as names, files or objects; keywords are fields of `WorldviewsRequest`."""
    view, claim = (None if names is None else tuple(names) for names in (which, claims))
    request = WorldviewsRequest(view=view, claim=claim, **fields)  # pyright: ignore[reportArgumentType] - also views
    return request.run(threads=threads, progress=progress)
