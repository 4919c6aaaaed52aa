"""Overseers that learn: PPO from Stable-Baselines3 (extra `rl`), and trained networks, which do not need the extra."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv

from feint.agents.errors import InputError, load_extra
from feint.sim.environments.baseline_overseers import orders
from feint.sim.environments.overseer import Overseers
from feint.sim.environments.task import ACTIONS, CHOICES

PURPOSE = "training an overseer"
WIDTH = 32  # of both layers
GO_ON_FIRST = 3.0  # log-odds with which an untrained overseer goes on, and puts nothing back
DIGITS = 4  # of the weights that are kept


@dataclass(frozen=True, kw_only=True)
class Hyperparameters:
    """Hyperparameters of PPO; all others are Stable-Baselines3's defaults."""

    steps: int = 1_500_000  #: slices over all runs
    runs: int = 256  #: side by side
    rollout: int = 40  #: slices per run between two updates
    batch: int = 2048
    epochs: int = 6
    learning_rate: float = 1e-3
    entropy: float = 0.003
    gamma: float = 1.0  #: returns are not discounted
    seed: int = 1


@dataclass(frozen=True, eq=False)
class Network:
    """A trained overseer as plain arrays: layers of tanh; of each choice it orders the value with the highest logit."""

    weights: Sequence[np.ndarray]  #: per layer (outputs, inputs)
    biases: Sequence[np.ndarray]

    def __call__(self, seen: np.ndarray) -> np.ndarray:
        """Return its actions (runs, 10) for observations (runs, 10)."""
        at = np.asarray(seen, float)
        for weight, bias in zip(self.weights[:-1], self.biases[:-1], strict=True):
            at = np.tanh(at @ weight.T + bias)
        logits = at @ self.weights[-1].T + self.biases[-1]
        ends = np.cumsum((0, *CHOICES))
        return np.stack([logits[:, low:high].argmax(axis=1) for low, high in pairwise(ends)], axis=1)

    def described(self) -> dict[str, Any]:
        """Return the network as plain data, rounded."""
        return {
            "weights": [weight.round(DIGITS).tolist() for weight in self.weights],
            "biases": [bias.round(DIGITS).tolist() for bias in self.biases],
        }

    @classmethod
    def of(cls, described: dict[str, Any]) -> Network:
        """Return the network that plain data describe."""
        return cls(*([np.array(layer) for layer in described[name]] for name in ("weights", "biases")))


def train_ppo(options: Mapping[str, Any], hyperparameters: Hyperparameters | None = None) -> Network:
    """Train an overseer by PPO.

    Parameters
    ----------
    options
        Options of the environment, as `Overseers` takes them.
    hyperparameters
        Hyperparameters and seed.

    Raises
    ------
    InputError
        If the extra `rl` is missing.

    """
    own = hyperparameters or Hyperparameters()
    ppo = load_extra("stable_baselines3", PURPOSE).PPO
    load_extra("torch", PURPOSE).set_num_threads(1)  # layers this small are slower in several
    envs = Overseers(own.runs, autoreset_mode=AutoresetMode.SAME_STEP, **options)
    model = ppo(
        "MlpPolicy",
        for_stable_baselines(envs, own.seed),
        n_steps=own.rollout,
        batch_size=own.batch,
        n_epochs=own.epochs,
        learning_rate=own.learning_rate,
        ent_coef=own.entropy,
        gamma=own.gamma,
        policy_kwargs={"net_arch": [WIDTH, WIDTH]},
        seed=own.seed,
        device="cpu",
    )
    _initialise(model)
    model.learn(own.steps)
    return _network(model)


def _initialise(model: Any) -> None:
    """Make an untrained overseer mostly go on and put nothing back; else few episodes have a second slice."""
    torch = load_extra("torch", PURPOSE)
    bias = np.zeros(sum(CHOICES))
    for name, begin, value in zip(ACTIONS, np.cumsum((0, *CHOICES)), orders(1)[0], strict=False):
        if name == "decision" or name.startswith("reset_"):
            bias[begin + value] = GO_ON_FIRST
    with torch.no_grad():
        model.policy.action_net.bias.copy_(torch.tensor(bias))


def _network(model: Any) -> Network:
    layers = [*model.policy.mlp_extractor.policy_net[::2], model.policy.action_net]
    arrays = ([getattr(layer, name).detach().numpy().astype(float) for layer in layers] for name in ("weight", "bias"))
    return Network.of(Network(*arrays).described())


def for_stable_baselines(envs: VectorEnv[Any, Any, Any], seed: int) -> Any:
    """Return a vector environment as a `VecEnv` of Stable-Baselines3, which has no adapter for one.

    Raises `InputError` unless it resets in the same step.
    """
    base: Any = load_extra("stable_baselines3.common.vec_env", PURPOSE).VecEnv
    if (mode := envs.metadata.get("autoreset_mode")) is not AutoresetMode.SAME_STEP:
        raise InputError(f"autoreset_mode = {mode!r} is not valid here: it must be AutoresetMode.SAME_STEP.")
    runs = envs.num_envs

    class Adapted(base):
        """Methods of a `VecEnv` that call those of Gymnasium."""

        def __init__(self) -> None:
            self.render_mode, self._actions = None, None
            super().__init__(runs, envs.single_observation_space, envs.single_action_space)

        def reset(self) -> np.ndarray:
            return envs.reset(seed=seed)[0]

        def step_async(self, actions: np.ndarray) -> None:
            self._actions = actions

        def step_wait(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[dict[str, Any]]]:
            seen, rewards, terminated, truncated, infos = envs.step(self._actions)
            over = terminated | truncated
            ends: list[dict[str, Any]] = [{} for _ in range(runs)]
            for row in np.flatnonzero(over):
                final, cut = infos["final_obs"][row], bool(truncated[row])
                ends[row] = {"terminal_observation": final, "TimeLimit.truncated": cut}
            return seen, rewards.astype(np.float32), over, ends

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
