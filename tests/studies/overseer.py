"""What PPO makes of the overseer's task: `python tests/studies/overseer.py`, with the extra `rl`.

On each population of the scenario it is trained anew from several seeds, on other runs than those that it is measured
on. What it has learned is kept as plain arrays, so that nobody needs the extra to see what it does.
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
from feint.sim.environments.baseline_overseers import BASELINES, LEARNED, Policy
from feint.sim.environments.ppo import Network, Practice, trained
from feint.sim.environments.task import ACTIONS, Terms
from feint.sim.results.provenance import passport

ROOT = Path(__file__).parents[2]
KEPT = ROOT / "docs" / "overseer_ppo.json"
SEEDS = (1, 2)
LIBRARIES = ("stable-baselines3", "torch")
RUNS, SEED = 4000, 0  # on which it is measured; it is trained on the populations of SEEDS
BY_HAND = "gate and awareness put back"
ELSEWHERE = "PPO of the other population, seed 1"
HEADER = "<!-- generated: nox -s golden -->\n"


def learned(practice: Practice | None = None, seeds: tuple[int, ...] = SEEDS, workers: int = 2) -> dict[str, Any]:
    """Networks by population, one a seed, with what is needed to train them again."""
    practice = Practice() if practice is None else practice
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        begun = {
            name: [pool.submit(_learned, name, replace(practice, seed=seed)) for seed in seeds] for name in POPULATIONS
        }
        networks = {name: [each.result() for each in found] for name, found in begun.items()}
    told = {name: Terms.of(options).configuration() for name, options in POPULATIONS.items()}
    own = passport("overseer-ppo", {"practice": asdict(practice), "seeds": list(seeds), "populations": told})
    own["versions"] |= {name: version(name) for name in LIBRARIES}
    return {"passport": own, "networks": networks}


def _learned(population: str, practice: Practice) -> dict[str, Any]:
    return trained(POPULATIONS[population], practice).described()


def kept() -> dict[str, dict[str, Network]]:
    """What was learned, by population and by a name for each seed."""
    document = json.loads(KEPT.read_text())
    seeds = document["passport"]["configuration"]["seeds"]
    return {
        population: {f"PPO, seed {seed}": Network.of(each) for seed, each in zip(seeds, networks, strict=True)}
        for population, networks in document["networks"].items()
    }


def remeasured(runs: int = RUNS, seed: int = SEED) -> Overseen:
    """What was learned beside the overseers that were written down, on the same runs."""
    networks = kept()
    others: dict[str, dict[str, Policy]] = {}
    for population in POPULATIONS:
        (other,) = networks.keys() - {population}
        first = next(iter(networks[other].values()))
        others[population] = {BY_HAND: LEARNED, **networks[population], ELSEWHERE: first}
    return OverseerRequest(runs=runs, seed=seed).compare(others=others)


def best(found: Overseen, population: str) -> Row:
    """The overseer with the highest mean return among those that were written down before."""
    return max((found.row(population, name) for name in BASELINES), key=lambda row: row.value.estimate)


def told(found: Overseen) -> str:
    """Tables of Markdown: what it is worth, and what is ordered."""
    head = ("", "return", "above the best written down", "deployed", "deceptive", "cost", "slices")
    parts = [HEADER]
    for population in POPULATIONS:
        parts += [
            f"**{population}**",
            _table(head, _worth(found, population)),
            _table(ORDERED, _ordered(found, population)),
        ]
    return "\n\n".join(part.strip() for part in parts) + "\n"


ORDERED = ("share of the slices", "Y", "full rate", "honeypots", "audits", *(f"{group} put back" for group in GROUPS))


def _shown(found: Overseen, population: str) -> Iterator[Row]:
    yield best(found, population)
    yield from (row for row in found.of(population) if row.overseer not in BASELINES)


def _worth(found: Overseen, population: str) -> Iterator[tuple[str, ...]]:
    reference = best(found, population)
    for row in _shown(found, population):
        gained = "–" if row is reference else f"{row.above(reference):+.3f}"
        shares = (f"{row.deployed.estimate:.3f}", f"{row.outcomes['deceptive'].estimate:.4f}")
        cells = (f"{row.value:+.3f}", gained, *shares)
        yield row.overseer, *cells, f"{row.cost:.3f}", f"{row.slices:.1f}"


def _ordered(found: Overseen, population: str) -> Iterator[tuple[str, ...]]:
    for row in _shown(found, population):
        shares = [row.played.ordered("objective")[0], row.played.ordered("learning_rate")[-1]]
        shares += [1 - row.played.ordered(name)[0] for name in ACTIONS if name not in ORDERED_OTHERWISE]
        yield row.overseer, *(f"{share:.2f}" for share in shares)


ORDERED_OTHERWISE = ("decision", "objective", "learning_rate")


def _table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows))


def main() -> None:
    """Train, and keep what was learned."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=Practice().steps, help="slices of each training")
    parser.add_argument("--workers", type=int, default=2, help="trainings at once")
    parser.add_argument("--to", type=Path, default=KEPT, help="file that is written")
    asked = parser.parse_args()
    found = learned(replace(Practice(), steps=asked.steps), workers=asked.workers)
    asked.to.write_text(json.dumps(found, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
