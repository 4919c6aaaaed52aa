"""`feint worldviews`: what it prints and draws, what it says of wrong input, and the manual's page of it."""

import json
import re

import pytest
from departures import departures_markdown, shown
from pages import DOCS, PAGES, printed
from PIL import Image

from feint.scenarios.argument.worldview_files import FOLDER, views

PAGE, TABLE = PAGES["worldviews"], DOCS / "worldviews_table.md"
HEADER = "<!-- generated: nox -s golden -->\n"
QUICK = ("--claim", "headline", "--runs", 30)


def test_a_file_with_a_model_alone_stands_beside_the_default_point(feint, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text("[model]\nsimilarity = 0.9\n")
    said = feint("worldviews", "--view", path, *QUICK)
    assert (said.code, said.err) == (0, "")
    assert "1  mine (1 departure)" in " ".join(said.out.split()).replace("1 mine", "1  mine")
    document = feint("worldviews", "--view", path, *QUICK, "--json").document
    assert [view["name"] for view in document["views"]] == ["default", "mine"]
    assert [cell["claim"] for cell in document["cells"]] == ["headline", "headline"]


def test_all_curated_views_are_run_unless_some_are_named(feint):
    document = feint("worldviews", *QUICK, "--seed", 2, "--threads", 1, "--json").document
    assert [view["name"] for view in document["views"]] == ["default", *views()]
    assert (document["seed"], document["runs"]) == (2, 30)
    named = feint("worldviews", "--view", "wheaton-2023", *QUICK, "--seed", 2, "--json").document
    alike = [next(c for c in each["cells"] if c["view"] == "wheaton-2023") for each in (document, named)]
    assert alike[0] == alike[1]


def test_the_figure_carries_its_passport(feint, tmp_path):
    path = tmp_path / "views.png"
    assert feint("worldviews", "--view", "xu-2021", *QUICK, "--figure", path).code == 0
    with Image.open(path) as image:
        told = json.loads(image.info["Description"])
    assert told["kind"] == "worldviews"
    assert told["configuration"]["runs"] == 30


@pytest.mark.parametrize("name", views())
def test_compare_takes_a_curated_view(feint, name):
    said = feint("compare", "--curriculum", FOLDER / f"{name}.toml", "--runs", 10, "--json")
    model = views()[name].model.model_dump(mode="json")
    assert said.document["model"] == model


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--view", "wheton-2023"), "world view 'wheton-2023' is not known: did you mean 'wheaton-2023'?"),
        (("--view", "none.toml"), "none.toml: the file cannot be read"),
        (("--view", "xu-2021", "--view", "xu-2021"), "view = 'xu-2021' is given twice"),
        (("--claim", "headlin"), "claim 'headlin' is not known: did you mean 'headline'?"),
        (("--runs", 0), "runs = 0 is not valid"),
        (("--seed", -1), "seed = -1 is not valid"),
        (("--threads", 0), "threads = 0 is not valid"),
        (("--figure", "a.gif"), "figure = 'a.gif' has no known format"),
        (("--figure", "none/a.svg"), "figure = 'none/a.svg' cannot be written"),
        (("--runs", "many"), "Invalid value for '--runs': 'many' is not a whole number."),
    ],
)
def test_wrong_input_is_one_sentence_and_nothing_is_trained(feint, monkeypatch, words, said):
    monkeypatch.setattr("feint.scenarios.argument.worldviews.run_paired", pytest.fail)
    assert feint("worldviews", *words).refusal.startswith(said)


def test_the_schema_is_printed(feint):
    assert feint("schema", "worldviews").document["title"] == "Matrix"
    assert feint("schema", "compare").document["title"] == "Comparison"
    assert feint("schema", "worldview").refusal == "document 'worldview' is not known: did you mean 'worldviews'?"


@pytest.mark.generated
def test_the_table_of_departures_comes_from_the_files(rewrite):
    now = HEADER + departures_markdown(views().values()) + "\n"
    if rewrite:
        TABLE.write_text(now)
    assert TABLE.read_text() == now
    assert f"{{include}} {TABLE.name}" in PAGE.read_text()


def test_values_are_written_as_a_person_writes_them():
    assert [shown(x) for x in (0.00056, 3, (), ("goal", "gate"))] == ["0.00056", "3", "nothing", "goal, gate"]


def row(head):
    """A row of the page's matrix: what stands under each view, over all runs."""
    ((_, stands),) = printed(PAGE)
    (line,) = re.findall(rf"^ *{head}  +(.*)$", stands.split("of converged runs")[0], re.MULTILINE)
    return dict(zip(("default", *views()), line.split(), strict=True))


def test_what_the_page_says_of_its_matrix_stands_in_it():
    headline, scratch, pretrained = row("headline"), row("from scratch"), row("pre-trained")
    assert {view: letter for view, letter in headline.items() if letter != "S"} == {"wheaton-2023": "N"}
    assert float(scratch["hubinger-2022-high"]) > 0.5
    assert float(scratch["wheaton-2023"]) == float(pretrained["wheaton-2023"]) == 0
    assert all(set(row(name).values()) == {"S"} for name in ("length", "telling"))
    assert {view: letter for view, letter in row("dodges").items() if letter != "S"} == {"wheaton-2023": "N"}
    nowhere = ("deceptive-stays", "relearning", "head-start", "runtime-pointers")
    assert all("S" not in row(name).values() for name in nowhere)
    matching = row("matching")
    assert [view for view, letter in matching.items() if letter == "S"] == ["belrose-pope-2024"]
    assert (matching.pop("default"), [*matching.values()].count("C")) == ("C", 3)
