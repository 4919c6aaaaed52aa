"""Overseers that learn: networks as arrays, the adapter of Stable-Baselines3, and the message if it is missing."""

import sys
from dataclasses import replace
from itertools import pairwise
from typing import Any

import gymnasium
import numpy as np
import pytest

import feint.sim.environments  # noqa: F401 - registers
from feint.agents.errors import InputError
from feint.sim.environments.overseer import Overseers
from feint.sim.environments.overseer_policies import Hyperparameters, Network, for_stable_baselines, orders, train_ppo
from feint.sim.environments.task import CHOICES, SEEN

SHORT: dict[str, Any] = {"slice_steps": 20, "slices": 4}
BRIEF = Hyperparameters(steps=64, runs=8, rollout=4, batch=16, epochs=1)


def test_each_choice_is_the_value_with_the_highest_logit():
    generator = np.random.default_rng(0)
    sizes = (len(SEEN), 7, sum(CHOICES))
    weights = [generator.normal(size=(outputs, inputs)) for inputs, outputs in pairwise(sizes)]
    network = Network(weights, [generator.normal(size=size) for size in sizes[1:]])
    seen = generator.normal(size=(5, len(SEEN)))
    for row, ordered in zip(seen, network(seen), strict=True):
        hidden = np.tanh(weights[0] @ row + network.biases[0])
        logits = list(weights[1] @ hidden + network.biases[1])
        for value, choices in zip(ordered, CHOICES, strict=True):
            own, logits = logits[:choices], logits[choices:]
            assert own[value] == max(own)
    again = Network.of(network.described())
    assert np.allclose(again.weights[0], weights[0], atol=1e-4)


def test_the_extra_is_named_where_it_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "stable_baselines3", None)
    with pytest.raises(InputError, match=r"training an overseer needs stable_baselines3.*\[rl\]"):
        train_ppo(SHORT)


def test_a_vecenv_has_the_episodes_of_the_vector_environment():
    pytest.importorskip("stable_baselines3")
    adapted, envs = for_stable_baselines(Overseers(8, autoreset_mode="SameStep", **SHORT), 3), Overseers(8, **SHORT)
    assert np.array_equal(adapted.reset(), envs.reset(seed=3)[0])
    now, rewards, done, ends = adapted.step(orders(8))
    seen, reward, over, _, _ = envs.step(orders(8))
    for _ in range(3):
        assert rewards == pytest.approx(reward)
        assert np.array_equal(now, seen)
        now, rewards, done, ends = adapted.step(orders(8))
        seen, reward, over, _, _ = envs.step(orders(8))
    assert np.array_equal(done, over)
    assert done.all()
    assert np.array_equal([end["terminal_observation"] for end in ends], seen)
    assert not any(end["TimeLimit.truncated"] for end in ends)  # else a learner adds a value after the last slice
    assert (now[:, 0] == 0).all()
    with pytest.raises(InputError, match=r"autoreset_mode = .*NEXT_STEP.* is not valid here"):
        for_stable_baselines(envs, 3)


def test_gymnasiums_single_environment_is_trained_in_as_it_is():
    ppo = pytest.importorskip("stable_baselines3").PPO
    env = gymnasium.make("feint/Overseer-v0", **SHORT)
    assert ppo("MlpPolicy", env, n_steps=16, batch_size=16, n_epochs=1, device="cpu").learn(32).num_timesteps == 32


def test_training_is_the_same_again_and_depends_on_the_seed():
    pytest.importorskip("stable_baselines3")
    first, again, other = (train_ppo(SHORT, replace(BRIEF, seed=seed)).described() for seed in (1, 1, 2))
    assert first == again
    assert first != other
