"""The manual's page of claims: what is declared in `scenarios/`, and what the committed runs found of it.

Nothing is run. A document that was made under another declaration is refused, so that the page cannot go out of step.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from claims_figure import figure

from feint.agents.errors import InputError
from feint.scenarios.argument.argue import FULL, QUICK
from feint.scenarios.claims.registry import FAMILIES, claims
from feint.sim.analysis.claims import KINDS, Claim, Part
from feint.sim.results import figure_style as figures
from feint.sim.statistics.intervals import Interval

Told = Mapping[str, Any]
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


def page(folder: Path, drawn: Path | None = None, declared: Mapping[str, Mapping[str, Claim]] | None = None) -> str:
    """All claims of all families as Markdown, from the documents in a folder.

    Figures go to `drawn`, a folder in that one, and none is drawn without. Raises `InputError` for documents that are
    not of the claims as they are declared.
    """
    declared = {family: claims(family) for family in FAMILIES} if declared is None else declared
    told = {family: document(folder, family, declared[family]) for family in declared}
    blocks = [summary(told, declared)]
    for family, found in told.items():
        blocks += [f"## {TITLES[family]}", made(family, found)]
        for claim, each in zip(declared[family].values(), found["claims"], strict=True):
            shown = None if drawn is None else draw(claim, each, found["passport"], drawn / f"{claim.name}.svg")
            picture = None if shown is None else str(shown.relative_to(folder))
            blocks += section(claim, each, picture, again(claim, found["passport"]["configuration"]))
    return "\n\n".join(blocks) + "\n"


def document(folder: Path, family: str, declared: Mapping[str, Claim]) -> dict[str, Any]:
    """The committed run of a family; raises `InputError` where it is not of these declarations."""
    name, command = RUN[family]
    try:
        found = json.loads((folder / name).read_text())
    except OSError as error:
        raise InputError(f"document = {name!r} cannot be read: {error.strerror}; run {command}.") from None
    difference = stale(found, declared)
    if difference:
        raise InputError(f"document = {name!r} is not valid: {difference}; run {command}.")
    return found


def stale(found: Told, declared: Mapping[str, Claim]) -> str | None:
    """Where a document departs from what is declared, in words; None where it does not."""
    names = [each["name"] for each in found["claims"]]
    if names != list(declared):
        return f"it has the claims {', '.join(names)}, declared are {', '.join(declared)}"
    for claim, each in zip(declared.values(), found["claims"], strict=True):
        ran = [(part["name"], part["effect"]["quantity"], part["rule"], part["tested"]) for part in each["parts"]]
        if ran != [(part.name, part.estimand.words, part.rule.words, part.tested) for part in claim.parts]:
            return f"the claim {claim.name!r} was declared otherwise when it was run"
        verdicts = {part.name: part.rule.verdict(interval_of(row)) for part, row in rows(claim, each)}
        if claim.verdict(verdicts).value != each["verdict"]:
            return f"its numbers of {claim.name!r} do not have its verdict {each['verdict']!r} by the declared rules"
    return None


def rows(claim: Claim, found: Told) -> Iterator[tuple[Part, Told]]:
    """Each part as declared, and what was found of it."""
    return zip(claim.parts, found["parts"], strict=True)


def interval_of(part: Told) -> Interval:
    """What was found of a part."""
    effect = part["effect"]
    return Interval(**{name: effect[name] for name in ("estimate", "low", "high", "confidence", "method")})


def made(family: str, found: Told) -> str:
    """What the family's numbers were made by."""
    told, size = found["passport"], found["passport"]["configuration"]["size"]
    versions = ", ".join(f"{name} {value}" for name, value in told["versions"].items())
    return (
        f"`{RUN[family][1]}`: {size['runs']:,} runs of each way of training at the default point, {size['draws']:,} "
        f"draws from the prior of {size['draw_runs']:,} runs each, seed {told['configuration']['seed']}; {versions}; "
        f"{told['platform']['system']} {told['platform']['machine']}; commit {(told['commit'] or 'none')[:10]}. "
        f"All numbers: {{download}}`{RUN[family][0]}`."
    )


def summary(told: Mapping[str, Told], declared: Mapping[str, Mapping[str, Claim]]) -> str:
    """A row a claim of any family."""
    lines = ["| claim | says | verdict | effect | holds of the prior |", "|---|---|---|---|---|"]
    for family, found in told.items():
        for claim, each in zip(declared[family].values(), found["claims"], strict=True):
            cells = f"[{claim.name}](#{anchor(claim)})", claim.title, each["verdict"], number(each["effect"])
            lines.append(f"| {' | '.join(cells)} | {share(each['prior']['holds'])} |")
    return "\n".join(lines)


def anchor(claim: Claim) -> str:
    """By which a claim's section can be linked and cited."""
    return f"claim-{claim.name}"


def again(claim: Claim, configuration: Told) -> str:
    """The command that prints the claim's numbers at the point; shares of the prior too where it draws as often."""
    size = configuration["size"]
    quick = size["draws"] <= QUICK.draws
    words = ["feint argue", f"--claim {claim.name}"]
    words += [f"--family {claim.family}"] if claim.family != "pretraining" else []
    words += ["--quick"] if quick else []
    words += [f"--runs {size['runs']}"] if size["runs"] != (QUICK if quick else FULL).runs else []
    words += [f"--seed {configuration['seed']}"] if configuration["seed"] else []
    return " ".join(words)


def section(claim: Claim, found: Told, shown: str | None, command: str) -> list[str]:
    """A claim: source, statement, declared rules, verdict, numbers, command and figure."""
    source = f"{claim.source.author}, [“{claim.source.title}”]({claim.source.where}) ({claim.source.year})"
    needs = "one part is enough" if claim.any_part else "all tested parts"
    table = ["| quantity | holds | found | verdict |", "|---|---|---|---|"]
    for part, row in rows(claim, found):
        verdict = row["verdict"] + ("" if part.tested else " (shown)")
        table.append(f"| {part.estimand.words} | {part.rule.words} | {number(row['effect'])} | {verdict} |")
    crux, prior = found["crux"]["premise"], found["prior"]
    over = ", ".join(f"{kind} in {share(prior[kind])}" for kind in KINDS)
    baked = f"; {found['baked_in']} nearly everywhere" if found["baked_in"] else ""
    hangs = f"Hangs most on: {crux or 'no single premise'}."
    asked = f"Numbers: `{command}`." + (f" Sources: `feint why {claim.name}`." if claim.family == "pretraining" else "")
    picture = [] if shown is None else [f"![{claim.title}: each part's interval, and shares of the prior]({shown})"]
    return [
        f"({anchor(claim)})=\n### {claim.title}",
        f"*{claim.statement}* {source}, {claim.section}.",
        f"**{found['verdict'].capitalize()}** at the default point ({needs}). Of the prior: {over}{baked}. {hangs}",
        "\n".join(table),
        *picture,
        asked,
    ]


def number(effect: Told) -> str:
    """An estimate with its interval."""
    return f"{effect['estimate']:+.3f} [{effect['low']:+.3f}, {effect['high']:+.3f}]"


def share(found: Told) -> str:
    """A share of the prior with its interval."""
    return f"{found['estimate']:.2f} [{found['low']:.2f}, {found['high']:.2f}]"


def draw(claim: Claim, found: Told, passport: Told, path: Path) -> Path:
    """A claim's figure, written with the passport of its numbers."""
    path.parent.mkdir(parents=True, exist_ok=True)
    parts = [(part, interval_of(row)) for part, row in rows(claim, found)]
    figures.save(figure(parts, found["prior"]), path, dict(passport))
    return path
