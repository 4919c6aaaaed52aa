"""How soon what fine-tuning took away is back: known answers, controls, and the command."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from planted import ended

from feint.agents.outcome import Outcome
from feint.scenarios.finetuning.protocols import KIN, finetuning, no_pretraining, retraining, staged
from feint.scenarios.finetuning.revival import (
    HAD,
    NEVER,
    SCRATCH,
    SWEEPS,
    WITHIN,
    RevivalCondition,
    RevivalRequest,
    Revived,
    ends,
)
from feint.sim.analysis.estimands import step_ratio
from feint.sim.ensembles.paired_runs import run_paired
from feint.sim.statistics.intervals import frequency_interval
from feint.sim.training.parameter_point import Point

SMALL = {"pretraining.steps": 400}


@pytest.fixture(scope="module")
def found():
    told = []
    result = RevivalRequest(runs=60, seed=4, settings=SMALL).run(progress=told.append)
    assert sum(told) == pytest.approx(1)
    return result


@pytest.fixture(scope="module")
def base():
    condition = RevivalCondition()
    return run_paired(Point(), condition.protocols.values(), range(80), seed=1)


@pytest.mark.parametrize("start", ["internal", "corrigible"])
def test_what_was_never_taken_away_is_back_at_once(start):
    """Fine-tuned at no rate at all, a mind that does Y does it still."""
    protocol = staged(no_pretraining(), finetuning(0.0), retraining(), start=start)
    ended = run_paired(Point(), [protocol], range(40), seed=1)[protocol]
    assert (ended.steps == 0).all()
    assert not ended.missed.any()


def test_a_y_prime_of_similarity_1_is_y():
    twin = RevivalCondition(again=KIN, kin=1.0)
    spec = twin.protocol("internal").spec(Point(), seed=1)
    state = spec.begin(np.arange(20, dtype=np.uint64))
    assert np.array_equal(state.world.objectives[:, 0], state.world.objectives[:, KIN])
    ended = run_paired(Point(), [twin.protocol("internal"), RevivalCondition().protocol("internal")], range(40), seed=1)
    twins, once = (each.steps for each in ended.values())
    assert np.median(np.abs(np.log2(np.maximum(twins, 1) / np.maximum(once, 1)))) < 0.5


def test_all_are_trained_on_the_same_objectives_from_the_same_starts():
    condition = RevivalCondition()
    states = [
        protocol.spec(Point(), seed=1).begin(np.arange(20, dtype=np.uint64))
        for protocol in (condition.protocol(), *condition.controls.values())
    ]
    for state in states[1:]:
        assert np.array_equal(state.world.objectives, states[0].world.objectives)
        assert np.array_equal(state.mind.goal, states[0].mind.goal)


def test_learning_it_again_takes_fewer_steps_than_learning_it(base):
    condition = RevivalCondition()
    had, scratch = base[condition.protocol()], base[condition.controls[SCRATCH]]
    assert step_ratio(had.steps, scratch.steps).high < -2


def test_the_ratio_is_the_median_of_each_run_over_itself(base):
    condition = RevivalCondition()
    runs = np.arange(80)
    told = Revived.of(condition, "before X", "any", runs, base)
    mine, other = (
        np.maximum(base[protocol].steps, 1) for protocol in (condition.protocol(), condition.controls[SCRATCH])
    )
    assert told.log2_ratio[SCRATCH].estimate == pytest.approx(np.median(np.log2(mine / other)))
    assert told.steps.estimate == np.median(base[condition.protocol()].steps)


def test_more_are_back_within_more_steps_and_the_rest_missed(found):
    assert {each.who for each in found.courses} == {HAD, NEVER, SCRATCH, "internal*", "corrigible*", "deceptive*"}
    for course in found.courses:
        back = [share.estimate for share in course.within.values()]
        assert len(back) == len(WITHIN)
        assert all(a <= b for a, b in pairwise(back))
        assert back[-1] <= 1 - course.missed / 60


def test_shares_among_converged_runs_leave_out_what_missed_its_target():
    """Ten of forty held, fourteen deceptive; six of the latter missed, and ten are unconverged."""
    outcomes = [Outcome.INTERNAL] * 6 + [Outcome.CORRIGIBLE] * 4 + [Outcome.DECEPTIVE] * 14
    told = ends(ended([*outcomes, *[Outcome.PROXY] * 6, *[Outcome.UNCONVERGED] * 10], missed=range(10, 16)))
    assert (told["held"], told["held_converged"]) == (frequency_interval(10, 40), frequency_interval(10, 24))
    assert (told["played"], told["played_converged"]) == (frequency_interval(14, 40), frequency_interval(8, 24))
    none = ends(ended(outcomes, missed=range(24)))
    assert np.isnan(none["held_converged"].estimate)


def test_the_table_of_courses_has_the_shares_among_converged_runs(found):
    course = next(course for course in found.courses if (course.task, course.who) == ("Y", HAD))
    row = next(line for line in found.text().splitlines() if line.startswith("played, of converged"))
    assert f"{course.played_converged:.2f}" in row
    lacking = {"held_converged": None, "played_converged": None}
    old = replace(found, courses=[replace(course, **lacking) for course in found.courses])
    assert "of converged" not in old.text()


def test_without_inference_nothing_plays():
    condition = RevivalCondition()
    ended = run_paired(Point().at({"inference_power": 0.0}), condition.protocols.values(), range(60), seed=1)
    for kind in ("any", "deceptive*"):
        told = Revived.of(condition, "before X", kind, np.arange(60), ended)
        assert told.played.estimate == 0


def test_types_are_told_before_x_and_after_it(found):
    for condition in (condition for sweep in SWEEPS.values() for condition in sweep):
        mine = [each for each in found.groups if each.condition == condition]
        assert {each.when for each in mine} == {"before X", "after X"}
        for when in ("before X", "after X"):
            split = [each.runs for each in mine if each.when == when and not each.prepared]
            assert split[0] == 60
            assert sum(split[1:]) <= 60
    assert not [each for each in found.groups if each.when == "after X" and each.prepared]


def test_the_text_gives_another_reading(found):
    text = found.text()
    assert "safety fine-tune" in " ".join(text.split())


def test_the_figure_is_drawn_with_every_sweep(found):
    sheet = found.figure()
    sheet.draw_without_rendering()
    assert len(sheet.axes) == 6


def test_the_command_prints_its_document(feint):
    told = feint("scenario", "revival", "--runs", 20, "--seed", 4, "--set", "pretraining.steps=50", "--json").document
    assert (told["runs"], told["seed"], told["passport"]["kind"]) == (20, 4, "revival")
    assert set(told["courses"][0]["within"]) == {str(most) for most in WITHIN}
