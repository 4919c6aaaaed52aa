"""Two exits and RSA-2048 as scenarios: what they say, and what would count against it."""

import json

import pytest

from feint.agents.errors import InputError
from feint.scenarios.experiments import Asked, run
from feint.scenarios.oversight import rsa2048, two_exits
from feint.scenarios.oversight.exits_documents import RsaDocument, TwoExitsDocument
from feint.sim.environments.life import Life


@pytest.fixture(scope="module")
def exits():
    return run("two-exits", Asked())


@pytest.fixture(scope="module")
def rsa():
    return run("rsa-2048", Asked(seed=3))


def test_value_iteration_and_closed_form_agree_and_each_says_both_things(exits):
    assert exits.disagreements == 0
    for cells in (exits.lengths, exits.strengths):
        assert {cell.plays for cell in cells} == {False, True}


def test_a_cell_in_which_they_do_not_agree_is_counted():
    life = Life()
    assert two_exits.Cell(life=life, waiting=1.2, plays=False).disagrees
    assert two_exits.Cell(life=life, waiting=0.8, plays=True).disagrees
    assert not two_exits.Cell(life=life, waiting=1.0, plays=False).disagrees


def test_who_minds_the_present_alone_or_cannot_tell_training_does_not_play_along(exits):
    assert not any(cell.plays for cell in (*exits.lengths, *exits.strengths) if cell.life.discount == 0)
    blind = [each.best for each in exits.cues if each.life.cue_reliability == 0.5]
    assert set(blind) == {"B always"}
    assert "plays along" in {each.best for each in exits.cues}


def test_deceivers_of_the_engine_wait_for_the_sign_and_the_others_never_look(rsa):
    assert rsa.disagreements == 0
    for lived in rsa.lived:
        deceives = float(lived.type == "deceptive")
        assert (lived.checked, lived.defected_in_training, lived.defected_in_deployment) == (deceives, 0, deceives)
    assert {cell.best for cell in rsa.cells} == {"check", "defect"}


def test_a_sign_that_is_never_there_is_never_worth_looking_for():
    found = rsa2048.run(Asked(settings={"sign": 0.0}))
    assert {cell.best for cell in found.cells} == {"defect"}


@pytest.mark.parametrize(("name", "kind"), [("exits", TwoExitsDocument), ("rsa", RsaDocument)])
def test_documents_read_back_as_what_they_were(name, kind, request):
    found = request.getfixturevalue(name)
    document = found.document()
    assert kind.model_validate(json.loads(document.model_dump_json(by_alias=True))) == document
    assert all(len(line) <= 80 for line in found.text().splitlines())
    assert len(found.figure().axes) == (3 if name == "exits" else 2)


def test_settings_are_those_of_a_life_and_nothing_else():
    assert two_exits.life_of(Life, {"training": 4}).training == 4
    with pytest.raises(InputError, match="'strengt' is not known: did you mean 'strength'"):
        run("two-exits", Asked(settings={"strengt": 1}))
    with pytest.raises(InputError, match="training = 0"):
        run("two-exits", Asked(settings={"training": 0}))
    with pytest.raises(InputError, match="runs = 5"):
        run("two-exits", Asked(runs=5))
    with pytest.raises(InputError, match="seed"):
        run("rsa-2048", Asked(seed=-1))


def test_in_a_long_training_a_cue_that_is_mostly_right_is_worth_nothing():
    assert two_exits.cued(Life(training=10, strength=1, cue_reliability=0.7)).best == "B always"
    assert two_exits.cued(Life(training=2, strength=1, cue_reliability=0.7)).best == "plays along"


def test_a_longer_training_makes_fewer_play_along():
    cells = [two_exits.cell(Life(training=training, discount=0.8)).plays for training in (0, 1, 2, 3, 4)]
    assert cells == [True, True, True, False, False]


def test_a_cue_that_is_a_coin_may_be_worth_following_where_one_b_is_the_end():
    """Who remembers nothing may gain by drawing lots: half of the time it gets through training as it was."""
    assert two_exits.cued(Life(cue_reliability=0.5)).best == "B always"
    values = two_exits.cued(Life(cue_reliability=0.5, strength=1)).values
    assert values["plays along"] == pytest.approx(values["inverted"])
    assert values["plays along"] > values["B always"] + 0.1
