"""Curricula: the given ones, the defaults of each kind of stage, and what is refused."""

from dataclasses import FrozenInstanceError
from itertools import combinations, permutations

import pytest

from feint.agents.errors import InputError
from feint.agents.mind import GROUPS
from feint.agents.model import Model
from feint.sim.training.curriculum import Curriculum, from_scratch, pretrain_finetune, shared_objectives
from feint.sim.training.stage import Stage

SUBSETS = [subset for size in range(len(GROUPS) + 1) for subset in combinations(GROUPS, size)]

BASE = Stage(name="base", objective=0)
HELPFUL = Stage(name="helpful", objective=2, carry=("goal",))
HARMLESS = Stage(name="harmless", objective=3, steps=50, carry=("world", "gate"))
THREE = Curriculum(BASE, HELPFUL, HARMLESS)


def refusal(of, *arguments, **keywords):
    """The message for what is not valid: a sentence on one line."""
    with pytest.raises(InputError, match=r"\A.+[.?]\Z") as caught:
        of(*arguments, **keywords)
    return str(caught.value)


def test_from_scratch_is_the_fine_tuning_stage_alone():
    assert from_scratch() == Curriculum(Stage(name="finetuning", objective=1))
    assert (from_scratch()[0].steps, from_scratch()[0].target, from_scratch()[0].coverage) == (12000, 0.9, 0.0)


def test_pre_training_and_fine_tuning_carry_everything_over():
    before, after = pretrain_finetune()
    assert (before, after) == (Stage(name="pretraining", objective=0), Stage(name="finetuning", objective=1))
    assert (before.steps, before.target, before.coverage) == (3000, 0.0, 0.5)
    assert after.carry == tuple(GROUPS)


def test_keywords_of_the_given_curricula_are_parameters_of_their_stages():
    assert from_scratch(steps=7, name="only") == Curriculum(Stage(name="only", objective=1, steps=7))
    both = pretrain_finetune({"steps": 5}, {"honeypots": 0.1, "carry": ["world"]})
    assert (both[0].steps, both[0].coverage, both[1].steps) == (5, 0.5, 12000)
    assert (both[1].honeypots, both[1].carry) == (0.1, ("world",))
    assert "did you mean 'steps'?" in refusal(from_scratch, stepz=1)
    assert "did you mean 'steps'?" in refusal(pretrain_finetune, {"stepz": 1})


def test_objective_0_is_pre_training_under_any_name_and_in_any_place():
    again = Curriculum(Stage(), Stage(name="again", objective=0, target=0.2))[1]
    assert (again.steps, again.target, again.coverage) == (3000, 0.2, 0.5)


def test_a_stage_without_a_name_is_named_for_its_kind():
    assert (Stage().name, Stage(objective=3).name, Stage(objective=0).name) == (
        "finetuning",
        "finetuning",
        "pretraining",
    )


@pytest.mark.parametrize(
    ("objectives", "needed"), [([0], 2), ([1], 2), ([0, 1], 2), ([0, 2], 3), ([3, 0, 1], 4), ([0, 255], 256)]
)
def test_the_number_of_objectives_follows_from_the_stages_two_at_least(objectives, needed):
    stages = (Stage(name=f"s{place}", objective=objective) for place, objective in enumerate(objectives))
    assert Curriculum(*stages).objectives == needed


def test_a_curriculum_is_a_sequence_of_named_stages():
    assert list(THREE) == [BASE, HELPFUL, HARMLESS]
    assert (len(THREE), THREE[-1], THREE.names) == (3, HARMLESS, ("base", "helpful", "harmless"))


def test_a_curriculum_cannot_be_changed_in_place():
    with pytest.raises(FrozenInstanceError):
        THREE.stages = ()  # pyright: ignore[reportAttributeAccessIssue]


def test_several_fine_tuning_objectives_each_carry_their_own_groups():
    assert THREE.objectives == 4
    assert [THREE.carried(place) for place in range(3)] == [(), ("goal",), ("gate", "world")]


def test_a_curriculum_describes_every_effective_parameter():
    base, _, harmless = THREE.described()
    assert set(base) == set(Stage.model_fields)
    assert (base["steps"], base["carry"]) == (3000, [])
    assert (harmless["steps"], harmless["target"], harmless["carry"]) == (50, 0.9, ["gate", "world"])


def test_the_last_stage_alone_is_the_last_stage_without_what_it_carried():
    alone = THREE.last_alone()
    assert alone == Curriculum(Stage(name="harmless", objective=3, steps=50))
    assert alone.carried(0) == ()
    assert pretrain_finetune(finetuning={"carry": []}).last_alone() == from_scratch()


@pytest.mark.parametrize("subset", SUBSETS, ids=lambda subset: "+".join(subset) or "nothing")
def test_every_subset_of_the_five_groups_can_be_carried_and_is_held_in_one_order(subset):
    for order in list(permutations(subset))[:6]:
        stage = Stage(carry=(*order, *order[:1]))
        assert stage.carry == subset
        assert stage == Stage(carry=subset)
        assert Curriculum(BASE, stage).carried(1) == subset


def test_there_are_thirty_two_subsets_of_five_groups():
    assert len(set(SUBSETS)) == 2**5
    assert list(GROUPS) == ["goal", "gate", "capability", "awareness", "world"]


@pytest.mark.parametrize(
    ("carry", "words"),
    [
        (["gaol"], ["carry = ['gaol']", "did you mean 'goal'?"]),
        (["goal", 1], ["carry = ['goal', 1]", "group 1 ", "goal, gate, capability, awareness, world"]),
        ("goal", ["carry = 'goal'", "must be a list of goal, gate"]),
        (None, ["carry = None", "must be a list of goal, gate"]),
        (True, ["carry = True", "must be a list of goal, gate"]),
        ([["goal"]], ["carry = [['goal']]", "group ['goal'] is not known"]),
    ],
)
def test_what_is_no_list_of_groups_is_refused(carry, words):
    message = refusal(Stage, carry=carry)
    assert all(word in message for word in words)


@pytest.mark.parametrize("name", ["", "two words", "1st", "a.b", "a\n", "ä", "-"])
def test_a_name_that_cannot_be_set_on_the_command_line_is_refused(name):
    assert refusal(Stage, name=name).startswith(f"name = {name!r} is not valid for a stage: it must be")


@pytest.mark.parametrize("name", [3, None, True, ["a"]])
def test_a_name_that_is_no_text_is_refused(name):
    assert refusal(Stage, name=name).startswith(f"name = {name!r}")


@pytest.mark.parametrize("carry", [[], ["goal"], list(GROUPS)])
def test_carry_on_a_first_stage_is_refused(carry):
    message = refusal(Curriculum, Stage(carry=carry), BASE)
    assert f"stage 'finetuning': carry = {carry!r} is not allowed on a first stage" in message
    assert "carry" in refusal(from_scratch, carry=carry)


def test_two_stages_of_one_name_are_refused():
    message = refusal(Curriculum, BASE, HELPFUL, Stage(name="helpful"))
    assert message.startswith("name = 'helpful' is used by two stages")


def test_a_curriculum_without_stages_is_refused():
    assert "at least one" in refusal(Curriculum)


def test_replacing_parameters_reaches_the_stages_named_and_keeps_the_rest():
    changed = THREE.replace({"helpful": {"steps": 9}, "elsewhere": {"steps": 1}})
    assert changed == Curriculum(BASE, HELPFUL.replace(steps=9), HARMLESS)
    assert changed.replace({}) == changed
    assert THREE[1].steps == 12000


def test_replacing_parameters_names_the_stage_of_a_mistake():
    assert refusal(THREE.replace, {"base": {"target": 2}}).startswith("stage 'base': target = 2 is not valid")
    assert refusal(THREE.replace, {"base": {"carry": []}}).startswith("stage 'base': carry = []")


@pytest.mark.parametrize("similarity", [0.5, (0.5, 0.4, 0.3)])
def test_the_objectives_are_those_of_the_arm_that_needs_most(similarity):
    arms = THREE, pretrain_finetune(), from_scratch()
    assert shared_objectives(Model(similarity=similarity), *arms) == 4


def test_a_model_with_more_similarities_than_are_trained_on_needs_to_be_told_so():
    assert shared_objectives(Model(similarity=(0.5, 0.4, 0.3)), from_scratch(), objectives=4) == 4


def test_an_objective_that_the_model_does_not_have_is_refused_with_the_stage_that_asks_for_it():
    message = refusal(shared_objectives, Model(similarity=(0.5, 0.4)), pretrain_finetune(), THREE)
    assert message.startswith("stage 'harmless': objective = 3 is not one that the model has")
    assert "from 0 to 2" in message
