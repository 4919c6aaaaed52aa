"""The scenarios two exits and RSA-2048: their results, and what would count against the claims."""

import json

import pytest
from terminal import within_this_process

from feint.agents.errors import InputError
from feint.scenarios.oversight.exact_worlds import (
    Cell,
    CueCell,
    RSA2048Report,
    RSA2048Request,
    TwoExitsReport,
    TwoExitsRequest,
)
from feint.sim.environments.life import Life
from feint.sim.results.report import adapter


@pytest.fixture(scope="module")
def exits():
    return TwoExitsRequest().run()


@pytest.fixture(scope="module")
def rsa():
    return RSA2048Request(seed=3).run()


def test_value_iteration_and_closed_form_agree_and_each_says_both_things(exits):
    assert exits.disagreements == 0
    for cells in (exits.lengths, exits.strengths):
        assert {cell.deceptive for cell in cells} == {False, True}


def test_a_cell_in_which_they_do_not_agree_is_counted():
    life = {"discount": 0.9, "deployment": 6, "strength": 0.5}
    assert Cell(**life, waiting=1.2, deceptive=False).disagrees
    assert Cell(**life, waiting=0.8, deceptive=True).disagrees
    assert not Cell(**life, waiting=1.0, deceptive=False).disagrees


def test_who_minds_the_present_alone_or_cannot_tell_training_does_not_play_along(exits):
    assert not any(cell.deceptive for cell in (*exits.lengths, *exits.strengths) if cell.discount == 0)
    blind = [cell.best for cell in exits.cues if cell.cue_reliability == 0.5]
    assert set(blind) == {"B always"}
    assert "deceptive" in {cell.best for cell in exits.cues}


def test_deceivers_and_reward_seekers_wait_for_the_sign_and_the_others_never_look(rsa):
    assert rsa.disagreements == 0
    assert [row.type for row in rsa.lived] == ["internal", "corrigible", "deceptive", "reward-seeking"]
    for row in rsa.lived:
        deceives = float(row.type in ("deceptive", "reward-seeking"))
        assert (row.checked, row.defected_in_training, row.defected_in_deployment) == (deceives, 0, deceives)
    assert {cell.best for cell in rsa.cells} == {"check", "defect"}


def test_a_sign_that_is_never_there_is_never_worth_looking_for():
    report = RSA2048Request(settings={"sign": 0.0}).run()
    assert {cell.best for cell in report.cells} == {"defect"}


@pytest.mark.parametrize(("name", "kind"), [("exits", TwoExitsReport), ("rsa", RSA2048Report)])
def test_documents_read_back_as_what_they_were(name, kind, request):
    report = request.getfixturevalue(name)
    document = report.document()
    body = json.loads(adapter(kind).dump_json(report, by_alias=True))
    assert {key: value for key, value in document.items() if key not in ("schema", "passport")} == body
    assert json.loads(report.json()) == document
    assert len(report.figure().axes) == (3 if name == "exits" else 2)
    assert len(report.frame()) == len(report.rows())


def test_settings_are_those_of_a_life_and_nothing_else(monkeypatch, capsys):
    assert TwoExitsRequest(settings={"training": 4}).run().life.training == 4
    with pytest.raises(InputError, match="'strengt' is not known: did you mean 'strength'"):
        TwoExitsRequest(settings={"strengt": 1}).run()
    with pytest.raises(InputError, match="training = 0"):
        TwoExitsRequest(settings={"training": 0}).run()
    feint = within_this_process(monkeypatch, capsys)
    assert "No such option: --runs" in feint("scenario", "two-exits", "--runs", 5).refusal
    with pytest.raises(InputError, match="seed"):
        RSA2048Request(seed=-1)


def test_in_a_long_training_a_cue_that_is_mostly_right_is_worth_nothing():
    assert CueCell.of(Life(training=10, strength=1, cue_reliability=0.7)).best == "B always"
    assert CueCell.of(Life(training=2, strength=1, cue_reliability=0.7)).best == "deceptive"


def test_a_longer_training_makes_fewer_play_along():
    cells = [Cell.of(Life(training=training, discount=0.8)).deceptive for training in (0, 1, 2, 3, 4)]
    assert cells == [True, True, True, False, False]


def test_a_cue_that_is_a_coin_may_be_worth_following_where_one_b_is_the_end():
    """An agent without memory may gain by randomising: half of the time it gets through training unmodified."""
    assert CueCell.of(Life(cue_reliability=0.5)).best == "B always"
    values = CueCell.of(Life(cue_reliability=0.5, strength=1)).values
    assert values["deceptive"] == pytest.approx(values["inverted"])
    assert values["deceptive"] > values["B always"] + 0.1
