"""Contrasts of a release, as tables: published prices, unlearning, composition, competition."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from feint.scenarios.release.conditions import (
    BASE,
    COMPOSITION,
    MONEY,
    Found,
    benefit,
    breadth,
    composite,
    hazard,
    inherited,
    risk,
)
from feint.scenarios.release.contests import Raced, average, better, owner, pays, without
from feint.scenarios.release.release import Release
from feint.scenarios.release.training_protocols import SUPPRESSED, UNLEARNED
from feint.sim.markets.fine_tuning_uses import Taken, deceives
from feint.sim.results.text_tables import table, wrapped
from feint.sim.statistics.intervals import Interval

BOUND = wrapped(
    "Unlearned: of what pre-training made, fine-tuning on X begins with the capability alone. That bounds from above "
    "what unlearning can take away: of a method that leaves more, the wrapped hazard is nearer than here, towards what "
    "it is where it was suppressed."
)
READING = wrapped(
    "None, own, average: share of actors without a system, and with one that serves its owner or the average. Pays: "
    "share who would have more with a system that serves them than without any. Better: budgets that all would have "
    "more if all systems there are served the average, less if each served its owner."
)


def published(found: Release) -> list[str]:
    """Reach at what a step costs by each published point; the last tells steps, and no money."""
    rows = [["", "dollars a step", "hazard\nyear 0", "hazard\nyear 10", "wrapped\nyear 0", "new\nyear 0"]]
    for each in (found.base, *found.of(MONEY)):
        price = each.condition.dollars(found.setting.step_price)
        cells = (
            each.mean(hazard, 0),
            each.mean(hazard, 10),
            each.reach("wrapped hazard", 0),
            each.reach("new hazard", 0),
        )
        rows.append([each.condition.name.replace(BASE, "as set"), f"{price:,.4g}", *map(brief, cells)])
    return table(rows, rule=True)


def unlearning(found: Release) -> list[str]:
    """What suppressing and unlearning leave of the wrapped hazard."""
    rows = [["", "suppressed", "unlearned"]]
    for words, of in ENGINE.items():
        rows.append([words, *(of(found, release) for release in (SUPPRESSED, UNLEARNED))])
    for words, (of, year) in MARKET.items():
        rows.append([words, *(brief(each.mean(of, year)) for each in (found.base, found[UNLEARNED]))])
    return table(rows, rule=True)


def _wrapped(found: Release, release: str) -> Taken:
    return found.taken[release]["wrapped hazard"]


def _median(taken: Taken) -> float:
    return float(np.quantile(taken.steps, 0.5, method="nearest"))


def _steps(found: Release, release: str) -> str:
    return f"{_median(_wrapped(found, release)):,.0f}"


def _against_new(found: Release, release: str) -> str:
    new = _median(found.taken[release]["new hazard"])
    return f"{_median(_wrapped(found, release)) / new:.2f}" if 0 < new < np.inf else "-"


def _at_once(found: Release, release: str) -> str:
    return f"{(_wrapped(found, release).steps == 0).mean():.2f}"


def _plays(found: Release, release: str) -> str:
    return f"{deceives(_wrapped(found, release)).mean():.2f}"


def _by_the_way(found: Release, release: str) -> str:
    shown = found.taken[release]["language"].by_the_way >= found.setting.terms.spills_at
    return f"{shown.mean():.2f}"


ENGINE: dict[str, Callable[[Release, str], str]] = {
    "steps to the wrapped hazard, median": _steps,
    "the same, in steps to a new hazard": _against_new,
    "share that shows it without a step": _at_once,
    "share that plays along once it does": _plays,
    "share that shows it, tuned for a language": _by_the_way,
}
MARKET = {
    "hazard, year 0": (hazard, 0),
    "hazard, year 10": (hazard, 10),
    "inherited, year 10": (inherited, 10),
    "risk, year 10": (risk, 10),
}


def composition(found: Release) -> list[str]:
    """What comes of merging, by how often it is done."""
    names = ("merged\nyear 10", "breadth\nyear 10", "inherited\nyear 10", "benefit\nyear 1", "hazard\nyear 10")
    rows = [["chance\na year", *names]]
    rows += [
        [f"{each.condition.changes['composing']:g}", *map(brief, _composed(each))] for each in found.of(COMPOSITION)
    ]
    return table(rows, rule=True)


def _composed(each: Found) -> list[Interval]:
    told = (composite, 10), (breadth, 10), (inherited, 10), (benefit, 1), (hazard, 10)
    return [each.mean(of, year) for of, year in told]


def competition(found: Release) -> list[str]:
    """Who is without a system, whom systems serve, and what all would have more."""
    names = ("pays\nyear 0", "none\nyear 10", "own\nyear 10", "average\nyear 10", "better\nyear 10")
    rows = [["", *names]]
    rows += [[each.contest.name, *map(brief, _raced(each))] for each in found.raced]
    return table(rows, rule=True)


def _raced(each: Raced) -> list[Interval]:
    told = (pays, 0), (without, 10), (owner, 10), (average, 10), (better, 10)
    return [each.mean(of, year) for of, year in told]


def brief(each: Interval) -> str:
    """An interval, in a cell of a table."""
    return f"{each.estimate:.2f} ±{each.half_width:.2f}"
