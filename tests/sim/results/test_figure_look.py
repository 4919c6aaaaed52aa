"""How figures look: size, style, palette, words and panels, on the command line, in Python and in passports."""

import json
from itertools import combinations

import matplotlib as mpl
import numpy as np
import planted
import pytest
from legible import faults
from matplotlib.text import Text
from PIL import Image

from feint.agents.errors import InputError
from feint.agents.outcome import Outcome
from feint.scenarios.regenerate import regenerate
from feint.sim.analysis.phase_diagrams import phase_diagram
from feint.sim.analysis.response_surface import Layer
from feint.sim.ensembles.comparison import compare
from feint.sim.ensembles.ensemble import simulate
from feint.sim.results import figure_changes
from feint.sim.results.figure_look import Look
from feint.sim.results.figure_style import COLOURS, FORMATS, HATCHES
from feint.sim.results.provenance import passport_in
from feint.sim.training.curriculum import pretrain_finetune
from feint.sim.training.replay import replay

SHORT = pretrain_finetune({"steps": 300}, {"steps": 300})
NARROW = 85 / 25.4
LONGEST = ("plasticity_representation", "pretraining.awareness_exposure")


@pytest.fixture(scope="module")
def reports():
    """One report of every kind of figure: bars and flows, panels per stage, lines, rows, a map."""
    design = planted.study({name: [0.0, 0.5, 1.0] for name in LONGEST}, "grid", runs=50)
    layer = Layer(responses=(planted.differing(design, lambda p: 0.5 * (p[LONGEST[0]] - p[LONGEST[1]])),))
    return {
        "compare": compare(SHORT, runs=40, seed=1),
        "simulate": simulate(SHORT, runs=20, seed=1),
        "replay": replay(SHORT, run=2, every=10),
        "map": phase_diagram([layer], LONGEST),
        **{name: planted.reports()[name]() for name in ("sensitivity", "share")},
    }


NAMES = ("compare", "simulate", "replay", "map", "sensitivity", "share")


@pytest.mark.parametrize("name", NAMES)
def test_at_the_width_of_a_column_every_text_can_be_read(reports, name):
    figure = reports[name].figure(width="85mm")
    assert figure.get_figwidth() == pytest.approx(NARROW)
    assert faults(figure) == ([], [])
    shown = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]
    assert min(text.get_fontsize() for text in shown) >= 6


@pytest.mark.parametrize("name", NAMES)
def test_in_grey_no_colour_is_left(reports, name, tmp_path):
    reports[name].save_figure(tmp_path / "a.png", palette="grey")
    with Image.open(tmp_path / "a.png") as picture:
        pixels = np.asarray(picture.convert("RGB")).astype(int)
    assert np.ptp(pixels, axis=2).max() <= 2


def test_outcomes_differ_in_grey_by_brightness_or_hatch():
    greys = figure_changes.GREY_OUTCOMES
    for one, other in combinations(Outcome, 2):
        assert abs(greys[one] - greys[other]) > 0.12 or HATCHES[one] != HATCHES[other]
    assert {COLOURS[outcome] for outcome in Outcome} <= set(figure_changes.GREYS)


@pytest.mark.parametrize("name", NAMES)
def test_a_figure_can_be_resized_in_python(reports, name):
    figure = reports[name].figure()
    figure.set_size_inches(0.8 * figure.get_size_inches())
    figure.draw_without_rendering()  # a warning of a collapsed layout would be an error
    boxes = [axes.get_window_extent() for axes in figure.axes if axes.get_visible()]
    assert min(min(box.width, box.height) for box in boxes) > 5


@pytest.mark.parametrize("ending", FORMATS)
def test_every_format_carries_passport_and_look_and_is_made_again(reports, ending, tmp_path):
    path = tmp_path / f"a.{ending}"
    look = {"width": "3in", "height": 2.5, "palette": "grey", "label": {"deceptive": "Scheming"}, "dpi": 90}
    reports["simulate"].save_figure(path, **look)
    held = passport_in(path)
    assert held["figure"] == {**look, "width": 3.0}
    assert held["configuration"] == json.loads(json.dumps(reports["simulate"].passport()["configuration"]))
    assert regenerate(path, threads=1).outcome == "same"
    if ending in {"png", "tiff"}:
        with Image.open(path) as picture:
            assert picture.size == (270, 225)


def test_without_options_the_passport_holds_none(reports, tmp_path):
    reports["simulate"].save_figure(tmp_path / "a.svg")
    assert "figure" not in passport_in(tmp_path / "a.svg")


def test_a_style_file_is_honoured_and_kept_in_the_passport(reports, tmp_path):
    style, path = tmp_path / "my.mplstyle", tmp_path / "a.svg"
    style.write_text("font.family: serif\nfont.size: 10\naxes.linewidth: 2.5\nfigure.figsize: 1, 1\n")
    figure = reports["simulate"].figure(style=style)
    assert {axes.spines["left"].get_linewidth() for axes in figure.axes} == {2.5}
    title = figure.axes[0].title
    assert title.get_fontsize() == pytest.approx(9 * 10 / 8)
    assert title.get_fontfamily()[0] == mpl.rcParams["font.serif"][0]
    reports["simulate"].save_figure(path, style=style)
    style.unlink()
    assert regenerate(path, threads=1).outcome == "same"


def test_the_rcparams_in_force_are_used_on_request(reports):
    with mpl.rc_context({"axes.linewidth": 3.0}):
        wide = reports["simulate"].figure(style="user")
    plain = reports["simulate"].figure()
    assert [figure.axes[0].spines["left"].get_linewidth() for figure in (wide, plain)] == [3.0, 0.8]


def test_one_panel_stands_alone_with_its_words(reports):
    whole = reports["compare"].figure()
    assert list(figure_changes.panels(whole)) == ["shares", "flow"]
    figure = reports["compare"].figure(only="flow", label={"deceptive": "Scheming"}, width="85mm")
    assert [axes.get_label() for axes in figure.axes] == ["flow"]
    assert faults(figure) == ([], [])
    (axes,) = reports["simulate"].figure(only="finetuning").axes
    assert axes.get_xlabel()
    assert any(label.get_text() for label in axes.get_yticklabels())


def test_numbers_are_written_in_one_way(reports):
    change = figure_changes.written
    assert change("-0.5 to 1 in RSA-2048 and 1e-05, $x^{-1}$, [-2, -.5]", {}, set()) == (
        "−0.5 to 1 in RSA-2048 and 1e-05, $x^{-1}$, [−2, −.5]"
    )
    texts = [text.get_text() for text in reports["compare"].figure().findobj(Text)]
    assert not any(figure_changes.MINUS.search(text) for text in texts)


def test_a_map_ends_at_the_valid_range(reports):
    axes = reports["map"].figure().axes[0]
    assert axes.get_ylim()[0] == 0
    assert axes.get_xlim()[0] == 0


def test_every_colour_bar_is_labelled(reports):
    figure = reports["map"].figure()
    assert [axes.get_ylabel() for axes in figure.axes if axes.get_label() == "<colorbar>"] == ["difference"]


@pytest.mark.parametrize(
    ("look", "words"),
    [
        ({"width": "85"}, "width = '85' is not valid: it must be a length from 1in to 20in, such as 85mm or 3.3in"),
        ({"height": "2mm"}, "height = "),
        ({"width": True}, "width = True"),
        ({"palette": "blue"}, "colour, grey"),
        ({"dpi": 0}, "dpi = 0"),
        ({"dpi": 2400, "width": 20.0}, "fit"),
        ({"label": ["deceptive"]}, "deceptive=Scheming"),
        ({"label": {"decpetive": "x"}}, "does not stand in this figure"),
        ({"style": "no.mplstyle"}, "cannot be read"),
        ({"style": {"axes.linewidth": "thick"}}, "is not valid"),
        ({"only": "shapes"}, "it has shares, flow"),
    ],
)
def test_a_wrong_value_is_one_sentence(reports, look, words):
    with pytest.raises(InputError) as error:
        reports["compare"].figure(**look)
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def test_the_command_takes_the_options_and_refuses_them_without_a_figure(feint, tmp_path):
    path = tmp_path / "a.eps"
    call = ["simulate", "--runs", "5", "--set", "pretraining.steps=50", "--set", "finetuning.steps=50"]
    look = ["--width", "85mm", "--palette", "grey", "--label", "deceptive=Scheming", "--label", "proxy=Proxy"]
    assert feint(*call, "--figure", str(path), *look).code == 0
    held = passport_in(path)["figure"]
    assert held == {"width": round(NARROW, 6), "palette": "grey", "label": {"deceptive": "Scheming", "proxy": "Proxy"}}
    refused = feint(*call, *look)
    assert refused.code == 2
    assert "--width says how a figure looks" in refused.err


def test_a_look_in_a_passport_is_checked():
    with pytest.raises(InputError, match="in the passport"):
        Look.from_configuration({"colour": "red"})
