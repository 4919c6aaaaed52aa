"""The tutorial and the how-to page: what their commands print is what stands there, and all of them can be run."""

import re
import shlex
import shutil
from pathlib import Path

import pytest
from terminal import in_a_process_of_its_own, within_this_process

ROOT = Path(__file__).parents[1]
TUTORIAL, HOWTO = ROOT / "docs" / "tutorial.md", ROOT / "docs" / "howto.md"
FILE = re.compile(r"<!-- file: (\S+) -->\n```toml\n(.*?)```", re.DOTALL)
PRINTED = re.compile(r"<!-- (feint [^\n]*) -->\n```text\n(.*?)```", re.DOTALL)
SHELL = re.compile(r"```sh\n(.*?)```", re.DOTALL)
NUMBER = re.compile(r"[+-]?\d[\d,]*\.?\d*(?:e-?\d+)?")
SEARCHED = "  Nearest flip:"
"""From here on a search found what is printed, which may go another way on another kind of processor."""
FEWER = {"compare": ["--runs", "60"], "simulate": ["--runs", "60"], "argue": ["--runs", "100"]}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where the page's files are, and the examples."""
    for page in (TUTORIAL, HOWTO):
        for name, content in FILE.findall(page.read_text()):
            (tmp_path / name).write_text(content)
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def feint(folder, monkeypatch, capsys):  # noqa: ARG001 - it is where the commands run
    return within_this_process(monkeypatch, capsys)


def said_by(text):
    """What is printed, but for how long it took and what a search found."""
    lines = (line for line in text.split(SEARCHED)[0].splitlines() if "SGD steps in" not in line)
    return "\n".join(line.rstrip() for line in lines).strip() + "\n"


def numbers(text):
    return [float(found.replace(",", "")) for found in NUMBER.findall(said_by(text))]


def words(text):
    return " ".join(NUMBER.sub("#", said_by(text)).split())


def commands(page):
    """The lines of a page's shells that call Feint, without their remarks and but those whose output stands there."""
    printed = {command for command, _ in PRINTED.findall(page.read_text())}
    return [line for line in shown(page) if line not in printed]


def shown(page):
    """All lines of a page's shells that call Feint."""
    lines = "\n".join(SHELL.findall(page.read_text())).splitlines()
    return [line.split(" #")[0].strip() for line in lines if line.startswith("feint ")]


@pytest.mark.slow
@pytest.mark.generated
def test_what_the_tutorial_prints_is_what_its_commands_print(feint, rewrite):
    """Words to the letter, numbers nearly: on another kind of processor a run in a thousand may end otherwise."""
    asked = PRINTED.findall(TUTORIAL.read_text())
    assert [shlex.split(command)[1] for command, _ in asked] == ["replay", "compare", "compare", "argue", "share"]
    assert feint("sweep", "mine.toml", "--out", "mine").code == 0
    for command, stands in asked:
        said = feint(*shlex.split(command)[1:])
        assert said.code == 0
        if rewrite:
            now = "\n".join(line.rstrip() for line in said.out.splitlines() if "SGD steps in" not in line).strip()
            before, after = (f"{command} -->\n```text\n{text}```" for text in (stands, now + "\n"))
            TUTORIAL.write_text(TUTORIAL.read_text().replace(before, after))
        else:
            assert words(stands) == words(said.out)
            assert numbers(stands) == pytest.approx(numbers(said.out), rel=0.05, abs=0.02)


def test_a_reader_is_shown_each_command_whose_output_stands_there():
    printed = [command for command, _ in PRINTED.findall(TUTORIAL.read_text())]
    assert [line for line in shown(TUTORIAL) if line in printed] == printed


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
@pytest.mark.parametrize("command", dict.fromkeys(commands(HOWTO) + commands(TUTORIAL)))
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
