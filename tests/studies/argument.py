"""One run of all that the argument is put to, as the manual's tables: `nox -s argument` (`-- --quick` to try)."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from feint.agents.outcome import Outcome
from feint.scenarios.argument.argue import FULL, QUICK, Argument, Finding, argue
from feint.scenarios.argument.argue_documents import argue_document
from feint.scenarios.argument.argue_texts import brief, flip_effects, told, value, variant_name, variants
from feint.scenarios.argument.counting_argument import Counting, count
from feint.scenarios.argument.model_audit import Audit, audit
from feint.sim.analysis.claims import KINDS
from feint.sim.results.datafile import as_line as text
from feint.sim.results.provenance import passport

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "docs" / "argument_table.md"
SIZE = replace(FULL, draws=256, draw_runs=200, form_draws=64, search_runs=400, confirming=4000)
"""Of the committed run: the full number of runs at the point, half the draws."""
DOCUMENT = ROOT / "docs" / "argument.json"
HEADER = "<!-- generated: nox -s argument -->\n"
OTHERS = ("fine-tuning", "release")


def row(*cells: object) -> str:
    """A row of a table in Markdown."""
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"


def table(head: tuple[str, ...], rows: Iterator[tuple[object, ...]]) -> str:
    """A table in Markdown."""
    return "\n".join([row(*head), row(*("---" for _ in head)), *(row(*each) for each in rows)])


def claims(found: Argument) -> Iterator[tuple[object, ...]]:
    """A row a claim."""
    for finding in found.findings.values():
        claim, shares = finding.claim, finding.robustness.shares(finding.claim)
        over = (
            f"{shares[kind].sampling.estimate:.2f} [{shares[kind].interval.low:.2f}, {shares[kind].interval.high:.2f}]"
            for kind in KINDS
        )
        baked = finding.robustness.baked_in(claim)
        verdict = finding.verdict.value + (f"; {baked} nearly everywhere" if baked else "")
        yield (claim.number, f"`{claim.name}`", verdict, told(finding.evaluation.effect), *over)


def turning(found: Argument) -> Iterator[tuple[object, ...]]:
    """What each claim hangs on, and what turns it over."""
    for finding in found.findings.values():
        yield f"`{finding.claim.name}`", hangs_on(finding), flips_at(finding)


def hangs_on(finding: Finding) -> str:
    """The crux in words."""
    crux = finding.crux
    if crux.premise is None:
        return "no single premise"
    ties = f"; perhaps as much on {', '.join(crux.ties)}" if crux.ties else ""
    return f"{crux.premise}: without it {told(crux.off[crux.premise])}{ties}"


def flips_at(finding: Finding) -> str:
    """The nearest flip in words."""
    flip = finding.flip
    if flip is None:
        return "none found"
    moved = ", ".join(f"`{name}` {value(here)} → {value(there)}" for name, (here, there) in flip.changes.items())
    what = flip.kind if flip.kind == "holds" else f"is {flip.kind}"
    return f"{what} at {moved} (distance {flip.distance:.2f}): {flip_effects(flip)}"


def parts(found: Argument) -> Iterator[tuple[object, ...]]:
    """A row a part."""
    for finding in found.findings.values():
        for part in finding.claim.parts:
            verdict = finding.evaluation.verdicts[part.name].value + ("" if part.tested else " (shown)")
            yield (
                f"`{finding.claim.name}`",
                part.estimand.words,
                part.rule.words,
                told(finding.evaluation.intervals[part.name]),
                verdict,
            )


def swapped(found: Argument) -> Iterator[tuple[object, ...]]:
    """A row a form or tolerance: holds / reversed / neither of each claim."""
    first = next(iter(found.findings.values()))
    for each in variants(first):
        cells = (brief(finding.robustness, finding.claim, *each) for finding in found.findings.values())
        yield f"`{variant_name(*each)}`", *cells


def counted(found: Counting) -> Iterator[tuple[object, ...]]:
    """A row a type."""
    for outcome in Outcome:
        shares = (found.share(outcome, of) for of in ("kept", "trained"))
        volume, after = (f"{each.estimate:.4f} [{each.low:.4f}, {each.high:.4f}]" for each in shares)
        yield outcome.label, volume, f"{found.functions[outcome]:,}", f"{found.rarefied(outcome):.1f}", after


def audited(found: Audit) -> Iterator[tuple[object, ...]]:
    """A row a parameter."""
    for each in found.reactions:
        seen = "never read" if each.identical else "" if each.seen else "nothing seen"
        yield f"`{each.parameter}`", told(each.change), f"`{each.claim}`", seen


def absurd(found: Audit) -> Iterator[tuple[object, ...]]:
    """A row an absurd input."""
    for each in found.tested:
        yield each.absurd.name, each.absurd.expected, "yes" if each.as_expected else "no", f"{each.moved:.3f}"


def page(found: Argument, counting: Counting, auditing: Audit) -> str:
    """All tables."""
    size = found.size
    names = tuple(f"`{name}`" for name in found.findings)
    told_by = passport(
        "argument tables", {"argue": found.configuration(), "audit": auditing.passport()["configuration"]}
    )
    reached = ", ".join(f"{each.outcome} {each.draws} ({each.largest:.2f})" for each in auditing.reached)
    at_the_point = (
        f"{size.runs:,} runs of each way of training at the default point, {size.draws:,} draws from the prior of "
        f"{size.draw_runs:,} runs each, seed {found.seed}; intervals are of 95 %."
    )
    minds = (
        f"{counting.draws:,} minds, {counting.kept.sum():,} of which do well in training; {counting.trains:,} trained. "
        f"Of what does well, SGD's shares are {counting.distance:.3f} from the volume's (total variation)."
    )
    outcomes = (
        f"Outcomes over {auditing.draws:,} draws of the prior, the draws at which each is met and its largest share "
        f"of an arm: {reached}."
    )
    blocks = [
        HEADER.rstrip(),
        at_the_point,
        "## Verdicts",
        table(("", "claim", "verdict at the default point", "effect", *KINDS), claims(found)),
        *(each.claim.remark(each.robustness) for each in found.findings.values() if each.claim.remark),
        "## What each hangs on, and what turns it over",
        table(("claim", "crux", "nearest flip"), turning(found)),
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


def write(found: Argument, path: Path) -> None:
    """The whole as a document."""
    path.write_text(json.dumps(json.loads(argue_document(found).model_dump_json(by_alias=True)), indent=1) + "\n")


def main() -> None:
    """Run all of it and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer runs; nothing is written, the page is printed")
    parser.add_argument("--family", choices=OTHERS, help="a family of claims beside the argument's: its document alone")
    asked = parser.parse_args()
    quick = asked.quick
    if asked.family:
        write(argue(family=asked.family, size=QUICK, runs=4000, seed=1), DOCUMENT.with_stem(f"argument_{asked.family}"))
        return
    found = argue(size=QUICK if quick else SIZE)
    told_page = page(found, count(), audit(points=4 if not quick else 1, draws=512 if not quick else 32))
    if quick:
        print(told_page)
        return
    TABLE.write_text(told_page)
    write(found, DOCUMENT)


if __name__ == "__main__":
    main()
