"""Stand-ins and the headline's effect at draws from the prior, in blocks that a fit which was killed finds again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from feint.scenarios.claims.pretraining.pretraining_vs_scratch import CLAIM
from feint.scenarios.measurements.score import monte_carlo_error
from feint.scenarios.measurements.stand_ins import NUISANCES, measured
from feint.sim.analysis.allocation import measure
from feint.sim.analysis.prior_shares import factors_at
from feint.sim.ensembles.paired_runs import run_paired
from feint.sim.ensembles.runner import in_order, one_at_a_time
from feint.sim.results.request import Progress
from feint.sim.statistics.intervals import CONFIDENCE, Interval
from feint.sim.sweeps.experimental_designs import sobol_cubes
from feint.sim.sweeps.factors import Factor
from feint.sim.sweeps.sweep_store import Store
from feint.sim.sweeps.units import Unit
from feint.sim.training.parameter_point import Point

if TYPE_CHECKING:
    import pandas as pd

BLOCK = 64  # draws in a part of the store
HEADLINE = "headline"  # name of the claim's effect among the outputs
ERROR = "error of "  # before the name of an output whose Monte Carlo error a column holds


@dataclass(frozen=True, kw_only=True, eq=False)
class Outputs:
    """What was measured at draws: values and Monte Carlo variances (draws, measures), and the headline's effect."""

    names: tuple[str, ...]
    design: np.ndarray  #: draws in units of the prior (draws, parameters)
    values: np.ndarray
    variances: np.ndarray
    effect: np.ndarray  #: effect of the headline (draws,)

    @property
    def holds(self) -> np.ndarray:
        """Whether the headline holds at each draw, by its effect as estimated (draws,)."""
        return np.array([CLAIM.effect.rule.kind(value) == "holds" for value in self.effect.tolist()])

    def of(self, names: Iterable[str]) -> tuple[np.ndarray, np.ndarray]:
        """Return values and variances of the measures of these names (draws, measures)."""
        columns = [self.names.index(name) for name in names]
        return self.values[:, columns], self.variances[:, columns]


@dataclass(frozen=True, kw_only=True)
class Simulations:
    """Simulations of stand-ins around a point, each draw with runs of its own."""

    point: Point
    stand_ins: tuple[str, ...]
    runs: int
    seed: int
    kind = name = "fit"

    @cached_property
    def factors(self) -> list[Factor]:
        """Every parameter with a prior, and the nuisance parameters."""
        return [*factors_at(self.point), *NUISANCES]

    def described(self) -> dict[str, Any]:
        """Return everything that the numbers depend on, as plain data."""
        code = hashlib.sha256()
        for file in sorted(Path(__file__).parent.glob("*.py")):
            code.update(file.read_bytes())
        return {"design": self.kind, **self.configuration(), "code of measurements": code.hexdigest()[:12]}

    def configuration(self) -> dict[str, Any]:
        """Return the fields as plain data."""
        plain = {"stand_ins": list(self.stand_ins), "runs": self.runs, "seed": self.seed}
        return {"point": self.point.described(), **plain}

    def units(self, draws: int) -> np.ndarray:
        """Return the first draws of a Sobol sequence over the whole prior, in its units (draws, parameters)."""
        count = len(self.factors)
        seed = int(np.random.SeedSequence([self.seed, count]).generate_state(1)[0])
        (cube,) = sobol_cubes(count, draws, seed)
        return cube

    def values_at(self, units: np.ndarray) -> dict[str, Any]:
        """Return the values by dotted name at units of the prior (parameters,); without nuisance parameters."""
        nuisances = {factor.name for factor in NUISANCES}
        pairs = zip(self.factors, units.tolist(), strict=True)
        return {factor.name: factor.at(unit) for factor, unit in pairs if factor.name not in nuisances}

    def at(self, number: int, units: np.ndarray) -> dict[str, float]:
        """Return the outputs of the draw of this number, and their Monte Carlo errors, by name."""
        places = {factor.name: factor.at(unit) for factor, unit in zip(self.factors, units.tolist(), strict=True)}
        nuisances = {factor.name: float(places[factor.name]) for factor in NUISANCES}
        here = self.point.at(self.values_at(units))
        seed = int(np.random.SeedSequence([self.seed, number]).generate_state(1, np.uint64)[0])
        numbers: dict[str, Interval] = measured(
            self.stand_ins, here, runs=self.runs, seed=seed, nuisances=nuisances, threads=1
        )
        part = CLAIM.effect
        ended = run_paired(here, part.estimand.protocols, range(self.runs), seed=seed, threads=1)
        numbers[HEADLINE] = measure(part, ended, CONFIDENCE)
        errors = {f"{ERROR}{name}": monte_carlo_error(interval) for name, interval in numbers.items()}
        return {name: interval.estimate for name, interval in numbers.items()} | errors

    def outputs(
        self,
        design: np.ndarray,
        *,
        first: int = 0,
        store: Store | None = None,
        threads: int | None = None,
        progress: Progress | None = None,
    ) -> Outputs:
        """Return the outputs at draws (draws, parameters), whose numbers begin at `first`.

        Blocks that the store holds are read from it, and new ones are written to it.
        """
        import pandas as pd

        report = one_at_a_time(progress)
        parts = []
        for unit, known in self._blocks(first, first + len(design), store):
            if known is None:
                numbers = list(unit.points)

                def simulate(number: int) -> dict[str, float]:
                    outputs = self.at(number, design[number - first])
                    report(1)
                    return outputs

                part = pd.DataFrame(list(in_order(simulate, numbers, threads=threads)))
                if store is not None:
                    _write(store, unit, part)
            else:
                part = pd.read_parquet(known)
                report(len(unit.points))
            parts.append(part)
        table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
        return self._outputs(design, table)

    def _blocks(self, first: int, last: int, store: Store | None) -> Iterator[tuple[Unit, Path | None]]:
        known: Mapping[Unit, Path] = {} if store is None else store.finished_parts()
        for begin in range(first, last, BLOCK):
            unit = Unit(begin, min(begin + BLOCK, last), 0, self.runs)
            yield unit, known.get(unit)

    def _outputs(self, design: np.ndarray, table: pd.DataFrame) -> Outputs:
        nothing = np.full(len(table), np.nan)

        def columns(prefix: str) -> np.ndarray:
            of_each = [table.get(prefix + name, nothing) for name in self.stand_ins]
            return np.column_stack(of_each).astype(float) if of_each else np.zeros((len(table), 0))

        return Outputs(
            names=self.stand_ins,
            design=design,
            values=columns(""),
            variances=columns(ERROR) ** 2,
            effect=table[HEADLINE].to_numpy(float) if len(table) else np.zeros(0),
        )

    def stored(self, folder: str | Path | None) -> Any:
        """Return a context with the store in a folder, begun or continued; without a folder, with None."""
        if folder is None:
            return nullcontext()
        return Store.opened(folder, cast("Any", self), resume=True)


def _write(store: Store, unit: Unit, part: pd.DataFrame) -> None:
    import pyarrow as pa

    store.write("parts", unit.name, pa.Table.from_pandas(part, preserve_index=False))
