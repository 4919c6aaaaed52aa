"""The argument's graph: nothing is left out, it can be read again, and `feint why` tells the chain."""

import json

import networkx as nx
import pytest
from PIL import Image

from feint.agents.errors import InputError
from feint.agents.model import Model
from feint.scenarios.argument import graph as argument
from feint.scenarios.argument.chain import WhyRequest
from feint.scenarios.argument.premises import GROUNDS, MECHANISMS, PREMISES, SETTINGS, value_text
from feint.scenarios.claims.registry import claims
from feint.sim.analysis.claims import Verdict
from feint.sim.sweeps.factors import factor_of
from feint.sim.training.parameter_point import Point
from feint.sim.training.stage import Stage

FOUND = dict(zip(claims(), [*Verdict] * 3, strict=False))


@pytest.fixture(scope="module")
def graph():
    return argument.graph(FOUND)


def of_kind(graph, kind):
    return {facts["label"] for _, facts in graph.nodes(data=True) if facts["kind"] == kind}


def test_no_claim_premise_mechanism_or_parameter_is_left_out(graph):
    assert of_kind(graph, "claim") == {*claims()}
    assert of_kind(graph, "premise") == {*PREMISES, *GROUNDS}
    assert of_kind(graph, "mechanism") == {*MECHANISMS}
    assert of_kind(graph, "setting") == {*SETTINGS}
    assert of_kind(graph, "parameter") == {*Model.parameters(), *Stage.parameters(), "carry"}


def test_every_parameter_leads_by_a_premise_or_a_setting_to_a_claim(graph):
    for node, facts in graph.nodes(data=True):
        if facts["kind"] in {"parameter", "premise", "mechanism", "source", "setting"}:
            reached = nx.descendants(graph, node)
            assert any(each.startswith("claim:") for each in reached), node


@pytest.mark.parametrize("name", claims())
def test_every_claim_has_mechanisms_premises_parameters_and_a_source_before_it(graph, name):
    before = {graph.nodes[node]["kind"] for node in nx.ancestors(graph, f"claim:{name}")}
    assert before == {"mechanism", "premise", "parameter", "source", "setting"}
    found = WhyRequest(claim=name).run()
    assert found.mechanisms
    assert found.sources[0].bibtex() == claims()[name].source.bibtex()


def test_what_is_read_and_what_varies_is_a_setting_and_no_premise(graph):
    for name in ("init_spread", "plasticity_spread", "train_tolerance", "deploy_tolerance", "gate_form"):
        (kind,) = {graph.nodes[each]["kind"] for each in graph.successors(f"parameter:{name}")}
        assert kind == "setting"


def test_edges_run_from_what_is_granted_to_what_is_said(graph):
    assert nx.is_directed_acyclic_graph(graph)
    ends = {
        "sets": ("parameter", {"premise", "setting"}),
        "feeds": ("premise", {"mechanism"}),
        "bears on": ("mechanism", {"claim"}),
        "holds for": ("setting", {"claim"}),
        "states": ("source", {"claim"}),
        "describes": ("source", {"mechanism"}),
        "disputes": ("source", {"mechanism"}),
    }
    assert {*ends} == {relation for _, _, relation in graph.edges(data="relation")}
    for a, b, relation in graph.edges(data="relation"):
        start, stop = ends[relation]
        assert graph.nodes[a]["kind"] == start
        assert graph.nodes[b]["kind"] in stop


@pytest.mark.parametrize("ground", [*PREMISES.values(), *GROUNDS.values(), *SETTINGS.values()], ids=lambda g: g.name)
def test_the_parameters_of_a_premise_are_those_of_the_model(ground):
    for name in ground.parameters:
        stage, _, bare = name.rpartition(".")
        assert bare in (Stage.model_fields if stage else Model.model_fields)
        assert value_text(name)
        if stage not in {"*"}:
            factor_of(name, [Point().value(name)], Point().model, Point().curriculum)  # a name that a study takes


def test_each_name_is_told_once_and_mechanisms_name_what_there_is():
    assert not {*PREMISES} & {*GROUNDS}
    for step in MECHANISMS.values():
        assert {*step.premises} <= {*PREMISES, *GROUNDS}
        assert {*step.claims} <= {*claims()}
        assert {*step.sources, *step.disputed_by}
        assert step.term
    fed = {premise for step in MECHANISMS.values() for premise in step.premises}
    assert fed == {*PREMISES, *GROUNDS}


def test_values_are_told_as_they_stand():
    assert value_text("*.steps") == "3,000 in pretraining, 12,000 in finetuning"
    assert value_text("*.awareness_exposure") == "0.003"
    assert value_text("similarity", Point(model=Model(similarity=(0.5, 0.25)))) == "0.5+0.25"


@pytest.mark.parametrize("ending", ["graphml", "json"])
def test_a_graph_can_be_read_again(graph, tmp_path, ending):
    path = tmp_path / f"argument.{ending}"
    argument.write(graph, path)
    again = argument.read(path)
    assert nx.utils.graphs_equal(again, graph)
    assert json.loads(again.graph["passport"])["configuration"]["verdicts"]["headline"] == FOUND["headline"].value
    assert again.nodes["claim:headline"]["verdict"] == "supported"


def test_a_file_that_is_no_graph_is_refused(tmp_path):
    for name, content in (("a.json", "{}"), ("b.json", "x"), ("c.graphml", "<x"), ("d.graphml", "<x></x>")):
        (tmp_path / name).write_text(content)
        with pytest.raises(InputError, match=f"{name}' is not a graph that Feint wrote"):
            argument.read(tmp_path / name)
    with pytest.raises(InputError, match="is not a graph that Feint wrote"):
        argument.read(tmp_path / "none.json")
    with pytest.raises(InputError, match="is a figure's name"):
        argument.write(argument.graph(), tmp_path / "x.svg")


def test_boxes_of_the_figure_do_not_overlap_and_hold_their_text(graph):
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.patches import Rectangle

    figure = argument.figure(graph)
    FigureCanvasAgg(figure).draw()
    assert (figure.get_figwidth(), figure.get_figheight()) <= (6.9, 9.3)
    (axes,) = figure.axes
    boxes = [patch.get_window_extent() for patch in axes.patches if isinstance(patch, Rectangle)]
    assert len(boxes) == sum(len(of_kind(graph, kind)) for kind in argument.COLUMNS)
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])
    for text in axes.texts:
        extent = text.get_window_extent()
        assert extent.x1 <= figure.bbox.x1
        for box in boxes:
            if box.contains(extent.x0, (extent.y0 + extent.y1) / 2):
                assert extent.x1 <= box.x1, text.get_text()
                assert box.y0 <= extent.y0 + 1, text.get_text()
                assert extent.y1 <= box.y1 + 1, text.get_text()


@pytest.mark.parametrize("name", claims())
def test_why_tells_the_chain(feint, name):
    said = feint("why", name)
    assert (said.code, said.err) == (0, "")
    document = feint("why", name, "--json").document
    assert document["statement"].split()[0] in said.out
    told = " ".join(said.out.split())
    for part in document["parts"]:
        assert part["quantity"] in told
        assert part["holds"] in told
    for step in document["mechanisms"]:
        assert step["words"] in told
    for premise in document["premises"]:
        for parameter in premise["parameters"]:
            assert f"{parameter['name']} = {parameter['default']}" in told
    for source in document["sources"]:
        assert source["where"] in told
    long = [line for line in said.out.splitlines() if len(line) > 80 and "://" not in line]
    assert long == []
    assert said.out.count("@online") == 0


def test_why_prints_a_bibliography_for_bibtex(feint):
    printed = feint("why", "deceptive-stays", "--bibtex").out
    keys = [source["key"] for source in feint("why", "deceptive-stays", "--json").document["sources"]]
    assert [line for line in printed.splitlines() if line.startswith("@")] == [f"@online{{{key}," for key in keys]
    assert printed.count("{") == printed.count("}")


@pytest.mark.parametrize("ending", ["graphml", "json", "svg", "png", "pdf"])
def test_the_graph_is_written_or_drawn(feint, tmp_path, ending):
    path = tmp_path / f"argument.{ending}"
    said = feint("graph", path)
    assert (said.code, said.out, said.err) == (0, "", "")
    if ending in argument.TABLES:
        assert nx.utils.graphs_equal(argument.read(path), argument.graph())
    assert path.stat().st_size > 1000


def test_the_graph_carries_verdicts_with_what_they_were_found_under(feint, tmp_path):
    short = ("--runs", 20, "--set", "pretraining.steps=100", "--set", "finetuning.steps=200", "--seed", 4)
    for ending in ("json", "png"):
        assert feint("graph", tmp_path / f"x.{ending}", "--verdicts", *short).code == 0
    found = argument.read(tmp_path / "x.json")
    assert {found.nodes[f"claim:{name}"]["verdict"] for name in claims()} <= {each.value for each in Verdict}
    configuration = json.loads(found.graph["passport"])["configuration"]
    assert (configuration["runs"], configuration["seed"], configuration["point"]["stages"][0]["steps"]) == (20, 4, 100)
    with Image.open(tmp_path / "x.png") as image:
        assert json.loads(image.info["Description"])["configuration"] == configuration


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("why", "headlin"), "claim 'headlin' is not known: did you mean 'headline'?"),
        (("why", "headline", "--json", "--bibtex"), "--bibtex and --json exclude each other"),
        (("graph", "x.dot"), "file = 'x.dot' has no known format: its name must end in .graphml, .json, .svg,"),
        (("graph", "x.json", "--set", "decoys=1"), "--set and --curriculum ask for --verdicts"),
        (("graph", "x.json", "--verdicts", "--runs", "0"), "runs = 0 is not valid"),
        (("graph", "/nowhere/x.json"), "/nowhere"),
    ],
)
def test_wrong_input_is_refused_in_one_sentence(feint, words, sentence):
    assert sentence in feint(*words).refusal
