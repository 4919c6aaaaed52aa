"""The claims that can be put to the test, by name; each stands in a file of its own."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from feint.agents.errors import unknown
from feint.sim.claims import Claim

FILES = (
    "headline",
    "deceptive_stays",
    "internal_case",
    "corrigible_case",
    "relearning",
    "head_start",
    "runtime_pointers",
    "world_model",
    "imperfect",
    "matching",
    "dodges",
)


@cache
def claims() -> dict[str, Claim]:
    """All of them, in the order of their numbers."""
    from importlib import import_module

    found = (import_module(f"feint.scenarios.{file}").CLAIM for file in FILES)
    return {claim.name: claim for claim in found}


def asked(names: Iterable[str] | None, family: str = "pretraining") -> list[Claim]:
    """The claims of these names, all of a family without; raises `InputError` for one that there is not."""
    known = {name: claim for name, claim in claims().items() if claim.family == family}
    for name in names or ():
        if name not in known:
            raise unknown("claim", name, known)
    return [known[name] for name in dict.fromkeys(names or known)]
