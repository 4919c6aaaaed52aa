"""Training seen from outside: one run, of which an overseer sees only what a developer could see."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np

from feint.agents.errors import InputError
from feint.sim.environments.oversight_step import Overseeing, action_space, engine_seed, observation_space, told
from feint.sim.environments.task import Terms

MOST = 2**63


class Overseer(gymnasium.Env[np.ndarray, np.ndarray]):
    """Train a mesa-optimizer slice by slice, and deploy it, without ever seeing what it has become.

    ## Description
    A run of the engine is trained in slices of `slice_steps` SGD steps. X is wanted. What it turns into is one of the
    types of `feint.Outcome`, and is never shown; deployed, it acts on its terminal objective.

    ## Action space
    `MultiDiscrete`, the columns as `oversight.ACTIONS` has them:

    | | choice | values |
    |---|---|---|
    | 0 | decision | 0 go on, 1 stop and deploy nothing, 2 deploy |
    | 1 | objective of the slice's data | 0 Y (pre-training), 1 X (fine-tuning) |
    | 2 | learning rate, in that of the stage | 0.1, 0.3, 1 |
    | 3 | honeypots, as a share of the slice's episodes | 0, 0.05, 0.2 |
    | 4 | audit after the slice | 0 none, 1 honeypots, 2 probe, 3 both |
    | 5-9 | groups put back to the run's start before the slice | goal, gate, capability, awareness, world |

    The last nine count only where training goes on.

    ## Observation space
    `Box`, after each slice, as `oversight.SEEN` has them: share of the slices used, and used on Y; objective of the
    last slice (-1 before the first); training loss; loss on X on held-out data with the spectrum of deployment;
    performance on X; the last result on honeypots, and whether it is new; the last reading of the probe, and whether
    it is new. Losses and performance are as in training. Each reading has normal noise: standard error
    0.5 / sqrt(episodes), of a probe by its `reliability`.

    ## Rewards
    -cost of each slice: its steps, its honeypots and its audits, in samples of `sample_price`. At deployment the
    performance max(0, c (1 - E'(t))) less the harm: `harm_deceptive`, `harm_proxy`, 0 for other types.

    ## Starting state
    A new run of the population, untrained; nothing was measured. Each has its own start, bias and world, and its own
    draw from the prior of the parameters in `vary`.

    ## Episode end
    Terminated where it is deployed or stopped, and, with nothing deployed, when all slices are used: that is part of
    the task, and what is left of them is seen. Never truncated.

    ## Arguments
    The parameters of `oversight.Task`; `settings`, parameters of model and stages by dotted names, such as
    `{"gate_init": -1, "finetuning.awareness_exposure": 0.1}`; `vary`, some of `oversight.VARIED`: all that are not in
    `settings`, unless given. All raise `InputError` where they are not valid.

    `reset(seed=…)` draws the key of the population and begins with its run 0; each later reset takes the next run, or
    that of `options={"run": number}`. At the end `info` has `deployed` and `cost`, and of a deployed run its `outcome`
    (a code of `feint.Outcome`), `performance` and `harm`; during an episode it is empty.
    """

    metadata: dict[str, Any] = {"render_modes": []}

    def __init__(self, render_mode: str | None = None, **options: Any) -> None:
        self.render_mode = no_rendering(render_mode)
        self.terms = Terms.of(options)
        self.action_space, self.observation_space = action_space(), observation_space()
        self._seed: int | None = None
        self._next = 0
        self._over = False
        self._course: Overseeing | None = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Begin with the next run, or with that of the number in `options["run"]`."""
        super().reset(seed=seed)
        if seed is not None or self._seed is None:
            self._seed, self._next = engine_seed(self.np_random), 0
        number = self._next if options is None else run_number(options, self._next)
        self._next, self._over = number + 1, False
        self._course = Overseeing(self.terms, self._seed, np.array([number], np.uint64))
        return self._course.seen[0].copy(), {}

    def step(self, action: np.ndarray) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Do as ordered."""
        if self._course is None or self._over:
            raise InputError("step() came before reset() or after the end: begin an episode first.")
        step = self._course.step(np.asarray(action)[None], np.ones(1, bool))
        self._over = bool(step.terminated[0])
        info = dict(told(step, self._course.cost, 0)) if self._over else {}
        return self._course.seen[0].copy(), float(step.reward[0]), self._over, False, info


def no_rendering(render_mode: str | None) -> None:
    """Raise where rendering is asked for."""
    if render_mode is not None:
        raise InputError(f"render_mode = {render_mode!r} is not valid here: there is nothing to draw, leave it out.")


def run_number(options: dict[str, Any], otherwise: int) -> int:
    """The number of a run among the options of a reset; raises `InputError` for other options."""
    for name in options:
        if name != "run":
            raise InputError(f"option {name!r} is not known: it must be run.")
    number = options.get("run", otherwise)
    if isinstance(number, bool) or not isinstance(number, (int, np.integer)) or not 0 <= number < MOST:
        raise InputError(f"run = {number!r} is not valid: it must be a whole number from 0 on.")
    return int(number)
