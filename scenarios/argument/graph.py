"""The argument as a graph: parameters, premises, mechanisms, claims and their sources, drawn or written to a file.

Edges run from what is assumed to what is claimed: a parameter *sets* a premise, a premise *feeds* a mechanism, a
mechanism *bears on* a claim; a source *states* a claim, and *describes* or *disputes* a mechanism.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, Self

import numpy as np

from feint.agents.errors import InputError, check_output
from feint.agents.model import Model
from feint.scenarios.argument.evaluate_claim import evaluate
from feint.scenarios.argument.premises import GROUNDS, MECHANISMS, PREMISES, SETTINGS, bare, declaration
from feint.scenarios.argument.verdict_cells import FACES
from feint.scenarios.bibliography import SOURCES
from feint.scenarios.claims.registry import claims
from feint.sim.analysis.claims import Verdict
from feint.sim.results import provenance
from feint.sim.results.figure_style import FORMATS, PAGE_WIDTH, STYLE, blank
from feint.sim.results.files import write_whole
from feint.sim.results.graphml import read_graphml, write_graphml
from feint.sim.results.provenance import passport_line
from feint.sim.results.report import Hidden, Report, Table, folded
from feint.sim.results.request import MOST_RUNS, Option, Progress, Request, Seed
from feint.sim.training.parameter_point import Point
from feint.sim.training.stage import Stage

if TYPE_CHECKING:
    import networkx as nx
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TABLES = ("graphml", "json")
Facts = dict[str, Any]
COLUMNS = ("premise", "mechanism", "claim")
HEADS = ("premises, and their parameters", "mechanisms, and who says so", "claims, and what was found")
LEFT = (0.03, 2.72, 5.2)  # inches from the left edge to each column
WIDE = (1.98, 1.72, 1.67)  # width of the boxes of each column in inches
LINE, PAD, BETWEEN = 0.095, 0.024, 0.02  # inches: a line of small text, the space around text, and between boxes
TOP = 0.26  # inches for the headings
SMALL = 5.6  # points
INK = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#4d4d4d")
"""Okabe and Ito's palette without yellow; lines of neighbouring mechanisms differ."""
ASSUMPTIONS = [("premise", premise) for premise in (*PREMISES.values(), *GROUNDS.values())]
ASSUMPTIONS += [("setting", setting) for setting in SETTINGS.values()]
"""Kinds of nodes with what the argument assumes."""
CITED = {"describes": "after", "disputes": "disputed by"}


def graph(verdicts: Mapping[str, Verdict] | None = None, configuration: Mapping[str, Any] | None = None) -> nx.DiGraph:
    """Return the whole argument as a directed graph, which carries a passport.

    Nodes have a `kind`, a `label`, `words` and further facts, edges a `relation`; all values are text, numbers or
    booleans. Claims have the `verdicts` given by name, and the passport the `configuration` of how they were found.
    """
    import networkx as nx

    named = {name: verdict.value for name, verdict in (verdicts or {}).items()}
    configuration = {**(configuration or {}), **({"verdicts": named} if named else {})}
    made = nx.DiGraph(passport=passport_line(provenance.passport(GraphRequest.kind, configuration)))
    made.add_nodes_from(_nodes(named))
    made.add_edges_from(_edges())
    return made


def leading_to(claim: str) -> nx.DiGraph:
    """Return the part of the graph that leads to a claim, with the claim."""
    import networkx as nx

    made, node = graph(), f"claim:{claim}"
    made.remove_nodes_from({*made} - {node, *nx.ancestors(made, node)})
    return made


def _nodes(verdicts: Mapping[str, str]) -> Iterator[tuple[str, Facts]]:
    def node(kind: str, name: str, words: str, label: str = "", **more: Any) -> tuple[str, Facts]:
        return f"{kind}:{name}", {"kind": kind, "label": label or name, "words": words, **more}

    stated = [claim.source.key for claim in claims().values()]
    described = [key for step in MECHANISMS.values() for key in (*step.sources, *step.disputed_by)]
    for source in (SOURCES[key] for key in dict.fromkeys((*stated, *described))):
        yield node("source", source.key, source.title, f"{source.author} {source.year}", where=source.where)
    for name in dict.fromkeys(bare(name) for _, assumption in ASSUMPTIONS for name in assumption.parameters):
        facts: Facts = {**declaration(name), **_numbers(name)}
        yield node("parameter", name, facts.pop("meaning"), **facts)
    for kind, assumption in ASSUMPTIONS:
        yield node(kind, assumption.name, assumption.words, switchable=assumption.name in PREMISES)
    for step in MECHANISMS.values():
        yield node("mechanism", step.name, step.words, term=step.term)
    for claim in claims().values():
        more = {"title": claim.title, "number": claim.number, "section": claim.section}
        known = {"verdict": verdicts[claim.name]} if claim.name in verdicts else {}
        yield node("claim", claim.name, claim.statement, **more, **known)


def _numbers(name: str) -> dict[str, float]:
    """Return default, off value and prior range of a parameter where they are numbers; `declaration` has the texts."""
    declared = {**Stage.parameters(), **Model.parameters()}.get(name)
    if declared is None:
        return {}
    low, high = declared.prior or (None, None)
    values = {"default": declared.default, "off": declared.off, "prior_low": low, "prior_high": high}
    numbers = {key: value for key, value in values.items() if isinstance(value, (int, float))}
    return {f"{key}_number" if key in {"default", "off"} else key: float(value) for key, value in numbers.items()}


def _edges() -> Iterator[tuple[str, str, dict[str, str]]]:
    for kind, assumption in ASSUMPTIONS:
        for name in assumption.parameters:
            yield f"parameter:{bare(name)}", f"{kind}:{assumption.name}", {"relation": "sets", "name": name}
    for step in MECHANISMS.values():
        here = f"mechanism:{step.name}"
        yield from ((f"premise:{name}", here, {"relation": "feeds"}) for name in step.premises)
        yield from ((here, f"claim:{name}", {"relation": "bears on"}) for name in step.claims)
        yield from ((f"source:{key}", here, {"relation": "describes"}) for key in step.sources)
        yield from ((f"source:{key}", here, {"relation": "disputes"}) for key in step.disputed_by)
    for claim in claims().values():
        yield f"source:{claim.source.key}", f"claim:{claim.name}", {"relation": "states"}
        yield from ((f"setting:{setting}", f"claim:{claim.name}", {"relation": "holds for"}) for setting in SETTINGS)


check_graph_path = partial(check_output, "file", endings=[f".{ending}" for ending in (*TABLES, *FORMATS)])
"""Return the path of a table or figure of a graph; raises `InputError` if it cannot be written."""


def write(graph: nx.DiGraph, path: str | Path) -> None:
    """Write a graph as GraphML, or as JSON with nodes and edges listed; raises `InputError`."""
    import networkx as nx

    path = check_graph_path(path)
    if path.suffix.lstrip(".").lower() in FORMATS:
        raise InputError(f"file = {str(path)!r} is a figure's name: a table ends in .graphml or .json.")
    if path.suffix.lower() == ".graphml":
        write_graphml(graph, path, json.loads(graph.graph["passport"]))
        return
    data = nx.node_link_data(graph, edges="edges")
    write_whole("file", path, json.dumps(data, indent=1, ensure_ascii=False) + "\n")


def read(path: str | Path) -> nx.DiGraph:
    """Read a graph that `write` wrote; raises `InputError` for any other file."""
    import networkx as nx

    path = Path(path)
    if path.suffix.lower() == ".graphml":
        return read_graphml(path)
    try:
        return nx.node_link_graph(json.loads(path.read_text(encoding="utf-8")), edges="edges")
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError, nx.NetworkXError) as error:
        why = str(error).partition("\n")[0]
        raise InputError(f"file = {str(path)!r} is not a graph that Feint wrote: {why}.") from None


class Box(NamedTuple):
    """A node as it is drawn: its upper left corner and its size, in inches."""

    x: float
    y: float
    width: float
    height: float
    name: str
    below: str  #: small lines under the name


def figure(graph: nx.DiGraph) -> Figure:
    """Draw premises, mechanisms and claims, without settings, which hold for every claim; a key numbers the sources."""
    import matplotlib as mpl

    sources = [node for node, facts in graph.nodes(data=True) if facts["kind"] == "source"]
    boxes = _boxes(graph, sources)
    bottom = max(box.y + box.height for box in boxes.values())
    height = bottom + 0.25 + 0.13 * (len(sources) + 1)
    with mpl.rc_context(STYLE):
        drawn = blank((PAGE_WIDTH, height), least=PAGE_WIDTH)
        drawn.set_layout_engine("none")
        axes: Axes = drawn.add_axes((0, 0, 1, 1))
        axes.set(xlim=(0, drawn.get_figwidth()), ylim=(height, 0))
        axes.axis("off")
        for x, width, head in zip(LEFT, WIDE, HEADS, strict=True):
            axes.text(x + width / 2, TOP / 2, head, ha="center", va="center", fontsize=7.5, weight="bold")
        _draw_edges(axes, graph, boxes)
        for node, box in boxes.items():
            _draw_box(axes, box, graph.nodes[node])
        _draw_key(axes, graph, sources, bottom + 0.2)
    return drawn


def _boxes(graph: nx.DiGraph, sources: list[str]) -> dict[str, Box]:
    """Return boxes in columns of one height: claims by number, other nodes near those that they lead to."""
    columns = [[node for node, facts in graph.nodes(data=True) if facts["kind"] == kind] for kind in COLUMNS]
    columns[2].sort(key=lambda node: graph.nodes[node]["number"])
    for i in (1, 0):
        place = {node: k for k, node in enumerate(columns[i + 1])}
        columns[i].sort(key=lambda node: float(np.mean([place[end] for end in graph.successors(node)])))
    texts = {node: _texts(graph, node, sources) for column in columns for node in column}
    heights = {
        node: 2 * PAD + 0.112 + LINE * len(below.split("\n") if below else []) for node, (_, below) in texts.items()
    }
    filled = [sum(heights[node] for node in column) for column in columns]
    tallest = max(height + BETWEEN * (len(column) - 1) for height, column in zip(filled, columns, strict=True))
    boxes = {}
    for column, height, x, width in zip(columns, filled, LEFT, WIDE, strict=True):
        y = TOP if len(column) > 1 else TOP + (tallest - height) / 2
        for node in column:
            boxes[node] = Box(x, y, width, heights[node], *texts[node])
            y += heights[node] + (tallest - height) / max(len(column) - 1, 1)
    return boxes


def _texts(graph: nx.DiGraph, node: str, sources: list[str]) -> tuple[str, str]:
    """Return a node's name, and the small lines below it."""
    facts = graph.nodes[node]
    if facts["kind"] == "claim":
        return f"{facts['number']} {facts['label']}", facts.get("verdict", "")
    if facts["kind"] == "premise":
        names = dict.fromkeys(graph.edges[start, node]["name"] for start in graph.predecessors(node))
        return facts["label"], folded(", ".join(names), 50)
    relations = [graph.get_edge_data(source, node, {}).get("relation") for source in sources]
    numbers = {name: [str(i) for i, known in enumerate(relations, start=1) if known == name] for name in CITED}
    cited = (f"{CITED[name]} [{', '.join(known)}]" for name, known in numbers.items() if known)
    return facts["label"], ", ".join(cited)


def _draw_edges(axes: Axes, graph: nx.DiGraph, boxes: dict[str, Box]) -> None:
    """Draw a curve per edge between columns, in the colour of its mechanism."""
    steps = sorted((node for node in boxes if node.startswith("mechanism:")), key=lambda node: boxes[node].y)
    colours = {node: INK[i % len(INK)] for i, node in enumerate(steps)}
    share = np.linspace(0, 1, 40)
    for a, b in graph.edges:
        if a in boxes and b in boxes:
            start, end = boxes[a], boxes[b]
            x = start.x + start.width + share * (end.x - start.x - start.width)
            low, high = (box.y + box.height / 2 for box in (start, end))
            y = low + (high - low) * (3 * share**2 - 2 * share**3)
            axes.plot(x, y, color=colours[a if a in colours else b], linewidth=0.75, alpha=0.8, zorder=1)


def _draw_box(axes: Axes, box: Box, facts: Facts) -> None:
    from matplotlib.patches import Rectangle

    fill, ink = FACES[Verdict(facts["verdict"])] if "verdict" in facts else ("white", "black")
    line = "--" if facts.get("switchable") is False else "-"
    look: Any = {"facecolor": fill, "edgecolor": "#222222", "linewidth": 0.6, "linestyle": line, "zorder": 2}
    axes.add_patch(Rectangle((box.x, box.y), box.width, box.height, **look))
    text: Any = {"va": "top", "color": ink, "zorder": 3}
    axes.text(box.x + 0.06, box.y + PAD, box.name, fontsize=7, **text)
    if box.below:
        axes.text(box.x + 0.06, box.y + PAD + 0.12, box.below, fontsize=SMALL, linespacing=1.15, **text)


def _draw_key(axes: Axes, graph: nx.DiGraph, sources: list[str], y: float) -> None:
    """Draw the list of numbered sources, and what a dashed frame means."""
    numbered = list(enumerate(sources, start=1))
    stated = [i for i, source in numbered if any(end.startswith("claim:") for end in graph.successors(source))]
    listed = ", ".join(f"[{i}]" for i in stated)
    lines = [f"Dashed: a matter of degree, with no switch. Claims are those of {listed}."]
    lines += [f"[{i}] {graph.nodes[source]['label']}: {graph.nodes[source]['words']}" for i, source in numbered]
    for i, line in enumerate(lines):
        axes.text(LEFT[0], y + 0.13 * i, line, va="top", fontsize=SMALL + 0.4)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class ArgumentGraph(Report):
    """The argument as a graph, with verdicts on its claims if they were requested."""

    graph: Hidden[Any]  #: the `networkx.DiGraph`
    request: Hidden[GraphRequest]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.graph})"

    def blocks(self) -> list[Table]:
        """Return a table of the claims."""
        facts = [facts for _, facts in self.graph.nodes(data=True) if facts["kind"] == "claim"]
        columns = ("number", "label", "title", "verdict")
        return [Table(facts, {name: lambda row, name=name: row.get(name, "") for name in columns})]

    def drawing(self) -> Figure:
        """Draw the graph."""
        return figure(self.graph)

    def passport(self) -> dict[str, Any]:
        """Return what is needed to compute the graph again, and the verdicts."""
        return json.loads(self.graph.graph["passport"])

    def write(self, path: str | Path, **look: Any) -> None:
        """Draw or write the graph, by the ending of the file's name; keywords as of `figure`."""
        path = check_graph_path(path)
        if path.suffix.lstrip(".").lower() in FORMATS:
            self.save_figure(path, **look)
        else:
            write(self.graph, path)

    def write_graph(self, path: Path, passport: Mapping[str, Any]) -> None:
        """Write the graph as GraphML with a passport, which `regenerate` takes from an earlier file."""
        write_graphml(self.graph, path, passport)


@dataclass(frozen=True, kw_only=True)
class GraphRequest(Request):
    """Write or draw the argument: parameters, premises, mechanisms, claims and sources."""

    kind = "argument"

    verdicts: Annotated[bool, Option("Evaluate the claims first, and put the verdict on each.")] = False
    point: Point = field(default_factory=Point)
    runs: Annotated[int, Option("With --verdicts: runs per training protocol.", "N", least=1, most=MOST_RUNS)] = 2000
    seed: Seed = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.point != Point() and not self.verdicts:
            raise InputError("--set and --curriculum ask for --verdicts: the graph itself is the same at every point.")

    @classmethod
    def from_configuration(cls, configuration: Mapping[str, Any]) -> Self:
        """Return the request of a passport, which names the verdicts that were found."""
        if isinstance(configuration, Mapping) and isinstance(configuration.get("verdicts"), Mapping):
            configuration = {**configuration, "verdicts": True}
        return super().from_configuration(configuration)

    def run(self, *, threads: int | None = None, progress: Progress | None = None) -> ArgumentGraph:  # noqa: ARG002
        """Evaluate the claims if verdicts are requested, and return the graph; raises `InputError`."""
        verdicts = {}
        if self.verdicts:
            keys: dict[str, Any] = {"runs": self.runs, "seed": self.seed, "threads": threads}
            evaluations = evaluate(claims().values(), self.point, **keys)
            verdicts = {name: evaluation.verdict for name, evaluation in evaluations.items()}
        return ArgumentGraph(graph=graph(verdicts, self.configuration()), request=self)
