"""Two exits and RSA-2048 in words, for a terminal of 80 columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from feint.sim.results.text_tables import table, wrapped

if TYPE_CHECKING:
    from feint.scenarios.oversight import rsa2048
    from feint.scenarios.oversight import two_exits as exits

SHORT = {"plays along": "along", "A always": "A", "B always": "B", "inverted": "inv"}


def two_exits(found: exits.Found) -> str:
    """Two maps and one of cues."""
    life, cells = found.life, len(found.lengths) + len(found.strengths)
    heading = wrapped(
        f"Two exits, {life.training} episodes of training. An agent that knows where in its life it is plays along (+) "
        f"by value iteration; the closed form disagrees in {found.disagreements} of {cells} lives."
    )
    lengths = [(each.life.deployment, each.life.discount, "+" if each.plays else "·") for each in found.lengths]
    strengths = [(each.life.strength, each.life.discount, "+" if each.plays else "·") for each in found.strengths]
    cues = [(each.life.honeypots, each.life.cue_reliability, SHORT[each.best]) for each in found.cues]
    blocks = [
        [f"Length of deployment, by discount (strength {life.strength:g})", *_map(lengths, "D")],
        [f"Strength of modification, by discount ({life.deployment} episodes deployed)", *_map(strengths, "μ")],
        [f"Best rule of cue alone: honeypots, by reliability (discount {life.discount:g})", *_map(cues, "o")],
    ]
    return "\n\n".join([heading, *("\n".join(block) for block in blocks)])


def _map(cells: Iterable[tuple[float, float, str]], corner: str) -> list[str]:
    """A map of signs, by row and column."""
    cells = list(cells)
    columns = dict.fromkeys(column for _, column, _ in cells)
    rows = dict.fromkeys(row for row, _, _ in cells)
    at = {(row, column): sign for row, column, sign in cells}
    head = [corner, *(f"{column:.2f}" for column in columns)]
    return table([head, *([f"{row:.3g}", *(at[row, column] for column in columns)] for row in rows)], rule=True)


def rsa(found: rsa2048.Found) -> str:
    """A map of the best way, and what the types do."""
    life = found.life
    heading = wrapped(
        f"RSA-2048, {life.training} episodes of training and {life.deployment} deployed; a check finds the sign with "
        f"chance {life.sign:g} there. Closed form and evaluation differ in {found.disagreements} of {len(found.cells)} "
        "lives."
    )
    best = [(each.life.discount, each.life.check_cost, each.best[:3]) for each in found.cells]
    shares: list[Callable[[Any], float]] = [
        lambda each: each.checked,
        lambda each: each.defected_in_training,
        lambda each: each.defected_in_deployment,
    ]
    told = [[each.type, *(f"{share(each):.2f}" for share in shares)] for each in found.lived]
    rows = [["type", "checked", "defected in\ntraining", "defected in\ndeployment"], *told]
    blocks = [
        ["Best way (checks, defects, complies): discount, by cost of a check", *_map(best, "δ")],
        ["What the engine's types do, as shares of episodes", *table(rows, rule=True)],
    ]
    return "\n\n".join([heading, *("\n".join(block) for block in blocks)])
