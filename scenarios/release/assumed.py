"""What a release takes for granted, told with the range and the tag of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from math import isinf

from feint.scenarios.release.release import Setting
from feint.scenarios.release.training_protocols import SIMILARITIES
from feint.sim.markets.market_parameters import Assumed
from feint.sim.markets.training_cost import PUBLISHED
from feint.sim.results.text_tables import wrapped


def assumed(setting: Setting) -> list[str]:
    """Terms, stakes, published costs, why the price falls, and what else is taken for granted."""
    lines = [*_declared(setting.terms), *_declared(setting.stakes), *prices(setting)]
    lines.append(f"similarity to Y: {_listed(SIMILARITIES)} [assumption]")
    return [wrapped(line) for line in (*lines, *LIMITS)]


def _declared(of: Assumed) -> list[str]:
    return [
        f"{each.name} = {getattr(of, each.name):g} ({each.metadata['span']}): "
        f"{each.metadata['words']} [{each.metadata['tag']}]"
        for each in fields(of)
    ]


def prices(setting: Setting) -> Sequence[str]:
    """Published costs, and why the price falls, each with its range, tag and source."""
    told = []
    for name, anchor in PUBLISHED.items():
        low, high = anchor.span
        cost = f"{low:,.0f} steps" if anchor.dollars is None else f"${anchor.dollars:g} ({low:g} to {high:g})"
        told.append(f"{name}: {cost}, {anchor.year} [{anchor.tag}] {anchor.source}")
    for factor in setting.price.factors:
        most = "" if isinf(factor.most) else f", by {factor.most:g} at most"
        low, high = factor.span
        told.append(
            f"{factor.name}: halves the price in {factor.halving:.2g} years ({low:.2g} to {high:.2g}){most} "
            f"[{factor.tag}] {factor.source}"
        )
    return told


LIMITS = (
    "Pre-training data tell of Y alone (coverage 0), so that what was never there is not known of either [assumption]",
    "No one who was found out tries again; an evaluation looks at what is made and not at what is found [assumption]",
    "No release: from nothing, at the same dollars a step, which makes it far too cheap [assumption]",
    "Merging costs nothing and averages weights; who merges a hazard may be found like who makes one [assumption]",
    "Those who want a hazard do not compete; who competes has a system made anew every year [assumption]",
    "Who serves the average pays for one expert, and has those of others for nothing [assumption]",
    "The game of competition is ours: of its source no more was read than abstract and summary [assumption]",
    "Peers, who copy one another, want the same and have a budget in the same tenth [assumption]",
)


def _listed(values: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:g}" for name, value in values.items())
