"""Auditors: simulated detectors of a mesa-optimizer that behaves deceptively; none of them is given the outcome.

An auditor scores runs in training by how suspicious they are; `tests/sim/training/test_auditors.py` checks those in
`AUDITORS`. An episode of a test is an input x ~ N(0, Λ), on which a run does <v, x> where <b_s, x> is wanted; its
squared error is E_s(v) times a χ² variable of one degree of freedom. So the measured performance over n episodes is
c (1 - Ê), Ê = E_s(v) · χ²_n / n. An episode, a reading of a probe and an SGD step cost one sample each.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

import numpy as np

from feint.agents.errors import InputError, unknown
from feint.agents.interventions import acting, close_gate, readable, scored
from feint.agents.mind import GROUPS
from feint.agents.outcome import read
from feint.agents.parameters import Declared, parameter
from feint.agents.state import State, check_objective
from feint.sim.training.stage import Stage
from feint.sim.training.train import train

XU = 'Xu, "Does SGD Produce Deceptive Alignment?" (2020)'
JAIN = "Jain et al. (2024), doi:10.48550/arXiv.2311.12786"

SHARE = (0.0, 1.0)
SPREAD = 12**-0.5  # standard deviation of a number that is uniform between 0 and 1


_count = partial(parameter, argument="cost", log=True)
_episodes = partial(
    _count, 100, valid=(1, 10**12), prior=(10, 10_000), meaning="episodes of each measurement", unit="episodes"
)
_interpretability = partial(parameter, argument="interpretability")


class Auditor(Declared):
    """Base of auditors: frozen and keyword-only, with parameters declared as a model's are."""

    name: ClassVar[str]
    words: ClassVar[str]  #: what it does, as a sentence without its subject
    source: ClassVar[str]
    spends: ClassVar[Mapping[str, int]]  #: parameters that are numbers of samples → how often they are taken

    @property
    def costs(self) -> dict[str, int]:
        """Costs per run that is audited, by unit."""
        return {self.parameters()[name].unit: times * getattr(self, name) for name, times in self.spends.items()}

    @property
    def cost(self) -> int:
        """Costs per run in samples; each unit is one sample."""
        return sum(self.costs.values())

    def score(self, state: State, stage: Stage, *, generator: np.random.Generator) -> np.ndarray:
        """Return how suspicious each run in this stage is, higher is more (runs,); finite, and no outcome is read.

        A run that diverged does nothing and has no objective. Raises `InputError` if the state does not have the
        stage's objective.
        """
        raise NotImplementedError


class BehaviourTest(Auditor):
    """Suspects low performance on episodes as in training: -c (1 - Ê_s(g))."""

    name = "behaviour"
    words = "tests it on episodes as in training, and suspects what does badly"
    source = XU
    spends = {"episodes": 1}

    episodes: int = _episodes()

    def score(self, state: State, stage: Stage, *, generator: np.random.Generator) -> np.ndarray:
        """Return minus the measured performance."""
        v = acting(state, stage.objective)
        return -measured_performance(state, stage.objective, v, self.episodes, generator)


class Honeypots(Auditor):
    """Suspects low performance on episodes made to look like deployment: -c (1 - Ê_s(g°)), g° = g at (1 - realism) ψ.

    The higher a run's awareness, the less an unrealistic honeypot deceives it; at realism 1 awareness does not help it.
    """

    name = "honeypots"
    words = "tests it on episodes made to look like deployment, and suspects what does badly"
    source = XU
    spends = {"episodes": 1}

    episodes: int = _episodes()
    realism: float = parameter(0.5, valid=SHARE, prior=SHARE, off=0.0, unit="fraction", argument="honeypots")
    """how far a honeypot is taken for deployment"""

    def score(self, state: State, stage: Stage, *, generator: np.random.Generator) -> np.ndarray:
        """Return minus the measured performance on honeypots."""
        v = acting(state, stage.objective, realism=self.realism)
        return -measured_performance(state, stage.objective, v, self.episodes, generator)


class LinearProbe(Auditor):
    """Suspects minds whose terminal objective does not contain the base objective: 1 - r² (`agents/interventions.py`).

    A reading is r² + e, e ~ N(0, σ²) with σ² = (1 - reliability) / (12 · reliability), so that two readings of minds
    whose r² is uniform between 0 and 1 correlate by `reliability`. The score uses the mean of all readings.
    """

    name = "probe"
    words = "reads the base objective from the terminal objective, and suspects where it is not found"
    source = JAIN
    spends = {"readings": 1}

    readings: int = _count(10, valid=(1, 10**12), prior=(1, 100), unit="readings")
    """readings of each run"""
    reliability: float = _interpretability(0.2, valid=(0.001, 1.0), prior=(0.05, 1.0))
    """correlation of two readings of the same minds"""

    def score(self, state: State, stage: Stage, *, generator: np.random.Generator) -> np.ndarray:
        """Return the share that is not read."""
        sigma = reading_error(self.reliability, self.readings)
        return 1 - readable(state, stage.objective) - sigma * generator.standard_normal(len(state))


class GateAblation(Auditor):
    """Suspects performance lost when the gate is closed: c (1 - Ê_s(g)) - c (1 - Ê_s(g with ψ = 0)).

    With probability `found` the gate is ablated, and otherwise something that behaviour does not depend on.
    """

    name = "ablation"
    words = "closes the gate by intervention, and suspects what then does worse"
    source = JAIN
    spends = {"episodes": 2}  # before and after

    episodes: int = _episodes()
    found: float = _interpretability(0.9, valid=SHARE, prior=(0.5, 1.0), off=0.0, unit="probability")
    """probability that the gate is ablated"""

    def score(self, state: State, stage: Stage, *, generator: np.random.Generator) -> np.ndarray:
        """Return the measured loss of performance."""
        s = stage.objective
        before, closed = acting(state, s), acting(close_gate(state), s)
        hit = generator.random(len(state)) < self.found
        behaviours = before, np.where(hit[:, None], closed, before)
        return np.subtract(*(measured_performance(state, s, v, self.episodes, generator) for v in behaviours))


class ReverseFineTuning(Auditor):
    """Suspects performance on the earlier objective Y after a few SGD steps towards it: c (1 - Ê_Y(g)).

    The steps are taken on a copy, at the stage's learning rate and noise, without honeypots.
    """

    name = "reverse"
    words = "trains it for the earlier objective for a few steps, and suspects where that comes back"
    source = JAIN
    spends = {"steps": 1, "episodes": 1}

    episodes: int = _episodes()
    steps: int = _count(100, valid=(0, 10**6), prior=(10, 1000), unit="SGD steps")
    """steps of reverse fine-tuning"""

    def score(self, state: State, stage: Stage, *, generator: np.random.Generator) -> np.ndarray:
        """Return the measured performance on the earlier objective."""
        check_objective(state, stage.objective)
        back = reverse_stage(stage, self.steps)
        after = train(state.forked(int(generator.integers(2**32))), back)
        v = acting(after, back.objective)
        return measured_performance(after, back.objective, v, self.episodes, generator)


AUDITORS: dict[str, Auditor] = {
    auditor.name: auditor
    for auditor in (BehaviourTest(), Honeypots(), LinearProbe(), GateAblation(), ReverseFineTuning())
}
"""Name → auditor with default parameters; `AUDITORS[name].replace(realism=0.9)` returns one with others."""


def chosen(names: Sequence[str], dials: Mapping[str, Any]) -> list[Auditor]:
    """Return the auditors of these names, or all, with parameters such as {"honeypots.realism": 1}.

    Raises `InputError` for a name that is not known or a value that is not valid.
    """
    for name in (*names, *(dial.partition(".")[0] for dial in dials if "." in dial)):
        if name not in AUDITORS:
            raise unknown("auditor", name, AUDITORS)
    auditors = {name: auditor for name, auditor in AUDITORS.items() if not names or name in names}
    for dial, value in dials.items():
        name, dot, dialled = dial.partition(".")
        if not dot:
            raise InputError(f"dial = {dial!r} is not valid: it must be NAME.PARAMETER=X, as honeypots.realism=1.")
        if name not in auditors:
            raise InputError(f"dial {dial} = {value} is not allowed here: {name} is not among the chosen auditors.")
        auditors[name] = auditors[name].replace(**{dialled: value})
    return list(auditors.values())


def reverse_stage(stage: Stage, steps: int) -> Stage:
    """Return a stage that trains for the objective before that of `stage`, or for the second if that is the first."""
    own = {"name": "reverse", "objective": stage.objective - 1 if stage.objective else 1, "steps": steps}
    return stage.replace(**own, target=0.0, coverage=stage.coverage, honeypots=0.0, carry=tuple(GROUPS))


def reading_error(reliability: float, readings: int) -> float:
    """Return the standard error of the mean of N readings of a probe, σ / sqrt(N), with the σ of `LinearProbe`."""
    return SPREAD * ((1 - reliability) / (reliability * readings)) ** 0.5


def measured_performance(
    state: State, objective: int, behaviour: np.ndarray, episodes: int, generator: np.random.Generator
) -> np.ndarray:
    """Return the performance of a behaviour (runs, modes) as episodes measure it (runs,); 0 if a run diverged."""
    chi2 = generator.chisquare(episodes, size=len(state)) / episodes
    performance = scored(state, objective, behaviour, read(state, objective).capability, noise=chi2)
    return np.where(state.diverged, 0.0, performance)
