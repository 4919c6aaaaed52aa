"""Preregistration: digests of what claims declare, and the record of when it was declared or changed, and why.

The record is `docs/preregistration.md`, which is only ever appended to: every entry holds a digest of all that stands
before it. `python -m feint.scenarios.claims.preregistration --seen "..." --reason "..."` appends an entry for each
claim whose declaration is not the one recorded last.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from feint.agents.errors import InputError
from feint.scenarios.claims.registry import FAMILIES, claims, proposed_claims
from feint.sim.analysis.claims import Claim

RECORD = Path(__file__).resolve().parents[2] / "docs" / "preregistration.md"
DIGITS = 16  # of a digest, in hexadecimal
ENTRY = re.compile(
    r"^### (?P<day>\d{4}-\d\d-\d\d) · (?P<claim>[a-z-]+) · (?P<kind>declared|amended)\n\n"
    r"- declaration `(?P<digest>[0-9a-f]{16})`, after `(?P<after>[0-9a-f]{16})`\n"
    r"- seen by then: (?P<seen>.+)\n- reason: (?P<reason>.+)\n",
    re.MULTILINE,
)


class Entry(NamedTuple):
    """One entry of the record."""

    day: str
    claim: str
    kind: str
    digest: str
    after: str  #: digest of the record before the entry
    seen: str  #: which results had been seen by then
    reason: str


def declaration(claim: Claim) -> dict[str, Any]:
    """Return what a claim declares: statement, source, and every part with its estimand and rule."""
    return {
        "name": claim.name,
        "statement": claim.statement,
        "source": [claim.source.key, claim.section],
        "against": claim.against,
        "any_part": claim.any_part,
        "parts": [plain(part) for part in claim.parts],
    }


def digest(claim: Claim) -> str:
    """Return the digest of a claim's declaration; titles and wording of the code do not enter."""
    return _digest(json.dumps(declaration(claim), sort_keys=True, ensure_ascii=False))


def plain(value: Any) -> Any:
    """Return a declaration's value as plain data: functions by their qualified names, without fields that are None."""
    if is_dataclass(value) and not isinstance(value, type):
        named = {
            field.name: plain(found) for field in fields(value) if (found := getattr(value, field.name)) is not None
        }
        return {"kind": type(value).__name__, **named}
    if isinstance(value, partial):
        return {"function": plain(value.func), "arguments": plain(value.args), "keywords": plain(value.keywords)}
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    return value.__qualname__


def declared() -> dict[str, Claim]:
    """Return all claims by name, run or only proposed."""
    return {name: claim for family in FAMILIES for name, claim in (claims(family) | proposed_claims(family)).items()}


def entries(text: str) -> list[Entry]:
    """Return the entries of a record; raises `InputError` if one was changed, moved or removed."""
    read = []
    for match in ENTRY.finditer(text):
        entry = Entry(**match.groupdict())
        if entry.after != _digest(text[: match.start()]):
            raise InputError(
                f"the entry of {entry.claim} of {entry.day} says after = {entry.after!r}: what stands before it has "
                "been changed; the record is only appended to."
            )
        read.append(entry)
    if len(read) != len(re.findall(r"^### ", text, re.MULTILINE)):
        raise InputError("an entry of the record does not have the form of the others: see ENTRY.")
    return read


def unrecorded(text: str) -> list[Claim]:
    """Return the claims whose declaration is not the one that a record has last."""
    last = {entry.claim: entry.digest for entry in entries(text)}
    return [claim for name, claim in declared().items() if last.get(name) != digest(claim)]


def appended(text: str, claim: Claim, *, seen: str, reason: str, day: date) -> str:
    """Return a record with one more entry, that of a claim."""
    known = {entry.claim for entry in entries(text)}
    kind = "amended" if claim.name in known else "declared"
    head = f"### {day.isoformat()} · {claim.name} · {kind}\n\n"
    text = text.rstrip("\n") + "\n\n"
    lines = f"- declaration `{digest(claim)}`, after `{_digest(text)}`\n- seen by then: {seen}\n- reason: {reason}\n"
    return text + head + lines


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:DIGITS]


def main(arguments: list[str] | None = None) -> None:
    """Append entries to the record for all claims whose declaration changed."""
    from argparse import ArgumentParser

    parser = ArgumentParser(description=main.__doc__)
    parser.add_argument("--seen", required=True, help="which results of the claim had been seen by then")
    parser.add_argument("--reason", required=True, help="why the declaration is made or changed")
    parser.add_argument("--claim", action="append", help="only these claims")
    known = parser.parse_args(arguments)
    text = RECORD.read_text(encoding="utf-8")
    for claim in unrecorded(text):
        if known.claim is None or claim.name in known.claim:
            text = appended(text, claim, seen=known.seen, reason=known.reason, day=date.today())
    RECORD.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
