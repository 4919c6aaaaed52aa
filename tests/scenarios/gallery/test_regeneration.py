"""Regeneration: figures that other commands draw come out the same from their passports too, or say why they cannot."""

import json

import pytest

from feint.agents.errors import InputError
from feint.agents.mind import GROUPS
from feint.agents.model import Model
from feint.scenarios import experiments
from feint.scenarios.argument import crux_figures, worldview_figure
from feint.scenarios.argument import graph as argument
from feint.scenarios.argument import graph_figure as argument_figure
from feint.scenarios.argument.subset_lattice import lattice, premises_lattice
from feint.scenarios.argument.worldviews import worldviews
from feint.scenarios.claims import pretraining_vs_scratch as headline
from feint.scenarios.experiments import Asked
from feint.scenarios.gallery import regeneration
from feint.scenarios.gallery.originals import MAKERS, SWEPT
from feint.scenarios.xu_race import XuRace
from feint.sim.ensembles import charts
from feint.sim.ensembles.comparison import compare
from feint.sim.ensembles.ensemble import simulate
from feint.sim.results import figure_style as figures
from feint.sim.results.provenance import passport
from feint.sim.training.curriculum import pretrain_finetune
from feint.sim.training.parameter_point import Point
from feint.sim.training.replay import replay

SHORT = pretrain_finetune({"steps": 200}, {"steps": 300, "honeypots": 0.1, "carry": ("goal", "world")})
MODEL = Model(similarity=0.3)


def comparison(match="target", worth=None):
    found = compare(SHORT, model=MODEL, runs=30, seed=2, start="corrigible", match=match, confidence=0.9, worth=worth)
    return headline.figure(found), found.passport()


def ensemble():
    found = simulate(SHORT, model=MODEL, runs=30, seed=2, match="total-steps", objectives=3)
    return charts.ensemble_figure(found), found.passport()


def trajectory():
    found = replay(SHORT, model=MODEL, run=4, seed=2, every=7)
    return charts.trajectory_figure(found), found.passport()


def race():
    found = XuRace(carried=40).run()
    return found.figure(), found.passport()


def views():
    found = worldviews(["xu-2021"], claims=["headline"], runs=20)
    return worldview_figure.figure(found), found.passport()


def shares():
    whole = SHORT.replace({"finetuning": {"carry": tuple(GROUPS)}})
    found = lattice(Point(model=MODEL, curriculum=whole), runs=20, seed=2)
    return crux_figures.figure(found), found.passport()


def corners():
    found = lattice(Point(model=MODEL), runs=20, seed=2)
    return crux_figures.lattice_figure(found), found.passport()


def premises():
    found = premises_lattice(Point(model=MODEL), ["decoys", "speed prior"], runs=20)
    return crux_figures.figure(found), found.passport()


def graph():
    found = argument.graph()
    return argument_figure.figure(found), argument.passport_of(found)


def tried_graph():
    found = argument.tried_graph(Point(model=MODEL), runs=20, seed=1)
    return argument_figure.figure(found), argument.passport_of(found)


def transferred():
    found = experiments.run("transfer", Asked(settings={"sizes": [2, 3], "longest": 20_000}, runs=20, seed=1))
    return found.figure(), found.passport()


def scored():
    found = experiments.run("calibration", Asked(runs=20, seed=1))
    return found.figure(), found.passport()


def released():
    settings = {"actors": 300, "streams": 2, "years": 3, "tamper": 2.0, "similarity": 0.6}
    found = experiments.run("release", Asked(settings=settings, runs=4, seed=1))
    return found.figure(), found.passport()


DRAWN = [
    comparison,
    ensemble,
    trajectory,
    race,
    views,
    shares,
    corners,
    premises,
    graph,
    tried_graph,
    transferred,
    scored,
    released,
]


@pytest.mark.parametrize("drawn", DRAWN)
def test_a_figure_comes_out_the_same_from_its_passport(tmp_path, drawn):
    figure, told = drawn()
    assert told["kind"] in MAKERS
    path = tmp_path / "figure.svg"
    figures.save(figure, path, told)
    found = regeneration.regenerate(path, out=tmp_path / "again.svg", threads=1)
    assert (found.outcome, dict(found.changed)) == (regeneration.Outcome.SAME, {})
    assert (tmp_path / "again.svg").read_bytes() == path.read_bytes()


@pytest.mark.parametrize("match", ["capability", "steps", "total-steps", "data"])
def test_a_comparison_comes_out_the_same_however_it_was_matched(tmp_path, match):
    figure, told = comparison(match)
    figures.save(figure, tmp_path / "a.png", told)
    assert regeneration.regenerate(tmp_path / "a.png").outcome is regeneration.Outcome.SAME


def test_a_comparison_by_data_whose_worth_was_given_comes_out_the_same(tmp_path):
    figure, told = comparison("data", worth=77)
    figures.save(figure, tmp_path / "a.png", told)
    assert regeneration.regenerate(tmp_path / "a.png").outcome is regeneration.Outcome.SAME


def test_every_kind_that_can_be_drawn_again_is_tried_here():
    assert {drawn()[1]["kind"] for drawn in DRAWN} | {"figure"} == set(MAKERS)


def test_another_drawing_is_told_from_the_same(tmp_path):
    """Of what holds no digest of its data it is not said whose fault it is."""
    figure, told = comparison()
    figure.axes[0].set_title("another")
    told = {**told, "versions": {**told["versions"], "numpy": "1.0"}, "commit": None}
    figures.save(figure, tmp_path / "a.pdf", told)
    found = regeneration.regenerate(tmp_path / "a.pdf")
    assert found.outcome is regeneration.Outcome.DIFFERENT
    assert found.changed["numpy"][0] == "1.0"
    assert found.changed["commit"][0] == "none"


@pytest.mark.parametrize("kind", [*SWEPT, "sweep", "rare"])
def test_a_kind_that_cannot_be_drawn_again_is_refused(tmp_path, kind):
    figure, _ = race()
    figures.save(figure, tmp_path / "a.svg", passport(kind, {}))
    with pytest.raises(InputError, match=rf"kind = '{kind}' .* (run feint|known are)"):
        regeneration.regenerate(tmp_path / "a.svg")


@pytest.mark.parametrize(
    "configuration", [{}, {"model": 3}, {"figure": "headline", "size": {}}, [], None, {"figure": "head"}]
)
@pytest.mark.parametrize("kind", ["figure", "comparison", "worldviews"])
def test_a_passport_that_cannot_be_read_is_refused(tmp_path, kind, configuration):
    figure, _ = race()
    figures.save(figure, tmp_path / "a.svg", passport(kind, configuration))
    with pytest.raises(
        InputError, match=r"(passport that this version of Feint cannot read|is not known|is not valid)"
    ):
        regeneration.regenerate(tmp_path / "a.svg")


def test_a_passport_with_a_value_that_is_not_valid_is_refused(tmp_path):
    figure, told = comparison()
    told = json.loads(json.dumps(told))
    told["configuration"]["model"]["similarity"] = 2
    figures.save(figure, tmp_path / "a.svg", told)
    with pytest.raises(InputError, match="similarity = 2"):
        regeneration.regenerate(tmp_path / "a.svg")


@pytest.mark.parametrize(
    ("out", "reason"), [("a.gif", "no known format"), ("no/a.svg", "no folder"), ("a.csv", "data")]
)
def test_where_what_is_made_cannot_go_is_refused(tmp_path, out, reason):
    figure, told = race()
    figures.save(figure, tmp_path / "a.svg", told)
    with pytest.raises(InputError, match=reason):
        regeneration.regenerate(tmp_path / "a.svg", out=tmp_path / out)
