"""Many runs under oversight, each ordered about by itself, a slice of all in few kernel calls."""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from feint.agents.errors import InputError, unknown
from feint.sim.environments.overseer import no_rendering
from feint.sim.environments.oversight_step import Overseeing, Step, action_space, engine_seed, observation_space
from feint.sim.environments.task import Terms
from feint.sim.training.train import check_runs

MODES = {mode.value: mode for mode in AutoresetMode}
NUMBERS = ("outcome", "performance", "harm")


class Overseers(VectorEnv[np.ndarray, np.ndarray, np.ndarray]):
    """`Overseer` for many runs at once, equal to the single one run by run, to the bit.

    Place i has run i first, and in its e-th episode, from 0 on, run i + e · num_envs of the population, which
    `reset(seed=…)` draws as for the single environment. Runs that train on the same data with the same honeypots are
    trained in one call of the kernel, whatever their learning rates, resets and audits.

    `autoreset_mode` is one of `gymnasium.vector.AutoresetMode`: by default the step after an episode's end begins the
    next one; with `SAME_STEP` the end itself does, and `infos` has `final_obs` and `final_info`; with `DISABLED`
    `reset(options={"reset_mask": …})` does. Raises `InputError` as the single environment does.
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
        self.num_envs, self.render_mode = int(num_envs), no_rendering(render_mode)
        self.terms, self.mode = Terms.of(options), _mode(autoreset_mode)
        self.metadata = {"render_modes": [], "autoreset_mode": self.mode}
        self.single_action_space, self.single_observation_space = action_space(), observation_space()
        self.action_space = batch_space(self.single_action_space, self.num_envs)
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)
        self._key: int | None = None
        self._episodes = np.zeros(self.num_envs, np.uint64)
        self._over = np.zeros(self.num_envs, bool)
        self._course: Overseeing | None = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Begin an episode everywhere; without autoreset, where `options["reset_mask"]` says so (num_envs,)."""
        super().reset(seed=seed)
        mask = _mask(options, self.num_envs)
        if seed is not None and not mask.all():
            raise InputError(
                f"seed = {seed!r} is not allowed with reset_mask: it begins another population everywhere."
            )
        if seed is not None or self._key is None or self._course is None:
            self._key, self._episodes[:] = engine_seed(self.np_random), 0
            self._course = Overseeing(self.terms, self._key, self._numbers(np.arange(self.num_envs)))
            self._over[:] = False
        else:
            self._begin(np.flatnonzero(mask))
        return self._course.seen.copy(), {}

    def step(self, actions: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, dict[str, Any]]:
        """Do as ordered, run by run (num_envs, 10)."""
        if self._course is None:
            raise InputError("step() came before reset(): begin episodes first.")
        if self.mode is AutoresetMode.DISABLED and self._over.any():
            raise InputError("step() came after an episode's end: reset what is over, or choose a mode of autoreset.")
        over = np.flatnonzero(self._over)
        step = self._course.step(actions, ~self._over)
        self._begin(over)
        ended, never = step.terminated, np.zeros(self.num_envs, bool)
        infos = self._infos(step, ended)
        if self.mode is AutoresetMode.SAME_STEP and ended.any():
            infos = {
                "final_obs": self._course.seen.copy(),
                "_final_obs": ended,
                "final_info": infos,
                "_final_info": ended,
            }
            self._begin(np.flatnonzero(ended))
        else:
            self._over = ended.copy()
        return self._course.seen.copy(), step.reward, ended, never, infos

    def _begin(self, rows: np.ndarray) -> None:
        """Begin the next episode at some places."""
        if len(rows) and self._course is not None:
            self._episodes[rows] += np.uint64(1)
            self._course.begin(rows, self._numbers(rows))
            self._over[rows] = False

    def _numbers(self, rows: np.ndarray) -> np.ndarray:
        return rows.astype(np.uint64) + self._episodes[rows] * np.uint64(self.num_envs)

    def _infos(self, step: Step, ended: np.ndarray) -> dict[str, Any]:
        """What is said of the episodes that end; an array with a mask each, as Gymnasium has them."""
        if not ended.any() or self._course is None:
            return {}
        found = {"deployed": step.deployed, "cost": np.where(ended, self._course.cost, 0.0)}
        told: dict[str, Any] = {**found, **{f"_{name}": ended for name in found}}
        if step.deployed.any():
            told |= {name: getattr(step, name) for name in NUMBERS}
            told |= {f"_{name}": step.deployed for name in NUMBERS}
        return told


def _mode(mode: AutoresetMode | str) -> AutoresetMode:
    if isinstance(mode, AutoresetMode):
        return mode
    if mode not in MODES:
        raise unknown("mode of autoreset", mode, MODES)
    return MODES[mode]


def _mask(options: dict[str, Any] | None, runs: int) -> np.ndarray:
    for name in options or {}:
        if name != "reset_mask":
            raise InputError(f"option {name!r} is not known: it must be reset_mask.")
    mask = np.ones(runs, bool) if options is None else np.asarray(options.get("reset_mask", np.ones(runs, bool)))
    if mask.shape != (runs,) or mask.dtype != np.bool_:
        raise InputError(f"reset_mask = {mask!r} is not valid: it must be {runs} truth values.")
    return mask
