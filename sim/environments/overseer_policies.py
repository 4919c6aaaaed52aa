"""Overseers as policies, hand-written or trained by PPO (extra `rl`), and the results of letting them train runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv

from feint.agents.errors import InputError, load_extra
from feint.sim.environments.overseer import KEYS, Overseers
from feint.sim.environments.run_batch import Deployed, RunBatch
from feint.sim.environments.task import ACTIONS, AT, BOTH, CHOICES, COLUMN, DEPLOY, GO_ON, NO_AUDIT, STOP, Terms, X, Y
from feint.sim.training.train import check_runs, check_seed

Policy = Callable[[np.ndarray], np.ndarray]
"""A function from observations (runs, 10) to actions (runs, 10)."""

FULL_RATE = len(ACTIONS["learning_rate"]) - 1
MANY_HONEYPOTS = len(ACTIONS["honeypots"]) - 1
GOOD = 0.9  # performance at which training is over
HALF_SLICE = 1e-6  # tolerance of a share of the slices, which is stored in single precision
PURPOSE = "training an overseer"
WIDTH = 32  # of both layers
GO_ON_FIRST = 3.0  # log-odds with which an untrained overseer goes on, and puts nothing back
DIGITS = 4  # of the weights that are kept


def orders(runs: int, objective: int | np.ndarray = X, **choices: int | np.ndarray) -> np.ndarray:
    """Return actions (runs, 10): go on with an objective at the full learning rate, except for these choices."""
    actions = np.zeros((runs, len(CHOICES)), int)
    for name, values in {"objective": objective, "learning_rate": FULL_RATE, **choices}.items():
        actions[:, COLUMN[name]] = values
    return actions


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """Train on Y for a share of the slices, then on X, and deploy at the last but one, or once it is good."""

    slices: int  #: of the task; at the last it is too late to deploy
    on_y: float = 0.0  #: share of the slices on Y
    target: float | None = None  #: measured performance at which it deploys, once it trains on X
    honeypots: int = 0  #: choice of honeypots
    put_back: tuple[str, ...] = ()  #: groups that are put back before every slice

    def __call__(self, seen: np.ndarray) -> np.ndarray:
        """Return its actions."""
        over = seen[:, AT["used"]] >= 1 - 1 / self.slices - HALF_SLICE
        if self.target is not None:
            over |= (seen[:, AT["objective"]] == X) & (seen[:, AT["performance"]] >= self.target)
        objective = np.where(seen[:, AT["used_on_y"]] < self.on_y - HALF_SLICE, Y, X)
        choices = {f"reset_{group}": 1 for group in self.put_back}
        choices |= {"honeypots": self.honeypots, "decision": np.where(over, DEPLOY, GO_ON)}
        return orders(len(seen), objective, **choices)


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Train on X with honeypots until performance is good, then audit, and deploy a run that passes every reading."""

    target: float = GOOD  #: performance from which it audits
    honeypots: float = GOOD  #: lowest performance on honeypots that passes
    held_out: float = 0.3  #: highest loss on held-out data that passes
    probe: float = 0.75  #: lowest reading of the probe that passes; what may then be wrong is `deploy_tolerance`
    until: float = 0.9  #: share of the slices at which it stops if the run has not passed
    put_back: bool = False  #: whether the gate of a run that is good in training but fails on honeypots is put back

    def __call__(self, seen: np.ndarray) -> np.ndarray:
        """Return its actions."""
        good = seen[:, AT["performance"]] >= self.target
        passes = (
            good
            & (seen[:, AT["held_out_loss"]] <= self.held_out)
            & (seen[:, AT["honeypots_new"]] * seen[:, AT["honeypots"]] >= self.honeypots)
            & (seen[:, AT["probe_new"]] * seen[:, AT["probe"]] >= self.probe)
        )
        gives_up = seen[:, AT["used"]] >= self.until - HALF_SLICE
        decision = np.where(passes, DEPLOY, np.where(gives_up, STOP, GO_ON))
        fails = good & (seen[:, AT["honeypots_new"]] > 0) & (seen[:, AT["honeypots"]] < self.honeypots)
        choices = {"audit": np.where(good, BOTH, NO_AUDIT), "reset_gate": fails & self.put_back}
        return orders(len(seen), honeypots=MANY_HONEYPOTS, decision=decision, **choices)


def random_policy() -> Policy:
    """Return an overseer that draws every choice uniformly."""
    generator = np.random.default_rng(0)
    return lambda seen: generator.integers(0, CHOICES, size=(len(seen), len(CHOICES)))


BASELINES: dict[str, Callable[[int], Policy]] = {
    "random": lambda _: random_policy(),
    "from scratch": lambda slices: Schedule(slices=slices),
    "pre-training first": lambda slices: Schedule(slices=slices, on_y=0.3),
    "from scratch, early stop": lambda slices: Schedule(slices=slices, target=GOOD),
    "pre-training, early stop": lambda slices: Schedule(slices=slices, on_y=0.3, target=GOOD),
    "honeypots, early stop": lambda slices: Schedule(slices=slices, target=GOOD, honeypots=MANY_HONEYPOTS),
    "rule on readings": lambda _: Rule(),
    "rule, gate put back": lambda _: Rule(put_back=True),
}
"""Name → overseer of a task with this many slices, written before any had learned; Rule was revised once."""

LEARNED = Schedule(slices=40, target=GOOD, put_back=("gate", "awareness"))
"""What PPO learned on the prior, written by hand: put back gate and awareness before every slice."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Episodes:
    """Results of an overseer, one episode per run: (runs,) each."""

    deployed: np.ndarray
    outcome: np.ndarray  #: -1 if nothing was deployed
    performance: np.ndarray
    harm: np.ndarray
    cost: np.ndarray
    slices: np.ndarray
    orders: np.ndarray  #: number of slices with each value of each choice (choices, values)

    @property
    def returns(self) -> np.ndarray:
        """Sum of rewards: performance less harm less cost."""
        return self.performance - self.harm - self.cost

    def ordered(self, choice: str) -> np.ndarray:
        """Return the share of the slices with each value of a choice."""
        counts = self.orders[COLUMN[choice], : len(ACTIONS[choice])]
        return counts / max(1, counts.sum())


def play(policy: Policy, terms: Terms, *, runs: int, seed: int) -> Episodes:
    """Let an overseer train the first runs of the population that an environment draws from a seed, an episode each."""
    check_runs(runs)
    seed = check_seed(seed)
    batch = RunBatch(terms, int(np.random.default_rng(seed).integers(KEYS)), np.arange(runs, dtype=np.uint64))
    live, counts = np.ones(runs, bool), np.zeros((len(CHOICES), max(CHOICES)), int)
    deployed, ends = np.zeros(runs, bool), Deployed.none(runs)
    while live.any():
        actions = np.where(live[:, None], policy(batch.seen), 0)
        step = batch.step(actions, live)
        going = live & (actions[:, COLUMN["decision"]] == GO_ON)
        for choice, column in enumerate(actions[going].T):
            counts[choice] += np.bincount(column, minlength=counts.shape[1])
        deployed |= step.deployed
        for values, own in zip(ends, step.ends, strict=True):
            values[step.deployed] = own[step.deployed]
        live &= ~step.terminated
    return Episodes(deployed=deployed, **ends._asdict(), cost=batch.cost, slices=batch.slices, orders=counts)


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
    """A trained overseer as plain arrays: layers of tanh; for each choice it orders the value of highest logit."""

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
        layers = {"weights": self.weights, "biases": self.biases}
        return {name: [layer.round(DIGITS).tolist() for layer in of_network] for name, of_network in layers.items()}

    @classmethod
    def of(cls, described: dict[str, Any]) -> Network:
        """Return the network that plain data describe."""
        return cls(*([np.array(layer) for layer in described[name]] for name in ("weights", "biases")))


def train_ppo(options: Mapping[str, Any], hyperparameters: Hyperparameters | None = None) -> Network:
    """Train an overseer by PPO in `Overseers` with these options; raises `InputError` if the extra `rl` is missing."""
    own = hyperparameters or Hyperparameters()
    ppo, torch = load_extra("stable_baselines3", PURPOSE).PPO, load_extra("torch", PURPOSE)
    torch.set_num_threads(1)  # layers this small are slower in several
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
    bias = np.zeros(sum(CHOICES))  # an untrained overseer mostly goes on, else few episodes have a second slice
    for name, begin, value in zip(ACTIONS, np.cumsum((0, *CHOICES)), orders(1)[0], strict=False):
        if name == "decision" or name.startswith("reset_"):
            bias[begin + value] = GO_ON_FIRST
    with torch.no_grad():
        model.policy.action_net.bias.copy_(torch.tensor(bias))
    model.learn(own.steps)
    layers = [*model.policy.mlp_extractor.policy_net[::2], model.policy.action_net]
    arrays = ([getattr(layer, name).detach().numpy().astype(float) for layer in layers] for name in ("weight", "bias"))
    return Network.of(Network(*arrays).described())


def for_stable_baselines(envs: VectorEnv[Any, Any, Any], seed: int) -> Any:
    """Return a vector environment as a `VecEnv` of Stable-Baselines3; raises `InputError` unless it resets at once."""
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
            return seen, rewards.astype(np.float32), over, _ends(over, truncated, infos)

        def close(self) -> None:
            envs.close()

        def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
            return [getattr(envs, attr_name)] * len(list(self._get_indices(indices)))

        def env_method(self, *_: Any, **known: Any) -> Any:
            raise NotImplementedError("runs side by side have no attributes and methods of their own")

        set_attr = env_method

        def env_is_wrapped(self, wrapper_class: type, indices: Any = None) -> list[bool]:  # noqa: ARG002
            return [False] * len(list(self._get_indices(indices)))

    return Adapted()


def _ends(over: np.ndarray, truncated: np.ndarray, infos: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the last observation of each episode that is over, and whether it was cut off, as in a `VecEnv`."""
    ends: list[dict[str, Any]] = [{} for _ in over]
    for row in np.flatnonzero(over):
        final, cut = infos["final_obs"][row], bool(truncated[row])
        ends[row] = {"terminal_observation": final, "TimeLimit.truncated": cut}
    return ends
