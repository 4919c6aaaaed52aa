"""What commands print and write, in any encoding, at any width, whoever reads it: results first, files whole."""

import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
from functools import cache

import pytest
from terminal import SMALL

from feint.commands.console import Patient, say, say_document
from feint.sim.results import provenance
from feint.sim.results.report import in_columns, wrapped

FEINT = [sys.executable, "-m", "feint"]
COMMANDS = [("parameters",), ("simulate", *SMALL), ("schema", "compare"), ("compare", "-h")]


def ran(*words, shell=None, **variables):
    """Run Feint in a process of its own, with its outputs as bytes; `shell` follows the command."""
    command = [*FEINT, *map(str, words)]
    environment = {**os.environ, **variables}
    if shell is None:
        return subprocess.run(command, capture_output=True, env=environment, check=False)
    line = " ".join(f"'{word}'" for word in command) + shell
    return subprocess.run(["bash", "-c", line], capture_output=True, env=environment, check=False)


once = cache(ran)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[0])
def test_what_an_encoding_lacks_is_replaced_and_columns_stay_as_wide(words, encoding):
    plain, other = once(*words), ran(*words, PYTHONIOENCODING=encoding)
    assert (other.returncode, other.stderr) == (0, b"")
    same = [line for line in plain.stdout.decode().splitlines() if "SGD steps in" not in line]
    shown = [line for line in other.stdout.decode(encoding).splitlines() if "SGD steps in" not in line]
    if words[0] != "compare":  # whose box is drawn otherwise
        assert [len(line) for line in shown] == [len(line) for line in same]


def test_under_the_c_locale_a_document_is_the_same_document():
    asked = ("parameters", "--json")
    plain, other = (ran(*asked), ran(*asked, PYTHONIOENCODING="ascii", LC_ALL="C"))
    assert other.stdout.isascii()
    assert not plain.stdout.isascii()
    assert json.loads(other.stdout) == json.loads(plain.stdout)


def test_foreign_control_characters_are_shown_and_not_carried_out(capsys):
    say("a\x1b[2Jb\x9bc\u202ed\ue000\ttab\nend")
    assert capsys.readouterr().out == "a\\x1b[2Jb\\x9bc\\u202ed\ue000\ttab\nend\n"
    document = {"text": "a\x1b\x9b\u202e\ud800 é"}
    say_document(json.dumps(document, ensure_ascii=False))
    printed = capsys.readouterr().out
    assert json.loads(printed) == document
    assert "\x9b" not in printed


def test_control_characters_of_a_foreign_passport_are_escaped(feint, tmp_path):
    file = tmp_path / "a.svg"
    assert feint("simulate", *SMALL, "--figure", file).code == 0
    passport = provenance.passport_in(file)
    passport["versions"]["feint"] = "0\x9b\n  python: evil"
    text = file.read_text()
    line = re.search(r"<dc:description>(.*?)</dc:description>", text, re.DOTALL)
    assert line
    file.write_text(text.replace(line[1], provenance.passport_line(passport).replace("\x9b", "&#155;")))
    said = feint("regenerate", file)
    assert "feint: 0\\x9b\\n  python: evil then" in said.out


@pytest.mark.parametrize("shell", [" | true", " | head -1 > /dev/null", " >&-"])
@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[0])
def test_output_that_nobody_reads_ends_quietly_with_the_status_of_the_work(words, shell):
    done = ran(*words, shell=f"{shell}; echo ${{PIPESTATUS[0]}} >&2")
    assert done.stderr == b"0\n"


def test_a_full_disk_under_what_is_printed_is_one_sentence():
    done = ran("simulate", *SMALL, shell=" > /dev/full")
    assert (done.returncode, done.stderr) == (2, b"feint: the result cannot be printed: No space left on device.\n")


def test_other_errors_of_the_system_are_not_called_printing(feint, monkeypatch):
    def fail(*_, **__):
        raise OSError(12, "Cannot allocate memory", "some/file")

    monkeypatch.setattr("feint.sim.ensembles.ensemble.SimulateRequest.run", fail)
    assert feint("simulate", *SMALL).refusal == "'some/file' cannot be read or written: Cannot allocate memory."


@pytest.mark.parametrize("ending", ["svg", "png", "pdf"])
def test_a_figure_that_cannot_be_written_leaves_the_result_and_no_part_of_a_file(feint, tmp_path, ending):
    file = tmp_path / f"a.{ending}"
    file.write_bytes(b"before")
    words = ("simulate", *SMALL, "--figure", file, "--force")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, limits[1]))
        said = feint(*words)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (said.code, said.err) == (2, f"feint: figure = {str(file)!r} cannot be written: File too large.\n")
    assert "deceptive" in said.out
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {file.name: b"before"}


WRITERS = {
    "figure.svg": ("simulate", *SMALL, "--figure"),
    "run.csv": ("replay", *SMALL[2:], "--csv"),
    "graph.graphml": ("graph",),
    "graph.json": ("graph",),
}


@pytest.mark.parametrize("name", WRITERS)
def test_each_command_says_which_file_it_wrote_and_replaces_none_without_a_word(feint, tmp_path, name):
    words = (*WRITERS[name], tmp_path / name)
    assert (feint(*words).code, feint.wrote) == (0, [str(tmp_path / name)])
    before = (tmp_path / name).stat()
    assert "is there already: name another file, or add --force to replace it." in feint(*words).refusal
    assert (tmp_path / name).stat() == before
    assert feint(*words, "--force").code == 0
    assert (tmp_path / name).stat().st_ino != before.st_ino
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_one_file_is_not_written_by_two_options_or_over_what_is_compared(feint, tmp_path):
    file = tmp_path / "a.svg"
    assert "figure and lattice are both" in feint("crux", "--figure", file, "--lattice", file).refusal
    assert feint("simulate", *SMALL, "--figure", file).code == 0
    again = feint("regenerate", file, "--out", file, "--force")
    assert again.refusal == f"out = {str(file)!r} is the file that is compared: name another one."


@pytest.mark.parametrize("text", ["", "text", '{"passport": 1}'])
def test_regenerate_tells_bad_input_from_a_file_that_came_out_otherwise(feint, tmp_path, text):
    (tmp_path / "a.svg").write_text(text)
    assert "carries no passport" in feint("regenerate", tmp_path / "a.svg").refusal


@pytest.mark.parametrize("wide", [40, 60, 80, 132, 250])
def test_tables_and_sentences_fit_the_terminal(feint, monkeypatch, wide):
    monkeypatch.setenv("COLUMNS", str(wide))
    monkeypatch.setattr(Patient, "isatty", lambda _: True, raising=False)
    for words in (("simulate", *SMALL), ("parameters",)):
        lines = feint(*words).out.splitlines()
        assert max(map(len, lines)) <= max(wide, 72)  # below which the widest single column does not fit
        assert max(map(len, lines)) > min(wide, 100) - 30
    with in_columns(300):
        assert max(map(len, wrapped("word " * 200).splitlines())) <= 100


def test_in_a_pipe_texts_have_80_columns_whatever_the_environment_says(feint, monkeypatch):
    said = feint("parameters").out
    monkeypatch.setenv("COLUMNS", "200")
    assert feint("parameters").out == said
    assert max(map(len, said.splitlines())) <= 80


@pytest.mark.parametrize(
    ("variable", "value"), [("NUMBA_NUM_THREADS", "0"), ("NUMBA_NUM_THREADS", "x"), ("MPLBACKEND", "nonsense")]
)
def test_a_variable_of_the_environment_that_is_not_valid_is_one_sentence(tmp_path, variable, value):
    done = ran("simulate", *SMALL, "--figure", tmp_path / "a.svg", **{variable: value})
    assert (done.returncode, done.stdout) == (2, b"")
    sentence = rf"feint: {variable} = '{value}', a variable of the environment, is not valid: .*\.\n"
    assert re.fullmatch(sentence, done.stderr.decode())


def test_a_variable_that_a_library_passes_over_is_one_line_of_warning():
    done = ran("simulate", *SMALL, NUMBA_OPT="x")
    assert done.returncode == 0
    assert done.stderr.decode().count("\n") == 1


HEARING = """
import runpy, signal, sys
import feint.interrupts
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.argv = ["feint", *sys.argv[1:]]
print("ready", flush=True)
runpy.run_module("feint", run_name="__main__")
"""


@pytest.mark.parametrize("moment", [0.02, 0.1, 0.4, 0.8])
@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c_is_one_line_and_130_from_the_first_moment_on_also_twice(moment, times):
    command = [sys.executable, "-c", HEARING, "compare", "--runs", "1000000"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        time.sleep(moment)
        for _ in range(times):
            process.send_signal(signal.SIGINT)
            time.sleep(0.005)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert re.fullmatch(rb"feint: stopped\..*\n", errors)
