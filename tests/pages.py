"""Pages of the manual: what their commands print and draw, and what their Python prints.

Words agree to the letter and numbers nearly: on another kind of processor a run in a thousand may end otherwise.
"""

import json
import re
import shlex
import shutil
from pathlib import Path

import pytest
from PIL import Image

from feint.scenarios.requests import KINDS, loaded
from feint.sim.sweeps.study import Study
from feint.sim.sweeps.sweep import sweep

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
FIGURES = DOCS / "figures"
PAGES = {path.stem: path for path in [ROOT / "README.md", *sorted(DOCS.glob("*.md"))]}
PRINTED = re.compile(r"<!-- (feint [^\n]*) -->\n```text\n(.*?)```", re.DOTALL)
PYTHON = re.compile(r"^```python\n(.*?)^```\n(?:\n```text\n(.*?)```)?", re.DOTALL | re.MULTILINE)
SHELL = re.compile(r"^```sh\n(.*?)^```", re.DOTALL | re.MULTILINE)
FILE = re.compile(r"<!-- file: (\S+) -->\n```toml\n(.*?)```", re.DOTALL)
NUMBER = re.compile(r"[+-]?\d[\d,]*\.?\d*(?:e[+-]?\d+)?")
CLOCK = "SGD steps in"
"""Words of the line that says how long a command took."""


def printed(page):
    """Return the commands of a page below which their output stands, each with the output."""
    return PRINTED.findall(page.read_text())


def shell_lines(page):
    """Return the lines of a page's shells that call Feint, without their remarks."""
    lines = "\n".join(SHELL.findall(page.read_text())).replace("\\\n", " ").splitlines()
    return [re.split(r"\s#", line)[0].strip() for line in lines if line.startswith("feint ")]


def prose(page):
    """Return the text of a page as one line."""
    return " ".join(page.read_text().split())


def numbers(text):
    return [float(number.replace(",", "")) for number in NUMBER.findall(text)]


def words(text):
    """Return a text without its numbers, whatever its columns' widths."""
    return " ".join(NUMBER.sub("#", text).split())


def without_clock(text):
    lines = [line.rstrip() for line in text.splitlines() if CLOCK not in line]
    return "\n".join(lines).strip("\n") + "\n"


def check_alike(stands, now, *, rel=0.1, slack=0.02, least=0.0):
    """Assert that two texts have the same words and nearly the same numbers, as `check_numbers` compares them."""
    assert words(stands) == words(now)
    check_numbers(numbers(stands), numbers(now), rel=rel, slack=slack, least=least)


def check_numbers(stands, now, *, rel=0.1, slack=0.02, least=0.0):
    """Assert that numbers differ by at most this share or, if they are not below `least`, by this slack."""
    pairs = zip(stands, now, strict=True)
    assert [(a, b) for a, b in pairs if not abs(a - b) <= max(rel * abs(b), slack * (abs(b) >= least))] == []


def check_same_drawing(path, shown):
    """Assert that two pictures are of one size and were made from one configuration."""
    with Image.open(path) as new, Image.open(shown) as old:
        assert old.size == pytest.approx(new.size, rel=0.02)
        assert requested(json.loads(new.info["Description"])) == requested(json.loads(old.info["Description"]))


def requested(passport):
    """Return what a passport requests, as it would be requested now: parameters that it lacks have their defaults."""
    configuration = passport["configuration"]
    if "sweep" in configuration:
        return configuration["request"], configuration["sweep"]["configuration"]
    if passport["kind"] not in KINDS:
        return configuration
    return loaded(KINDS[passport["kind"]]).from_configuration(configuration).configuration()


def put(page, before, after):
    """Replace a text that stands once on a page."""
    text = page.read_text()
    assert text.count(before) == 1
    page.write_text(text.replace(before, after))


def block(command, stands):
    """Return how a page shows a command's output."""
    return f"{command} -->\n```text\n{stands}```"


def ran(feint, command, *more):
    """Return what a command prints, without how long it took; it must succeed, and what it says early it says again."""
    said = feint(*shlex.split(command)[1:], *more, *["--force"] * bool(more))
    assert said.code == 0, said.err
    assert said.err.strip() in said.out
    return without_clock(said.out)


def prepared(page, folder):
    """Write the files of a page into a folder, with the examples, and carry out the studies that its commands read."""
    shutil.copytree(ROOT / "examples", folder / "examples", dirs_exist_ok=True)
    used = {word for command, _ in printed(page) for word in shlex.split(command)}
    for name, content in FILE.findall(page.read_text()):
        (folder / name).write_text(content)
        if Path(name).stem in used:
            sweep(Study.load(folder / name), folder / Path(name).stem)
    return folder
