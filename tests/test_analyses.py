"""The commands that read a finished sweep: what they print and draw, and what they say of wrong input."""

import json
import re
import sys

import numpy as np
import pytest
from PIL import Image
from planted import SHORT, UNIT, of_table, study

from feint.sim.sweeps.sweep import sweep

TOLERANCE = {"train_tolerance": {"low": 0.2, "high": 1.5, "levels": 4}}
GATE = {"plasticity_gate": {"low": 0.2, "high": 20.0, "levels": 3}}
STUDIES = {
    "grid": study({**TOLERANCE, **GATE}, "grid", runs=20),
    "saltelli": study({**TOLERANCE, "goal_cost": UNIT}, "saltelli", samples=16, runs=20),
    "by_group": study({**TOLERANCE, "decoys": UNIT}, "saltelli", samples=16, runs=20, by_group=True),
    "morris": study({**TOLERANCE, "goal_cost": UNIT}, "morris", samples=4, runs=20),
    "sobol": study({**TOLERANCE, **GATE}, "sobol", samples=64, runs=20),
    "one-at-a-time": study({**TOLERANCE, "similarity": "prior"}, "one-at-a-time", runs=20),
    "alone": study(TOLERANCE, "grid", runs=20, arms=("from_scratch",)),
}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Small sweeps of every design, a few hundred runs of short stages each."""
    root = tmp_path_factory.mktemp("sweeps")
    return {name: sweep(each, root / name).folder for name, each in STUDIES.items()}


UNCONVERGED = ("--of", "from_scratch", "--outcome", "unconverged")


@pytest.mark.parametrize("name", ["saltelli", "by_group", "morris"])
def test_sensitivity_prints_indices(feint, folders, name):
    said = feint("sensitivity", folders[name], *UNCONVERGED)
    assert (said.code, said.err) == (0, "")
    document = feint("sensitivity", folders[name], *UNCONVERGED, "--json").document
    assert (document["of"], document["outcome"]) == ("from_scratch", "unconverged")
    assert document["method"] == ("Morris" if name == "morris" else "Sobol")
    assert document["by"] == ("argument" if name == "by_group" else "parameter")
    names = {"reading", "pointers"} if name == "by_group" else {*STUDIES[name].vary}
    assert {index["name"] for index in document["indices"]} == names
    assert document["indices"][0]["name"] in {"train_tolerance", "reading"}
    assert all(each in said.out for each in names)
    measure = "effect" if name == "morris" else "total"
    shown = document["indices"][0][measure]
    assert f"{shown['estimate']:.3f} [{shown['low']:.3f}, {shown['high']:.3f}]" in said.out
    assert document["passport"]["configuration"]["sweep"]["configuration"]["vary"].keys() == STUDIES[name].vary.keys()


def test_regions_are_sentences(feint, folders):
    said = feint("regions", folders["sobol"], *UNCONVERGED)
    document = feint("regions", folders["sobol"], *UNCONVERGED, "--json").document
    told = [line for line in said.out.splitlines() if line.endswith("% of the points")]
    assert len(told) == len(document["regions"]) >= 2
    for line, region in zip(told, document["regions"], strict=True):
        assert line.startswith(f"{region['where']}: no convergence ")
    assert sum(region["points"] for region in document["regions"]) == document["held_out"] == 32
    assert "train_tolerance below" in told[0]


def test_share_prints_what_holds_what_is_reversed_and_what_is_open(feint, folders):
    said = feint("share", folders["sobol"], "--outcome", "unconverged", "--least", 0.3)
    assert (said.code, said.err) == (0, "")
    document = feint("share", folders["sobol"], "--outcome", "unconverged", "--least", 0.3, "--json").document
    assert sum(document[kind]["points"] for kind in ("holds", "reversed", "neither")) == document["points"] == 64
    assert document["least"] == 0.3
    assert "holds: +0.3 or more; reversed: -0.3 or less\n" in said.out
    assert re.search(rf"holds +{document['holds']['points']}\b", said.out)
    assert "shares of the ranges varied, 64 points" in said.out


def test_map_prints_a_table_a_layer(feint, folders):
    asked = ("map", folders["grid"], "--x", "train_tolerance", "--y", "plasticity_gate")
    said = feint(*asked)
    assert (said.code, said.err) == (0, "")
    assert said.out.count("plasticity_gate down, train_tolerance across\n") == 3
    assert re.search(r"\bU [01]\.\d\d\b", said.out)
    assert "first letter of the outcome (unconverged, " in said.out
    document = feint(*asked, "--json").document
    assert document["axes"] == ["train_tolerance", "plasticity_gate"]
    assert len(document["cells"]) == 3 * 12
    assert {cell["layer"] for cell in document["cells"]} == {"from_scratch", "pretrain_finetune", "difference"}
    one = feint(*asked, *UNCONVERGED, "--json").document
    assert {(cell["layer"], cell["outcome"]) for cell in one["cells"]} == {("from_scratch", "unconverged")}


def test_map_without_y_prints_profiles(feint, folders):
    held = feint("map", folders["grid"], "--x", "train_tolerance", "--at", "plasticity_gate=2", "--json").document
    assert held["axes"] == ["train_tolerance"]
    assert held["held"] == pytest.approx({"plasticity_gate": 2.0})
    assert len(held["cells"]) == 3 * 4
    assert {cell["method"] for cell in held["cells"]} <= {"Wilson score", "Clopper–Pearson", "Tango score, paired"}
    lines = feint("map", folders["grid"], "--x", "train_tolerance").out.splitlines()
    heads = [line for line in lines if line.startswith("train_tolerance  plasticity_gate  deception,")]
    assert len(heads) == 2  # as many layers as fit stand beside each other
    assert len([line for line in lines if re.match(r"\d", line)]) == 2 * 12
    every = feint("map", folders["one-at-a-time"], "--json").document
    assert every["axes"] == ["train_tolerance", "similarity"]


@pytest.mark.parametrize(
    ("command", "name", "words"),
    [
        ("sensitivity", "saltelli", UNCONVERGED),
        ("map", "grid", ("--x", "train_tolerance", "--y", "plasticity_gate")),
        ("map", "grid", ("--x", "train_tolerance")),
        ("map", "one-at-a-time", ()),
        ("regions", "sobol", UNCONVERGED),
        ("share", "sobol", ()),
    ],
)
@pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
def test_figures_carry_the_sweep_and_what_was_asked(feint, folders, tmp_path, command, name, words, ending):
    path = tmp_path / f"figure.{ending}"
    assert feint(command, folders[name], *words, "--figure", path).code == 0
    if ending == "png":
        with Image.open(path) as image:
            told = json.loads(image.info["Description"])
        assert told["kind"] == command
        assert set(told["configuration"]) == {"request", "sweep"}
        assert told["configuration"]["sweep"]["configuration"].get("design", "grid") == STUDIES[name].design
    else:
        assert path.stat().st_size > 1000


def test_the_same_command_draws_the_same_bytes(feint, folders, tmp_path):
    asked = ("map", folders["grid"], "--x", "train_tolerance", "--y", "plasticity_gate")
    for name in ("a.svg", "b.svg"):
        feint(*asked, "--figure", tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


@pytest.mark.parametrize(
    ("command", "name", "words", "sentence"),
    [
        (
            "sensitivity",
            "grid",
            (),
            "design = 'grid' has no sensitivity indices: Sobol indices need",
        ),
        ("sensitivity", "saltelli", ("--of", "pretrain"), "quantity 'pretrain' is not known: did you mean"),
        (
            "sensitivity",
            "saltelli",
            ("--outcome", "decptive"),
            "outcome 'decptive' is not known: did you mean",
        ),
        (
            "sensitivity",
            "saltelli",
            ("--confidence", "1"),
            "confidence = 1.0 is not valid: it must be a number",
        ),
        ("sensitivity", "saltelli", ("--figure", "a.gif"), "figure = 'a.gif' has no known format"),
        ("sensitivity", "saltelli", (), "deception, pre-training + fine-tuning minus from scratch is 0 at every point"),
        ("regions", "saltelli", (), "design = 'saltelli' has no points that represent the space"),
        ("regions", "alone", (), "4 points are too few"),
        ("share", "grid", (), "design = 'grid' is no sample of points"),
        ("share", "sobol", ("--least", "0"), "least = 0.0 is not valid: it must be a number above 0."),
        ("share", "alone", (), "a difference needs both arms, and this sweep has from_scratch alone"),
        ("map", "sobol", ("--x", "train_tolerance", "--y", "plasticity_gate"), "design = 'sobol' is no grid over"),
        ("map", "grid", ("--y", "plasticity_gate"), "x is missing: name the parameter that goes across"),
        ("map", "grid", (), "x is missing: name one of train_tolerance, plasticity_gate."),
        ("map", "grid", ("--x", "train_tolerance", "--y", "similarity"), "varied parameter 'similarity' is not known"),
        (
            "map",
            "grid",
            ("--x", "train_tolerance", "--at", "plasticity_gate"),
            "at = 'plasticity_gate' is not a setting",
        ),
        (
            "map",
            "grid",
            ("--x", "train_tolerance", "--at", "plasticity_gate=2", "--at", "plasticity_gate=20"),
            "at = 'plasticity_gate=20' names plasticity_gate a second time, after 2: give it once.",
        ),
        ("map", "grid", ("--x", "train_tolerance", "--at", "plasticity_gate=3"), "plasticity_gate = 3 is not a level"),
    ],
)
def test_wrong_input_is_one_sentence_and_exit_code_2(feint, folders, command, name, words, sentence):
    assert feint(command, folders[name], *words).refusal.startswith(sentence)


@pytest.mark.parametrize("command", ["sensitivity", "regions", "share", "map"])
def test_a_folder_that_is_no_sweep_is_refused(feint, tmp_path, command):
    assert "is not a sweep's folder" in feint(command, tmp_path).refusal


@pytest.mark.parametrize(
    ("command", "name", "library"), [("sensitivity", "saltelli", "SALib"), ("regions", "sobol", "sklearn")]
)
def test_a_missing_library_is_named_with_what_brings_it(feint, folders, monkeypatch, command, name, library):
    for module in [*sys.modules, "SALib", "sklearn"]:
        if module.partition(".")[0] in {"SALib", "sklearn"}:
            monkeypatch.setitem(sys.modules, module, None)
    refusal = feint(command, folders[name], *UNCONVERGED).refusal
    assert f"needs {library}, which is not installed: .venv/bin/pip install -e '.[analysis]' in a clone, " in refusal
    assert refusal.endswith("pip install 'feint[analysis]' elsewhere.")


@pytest.mark.parametrize(
    ("command", "name", "words"),
    [
        ("sensitivity", "saltelli", UNCONVERGED),
        ("sensitivity", "morris", UNCONVERGED),
        ("sensitivity", "by_group", UNCONVERGED),
        ("share", "sobol", ()),
        ("map", "grid", ("--x", "train_tolerance", "--y", "plasticity_gate")),
        ("map", "grid", ("--x", "train_tolerance")),
        ("map", "one-at-a-time", ()),
    ],
)
def test_what_is_printed_fits_80_columns(feint, folders, command, name, words):
    assert max(map(len, feint(command, folders[name], *words).out.splitlines())) <= 80


def test_stages_of_these_tests_are_short():
    assert sum(stage.steps for stage in SHORT) < 200


@pytest.fixture(scope="module")
def of_draws(tmp_path_factory):
    """A small sweep over a table of weighted draws."""
    root, rng = tmp_path_factory.mktemp("draws"), np.random.default_rng(0)
    draws = {"train_tolerance": rng.uniform(0.2, 1.5, 80), "goal_cost": rng.random(80)}
    return sweep(of_table(root, draws, rng.uniform(0.5, 1.5, 80), runs=20), root / "swept").folder


def test_a_sweep_over_a_table_is_analysed_by_weight(feint, of_draws):
    share = feint("share", of_draws, "--outcome", "unconverged", "--json").document
    assert share["of_what"] == "the table"
    assert 60 < share["effective"] < share["points"] == 80
    assert sum(share[kind]["sampling"]["estimate"] for kind in ("holds", "reversed", "neither")) == pytest.approx(1)
    said = feint("regions", of_draws, *UNCONVERGED).out
    assert "by weight (effective sample size " in said
    assert "train_tolerance below" in said


@pytest.mark.parametrize("method", ["delta", "pawn"])
def test_sensitivity_from_given_data_prints_and_draws_its_indices(feint, of_draws, folders, tmp_path, method):
    path = tmp_path / "figure.png"
    for folder in (of_draws, folders["sobol"]):
        asked = ("sensitivity", folder, *UNCONVERGED, "--method", method)
        document = feint(*asked, "--json").document
        assert (document["method"], document["indices"][0]["name"]) == (method, "train_tolerance")
        index = document["indices"][0][method]
        shown = f"{index['estimate']:.3f} [{index['low']:.3f}, {index['high']:.3f}]"
        assert shown in feint(*asked, "--figure", path, "--force").out
        assert path.stat().st_size > 1000
    assert feint("sensitivity", of_draws, "--method", "sobol").refusal.startswith("method 'sobol' is not known: ")
