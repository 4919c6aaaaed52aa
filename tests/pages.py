"""Pages of the manual: what a command prints and draws stands on them, and is put there where they are written anew.

Words agree to the letter and numbers nearly: on another kind of processor a run in a thousand may end otherwise.
"""

import json
import re
import shlex
from pathlib import Path

import pytest
from PIL import Image

from feint.scenarios.requests import KINDS, loaded

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
FIGURES = DOCS / "figures"
PRINTED = re.compile(r"<!-- (feint [^\n]*) -->\n```text\n(.*?)```", re.DOTALL)
NUMBER = re.compile(r"[+-]?\d[\d,]*\.?\d*")


def printed(page):
    """Commands, and what stands below each."""
    return PRINTED.findall(page.read_text())


def numbers(text):
    return [float(found.replace(",", "")) for found in NUMBER.findall(text)]


def words(text):
    """The text without its numbers, whatever its columns' widths."""
    return " ".join(NUMBER.sub("#", text).split())


def check_alike(stands, now, *, rel=0.1, abs=0.02):  # noqa: A002 - the names that pytest.approx has
    assert words(stands) == words(now)
    assert numbers(stands) == pytest.approx(numbers(now), rel=rel, abs=abs)


def check_same_drawing(path, shown):
    """Two pictures of one size, made from one configuration."""
    with Image.open(path) as new, Image.open(shown) as old:
        assert old.size == pytest.approx(new.size, rel=0.02)
        assert requested(json.loads(new.info["Description"])) == requested(json.loads(old.info["Description"]))


def requested(passport):
    """What a passport asks for, as it would be asked for now: parameters that it lacks have their defaults."""
    configuration = passport["configuration"]
    if passport["kind"] not in KINDS:
        return configuration
    return loaded(KINDS[passport["kind"]]).from_configuration(configuration).configuration()


def put(page, before, after):
    """Put something in the place of what stands there once."""
    text = page.read_text()
    assert text.count(before) == 1
    page.write_text(text.replace(before, after))


def block(command, stands):
    """What a page holds of a command."""
    return f"{command} -->\n```text\n{stands}```"


def ran(feint, command, *more):
    """What a command prints, which does what it should."""
    said = feint(*shlex.split(command)[1:], *more)
    assert (said.code, said.err) == (0, "")
    return said.out


def check_printed(feint, page, command, stands, *, rewrite, **nearly):
    """A command prints what stands below it."""
    now = ran(feint, command)
    if rewrite:
        put(page, block(command, stands), block(command, now))
    else:
        check_alike(stands, now, **nearly)


def check_printed_and_drawn(feint, page, command, stands, *, shown, folder, rewrite, **nearly):
    """A command prints what stands below it, and draws the picture that is shown."""
    path = shown if rewrite else folder / shown.name
    now = ran(feint, command, "--figure", path)
    if rewrite:
        put(page, block(command, stands), block(command, now))
        return
    check_alike(stands, now, **nearly)
    check_same_drawing(path, shown)
