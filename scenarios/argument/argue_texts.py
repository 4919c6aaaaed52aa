"""What was found of claims, in words for a terminal of 80 columns."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import fill
from typing import Any

from feint.scenarios.argument.argue import Argument, Finding
from feint.scenarios.argument.robustness import DEFAULT
from feint.sim.analysis.claims import HOLDS, KINDS, Claim
from feint.sim.analysis.nearest_flip import Flip
from feint.sim.analysis.prior_shares import Share
from feint.sim.ensembles.paired_runs import OWN
from feint.sim.results.text_tables import WIDTH
from feint.sim.statistics.intervals import Interval


def argument_text(argument: Argument) -> str:
    """All claims, the verdicts first."""
    size = argument.size
    head = (
        f"{size.runs:,} runs of each way of training at the point, seed {argument.seed}; {size.draws:,} draws from the "
        f"prior of {size.draw_runs:,} runs each. Intervals are of 95 %, those of a claim that needs one part only for "
        "all its parts at once, and those of a flip for all looks at it."
    )
    verdicts = [_verdict_line(finding) for finding in argument.findings.values()]
    return "\n\n".join([fill(head, WIDTH), "\n".join(verdicts), *map(finding_text, argument.findings.values())])


def _verdict_line(finding: Finding) -> str:
    effect = finding.evaluation.effect
    return f"{finding.claim.number:>3}  {finding.claim.name:22} {finding.verdict.value:13} {told(effect)}"


def finding_text(finding: Finding) -> str:
    """One claim."""
    claim = finding.claim
    lines = [
        f"{claim.number} {claim.title}",
        f"{claim.source.author} ({claim.source.year}), {claim.section}: {claim.statement}",
        f"Verdict at this point: {finding.verdict.value}, {finding.verdict.meaning}.",
        *_parts(finding),
        *_prior(finding),
        *([claim.remark(finding.robustness)] if claim.remark else []),
        *_crux(finding),
        flip_text(finding.flip, finding.robustness.draws),
    ]
    first, *rest = lines
    return "\n".join(
        [
            fill(first, WIDTH, subsequent_indent="  "),
            *(fill(each, WIDTH, initial_indent="  ", subsequent_indent="      ") for each in rest),
        ]
    )


def _parts(finding: Finding) -> Iterator[str]:
    rule = None
    for part in finding.claim.parts:
        if part.rule != rule:
            rule = part.rule
            yield f"It was to be {rule.words}:"
        verdict = finding.evaluation.verdicts[part.name].value + ("" if part.tested else ", shown beside the claim")
        yield f"{told(finding.evaluation.intervals[part.name])} {part.estimand.words} ({verdict})"


def _prior(finding: Finding) -> Iterator[str]:
    claim, spread = finding.claim, finding.robustness
    yield f"Over the prior the claim{all_its_parts(claim)}: {shares_text(spread.shares(claim))}."
    if baked := spread.baked_in(claim):
        what = baked if baked == HOLDS else f"is {baked}"
        yield f"Baked in: it {what} nearly everywhere, for the model leaves it hardly a choice."
    texts = [f"{variant_name(*each)}: {brief(spread, claim, *each)}" for each in variants(finding)]
    if texts:
        yield "Holds / reversed / neither with other forms and tolerances. " + "; ".join(texts) + "."


def all_its_parts(claim: Claim) -> str:
    """Of how many of its parts what is told of a claim is told."""
    if len(claim.tested) == 1:
        return ""
    return ", by any of its parts" if claim.any_part else ", all its parts together"


def variants(finding: Finding) -> list[tuple[str, Any]]:
    """What else the prior was drawn with: one form swapped, or one tolerance moved."""
    found = dict.fromkeys(key[:2] for key in finding.robustness.found)
    return [(form, reading) for form, reading in found if (not form) != (reading == OWN)]


def variant_name(form: str, reading: Any) -> str:
    """A swapped form or a moved tolerance, in words."""
    return form if form != DEFAULT else ", ".join(f"{name} = {value:g}" for name, value in reading)


def brief(spread: Any, claim: Claim, form: str, reading: Any) -> str:
    """The three shares alone."""
    shares = spread.shares(claim, form=form, reading=reading)
    return " / ".join(f"{shares[kind].sampling.estimate:.2f}" for kind in KINDS)


def shares_text(shares: dict[str, Share]) -> str:
    """Each share with its interval."""
    return ", ".join(
        f"{kind} {share.sampling.estimate:.2f} [{share.interval.low:.2f}, {share.interval.high:.2f}]"
        for kind, share in shares.items()
    )


def _crux(finding: Finding) -> Iterator[str]:
    crux, of = finding.crux, finding.evaluation.headline_part.name
    if crux.premise is None:
        yield f"Crux: no premise is seen to change the effect ({of}) when it alone is switched off."
        return
    also = f"; as much may hang on {', '.join(crux.ties)}" if crux.ties else ""
    yield f"Crux of the effect ({of}): {crux.premise}. Without it {told(crux.off[crux.premise])}{also}."


def flip_text(flip: Flip | None, draws: list[Any]) -> str:
    """What turns the claim over."""
    if flip is None:
        return f"Nearest flip: none found from {len(draws):,} draws, or one stands where a few runs turn it over."
    changes = ", ".join(f"{name} {value(a)} → {value(b)}" for name, (a, b) in flip.changes.items())
    what = flip.kind if flip.kind == HOLDS else f"is {flip.kind}"
    return (
        f"Nearest flip: the claim {what} at {changes} (distance {flip.distance:.2f} in the prior's units); there "
        f"{flip_effects(flip)} on fresh runs."
    )


def flip_effects(flip: Flip) -> str:
    """What was found at a flip."""
    if len(flip.effects) == 1:
        return told(*flip.effects.values())
    return ", ".join(f"{name} {told(each)}" for name, each in flip.effects.items())


def told(interval: Interval) -> str:
    """An estimate with its interval."""
    return f"{interval.estimate:+.3f} [{interval.low:+.3f}, {interval.high:+.3f}]"


def value(number: Any) -> str:
    """A parameter's value."""
    return f"{number:.3g}" if isinstance(number, float) else str(number)
