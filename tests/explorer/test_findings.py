"""What the page knows of committed runs: the effect of each world view, and the nearest flips of the headline."""

import json
from pathlib import Path

import pytest

from feint.explorer.declarations import ASSETS, findings, sliders
from feint.scenarios.argument.worldview_files import DEFAULT, views
from feint.sim.results.provenance import read_csv, table_from_csv

DOCS = Path(__file__).parents[2] / "docs"
LIMITS = ("estimate", "low", "high")


def committed():
    """The findings, out of the documents of the manual."""
    table = table_from_csv(read_csv(DOCS / "figures" / "argument" / "worldviews.csv")[0])
    rows = table[(table["claim"] == "headline") & (table["part"] == "difference")]
    (headline,) = (
        claim for claim in json.loads((DOCS / "argument.json").read_text())["claims"] if claim["name"] == "headline"
    )
    return {
        "views": {row["view"]: {name: row[name] for name in LIMITS} for row in rows.to_dict("records")},
        "flips": [
            {
                "kind": flip["kind"],
                "distance": flip["nearest"]["distance"],
                "changes": {change["name"]: change["there"] for change in flip["nearest"]["changes"]},
                "effect": {name: flip["nearest"]["effects"]["difference"][name] for name in LIMITS},
            }
            for flip in headline["nearest_flips"]
            if flip["nearest"]
        ],
    }


@pytest.mark.generated
def test_the_findings_are_those_of_the_manual(rewrite):
    if rewrite:
        (ASSETS / "findings.json").write_text(json.dumps(committed(), indent=1) + "\n")
    assert findings() == committed()


def test_every_view_has_an_effect_and_every_change_a_slider():
    assert set(findings()["views"]) == {DEFAULT, *views()}
    names = {row["name"] for row in sliders()}
    assert all(set(flip["changes"]) <= names for flip in findings()["flips"])
