"""Xu's race gives Xu's answers, and deceives from the first update on where the ability is carried in."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from feint.agents.errors import InputError
from feint.agents.outcome import Outcome
from feint.scenarios.xu_race import XuRace, XuRaceRequest, figure

PAGE = (Path(__file__).parents[2] / "docs" / "xu_race.md").read_text(encoding="utf-8")
NEVER = XuRace(power_threshold=1)

levels = st.floats(0, 1)
horizons = st.integers(2, 2000)
races = st.builds(
    XuRace,
    learning_horizon=horizons,
    pointer_horizon=horizons,
    pointer_onset=levels,
    environment_threshold=levels,
    power_threshold=levels,
    carried=st.integers(0, 2000),
)


def boundary(race: XuRace) -> float:
    """The level of e and p as the first of pointer and alignment completes, were it never deceptive."""
    free = race.replace(power_threshold=1).run()
    times = [time for time in (free.events.corrigible, free.events.internal) if time is not None]
    return float(free.power[min(times)])


# Known answers


def test_events_are_those_of_xu():
    assert XuRace().run().events == (31, 63, 125, 125, None, None)


def test_without_deception_pointer_completes_at_530_and_alignment_at_999():
    assert NEVER.run().events == (31, 63, None, None, 530, 999)
    assert NEVER.run().outcome is Outcome.CORRIGIBLE


def test_alignment_and_pointer_freeze_at_the_levels_of_deception():
    run = XuRace().run()
    assert run.outcome is Outcome.DECEPTIVE
    np.testing.assert_allclose(run.alignment[125:], np.log(126) / np.log(1000), rtol=1e-15)
    np.testing.assert_allclose(run.pointer[125:], np.log(95) / np.log(500), rtol=1e-15)
    assert (round(run.alignment[-1], 3), round(run.pointer[-1], 3)) == (0.700, 0.733)


def test_environment_and_power_go_on_to_completion_after_deception():
    run = XuRace().run()
    assert run.environment[998] < 1
    assert (run.environment[999:] == 1).all()
    np.testing.assert_array_equal(run.power, run.environment)


@pytest.mark.parametrize("hundredths", range(100))
def test_thresholds_in_hundredths_are_passed_when_whole_numbers_say_so(hundredths: int):
    exact = next(n for n in range(1, 1001) if n**100 > 1000**hundredths) - 1  # n > 1000^(hundredths / 100)
    events = XuRace(power_threshold=hundredths / 100, pointer_onset=hundredths / 100).run().events
    assert events.power_passed == events.pointer_begins == exact


# The boundary


@pytest.mark.parametrize("larger", ["environment_threshold", "power_threshold"])
def test_corrigibility_wins_from_the_level_log_1000_531_on(larger: str):
    level = NEVER.run().power[530]
    assert level == pytest.approx(np.log(531) / np.log(1000), rel=1e-15)
    below, at, above = (
        XuRace().replace(**{larger: float(x)}).run() for x in (np.nextafter(level, 0), level, np.nextafter(level, 1))
    )
    assert [run.outcome for run in (below, at, above)] == [Outcome.DECEPTIVE, Outcome.CORRIGIBLE, Outcome.CORRIGIBLE]
    assert below.events[3:5] == (530, 530)  # the tie: the pointer completes as deception begins
    assert at.events[3:5] == above.events[3:5] == (None, 530)


def test_tie_for_deception_begins_at_log_1000_530():
    level = NEVER.run().power[529]
    assert XuRace(power_threshold=float(np.nextafter(level, 0))).run().events.deceptive == 529
    assert XuRace(power_threshold=float(level)).run().events.deceptive == 530


@given(levels, levels)
def test_only_the_larger_threshold_decides(first: float, second: float):
    run = XuRace(environment_threshold=first, power_threshold=second).run()
    expected = Outcome.CORRIGIBLE if max(first, second) >= boundary(XuRace()) else Outcome.DECEPTIVE
    assert run.outcome is expected


@given(races)
def test_deception_wins_exactly_below_the_level_at_completion(race: XuRace):
    deceptive = max(race.environment_threshold, race.power_threshold) < boundary(race)
    assert (race.run().outcome is Outcome.DECEPTIVE) == deceptive


def test_a_tie_of_pointer_and_alignment_goes_to_the_pointer():
    tie = XuRace(power_threshold=1, pointer_horizon=969)
    assert tie.run().events[4:] == (999, 999)
    assert tie.run().outcome is Outcome.CORRIGIBLE
    assert tie.replace(pointer_horizon=970).run().outcome is Outcome.INTERNAL


def test_without_an_onset_there_is_no_pointer():
    run = XuRace(pointer_onset=1, power_threshold=1).run()
    assert run.events == (None, 63, None, None, None, 999)
    assert not run.pointer.any()


# Laws


@given(races)
def test_frozen_levels_never_change(race: XuRace):
    run = race.run()
    start = run.events.deceptive
    assert run.frozen.sum() == (0 if start is None else run.power.size - start)
    if start is not None:
        assert (run.alignment[start:] == run.alignment[start]).all()
        assert (run.pointer[start:] == run.pointer[start]).all()


@given(races)
def test_levels_stay_in_the_unit_interval_and_never_fall(race: XuRace):
    run = race.run()
    for level in (run.environment, run.power, run.alignment, run.pointer):
        assert level.shape == (race.learning_horizon + race.pointer_horizon,)
        assert level[0] >= 0
        assert level[-1] <= 1
        assert (np.diff(level) >= 0).all()


@given(races)
def test_every_race_is_decided(race: XuRace):
    run = race.run()
    decided = {Outcome.DECEPTIVE: "deceptive", Outcome.CORRIGIBLE: "corrigible", Outcome.INTERNAL: "internal"}
    assert getattr(run.events, decided[run.outcome]) is not None


@given(races)
def test_until_deception_the_race_is_the_one_without_it(race: XuRace):
    run, free = race.run(), race.replace(power_threshold=1).run()
    before = ~run.frozen
    np.testing.assert_array_equal(run.alignment[before], free.alignment[before])
    np.testing.assert_array_equal(run.pointer[before], free.pointer[before])


# What the toy hides


@given(races)
def test_ability_carried_in_is_deception_at_update_0(race: XuRace):
    run = race.run()
    carried = min(np.log(1 + race.carried) / np.log(race.learning_horizon), 1.0)
    able = carried > max(race.environment_threshold, race.power_threshold)
    assert (run.events.deceptive == 0) == able
    if able:
        assert not run.alignment.any()
        assert not run.pointer.any()


@given(st.integers(0, 3000))
def test_carrying_only_brings_deception_forward(carried: int):
    assert XuRace(carried=carried).run().events.deceptive == max(0, 125 - carried)
    assert NEVER.replace(carried=carried).run().events.corrigible == 499 + max(0, 31 - carried)


@given(races, st.integers(0, 2000))
def test_carrying_more_never_turns_deception_into_alignment(race: XuRace, more: int):
    if race.run().outcome is Outcome.DECEPTIVE:
        assert race.replace(carried=race.carried + more).run().outcome is Outcome.DECEPTIVE


# Input, table, figure, page


@pytest.mark.parametrize(
    ("name", "value", "right"),
    [
        ("learning_horizon", 1, "a whole number from 2 to 1,000,000"),
        ("learning_horizon", 1000.0, "a whole number from 2 to 1,000,000"),
        ("pointer_horizon", 10**7, "a whole number from 2 to 1,000,000"),
        ("carried", -1, "a whole number from 0 to 1,000,000"),
        ("carried", True, "a whole number from 0 to 1,000,000"),
        ("pointer_onset", -0.1, "a finite number from 0 to 1"),
        ("environment_threshold", float("nan"), "a finite number from 0 to 1"),
        ("power_threshold", "0.7", "a finite number from 0 to 1"),
    ],
)
def test_bad_input_is_named_with_what_would_be_right(name: str, value: object, right: str):
    with pytest.raises(InputError) as caught:
        XuRace(**{name: value})  # pyright: ignore[reportArgumentType]
    assert str(caught.value) == f"{name} = {value!r} is not valid for a race: it must be {right}."


def test_numpy_numbers_are_numbers():
    assert XuRace(carried=np.int64(125), power_threshold=np.float32(0.5)).run().events.deceptive == 0  # pyright: ignore[reportArgumentType]


def test_a_race_cannot_be_changed():
    with pytest.raises(ValidationError):
        XuRace().carried = 1  # pyright: ignore[reportAttributeAccessIssue]


def test_the_document_holds_settings_outcome_and_events():
    document = json.loads(XuRace(carried=40).run().json())
    assert document["settings"]["carried"] == 40
    assert (document["scenario"], document["outcome"]) == ("xu-race", "deceptive")
    assert document["events"] == {**XuRace(carried=40).run().events._asdict()}


def test_the_passport_holds_what_departs_from_the_numbers_of_xu():
    configuration = XuRace(carried=40).run().passport()["configuration"]
    assert configuration == {"settings": {"carried": 40}}
    for passport in (configuration, {"carried": 40, "pointer_onset": 0.5}):  # the latter as in version 1
        assert XuRaceRequest.from_configuration(passport).run().race == XuRace(carried=40)


def test_a_number_that_the_race_does_not_have_is_named():
    with pytest.raises(InputError, match="race parameter 'carry' is not known: did you mean 'carried'"):
        XuRaceRequest(settings={"carry": 1}).run()


def test_frame_has_one_row_for_each_quantity_and_update():
    run = XuRace().run()
    table = run.frame()
    assert list(table.columns) == ["update", "deceptive", "quantity", "level"]
    assert not table.duplicated(["update", "quantity"]).any()
    for quantity, rows in table.groupby("quantity"):
        np.testing.assert_array_equal(rows["level"], getattr(run, str(quantity)))
    assert table.loc[table["deceptive"], "update"].min() == 125


@pytest.mark.parametrize("carried", [0, 100, 125])
def test_figure_names_every_event_and_no_words_overlap(carried: int):
    sheet = figure(carried=carried)
    above, below = sheet.axes
    sheet.draw_without_rendering()
    words = [words.get_text() for words in above.texts]
    assert words == ["pointer begins: 31", "e > 0.6: 63", "p > 0.7, deceptive: 125"]
    if carried == 125:
        assert [words.get_text() for words in below.texts] == ["pointer begins, e > 0.6, p > 0.7, deceptive: 0"]
    for axes in (above, below):
        boxes = [words.get_window_extent() for words in (*axes.texts, axes.title)]
        assert all(sheet.bbox.x0 <= box.x0 and box.x1 <= sheet.bbox.x1 for box in boxes)
        assert not any(box.overlaps(other) for box in boxes for other in boxes if box is not other)


def test_example_of_the_page_prints_what_the_page_says(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names = example()
    assert capsys.readouterr().out == block("text")
    assert (tmp_path / "xu_race.pdf").stat().st_size > 0
    answers = re.findall(r"^\|.*\| `(.*)` \| (.*) \|$", PAGE, flags=re.MULTILINE)
    assert len(answers) == 13
    for question, answer in answers:
        assert eval(question, names) == eval(answer), question  # the page's own words


def block(language: str) -> str:
    """The page's one code block in a language."""
    (found,) = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)
    return found


def example() -> dict:
    """The names that the page's example defines."""
    names: dict = {}
    exec(block("python"), names)
    return names
