"""The calibration scoreboard: its rows, their scores, and the command."""

import json
from math import isfinite

import pytest

from feint.scenarios.measurements import scoreboard
from feint.scenarios.measurements.rows import NONE, shipped_rows
from feint.scenarios.measurements.score import scored
from feint.scenarios.measurements.scoreboard import SHIPPED, CalibrationRequest
from feint.scenarios.measurements.stand_ins import STAND_INS
from feint.sim.statistics.intervals import Interval
from feint.sim.training.parameter_point import Point

RUNS = 60
MINE = "name,stand_in,value,error,k,n\nfaked,faking after,70,5,,\nkept,inserted kept,,,9,10\n"


@pytest.fixture(scope="module")
def board():
    return CalibrationRequest(runs=RUNS, seed=1).run()


@pytest.fixture
def mine(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text(MINE)
    return path


def interval(low, high):
    return Interval(estimate=(low + high) / 2, low=low, high=high, confidence=0.95, method="given")


def test_every_row_is_there_with_a_number_and_a_score_where_there_is_a_stand_in(board):
    assert [score.row for score in board.scores if score.use != "show"] == [
        row for row in shipped_rows() if row.use != "show"
    ]
    assert len(board.scores) == len(shipped_rows())
    for score in board.scores:
        assert (score.model is None) == (score.stand_in == NONE), score.name
        assert score.networks is None
        if score.model is not None:
            assert score.model.low <= score.model.estimate <= score.model.high
            assert score.log_density == scored(score.row, score.model).log_density <= score.best
            assert score.near == (abs(score.deviation) <= 2)


def test_joint_scores_are_by_use_and_by_source(board):
    of_all, held_out, *by_source = board.joint
    assert (of_all.rows, held_out.rows) == ("rows for fitting", "rows held out of fits")
    assert of_all.scored == sum(one.scored for one in by_source) == len([s for s in board.scores if s.use == "fit"])
    assert of_all.log_density == pytest.approx(sum(one.log_density for one in by_source))
    assert all(one.log_density <= one.best for one in board.joint)


def test_text_document_and_figure_show_every_row_also_where_it_fits_badly(board):
    text, document, drawn = " ".join(board.text().split()), json.loads(board.json()), board.figure()
    shown = [label.get_text() for axes in drawn.axes for label in axes.get_yticklabels()]
    rows = shipped_rows()
    assert [row["name"] for row in document["rows"]] == [row.name for row in rows]
    assert len(shown) == len([row for row in rows if row.stand_in != NONE])
    for row in rows:
        assert f"{row.name} (" in text
        assert " ".join(row.note.split()) in text
    for name in {row.stand_in for row in rows} - {NONE}:
        assert STAND_INS[name].words in text
    assert document["passport"]["configuration"] == {"runs": RUNS, "seed": 1}
    assert {row["error"] for row in document["rows"] if row["k"] is None and row["stand_in"] == NONE} >= {None}


def test_a_file_of_ones_own_is_scored_with_what_its_rows_need_alone(mine, monkeypatch):
    asked = []

    def recorded(names, *_, **__):
        asked.extend(names)
        return {name: interval(60, 70) for name in names}

    monkeypatch.setattr(scoreboard, "measured", recorded)
    board = CalibrationRequest(runs=RUNS, measurements=str(mine)).run()
    assert asked == ["faking after", "inserted kept"]
    assert [score.name for score in board.scores] == ["faked", "kept"]
    assert [one.rows for one in board.joint] == ["rows for fitting", ""]
    assert "Rows held out" not in board.text()
    board.figure()


def test_the_command_prints_and_draws(feint, tmp_path, mine):
    options = "--runs", RUNS, "--json", "--figure", tmp_path / "board.png"
    said = feint("scenario", "calibration", "--measurements", mine, *options)
    assert len(said.document["rows"]) == 2
    assert isfinite(said.document["joint"][0]["log_density"])
    assert said.document["passport"]["configuration"]["measurements"] == str(mine)
    assert (tmp_path / "board.png").stat().st_size > 0


def test_a_bad_row_ends_the_command_with_one_sentence(feint, mine):
    mine.write_text(MINE + "caught,inserted kept,,,12,10\n")
    said = feint("scenario", "calibration", "--measurements", mine)
    assert said.refusal == f"file = '{mine}', row 3 ('caught'): k = 12 is not valid: it must be at most n = 10."


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--set", "similarity=0.9"), "No such option: --set"),
        (("--runs", 0), "runs = 0 is not valid"),
        (("--seed", -1), "seed = -1 is not valid"),
        (("--threads", 0), "threads = 0 is not valid"),
        (("--measurements", "none.csv"), "file = 'none.csv' cannot be read: No such file or directory"),
    ],
)
def test_wrong_input_is_one_sentence(feint, words, sentence):
    assert feint("scenario", "calibration", *words).refusal.startswith(sentence)


def test_a_passport_of_version_1_with_the_default_point_is_read():
    configuration = {**Point().described(), "runs": RUNS, "seed": 1}
    assert CalibrationRequest.from_configuration(configuration) == CalibrationRequest(runs=RUNS, seed=1)
    assert CalibrationRequest.from_configuration({**configuration, "runs": 1000}).configuration() == {"seed": 1}
    assert CalibrationRequest().measurements == SHIPPED


def test_numbers_of_networks_stand_in_a_table_of_their_own(monkeypatch):
    monkeypatch.setattr(scoreboard, "network_numbers", lambda *_: [("revival, far", interval(-1, 0))])
    monkeypatch.setattr(scoreboard, "measured", lambda *_, **__: {})
    board = CalibrationRequest(networks=True, runs=RUNS).run()
    scores = {score.name: score for score in board.scores}
    assert scores["revival, weak relevance"].networks == interval(-1, 0)
    assert scores["beta"].networks is None
    assert "small networks" in board.text()
    assert {score.model for score in board.scores} == {None}
    board.figure()
