"""The manual's page on the two small environments: its commands and its Python print what stands there."""

import io
import re
import shlex
from contextlib import redirect_stdout
from pathlib import Path

import pytest
from PIL import Image
from terminal import within_this_process

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "two_exits.md"
PRINTED = re.compile(r"<!-- (feint [^\n]*) -->\n```text\n(.*?)```", re.DOTALL)
PYTHON = re.compile(r"```python\n(.*?)```\n\n```text\n(.*?)```", re.DOTALL)
FIGURES = {"feint scenario two-exits": "two_exits.png", "feint scenario rsa-2048": "rsa2048.png"}


@pytest.fixture
def feint(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    return within_this_process(monkeypatch, capsys)


def rewritten(before, after):
    text = PAGE.read_text()
    assert before in text
    PAGE.write_text(text.replace(before, after, 1))


@pytest.mark.slow
@pytest.mark.generated
@pytest.mark.parametrize("command", FIGURES)
def test_what_the_page_prints_and_draws_is_what_its_command_does(feint, tmp_path, command, rewrite):
    stands = dict(PRINTED.findall(PAGE.read_text()))[command]
    shown = ROOT / "docs" / "figures" / FIGURES[command]
    path = shown if rewrite else tmp_path / FIGURES[command]
    said = feint(*shlex.split(command)[1:], "--figure", path)
    assert (said.code, said.err) == (0, "")
    if rewrite:
        rewritten(f"{command} -->\n```text\n{stands}```", f"{command} -->\n```text\n{said.out}```")
        return
    assert stands == said.out
    with Image.open(path) as new, Image.open(shown) as old:
        assert old.size == pytest.approx(new.size, rel=0.02)


@pytest.mark.generated
@pytest.mark.parametrize("which", [0, 1])
def test_the_python_of_the_page_prints_what_stands_below_it(which, rewrite):
    code, stands = PYTHON.findall(PAGE.read_text())[which]
    with redirect_stdout(io.StringIO()) as said:
        exec(compile(code, PAGE.name, "exec"), {})
    if rewrite:
        rewritten(f"{code}```\n\n```text\n{stands}```", f"{code}```\n\n```text\n{said.getvalue()}```")
        return
    assert said.getvalue() == stands
    assert stands
