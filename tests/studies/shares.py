"""Coverage of shares of draws with known effects, by `over_prior`'s looks: `python tests/studies/shares.py`.

Paired runs are drawn with known frequencies at every draw, and judged as in `feint argue`. *smooth* effects are normal
over the draws; *crowded* ones log-normal, mostly just below the limit; *real* ones those of the headline at draws from
the prior, as estimated by 1,600 runs each, with the limit moved so that the share is as wanted. Printed are the
mean number of runs, the share of draws that stop before the last look and how many of those on the wrong side, and
coverage and mean width of the 95 % interval; *face* is that which takes each estimate as it is, *in full* that from
the certain to the possible draws.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, fields
from functools import lru_cache
from statistics import NormalDist

import numpy as np

from feint.scenarios.argument.argue import FULL
from feint.scenarios.claims.registry import select_claims
from feint.sim.analysis.allocation import Looks
from feint.sim.analysis.claims import HOLDS, at_least
from feint.sim.analysis.estimands import Frequency
from feint.sim.analysis.prior_shares import judged, prior_draws, shares_of
from feint.sim.ensembles.paired_runs import run_paired
from feint.sim.ensembles.runner import in_order
from feint.sim.statistics.intervals import tango
from feint.sim.training.parameter_point import Point

LIMIT, SHARES, FAMILIES = 0.02, (0.05, 0.3, 0.55, 0.9), ("smooth", "crowded", "real")
tango_of = lru_cache(2**16)(tango)


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """How often intervals of a known share contain it."""

    runs: float
    stopped: float
    wrong: float
    covered: float
    width: float
    face_covered: float
    face_width: float
    full_covered: float
    full_width: float

    def __str__(self) -> str:
        return (
            f"runs {self.runs:5.0f}, stopped early {self.stopped:.2f} (wrong {self.wrong:.4f}), coverage "
            f"{self.covered:.3f}, width {self.width:.3f}; face {self.face_covered:.3f}, {self.face_width:.3f}; "
            f"in full {self.full_covered:.3f}, {self.full_width:.3f}"
        )


def planted(family: str, share: float, size: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, float]:
    """Return frequencies of gaining and losing at draws, and the limit above which this share of effects lies."""
    if family == "real":
        gain, lose = measured()
        effects, chosen = np.sort(gain - lose), rng.integers(len(gain), size=size)
        above = round(share * len(effects))
        return gain[chosen], lose[chosen], float(effects[-above - 1 : len(effects) - above + 1].mean())
    away = rng.standard_normal(size) + NormalDist().inv_cdf(share)
    effect = LIMIT + 0.1 * away if family == "smooth" else LIMIT * np.exp(1.2 * away)
    effect, base = np.clip(effect, -0.6, 0.6), rng.uniform(0, 0.1, size)
    return base + np.maximum(effect, 0), base + np.maximum(-effect, 0), LIMIT


@lru_cache(1)
def measured(draws: int = 256, runs: int = 1600) -> tuple[np.ndarray, np.ndarray]:
    """Return how often runs at draws from the prior end in deception after pre-training alone, and from scratch alone.

    Effects are spread by less than the sampling error, so that no two are equal and every share can be had.
    """
    (claim,) = select_claims(["headline"])
    estimand = claim.effect.estimand
    assert isinstance(estimand, Frequency)

    def at(row: dict[str, object]) -> tuple[float, float]:
        scores = estimand.scores(run_paired(Point().at(row), estimand.protocols, range(runs), threads=1))
        return float((scores > 0).mean()), float((scores < 0).mean())

    gain, lose = np.array(list(in_order(at, prior_draws(Point(), draws, 0)))).T
    gain = gain + np.random.default_rng(0).uniform(0, 1 / runs, draws)
    over = np.maximum(1.0, gain + lose)
    return gain / over, lose / over


def counted(
    gain: np.ndarray, lose: np.ndarray, limit: float, looks: Looks, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return estimates and limits (draws, 3), and the runs of each draw, by the looks of `Allocation`."""
    rule, level = at_least(limit, limit - 2 * LIMIT), looks.level()
    up, down, runs = (np.zeros(len(gain), int) for _ in range(3))
    limits, going, before = np.zeros((len(gain), 3)), np.ones(len(gain), bool), 0
    for total in looks.totals:
        more = rng.multinomial(total - before, np.stack([gain, lose, np.maximum(0, 1 - gain - lose)], axis=1)[going])
        up[going], down[going], runs[going], before = up[going] + more[:, 0], down[going] + more[:, 1], total, total
        for i in np.flatnonzero(going):
            found = tango_of(int(up[i]), int(down[i]), total, level)
            limits[i] = found.estimate, found.low, found.high
            going[i] = len(rule.possible(found.low, found.high)) > 1
        if not going.any():
            break
    return limits, runs


def coverage(
    family: str, share: float, looks: Looks, *, draws: int = 512, repetitions: int = 400, seed: int = 0
) -> Coverage:
    """Return what intervals of this known share do over repetitions."""
    rng, rows = np.random.default_rng(seed), []
    for _ in range(repetitions):
        gain, lose, limit = planted(family, share, draws, rng)
        limits, runs = counted(gain, lose, limit, looks, rng)
        kinds, possible, doubts = judged(at_least(limit, limit - 2 * LIMIT), limits, looks.level())
        sharp, full = (shares_of(kinds, possible, of)[HOLDS] for of in (doubts, None))
        stopped = runs < looks.most
        wrong = (stopped & ((np.array(kinds) == HOLDS) != (gain - lose >= limit))).sum() / max(1, stopped.sum())
        ends = [
            number
            for of in (sharp.interval, sharp.sampling, full.interval)
            for number in (of.low <= share <= of.high, of.high - of.low)
        ]
        rows.append([runs.mean(), stopped.mean(), wrong, *ends])
    names = [known.name for known in fields(Coverage)]
    return Coverage(**dict(zip(names, np.mean(rows, axis=0).tolist(), strict=True)))


def main() -> None:
    """Print the coverage of every family and share."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repetitions", type=int, default=400)
    parser.add_argument("--draws", type=int, default=512)
    parser.add_argument("--first", type=int, default=FULL.draw_runs)
    parser.add_argument("--most", type=int, default=FULL.draw_most)
    parser.add_argument("--family", choices=FAMILIES, action="append")
    given = parser.parse_args()
    looks = Looks(first=given.first, most=given.most)
    for family in given.family or FAMILIES:
        for share in SHARES:
            found = coverage(family, share, looks, draws=given.draws, repetitions=given.repetitions)
            print(f"{looks.totals}, {family}, share {share}: {found}", flush=True)


if __name__ == "__main__":
    main()
