"""The README's main command, `feint compare`, from its first to its last moment, with warm caches."""

import json
import sys
from functools import partial
from statistics import median

import pytest

from benchmarks.processes import in_turns, medians, ran

COMMAND = [sys.executable, "-m", "feint", "compare", "--json"]


@pytest.mark.benchmark(group="end to end")
def test_compare(benchmark, few_rounds):
    compared = partial(ran, COMMAND)
    compared()
    found = benchmark.pedantic(in_turns, args=({"compare": compared}, 2 * few_rounds), rounds=1)["compare"]
    seconds, processors = medians(found)
    timings = [json.loads(took.printed)["timing"] for took in found]
    trained = median(timing["seconds"] for timing in timings)
    assert 0 < trained < seconds
    told = {"seconds": seconds, "of processors": processors, "seconds in threads": trained}
    benchmark.extra_info.update({**told, "run-steps": timings[0]["run_steps"], "threads": timings[0]["threads"]})
    print("\nfeint compare:", benchmark.extra_info)
