"""Companions of a comparison: the numbers of the claim, and what is said where they cannot be trained."""

from dataclasses import replace
from math import inf

import pytest
from terminal import SMALL

from feint.agents.model import Model
from feint.scenarios.argument.evaluate_claim import evaluate
from feint.scenarios.claims.pretraining.pretraining_vs_scratch import CLAIM
from feint.scenarios.regenerate import regenerate
from feint.sim.ensembles.companions import AS_IT_IS, COMPANIONS, train_arms
from feint.sim.ensembles.comparison import HINT, CompareRequest, Comparison, compare
from feint.sim.ensembles.paired_runs import run_paired
from feint.sim.ensembles.protocols import pretrained, scratch
from feint.sim.results import figure_style
from feint.sim.training.curriculum import Curriculum, pretrain_finetune
from feint.sim.training.parameter_point import Point
from feint.sim.training.stage import Stage

SHORT = pretrain_finetune({"steps": 300}, {"steps": 400})
NAMES = [companion.name for companion in COMPANIONS]


@pytest.fixture(scope="module")
def found():
    return compare(runs=30, seed=3, beside=True)


def compared(request, **keys):
    """Carry out a comparison of both arms at one setting."""
    found = request.run(**keys)
    assert isinstance(found, Comparison)
    return found


def differences(comparison):
    return {row.name: row.difference for row in comparison.beside}


@pytest.mark.parametrize("changes", [{}, {"finetuning.steps": 900, "similarity": 0.2}, {"match": "ceiling"}])
def test_the_numbers_are_those_of_the_claims_parts_on_the_same_runs(changes):
    """At the second point many runs from scratch miss their target, so that converged runs differ."""
    point = Point().at(changes)
    comparison = compared(CompareRequest(point=point, runs=40, seed=3, beside=True))
    intervals = evaluate([CLAIM], point, runs=40, seed=3)[CLAIM.name].intervals
    assert {"difference": comparison.difference(), **differences(comparison)} == intervals


def test_they_are_defined_once():
    assert [part.name for part in CLAIM.parts] == ["difference", *NAMES]
    assert all(part.estimand.words.endswith(own.words) for part, own in zip(CLAIM.parts[1:], COMPANIONS, strict=True))


def test_the_null_is_nothing_where_nothing_rewards_deception_and_the_difference_where_the_gate_is_fixed():
    without = compare(SHORT, model=Model(inference_power=0), runs=30, beside=True)
    assert {row.difference and row.difference.estimate for row in without.beside or ()} == {0}
    fixed = compare(SHORT, model=Model(plasticity_gate=0, gate_init=0), runs=30, beside=True)
    assert differences(fixed)["null"] == fixed.difference()


def test_the_last_stage_is_the_curriculums_own():
    stages = [Stage(name=name, objective=i, steps=60) for i, name in enumerate(("base", "helpful", "harmless"))]
    comparison = compare(Curriculum(*stages), runs=10, beside=True)
    longer = Curriculum(*stages[:2], stages[2].replace(target=0.0, steps=1000))
    assert comparison.beside is not None
    assert comparison.beside[1].words == "after 1,000 steps of harmless without a target"
    assert comparison.beside[1].difference == compare(longer, runs=10).difference()


def test_lengths_have_no_target_where_the_point_is_matched_by_ceiling():
    """Nor has a protocol that takes the target away; what only names other parameters keeps the ceiling."""
    point = Point(curriculum=SHORT, match="ceiling")
    lengths = [companion for companion in COMPANIONS if companion.name.startswith("after-")]
    protocols = [arm(finetuning__target=0.0) for arm in (pretrained, scratch)]
    for there in (companion.at(point) for companion in lengths):
        for arm in train_arms(there.at({"finetuning.steps": 700}), runs=20, threads=None, progress=None).values():
            assert (arm.steps[:, -1] == 700).all()
    for runs in run_paired(point, protocols, range(20)).values():
        assert (runs.steps == 400).all()
        assert not runs.reached.any()
    kept = pretrained(finetuning__steps=12_000).spec(point, seed=0).curriculum[-1]
    assert (kept.target, kept.steps) == (0.99, 12_000)


def test_where_one_cannot_be_trained_its_row_says_so(monkeypatch):
    """Here a length of more steps than a stage can take."""
    changes = (("finetuning.target", 0.0), ("finetuning.steps", 10**12))
    others = (replace(COMPANIONS[1], changes=changes), COMPANIONS[-1])
    monkeypatch.setattr("feint.sim.ensembles.comparison.COMPANIONS", others)
    done = []
    comparison = compared(CompareRequest(point=Point(curriculum=SHORT), runs=10, beside=True), progress=done.append)
    assert comparison.beside is not None
    assert [row.difference is None for row in comparison.beside] == [True, False]
    assert "steps = 1000000000000 is not valid" in str(comparison.beside[0].reason)
    assert "after 1,000 steps of fine-tuning without a target not known" in " ".join(comparison.text().split())
    assert sum(done) == 10 * 3 * (1 + len(others))
    assert comparison.figure().axes[2].get_yticklabels()[1].get_text().endswith("not known")


def test_a_worth_that_was_given_holds_where_data_are_matched():
    point = Point(curriculum=SHORT, match="data")
    comparison = compared(CompareRequest(point=point, runs=10, worth=77, beside=True))
    longer = point.at({"finetuning.target": 0.0, "finetuning.steps": 1000})
    assert all(row.reason is None for row in comparison.beside or ())
    assert (
        differences(comparison)["after-1000"] == compared(CompareRequest(point=longer, runs=10, worth=77)).difference()
    )


def test_where_no_run_converged_the_difference_is_not_known():
    row = AS_IT_IS.row(Point(), compare(SHORT, runs=2).difference().mapped(lambda _: inf - inf))
    assert (row.difference, row.reason) == (None, "no run of an arm converged")


def test_the_request_and_the_figure_come_out_the_same(found, tmp_path):
    assert found.passport()["configuration"]["beside"] is True
    assert CompareRequest.from_configuration(found.passport()["configuration"]) == found.request
    figure_style.save(found.figure(), tmp_path / "a.png", found.passport())
    assert regenerate(tmp_path / "a.png").outcome == "same"


def test_the_lower_row_of_the_figure_shows_each(found):
    labels = [label.get_text() for label in found.figure().axes[2].get_yticklabels()]
    assert labels == ["as it is (above)", *(companion.words for companion in COMPANIONS)]


def test_the_command_shows_them_if_it_is_asked(feint):
    table, shown = feint("compare", *SMALL).out, feint("compare", *SMALL, "--beside").out
    assert HINT in table
    assert HINT not in shown
    rows = feint("compare", *SMALL, "--beside", "--json").document["beside"]
    assert [row["name"] for row in rows] == NAMES
    for row in rows:
        assert f"{row['words']} " in shown
        assert (f"{row['difference']['estimate']:+.3f}" if row["difference"] else f": {row['reason']}") in shown
