"""The record of declarations: it is only appended to, and what is declared today is what it has last."""

import re
from dataclasses import replace
from datetime import date

import pytest

from feint.agents.errors import InputError
from feint.scenarios.claims import preregistration
from feint.scenarios.claims.preregistration import ENTRY, RECORD, appended, digest, entries, main, unrecorded
from feint.scenarios.claims.registry import claims
from feint.sim.analysis.claims import rises

TEXT = RECORD.read_text(encoding="utf-8")
HELD = 75, "c3cac493b27ef8e5"
"""Number of the first entries that are held as they are, and the digest of the record up to the end of the last: all
that there are, raised whenever one is added."""
DAY = date(2026, 12, 1)


def changed(**changes):
    return replace(claims()["headline"], **changes)


def test_what_is_declared_today_is_what_the_record_has_last():
    names = [claim.name for claim in unrecorded(TEXT)]
    assert names == [], f"declarations changed without an entry: run {preregistration.__name__} for {names}"


def test_the_record_begins_with_version_1_and_its_entries_stand():
    """Every entry holds a digest of all before it, so that the last of them holds all."""
    count, held = HELD
    first = list(ENTRY.finditer(TEXT))[:count]
    assert preregistration._digest(TEXT[: first[-1].end()]) == held
    version_1 = [entry for entry in entries(TEXT) if entry.day == "2026-11-25"]
    assert len(version_1) == 22
    assert {entry.kind for entry in version_1} == {"declared"}
    assert {entry.claim for entry in entries(TEXT)[22:36]} == {*claims()}


@pytest.mark.parametrize(
    "change",
    [
        {"statement": "Something else is said."},
        {"against": "Nothing."},
        {"any_part": True},
        {"parts": tuple(replace(part, rule=rises(0.03)) for part in claims()["headline"].parts)},
        {"parts": tuple(replace(part, tested=True) for part in claims()["headline"].parts)},
        {"parts": claims()["headline"].parts[:-1]},
    ],
    ids=["statement", "against", "any part", "rule", "tested", "parts"],
)
def test_a_declaration_that_changes_without_an_entry_is_noticed(monkeypatch, change):
    monkeypatch.setattr(preregistration, "declared", lambda: {"headline": changed(**change)})
    assert [claim.name for claim in unrecorded(TEXT)] == ["headline"]


def test_an_entry_makes_the_change_recorded(monkeypatch):
    new = changed(statement="Something else is said.")
    monkeypatch.setattr(preregistration, "declared", lambda: {"headline": new})
    text = appended(TEXT, new, seen="nothing", reason="to see", day=DAY)
    assert text.startswith(TEXT.rstrip("\n"))
    assert unrecorded(text) == []
    last = entries(text)[-1]
    assert (last.day, last.claim, last.kind) == ("2026-12-01", "headline", "amended")
    assert (last.digest, last.seen, last.reason) == (digest(new), "nothing", "to see")
    first = appended(TEXT, replace(new, name="new-claim"), seen="nothing", reason="to see", day=DAY)
    assert entries(first)[-1].kind == "declared"


def test_a_title_or_a_number_is_no_part_of_a_declaration():
    assert digest(changed(title="Another", number=99)) == digest(claims()["headline"])


@pytest.mark.parametrize("which", [0, 10, -2])
@pytest.mark.parametrize("change", ["reason", "digest", "removed"])
def test_an_old_entry_that_is_changed_or_removed_is_noticed(which, change):
    match = list(ENTRY.finditer(TEXT))[which]
    old = match.group(0)
    new = {
        "reason": old.replace("- reason: ", "- reason: all is well, "),
        "digest": old.replace(match["digest"], "0" * 16),
        "removed": "",
    }[change]
    with pytest.raises(InputError, match="what stands before it has been changed"):
        entries(TEXT.replace(old, new))


def test_the_truth_about_version_1_cannot_be_changed_either():
    with pytest.raises(InputError, match="what stands before it has been changed"):
        entries(TEXT.replace("03:31", "02:31", 1))


def test_an_entry_of_another_form_is_refused():
    with pytest.raises(InputError, match="does not have the form"):
        entries(TEXT + "\n### 2026-12-01 · headline · improved\n\n- reason: none\n")


def test_the_command_appends_what_is_missing(monkeypatch, tmp_path):
    record = tmp_path / "record.md"
    record.write_text(TEXT, encoding="utf-8")
    monkeypatch.setattr(preregistration, "RECORD", record)
    main(["--seen", "nothing", "--reason", "none"])
    assert record.read_text(encoding="utf-8") == TEXT
    new = {**preregistration.declared(), "headline": changed(statement="Something else is said.")}
    monkeypatch.setattr(preregistration, "declared", lambda: new)
    main(["--seen", "nothing", "--reason", "none", "--claim", "dodges"])
    assert record.read_text(encoding="utf-8") == TEXT
    main(["--seen", "nothing", "--reason", "it was wrong"])
    last = entries(record.read_text(encoding="utf-8"))[-1]
    assert (last.claim, last.reason) == ("headline", "it was wrong")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", last.day)
