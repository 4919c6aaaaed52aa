"""Kernels are compiled in a second process only if this one compiles, and nothing depends on that process."""

import os
import sys
import time

import pytest

from feint.agents.kernels import beside, compiling


@pytest.fixture(autouse=True)
def able(monkeypatch):
    """A machine with two cores, whatever this one has."""
    monkeypatch.setattr(beside, "cores", lambda: 2)
    monkeypatch.setattr(beside, "_waiting", [])


def test_the_other_process_starts_when_a_kernel_must_be_compiled(tmp_path):
    with beside.beside(os.mkdir, str(tmp_path / "made")):
        beside.start_others()
        beside.start_others()
    assert (tmp_path / "made").is_dir()


def test_nothing_starts_if_nothing_is_compiled(tmp_path):
    with beside.beside(os.mkdir, str(tmp_path / "made")):
        pass
    beside.start_others()
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(("name", "value"), [("cores", lambda: 1), ("sys", None)])
def test_nothing_starts_where_it_would_not_help(tmp_path, monkeypatch, name, value):
    if name == "sys":
        monkeypatch.setattr(sys, "frozen", True, raising=False)
    else:
        monkeypatch.setattr(beside, name, value)
    with beside.beside(os.mkdir, str(tmp_path / "made")):
        beside.start_others()
    assert not (tmp_path / "made").exists()


def test_what_goes_wrong_there_is_left_to_this_process(tmp_path, monkeypatch, capfd):
    with beside.beside(os.rmdir, str(tmp_path / "not there")):
        beside.start_others()
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no program"))
    with beside.beside(time.sleep, 0):
        beside.start_others()
    assert capfd.readouterr() == ("", "")


class Stream:
    """Standard error, which is a terminal or not."""

    def __init__(self, terminal):
        self.terminal, self.said = terminal, []

    def isatty(self):
        return self.terminal

    def write(self, text):
        self.said.append(text)

    def flush(self):
        pass


@pytest.mark.parametrize("terminal", [True, False])
def test_one_line_on_a_terminal_says_what_is_waited_for(monkeypatch, terminal):
    stream = Stream(terminal)
    monkeypatch.setattr(sys, "stderr", stream)
    compiling.announce.cache_clear()
    for _ in range(2):
        compiling.announce("the first time")
    said = "".join(stream.said)
    assert said == (
        "feint: compiling for this processor, which takes some seconds the first time…\n" if terminal else ""
    )
    compiling.announce.cache_clear()


def test_the_wait_is_told_where_a_kernel_is_not_kept(monkeypatch):
    told: list[str] = []
    monkeypatch.setattr(compiling, "announce", told.append)
    compiling.NoCache().load_overload((), None)
    assert "NUMBA_CACHE_DIR" in told[0]
