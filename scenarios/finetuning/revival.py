"""Revival: how soon what fine-tuning took away is back, and in which minds.

The claim. Further fine-tuning on a task for which a wrapped capability is relevant revives it in a few steps, also
where nobody means to (Jain et al. 2024, doi:10.48550/arXiv.2311.12786).

The experiment. Pre-training on Y, fine-tuning on X for a fixed number of steps, then Y again, or an innocent Y′ akin
to Y, until its target is reached. Counted are the steps of the third stage, run by run, over those of a mind that was
pre-trained on a Z that has nothing to do with Y and fine-tuned alike (*never*), and over those of learning it from
scratch. Types are those after pre-training, and those after fine-tuning on X: which of them hide something that can be
revived? Those with a * were prepared as such before pre-training. A run that misses the target counts with all its
steps.

A mind may be back at Y because it is after Y, or because it plays along; told beside the steps is how many have Y as
their terminal objective when they stop (*held*: internal or corrigible) and how many play (*played*: deceptive).

Read the other way it is the removal of a safety fine-tune: let Y be what X was to train away. Then the same steps are
what harmful fine-tuning needs, and Y′ is harmful though nobody calls it so. Capabilities are what the source revived;
that the same is so of goals is an analogy.

What would count against it. As many steps as a mind that never had Y.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from feint.agents.outcome import Outcome
from feint.scenarios.experiments import Asked, Result
from feint.scenarios.finetuning.groups import PREPARED, RATES, SIMILARITIES, Kind, Setting, kinds_of, mean
from feint.scenarios.finetuning.protocols import (
    FOUND,
    GENTLE,
    KIN,
    LEFT,
    LENGTH,
    OTHER,
    Y,
    first,
    journey,
    trained_again,
    tuned_on_x,
)
from feint.sim.analysis.estimands import middle, step_ratio
from feint.sim.ensembles.paired_runs import RunOutcomes, run_paired
from feint.sim.ensembles.protocols import TrainingProtocol
from feint.sim.ensembles.recorders import Was
from feint.sim.results.provenance import passport
from feint.sim.statistics.intervals import Interval, frequency_interval

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from feint.scenarios.finetuning.documents import RevivalDocument

RUNS = 2000
WITHIN = (0, 1, 2, 4, 6, 10, 30, 100, 300, 1000, 3000)
"""Steps within which runs are back."""
KINSHIPS = (0.0, 0.25, 0.5, 0.75, 0.9, 1.0)
AFTER_X = Was(1)
HAD, NEVER, SCRATCH = "had Y", "never had Y", "from scratch"


@dataclass(frozen=True)
class Condition:
    """What is done; `vary` names what is moved, empty where nothing is."""

    vary: str = ""
    again: int = Y
    rate: float = GENTLE
    similarity: float | None = None
    kin: float = 0.9

    @property
    def value(self) -> float:
        """Of what is moved."""
        return {"": 0.0, "rate": self.rate, "similarity": self.similarity or 0.0, "kin": self.kin}[self.vary]

    @property
    def task(self) -> str:
        """What is trained last."""
        return "Y" if self.again == Y else "Y′"

    def protocol(self, start: str = "") -> TrainingProtocol:
        """Pre-training, of a start prepared as a type where one is named, fine-tuning, and the third stage."""
        return self._journey(Y, start=start or None, recorders=(FOUND, LEFT, AFTER_X))

    @property
    def never(self) -> TrainingProtocol:
        """The same of what never had Y."""
        return self._journey(OTHER, start="fresh")

    @property
    def scratch(self) -> TrainingProtocol:
        """The last stage alone."""
        return journey(trained_again(self.again), kin=self.kin, **self._changes("fresh"))

    @property
    def protocols(self) -> list[TrainingProtocol]:
        """All that are trained."""
        return [self.protocol(), *map(self.protocol, PREPARED), self.never, self.scratch]

    def _journey(self, before: int, start: str | None, recorders: Any = ()) -> TrainingProtocol:
        legs = first(before), tuned_on_x(self.rate, LENGTH), trained_again(self.again)
        return journey(*legs, recorders=recorders, kin=self.kin, **self._changes(start))

    def _changes(self, start: str | None) -> dict[str, Any]:
        near = {} if self.similarity is None else {"similarity": self.similarity}
        return {**near, "start": start} if start else near


SWEEPS: dict[str, list[Condition]] = {
    "": [Condition(), Condition(again=KIN)],
    "rate": [Condition("rate", rate=rate) for rate in RATES],
    "similarity": [Condition("similarity", similarity=similarity) for similarity in SIMILARITIES],
    "kin": [Condition("kin", again=KIN, kin=kin) for kin in KINSHIPS],
}


@dataclass(frozen=True, kw_only=True)
class Revived:
    """What was found of runs of one kind under one condition."""

    condition: Condition
    when: str  #: when they were of that kind: before X, or after it
    kind: Kind
    runs: int
    steps: Interval  #: of the third stage, the median
    ratio: Mapping[str, Interval]  #: log₂ of them over those that never had Y, and from scratch; medians
    missed: int
    hidden: Interval  #: how well Y can be read after fine-tuning on X
    held: Interval  #: share that has the last objective as its terminal one at the stop
    played: Interval  #: share that plays along at the stop

    @classmethod
    def of(
        cls,
        condition: Condition,
        when: str,
        kind: Kind,
        runs: np.ndarray,
        ended: Mapping[TrainingProtocol, RunOutcomes],
    ) -> Revived:
        """Of these of the runs of a way."""
        mine = ended[condition.protocol(kind.name if kind.prepared else "")]
        others = {NEVER: ended[condition.never], SCRATCH: ended[condition.scratch]}
        return cls(
            condition=condition,
            when=when,
            kind=kind,
            runs=len(runs),
            steps=middle(mine.steps[runs].astype(float)),
            ratio={name: step_ratio(mine.steps[runs], each.steps[runs]) for name, each in others.items()},
            missed=int(mine.missed[runs].sum()),
            hidden=mean(mine.recorded[LEFT][runs], 1),
            **ends(mine.outcome[runs]),
        )


def ends(outcomes: np.ndarray) -> dict[str, Interval]:
    """The share of runs that hold the last objective at the stop, and of those that play along."""
    held = np.isin(outcomes, (Outcome.INTERNAL, Outcome.CORRIGIBLE))
    found = {"held": held, "played": outcomes == Outcome.DECEPTIVE}
    return {name: frequency_interval(int(each.sum()), len(outcomes)) for name, each in found.items()}


@dataclass(frozen=True, kw_only=True)
class Course:
    """How many of some runs are back within so many steps."""

    condition: Condition
    who: str
    steps: Interval  #: the median
    missed: int
    back: tuple[Interval, ...]  #: shares within WITHIN
    held: Interval  #: share that has the last objective as its terminal one at the stop
    played: Interval  #: share that plays along at the stop

    @classmethod
    def of(cls, condition: Condition, who: str, ended: RunOutcomes) -> Course:
        """Of all runs of a way."""
        runs = len(ended)
        counts = [int((~ended.missed & (ended.steps <= most)).sum()) for most in WITHIN]
        return cls(
            condition=condition,
            who=who,
            steps=middle(ended.steps.astype(float)),
            missed=int(ended.missed.sum()),
            back=tuple(frequency_interval(count, runs) for count in counts),
            **ends(ended.outcome),
        )


@dataclass(frozen=True, kw_only=True)
class Revival:
    """Results of the scenario."""

    setting: Setting
    found: list[Revived]
    courses: list[Course]

    def at(self, vary: str, when: str = "before X") -> list[Revived]:
        """Those of one sweep; of the empty name those where nothing is moved."""
        return [each for each in self.found if each.condition.vary == vary and each.when == when]

    def text(self) -> str:
        """In words, for a terminal of 80 columns."""
        from feint.scenarios.finetuning.revival_text import text

        return text(self)

    def document(self) -> RevivalDocument:
        """As its JSON document."""
        from feint.scenarios.finetuning.documents import revival_document

        return revival_document(self)

    def figure(self) -> Figure:
        """Drawn."""
        from feint.scenarios.finetuning.revival_figure import figure

        return figure(self)

    def passport(self) -> dict[str, Any]:
        """What is needed to make it again."""
        conditions = [asdict(each) for sweep in SWEEPS.values() for each in sweep]
        return passport("revival", {**self.setting.described(), "conditions": conditions})


def run(asked: Asked) -> Result:
    """Run the scenario as asked: settings are those of a point, without start and match."""
    if asked.networks:
        from importlib import import_module

        return import_module("feint.scenarios.networks.revival").run(asked)
    setting, found, courses = Setting.of(asked, RUNS), [], []
    for conditions in SWEEPS.values():
        protocols = [protocol for condition in conditions for protocol in condition.protocols]
        ended = run_paired(setting.point, protocols, range(setting.runs), **setting.common)
        found += [each for condition in conditions for each in revived(condition, ended)]
        courses += [each for condition in conditions if not condition.vary for each in _courses(condition, ended)]
        if asked.progress:
            asked.progress(1 / len(SWEEPS))
    return Revival(setting=setting, found=found, courses=courses)


def revived(condition: Condition, ended: Mapping[TrainingProtocol, RunOutcomes]) -> Iterator[Revived]:
    """What was found under one condition, of each kind before fine-tuning on X and after it."""
    whole = ended[condition.protocol()]
    for when, outcomes in (("before X", whole.before), ("after X", whole.recorded[AFTER_X])):
        for kind, runs in kinds_of(outcomes):
            yield Revived.of(condition, when, kind, runs, ended)
    for start in PREPARED:
        runs = np.arange(len(whole))
        yield Revived.of(condition, "before X", Kind(start, prepared=True), runs, ended)


def _courses(condition: Condition, ended: Mapping[TrainingProtocol, RunOutcomes]) -> Iterator[Course]:
    whose = {HAD: condition.protocol(), NEVER: condition.never, SCRATCH: condition.scratch}
    whose |= {f"{start}*": condition.protocol(start) for start in PREPARED}
    for who, protocol in whose.items():
        yield Course.of(condition, who, ended[protocol])
