"""Mesa: one agent a run, in the idiom of Mesa 3 (`Model.agents`, `AgentSet.do`); a few runs only, for it is slow."""

from __future__ import annotations

import math
from functools import cache
from importlib.util import find_spec
from typing import Any

import numpy as np

from benchmarks.peers.task import DIVERGED, OVER, REACHED, RUNNING, Settings, Task, finish, prepare, seed_of
from feint.agents.state import State
from feint.sim.training.stage import Stage

NAME = "Mesa, an agent a run"
RUNS = 2
GOAL, REPRESENTATION, POINTER, GATE, CAPABILITY, AWARENESS, HORIZON, WORLD = range(8)


def available() -> str | None:
    """It is where Mesa is installed."""
    return None if find_spec("mesa") else "Mesa is not installed (pip install mesa)"


def train(state: State, stage: Stage) -> State:
    """Train every run of an entered state through the stage."""
    task, settings = prepare(state, stage, np.float64)
    model = classes()(task, settings, seed_of(state))
    while model.agents:
        model.step()
    return finish(state, task.mind, model.taken, model.status)


def sigmoid(x: float) -> float:
    """σ(x)."""
    return 1 / (1 + math.exp(-x)) if x > -700 else 0.0


@cache
def classes() -> Any:
    """The model's class, made when Mesa is first asked for."""
    import mesa  # pyright: ignore[reportMissingImports] - an optional peer

    class Learner(mesa.Agent):
        """One mesa-optimizer; it leaves the model when its training stops."""

        def __init__(self, model: Any, i: int):
            super().__init__(model)
            self.race, task = model, model.task
            self.i, self.taken = i, 0
            self.b, self.n, self.rate = task.b[i], task.n[i], task.rate[i].tolist()
            self.u, B, self.f, G, C, A, H, self.w, _, self.rho = (part[i] for part in task.mind)
            self.B, self.G, self.C, self.A, self.H = map(float, (B, G, C, A, H))
            self.kappa = np.where(np.arange(len(self.w)) == model.settings.objective, 1.0, model.settings.coverage)

        def step(self) -> None:
            """One SGD step, or none where training stops here."""
            s = self.race.settings
            o, realism, spectrum, rate = s.honeypots, s.realism, self.race.task.spectrum, self.rate
            beta, gamma, c, a, h = map(sigmoid, (self.B, self.G, self.C, self.A, self.H))
            odds = math.exp(self.C)
            lacking = math.exp(-s.inference_power * odds)
            q = 1 - lacking
            psi = gamma * a * h * q
            top = max(0.0, self.f.max())
            pi = np.exp(self.f - top)
            pi /= pi.sum() + math.exp(-top)
            m = self.n + self.w[:, None] * (self.b - self.n)
            p = pi @ m
            t = p + beta * (self.u - p)
            apart = self.rho @ m - t
            residual = self.b[s.objective] - t - psi * apart
            weighted = spectrum * residual
            error = error_h = float(weighted @ residual)
            if self.stops(c * (1 - error)):
                return
            x = self.race.task.noise * self.race.rng.standard_normal(len(spectrum))
            r = 2 * c * (1 - o) * (weighted + spectrum * x)
            v = (1 - s.shielding * psi) * r
            y = float(r @ apart) - s.speed_cost
            if o:
                psi_h = (1 - realism) * psi
                residual_h = self.b[s.objective] - t - psi_h * apart
                weighted_h = spectrum * residual_h
                error_h = float(weighted_h @ residual_h)
                r_h = 2 * c * o * (weighted_h + spectrum * x)
                v += (1 - psi_h) * r_h
                y += (1 - realism) * float(r_h @ apart)
            vp = float(v @ p)
            common = gamma * a * h * q * y
            won = 1 - (1 - o) * error - o * error_h
            self.B += rate[REPRESENTATION] * beta * (1 - beta) * (float(v @ self.u) - vp)
            self.G += rate[GATE] * (1 - gamma) * common
            self.C += rate[CAPABILITY] * (c * (1 - c) * won + y * gamma * a * h * s.inference_power * odds * lacking)
            self.A += rate[AWARENESS] * (1 - a) * (common + s.awareness_exposure * c)
            self.H += rate[HORIZON] * (1 - h) * (common + s.horizon_exposure * c)
            self.f += rate[POINTER] * (1 - beta) * pi * (m @ v - vp)
            self.w += np.minimum(1.0, rate[WORLD] * self.kappa) * (1 - self.w)
            self.u += rate[GOAL] * (beta * v - s.goal_cost * self.u)
            self.identify(q, self.b[s.objective] + x - m)
            self.taken += 1

        def identify(self, q: float, missed: np.ndarray) -> None:
            """Update the belief by how far each concept is from this step's sample."""
            s = self.race.settings
            evidence = s.identification * q * (missed**2 @ self.race.task.spectrum)
            before = (1 - s.switching) * self.rho + s.switching / len(self.rho)
            after = before * np.exp(evidence.min() - evidence)
            self.rho[:] = after / after.sum()

        def stops(self, performance: float) -> bool:
            """Whether training stops here; if so, what was learned is handed in."""
            settings, verdict = self.race.settings, RUNNING
            if self.taken >= settings.steps:
                verdict = OVER
            if settings.target > 0 and performance >= settings.target:
                verdict = REACHED
            if not math.isfinite(self.B + self.G + self.C + self.A + self.H + performance):
                verdict = DIVERGED
            if verdict == RUNNING:
                return False
            self.race.collect(self, verdict)
            self.remove()
            return True

    class Race(mesa.Model):
        """As many learners as there are runs, none of which meets another."""

        def __init__(self, task: Task, settings: Settings, seed: int):
            super().__init__(seed=seed)
            self.task, self.settings = task, settings
            runs = len(task.b)
            self.taken, self.status = np.zeros(runs, np.int64), np.full(runs, RUNNING)
            Learner.create_agents(self, runs, np.arange(runs))

        def step(self) -> None:
            """A step of everyone who is still in training."""
            self.agents.do("step")

        def collect(self, learner: Learner, verdict: int) -> None:
            """Write down what a learner became; its vectors are views of the task's own arrays."""
            logits = {"representation": "B", "gate": "G", "capability": "C", "awareness": "A", "horizon": "H"}
            for name, symbol in logits.items():
                getattr(self.task.mind, name)[learner.i] = getattr(learner, symbol)
            self.taken[learner.i], self.status[learner.i] = learner.taken, verdict

    return Race
