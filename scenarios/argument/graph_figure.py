"""The argument as a figure: premises at the left, mechanisms in the middle, claims with their verdicts at the right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from feint.scenarios.argument.worldview_figure import FACES
from feint.sim.analysis.claims import Verdict
from feint.sim.results.figure_style import PAGE_WIDTH, STYLE
from feint.sim.results.text_tables import folded

if TYPE_CHECKING:
    import networkx as nx
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = ("premise", "mechanism", "claim")
HEADS = ("premises, and their parameters", "mechanisms, and who says so", "claims, and what was found")
LEFT = (0.03, 2.72, 5.2)  # inches from the left edge to each column
WIDE = (1.98, 1.72, 1.67)  # inches that its boxes are wide
LINE, PAD, BETWEEN = 0.095, 0.03, 0.028  # inches of a line of small text, above and below text, and between boxes
TOP = 0.26  # inches for the heads
SMALL = 5.6  # points
INK = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#4d4d4d")
"""Okabe and Ito's palette without yellow; lines of neighbouring mechanisms differ."""
UNTRIED = ("white", "black")


@dataclass(frozen=True)
class Box:
    """A node where it is drawn: its upper left corner and its size, in inches."""

    node: str
    x: float
    y: float
    width: float
    height: float
    name: str
    below: str  #: small lines under the name

    @property
    def middle(self) -> float:
        """Of its height."""
        return self.y + self.height / 2


def figure(graph: nx.DiGraph) -> Figure:
    """All but settings, which hold for every claim; sources are numbers, with the key below."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    sources = [node for node, facts in graph.nodes(data=True) if facts["kind"] == "source"]
    boxes = _boxes(graph, sources)
    bottom = max(box.y + box.height for box in boxes.values())
    height = bottom + 0.25 + 0.13 * (len(sources) + 1)
    with mpl.rc_context(STYLE):
        drawn = Figure(figsize=(PAGE_WIDTH, height))
        axes: Axes = drawn.add_axes((0, 0, 1, 1))
        axes.set(xlim=(0, PAGE_WIDTH), ylim=(height, 0))
        axes.axis("off")
        for x, width, head in zip(LEFT, WIDE, HEADS, strict=True):
            axes.text(x + width / 2, TOP / 2, head, ha="center", va="center", fontsize=7.5, weight="bold")
        _draw_edges(axes, graph, boxes)
        for box in boxes.values():
            _draw_box(axes, box, graph.nodes[box.node])
        _key(axes, graph, sources, bottom + 0.2)
    return drawn


def _boxes(graph: nx.DiGraph, sources: list[str]) -> dict[str, Box]:
    """Every node that is drawn, with columns spread over the same height."""
    columns = _ordered(graph)
    sized = [[_sized(graph, node, sources) for node in column] for column in columns]
    tallest = max(sum(height for *_, height in column) + BETWEEN * (len(column) - 1) for column in sized)
    found = {}
    for column, x, width in zip(sized, LEFT, WIDE, strict=True):
        gap = (tallest - sum(height for *_, height in column)) / max(len(column) - 1, 1)
        y = TOP
        for node, name, below, height in column:
            found[node] = Box(node, x, y, width, height, name, below)
            y += height + gap
    return found


def _ordered(graph: nx.DiGraph) -> list[list[str]]:
    """Nodes of each column from top to bottom: claims as numbered, others where what they lead to is."""
    columns = [[node for node, facts in graph.nodes(data=True) if facts["kind"] == kind] for kind in COLUMNS]
    columns[2].sort(key=lambda node: graph.nodes[node]["number"])
    for i in (1, 0):
        place = {node: k for k, node in enumerate(columns[i + 1])}
        columns[i].sort(key=lambda node: float(np.mean([place[each] for each in graph.successors(node)])))
    return columns


def _sized(graph: nx.DiGraph, node: str, sources: list[str]) -> tuple[str, str, str, float]:
    """A node with its name, what stands below it, and the height that both take."""
    facts = graph.nodes[node]
    name, below = facts["label"], ""
    if facts["kind"] == "premise":
        names = dict.fromkeys(graph.edges[each, node]["name"] for each in graph.predecessors(node))
        below = folded(", ".join(names), 50)
    elif facts["kind"] == "mechanism":
        below = _cited(graph, node, sources)
    else:
        name, below = f"{facts['number']} {name}", facts.get("verdict", "")
    return node, name, below, 2 * PAD + 0.112 + LINE * len(below.split("\n") if below else [])


def _cited(graph: nx.DiGraph, node: str, sources: list[str]) -> str:
    """The numbers of the sources of a mechanism."""
    cited: dict[str, list[str]] = {"describes": [], "disputes": []}
    for i, source in enumerate(sources, start=1):
        relation = graph.get_edge_data(source, node, {}).get("relation")
        if relation:
            cited[relation].append(str(i))
    told = {"describes": "after", "disputes": "disputed by"}
    return ", ".join(f"{told[relation]} [{', '.join(which)}]" for relation, which in cited.items() if which)


def _draw_edges(axes: Axes, graph: nx.DiGraph, boxes: dict[str, Box]) -> None:
    """A curve for each edge between columns, in the colour of its mechanism."""
    steps = sorted((box for box in boxes.values() if box.node.startswith("mechanism:")), key=lambda box: box.y)
    colours = {box.node: INK[i % len(INK)] for i, box in enumerate(steps)}
    protocol = np.linspace(0, 1, 40)
    for a, b in graph.edges:
        if a in boxes and b in boxes:
            start, end = boxes[a], boxes[b]
            x = start.x + start.width + protocol * (end.x - start.x - start.width)
            y = start.middle + (end.middle - start.middle) * (3 * protocol**2 - 2 * protocol**3)
            axes.plot(x, y, color=colours[a if a in colours else b], linewidth=0.75, alpha=0.8, zorder=1)


def _draw_box(axes: Axes, box: Box, facts: dict[str, Any]) -> None:
    from matplotlib.patches import Rectangle

    fill, ink = FACES[Verdict(facts["verdict"])] if "verdict" in facts else UNTRIED
    line = "--" if facts.get("switchable") is False else "-"
    look: Any = {"facecolor": fill, "edgecolor": "#222222", "linewidth": 0.6, "linestyle": line, "zorder": 2}
    axes.add_patch(Rectangle((box.x, box.y), box.width, box.height, **look))
    axes.text(box.x + 0.06, box.y + PAD, box.name, va="top", fontsize=7, color=ink, zorder=3)
    if box.below:
        axes.text(
            box.x + 0.06, box.y + PAD + 0.12, box.below, va="top", fontsize=SMALL, color=ink, zorder=3, linespacing=1.15
        )


def _key(axes: Axes, graph: nx.DiGraph, sources: list[str], y: float) -> None:
    """Which number is which source, and what a dashed frame says."""
    lines = [
        f"[{i}] {graph.nodes[source]['label']}: {graph.nodes[source]['words']}"
        for i, source in enumerate(sources, start=1)
    ]
    stated = sorted(
        {i for i, each in enumerate(sources, 1) for _, b in graph.out_edges(each) if b.startswith("claim:")}
    )
    told = "Dashed: a matter of degree, with no switch. Claims are those of " + ", ".join(f"[{i}]" for i in stated)
    for i, line in enumerate([f"{told}.", *lines]):
        axes.text(LEFT[0], y + 0.13 * i, line, va="top", fontsize=SMALL + 0.4)
