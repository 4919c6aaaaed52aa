"""Share of the headline over 512 draws, here and at another commit: `PYTHONPATH=tests python -m benchmarks.shares`.

Each tree evaluates the tested part of the headline alone over the same number of draws in a process of one thread, and
prints the processor time of it once compiled, and the share's interval; the trees take turns. The other commit gives
every draw 400 runs, its own default for this many draws. Arguments: the commit, the draws and the rounds.
"""

from __future__ import annotations

import json
import sys
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks.against import BASE, HERE, ROOT, laid_out
from benchmarks.processes import in_turns, ran

REFERENCE, DRAWS, ROUNDS = "0392259", 512, 3
SHARES = {BASE: "runs=400", HERE: "runs=32, most=192"}
PROGRAM = """
import json, sys, time
from dataclasses import replace
try:
    from feint.scenarios.argument.evaluate_claim import over_prior
    from feint.scenarios.claims.pretraining.pretraining_vs_scratch import CLAIM
except ImportError:
    from feint.scenarios.headline import CLAIM
    from feint.scenarios.robustness import over_prior
claim = replace(CLAIM, parts=CLAIM.parts[:1])
over_prior([claim], draws=2, {size}, threads=1)
begun = time.process_time()
share = over_prior([claim], draws={draws}, {size}, threads=1).shares(claim)["holds"].interval
print(json.dumps([time.process_time() - begun, share.estimate, share.low, share.high]))
"""


def command(tree: str, draws: int) -> list[str]:
    """Return the command of a tree's process."""
    return [sys.executable, "-c", PROGRAM.format(size=SHARES[tree], draws=draws)]


def main(reference: str = REFERENCE, draws: str = str(DRAWS), rounds: str = str(ROUNDS)) -> None:
    """Compare and print."""
    with laid_out(reference) as tree:
        trees: dict[str, Path] = {BASE: tree, HERE: ROOT}
        kinds = {
            name: partial(ran, command(name, int(draws)), at, PYTHONPATH=str(at / "src")) for name, at in trees.items()
        }
        taken = {name: [json.loads(took.printed) for took in of] for name, of in in_turns(kinds, int(rounds)).items()}
    seconds = {name: median(row[0] for row in rows) for name, rows in taken.items()}
    for name, rows in taken.items():
        _, share, low, high = rows[0]
        print(f"{name} ({SHARES[name]}): {seconds[name]:.1f} s, {share:.3f} [{low:.3f}, {high:.3f}], {high - low:.3f}")
    print(f"processor time here / base {seconds[HERE] / seconds[BASE]:.2f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
