"""Conflicts between published experiments: planted ones are found, with the premise that was planted."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from feint.scenarios.measurements import conflict
from feint.scenarios.measurements.conflict import ConflictReading, ConflictRequest, PremiseShare
from feint.scenarios.measurements.conflict_cases import PUBLISHED, case_of
from feint.scenarios.measurements.conflict_responses import (
    Responses,
    contrasts,
    distances,
    drawn,
    reached,
    responses,
)
from feint.scenarios.measurements.stand_ins import STAND_INS
from feint.sim.analysis.prior_shares import prior_draws
from feint.sim.training.parameter_point import Point

STAND_IN = "watched on Y before"  # performance on Y after pre-training, whose length is the planted premise
DISCREPANCY = STAND_INS[STAND_IN].discrepancy
CASE = """title = "Planted"
rows = "rows.csv"
[[experiments]]
name = "long"
says = "well trained"
rows = ["a"]
[[experiments]]
name = "short"
rows = ["b"]
[[premises]]
name = "tolerance"
parameters = ["deploy_tolerance"]
[[premises]]
name = "length"
parameters = ["pretraining.steps"]
[[premises]]
name = "exposures"
parameters = ["pretraining.awareness_exposure", "pretraining.horizon_exposure"]
"""
SIZES: dict[str, Any] = {"draws": 8, "runs": 8, "levels": 3, "seed": 1}


@pytest.fixture
def planted(tmp_path):
    """Return a function that writes a case whose experiments measured these values, and returns its file."""

    def write(first, second):
        path = tmp_path / "planted.toml"
        path.write_text(CASE)
        lines = (f"{name},{STAND_IN},{value},2" for name, value in (("a", first), ("b", second)))
        (tmp_path / "rows.csv").write_text("\n".join(["name,stand_in,value,error", *lines]) + "\n")
        return str(path)

    return write


def varied(case, numbers):
    """Return the response of the first premise to these numbers (draws, levels), of which the first is the draw's."""
    numbers = np.array(numbers, dtype=float)[:, :, None]
    places = np.broadcast_to(np.linspace(0, 1, numbers.shape[1]), numbers.shape[:2])
    return Responses(premise=case.premises[0], places=places, numbers=numbers)


def test_a_planted_conflict_is_reconciled_by_the_planted_premise_alone(planted):
    report = ConflictRequest(case=planted(90, 15), **SIZES).run()
    for reading in report.readings:
        found, *others = reading.premises
        assert found.name == "length"
        assert found.apart.estimate >= 0.25
        assert found.higher is not None
        assert found.higher.estimate == 1
        assert [share.apart.estimate for share in others] == [0, 0]
        assert reading.both.estimate == 0
        assert found.first is not None
        assert found.second is not None
        assert found.first[1].estimate > found.second[1].estimate  # medians
    assert "No difference reconciles them at any draw: tolerance, exposures." in report.text()
    assert {name for share in report.rows() for name in share.parameters} == {
        "deploy_tolerance",
        "pretraining.steps",
        "pretraining.awareness_exposure",
        "pretraining.horizon_exposure",
    }


def test_where_there_is_no_conflict_no_difference_is_needed(planted):
    report = ConflictRequest(case=planted(60, 60), **SIZES).run()
    for reading in report.readings:
        assert reading.conflict == 0
        assert reading.both == reading.first == reading.second
        assert {share.apart.estimate for share in reading.premises} == {0}
        assert all(share.equal.estimate >= reading.both.estimate for share in reading.premises)
        assert all(share.first is None for share in reading.premises)
    assert "No difference of a single premise reconciles them" in " ".join(report.text().split())
    report.figure()


def test_levels_have_the_same_runs_and_the_first_is_the_draw_itself(planted):
    case = case_of(planted(90, 15))
    tolerance, length, exposures = responses(case, **SIZES)
    np.testing.assert_array_equal(tolerance.numbers, np.broadcast_to(tolerance.numbers[:, :1], tolerance.numbers.shape))
    for other in (length, exposures):
        np.testing.assert_array_equal(other.numbers[:, 0], tolerance.numbers[:, 0])
        np.testing.assert_allclose(other.places[:, 1:], [[0, 0.5, 1]] * SIZES["draws"])
    assert (length.numbers[:, 3] > length.numbers[:, 1]).all()
    for again in responses(case, **SIZES, threads=1), responses(case, **{**SIZES, "draws": 8}, threads=2):
        np.testing.assert_array_equal(again[1].numbers, length.numbers)


def test_draws_are_of_the_whole_prior_and_of_published_settings():
    rows = drawn(8, 3)
    assert [{name: row[name] for name in row if name not in PUBLISHED} for row in rows] == prior_draws(Point(), 8, 3)
    assert {row["aligned_steps"] for row in rows} <= set(PUBLISHED["aligned_steps"].values)
    steps = sorted(row["trained_steps"] for row in rows)
    assert 300 <= steps[0] < 600
    assert 15_000 < steps[-1] <= 30_000


def test_a_premise_has_the_same_shares_alone_as_among_others(planted):
    path = planted(90, 15)
    both = [ConflictRequest(case=path, premise=names, **SIZES).run() for names in (None, ("length",))]
    for whole, alone in zip(*(report.readings for report in both), strict=True):
        (share,) = alone.premises
        assert share.cells() == whole.premises[0].cells()
        assert (alone.first, alone.second, alone.both) == (whole.first, whole.second, whole.both)


@pytest.mark.parametrize("common", [0.5, 1.0])
def test_distances_are_the_largest_of_both_and_of_their_difference(planted, common):
    case = case_of(planted(90, 15))
    numbers = np.array([[80.0, 20.0]])
    alone, apart = np.hypot(2, DISCREPANCY), np.sqrt(2 * 2**2 + 2 * (1 - common) * DISCREPANCY**2)
    worst = distances(case, numbers[:, :, None], common)[0]
    assert worst[0, 0] == pytest.approx(max(65 / alone, 75 / apart))
    assert worst[0, 1] == pytest.approx(max(10 / alone, 5 / alone, 15 / apart))
    assert worst[1, 0] == pytest.approx(max(70 / alone, 65 / alone, 135 / apart))
    ((one, other, deviation),) = contrasts(case, common)
    assert (one.name, other.name, deviation) == ("a", "b", pytest.approx(apart))


def test_the_smallest_difference_that_reconciles_is_reported(planted):
    case = case_of(planted(90, 15))
    response = varied(case, [[50, 15, 50, 90, 91], [50, 50, 50, 50, 50], [15, 90, 15, 50, 50]])
    share = PremiseShare.of(case, response, 0.5, 2.0)
    assert share.apart.estimate == pytest.approx(2 / 3)
    assert share.equal.estimate == 0
    np.testing.assert_allclose(share.places, [[0.75, 0.25], [0.25, 0.0]])
    assert share.higher is not None
    assert share.higher.estimate == 1


def test_the_part_of_the_published_difference_that_the_race_reaches_counts_while_each_is_met(planted):
    case = case_of(planted(90, 15))
    numbers = np.array([[90, 15, 0], [80, 30, 0], [100, 0, 5], [50, 50, 50]], dtype=float)[:, :, None]
    np.testing.assert_allclose(reached(case, numbers, 2.0), [90 / 75, 80 / 75, 100 / 75, 0])
    np.testing.assert_allclose(reached(case, numbers[:, :2], 2.0), [1, 50 / 75, 100 / 75, 0])
    assert np.isnan(reached(case_of(planted(60, 60)), numbers, 2.0)).all()
    share = PremiseShare.of(case, varied(case, numbers[:, :, 0]), 0.5, 2.0)
    assert share.whole is not None
    assert share.whole.estimate == 0.75
    assert share.model == {STAND_IN: (90, 5)}  # of (90, 15), (80, 0) and (100, 5)


def test_a_value_that_meets_both_needs_no_difference(planted):
    case = replace(case_of(planted(60, 50)))
    reading = ConflictReading.of(case, [varied(case, [[0, 55, 100], [55, 60, 50]])], 0.5, 2.0)
    (share,) = reading.premises
    assert share.equal.estimate == 1
    assert share.apart.estimate == 0
    assert reading.both.estimate == 0.5
    assert reading.first.estimate == reading.second.estimate == 0.5


def test_the_command_prints_and_draws(feint, planted, tmp_path, monkeypatch):
    path = planted(90, 15)
    case = case_of(path)
    known = [replace(varied(case, [[50, 15, 90]] * 4), premise=premise) for premise in case.premises]
    monkeypatch.setattr(conflict, "responses", lambda *_, **__: known)
    said = feint("scenario", "conflict", path, "--draws", 4, "--figure", tmp_path / "a.png", "--json")
    assert said.document["case"] == "planted"
    assert [reading["common"] for reading in said.document["readings"]] == [0.5, 1.0]
    assert said.document["passport"]["configuration"] == {"case": path, "draws": 4}
    assert (tmp_path / "a.png").stat().st_size > 0


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("persistance",), "conflict 'persistance' is not known: did you mean 'persistence'?"),
        (("none.toml",), "none.toml: the file cannot be read: No such file or directory."),
        (("broad", "--premise", "grade"), "premise 'grade' is not known: known are aligned post-training,"),
        (("broad", "--draws", 6), "draws = 6 is not valid: it must be a power of two."),
        (("broad", "--levels", 1), "levels = 1 is not valid: it must be a whole number from 2 to 99."),
        (("broad", "--cut", 0), "cut = 0.0 is not valid: it must be above 0."),
    ],
)
def test_wrong_input_is_one_sentence(feint, words, sentence):
    assert feint("scenario", "conflict", *words).refusal.startswith(sentence)
