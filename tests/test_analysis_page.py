"""The manual's page on analysis: its studies are carried out, its commands print what stands below them."""

import json
import re
import shlex

import pytest
from pages import DOCS, FIGURES, check_printed, printed
from PIL import Image
from terminal import within_this_process

PAGE, SHOWN = DOCS / "analysis.md", FIGURES / "analysis_map.png"
STUDY = re.compile(r"<!-- file: (\S+)\.toml -->\n```toml\n(.*?)```", re.DOTALL)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the sweeps of the page are."""
    from feint.sim.sweeps.study import Study
    from feint.sim.sweeps.sweep import sweep

    root = tmp_path_factory.mktemp("page")
    for name, content in STUDY.findall(PAGE.read_text()):
        (root / f"{name}.toml").write_text(content)
        sweep(Study.load(root / f"{name}.toml"), root / name)
    return root


@pytest.fixture
def feint(folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    return within_this_process(monkeypatch, capsys)


@pytest.mark.slow
@pytest.mark.generated
def test_what_the_page_prints_is_what_its_commands_print(feint, rewrite):
    commands = printed(PAGE)
    assert len(commands) == 5
    for command, stands in commands:
        check_printed(feint, PAGE, command, stands, rewrite=rewrite, rel=0.05)


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
    assert told["request"] == standing["request"]
    assert told["sweep"]["configuration"] == standing["sweep"]["configuration"]


def test_every_command_of_the_page_is_one_of_its_table():
    page = PAGE.read_text()
    told = set(re.findall(r"^\| `feint (\w+)", page, re.MULTILINE))
    assert told == {"map", "sensitivity", "regions", "share"}
    assert {command.split()[1] for command, _ in printed(PAGE)} == told


@pytest.mark.slow
def test_the_python_of_the_page_runs(folder, monkeypatch):
    monkeypatch.chdir(folder)
    (example,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    exec(compile(example, "analysis.md", "exec"), {})
