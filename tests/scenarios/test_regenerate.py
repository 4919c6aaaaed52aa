"""Regeneration: figures that other commands draw come out the same from their passports too, or say why they cannot."""

import json
from pathlib import Path

import pytest

from feint.agents.errors import InputError
from feint.agents.mind import GROUPS
from feint.agents.model import Model
from feint.scenarios.regenerate import OF_NETWORKS, SWEPT, regenerate
from feint.scenarios.requests import KINDS, loaded
from feint.scenarios.xu_race import XuRaceRequest
from feint.sim.ensembles.comparison import CompareRequest
from feint.sim.results import figure_style as figures
from feint.sim.results.provenance import passport, passport_in
from feint.sim.training.curriculum import pretrain_finetune
from feint.sim.training.parameter_point import Point

SHORT = pretrain_finetune({"steps": 200}, {"steps": 300, "honeypots": 0.1, "carry": ("goal", "world")})
WHOLE = SHORT.replace({"finetuning": {"carry": tuple(GROUPS)}})
MODEL = Model(similarity=0.3)
FIGURES = Path(__file__).parents[2] / "docs" / "figures"
MARKET = {"actors": 300, "streams": 2, "years": 3, "tamper": 2.0, "similarity": 0.6}


def comparison(match="target", worth=None):
    point = Point(model=MODEL, curriculum=SHORT, start="corrigible", match=match)
    report = CompareRequest(point=point, runs=30, seed=2, worth=worth).run()
    return report.figure(), report.passport()


def race():
    report = XuRaceRequest(settings={"carried": 40}).run()
    return report.figure(), report.passport()


@pytest.mark.parametrize("match", ["ceiling", "steps", "total-steps", "data"])
def test_a_comparison_comes_out_the_same_however_it_was_matched(tmp_path, match):
    figure, told = comparison(match)
    figures.save(figure, tmp_path / "a.png", told)
    assert regenerate(tmp_path / "a.png").outcome == "same"


def test_a_comparison_by_data_whose_worth_was_given_comes_out_the_same(tmp_path):
    figure, told = comparison("data", worth=77)
    figures.save(figure, tmp_path / "a.png", told)
    assert regenerate(tmp_path / "a.png").outcome == "same"


def committed():
    """Figures and data in the manual that carry a passport."""
    for path in sorted(path for ending in ("png", "svg", "csv") for path in FIGURES.rglob(f"*.{ending}")):
        try:
            yield pytest.param(passport_in(path), id=str(path.relative_to(FIGURES)))
        except InputError:
            continue


@pytest.mark.parametrize("told", list(committed()))
def test_a_committed_passport_can_be_read(told):
    """Also one of version 1, which holds all parameters, and lacks those that were added since."""
    if told["kind"] in KINDS:
        request = loaded(KINDS[told["kind"]]).from_configuration(told["configuration"])
        assert getattr(request, "seed", 0) == told["configuration"].get("seed", 0)
    else:
        assert told["kind"] in {*SWEPT, *OF_NETWORKS}


def test_another_drawing_is_told_from_the_same(tmp_path):
    """Without a digest of its data the file does not say whether the numbers differ."""
    figure, told = comparison()
    figure.axes[0].set_title("another")
    told = {**told, "versions": {**told["versions"], "numpy": "1.0"}, "commit": None}
    figures.save(figure, tmp_path / "a.pdf", told)
    found = regenerate(tmp_path / "a.pdf")
    assert found.outcome == "different"
    assert found.changed["numpy"].then == "1.0"
    assert found.changed["commit"].then == "none"


@pytest.mark.parametrize("kind", [*SWEPT, *OF_NETWORKS, "export"])
def test_a_kind_that_cannot_be_drawn_again_is_refused(tmp_path, kind):
    figure, _ = race()
    figures.save(figure, tmp_path / "a.svg", passport(kind, {}))
    with pytest.raises(InputError, match=rf"kind = '{kind}' .* (run feint|known are)"):
        regenerate(tmp_path / "a.svg")


@pytest.mark.parametrize(
    "configuration", [{"seeds": 1}, {"model": 3}, {"figure": "headline", "size": {}}, [], None, {"figure": "head"}]
)
@pytest.mark.parametrize("kind", ["figure", "comparison", "worldviews"])
def test_a_passport_that_cannot_be_read_is_refused(tmp_path, kind, configuration):
    figure, _ = race()
    figures.save(figure, tmp_path / "a.svg", passport(kind, configuration))
    with pytest.raises(
        InputError, match=r"(passport that this version of Feint cannot read|is not known|is not valid)"
    ):
        regenerate(tmp_path / "a.svg")


def test_a_passport_with_a_value_that_is_not_valid_is_refused(tmp_path):
    figure, told = comparison()
    told = json.loads(json.dumps(told))
    told["configuration"]["point"]["model"]["similarity"] = 2
    figures.save(figure, tmp_path / "a.svg", told)
    with pytest.raises(InputError, match="similarity = 2"):
        regenerate(tmp_path / "a.svg")


@pytest.mark.parametrize(
    ("out", "reason"), [("a.gif", "no known format"), ("no/a.svg", "no folder"), ("a.csv", "data")]
)
def test_where_what_is_made_cannot_go_is_refused(tmp_path, out, reason):
    figure, told = race()
    figures.save(figure, tmp_path / "a.svg", told)
    with pytest.raises(InputError, match=reason):
        regenerate(tmp_path / "a.svg", out=tmp_path / out)
