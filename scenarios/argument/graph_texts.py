"""What a claim rests on, in words for a terminal of 80 columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from textwrap import fill

from feint.scenarios.argument.graph import Chain, Resting, bare, standing, value_text
from feint.scenarios.argument.mechanisms import Mechanism
from feint.scenarios.argument.premises import Premise
from feint.sim.analysis.claims import Part, Source
from feint.sim.results.text_tables import WIDTH, wrapped


def chain_text(chain: Chain) -> str:
    """A claim, how it is tried, and then down to parameters and sources."""
    numbers = {source.key: i for i, source in enumerate(chain.sources, start=1)}
    claim = chain.claim
    enough = "One part is enough." if claim.any_part else "All parts must hold."
    several = len(claim.tested) > 1
    blocks = [
        [
            wrapped(f"{claim.number} {claim.title}"),
            *_lines(f"{claim.statement} [{numbers[claim.source.key]}, {claim.section}]"),
        ],
        [
            "How it is tried",
            *(line for part in claim.parts for line in _part(part)),
            *_lines(enough if several else ""),
        ],
        ["What is said to lead there", *(line for step in chain.mechanisms for line in _step(step, numbers))],
        [
            "What that takes for granted (* can be switched off)",
            *(line for each in chain.premises for line in _premise(each)),
        ],
        ["Sources", *(line for source in chain.sources for line in _source(source, numbers))],
    ]
    return "\n\n".join("\n".join(block) for block in blocks if len(block) > 1)


def _lines(sentence: str, indent: int = 2) -> list[str]:
    """A sentence in lines of WIDTH, those after the first further in."""
    if not sentence:
        return []
    first, rest = " " * indent, " " * (indent + 2)
    told = fill(
        sentence, WIDTH, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
    )
    return told.split("\n")


def _part(part: Part) -> list[str]:
    shown = "" if part.tested else "; shown beside it, not part of the claim"
    return _lines(f"{part.name}: {part.estimand.words}. Holds {part.rule.words}{shown}.")


def _step(step: Mechanism, numbers: dict[str, int]) -> list[str]:
    cited = [f"after {_cited(step.sources, numbers)}"] if step.sources else []
    cited += [f"disputed by {_cited(step.against, numbers)}"] if step.against else []
    return [
        *_lines(f"{step.name}: {step.words} ({', '.join(cited)})."),
        *_lines(f"in the model: {step.term}", 4),
        *_lines(f"from: {', '.join(step.premises)}", 4),
    ]


def _cited(sources: Iterable[Source], numbers: dict[str, int]) -> str:
    return ", ".join(f"[{numbers[source.key]}]" for source in sources)


def _premise(premise: Resting) -> Iterator[str]:
    mark = " *" if isinstance(premise, Premise) else ""
    yield from _lines(f"{premise.name}{mark}: {premise.words}")
    for name in premise.parameters:
        prior = standing(bare(name)).get("prior", "–")
        told = f"; prior {prior}" if prior != "–" else ""
        yield from _lines(f"{name} = {value_text(name)}{told}", 4)


def _source(source: Source, numbers: dict[str, int]) -> Iterator[str]:
    stop = "" if source.title.endswith(("?", "!", ".")) else "."
    yield from _lines(f"[{numbers[source.key]}] {source.author} ({source.year}). {source.title}{stop}")
    yield f"    {source.where}"
