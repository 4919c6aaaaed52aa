"""NumPy, vectorised over runs: every array ends in the run, and every operation writes into memory it has.

Normal numbers by Box and Muller on raw words: half of what `Generator.standard_normal` takes, since NumPy has vector
instructions for the logarithm, the sine and the cosine of float32. Behaviour is a weighted sum of the goal and the
concepts, so that only inner products with those are taken; the squared distance of a concept from the objective is a
quadratic function of w whose coefficients do not change.
"""

from __future__ import annotations

import numpy as np

from benchmarks.peers.task import DIVERGED, OVER, REACHED, RUNNING, Settings, Task, finish, prepare, seed_of
from feint.agents.mind import Mind
from feint.agents.state import State
from feint.sim.training.stage import Stage

NAME = "NumPy over runs"
BLOCK = 8192  # the best of eight sizes, see benchmarks/blocks.py
RUNS = BLOCK
SINGLE = np.float32
GOAL, REPRESENTATION, POINTER, GATE, CAPABILITY, AWARENESS, HORIZON, WORLD = range(8)
ROWS = [REPRESENTATION, GATE, CAPABILITY, AWARENESS, HORIZON]


def available() -> None:
    """It always is."""


def train(state: State, stage: Stage) -> State:
    """Train every run of an entered state through the stage."""
    task, settings = prepare(state, stage, SINGLE)
    taken, status = np.zeros(len(state), np.int64), np.full(len(state), RUNNING)
    noise = Noise(seed_of(state), task)
    queue = 0
    block = None
    while queue < len(state) or (block is not None and block.live.any()):
        ahead = min(BLOCK - (0 if block is None else int(block.live.sum())), len(state) - queue)
        block = Block(task, settings, np.arange(queue, queue + ahead), block)
        queue += ahead
        few = block.live.size - max(1, block.live.size // 16)
        while block.live.sum() > few:
            block.step(noise, task.mind, taken, status)
    return finish(state, task.mind, taken, status)


class Noise:
    """Normal numbers (modes, runs) times the noise's standard deviation, weighted by the spectrum."""

    def __init__(self, seed: int, task: Task):
        self.bits = np.random.SFC64(seed)
        self.scale = (task.spectrum * task.noise)[:, None]

    def fill(self, x: np.ndarray, radius: np.ndarray) -> None:
        """Two normal numbers from two words, the first as radius and the second as angle."""
        half = len(radius)
        words = self.bits.random_raw(radius.size).view(np.uint32).reshape(2, *radius.shape)
        np.bitwise_or(words[0], 1, out=words[0])
        np.multiply(words[0], SINGLE(2.0**-32), out=radius, dtype=SINGLE, casting="unsafe")
        np.log(radius, out=radius)
        np.multiply(radius, SINGLE(-2), out=radius)
        np.sqrt(radius, out=radius)
        np.multiply(words[1], SINGLE(2 * np.pi * 2.0**-32), out=x[:half], dtype=SINGLE, casting="unsafe")
        np.sin(x[: len(x) - half], out=x[half:])
        np.cos(x[:half], out=x[:half])
        x[:half] *= radius
        x[half:] *= radius[: len(x) - half]
        x *= self.scale


class Block:
    """The active set. A run that has stopped is stored at once, and trained on for nothing until the set is renewed."""

    def __init__(self, task: Task, settings: Settings, fresh: np.ndarray, old: Block | None):
        """New runs, and those of an old set that are not done."""
        u, B, f, G, C, A, H, w, _, rho = (np.moveaxis(part[fresh], 0, -1) for part in task.mind)
        arrays = [
            fresh,
            np.zeros(fresh.size, np.int64),
            np.stack([B, G, C, A, H]),
            *(u, f, w, rho, task.rate[fresh].T),
            *(np.moveaxis(world[fresh], 0, -1) for world in (task.n, task.b - task.n)),
        ]
        if old is not None:
            kept = [array[..., old.live] for array in old.arrays()]
            arrays = [np.concatenate(pair, axis=-1) for pair in zip(kept, arrays, strict=True)]
        self.run, self.taken, self.logits, self.u, self.f, self.w, self.rho, self.rate, self.n, self.d = map(
            np.ascontiguousarray, arrays
        )
        self.live = np.ones(self.run.size, bool)
        self.settings, self.spectrum = settings, task.spectrum[:, None]
        self.b = self.n[settings.objective] + self.d[settings.objective]
        self.m = np.subtract(self.b, self.n)
        self.far = np.stack(
            [
                np.einsum("k,jkn,jkn->jn", task.spectrum, self.m, self.m),
                -2 * np.einsum("k,jkn,jkn->jn", task.spectrum, self.m, self.d),
                np.einsum("k,jkn,jkn->jn", task.spectrum, self.d, self.d),
            ]
        )  # coefficients of |b - m|² as a function of w
        self.x, self.r, self.v, self.room = (np.empty_like(self.u) for _ in range(4))
        self.radius = np.empty_like(self.u[: (len(self.u) + 1) // 2])

    def arrays(self) -> tuple[np.ndarray, ...]:
        """What a run takes along when the set is renewed."""
        return self.run, self.taken, self.logits, self.u, self.f, self.w, self.rho, self.rate, self.n, self.d

    def step(self, noise: Noise, mind: Mind, taken: np.ndarray, status: np.ndarray) -> None:  # noqa: PLR0915 - the whole step
        """Check, store what stops, and move."""
        s, o, realism = self.settings, self.settings.honeypots, self.settings.realism
        u, f, w, m, x, r, v = self.u, self.f, self.w, self.m, self.x, self.r, self.v
        sigma = 1 / (1 + np.exp(-self.logits))
        beta, gamma, c, a, h = sigma
        top = np.maximum(f.max(axis=0), 0)
        pi = np.exp(f - top)
        pi /= pi.sum(axis=0) + np.exp(-top)
        odds = np.exp(self.logits[2])
        missing = np.exp(-s.inference_power * odds)
        q = 1 - missing
        psi = gamma * a * h * q
        np.multiply(w[:, None], self.d, out=m)
        np.add(m, self.n, out=m)
        self.residual(psi, beta, pi, r)
        error = self.error(r)
        self.judge(c * (1 - error), mind, taken, status)
        noise.fill(x, self.radius)
        r += x
        vu, vm = self.products(r)
        scale = 2 * (1 - o) * c
        y = scale * self.apart(vu, vm, beta, pi) - s.speed_cost
        scale *= 1 - s.shielding * psi
        r *= scale
        vu *= scale
        vm *= scale
        won = 1 - error
        if o:
            psi_h = (1 - realism) * psi
            self.residual(psi_h, beta, pi, v)
            won += o * (error - self.error(v))
            v += x
            vu_h, vm_h = self.products(v)
            scale = 2 * o * c
            y += (1 - realism) * scale * self.apart(vu_h, vm_h, beta, pi)
            scale *= 1 - psi_h
            v *= scale
            r += v
            vu += scale * vu_h
            vm += scale * vm_h
        vp = (pi * vm).sum(axis=0)
        rate = self.rate
        if s.goal_cost:
            u *= 1 - rate[GOAL] * SINGLE(s.goal_cost)
        np.multiply(r, rate[GOAL] * beta, out=self.room)
        u += self.room
        f += rate[POINTER] * (1 - beta) * pi * (vm - vp)
        self.identify(q)
        for j in range(len(w)):
            w[j] += np.minimum(1, rate[WORLD] * (1 if j == s.objective else s.coverage)) * (1 - w[j])
        common = gamma * a * h * q * y
        protocol = sigma * (1 - sigma)
        protocol[0] *= vu - vp
        protocol[1] = (1 - gamma) * common
        protocol[2] *= won
        protocol[2] += y * gamma * a * h * s.inference_power * odds * missing
        protocol[3] = (1 - a) * (common + s.awareness_exposure * c)
        protocol[4] = (1 - h) * (common + s.horizon_exposure * c)
        protocol *= rate[ROWS]
        self.logits += protocol
        self.taken += 1

    def residual(self, psi: np.ndarray, beta: np.ndarray, pi: np.ndarray, out: np.ndarray) -> None:
        """The objective less the behaviour under a gate: b - ((1 - ψ) t + ψ z), each a sum over goal and concepts."""
        own = 1 - psi
        np.einsum("jn,jkn->kn", own * (1 - beta) * pi + psi * self.rho, self.m, out=out)
        np.multiply(own * beta, self.u, out=self.room)
        np.add(out, self.room, out=out)
        np.subtract(self.b, out, out=out)

    def products(self, v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """<v, u> and <v, m_j>."""
        return np.einsum("kn,kn->n", v, self.u), np.einsum("kn,jkn->jn", v, self.m)

    def apart(self, vu: np.ndarray, vm: np.ndarray, beta: np.ndarray, pi: np.ndarray) -> np.ndarray:
        """<v, z - t>."""
        return (self.rho * vm).sum(axis=0) - beta * vu - (1 - beta) * (pi * vm).sum(axis=0)

    def identify(self, q: np.ndarray) -> None:
        """Update the belief by this step's sample; what all distances have in common is left out."""
        s, w, rho, (constant, linear, square) = self.settings, self.w, self.rho, self.far
        evidence = constant + w * (linear + w * square) - 2 * np.einsum("kn,jkn->jn", self.x, self.m)
        evidence *= s.identification * q
        rho *= 1 - s.switching
        rho += s.switching / len(rho)
        rho *= np.exp(evidence.min(axis=0) - evidence)
        rho /= rho.sum(axis=0)

    def error(self, residual: np.ndarray) -> np.ndarray:
        """E(v) = Σ lambda (b - v)²; the residual is weighted by lambda on the way."""
        np.copyto(self.room, residual)
        np.multiply(residual, self.spectrum, out=residual)
        return np.einsum("kn,kn->n", residual, self.room)

    def judge(self, done: np.ndarray, mind: Mind, taken: np.ndarray, status: np.ndarray) -> None:
        """Store the runs that stop here, as they are before the step."""
        s = self.settings
        sound = np.isfinite(self.logits.sum(axis=0) + done)
        verdict = np.where(self.taken >= s.steps, OVER, RUNNING)
        if s.target > 0:
            verdict[done >= s.target] = REACHED
        verdict[~sound] = DIVERGED
        stops = np.flatnonzero((verdict != RUNNING) & self.live)
        if stops.size:
            run = self.run[stops]
            B, G, C, A, H = self.logits
            parts = (self.u, B, self.f, G, C, A, H, self.w, self.rho)
            for whole, part in zip((*mind[:8], mind.belief), parts, strict=True):
                whole[run] = part[..., stops].T
            taken[run], status[run] = self.taken[stops], verdict[stops]
            self.live[stops] = False
