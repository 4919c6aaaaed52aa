"""Frequencies among converged runs: direct counts at a point where most runs miss their target."""

import json

import numpy as np
import pytest

from feint.agents.model import Model
from feint.agents.outcome import LABELS, Outcome
from feint.sim.ensembles.comparison import CompareRequest, compare
from feint.sim.ensembles.ensemble import simulate, summarize
from feint.sim.ensembles.protocols import FROM_SCRATCH, PRETRAIN_FINETUNE
from feint.sim.statistics.intervals import SelectedPairs, frequency_interval
from feint.sim.training.curriculum import from_scratch, pretrain_finetune
from feint.sim.training.parameter_point import Point

RUNS = 400
BRIEF = pretrain_finetune({}, {"steps": 300})  # from scratch few runs reach the target in so few steps


@pytest.fixture(scope="module")
def found():
    return compare(BRIEF, runs=RUNS, seed=0)


def test_what_converged_is_not_unconverged_and_did_not_miss_its_target(found):
    for arm in found.arms.values():
        for i in range(len(arm.curriculum)):
            converged = (arm.outcome[:, i] != Outcome.UNCONVERGED) & ~arm["missed"][:, i]
            assert arm.converged(i).runs == converged.sum()
            for outcome in Outcome:
                count = (arm.outcome[converged, i] == outcome).sum()
                assert arm.counts(i, converged=True)[outcome.label] == count
                share = arm.frequency(outcome, i, converged=True)
                assert share == frequency_interval(int(count), int(converged.sum()))
                assert arm.converged(i).shares[outcome.label] == share


def test_where_many_runs_miss_their_target_it_makes_a_difference(found):
    """They are read too, at a tolerance of the error that is the target's or wider."""
    missed, converged = (found.scratch["missed"][:, 0]).sum(), found.scratch.converged().runs
    assert missed > 0.9 * RUNS
    assert converged == RUNS - missed
    assert sum(found.scratch.counts().values()) - found.scratch.counts()["unconverged"] > 10 * converged
    all_runs, among = (found.frequency(PRETRAIN_FINETUNE, "deceptive", converged=only) for only in (False, True))
    assert among.estimate > all_runs.estimate + 0.05


@pytest.mark.parametrize("outcome", [Outcome.DECEPTIVE, Outcome.INTERNAL, Outcome.PROXY])
def test_the_difference_is_one_of_shares_among_each_arms_own_converged_runs(found, outcome):
    is_it = [arm.outcome[:, -1] == outcome for arm in (found.pretrained, found.scratch)]
    converged = [arm.has_converged[:, -1] for arm in (found.pretrained, found.scratch)]
    difference = found.difference(outcome, converged=True)
    shares = [mine[chosen].mean() for mine, chosen in zip(is_it, converged, strict=True)]
    assert difference.estimate == pytest.approx(shares[0] - shares[1], abs=1e-12)
    assert difference == SelectedPairs.of(is_it, converged).difference()
    assert difference.low <= difference.estimate <= difference.high
    assert found.difference(outcome) != difference


def test_without_a_target_what_converged_is_not_unconverged():
    ensemble = simulate(from_scratch(target=0.0, steps=1500), runs=200, seed=2)
    assert not ensemble["missed"].any()
    unconverged = ensemble.counts()["unconverged"]
    assert 0 < unconverged < 200
    assert ensemble.converged().runs == 200 - unconverged
    assert ensemble.counts(converged=True) == ensemble.counts() | {"unconverged": 0}


def test_a_summary_adds_them_up_without_the_runs(found):
    summary = summarize(BRIEF, runs=RUNS, seed=0, threads=2)
    for i in (0, 1):
        assert summary.converged(i) == found.pretrained.converged(i)
        row = summary.frame().iloc[i]
        assert row["converged"] == found.pretrained.has_converged[:, i].sum()
        counts = found.pretrained.counts(i, converged=True)
        assert {label: row[f"converged_{label}"] for label in LABELS} == counts
    assert summary.missed.shape == (2, len(LABELS))


def test_the_document_has_counts_shares_and_the_difference(found):
    document = json.loads(found.json(), parse_constant=pytest.fail)
    for name, arm in found.arms.items():
        for i, stage in enumerate(document["arms"][name]["stages"]):
            converged = stage["converged"]
            assert converged["runs"] == sum(converged["counts"].values()) == arm.converged(i).runs
            assert converged["counts"] == arm.counts(i, converged=True)
            share = converged["shares"]["deceptive"]
            assert share["estimate"] == arm.frequency("deceptive", i, converged=True).estimate
    stated, difference = document["difference_converged"], found.difference(converged=True)
    assert (stated["estimate"], stated["low"], stated["high"]) == (difference.estimate, difference.low, difference.high)


def test_the_document_has_the_confidence_that_was_requested():
    request = CompareRequest(point=Point(curriculum=BRIEF), runs=60, confidence=0.8)
    document = request.run().document()
    for stage in document["arms"][PRETRAIN_FINETUNE]["stages"]:
        assert {share["confidence"] for share in stage["converged"]["shares"].values()} == {0.8}
    assert document["difference_converged"]["confidence"] == 0.8


def test_the_text_has_them_in_a_table_of_their_own(found):
    text = found.text()
    assert max(map(len, text.splitlines())) <= 80
    table = text.split("Among the converged runs")[1].split("At the stop")[0]
    rows = {line.split()[0]: line for line in table.splitlines()[2:] if line}
    assert all(f"{found.frequency(arm, 'deceptive', converged=True)}" in rows["deceptive"] for arm in found.arms)
    assert rows["runs"].split()[1:] == [
        f"{arm.converged(i).runs}" for arm in found.arms.values() for i in range(len(arm.curriculum))
    ]
    assert "unconverged" not in rows
    assert f"among the converged runs: {found.difference(converged=True):+.3f}" in text


def test_where_all_runs_converge_one_sentence_says_so():
    sure = compare(pretrain_finetune({"target": 0.5}), model=Model(init_spread=0.0, plasticity_spread=0.0), runs=20)
    assert all(arm.has_converged.all() for arm in sure.arms.values())
    text = sure.text()
    assert "All runs converged" in text
    assert "mong the converged runs" not in text
    assert sure.difference(converged=True).estimate == sure.difference().estimate


def test_where_no_run_converges_nothing_is_known():
    none = compare(pretrain_finetune({"steps": 3}, {"steps": 3}), runs=20, seed=1)
    assert none.scratch.converged().runs == 0
    share = none.frequency(FROM_SCRATCH, "deceptive", converged=True)
    assert np.isnan(share.estimate)
    assert (share.low, share.high) == (0, 1)
    difference = none.difference(converged=True)
    assert (difference.low, difference.high) == (-1, 1)
    document = json.loads(none.json(), parse_constant=pytest.fail)
    assert document["difference_converged"]["estimate"] is None
    assert document["arms"][FROM_SCRATCH]["stages"][0]["converged"]["shares"]["internal"]["estimate"] is None
    assert "among the converged runs: not known, since no run of an arm converged" in none.text()


def test_the_shares_of_a_comparison_are_those_of_all_runs_and_of_converged_ones(found):
    table = found.shares().set_index(["arm", "outcome"])
    for arm in found.arms:
        for outcome in Outcome:
            row = table.loc[arm, outcome.label]
            for prefix, only in (("", False), ("converged_", True)):
                share = found.frequency(arm, outcome, converged=only)
                assert [row[f"{prefix}{name}"] for name in ("estimate", "low", "high")] == [
                    share.estimate,
                    share.low,
                    share.high,
                ]
            assert row["converged"] == found.arms[arm].converged().runs
