"""Points move by dotted names, and ways of training differ from them."""

import pytest

from feint.agents.errors import InputError
from feint.agents.model import Model
from feint.sim.ensembles.protocols import (
    FROM_SCRATCH,
    PRETRAIN_FINETUNE,
    TrainingProtocol,
    arms_of,
    pretrained,
    scratch,
)
from feint.sim.training.curriculum import Match, from_scratch
from feint.sim.training.parameter_point import Point, check_two_stages


def test_a_point_moves_by_dotted_names():
    there = Point().at(
        {"similarity": 0.9, "pretraining.steps": 10, "finetuning.carry": "goal+gate", "start": "internal"}
    )
    assert there.model == Model(similarity=0.9)
    assert there.value("pretraining.steps") == 10
    assert there.value("finetuning.carry") == ("goal", "gate")
    assert (there.start, there.value("match"), there.value("similarity")) == ("internal", "target", 0.9)


def test_a_star_stands_for_all_stages():
    there = Point().at({"*.noise": 0.7})
    assert [stage.noise for stage in there.curriculum] == [0.7, 0.7]
    assert there.value("*.noise") == 0.7


def test_a_point_without_changes_is_the_same():
    assert Point().at({}) == Point()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"nope": 1}, "model parameter 'nope' is not known"),
        ({"tuning.noise": 1.0}, "stage 'tuning' is not known"),
        ({"similarity": 2.0}, "similarity = 2.0"),
        ({"finetuning.carry": "gaol"}, "gaol"),
    ],
)
def test_what_is_not_valid_is_one_sentence(changes, told):
    with pytest.raises(InputError, match=told):
        Point().at(changes)


def test_a_start_or_match_that_there_is_not_is_refused_where_it_is_trained():
    for changes in ({"start": "ready"}, {"match": "hope"}):
        with pytest.raises(InputError, match="is not known"):
            pretrained(**changes).spec(Point(), seed=0)


def test_a_way_trains_what_its_arm_does():
    point = Point()
    for protocol, arm in ((scratch(), FROM_SCRATCH), (pretrained(), PRETRAIN_FINETUNE)):
        assert protocol.spec(point, seed=3).curriculum == arms_of(point.curriculum, Match.TARGET)[arm]


def test_a_way_writes_what_it_changes():
    assert str(pretrained(finetuning__carry=("goal", "world"), similarity=0.25)) == (
        "pre-training + fine-tuning (finetuning.carry = goal+world, similarity = 0.25)"
    )
    assert str(scratch()) == "from scratch"
    assert str(pretrained(finetuning__carry=(), match="steps")).endswith("(finetuning.carry = nothing, match = steps)")


def test_what_is_changed_last_holds():
    assert scratch(similarity=0.1).with_changes({"similarity": 0.2, "decoys": 1.0}) == scratch(
        similarity=0.2, decoys=1.0
    )
    assert TrainingProtocol(FROM_SCRATCH, (), 1) != scratch()


def test_claims_speak_of_two_stages_by_name():
    check_two_stages(Point())
    with pytest.raises(InputError, match="stages = finetuning are not those that claims speak of: give two, named pre"):
        check_two_stages(Point(curriculum=from_scratch()))
