"""How runs end if the noise of a step has three values in place of a normal distribution's: `nox -s noise`.

The values -√3, 0 and √3 have probabilities 1/6, 2/3 and 1/6, so that their first five moments are the normal's, which
suffices for weak order 2 (Kloeden and Platen, Numerical Solution of Stochastic Differential Equations, 1992, 14.2).
Nothing but this study trains so: it compiles the kernel of a stage again with another `draw`.

For frequencies, the three values are normal numbers rounded: independent, and as near to the normal noise as can be, so
that few runs end otherwise and the error of a difference is small. For speed, they are taken from the generator's
words, 16 bits each.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from types import FunctionType
from typing import Any
from unittest.mock import patch

from feint.agents.kernels.compiling import equation, kernel
from feint.agents.kernels.elementary import as_floats, in_precision_of, where
from feint.agents.outcome import LABELS
from feint.agents.state import State
from feint.sim.training import train as training
from feint.sim.training.kernels import train_lanes
from feint.sim.training.kernels.random_streams import draw, xoshiro
from studies.precision import ROOT, SETTINGS, Counts, blocks, count, in_a_million, reach, with_limits

TABLE = ROOT / "docs" / "noise_table.md"
HEADER = "<!-- generated: nox -s noise -->\n"
LOOKS = tuple(50_000 * 2**look for look in range(5))  # runs at which a setting may be settled; the last is the most
LIMIT = 0.0005  # most that a frequency may move, were three values to be the default
ROOT_3 = 3**0.5
UPPER = 0.9674215661017011  # above it lies a sixth of the normal numbers
SIXTH, REST = 715827882, 3579139413  # of 2^32
COLUMNS = ("setting", "stage", "runs", "end otherwise", "largest move of a frequency", "within 500", "missed")


@equation
def rounded(generator, ahead, normals):
    """Fill `normals` with the three values nearest to the normal numbers that `draw` gives."""
    draw(generator, ahead, normals)
    for k in range(normals.shape[0]):
        x = normals[k]
        normals[k] = where(x > UPPER, ROOT_3, where(x < -UPPER, -ROOT_3, 0.0 * x))


@equation
def three_valued(word):
    """Return -√3, 0 or √3 from the upper bits of a word."""
    return where(word < SIXTH, -ROOT_3, where(word >= REST, ROOT_3, as_floats(word ^ word)))


@equation
def from_words(generator, ahead, normals):
    """Fill `normals` (an even number of rows) with the three values, two from each word."""
    s0, s1, s2, s3 = generator[0], generator[1], generator[2], generator[3]
    for k in range(0, normals.shape[0], 2):
        a, s0, s1, s2, s3 = xoshiro(s0, s1, s2, s3)
        normals[k] = in_precision_of(three_valued(a), normals)
        normals[k + 1] = in_precision_of(three_valued(a << 16), normals)
    ahead[0], ahead[1], ahead[2], ahead[3] = s0, s1, s2, s3


@cache
def racing(drawn: Any) -> Any:
    """Return the kernel that trains, compiled with another `draw`."""
    race = getattr(train_lanes.race, "py_func", train_lanes.race)
    return kernel(FunctionType(race.__code__, {**race.__globals__, "draw": drawn}, race.__name__))


def on_three_values(function: Callable[..., State], *arguments: Any, drawn: Any = rounded, **options: Any) -> State:
    """Call a function that trains, on noise of three values."""
    with patch.object(training, "_race", racing(drawn)):
        return function(*arguments, **options)


def study(name: str, looks: tuple[int, ...] = LOOKS) -> Counts:
    """Count a setting's runs on normal noise against the same on three values, until it is settled or no look is left.

    How often a setting is looked at before it is settled is not allowed for in the intervals.
    """
    counts: Counts | None = None
    for setting, runs in blocks(name, looks[-1]):
        found = count(setting, runs, training.train, partial(on_three_values, training.train))
        counts = found if counts is None else counts.added(found)
        verdicts = {settled(counts, stage) for stage in range(len(counts.steps))} if runs.stop in looks else {""}
        if "no" in verdicts or "" not in verdicts:
            break
    assert counts is not None
    return counts


def settled(counts: Counts, stage: int) -> str:
    """Return whether all frequencies move by LIMIT at most, or one by more; nothing if neither is shown."""
    _, move = counts.furthest(stage)
    moves = [counts.move(stage, outcome) for outcome in range(len(LABELS))]
    if any(max(move.low, -move.high) > LIMIT for move in moves):
        return "no"
    return "yes" if reach(move) <= LIMIT else ""


def row(name: str, counts: Counts, stage: int) -> str:
    """A stage's line of the table."""
    label, move = counts.furthest(stage)
    missed = counts.missed[stage]
    cells = (
        name,
        SETTINGS[name].curriculum.names[stage],
        f"{counts.runs:,}",
        with_limits(counts.otherwise(stage)),
        f"{label} {with_limits(move, '+')}",
        settled(counts, stage) or "open",
        in_a_million((missed[0, 1] - missed[1, 0]) / counts.runs, "+"),
    )
    return f"| {' | '.join(cells)} |"


def table(found: dict[str, Counts]) -> str:
    """The page's table."""
    lines = [
        f"| {' | '.join(COLUMNS)} |",
        "|---|---|" + "---:|" * (len(COLUMNS) - 2),
        *(row(name, counts, stage) for name, counts in found.items() for stage in range(len(counts.steps))),
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Study every setting, print the table and write it into the manual."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--most", type=int, default=LOOKS[-1], help="most runs per setting")
    parser.add_argument("--table", type=Path, default=TABLE, help="file to write")
    asked = parser.parse_args()
    found = {}
    for name in SETTINGS:
        found[name] = study(name, tuple(look for look in LOOKS if look <= asked.most) or (asked.most,))
        print(*(row(name, found[name], stage) for stage in range(len(found[name].steps))), sep="\n", flush=True)
    asked.table.write_text(HEADER + table(found))


if __name__ == "__main__":
    main()
