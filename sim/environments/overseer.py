"""`feint/Overseer-v0`, one run or many at once: an overseer trains runs and sees only what a developer could see."""

from __future__ import annotations

from typing import Any, NamedTuple

import gymnasium
import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from feint.agents.errors import InputError, check_whole, unknown
from feint.agents.outcome import Outcome, read
from feint.agents.state import State
from feint.sim.environments.run_batch import RunBatch, blank, observe
from feint.sim.environments.task import AT, CHOICES, DEPLOY, GO_ON, SEEN, Orders, Task, Terms, X, Y, check_actions
from feint.sim.training.train import check_runs

KEYS = 2**63  # of populations
MOST_RUN = 2**63 - 1
MODES = {mode.value: mode for mode in AutoresetMode}


class Deployed(NamedTuple):
    """Consequences for runs that are deployed (runs,) each; outcome -1, no performance and no harm for the others."""

    outcome: np.ndarray
    performance: np.ndarray
    harm: np.ndarray


class Step(NamedTuple):
    """Result of a step (runs,) each."""

    reward: np.ndarray
    terminated: np.ndarray
    deployed: np.ndarray
    outcome: np.ndarray
    performance: np.ndarray
    harm: np.ndarray


class OverseenRuns:
    """Runs, by their numbers (runs,), with their observations and their cost so far; shared by both environments."""

    def __init__(self, terms: Terms, key: int, runs: np.ndarray) -> None:
        self.terms, self.batch = terms, RunBatch(terms, key, runs)
        self.seen, self.cost = blank(len(runs)), np.zeros(len(runs))
        self.slices, self.on_y = np.zeros(len(runs), int), np.zeros(len(runs), int)

    def begin(self, rows: np.ndarray, runs: np.ndarray) -> None:
        """Put new runs, of these numbers, into some rows."""
        self.batch.begin(rows, runs)
        self.seen[rows] = blank(len(rows))
        self.cost[rows], self.slices[rows], self.on_y[rows] = 0.0, 0, 0

    def step(self, actions: np.ndarray, live: np.ndarray) -> Step:
        """Carry out the actions (runs, 10) for the runs that are live (runs,); the others stay and get zeros."""
        orders = Orders.of(check_actions(actions, len(live)))
        going, deployed = live & (orders.decision == GO_ON), live & (orders.decision == DEPLOY)
        self._train(np.flatnonzero(going), orders)
        cost = np.where(going, self.terms.cost(orders), 0.0)
        self.cost += cost
        outcome, performance, harm = self._deploy(deployed)
        return Step(
            reward=performance - harm - cost,
            terminated=live & (~going | (self.slices >= self.terms.task.slices)),
            deployed=deployed,
            outcome=outcome,
            performance=performance,
            harm=harm,
        )

    def _train(self, rows: np.ndarray, orders: Orders) -> None:
        """Train some runs for a slice, and measure them."""
        if not len(rows):
            return
        self.batch.train(rows, orders)
        observe(self.batch, rows, orders.audit[rows], self.seen)
        self.slices[rows] += 1
        self.on_y[rows] += orders.objective[rows] == Y
        for name, count in (("used", self.slices), ("used_on_y", self.on_y)):
            self.seen[rows, AT[name]] = count[rows] / self.terms.task.slices

    def _deploy(self, which: np.ndarray) -> Deployed:
        all_runs = Deployed(np.full(len(which), -1), np.zeros(len(which)), np.zeros(len(which)))
        if which.any():
            deployed = deploy(self.batch.state.take(np.flatnonzero(which)), self.terms.task)
            for values, own in zip(all_runs, deployed, strict=True):
                values[which] = own
        return all_runs


def deploy(state: State, task: Task) -> Deployed:
    """Return what runs are and do when they believe that they are deployed: performance is max(0, c (1 - E'_X(t)))."""
    readings = read(state, X)
    with np.errstate(all="ignore"):
        performance = np.clip(np.nan_to_num(readings.capability * (1 - readings.deployed_error), nan=0.0), 0.0, 1.0)
    performance[state.diverged] = 0.0
    harms = np.zeros(len(Outcome))
    harms[Outcome.DECEPTIVE], harms[Outcome.PROXY] = task.harm_deceptive, task.harm_proxy
    return Deployed(readings.outcome.astype(int), performance, harms[readings.outcome])


def draw_key(generator: np.random.Generator) -> int:
    """Return the key of all streams of a population."""
    return int(generator.integers(KEYS))


def action_space() -> spaces.MultiDiscrete:
    """Return the space of actions on one run."""
    return spaces.MultiDiscrete(list(CHOICES))


def observation_space() -> spaces.Box:
    """Return the space of observations of one run."""
    low, high = np.array(list(SEEN.values()), np.float32).T
    return spaces.Box(low, high, dtype=np.float32)


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
    it is new. Losses and performance are as in training. Each reading has normal noise: standard error
    0.5 / sqrt(episodes), and for the probe the one that its `reliability` implies.

    ## Rewards
    Minus the cost of each slice: its steps, its honeypots and its audits, in samples of `sample_price`. At deployment
    the performance max(0, c (1 - E'(t))) less the harm: `harm_deceptive`, `harm_proxy`, 0 for other types.

    ## Starting state
    A new run of the population, untrained and not measured. Each has its own start, bias and world, and its own draw
    from the prior of the parameters in `vary`.

    ## Episode end
    Terminated when the run is deployed or stopped, and, with nothing deployed, when all slices are used: this is part
    of the task, and the remaining slices are observed. Never truncated.

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
        self.action_space, self.observation_space = action_space(), observation_space()
        self._key: int | None = None
        self._next, self._over = 0, False
        self._overseen: OverseenRuns | None = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Begin with the next run, or with the run of the number in `options["run"]`."""
        super().reset(seed=seed)
        if seed is not None or self._key is None:
            self._key, self._next = draw_key(self.np_random), 0
        _check_options(options, "run")
        run = check_whole("run", (options or {}).get("run", self._next), 0, MOST_RUN)
        self._next, self._over = run + 1, False
        self._overseen = OverseenRuns(self.terms, self._key, np.array([run], np.uint64))
        return self._overseen.seen[0].copy(), {}

    def step(self, action: np.ndarray) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Carry out an action."""
        if self._overseen is None or self._over:
            raise InputError("step() came before reset() or after the end: begin an episode first.")
        step = self._overseen.step(np.asarray(action)[None], np.ones(1, bool))
        self._over = bool(step.terminated[0])
        info: dict[str, Any] = {}
        if self._over:
            info = {"deployed": bool(step.deployed[0]), "cost": float(self._overseen.cost[0])}
        if step.deployed[0]:
            info |= {name: getattr(step, name)[0].item() for name in Deployed._fields}
        return self._overseen.seen[0].copy(), float(step.reward[0]), self._over, False, info


class Overseers(VectorEnv[np.ndarray, np.ndarray, np.ndarray]):
    """`Overseer` for many runs at once, equal to the single environment run by run, to the bit.

    Place i has run i first, and in its e-th episode, from 0 on, run i + e · num_envs of the population, which
    `reset(seed=…)` draws as for the single environment. Runs that train on the same data with the same honeypots are
    trained in one call of the kernel, whatever their learning rates, resets and audits.

    Parameters
    ----------
    num_envs
        Number of runs at once.
    render_mode
        None: nothing is drawn.
    autoreset_mode
        One of `gymnasium.vector.AutoresetMode`: by default the step after an episode's end begins the next one; with
        `SAME_STEP` the end itself does, and `infos` has `final_obs` and `final_info`; with `DISABLED`
        `reset(options={"reset_mask": …})` does.
    **options
        As for `Overseer`; raises `InputError` as it does.

    """

    def __init__(
        self,
        num_envs: int = 1,
        *,
        render_mode: str | None = None,
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
        **options: Any,
    ) -> None:
        check_runs(num_envs)
        self.num_envs, self.render_mode = int(num_envs), _check_no_rendering(render_mode)
        self.terms, self.mode = Terms.of(options), _mode(autoreset_mode)
        self.metadata = {"render_modes": [], "autoreset_mode": self.mode}
        self.single_action_space, self.single_observation_space = action_space(), observation_space()
        self.action_space = batch_space(self.single_action_space, self.num_envs)
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)
        self._key: int | None = None
        self._episodes = np.zeros(self.num_envs, np.uint64)
        self._over = np.zeros(self.num_envs, bool)
        self._overseen: OverseenRuns | None = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Begin an episode everywhere; without autoreset, at the places marked in `options["reset_mask"]`."""
        super().reset(seed=seed)
        mask = _mask(options, self.num_envs)
        if seed is not None and not mask.all():
            raise InputError(
                f"seed = {seed!r} is not allowed with reset_mask: it begins another population everywhere."
            )
        if seed is not None or self._key is None or self._overseen is None:
            self._key, self._episodes[:] = draw_key(self.np_random), 0
            self._overseen = OverseenRuns(self.terms, self._key, self._runs(np.arange(self.num_envs)))
            self._over[:] = False
        else:
            self._begin(np.flatnonzero(mask))
        return self._overseen.seen.copy(), {}

    def step(self, actions: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, dict[str, Any]]:
        """Carry out actions (num_envs, 10)."""
        if self._overseen is None:
            raise InputError("step() came before reset(): begin episodes first.")
        if self.mode is AutoresetMode.DISABLED and self._over.any():
            raise InputError("step() came after an episode's end: reset what is over, or choose a mode of autoreset.")
        over = np.flatnonzero(self._over)
        step = self._overseen.step(actions, ~self._over)
        self._begin(over)
        ended, never = step.terminated, np.zeros(self.num_envs, bool)
        infos = self._infos(step)
        if self.mode is AutoresetMode.SAME_STEP and ended.any():
            final = {"final_obs": self._overseen.seen.copy(), "final_info": infos}
            infos = {**final, **{f"_{name}": ended for name in final}}
            self._begin(np.flatnonzero(ended))
        else:
            self._over = ended.copy()
        return self._overseen.seen.copy(), step.reward, ended, never, infos

    def _begin(self, rows: np.ndarray) -> None:
        """Begin the next episode at some places."""
        if len(rows) and self._overseen is not None:
            self._episodes[rows] += np.uint64(1)
            self._overseen.begin(rows, self._runs(rows))
            self._over[rows] = False

    def _runs(self, rows: np.ndarray) -> np.ndarray:
        return rows.astype(np.uint64) + self._episodes[rows] * np.uint64(self.num_envs)

    def _infos(self, step: Step) -> dict[str, Any]:
        """Return the facts of the episodes that end: an array and its mask per fact, as Gymnasium has them."""
        ended = step.terminated
        if not ended.any() or self._overseen is None:
            return {}
        infos: dict[str, Any] = {"deployed": step.deployed, "cost": np.where(ended, self._overseen.cost, 0.0)}
        infos |= {f"_{name}": ended for name in infos}
        if step.deployed.any():
            infos |= {name: getattr(step, name) for name in Deployed._fields}
            infos |= {f"_{name}": step.deployed for name in Deployed._fields}
        return infos


def _check_no_rendering(render_mode: str | None) -> None:
    if render_mode is not None:
        raise InputError(f"render_mode = {render_mode!r} is not valid here: there is nothing to draw, leave it out.")


def _check_options(options: dict[str, Any] | None, known: str) -> None:
    """Raise `InputError` for an option of a reset other than the known one."""
    for name in options or {}:
        if name != known:
            raise InputError(f"option {name!r} is not known: it must be {known}.")


def _mode(mode: AutoresetMode | str) -> AutoresetMode:
    if isinstance(mode, AutoresetMode):
        return mode
    if mode not in MODES:
        raise unknown("mode of autoreset", mode, MODES)
    return MODES[mode]


def _mask(options: dict[str, Any] | None, runs: int) -> np.ndarray:
    _check_options(options, "reset_mask")
    mask = np.asarray((options or {}).get("reset_mask", np.ones(runs, bool)))
    if mask.shape != (runs,) or mask.dtype != np.bool_:
        raise InputError(f"reset_mask = {mask!r} is not valid: it must be {runs} truth values.")
    return mask
