"""The manual's example of a mechanism: it changes a declaration, the step, the argument and their tests, nothing else.

`docs/examples/myopia.patch` is the whole change, which `docs/kernels.md` shows. Here it is made in a copy of the house.
"""

import os
import re
import shutil
import subprocess

import pytest
from copies import ROOT, copied, keep_compiled, run

PATCH = ROOT / "docs" / "examples" / "myopia.patch"

DECLARATION, STEP, PLACE = "agents/model.py", "sim/training/kernels/sgd_step.py", "scenarios/argument/mechanisms.toml"
PARAMETERS, STEPS, LAWS, GRAPH = (
    "tests/agents/test_parameters.py",
    "tests/sim/training/kernels/test_sgd_step.py",
    "tests/sim/test_laws.py",
    "tests/scenarios/argument/test_graph.py",
)
CHANGED = (DECLARATION, STEP, PLACE, PARAMETERS, "tests/oracle.py", STEPS, LAWS)

STALE = """The worked example does not fit the house any more. Make its change in a copy, by hand, write `git diff -U1`
there to docs/examples/myopia.patch, and run `nox -s golden`."""

pytestmark = [
    pytest.mark.skipif(shutil.which("git") is None, reason="the patch is applied by git"),
    pytest.mark.slow,
]


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
    return keep_compiled(patched(tmp_path_factory.mktemp("changed")))


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


@pytest.mark.generated
def test_the_example_changes_the_declaration_the_step_the_argument_and_their_tests_alone(tmp_path, rewrite):
    copied(tmp_path / "a")
    assert differing(patched(tmp_path / "b")) == {*CHANGED}
    if rewrite:
        PATCH.write_text("".join(difference(name, tmp_path) for name in CHANGED))
    lines = re.findall(r"^[+-](?![+-]{2} ).*", difference(STEP, tmp_path), re.MULTILINE)
    print("in the step:", *lines, sep="\n")
    assert len([line for line in lines if line.startswith("+")]) <= 3
    assert len([line for line in lines if line.startswith("-")]) <= 1


def test_with_it_all_tests_of_parameters_of_the_step_in_the_default_form_and_of_the_argument_pass(changed):
    chosen = "(test_graph and (left_out or leads or parameters_of)) or not (test_graph or in_every_form)"
    said, failed = run(changed, PARAMETERS, STEPS, GRAPH, "-k", chosen, NUMBA_DISABLE_JIT="1")
    assert failed == [], said
    assert int(re.findall(r"(\d+) passed", said)[0]) > 500


def test_without_its_place_in_the_argument_the_same_test_fails(tmp_path):
    house = patched(tmp_path / "changed")
    shutil.copy(ROOT / PLACE, house / PLACE)
    said, failed = run(house, GRAPH, "-k", "left_out")
    assert failed == ["test_no_claim_premise_mechanism_or_parameter_is_left_out"], said


def test_without_its_line_in_the_step_the_same_tests_fail(tmp_path):
    house = patched(tmp_path / "changed")
    shutil.copy(ROOT / STEP, house / STEP)
    chosen = "minus_the_gradient_of_the_loss or down_the_gradient or myopia_cost"
    said, failed = run(house, STEPS, "-k", chosen, NUMBA_DISABLE_JIT="1")
    by_test = {name.partition("[")[0] for name in failed}
    assert by_test == {
        "test_kernel_steps_down_the_gradient_of_the_loss",
        "test_a_parameter_moves_the_parts_whose_rows_name_it_and_no_others",
    }, said


def test_compiled_in_the_limit_no_run_deceives_with_it(changed):
    """That it moves the horizon alone is one of the tests of the step above."""
    said, failed = run(changed, LAWS, "-k", "dear")
    assert failed == [], said
    assert "1 passed" in said
