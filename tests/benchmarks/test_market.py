"""What a market of 10⁵ actors over 20 years takes, and each of its actor-years beside those of one a tenth as large."""

from dataclasses import replace

import numpy as np
import pytest
from catalogues import catalogue

from benchmarks.interleaved import interleaved
from feint.scenarios.release.training_protocols import USES
from feint.sim.markets.market import Market
from feint.sim.markets.market_parameters import Price, Terms

YEARS, STREAMS = 20, 8
LARGE, SMALL = 100_000, 10_000


def market(actors):
    """A function that lets the years of a market pass, and says how many actor-years that is."""
    terms = Terms(actors=actors, years=YEARS, members=10)
    generator = np.random.default_rng(1)
    made = replace(
        catalogue(USES, streams=STREAMS),
        steps=generator.lognormal(4.0, 0.5, (1, len(USES), STREAMS)),
        spillover=generator.random((1, 9, STREAMS, len(USES))),
        general=generator.random((1, 9, STREAMS)),
    )

    def run():
        Market(terms, made, Price(step_price=10.0), 1).run()
        return actors * YEARS

    return run


@pytest.mark.benchmark(group="market")
def test_market(benchmark, rounds):
    functions = {f"{actors:,} actors": market(actors) for actors in (LARGE, SMALL)}
    timings = benchmark.pedantic(interleaved, args=(functions, rounds), rounds=1)
    large, small = functions
    seconds = timings.median(large) * LARGE * YEARS / 1e9
    benchmark.extra_info.update({"seconds": seconds, "ns per actor-year": timings.medians()})
    print(f"\n{large}, {YEARS} years: {seconds:.2f} s; an actor-year × {timings.ratio(large, small):.2f} of {small}")
