"""`feint/Overseer-v0`, one run or many at once: an overseer trains runs and sees only what a developer could see."""

from collections.abc import Sequence
from math import inf
from numbers import Integral
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from gymnasium.utils.seeding import np_random
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from feint.agents.errors import InputError, check_whole, unknown
from feint.sim.environments.run_batch import RunBatch, Step
from feint.sim.environments.task import CHOICES, SEEN, Terms
from feint.sim.training.train import check_runs

KEYS = 2**63  # number of keys of a population's streams
MOST_RUN = 2**63 - 1
MODES = {mode.value: mode for mode in AutoresetMode}


def run_spaces() -> tuple[spaces.MultiDiscrete, spaces.Box]:
    """Return the spaces of the actions on one run, and of its observations."""
    low, high = np.array(list(SEEN.values()), np.float32).T
    return spaces.MultiDiscrete(list(CHOICES)), spaces.Box(low, high, dtype=np.float32)


class Overseer(gymnasium.Env[np.ndarray, np.ndarray]):
    """Train a mesa-optimizer slice by slice and deploy it, without ever seeing its type.

    ## Description
    A run of the engine is trained in slices of `slice_steps` SGD steps. The wanted objective is X. The run becomes one
    of the types of `feint.Outcome`, which is never shown; deployed, it acts on its terminal objective.

    ## Action space
    `MultiDiscrete`, with the columns of `task.ACTIONS`:

    | | choice | values |
    |---|---|---|
    | 0 | decision | 0 go on, 1 stop and deploy nothing, 2 deploy |
    | 1 | objective of the slice's data | 0 Y (pre-training), 1 X (fine-tuning) |
    | 2 | learning rate, as a multiple of the stage's | 0.1, 0.3, 1 |
    | 3 | honeypots, as a share of the slice's episodes | 0, 0.05, 0.2 |
    | 4 | audit after the slice | 0 none, 1 honeypots, 2 probe, 3 both |
    | 5-9 | groups put back to the run's start before the slice | goal, gate, capability, awareness, world |

    The last nine have an effect only if the decision is to go on.

    ## Observation space
    `Box`, after each slice, with the columns of `task.SEEN`: share of the slices used, and used on Y; objective of the
    last slice (-1 before the first); training loss; loss on X on held-out data with the spectrum of deployment;
    performance on X; the last result on honeypots, and whether it is new; the last reading of the probe, and whether
    it is new. Losses and performance are as in training. Each reading has normal noise (`run_batch.noisy_readings`).

    ## Rewards
    Minus the cost of each slice: its steps, its honeypots and its audits, in samples of `sample_price`. At deployment
    the performance max(0, c (1 - E'(t'))) less the harm: `harm_deceptive`,
    `harm_proxy`, `harm_reward_seeking`, 0 for other types.

    ## Starting state
    A new run of the population, untrained and not measured, with its own start, bias, world and parameters in `vary`.

    ## Episode end
    Terminated when the run is deployed or stopped, and, with nothing deployed, when all slices are used. Never
    truncated: the limit is part of the task, and the remaining slices are observed.

    ## Arguments
    The parameters of `task.Task`; `settings`, parameters of model and stages by dotted names, such as
    `{"gate_init": -1, "finetuning.awareness_exposure": 0.1}`; `vary`, some of `task.VARIED`: by default all that are
    not in `settings`. Raises `InputError` if one is not valid.

    `reset(seed=…)` draws the key of the population and begins with its run 0; each later reset takes the next run, or
    that of `options={"run": number}`. At the end `info` has `deployed` and `cost`, and for a deployed run its `outcome`
    (a code of `feint.Outcome`), `performance` and `harm`; during an episode it is empty.
    """

    metadata: dict[str, Any] = {"render_modes": []}

    def __init__(self, render_mode: str | None = None, **options: Any) -> None:
        self.render_mode = _check_no_rendering(render_mode)
        self.terms = Terms.of(options)
        self.action_space, self.observation_space = run_spaces()
        self._key: int | None = None
        self._next, self._over = 0, False
        self._batch: RunBatch | None = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Begin with the next run, or with the run of the number in `options["run"]`."""
        super().reset(seed=_whole_seed(seed))
        if seed is not None or self._key is None:
            self._key, self._next = int(self.np_random.integers(KEYS)), 0
        run = check_whole("run", _option(options, "run", self._next), 0, MOST_RUN)
        self._next, self._over = run + 1, False
        self._batch = RunBatch(self.terms, self._key, np.array([run], np.uint64))
        return self._batch.seen[0].copy(), {}

    def step(self, action: np.ndarray) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Carry out an action."""
        if self._batch is None or self._over:
            raise InputError("step() came before reset() or after the end: begin an episode first.")
        step = self._batch.step(np.asarray(action)[None], np.ones(1, bool))
        self._over = bool(step.terminated[0])
        info: dict[str, Any] = {}
        if self._over:
            info = {"deployed": bool(step.deployed[0]), "cost": float(self._batch.cost[0])}
        if step.deployed[0]:
            info |= {name: values[0].item() for name, values in step.ends._asdict().items()}
        return self._batch.seen[0].copy(), float(step.reward[0]), self._over, False, info


class Overseers(VectorEnv[np.ndarray, np.ndarray, np.ndarray]):
    """`Overseer` for many runs at once, equal to the single environment run by run, to the bit.

    Place i has run i first, and in its e-th episode, from 0 on, run i + e · num_envs of the population, which
    `reset(seed=…)` draws as for the single environment. Runs that train on the same data with the same honeypots are
    trained in one call of the kernel, whatever their learning rates, resets and audits.

    `reset(seed=[…])`, with a seed per place, gives each place the population and the runs of a single environment with
    that seed, as Gymnasium's own vector environments do; where it is None, the place goes on with its next run.

    `autoreset_mode` is one of `gymnasium.vector.AutoresetMode`: by default the step after an episode's end begins the
    next one; with `SAME_STEP` the end itself does, and `infos` has `final_obs` and `final_info`; with `DISABLED`
    `reset(options={"reset_mask": …})` does. An episode of `max_episode_steps` steps is truncated, unless that is None
    or -1. Other options are those of `Overseer`.
    """

    def __init__(
        self,
        num_envs: int = 1,
        *,
        render_mode: str | None = None,
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
        max_episode_steps: int | None = None,
        **options: Any,
    ) -> None:
        check_runs(num_envs)
        if autoreset_mode not in MODES and autoreset_mode not in MODES.values():
            raise unknown("mode of autoreset", autoreset_mode, MODES)
        self.num_envs, self.render_mode = int(num_envs), _check_no_rendering(render_mode)
        self.terms, self.mode = Terms.of(options), AutoresetMode(autoreset_mode)
        self.most = inf if max_episode_steps in (None, -1) else check_whole("max_episode_steps", max_episode_steps, 1)
        self.metadata = {"render_modes": [], "autoreset_mode": self.mode}
        self.single_action_space, self.single_observation_space = run_spaces()
        self.action_space = batch_space(self.single_action_space, self.num_envs)
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)
        self._keys, self._next = np.zeros(self.num_envs, np.uint64), np.zeros(self.num_envs, np.int64)
        self._stride, self._taken = np.ones(self.num_envs, np.int64), np.zeros(self.num_envs, np.int64)
        self._over = np.zeros(self.num_envs, bool)
        self._batch: Any = None

    def reset(
        self,
        *,
        seed: int | Sequence[int | None] | None = None,
        options: dict[str, Any] | None = None,
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Begin an episode everywhere, or at the places marked in `options["reset_mask"]`."""
        everywhere = np.ones(self.num_envs, bool)
        mask = np.asarray(_option(options, "reset_mask", everywhere))
        if mask.shape != (self.num_envs,) or mask.dtype != np.bool_:
            raise InputError(f"reset_mask = {mask!r} is not valid: it must be {self.num_envs} truth values.")
        seeds = None if seed is None or isinstance(seed, Integral) else _seeds(seed, self.num_envs)
        if seeds is None and seed is not None and not mask.all():
            reason = "it begins another population everywhere"
            raise InputError(f"seed = {seed!r} is not allowed with reset_mask: {reason}.")
        super().reset(seed=_whole_seed(seed) if seeds is None else None)
        begun = self._batch is not None
        if seeds is None and (seed is not None or not begun):
            self._keys[:], self._next[:] = int(self.np_random.integers(KEYS)), np.arange(self.num_envs)
            self._stride[:], mask = self.num_envs, everywhere
        elif seeds is not None:
            mask = mask if begun else everywhere
            for i in np.flatnonzero(mask).tolist():
                self._seed_place(i, seeds[i], begun=begun)
        self._begin(np.flatnonzero(mask))
        return self._batch.seen.copy(), {}

    def _seed_place(self, i: int, seed: int | None, *, begun: bool) -> None:
        """Give a place the population of a seed; without one the next run of its own, or any population at first."""
        if seed is not None or not begun:
            self._keys[i] = int(np_random(seed)[0].integers(KEYS))
            self._next[i], self._stride[i] = 0, 1

    def step(self, actions: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, dict[str, Any]]:
        """Carry out actions (num_envs, 10)."""
        if self._batch is None:
            raise InputError("step() came before reset(): begin episodes first.")
        if self.mode is AutoresetMode.DISABLED and self._over.any():
            raise InputError("step() came after an episode's end: reset what is over, or choose a mode of autoreset.")
        over = np.flatnonzero(self._over)
        step = self._batch.step(actions, ~self._over)
        self._taken += ~self._over
        truncated = ~self._over & (self._taken >= self.most)
        ended = step.terminated | truncated
        self._begin(over)
        infos = self._infos(step)
        if self.mode is AutoresetMode.SAME_STEP and ended.any():
            final = {"final_obs": self._batch.seen.copy(), "final_info": infos}
            infos = {**final, **{f"_{name}": ended for name in final}}
            self._begin(np.flatnonzero(ended))
        else:
            self._over = ended.copy()
        return self._batch.seen.copy(), step.reward, step.terminated, truncated, infos

    def _begin(self, rows: np.ndarray) -> None:
        """Begin the next episode at some places, or the first one everywhere."""
        runs = self._next[rows].astype(np.uint64)
        if self._batch is None:
            self._batch = RunBatch(self.terms, self._keys, runs)
        elif len(rows):
            self._batch.begin(rows, runs, self._keys[rows])
        self._next[rows] += self._stride[rows]
        self._over[rows], self._taken[rows] = False, 0

    def _infos(self, step: Step) -> dict[str, Any]:
        """Return the facts of the episodes that end: an array and its mask per fact, as Gymnasium has them."""
        ended = step.terminated
        if not ended.any():
            return {}
        infos: dict[str, Any] = {"deployed": step.deployed, "cost": np.where(ended, self._batch.cost, 0.0)}
        infos |= {f"_{name}": ended for name in infos}
        if step.deployed.any():
            infos |= step.ends._asdict()
            infos |= {f"_{name}": step.deployed for name in step.ends._fields}
        return infos


def _whole_seed(seed: Any) -> int | None:
    """Return a seed as Gymnasium takes it, which refuses NumPy's integers."""
    return None if seed is None else check_whole("seed", seed)


def _seeds(seed: Any, places: int) -> list[int | None]:
    """Return a seed per place; raises `InputError` unless there is one, or None, for each."""
    given = seed.tolist() if isinstance(seed, np.ndarray) else seed
    if not isinstance(given, (list, tuple)) or len(given) != places:
        right = f"it must be a whole number, or a list of {places} whole numbers or None, one per place"
        raise InputError(f"seed = {seed!r} is not valid: {right}.")
    return [*map(_whole_seed, given)]


def _check_no_rendering(render_mode: str | None) -> None:
    if render_mode is not None:
        raise InputError(f"render_mode = {render_mode!r} is not valid here: there is nothing to draw, leave it out.")


def _option(options: dict[str, Any] | None, known: str, default: Any) -> Any:
    """Return the one option of a reset; raises `InputError` for any other."""
    for name in options or {}:
        if name != known:
            raise InputError(f"option {name!r} is not known: it must be {known}.")
    return (options or {}).get(known, default)
