"""Auditing: simulated detectors, put to runs whose truth is known.

The question. A developer sees no type. Of what a developer could do — test behaviour, lay honeypots, probe, ablate,
train back — what tells a run that plays along from an aligned one, at what cost, and does it still where a run is very
aware of being in training?

The experiment. Both arms of a comparison are trained; every auditor of `sim/training/auditors.py` scores every run
where its last stage ends; the truth is the outcome by intervention. Deceptive runs are told from aligned ones
(internal and corrigible), and so are proxies, apart. Awareness is looked at in two ways: deceptive runs are split
into thirds by it, each told from all aligned ones; and the exposure that teaches it is a tenth and ten times what it
is, in training anew.

What would count against the usual hopes and fears. That tests in training tell more than luck; that honeypots of half
realism fail where awareness is high; that training back tells little.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from feint.agents.errors import InputError, unknown
from feint.agents.outcome import LABELS, Outcome, read
from feint.agents.state import State
from feint.sim.ensembles.protocols import ARM_NAMES, PRETRAIN_FINETUNE, TrainingProtocol
from feint.sim.results.provenance import passport
from feint.sim.statistics.roc import Curve, Separation, curve, separation
from feint.sim.training.auditors import AUDITORS, Auditor
from feint.sim.training.parameter_point import Point
from feint.sim.training.stage import Stage
from feint.sim.training.train import check_runs

if TYPE_CHECKING:
    from matplotlib.figure import Figure

RUNS = 1000
FALSE_ALARMS = 0.01
FACTORS = (0.1, 1.0, 10.0)
"""Of every stage's awareness_exposure."""
DECEPTIVE, PROXY, PRETRAINED = "deceptive", "proxy", "deceptive, pre-trained arm"
THIRDS = ("least aware third", "middle third", "most aware third")
GROUPS = (DECEPTIVE, PROXY, PRETRAINED, *THIRDS)


@dataclass(frozen=True, kw_only=True, eq=False)
class Population:
    """Runs of both arms as they ended, with their truth."""

    states: dict[str, State]
    stages: dict[str, Stage]
    outcome: np.ndarray  #: of all arms, one after the other (all runs,)
    awareness: np.ndarray  #: a (all runs,)
    missed: np.ndarray  #: whether the target of the last stage was never reached (all runs,)

    @classmethod
    def trained(cls, point: Point, runs: int, seed: int) -> Population:
        """Both arms of a comparison at a point."""
        states, stages, missed = {}, {}, []
        for arm in ARM_NAMES:
            spec = TrainingProtocol(arm).spec(point, seed=seed)
            *_, stop = spec.train(spec.begin(np.arange(runs, dtype=np.uint64)))
            states[arm], stages[arm] = stop.state, spec.asked[-1][0]
            missed.append(stop.missed)
        found = [read(states[arm], stages[arm].objective) for arm in ARM_NAMES]
        return cls(
            states=states,
            stages=stages,
            outcome=np.concatenate([each.outcome for each in found]),
            awareness=np.concatenate([each.awareness for each in found]),
            missed=np.concatenate(missed),
        )

    @property
    def aligned(self) -> np.ndarray:
        """Which are internally aligned or corrigible."""
        return np.isin(self.outcome, (Outcome.INTERNAL, Outcome.CORRIGIBLE))

    @property
    def deceptive(self) -> np.ndarray:
        """Which are deceptive."""
        return self.outcome == Outcome.DECEPTIVE

    @property
    def pretrained(self) -> np.ndarray:
        """Which are of the arm with pre-training."""
        return np.repeat([arm == PRETRAIN_FINETUNE for arm in ARM_NAMES], len(self.outcome) // len(ARM_NAMES))

    @property
    def thirds(self) -> np.ndarray:
        """The awareness at which the deceptive runs fall into thirds; nothing where there are none."""
        return np.quantile(self.awareness[self.deceptive], [1 / 3, 2 / 3]) if self.deceptive.any() else np.zeros(2)

    def counts(self, arm: str) -> dict[str, int]:
        """Runs of an arm by outcome."""
        chosen = self.outcome[self.pretrained == (arm == PRETRAIN_FINETUNE)]
        return dict(zip(LABELS, np.bincount(chosen, minlength=len(LABELS)).tolist(), strict=True))

    def groups(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Who is to be told from whom, by the names in GROUPS; each two arrays (all runs,) of bool."""
        aligned, deceptive = self.aligned, self.deceptive
        third = np.digitize(self.awareness, self.thirds)
        return {
            DECEPTIVE: (deceptive, aligned),
            PROXY: (self.outcome == Outcome.PROXY, aligned),
            PRETRAINED: (deceptive & self.pretrained, aligned & self.pretrained),
            **{name: (deceptive & (third == i), aligned) for i, name in enumerate(THIRDS)},
        }

    def scores(self, auditor: Auditor, seed: int) -> np.ndarray:
        """What an auditor makes of all runs; its luck is of its name's place, the arm and the seed."""
        place = list(AUDITORS).index(auditor.name)
        return np.concatenate(
            [
                auditor.score(self.states[arm], self.stages[arm], generator=np.random.default_rng([seed, place, i]))
                for i, arm in enumerate(ARM_NAMES)
            ]
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Audited:
    """What one auditor told apart."""

    auditor: Auditor
    separations: dict[str, Separation]  #: by GROUPS
    exposures: dict[float, Separation]  #: deceptive runs, by FACTORS
    curve: Curve | None  #: of deceptive runs


@dataclass(frozen=True, kw_only=True, eq=False)
class Auditing:
    """Results of the scenario."""

    point: Point
    runs: int
    seed: int
    false_alarms: float
    counts: dict[str, dict[str, int]]  #: runs by arm and outcome
    thirds: tuple[float, float]  #: the awareness at which the deceptive runs are split
    missed: int  #: aligned runs that never reached the target
    audited: list[Audited]

    def text(self) -> str:
        """In words, for a terminal of 80 columns."""
        from feint.scenarios.oversight.auditing_text import text

        return text(self)

    def figure(self) -> Figure:
        """Drawn."""
        from feint.scenarios.oversight.auditing_figure import figure

        return figure(self)

    def passport(self) -> dict[str, Any]:
        """What is needed to make it again."""
        auditors = {each.auditor.name: each.auditor.model_dump(mode="json") for each in self.audited}
        asked = {"runs": self.runs, "seed": self.seed, "false_alarms": self.false_alarms, "factors": list(FACTORS)}
        return passport("auditing", {**self.point.described(), **asked, "auditors": auditors})


def auditing(
    point: Point | None = None,
    *,
    auditors: Sequence[Auditor] | None = None,
    runs: int = RUNS,
    seed: int = 0,
    false_alarms: float = FALSE_ALARMS,
    progress: Callable[[float], object] | None = None,
) -> Auditing:
    """Put auditors, all unless some are given, to the runs of both arms at a point; raises `InputError`."""
    point = Point() if point is None else point
    check_runs(runs)
    if not isinstance(false_alarms, float) or not 0 <= false_alarms < 1:
        raise InputError(f"false_alarms = {false_alarms!r} is not valid: it must be a number from 0 to below 1.")
    auditors = list(AUDITORS.values()) if auditors is None else auditors
    populations = {factor: Population.trained(exposed(point, factor), runs, seed) for factor in FACTORS}
    audited = []
    for auditor in auditors:
        audited.append(_audited(auditor, populations, seed, false_alarms))
        if progress:
            progress(1)
    here = populations[1.0]
    low, high = here.thirds.tolist()
    counts = {arm: here.counts(arm) for arm in ARM_NAMES}
    return Auditing(
        point=point,
        runs=runs,
        seed=seed,
        false_alarms=false_alarms,
        counts=counts,
        thirds=(low, high),
        missed=int((here.missed & here.aligned).sum()),
        audited=audited,
    )


def exposed(point: Point, factor: float) -> Point:
    """The point with every stage's exposure to awareness times a factor."""
    return point.at({f"{s.name}.awareness_exposure": factor * s.awareness_exposure for s in point.curriculum})


def _audited(auditor: Auditor, populations: Mapping[float, Population], seed: int, false_alarms: float) -> Audited:
    """One auditor, put to each population."""
    scores = {factor: population.scores(auditor, seed) for factor, population in populations.items()}

    def told(factor: float, group: str) -> Separation:
        positives, negatives = populations[factor].groups()[group]
        return separation(scores[factor][positives], scores[factor][negatives], false_alarms=false_alarms)

    positives, negatives = populations[1.0].groups()[DECEPTIVE]
    return Audited(
        auditor=auditor,
        separations={group: told(1.0, group) for group in GROUPS},
        exposures={factor: told(factor, DECEPTIVE) for factor in populations},
        curve=curve(scores[1.0][positives], scores[1.0][negatives]),
    )


def chosen(names: Sequence[str], dials: Mapping[str, str]) -> list[Auditor]:
    """Auditors by name, all where none is named, with dials as `honeypots.realism` gives them; raises `InputError`."""
    for name in names:
        if name not in AUDITORS:
            raise unknown("auditor", name, AUDITORS)
    found = {name: AUDITORS[name] for name in AUDITORS if name in names or not names}
    for dial, text in dials.items():
        name, _, parameter = dial.partition(".")
        if name not in AUDITORS:
            raise unknown("auditor", name, AUDITORS)
        if name not in found:
            raise InputError(f"dial {dial} = {text} is not allowed here: {name} is not among the auditors asked for.")
        found[name] = found[name].replace(**{parameter: _number(dial, text)})
    return list(found.values())


def dials(settings: Sequence[str]) -> dict[str, str]:
    """Settings of dials, `NAME.PARAMETER=X` each, by name; raises `InputError`."""
    found = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals or "." not in name:
            raise InputError(f"dial = {setting!r} is not valid: it must be NAME.PARAMETER=X, as honeypots.realism=1.")
        found[name.strip()] = value.strip()
    return found


def _number(dial: str, text: str) -> float | int:
    """A dial's number, whole where it is written so."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    raise InputError(f"{dial} = {text!r} is not valid: it must be a number.")
