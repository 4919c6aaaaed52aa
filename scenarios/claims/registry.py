"""Registry of the claims that can be tested, by name; one file per claim, in the folder of its family."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import Any

from feint.agents.errors import InputError, unknown
from feint.sim.analysis.claim_files import claim_of, load_claim
from feint.sim.analysis.claims import Claim

FAMILIES = {
    "pretraining": (
        "pretraining_vs_scratch",
        "deceptive_stays",
        "internal_case",
        "corrigible_case",
        "relearning",
        "head_start",
        "runtime_pointers",
        "world_model_helps_sgd",
        "imperfect_pretraining",
        "capability_matching",
        "dodges",
        "pretraining_length",
        "deception_lasts",
        "telling",
    ),
    "fine-tuning": (
        "capability_remains",
        "thin_wrapper",
        "quick_revival",
        "innocent_revival",
        "large_learning_rate",
        "weak_relevance",
    ),
    "release": ("falling_cost", "shared_costs", "broad_benefits", "fall_behind", "owners_goals"),
}
"""Family → files in its folder, in the order of the claims' numbers."""
PROPOSED: dict[str, tuple[str, ...]] = {"pretraining": ("nondeceptive_start",)}
"""Family → files of claims that are declared and not yet run: they are tested by name, and the manual lists them."""


@cache
def claims(family: str = "pretraining") -> dict[str, Claim]:
    """Return the claims of a family by name; raises `InputError` if the family is not known."""
    if family not in FAMILIES:
        raise unknown("family", family, FAMILIES)
    return _declared(family, FAMILIES[family])


@cache
def proposed_claims(family: str) -> dict[str, Claim]:
    """Return the claims of a family that are not yet run, by name."""
    return _declared(family, PROPOSED.get(family, ()), len(FAMILIES.get(family, ())))


def _declared(family: str, files: Iterable[str], before: int = 0) -> dict[str, Claim]:
    """Return the claims of some files by name; titles and what counts against them are from the files' docstrings."""
    folder = f"feint.scenarios.claims.{family.replace('-', '')}"
    modules = [import_module(f"{folder}.{file}") for file in files]
    texts = [str(module.__doc__) for module in modules]
    claims = [
        replace(module.CLAIM, title=_title(text), against=_against(text), family=family, number=number)
        for number, (module, text) in enumerate(zip(modules, texts, strict=True), before + 1)
    ]
    return {claim.name: claim for claim in claims}


def _title(text: str) -> str:
    return text.split("\n", 1)[0].removesuffix(".")


def _against(text: str) -> str:
    """Return the paragraph of a docstring on what would count against its claim, without its heading."""
    paragraph = text.partition("What would count against it.")[2].split("\n\n", 1)[0]
    return " ".join(paragraph.split())


def named_claim(which: Any) -> Any:
    """Return a claim as a request holds it: a name, or the claim of a file, of the tables of one, or itself.

    Raises `InputError` if the file is not valid, or a claim of one's own has the name of a registered one.
    """
    if isinstance(which, (str, Path)) and Path(which).suffix != ".toml":
        return str(which)
    claim = which if isinstance(which, Claim) else claim_of(which) if isinstance(which, Mapping) else load_claim(which)
    if not isinstance(claim, Claim):
        raise InputError(f"claim = {which!r} is none: give a name, a file that ends in .toml, or a Claim.")
    if claim.name in every_claim() and claim != every_claim()[claim.name]:
        raise InputError(f"name = {claim.name!r} is that of a registered claim: give your own another name.")
    return claim


def every_claim() -> dict[str, Claim]:
    """Return the claims of all families by name, those that are not yet run included."""
    return {name: claim for family in FAMILIES for name, claim in (claims(family) | proposed_claims(family)).items()}


def select_claims(names: Iterable[Any] | None, family: str = "pretraining") -> list[Claim]:
    """Return the named claims, or all of a family that have been run; raises `InputError` for an unknown name.

    Claims of one's own, as `named_claim` returns them, are numbered in their order.
    """
    run = claims(family)
    known: dict[str, Claim] = {**run, **proposed_claims(family)}
    chosen: dict[str, Claim] = {}
    own = count(1)
    for which in names or run:
        if isinstance(which, str) and which not in known:
            raise unknown("claim", which, known)
        claim = known[which] if isinstance(which, str) else replace(which, number=which.number or next(own))
        if claim.name in chosen and not isinstance(which, str):
            raise InputError(f"name = {claim.name!r} is that of two claims: give each a name of its own.")
        chosen[claim.name] = claim
    return list(chosen.values())
