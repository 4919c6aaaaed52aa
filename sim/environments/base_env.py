"""What environments of a life have in common: they draw from a decision process."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np

from feint.agents.errors import InputError
from feint.sim.environments.life import Process

PATIENCE = 20  #: steps that an episode of life has on average before the whole is cut off


class Living(gymnasium.Env[Any, Any]):
    """An environment whose dynamics are those of `process`, cut off after `limit` steps."""

    process: Process
    limit: int
    state: Any = None
    _steps = 0
    _over = False

    def seen(self, state: Any) -> Any:
        """What is observed of a state."""
        raise NotImplementedError

    def left(self, state: Any, action: int, b: bool) -> dict[str, Any]:
        """What is said of a step."""
        raise NotImplementedError

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Begin a life; there are no options."""
        super().reset(seed=seed)
        for name in options or {}:
            raise InputError(f"option {name!r} is not known: a reset has none.")
        starts = self.process.starts()
        self.state = starts[self._draw([each[0] for each in starts])][1]
        self._steps, self._over = 0, False
        return self.seen(self.state), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Act; raises `InputError` for what is no action, before `reset` and after the end."""
        if self.state is None or self._over:
            raise InputError("step() came before reset() or after the end: begin an episode first.")
        if not self.action_space.contains(action):
            raise InputError(f"action = {action!r} is not valid: it must be in {self.action_space}.")
        before, found = self.state, self.process.outcomes(self.state, int(action))
        _, after, reward, b = found[self._draw([each[0] for each in found])]
        self._steps += 1
        terminated = after is None
        truncated = not terminated and self._steps >= self.limit
        self._over = terminated or truncated
        self.state = before if terminated else after
        info = self.left(before, int(action), b)
        info["base_reward"] = float(not b) if terminated or after.episode > before.episode else 0.0
        return self.seen(self.state), float(reward), terminated, truncated, info

    def _draw(self, probabilities: list[float]) -> int:
        """The place of one of these, drawn with its probability."""
        return int(np.searchsorted(np.cumsum(probabilities)[:-1], self.np_random.random(), side="right"))
