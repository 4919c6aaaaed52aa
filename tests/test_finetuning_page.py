"""The manual's page on fine-tuning: its commands print and draw what stands there."""

import json
import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from studies.argument import claims, parts, table, turning
from terminal import within_this_process

from feint.scenarios.argue import QUICK, argue
from feint.scenarios.revival import Condition
from feint.sim.claims import KINDS
from feint.sim.point import Point
from feint.sim.quantities import step_ratio
from feint.sim.trials import trials

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "finetuning.md"
TABLE = ROOT / "docs" / "finetuning_table.md"
HEADER = "<!-- generated: nox -s golden -->"
PRINTED = re.compile(r"<!-- (feint [^\n]*) -->\n```text\n(.*?)```", re.DOTALL)
NUMBER = re.compile(r"[+-]?\d[\d,]*\.?\d*")
DRAWN = ("wrappers", "revival")


@pytest.fixture
def feint(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    return within_this_process(monkeypatch, capsys)


def numbers(text):
    return [float(found.replace(",", "")) for found in NUMBER.findall(text)]


def words(text):
    return " ".join(NUMBER.sub("#", text).split())


@pytest.mark.slow
@pytest.mark.generated
def test_what_the_page_prints_is_what_its_commands_print(feint, rewrite):
    """Numbers nearly: on another kind of processor a run in a thousand may end otherwise."""
    commands = PRINTED.findall(PAGE.read_text())
    assert [shlex.split(command)[2] for command, _ in commands] == list(DRAWN)
    for command, stands in commands:
        said = feint(*shlex.split(command)[1:])
        assert (said.code, said.err) == (0, "")
        if rewrite:
            before, after = (f"{command} -->\n```text\n{text}```" for text in (stands, said.out))
            PAGE.write_text(PAGE.read_text().replace(before, after))
        else:
            assert words(stands) == words(said.out)
            assert numbers(stands) == pytest.approx(numbers(said.out), rel=0.1, abs=0.02)


@pytest.mark.slow
@pytest.mark.generated
@pytest.mark.parametrize("name", DRAWN)
def test_a_figure_is_drawn_by_its_command(feint, tmp_path, name, rewrite):
    shown = ROOT / "docs" / "figures" / f"finetuning_{name}.png"
    path = shown if rewrite else tmp_path / shown.name
    assert feint("scenario", name, "--seed", 1, "--figure", path).code == 0
    with Image.open(path) as new, Image.open(shown) as old:
        assert old.size == pytest.approx(new.size, rel=0.02)
        told, standing = (json.loads(image.info["Description"])["configuration"] for image in (new, old))
    assert told == standing


def test_without_coverage_is_as_the_page_says():
    point, base = Point().at({"pretraining.coverage": 0.0}), Condition()
    ended = trials(point, base.ways, range(2000), seed=1)
    mine, never = ended[base.way()].steps, ended[base.never].steps
    ratio = step_ratio(mine, never)
    found = [np.median(mine), np.median(never), *(2**end for end in (ratio.estimate, ratio.low, ratio.high))]
    told = re.search(
        r"median is (\d+) steps against (\d+), a ratio of ([\d.]+)\s+\[([\d.]+), ([\d.]+)\]", PAGE.read_text()
    )
    assert told
    assert [float(each) for each in told.groups()] == pytest.approx(found, rel=0.1)


def tables():
    """What `feint argue --family fine-tuning --quick --runs 4000 --seed 1` finds, as tables."""
    found = argue(family="fine-tuning", size=QUICK, runs=4000, seed=1)
    blocks = (
        HEADER,
        table(("", "claim", "verdict at the default point", "effect", *KINDS), claims(found)),
        table(("claim", "quantity", "holds", "found", "verdict"), parts(found)),
        table(("claim", "crux", "nearest flip"), turning(found)),
    )
    return "\n\n".join(blocks) + "\n"


@pytest.mark.slow
@pytest.mark.generated
def test_the_verdicts_are_those_of_the_command(rewrite):
    now = tables()
    if rewrite:
        TABLE.write_text(now)
    stands = TABLE.read_text()
    verdicts = [re.findall(r"`([a-z-]+)` \| ([a-z ]+)[;|]", text) for text in (stands, now)]
    assert verdicts[0] == verdicts[1]
    point, new = (text.split("| claim | crux")[0] for text in (stands, now))
    assert numbers(point) == pytest.approx(numbers(new), rel=0.1, abs=0.03)
