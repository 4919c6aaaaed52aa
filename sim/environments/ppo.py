"""Overseers that learn: PPO from Stable-Baselines3 (extra `rl`), and what it has learned without it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv

from feint.agents.errors import InputError
from feint.sim.environments.baseline_overseers import orders
from feint.sim.environments.task import ACTIONS, CHOICES
from feint.sim.environments.vector_env import Overseers
from feint.sim.results.optional_dependencies import load_extra

PURPOSE = "training an overseer"
WIDTH = 32  # of both layers
GO_ON_FIRST = 3.0  # log-odds with which an untrained overseer goes on, and puts nothing back
DIGITS = 4  # of the weights that are kept


@dataclass(frozen=True, kw_only=True)
class Practice:
    """How an overseer is trained: PPO's own defaults, but for what stands here."""

    steps: int = 1_500_000  #: slices over all runs
    runs: int = 256  #: side by side
    rollout: int = 40  #: slices of each between two updates
    batch: int = 2048
    epochs: int = 6
    learning_rate: float = 1e-3
    entropy: float = 0.003
    gamma: float = 1.0  #: returns are not discounted
    seed: int = 1


@dataclass(frozen=True, eq=False)
class Network:
    """A trained overseer as plain arrays: layers of tanh, and of each choice the value with the highest logit."""

    weights: Sequence[np.ndarray]  #: of each layer (outputs, inputs)
    biases: Sequence[np.ndarray]

    def __call__(self, seen: np.ndarray) -> np.ndarray:
        """What it orders."""
        at = np.asarray(seen, float)
        for weight, bias in zip(self.weights[:-1], self.biases[:-1], strict=True):
            at = np.tanh(at @ weight.T + bias)
        logits = at @ self.weights[-1].T + self.biases[-1]
        ends = np.cumsum((0, *CHOICES))
        return np.stack([logits[:, low:high].argmax(axis=1) for low, high in pairwise(ends)], axis=1)

    def described(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "weights": [weight.round(DIGITS).tolist() for weight in self.weights],
            "biases": [bias.round(DIGITS).tolist() for bias in self.biases],
        }

    @classmethod
    def of(cls, described: dict[str, Any]) -> Network:
        """From plain data."""
        return cls(*([np.array(each) for each in described[name]] for name in ("weights", "biases")))


def trained(options: Mapping[str, Any], practice: Practice | None = None) -> Network:
    """Train an overseer in the environment with these options; raises `InputError` where an extra is missing."""
    practice = Practice() if practice is None else practice
    ppo = load_extra("stable_baselines3", PURPOSE).PPO
    load_extra("torch", PURPOSE).set_num_threads(1)  # layers this small are slower in several
    envs = Overseers(practice.runs, autoreset_mode=AutoresetMode.SAME_STEP, **options)
    model = ppo(
        "MlpPolicy",
        for_stable_baselines(envs, practice.seed),
        n_steps=practice.rollout,
        batch_size=practice.batch,
        n_epochs=practice.epochs,
        learning_rate=practice.learning_rate,
        ent_coef=practice.entropy,
        gamma=practice.gamma,
        policy_kwargs={"net_arch": [WIDTH, WIDTH]},
        seed=practice.seed,
        device="cpu",
    )
    _incline(model)
    model.learn(practice.steps)
    return _network(model)


def _incline(model: Any) -> None:
    """Let an untrained overseer mostly go on and put nothing back; else hardly an episode has a second slice."""
    torch = load_extra("torch", PURPOSE)
    first = orders(1)[0]
    inclined = np.zeros(sum(CHOICES))
    for name, begin, value in zip(ACTIONS, np.cumsum((0, *CHOICES)), first, strict=False):
        if name == "decision" or name.startswith("reset_"):
            inclined[begin + value] = GO_ON_FIRST
    with torch.no_grad():
        model.policy.action_net.bias.copy_(torch.tensor(inclined))


def _network(model: Any) -> Network:
    layers = [*model.policy.mlp_extractor.policy_net[::2], model.policy.action_net]
    arrays = ([getattr(layer, name).detach().numpy().astype(float) for layer in layers] for name in ("weight", "bias"))
    return Network.of(Network(*arrays).described())


def for_stable_baselines(envs: VectorEnv[Any, Any, Any], seed: int) -> Any:
    """A vector environment that resets in the same step as a `VecEnv` of Stable-Baselines3, which has none for it.

    Raises `InputError` for one that resets otherwise.
    """
    base: Any = load_extra("stable_baselines3.common.vec_env", PURPOSE).VecEnv
    if (mode := envs.metadata.get("autoreset_mode")) is not AutoresetMode.SAME_STEP:
        raise InputError(f"autoreset_mode = {mode!r} is not valid here: it must be AutoresetMode.SAME_STEP.")
    runs = envs.num_envs

    class Adapted(base):
        """The methods of a `VecEnv` before those of Gymnasium."""

        def __init__(self) -> None:
            self.render_mode, self._actions = None, None
            super().__init__(runs, envs.single_observation_space, envs.single_action_space)

        def reset(self) -> np.ndarray:
            return envs.reset(seed=seed)[0]

        def step_async(self, actions: np.ndarray) -> None:
            self._actions = actions

        def step_wait(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[dict[str, Any]]]:
            seen, rewards, terminated, truncated, infos = envs.step(self._actions)
            told: list[dict[str, Any]] = [{} for _ in range(runs)]
            for row in np.flatnonzero(terminated | truncated):
                told[row] = {
                    "terminal_observation": infos["final_obs"][row],
                    "TimeLimit.truncated": bool(truncated[row]),
                }
            return seen, rewards.astype(np.float32), terminated | truncated, told

        def close(self) -> None:
            envs.close()

        def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
            return [getattr(envs, attr_name)] * len(list(self._get_indices(indices)))

        def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
            raise NotImplementedError("runs side by side have no attributes of their own")

        def env_method(self, method_name: str, *args: Any, indices: Any = None, **known: Any) -> list[Any]:
            raise NotImplementedError("runs side by side have no methods of their own")

        def env_is_wrapped(self, wrapper_class: type, indices: Any = None) -> list[bool]:  # noqa: ARG002
            return [False] * len(list(self._get_indices(indices)))

    return Adapted()
