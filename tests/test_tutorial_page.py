"""The tutorial and the how-to page: all of their commands can be run, and what they say of a run holds."""

import re
import shlex
import shutil

import pytest
from pages import FILE, PAGES, ROOT, printed, shell_lines
from quick import argue_over_few_draws
from terminal import in_a_process_of_its_own

from feint.agents.mind import GROUPS
from feint.scenarios.argument.why_run import WhyRunRequest

TUTORIAL, HOWTO = PAGES["tutorial"], PAGES["howto"]
SHOWN = [command for command, _ in printed(TUTORIAL)]
OTHERS = [line for line in dict.fromkeys(shell_lines(HOWTO) + shell_lines(TUTORIAL)) if line not in SHOWN]
FEWER = {
    "compare": ["--runs", "60"],
    "simulate": ["--runs", "60"],
    "argue": ["--runs", "100"],
    "why-run": ["--continuations", "4"],
    "screen": ["--trajectories", "4", "--runs", "4"],
    "power": ["--trials", "50"],
}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Where the pages' files are, and the examples."""
    for page in (TUTORIAL, HOWTO):
        for name, content in FILE.findall(page.read_text()):
            (tmp_path / name).write_text(content)
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_reader_is_shown_each_command_whose_output_stands_there():
    assert [line for line in shell_lines(TUTORIAL) if line in SHOWN] == SHOWN
    assert [shlex.split(command)[1] for command in SHOWN] == [
        "replay",
        "why-run",
        "compare",
        "compare",
        "argue",
        "share",
    ]


def test_what_the_tutorial_says_of_its_run_is_so(feint):
    """It becomes capable first and aware later; then it finds out what is wanted, and behaves deceptively."""
    stages = feint("replay", "--run", 1, "--seed", 1, "--json").document["stages"]
    before, after = (stage["readings"] for stage in stages)
    capable, aware = (next(i for i, x in enumerate(before[name]) if x > 0.5) for name in ("capability", "awareness"))
    assert capable < aware / 2
    assert [stage["outcome"][-1] for stage in stages] == ["internal", "deceptive"]
    assert stages[1]["step"][-1] == 26
    assert (after["belief"][0] < 0.001, after["belief"][-1] > 0.999) == (True, True)
    assert next(i for i, x in enumerate(after["belief"]) if x > 0.5) == 10
    assert max(after["instrumental"][:11]) < 0.05
    assert after["instrumental"][-1] == pytest.approx(1 / 3, abs=0.05)
    assert after["deployed_error"][0] > 1
    assert 0.25 < after["deployed_error"][-1] < 0.5


def test_what_the_tutorial_says_of_why_runs_became_deceptive_is_so(feint):
    """All continuations of the first deceptive run end so; the end of another was open, and hangs on each group."""
    first = feint("why-run", "--ends", "deceptive", "--seed", 1, "--json").document
    assert first["run"] == 1
    assert {fork["counts"]["deceptive"] for fork in first["forks"]} == {64}
    other = feint("why-run", "--run", 133, "--seed", 1, "--json").document
    assert (other["no_return"], other["ended"]) == (None, ["internal", "deceptive"])
    shares = {stage: [] for stage in other["stages"]}
    for fork in other["forks"]:
        shares[fork["stage"]].append(fork["same"])
    assert max(share["high"] for share in shares["pretraining"]) < 0.2
    assert 0.5 < shares["finetuning"][0]["estimate"] < 0.75
    assert {fork["changed"] for fork in other["exchanged"]} == set(GROUPS)
    assert max(fork["same"]["high"] for fork in other["exchanged"]) < shares["finetuning"][0]["low"]


@pytest.mark.slow
def test_most_deceptive_runs_are_settled_at_their_first_step():
    """As the tutorial says; of the first thirty of seed 1."""
    settled, number = 0, 0
    for _ in range(30):
        history = WhyRunRequest(ends="deceptive", number=number, seed=1).run()
        settled, number = settled + (history.no_return == 0), history.run + 1
    assert settled > 20


@pytest.mark.slow
@pytest.mark.parametrize("command", OTHERS)
def test_every_command_of_the_pages_runs(feint, folder, command, monkeypatch):
    argue_over_few_draws(monkeypatch)
    name, *rest = shlex.split(command)[1:]
    if name in ("share", "export"):
        assert feint("sweep", "study.toml", "--out", "DIR").code == 0
    if name == "regenerate":
        assert feint("compare", "--seed", 1, "--runs", 60, "--figure", "headline.svg").code == 0
    called = in_a_process_of_its_own if "--workers" in rest else feint
    said = called(name, *rest, *FEWER.get(name, []))
    assert said.code == 0
    assert said.out or name == "export"
    named = [folder / word for word in rest if word.endswith((".svg", ".csv"))]
    assert all(path.stat().st_size for path in named)


def test_the_how_to_page_has_a_command_for_all_but_what_others_say():
    sections = re.split(r"^## ", HOWTO.read_text(), flags=re.MULTILINE)[1:]
    assert len(sections) == 13
    silent = [section.splitlines()[0] for section in sections if "feint " not in section]
    assert silent == ["Add a mechanism, a claim, a world view or a figure"]
