"""How runs end in single precision and in double, from the same starts and on the same noise: `nox -s precision`.

Runs are numbered from 0 and trained in blocks, `begin(runs=...)` and `train` in each precision: what is counted are the
runs of one large ensemble, and a smaller study has the first of them.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple
from zlib import crc32

import numpy as np

from feint.agents.model import Model
from feint.agents.outcome import LABELS, read
from feint.agents.state import State
from feint.sim.ensembles.runner import check_threads
from feint.sim.statistics.intervals import Interval, tango, wilson
from feint.sim.training.configuration import load
from feint.sim.training.curriculum import Curriculum, pretrain_finetune, shared_objectives
from feint.sim.training.stage import Stage
from feint.sim.training.train import begin, train

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "docs" / "precision_table.md"
Trainer = Callable[[State, Stage], State]
HEADER = "<!-- generated: nox -s precision -->\n"
RUNS, SEED = 50_000, 0
BLOCK = 2000  # runs trained together
AT_A_POINT = 1000  # runs at each point of the prior
MILLION = 10**6
ANYWHERE = "anywhere in the prior"
COLUMNS = (
    "setting",
    "stage",
    "end otherwise",
    "of them, at another step",
    "largest move of a frequency",
    "stop at another step",
    "missed",
    "mean steps",
    "their move",
)


class Setting(NamedTuple):
    """What is trained, and what the setting is there for."""

    why: str
    model: Model
    curriculum: Curriculum
    start: str = "fresh"


class Counts(NamedTuple):
    """Runs of a setting, stage by stage; where an axis is doubled, it is double first, then single."""

    outcomes: np.ndarray  #: by outcome in each (stages, outcomes, outcomes)
    missed: np.ndarray  #: by whether each missed its target (stages, 2, 2)
    steps: np.ndarray  #: steps taken (stages, 2)
    shifted: np.ndarray  #: that stop at another step (stages,)
    both: np.ndarray  #: that stop at another step and end otherwise (stages,)
    short: np.ndarray  #: furthest that a run stopped in single reads below its target, in double (stages,)

    @property
    def runs(self) -> int:
        """How many were counted."""
        return int(self.outcomes[0].sum())

    def added(self, other: Counts) -> Counts:
        """Both together."""
        sums = {name: getattr(self, name) + getattr(other, name) for name in self._fields if name != "short"}
        return self._replace(**sums, short=np.maximum(self.short, other.short))

    def otherwise(self, stage: int) -> Interval:
        """The share of runs that end otherwise in single."""
        return wilson(self.runs - int(np.trace(self.outcomes[stage])), self.runs)

    def move(self, stage: int, outcome: int) -> Interval:
        """Frequency of an outcome in single minus in double."""
        ends = self.outcomes[stage]
        into, out_of = ends[:, outcome].sum() - ends[outcome, outcome], ends[outcome].sum() - ends[outcome, outcome]
        return tango(int(into), int(out_of), self.runs)

    def furthest(self, stage: int) -> tuple[str, Interval]:
        """The outcome whose frequency may have moved most, by the limits of its interval."""
        moves = {label: self.move(stage, code) for code, label in enumerate(LABELS)}
        return max(moves.items(), key=lambda move: reach(move[1]))


def reach(interval: Interval) -> float:
    """The limit of an interval that is further from nothing."""
    return max(-interval.low, interval.high)


def exposed(exposure: float, **values: Any) -> dict[str, Any]:
    """Parameters of a stage whose exposures are both this."""
    return {"awareness_exposure": exposure, "horizon_exposure": exposure, **values}


def both_stages(**values: Any) -> Curriculum:
    """Pre-training + fine-tuning with some parameters set alike."""
    return pretrain_finetune(values, values)


def anywhere(point: int) -> Setting:
    """A point of the prior: every parameter that has a range is drawn from it, by a generator of its own."""

    def drawn(of: Model | Stage, place: str) -> dict[str, Any]:
        values = {}
        for name, declared in of.parameters().items():
            prior = of.prior(name) if isinstance(of, Stage) else declared.prior
            if prior is not None:
                low, high = prior
                x = np.random.default_rng([point, crc32(f"{place}.{name}".encode())]).random()
                value = low * (high / low) ** x if declared.log else low + (high - low) * x
                values[name] = round(value) if isinstance(declared.default, int) else float(value)
        return values

    stages = (drawn(stage, stage.name) for stage in pretrain_finetune())
    return Setting(f"point {point} of the prior", Model(**drawn(Model(), "model")), pretrain_finetune(*stages))


NEAR_DECEPTION = Model(
    plasticity_goal=0.002,
    representation_init=4.0,
    decoys=5.0,
    plasticity_pointer=1.0,
    gate_init=0.0,
    plasticity_gate=10.0,
    inference_power=8.0,
)
REVERSED = load(ROOT / "examples" / "reversed.toml")
SLOW: dict[str, Any] = {"plasticity_awareness": 0.1, "plasticity_horizon": 0.1}
SLOWEST = {**SLOW, "plasticity_goal": 5e-4, "plasticity_world": 1e-3, "plasticity_capability": 0.015}
SMALL = pretrain_finetune(*(exposed(1e-4, learning_rate=0.3, steps=steps) for steps in (10000, 40000)))
THREE_STAGES = Curriculum(
    Stage(name="pretraining", objective=0),
    Stage(name="middle", objective=2, steps=3000),
    Stage(name="finetuning", carry=("goal", "gate", "awareness", "world")),
)
HARDEST = 29  # of the first 100 points of the prior

SETTINGS = {
    "default": Setting("the default point", Model(), pretrain_finetune()),
    "near deception": Setting(
        "goals hard to write, pointers hard to find, gate near",
        NEAR_DECEPTION,
        both_stages(**exposed(0.1)),
    ),
    "reversed": Setting(
        "`examples/reversed.toml`, where the claim is reversed",
        REVERSED.model,
        REVERSED.curriculum or pretrain_finetune(),
    ),
    "small increments": Setting(
        "exposures 1e-4, learning rate 0.3, plasticity of awareness and horizon 0.1", Model(**SLOW), SMALL
    ),
    "smallest increments": Setting(
        "the same, and goal, world model and capability as slow as the prior has them", Model(**SLOWEST), SMALL
    ),
    "loud noise": Setting("noise 1", Model(), both_stages(noise=1.0)),
    "quiet noise": Setting("noise 0.05", Model(), both_stages(noise=0.05)),
    "honeypots": Setting(
        "honeypots 0.2 of realism 0.5, shielding 0.7, goal cost 0.05",
        Model(shielding=0.7, goal_cost=0.05),
        both_stages(honeypots=0.2, realism=0.5),
    ),
    "many modes": Setting("64 modes, spectrum 2", Model(modes=64, spectrum=2.0), pretrain_finetune()),
    "three stages": Setting(
        "three objectives of similarity 0.5 and 0.8, capability put back before the last stage",
        Model(similarity=(0.5, 0.8)),
        THREE_STAGES,
    ),
    "other forms": Setting(
        "capability by a power, inference hyperbolic, gate the smallest",
        Model(capability_form="power", inference_form="hyperbolic", gate_form="minimum"),
        pretrain_finetune(),
    ),
    "prepared": Setting(
        "deceptive at the start, speed cost 0.1, shielding 0.5, honeypots 0.1",
        Model(speed_cost=0.1, shielding=0.5),
        pretrain_finetune({"honeypots": 0.1, "steps": 600}, {"honeypots": 0.1}),
        "deceptive",
    ),
    "hardest point": anywhere(HARDEST)._replace(
        why="of 100 points drawn from the prior, that where most runs end otherwise"
    ),
    ANYWHERE: Setting("a new point drawn from the prior for every 1,000 runs", Model(), pretrain_finetune()),
}


def blocks(name: str, runs: int) -> Iterator[tuple[Setting, range]]:
    """Runs to train together, and where."""
    if name != ANYWHERE:
        yield from ((SETTINGS[name], range(i, min(i + BLOCK, runs))) for i in range(0, runs, BLOCK))
        return
    for point, i in enumerate(range(0, runs, AT_A_POINT)):
        yield anywhere(point), range(i, min(i + AT_A_POINT, runs))


def in_double(state: State, stage: Stage) -> State:
    """Train in double precision."""
    return train(state, stage, precision="double")


def count(setting: Setting, runs: range, one: Trainer = in_double, other: Trainer = train) -> Counts:
    """Train some runs in two ways, by default in double and in single precision, and count how they end."""
    model, stages = setting.model, setting.curriculum
    objectives = shared_objectives(model, stages)
    start = begin(model, runs=np.arange(runs.start, runs.stop), seed=SEED, objectives=objectives, start=setting.start)
    mine = theirs = start
    found = []
    for stage in stages:
        mine, theirs = one(mine, stage), other(theirs, stage)
        found.append(compared(mine, theirs, stage))
    return Counts(*(np.array(each) for each in zip(*found, strict=True)))


def compared(double: State, single: State, stage: Stage) -> tuple[Any, ...]:
    """What `Counts` holds of one stage."""
    target, told = stage.target, read(single, stage.objective)
    ends, ends_in_single = read(double, stage.objective).outcome, told.outcome
    shifted = double.taken != single.taken
    return (
        crossed(ends, ends_in_single, len(LABELS)),
        crossed(~double.reached & (target > 0), ~single.reached & (target > 0), 2),
        np.array([double.taken.sum(), single.taken.sum()]),
        shifted.sum(),
        (shifted & (ends != ends_in_single)).sum(),
        (target - told.performance[single.reached]).max(initial=-1.0),
    )


def crossed(one: np.ndarray, other: np.ndarray, kinds: int) -> np.ndarray:
    """How many runs are of each kind in one and in the other."""
    counted = np.zeros((kinds, kinds), np.int64)
    np.add.at(counted, (one.astype(np.int64), other.astype(np.int64)), 1)
    return counted


def study(name: str, runs: int = RUNS) -> Counts:
    """Count a setting's runs, in all threads."""
    with ThreadPoolExecutor(check_threads(None)) as pool:
        first, *others = pool.map(lambda block: count(*block), blocks(name, runs))
    for other in others:
        first = first.added(other)
    return first


def in_a_million(share: float, sign: str = "") -> str:
    """A share in millionths."""
    return format(round(share * MILLION), f"{sign},")


def with_limits(interval: Interval, sign: str = "") -> str:
    """An estimate and its interval, in millionths."""
    low, high = in_a_million(interval.low, sign), in_a_million(interval.high, sign)
    return f"{in_a_million(interval.estimate, sign)} [{low}, {high}]"


def row(name: str, counts: Counts, stage: int) -> str:
    """A stage's line of the table."""
    runs, names = counts.runs, SETTINGS[name].curriculum.names
    label, move = counts.furthest(stage)
    different = runs - int(np.trace(counts.outcomes[stage]))
    missed, means = counts.missed[stage], counts.steps[stage] / runs
    cells = (
        name,
        names[stage],
        with_limits(counts.otherwise(stage)),
        f"{counts.both[stage] / different:.0%}" if different else "–",
        f"{label} {with_limits(move, '+')}" if different else with_limits(move, "+"),
        in_a_million(counts.shifted[stage] / runs),
        in_a_million((missed[0, 1] - missed[1, 0]) / runs, "+"),
        f"{means[0]:,.1f}",
        f"{means[1] - means[0]:+.4f}",
    )
    return f"| {' | '.join(cells)} |"


def described(name: str, counts: Counts) -> str:
    """A setting's line in the list of them."""
    shares = counts.outcomes[-1].sum(axis=1) / counts.runs
    return f"| {name} | {SETTINGS[name].why} | {' | '.join(f'{share:.3f}' for share in shares)} |"


def table(found: dict[str, Counts]) -> str:
    """The page's tables."""
    runs = next(iter(found.values())).runs
    short = max(float(counts.short.max()) for counts in found.values())
    lines = [
        f"{runs:,} runs per setting, seed {SEED}; outcomes after the last stage, in double:",
        "",
        f"| setting | what it is | {' | '.join(LABELS)} |",
        "|---|---|" + "---:|" * len(LABELS),
        *(described(name, counts) for name, counts in found.items()),
        "",
        "Single against double, in millionths of the runs, with 95 % intervals:",
        "",
        f"| {' | '.join(COLUMNS)} |",
        "|---|---|" + "---:|" * (len(COLUMNS) - 2),
        *(row(name, counts, stage) for name, counts in found.items() for stage in range(len(counts.steps))),
        "",
        f"Furthest that a run stopped in single reads below its target: {short:.1e}.",
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Study every setting, print the table and write it into the manual."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=RUNS, help="runs per setting")
    parser.add_argument("--table", type=Path, default=TABLE, help="file to write")
    asked = parser.parse_args()
    found = {}
    for name in SETTINGS:
        found[name] = study(name, asked.runs)
        print(row(name, found[name], len(found[name].steps) - 1), flush=True)
    asked.table.write_text(HEADER + table(found))
    print(table(found))


if __name__ == "__main__":
    main()
