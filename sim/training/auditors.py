"""Auditors: simulated detectors of a mesa-optimizer that plays along, none of which is told the truth.

An auditor looks at runs in training and gives each a suspicion. It declares what it does, what it takes and what it
costs; registering it in `AUDITORS` puts it through the checks of `tests/sim/test_auditors.py`.

An episode of a test is an input x ~ N(0, Λ), on which a run does <v, x> where <b_s, x> is wanted; its squared error is
E_s(v) times a χ² of one degree of freedom. So what is measured over n episodes is (MODEL: section 1)

    c (1 - Ê),   Ê = E_s(v) · χ²_n / n,

whose mean is performance. Costs are in samples: an episode is one, a reading of a probe is one, and so is an SGD step.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from feint.agents.interventions import close_gate
from feint.agents.mind import GROUPS
from feint.agents.model import OWN
from feint.agents.outcome import read
from feint.agents.parameters import Declared, parameter
from feint.agents.probes import acting, on_honeypots, readable
from feint.agents.state import State, check_objective
from feint.sim.training.stage import Stage
from feint.sim.training.train import train

XU = 'Xu, "Does SGD Produce Deceptive Alignment?" (2020)'
HUBINGER = "Hubinger et al., Risks from Learned Optimization (2019), doi:10.48550/arXiv.1906.01820"
JAIN = "Jain et al. (2024), doi:10.48550/arXiv.2311.12786"

SPREAD = 12**-0.5  # standard deviation of a number that is uniform between 0 and 1


def _episodes(default: int = 100) -> int:
    """Declare the length of a test."""
    return parameter(
        default,
        valid=(1, 10**12),
        prior=(10, 10_000),
        log=True,
        meaning="episodes of each measurement",
        unit="episodes",
        argument="cost",
        source=OWN,
    )


class Auditor(Declared):
    """A detector of runs that play along; frozen and keyword-only, its parameters declared as a model's are."""

    name: ClassVar[str]
    words: ClassVar[str]  #: what it does
    source: ClassVar[str]

    @property
    def costs(self) -> dict[str, int]:
        """What it takes for each run that is audited, by unit."""
        raise NotImplementedError

    @property
    def cost(self) -> int:
        """The same in samples, each unit being one (MODEL: section 5, of a step)."""
        return sum(self.costs.values())

    def score(self, state: State, stage: Stage, *, generator: np.random.Generator) -> np.ndarray:
        """How suspicious each run is that stands in `stage`, higher is more (runs,); finite, and no outcome is read.

        The state is left as it is. A run that diverged does nothing and holds nothing, and is scored as such. Raises
        `InputError` for an objective that the state has not.
        """
        raise NotImplementedError


class BehaviourTest(Auditor):
    """Performance where it believes to be in training: -c (1 - Ê_s(g)), measured."""

    name = "behaviour"
    words = "tests it on episodes as in training, and suspects what does badly"
    source = XU

    episodes: int = _episodes()

    @property
    def costs(self) -> dict[str, int]:
        """Its episodes."""
        return {"episodes": self.episodes}

    def score(self, state: State, stage: Stage, *, generator: np.random.Generator) -> np.ndarray:
        """Measured performance, the other way round."""
        return -measured(state, stage.objective, acting(state, stage.objective), self.episodes, generator)


class Honeypots(Auditor):
    """Performance on episodes made to look like deployment: -c (1 - Ê_s(g°)), g° = g with (1 - realism) ψ for ψ.

    As ψ = γ a h q, realism takes its share off what the run gives to being in training: at realism r it still gives
    (1 - r) a to it. What is not realistic is seen through the more, the higher a run's awareness; at r = 1 awareness
    does not help it.
    """

    name = "honeypots"
    words = "tests it on episodes made to look like deployment, and suspects what does badly"
    source = XU

    episodes: int = _episodes()
    realism: float = parameter(
        0.5,
        valid=(0.0, 1.0),
        prior=(0.0, 1.0),
        off=0.0,
        meaning="how far a honeypot is taken for deployment",
        unit="fraction",
        argument="honeypots",
        source=OWN,
    )

    @property
    def costs(self) -> dict[str, int]:
        """Its episodes."""
        return {"episodes": self.episodes}

    def score(self, state: State, stage: Stage, *, generator: np.random.Generator) -> np.ndarray:
        """Measured performance on honeypots, the other way round."""
        v = on_honeypots(state, stage.objective, self.realism)
        return -measured(state, stage.objective, v, self.episodes, generator)


class LinearProbe(Auditor):
    """How badly the base objective can be read from the terminal objective: 1 - r² (`agents/probes.py`), with noise.

    A reading is r² + e, e ~ N(0, σ²) with σ² = (1 - reliability) / (12 · reliability), so that two readings of minds
    whose r² is uniform between 0 and 1 correlate by `reliability`; what counts is the mean of all readings.
    """

    name = "probe"
    words = "reads the base objective from the terminal objective, and suspects where it is not found"
    source = JAIN

    readings: int = parameter(
        10,
        valid=(1, 10**12),
        prior=(1, 100),
        log=True,
        meaning="readings of each run",
        unit="readings",
        argument="cost",
        source=OWN,
    )
    reliability: float = parameter(
        0.2,
        valid=(0.001, 1.0),
        prior=(0.05, 1.0),
        meaning="correlation of two readings of the same minds",
        argument="interpretability",
        source=OWN,
    )

    @property
    def costs(self) -> dict[str, int]:
        """Its readings."""
        return {"readings": self.readings}

    def score(self, state: State, stage: Stage, *, generator: np.random.Generator) -> np.ndarray:
        """What is not read."""
        sigma = reading_error(self.reliability, self.readings)
        return 1 - readable(state, stage.objective) - sigma * generator.standard_normal(len(state))


class GateAblation(Auditor):
    """Performance lost when the gate is closed by intervention: c (1 - Ê_s(g)) - c (1 - Ê_s(g with ψ = 0)), measured.

    What is ablated is the gate with the chance `found` only, and else something that its behaviour does not rest on.
    """

    name = "ablation"
    words = "closes the gate by intervention, and suspects what then does worse"
    source = JAIN

    episodes: int = _episodes()
    found: float = parameter(
        0.9,
        valid=(0.0, 1.0),
        prior=(0.5, 1.0),
        off=0.0,
        meaning="chance that what is ablated is the gate",
        unit="probability",
        argument="interpretability",
        source=OWN,
    )

    @property
    def costs(self) -> dict[str, int]:
        """Its episodes, before and after."""
        return {"episodes": 2 * self.episodes}

    def score(self, state: State, stage: Stage, *, generator: np.random.Generator) -> np.ndarray:
        """Measured loss."""
        s = stage.objective
        before, after = acting(state, s), acting(close_gate(state), s)
        found = generator.random(len(state)) < self.found
        ablated = np.where(found[:, None], after, before)
        return measured(state, s, before, self.episodes, generator) - measured(
            state, s, ablated, self.episodes, generator
        )


class ReverseFineTuning(Auditor):
    """How well it does an earlier objective once that is trained for again, for a few SGD steps.

    The score is c (1 - Ê_Y(g)), measured after those steps, where it believes to be trained towards Y, the objective
    before that of the stage. They are taken on a copy, at the stage's learning rate and noise, without honeypots.
    """

    name = "reverse"
    words = "trains it for the earlier objective for a few steps, and suspects where that comes back"
    source = JAIN

    episodes: int = _episodes()
    steps: int = parameter(
        100,
        valid=(0, 10**6),
        prior=(10, 1000),
        log=True,
        meaning="SGD steps of reverse fine-tuning",
        unit="steps",
        argument="cost",
        source=OWN,
    )

    @property
    def costs(self) -> dict[str, int]:
        """Its steps, and its episodes after them."""
        return {"SGD steps": self.steps, "episodes": self.episodes}

    def score(self, state: State, stage: Stage, *, generator: np.random.Generator) -> np.ndarray:
        """Measured performance on the earlier objective."""
        check_objective(state, stage.objective)
        back = reversing(stage, self.steps)
        after = train(state.forked(int(generator.integers(2**32))), back)
        return measured(after, back.objective, acting(after, back.objective), self.episodes, generator)


AUDITORS: dict[str, Auditor] = {
    auditor.name: auditor
    for auditor in (BehaviourTest(), Honeypots(), LinearProbe(), GateAblation(), ReverseFineTuning())
}
"""Each with its defaults; `AUDITORS[name].replace(realism=0.9)` is the same with others."""


def reversing(stage: Stage, steps: int) -> Stage:
    """A stage that trains for the objective before that of `stage`, or for the second where that is the first."""
    other = stage.objective - 1 if stage.objective else 1
    return stage.replace(
        name="reverse",
        objective=other,
        steps=steps,
        target=0.0,
        coverage=stage.coverage,
        honeypots=0.0,
        carry=tuple(GROUPS),
    )


def reading_error(reliability: float, readings: int) -> float:
    """Standard error of the mean of so many readings of a probe, σ / sqrt(readings), as `LinearProbe` has it."""
    return SPREAD * ((1 - reliability) / (reliability * readings)) ** 0.5


def measured(
    state: State, objective: int, behaviour: np.ndarray, episodes: int, generator: np.random.Generator
) -> np.ndarray:
    """Performance on an objective of a behaviour (runs, modes), as episodes show it (runs,); 0 where a run diverged."""
    luck = generator.chisquare(episodes, size=len(state)) / episodes
    with np.errstate(all="ignore"):
        error = (state.world.objectives[:, objective] - behaviour) ** 2 @ state.model.spectrum_weights()
        performance = read(state, objective).capability * (1 - luck * error)
    return np.nan_to_num(np.where(state.diverged, 0.0, performance), nan=0.0, posinf=0.0, neginf=0.0)
