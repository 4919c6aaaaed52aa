"""What `feint regenerate` says: in words, and as its JSON document, whose schema `docs/schemas` holds."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from feint.scenarios.gallery.regeneration import Outcome, Regenerated
from feint.sim.results.part import Part
from feint.sim.results.text_tables import wrapped


class Change(Part):
    """A version, a processor or a commit that is another than it was."""

    then: str
    now: str


class RegenerateDocument(Part):
    """What `feint regenerate --json` prints."""

    schema_: Literal[1] = Field(1, alias="schema")
    file: str
    kind: str = Field(description="what the file holds: figure, comparison, ensemble, trajectory, xu-race, worldviews")
    outcome: str = Field(description=", ".join(f"{each.value}: {each.meaning}" for each in Outcome))
    difference: str | None = Field(description="the first one between numbers, where it is known")
    changed: dict[str, Change] = Field(description="what computed and drew it that is another now")
    passport: dict[str, Any] = Field(description="the file's own")


def document(found: Regenerated) -> RegenerateDocument:
    """As the JSON document."""
    return RegenerateDocument(
        schema=1,
        file=str(found.file),
        kind=found.kind,
        outcome=found.outcome.value,
        difference=found.difference,
        changed={name: Change(then=then, now=now) for name, (then, now) in found.changed.items()},
        passport=found.passport,
    )


def told(found: Regenerated) -> str:
    """In a sentence, and a line for each thing that made it and is another now."""
    where = f": {found.difference}" if found.difference else ""
    first = wrapped(f"{found.file}: {found.outcome.meaning}{where}.")
    return "\n".join([first, *(f"  {name}: {then} then, {now} now" for name, (then, now) in found.changed.items())])
