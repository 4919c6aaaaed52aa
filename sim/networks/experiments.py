"""The battery: all that is measured of small networks, over an ensemble of seeds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from feint.agents.errors import InputError, unknown
from feint.sim.ensembles.runner import check_threads
from feint.sim.networks.measurement_key import MEASURES, Finding
from feint.sim.networks.model_cache import Lineage
from feint.sim.networks.network import BATCH, WIDTH
from feint.sim.networks.revival import revival, slowing
from feint.sim.networks.seed_models import FINETUNING, REVERSE_RATE, SCHEDULE, Subject, key
from feint.sim.networks.wrapper_measurements import RATES, wrappers
from feint.sim.training.train import check_seed

if TYPE_CHECKING:
    import pandas as pd

PARTS: dict[str, Callable[[Sequence[float]], Iterable[Finding]]] = {
    "wrappers": wrappers,
    "revival": revival,
    "slowing": lambda _: slowing(),
}
QUANTILES = {"median": 0.5, "lower quartile": 0.25, "upper quartile": 0.75, "least": 0.0, "most": 1.0}


@dataclass(frozen=True, kw_only=True, eq=False)
class Battery:
    """What was measured: for each finding an array over seeds (seeds,), infinite where a level was not reached."""

    values: dict[Finding, np.ndarray]
    seeds: int
    seed: int
    learning_rates: tuple[float, ...]  #: of fine-tuning, the gentlest first
    parts: tuple[str, ...]

    def __getitem__(self, finding: Finding) -> np.ndarray:
        return self.values[finding]

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.values)

    def __len__(self) -> int:
        return len(self.values)

    def median(self, finding: Finding) -> float:
        """The median over seeds of one finding."""
        return float(quantile(self.values[finding], 0.5))

    def frame(self) -> pd.DataFrame:
        """One row a finding: what it was measured of, its unit, and its median, quartiles and range over seeds."""
        import pandas as pd

        rows = [
            {**finding._asdict(), "unit": MEASURES[finding.measure][1]}
            | {name: quantile(values, q) for name, q in QUANTILES.items()}
            for finding, values in self.values.items()
        ]
        table = pd.DataFrame(rows)
        table.attrs.update(self.passport())
        return table

    def long(self) -> pd.DataFrame:
        """One row a finding and seed."""
        import pandas as pd

        rows = [
            {**finding._asdict(), "seed": i, "value": value}
            for finding, values in self.values.items()
            for i, value in enumerate(values)
        ]
        return pd.DataFrame(rows)

    def passport(self) -> dict[str, Any]:
        """What is needed to make it again."""
        from feint.sim.results.provenance import passport

        asked = {"seeds": self.seeds, "seed": self.seed, "learning_rates": list(self.learning_rates)}
        return passport("networks", {**asked, "parts": list(self.parts), **SETTINGS})


SETTINGS: dict[str, Any] = {
    "width": WIDTH,
    "batch": BATCH,
    "pretraining": [list(each) for each in SCHEDULE],
    "finetuning": FINETUNING,
    "reverse_rate": REVERSE_RATE,
}


def battery(
    seeds: int = 8,
    seed: int = 0,
    learning_rates: Sequence[float] = RATES,
    *,
    parts: Iterable[str] = tuple(PARTS),
    threads: int | None = None,
    progress: Callable[[float], object] | None = None,
) -> Battery:
    """Train and measure the networks of so many seeds, each on its own in a thread.

    `learning_rates` are those of fine-tuning, the gentlest first; `parts` are keys of PARTS. `progress` is called with
    the share of findings that are newly there. No number depends on threads. Raises `InputError`.
    """
    parts, rates = tuple(parts), check_rates(learning_rates)
    findings = asked_of(parts, rates)
    check_seeds(seeds)
    check_seed(seed)
    telling, share = Lock(), 1 / (seeds * len(findings))

    def tell() -> None:
        with telling:
            if progress is not None:
                progress(share)

    def one(i: int) -> list[float]:
        return list(_measured(Lineage(Subject(key(seed, i))), findings, tell))

    with ThreadPoolExecutor(check_threads(threads)) as pool:
        columns = np.array(list(pool.map(one, range(seeds))))
    values = {finding: columns[:, i] for i, finding in enumerate(findings)}
    return Battery(values=values, seeds=seeds, seed=seed, learning_rates=rates, parts=parts)


def asked_of(parts: tuple[str, ...], rates: Sequence[float]) -> list[Finding]:
    """The findings of these parts, each once; raises `InputError` for a part that there is not."""
    for part in parts:
        if part not in PARTS:
            raise unknown("part", part, PARTS)
    return list(dict.fromkeys(finding for part in parts for finding in PARTS[part](rates)))


def quantile(values: np.ndarray, q: float) -> float:
    """A quantile of numbers that may be infinite: between two neighbours of which one is, it is infinite."""
    place = q * (len(values) - 1)
    low, high = np.sort(values)[[int(np.floor(place)), int(np.ceil(place))]]
    return float(low if low == high else low + (place % 1) * (high - low))


def check_rates(rates: Sequence[float]) -> tuple[float, ...]:
    """Learning rates as they are used; raises where they are none."""
    found = tuple(float(rate) for rate in rates)
    if not found or not all(0 < rate < 1 for rate in found) or list(found) != sorted(set(found)):
        raise InputError(f"learning_rates = {list(rates)!r} are not valid: they must rise, each between 0 and 1.")
    return found


def check_seeds(seeds: int) -> None:
    """Raise where a number of seeds is not one."""
    if isinstance(seeds, bool) or not isinstance(seeds, (int, np.integer)) or seeds < 1:
        raise InputError(f"seeds = {seeds!r} is not valid: it must be a whole number of at least 1.")


def _measured(lineage: Lineage, findings: Iterable[Finding], tell: Callable[[], None]) -> Iterator[float]:
    for finding in findings:
        yield lineage.measured(finding)
        tell()
