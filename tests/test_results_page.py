"""The page of results: what is committed is found again by fewer runs, and the page says what the files hold."""

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import numpy as np
import pytest
import results_page
from claims_page import RUN, interval_of

from feint.scenarios.argument.evaluate_claim import evaluate
from feint.scenarios.claims.registry import FAMILIES, select_claims
from feint.scenarios.gallery.gallery import PICTURES, FigureRequest
from feint.scenarios.requests import schema_text
from feint.sim.analysis.claims import Verdict
from feint.sim.results import provenance
from feint.sim.results.provenance import passport_in

DOCS = Path(__file__).parents[1] / "docs"
OPPOSITE = {Verdict.SUPPORTED.value, Verdict.CONTRADICTED.value}
FEW = 400
FIGURES = {
    "headline": ["outcome", "arm", "part"],
    "cases": ["start", "trained", "similarity", "outcome"],
    "dodges": ["dodge"],
    "crux": ["part", "other"],
}
"""Figures whose data are computed again, and what names a row of each."""
SLACK = 0.02
"""Beyond both intervals: of some fifty pairs of intervals of 95 % one or two miss each other by chance."""


def documents():
    return {family: json.loads((DOCS / name).read_text()) for family, (name, _) in RUN.items()}


def apart(a, b):
    """How far two intervals lie from each other; below 0 they meet."""
    return max(a.low - b.high, b.low - a.high)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_document_is_one_of_feint_argue(family):
    jsonschema.validate(documents()[family], json.loads(schema_text("argue")))


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_fewer_runs_do_not_say_the_opposite_of_any_part(family):
    """Another seed, so that agreement is not for the same runs; logarithms of steps are held to the verdict alone."""
    found = evaluate(select_claims(None, family), runs=FEW, seed=7)
    for each in documents()[family]["claims"]:
        now = found[each["name"]]
        for part in each["parts"]:
            assert {part["verdict"], now.verdicts[part["name"]].value} != OPPOSITE, (each["name"], part["name"])
            if not part["effect"]["quantity"].startswith("log"):
                assert apart(interval_of(part), now.intervals[part["name"]]) <= SLACK, (each["name"], part["name"])


@pytest.mark.slow
@pytest.mark.parametrize(("name", "keys"), FIGURES.items())
def test_the_data_of_a_figure_are_found_again_by_fewer_runs(name, keys):
    """Of a hundred pairs of such intervals one may miss the other by more than the slack."""
    path = DOCS / results_page.GALLERY / f"{name}.csv"
    committed = FigureRequest.from_configuration(passport_in(path)["configuration"])
    again = replace(committed, size={**PICTURES[name].quick, "runs": FEW}, seed=7).table()
    rows = provenance.table_from_csv(provenance.read_csv(path)[0]).merge(again, on=keys, suffixes=("", "_now"))
    assert len(rows) >= min(len(again), 11)
    before = "avoided_" if name == "dodges" else ""
    gap = np.maximum(rows[f"{before}low"] - rows[f"{before}high_now"], rows[f"{before}low_now"] - rows[f"{before}high"])
    assert (gap > SLACK).mean() <= 0.01


def test_the_page_has_all_claims_figures_and_passports():
    page = results_page.page(DOCS)
    for found in documents().values():
        for each in found["claims"]:
            effect = each["effect"]
            numbers = f"{effect['estimate']:+.3f} [{effect['low']:+.3f}, {effect['high']:+.3f}]"
            assert f"(claims.md#claim-{each['name']}) | " in page
            assert f"| {each['verdict']} | {numbers} |" in page
        assert found["passport"]["commit"][:10] in page
    for name in PICTURES:
        assert f"![{name}](figures/argument/{name}." in page
        assert passport_in(DOCS / results_page.GALLERY / f"{name}.csv")["commit"][:10] in page


@pytest.mark.parametrize("name", results_page.TABLES)
def test_a_table_that_the_page_names_exists(name):
    assert (DOCS / results_page.link(name)).exists()


def test_the_calibration_is_quoted_to_the_letter():
    quoted = results_page.measured(DOCS).split("```text\n")[1].split("\n```")[0]
    assert quoted in (DOCS / "calibration.md").read_text()
    assert quoted.startswith("Calibration:")
    assert len(quoted.splitlines()) > 15


@pytest.mark.parametrize(("family", "table"), [("fine-tuning", "finetuning_table"), ("release", "release_table")])
def test_a_document_and_the_table_of_its_page_say_the_same(family, table):
    stands = (DOCS / f"{table}.md").read_text()
    for each in documents()[family]["claims"]:
        effect = each["effect"]
        verdict = each["verdict"] + (f"; {each['baked_in']} nearly everywhere" if each["baked_in"] else "")
        numbers = f"{effect['estimate']:+.3f} [{effect['low']:+.3f}, {effect['high']:+.3f}]"
        assert f"| {each['number']} | `{each['name']}` | {verdict} | {numbers} |" in stands
