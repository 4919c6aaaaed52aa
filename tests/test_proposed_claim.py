"""A claim is proposed by a file, a line and an entry of the record: the manual lists it, and all tests pass at once."""

import subprocess
import sys

import pytest
from copies import copied, keep_compiled, run

CLAIM = '''"""Waiting helps.

The claim. More time for fine-tuning lowers deception.

The experiment. Pre-training + fine-tuning to the last step, minus the same stopped at its target.

What would count against it. As much deception, or more.
"""

from feint.scenarios.bibliography import XU_2021
from feint.sim.analysis.claims import Claim, Part, rises
from feint.sim.analysis.estimands import difference
from feint.sim.ensembles.protocols import pretrained

CLAIM = Claim(
    name="waiting",
    source=XU_2021,
    section="nowhere",
    statement="More time for fine-tuning lowers deception.",
    parts=(
        Part(
            "longer",
            difference("deception avoided by waiting", pretrained(), pretrained(match="steps")),
            rises(),
        ),
    ),
)
'''
TESTS = (
    "tests/scenarios/test_claims.py",
    "tests/scenarios/test_preregistration.py",
    "tests/test_claims_page.py",
    "tests/test_argument_page.py",
)
RECORD = ("--seen", "nothing", "--reason", "it is proposed")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """A copy in which a claim is proposed."""
    folder = keep_compiled(copied(tmp_path_factory.mktemp("proposed").resolve(), "docs"))
    (folder / "scenarios" / "claims" / "pretraining" / "waiting.py").write_text(CLAIM)
    registry = folder / "scenarios" / "claims" / "registry.py"
    with registry.open("a") as file:
        file.write('PROPOSED["pretraining"] = ("waiting", *PROPOSED.get("pretraining", ()))\n')
    command = [sys.executable, "-m", "feint.scenarios.claims.preregistration", *RECORD]
    subprocess.run(command, cwd=folder, env={"PYTHONPATH": str(folder / "src")}, check=True)
    return folder


def test_the_tests_of_claims_and_their_pages_pass_at_once(house):
    said, failed = run(house, *TESTS, "-m", "not slow")
    assert failed == [], said
    assert "waiting" in run(house, TESTS[0], "--collect-only")[0]


def test_the_manual_lists_it_as_not_yet_run(house):
    script = "import sys, pathlib, claims_page, results_page\nfor page in (claims_page, results_page):\n"
    script += "    sys.stdout.write(page.page(pathlib.Path('docs')))"
    paths = f"{house / 'src'}:{house / 'docs' / '_ext'}"
    command = [sys.executable, "-c", script]
    pages = subprocess.run(command, cwd=house, env={"PYTHONPATH": paths}, capture_output=True, text=True, check=True)
    assert "| [waiting](#claim-waiting) | Waiting helps | not yet run | – | – |" in pages.stdout
    assert "| [waiting](claims.md#claim-waiting) | Waiting helps | not yet run | – | – |" in pages.stdout
    assert "**Not yet run.**" in pages.stdout
    assert "`feint argue --claim waiting`" in pages.stdout
