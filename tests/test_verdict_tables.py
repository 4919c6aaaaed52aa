"""Tables of the families of claims in the manual: verdicts, effects, and shares over the prior are found again."""

import re

import pytest
from pages import DOCS, numbers
from studies.argument import claims, parts, table, turning

from feint.scenarios.argument.argue import QUICK, ArgueRequest
from feint.scenarios.argument.evaluate_claim import evaluate, over_prior
from feint.scenarios.claims.registry import select_claims
from feint.sim.analysis.claims import KINDS

TABLES = {"fine-tuning": DOCS / "finetuning_table.md", "release": DOCS / "release_table.md"}
HEADER = "<!-- generated: nox -s golden -->"

each_family = pytest.mark.parametrize("family", TABLES)


def tables(family):
    """Return what `feint argue --family FAMILY --quick --runs 4000 --seed 1` finds, as tables."""
    found = ArgueRequest(family=family, size=QUICK, runs=4000, seed=1).run()
    blocks = (
        HEADER,
        table(("", "claim", "verdict at the default point", "effect", *KINDS), claims(found)),
        table(("claim", "quantity", "holds", "found", "verdict"), parts(found)),
        table(("claim", "crux", "nearest flips"), turning(found)),
    )
    return "\n\n".join(blocks) + "\n"


@pytest.mark.generated
@each_family
def test_the_verdicts_at_the_point_are_those_of_the_command(family, rewrite):
    if rewrite:
        TABLES[family].write_text(tables(family))
    stands = TABLES[family].read_text()
    for name, now in evaluate(select_claims(None, family), runs=4000, seed=1).items():
        assert re.search(rf"`{name}` \| {now.verdict.value}[ ;]", stands)
        for part in now.claim.parts:
            (row,) = [line for line in stands.splitlines() if part.estimand.words in line and f"`{name}`" in line]
            assert f" {now.verdicts[part.name].value}" in row
            interval = now.intervals[part.name]
            ends = [interval.estimate, interval.low, interval.high]
            assert numbers(row.split(" | ")[3]) == pytest.approx(ends, rel=0.1, abs=0.03)


@each_family
def test_the_shares_over_the_prior_are_found_again_by_fewer_draws(family):
    """Their intervals meet; the table's are of 256 draws."""
    chosen = select_claims(None, family)
    few = over_prior(chosen, draws=8, runs=QUICK.draw_runs, most=QUICK.draw_most, seed=1)
    for claim in chosen:
        (row,) = re.findall(rf"^\| \d+ \| `{claim.name}` \|.*$", TABLES[family].read_text(), re.MULTILINE)
        for kind, cell in zip(KINDS, row.split(" | ")[4:], strict=True):
            _, low, high = numbers(cell)
            now = few.shares(claim)[kind].interval
            assert now.low <= high, (claim.name, kind)
            assert now.high >= low, (claim.name, kind)
