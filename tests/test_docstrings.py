"""Docstrings of the front door: what `help` says of every public function and class of `feint`."""

import inspect
import re
from dataclasses import fields, is_dataclass

import pytest

import feint

SECTIONS = ("Parameters", "Returns", "Raises", "Source")
FUNCTIONS = [name for name in feint.__all__ if inspect.isfunction(getattr(feint, name))]
CLASSES = [name for name in feint.__all__ if inspect.isclass(getattr(feint, name))]


def sections(name):
    """The sections of a docstring in order, with the lines of each."""
    parts = re.split(r"^(\w+)\n-+\n", inspect.getdoc(getattr(feint, name)) or "", flags=re.MULTILINE)
    return dict(zip(parts[1::2], (part.rstrip().splitlines() for part in parts[2::2]), strict=True))


def entries(lines):
    """The names that a section explains, each with the first line of the explanation."""
    heads = [i for i, line in enumerate(lines) if line and not line.startswith(" ")]
    after = {i: lines[i + 1].strip() if i + 1 < len(lines) else "" for i in heads}
    return {name.strip("* "): after[i] for i in heads for name in lines[i].split(",")}


def test_there_are_both():
    assert len(FUNCTIONS) >= 15
    assert len(CLASSES) >= 15


@pytest.mark.parametrize("name", [*FUNCTIONS, *CLASSES])
def test_the_first_line_is_one_sentence(name):
    first, _, rest = (inspect.getdoc(getattr(feint, name)) or "").partition("\n")
    assert first.endswith(".")
    assert not rest or rest.startswith("\n")


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_says_what_it_takes_returns_and_raises(name):
    found = sections(name)
    assert list(found) == [section for section in SECTIONS if section in found]  # in this order, and no others
    assert {"Parameters", "Returns", "Raises"} <= set(found)
    assert set(entries(found["Parameters"])) == set(inspect.signature(getattr(feint, name)).parameters)
    for section in ("Parameters", "Returns", "Raises"):
        assert all(entries(found[section]).values()), section
    assert list(entries(found["Raises"])) == ["InputError"]  # every one checks what it is given
    returned = inspect.signature(getattr(feint, name)).return_annotation
    assert list(entries(found["Returns"])) == [getattr(returned, "__name__", returned)]


@pytest.mark.parametrize("name", CLASSES)
def test_every_field_of_a_result_has_a_meaning(name):
    """A comment after the field, or a description for the schema; inherited fields are checked in their class."""
    kind = getattr(feint, name)
    source = inspect.getsource(kind)
    for field in [field.name for field in fields(kind)] if is_dataclass(kind) else []:
        line = re.search(rf"^    {field}: .*$", source, re.MULTILINE)
        assert line is None or "#:" in line[0] or "description=" in line[0] or field in SPEAKING, f"{name}.{field}"


SPEAKING = {"model", "timing", "world"}
"""Fields that are named as their class is, which says what they hold."""


@pytest.mark.parametrize("name", ["Model", "Stage", "Curriculum", "Study"])
def test_every_class_that_checks_its_values_says_so(name):
    assert list(entries(sections(name)["Raises"])) == ["InputError"]
