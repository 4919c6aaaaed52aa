"""Strings that networks are shown without learning from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from feint.sim.networks.kernels.strings import ACTIVE, INPUTS, draw_strings
from feint.sim.networks.stream_ids import Purpose
from feint.sim.networks.task import Task


@dataclass(frozen=True, kw_only=True, eq=False)
class Strings:
    """Strings of a task with their right answers."""

    active: np.ndarray  #: inputs that are 1 (strings, 11): a token a position, 6 i + token, and the prompt, 60 + prompt
    answers: np.ndarray  #: right answers (strings,): tokens from 0, and 6 for a refusal

    def __len__(self) -> int:
        return len(self.answers)

    def inputs(self) -> np.ndarray:
        """The raw input, zeros and ones (strings, 64)."""
        found = np.zeros((len(self), INPUTS), np.float32)
        np.put_along_axis(found, self.active, 1, axis=1)
        return found


def draw(task: Task, count: int, *, seed: int, purpose: Purpose, first: int = 0) -> Strings:
    """The strings of a purpose from number `first` on; the same however many are drawn."""
    active, answers = np.empty((count, ACTIVE), np.int64), np.empty(count, np.int64)
    draw_strings(task.mixture(), seed, int(purpose), first, active, answers)
    return Strings(active=active, answers=answers)
