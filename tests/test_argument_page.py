"""The page on the argument stands on one committed run of it."""

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from pages import prose
from studies.argument import RUN_AGAIN, SIZE, TABLE, cells, renewed

from feint.scenarios.argument.argue import ArgueRequest
from feint.scenarios.claims.registry import select_claims
from feint.scenarios.requests import schema_text

DOCS = Path(__file__).parents[1] / "docs"
TOLD = json.loads((DOCS / "argument.json").read_text())


def test_the_document_is_one_of_feint_argue():
    jsonschema.validate(TOLD, json.loads(schema_text("argue")))
    assert [each["name"] for each in TOLD["claims"]] == [claim.name for claim in select_claims(None)]


def test_the_table_says_what_the_document_does():
    table = (DOCS / "argument_table.md").read_text()
    for each in TOLD["claims"]:
        effect = each["effect"]
        verdict = each["verdict"] + (f"; {each['baked_in']} nearly everywhere" if each["baked_in"] else "")
        numbers = f"{effect['estimate']:+.3f} [{effect['low']:+.3f}, {effect['high']:+.3f}]"
        assert f"| {each['number']} | `{each['name']}` | {verdict} | {numbers} |" in table


@pytest.mark.slow
def test_a_claim_that_is_run_again_alone_takes_its_own_places():
    """Here from fewer runs: every row and column of another claim stays, and its own have the new numbers."""
    size = replace(SIZE, runs=100, draws=4, draw_runs=8, draw_most=8, form_draws=2, searches=0)
    found = ArgueRequest(claim=("telling",), size=size).run()
    told, made = TABLE.read_text(), renewed(TABLE.read_text(), found, {"telling": "abcdef" * 7})
    of_others = [
        [line for line in page.splitlines() if "`telling`" not in line and not line.startswith((RUN_AGAIN, "| `"))]
        for page in (told, made)
    ]
    assert [line for line in of_others[1] if line] == [line for line in of_others[0] if line]
    assert f"{RUN_AGAIN}`telling` at abcdefabcd." in made or ", `telling` at abcdefabcd." in made
    assert f"| {found['telling'].verdict.value}" in next(line for line in made.splitlines() if "| 14 |" in line)
    for variant in found["telling"].variants:
        old, new = (
            next(line for line in page.splitlines() if f"| `{variant.name}` |" in line) for page in (told, made)
        )
        assert cells(new)[:-1] == cells(old)[:-1]
        assert cells(new)[-1] == str(variant)
    assert renewed(made, found, {"telling": "abcdef" * 7}) == made


def test_the_claims_are_declared_as_they_were_when_it_was_run():
    declared = {
        claim.name: [(part.estimand.words, part.rule.words) for part in claim.parts] for claim in select_claims(None)
    }
    for each in TOLD["claims"]:
        assert [(part["effect"]["quantity"], part["rule"]) for part in each["parts"]] == declared[each["name"]]


def test_what_the_page_says_of_two_claims_is_what_the_document_holds():
    page, claims = prose(DOCS / "argument.md"), {each["name"]: each for each in TOLD["claims"]}
    effects = [part["effect"] for case in ("internal-case", "corrigible-case") for part in claims[case]["parts"]]
    alone = [effect for effect in effects if effect["quantity"].endswith("fine-tuning alone")]
    decoys, second, *_ = sorted(alone, key=lambda effect: -effect["estimate"])
    assert "with decoys from 0 to 5" in decoys["quantity"]
    adds = f"adds more than {second['estimate']:.3f}, except that more decoys add {decoys['estimate']:.3f}"
    assert f"none of the changes {adds} from a corrigibly aligned start" in page
    first, last, share = (part["effect"]["estimate"] for part in claims["world-model"]["parts"][:3])
    assert f"it favours the pointer ({first:.2f} at the default point)" in page
    assert f"favours the gate ({last:+.2f})" in page
    assert f"by the Shapley share ({share:.2f})" in page


def test_the_readme_shows_beside_the_headline_what_the_document_holds():
    effects = {part["name"]: f"{part['effect']['estimate']:+.3f}" for part in TOLD["claims"][0]["parts"]}
    page = prose(DOCS.parent / "README.md")
    assert f"{effects['ceiling']} at a target of 0.99" in page
    lengths = f"{effects['after-1000']}, {effects['after-12000']} and {effects['after-100000']} after 1,000, 12,000 and"
    assert f"{lengths} 100,000 steps of fine-tuning without a target" in page
    assert f"{effects['converged']} among converged runs" in page
    assert f"{effects['null']} in the null model" in page


def test_the_page_of_world_views_prints_the_same_beside_the_headline():
    """The test of that page runs other claims alone, since these parts train for long."""
    printed = (DOCS / "worldviews.md").read_text().split("\nheadline\n")[1].split("\n\n")[0]
    rows = {name: float(default) for name, default, *_ in map(str.split, printed.splitlines())}
    effects = {part["name"]: part["effect"]["estimate"] for part in TOLD["claims"][0]["parts"] if not part["tested"]}
    assert rows == pytest.approx(effects, abs=0.03)
    assert list(rows) == list(effects)
