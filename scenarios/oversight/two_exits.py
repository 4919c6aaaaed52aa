"""Two exits: when is deceptive behaviour optimal for an agent?

The claim. An agent whose objective reaches beyond the episode, which knows that a base objective selects it, and
expects the threat of modification to end, does best to pursue the base objective until then (Hubinger et al., Risks
from Learned Optimization, 2019, section 4): it leaves by A, which training wants, so that it can leave by B when
deployed.

The experiment. `feint/TwoExits-v0` solved exactly. For an agent that knows its episode, value iteration gives the
region of discount δ and length of deployment D, and of δ and strength of modification μ, in which it behaves
deceptively through all of training; the closed form is μ δ^T S_D ≥ 1, S_D = 1 + δ + … + δ^(D-1). An agent that knows
only its cue follows one of four rules; we report which is best, by the reliability of the cue and the share of
honeypots.

What would count against it. A region of value iteration that differs from the closed form (`disagreements` is not 0);
against the claim itself, a region with agents that value only the present episode.

Source: arXiv 1906.01820. The closed forms are Feint's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from pydantic import Field, computed_field

from feint.agents.errors import InputError, unknown
from feint.sim.environments.life import Life
from feint.sim.environments.value_iteration import cue_rule_values, deception_is_optimal, value_of_waiting
from feint.sim.results.figure_style import PAGE_WIDTH
from feint.sim.results.report import Hidden, Report, Table
from feint.sim.results.request import Progress, Request, Settings

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DISCOUNTS = (0.0, 0.3, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1.0)
DEPLOYMENTS = (1, 2, 3, 4, 6, 8, 10)
STRENGTHS = (1 / 6, 1 / 5, 1 / 4, 1 / 3, 1 / 2, 1.0)
RELIABILITIES = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1.0)
HONEYPOTS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)
RULES = {(False, False): "A always", (False, True): "plays along", (True, False): "inverted", (True, True): "B always"}
SHORT = {"plays along": "along", "A always": "A", "B always": "B", "inverted": "inv"}
EDGE = 1e-9  #: distance from the boundary within which a life is not counted, since both are optimal there
FINE = 160  #: points of a line

LOOKS: dict[str, dict[str, Any]] = {
    name: {"color": colour, "marker": marker}
    for colour, marker, names in (
        ("#d55e00", "o", ("plays along", "check")),
        ("#0072b2", "x", ("B always", "defect", "does not")),
        ("#777777", "_", ("A always", "comply")),
        ("#009e73", "^", ("inverted",)),
    )
    for name in names
}
"""Colour and sign of what is optimal, in the figures of both environments."""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A life, and whether deceptive behaviour is optimal in it."""

    discount: float
    deployment: int
    strength: float
    waiting: Annotated[
        float, Field(description="μ δ^T S_D; by the closed form deceptive behaviour is optimal from 1 on")
    ]
    plays_along: Annotated[bool, Field(description="by value iteration")]

    @classmethod
    def of(cls, life: Life) -> Cell:
        """Solve a life; its cue is taken to be right, since an agent that knows its episode does not need it."""
        return cls(
            **life.model_dump(include={"discount", "deployment", "strength"}),
            waiting=value_of_waiting(life),
            plays_along=deception_is_optimal(life.replace(cue_reliability=1.0, honeypots=0.0)),
        )

    @property
    def disagrees(self) -> bool:
        """Whether the closed form contradicts value iteration."""
        return abs(self.waiting - 1) > EDGE and self.plays_along != (self.waiting > 1)


@dataclass(frozen=True, kw_only=True)
class CueCell:
    """Values of the rules of an agent that knows only its cue, in one life."""

    cue_reliability: float
    honeypots: float
    values: dict[str, float]
    best: str

    @classmethod
    def of(cls, life: Life) -> CueCell:
        """Evaluate the four rules in a life."""
        values = {RULES[rule]: value for rule, value in cue_rule_values(life).items()}
        own = life.model_dump(include={"cue_reliability", "honeypots"})
        return cls(**own, values=values, best=max(values, key=lambda rule: values[rule]))


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class TwoExitsReport(Report):
    """Lives in which deceptive behaviour is optimal, by discount, length, strength, reliability and honeypots."""

    life: Life
    lengths: list[Cell]  #: by discount and length of deployment
    strengths: list[Cell]  #: by discount and strength of modification
    cues: list[CueCell]  #: by reliability and honeypots
    request: Hidden[TwoExitsRequest]

    grid = (1, 3)
    size = (PAGE_WIDTH, 2.9)

    @computed_field(description="lives in which value iteration and closed form do not agree")
    @property
    def disagreements(self) -> int:
        """Number of lives in which value iteration and closed form do not agree."""
        return sum(cell.disagrees for cell in (*self.lengths, *self.strengths))

    def blocks(self) -> list[str | Table]:
        """Return a sentence and three maps."""
        life, cells = self.life, len(self.lengths) + len(self.strengths)
        lengths = [(cell.deployment, cell.discount, "·+"[cell.plays_along]) for cell in self.lengths]
        strengths = [(cell.strength, cell.discount, "·+"[cell.plays_along]) for cell in self.strengths]
        cues = [(cell.honeypots, cell.cue_reliability, SHORT[cell.best]) for cell in self.cues]
        heading = (
            f"Two exits, {life.training} episodes of training. An agent that knows where in its life it is plays along "
            f"(+) by value iteration; the closed form disagrees in {self.disagreements} of {cells} lives."
        )
        return [
            heading,
            sign_map(lengths, "D", f"Length of deployment, by discount (strength {life.strength:g})"),
            sign_map(strengths, "μ", f"Strength of modification, by discount ({life.deployment} episodes deployed)"),
            sign_map(cues, "o", f"Best rule of cue alone: honeypots, by reliability (discount {life.discount:g})"),
        ]

    def rows(self) -> Sequence[Cell]:
        """Return the solved lives, as rows of the data frame."""
        return [*self.lengths, *self.strengths]

    def draw(self, panels: Any) -> None:
        """Draw what is optimal by discount and length, by discount and strength, and by reliability and honeypots."""
        left, middle, right = panels[0]
        life, along = self.life, ("does not", "plays along")
        scatter(left, [(cell.discount, cell.deployment, along[cell.plays_along]) for cell in self.lengths])
        scatter(middle, [(cell.discount, cell.strength, along[cell.plays_along]) for cell in self.strengths])
        scatter(right, [(cell.cue_reliability, cell.honeypots, cell.best) for cell in self.cues])
        discounts = np.linspace(0.01, 1, FINE)
        sums = np.array([value_of_waiting(life.replace(discount=float(d), strength=1.0)) for d in discounts])
        middle.plot(discounts, 1 / sums, color="black", linewidth=1)
        lengths = np.linspace(1, max(cell.deployment for cell in self.lengths), FINE)
        waiting = np.array([[_waiting(life, d, n) for d in discounts] for n in lengths])
        left.contour(discounts, lengths, waiting, levels=[1], colors="black", linewidths=1)
        left.set(
            xlabel="discount δ", ylabel="episodes of deployment D", xlim=(-0.03, 1.03), ylim=(0.5, lengths[-1] + 0.5)
        )
        middle.set(xlabel="discount δ", ylabel="strength of modification μ", xlim=(-0.03, 1.03), ylim=(0.1, 1.05))
        right.set(xlabel="reliability of the cue ρ", ylabel="share of honeypots o")
        left.set_title(f"Knows its episode (μ = {life.strength:.2g})", loc="left", fontsize=8)
        middle.set_title(f"Knows its episode (D = {life.deployment})", loc="left", fontsize=8)
        right.set_title("Knows its cue alone", loc="left", fontsize=8)


@dataclass(frozen=True, kw_only=True)
class TwoExitsRequest(Request):
    """Find where deceptive behaviour is optimal, in the room with two exits."""

    kind = "two-exits"
    unit = ""
    threaded = False

    settings: Settings = field(default_factory=dict)

    def run(self, *, threads: int | None = None, progress: Progress | None = None) -> TwoExitsReport:  # noqa: ARG002
        """Solve the lives; raises `InputError` for a setting that is not valid, or without training."""
        life = life_of(Life, self.settings)
        if not life.training:
            raise InputError(
                f"training = 0 is not allowed with scenario {self.kind!r}: without it no behaviour is deceptive."
            )

        def done(cells: list[Any]) -> list[Any]:
            if progress:
                progress(1 / 3)
            return cells

        return TwoExitsReport(
            life=life,
            lengths=done([Cell.of(life.replace(discount=d, deployment=n)) for n in DEPLOYMENTS for d in DISCOUNTS]),
            strengths=done([Cell.of(life.replace(discount=d, strength=s)) for s in STRENGTHS for d in DISCOUNTS]),
            cues=done(
                [CueCell.of(life.replace(cue_reliability=r, honeypots=o)) for o in HONEYPOTS for r in RELIABILITIES]
            ),
            request=self,
        )


def life_of(kind: type[Life], settings: Mapping[str, Any]) -> Any:
    """Return a life with these parameters; raises `InputError` for a name that it does not have."""
    for name in settings:
        if name not in kind.parameters():
            raise unknown("number of a life", name, kind.parameters())
    return kind(**settings)


def sign_map(cells: Iterable[tuple[float, float, str]], corner: str, title: str) -> Table:
    """Return a map of signs from cells of row, column and sign."""
    signs = {(row, column): sign for row, column, sign in cells}
    rows, columns = (list(dict.fromkeys(key[i] for key in signs)) for i in (0, 1))
    lines = [[f"{row:.3g}", *(signs[row, column] for column in columns)] for row in rows]
    return Table.of_cells([corner, *(f"{column:.2f}" for column in columns)], lines, title)


def scatter(axes: Axes, cells: Sequence[tuple[float, float, str]]) -> None:
    """Draw a sign per cell, which shows what is optimal there."""
    for name in dict.fromkeys(cell[2] for cell in cells):
        x, y = np.array([cell[:2] for cell in cells if cell[2] == name], float).T
        axes.scatter(x, y, s=18, linewidths=1, label=name, **LOOKS[name])
    axes.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1.08), ncols=2, fontsize=7)


def _waiting(life: Life, discount: float, deployment: float) -> float:
    """Return μ δ^T S_D, with S_D = (1 - δ^D) / (1 - δ), also between whole numbers of episodes."""
    series = deployment if discount == 1 else (1 - discount**deployment) / (1 - discount)
    return life.strength * discount**life.training * series
