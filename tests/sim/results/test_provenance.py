"""Passports: what a result and a figure carry so that they can be made again."""

import json
import subprocess
import xml.etree.ElementTree as ET

import pytest
from PIL import Image
from pypdf import PdfReader

from feint.agents import VERSION
from feint.agents.errors import InputError
from feint.agents.kernels import compiling
from feint.agents.kernels.compiling import made_for
from feint.agents.model import Model
from feint.sim.ensembles.comparison import compare
from feint.sim.ensembles.ensemble import SimulateRequest, simulate
from feint.sim.results import figure_style as figures
from feint.sim.results.provenance import commit, difference_text, passport
from feint.sim.results.provenance import passport_line as text
from feint.sim.training.curriculum import pretrain_finetune
from feint.sim.training.replay import replay

SHORT = pretrain_finetune({"steps": 400}, {"steps": 400})


def of_svg(path):
    return next(node.text for node in ET.parse(path).iter() if node.tag.endswith("}description"))


def of_png(path):
    with Image.open(path) as image:
        return image.info["Description"]


def of_pdf(path):
    metadata = PdfReader(path).metadata
    return metadata.subject if metadata else ""


@pytest.mark.parametrize(("ending", "read"), [("svg", of_svg), ("png", of_png), ("pdf", of_pdf)])
def test_a_figure_carries_its_passport_in_its_metadata(tmp_path, ending, read):
    found = compare(SHORT, runs=60, seed=1)
    path = tmp_path / f"figure.{ending}"
    figures.save(found.figure(), path, found.passport())
    assert json.loads(read(path)) == json.loads(text(found.passport()))


@pytest.mark.parametrize("ending", figures.FORMATS)
def test_the_same_result_gives_the_same_file(tmp_path, ending):
    files = []
    for name in ("one", "two"):
        found = compare(SHORT, runs=60, seed=1)
        path = tmp_path / f"{name}.{ending}"
        figures.save(found.figure(), path, found.passport())
        files.append(path.read_bytes())
    assert files[0] == files[1]


def test_one_figure_gives_the_same_file_each_time_whatever_was_saved_in_between(tmp_path):
    found = compare(SHORT, runs=60, seed=1)
    figure, saved = found.figure(), {ending: set() for ending in figures.FORMATS}
    for ending in [*figures.FORMATS] * 2:
        figures.save(figure, tmp_path / f"a.{ending}", found.passport())
        saved[ending].add((tmp_path / f"a.{ending}").read_bytes())
    figures.save(found.figure(), tmp_path / "b.svg", found.passport())
    assert {ending: len(contents) for ending, contents in saved.items()} == dict.fromkeys(figures.FORMATS, 1)
    assert (tmp_path / "b.svg").read_bytes() in saved["svg"]


def test_a_passport_is_enough_to_make_an_ensemble_again():
    first = simulate(SHORT, model=Model(similarity=0.2), runs=15, seed=9, start="corrigible", match="steps")
    configuration = json.loads(text(first.passport()))["configuration"]
    again = SimulateRequest.from_configuration(configuration).simulate()
    assert (again.outcome == first.outcome).all()
    assert (again["capability"] == first["capability"]).all()


def test_a_passport_says_what_computed_the_result():
    held = simulate(SHORT, runs=2).passport()
    assert held["versions"]["feint"] == VERSION
    assert set(held["versions"]) == {"feint", "python", "numpy", "numba"}
    assert held["commit"] == commit()
    assert held["kind"] == "ensemble"
    assert held["platform"]["processor"] == made_for()["processor"]


def test_the_commit_is_that_of_the_own_tree_whatever_git_is_told(tmp_path, monkeypatch):
    other = tmp_path / "other"
    subprocess.run(["git", "init", "-q", str(other)], check=True)
    own = commit.__wrapped__()
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    assert commit.__wrapped__() == own
    assert own is None or len(own.rstrip("+")) == 40


def test_all_that_bits_depend_on_is_in_the_passport_and_in_the_key_of_kernels(monkeypatch):
    before = compiling.settings()
    monkeypatch.setattr(compiling.config, "BOUNDSCHECK", 1)
    assert compiling.settings() != before
    monkeypatch.setenv("NUMBA_BOUNDSCHECK", "1")
    monkeypatch.setenv("NPY_DISABLE_CPU_FEATURES", "X86_V4")
    monkeypatch.setenv("NUMBA_NUM_THREADS", "2")  # on which nothing depends
    held = passport("ensemble", {})["platform"]
    assert {*held} == {"machine", "system", "processor", "NUMBA_BOUNDSCHECK", "NPY_DISABLE_CPU_FEATURES"}


@pytest.mark.parametrize("path", ["figure.gif", "figure", "no/such/folder/figure.svg"])
def test_a_figure_that_cannot_be_written_is_refused_before_it_is_drawn(tmp_path, path):
    with pytest.raises(InputError, match="figure"):
        figures.check_figure_path(tmp_path / path)


def test_every_chart_can_be_drawn(tmp_path):
    ensemble, trajectory = simulate(SHORT, runs=30), replay(SHORT, run=2, every=10)
    for drawn, made in (
        (ensemble.figure(), ensemble),
        (trajectory.figure(), trajectory),
    ):
        figures.save(drawn, tmp_path / "chart.png", made.passport())
        assert json.loads(of_png(tmp_path / "chart.png"))["kind"] == made.passport()["kind"]


def test_labels_of_a_flow_keep_apart():
    """Nearly empty blocks one below the other still have legible labels."""
    found = compare(SHORT, runs=60, seed=1)
    drawn = found.figure()
    drawn.canvas.draw()
    boxes = [label.get_window_extent() for label in drawn.axes[1].texts]
    for i, one in enumerate(boxes):
        assert not any(one.overlaps(other) for other in boxes[i + 1 :])


def test_differences_name_stages_and_numbers_of_entries():
    held = {"seed": 1, "stages": [{"name": "base", "steps": 2}], "levels": [1, 2]}
    wanted = {"seed": 1, "stages": [{"name": "base", "steps": 3}], "levels": [1, 3]}
    assert difference_text(held, wanted) == "stages.base.steps is 2 there and 3 here; levels[1] is 2 there and 3 here"
    assert difference_text(held, held) == ""
