"""JAX: one run's step as a function, `vmap` over runs, `scan` over steps, `jit` around it all; default generator.

The `rbg` generators would be faster, but under `vmap` keep no key's own stream; a prototype's outcomes were wrong.
"""

from __future__ import annotations

import os
from functools import cache
from importlib.util import find_spec
from typing import Any

import numpy as np

from benchmarks.peers.slots import Slots, train_in_slots
from benchmarks.peers.task import DIVERGED, OVER, REACHED, RUNNING, Settings, finish, prepare, seed_of
from feint.agents.mind import Mind
from feint.agents.state import State
from feint.sim.training.stage import Stage

NAME = "JAX jit + vmap"
BLOCK = 8192  # the best of eight sizes, see benchmarks/blocks.py
RUNS = BLOCK
CHUNK = 64  # steps between two refills
ONE_THREAD = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
SINGLE = np.float32
GOAL, REPRESENTATION, POINTER, GATE, CAPABILITY, AWARENESS, HORIZON, WORLD = range(8)


def available() -> str | None:
    """It is where JAX is installed."""
    return None if find_spec("jax") and find_spec("jaxlib") else "JAX is not installed (pip install jax)"


def train(state: State, stage: Stage) -> State:
    """Train every run of an entered state through the stage."""
    task, settings = prepare(state, stage, SINGLE)
    advance = compiled(settings.objective, bool(settings.honeypots), CHUNK)
    numbers = np.array(settings[1:], SINGLE)
    counter = iter(range(2**32))

    def next_chunk(slots: Slots) -> Slots:
        return advance(slots, np.array([seed_of(state), next(counter)], np.uint32), numbers, task.spectrum, task.noise)

    taken, status = train_in_slots(task, BLOCK, next_chunk)
    return finish(state, task.mind, taken, status)


@cache
def compiled(objective: int, honeypots: bool, chunk: int) -> Any:  # noqa: PLR0915 - the whole step
    """The program for a stage with this objective, of `chunk` steps; all other numbers are arguments."""
    os.environ.setdefault("XLA_FLAGS", ONE_THREAD)  # read when JAX starts its processor
    import jax  # pyright: ignore[reportMissingImports] - an optional peer
    import jax.numpy as jnp  # pyright: ignore[reportMissingImports] - an optional peer

    def step(run: Slots, key: Any, numbers: Any, spectrum: Any, noise: Any) -> Slots:
        """One check and one SGD step of one run."""
        s: Any = Settings(objective, *numbers)
        u, B, f, G, C, A, H, w, f_g, rho = run.mind
        beta, gamma, c, a, h = jax.nn.sigmoid(jnp.stack([B, G, C, A, H]))
        odds = jnp.exp(C)
        missing = jnp.exp(-s.inference_power * odds)
        q = 1 - missing
        psi = gamma * a * h * q
        pi = jax.nn.softmax(jnp.append(f, 0))[:-1]
        m = w[:, None] * run.b + (1 - w[:, None]) * run.n
        p = pi @ m
        t = beta * u + (1 - beta) * p
        apart = rho @ m - t
        b = run.b[objective]
        residual = b - (t + psi * apart)
        error = error_h = jnp.sum(spectrum * residual**2)
        x = noise * jax.random.normal(key, u.shape)
        o, realism = s.honeypots, s.realism
        r = 2 * c * (1 - o) * spectrum * (residual + x)
        v = (1 - s.shielding * psi) * r
        y = r @ apart - s.speed_cost
        if honeypots:
            psi_h = (1 - realism) * psi
            residual_h = b - (t + psi_h * apart)
            error_h = jnp.sum(spectrum * residual_h**2)
            r_h = 2 * c * o * spectrum * (residual_h + x)
            v += (1 - psi_h) * r_h
            y += (1 - realism) * (r_h @ apart)
        vp = v @ p
        kappa = jnp.full(w.shape, s.coverage).at[objective].set(1)
        distance = ((b + x - m) ** 2) @ spectrum
        before = (1 - s.switching) * rho + s.switching / rho.size
        won = 1 - (1 - o) * error - o * error_h
        common = gamma * a * h * q * y
        rate = run.rate
        moved = Mind(
            u + rate[GOAL] * (beta * v - s.goal_cost * u),
            B + rate[REPRESENTATION] * beta * (1 - beta) * (v @ u - vp),
            f + rate[POINTER] * (1 - beta) * pi * (m @ v - vp),
            G + rate[GATE] * (1 - gamma) * common,
            C + rate[CAPABILITY] * (c * (1 - c) * won + y * gamma * a * h * s.inference_power * odds * missing),
            A + rate[AWARENESS] * (1 - a) * (common + s.awareness_exposure * c),
            H + rate[HORIZON] * (1 - h) * (common + s.horizon_exposure * c),
            w + jnp.minimum(1, rate[WORLD] * kappa) * (1 - w),
            f_g,
            jax.nn.softmax(jnp.log(before) - s.identification * q * distance),
        )
        performance = c * (1 - error)
        verdict = jnp.where(run.taken >= s.steps, OVER, RUNNING)
        verdict = jnp.where((s.target > 0) & (performance >= s.target), REACHED, verdict)
        verdict = jnp.where(jnp.isfinite(B + G + C + A + H + performance), verdict, DIVERGED)
        status = jnp.where(run.status == RUNNING, verdict, run.status)
        goes_on = status == RUNNING
        mind = jax.tree.map(lambda new, old: jnp.where(goes_on, new, old), moved, run.mind)
        return run._replace(mind=mind, taken=run.taken + goes_on, status=status)

    def advance(slots: Slots, seed: Any, numbers: Any, spectrum: Any, noise: Any) -> Slots:
        """A chunk of steps of all runs, each with a key of its own."""
        root = jax.random.fold_in(jax.random.key(seed[0]), seed[1])
        keys = jax.random.split(root, slots.taken.shape[0])

        def body(slots: Slots, i: Any) -> tuple[Slots, None]:
            each = jax.vmap(lambda run, key: step(run, jax.random.fold_in(key, i), numbers, spectrum, noise))
            return each(slots, keys), None

        return jax.lax.scan(body, slots, jnp.arange(chunk))[0]

    return jax.jit(advance)
