"""The gallery: every figure of the argument is drawn from its data alone, and comes out the same from its passport."""

import json

import pytest

from feint.agents.errors import InputError
from feint.agents.model import Model
from feint.scenarios.gallery import gallery, regeneration
from feint.scenarios.gallery.picture import Settings
from feint.sim.results import datafile
from feint.sim.results import figure_style as figures
from feint.sim.results.provenance import passport_in
from feint.sim.training.parameter_point import Point

SMALL = {"levels": 2, "steps": 4, "draws": 2, "base_points": 16}
NAMES = gallery.FILES


def tiny(picture, **changes):
    """As little as a picture can be computed from."""
    size = {name: SMALL[name] for name in picture.full if name != "runs"}
    return Settings(size={**size, "runs": 20}, **{"seed": 3, "threads": 1, **changes})


@pytest.fixture(scope="module")
def hung(tmp_path_factory):
    """Every picture in a folder, in every format."""
    folder = tmp_path_factory.mktemp("gallery")
    return {each.name: gallery.hang(each, tiny(each), folder, figures.FORMATS) for each in gallery.asked(None)}


def folder_of(hung):
    return hung["headline"].files[0].parent


@pytest.mark.parametrize("name", NAMES)
def test_a_figure_is_regenerated_from_its_passport_in_every_format(hung, name, monkeypatch):
    """Its data are computed from nothing, once; then drawn in each format."""
    again = regeneration.regenerate(hung[name].files[0], threads=1)
    assert (again.outcome, again.kind, again.changed) == (regeneration.Outcome.SAME, "figure", {})
    monkeypatch.setattr(gallery, "computed", lambda *_: hung[name].data)
    for file in hung[name].files[1:]:
        assert regeneration.regenerate(file).outcome is regeneration.Outcome.SAME, file


@pytest.mark.parametrize("name", NAMES)
def test_a_figure_drawn_from_its_data_is_the_one_drawn_from_nothing(hung, name):
    (picture,) = gallery.asked([name])
    before = hung[name].files[1].read_bytes()
    found = gallery.hang(picture, tiny(picture), folder_of(hung))
    assert found.data.found
    assert not hung[name].data.found
    assert found.files[1].read_bytes() == before


@pytest.mark.parametrize("name", NAMES)
def test_a_passport_holds_all_that_the_numbers_depend_on(hung, name):
    told = passport_in(hung[name].files[1])
    (picture,) = gallery.asked([name])
    wanted = tiny(picture)
    assert told["configuration"]["figure"] == name
    assert told["configuration"]["seed"] == wanted.seed
    assert told["configuration"]["size"] == dict(wanted.size)
    assert told["configuration"]["model"] == json.loads(Model().model_dump_json())
    assert told["data"] == datafile.digest(hung[name].data.content)
    assert {"feint", "numpy", "numba", *picture.extra} < set(told["versions"])
    assert set(told["drawn"]["versions"]) == {"matplotlib", "seaborn"}
    assert passport_in(hung[name].files[0]) == {key: value for key, value in told.items() if key != "drawn"}


@pytest.mark.parametrize(
    ("changes", "difference"),
    [
        ({"seed": 4}, "seed = 3 in place of 4"),
        ({"point": Point(model=Model(similarity=0.9))}, "model.similarity = 0.5 in place of 0.9"),
        ({"point": Point().at({"finetuning.noise": 0.1})}, "stages.finetuning.noise = 0.3 in place of 0.1"),
        ({"precision": "double"}, 'precision = "single" in place of "double"'),
    ],
)
def test_data_of_another_configuration_are_refused(hung, changes, difference):
    (picture,) = gallery.asked(["headline"])
    with pytest.raises(InputError, match="another configuration") as refusal:
        gallery.hang(picture, tiny(picture, **changes), folder_of(hung))
    assert difference in str(refusal.value)


def test_data_of_another_size_are_refused(hung):
    (picture,) = gallery.asked(["headline"])
    with pytest.raises(InputError, match=r"size.runs = 20 in place of 30"):
        gallery.hang(picture, Settings(size={"runs": 30}, seed=3), folder_of(hung))


def test_data_that_were_edited_are_refused_and_computed_anew_where_that_is_asked(tmp_path):
    (picture,) = gallery.asked(["headline"])
    file, _ = gallery.hang(picture, tiny(picture), tmp_path).files
    whole = file.read_text()
    last = whole.splitlines()[-1].split(",")
    file.write_text("\n".join([*whole.splitlines()[:-1], ",".join([*last[:2], "0.875", *last[3:]]), ""]))
    with pytest.raises(InputError, match=r"was changed after it was computed.*--again"):
        gallery.hang(picture, tiny(picture), tmp_path)
    told = regeneration.regenerate(file)
    assert told.outcome is regeneration.Outcome.NUMBERS
    assert told.difference is not None
    assert told.difference.startswith("row 11, estimate: 0.875 in the file, ")
    assert "was changed" in told.difference
    gallery.hang(picture, tiny(picture), tmp_path, again=True)
    assert file.read_text() == whole


@pytest.mark.parametrize(
    "content", ["a,b\n1,2\n", "", "# feint: {\n", '# feint: {"kind": "sweep"}\na\n', "# feint: 7\n"]
)
def test_a_file_that_holds_no_data_of_a_figure_is_refused(tmp_path, content):
    (picture,) = gallery.asked(["headline"])
    (tmp_path / "headline.csv").write_text(content)
    with pytest.raises(InputError, match=r"headline.csv' (has no passport|is not the data of a figure)"):
        gallery.hang(picture, tiny(picture), tmp_path)


def test_no_number_depends_on_threads():
    for name in ("race", "prior"):
        (picture,) = gallery.asked([name])
        one, two = (gallery.computed(picture, tiny(picture, threads=threads)) for threads in (1, 2))
        assert one == two


def test_the_sizes_are_those_of_a_figure_but_for_what_is_asked():
    (picture,) = gallery.asked(["prior"])
    assert picture.size() == picture.full
    assert picture.size(quick=True) == picture.quick
    assert picture.size(runs=7) == {**picture.full, "runs": 7}
    assert all(set(each.full) == set(each.quick) for each in gallery.asked(None))


@pytest.mark.parametrize("name", ["cases", "race", "phases"])
def test_a_size_that_draws_nothing_is_refused(name):
    (picture,) = gallery.asked([name])
    with pytest.raises(InputError, match=r"(levels|steps) = 1 is not valid"):
        picture.compute(Settings(size={"runs": 5, "levels": 1, "steps": 1}))


def test_figures_are_known_by_name():
    assert len(gallery.asked(None)) == len(NAMES) >= 12
    with pytest.raises(InputError, match="did you mean 'lattice'"):
        gallery.asked(["latice"])


def test_the_last_version_that_drew_it_is_told(hung, tmp_path):
    """The same data, and another hand: where the drawing differs, what drew it is said."""
    (picture,) = gallery.asked(["headline"])
    data = hung["headline"].data
    told = gallery.with_hand(data.passport)
    told["drawn"]["versions"]["matplotlib"] = "3.0.0"
    drawn = picture.drawn(datafile.table_of(data.content))
    drawn.axes[0].set_title("")
    figures.save(drawn, tmp_path / "headline.svg", told)
    found = regeneration.regenerate(tmp_path / "headline.svg")
    assert found.outcome is regeneration.Outcome.REDRAWN
    assert found.changed["matplotlib"][0] == "3.0.0"
