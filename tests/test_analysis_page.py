"""The manual's page on analysis: its studies are carried out, its commands print what stands below them."""

import json
import re
import shlex
from pathlib import Path

import pytest
from PIL import Image
from terminal import within_this_process

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "analysis.md"
SHOWN = ROOT / "docs" / "figures" / "analysis_map.png"
STUDY = re.compile(r"<!-- file: (\S+)\.toml -->\n```toml\n(.*?)```", re.DOTALL)
PRINTED = re.compile(r"<!-- (feint [^\n]*) -->\n```text\n(.*?)```", re.DOTALL)
NUMBER = re.compile(r"[+-]?\d[\d,]*\.?\d*")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the sweeps of the page are."""
    from feint.sim.study import Study
    from feint.sim.sweep import sweep

    root = tmp_path_factory.mktemp("page")
    for name, content in STUDY.findall(PAGE.read_text()):
        (root / f"{name}.toml").write_text(content)
        sweep(Study.load(root / f"{name}.toml"), root / name)
    return root


@pytest.fixture
def feint(folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    return within_this_process(monkeypatch, capsys)


def numbers(text):
    return [float(found.replace(",", "")) for found in NUMBER.findall(text)]


@pytest.mark.slow
@pytest.mark.generated
def test_what_the_page_prints_is_what_its_commands_print(feint, rewrite):
    """Words to the letter, numbers nearly: on another kind of processor a run in a thousand may end otherwise."""
    commands = PRINTED.findall(PAGE.read_text())
    assert len(commands) == 5
    for command, stands in commands:
        said = feint(*shlex.split(command)[1:])
        assert (said.code, said.err) == (0, "")
        if rewrite:
            before, after = (f"{command} -->\n```text\n{text}" for text in (stands, said.out))
            PAGE.write_text(PAGE.read_text().replace(before, after))
        else:
            assert " ".join(NUMBER.sub("#", stands).split()) == " ".join(NUMBER.sub("#", said.out).split())
            assert numbers(stands) == pytest.approx(numbers(said.out), rel=0.05, abs=0.02)


@pytest.mark.slow
@pytest.mark.generated
def test_the_map_is_drawn_by_the_command_above_it(feint, folder, rewrite):
    (line,) = re.findall(r"^feint (map .* --figure map\.png)$", PAGE.read_text(), re.MULTILINE)
    assert feint(*shlex.split(line)).code == 0
    if rewrite:
        SHOWN.write_bytes((folder / "map.png").read_bytes())
    with Image.open(folder / "map.png") as new, Image.open(SHOWN) as old:
        assert old.size == pytest.approx(new.size, rel=0.02)
        told, standing = (json.loads(image.info["Description"])["configuration"] for image in (new, old))
    assert told["asked"] == standing["asked"]
    assert told["sweep"]["configuration"] == standing["sweep"]["configuration"]


def test_every_command_of_the_page_is_one_of_its_table():
    page = PAGE.read_text()
    told = set(re.findall(r"^\| `feint (\w+)", page, re.MULTILINE))
    assert told == {"map", "sensitivity", "regions", "share"}
    assert {command.split()[1] for command, _ in PRINTED.findall(page)} == told


@pytest.mark.slow
def test_the_python_of_the_page_runs(folder, monkeypatch):
    monkeypatch.chdir(folder)
    (example,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    exec(compile(example, "analysis.md", "exec"), {})
