"""The manual's page on what results hang on: its commands print and draw what stands there."""

import re
import shlex

import pytest
from pages import DOCS, FIGURES, ROOT, block, check_same_drawing, numbers, printed, put, ran, words
from terminal import within_this_process

PAGE = DOCS / "crux.md"
DRAWN = {
    "crux_shares.png": "crux --seed 1 --figure {}",
    "crux_lattice.png": "crux --seed 1 --lattice {}",
    "argument.png": "graph --verdicts --seed 1 {}",
}


@pytest.fixture
def feint(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    return within_this_process(monkeypatch, capsys)


@pytest.mark.slow
@pytest.mark.generated
def test_what_the_page_prints_is_what_its_commands_print(feint, rewrite):
    """Rows in any order: on another kind of processor two may come the other way round."""
    commands = printed(PAGE)
    assert len(commands) == 4
    for command, stands in commands:
        now = ran(feint, command)
        if rewrite:
            put(PAGE, block(command, stands), block(command, now))
        else:
            assert sorted(words(stands).split()) == sorted(words(now).split())
            assert sorted(numbers(stands)) == pytest.approx(sorted(numbers(now)), rel=0.05, abs=0.01)


@pytest.mark.slow
@pytest.mark.generated
@pytest.mark.parametrize("name", DRAWN)
def test_a_figure_is_drawn_by_its_command(feint, tmp_path, name, rewrite):
    path = FIGURES / name if rewrite else tmp_path / name
    assert feint(*shlex.split(DRAWN[name].format(path))).code == 0
    check_same_drawing(path, FIGURES / name)


def test_the_python_of_the_page_runs(capsys):
    (example,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    exec(compile(example, "crux.md", "exec"), {})
    assert "inference" in capsys.readouterr().out
