"""`feint sweep` and `feint export`: right and wrong input, as a person types it."""

import io
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from terminal import hearing

from feint.sim.results.provenance import passport_in

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


def test_a_study_is_swept_shown_and_exported(feint, study, tmp_path):
    out = tmp_path / "out"
    code, said, errors = feint("sweep", study, "--out", out)
    begun = f"feint: 4 points, 2 arms, 30 runs of each, into {out}, on"
    assert code == 0
    assert re.fullmatch(rf"{re.escape(begun)} \d+ threads?\n", errors)
    assert "4 points, 240 runs in all, design grid\n" in said
    assert "point 3: similarity = 0.9, finetuning.carry = goal+world\n  from_scratch       30  " in said
    assert max(map(len, said.splitlines())) <= 80
    figure = tmp_path / "figure.svg"
    code, again, errors = feint("sweep", study, "--out", out, "--resume", "--threads", "1", "--figure", figure)
    assert (code, again, errors) == (0, said, f"{begun} 1 thread\n")
    assert passport_in(figure)["kind"] == "sweep"
    code, said, errors = feint("export", out, tmp_path / "table.csv")
    assert (code, said, errors, feint.wrote) == (0, "", "", [str(tmp_path / "table.csv")])
    table = pd.read_csv(tmp_path / "table.csv")
    assert table["finetuning.carry"].unique().tolist() == ["nothing", "goal+world"]
    assert len(table) == 4 * 3


def test_a_damaged_part_is_told_as_a_warning_and_made_again(feint, study, tmp_path):
    out = tmp_path / "out"
    feint("sweep", study, "--out", out)
    victim = next((out / "parts").iterdir())
    victim.write_bytes(victim.read_bytes()[:-1])
    code, _, errors = feint("sweep", study, "--out", out, "--resume")
    assert code == 0
    _, warned = errors.splitlines()
    assert warned.startswith(f"feint: warning: {victim.name}: its content is not what was written; it was set aside")


def test_without_resume_a_folder_is_not_touched(feint, study, tmp_path):
    feint("sweep", study, "--out", tmp_path / "out")
    before = (tmp_path / "out" / "manifest.json").read_text()
    code, said, errors = feint("sweep", study, "--out", tmp_path / "out")
    assert (code, said) == (2, "")
    assert errors.endswith("holds this study already: continue it with --resume (resume=True in Python).\n")
    assert (tmp_path / "out" / "manifest.json").read_text() == before


def test_the_same_line_begins_goes_on_and_adds_to_what_is_there(feint, study, tmp_path):
    line = ("sweep", study, "--out", tmp_path / "out", "--resume", "--threads", "1")
    begun = f"feint: 4 points, 2 arms, 30 runs of each, into {tmp_path / 'out'}, on 1 thread\n"
    code, said, errors = feint(*line)
    assert (code, errors) == (0, begun)
    assert feint(*line) == (0, said, begun)
    Path(study).write_text(STUDY.replace("runs = 30", "runs = 70").replace("[0.0, 0.9]", "[0.0, 0.4, 0.9]"))
    code, said, errors = feint(*line)
    assert code == 0
    assert "on 1 thread; what is there is kept: runs is 30 there and 70 here; vary.similarity is" in errors
    assert said.startswith("6 points, 840 runs in all")
    assert feint("export", tmp_path / "out", tmp_path / "table.csv") == (0, "", "")
    assert feint("sweep", study, "--out", tmp_path / "once")[:2] == (0, said)
    feint("export", tmp_path / "once", tmp_path / "once.csv")
    assert (tmp_path / "table.csv").read_bytes() == (tmp_path / "once.csv").read_bytes()
    Path(study).write_text(STUDY)
    code, said, errors = feint(*line)
    assert (code, said, errors.count("\n")) == (2, "", 1)
    assert "holds another study: runs is 70 there and 30 here" in errors


def test_what_will_be_done_is_said_before_anything_is_trained(feint, monkeypatch, capsys, study, tmp_path):
    def write_points(_):
        assert capsys.readouterr().err.startswith("feint: 4 points, 2 arms, 30 runs of each, into ")
        raise KeyboardInterrupt

    monkeypatch.setattr("feint.sim.sweeps.experimental_designs.write_points", write_points)
    code, _, errors = feint("sweep", study, "--out", tmp_path / "out")
    assert code == 130
    assert errors.startswith("feint: stopped. Finished parts of a sweep are kept")


def test_on_a_terminal_the_bar_is_there_before_anything_is_trained(feint, monkeypatch, study, tmp_path):
    class Screen(io.StringIO):
        def isatty(self):
            return True

    def write_points(_):
        heading, bar = screen.getvalue().split("\n", 1)
        assert heading.startswith("feint: 4 points, 2 arms")
        assert "0.00/120" in bar
        raise KeyboardInterrupt

    screen = Screen()
    monkeypatch.setattr("feint.sim.sweeps.experimental_designs.write_points", write_points)
    monkeypatch.setattr(sys, "stderr", screen)
    assert feint("sweep", study, "--out", tmp_path / "out")[0] == 130


def test_points_that_stay_too_wide_are_told(feint, study, tmp_path):
    Path(study).write_text("half_width = 0.01\nmost_runs = 60\n" + STUDY)
    code, said, errors = feint("sweep", study, "--out", tmp_path / "out")
    assert code == 0
    assert "30 to 60 runs of each" in errors
    assert "4 points have an interval wider than half_width = 0.01 after most_runs = 60" in " ".join(said.split())


@pytest.mark.skipif(os.name != "posix", reason="it sends a signal")
def test_ctrl_c_is_answered_at_once(study, tmp_path):
    long = re.sub(r"steps = \d+", "steps = 300\ntarget = 0.0", STUDY).replace("runs = 30", "runs = 400000")
    Path(study).write_text(long)
    command = hearing("sweep", study, "--out", tmp_path / "out")
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        while not any((tmp_path / "out").glob("parts/*")):  # others are then under way
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate()
    assert process.returncode == 130
    _, _, stopping, stopped = errors.splitlines()
    assert stopping == "feint: stopping as soon as the parts under way are done…"
    assert stopped.startswith("feint: stopped. Finished parts of a sweep are kept")


MISTAKES = {
    "no such file": (["sweep", "nowhere.toml", "--out", "OUT"], "nowhere.toml: the file cannot be read"),
    "no folder": (["sweep", "STUDY"], "Missing option '--out'"),
    "a worker too few": (["sweep", "STUDY", "--out", "OUT", "--workers", "0"], "workers = 0"),
    "no whole number": (["sweep", "STUDY", "--out", "OUT", "--workers", "two"], "'two' is not a whole number"),
    "export of nothing": (["export", "OUT", "table.csv"], "is not a sweep's folder"),
    "a missing folder": (["export", "OUT", "no/table.csv"], "cannot be written: there is no folder"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_sentence_and_exit_code_2(feint, monkeypatch, study, tmp_path, mistake):
    words, sentence = MISTAKES[mistake]
    places = {"STUDY": study, "OUT": tmp_path / "none"}
    monkeypatch.chdir(tmp_path)
    code, said, errors = feint(*(places.get(word, word) for word in words))
    assert (code, said) == (2, "")
    assert errors.count("\n") == 1
    assert sentence in errors


def test_a_wrong_entry_is_told_with_its_file(feint, study, tmp_path):
    Path(study).write_text(STUDY.replace("runs = 30", "run = 30"))
    code, _, errors = feint("sweep", study, "--out", tmp_path / "out")
    assert code == 2
    assert "entry 'run' is not known: did you mean 'runs'?" in errors
    assert not (tmp_path / "out").exists()
