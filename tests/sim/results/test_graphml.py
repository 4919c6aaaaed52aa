"""GraphML as its schema has it: ids without blanks, each key once, values of their types, and the passport inside."""

import re
from xml.etree import ElementTree

import networkx as nx
import numpy as np
import pytest

from feint.agents.errors import InputError
from feint.scenarios.argument import graph as argument
from feint.scenarios.claims.registry import claims
from feint.sim.analysis.claims import Verdict
from feint.sim.results.graphml import read_graphml, write_graphml
from feint.sim.results.provenance import passport, passport_in

READ = {"string": str, "boolean": {"true": True, "false": False}.__getitem__, "double": float, "long": int, "int": int}
NAMES = ["model 3: a + b, taken by 7", "model 3: a - b, taken by 7", "ü", "release", ""]


def planted():
    graph = nx.DiGraph()
    for i, name in enumerate(NAMES):
        graph.add_node(name, kind="a < b & c", year=i, dollars=np.float64(0.1) * i, wide=2.0**60, open=i > 1)
    graph.nodes[NAMES[0]]["dollars"] = np.inf
    graph.add_edge(NAMES[0], NAMES[1], place=np.int64(2**40), weight=1e-300)
    return graph


def checked(path):
    """Hold a file to the schema: NMTOKENs, unique ids, references that lead somewhere, values of the key's type."""
    root = ElementTree.parse(path).getroot()
    within = {kind: [node for node in root.iter() if node.tag.endswith("}" + kind)] for kind in ("key", "node", "edge")}
    keys = {key.get("id", ""): key for key in within["key"]}
    assert len(keys) == len(within["key"])
    assert len({(key.get("for"), key.get("attr.name")) for key in keys.values()}) == len(keys)
    ids = [node.get("id", "") for node in within["node"]]
    assert len({*ids}) == len(ids)
    assert all(re.fullmatch(r"[A-Za-z0-9._:-]+", name) for name in [*ids, *keys])
    assert {end for edge in within["edge"] for end in (edge.get("source"), edge.get("target"))} <= {*ids}
    for kind in ("node", "edge"):
        for data in (data for element in within[kind] for data in element):
            key = keys[data.get("key", "")]
            assert key.get("for") == kind
            READ[key.get("attr.type", "")](data.text or "")
    return {key.get("attr.name"): key.get("attr.type") for key in keys.values()}


def test_a_graph_fits_the_schema_and_is_read_again(tmp_path):
    graph, made = planted(), passport("release", {"runs": 2})
    write_graphml(graph, tmp_path / "a.graphml", made)
    types = checked(tmp_path / "a.graphml")
    assert (types["dollars"], types["wide"], types["open"], types["year"]) == ("double", "double", "boolean", "long")
    again = read_graphml(tmp_path / "a.graphml")
    del graph.nodes[NAMES[0]]["dollars"]  # which is not finite
    assert dict(again.nodes(data=True)) == dict(graph.nodes(data=True))
    assert [*again.edges(data=True)] == [*graph.edges(data=True)]
    assert passport_in(tmp_path / "a.graphml") == made


def test_the_argument_fits_the_schema_with_numbers_as_numbers(tmp_path):
    argument.write(argument.graph(dict.fromkeys(claims(), Verdict.SUPPORTED)), tmp_path / "a.graphml")
    types = checked(tmp_path / "a.graphml")
    assert {types[name] for name in ("default_number", "off_number", "prior_low", "prior_high")} == {"double"}
    again = argument.read(tmp_path / "a.graphml")
    assert again.nodes["parameter:similarity"]["default_number"] == 0.5
    assert passport_in(tmp_path / "a.graphml")["kind"] == "argument"


@pytest.mark.parametrize("content", ["", "<x", "<x></x>", "<graphml xmlns='http://graphml.graphdrawing.org/xmlns'/>"])
def test_another_file_is_refused(tmp_path, content):
    (tmp_path / "a.graphml").write_text(content)
    with pytest.raises(InputError, match="not a graph that Feint wrote"):
        read_graphml(tmp_path / "a.graphml")
    with pytest.raises(InputError, match="carries no passport"):
        passport_in(tmp_path / "a.graphml")
    with pytest.raises(InputError, match="cannot be written"):
        write_graphml(planted(), tmp_path / "none" / "a.graphml", {})
