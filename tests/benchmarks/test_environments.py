"""Many runs under oversight beside Gymnasium's own vectorised CartPole: steps of the environment, and SGD steps.

A step of the one is a slice of training of a mesa-optimizer and what is measured after it, of the other four numbers
moved once; the ratio says what a learner waits for.
"""

import gymnasium
import numpy as np
import pytest

import feint.sim.environments  # noqa: F401 - registers
from benchmarks.interleaved import interleaved
from feint.sim.environments.overseer_policies import orders
from feint.sim.environments.task import BOTH, CHOICES

PLACES, STEPS, SLICE = 4096, 5, 100
CARTPOLE, TRAINED, AUDITED, ANYHOW = "CartPole", "overseer", "overseer, all audited", "overseer, random orders"


def stepping(envs, action_of):
    """A function that takes some steps everywhere, and says how many."""

    def step():
        for _ in range(STEPS):
            envs.step(action_of())
        return STEPS * envs.num_envs

    envs.reset(seed=0)
    return step


def overseers():
    return gymnasium.make_vec(
        "feint/Overseer-v0",
        num_envs=PLACES,
        vectorization_mode="vector_entry_point",
        slice_steps=SLICE,
        slices=2**16,
    )


def anyhow(generator):
    """Every choice at random, but to go on."""
    found = generator.integers(0, CHOICES, size=(PLACES, len(CHOICES)))
    found[:, 0] = 0
    return found


@pytest.mark.benchmark(group="environments")
def test_environments(benchmark, rounds):
    generator = np.random.default_rng(0)
    poles = gymnasium.make_vec("CartPole-v1", num_envs=PLACES, vectorization_mode="vector_entry_point")
    trained, audited = orders(PLACES), orders(PLACES, audit=BOTH)
    functions = {
        CARTPOLE: stepping(poles, lambda: generator.integers(0, 2, size=PLACES)),
        TRAINED: stepping(overseers(), lambda: trained),
        AUDITED: stepping(overseers(), lambda: audited),
        ANYHOW: stepping(overseers(), lambda: anyhow(generator)),
    }
    timings = benchmark.pedantic(interleaved, args=(functions, rounds), rounds=1)
    found, costs = timings.ratios(CARTPOLE), timings.medians()
    assert set(found) == set(functions)
    assert found[CARTPOLE] == 1
    benchmark.extra_info.update(
        {
            "environments": PLACES,
            "SGD steps of a slice": SLICE,
            "ns per step": costs,
            "times CartPole": found,
            "ns per run-step": {name: cost / SLICE for name, cost in costs.items() if name != CARTPOLE},
        }
    )
    for name, cost in costs.items():
        print(f"\n{name}: {cost:,.0f} ns a step, × {found[name]:.1f} CartPole", end="")
        print(f"; {cost / SLICE:.1f} ns an SGD step" if name != CARTPOLE else "", end="")
