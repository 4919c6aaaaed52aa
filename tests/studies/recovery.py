"""Recovery by `feint fit`: whether the posterior covers parameter sets that were planted, for the table that ships.

`python tests/studies/recovery.py DIR` reads the simulated draws in the folder of `feint fit shipped --out DIR`, or
simulates them there. It leaves out the last 100 draws, learns the posterior from the others, and takes each of the 100
for the truth: what is measured is then what was simulated there, with the errors and discrepancies of the rows. It
prints how many of the 100 lie in the 90 % interval of each well identified parameter, as the page on fits has it.
"""

from __future__ import annotations

import argparse

import numpy as np

from feint.scenarios.measurements.fit import DRAWS, SHIPPED, FitRequest, Fitting
from feint.scenarios.measurements.rows import shipped_rows
from feint.scenarios.measurements.score import COMMON
from feint.sim.analysis.posterior import IDENTIFIED, Data, learnt

PLANTED, SAMPLE = 100, 1000


def main() -> None:
    """Recover planted parameter sets, and print how many are covered."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder")
    parser.add_argument("--draws", type=int, default=DRAWS)
    parser.add_argument("--networks", type=int, default=2)
    given = parser.parse_args()
    fitting = Fitting(request=FitRequest(file=SHIPPED, draws=given.draws), rows=shipped_rows())
    with fitting.simulations.stored(given.folder) as store:
        outputs = fitting.simulations.outputs(fitting.simulations.units(given.draws), store=store)
    data = Data.of(fitting.targets, [row.source for row in fitting.fitted_rows], COMMON)
    known = slice(None, -PLANTED)
    network = learnt(outputs.design[known], outputs.values[known], data, networks=given.networks)
    truth = outputs.design[-PLANTED:]
    measured = data.noisy(outputs.values[-PLANTED:], np.random.default_rng(1))
    drawn = np.array([network.sample(SAMPLE, value=value, seed=i) for i, value in enumerate(measured)])
    low, high = np.quantile(drawn, (0.05, 0.95), axis=1)
    covered = ((low <= truth) & (truth <= high)).mean(axis=0)
    narrower = 1 - 12 * drawn.var(axis=1).mean(axis=0)
    print(f"{PLANTED} planted sets, {given.draws - PLANTED:,} draws, {given.networks} networks\n")
    print("| well identified | covered | variance less by |\n|---|---|---|")
    identified = [i for i in np.argsort(-narrower) if narrower[i] > IDENTIFIED]
    for i in identified:
        print(f"| `{fitting.names[i]}` | {100 * covered[i]:.0f} % | {narrower[i]:.2f} |")
    others = np.setdiff1d(network.acting, identified)
    print(f"\n{len(others)} others that a stand-in depends on: {100 * covered[others].mean():.0f} % covered on average")


if __name__ == "__main__":
    main()
