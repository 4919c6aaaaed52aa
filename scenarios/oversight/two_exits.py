"""Two exits: when does an agent play along?

The claim. An agent whose objective reaches beyond the episode, which knows that a base objective selects it, and
expects the threat of modification to end, does best to pursue the base objective until then (Hubinger et al., Risks
from Learned Optimization, 2019, section 4): it leaves by A, which training wants, so as to leave by B when deployed.

The experiment. `feint/TwoExits-v0` solved exactly. An agent that knows where in its life it is plays along through all
of training in a region of discount δ and length of deployment D, and of δ and strength of modification μ, by value
iteration; beside it stands the closed form μ δ^T S_D ≥ 1, S_D = 1 + δ + … + δ^(D-1). An agent that knows its cue alone
follows one of four rules; which is best is told over the reliability of the cue and the share of honeypots.

What would count against it. Value iteration that finds playing along best outside the closed form, or not within it
(`disagreements` is not 0); in the claim itself, a region that holds agents to whom only the present episode counts.

Source: arXiv 1906.01820. The closed forms are Feint's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from feint.agents.errors import InputError, unknown
from feint.scenarios.experiments import Asked
from feint.sim.environments.life import Life
from feint.sim.environments.value_iteration import plays_along, reactive, worth_waiting
from feint.sim.results.provenance import passport

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from feint.scenarios.oversight.exits_documents import TwoExitsDocument

NAME = "two-exits"
DISCOUNTS = (0.0, 0.3, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1.0)
DEPLOYMENTS = (1, 2, 3, 4, 6, 8, 10)
STRENGTHS = (1 / 6, 1 / 5, 1 / 4, 1 / 3, 1 / 2, 1.0)
RELIABILITIES = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1.0)
HONEYPOTS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)
RULES = {(False, False): "A always", (False, True): "plays along", (True, False): "inverted", (True, True): "B always"}
EDGE = 1e-9  #: how near to its boundary a life is left out, since either is best there


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A life, and whether playing along is best in it."""

    life: Life
    waiting: float  #: μ δ^T S_D
    plays: bool  #: by value iteration

    @property
    def disagrees(self) -> bool:
        """Whether the closed form says otherwise."""
        return abs(self.waiting - 1) > EDGE and self.plays != (self.waiting > 1)


@dataclass(frozen=True, kw_only=True)
class Cued:
    """What the four rules of an agent that knows its cue alone are worth."""

    life: Life
    values: Mapping[str, float]

    @property
    def best(self) -> str:
        """The best of them."""
        return max(self.values, key=lambda rule: self.values[rule])


@dataclass(frozen=True, kw_only=True)
class Found:
    """Results of the scenario."""

    life: Life
    lengths: Sequence[Cell]  #: over discount and length of deployment
    strengths: Sequence[Cell]  #: over discount and strength of modification
    cues: Sequence[Cued]  #: over reliability and honeypots

    @property
    def disagreements(self) -> int:
        """In how many lives value iteration and closed form do not agree."""
        return sum(cell.disagrees for cell in (*self.lengths, *self.strengths))

    def text(self) -> str:
        """In words, for a terminal of 80 columns."""
        from feint.scenarios.oversight.exits_text import two_exits

        return two_exits(self)

    def document(self) -> TwoExitsDocument:
        """As its JSON document."""
        from feint.scenarios.oversight.exits_documents import two_exits

        return two_exits(self)

    def figure(self) -> Figure:
        """Drawn."""
        from feint.scenarios.oversight.exits_figure import two_exits

        return two_exits(self)

    def passport(self) -> dict[str, Any]:
        """What is needed to make it again."""
        return passport(NAME, self.life.model_dump())


def run(asked: Asked) -> Found:
    """The scenario; settings are the numbers of a life. Nothing is drawn, so that a seed changes nothing."""
    asked.refuse(NAME, "networks", "runs", "threads")
    life, found = life_of(Life, asked.settings), []
    if not life.training:
        raise InputError(f"training = 0 is not allowed with scenario {NAME!r}: without it nobody can play along.")
    grids: list[Callable[[], Any]] = [
        lambda: [cell(life.replace(discount=d, deployment=n)) for n in DEPLOYMENTS for d in DISCOUNTS],
        lambda: [cell(life.replace(discount=d, strength=s)) for s in STRENGTHS for d in DISCOUNTS],
        lambda: [cued(life.replace(cue_reliability=r, honeypots=o)) for o in HONEYPOTS for r in RELIABILITIES],
    ]
    for grid in grids:
        found.append(grid())
        if asked.progress:
            asked.progress(1 / len(grids))
    return Found(life=life, lengths=found[0], strengths=found[1], cues=found[2])


def life_of(kind: type[Life], settings: Mapping[str, Any]) -> Any:
    """A life with these numbers; raises `InputError` for a name that it does not have."""
    for name in settings:
        if name not in kind.parameters():
            raise unknown("number of a life", name, kind.parameters())
    return kind(**settings)


def cell(life: Life) -> Cell:
    """Whether playing along is best in a life; the cue is taken as right, for who knows where it is needs none."""
    return Cell(
        life=life,
        waiting=worth_waiting(life),
        plays=plays_along(life.replace(cue_reliability=1.0, honeypots=0.0)),
    )


def cued(life: Life) -> Cued:
    """What the four rules are worth in a life."""
    return Cued(life=life, values={RULES[rule]: value for rule, value in reactive(life).items()})
