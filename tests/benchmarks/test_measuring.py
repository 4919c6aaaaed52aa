"""What the benchmarks measure with: turns, processes, memory, compiled kernels, and another commit's tree."""

import math
import subprocess
import sys
from pathlib import Path
from shutil import which

import pytest
from numba.core import config

from benchmarks import against, blocks, memory, worker
from benchmarks.interleaved import by_clocks, interleaved
from benchmarks.peers import numpy_runs
from benchmarks.processes import in_turns, medians, ran
from benchmarks.recompiling import counted
from feint.sim.training.stage import Stage

COMPILED = not config.DISABLE_JIT  # pyright: ignore[reportAttributeAccessIssue] - set when Numba is loaded


def test_functions_are_called_in_turns_and_their_work_is_divided_out():
    now, called = 0, []

    def taking(name, nanoseconds, work):
        def function():
            nonlocal now
            now += nanoseconds * (1 + len(called) // 2)  # a machine that gets slower with every round
            called.append(name)
            return work

        return function

    kinds = {"one": taking("one", 100, 10), "other": taking("other", 300, 10)}
    timings = interleaved(kinds, 3, clock=lambda: now)
    assert called == ["one", "other"] * 4
    assert timings.rounds == {"one": [20, 30, 40], "other": [60, 90, 120]}
    assert timings.medians() == {"one": 30, "other": 90}
    assert timings.ratios("one") == {"one": 1, "other": 3}


def test_several_clocks_see_the_same_calls():
    now, called = {"wall": 0, "processors": 0}, []

    def function():
        now.update({"wall": now["wall"] + 200, "processors": now["processors"] + 300})
        called.append(1)
        return 10

    found = by_clocks({"one": function}, 2, {name: lambda name=name: now[name] for name in now})
    assert len(called) == 3
    assert found["wall"].rounds == {"one": [20, 20]}
    assert found["processors"].rounds == {"one": [30, 30]}


def test_a_process_is_timed_and_what_it_prints_is_kept(tmp_path):
    code = "import os; print(os.environ['WORD'], os.getcwd())"
    found = in_turns({"told": lambda: ran([sys.executable, "-c", code], tmp_path, WORD="hello")}, 2)
    assert [took.printed for took in found["told"]] == [f"hello {tmp_path}\n"] * 2
    wall, processors = medians(found["told"])
    assert wall > 0
    assert processors >= 0


@pytest.mark.slow
@pytest.mark.skipif(not memory.FORGET.exists(), reason="the peak of a process is read from /proc (Linux)")
def test_memory_is_that_of_what_is_recorded_and_not_of_the_runs():
    grown, recorded = memory.needed("simulate", 20000, 2)
    assert recorded / 20000 == pytest.approx(107, abs=20)
    assert recorded < grown < recorded + 2**26


@pytest.mark.slow
@pytest.mark.skipif(not COMPILED, reason="nothing is compiled")
def test_no_parameter_compiles_a_kernel_anew():
    found = counted()
    assert found["parameters"] > 30
    assert found["kernels anew"] == found["compilations"] == 0
    assert found["kernels anew for another form"] > 0


def test_a_worker_leaves_out_what_its_tree_does_not_have():
    assert worker.known(Stage, {"steps": 3, "phase": "of the moon"}) == {"steps": 3}


def test_single_precision_is_asked_for_where_there_is_a_choice():
    assert worker.single(lambda _state, precision="double": precision) == {"precision": "single"}
    assert worker.single(lambda state: state) == {}


def test_a_block_size_is_tried_on_as_many_runs_as_fill_it(monkeypatch):
    monkeypatch.setattr(numpy_runs, "BLOCK", numpy_runs.BLOCK)  # so that it is set back
    assert blocks.at(numpy_runs, 16)() == 16 * blocks.STAGE.steps
    assert numpy_runs.BLOCK == 16


@pytest.mark.slow
def test_two_trees_train_in_turns():
    trees: dict[str, Path] = dict.fromkeys((against.HERE, against.BASE), against.ROOT)
    found = against.kernels(trees, 3, {"speed_cost": 0.1}, {"steps": 3, "honeypots": 0.1}, runs=8)
    assert all(cost > 0 and math.isfinite(cost) for each in found.values() for cost in each)
    told = against.compared("kernel", "ns", {"here": [1.0, 2.0, 3.0], "base": [2.0, 4.0, 6.0]})
    assert "here / base 0.500 (rounds 0.500 to 0.500)" in told


@pytest.mark.slow
def test_a_worker_says_where_it_would_train_another_tree(tmp_path):
    command = [sys.executable, worker.__file__, str(tmp_path)]
    process = subprocess.run(command, check=False, capture_output=True, text=True)
    assert process.returncode == 1
    assert f"which is not in {tmp_path}" in process.stderr


@pytest.mark.skipif(which("git") is None, reason="there is no git")
def test_another_commit_is_laid_out_for_a_while(tmp_path, monkeypatch):
    def git(*arguments):
        told = ["-c", "user.name=nobody", "-c", "user.email=nobody@example.org", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", "-C", str(tmp_path), *told, *arguments], check=True, capture_output=True)

    git("init")
    (tmp_path / "page").write_text("as it was")
    git("add", "page")
    git("commit", "-m", "one")
    (tmp_path / "page").write_text("as it is")
    monkeypatch.setattr(against, "ROOT", tmp_path)
    with against.laid_out("HEAD") as tree:
        assert (tree / "page").read_text() == "as it was"
    assert not tree.exists()
    assert (tmp_path / "page").read_text() == "as it is"
    assert not [*Path(tmp_path, ".git").glob("worktrees/*")]
