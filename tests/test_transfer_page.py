"""The manual's pages on transfer and calibration: their commands print and draw what stands there."""

import json
import re
import shlex
from pathlib import Path

import pytest
from PIL import Image
from terminal import within_this_process

ROOT = Path(__file__).parents[1]
PAGES = {name: ROOT / "docs" / f"{name}.md" for name in ("transfer", "calibration")}
PRINTED = re.compile(r"<!-- (feint [^\n]*) -->\n```text\n(.*?)```", re.DOTALL)
NUMBER = re.compile(r"[+-]?\d[\d,]*\.?\d*")


@pytest.fixture
def feint(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    return within_this_process(monkeypatch, capsys)


def numbers(text):
    return [float(found.replace(",", "")) for found in NUMBER.findall(text)]


@pytest.mark.slow
@pytest.mark.generated
@pytest.mark.parametrize("name", PAGES)
def test_what_the_page_prints_and_draws_is_what_its_command_does(feint, tmp_path, name, rewrite):
    """Numbers nearly: on another kind of processor a run in a thousand may end otherwise."""
    ((command, stands),) = PRINTED.findall(PAGES[name].read_text())
    shown = ROOT / "docs" / "figures" / f"{name}.png"
    path = shown if rewrite else tmp_path / f"{name}.png"
    said = feint(*shlex.split(command)[1:], "--figure", path)
    assert (said.code, said.err) == (0, "")
    if rewrite:
        before, after = (f"{command} -->\n```text\n{text}```" for text in (stands, said.out))
        PAGES[name].write_text(PAGES[name].read_text().replace(before, after))
        return
    words, now = (" ".join(NUMBER.sub("#", text).split()) for text in (stands, said.out))
    assert words == now
    assert numbers(stands) == pytest.approx(numbers(said.out), rel=0.1, abs=0.02)
    with Image.open(path) as new, Image.open(shown) as old:
        assert old.size == pytest.approx(new.size, rel=0.02)
        told, standing = (json.loads(image.info["Description"])["configuration"] for image in (new, old))
    assert told == standing


def test_the_python_of_the_page_prints_what_stands_below_it(capsys):
    page = PAGES["transfer"].read_text()
    (example,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    exec(compile(example, "transfer.md", "exec"), {})
    assert f"```text\n{capsys.readouterr().out}```" in page


@pytest.mark.slow
def test_what_the_page_says_of_matching_by_data_is_what_its_commands_print(feint):
    page = PAGES["transfer"].read_text()
    commands = re.findall(r"^(feint compare[^#\n]*?) +#", page, re.MULTILINE)
    assert len(commands) == 2
    found = [feint(*shlex.split(command)[1:], "--json").document for command in commands]
    for document, performance in zip(found, (0.997, 0.973), strict=True):
        (scratch,) = document["arms"]["from_scratch"]["stages"]
        assert scratch["at_stop"]["performance"]["q50"] == pytest.approx(performance, abs=0.002)
        assert document["difference"]["estimate"] == pytest.approx(0.466, abs=0.01)
    assert [document["arms"]["from_scratch"]["stages"][0]["median_steps"] for document in found] == [12_583, 2_800]
