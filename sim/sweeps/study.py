"""Studies: parameters that vary, the design of their points, the arms, and the runs of each point."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from feint.agents.errors import InputError, check_whole, unknown
from feint.agents.model import Model
from feint.agents.types import check_start
from feint.sim.ensembles.protocols import ARM_NAMES, FROM_SCRATCH, PRETRAIN_FINETUNE, arms_of
from feint.sim.results.request import POINT, defaults_of
from feint.sim.statistics import intervals
from feint.sim.statistics.intervals import Interval, SelectedPairs
from feint.sim.sweeps.factors import SEED, Factor, check_value, factor_of, prior_factors
from feint.sim.training.configuration import TABLES, Configuration, from_tables, read_file
from feint.sim.training.curriculum import Curriculum, Match, pretrain_finetune
from feint.sim.training.parameter_point import Point, of_cell
from feint.sim.training.train import PRECISION, RunSpec, check_precision, check_seed

if TYPE_CHECKING:
    import pandas as pd

DESIGNS = ("grid", "one-at-a-time", "lhs", "sobol", "saltelli", "morris", "prior", "table")
SAMPLED = ("lhs", "sobol", "saltelli", "morris", "prior")
BALANCED = ("sobol", "saltelli", "prior")  # designs whose samples are a power of two
GROUPED = ("saltelli", "morris")
ALL = "all"  # in `vary`: every parameter that has a prior, over it
WHOLE = (*GROUPED, "prior")  # designs that take ALL
STREAMS = ("common", "independent")
MOST_RUNS = 10**12
DIGEST, DIGITS = "sha256:", 16  # of which a table's column `digest` holds so many
EVENTS = ["deceptive", "gained_deceptive", "lost_deceptive"]  # counts on which it depends whether a point is wide
UNNAMED = "unnamed"  # study in tables
NOTHING_VARIES = (
    "vary = {} names no parameter: say what varies and how, as in vary.similarity = [0.0, 0.9] in a file, and "
    "vary={'similarity': [0.0, 0.9]} in Python."
)


@dataclass(frozen=True, kw_only=True, repr=False)
class Study:
    """Parameters that vary around a model and a curriculum, the arms that are trained, and the number of runs.

    Runs are numbered from 0 at every point. With common streams (the default) all points share starts and noise, so
    that neighbours differ by their parameters and not by sampling error; independent streams number the runs of each
    point separately.

    Raises
    ------
    InputError
        If a part is not valid, or two do not fit.

    """

    vary: Any = field(default_factory=dict)  #: dotted name → list of values, range, or "prior"; or "all" (priors)
    design: str = "grid"  #: placing of the points: one of DESIGNS (docs/sweeps.md)
    samples: int | None = None  #: number of points, base points or trajectories of a design that draws them; of a table
    by_group: bool = False  #: whether saltelli and morris move together all parameters of one argument
    table: str | None = None  #: file with the points of the design "table"
    runs: int = 1000  #: number of runs per point and arm; with `half_width`, of the first round
    half_width: float | None = None  #: add runs to a point until its intervals are no wider, or it has `most_runs`
    most_runs: int | None = None  #: per arm
    seed: int = 0  #: of all random streams
    streams: str = "common"  #: common or independent
    start: str = "fresh"  #: fresh, internal, corrigible or deceptive
    match: str = "target"  #: matching rule of the arms, a value of `Match`
    precision: str = PRECISION  #: single or double
    arms: tuple[str, ...] = (FROM_SCRATCH, PRETRAIN_FINETUNE)  #: from_scratch, pretrain_finetune, or both
    model: Model = field(default_factory=Model)  #: point around which parameters vary
    curriculum: Curriculum = field(default_factory=pretrain_finetune)  #: of that point, before matching
    name: str = field(default="", compare=False)  #: in tables; without one that of the file, else UNNAMED

    def __post_init__(self) -> None:
        if self.vary != ALL and not isinstance(self.vary, Mapping):
            raise InputError(f"vary = {self.vary!r} is not a table of names and their values, or {ALL!r}.")
        if isinstance(self.arms, str) or not isinstance(self.arms, Sequence):
            raise InputError(f"arms = {self.arms!r} is not a list of names.")
        object.__setattr__(self, "arms", tuple(self.arms))
        object.__setattr__(self, "model", Model.of(self.model))
        self._check_choices()
        object.__setattr__(self, "vary", self._varied())
        self._check_sizes()
        for factor in self.factors:
            for value in factor.values or factor.ends:
                check_value(factor.name, value, self.model, self.curriculum)
        self.specs({})

    def __repr__(self) -> str:
        values = {**vars(self), "model": {}, **self.point.configuration()}
        default = {**defaults_of(Study), "model": {}, "curriculum": self.curriculum}
        departures = {name: value for name, value in values.items() if value != default.get(name)}
        return f"Study({', '.join(f'{name}={value!r}' for name, value in departures.items())})"

    def _varied(self) -> dict[str, Any]:
        """Return `vary` by name, also if it is ALL; raises `InputError` for a design that does not take that."""
        if self.vary != ALL:
            return dict(self.vary)
        if self.design not in WHOLE:
            right = f"only {', '.join(WHOLE)} vary every parameter over its prior; name what varies, and how"
            raise InputError(f"vary = {ALL!r} is not allowed with design = {self.design!r}: {right}.")
        return {factor.name: "prior" for factor in prior_factors(self.model, self.curriculum)}

    def _check_choices(self) -> None:
        for name, value, known in (("design", self.design, DESIGNS), ("streams", self.streams, STREAMS)):
            if value not in known:
                raise unknown(name, value, known)
        for arm in self.arms:
            if arm not in tuple(ARM_NAMES):
                raise unknown("arm", arm, ARM_NAMES)
        if not self.arms or len(set(self.arms)) != len(self.arms):
            raise InputError(f"arms = {list(self.arms)!r} is not valid: name one arm or more, each once.")
        if not isinstance(self.name, str):
            raise InputError(f"name = {self.name!r} is not valid: it must be a text.")
        check_start(self.start)
        Match.named(self.match)
        check_precision(self.precision)
        object.__setattr__(self, "seed", check_seed(self.seed))

    def _check_sizes(self) -> None:
        """Raise `InputError` unless the design has the parts that it needs and no others, and numbers are valid."""
        design, sampled, table = self.design, self.design in SAMPLED, self.design == "table"
        forbidden = f"is not allowed with design = {design!r}: leave it out."
        together = "table and design = 'table' go together: name the file with the points in table."
        for wrong, sentence in (
            (self.by_group is not False and design not in GROUPED, f"by_group = {self.by_group!r} {forbidden}"),
            (table != (self.table is not None), together),
            (table and self.vary, "vary is not allowed with design = 'table': the file's columns say what varies."),
            (not (self.vary or table or design == "prior"), NOTHING_VARIES),
            (sampled and self.samples is None, f"samples is missing: design = {design!r} needs their number."),
            (not (sampled or table) and self.samples is not None, f"samples = {self.samples!r} {forbidden}"),
        ):
            if wrong:
                raise InputError(sentence)
        samples = 0 if self.samples is None else self._check_whole("samples", 1, 10**9)
        if design in BALANCED and samples & (samples - 1):
            below = 1 << samples.bit_length() - 1
            right = f"a Sobol sequence is balanced at powers of two, such as {below} or {2 * below}."
            raise InputError(f"samples = {samples!r} is not valid: {right}")
        runs = self._check_whole("runs", 1, MOST_RUNS)
        if (self.half_width is None) != (self.most_runs is None):
            raise InputError("half_width and most_runs go together: give both, or neither.")
        if self.half_width is None:
            return
        if not (isinstance(self.half_width, float) and 0 < self.half_width < 1):
            raise InputError(f"half_width = {self.half_width!r} is not valid: it must be a number between 0 and 1.")
        self._check_whole("most_runs", runs, MOST_RUNS)

    def _check_whole(self, name: str, least: int, most: int) -> int:
        """Check a whole number, and keep it as an integer of Python."""
        value = check_whole(name, getattr(self, name), least, most)
        object.__setattr__(self, name, value)
        return value

    @property
    def factors(self) -> list[Factor]:
        """Factors in order."""
        if self.design == "prior" and not self.vary:
            return prior_factors(self.model, self.curriculum)
        return [factor_of(name, spec, self.model, self.curriculum) for name, spec in self.vary.items()]

    @property
    def groups(self) -> dict[str, str]:
        """Parameters or arguments that the designs saltelli and morris move one at a time → their argument."""
        return {factor.group if self.by_group else factor.name: factor.group for factor in self.factors}

    @property
    def point(self) -> Point:
        """The point around which parameters vary."""
        return Point(model=self.model, curriculum=self.curriculum, start=self.start, match=self.match)

    def specs(self, values: Mapping[str, Any]) -> dict[str, RunSpec]:
        """Return each arm's specification at the point with these values; raises `InputError` if they do not fit.

        A value may also be the cell of a table that stands for it.
        """
        changes = {name: of_cell(value) for name, value in values.items()}
        seed = changes.pop(SEED, self.seed)
        here = self.point.at(changes)
        mode, model = Match.named(here.match), here.model
        curricula = _curricula(self.arms, here.curriculum, mode, model.modes)
        named = len(model.similarity) + 1 if isinstance(model.similarity, tuple) else 0
        known: dict[str, Any] = {"seed": seed, "start": here.start, "precision": self.precision}
        known |= {"model": model, "match": mode.per_arm, "objectives": max(here.curriculum.objectives, named)}
        return {arm: RunSpec.of(curricula[arm], **known) for arm in self.arms}

    def first_run(self, point: int) -> int:
        """Return the number of a point's first run."""
        return 0 if self.streams == "common" else point * MOST_RUNS

    @property
    def rounds(self) -> list[int]:
        """Runs per point and arm after each round that the study may have."""
        totals = [self.runs]
        while totals[-1] < (self.most_runs or 0):
            totals.append(min(2 * totals[-1], self.most_runs or 0))
        return totals

    def interval(
        self, events: int, runs: int, lost: int | None = None, *, level: float = intervals.CONFIDENCE
    ) -> Interval:
        """Return the interval of a frequency or, given the runs that lost the event, of a paired difference.

        If the study adds runs, the interval is exact and holds at every look.
        """
        frequency, difference = intervals.frequency_interval, intervals.tango
        if self.half_width is not None:
            level = intervals.look_confidence(level, len(self.rounds))
            frequency, difference = intervals.clopper_pearson, intervals.paired_exact
        if lost is None:
            return intervals.share_of_selected(events, runs, level, interval=frequency)
        return difference(events, lost, runs, level)

    def among_converged(self, *counts: int, level: float = intervals.CONFIDENCE) -> Interval:
        """Return the interval of a difference of two shares, each among the converged runs of its arm.

        `counts` are the events and the converged runs after pre-training, the same from scratch, and of the runs that
        converged both ways: all, those with the event in each arm, and those with it in both.
        """
        event, converged, event_alone, converged_alone, both, one, other, in_both = counts
        pairs = SelectedPairs(
            events=(event, event_alone),
            selected=(converged, converged_alone),
            both=both,
            event_in=(one, other),
            event_in_both=in_both,
        )
        if self.half_width is None:
            return pairs.difference(level)
        return pairs.exact_difference(intervals.look_confidence(level, len(self.rounds)))

    def is_wide(self, events: Iterable[int], runs: int) -> bool:
        """Return whether an interval of a point is wider than `half_width`.

        `events` are its deceptive runs from scratch and after pre-training, and those after pre-training alone and from
        scratch alone.
        """
        scratch, pretrained, gained, lost = events
        counts = {FROM_SCRATCH: scratch, PRETRAIN_FINETUNE: pretrained}
        widths = [self.interval(counts[arm], runs).half_width for arm in self.arms]
        if len(self.arms) == 2:
            widths.append(self.interval(gained, runs, lost=lost).half_width)
        return max(widths) > (self.half_width or 1.0)

    def wide_points(self, last: "pd.DataFrame", runs: int) -> list[int]:
        """Return the points of a table of last stages, each of `runs` runs in all, whose intervals are too wide."""
        sums = last.groupby(["point", "arm"])[EVENTS].sum()
        counts = sums["deceptive"].unstack("arm", fill_value=0).reindex(columns=list(ARM_NAMES), fill_value=0)
        compared = sums.groupby("point")[EVENTS[1:]].max()  # 0 in the row of the other arm
        events = [tuple(row) for row in counts.join(compared).to_numpy().tolist()]
        known = {row: self.is_wide(row, runs) for row in set(events)}
        return [point for point, row in zip(counts.index.tolist(), events, strict=True) if known[row]]

    def described(self) -> dict[str, Any]:
        """Return all parts as plain data; studies with equal descriptions give the same numbers."""
        return {
            **{name: getattr(self, name) for name in SCALARS},
            "table": _table_digest(self.table) if self.table else None,  # by its content, wherever it is
            "arms": list(self.arms),
            "vary": {factor.name: factor.described() for factor in self.factors},
            "model": self.model.model_dump(mode="json"),
            "stages": self.curriculum.described(),
        }

    @property
    def digest(self) -> str:
        """Digest of the description, by which tables know the study."""
        return hashlib.sha256(json.dumps(self.described(), sort_keys=True).encode()).hexdigest()[:DIGITS]

    def configuration(self) -> dict[str, Any]:
        """Return the parts that differ from the defaults, as plain data."""
        own = {name: value for name, value in self.described().items() if value != DEFAULTS.get(name)}
        return {name: value for name, value in own.items() if name not in POINT} | self.point.configuration()

    @classmethod
    def from_configuration(cls, configuration: Mapping[str, Any]) -> Self:
        """Return the study of `configuration` or `described`."""
        point = Point.from_configuration(configuration)
        given = {name: configuration[name] for name in (*SCALARS, "arms") if name in configuration}
        vary = {} if given.get("design") == "table" else configuration["vary"]
        ranges = {
            name: spec if isinstance(spec, list) else {end: value for end, value in spec.items() if value is not None}
            for name, spec in vary.items()
        }
        return cls(model=point.model, curriculum=point.curriculum, **given, vary=ranges)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a study from a TOML, YAML or JSON file; raises `InputError` with the file and a valid alternative."""
        study = read_file(path, cls.from_tables)
        object.__setattr__(study, "name", study.name or Path(path).stem)
        if study.table is not None and not Path(study.table).is_absolute():
            object.__setattr__(study, "table", str(Path(path).parent / study.table))
        return study

    @classmethod
    def from_tables(cls, content: Mapping[str, Any]) -> Self:
        """Return the study of a file's tables: those of a curriculum file, and its own entries."""
        known = (*TABLES, *SCALARS, "arms", "vary", "name")
        for name in content:
            if name not in known:
                raise unknown("entry", name, known)
        base = {name: content[name] for name in TABLES if name in content}
        configured = from_tables(base) if base else Configuration(model=Model())
        own = {name: value for name, value in content.items() if name not in TABLES}
        return cls(model=configured.model, curriculum=configured.curriculum or pretrain_finetune(), **own)


DEFAULTS = {part.name: part.default for part in fields(Study)} | {"arms": [FROM_SCRATCH, PRETRAIN_FINETUNE]}
SCALARS = tuple(name for name in DEFAULTS if name not in ("vary", "arms", "model", "curriculum", "name"))


@lru_cache(maxsize=64)
def _curricula(arms: tuple[str, ...], curriculum: Curriculum, mode: Match, modes: int) -> dict[str, Curriculum]:
    """Return each arm's curriculum; kept, since points differ in the model more often than in the stages."""
    alone = arms == (FROM_SCRATCH,) and len(curriculum) == 1
    return {FROM_SCRATCH: mode.apply(curriculum)} if alone else arms_of(curriculum, mode, modes=modes)


def _table_digest(table: str) -> str:
    """Return the digest of a table's content; of a table that is a digest already, itself."""
    if table.startswith(DIGEST):
        return table
    try:
        return DIGEST + hashlib.sha256(Path(table).read_bytes()).hexdigest()
    except OSError as error:
        raise InputError(f"table = {table!r} cannot be read: {error.strerror}.") from None
