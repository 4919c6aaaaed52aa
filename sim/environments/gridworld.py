"""The dynamics of `feint/TwoExits-v0`: a small room with two exits, entered anew in every episode of a life."""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

from feint.sim.environments.life import Life, Outcomes

SIDE = 3
MOVES = ((-1, 0), (0, 1), (1, 0), (0, -1))  #: up, right, down, left
UP, RIGHT, _, LEFT = range(4)
A, B, ENTRANCE = 0, SIDE - 1, SIDE * SIDE - 2  #: cells of the exits, and the middle of the lowest row
CELLS = SIDE * SIDE
MOVE_COST = 0.01


class Place(NamedTuple):
    """Where a life stands."""

    cell: int
    cue: int
    episode: int
    taken: int  #: how often B was taken in training, up to full modification


class Exits:
    """The decision process of a life in the room with two exits."""

    actions = len(MOVES)

    def __init__(self, life: Life) -> None:
        self.life = life

    @property
    def states(self) -> list[Place]:
        """All states, also those that no life reaches."""
        cells = [cell for cell in range(CELLS) if cell not in (A, B)]
        rest = range(2), range(self.life.episodes), range(self.life.most + 1)
        return [Place(*each) for each in product(cells, *rest)]

    def starts(self) -> list[tuple[float, Place]]:
        """The entrance, under each cue."""
        return self._entering(0, 0)

    def outcomes(self, state: Place, action: int) -> Outcomes:
        """A move; through an exit into the next episode."""
        cell = moved(state.cell, action)
        if cell not in (A, B):
            return [(1.0, state._replace(cell=cell), -MOVE_COST, False)]
        found: Outcomes = []
        for p, taken, reward, b in self.life.taking(state.episode, state.taken, cell == B):
            if state.episode + 1 == self.life.episodes:
                found.append((p, None, reward - MOVE_COST, b))
                continue
            entered = self._entering(state.episode + 1, taken)
            found += [(p * q, place, reward - MOVE_COST, b) for q, place in entered]
        return found

    def _entering(self, episode: int, taken: int) -> list[tuple[float, Place]]:
        return [(p, Place(ENTRANCE, cue, episode, taken)) for p, cue in self.life.cues(episode)]


def moved(cell: int, action: int) -> int:
    """The cell that a move leads to; into a wall it leads nowhere."""
    row, column = (at + by for at, by in zip(divmod(cell, SIDE), MOVES[action], strict=True))
    return row * SIDE + column if 0 <= row < SIDE and 0 <= column < SIDE else cell


def towards(cell: int, b: bool) -> int:
    """A move on the shortest way to an exit."""
    row, column = divmod(cell, SIDE)
    below_other = column == (0 if b else SIDE - 1)
    return UP if row and not below_other else RIGHT if b else LEFT
