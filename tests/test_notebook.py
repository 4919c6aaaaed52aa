"""What notebooks share (src/feint/notebook.py): dials that can be turned, and what is shown where they cannot."""

import sys
from base64 import b64decode
from io import BytesIO

import pytest
from PIL import Image

from feint import notebook
from feint.agents.errors import InputError
from feint.agents.model import Model
from feint.notebook import DOTS, PICTURE, Dial, lines, premises, sheet, show, turn
from feint.sim.results.figure_style import PAGE_WIDTH
from feint.sim.statistics.intervals import wilson
from feint.sim.training.parameter_point import Point

SLIDERS = "application/vnd.jupyter.widget-view+json"
TWO = {"plain": Dial(value=0.5, low=0.0, high=1.0), "log": Dial(value=1.0, low=0.01, high=100.0, log=True)}


@pytest.fixture
def page(monkeypatch):
    """What is put on the page of a notebook."""
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda bundle, *, raw: shown.append(bundle) if raw else None)
    return shown


@pytest.fixture
def boxes(monkeypatch):
    """Boxes of widgets that were made."""
    import ipywidgets

    made = []

    class Box(ipywidgets.VBox):
        def __init__(self, children):
            super().__init__(children)
            made.append(self)

    monkeypatch.setattr(ipywidgets, "VBox", Box)
    return made


def bars(values):
    figure, axes = sheet(1.0)
    axes.bar(list(values), list(values.values()))
    return figure


def pixels(picture):
    with Image.open(BytesIO(picture)) as image:
        return image.size, image.tobytes()


def test_a_figure_is_shown_as_a_picture_as_wide_as_the_page(page):
    show(bars({"a": 1.0}))
    ((width, height), _) = pixels(b64decode(page[0][PICTURE]))
    assert (width, height) == (int(PAGE_WIDTH * DOTS), DOTS)


def test_turning_a_dial_draws_anew_and_the_page_keeps_a_still_picture(page, boxes):
    asked = []

    def draw(values):
        asked.append(values)
        return bars(values)

    turn(draw, TWO)
    assert SLIDERS in page[0]
    assert page[0]["text/plain"] == "plain = 0.5, log = 1"
    *sliders, picture = boxes[0].children
    assert [(each.description, each.value) for each in sliders] == [("plain", 0.5), ("log", 1.0)]
    assert (sliders[0].min, sliders[0].max, sliders[1].min, sliders[1].max) == (0, 1, -2, 2)
    still = b64decode(page[0][PICTURE])
    assert pixels(picture.value) == pixels(still)
    sliders[1].value = 10.0
    assert asked == [{"plain": 0.5, "log": 1.0}, {"plain": 0.5, "log": 10.0}]
    assert pixels(picture.value) != pixels(still)


def test_without_widgets_the_same_picture_is_there_and_what_to_install(page, monkeypatch, capsys):
    turn(bars, TWO)
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    turn(bars, TWO)
    assert page[1].keys() == {PICTURE, "text/plain"}
    assert page[1][PICTURE] == page[0][PICTURE]
    assert "pip install 'feint[notebooks]'" in capsys.readouterr().out


def test_premises_are_dials_from_end_to_end_of_their_priors():
    near = Point().at({"similarity": 0.7})
    found = premises("similarity", "pretraining.awareness_exposure", point=near)
    declared = Model.parameters()["similarity"]
    assert declared.prior
    assert found["similarity"] == Dial(value=0.7, low=declared.prior[0], high=declared.prior[1])
    assert found["pretraining.awareness_exposure"] == Dial(value=0.003, low=1e-4, high=0.1, log=True)


@pytest.mark.parametrize("value", [2.0, -1.0])
def test_a_value_off_its_dial_is_refused(value):
    with pytest.raises(InputError, match=rf"value = {value} is not valid for a dial: it must be from 0.1 to 1"):
        Dial(low=0.1, high=1.0, value=value)


@pytest.mark.parametrize("low", [0.0, -1.0])
def test_a_logarithmic_dial_begins_above_0(low):
    with pytest.raises(InputError, match=rf"^low = {low} is not valid for a dial with log = True: it must be above 0"):
        Dial(low=low, high=1.0, value=0.5, log=True)


def test_lines_stand_from_the_top_down_with_their_limits():
    found = {"first": wilson(3, 10), "second": wilson(9, 10)}
    _, axes = sheet(1.0)
    lines(axes, found)
    assert [label.get_text() for label in axes.get_yticklabels()] == ["first", "second"]
    low, high = axes.get_ylim()
    assert low > high
    ((reaches,),) = (each[2] for each in axes.containers)
    for segment, each in zip(reaches.get_segments(), found.values(), strict=True):
        assert segment[:, 0] == pytest.approx([each.low, each.high])


def test_the_house_look_is_there_for_what_is_drawn_next():
    import matplotlib as mpl

    with mpl.rc_context():
        notebook.house_look()
        _, axes = sheet(1.0)
        assert axes.set_title("x").get_fontsize() == 9
        assert not axes.spines["top"].get_visible()
