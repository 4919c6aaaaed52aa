"""A study: which parameters vary and how, in which arms, with how many runs."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Self

from feint.agents.errors import InputError, unknown
from feint.agents.model import Model
from feint.agents.types import check_start
from feint.sim.ensembles.protocols import ARM_NAMES, FROM_SCRATCH, PRETRAIN_FINETUNE, arms_of
from feint.sim.sweeps.factors import Factor, check_value, factor_of, prior_factors
from feint.sim.training.configuration import TABLES, Configuration, from_tables
from feint.sim.training.curriculum import Curriculum, pretrain_finetune
from feint.sim.training.matching_rules import Match
from feint.sim.training.parameter_point import Point
from feint.sim.training.run_spec import RunSpec
from feint.sim.training.train import PRECISION, check_precision, check_seed

DESIGNS = {
    "grid": "every combination of the levels",
    "one-at-a-time": "the point itself, and each parameter at its low and its high end alone",
    "lhs": "a Latin hypercube of `samples` points",
    "sobol": "the first `samples` points of a scrambled Sobol sequence",
    "saltelli": "Saltelli's design for Sobol indices, from `samples` base points",
    "morris": "`samples` trajectories for Morris's elementary effects",
    "prior": "the prior of the model's page, or of the parameters named: points of a scrambled Sobol sequence",
    "table": "the points of a CSV or Parquet file",
}
STREAMS = ("common", "independent")
MOST_RUNS = 10**12
DIGEST = "sha256:"


@dataclass(frozen=True, kw_only=True)
class Study:
    """What is varied around a model and a curriculum; raises `InputError` where a part is not valid.

    Runs are numbered from 0 at every point: with common streams (the default) all points share starts and noise, so
    that neighbours differ by their parameters and not by their luck; independent ones number each point's runs apart.
    """

    vary: Mapping[str, Any] = field(default_factory=dict)  #: dotted name → list of values, range, or "prior"
    design: str = "grid"
    samples: int | None = None  #: points, base points or trajectories of a design that draws them
    by_group: bool = False  #: Saltelli and Morris: move together all that belongs to one argument
    table: str | None = None  #: file with the points of the design "table"
    runs: int = 1000  #: of each point and arm; of its first round where `half_width` is given
    half_width: float | None = None  #: add runs to a point until its intervals are no wider than this
    most_runs: int | None = None  #: of a point and arm, where `half_width` is given
    arms: tuple[str, ...] = (FROM_SCRATCH, PRETRAIN_FINETUNE)
    seed: int = 0
    streams: str = "common"
    start: str = "fresh"
    match: str = "target"
    precision: str = PRECISION
    model: Model = field(default_factory=Model)
    curriculum: Curriculum = field(default_factory=pretrain_finetune)

    def __post_init__(self) -> None:
        if not isinstance(self.vary, Mapping):
            raise InputError(f"vary = {self.vary!r} is not a table of names, and what each takes.")
        if isinstance(self.arms, str) or not isinstance(self.arms, Sequence):
            raise InputError(f"arms = {self.arms!r} is not a list of names.")
        object.__setattr__(self, "arms", tuple(self.arms))
        object.__setattr__(self, "vary", dict(self.vary))
        self._check_choices()
        self._check_numbers()
        for factor in self.factors:
            factor.check()
            for value in factor.values or factor.ends:
                check_value(factor.name, value, self.model, self.curriculum)
        self.plans({})

    def _check_choices(self) -> None:
        for name, value, known in (("design", self.design, DESIGNS), ("streams", self.streams, STREAMS)):
            if value not in known:
                raise unknown(name, value, known)
        if not self.arms or len(set(self.arms)) != len(self.arms):
            raise InputError(f"arms = {list(self.arms)!r} is not valid: name one arm or more, each once.")
        for arm in self.arms:
            if arm not in ARM_NAMES:
                raise unknown("arm", arm, ARM_NAMES)
        check_start(self.start)
        Match.named(self.match)
        check_precision(self.precision)
        if self.by_group is not False and self.design not in ("saltelli", "morris"):
            raise InputError(
                f"by_group = {self.by_group!r} is not allowed with design = {self.design!r}: leave it out."
            )
        if (self.design == "table") != (self.table is not None):
            raise InputError("table and design = 'table' go together: name the file with the points in table.")
        if self.design == "table" and self.vary:
            raise InputError("vary is not allowed with design = 'table': the file's columns say what varies.")
        if self.design not in ("table", "prior") and not self.vary:
            raise InputError(
                "vary = {} names no parameter: say what varies and how, as in vary.similarity = [0.0, 0.9] "
                "in a file, and vary={'similarity': [0.0, 0.9]} in Python."
            )

    def _check_numbers(self) -> None:
        check_seed(self.seed)
        _check_whole("runs", self.runs, MOST_RUNS)
        sampled = self.design in ("lhs", "sobol", "saltelli", "morris", "prior")
        if sampled and self.samples is None:
            raise InputError(f"samples is missing: design = {self.design!r} needs to know how many.")
        if not sampled and self.samples is not None:
            raise InputError(f"samples = {self.samples!r} is not allowed with design = {self.design!r}: leave it out.")
        if self.samples is not None:
            _check_whole("samples", self.samples, 10**9)
            if self.design in ("sobol", "saltelli", "prior") and self.samples & (self.samples - 1):
                raise InputError(
                    f"samples = {self.samples!r} is not valid: a Sobol sequence is balanced at powers of two, "
                    f"such as {1 << self.samples.bit_length() - 1} or {1 << self.samples.bit_length()}."
                )
        if (self.half_width is None) != (self.most_runs is None):
            raise InputError("half_width and most_runs go together: give both, or neither.")
        if self.half_width is not None:
            number = isinstance(self.half_width, float) and 0 < self.half_width < 1
            if not number:
                raise InputError(f"half_width = {self.half_width!r} is not valid: it must be a number between 0 and 1.")
            _check_whole("most_runs", self.most_runs, MOST_RUNS, least=self.runs)

    @property
    def factors(self) -> list[Factor]:
        """What varies, in order."""
        if self.design == "prior" and not self.vary:
            return prior_factors(self.model, self.curriculum)
        return [factor_of(name, spec, self.model, self.curriculum) for name, spec in self.vary.items()]

    def plans(self, values: Mapping[str, Any]) -> dict[str, RunSpec]:
        """The plan of each arm at a point, given by what differs there; raises `InputError` for what is not valid."""
        own = Point(model=self.model, curriculum=self.curriculum, start=self.start, match=self.match)
        here = own.at(values)
        mode = Match.named(here.match)
        trained = trained_by(self.arms, here.curriculum, mode, here.model.modes)
        named = len(here.model.similarity) + 1 if isinstance(here.model.similarity, tuple) else 0
        return {
            arm: RunSpec.of(
                trained[arm],
                model=here.model,
                seed=self.seed,
                start=here.start,
                match=mode.per_arm,
                objectives=max(here.curriculum.objectives, named),
                precision=self.precision,
            )
            for arm in self.arms
        }

    def first_run(self, point: int) -> int:
        """Number of the first run of a point."""
        return 0 if self.streams == "common" else point * MOST_RUNS

    def described(self) -> dict[str, Any]:
        """The effective study as plain data: two that are equal give the same numbers."""
        plain = {name: getattr(self, name) for name in SCALARS}
        return {
            **plain,
            "table": digest_of(self.table) if self.table else None,  # by its content, wherever it lies
            "arms": list(self.arms),
            "vary": {factor.name: factor.described() for factor in self.factors},
            "model": self.model.model_dump(mode="json"),
            "stages": self.curriculum.described(),
        }

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a study from a TOML file; raises `InputError` with the file and what would be right."""
        path = Path(path)
        try:
            with path.open("rb") as file:
                content = tomllib.load(file)
        except OSError as error:
            raise InputError(f"{path}: the file cannot be read: {error.strerror}.") from None
        except (ValueError, RecursionError) as error:
            raise InputError(f"{path}: this is not a TOML file: {error}.") from None
        try:
            study = cls.of_tables(content)
        except InputError as error:
            raise InputError(f"{path}: {error}") from None
        if study.table is not None and not Path(study.table).is_absolute():
            object.__setattr__(study, "table", str(path.parent / study.table))
        return study

    @classmethod
    def of_tables(cls, content: Mapping[str, Any]) -> Self:
        """A study from the tables of a file: those of a curriculum file, and its own."""
        known = (*TABLES, *SCALARS, "arms", "vary")
        for name in content:
            if name not in known:
                raise unknown("entry", name, known)
        base = {name: content[name] for name in TABLES if name in content}
        configured = from_tables(base) if base else Configuration(model=Model())
        given = {name: content[name] for name in (*SCALARS, "arms", "vary") if name in content}
        return cls(model=configured.model, curriculum=configured.curriculum or pretrain_finetune(), **given)


@lru_cache(maxsize=64)
def trained_by(arms: tuple[str, ...], curriculum: Curriculum, mode: Match, modes: int) -> dict[str, Curriculum]:
    """What each arm trains; kept, for points differ in the model more often than in the stages."""
    alone = arms == (FROM_SCRATCH,) and len(curriculum) == 1
    return {FROM_SCRATCH: mode.apply(curriculum)} if alone else arms_of(curriculum, mode, modes=modes)


def digest_of(table: str) -> str:
    """What tells the content of one table of points from another's; of a table that is a digest already, itself."""
    if table.startswith(DIGEST):
        return table
    try:
        return DIGEST + hashlib.sha256(Path(table).read_bytes()).hexdigest()
    except OSError as error:
        raise InputError(f"table = {table!r} cannot be read: {error.strerror}.") from None


SCALARS = (
    "design",
    "samples",
    "by_group",
    "table",
    "runs",
    "half_width",
    "most_runs",
    "seed",
    "streams",
    "start",
    "match",
    "precision",
)


def _check_whole(name: str, value: Any, most: int, least: int = 1) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise InputError(f"{name} = {value!r} is not valid: it must be a whole number from {least:,} to {most:,}.")
