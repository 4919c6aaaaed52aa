"""Claims by world views: what of an argument holds where each party to it stands.

The experiment. Every claim is tried at the point of every world view, and at the default point beside them, on the same
runs and by the rules that were declared for it. A view that denies the conclusion is run as one that asserts it.

What it does not say. A cell is what the toy does with a reading of a text. It is not what its author holds, and no
evidence for or against a view.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from feint.agents.errors import InputError
from feint.scenarios.argument.evaluate_claim import Evaluation, evaluation_of, protocols_of
from feint.scenarios.argument.worldview import WorldView, default_view, view_named, views
from feint.scenarios.claims.registry import select_claims
from feint.sim.analysis.claims import Claim
from feint.sim.analysis.estimands import frequency
from feint.sim.ensembles.paired_runs import run_paired
from feint.sim.ensembles.protocols import FROM_SCRATCH, PRETRAIN_FINETUNE, pretrained, scratch
from feint.sim.ensembles.runner import check_threads
from feint.sim.results.provenance import passport
from feint.sim.statistics.intervals import CONFIDENCE, Interval, check_confidence
from feint.sim.training.parameter_point import check_two_stages
from feint.sim.training.train import PRECISION, check_precision, check_runs, check_seed

if TYPE_CHECKING:
    import pandas as pd

RUNS = 2000
LEVELS = {
    FROM_SCRATCH: frequency("deception, from scratch", scratch()),
    PRETRAIN_FINETUNE: frequency("deception, pre-training + fine-tuning", pretrained()),
}
"""What views differ in most, whatever they say of the claims: how often each way of training ends in deception."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Matrix:
    """Claims tried at the point of each world view; `matrix["wheaton-2023", "headline"]` is one of them."""

    views: tuple[WorldView, ...]  #: the default point first
    claims: tuple[Claim, ...]
    found: Mapping[tuple[str, str], Evaluation]
    levels: Mapping[tuple[str, str], Interval]  #: how often a way of training (a name of LEVELS) ends in deception
    runs: int
    seed: int
    precision: str
    confidence: float

    def __getitem__(self, cell: tuple[str, str]) -> Evaluation:
        """A claim at a world view, by their names."""
        return self.found[cell]

    def cells(self) -> Iterator[tuple[WorldView, Claim, Evaluation]]:
        """Every claim of every view."""
        for view in self.views:
            for claim in self.claims:
                yield view, claim, self[view.name, claim.name]

    def frame(self) -> pd.DataFrame:
        """A row a view and claim: the verdict, and estimate and interval of the effect that is told of the claim."""
        import pandas as pd

        rows = [
            {
                "view": view.name,
                "claim": claim.name,
                "verdict": found.verdict.value,
                "quantity": claim.effect.estimand.words,
                "estimate": found.effect.estimate,
                "low": found.effect.low,
                "high": found.effect.high,
            }
            for view, claim, found in self.cells()
        ]
        return pd.DataFrame(rows)

    def passport(self) -> dict[str, Any]:
        """What it takes to make it again."""
        return passport(
            "worldviews",
            {
                "views": [{"name": view.name, **view.point.described()} for view in self.views],
                "claims": [claim.name for claim in self.claims],
                "runs": self.runs,
                "seed": self.seed,
                "precision": self.precision,
                "confidence": self.confidence,
            },
        )


def worldviews(
    which: Iterable[str | Path | WorldView] | None = None,
    *,
    claims: Iterable[str] | None = None,
    runs: int = RUNS,
    seed: int = 0,
    precision: str = PRECISION,
    confidence: float = CONFIDENCE,
    threads: int | None = None,
    progress: Callable[[int], object] | None = None,
) -> Matrix:
    """Try claims, all unless some are named, at world views, all curated ones unless some are named or given as files.

    The default point is always the first; `progress` is told of each view that is done. Raises `InputError`.
    """
    check_runs(runs)
    check_seed(seed)
    check_precision(precision)
    check_confidence(confidence)
    check_threads(threads)
    columns, rows = _columns(views() if which is None else which), select_claims(claims)
    keys: dict[str, Any] = {"seed": seed, "precision": precision, "threads": threads}
    protocols = list(
        dict.fromkeys([*protocols_of(rows), *(protocol for level in LEVELS.values() for protocol in level.protocols)])
    )
    found: dict[tuple[str, str], Evaluation] = {}
    levels: dict[tuple[str, str], Interval] = {}
    for view in columns:
        check_two_stages(view.point)
        ended = run_paired(view.point, protocols, range(runs), **keys)
        found.update({(view.name, claim.name): evaluation_of(claim, ended, confidence) for claim in rows})
        levels.update({(view.name, arm): level.measured(ended, confidence) for arm, level in LEVELS.items()})
        if progress:
            progress(1)
    return Matrix(
        views=columns,
        claims=tuple(rows),
        found=found,
        levels=levels,
        runs=runs,
        seed=seed,
        precision=precision,
        confidence=confidence,
    )


def _columns(which: Iterable[str | Path | WorldView]) -> tuple[WorldView, ...]:
    found = (default_view(), *map(view_named, which))
    names = [view.name for view in found]
    for name in names:
        if names.count(name) > 1:
            raise InputError(
                f"view = {name!r} is asked for twice: give each file a name of its own, and each view once."
            )
    return found
