"""The search for the nearest flip beside a plain random search with as many runs, at version 1's default point.

`python tests/studies/flips.py` prints the distance of the headline claim's nearest flip by each search and seed; with
`--kind "stops holding"` that of the nearest point where the claim stops holding.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import get_args

import numpy as np

from feint.agents.model import Model
from feint.scenarios.argument.evaluate_claim import over_prior
from feint.scenarios.claims.pretraining.pretraining_vs_scratch import CLAIM
from feint.sim.analysis.claims import NEITHER, REVERSED
from feint.sim.analysis.nearest_flip import STOPS, FlipSearch, NearestFlip, Turn, Walk
from feint.sim.training.parameter_point import Point

VERSION_1 = Point(model=Model(identification=1e6, inference_form="exponential")).at({"finetuning.target": 0.9})
HEADLINE = replace(CLAIM, parts=CLAIM.tested)


class PlainWalk(Walk):
    """A walk from one flipped start in random directions alone, with the same number of runs at every point."""

    chances = (1.0, 0.0, 0.0)

    def walked(self, starts: list[np.ndarray], budget: int) -> np.ndarray | None:
        """Return the nearest flipped point found with a number of runs, by its offsets; None if no start is flipped."""
        self.runs = 400
        start = next(self._flipped_of(starts, budget), None)
        if start is None:
            return None
        self.here = self._shortened(start)
        self._go(budget)
        return self.here


WALKS = {"plain random search": PlainWalk, "nearest flip": Walk}


def starts(kind: Turn, *, draws: int = 512, runs: int = 200, point: Point = VERSION_1) -> list[dict[str, float]]:
    """Return the draws from the prior at which the headline claim is flipped."""
    spread = over_prior([HEADLINE], point, draws=draws, runs=runs)
    more = spread.turned(HEADLINE, NEITHER) if kind == STOPS else []
    return more + spread.turned(HEADLINE, REVERSED)


def searched(name: str, kind: Turn, begin: list[dict[str, float]], runs: int, seed: int) -> NearestFlip:
    """Return what one search with this number of runs finds."""
    search = FlipSearch(
        claim=HEADLINE, point=VERSION_1, kind=kind, searches=1, budget=runs, seed=seed, walk=WALKS[name]
    )
    return search.nearest(begin)


def main() -> None:
    """Run both searches and print their distances."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kind", choices=get_args(Turn), default=REVERSED)
    parser.add_argument("--runs", type=int, default=3_000_000, help="of each protocol, for one search")
    parser.add_argument("--seeds", type=int, default=3)
    asked = parser.parse_args()
    begin = starts(asked.kind)
    print(f"{len(begin)} starts, {asked.runs:,} runs of each protocol for each search", flush=True)
    for seed in range(asked.seeds):
        for name in WALKS:
            print(f"seed {seed}, {name}: {searched(name, asked.kind, begin, asked.runs, seed)}", flush=True)


if __name__ == "__main__":
    main()
