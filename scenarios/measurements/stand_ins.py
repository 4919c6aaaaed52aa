"""Stand-ins: the numbers of the model that are compared with published measurements, and nuisance parameters.

A stand-in says what is measured in the model, from which trainings it is read, and its *discrepancy*: the standard
deviation of the error that the model would still have if its premises were right, since a mode is no parameter, a step
is no batch and a share of behaviour is no share of answers. Discrepancies are judgements, made before any fit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from feint.agents.errors import InputError, unknown
from feint.scenarios.measurements.audits import AUDITS
from feint.scenarios.measurements.duration import DURATION
from feint.scenarios.measurements.faking import FAKING
from feint.scenarios.measurements.persistence import PERSISTENCE
from feint.scenarios.measurements.stand_in import NUISANCES, SETTINGS, StandIn
from feint.scenarios.measurements.starts import STARTS
from feint.scenarios.measurements.transfer_laws import LAWS, law_constants
from feint.sim.ensembles.paired_runs import run_paired
from feint.sim.statistics.intervals import Interval
from feint.sim.training.parameter_point import Point

__all__ = ["NUISANCES", "SETTINGS", "STAND_INS", "StandIn", "measured"]

STAND_INS: Mapping[str, StandIn] = {
    stand_in.name: stand_in for stand_in in (*FAKING, *PERSISTENCE, *DURATION, *AUDITS, *STARTS, *LAWS)
}
"""All stand-ins by name."""


def measured(
    names: Iterable[str],
    point: Point,
    *,
    runs: int,
    seed: int,
    nuisances: Mapping[str, float] | None = None,
    threads: int | None = None,
) -> dict[str, Interval]:
    """Return each stand-in of these names at a point, with 95 % limits.

    Trainings that several stand-ins have in common are carried out once. Nuisance parameters that are not given have
    the middle of their priors. A stand-in without a number at this point, such as a law that cannot be fitted, is left
    out. Raises `InputError` for a name that is not known, or a nuisance parameter that is not valid.
    """
    chosen = [_named(name) for name in dict.fromkeys(names)]
    values = {factor.name: factor.base for factor in SETTINGS} | nuisance_values(nuisances)
    trainings = {stand_in: stand_in.trainings(values) for stand_in in chosen}
    wanted = [training for of_one in trainings.values() for training in of_one]
    ended = run_paired(point, wanted, range(runs), seed=seed, threads=threads) if wanted else {}
    numbers = {
        stand_in.name: stand_in.measure([ended[training] for training in trainings[stand_in]], values)
        for stand_in in chosen
        if not stand_in.law
    }
    laws = [stand_in.name for stand_in in chosen if stand_in.law]
    return numbers | (law_constants(laws, point, runs=runs, seed=seed, threads=threads) if laws else {})


def nuisance_values(given: Mapping[str, float] | None = None) -> dict[str, float]:
    """Return the value of every nuisance parameter, the middle of its prior if it is not given."""
    known = {factor.name: factor for factor in NUISANCES}
    for name, value in (given or {}).items():
        if name not in known:
            raise unknown("nuisance parameter", name, known)
        if not value > 0:
            raise InputError(f"{name} = {value!r} is not valid: it must be above 0.")
    middle: dict[str, float] = {name: factor.base for name, factor in known.items()}
    return middle | {name: float(value) for name, value in (given or {}).items()}


def _named(name: str) -> StandIn:
    if name not in STAND_INS:
        raise unknown("stand-in", name, STAND_INS)
    return STAND_INS[name]
