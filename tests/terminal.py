"""The command line as a person meets it: called within this process, or in one of its own."""

import json
import re
import subprocess
import sys
import warnings
from typing import NamedTuple

import pytest

from feint.commands import cli

SHORT = ("--set", "pretraining.steps=100", "--set", "finetuning.steps=200")
WROTE = re.compile(r"feint: wrote (.*)\.\n")
SMALL = ("--runs", 40, *SHORT)
WORK = {"compare": SMALL, "simulate": SMALL, "replay": ("--run", 3, *SHORT)}
"""The commands that train, each with little to do."""
HEARING = """
import runpy, signal
signal.signal(signal.SIGINT, signal.default_int_handler)
runpy.run_module("feint", run_name="__main__")
"""
"""Runs Feint so that it hears Ctrl-C, also if the tests run in the background."""


def hearing(*words):
    """Return the command line of a Feint that hears Ctrl-C."""
    return [sys.executable, "-c", HEARING, *map(str, words)]


class Said(NamedTuple):
    """How a command ended and what it said."""

    code: int
    out: str
    err: str

    @property
    def document(self):
        """The one JSON document that was printed, and nothing else."""
        assert (self.code, self.err) == (0, "")
        assert self.out.endswith("}\n")
        return json.loads(self.out, parse_constant=pytest.fail)

    @property
    def refusal(self):
        """The one sentence for bad input that was printed, and nothing else."""
        assert (self.code, self.out) == (2, "")
        assert re.fullmatch(r"feint: .+[.?]\n", self.err)
        return self.err[len("feint: ") : -1]


def within_this_process(monkeypatch, capsys):
    """What a fixture `feint` returns: a function of the words of a command."""
    for variable in ("FORCE_COLOR", "PY_COLORS", "TTY_COMPATIBLE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)

    def call(*words):
        monkeypatch.setattr(sys, "argv", ["feint", *map(str, words)])
        with pytest.raises(SystemExit) as left:
            cli.main()
        out, err = capsys.readouterr()
        vars(call)["wrote"] = WROTE.findall(err)
        return Said(int(left.value.code or 0), out, WROTE.sub("", err))

    vars(call)["wrote"] = []  # files that the last command said it wrote
    return call


def in_a_process_of_its_own(*words):
    """The same, slower, with a pipe for each output."""
    command = [sys.executable, "-m", "feint", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return Said(done.returncode, done.stdout, done.stderr)
