"""`feint fit`: which premises measurements support, which exclude each other, and which measurement would decide.

History matching comes first, on few draws, and is shown as soon as it is there. Then more draws are simulated, networks
learn the posterior, and draws from it are simulated to predict every row and every measurement not yet made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Annotated, Any, ClassVar

import numpy as np

from feint.agents.errors import InputError, check_output, load_extra
from feint.scenarios.measurements.fit_report import (
    Fit,
    ParameterRange,
    PredictedRow,
    WithoutSource,
    history_blocks,
)
from feint.scenarios.measurements.prior_outputs import Outputs, Simulations
from feint.scenarios.measurements.rows import MeasurementRow, read_rows, shipped_rows
from feint.scenarios.measurements.score import COMMON
from feint.scenarios.measurements.stand_ins import STAND_INS
from feint.sim.analysis.emulators import Emulator, emulate, emulate_all
from feint.sim.analysis.history_matching import HistoryMatch, Matcher, Targets, distance_from_prior
from feint.sim.analysis.posterior import Amortised, Data, learnt
from feint.sim.analysis.value_of_information import Candidate, value_of_information
from feint.sim.results.figure_style import check_figure_path
from feint.sim.results.request import Option, Output, Progress, Request, Seed
from feint.sim.statistics.intervals import Interval, frequency_interval
from feint.sim.training.parameter_point import Point

SHIPPED = "shipped"
FEW_ROWS, FEW_DRAWS, DRAWS, FIRST = 5, 1024, 4096, 1024
SAMPLE, COMPARED = 4096, 2048  # draws from the posterior, and from each posterior without a source
MOST_MOVED = 3
POSTERIOR_RUNS = 10**6  # number at which draws from the posterior begin, so that their streams are their own
SHARES = {"first": 0.2, "emulators": 0.05, "rest": 0.3, "networks": 0.25, "calibration": 0.05, "after": 0.15}
"""Parts of the work, for the progress bar."""


@dataclass(frozen=True, kw_only=True)
class FitRequest(Request):
    """Hold measurements to the model: what they rule out, the posterior over premises, and what would decide."""

    kind = "fit"
    unit = ""
    staged: ClassVar[bool] = True
    outputs = {
        "posterior": Output(
            "Write the weighted draws of the posterior.",
            "FILE.parquet",
            "write_posterior",
            lambda path: check_output("posterior", path, [".parquet"]),
        ),
        "corner": Output("Draw the corner plot of the posterior.", "FILE", "save_corner", check_figure_path, True),
        "ranges": Output(
            "Draw the posterior's ranges beside the prior's.", "FILE", "save_ranges", check_figure_path, True
        ),
    }

    file: Annotated[str, Option("CSV of measurements, or the word shipped.", "FILE", argument=True)]
    point: Point = field(default_factory=Point)
    draws: Annotated[
        int | None,
        Option(
            f"Draws from the prior; {DRAWS:,} unless given, {FEW_DRAWS:,} for up to {FEW_ROWS} fitted rows.",
            "N",
            least=64,
            most=2**20,
        ),
    ] = None
    runs: Annotated[int, Option("Runs of each training at a draw.", "N", least=10, most=10**6)] = 64
    after: Annotated[int, Option("Draws from the posterior that are simulated.", "N", least=32, most=10**6)] = 256
    networks: Annotated[int, Option("Networks that learn the posterior.", "N", least=1, most=20)] = 2
    history: Annotated[bool, Option("Stop after the history match.")] = False
    out: Annotated[str | None, Option("Folder that keeps simulated draws: a fit that was stopped goes on.", "DIR")] = (
        None
    )
    seed: Seed = 0

    def configuration(self) -> dict[str, Any]:
        """Return the fields that differ from their defaults, without the folder, which changes no number."""
        return {name: value for name, value in super().configuration().items() if name != "out"}

    def run(
        self,
        *,
        threads: int | None = None,
        progress: Progress | None = None,
        show: Callable[[str], object] | None = None,
    ) -> Fit:
        """Return the fit; `show` is called with the text of the history match as soon as it is there."""
        rows = shipped_rows() if self.file == SHIPPED else read_rows(self.file)
        if not self.history:
            load_extra("sbi", "a posterior")
        told = [0.0]

        def report(amount: float) -> None:
            told.append(amount)
            if progress is not None:
                progress(amount)

        fit = Fitting(request=self, rows=rows, threads=threads, report=report).fitted(show)
        report(1 - sum(told))  # of parts that were not needed
        return fit


@dataclass(frozen=True, kw_only=True)
class Fitting:
    """The computation of one fit."""

    request: FitRequest
    rows: Sequence[MeasurementRow]
    threads: int | None = None
    report: Progress = field(default=lambda _: None)

    @cached_property
    def fitted_rows(self) -> list[MeasurementRow]:
        """Rows that are fitted; raises `InputError` for one whose stand-in is a law."""
        rows = [row for row in self.rows if row.use == "fit"]
        for row in rows:
            if STAND_INS[row.stand_in].law:
                right = "write hold out or show: its stand-in takes curves of 48,000 steps at every draw"
                raise InputError(
                    f"file = {self.request.file!r}, row {row.name!r}: use = 'fit' is not possible: {right}."
                )
        return rows

    @cached_property
    def held_out(self) -> list[MeasurementRow]:
        """Rows that are predicted and not fitted."""
        return [row for row in self.rows if row.use == "hold out" and row.scored and not STAND_INS[row.stand_in].law]

    @cached_property
    def measures(self) -> tuple[str, ...]:
        """Stand-ins of the rows that are fitted."""
        return tuple(dict.fromkeys(row.stand_in for row in self.fitted_rows))

    @cached_property
    def draws(self) -> int:
        """Number of draws from the prior."""
        default = FEW_DRAWS if len(self.fitted_rows) <= FEW_ROWS else DRAWS
        return self.request.draws or default

    @cached_property
    def simulations(self) -> Simulations:
        """Simulations of the stand-ins of fitted rows."""
        request = self.request
        return Simulations(point=request.point, stand_ins=self.measures, runs=request.runs, seed=request.seed)

    @cached_property
    def names(self) -> list[str]:
        """Names of all parameters."""
        return [factor.name for factor in self.simulations.factors]

    @cached_property
    def targets(self) -> Targets:
        """What was measured, by the rows that are fitted."""
        rows = self.fitted_rows
        return Targets(
            names=tuple(row.name for row in rows),
            measures=np.array([self.measures.index(row.stand_in) for row in rows], int),
            value=np.array([row.value for row in rows], float),
            error=np.array([row.error for row in rows], float),
            discrepancy=np.array([STAND_INS[row.stand_in].discrepancy for row in rows], float),
        )

    def part(self, name: str, count: float = 1) -> Progress:
        """Return progress of a part of the work, of which there are `count`."""
        return lambda amount: self.report(SHARES[name] * amount / count)

    def fitted(self, show: Callable[[str], object] | None) -> Fit:
        """Return the fit."""
        with self.simulations.stored(self.request.out) as store:
            first = min(FIRST, self.draws)
            design = self.simulations.units(self.draws)
            keys: dict[str, Any] = {"store": store, "threads": self.threads}
            outputs = self.simulations.outputs(design[:first], progress=self.part("first", first), **keys)
            history = self.matched(outputs)
            fit = self.without_posterior(history, outputs)
            if self.request.history:
                return fit
            if show is not None:
                show("\n\n".join(map(str, history_blocks(fit))))
            if self.draws > first:
                rest = self.part("rest", self.draws)
                outputs = self.simulations.outputs(design, progress=rest, **keys)
        return self.with_posterior(fit, outputs)

    def matched(self, outputs: Outputs) -> HistoryMatch:
        """Return the history match."""
        emulators = emulate_all(
            self.measures,
            outputs.design,
            outputs.values,
            outputs.variances,
            seed=self.request.seed,
            progress=self.part("emulators"),
        )
        return Matcher(
            targets=self.targets,
            emulators=emulators,
            parameters=self.names,
            design=outputs.design,
            outputs=outputs.values,
            variances=outputs.variances,
            seed=self.request.seed,
        ).matched()

    def without_posterior(self, history: HistoryMatch, outputs: Outputs) -> Fit:
        """Return a fit that ends with the history match."""
        return Fit(
            file=self.request.file,
            draws=len(outputs.design),
            runs=self.request.runs,
            seed=self.request.seed,
            history=history,
            unusual=float("nan"),
            calibration=None,
            parameters=[],
            rows_predicted=[],
            not_predicted={row.name: row.note for row in self.rows if row.use == "show"},
            prior_share=None,
            posterior_share=None,
            emulated_share=float("nan"),
            sources=[],
            candidates=[],
            request=self.request,
            posterior=None,
            units=None,
        )

    def with_posterior(self, fit: Fit, outputs: Outputs) -> Fit:
        """Return the fit with the posterior, predictions and what would decide."""
        request, seed = self.request, self.request.seed
        data = Data.of(self.targets, [row.source for row in self.fitted_rows], COMMON)
        keys: dict[str, Any] = {"networks": request.networks, "seed": seed}
        network = learnt(outputs.design, outputs.values, data, progress=self.part("networks"), **keys)
        calibration = None
        if network.networks:
            calibration = network.calibrated(outputs.design, outputs.values, self.names, seed=seed)
        self.part("calibration")(1)
        units = network.sample(SAMPLE, seed=seed)
        after = self.simulated(units[: request.after])
        headline = emulate(
            "headline", outputs.design, outputs.holds.astype(float), np.zeros(len(outputs.design)), seed=seed
        )
        return replace(
            fit,
            draws=len(outputs.design),
            unusual=unusual(data, outputs.values, seed),
            calibration=calibration,
            parameters=self.ranges(units, network),
            rows_predicted=self.predicted(after),
            prior_share=_share(outputs.holds),
            posterior_share=_share(after.holds),
            emulated_share=_emulated(headline, units),
            sources=self.without_each(network, units, headline),
            candidates=self.candidates(after),
            posterior=self.table(units),
            units=units,
        )

    def simulated(self, units: np.ndarray) -> Outputs:
        """Return all stand-ins that are no laws at draws from the posterior."""
        every = tuple(name for name, stand_in in STAND_INS.items() if not stand_in.law)
        simulations = replace(self.simulations, stand_ins=every)
        progress = self.part("after", len(units))
        return simulations.outputs(units, first=POSTERIOR_RUNS, threads=self.threads, progress=progress)

    def ranges(self, units: np.ndarray, network: Amortised) -> list[ParameterRange]:
        """Return every parameter's range beside its prior's."""
        ranges = []
        for i, (factor, column) in enumerate(zip(self.simulations.factors, units.T, strict=True)):
            low, middle, high = (float(factor.at(float(q))) for q in np.quantile(column, (0.05, 0.5, 0.95)))
            acts = i in network.acting
            ends = {"prior_low": float(factor.at(0.05)), "prior_high": float(factor.at(0.95))}
            distance = distance_from_prior(column) if acts else 0.0
            facts = {"low": low, "middle": middle, "high": high, "distance": distance}
            ranges.append(ParameterRange(name=factor.name, learnt=acts, **facts, **ends))
        return ranges

    def predicted(self, after: Outputs) -> list[PredictedRow]:
        """Return the posterior prediction of every row, held-out rows first."""
        rng = np.random.default_rng([self.request.seed, 3])
        return [_predicted(row, after.of([row.stand_in])[0][:, 0], rng) for row in (*self.held_out, *self.fitted_rows)]

    def without_each(self, network: Amortised, units: np.ndarray, headline: Emulator) -> list[WithoutSource]:
        """Return the posterior without each source in turn, if there are several."""
        names = list(dict.fromkeys(network.data.sources))
        if len(names) < 2 or not network.networks:
            return []
        counts = {name: sum(row.source == name for row in self.fitted_rows) for name in names}
        without = []
        for name in names:
            drawn = network.sample(COMPARED, mask=network.data.without(name), seed=self.request.seed)
            moved = np.array([_distance(drawn[:, i], units[:, i]) for i in range(units.shape[1])])
            most = {self.names[i]: float(moved[i]) for i in np.argsort(-moved)[:MOST_MOVED]}
            facts = {"share": _emulated(headline, drawn), "moved": most}
            without.append(WithoutSource(source=name, rows=counts[name], **facts))
        return without

    def candidates(self, after: Outputs) -> list[Candidate]:
        """Return what each stand-in without a fitted row would decide, if measured with no error of its own."""
        names = [name for name in after.names if name not in self.measures]
        values, variances = after.of(names)
        noises = {
            name: np.sqrt(STAND_INS[name].discrepancy ** 2 + np.nan_to_num(variance, posinf=0.0))
            for name, variance in zip(names, variances.T, strict=True)
        }
        units = {name: STAND_INS[name].unit for name in names}
        outputs = dict(zip(names, values.T, strict=True))
        return value_of_information(after.holds, outputs, noises, units, seed=self.request.seed)

    def table(self, units: np.ndarray) -> Mapping[str, np.ndarray]:
        """Return draws by dotted name, and their weights, without nuisance parameters."""
        rows = [self.simulations.values_at(row) for row in units]
        columns = {name: np.array([row[name] for row in rows]) for name in rows[0]}
        return {**columns, "weight": np.full(len(rows), 1 / len(rows))}


def unusual(data: Data, outputs: np.ndarray, seed: int) -> float:
    """Return the share of simulated tables nearer to the middle of the prior's predictions than what was measured.

    The distance is Mahalanobis's, of tables with errors and discrepancy; NaN without data.
    """
    if not len(data.value):
        return float("nan")
    noisy = data.noisy(outputs, np.random.default_rng([seed, 4]))
    noisy = noisy[np.isfinite(noisy).all(axis=1)]
    middle, inverse = noisy.mean(axis=0), np.linalg.pinv(np.atleast_2d(np.cov(noisy.T)))
    away = noisy - middle
    distances = np.einsum("ij,jk,ik->i", away, inverse, away)
    here = data.value - middle
    return float((distances < here @ inverse @ here).mean())


def _predicted(row: MeasurementRow, values: np.ndarray, rng: np.random.Generator) -> PredictedRow:
    spread = np.hypot(row.error, STAND_INS[row.stand_in].discrepancy)
    known = values[np.isfinite(values)]
    noisy = known + spread * rng.standard_normal(len(known))
    middle, scale = (float(known.mean()), float(np.sqrt(known.var() + spread**2))) if len(known) else (np.nan, np.nan)
    low, high = np.quantile(noisy, (0.05, 0.95)).tolist() if len(known) else (np.nan, np.nan)
    names = ("name", "source", "stand_in", "unit", "use", "value", "error")
    facts: dict[str, Any] = {name: getattr(row, name) for name in names}
    return PredictedRow(**facts, predicted=middle, low=low, high=high, deviation=(row.value - middle) / scale)


def _share(holds: np.ndarray) -> Interval:
    return frequency_interval(int(holds.sum()), len(holds))


def _emulated(headline: Emulator, units: np.ndarray) -> float:
    return float(np.clip(headline.predict(units)[0], 0.0, 1.0).mean())


def _distance(one: np.ndarray, other: np.ndarray) -> float:
    from scipy.stats import ks_2samp

    return float(ks_2samp(one, other).statistic)  # pyright: ignore[reportAttributeAccessIssue]
