"""What overseers make of runs, as tables for a terminal of 80 columns."""

from __future__ import annotations

from collections.abc import Sequence

from feint.agents.outcome import Outcome
from feint.scenarios.oversight.overseer_baselines import HELPED, PRIOR, Found, Row
from feint.sim.results.text_tables import table, wrapped

WORDS = {
    PRIOR: "Parameters drawn from the prior, run by run",
    HELPED: "The reference point at which pre-training helps",
}
HEAD = ["", "return", "deployed", "decep-\ntive", "proxy", "cost", "slices"]


def text(found: Found) -> str:
    """A table a population."""
    heading = wrapped(
        f"Overseers of {found.runs:,} runs of each population, seed {found.seed}. Return is performance less harm less "
        "cost, its mean over runs with an interval of 95 %; deployed, and deployed as deceptive and as proxy, are "
        "shares of all runs."
    )
    return "\n\n".join([heading, *("\n".join(_block(found, name)) for name in found.terms)])


def _block(found: Found, population: str) -> list[str]:
    return [WORDS.get(population, population), *table(rows(found.of(population)), rule=True)]


def rows(found: Sequence[Row]) -> list[list[str]]:
    """Cells of a table of overseers."""
    return [HEAD, *(_cells(row) for row in found)]


def _cells(row: Row) -> list[str]:
    shares = [row.deployed, row.share(Outcome.DECEPTIVE), row.share(Outcome.PROXY)]
    value = row.value
    return [
        row.overseer,
        f"{value.estimate:+.3f} ±{value.half_width:.3f}",
        *(f"{share.estimate:.3f}" for share in shares),
        f"{row.mean('cost'):.3f}",
        f"{row.mean('slices'):.1f}",
    ]
