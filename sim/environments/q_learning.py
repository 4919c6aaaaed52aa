"""Tabular Q-learning, for environments whose observations and actions can be counted."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import gymnasium
import numpy as np

SLOWING = 0.6  #: the step size is the number of visits to minus this power


def q_learning(environment: gymnasium.Env[Any, Any], *, lives: int, seed: int) -> dict[tuple[int, ...], np.ndarray]:
    """Q by observation: Q(s, a) ← Q(s, a) + n^-0.6 (r + max Q(s', ·) - Q(s, a)), n the visits of (s, a).

    Actions are drawn evenly, and each life is learned from when it is over, its last step first. Rewards are taken as
    they are, undiscounted: in these environments they carry their discount. Source: Watkins and Dayan, Q-learning
    (1992), doi:10.1007/BF00992698.
    """
    actions = int(environment.action_space.n)  # pyright: ignore[reportAttributeAccessIssue]
    generator = np.random.default_rng(seed)
    q: dict[tuple[int, ...], np.ndarray] = defaultdict(lambda: np.zeros(actions))
    visits: dict[tuple[int, ...], np.ndarray] = defaultdict(lambda: np.zeros(actions))
    for life in range(lives):
        for at, action, reward, after in reversed(lived(environment, generator, seed if life == 0 else None)):
            visits[at][action] += 1
            target = reward + (float(q[after].max()) if after else 0.0)
            q[at][action] += visits[at][action] ** -SLOWING * (target - q[at][action])
    return dict(q)


def lived(
    environment: gymnasium.Env[Any, Any], generator: np.random.Generator, seed: int | None
) -> list[tuple[tuple[int, ...], int, float, tuple[int, ...] | None]]:
    """A life of actions drawn evenly: at each step what was seen, the action, the reward, and what was seen then."""
    at, over, steps = key(environment.reset(seed=seed)[0]), False, []
    while not over:
        action = int(generator.integers(environment.action_space.n))  # pyright: ignore[reportAttributeAccessIssue]
        seen, reward, terminated, truncated, _ = environment.step(action)
        after = None if terminated else key(seen)
        steps.append((at, action, float(reward), after))
        at, over = key(seen), terminated or truncated
    return steps


def key(observation: Any) -> tuple[int, ...]:
    """An observation as numbers that can be looked up."""
    return tuple(np.atleast_1d(observation).tolist())
