"""Evaluation of auditors: groups of runs, results per group, and what is reported if a group is small or empty."""

import json
from dataclasses import replace

import numpy as np
import pytest

from feint.agents.errors import InputError
from feint.agents.model import Model
from feint.agents.outcome import Outcome
from feint.scenarios.oversight.auditor_evaluation import (
    DECEPTIVE,
    FACTORS,
    GROUPS,
    LOOKS,
    PRETRAINED,
    PROXY,
    SEEKING,
    THIRDS,
    AuditorsRequest,
    Population,
    auditing,
    exposed,
)
from feint.sim.ensembles.comparison import compare
from feint.sim.training.auditors import AUDITORS, chosen
from feint.sim.training.parameter_point import Point

RUNS = 200
SMALL = ("--runs", 120, "--seed", 3)
QUICK = ("--runs", 30, "--set", "pretraining.steps=50", "--set", "finetuning.steps=60")


@pytest.fixture(scope="module")
def report():
    return auditing(runs=RUNS, seed=2)


@pytest.fixture(scope="module")
def population():
    return Population.trained(Point(), RUNS, 2)


def test_the_population_is_that_of_a_comparison(population):
    compared = compare(runs=RUNS, seed=2)
    for arm, ensemble in compared.arms.items():
        assert population.counts(arm) == ensemble.counts()
    assert population.pretrained.sum() == RUNS
    assert population.pretrained[-1]
    assert population.missed.sum() == sum(each["missed"][:, -1].sum() for each in compared.arms.values())


def test_converged_runs_are_counted_as_a_comparison_counts_them(report):
    compared = compare(runs=RUNS, seed=2)
    assert report.converged == {arm: ensemble.counts(converged=True) for arm, ensemble in compared.arms.items()}
    assert report.converged != report.counts
    internal = compared.pretrained.counts(converged=True)["internal"]
    assert f"pre-training + fine-tuning, converged: 0 unconverged, {internal} internal" in report.text()
    assert "converged:" not in replace(report, converged=None).text()


def test_groups_are_told_from_aligned_runs_and_thirds_share_out_the_deceptive(population):
    groups = population.groups()
    assert tuple(groups) == GROUPS
    deceptive, aligned = groups[DECEPTIVE]
    assert (population.outcome[deceptive] == Outcome.DECEPTIVE).all()
    assert set(population.outcome[aligned]) == {Outcome.INTERNAL, Outcome.CORRIGIBLE}
    assert (population.outcome[groups[PROXY][0]] == Outcome.PROXY).all()
    assert not (groups[PRETRAINED][1] & ~population.pretrained).any()
    thirds = [groups[third][0] for third in THIRDS]
    np.testing.assert_array_equal(np.sum(thirds, axis=0), deceptive)
    sizes, tops = [third.sum() for third in thirds], [population.awareness[third].max() for third in thirds]
    assert max(sizes) - min(sizes) <= 2
    assert tops == sorted(tops)


def test_exposure_is_multiplied_in_every_stage():
    before, after = Point().curriculum, exposed(Point(), 10.0).curriculum
    assert [s.awareness_exposure for s in after] == pytest.approx([10 * s.awareness_exposure for s in before])


def test_every_auditor_is_judged_on_every_group(report):
    assert [row.name for row in report.auditors] == list(AUDITORS) == list(LOOKS)
    for row in report.auditors:
        assert tuple(group.kind for group in row.separations) == GROUPS
        assert tuple(group.factor for group in row.exposures) == FACTORS
        assert vars(row.exposures[1]) == {**vars(row.separation(DECEPTIVE)), "factor": 1.0}


def test_what_looks_inside_or_from_outside_training_tells_and_a_test_in_training_does_not(report):
    areas = {row.name: row.separation(DECEPTIVE).auc for row in report.auditors}
    assert areas["behaviour"].high < 0.55
    assert min(areas[name].low for name in ("honeypots", "probe", "ablation")) > 0.8


def test_choosing_some_auditors_changes_no_number_of_theirs(report):
    (alone,) = auditing(runs=RUNS, seed=2, auditors=[AUDITORS["ablation"]]).auditors
    (same,) = (row for row in report.auditors if row.name == "ablation")
    assert alone.separations == same.separations


def test_where_no_run_is_deceptive_it_says_so_and_draws():
    point = Point().at({"plasticity_gate": 0.0, "gate_init": -9.0})
    report = auditing(point, runs=40, auditors=[AUDITORS["probe"]])
    (row,) = report.auditors
    assert row.separation(DECEPTIVE).auc is None
    assert row.curve is None
    said = " ".join(report.text().split())
    assert "deceptive: 0 of the kind" in said
    assert "so nothing can be separated" in said
    assert "nan" not in said
    assert report.figure().axes
    assert report.document()["auditors"][0]["curve"] is None


def test_few_runs_are_told(report):
    said = " ".join(report.text().split())
    few = [group.kind for group in report.auditors[0].separations if group.few and group.kind != SEEKING]
    assert few
    assert all(f"{name}: " in said for name in few)


@pytest.mark.parametrize("false_alarms", [1.0, -0.1, float("nan"), 1])
def test_a_wrong_false_alarm_rate_is_refused(false_alarms):
    with pytest.raises(InputError, match="false_alarms = "):
        auditing(runs=5, false_alarms=false_alarms)


def test_dials_are_set_by_name():
    first, second = chosen(["probe", "honeypots"], {"honeypots.realism": 1, "honeypots.episodes": 7})
    assert (first.name, second.name) == ("honeypots", "probe")
    assert first.model_dump() == {"episodes": 7, "realism": 1}


def test_a_frame_has_a_row_per_auditor_and_group(report):
    frame = report.frame()
    assert len(frame) == len(AUDITORS) * (len(GROUPS) + len(FACTORS))
    assert {"auditor", "kind", "factor", "auc", "auc_low", "caught_high"} <= set(frame.columns)


def test_a_request_is_made_again_from_its_passport():
    given = {
        "auditors": ("probe",),
        "dials": {"probe.readings": 3},
        "runs": 30,
        "point": Point().at({"similarity": 0.7}),
    }
    request = AuditorsRequest(**given)
    assert AuditorsRequest.from_configuration(json.loads(json.dumps(request.configuration()))) == request


def test_the_command_prints_every_auditor_and_the_same_again(feint):
    one, again = feint("auditors", *SMALL), feint("auditors", *SMALL)
    assert (one.code, one.err) == (0, "")
    assert one.out == again.out
    assert all(f"\n{name}" in one.out for name in AUDITORS)


def test_the_document_is_that_of_the_options_and_the_figure_carries_its_passport(feint, tmp_path):
    path = tmp_path / "a.svg"
    said = feint("auditors", *SMALL, "--auditor", "probe", "--false-alarms", "0.05", "--json", "--figure", path)
    document = said.document
    (auditor,) = document["auditors"]
    assert (auditor["name"], auditor["cost"], document["false_alarms"]) == ("probe", 10, 0.05)
    assert [each["kind"] for each in auditor["separations"]] == list(GROUPS)
    assert document["passport"]["kind"] == "auditing"
    assert "&quot;auditing&quot;" in path.read_text() or '"auditing"' in path.read_text()


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("--auditor", "psychic"), "psychic"),
        (("--dial", "realism=1"), "NAME.PARAMETER=X"),
        (("--dial", "honeypots.realism=2"), "realism = 2"),
        (("--dial", "honeypots.realism=much"), "much"),
        (("--dial", "honeypots.charm=1"), "charm"),
        (("--auditor", "probe", "--dial", "honeypots.realism=1"), "honeypots is not among the chosen auditors"),
        (("--false-alarms", "1"), "false_alarms = 1"),
        (("--runs", "0"), "runs = 0"),
        (("--seed", "-1"), "seed = -1"),
        (("--set", "charm=1"), "charm"),
        (("--figure", "a.doc"), "a.doc"),
        (("--curriculum", "nowhere.toml"), "nowhere.toml"),
    ],
)
def test_wrong_input_is_one_sentence(feint, words, named):
    assert named in feint("auditors", *QUICK, *words).refusal


def test_runs_that_missed_their_target_are_no_negatives_so_that_what_is_caught_hardly_depends_on_the_seed():
    """Of version 1, ten seeds gave .01 .88 .86 .90 .00 .89 .01 .96 .00 .85: one missed run decides at 1 %."""
    model = Model(identification=1e6, inference_form="exponential")
    honeypots = [AUDITORS["honeypots"]]
    reports = [auditing(Point(model=model), auditors=honeypots, runs=400, seed=seed) for seed in range(6)]
    assert sum(report.missed for report in reports) > 6
    caught = [report.auditors[0].separation(DECEPTIVE).caught for report in reports]
    assert min(each.estimate for each in caught if each) > 0.8
    assert all(caught)


def test_reward_seekers_are_separated_where_there_are_any():
    report = auditing(Point(model=Model(grader=0.0)), auditors=[AUDITORS["honeypots"]], runs=200)
    found = report.auditors[0].separation(SEEKING)
    assert found.positives > 100
    assert found.auc
    assert found.auc.low > 0.9  # on a honeypot nothing is graded
    assert "reward-seeking" in report.text().split("By awareness")[0]
