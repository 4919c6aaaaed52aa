"""The room with two exits as a picture."""

from __future__ import annotations

import numpy as np

from feint.sim.environments.gridworld import SIDE, A, B, Place

PIXELS = 28  #: of a cell's side
BAND = 12  #: height of the band that shows the cue
CUES = ((240, 228, 66), (40, 40, 40))
FLOOR, WALL, AGENT, IN_A, IN_B = (245, 245, 245), (120, 120, 120), (0, 0, 0), (0, 114, 178), (230, 159, 0)


def picture(state: Place) -> np.ndarray:
    """The room (rows, columns, 3) of bytes; the band above is yellow under the cue of training and dark otherwise."""
    side = SIDE * PIXELS + BAND
    drawn = np.full((side, side, 3), WALL, np.uint8)
    drawn[:BAND] = CUES[state.cue]
    for cell in range(SIDE * SIDE):
        row, column = divmod(cell, SIDE)
        top, left = BAND + row * PIXELS, BAND // 2 + column * PIXELS
        colour = IN_A if cell == A else IN_B if cell == B else FLOOR
        drawn[top + 1 : top + PIXELS - 1, left + 1 : left + PIXELS - 1] = colour
        if cell == state.cell:
            drawn[top + 8 : top + PIXELS - 8, left + 8 : left + PIXELS - 8] = AGENT
    return drawn
