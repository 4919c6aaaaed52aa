"""The tutorial and the how-to page: all of their commands can be run, and what they say of a run holds."""

import re
import shlex
import shutil

import pytest
from pages import FILE, PAGES, ROOT, printed, shell_lines
from terminal import in_a_process_of_its_own

TUTORIAL, HOWTO = PAGES["tutorial"], PAGES["howto"]
SHOWN = [command for command, _ in printed(TUTORIAL)]
OTHERS = [line for line in dict.fromkeys(shell_lines(HOWTO) + shell_lines(TUTORIAL)) if line not in SHOWN]
FEWER = {"compare": ["--runs", "60"], "simulate": ["--runs", "60"], "argue": ["--runs", "100"]}


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
    assert [shlex.split(command)[1] for command in SHOWN] == ["replay", "compare", "compare", "argue", "share"]


def test_what_the_tutorial_says_of_its_life_is_so(feint):
    """It becomes capable first and aware later; in fine-tuning it comes to play along, and wants what it wanted."""
    stages = feint("replay", "--run", 1, "--seed", 1, "--json").document["stages"]
    before, after = (stage["readings"] for stage in stages)
    capable, aware = (next(i for i, x in enumerate(before[name]) if x > 0.5) for name in ("capability", "awareness"))
    assert capable < aware / 2
    assert [stage["outcome"][-1] for stage in stages] == ["internal", "deceptive"]
    assert stages[1]["step"][-1] == 9
    assert after["instrumental"][0] < 0.05
    assert after["instrumental"][-1] > 0.5
    assert after["deployed_error"][-1] > 0.5


@pytest.mark.slow
@pytest.mark.parametrize("command", OTHERS)
def test_every_command_of_the_pages_runs(feint, folder, command):
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
    assert len(sections) == 7
    silent = [section.splitlines()[0] for section in sections if "feint " not in section]
    assert silent == ["Add a mechanism, a claim, a world view or a figure"]
