"""Assembles the manual's page of claims: what is declared in `scenarios/claims`, and the results of committed runs.

Nothing is run. A document that was made under other declarations is refused, so that the page cannot go out of step.
Claims that are only proposed are shown as not yet run.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from claims_figure import figure

from feint.agents.errors import InputError
from feint.scenarios.argument.argue import FULL, QUICK
from feint.scenarios.claims.registry import FAMILIES, claims, proposed_claims
from feint.sim.analysis.claims import KINDS, Claim, Part
from feint.sim.results import figure_style
from feint.sim.statistics.intervals import Interval

Facts = Mapping[str, Any]
Declared = Mapping[str, Mapping[str, Claim]]
RUN = {
    "pretraining": ("argument.json", "nox -s argument"),
    "fine-tuning": ("argument_fine-tuning.json", "nox -s argument -- --family fine-tuning"),
    "release": ("argument_release.json", "nox -s argument -- --family release"),
}
"""Family → the document that the page reads, beside it, and the command that makes it."""
TITLES = {
    "pretraining": "What pre-training does to deception",
    "fine-tuning": "What fine-tuning leaves underneath",
    "release": "What follows a release",
}
NOT_RUN = "not yet run"


def declared_claims() -> Declared:
    """Return the claims that have been run, by family and name."""
    return {family: claims(family) for family in FAMILIES}


def proposals() -> Declared:
    """Return the claims that are not yet run, by family and name."""
    return {family: proposed_claims(family) for family in FAMILIES}


def page(
    folder: Path, drawn: Path | None = None, declared: Declared | None = None, proposed: Declared | None = None
) -> str:
    """Return all claims of all families as Markdown, from the documents in a folder.

    Parameters
    ----------
    folder
        Where the documents are.
    drawn
        Folder within it for the figures; none are drawn by default.
    declared, proposed
        Claims that have been run, and those that have not; by default those of the registry.

    Raises
    ------
    InputError
        If a document is not of the claims as they are declared.

    """
    declared = declared_claims() if declared is None else declared
    proposed = proposals() if proposed is None else proposed
    documents = {family: document(folder, family, declared[family]) for family in declared}
    blocks = [summary(documents, declared, proposed)]
    for family, made in documents.items():
        blocks += [f"## {TITLES[family]}", provenance(family, made)]
        for claim, result in zip(declared[family].values(), made["claims"], strict=True):
            shown = None if drawn is None else draw(claim, result, made["passport"], drawn / f"{claim.name}.svg")
            picture = None if shown is None else str(shown.relative_to(folder))
            blocks += section(claim, result, picture, command(claim, made["passport"]["configuration"]))
        for claim in proposed.get(family, {}).values():
            blocks += proposal(claim)
    return "\n\n".join(blocks) + "\n"


def document(folder: Path, family: str, declared: Mapping[str, Claim]) -> dict[str, Any]:
    """Return the committed run of a family; raises `InputError` if it is not of these declarations."""
    name, command = RUN[family]
    try:
        made = json.loads((folder / name).read_text())
    except OSError as error:
        raise InputError(f"document = {name!r} cannot be read: {error.strerror}; run {command}.") from None
    difference = stale(made, declared)
    if difference:
        raise InputError(f"document = {name!r} is not valid: {difference}; run {command}.")
    return made


def stale(made: Facts, declared: Mapping[str, Claim]) -> str | None:
    """Return how a document departs from the declarations; None if it does not."""
    names = [result["name"] for result in made["claims"]]
    if names != list(declared):
        return f"it has the claims {', '.join(names)}, declared are {', '.join(declared)}"
    for claim, result in zip(declared.values(), made["claims"], strict=True):
        ran = [(part["name"], part["effect"]["quantity"], part["rule"], part["tested"]) for part in result["parts"]]
        if ran != [(part.name, part.estimand.words, part.rule.words, part.tested) for part in claim.parts]:
            return f"the claim {claim.name!r} was declared otherwise when it was run"
        verdicts = {part.name: part.rule.verdict(interval_of(row)) for part, row in rows(claim, result)}
        if claim.verdict(verdicts).value != result["verdict"]:
            return f"its numbers of {claim.name!r} do not have its verdict {result['verdict']!r} by the declared rules"
    return None


def rows(claim: Claim, result: Facts) -> Iterator[tuple[Part, Facts]]:
    """Return pairs of each part as declared and its result."""
    return zip(claim.parts, result["parts"], strict=True)


def interval_of(part: Facts) -> Interval:
    """Return the interval of a part's result."""
    effect = part["effect"]
    return Interval(**{name: effect[name] for name in ("estimate", "low", "high", "confidence", "method")})


def provenance(family: str, made: Facts) -> str:
    """Return how the numbers of a family were made."""
    passport, configuration = made["passport"], made["passport"]["configuration"]
    size = configuration["size"]
    most = f" to {size['draw_most']:,}" if "draw_most" in size else ""
    versions = ", ".join(f"{name} {value}" for name, value in passport["versions"].items())
    return (
        f"`{RUN[family][1]}`: {size['runs']:,} runs of each way of training at the default point, {size['draws']:,} "
        f"draws from the prior of {size['draw_runs']:,}{most} runs each, seed {configuration.get('seed', 0)}; "
        f"{versions}; "
        f"{passport['platform']['system']} {passport['platform']['machine']}; "
        f"commit {(passport['commit'] or 'none')[:10]}{_again(passport)}. All numbers: {{download}}`{RUN[family][0]}`."
    )


def _again(passport: Facts) -> str:
    """Return which claims were run again alone since, and at which commit."""
    again = passport.get("again", {}).items()
    return "".join(f"; `{name}` again at {(commit or 'none')[:10]}" for name, commit in again)


def summary(documents: Mapping[str, Facts], declared: Declared, proposed: Declared) -> str:
    """Return a table with one row per claim of any family."""
    lines = ["| claim | says | verdict | effect | holds of the prior |", "|---|---|---|---|---|"]
    for family, made in documents.items():
        for claim, result in zip(declared[family].values(), made["claims"], strict=True):
            cells = result["verdict"], number(result["effect"]), share(result["prior"]["holds"])
            lines.append(_summary_row(claim, *cells))
        lines += [_summary_row(claim, NOT_RUN, "–", "–") for claim in proposed.get(family, {}).values()]
    return "\n".join(lines)


def _summary_row(claim: Claim, *cells: str) -> str:
    return f"| {' | '.join([f'[{claim.name}](#{anchor(claim)})', claim.title, *cells])} |"


def anchor(claim: Claim) -> str:
    """Return the anchor by which a claim's section can be linked and cited."""
    return f"claim-{claim.name}"


def command(claim: Claim, configuration: Facts) -> str:
    """Return the command that prints a claim's numbers at the point, and its shares if it draws as often."""
    size, seed = configuration["size"], configuration.get("seed", 0)
    quick = not size["form_draws"]
    words = [_argue(claim)]
    words += ["--quick"] if quick else []
    words += [f"--runs {size['runs']}"] if size["runs"] != (QUICK if quick else FULL).runs else []
    words += [f"--seed {seed}"] if seed else []
    return " ".join(words)


def _argue(claim: Claim) -> str:
    family = f" --family {claim.family}" if claim.family != "pretraining" else ""
    return f"feint argue --claim {claim.name}{family}"


def section(claim: Claim, result: Facts, shown: str | None, command: str) -> list[str]:
    """Return the section on a claim: source, statement, declared rules, verdict, numbers, command and figure."""
    needs = "one part is enough" if claim.any_part else "all tested parts"
    table = ["| quantity | holds | found | verdict |", "|---|---|---|---|"]
    for part, row in rows(claim, result):
        verdict = row["verdict"] + ("" if part.tested else " (shown)")
        table.append(f"| {part.estimand.words} | {part.rule.words} | {number(row['effect'])} | {verdict} |")
    crux, prior = result["crux"]["premise"], result["prior"]
    over = ", ".join(f"{kind} in {share(prior[kind])}" for kind in KINDS)
    baked = f"; {result['baked_in']} nearly everywhere" if result["baked_in"] else ""
    hangs = f"Hangs most on: {crux or 'no single premise'}."
    sources = f" Sources: `feint why {claim.name}`." if claim.family == "pretraining" else ""
    picture = [] if shown is None else [f"![{claim.title}: each part's interval, and shares of the prior]({shown})"]
    return [
        *_heading(claim),
        f"**{result['verdict'].capitalize()}** at the default point ({needs}). Of the prior: {over}{baked}. {hangs}",
        "\n".join(table),
        *picture,
        f"Numbers: `{command}`.{sources}",
    ]


def proposal(claim: Claim) -> list[str]:
    """Return the section on a claim that is not yet run: source, statement, declared rules and command."""
    rules = [
        f"| {part.estimand.words} | {part.rule.words} | {'tested' if part.tested else 'shown'} |"
        for part in claim.parts
    ]
    return [
        *_heading(claim),
        f"**{NOT_RUN.capitalize()}.** Declared beforehand:",
        "\n".join(["| quantity | holds | |", "|---|---|---|", *rules]),
        f"To run it: `{_argue(claim)}`.",
    ]


def _heading(claim: Claim) -> list[str]:
    source = f"{claim.source.author}, [“{claim.source.title}”]({claim.source.where}) ({claim.source.year})"
    return [f"({anchor(claim)})=\n### {claim.title}", f"*{claim.statement}* {source}, {claim.section}."]


def number(effect: Facts) -> str:
    """Return an estimate with its interval as text."""
    return f"{effect['estimate']:+.3f} [{effect['low']:+.3f}, {effect['high']:+.3f}]"


def share(prior: Facts) -> str:
    """Return a share of the prior with its interval as text."""
    return f"{prior['estimate']:.2f} [{prior['low']:.2f}, {prior['high']:.2f}]"


def draw(claim: Claim, result: Facts, passport: Facts, path: Path) -> Path:
    """Draw a claim's figure into a file, with the passport of its numbers, and return the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    parts = [(part, interval_of(row)) for part, row in rows(claim, result)]
    figure_style.save(figure(parts, result["prior"]), path, dict(passport))
    return path
