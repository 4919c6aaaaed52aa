"""Protocols train the stages that they declare, and recorders record where the runs stopped."""

import numpy as np
import pytest

from feint.agents.interventions import performance_on, readable
from feint.agents.model import Model
from feint.scenarios.finetuning.protocols import (
    CORNERS,
    READABLE_AFTER,
    READABLE_BEFORE,
    X,
    Y,
    finetuned,
    finetuned_control,
    finetuning,
    no_pretraining,
    pretraining,
    retrained,
    staged,
)
from feint.sim.analysis.estimands import MeanEstimand
from feint.sim.ensembles.paired_runs import PARTS, AtEnd, game_of, rest_of, run_paired
from feint.sim.ensembles.protocols import TrainingProtocol, pretrained
from feint.sim.training.curriculum import pretrain_finetune
from feint.sim.training.parameter_point import Point

POINT = Point(curriculum=pretrain_finetune({"steps": 400}, {"steps": 900}))
RECORDERS = (READABLE_BEFORE, READABLE_AFTER, CORNERS, AtEnd(0, "outcome"), AtEnd(1, "performance"))
PROTOCOL = staged(pretraining(), finetuning(steps=300), recorders=RECORDERS)


@pytest.fixture(scope="module")
def ended():
    return run_paired(POINT, [PROTOCOL], range(60), seed=5)[PROTOCOL]


@pytest.fixture(scope="module")
def stops():
    spec = PROTOCOL.spec(POINT, seed=5)
    return list(spec.train(spec.begin(np.arange(60, dtype=np.uint64))))


def test_a_protocol_has_the_stages_of_the_point_except_for_what_it_declares():
    point = POINT.at({"finetuning.noise": 0.7, "pretraining.learning_rate": 0.5, "similarity": 0.25})
    spec = retrained().spec(point, seed=0)
    before, tuning, again = spec.curriculum
    assert [stage.objective for stage in spec.curriculum] == [Y, X, Y]
    assert (before.steps, before.coverage) == (400, 0.5)
    assert (tuning.steps, tuning.target, tuning.noise) == (3000, 0.0, 0.7)
    assert tuning.learning_rate == pytest.approx(0.05)
    assert (again.steps, again.target, again.noise, again.learning_rate) == (900, 0.9, 0.7, 1.0)
    assert spec.model.similarity == (0.25, 0.9, 0.0)


def test_what_a_protocol_changes_itself_stays():
    protocol = finetuned_control(similarity=0.1)
    assert isinstance(protocol.with_defaults({"similarity": 0.5, "decoys": 1.0}), TrainingProtocol)
    assert dict(protocol.with_defaults({"similarity": 0.5, "decoys": 1.0}).changes) == {
        "similarity": 0.1,
        "start": "fresh",
        "decoys": 1.0,
    }
    assert str(retrained()) == "pretraining → finetuning → again"


def test_what_never_had_y_starts_fresh_wherever_one_stands():
    assert finetuned_control().spec(POINT.at({"start": "internal"}), seed=0).start == "fresh"
    assert finetuned().spec(POINT.at({"start": "internal"}), seed=0).start == "internal"


def test_a_group_that_fine_tuning_does_not_carry_is_carried_on_from_there():
    spec = retrained().spec(POINT.at({"finetuning.carry": "goal"}), seed=0)
    assert spec.curriculum[1].carry == ("goal",)
    assert len(spec.curriculum[2].carry) == 5


def test_recorders_read_where_the_runs_stopped(ended, stops):
    assert np.array_equal(ended.recorded[READABLE_BEFORE], readable(stops[0].state, Y))
    assert np.array_equal(ended.recorded[READABLE_AFTER], readable(stops[1].state, Y))
    assert np.array_equal(ended.recorded[AtEnd(0, "outcome")], ended.before)
    assert np.array_equal(ended.recorded[AtEnd(1, "performance")], performance_on(stops[1].state, Y, X))


def test_all_put_back_and_none_put_back(ended, stops):
    corners, after = ended.recorded[CORNERS], stops[1].state
    back = after.with_mind(**{part: getattr(stops[0].state.mind, part) for part in PARTS})
    for place, objective in enumerate((Y, X)):
        assert np.array_equal(corners[:, place, 0], performance_on(back, objective, X))
        assert np.array_equal(corners[:, place, 15], performance_on(after, objective, X))
        assert np.array_equal(corners[:, place, 16], performance_on(stops[0].state, objective, X))


def test_single_parts_are_put_back_alone(ended, stops):
    after = stops[1].state
    game = game_of(ended.recorded[CORNERS][:, 1])
    for part in PARTS:
        back = after.with_mind(**{part: getattr(stops[0].state.mind, part)})
        others = [each for each in PARTS if each != part]
        assert np.array_equal(game.worth[game.corner(*others)], performance_on(back, X, X))


def test_shares_and_the_rest_add_up_to_the_change(ended):
    for place in range(2):
        corners = ended.recorded[CORNERS][:, place]
        whole = corners[:, 15] - corners[:, 16]
        assert game_of(corners).shares().sum(axis=0) + rest_of(corners) == pytest.approx(whole, abs=1e-12)


def test_recorders_change_nothing_and_protocols_share_what_they_have_in_common(ended):
    bare = staged(pretraining(), finetuning(steps=300))
    found = run_paired(POINT, [bare, PROTOCOL, pretrained()], range(60), seed=5, threads=1)
    assert not found[bare].recorded
    for protocol in (bare, PROTOCOL):
        assert np.array_equal(found[protocol].performance, ended.performance)
    assert np.array_equal(found[PROTOCOL].recorded[CORNERS], ended.recorded[CORNERS])


def test_a_point_that_names_a_similarity_for_its_objective_is_where_one_stands():
    point = Point(model=Model(similarity=(0.3,)), curriculum=POINT.curriculum)
    assert finetuned().spec(point, seed=0).model.similarity == (0.3, 0.9, 0.0)


def test_a_mean_of_what_was_recorded_is_paired():
    protocols = (
        staged(pretraining(), finetuning(steps=300), recorders=RECORDERS),
        staged(no_pretraining(), finetuning(), recorders=RECORDERS),
    )
    found = run_paired(POINT, protocols, range(60), seed=5)

    def left(ended):
        return ended.recorded[READABLE_AFTER]

    quantity = MeanEstimand("", left, *protocols)
    wanted = found[protocols[0]].recorded[READABLE_AFTER] - found[protocols[1]].recorded[READABLE_AFTER]
    assert quantity.measured(found).estimate == pytest.approx(wanted.mean())
    assert quantity.measured(found).method == "Student, paired"
    assert MeanEstimand("", left, protocols[0], protocols[0]).measured(found).method.startswith("Clopper")
    assert [dict(protocol.changes) for protocol in quantity.with_changes({"decoys": 1.0}).protocols] == [
        {"decoys": 1.0}
    ] * 2
