"""Trains overseers by PPO: `python tests/studies/overseer.py`, with the extra `rl`.

On each population of the scenario PPO is trained from several seeds, on other runs than those it is evaluated on. The
trained networks are kept as plain arrays, so that evaluating them does not need the extra.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, replace
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from feint.agents.mind import GROUPS
from feint.scenarios.oversight.overseer_baselines import POPULATIONS, Overseen, OverseerRequest, Row
from feint.sim.environments.overseer_policies import BASELINES, LEARNED, Hyperparameters, Network, Policy, train_ppo
from feint.sim.environments.task import ACTIONS, Terms
from feint.sim.results.provenance import passport

ROOT = Path(__file__).parents[2]
KEPT = ROOT / "docs" / "overseer_ppo.json"
SEEDS = (1, 2)
LIBRARIES = ("stable-baselines3", "torch")
RUNS, SEED = 4000, 0  # of the evaluation; training uses the populations of SEEDS
BY_HAND = "gate and awareness put back"
ELSEWHERE = "PPO of the other population, seed 1"
HEADER = "<!-- generated: nox -s golden -->\n"


def learned(practice: Hyperparameters, seeds: tuple[int, ...] = SEEDS, workers: int = 2) -> dict[str, Any]:
    """Train networks, one per population and seed; return them with their passport."""
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        futures = {
            name: [pool.submit(_learned, name, replace(practice, seed=seed)) for seed in seeds] for name in POPULATIONS
        }
        networks = {name: [future.result() for future in own] for name, own in futures.items()}
    own = passport("overseer-ppo", {"practice": asdict(practice), "seeds": list(seeds), "populations": populations()})
    own["versions"] |= {name: version(name) for name in LIBRARIES}
    return {"passport": own, "networks": networks}


def populations() -> dict[str, Any]:
    """Return everything that the numbers of each population depend on apart from seeds."""
    terms = {name: Terms.of(options) for name, options in POPULATIONS.items()}
    return {
        name: {**own.point.described(), "oversight": own.task.model_dump(), "vary": list(own.vary)}
        for name, own in terms.items()
    }


def _learned(population: str, practice: Hyperparameters) -> dict[str, Any]:
    return train_ppo(POPULATIONS[population], practice).described()


def kept() -> dict[str, dict[str, Network]]:
    """Return the kept networks by population, and by a name per seed."""
    document = json.loads(KEPT.read_text())
    seeds = document["passport"]["configuration"]["seeds"]
    return {
        population: {f"PPO, seed {seed}": Network.of(network) for seed, network in zip(seeds, networks, strict=True)}
        for population, networks in document["networks"].items()
    }


def remeasured(runs: int = RUNS, seed: int = SEED) -> Overseen:
    """Evaluate the kept networks and the hand-written overseers on the same runs."""
    networks = kept()
    others: dict[str, dict[str, Policy]] = {}
    for population in POPULATIONS:
        (other,) = networks.keys() - {population}
        first = next(iter(networks[other].values()))
        others[population] = {BY_HAND: LEARNED, **networks[population], ELSEWHERE: first}
    return OverseerRequest(runs=runs, seed=seed).compare(others=others)


def best(overseen: Overseen, population: str) -> Row:
    """Return the row with the highest mean return among the overseers that were written before."""
    return max((overseen.row(population, name) for name in BASELINES), key=lambda row: row.value.estimate)


def tables(overseen: Overseen) -> str:
    """Return Markdown tables of returns and of orders."""
    head = ("", "return", "above the best written down", "deployed", "deceptive", "cost", "slices")
    parts = [HEADER]
    for population in POPULATIONS:
        parts += [
            f"**{population}**",
            _table(head, _returns(overseen, population)),
            _table(ORDERED, _ordered(overseen, population)),
        ]
    return "\n\n".join(part.strip() for part in parts) + "\n"


ORDERED = ("share of the slices", "Y", "full rate", "honeypots", "audits", *(f"{group} put back" for group in GROUPS))


def _shown(overseen: Overseen, population: str) -> Iterator[Row]:
    yield best(overseen, population)
    yield from (row for row in overseen.of(population) if row.overseer not in BASELINES)


def _returns(overseen: Overseen, population: str) -> Iterator[tuple[str, ...]]:
    reference = best(overseen, population)
    for row in _shown(overseen, population):
        gained = "–" if row is reference else f"{row.above(reference):+.3f}"
        shares = (f"{row.deployed.estimate:.3f}", f"{row.outcomes['deceptive'].estimate:.4f}")
        cells = (f"{row.value:+.3f}", gained, *shares)
        yield row.overseer, *cells, f"{row.cost:.3f}", f"{row.slices:.1f}"


def _ordered(overseen: Overseen, population: str) -> Iterator[tuple[str, ...]]:
    for row in _shown(overseen, population):
        shares = [row.played.ordered("objective")[0], row.played.ordered("learning_rate")[-1]]
        shares += [1 - row.played.ordered(name)[0] for name in ACTIONS if name not in ORDERED_OTHERWISE]
        yield row.overseer, *(f"{share:.2f}" for share in shares)


ORDERED_OTHERWISE = ("decision", "objective", "learning_rate")


def _table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows))


def main() -> None:
    """Train networks and keep them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=Hyperparameters().steps, help="slices of each training")
    parser.add_argument("--workers", type=int, default=2, help="trainings at once")
    parser.add_argument("--to", type=Path, default=KEPT, help="file that is written")
    options = parser.parse_args()
    document = learned(replace(Hyperparameters(), steps=options.steps), workers=options.workers)
    options.to.write_text(json.dumps(document, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
