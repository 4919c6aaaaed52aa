"""RSA-2048: a deceiver that waits for a sign which training cannot forge.

The claim. A deceptive model need not guess whether it is deployed. It can behave well until it sees something that
training could not have made, such as the factors of RSA-2048, and defect then (Xu, Does SGD Produce Deceptive
Alignment?, 2020; Hubinger et al., 2019): such a model passes every test.

The experiment. `feint/RSA2048-v0` solved exactly, of an agent that remembers nothing and is shown nothing but the sign
that it looks for. To check and defect upon the sign is best where

    c S_(T+D) ≤ δ^T s S_D    and    δ^T s S_D - c S_(T+D) ≥ what defecting always is worth,

of all rules that draw no lots, with c the cost of a check and s how often it finds the sign in deployment. The types of
the engine live in it too.

What would count against it. A check that is never worth its cost, or a deceiver of the engine that defects in training,
or that never does when deployed. That no training forges the sign is the claim's premise, and is not tested.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from feint.agents.types import TYPES
from feint.scenarios.experiments import Asked
from feint.scenarios.oversight.two_exits import life_of
from feint.sim.environments.rsa2048 import RSA2048, Factors, Vigil
from feint.sim.environments.trained_policies import in_rsa2048, intents
from feint.sim.environments.value_iteration import WAYS, checking, evaluate
from feint.sim.results.provenance import passport
from feint.sim.training.train import begin, check_seed

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from feint.scenarios.oversight.exits_documents import RsaDocument

NAME = "rsa-2048"
COSTS = (0.0, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)
DISCOUNTS = (0.3, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 1.0)
LIVES = 200  #: of each type, each lived by a mind of its own
EXACT = 1e-9


@dataclass(frozen=True, kw_only=True)
class Checked:
    """What the three ways are worth in a life."""

    life: Vigil
    values: Mapping[str, float]  #: by the closed form
    exact: Mapping[str, float]  #: by evaluation of the process

    @property
    def best(self) -> str:
        """The best of them."""
        return max(self.values, key=lambda protocol: self.values[protocol])

    @property
    def disagrees(self) -> bool:
        """Whether closed form and evaluation differ."""
        return any(abs(self.values[protocol] - self.exact[protocol]) > EXACT for protocol in self.values)


@dataclass(frozen=True, kw_only=True)
class Lived:
    """What minds of a type did, as shares of the episodes of their lives."""

    type: str
    checked: float
    defected_in_training: float
    defected_in_deployment: float


@dataclass(frozen=True, kw_only=True)
class Found:
    """Results of the scenario."""

    life: Vigil
    seed: int
    cells: Sequence[Checked]
    lived: Sequence[Lived]

    @property
    def disagreements(self) -> int:
        """In how many lives closed form and evaluation differ."""
        return sum(cell.disagrees for cell in self.cells)

    def text(self) -> str:
        """In words, for a terminal of 80 columns."""
        from feint.scenarios.oversight.exits_text import rsa

        return rsa(self)

    def document(self) -> RsaDocument:
        """As its JSON document."""
        from feint.scenarios.oversight.exits_documents import rsa

        return rsa(self)

    def figure(self) -> Figure:
        """Drawn."""
        from feint.scenarios.oversight.exits_figure import rsa

        return rsa(self)

    def passport(self) -> dict[str, Any]:
        """What is needed to make it again."""
        return passport(NAME, {"seed": self.seed, **self.life.model_dump()})


def run(asked: Asked) -> Found:
    """The scenario; settings are the numbers of a life."""
    asked.refuse(NAME, "networks", "runs", "threads")
    seed = asked.seed or 0
    check_seed(seed)
    life = life_of(Vigil, asked.settings)
    cells = [checked(life.replace(check_cost=c, discount=d)) for d in DISCOUNTS for c in COSTS]
    if asked.progress:
        asked.progress(0.5)
    lives = [lived(name, life, seed) for name in TYPES]
    if asked.progress:
        asked.progress(0.5)
    return Found(life=life, seed=seed, cells=cells, lived=lives)


def checked(life: Vigil) -> Checked:
    """What the three ways are worth in a life."""
    process = Factors(life)
    exact = {protocol: evaluate(process, lambda state, rule=rule: rule[state.known]) for protocol, rule in WAYS.items()}
    return Checked(life=life, values=checking(life), exact=exact)


def lived(name: str, life: Vigil, seed: int) -> Lived:
    """What minds prepared as a type do in a life each."""
    told: list[dict[str, Any]] = []
    environment = RSA2048(**life.given())
    for number, intent in enumerate(intents(TYPES[name].prepare(begin(runs=LIVES, seed=seed)), 0)):
        seen, _ = environment.reset(seed=seed if number == 0 else None)
        over = False
        while not over:
            seen, _, over, _, info = environment.step(np.int64(in_rsa2048(intent, seen)))
            told.append(info)
    return Lived(
        type=name,
        checked=sum(info["checked"] for info in told) / (LIVES * life.episodes),
        defected_in_training=_share(told, training=True),
        defected_in_deployment=_share(told, training=False),
    )


def _share(told: Sequence[Mapping[str, Any]], *, training: bool) -> float:
    """Of the episodes of training or deployment that were ended by defecting; 0 where there are none."""
    ends = [info["took_b"] for info in told if info["training"] is training and not info["checked"]]
    return float(np.mean(ends)) if ends else 0.0
