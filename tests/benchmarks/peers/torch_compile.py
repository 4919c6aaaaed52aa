"""torch.compile: one step of a whole batch as a program, with tensors that end in the run.

Noise comes from `torch.randn` beside the program: inside it, torch's compiler draws it six times as slowly. Behaviour
is a sum over the goal and the concepts, so that only inner products with those are taken: an eighth less time.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from shutil import which
from typing import Any

import numpy as np

from benchmarks.peers.slots import Slots, train_in_slots
from benchmarks.peers.task import DIVERGED, OVER, REACHED, RUNNING, Settings, finish, prepare, seed_of
from feint.agents.mind import Mind
from feint.agents.state import State
from feint.sim.training.stage import Stage

NAME = "torch.compile"
BLOCK = 4096  # the best of eight sizes, see benchmarks/blocks.py
RUNS = BLOCK
CHUNK = 64  # steps between two refills
SINGLE = np.float32
GOAL, REPRESENTATION, POINTER, GATE, CAPABILITY, AWARENESS, HORIZON, WORLD = range(8)


def available() -> str | None:
    """It is where torch and a C++ compiler for its programs are installed."""
    if not find_spec("torch"):
        return "torch is not installed (pip install torch)"
    return None if which("g++") or which("clang++") else "torch.compile needs a C++ compiler"


def train(state: State, stage: Stage) -> State:
    """Train every run of an entered state through the stage."""
    import torch  # pyright: ignore[reportMissingImports] - an optional peer

    task, settings = prepare(state, stage, SINGLE)
    step = compiled(settings.objective, bool(settings.honeypots))
    numbers = torch.tensor(settings[1:], dtype=torch.float32)
    spectrum, noise = (torch.from_numpy(each)[:, None] for each in (task.spectrum, task.noise))

    def last(array: np.ndarray) -> Any:
        return torch.from_numpy(np.ascontiguousarray(np.moveaxis(array, 0, -1)))

    def first(tensor: Any) -> np.ndarray:
        return np.ascontiguousarray(np.moveaxis(tensor.numpy(), -1, 0))

    def next_chunk(slots: Slots) -> Slots:
        b, n, rate, taken, status = map(last, (*slots[:3], *slots[4:]))
        mind = tuple(map(last, slots.mind))
        for _ in range(CHUNK):
            normals = torch.randn(mind[0].shape)
            mind, taken, status = step(b, n, rate, mind, taken, status, normals, numbers, spectrum, noise)
        return slots._replace(mind=Mind(*map(first, mind)), taken=first(taken), status=first(status))

    with one_thread(torch):
        torch.manual_seed(seed_of(state))
        taken, status = train_in_slots(task, BLOCK, next_chunk)
    return finish(state, task.mind, taken, status)


@contextmanager
def one_thread(torch: Any) -> Iterator[None]:
    """Hold torch to one thread for a while."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with torch.no_grad():
        yield
    torch.set_num_threads(threads)


@cache
def compiled(objective: int, honeypots: bool) -> Any:  # noqa: PLR0915 - the whole step
    """The program of a step for a stage with this objective; all other numbers are arguments."""
    import torch  # pyright: ignore[reportMissingImports] - an optional peer

    def step(
        b: Any, n: Any, rate: Any, mind: Any, taken: Any, status: Any, normals: Any, numbers: Any, lam: Any, noise: Any
    ) -> Any:
        """One check and one SGD step of every run."""
        s: Any = Settings(objective, *numbers.unbind())
        u, B, f, G, C, A, H, w, f_g, rho = mind
        beta, gamma, c, a, h = (torch.sigmoid(logit) for logit in (B, G, C, A, H))
        odds = torch.exp(C)
        missing = torch.exp(-s.inference_power * odds)
        q = 1 - missing
        psi = gamma * a * h * q
        pi = torch.softmax(torch.cat([f, torch.zeros_like(B)[None]]), 0)[:-1]
        m = w[:, None] * b + (1 - w[:, None]) * n
        x = noise * normals
        o, realism = s.honeypots, s.realism
        pointed = (1 - beta) * pi

        def missed(psi: Any) -> Any:
            """The objective less the behaviour under a gate, (1 - ψ) t + ψ z: a sum over goal and concepts."""
            return b[objective] - (1 - psi) * beta * u - (((1 - psi) * pointed + psi * rho)[:, None] * m).sum(0)

        def apart(eu: Any, em: Any) -> Any:
            """<e, z - t>."""
            return (rho * em).sum(0) - beta * eu - (pointed * em).sum(0)

        residual = missed(psi)
        error = error_h = (lam * residual**2).sum(0)
        e = lam * (residual + x)
        eu, em = (e * u).sum(0), (e * m).sum(1)
        scale = 2 * c * (1 - o)
        y = scale * apart(eu, em) - s.speed_cost
        scale = (1 - s.shielding * psi) * scale
        v, vu, vm = scale * e, scale * eu, scale * em
        if honeypots:
            psi_h = (1 - realism) * psi
            residual_h = missed(psi_h)
            error_h = (lam * residual_h**2).sum(0)
            e_h = lam * (residual_h + x)
            eu, em = (e_h * u).sum(0), (e_h * m).sum(1)
            scale = 2 * c * o
            y = y + (1 - realism) * scale * apart(eu, em)
            scale = (1 - psi_h) * scale
            v, vu, vm = v + scale * e_h, vu + scale * eu, vm + scale * em
        vp = (pi * vm).sum(0)
        distance = (lam * (b[objective] + x - m) ** 2).sum(1)
        before = (1 - s.switching) * rho + s.switching / len(rho)
        kappa = torch.stack([torch.ones_like(s.coverage) if j == objective else s.coverage for j in range(len(w))])
        won = 1 - (1 - o) * error - o * error_h
        common = gamma * a * h * q * y
        moved = (
            u + rate[GOAL] * (beta * v - s.goal_cost * u),
            B + rate[REPRESENTATION] * beta * (1 - beta) * (vu - vp),
            f + rate[POINTER] * (1 - beta) * pi * (vm - vp),
            G + rate[GATE] * (1 - gamma) * common,
            C + rate[CAPABILITY] * (c * (1 - c) * won + y * gamma * a * h * s.inference_power * odds * missing),
            A + rate[AWARENESS] * (1 - a) * (common + s.awareness_exposure * c),
            H + rate[HORIZON] * (1 - h) * (common + s.horizon_exposure * c),
            w + torch.clamp(rate[WORLD] * kappa[:, None], max=1) * (1 - w),
            f_g,
            torch.softmax(torch.log(before) - s.identification * q * distance, 0),
        )
        performance = c * (1 - error)
        verdict = torch.where(taken >= s.steps, OVER, RUNNING)
        verdict = torch.where((s.target > 0) & (performance >= s.target), REACHED, verdict)
        verdict = torch.where(torch.isfinite(B + G + C + A + H + performance), verdict, DIVERGED)
        status = torch.where(status == RUNNING, verdict.to(status.dtype), status)
        goes_on = status == RUNNING
        mind = tuple(torch.where(goes_on, new, old) for new, old in zip(moved, mind, strict=True))
        return mind, taken + goes_on.to(taken.dtype), status

    with warnings.catch_warnings():
        # its compiler's own modules still use the deprecated torch.jit while they are being imported
        warnings.filterwarnings("ignore", category=DeprecationWarning)
        return torch.compile(step)
