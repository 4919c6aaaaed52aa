"""Maps and profiles: slices of a grid, the figures drawn of them, and what is no grid."""

import numpy as np
import pytest
from planted import THREE, UNIT, drawn, study

from feint.agents.errors import InputError
from feint.agents.outcome import LABELS
from feint.sim.analysis import phase_diagrams as maps
from feint.sim.analysis.phase_diagrams import phase_diagram
from feint.sim.analysis.response_profiles import Scale, grid_slice, is_log, levels, response_profile
from feint.sim.analysis.response_surface import Layer, counted, evaluated, layers_of, response
from feint.sim.sweeps.sweep import sweep

VARY = {
    "similarity": {"low": 0.0, "high": 0.9, "levels": 3},
    "plasticity_gate": {"low": 0.2, "high": 20.0, "levels": 5},
    "train_tolerance": [0.2, 1.5],
}
AXES = ("similarity", "plasticity_gate")


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    return sweep(study(VARY, "grid", runs=20), tmp_path_factory.mktemp("map") / "out")


def slope(points):
    """Zero where similarity is a half; rises with the logarithm of the gate's plasticity."""
    return points["similarity"] - 0.5 + 0.1 * np.log10(points["plasticity_gate"] / 2)


def layer(function=slope, vary=VARY, design="grid", **facts):
    return Layer(responses=(evaluated(study(vary, design, **facts), function),))


def test_a_slice_has_the_values_of_its_points():
    plane = phase_diagram([layer()], AXES, {"train_tolerance": 1.5})
    values = plane.values(plane.layers[0], None)
    x, y = np.meshgrid([0, 0.45, 0.9], [0.2, 0.2 * 10**0.5, 2, 2 * 10**0.5, 20])
    assert values == pytest.approx(x - 0.5 + 0.1 * np.log10(y / 2))
    assert plane.other is None
    turned = phase_diagram([layer()], AXES[::-1], {"train_tolerance": 0.2})
    assert turned.values(plane.layers[0], None) == pytest.approx(values.T)


def test_one_more_parameter_is_shown_as_panels():
    plane = phase_diagram([layer(lambda p: p["train_tolerance"])], AXES)
    assert plane.other is not None
    assert plane.panel_levels == [0.2, 1.5]
    for level in plane.panel_levels:
        assert (plane.values(plane.layers[0], level) == level).all()


def test_of_several_outcomes_the_most_frequent_is_shown(found):
    scratch, both, difference = layers_of(found)
    assert (scratch.is_phase, both.is_phase, difference.is_phase) == (True, True, False)
    table = scratch.frame()
    every = {name: response(found, "from_scratch", name).value for name in LABELS}
    for i, row in enumerate(table.to_dict("records")):
        assert row["estimate"] == max(values[i] for values in every.values()) == every[row["outcome"]][i]
        assert row["low"] < row["estimate"] <= row["high"]
    assert len(set(table["outcome"])) > 1


def test_an_outcome_asked_for_is_shown_as_a_frequency(found):
    (one,) = layers_of(found, "pretrain_finetune", "internal")
    assert not one.is_phase
    assert one.frame()["estimate"].tolist() == response(found, "pretrain_finetune", "internal").value.tolist()
    assert [each.name for each in layers_of(found, outcome="internal")] == [*found.study.arms, "difference"]


@pytest.mark.parametrize("asked", [{}, {"outcome": "internal"}, {"of": "difference"}, {"of": "from_scratch"}])
@pytest.mark.parametrize("held", [{}, {"train_tolerance": 1.5}])
def test_every_kind_of_map_is_drawn(found, asked, held):
    layers = layers_of(found, **asked)
    drawn_map = phase_diagram(layers, AXES, held).figure()
    panels = [axes for axes in drawn_map.axes if axes.get_ylabel() == "plasticity_gate"]
    assert len(panels) == len(layers)
    assert {axes.get_yscale() for axes in panels} == {"log"}
    assert {axes.get_xscale() for axes in panels} == {"linear"}
    width = drawn_map.get_size_inches()[0]
    assert width == pytest.approx(85 / 25.4 if held else 6.9)


def test_a_difference_has_a_line_at_0_and_signs_where_it_is_beyond_luck():
    design = study({name: VARY[name] for name in AXES}, "grid", runs=400)
    gained = drawn(design, lambda p: 0.3 + slope(p) / 2, of="difference")
    assert gained.gained is not None
    assert gained.runs is not None
    lost = np.round(0.3 * gained.runs).astype(int)
    given = counted(design, gained.points, gained.gained, lost, runs=gained.runs)
    axes = phase_diagram([Layer(responses=(given,))], AXES).figure().axes[0]
    written = {text.get_text() for text in axes.texts}
    assert written - {""} == {"+", "−"}
    (contour,) = [each for each in axes.collections if type(each).__name__ == "QuadContourSet"]
    path = np.concatenate([each.vertices for each in contour.get_paths()])
    assert path[:, 0] == pytest.approx(0.5, abs=0.3)


def test_areas_of_one_outcome_have_one_letter_each():
    codes = np.array([[1, 1, 3], [1, 1, 3], [3, 1, 1]])
    assert sorted(code for code, _, _ in maps._areas(codes)) == [1, 3, 3]
    inside = {(column, row) for code, column, row in maps._areas(codes) if code == 3}
    assert all(codes[row, column] == 3 for column, row in inside)


def test_scales_follow_the_declaration_and_names_stand_side_by_side():
    vary = {"plasticity_gate": [20.0, 0.2, 2.0], "start": ["fresh", "internal"], "speed_cost": [0.0, 0.1]}
    gate, start, cost = study(vary, "grid").factors
    assert levels(gate) == [0.2, 2.0, 20.0]
    assert is_log(gate)
    assert Scale(gate).edges == pytest.approx([0.2 / 10**0.5, 0.2 * 10**0.5, 2 * 10**0.5, 20 * 10**0.5])
    assert Scale(start).names == ("fresh", "internal")
    assert not is_log(cost)  # declared so, but 0 has no logarithm
    assert Scale(cost).edges == pytest.approx([0.0, 0.05, 0.15])  # no value below 0 is valid


def test_a_profile_of_a_grid_has_a_line_a_level(found):
    layers = layers_of(found, outcome="internal")
    one = response_profile(layers, "similarity", {"plasticity_gate": 2})
    assert one.other is not None
    assert one.other.name == "train_tolerance"
    rows = one.table[(one.table["layer"] == "from_scratch") & (one.table["line"] == "1.5")]
    assert rows["value"].tolist() == [0.0, 0.45, 0.9]
    assert (rows["low"] <= rows["estimate"]).all()
    three = one.figure()
    assert [len(axes.containers) for axes in three.axes] == [2, 2, 2]
    scratch, pretrained, _ = three.axes
    assert scratch.get_ylim() == pretrained.get_ylim()  # arms are compared by eye
    places = [bars[0].get_xdata() for bars in scratch.containers]
    assert (abs(places[0] - places[1]) > 0.01).all()  # the intervals of the lines do not hide each other
    both_held = response_profile(layers, "similarity", {"plasticity_gate": 2, "train_tolerance": 1.5})
    assert [len(axes.containers) for axes in both_held.figure().axes] == [2, 1]


def test_a_profile_of_parameters_one_at_a_time_has_each_alone():
    vary = {"similarity": UNIT, "decoys": {"low": 0.0, "high": 2.0}, "gate_form": ["product", "minimum"]}
    given = layer(lambda p: p["similarity"] + p["decoys"], vary, "one-at-a-time")
    every = response_profile([given])
    values = {name: part["value"].tolist() for name, part in every.table.groupby("parameter")}
    assert values == {"similarity": [0.0, 0.5, 1.0], "decoys": [0.0, 2.0], "gate_form": ["product", "minimum"]}
    assert every.table.query("parameter == 'similarity'")["estimate"].tolist() == [2.0, 2.5, 3.0]
    assert len([axes for axes in every.figure().axes if axes.get_visible()]) == 3
    assert set(response_profile([given], "decoys").table["parameter"]) == {"decoys"}


@pytest.mark.parametrize("design", ["sobol", "saltelli", "one-at-a-time", "lhs"])
def test_what_is_no_grid_has_no_map(design):
    facts = {} if design == "one-at-a-time" else {"samples": 8}
    with pytest.raises(InputError) as caught:
        grid_slice([layer(lambda p: p["similarity"], THREE, design, **facts)], ("similarity", "goal_cost"))
    assert str(caught.value) == (
        f"design = {design!r} is no grid over similarity and goal_cost: vary them by design = 'grid'."
    )


@pytest.mark.parametrize(
    ("axes", "at", "sentence"),
    [
        (("similarty", "plasticity_gate"), {}, "varied parameter 'similarty' is not known: did you mean 'similarity'?"),
        (("similarity", "decoys"), {}, "varied parameter 'decoys' is not known: known are similarity"),
        (("similarity", "similarity"), {}, "similarity is named twice: name each parameter once."),
        (AXES, {"similarity": 0.0}, "similarity is named twice"),
        (AXES, {"train_tolerance": 0.3}, "train_tolerance = 0.3 is not a level of the grid: it has 0.2, 1.5."),
        (("similarity",), {}, "plasticity_gate, train_tolerance vary too, and one at most can be shown as panels"),
    ],
)
def test_what_a_grid_has_not_is_refused(axes, at, sentence):
    with pytest.raises(InputError) as caught:
        grid_slice([layer()], axes, at)
    assert str(caught.value).startswith(sentence)


def test_too_many_panels_and_too_few_levels_are_refused():
    many = {**VARY, "train_tolerance": {"low": 0.1, "high": 0.2, "levels": 7}}
    with pytest.raises(InputError, match=r"^train_tolerance varies too and has 7 levels, more than 6 panels"):
        grid_slice([layer(vary=many)], AXES)
    with pytest.raises(InputError, match=r"^similarity has one level in this study"):
        grid_slice([layer(vary={**VARY, "similarity": [0.5]})], AXES)


@pytest.mark.parametrize(
    ("design", "asked", "sentence"),
    [
        ("sobol", ("similarity",), "design = 'sobol' has no lines of points: a profile needs design = 'grid' or"),
        ("grid", (), "x is missing: name one of similarity, shielding, goal_cost."),
        ("one-at-a-time", ("decoy",), "varied parameter 'decoy' is not known"),
        ("one-at-a-time", (None, {"similarity": 1}), "at is not allowed where parameters vary one at a time"),
    ],
)
def test_a_profile_that_cannot_be_is_refused(design, asked, sentence):
    facts = {"samples": 8} if design == "sobol" else {}
    with pytest.raises(InputError) as caught:
        response_profile([layer(lambda p: p["similarity"], THREE, design, **facts)], *asked)
    assert str(caught.value).startswith(sentence)
