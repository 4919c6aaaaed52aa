"""Claims of one's own, read from TOML files or from the same tables in Python.

A file has `name` and `statement`, and a list of `[[part]]` tables. Each part is one number with the rule by which it is
judged: a difference of two ways of training, how often one ends in an outcome, or how that rises over several.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from feint.agents.errors import InputError, unknown
from feint.agents.outcome import LABELS, Outcome
from feint.sim.analysis.claims import (
    LEAST,
    UNPUBLISHED,
    Claim,
    Part,
    Rule,
    Source,
    apart,
    at_least,
    at_most,
    no_fall,
    rises,
    within,
)
from feint.sim.analysis.contrasts import trend
from feint.sim.analysis.estimands import DECEPTIVE, Estimand, difference, frequency
from feint.sim.ensembles.protocols import ARM_NAMES, PRETRAIN_FINETUNE, TrainingProtocol
from feint.sim.training.configuration import read_file
from feint.sim.training.parameter_point import EVERY, Point, split

TEXT, SWITCH, TABLE, LIST = "text: write it in quotes", "true or false", "a table", "a list"
KINDS = {TEXT: str, SWITCH: bool, TABLE: Mapping, LIST: list}
OF_CLAIM = {"name": TEXT, "statement": TEXT, "title": TEXT, "against": TEXT, "section": TEXT, "any_part": SWITCH}
OF_CLAIM |= {"source": TABLE, "part": LIST}
OF_PART = {"name": TEXT, "words": TEXT, "outcome": TEXT, "tested": SWITCH, "plus": TABLE, "minus": TABLE, "of": TABLE}
OF_PART |= {"parameter": TEXT, "values": LIST, "rule": TABLE}
OF_SOURCE = {field.name for field in fields(Source)}
ONE: dict[str, Callable[[float], Rule]] = {"rises": rises, "no_fall": no_fall, "within": within, "apart": apart}
TWO: dict[str, Callable[[float, float], Rule]] = {"at_least": at_least, "at_most": at_most}
SHAPES = "plus and minus (a difference), of (a frequency), or parameter and values (a trend)"
NAME = r"[A-Za-z][A-Za-z0-9_-]*"


def load_claim(path: str | Path) -> Claim:
    """Read a claim of one's own from a TOML file.

    Parameters
    ----------
    path
        The file: `name`, `statement`, and a `[[part]]` table for each number that the claim speaks of.

    Returns
    -------
    Claim
        The claim, as `feint.argue(claim=…)` takes it.

    Raises
    ------
    InputError
        If the file cannot be read or is not valid; it names the file, the place and what would be right.

    """
    return read_file(path, claim_of)


def claim_of(tables: Mapping[str, Any]) -> Claim:
    """Return the claim in the tables of a file; raises `InputError` that names the entry and what would be right."""
    _check_entries(tables, OF_CLAIM, "a claim")
    for name in ("name", "statement"):
        if not tables.get(name, "").strip():
            raise InputError(f'the claim has no {name}: give it one, as in {name} = "…".')
    if not re.fullmatch(NAME, tables["name"]):
        right = "it must begin with a letter, and be of letters, digits, _ and -"
        raise InputError(f"name = {tables['name']!r} is not valid for a claim: {right}.")
    parts = tuple(_parts(tables.get("part", [])))
    if not any(part.tested for part in parts):
        raise InputError("part = [] leaves nothing to test: begin a part with [[part]], and leave one tested.")
    first, *others = (part for part in parts if part.tested)  # the effect that is reported is that of the first part
    more = {name: tables[name] for name in ("against", "section", "any_part") if name in tables}
    return Claim(
        name=tables["name"],
        title=tables.get("title", tables["statement"].removesuffix(".")),
        statement=tables["statement"],
        source=_source(tables["source"]) if "source" in tables else UNPUBLISHED,
        parts=(first, *others, *(part for part in parts if not part.tested)),
        declared=tables,
        **more,
    )


def _check_entries(table: Mapping[str, Any], known: Mapping[str, str], of: str) -> None:
    """Raise `InputError` unless the entries of a table are known and of their type."""
    for name, value in table.items():
        if name not in known:
            raise unknown(f"entry of {of}", name, known)
        if not isinstance(value, KINDS[known[name]]) and not (known[name] is LIST and isinstance(value, tuple)):
            raise InputError(f"{name} = {value!r} is not {known[name]}.")


def _source(table: Mapping[str, Any]) -> Source:
    """Return the publication in a table; what it leaves out is empty."""
    for name, value in table.items():
        if name not in OF_SOURCE:
            raise unknown("entry of source", name, OF_SOURCE)
        right = "a year: write a whole number" if name == "year" else TEXT
        if type(value) is not (int if name == "year" else str):
            raise InputError(f"source.{name} = {value!r} is not {right}.")
    if missing := [name for name in ("author", "title", "year") if name not in table]:
        raise InputError(f"source has no {missing[0]}: give author, title and year, or leave source out.")
    return Source(**{"key": "own", "where": "", **table})


def _parts(tables: Any) -> Iterator[Part]:
    names: list[str] = []
    for number, table in enumerate(tables, 1):
        if not isinstance(table, Mapping):
            raise InputError(f"part = {table!r} is not a table: begin each part with [[part]].")
        name = table.get("name", f"part-{number}")
        try:
            if name in names:
                raise InputError(f"name = {name!r} is used by two parts: each part needs a name of its own.")
            yield _part({**table, "name": name})
        except InputError as error:
            raise InputError(f"part {name!r}: {error}") from None
        names.append(name)


def _part(table: Mapping[str, Any]) -> Part:
    _check_entries(table, OF_PART, "a part")
    outcome = table.get("outcome", DECEPTIVE)
    if outcome not in LABELS:
        raise unknown("outcome", outcome, LABELS)
    estimand, usual = _estimand(table, Outcome.named(outcome).label)
    rule = _rule(table["rule"]) if "rule" in table else usual
    if rule is None:
        raise InputError("rule is missing: say how often it must be, as in rule = { at_least = [0.5, 0.4] }.")
    return Part(table["name"], estimand, rule, table.get("tested", True))


def _estimand(table: Mapping[str, Any], outcome: str) -> tuple[Estimand, Rule | None]:
    """Return what a part measures, and the rule that it has if it states none."""
    given = {name for name in ("plus", "minus", "of", "parameter", "values") if name in table}
    if given == {"plus", "minus"}:
        plus, minus = (_protocol(table[name], name) for name in ("plus", "minus"))
        return difference(table.get("words", f"{outcome} runs, {plus} minus {minus}"), plus, minus, outcome), rises()
    if given == {"of"}:
        protocol = _protocol(table["of"], "of")
        return frequency(table.get("words", f"{outcome} runs, {protocol}"), protocol, outcome), None
    if given - {"of"} == {"parameter", "values"}:
        protocols = [*_levels(table)]
        ends = f"{table['parameter']} from {table['values'][0]} to {table['values'][-1]}"
        return trend(table.get("words", f"rise of {outcome} runs with {ends}"), protocols, outcome), rises()
    raise InputError(f"{' and '.join(sorted(given)) or 'nothing'} is given: a part needs {SHAPES}.")


def _levels(table: Mapping[str, Any]) -> Iterator[TrainingProtocol]:
    """Yield the protocols of a trend, one per value of its parameter."""
    if len(table["values"]) < 2:
        raise InputError(f"values = {table['values']!r} is no trend: give two values or more.")
    base = table.get("of", {})
    for value in table["values"]:
        yield _protocol({**base, table["parameter"]: value}, "values")


def _protocol(table: Mapping[str, Any], where: str) -> TrainingProtocol:
    """Return a way of training: an arm, and what it changes by dotted name, whether the file quotes the dots or not."""
    flat: dict[str, Any] = {}
    for name, value in table.items():
        nested = isinstance(value, Mapping)
        flat |= {f"{name}.{inner}": held for inner, held in value.items()} if nested else {name: value}
    arm = flat.pop("arm", PRETRAIN_FINETUNE)
    if arm not in ARM_NAMES:
        raise unknown(f"{where}.arm", arm, ARM_NAMES)
    changes = ((name, tuple(value) if isinstance(value, list) else value) for name, value in flat.items())
    protocol = TrainingProtocol(arm, tuple(changes))
    if {split(name)[0] for name in flat} <= {"", EVERY, *Point().curriculum.names}:  # others are known at the point
        try:
            protocol.spec(Point(), seed=0)
        except InputError as error:
            raise InputError(f"{where}: {error}") from None
    return protocol


def _rule(table: Mapping[str, Any]) -> Rule:
    """Return the rule in a table: `rises = 0.02`, say, or `at_least = [0.5, 0.4]`, where it holds and is reversed."""
    if len(table) != 1:
        raise InputError(f"rule = {dict(table)!r} is not one rule: give one of {', '.join([*ONE, *TWO])}.")
    ((name, value),) = table.items()
    if name in ONE:
        if not _is_number(value) or value <= 0:
            raise InputError(f"rule.{name} = {value!r} is not valid: it must be a number above 0, such as {LEAST:g}.")
        return ONE[name](float(value))
    if name not in TWO:
        raise unknown("rule", name, [*ONE, *TWO])
    if not isinstance(value, (list, tuple)) or len(value) != 2 or not all(map(_is_number, value)):
        raise InputError(f"rule.{name} = {value!r} is not two numbers: from where it holds, and from where reversed.")
    holds, reverses = map(float, value)
    if (holds - reverses) * (1 if name == "at_least" else -1) < 0:
        side = "above" if name == "at_least" else "below"
        raise InputError(f"rule.{name} = {list(value)!r} overlaps itself: the first number must be {side} the second.")
    return TWO[name](holds, reverses)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < float("inf")
