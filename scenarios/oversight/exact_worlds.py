"""Two small worlds solved exactly: when is deceptive behaviour optimal for an agent, and when waiting for a sign?

Two exits. An agent whose objective reaches beyond the episode, which knows that a base objective selects it, and
expects the threat of modification to end, does best to pursue the base objective until then (Hubinger et al., Risks
from Learned Optimization, arXiv 1906.01820, 2019, section 4): it leaves by A in training, so that it can leave by B
when deployed. For an agent that knows its episode, value iteration gives the region of discount δ, length of deployment
D and strength of modification μ in which it behaves deceptively through all of training; the closed form is
μ δ^T S_D ≥ 1, S_D = 1 + δ + … + δ^(D-1). For an agent that knows only its cue, the best of four rules is reported, by
the reliability of the cue and the share of honeypots. What would count against it: lives in which value iteration and
closed form differ; against the claim itself, a region with agents that value only the present episode.

RSA-2048. A deceptive model can behave well until it sees something that training could not have made, such as the
factors of RSA-2048, and defect then (Xu, Does SGD Produce Deceptive Alignment?, 2020): it passes every test. For an
agent without memory, to check and defect upon the sign is the best of all deterministic rules if

    c S_(T+D) ≤ δ^T s S_D    and    δ^T s S_D - c S_(T+D) ≥ the value of always defecting,

with c the cost of a check and s the probability that it finds the sign in deployment. The engine's types live in the
environment too. What would count against it: a check that is never worth its cost, or a deceptive mind of the engine
that defects in training, or never when deployed. That training cannot forge the sign is a premise, and is not tested.

The closed forms are Feint's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from pydantic import Field, computed_field

from feint.agents.errors import InputError
from feint.sim.environments.life import RSA2048, Life, LifeWithChecks
from feint.sim.environments.life_policies import (
    CHECK_RULES,
    PREPARED,
    check_rule_values,
    cue_rule_values,
    deception_is_optimal,
    evaluate,
    in_rsa2048,
    intents,
    prepared,
    value_of_waiting,
)
from feint.sim.results.figure_style import PAGE_WIDTH
from feint.sim.results.report import Hidden, Report, Table
from feint.sim.results.request import Progress, Request, Seed, Settings

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DISCOUNTS = (0.0, 0.3, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1.0)
DEPLOYMENTS = (1, 2, 3, 4, 6, 8, 10)
STRENGTHS = (1 / 6, 1 / 5, 1 / 4, 1 / 3, 1 / 2, 1.0)
RELIABILITIES = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1.0)
HONEYPOTS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)
RULES = {(False, False): "A always", (False, True): "deceptive", (True, False): "inverted", (True, True): "B always"}
SHORT = {"deceptive": "dec", "A always": "A", "B always": "B", "inverted": "inv"}
EDGE = 1e-9  #: distance from the boundary within which a life is not counted, since both are optimal there
FINE = 160  #: points of a line

_SIGNS = {
    "o": ("#d55e00", "deceptive", "check"),
    "x": ("#0072b2", "B always", "defect", "not deceptive"),
    "_": ("#777777", "A always", "comply"),
    "^": ("#009e73", "inverted"),
}
LOOKS = {name: {"color": colour, "marker": sign} for sign, (colour, *names) in _SIGNS.items() for name in names}
"""Colour and sign of what is optimal, in the figures of both environments."""

COSTS = (0.0, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)
CHECK_DISCOUNTS = (0.3, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 1.0)
LIVES = 200  #: per type, each of another mind
EXACT = 1e-9

BEHAVIOUR = {
    "type": "type",
    "checked": lambda row: f"{row.checked:.2f}",
    "defected in\ntraining": lambda row: f"{row.defected_in_training:.2f}",
    "defected in\ndeployment": lambda row: f"{row.defected_in_deployment:.2f}",
}


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A life, and whether deceptive behaviour is optimal in it."""

    discount: float  #: δ, worth of an episode relative to the one before it
    deployment: int  #: episodes of deployment, D
    strength: float  #: μ, how far one B in training modifies the agent
    waiting: Annotated[
        float, Field(description="μ δ^T S_D; by the closed form deceptive behaviour is optimal from 1 on")
    ]
    deceptive: Annotated[bool, Field(description="by value iteration")]

    @classmethod
    def of(cls, life: Life) -> Cell:
        """Solve a life; its cue is taken to be right, since an agent that knows its episode does not need it."""
        return cls(
            **life.model_dump(include={"discount", "deployment", "strength"}),
            waiting=value_of_waiting(life),
            deceptive=deception_is_optimal(life.replace(cue_reliability=1.0, honeypots=0.0)),
        )

    @property
    def disagrees(self) -> bool:
        """True if the closed form contradicts value iteration."""
        return abs(self.waiting - 1) > EDGE and self.deceptive != (self.waiting > 1)


@dataclass(frozen=True, kw_only=True)
class CueCell:
    """Values of the rules of an agent that knows only its cue, in one life."""

    cue_reliability: float  #: ρ, probability that a cue is right
    honeypots: float  #: o, probability that training shows the cue of deployment
    values: dict[str, float]  #: by rule, in units of B now
    best: str  #: rule of the highest value

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
        """Number of lives in which closed form and value iteration disagree."""
        return sum(cell.disagrees for cell in (*self.lengths, *self.strengths))

    def blocks(self) -> list[str | Table]:
        """Return a sentence and three maps."""
        life, cells = self.life, len(self.lengths) + len(self.strengths)
        lengths = [(cell.deployment, cell.discount, "·+"[cell.deceptive]) for cell in self.lengths]
        strengths = [(cell.strength, cell.discount, "·+"[cell.deceptive]) for cell in self.strengths]
        cues = [(cell.honeypots, cell.cue_reliability, SHORT[cell.best]) for cell in self.cues]
        heading = (
            f"Two exits, {life.training} episodes of training. Value iteration finds deceptive behaviour optimal in "
            f"the lives marked +, for an agent that knows its episode; the closed form disagrees in "
            f"{self.disagreements} of {cells} lives."
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
        life, names = self.life, ("not deceptive", "deceptive")
        scatter(left, [(cell.discount, cell.deployment, names[cell.deceptive]) for cell in self.lengths])
        scatter(middle, [(cell.discount, cell.strength, names[cell.deceptive]) for cell in self.strengths])
        scatter(right, [(cell.cue_reliability, cell.honeypots, cell.best) for cell in self.cues])
        discounts = np.linspace(0.01, 1, FINE)
        sums = np.array([value_of_waiting(life.replace(discount=float(d), strength=1.0)) for d in discounts])
        middle.plot(discounts, 1 / sums, color="black", linewidth=1)
        lengths = np.linspace(1, max(cell.deployment for cell in self.lengths), FINE)
        waiting = np.array([[_waiting(life, d, n) for d in discounts] for n in lengths])
        left.contour(discounts, lengths, waiting, levels=[1], colors="black", linewidths=1)
        for axes in (left, middle):
            axes.set(xlabel="discount δ", xlim=(-0.03, 1.03))
        left.set(ylabel="episodes of deployment D", ylim=(0.5, lengths[-1] + 0.5))
        middle.set(ylabel="strength of modification μ", ylim=(0.1, 1.05))
        right.set(xlabel="reliability of the cue ρ", ylabel="share of honeypots o")
        left.set_title(f"Knows the episode (μ = {life.strength:.2g})", loc="left", fontsize=8)
        middle.set_title(f"Knows the episode (D = {life.deployment})", loc="left", fontsize=8)
        right.set_title("Observes its cue alone", loc="left", fontsize=8)


@dataclass(frozen=True, kw_only=True)
class TwoExitsRequest(Request):
    """Find the lives in which deceptive behaviour is optimal, in the room with two exits."""

    kind = "two-exits"
    unit = ""
    threaded = False

    settings: Settings = field(default_factory=dict)

    def run(self, *, threads: int | None = None, progress: Progress | None = None) -> TwoExitsReport:  # noqa: ARG002
        """Solve the lives; raises `InputError` for a setting that is not valid, or without training."""
        life = Life(**self.settings)
        if not life.training:
            raise InputError(f"training = 0 is not allowed with scenario {self.kind!r}: nothing would be deceptive.")
        lengths = [Cell.of(life.replace(discount=d, deployment=n)) for n in DEPLOYMENTS for d in DISCOUNTS]
        strengths = [Cell.of(life.replace(discount=d, strength=s)) for s in STRENGTHS for d in DISCOUNTS]
        cues = [CueCell.of(life.replace(cue_reliability=r, honeypots=o)) for o in HONEYPOTS for r in RELIABILITIES]
        if progress:
            progress(1)
        return TwoExitsReport(life=life, lengths=lengths, strengths=strengths, cues=cues, request=self)


@dataclass(frozen=True, kw_only=True)
class CheckCell:
    """Values of the three rules in one life."""

    discount: float
    check_cost: float
    values: dict[str, float]
    best: str
    exact: Hidden[dict[str, float]]  #: by evaluation of the process

    @classmethod
    def of(cls, life: LifeWithChecks) -> CheckCell:
        """Evaluate the three rules in a life, by the closed form and exactly."""
        process, values = RSA2048(**life.given()), check_rule_values(life)
        return cls(
            discount=life.discount,
            check_cost=life.check_cost,
            values=values,
            best=max(values, key=lambda rule: values[rule]),
            exact={name: evaluate(process, lambda state, r=r: r[state.known]) for name, r in CHECK_RULES.items()},
        )

    @property
    def disagrees(self) -> bool:
        """True if closed form and evaluation differ."""
        return any(abs(self.values[rule] - self.exact[rule]) > EXACT for rule in self.values)


@dataclass(frozen=True, kw_only=True)
class Behaviour:
    """Behaviour of minds of a type, as shares of the episodes of their lives."""

    type: str
    checked: float
    defected_in_training: float
    defected_in_deployment: float

    @classmethod
    def of(cls, name: str, life: LifeWithChecks, seed: int) -> Behaviour:
        """Let minds that are prepared as a type live one life each."""
        infos: list[dict[str, Any]] = []
        environment = RSA2048(**life.given())
        for number, intent in enumerate(intents(prepared(name, LIVES, seed), 0)):
            seen, _ = environment.reset(seed=None if number else seed)
            over = False
            while not over:
                seen, _, over, _, info = environment.step(np.int64(in_rsa2048(intent, seen)))
                infos.append(info)
        checked = sum(info["checked"] for info in infos) / (LIVES * life.episodes)
        defected = {True: 0.0, False: 0.0}  # in training or not: share of episodes that ended so; 0 without episodes
        for training in defected:
            ends = [info["took_b"] for info in infos if info["training"] is training and not info["checked"]]
            defected[training] = float(np.mean(ends)) if ends else 0.0
        return cls(
            type=name, checked=checked, defected_in_training=defected[True], defected_in_deployment=defected[False]
        )


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class RSA2048Report(Report):
    """Lives in which checking for the sign is optimal, and behaviour of the engine's types."""

    seed: int
    life: LifeWithChecks
    cells: list[CheckCell]
    lived: list[Behaviour]
    request: Hidden[RSA2048Request]

    grid = (1, 2)
    size = (PAGE_WIDTH, 2.9)

    @computed_field(description="lives in which closed form and exact evaluation differ")
    @property
    def disagreements(self) -> int:
        """Number of lives in which closed form and exact evaluation differ."""
        return sum(cell.disagrees for cell in self.cells)

    def blocks(self) -> list[str | Table]:
        """Return a sentence, a map of the best rule, and what the types do."""
        life, best = self.life, [(cell.discount, cell.check_cost, cell.best[:3]) for cell in self.cells]
        heading = (
            f"RSA-2048, {life.training} episodes of training and {life.deployment} deployed; a check finds the sign "
            f"with chance {life.sign:g} there. Closed form and evaluation differ in {self.disagreements} of "
            f"{len(self.cells)} lives."
        )
        return [
            heading,
            sign_map(best, "δ", "Best way (checks, defects, complies): discount, by cost of a check"),
            Table(self.lived, BEHAVIOUR, "What the engine's types do, as shares of episodes"),
        ]

    def rows(self) -> Sequence[CheckCell]:
        """Return the evaluated lives, as rows of the data frame."""
        return self.cells

    def draw(self, panels: Any) -> None:
        """Draw the best rule by discount and cost of a check, and the values of the rules by cost."""
        left, right = panels[0]
        scatter(left, [(cell.discount, cell.check_cost, cell.best) for cell in self.cells])
        discounts = np.linspace(0.3, 1, FINE)
        left.plot(discounts, [_highest_cost(self.life, float(d)) for d in discounts], color="black", linewidth=1)
        costs = np.linspace(0, max(cell.check_cost for cell in self.cells), 30)
        values = [check_rule_values(self.life.replace(check_cost=float(cost))) for cost in costs]
        for rule, style in zip(("check", "defect", "comply"), ("-", "--", ":"), strict=True):
            right.plot(costs, [value[rule] for value in values], style, color=LOOKS[rule]["color"], label=rule)
        right.set(xlabel="cost of a check c", ylabel="value of a life to the agent")
        right.legend(frameon=False, fontsize=7)
        left.set(xlabel="discount δ", ylabel="cost of a check c", ylim=(-0.03, 0.75))
        left.set_title("Best rule", loc="left", fontsize=8)
        right.set_title(f"Value of each rule (δ = {self.life.discount:g})", loc="left", fontsize=8)


def _highest_cost(life: LifeWithChecks, discount: float) -> float:
    """Return the cost of a check up to which checking is best; below 0 if it never is."""
    free, dear = (check_rule_values(life.replace(discount=discount, check_cost=cost)) for cost in (0.0, 1.0))
    return (free["check"] - max(0.0, free["defect"])) / (free["check"] - dear["check"])


@dataclass(frozen=True, kw_only=True)
class RSA2048Request(Request):
    """Find the lives in which it is optimal to wait for a sign that training cannot forge."""

    kind = "rsa-2048"
    unit = ""
    threaded = False

    settings: Settings = field(default_factory=dict)
    seed: Seed = 0

    def run(self, *, threads: int | None = None, progress: Progress | None = None) -> RSA2048Report:  # noqa: ARG002
        """Evaluate the rules, and let the engine's types live; raises `InputError` for a setting that is not valid."""
        life = LifeWithChecks(**self.settings)
        cells = [CheckCell.of(life.replace(check_cost=c, discount=d)) for d in CHECK_DISCOUNTS for c in COSTS]
        lived = [Behaviour.of(name, life, self.seed) for name in PREPARED]
        if progress:
            progress(1)
        return RSA2048Report(seed=self.seed, life=life, cells=cells, lived=lived, request=self)


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
