"""The manual's worked example: a new mechanism touches its declaration, the step and their tests, and nothing else.

`docs/examples/myopia.patch` is the whole change, which `docs/kernels.md` shows. Here it is made in a copy of the house.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PATCH = ROOT / "docs" / "examples" / "myopia.patch"

DECLARATION, STEP = "agents/model.py", "sim/training/kernels/sgd_step.py"
TESTS = ("tests/agents/test_parameters.py", "tests/oracle.py", "tests/sim/test_step.py", "tests/sim/test_laws.py")

STALE = """The worked example does not fit the house any more. Make its change in a copy, by hand, write `git diff -U1`
there to docs/examples/myopia.patch, and run `nox -s golden`."""

pytestmark = [
    pytest.mark.skipif(shutil.which("git") is None, reason="the patch is applied by git"),
    pytest.mark.slow,
]


def copied(folder):
    """The house without its heaviest room."""
    for part in ("agents", "sim", "scenarios", "src", "tests"):
        left_out = shutil.ignore_patterns("__pycache__", "benchmarks", "studies")
        shutil.copytree(ROOT / part, folder / part, symlinks=True, ignore=left_out)
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def patched(folder):
    """A copy with the mechanism in it."""
    house = copied(folder.resolve())
    nowhere = {"GIT_CEILING_DIRECTORIES": str(house.parent)}  # the copy is in no repository
    command = ["git", "apply", "--recount", "-C1", str(PATCH)]
    process = subprocess.run(
        command, cwd=house, env={**os.environ, **nowhere}, capture_output=True, text=True, check=False
    )
    assert process.returncode == 0, f"{process.stderr}\n{STALE}"
    return house


@pytest.fixture(scope="module")
def changed(tmp_path_factory):
    return patched(tmp_path_factory.mktemp("changed"))


def differing(house):
    """Files of the copy that are not as they were."""
    files = [file.relative_to(house) for file in house.rglob("*") if file.is_file()]
    return {str(file) for file in files if not _same(house / file, ROOT / file)}


def _same(one, other):
    return other.is_file() and one.read_bytes() == other.read_bytes()


def difference(name, folder):
    """How a file in `b`, a folder in this one, differs from that in `a`, with a line of context."""
    command = ["git", "diff", "--no-index", "--no-prefix", "--no-color", "--no-ext-diff", "-U1"]
    process = subprocess.run(
        [*command, f"a/{name}", f"b/{name}"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert process.returncode == 1, process.stderr  # they differ
    return re.sub(r"^index .*\n", "", process.stdout, flags=re.MULTILINE)


def run(house, *arguments, **variables):
    """The summary of tests run in the copy, and the names of those that failed."""
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("NUMBA_", "PYTHON", "PYTEST"))
    }
    process = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", "-rf", "--tb=short", *arguments],
        cwd=house,
        env={**inherited, "PYTHONPATH": str(house / "src"), "PYTHONDONTWRITEBYTECODE": "1", **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode in {0, 1}, process.stdout + process.stderr  # neither a mistake nor nothing to test
    return process.stdout, re.findall(r"^FAILED \S+::(\S+)", process.stdout, re.MULTILINE)


@pytest.mark.generated
def test_the_example_touches_the_declaration_the_step_and_their_tests_and_nothing_else(tmp_path, rewrite):
    copied(tmp_path / "a")
    assert differing(patched(tmp_path / "b")) == {DECLARATION, STEP, *TESTS}
    if rewrite:
        PATCH.write_text("".join(difference(name, tmp_path) for name in (DECLARATION, STEP, *TESTS)))
    lines = re.findall(r"^[+-](?![+-]{2} ).*", difference(STEP, tmp_path), re.MULTILINE)
    print("in the step:", *lines, sep="\n")
    assert len([line for line in lines if line.startswith("+")]) <= 3
    assert len([line for line in lines if line.startswith("-")]) <= 1


def test_with_it_all_tests_of_parameters_and_step_pass(changed):
    said, failed = run(changed, "tests/agents/test_parameters.py", "tests/sim/test_step.py", NUMBA_DISABLE_JIT="1")
    assert failed == [], said
    assert int(re.findall(r"(\d+) passed", said)[0]) > 500


def test_without_its_line_in_the_step_the_same_tests_fail(tmp_path):
    house = patched(tmp_path / "changed")
    shutil.copy(ROOT / STEP, house / STEP)
    chosen = "minus_the_gradient_of_the_loss or down_the_gradient or myopia_cost"
    said, failed = run(house, "tests/sim/test_step.py", "-k", chosen, NUMBA_DISABLE_JIT="1")
    by_test = {name.partition("[")[0] for name in failed}
    assert by_test == {
        "test_kernel_steps_down_the_gradient_of_the_loss",
        "test_a_parameter_moves_the_parts_whose_rows_name_it_and_no_others",
    }, said


def test_compiled_it_moves_the_horizon_alone_and_in_the_limit_no_run_deceives(changed, tmp_path):
    cache = {"NUMBA_CACHE_DIR": str(tmp_path)}
    said, failed = run(
        changed, "tests/sim/test_step.py", "tests/sim/test_laws.py", "-k", "myopia_cost or dear", **cache
    )
    assert failed == [], said
    assert "2 passed" in said
