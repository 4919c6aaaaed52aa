"""The manual's page on the two small environments: output of its commands and of its Python."""

import io
import re
from contextlib import redirect_stdout

import pytest
from pages import DOCS, FIGURES, ROOT, check_printed_and_drawn, printed, put
from terminal import within_this_process

PAGE = DOCS / "two_exits.md"
PYTHON = re.compile(r"```python\n(.*?)```\n\n```text\n(.*?)```", re.DOTALL)
SHOWN = {"feint scenario two-exits": "two_exits.png", "feint scenario rsa-2048": "rsa2048.png"}


@pytest.fixture
def feint(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    return within_this_process(monkeypatch, capsys)


@pytest.mark.slow
@pytest.mark.generated
@pytest.mark.parametrize("command", SHOWN)
def test_what_the_page_prints_and_draws_is_what_its_command_does(feint, tmp_path, command, rewrite):
    where = {"shown": FIGURES / SHOWN[command], "folder": tmp_path}
    check_printed_and_drawn(feint, PAGE, command, dict(printed(PAGE))[command], **where, rewrite=rewrite, rel=0.01)


@pytest.mark.generated
@pytest.mark.parametrize("which", [0, 1])
def test_the_python_of_the_page_prints_what_stands_below_it(which, rewrite):
    code, stands = PYTHON.findall(PAGE.read_text())[which]
    with redirect_stdout(io.StringIO()) as said:
        exec(compile(code, PAGE.name, "exec"), {})
    if rewrite:
        put(PAGE, f"{code}```\n\n```text\n{stands}```", f"{code}```\n\n```text\n{said.getvalue()}```")
        return
    assert said.getvalue() == stands
    assert stands
