"""Graphs as GraphML in the form of its schema, with a passport, for Gephi, yEd, igraph and networkx."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import ParseError

import numpy as np

from feint.agents.errors import InputError
from feint.sim.results.files import written_whole
from feint.sim.results.provenance import passport_line

if TYPE_CHECKING:
    import networkx as nx

NAME = "name"  # attribute of a node that holds its name, which an id of the schema may not be


def write_graphml(graph: nx.DiGraph, path: str | Path, passport: Mapping[str, Any], field: str = "file") -> None:
    """Write a graph of texts, booleans and numbers; raises `InputError`, for this field, if it cannot be written.

    Nodes have ids without blanks, and their names as an attribute. A number that is not finite is left out.
    """
    import networkx as nx

    ids = _ids(graph)
    written: Any = nx.DiGraph(passport=passport_line(dict(passport)))
    written.add_nodes_from((ids[name], {**_plain(facts), NAME: str(name)}) for name, facts in graph.nodes(data=True))
    written.add_edges_from((ids[a], ids[b], _plain(facts)) for a, b, facts in graph.edges(data=True))
    writer = _writer()
    writer.add_graph_element(written)
    with written_whole(field, path) as beside, beside.open("wb") as file:
        writer.dump(file)


def read_graphml(path: str | Path) -> nx.DiGraph:
    """Read a graph that `write_graphml` wrote, with its passport as text; raises `InputError` for another file."""
    import networkx as nx

    try:
        graph: Any = nx.read_graphml(path)
        names = {node: facts.pop(NAME) for node, facts in graph.nodes(data=True)}
        passport = graph.graph["passport"]
    except OSError as error:
        raise InputError(f"file = {str(path)!r} cannot be read: {error.strerror}.") from None
    except (ValueError, LookupError, TypeError, AttributeError, ParseError, nx.NetworkXException) as error:
        why = f"{error}".partition("\n")[0] or type(error).__name__
        raise InputError(f"file = {str(path)!r} is not a graph that Feint wrote: {why}.") from None
    made = nx.relabel_nodes(graph, names)
    made.graph = {"passport": passport}
    return made


def _writer() -> Any:
    """Return networkx's writer, which writes booleans as Python does, with those of XML."""
    from networkx.readwrite.graphml import GraphMLWriter

    class Writer(GraphMLWriter):
        def add_data(self, name: Any, element_type: Any, value: Any, *more: Any, **named: Any) -> Any:
            data = super().add_data(name, element_type, value, *more, **named)
            data.text = str(value).lower() if element_type is bool else data.text
            return data

    return Writer()


def _ids(names: Iterable[Any]) -> dict[Any, str]:
    """Return an id for each name: the name itself where the schema allows it (an XML NMTOKEN)."""
    ids: dict[Any, str] = {}
    for name in names:
        plain = re.sub(r"[^A-Za-z0-9_.:-]+", "_", str(name)) or "_"
        taken = plain in ids.values()
        ids[name] = f"{plain}.{len(ids)}" if taken else plain
    return ids


def _plain(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return facts as types that the schema has."""
    plain = {key: value.item() if isinstance(value, np.generic) else value for key, value in facts.items()}
    return {key: value for key, value in plain.items() if not isinstance(value, float) or isfinite(value)}
