"""One run of all that the argument is put to, as the manual's tables: `nox -s argument` (`-- --quick` to try).

With `--claim NAME` only this claim is run, as a claim gets the same runs in whatever company, and its results take the
place of those in the document and the page; the document's passport then names the commit of this run in `again`.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from feint.agents.outcome import Outcome
from feint.scenarios.argument.argue import FULL, QUICK, Argued, ArgueRequest, ClaimResult
from feint.scenarios.argument.counting_argument import Counting, CountingRequest
from feint.scenarios.argument.model_audit import Audit, AuditRequest
from feint.sim.analysis.claims import KINDS
from feint.sim.results.provenance import passport
from feint.sim.results.provenance import passport_line as text

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "docs" / "argument_table.md"
SIZE = replace(FULL, draws=256, form_draws=32, search_runs=60_000, confirming=4000)
"""Of the committed run: the full number of runs at the point, half of the draws."""
DOCUMENT = ROOT / "docs" / "argument.json"
HEADER = "<!-- generated: nox -s argument -->\n"
OTHERS = ("fine-tuning", "release")
RUN_AGAIN = "Run again alone since: "


def row(*cells: object) -> str:
    """A row of a table in Markdown."""
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"


def table(head: tuple[str, ...], rows: Iterator[tuple[object, ...]]) -> str:
    """A table in Markdown."""
    return "\n".join([row(*head), row(*("---" for _ in head)), *(row(*each) for each in rows)])


def claims(found: Argued) -> Iterator[tuple[object, ...]]:
    """A row a claim."""
    for result in found.claims:
        verdict = result.verdict.value + (f"; {result.baked_in} nearly everywhere" if result.baked_in else "")
        shares = (str(result.prior[kind]) for kind in KINDS)
        yield (result.number, f"`{result.name}`", verdict, f"{result.effect:+.3f}", *shares)


def turning(found: Argued) -> Iterator[tuple[object, ...]]:
    """Yield one row per claim: its crux and its nearest flips."""
    for result in found.claims:
        yield f"`{result.name}`", crux_of(result), flips_at(result)


def crux_of(result: ClaimResult) -> str:
    """Return the crux in words."""
    crux = result.crux
    if crux.premise is None:
        return "no single premise"
    ties = f"; perhaps as much on {', '.join(crux.ties)}" if crux.ties else ""
    return f"{crux.premise}: without it {crux.without[crux.premise]:+.3f}{ties}"


def flips_at(result: ClaimResult) -> str:
    """Return the nearest flips in words."""
    return " ".join(map(str, result.nearest_flips)) or "not searched"


def parts(found: Argued) -> Iterator[tuple[object, ...]]:
    """A row a part."""
    for result in found.claims:
        for part in result.parts:
            verdict = part.verdict.value + ("" if part.tested else " (shown)")
            yield f"`{result.name}`", part.effect.quantity, part.rule, f"{part.effect:+.3f}", verdict


def swapped(found: Argued) -> Iterator[tuple[object, ...]]:
    """A row a form or tolerance: holds / reversed / neither of each claim."""
    for variants in zip(*(result.variants for result in found.claims), strict=True):
        yield f"`{variants[0].name}`", *map(str, variants)


def counted(found: Counting) -> Iterator[tuple[object, ...]]:
    """A row a type."""
    for outcome in Outcome:
        shares = (found.share(outcome, of) for of in ("kept", "trained"))
        volume, after = (f"{share:.4f}" for share in shares)
        yield outcome.label, volume, f"{found.functions[outcome]:,}", f"{found.rarefied(outcome):.1f}", after


def audited(found: Audit) -> Iterator[tuple[object, ...]]:
    """A row a parameter."""
    for each in found.reactions:
        seen = "never read" if each.identical else "" if each.seen else "nothing seen"
        change = f"{each.change:+.3f} [{each.low:+.3f}, {each.high:+.3f}]"
        yield f"`{each.parameter}`", change, f"`{each.claim}`", seen


def absurd(found: Audit) -> Iterator[tuple[object, ...]]:
    """A row an absurd input."""
    for each in found.absurd:
        yield each.name, each.expected, "yes" if each.as_expected else "no", f"{each.moved:.3f}"


def page(found: Argued, counting: Counting, auditing: Audit) -> str:
    """All tables."""
    size = found.request.chosen_size
    names = tuple(f"`{result.name}`" for result in found.claims)
    told_by = passport(
        "argument tables", {"argue": found.request.configuration(), "audit": auditing.request.configuration()}
    )
    reached = ", ".join(f"{each.outcome} {each.draws} ({each.largest:.2f})" for each in auditing.reached)
    at_the_point = (
        f"{size.runs:,} runs of each way of training at the default point, {size.of_draws} "
        f"each, seed {found.request.seed}; intervals are of 95 %."
    )
    minds = (
        f"{counting.draws:,} minds, {counting.kept.sum():,} of which do well in training; {counting.trains:,} trained. "
        f"Of what does well, SGD's shares are {counting.distance:.3f} from the volume's (total variation)."
    )
    outcomes = (
        f"Outcomes over {auditing.request.draws:,} draws of the prior, the draws at which each is met and its largest "
        f"share of an arm: {reached}."
    )
    blocks = [
        HEADER.rstrip(),
        at_the_point,
        "## Verdicts",
        table(("", "claim", "verdict at the default point", "effect", *KINDS), claims(found)),
        *([found.structures.text()] if found.structures else []),
        *(remark(found.robustness) for each in found.claims if (remark := each.evaluation.claim.remark)),
        "## The crux and the nearest flips of each claim",
        table(("claim", "crux", "nearest flips"), turning(found)),
        "## Every number",
        table(("claim", "quantity", "holds", "found", "verdict"), parts(found)),
        "## Other forms and tolerances",
        f"Shares over which each claim holds / is reversed / is neither; forms at the first {size.form_draws:,} draws.",
        table(("", *names), swapped(found)),
        "## Counting",
        minds,
        table(
            (
                "type",
                "share of the volume",
                "functions seen",
                f"expected in {counting.alike:,} draws",
                "share after SGD",
            ),
            counted(counting),
        ),
        "## Audit",
        outcomes,
        table(("parameter", "largest change", "of", ""), audited(auditing)),
        table(("absurd input", "must be so", "is", "runs moved"), absurd(auditing)),
        f"<!-- {text(told_by)} -->",
    ]
    return "\n\n".join(blocks) + "\n"


def write(found: Argued, path: Path) -> None:
    """The whole as a document."""
    path.write_text(json.dumps(found.document(), indent=1) + "\n")


def run_again(names: list[str]) -> None:
    """Run some claims alone, and replace their results in the document and the page."""
    found = ArgueRequest(claim=tuple(names), size=SIZE).run()
    new, document = found.document(), json.loads(DOCUMENT.read_text())
    results = {result["name"]: result for result in new["claims"]}
    document["claims"] = [results.get(result["name"], result) for result in document["claims"]]
    again = document["passport"].setdefault("again", {})
    again |= dict.fromkeys(results, new["passport"]["commit"])
    DOCUMENT.write_text(json.dumps(document, indent=1) + "\n")
    TABLE.write_text(renewed(TABLE.read_text(), found, again))


def renewed(told: str, found: Argued, again: Mapping[str, str]) -> str:
    """Return the page with the rows and columns of these claims replaced, and the commits of claims run again."""
    commits = ", ".join(f"`{name}` at {commit[:10]}" for name, commit in again.items())
    lines = [f"{RUN_AGAIN}{commits}." if line.startswith(RUN_AGAIN) else line for line in told.splitlines()]
    if not any(line.startswith(RUN_AGAIN) for line in lines):
        at = lines.index("## Verdicts")
        lines[at:at] = [f"{RUN_AGAIN}{commits}.", ""]
    for listed in (claims, turning, parts):
        rows = [cells(row(*values)) for values in listed(found)]
        at = next(i for i, name in enumerate(rows[0]) if name.startswith("`"))
        for name in {values[at] for values in rows}:
            is_old = [len(old := cells(line)) == len(rows[0]) and old[at] == name for line in lines]
            first = is_old.index(True)
            lines = [line for line, old in zip(lines, is_old, strict=True) if not old]
            lines[first:first] = [row(*values) for values in listed(found) if name in values]
    columns = {values[0]: values[1:] for values in swapped(found)}
    head = next(i for i, line in enumerate(lines) if line.startswith("|  | `"))
    places = [cells(lines[head]).index(f"`{result.name}`") for result in found.claims]
    for i in range(head + 2, head + 2 + len(columns)):
        there = cells(lines[i])
        for place, value in zip(places, columns[there[0]], strict=True):
            there[place] = str(value)
        lines[i] = "| " + " | ".join(there) + " |"
    return "\n".join(lines) + "\n"


def cells(line: str) -> list[str]:
    """Return the cells of a row in Markdown."""
    return line[2:-2].split(" | ")


def main() -> None:
    """Run all of it and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer runs; nothing is written, the page is printed")
    parser.add_argument("--family", choices=OTHERS, help="a family of claims beside the argument's: its document alone")
    parser.add_argument("--claim", action="append", help="only this claim of the argument; repeatable")
    asked = parser.parse_args()
    quick = asked.quick
    if asked.claim:
        run_again(asked.claim)
        return
    if asked.family:
        request = ArgueRequest(family=asked.family, size=QUICK, runs=4000, seed=1)
        write(request.run(), DOCUMENT.with_stem(f"argument_{asked.family}"))
        return
    found = ArgueRequest(size=QUICK if quick else SIZE).run()
    audit = AuditRequest(points=1, draws=32) if quick else AuditRequest(points=4, draws=512)
    told_page = page(found, CountingRequest().run(), audit.run())
    if quick:
        print(told_page)
        return
    TABLE.write_text(told_page)
    write(found, DOCUMENT)


if __name__ == "__main__":
    main()
