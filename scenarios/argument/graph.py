"""The argument as a graph: parameters, the premises they stand for, mechanisms, claims, and what each comes from.

Edges run from what is taken for granted to what is said: a parameter *sets* a premise, a premise *feeds* a mechanism, a
mechanism *bears on* a claim; a source *states* a claim or *describes* or *disputes* a mechanism.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from feint.agents.errors import InputError, check_output
from feint.agents.model import Model
from feint.agents.parameters import plain
from feint.scenarios.argument.mechanisms import GROUNDS, MECHANISMS, SETTINGS, Ground, Mechanism
from feint.scenarios.argument.premises import PREMISES, Premise
from feint.scenarios.claims.registry import claims, select_claims
from feint.sim.analysis.claims import Claim, Source, Verdict
from feint.sim.results.datafile import as_line as text
from feint.sim.results.figure_style import FORMATS
from feint.sim.results.provenance import passport
from feint.sim.training.parameter_point import EVERY, Point
from feint.sim.training.stage import Stage
from feint.sim.training.train import check_runs

if TYPE_CHECKING:
    import networkx as nx

KINDS = ("source", "parameter", "premise", "setting", "mechanism", "claim")
RELATIONS = ("sets", "feeds", "bears on", "holds for", "states", "describes", "disputes")
TABLES = ("graphml", "json")
Resting = Premise | Ground  # what parameters stand for


@dataclass(frozen=True, kw_only=True)
class Chain:
    """What a claim rests on, from its mechanisms down to parameters."""

    claim: Claim
    mechanisms: tuple[Mechanism, ...]
    premises: tuple[Resting, ...]

    @property
    def sources(self) -> tuple[Source, ...]:
        """Of the claim, then of its mechanisms, each once."""
        found = [self.claim.source, *(one for each in self.mechanisms for one in (*each.sources, *each.against))]
        return tuple({source.key: source for source in found}.values())

    def bibtex(self) -> str:
        """The bibliography."""
        return "\n\n".join(source.bibtex() for source in self.sources)


def chain(name: str) -> Chain:
    """The chain that leads to a claim; raises `InputError` for one that there is not."""
    (claim,) = select_claims([name], family=claims()[name].family if name in claims() else "pretraining")
    steps = tuple(each for each in MECHANISMS.values() if name in each.claims)
    resting = dict.fromkeys(premise for each in steps for premise in each.premises)
    return Chain(claim=claim, mechanisms=steps, premises=tuple(premise_named(each) for each in resting))


def premise_named(name: str) -> Resting:
    """A premise, one that can be switched off or one that is a matter of degree."""
    return PREMISES[name] if name in PREMISES else GROUNDS[name]


def graph(verdicts: Mapping[str, Verdict] | None = None, configuration: Mapping[str, Any] | None = None) -> nx.DiGraph:
    """All of the argument, with what was found of each claim where that is given, by the claim's name.

    A node has a `kind`, a `label` and `words`; an edge has a `relation`. All are text, numbers and yes or no, which any
    format keeps. `configuration` says where verdicts come from; the graph carries it in its passport.
    """
    import networkx as nx

    told = {"verdicts": {name: verdict.value for name, verdict in (verdicts or {}).items()}, **(configuration or {})}
    found = nx.DiGraph(passport=text(passport("argument", told)))
    for node, facts in _nodes(verdicts or {}):
        found.add_node(node, **facts)
    for a, b, facts in _edges():
        found.add_edge(a, b, **facts)
    return found


def tried_graph(
    point: Point | None = None, *, runs: int = 2000, seed: int = 0, threads: int | None = None
) -> nx.DiGraph:
    """The argument with the verdict on each claim at a point. Raises `InputError`."""
    from feint.scenarios.argument.evaluate_claim import evaluate

    point = Point() if point is None else point
    check_runs(runs)
    found = evaluate(claims().values(), point, runs=runs, seed=seed, threads=threads)
    verdicts = {name: each.verdict for name, each in found.items()}
    return graph(verdicts, {**point.described(), "runs": runs, "seed": seed})


def passport_of(graph: nx.DiGraph) -> dict[str, Any]:
    """What is needed to make a graph again."""
    return json.loads(graph.graph["passport"])


def _nodes(verdicts: Mapping[str, Verdict]) -> Iterator[tuple[str, dict[str, Any]]]:
    for source in _sources():
        yield (
            f"source:{source.key}",
            _facts("source", f"{source.author} {source.year}", source.title, where=source.where),
        )
    for name in dict.fromkeys(bare(each) for ground in _resting() for each in ground.parameters):
        yield f"parameter:{name}", _facts("parameter", name, meaning(name), **standing(name))
    for each in _resting():
        kind = "setting" if each.name in SETTINGS else "premise"
        yield f"{kind}:{each.name}", _facts(kind, each.name, each.words, switchable=isinstance(each, Premise))
    for step in MECHANISMS.values():
        yield f"mechanism:{step.name}", _facts("mechanism", step.name, step.words, term=step.term)
    for claim in claims().values():
        known = {"verdict": verdicts[claim.name].value} if claim.name in verdicts else {}
        told = _facts(
            "claim", claim.name, claim.statement, title=claim.title, number=claim.number, section=claim.section
        )
        yield f"claim:{claim.name}", {**told, **known}


def _facts(kind: str, label: str, words: str, **more: Any) -> dict[str, Any]:
    return {"kind": kind, "label": label, "words": words, **more}


def _edges() -> Iterator[tuple[str, str, dict[str, str]]]:
    for each in _resting():
        kind = "setting" if each.name in SETTINGS else "premise"
        for name in each.parameters:
            yield f"parameter:{bare(name)}", f"{kind}:{each.name}", {"relation": "sets", "name": name}
    for step in MECHANISMS.values():
        yield from _edges_of(step)
    for claim in claims().values():
        yield f"source:{claim.source.key}", f"claim:{claim.name}", {"relation": "states"}
        for setting in SETTINGS:
            yield f"setting:{setting}", f"claim:{claim.name}", {"relation": "holds for"}


def _edges_of(step: Mechanism) -> Iterator[tuple[str, str, dict[str, str]]]:
    here = f"mechanism:{step.name}"
    for name in step.premises:
        yield f"premise:{premise_named(name).name}", here, {"relation": "feeds"}
    for name in step.claims:
        yield here, f"claim:{claims()[name].name}", {"relation": "bears on"}
    for relation, sources in (("describes", step.sources), ("disputes", step.against)):
        for source in sources:
            yield f"source:{source.key}", here, {"relation": relation}


def _resting() -> list[Resting]:
    return [*PREMISES.values(), *GROUNDS.values(), *SETTINGS.values()]


def _sources() -> list[Source]:
    stated = [claim.source for claim in claims().values()]
    described = [source for step in MECHANISMS.values() for source in (*step.sources, *step.against)]
    return list({source.key: source for source in (*stated, *described)}.values())


def bare(name: str) -> str:
    """A parameter's own name, without the stage."""
    return name.rpartition(".")[2]


def meaning(name: str) -> str:
    """What a parameter of this bare name means."""
    field = (Model.model_fields if name in Model.model_fields else Stage.model_fields)[name]
    return field.description or ""


def standing(name: str) -> dict[str, str]:
    """A parameter's default, prior, off value, argument and source, as text."""
    declared = {**Stage.parameters(), **Model.parameters()}.get(name)
    if declared is None:  # `carry`, which is no number
        return {"default": value_text(f"{EVERY}.{name}")}
    stage = "" if name in Model.model_fields else f"{EVERY}."
    facts = {"default": value_text(stage + name), "prior": declared.prior_text, "off": plain(declared.off)}
    return {**facts, "argument": declared.argument, "source": declared.source}


def value_text(name: str, point: Point | None = None) -> str:
    """What stands at a point under a dotted name; of a parameter of all stages, stage by stage where they differ."""
    point = Point() if point is None else point
    stage, _, parameter = name.rpartition(".")
    if stage != EVERY:
        return _one(point.value(name))
    each = {one.name: _one(getattr(one, parameter)) for one in point.curriculum}
    same = set(each.values())
    return same.pop() if len(same) == 1 else ", ".join(f"{told} in {name}" for name, told in each.items())


def _one(value: Any) -> str:
    return "+".join(map(str, value)) if isinstance(value, tuple) else plain(value)


def check_graph_path(path: str | Path) -> Path:
    """The path of a graph to come, in a table or drawn; raises before anything is computed if it cannot be written."""
    path = Path(path)
    if path.suffix.lstrip(".").lower() not in (*TABLES, *FORMATS):
        endings = ", ".join(f".{each}" for each in (*TABLES, *FORMATS[:-1]))
        raise InputError(f"file = {str(path)!r} has no known format: its name must end in {endings} or .{FORMATS[-1]}.")
    return check_output("file", path)


def is_drawn(path: Path) -> bool:
    """Whether a file of this name is a figure."""
    return path.suffix.lstrip(".").lower() in FORMATS


def write(graph: nx.DiGraph, path: str | Path) -> None:
    """Write a graph as GraphML, or as JSON with nodes and edges listed; raises `InputError`."""
    import networkx as nx

    path = check_graph_path(path)
    if is_drawn(path):
        raise InputError(f"file = {str(path)!r} is a figure's name: a table ends in .graphml or .json.")
    try:
        if path.suffix.lower() == ".graphml":
            nx.write_graphml(graph, path, named_key_ids=True)
        else:
            data = nx.node_link_data(graph, edges="edges")
            path.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise InputError(f"file = {str(path)!r} cannot be written: {error.strerror}.") from None


def read(path: str | Path) -> nx.DiGraph:
    """Read a graph that `write` wrote; raises `InputError` for a file that is none."""
    import networkx as nx

    path = Path(path)
    try:
        return _read(path)
    except (OSError, ValueError, KeyError, SyntaxError, nx.NetworkXError) as error:
        raise InputError(f"file = {str(path)!r} is no graph of an argument: {str(error).splitlines()[0]}.") from None


def _read(path: Path) -> nx.DiGraph:
    import networkx as nx

    if path.suffix.lower() == ".graphml":
        found = nx.read_graphml(path)
        for added in ("node_default", "edge_default"):
            found.graph.pop(added, None)
        return found
    return nx.node_link_graph(json.loads(path.read_text(encoding="utf-8")), edges="edges")
