"""The chain behind a claim: how it is tested, its mechanisms and their premises, down to parameters and sources."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from textwrap import fill
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, computed_field

from feint.scenarios.argument import graph
from feint.scenarios.argument.premises import GROUNDS, MECHANISMS, PREMISES, Mechanism, bare, declaration, value_text
from feint.scenarios.bibliography import SOURCES
from feint.scenarios.claims.registry import select_claims
from feint.sim.analysis.claims import Source
from feint.sim.results.report import Hidden, Report, from_attributes, line_width, wrapped
from feint.sim.results.request import Option, Progress, Request

if TYPE_CHECKING:
    from matplotlib.figure import Figure


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

    def drawing(self) -> Figure:
        """Draw the part of the graph of the argument that leads to the claim."""
        return graph.figure(graph.leading_to(self.claim))

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
    return fill(sentence, line_width(), **margins, break_long_words=False, break_on_hyphens=False)


@dataclass(frozen=True, kw_only=True)
class WhyRequest(Request):
    """Show the chain behind a claim: how it is tested, mechanisms, premises with their parameters, and sources."""

    kind = "why"
    threaded = False
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
