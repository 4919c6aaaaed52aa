"""The page of claims cannot go out of step with what is declared, nor with what was run."""

import json
import re
from dataclasses import replace
from pathlib import Path

import claims_page
import pytest

from feint.agents.errors import InputError
from feint.scenarios.argument.argue import FULL, QUICK
from feint.scenarios.argument.evaluate_claim import evaluate
from feint.scenarios.claims.registry import FAMILIES, claims, select_claims
from feint.sim.analysis.claims import rises
from feint.sim.results.provenance import passport_in

DOCS = Path(__file__).parents[1] / "docs"


@pytest.fixture(scope="module")
def page():
    return claims_page.page(DOCS)


def declared(**changes):
    """All claims as they are, the headline's with something changed."""
    found = {family: dict(claims(family)) for family in FAMILIES}
    found["pretraining"]["headline"] = replace(found["pretraining"]["headline"], **changes)
    return found


@pytest.mark.parametrize("family", FAMILIES)
def test_the_page_has_every_claim_with_source_statement_rules_and_verdict(page, family):
    told = json.loads((DOCS / claims_page.RUN[family][0]).read_text())["claims"]
    for claim, found in zip(claims(family).values(), told, strict=True):
        (section,) = [each for each in page.split("\n(") if each.startswith(f"claim-{claim.name})=")]
        for words in (claim.title, claim.statement, claim.source.title, claim.source.where, claim.section):
            assert words in section
        for part in claim.parts:
            assert f"| {part.estimand.words} | {part.rule.words} |" in section
        assert f"**{found['verdict'].capitalize()}**" in section
        assert f"[{claim.name}](#claim-{claim.name})" in page


@pytest.mark.parametrize("family", FAMILIES)
def test_the_command_of_a_claim_asks_for_what_was_run(page, family):
    configuration = json.loads((DOCS / claims_page.RUN[family][0]).read_text())["passport"]["configuration"]
    for name in claims(family):
        (words,) = re.findall(rf"^Numbers: `feint argue (--claim {name}\b[^`]*)`", page, re.MULTILINE)
        options = dict(re.findall(r"--(\w+) ([\w-]+)", words.replace("--quick ", "")))
        size = QUICK if "--quick" in words else FULL
        assert options.get("family", "pretraining") == family
        assert int(options.get("runs", size.runs)) == configuration["size"]["runs"]
        assert int(options.get("seed", 0)) == configuration.get("seed", 0)


@pytest.mark.slow
def test_the_command_of_a_claim_gives_its_number():
    document = json.loads((DOCS / "argument.json").read_text())
    told = next(each["effect"] for each in document["claims"] if each["name"] == "headline")
    (claim,) = select_claims(["headline"], "pretraining")
    found = evaluate([replace(claim, parts=claim.parts[:1])], runs=FULL.runs, seed=0)["headline"].effect
    assert [found.estimate, found.low, found.high] == pytest.approx(
        [told[x] for x in ("estimate", "low", "high")], abs=0.005
    )


def test_a_changed_declaration_changes_the_page(page):
    changed = claims_page.page(DOCS, declared=declared(statement="Something else is said."))
    assert "Something else is said." in changed
    assert "Something else is said." not in page


@pytest.mark.parametrize(
    "change",
    [
        {"parts": tuple(replace(part, rule=rises(0.3)) for part in claims()["headline"].parts)},
        {"parts": tuple(replace(part, tested=False) for part in claims()["headline"].parts) * 2},
        {"parts": tuple(replace(part, name="other") for part in claims()["headline"].parts)},
    ],
)
def test_numbers_of_another_declaration_are_refused(change):
    with pytest.raises(InputError, match=r"argument.json.*'headline' was declared otherwise.*nox -s argument"):
        claims_page.page(DOCS, declared=declared(**change))


def test_a_verdict_that_the_rules_do_not_give_is_refused():
    """Also where the words of a rule stay as they were."""
    first, *others = claims()["headline"].parts
    moved = replace(rises(0.6), words=first.rule.words)
    with pytest.raises(InputError, match="do not have its verdict 'supported'"):
        claims_page.page(DOCS, declared=declared(parts=(replace(first, rule=moved), *others)))


def test_a_proposed_claim_is_shown_as_not_yet_run(page):
    proposal = replace(claims()["headline"], name="proposed", statement="Something new is said.")
    shown = claims_page.page(DOCS, proposed={"pretraining": {"proposed": proposal}})
    assert "| [proposed](#claim-proposed) |" in shown
    assert "| not yet run | – | – |" in shown
    (section,) = [part for part in shown.split("\n(") if part.startswith("claim-proposed)=")]
    assert "*Something new is said.*" in section
    assert "**Not yet run.**" in section
    assert f"| {proposal.effect.rule.words} |" in section
    assert "`feint argue --claim proposed`" in section
    assert "claim-proposed" not in page


def test_a_claim_that_was_not_run_is_refused():
    known = declared()
    known["release"].popitem()
    with pytest.raises(InputError, match=r"argument_release.json.*declared are"):
        claims_page.page(DOCS, declared=known)


def test_without_a_document_there_is_no_page(tmp_path):
    with pytest.raises(InputError, match=r"argument.json.*cannot be read.*nox -s argument"):
        claims_page.page(tmp_path)


def test_a_figure_carries_the_passport_of_its_numbers(tmp_path):
    claim = claims()["relearning"]
    told = json.loads((DOCS / "argument.json").read_text())
    (found,) = [each for each in told["claims"] if each["name"] == claim.name]
    path = claims_page.draw(claim, found, told["passport"], tmp_path / "drawn" / "relearning.svg")
    assert passport_in(path) == told["passport"]
    assert claim.parts[0].estimand.words.split()[0] in path.read_text()
