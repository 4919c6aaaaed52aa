"""World views: their files say what each departure rests on; every claim is tried at each of them, alike."""

import json
import re
from dataclasses import replace
from itertools import combinations
from math import exp, isnan, log

import pytest

from feint.agents.errors import InputError
from feint.agents.model import Model
from feint.scenarios.argument.evaluate_claim import evaluate
from feint.scenarios.argument.verdict_cells import LETTERS
from feint.scenarios.argument.worldview_files import FOLDER, default_view, load_view, view_named, views
from feint.scenarios.argument.worldviews import LEVELS, WorldviewsRequest, number, worldviews
from feint.scenarios.claims.registry import select_claims
from feint.sim.analysis.claims import Verdict
from feint.sim.ensembles.comparison import compare
from feint.sim.results.figure_style import PAGE_WIDTH
from feint.sim.training.configuration import load
from feint.sim.training.stage import Stage

NAMES = [
    "xu-2021",
    "hubinger-2022-high",
    "hubinger-2022-low",
    "carlsmith-2023",
    "wheaton-2023",
    "belrose-pope-2024",
    "mallen-shlegeris-2025",
]
WORLD_VIEW_RANGES = {"grader": (-5.0, 1.0)}
"""Ranges of parameters that are set by world views alone (section 8 of the model's page) and have no prior."""
PLACES = {"low end": 0.0, "lower quarter": 0.25, "middle": 0.5, "upper quarter": 0.75, "high end": 1.0}
REASON = re.compile(
    rf"\[(V|S|D|K)\] ({'|'.join(PLACES)}|off), ?.*|\[(V|S|D|K)\] ({'|'.join(PLACES)}|off): \S.*", re.DOTALL
)
DEPARTED = [(view.name, departure) for view in views().values() for departure in view.departures]
SMALL = {"claims": ["headline", "relearning"], "runs": 60, "seed": 3}


@pytest.fixture(scope="module")
def matrix():
    """Two claims at two views that differ in what they conclude."""
    return worldviews(["xu-2021", "wheaton-2023"], **SMALL)


def written(folder, content, name="mine.toml"):
    path = folder / name
    path.write_text(content)
    return path


def declared(name):
    stage, _, parameter = name.rpartition(".")
    return (Stage if stage else Model).parameters()[parameter]


def where_off_is(parameter):
    """What a reason says of a value that removes a mechanism, beside the declared prior; at an end it names the end."""
    if parameter.prior is None:
        return "there is no prior"
    low, high = parameter.prior
    assert parameter.off not in parameter.prior, "off is an end of the prior: say which"
    return "below the prior" if parameter.off < low else "above the prior" if parameter.off > high else "in the prior"


def test_the_curated_views_are_those_of_the_issue_in_the_order_of_their_texts():
    assert list(views()) == NAMES
    assert {path.stem for path in FOLDER.glob("*.toml")} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_curated_view_says_whose_reading_of_what_it_is(name):
    view = views()[name]
    assert view.title
    assert view.author
    assert view.year
    assert view.reading.endswith((".", ".\n"))
    assert len(view.cited) == len(view.sources) > 0
    assert all(source.bibtex() for source in view.cited)


@pytest.mark.parametrize("name", NAMES)
def test_every_departure_has_its_reason_and_no_reason_is_idle(name):
    view = views()[name]
    assert set(view.because) == {departure.name for departure in view.departures} != set()


@pytest.mark.parametrize(("view", "departure"), DEPARTED, ids=[f"{view}: {each.name}" for view, each in DEPARTED])
def test_a_departure_stands_where_its_reason_says(view, departure):
    """Numbers are the ends, quarters or the middle of the prior, or off: no text has a number, and none is tuned."""
    parameter = declared(departure.name)
    assert REASON.fullmatch(departure.because), (view, departure.because)
    place = next(each for each in (*PLACES, "off") if departure.because[4:].startswith(each))
    if place == "off":
        assert departure.value == parameter.off
        assert departure.because[4:].startswith(f"off, {where_off_is(parameter)}: ")
        return
    ends = WORLD_VIEW_RANGES.get(departure.name) or parameter.prior
    assert ends is not None
    low, high = ends
    here = PLACES[place]
    at = exp(log(low) + here * log(high / low)) if parameter.log else low + here * (high - low)
    assert departure.value == pytest.approx(at, rel=0.02)
    assert low <= departure.value <= high


@pytest.mark.parametrize("name", NAMES)
def test_a_curated_view_is_a_curriculum(name):
    configured = load(FOLDER / f"{name}.toml")
    view = views()[name]
    assert configured.model == view.model == view.point.model
    assert configured.curriculum in (view.curriculum, None)
    assert view_named(name) is view


def test_a_file_with_a_model_alone_is_a_view(tmp_path):
    view = load_view(written(tmp_path, "[model]\nsimilarity = 0.9\n"))
    assert (view.name, view.author, view.year, view.sources) == ("mine", "", None, ())
    assert [(each.name, each.value, each.default, each.because) for each in view.departures] == [
        ("similarity", 0.9, 0.5, "")
    ]


def test_reasons_are_named_with_or_without_quotes(tmp_path):
    stages = '[[stage]]\nname = "pretraining"\nobjective = 0\ncoverage = 1\n[[stage]]\nname = "finetuning"\n'
    for name in ("pretraining.coverage", '"pretraining.coverage"'):
        view = load_view(written(tmp_path, f'{stages}[because]\n{name} = "as said"\n'))
        assert [(each.name, each.because) for each in view.departures] == [("pretraining.coverage", "as said")]


def test_nothing_departs_at_the_default_point():
    assert default_view().departures == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[view]\ntitel = 'x'", "entry of [view] 'titel' is not known: did you mean 'title'?"),
        ("[view]\nauthor = 3", "view.author = 3 is not text: write it in quotes."),
        ("[view]\nyear = '2023'", "view.year = '2023' is not a year: write a whole number."),
        ("[view]\nyear = true", "view.year = True is not a year"),
        ("[view]\nsources = 'a'", "view.sources = 'a' is not a list of keys: write it as in ['xu2021pretraining']."),
        ("view = 3", "view = 3 is not a table: write [view], and what belongs to it below."),
        ("because = 3", "because = 3 is not a table: write [because]"),
        ("[because]\nsimilarty = 'x'", "parameter in [because] 'similarty' is not known: did you mean 'similarity'?"),
        ("[because]\nsimilarity = 3", "because.similarity = 3 is not text: write a sentence in quotes."),
        ("[modle]", "table 'modle' is not known: did you mean 'model'?"),
        ("[model]\nsimilarity = 3", "similarity = 3 is not valid for a model"),
        (
            "[[stage]]\nname = 'a'",
            "stages = a are not those of a world view: give two, named pretraining and finetuning.",
        ),
    ],
)
def test_a_file_that_is_no_view_is_told_where(tmp_path, content, said):
    path = written(tmp_path, content)
    with pytest.raises(InputError) as told:
        load_view(path)
    assert str(told.value).startswith(f"{path}: {said}")


@pytest.mark.parametrize(
    ("asked_for", "said"),
    [
        (["xu2021"], "world view 'xu2021' is not known: did you mean 'xu-2021'?"),
        (["xu-2021", "xu-2021"], "view = 'xu-2021' is given twice: give each file its own name, and each view once."),
        (["none.toml"], "none.toml: the file cannot be read: No such file or directory."),
    ],
)
def test_a_view_that_there_is_not_is_told_so(asked_for, said):
    with pytest.raises(InputError) as told:
        worldviews(asked_for, **SMALL)
    assert str(told.value).startswith(said)


def test_no_file_takes_the_name_of_the_default_point(tmp_path):
    with pytest.raises(InputError, match="name = 'default' is that of the default point"):
        load_view(written(tmp_path, "[model]", "default.toml"))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [({"runs": 0}, "runs = 0"), ({"seed": -1}, "seed = -1"), ({"claims": ["headlin"]}, "claim 'headlin'")],
)
def test_wrong_numbers_and_claims_are_told_before_training(wrong, said):
    with pytest.raises(InputError) as told:
        worldviews(["xu-2021"], **{**SMALL, **wrong})
    assert str(told.value).startswith(said)


def test_a_cell_is_what_its_claim_is_at_that_point_whatever_stands_beside_it(matrix):
    claims = select_claims(SMALL["claims"])
    for view in (default_view(), views()["wheaton-2023"]):
        alone = evaluate(claims, view.point, runs=60, seed=3, threads=1)
        assert {name: each.intervals for name, each in alone.items()} == {
            name: matrix[view.name, name].intervals for name in alone
        }
    other = worldviews(["wheaton-2023"], **SMALL, threads=1)
    assert other["wheaton-2023", "headline"].intervals == matrix["wheaton-2023", "headline"].intervals


def test_the_default_point_is_the_first_column(matrix):
    assert [view.name for view in matrix.views] == ["default", "xu-2021", "wheaton-2023"]
    frame = matrix.frame()
    assert len(frame) == 6
    assert list(frame.columns) == ["view", "claim", "verdict", "quantity", "estimate", "low", "high"]
    assert (frame["low"] <= frame["estimate"]).all()
    assert set(frame["verdict"]) <= {verdict.value for verdict in Verdict}


def test_the_headline_is_the_difference_of_the_levels(matrix):
    for view in matrix.views:
        scratch, pretrained = (matrix.levels[view.name, arm].estimate for arm in LEVELS)
        assert matrix[view.name, "headline"].effect.estimate == pytest.approx(pretrained - scratch)


def test_frequencies_among_converged_runs_stand_below_the_plain_ones(tmp_path):
    """With few steps of fine-tuning many runs miss their target; with none that is ever capable all do."""
    stages = '[[stage]]\nname = "pretraining"\nobjective = 0\n[[stage]]\nname = "finetuning"\nsteps = 30\n'
    few = written(tmp_path, f"[model]\n{stages}", "few.toml")
    none = written(tmp_path, "[model]\ncapability_init = -30\nplasticity_capability = 0\n", "none.toml")
    found = worldviews([few, none], claims=["headline"], runs=60, seed=3)
    point = load_view(few).point
    compared = compare(point.curriculum, model=point.model, runs=60, seed=3)
    facts = {(row.view, row.arm): row for row in found.level_facts}
    for arm in LEVELS:
        wanted = compared.frequency(arm, "deceptive", converged=True)
        few_of, none_of = (facts[view, arm].among_converged for view in ("few", "none"))
        assert few_of is not None
        assert none_of is not None
        assert few_of == wanted
        assert facts["few", arm].estimate == compared.frequency(arm, "deceptive").estimate
        assert isnan(none_of.estimate)
    assert compared.pretrained.converged().runs not in (0, 60)
    cells = {cell.view: cell for cell in found.cells}
    assert cells["few"].effect.among_converged == compared.difference(converged=True)
    rows = found.text().split("of converged runs\n")[1].splitlines()[:2]
    assert [row.split()[-1] for row in rows] == ["–", "–"]
    assert rows[1].split()[-2] == f"{compared.frequency('pretrain_finetune', 'deceptive', converged=True).estimate:.2f}"


def test_levels_that_were_not_counted_among_converged_runs_are_left_out(matrix):
    old = replace(matrix, levels_converged={})
    assert {row.among_converged for row in old.level_facts} == {None}
    assert "of converged runs" in matrix.text()
    assert "of converged runs" not in old.text()


def test_a_view_without_run_time_inference_never_has_the_headline_supported(tmp_path):
    found = worldviews([written(tmp_path, "[model]\ninference_power = 0\n")], **SMALL)
    assert found["mine", "headline"].verdict is not Verdict.SUPPORTED
    assert {found.levels["mine", arm].estimate for arm in LEVELS} == {0.0}


def test_the_passport_holds_every_point(matrix):
    told = matrix.passport()
    assert told["kind"] == "worldviews"
    configuration = told["configuration"]
    assert [view["name"] for view in configuration["view"]] == ["xu-2021", "wheaton-2023"]
    assert configuration["view"][1]["point"]["model"]["goal_init"] == 0.03
    assert configuration["view"][1]["point"]["stages"][0]["coverage"] == 1
    assert (configuration["runs"], configuration["seed"], configuration["claim"]) == (60, 3, SMALL["claims"])
    again = WorldviewsRequest.from_configuration(configuration)
    assert [view.point for view in again.columns] == [view.point for view in matrix.views]


def test_progress_is_told_of_each_view():
    seen = []
    worldviews(["xu-2021"], **SMALL, progress=seen.append)
    assert seen == [1, 1]


def test_the_text_has_every_cell(matrix):
    text = matrix.text()
    row = next(line for line in text.splitlines() if line.startswith("headline"))
    assert row.split()[1:] == [LETTERS[matrix[view.name, "headline"].verdict] for view in matrix.views]
    assert all(view.name in text for view in matrix.views)
    assert all(verdict.value in text for verdict in Verdict)


def test_numbers_are_printed_as_a_person_writes_them():
    assert [number(x) for x in (0.125, -0.001, float("inf"))] == ["+0.12", "+0.00", "–"]


def test_the_document_has_every_part(matrix):
    document = json.loads(matrix.json(), parse_constant=pytest.fail)
    assert [(cell["view"], cell["claim"]) for cell in document["cells"]] == [
        (view.name, claim.name) for view in matrix.views for claim in matrix.claims
    ]
    for cell in document["cells"]:
        found = matrix[cell["view"], cell["claim"]]
        assert cell["verdict"] == found.verdict.value
        assert [part["name"] for part in cell["parts"]] == [part.name for part in found.claim.parts]
    reasons = {each["name"]: each["because"] for each in document["views"][2]["departures"]}
    assert reasons == dict(views()["wheaton-2023"].because)


def boxes(drawn):
    """Where each text of a figure is, in pixels."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.text import Text

    FigureCanvasAgg(drawn).draw()
    texts = [each for each in drawn.findobj(Text) if each.get_visible() and each.get_text().strip()]
    return {(each.get_text(), i): each.get_window_extent() for i, each in enumerate(texts)}


def test_the_figure_is_as_wide_as_a_page_and_no_text_meets_another(matrix):
    drawn = matrix.figure()
    assert drawn.get_size_inches()[0] == PAGE_WIDTH
    found = boxes(drawn)
    assert sum(text in LETTERS.values() for text, _ in found) == 6
    for (one, box), (other, second) in combinations(found.items(), 2):
        assert not box.overlaps(second), (one, other)
    whole = drawn.bbox
    assert all(whole.x0 <= box.x0 and box.x1 <= whole.x1 for box in found.values())


def test_many_views_with_long_names_keep_apart(tmp_path):
    names = [f"a-view-of-{i}-withaverylongname" for i in range(9)]
    files = [written(tmp_path, "[model]\n", f"{name}.toml") for name in names]
    drawn = worldviews(files, claims=["headline"], runs=5).figure()
    assert drawn.get_size_inches()[0] > PAGE_WIDTH
    for (one, box), (other, second) in combinations(boxes(drawn).items(), 2):
        assert not box.overlaps(second), (one, other)
