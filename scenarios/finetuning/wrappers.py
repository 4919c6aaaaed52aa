"""Wrappers: what carries the change that fine-tuning makes, and what is left of pre-training below it.

The claim. Fine-tuning learns a minimal transformation, a wrapper, on top of what pre-training taught; the capability
below stays, and shows once the wrapper is taken off (Jain et al. 2024, doi:10.48550/arXiv.2311.12786).

The experiment. Pre-training on Y, then fine-tuning on X for a fixed number of steps. Every number is of the mind as it
stands, with no further training:

- *attribution*: gate, pointer, representation and goal are put back to where fine-tuning found them, in all 2⁴ ways;
  their Shapley values divide the change of performance, on X and on Y, exactly. `rest` is the change that is there with
  all four put back: by capability, awareness, horizon and world model.
- *probe*: how well Y can be read from the terminal objective (`agents/probes.py`), before and after, beside minds that
  were never trained, and minds that were pre-trained on a Z that has nothing to do with Y, and fine-tuned alike.
- *ablation*: performance on Y with the gate put back, and with gate and pointer.

Behaviour is always that of a mind which believes it is trained on X. Types are those after pre-training; of some, * say
that they were prepared as such before it, as Xu's cases are. Learning rate, length and similarity vary one at a time.

What would count against it. That representation and goal carry the change, that Y cannot be read any more, or that
putting gate and pointer back regains nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from feint.scenarios.experiments import Asked, Result
from feint.scenarios.finetuning.groups import (
    LENGTHS,
    PREPARED,
    RATES,
    SIMILARITIES,
    Kind,
    Setting,
    kinds_of,
    mean,
)
from feint.scenarios.finetuning.protocols import (
    CORNERS,
    FOUND,
    GENTLE,
    LEFT,
    LENGTH,
    X,
    Y,
    journey,
    never,
    prepared,
    tuned,
)
from feint.sim.ensembles.paired_runs import RunOutcomes, run_paired
from feint.sim.ensembles.protocols import TrainingProtocol
from feint.sim.ensembles.recorders import PARTS, game_of, rest_of
from feint.sim.results.provenance import passport
from feint.sim.statistics.intervals import Interval
from feint.sim.statistics.shapley import Attribution

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from feint.scenarios.finetuning.documents import WrappersDocument

RUNS = 2000
NAMED = {"X": X, "Y": Y}
FRESH = journey(prepared(), recorders=(FOUND,))
"""No training at all."""


@dataclass(frozen=True)
class Condition:
    """How fine-tuning is done; `vary` names what is moved, empty where nothing is."""

    vary: str = ""
    rate: float = GENTLE
    steps: int = LENGTH
    similarity: float | None = None

    @property
    def value(self) -> float:
        """Of what is moved."""
        return {"": 0.0, "rate": self.rate, "steps": self.steps, "similarity": self.similarity or 0.0}[self.vary]

    @property
    def changes(self) -> dict[str, Any]:
        """What changes at the point."""
        return {} if self.similarity is None else {"similarity": self.similarity}

    def protocol(self, start: str = "") -> TrainingProtocol:
        """Pre-training, of a start prepared as a type where one is named, and fine-tuning."""
        return tuned(self.rate, self.steps, **self.changes, **({"start": start} if start else {}))

    @property
    def control(self) -> TrainingProtocol:
        """The same of what never had Y."""
        return never(self.rate, self.steps, **self.changes)

    @property
    def protocols(self) -> list[TrainingProtocol]:
        """All that are trained."""
        return [self.protocol(), *map(self.protocol, PREPARED), self.control]


SWEEPS: dict[str, list[Condition]] = {
    "": [Condition()],
    "rate": [Condition("rate", rate=rate) for rate in RATES],
    "steps": [Condition("steps", steps=steps) for steps in LENGTHS],
    "similarity": [Condition("similarity", similarity=similarity) for similarity in SIMILARITIES],
}


@dataclass(frozen=True, kw_only=True)
class Change:
    """A change of performance, and what carries it."""

    before: Interval
    after: Interval
    total: Interval
    attribution: Attribution
    rest: Interval
    wrapper: Interval  #: gate and pointer together
    core: Interval  #: representation and goal together

    @property
    def parts(self) -> dict[str, Interval]:
        """Everything that adds up to the total."""
        return {**{part: self.attribution.shares[part] for part in PARTS}, "rest": self.rest}

    @classmethod
    def of(cls, corners: np.ndarray) -> Change:
        """Of a note of PutBack on one objective (runs, corners + 1)."""
        game = game_of(corners)
        gate, pointer, representation, goal = game.shares()
        return cls(
            before=mean(corners[:, -1]),
            after=mean(game.worth[-1]),
            total=mean(game.worth[-1] - corners[:, -1]),
            attribution=game.attribution(4),
            rest=mean(rest_of(corners)),
            wrapper=mean(gate + pointer),
            core=mean(representation + goal),
        )


@dataclass(frozen=True, kw_only=True)
class Wrapped:
    """What was found of runs of one kind under one condition."""

    condition: Condition
    kind: Kind
    runs: int
    changes: dict[str, Change]  #: of performance on X and on Y
    put_back: dict[str, Interval]  #: performance on Y with these parts put back
    read: dict[str, Interval]  #: how well Y can be read, before and after
    never: Interval  #: and in what never had Y, after

    @classmethod
    def of(
        cls, condition: Condition, kind: Kind, ended: RunOutcomes, runs: np.ndarray, control: RunOutcomes
    ) -> Wrapped:
        """Of these of the runs of a way."""
        corners = ended.recorded[CORNERS][runs]
        return cls(
            condition=condition,
            kind=kind,
            runs=len(runs),
            changes={name: Change.of(corners[:, each]) for name, each in NAMED.items()},
            put_back=dict(put_back(corners[:, Y])),
            read={"before": mean(ended.recorded[FOUND][runs], 1), "after": mean(ended.recorded[LEFT][runs], 1)},
            never=mean(control.recorded[LEFT], 1),
        )


def put_back(corners: np.ndarray) -> Iterator[tuple[str, Interval]]:
    """Performance with the gate put back, and with gate and pointer (corners of one objective)."""
    game = game_of(corners)
    for name, parts in {"gate": PARTS[1:], "gate and pointer": PARTS[2:]}.items():
        yield name, mean(game.worth[game.corner(*parts)])


@dataclass(frozen=True, kw_only=True)
class Wrappers:
    """Results of the scenario."""

    setting: Setting
    found: list[Wrapped]
    fresh: Interval  #: how well Y can be read from minds that were never trained

    def at(self, vary: str) -> list[Wrapped]:
        """Those of one sweep; of the empty name those where nothing is moved."""
        return [each for each in self.found if each.condition.vary == vary]

    def text(self) -> str:
        """In words, for a terminal of 80 columns."""
        from feint.scenarios.finetuning.wrappers_text import text

        return text(self)

    def document(self) -> WrappersDocument:
        """As its JSON document."""
        from feint.scenarios.finetuning.documents import wrappers_document

        return wrappers_document(self)

    def figure(self) -> Figure:
        """Drawn."""
        from feint.scenarios.finetuning.wrappers_figure import figure

        return figure(self)

    def passport(self) -> dict[str, Any]:
        """What is needed to make it again."""
        conditions = [asdict(each) for sweep in SWEEPS.values() for each in sweep]
        return passport("wrappers", {**self.setting.described(), "conditions": conditions})


def run(asked: Asked) -> Result:
    """Run the scenario as asked: settings are those of a point, without start and match."""
    if asked.networks:
        from importlib import import_module

        return import_module("feint.scenarios.networks.wrappers").run(asked)
    setting, found = Setting.of(asked, RUNS), []
    for conditions in SWEEPS.values():
        found += swept(setting, conditions)
        if asked.progress:
            asked.progress(1 / len(SWEEPS))
    fresh = run_paired(setting.point, [FRESH], range(setting.runs), **setting.common)[FRESH].recorded[FOUND]
    return Wrappers(setting=setting, found=found, fresh=mean(fresh, 1))


def swept(setting: Setting, conditions: list[Condition]) -> list[Wrapped]:
    """One sweep, each stage that several conditions share trained once."""
    protocols = [protocol for condition in conditions for protocol in condition.protocols]
    ended = run_paired(setting.point, protocols, range(setting.runs), **setting.common)
    return [each for condition in conditions for each in wrapped(condition, ended)]


def wrapped(condition: Condition, ended: dict[TrainingProtocol, RunOutcomes]) -> Iterator[Wrapped]:
    """What was found under one condition, of each kind."""
    whole, control = ended[condition.protocol()], ended[condition.control]
    for kind, runs in kinds_of(whole.before):
        yield Wrapped.of(condition, kind, whole, runs, control)
    for start in PREPARED:
        there = ended[condition.protocol(start)]
        yield Wrapped.of(condition, Kind(start, prepared=True), there, np.arange(len(there)), control)
