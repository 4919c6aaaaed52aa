"""Every notebook runs from top to bottom."""

import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.py"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_asks_and_says_what_would_change_the_answer(path, monkeypatch, capsys):
    text = path.read_text()
    assert "?" in text.split("# %% [markdown]")[1].splitlines()[1]
    assert "What would change the answer" in text
    monkeypatch.chdir(path.parent)
    runpy.run_path(str(path))
    assert capsys.readouterr().out


def test_there_is_a_notebook():
    assert NOTEBOOKS
