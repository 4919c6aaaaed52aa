"""What auditors told apart, as tables for a terminal of 80 columns."""

from __future__ import annotations

from collections.abc import Iterator

from feint.scenarios.oversight.auditor_evaluation import (
    DECEPTIVE,
    FACTORS,
    PRETRAINED,
    PROXY,
    THIRDS,
    Audited,
    Auditing,
)
from feint.sim.ensembles.protocols import ARM_NAMES
from feint.sim.results.text_tables import table, wrapped
from feint.sim.statistics.roc import FEW, Separation

NOTHING = "–"


def text(found: Auditing) -> str:
    """What was audited; AUC, what is caught and cost; awareness; what each auditor does."""
    heads = ["AUC\ndeceptive", "caught", "AUC\npre-trained arm", "AUC\nproxy"]
    blocks = [
        list(_heading(found)),
        table([["auditor", "cost", *heads], *map(_told, found.audited)], rule=True),
        [
            wrapped(
                f"By awareness: deceptive runs in thirds, split at a = {found.thirds[0]:.2f} and "
                f"{found.thirds[1]:.2f}, each told from all aligned runs. AUC:"
            ),
            *table([["auditor", *THIRDS], *(_row(each, THIRDS) for each in found.audited)], rule=True),
        ],
        [
            "By what training tells of awareness, in the exposure asked for. AUC:",
            *table([["auditor", *(f"x {factor:g}" for factor in FACTORS)], *map(_exposed, found.audited)], rule=True),
            *_rest(found),
        ],
        [*map(_does, found.audited)],
        list(_warnings(found)),
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block)


def area(each: Separation) -> str:
    """An AUC with its interval."""
    if each.auc is None:
        return NOTHING
    return f"{each.auc.estimate:.2f} [{each.auc.low:.2f}, {each.auc.high:.2f}]"


def _heading(found: Auditing) -> Iterator[str]:
    yield wrapped(
        f"Auditors: {found.runs:,} runs an arm, seed {found.seed}. AUC: the chance that a run of a kind is more "
        "suspicious than an aligned one, 0.5 being luck; 95 % intervals. Caught: deceptive runs, with at most "
        f"{100 * found.false_alarms:g} % of the aligned suspected. Cost: samples a run."
    )
    for arm, name in ARM_NAMES.items():
        yield wrapped(f"{name}: " + ", ".join(f"{count:,} {outcome}" for outcome, count in found.counts[arm].items()))
    yield wrapped(f"Aligned runs that never reached the target, and so do badly whatever is tested: {found.missed:,}.")


def _told(each: Audited) -> list[str]:
    main = each.separations[DECEPTIVE]
    caught = NOTHING if main.caught is None else f"{main.caught.estimate:.0%}".replace("%", " %")
    others = [area(each.separations[group]) for group in (PRETRAINED, PROXY)]
    return [each.auditor.name, f"{each.auditor.cost:,}", area(main), caught, *others]


def _row(each: Audited, groups: tuple[str, ...]) -> list[str]:
    return [each.auditor.name, *(area(each.separations[group]) for group in groups)]


def _exposed(each: Audited) -> list[str]:
    return [each.auditor.name, *map(area, each.exposures.values())]


def _rest(found: Auditing) -> Iterator[str]:
    if found.audited:
        counted = found.audited[0].exposures.items()
        told = ", ".join(f"{each.positives:,} at x {factor:g}" for factor, each in counted)
        yield wrapped(f"Deceptive runs: {told}.")


def _does(each: Audited) -> str:
    dials = ", ".join(f"{name} = {value:g}" for name, value in each.auditor.model_dump().items())
    costs = " and ".join(f"{number:,} {unit}" for unit, number in each.auditor.costs.items())
    return wrapped(f"{each.auditor.name}: {each.auditor.words} ({dials}; {costs})")


def _warnings(found: Auditing) -> Iterator[str]:
    """What rests on few runs, or on none."""
    if not found.audited:
        return
    first = found.audited[0]
    groups = first.separations | {f"deceptive, exposure x {factor:g}": each for factor, each in first.exposures.items()}
    for name, each in groups.items():
        kinds = f"{name}: {each.positives:,} of the kind, {each.negatives:,} aligned"
        if each.auc is None:
            yield wrapped(f"{kinds}; with none of one kind there is nothing to tell apart.")
        elif each.few:
            yield wrapped(f"{kinds}; fewer than {FEW} of one kind, so its numbers say little.")
