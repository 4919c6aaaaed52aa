"""The gallery: every figure of the argument is drawn from its data alone, and comes out the same from its passport."""

import json

import pytest

from feint.agents.errors import InputError
from feint.agents.model import Model
from feint.scenarios.gallery.gallery import PICTURES, FigureRequest, draw_into, select_pictures
from feint.scenarios.regenerate import regenerate
from feint.sim.results import figure_style as figures
from feint.sim.results import provenance
from feint.sim.results.provenance import passport_in
from feint.sim.training.parameter_point import Point

SMALL = {"levels": 2, "steps": 4, "draws": 2, "draw_runs": 20, "base_points": 8}


def tiny(name, **changes):
    """A request for as little as a figure can be computed from."""
    size = {count: SMALL[count] for count in PICTURES[name].full if count != "runs"}
    return FigureRequest(**{"figure": name, "size": {**size, "runs": 20}, "seed": 3, **changes})


def drawn_into(folder, request, formats=("svg",), **more):
    """The figure and its files, on one thread."""
    return draw_into(folder, request, formats, threads=1, **more)


def formats_of(name):
    """SVG and one other format in turn; all of the first figure."""
    number = list(PICTURES).index(name)
    return ("svg", figures.FORMATS[1 + number % 2]) if number else figures.FORMATS


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("gallery")


@pytest.fixture(scope="module")
def drawn(folder):
    """Every figure in a folder, and every format for one or another."""
    return {name: drawn_into(folder, tiny(name), formats_of(name)) for name in PICTURES}


@pytest.mark.parametrize("name", PICTURES)
def test_a_figure_is_regenerated_from_its_passport_in_its_formats(drawn, name, monkeypatch):
    """Its data are computed from nothing, once; then drawn in each format."""
    figure, (data, *files) = drawn[name]
    again = regenerate(data, threads=1)
    assert (again.outcome, again.kind, again.changed) == ("same", "figure", {})
    monkeypatch.setattr(FigureRequest, "run", lambda *_, **__: figure)
    assert {file.suffix[1:] for file in files} == {*formats_of(name)}
    for file in files:
        assert regenerate(file).outcome == "same", file


@pytest.mark.parametrize("name", PICTURES)
def test_a_figure_drawn_from_its_data_is_the_one_drawn_from_nothing(drawn, folder, name):
    before, (_, svg, *_) = drawn[name]
    content = svg.read_bytes()
    figure, files = drawn_into(folder, tiny(name))
    assert figure.reused
    assert not before.reused
    assert files[1].read_bytes() == content


@pytest.mark.parametrize("name", PICTURES)
def test_a_passport_holds_all_that_the_numbers_depend_on(drawn, name):
    figure, (data, svg, *_) = drawn[name]
    told, request = passport_in(svg), tiny(name)
    assert told["configuration"] == {"figure": name, "size": dict(request.size), "seed": 3}
    assert FigureRequest.from_configuration(told["configuration"]) == request
    assert told["data"] == provenance.digest(figure.content)
    assert {"feint", "numpy", "numba", *PICTURES[name].extra} < set(told["versions"])
    assert set(told["drawn"]["versions"]) == {"matplotlib", "seaborn"}
    assert passport_in(data) == {key: value for key, value in told.items() if key != "drawn"}


def test_a_passport_of_version_1_is_read():
    """It holds every parameter of the point; those that it lacks have their defaults now."""
    request = tiny("headline", point=Point(model=Model(similarity=0.3)))
    full = json.loads(json.dumps(request.described()))
    del full["model"]["shielding"]
    assert FigureRequest.from_configuration(full) == request
    assert FigureRequest.from_configuration(full).configuration()["point"] == {"model": {"similarity": 0.3}}


@pytest.mark.parametrize(
    ("changes", "difference"),
    [
        ({"seed": 4}, "seed is 3 there and 4 here"),
        ({"point": Point(model=Model(similarity=0.9))}, "model.similarity is 0.5 there and 0.9 here"),
        ({"point": Point().at({"finetuning.noise": 0.1})}, "stages.finetuning.noise is 0.3 there and 0.1 here"),
        ({"precision": "double"}, "precision is 'single' there and 'double' here"),
        ({"size": {"runs": 30}}, "size.runs is 20 there and 30 here"),
    ],
)
def test_data_of_another_configuration_are_refused(drawn, changes, difference):
    _, (data, *_) = drawn["headline"]
    with pytest.raises(InputError, match="another configuration") as refusal:
        drawn_into(data.parent, tiny("headline", **changes))
    assert difference in str(refusal.value)


def test_data_that_were_edited_are_refused_and_computed_again_if_that_is_requested(tmp_path):
    _, (file, _) = drawn_into(tmp_path, tiny("headline"))
    whole = file.read_text()
    last = whole.splitlines()[-1].split(",")
    file.write_text("\n".join([*whole.splitlines()[:-1], ",".join([*last[:2], "0.875", *last[3:]]), ""]))
    with pytest.raises(InputError, match=r"was changed after it was computed.*--again"):
        drawn_into(tmp_path, tiny("headline"))
    again = regenerate(file)
    assert again.outcome == "numbers"
    assert again.difference is not None
    assert again.difference.startswith("row 19, estimate: 0.875 in the file, ")
    assert "was changed" in again.difference
    drawn_into(tmp_path, tiny("headline"), again=True)
    assert file.read_text() == whole


@pytest.mark.parametrize(
    "content", ["a,b\n1,2\n", "", "# feint: {\n", '# feint: {"kind": "sweep"}\na\n', "# feint: 7\n"]
)
def test_a_file_that_holds_no_data_of_a_figure_is_refused(tmp_path, content):
    (tmp_path / "headline.csv").write_text(content)
    with pytest.raises(InputError, match=r"headline.csv' (has no passport|is not the data of a figure)"):
        drawn_into(tmp_path, tiny("headline"))


@pytest.mark.parametrize("name", ["race", "prior"])
def test_no_number_depends_on_threads(name):
    one, two = (tiny(name).run(threads=threads).content for threads in (1, 2))
    assert one == two


def test_the_sizes_are_those_of_a_figure_unless_runs_are_given():
    picture = PICTURES["prior"]
    assert picture.size() == picture.full
    assert picture.size(quick=True) == picture.quick
    assert picture.size(runs=7) == {**picture.full, "runs": 7}
    assert all(set(picture.full) == set(picture.quick) for picture in PICTURES.values())


@pytest.mark.parametrize("name", ["cases", "race", "phases"])
def test_a_size_that_draws_nothing_is_refused(name):
    with pytest.raises(InputError, match=r"(levels|steps) = 1 is not valid"):
        tiny(name, size={"runs": 5, "levels": 1, "steps": 1}).run()


def test_figures_are_known_by_name():
    assert [picture.name for picture in select_pictures()] == list(PICTURES)
    assert len(PICTURES) >= 12
    with pytest.raises(InputError, match="did you mean 'lattice'"):
        select_pictures(["latice"])


def test_what_drew_it_last_is_reported(drawn, tmp_path):
    """The same data, drawn by another version: where the drawing differs, the version is reported."""
    figure, _ = drawn["headline"]
    told = figure.passport()
    told["drawn"]["versions"]["matplotlib"] = "3.0.0"
    sheet = figure.figure()
    sheet.axes[0].set_title("")
    figures.save(sheet, tmp_path / "headline.svg", told)
    again = regenerate(tmp_path / "headline.svg")
    assert again.outcome == "redrawn"
    assert again.changed["matplotlib"].then == "3.0.0"
