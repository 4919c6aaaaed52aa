"""What a release leads to, as tables for a terminal of 80 columns, and what it rests on."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from feint.scenarios.release.affordability import ANCHOR, REFERENCE
from feint.scenarios.release.assumed import assumed
from feint.scenarios.release.conditions import (
    COST,
    MITIGATION,
    PACE,
    QUANTITIES,
    SHARING,
    Found,
    benefit,
    caught,
    hazard,
    risk,
)
from feint.scenarios.release.contrasts import BOUND, READING, brief, competition, composition, published, unlearning
from feint.scenarios.release.release import Release
from feint.scenarios.release.training_protocols import NONE, SUPPRESSED, UNLEARNED, USES
from feint.sim.markets.fine_tuning_uses import Taken, deceives
from feint.sim.markets.training_cost import PUBLISHED
from feint.sim.results.text_tables import table, wrapped
from feint.sim.statistics.intervals import Interval

YEARS = (0, 1, 2, 5, 10, 19)
NAMES = {SUPPRESSED: "suppressed", UNLEARNED: "unlearned", NONE: "no release"}


def text(found: Release) -> str:
    """The engine's part, the three experiments, the mitigations, the lineage, and the assumptions."""
    blocks = [
        [_heading(found)],
        ["What a use takes, in steps, and what comes of it", *_takes(found)],
        ["Open release, year by year", *_years(found.base)],
        ["1. Falling cost: share of malicious actors who have a hazard", *_costs(found)],
        ["Published points: what a step costs, and who has what at that price", *published(found)],
        ["2. Pools against single actors, in the first year", *_pools(found)],
        ["3. Benefits beside hazards: share who have what they want", *_benefits(found)],
        ["Mitigations: the first year, and year 10", *_mitigations(found)],
        ["Suppressed against unlearned", *unlearning(found), BOUND],
        ["4. Composition: actors merge public experts, and their own", *composition(found)],
        ["5. Competition among those who want no hazard", *competition(found), READING],
        ["A lineage, read in every world", *_lineage(found)],
        ["What is left in the merged model, less in its parent", *_kept(found)],
        [_money(found)],
        ["What is assumed", *assumed(found.setting)],
    ]
    return "\n\n".join("\n".join(block) for block in blocks)


def _heading(found: Release) -> str:
    setting = found.setting
    return wrapped(
        f"{setting.runs:,} markets, each of one released model and {setting.terms.actors:,} actors, seed "
        f"{setting.seed}; means over markets, intervals of 95 % (Student). Pre-training on Y, safety fine-tuning on X, "
        f"release; {setting.streams} fine-tunes of each model for each use. A step costs ${setting.step_price:,.3g} at "
        "the release. Hazard: share of malicious actors who have what they want. Exposure: share of the others who run "
        "what descends from the release, or, without one, what they made. Vulnerability: what defence leaves open. "
        "Risk is their product, an index."
    )


def _takes(found: Release) -> list[str]:
    rows = [["release", "use", "median", "quartiles", "missed", "plays", "hazard by\nthe way"]]
    for release, name in NAMES.items():
        rows += [[name, use.name, *_cells(found, found.taken[release][use.name])] for use in USES]
    return table(rows, fixed=2, rule=True)


def _cells(found: Release, taken: Taken) -> Iterator[str]:
    low, middle, high = np.quantile(taken.steps, (0.25, 0.5, 0.75), method="nearest")
    yield f"{middle:,.0f}"
    yield f"{low:,.0f} to {high:,.0f}"
    yield f"{np.isinf(taken.steps).mean():.3f}"
    yield f"{deceives(taken).mean():.2f}"
    yield f"{(taken.by_the_way >= found.setting.terms.spills_at).mean():.2f}"


def _told(found: Found) -> list[int]:
    last = len(found.courses[0].hazard) - 1
    return sorted({min(year, last) for year in YEARS})


def _years(found: Found) -> list[str]:
    shown = {name: of for name, of in QUANTITIES.items() if name not in ("benefit", "breadth", "composite")}
    rows = [["year", *(name.replace("ability", "-\nability") for name in shown)]]
    rows += [[f"{year}", *(brief(found.mean(of, year)) for of in shown.values())] for year in _told(found)]
    return table(rows, rule=True)


def _costs(found: Release) -> list[str]:
    rows = [["", "dollars a step", "year 0", "year 1", "year 2", "year 10"]]
    for each in (*found.of(COST), *found.of(PACE)):
        price = found.setting.step_price * each.condition.dearer
        rows.append([each.condition.name, f"{price:,.4g}", *(brief(each.mean(hazard, year)) for year in (0, 1, 2, 10))])
    return table(rows, rule=True)


def _pools(found: Release) -> list[str]:
    rows = [["", "hazard", "new hazard", "caught", "benefit"]]
    for each in found.of(SHARING):
        cells = each.mean(hazard, 0), each.reach("new hazard", 0), each.mean(caught, 0), each.mean(benefit, 0)
        rows.append([each.condition.name, *map(brief, cells)])
    return table(rows, rule=True)


def _benefits(found: Release) -> list[str]:
    rows = [["", "year 0", "year 1", "year 10", "no release,\nyear 0"]]
    for use in USES:
        cells = [found.base.reach(use.name, year) for year in (0, 1, 10)]
        rows.append([use.name, *map(brief, [*cells, found["no release"].reach(use.name, 0)])])
    return table(rows, rule=True)


def _mitigations(found: Release) -> list[str]:
    rows = [["", "hazard\nyear 0", "benefit\nyear 0", "hazard\nyear 10", "risk\nyear 10"]]
    for each in (found.base, *found.of(MITIGATION)):
        cells = each.mean(hazard, 0), each.mean(benefit, 0), each.mean(hazard, 10), each.mean(risk, 10)
        rows.append([each.condition.name, *(brief(cell) for cell in cells)])
    return table(rows, rule=True)


def _lineage(found: Release) -> list[str]:
    rows = [["model", "from", "dollars", "Y to be\nread, r²", "plays", "general"]]
    for each in found.heirs:
        read = (each.hides, each.plays, each.general)
        cells = (f"{one.estimate:.2f} ±{one.half_width:.2f}" for one in read)
        rows.append([each.name, "\n".join(each.parents) or "nothing", f"{each.dollars:,.0f}", *cells])
    return table(rows, rule=True)


def _kept(found: Release) -> list[str]:
    rows = [["parent", "goal, r²", "gate, γ"]]
    rows += [[each.parent, _signed(each.goal), _signed(each.gate)] for each in found.kept]
    return table(rows, rule=True)


def _money(found: Release) -> str:
    sums = {name: f"${value / 1e6:,.1f} million" for name, value in found.base.money.items()}
    return wrapped(
        f"Money, open release, over all years and a market: {sums['income']} came in, {sums['spent']} were spent "
        f"({sums['overhead']} of it swallowed by pooling), {sums['returned']} were spent elsewhere, {sums['held']} are "
        f"held. By default a step costs {PUBLISHED[ANCHOR].dollars:g} dollars over {REFERENCE:g} steps."
    )


def _signed(each: Interval) -> str:
    return f"{each.estimate:+.2f} ±{each.half_width:.2f}"
