"""`feint sweep` and `feint export`: right and wrong input, as a person types it."""

import json
import sys
from pathlib import Path

import pandas as pd
import pytest

from feint import cli
from feint.sim.finished import Sweep

STUDY = """
seed = 1
runs = 30
design = "grid"

[[stage]]
name = "pretraining"
objective = 0
steps = 20

[[stage]]
name = "finetuning"
objective = 1
steps = 30

[vary]
similarity = [0.0, 0.9]
"finetuning.carry" = [[], ["goal", "world"]]
"""


@pytest.fixture
def study(tmp_path):
    path = tmp_path / "study.toml"
    path.write_text(STUDY)
    return path


def run(monkeypatch, capsys, *words):
    """Exit code, standard output and standard error of a command."""
    monkeypatch.setattr(sys, "argv", ["feint", *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    said = capsys.readouterr()
    return ended.value.code or 0, said.out, said.err


def test_a_study_is_swept_shown_and_exported(monkeypatch, capsys, study, tmp_path):
    out = tmp_path / "out"
    code, said, errors = run(monkeypatch, capsys, "sweep", study, "--out", out)
    assert (code, errors) == (0, "")
    assert "4 points, 240 runs in all, design grid, arms from scratch, pre-training + fine-tuning" in said
    assert "goal+world" in said
    code, again, errors = run(monkeypatch, capsys, "sweep", study, "--out", out, "--resume", "--threads", "1")
    assert (code, again, errors) == (0, said, "")
    code, said, errors = run(monkeypatch, capsys, "export", out, tmp_path / "table.csv")
    assert (code, said, errors) == (0, "", "")
    table = pd.read_csv(tmp_path / "table.csv")
    assert table["finetuning.carry"].unique().tolist() == ["nothing", "goal+world"]
    assert len(table) == 4 * 3


def test_a_damaged_part_is_told_as_a_warning_and_made_again(monkeypatch, capsys, study, tmp_path):
    out = tmp_path / "out"
    run(monkeypatch, capsys, "sweep", study, "--out", out)
    victim = next((out / "parts").iterdir())
    victim.write_bytes(victim.read_bytes()[:-1])
    code, _, errors = run(monkeypatch, capsys, "sweep", study, "--out", out, "--resume")
    assert code == 0
    assert errors.startswith(f"feint: warning: {victim.name}: its content is not what was written; it was set aside")


def test_without_resume_a_folder_is_not_touched(monkeypatch, capsys, study, tmp_path):
    run(monkeypatch, capsys, "sweep", study, "--out", tmp_path / "out")
    before = Sweep.open(tmp_path / "out").manifest
    code, said, errors = run(monkeypatch, capsys, "sweep", study, "--out", tmp_path / "out")
    assert (code, said) == (2, "")
    assert errors.endswith("holds this study already: go on with it by --resume.\n")
    assert json.loads((tmp_path / "out" / "manifest.json").read_text()) == before


MISTAKES = {
    "no such file": (["sweep", "nowhere.toml", "--out", "OUT"], "nowhere.toml: the file cannot be read"),
    "no folder": (["sweep", "STUDY"], "Missing option '--out'"),
    "a worker too few": (["sweep", "STUDY", "--out", "OUT", "--workers", "0"], "workers = 0"),
    "no whole number": (["sweep", "STUDY", "--out", "OUT", "--workers", "two"], "'two' is not a whole number"),
    "export of nothing": (["export", "OUT", "table.csv"], "is not a sweep's folder"),
    "a missing folder": (["export", "OUT", "no/table.csv"], "cannot be written: there is no folder"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_sentence_and_exit_code_2(monkeypatch, capsys, study, tmp_path, mistake):
    words, sentence = MISTAKES[mistake]
    places = {"STUDY": study, "OUT": tmp_path / "none"}
    monkeypatch.chdir(tmp_path)
    code, said, errors = run(monkeypatch, capsys, *(places.get(word, word) for word in words))
    assert (code, said) == (2, "")
    assert errors.count("\n") == 1
    assert sentence in errors


def test_a_wrong_entry_is_told_with_its_file(monkeypatch, capsys, study, tmp_path):
    Path(study).write_text(STUDY.replace("runs = 30", "run = 30"))
    code, _, errors = run(monkeypatch, capsys, "sweep", study, "--out", tmp_path / "out")
    assert code == 2
    assert "entry 'run' is not known: did you mean 'runs'?" in errors
    assert not (tmp_path / "out").exists()
