"""What was found of transfer, in words for a terminal of 80 columns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from feint.scenarios.transfer.documents import WORKED
from feint.sim.results.text_tables import table, wrapped
from feint.sim.statistics.transfer_law import LAWS, crossing

if TYPE_CHECKING:
    from feint.scenarios.transfer.laws import Law
    from feint.scenarios.transfer.transfer import Transferred
    from feint.sim.statistics.intervals import Interval
    from feint.sim.statistics.scaling_law_fit import LawFit


def text(found: Transferred) -> str:
    """All of it."""
    parts = (_head, _sizes, _puzzle, _handed, _near, _compute, _frontier, _ends, _published)
    return "\n\n".join("\n".join(part(found)) for part in parts)


def _head(found: Transferred) -> Iterator[str]:
    yield wrapped(
        f"Transfer: {found.runs:,} runs an arm, seed {found.seed}. Loss is 1 - performance, its mean over the runs; "
        "data are steps, and modes stand in for the size of the model. 95 % intervals."
    )


def _sizes(found: Transferred) -> Iterator[str]:
    yield wrapped("Effective data transferred, D_T = k · D_F^α · N^β, D_F up to a tenth of D(N), over all sizes:")
    yield from table(_law_rows([("all sizes", found.law)]), rule=True)
    beta = found.law.beta
    if beta is not None:
        yield f"beta {told(beta)}"
    rows = [["modes", "D(N)", "D_T at D_F = 1", "at the regime's end"]]
    for arms in found.sizes:
        measured = arms.transferred()[arms.low]
        rows.append([f"{arms.modes}", f"{arms.scratch.enough:,.0f}", f"{measured[0]:,.0f}", f"{measured[-1]:,.0f}"])
    yield ""
    yield from table(rows, rule=True)


def _puzzle(found: Transferred) -> Iterator[str]:
    further, nearer = found.laws
    yield "The puzzle: nearer objectives have a lower α, so the laws must cross."
    yield from table(_law_rows([(_named(law), law.found) for law in (further, nearer)]), rule=True)
    if found.crossing is None:
        yield wrapped("One of both laws could not be fitted, so there is no crossing to speak of.")
        return
    yield wrapped(
        f"The fitted laws cross at D_F = {found.crossing:,.0f} steps; the low-data regime ends at "
        f"{further.data[-1]:,}, where the further objective transfers {further.ceiling:,.0f} and the nearer one "
        f"{nearer.ceiling:,.0f} as measured."
    )
    gap = found.gap[:, -1]
    yield wrapped(
        f"There the nearer objective transfers {gap[0]:+,.0f} [{gap[1]:+,.0f}, {gap[2]:+,.0f}] more. "
        + (
            "Nowhere in the regime is it seen to transfer less."
            if found.overtaken is None
            else f"It is seen to transfer less for the first time at D_F = {found.overtaken:,}."
        )
    )


def _handed(found: Transferred) -> Iterator[str]:
    yield "What the data consist of: D_T where pre-training hands over some groups alone."
    rows = [["handed over", "objective", "D_T at D_F = 1", "at the regime's end", "alpha"]]
    for name, pair in found.handed.items():
        rows += [[name, *_handed_row(law, which)] for law, which in zip(pair, ("further", "nearer"), strict=True)]
    yield from table(rows, rule=True)


def _handed_row(law: Law, which: str) -> list[str]:
    alpha = "-" if law.found is None else f"{law.found.alpha.estimate:.2f}"
    return [which, f"{law.measured[0]:,.0f}", f"{law.ceiling:,.0f}", alpha]


def _near(found: Transferred) -> Iterator[str]:
    tried = [law.found for law in found.near if law.found]
    yield wrapped(
        f"What sets k and what sets α: {len(found.near)} combinations of how near objectives are, a law fitted to "
        f"{len(tried)} of them. From a parameter's lowest level to its highest, the mean over the others' levels:"
    )
    rows = [["parameter", "ln k moves by", "alpha moves by"]]
    rows += [[each.parameter, f"{each.of_k:+.2f}", f"{each.of_alpha:+.3f}"] for each in found.weights]
    yield from table(rows, rule=True)
    if tried:
        ends = (min(each.explained for each in tried), max(each.explained for each in tried))
        told = ", ".join(f"of {name} {value:+.2f}" for name, value in found.together.items())
        yield wrapped(
            f"R² of these laws: {ends[0]:.2f} to {ends[1]:.2f}. Rank correlations over the combinations, overlap being "
            f"Σ λ_k s_k / Σ λ_k: {told}."
        )


def _compute(found: Transferred) -> Iterator[str]:
    yield wrapped(
        "Compute, steps · modes: share of a regime's budgets at which the pre-trained arm has the lower loss, and the "
        "difference in loss at the last of them, pre-trained less from scratch."
    )
    rows = [["regime", "pre-training", "ahead at", "difference at the end"]]
    several = len(found.sizes)
    for regime, counted in dict.fromkeys((each.regime, each.counted) for each in found.ahead):
        here = [each for each in found.ahead if (each.regime, each.counted) == (regime, counted)]
        share = sum(each.share for each in here) / len(here)
        ends = [each.difference.estimate for each in here]
        span = f"{min(ends):+.5f} to {max(ends):+.5f}"
        rows.append([regime, "counted" if counted else "free", f"{100 * share:.0f} %", span])
    yield from table(rows, rule=True)
    yield wrapped(f"Means and ranges over {several} sizes; each with its interval in the document.")


def _frontier(found: Transferred) -> Iterator[str]:
    for counted in (False, True):
        best = found.frontier(counted)
        tuned = sum(each.arm == "pre-trained" for each in best)
        said = "counted" if counted else "free"
        yield wrapped(
            f"On the loss-for-compute frontier over all sizes, pre-training {said}: pre-trained at {tuned} of "
            f"{len(best)} budgets, from scratch at {len(best) - tuned}."
        )


def _ends(found: Transferred) -> Iterator[str]:
    yield wrapped(
        "Ossification: loss at the last step, pre-trained less from scratch (above 0: worse), and steps to 99 % of the "
        "best performance over those from scratch, which are D(N) (above 1: slower):"
    )
    rows = [["modes", "difference", "interval", "steps"]]
    for each in found.ends:
        gap, slower = each.difference, "never" if each.slower is None else f"{each.slower:.2f}"
        rows.append([f"{each.modes}", f"{gap.estimate:+.6f}", f"[{gap.low:+.6f}, {gap.high:+.6f}]", slower])
    yield from table(rows, rule=True)


def _published(_: Transferred) -> Iterator[str]:
    yield wrapped(
        "The paper's own constants, as arithmetic: characters, and parameters without embeddings; worked values of the "
        "multiplier (D_F + D_T) / D_F."
    )
    rows = [["pre-trained on", "k", "alpha", "beta", *(f"N {n:.0e}\nD_F {d:.0e}" for n, d in WORKED)]]
    for law in LAWS.values():
        worked = [f"{law.multiplier(data, size):,.4g}" for size, data in WORKED]
        rows.append([law.name, f"{law.k:.2g}", f"{law.alpha:g}", f"{law.beta:g}", *worked])
    yield from table(rows, rule=True)
    first, second = LAWS.values()
    yield ""
    yield wrapped(
        f"Of {first.name}: a model 10 times as large transfers {first.by_size(10):.3f} times as much, 100 times the "
        f"data {first.by_data(100):.3f} times. The two laws cross at D_F = {crossing(second, first):.3g} characters."
    )


def _law_rows(laws: list[tuple[str, LawFit | None]]) -> list[list[str]]:
    """A table of fitted laws."""
    rows = [["", "k", "alpha", "R²", "off by", "bend"]]
    for name, law in laws:
        if law is None:
            rows.append([name, *"-----"])
        else:
            k = f"{law.k.estimate:,.0f} [{law.k.low:,.0f}, {law.k.high:,.0f}]"
            rest = [f"{law.explained:.2f}", f"x{law.factor:.2f}", f"{law.bend:+.2f}"]
            rows.append([name, k, told(law.alpha), *rest])
    return rows


def _named(law: Law) -> str:
    return ", ".join(f"{name} {_brief(value)}" for name, value in law.changes.items())


def _brief(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def told(interval: Interval) -> str:
    """An estimate with its limits."""
    return f"{interval.estimate:.3f} [{interval.low:.3f}, {interval.high:.3f}]"
