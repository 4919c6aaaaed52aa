"""What a lattice makes of its parts, as tables for a terminal of 80 columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from feint.sim.results.text_tables import table, wrapped

if TYPE_CHECKING:
    from feint.scenarios.argument.subset_lattice import Lattice
    from feint.sim.statistics.intervals import Interval

MOST_PAIRS = 10  # told in a table


def lattice_text(lattice: Lattice) -> str:
    """Shares, then the pairs that interact most."""
    found = lattice.attribution
    pairs = sorted(found.pairs.items(), key=lambda item: -abs(item[1].estimate))[:MOST_PAIRS]
    summed = sum(share.estimate for share in found.shares.values())
    shares = [[part, told(found.shares[part])] for part in found.order]
    lines = [
        _heading(lattice),
        wrapped(f"From {_plainly(lattice, 0)} to {_plainly(lattice, -1)}: {told(found.whole)}"),
        "",
        *table([["part", "Shapley share"], *shares, ["sum", f"{summed:+.4f}"]], rule=True),
    ]
    if pairs:
        head = [f"pair{' (those that interact most)' if len(found.pairs) > MOST_PAIRS else ''}", "interaction"]
        lines += ["", *table([head, *([f"{a}, {b}", told(each)] for (a, b), each in pairs)], rule=True)]
    return "\n".join(lines)


def _heading(lattice: Lattice) -> str:
    corners, runs = len(lattice.game.worth), lattice.game.runs
    what = (
        f"how often runs end {lattice.outcome} with each set of groups carried over"
        if lattice.of == "carried"
        else f"difference in {lattice.outcome} runs, pre-training + fine-tuning minus from scratch, with each set of "
        "premises on and the others off"
    )
    level = f"{100 * lattice.confidence:g} % intervals"
    return wrapped(
        f"{corners:,} corners, {runs:,} paired runs each, seed {lattice.seed}; {level}. Of a corner: {what}."
    )


def _plainly(lattice: Lattice, corner: int) -> str:
    at = lattice.game.worth[corner].mean()
    if lattice.of == "carried":
        return f"{'nothing' if corner == 0 else 'everything'} carried ({at:.3f})"
    return f"{'none' if corner == 0 else 'all'} of them on ({at:+.3f})"


def told(interval: Interval) -> str:
    """An estimate with its limits."""
    return f"{interval.estimate:+.4f} [{interval.low:+.4f}, {interval.high:+.4f}]"
