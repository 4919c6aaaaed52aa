"""What the manual's page on fine-tuning says of training without coverage holds."""

import json
import re

import numpy as np
import pytest
from pages import DOCS, PAGES, prose

from feint.scenarios.finetuning.revival import NEVER, RevivalCondition
from feint.sim.analysis.estimands import step_ratio
from feint.sim.ensembles.paired_runs import run_paired
from feint.sim.training.parameter_point import Point


def test_without_coverage_is_as_the_page_says():
    point, base = Point().at({"pretraining.coverage": 0.0}), RevivalCondition()
    ended = run_paired(point, base.protocols.values(), range(2000), seed=1)
    mine, never = ended[base.protocol()].steps, ended[base.controls[NEVER]].steps
    ratio = step_ratio(mine, never)
    found = [np.median(mine), np.median(never), *(2**end for end in (ratio.estimate, ratio.low, ratio.high))]
    page = prose(PAGES["finetuning"])
    told = re.search(r"median is (\d+) steps against (\d+), a ratio of ([\d.]+) \[([\d.]+), ([\d.]+)\]", page)
    assert told
    assert [float(each) for each in told.groups()] == pytest.approx(found, rel=0.1)


def test_what_the_page_says_of_the_claims_is_what_their_document_holds():
    claims = {each["name"]: each for each in json.loads((DOCS / "argument_fine-tuning.json").read_text())["claims"]}
    assert [name for name, each in claims.items() if each["verdict"] == "supported"] == ["thin-wrapper"]
    thin, page = claims.pop("thin-wrapper"), prose(PAGES["finetuning"])
    stops = next(each for each in thin["nearest_flips"] if each["kind"] == "stops holding")
    assert f"a change of {stops['lowest']:.2f} in the prior's units ends it" in page
    assert f"about half of the prior ({thin['prior']['reversed']['estimate']:.2f}) it is reversed" in page
    most = max(each["prior"]["holds"]["estimate"] for each in claims.values())
    assert f"hold as a whole over {most:.2f} of the prior or less" in page
    (flip,) = claims["quick-revival"]["nearest_flips"]
    changes = {each["name"]: each["there"] / each["here"] for each in flip["nearest"]["changes"] if each["here"]}
    assert changes["identification"] == pytest.approx(1 / 15, rel=0.1)
    assert f"with {len(flip['nearest']['changes']) - 1} other changes" in page
    assert claims["innocent-revival"]["nearest_flips"][0]["found"] == 0
