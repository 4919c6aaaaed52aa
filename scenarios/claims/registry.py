"""Registry of the claims that can be tested, by name; one file per claim, in the folder of its family."""

from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from importlib import import_module

from feint.agents.errors import unknown
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
PROPOSED: dict[str, tuple[str, ...]] = {}
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


def select_claims(names: Iterable[str] | None, family: str = "pretraining") -> list[Claim]:
    """Return the named claims, or all of a family that have been run; raises `InputError` for an unknown name."""
    run = claims(family)
    known = {**run, **proposed_claims(family)}
    for name in names or ():
        if name not in known:
            raise unknown("claim", name, known)
    return [known[name] for name in dict.fromkeys(names or run)]
