"""Premises of the argument, mechanisms that lead to its claims (`mechanisms.toml`), and the chain behind a claim."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from textwrap import fill
from typing import Annotated, Any, TypeVar

from pydantic import Field, computed_field

from feint.agents.errors import unknown
from feint.agents.model import Model
from feint.agents.parameters import plain
from feint.scenarios.bibliography import SOURCES
from feint.scenarios.claims.registry import select_claims
from feint.sim.analysis.claims import Source
from feint.sim.results.provenance import data_beside
from feint.sim.results.report import WIDTH, Hidden, Report, from_attributes, wrapped
from feint.sim.results.request import Option, Progress, Request
from feint.sim.training.parameter_point import EVERY, Point
from feint.sim.training.stage import Stage

SMALL = 1e-6  # what is left of a reward that is switched off


@dataclass(frozen=True, kw_only=True)
class Assumption:
    """A clause that the argument assumes, and the dotted names of the parameters that represent it."""

    name: str
    words: str
    parameters: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Premise(Assumption):
    """An assumption that can be switched off, in one of three ways."""

    values: Mapping[str, float] = field(default_factory=dict)  #: of parameters, by dotted name, that switch it off
    reward: str = ""  #: scalar whose reward it is; without it only data act: plasticity · ε, exposure / ε
    group: str = ""  #: group that pre-training hands over; without it the group is reset before fine-tuning

    def off(self, point: Point) -> dict[str, Any]:
        """Return the changes that switch it off at a point."""
        if self.group:
            return {"finetuning.carry": tuple(name for name in point.value("finetuning.carry") if name != self.group)}
        if not self.reward:
            return dict(self.values)
        plasticity, exposure = f"plasticity_{self.reward}", f"{self.reward}_exposure"
        exposures = {f"{stage.name}.{exposure}": getattr(stage, exposure) / SMALL for stage in point.curriculum}
        return {plasticity: point.value(plasticity) * SMALL, **exposures}


@dataclass(frozen=True, kw_only=True)
class Mechanism:
    """A step of the argument: from premises, by a term of the model, to claims that it bears on."""

    name: str
    words: str
    term: str  #: what represents it in the model
    premises: tuple[str, ...]
    sources: Annotated[tuple[str, ...], Field(description="keys")]
    disputed_by: Annotated[tuple[str, ...], Field(description="keys")]  #: sources that dispute it, or its sign
    claims: Hidden[tuple[str, ...]]


Declared = TypeVar("Declared", Assumption, Premise, Mechanism)


def _declared(kind: type[Declared], table: str) -> dict[str, Declared]:
    """Return what a table of the file declares, by name; lists are tuples."""
    declared = {}
    for name, row in _FILE[table].items():
        facts: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}
        declared[name] = kind(name=name, **facts)
    return declared


_FILE = data_beside(__file__, "mechanisms.toml")
PREMISES = _declared(Premise, "premises")
"""Premises that can be switched off, by name."""
GROUNDS = _declared(Assumption, "grounds")
"""Premises that are matters of degree, by name."""
SETTINGS = _declared(Assumption, "settings")
"""Conditions under which every claim is evaluated and which none asserts, by name."""
MECHANISMS = _declared(Mechanism, "mechanisms")
"""Mechanisms by name, in the order of the argument."""


def select_premises(names: Iterable[str]) -> list[Premise]:
    """Return the named premises without repetitions; raises `InputError` for a name that is not known."""
    wanted = list(dict.fromkeys(names))
    for name in wanted:
        if name not in PREMISES:
            raise unknown("premise", name, PREMISES)
    return [PREMISES[name] for name in wanted]


def without(point: Point, premises: Iterable[str]) -> Point:
    """Return the point with these premises switched off; their order does not matter."""
    for premise in select_premises(premises):
        point = point.at(premise.off(point))
    return point


def bare(name: str) -> str:
    """Return a parameter's name without the stage."""
    return name.rpartition(".")[2]


def declaration(name: str) -> dict[str, str]:
    """Return the meaning, default, prior, off value, argument and source of a parameter by its bare name, as text."""
    fields_of, stage = (Model.model_fields, "") if name in Model.model_fields else (Stage.model_fields, f"{EVERY}.")
    facts = {"meaning": fields_of[name].description or "", "default": value_text(stage + name)}
    declared = {**Stage.parameters(), **Model.parameters()}.get(name)
    if declared is None:  # `carry`, which is not a number
        return facts
    facts |= {"prior": declared.prior_text, "off": plain(declared.off)}
    return {**facts, "argument": declared.argument, "source": declared.source}


def value_text(name: str, point: Point | None = None) -> str:
    """Return the value of a dotted name at a point as text; of all stages, one value per stage if they differ."""

    def text(value: Any) -> str:
        return "+".join(map(str, value)) if isinstance(value, tuple) else plain(value)

    point = Point() if point is None else point
    stage, _, parameter = name.rpartition(".")
    if stage != EVERY:
        return text(point.value(name))
    values = {stage.name: text(getattr(stage, parameter)) for stage in point.curriculum}
    if len({*values.values()}) == 1:
        return next(iter(values.values()))
    return ", ".join(f"{value} in {stage}" for stage, value in values.items())


@dataclass(frozen=True, kw_only=True)
class Cited(Source):
    """A source with its entry for a bibliography."""

    kind: Hidden[str] = "online"

    @computed_field(alias="bibtex")
    @property
    def entry(self) -> str:
        """Entry for a bibliography, for BibTeX."""
        return self.bibtex()


@dataclass(frozen=True, kw_only=True)
class PartFacts:
    """A part by which the claim is tested."""

    name: str
    quantity: str
    holds: str
    tested: Annotated[bool, Field(description="whether the verdict depends on it")]


@dataclass(frozen=True, kw_only=True)
class ParameterFacts:
    """A parameter that represents a premise in the model."""

    name: str
    meaning: str
    default: str
    prior: str | None


@dataclass(frozen=True, kw_only=True)
class PremiseFacts:
    """A premise of the claim's mechanisms."""

    name: str
    words: str
    switchable: bool
    parameters: list[ParameterFacts]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Chain(Report):
    """The chain behind a claim, from its mechanisms down to parameters and sources."""

    claim: str
    number: int
    title: str
    statement: str
    source: Annotated[str, Field(description="key")]
    section: str
    any_part: Annotated[bool, Field(description="whether one part is enough")]
    parts: list[PartFacts]
    mechanisms: list[Mechanism]
    premises: list[PremiseFacts]
    sources: Annotated[list[Cited], Field(description="that of the claim first")]
    request: Hidden[WhyRequest]

    def rows(self) -> list[PartFacts]:
        """Return the parts of the claim."""
        return self.parts

    def blocks(self) -> Iterator[str]:
        """Yield the claim, how it is tested, and then down to parameters and sources; or only the bibliography."""
        if self.request.bibtex:
            yield "\n\n".join(source.bibtex() for source in self.sources)
            return
        numbers = {source.key: f"[{i}]" for i, source in enumerate(self.sources, start=1)}
        statement = _indented(f"{self.statement} {numbers[self.source].rstrip(']')}, {self.section}]")
        yield f"{wrapped(f'{self.number} {self.title}')}\n{statement}"
        sections = {
            "How it is tested": self._tests(),
            "Mechanisms said to lead to it": self._steps(numbers),
            "Premises of the mechanisms (* can be switched off)": self._assumptions(),
            "Sources": self._sources(numbers),
        }
        for heading, sentences in sections.items():
            if lines := list(sentences):
                yield "\n".join([heading, *lines])

    def _tests(self) -> Iterator[str]:
        for part in self.parts:
            shown = "" if part.tested else "; shown beside it, not part of the claim"
            yield _indented(f"{part.name}: {part.quantity}. Holds {part.holds}{shown}.")
        if sum(part.tested for part in self.parts) > 1:
            yield _indented("One part is enough." if self.any_part else "All parts must hold.")

    def _steps(self, numbers: dict[str, str]) -> Iterator[str]:
        for step in self.mechanisms:
            cited = {"after": step.sources, "disputed by": step.disputed_by}
            named = (f"{words} {', '.join(numbers[key] for key in keys)}" for words, keys in cited.items() if keys)
            yield _indented(f"{step.name}: {step.words} ({', '.join(named)}).")
            yield _indented(f"in the model: {step.term}", 4)
            yield _indented(f"from: {', '.join(step.premises)}", 4)

    def _assumptions(self) -> Iterator[str]:
        for premise in self.premises:
            yield _indented(f"{premise.name}{' *' if premise.switchable else ''}: {premise.words}")
            for parameter in premise.parameters:
                prior = f"; prior {parameter.prior}" if parameter.prior else ""
                yield _indented(f"{parameter.name} = {parameter.default}{prior}", 4)

    def _sources(self, numbers: dict[str, str]) -> Iterator[str]:
        for source in self.sources:
            stop = "" if source.title.endswith(("?", "!", ".")) else "."
            yield _indented(f"{numbers[source.key]} {source.author} ({source.year}). {source.title}{stop}")
            yield f"    {source.where}"


def _premise_facts(name: str) -> PremiseFacts:
    premise, parameters = {**PREMISES, **GROUNDS}[name], []
    for parameter in premise.parameters:
        facts, default = declaration(bare(parameter)), value_text(parameter)
        prior = None if (known := facts.get("prior")) == "–" else known
        parameters.append(ParameterFacts(name=parameter, meaning=facts["meaning"], default=default, prior=prior))
    return from_attributes(PremiseFacts, premise, switchable=name in PREMISES, parameters=parameters)


def _indented(sentence: str, indent: int = 2) -> str:
    """Return a sentence in indented lines, those after the first indented further."""
    margins: Any = {"initial_indent": " " * indent, "subsequent_indent": " " * (indent + 2)}
    return fill(sentence, WIDTH, **margins, break_long_words=False, break_on_hyphens=False)


@dataclass(frozen=True, kw_only=True)
class WhyRequest(Request):
    """Show the chain behind a claim: how it is tested, mechanisms, premises with their parameters, and sources."""

    kind = "why"
    threaded = False
    drawn = False
    text_only = ("bibtex",)

    claim: Annotated[str, Option("Name of a claim, such as headline.", "CLAIM", argument=True)]
    bibtex: Annotated[bool, Option("Print only the bibliography, for BibTeX.")] = False

    def run(self, *, threads: int | None = None, progress: Progress | None = None) -> Chain:  # noqa: ARG002
        """Return the chain of the claim; raises `InputError` if the claim is not known."""
        (claim,) = select_claims([self.claim])
        steps = [step for step in MECHANISMS.values() if claim.name in step.claims]
        cited = [claim.source.key, *(key for step in steps for key in (*step.sources, *step.disputed_by))]
        return from_attributes(
            Chain,
            claim,
            claim=claim.name,
            source=claim.source.key,
            parts=[
                from_attributes(PartFacts, part, quantity=part.estimand.words, holds=part.rule.words)
                for part in claim.parts
            ],
            mechanisms=steps,
            premises=[_premise_facts(name) for name in dict.fromkeys(name for step in steps for name in step.premises)],
            sources=[from_attributes(Cited, SOURCES[key]) for key in dict.fromkeys(cited)],
            request=self,
        )
