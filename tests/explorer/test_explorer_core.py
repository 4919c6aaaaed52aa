"""The explorer without a browser: knobs, links, counts, and the queue."""

import contextlib
import io
import re
import shlex
import threading
import urllib.parse
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from terminal import within_this_process

from feint.agents.errors import InputError
from feint.agents.outcome import Outcome
from feint.commands.cli import FINAL, PORT, SLICED
from feint.explorer.controls import LAST, groups, knobs
from feint.explorer.page import Page, opened
from feint.explorer.slices import LEVELS, PREMISES, count, write
from feint.explorer.state import (
    BUDGET,
    MOST,
    Life,
    Reader,
    State,
    Tally,
    WorkQueue,
    answers,
    companions,
    described,
    life,
    tallies,
    tally,
)
from feint.explorer.texts import beside
from feint.scenarios.argument.worldview_files import DEFAULT, views
from feint.sim.ensembles.companions import COMPANIONS
from feint.sim.ensembles.comparison import compare
from feint.sim.ensembles.protocols import FROM_SCRATCH, PRETRAIN_FINETUNE
from feint.sim.training.parameter_point import Point, written
from feint.sim.training.replay import replay

LINK = "view=carlsmith-2023&seed=5&run=3&similarity=0.8&pretraining.coverage=0.9&start=corrigible&match=steps"


@pytest.mark.parametrize(
    "knob", [each for each in knobs().values() if not each.declared.choices], ids=lambda knob: knob.name
)
def test_a_slider_stops_at_its_default_at_every_world_view_and_at_valid_values_alone(knob):
    stops = list(knob.values().values())
    assert stops == sorted(set(stops))
    assert {knob.default, *(view.point.value(knob.name) for view in views().values())} <= set(stops)
    for value in stops:
        assert Point().at({knob.name: value}).value(knob.name) == value
    low, high, _ = knob.ends
    assert [knob.along(0.0), knob.along(1.0)] == pytest.approx([low, high], rel=0.01)
    assert {knob.along(0.0), knob.along(1.0)} <= set(stops)


def test_every_parameter_has_its_knob_under_its_argument():
    placed = [knob.name for found in groups().values() for knob in found]
    assert placed == list(knobs())
    assert {"similarity", "finetuning.honeypots", "pretraining.noise", "start", "finetuning.carry"} <= set(placed)
    assert list(groups())[-len(LAST) :] == list(LAST)
    assert "Prior 0.0005 – 0.2, uniform in the logarithm." in knobs()["plasticity_goal"].tip
    assert "Source: Xu" in knobs()["plasticity_goal"].tip


@pytest.mark.parametrize("view", [DEFAULT, *views()])
def test_a_link_brings_a_state_back(view):
    state = State(
        view=view, point=described(view).point.at({"similarity": 0.3, "finetuning.carry": ["goal"]}), seed=7, run=2
    )
    assert State.read("?" + state.query()) == state
    assert set(state.moved()) == {"similarity", "finetuning.carry"}
    assert State.read("?" + State(view=view, point=described(view).point).query()).point == described(view).point


@given(similarity=st.floats(-1, 1), seed=st.integers(0, 2**31), power=st.floats(0, 1e6))
def test_a_link_keeps_every_digit(similarity, seed, power):
    state = State(point=Point().at({"similarity": similarity, "inference_power": power}), seed=seed)
    assert State.read(state.query()) == state


def test_counts_of_converged_runs_are_those_of_a_comparison():
    """At a point where most runs from scratch miss their target; counts of two parts add up."""
    state = State(point=Point().at({"finetuning.steps": 300}), seed=3)
    counted = tally(state, range(50)).plus(tally(state, range(50, 120)))
    compared = compare(state.point.curriculum, runs=120, seed=3)
    for arm in (FROM_SCRATCH, PRETRAIN_FINETUNE):
        assert counted.converged[arm].tolist() == list(compared.arms[arm].counts(converged=True).values())
        for outcome in Outcome:
            assert counted.frequency(arm, outcome) == compared.frequency(arm, outcome)
            among = counted.frequency(arm, outcome, converged=True)
            assert among == compared.frequency(arm, outcome, converged=True)
    assert counted.converged[FROM_SCRATCH].sum() < 60


def test_the_default_needs_no_link():
    assert State().query() == ""
    assert State.read("") == State()


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("similarity=7", r"^similarity = 7 is not valid"),
        ("similarity=", r"^link = 'similarity=' is not a setting"),
        ("similarity=0.1&similarity=0.2", r"a second time"),
        ("similarity=[0.1]", r"give one number"),
        ("foo=3", r"'foo' is not known"),
        ("view=nobody", r"^world view 'nobody' is not known"),
        ("seed=x", r"^seed = 'x' is not valid: it must be a whole number"),
        ("seed=-1", r"^seed = -1"),
        ("run=-1", r"^run = -1"),
        ("finetuning.steps=1000000000", r"at most 100,000"),
        ("modes=1000", r"at most 256"),
        ("finetuning.carry=3", r"it must be a list"),
        ('finetuning.carry=["all"]', r"'all' is not known"),
        ("finetuning.name=x", r"name them pretraining and finetuning"),
        ("start=asleep", r"'asleep' is not known"),
        ("match=luck", r"'luck' is not known"),
        ("<script>=1", r"is not known"),
    ],
)
def test_a_link_that_is_not_valid_is_one_sentence(query, said):
    with pytest.raises(InputError, match=said) as found:
        State.read(query)
    assert "\n" not in str(found.value)


def test_counts_are_those_of_compare():
    state = State.read(LINK)
    found = compare(
        state.point.curriculum, model=state.point.model, runs=150, seed=5, start="corrigible", match="steps"
    )
    told = tally(state, range(100)).plus(tally(state, range(100, 150)))
    assert told.runs == 150
    assert np.array_equal(told.flow, found.flow())
    assert told.difference() == found.difference()
    for arm in (FROM_SCRATCH, PRETRAIN_FINETUNE):
        assert [told.frequency(arm, each) for each in Outcome] == [found.frequency(arm, each) for each in Outcome]


def test_first_come_as_many_runs_as_fit_and_at_last_all():
    slow, quick = (list(tallies(State(), 300, budget)) for budget in (1e-9, 1e9))
    assert [each.runs for each in quick] == [300]
    runs = [each.runs for each in slow]
    assert len(runs) > 2
    assert runs == sorted(set(runs))
    assert runs[-1] == 300
    assert np.array_equal(slow[-1].flow, quick[-1].flow)


def test_a_life_is_the_replay_of_its_run():
    state = State.read(LINK)
    lived = replay(
        state.point.curriculum, model=state.point.model, run=3, seed=5, start="corrigible", match="steps", every=4
    )
    told = life(state)
    assert told.stages == ("pretraining", "finetuning")
    for i in range(2):
        assert told.readings[i]["step"][[0, -1]].tolist() == lived.states[i].taken[[0, -1]].tolist()
        assert told.readings[i]["capability"][-1] == lived.readings(i).capability[-1]
        assert told.ends[i] == lived.readings(i).outcome[-1]


def test_answers_begin_with_bars_then_a_life():
    found = list(answers(State(), 80))
    assert isinstance(found[0], Tally)
    assert isinstance(found[1], Life)
    assert found[-1].runs == 80 if isinstance(found[-1], Tally) else found[0].runs == 80


def test_command_and_python_give_the_numbers_of_the_bars(monkeypatch, capsys):
    state = State.read(LINK + "&finetuning.carry=" + urllib.parse.quote(written(("goal", "world"))))
    told = tally(state, range(60)).difference().estimate
    words = shlex.split(state.command(60))
    document = within_this_process(monkeypatch, capsys)(*words[1:], "--json").document
    assert document["difference"]["estimate"] == told
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(state.python(60), {})
    assert f"estimate={told!r}" in printed.getvalue()


def collecting():
    """A place for what a queue tells, and what waits for the end."""
    told, ended = [], threading.Event()

    def tell(piece, wanted):
        if wanted():
            told.append(piece)
        if piece == "end":
            ended.set()

    return told, ended, tell


def test_what_a_reader_no_longer_wants_is_dropped():
    reader, busy, begun, third = Reader(WorkQueue()), threading.Event(), threading.Event(), []
    told, ended, tell = collecting()

    def stale():
        begun.set()
        yield "first"
        busy.wait(10)
        yield "second"
        third.append("nobody wants this")
        yield "third"

    reader.ask(stale(), lambda piece, wanted: (tell(piece, wanted), begun.set()))
    assert begun.wait(10)
    reader.ask(iter(["new", *"abc", "end"]), tell)
    busy.set()
    assert ended.wait(10)
    assert told in (["first", "new", *"abc", "end"], ["new", *"abc", "end"])
    assert third == []


def test_first_pieces_come_before_finer_ones_asked_earlier_and_a_mistake_is_told():
    queue, held = WorkQueue(), threading.Event()
    told, ended, tell = collecting()

    def asking():
        Reader(queue).ask(iter(["b1"]), tell)
        yield "a1"
        raise InputError("no")

    Reader(queue).ask((held.wait(10) for _ in range(1)), lambda *_: None)
    Reader(queue).ask(iter(["c1", "c2", "c3", "end"]), tell)
    Reader(queue).ask(asking(), tell)
    held.set()
    assert ended.wait(10)
    assert [str(each) for each in told] == ["c1", "a1", "b1", "c2", "no", "c3", "end"]


def test_missing_panel_is_said_with_what_to_install(monkeypatch, capsys):
    import sys

    monkeypatch.setitem(sys.modules, "panel", None)
    said = within_this_process(monkeypatch, capsys)("explore", "--no-open")
    assert said.refusal.startswith("the explorer needs panel, which is not installed: ")
    assert "feint[explore]" in said.refusal


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--port", 70000), "port = 70000 is not valid"),
        (("--runs", 0), "runs = 0"),
        (("--set", "similarity=7"), "similarity = 7"),
        (("--export", "page.txt"), "export = 'page.txt' is not a page"),
        (("--export", "nowhere/page.html"), "export = 'nowhere/page.html' cannot be written"),
    ],
)
def test_bad_options_are_one_sentence(words, said, monkeypatch, capsys):
    assert within_this_process(monkeypatch, capsys)("explore", "--no-open", *words).refusal.startswith(said)


def test_a_reader_who_cannot_be_told_does_not_stop_the_queue(caplog):
    queue = WorkQueue()
    told, ended, tell = collecting()
    Reader(queue).ask(iter(["lost"]), lambda *_: {}["gone"])
    Reader(queue).ask(iter(["end"]), tell)
    assert ended.wait(10)
    assert told == ["end"]
    assert "could not be delivered" in caplog.text


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Widget.name is deprecated:PendingDeprecationWarning")
def test_a_file_trains_each_point_once_and_tells_of_each(tmp_path):
    told, start = [], State(point=Point().at({"similarity": 0.33}))
    write(tmp_path / "page.html", start, runs=1, progress=told.append)
    assert sum(told) == count(start)
    assert count(State()) < count(start) <= (len(views()) + 2) * len(PREMISES) * len(LEVELS)
    assert "The requested point" in (tmp_path / "page.html").read_text()


PAGE = Path(__file__).parents[2] / "docs" / "explore.md"


def test_the_page_of_the_manual_says_what_the_code_says():
    page = " ".join(PAGE.read_text().split())
    link = re.search(r"http://127\.0\.0\.1:(\d+)/(\?\S+)", page)
    assert link
    assert int(link[1]) == PORT
    assert State.read(link[2]).changes()["finetuning.honeypots"] == 0.1
    assert f"to {FINAL:,} runs each way (`--runs`)" in page
    assert (BUDGET, "a fifth of a second" in page) == (0.2, True)
    assert f"at most {MOST['steps']:,} steps per stage and {MOST['modes']} modes" in page
    assert f"seven premises at six levels each, with {SLICED:,} runs" in page
    assert (len(PREMISES), len(LEVELS)) == (7, 6)


@pytest.mark.filterwarnings("ignore:Widget.name is deprecated:PendingDeprecationWarning")  # Panel 1.5 has no other
def test_what_comes_before_a_reader_is_there_is_drawn_in_its_order():
    """The server calls what waits for a session in any order."""
    posted, told = [], threading.Event()

    def post(draw):
        posted.append(draw)
        if len(posted) == 2:  # bars of all runs, and a life
            told.set()

    page = opened("?similarity=7", State(), queue=WorkQueue(), final=50, post=post)
    assert told.wait(30)
    assert page.runs == 0
    for draw in reversed(posted):
        draw()
    assert page.runs == 50
    assert page.texts["status"].object == '<p class="status">50 runs each way (50 converged), seed 0</p>'
    assert "similarity = 7 is not valid" in page.message.object
    page.turn("similarity", 3)
    assert "similarity = 3 is not valid" in page.message.object
    page.numbers["run"].value = -3
    assert "run = -3 is not valid" in page.message.object
    assert page.state == State()


@pytest.mark.filterwarnings("ignore:Widget.name is deprecated:PendingDeprecationWarning")
def test_the_page_is_put_into_its_document_at_once(monkeypatch):
    """Else it is counted through for each of its sliders, which takes longer than all the rest."""
    from bokeh.document import Document
    from bokeh.document.models import DocumentModelManager

    counted, recompute = [], DocumentModelManager.recompute
    monkeypatch.setattr(DocumentModelManager, "recompute", lambda models: (counted.append(1), recompute(models)))
    page = opened("", State(), queue=WorkQueue(), final=1, post=lambda _: None)
    document = page.framed().server_doc(Document())
    assert 1 <= len(counted) < 5
    assert {each.name for each in document.roots} >= {"head", "bars", "premises"}


def test_companions_are_those_of_a_comparison_and_leave_others_their_turn():
    state = State(point=Point().at({"finetuning.steps": 900}), seed=3)
    told = list(companions(state, 120))
    compared = compare(state.point.curriculum, runs=120, seed=3, beside=True)
    own, *rows = [row for row in told if row is not None]
    assert own.difference == compared.difference()
    assert rows == compared.beside
    assert told.count(None) == 2 * len((own, *rows))


@pytest.mark.filterwarnings("ignore:Widget.name is deprecated:PendingDeprecationWarning")
def test_companions_are_trained_when_asked_for_and_go_when_a_slider_moves(monkeypatch):
    monkeypatch.setattr("feint.explorer.page.companions", lambda state: companions(state, 20))
    drawn, all_drawn = [], threading.Event()

    def post(draw):
        draw()
        drawn.append(len(page.rows))
        if drawn[-1] == 1 + len(COMPANIONS):
            all_drawn.set()

    page = Page(State(), queue=WorkQueue(), final=20, post=post)
    page.show(page.state)
    page.reader.leave()
    assert (page.rows, page.texts["beside"].object) == ([], "")
    page.beside.clicks += 1
    assert all_drawn.wait(60)
    assert all(companion.words in page.texts["beside"].object for companion in COMPANIONS)
    page.turn("similarity", 0.3)
    assert (page.rows, page.texts["beside"].object) == ([], "")


def test_a_point_at_which_a_companion_cannot_be_trained_shows_the_others():
    rows = [row for row in companions(State(point=Point(match="ceiling")), 5) if row is not None]
    shown = beside(rows, State())
    assert "has a target of its own" in shown
    assert shown.count("not known</td>") == sum(row.reason is not None for row in rows) > 0


def test_a_queue_that_is_stopped_finishes_its_piece_tells_nobody_and_begins_no_other():
    queue, begun, go_on, seen = WorkQueue(), threading.Event(), threading.Event(), []

    def pieces():
        begun.set()
        go_on.wait()
        yield 1
        seen.append("a second piece was begun")
        yield 2

    queue.ask(pieces(), seen.append, lambda: True)
    begun.wait()
    threading.Timer(0.05, go_on.set).start()
    queue.stop()
    assert seen == []
    assert not queue._thread.is_alive()
