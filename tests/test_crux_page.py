"""The manual's page on what results hang on: its commands print and draw what stands there."""

import json
import re
import shlex
from pathlib import Path

import pytest
from PIL import Image
from terminal import within_this_process

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "crux.md"
PRINTED = re.compile(r"<!-- (feint [^\n]*) -->\n```text\n(.*?)```", re.DOTALL)
NUMBER = re.compile(r"[+-]?\d[\d,]*\.?\d*")
DRAWN = {
    "crux_shares.png": "crux --seed 1 --figure {}",
    "crux_lattice.png": "crux --seed 1 --lattice {}",
    "argument.png": "graph --verdicts --seed 1 {}",
}


@pytest.fixture
def feint(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    return within_this_process(monkeypatch, capsys)


def numbers(text):
    return [float(found.replace(",", "")) for found in NUMBER.findall(text)]


@pytest.mark.slow
@pytest.mark.generated
def test_what_the_page_prints_is_what_its_commands_print(feint, rewrite):
    """Numbers nearly: on another kind of processor a run in a thousand may end otherwise, and order two rows so."""
    commands = PRINTED.findall(PAGE.read_text())
    assert len(commands) == 4
    for command, stands in commands:
        said = feint(*shlex.split(command)[1:])
        assert (said.code, said.err) == (0, "")
        if rewrite:
            before, after = (f"{command} -->\n```text\n{text}```" for text in (stands, said.out))
            PAGE.write_text(PAGE.read_text().replace(before, after))
        else:
            words, now = (" ".join(NUMBER.sub("#", text).split()) for text in (stands, said.out))
            assert sorted(words.split()) == sorted(now.split())
            assert sorted(numbers(stands)) == pytest.approx(sorted(numbers(said.out)), rel=0.05, abs=0.01)


@pytest.mark.slow
@pytest.mark.generated
@pytest.mark.parametrize("name", DRAWN)
def test_a_figure_is_drawn_by_its_command(feint, tmp_path, name, rewrite):
    shown = ROOT / "docs" / "figures" / name
    path = shown if rewrite else tmp_path / name
    assert feint(*shlex.split(DRAWN[name].format(path))).code == 0
    with Image.open(path) as new, Image.open(shown) as old:
        assert old.size == pytest.approx(new.size, rel=0.02)
        told, standing = (json.loads(image.info["Description"])["configuration"] for image in (new, old))
    assert told == standing


def test_the_python_of_the_page_runs(capsys):
    (example,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    exec(compile(example, "crux.md", "exec"), {})
    assert "inference" in capsys.readouterr().out
