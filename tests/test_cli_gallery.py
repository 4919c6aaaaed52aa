"""`feint figures` and `feint regenerate`, as a person meets them."""

import json
import sys

import pytest

from feint.scenarios.gallery.gallery import PICTURES
from feint.sim.results.provenance import passport_in

SHORT = ("--runs", 20, "--set", "pretraining.steps=100", "--set", "finetuning.steps=200")


@pytest.fixture
def drawn(feint, tmp_path):
    """A folder with one figure."""
    said = feint("figures", "headline", *SHORT, "--out", tmp_path / "new", "--format", "png", "--format", "svg")
    assert (said.code, said.err) == (0, "")
    assert said.out == f"{tmp_path}/new/headline.csv computed, drawn as headline.png, headline.svg\n"
    return tmp_path / "new"


def test_figures_go_to_a_folder_beside_their_data(feint, drawn):
    assert {path.name for path in drawn.iterdir()} == {"headline.csv", "headline.png", "headline.svg"}
    again = feint("figures", "headline", *SHORT, "--out", drawn, "--format", "pdf")
    assert again.out == f"{drawn}/headline.csv found, drawn as headline.pdf\n"
    assert passport_in(drawn / "headline.pdf")["configuration"]["point"]["stages"][0]["steps"] == 100


def test_data_of_another_configuration_are_refused(feint, drawn):
    said = feint("figures", "headline", *SHORT, "--out", drawn, "--set", "similarity=0.25")
    assert said.refusal == (
        f"file = '{drawn}/headline.csv' was computed under another configuration: model.similarity is 0.5 there "
        "and 0.25 here; request that one, name another folder, or compute it again with --again."
    )
    assert feint("figures", "headline", *SHORT, "--out", drawn, "--set", "similarity=0.25", "--again").code == 0


def test_the_figures_are_listed(feint, tmp_path):
    said = feint("figures", "--list", "--out", tmp_path / "none")
    assert [line.split()[0] for line in said.out.splitlines()] == list(PICTURES)
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("name", ["headline.csv", "headline.svg", "headline.png"])
def test_a_figure_is_made_again(feint, drawn, name):
    said = feint("regenerate", drawn / name, "--threads", 1)
    assert (said.code, said.err, " ".join(said.out.split())) == (0, "", f"{drawn}/{name}: the same to the byte.")


def test_other_numbers_are_told_with_exit_code_1(feint, drawn):
    data = drawn / "headline.csv"
    lines = data.read_text().splitlines()
    told = json.loads(lines[0].removeprefix("# feint: "))
    told["configuration"]["seed"] = 8
    data.write_text("\n".join(["# feint: " + json.dumps(told), *lines[1:], ""]))
    said = feint("regenerate", data)
    assert (said.code, said.err) == (1, "")
    assert "other numbers: row " in " ".join(said.out.split())


def test_what_was_made_is_kept_where_that_is_asked(feint, drawn):
    assert feint("regenerate", drawn / "headline.svg", "--out", drawn / "again.svg").code == 0
    assert (drawn / "again.svg").read_bytes() == (drawn / "headline.svg").read_bytes()
    assert feint("regenerate", drawn / "headline.csv", "--out", drawn / "again.csv").code == 0
    assert (drawn / "again.csv").read_bytes() == (drawn / "headline.csv").read_bytes()


def test_the_document_reports_that_nothing_changed(feint, drawn):
    document = feint("regenerate", drawn / "headline.svg", "--json").document
    assert (document["schema"], document["outcome"], document["changed"]) == (1, "same", {})


@pytest.mark.parametrize("command", [("compare", "--runs", 20), ("simulate", "--runs", 20), ("replay", "--run", 3)])
def test_figures_of_other_commands_are_made_again(feint, tmp_path, command):
    steps = ("--set", "pretraining.steps=50", "--set", "finetuning.steps=60")
    assert feint(*command, *steps, "--figure", tmp_path / "a.png").code == 0
    said = feint("regenerate", tmp_path / "a.png")
    assert (said.code, " ".join(said.out.split())) == (0, f"{tmp_path}/a.png: the same to the byte.")


def test_a_library_that_is_missing_is_told_before_anything_is_computed(feint, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "SALib", None)
    said = feint("figures", "headline", "sensitivity", *SHORT, "--out", tmp_path / "new")
    assert said.refusal.startswith("the figure 'sensitivity' needs SALib, which is not installed")
    assert not (tmp_path / "new").exists()


def test_data_of_another_version_are_told(feint, drawn):
    data = drawn / "headline.csv"
    line, rest = data.read_text().split("\n", 1)
    told = json.loads(line.removeprefix("# feint: "))
    told["versions"]["feint"] = "0.0.1"
    data.write_text(f"# feint: {json.dumps(told)}\n{rest}")
    said = feint("figures", "headline", *SHORT, "--out", drawn)
    assert (said.code, " found, " in said.out) == (0, True)
    assert "was computed by Feint 0.0.1, and this is" in said.err
    assert "feint: 0.0.1 then, " in feint("regenerate", drawn / "headline.svg").out


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (("figures", "headlin"), "figure 'headlin' is not known: did you mean 'headline'?"),
        (("figures", "headline", "--format", "gif"), "format 'gif' is not known: known are svg, pdf, png, eps, tiff."),
        (("figures", "headline", "--runs", "0"), "runs = 0 is not valid"),
        (("figures", "headline", "--seed", "-1"), "seed = -1 is not valid"),
        (("figures", "headline", "--threads", "0"), "threads = 0 is not valid"),
        (("figures", "headline", "--precision", "half"), "precision 'half' is not known"),
        (("figures", "headline", "--set", "similarty=1"), "similarty"),
        (("figures", "headline", "--out", "taken"), "out = 'taken' cannot hold figures"),
        (("regenerate", "none.svg"), "file = 'none.svg' cannot be read: there is no such file."),
        (("regenerate", "taken"), "file = 'taken' has no known format"),
        (("regenerate", "taken.svg"), "file = 'taken.svg' carries no passport"),
        (("regenerate", "taken.csv"), "file = 'taken.csv' has no passport"),
        (("regenerate",), "FILE"),
    ],
)
def test_bad_input_is_one_sentence(feint, tmp_path, monkeypatch, words, refusal):
    monkeypatch.chdir(tmp_path)
    for name in ("taken", "taken.svg", "taken.csv"):
        (tmp_path / name).write_text("text")
    assert refusal in feint(*words).refusal
