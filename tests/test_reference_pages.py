"""The reference has every public module, and every parameter with what is declared of it and an anchor."""

import re
from importlib import import_module
from itertools import chain
from pathlib import Path

import commands_page
import pytest
from manual import modules, public_modules

from feint.agents.model import Model
from feint.agents.parameters import plain
from feint.commands.cli import PANELS
from feint.scenarios.requests import SCENARIOS
from feint.sim.training.stage import Stage

ROOT = Path(__file__).parents[1]
PARTS = ("agents", "sim", "scenarios")
DECLARED = [*Model.parameters().values(), *Stage.parameters().values()]


@pytest.mark.parametrize("part", PARTS)
def test_every_module_outside_the_kernels_is_in_the_reference(part):
    files = {path for path in (ROOT / part).rglob("*.py") if "kernels" not in path.parts and path.stem != "__init__"}
    wanted = {"feint." + ".".join(path.relative_to(ROOT).with_suffix("").parts) for path in files}
    page = modules(part)
    assert set(re.findall(r"automodule:: (\S+)", page)) == set(public_modules(part)) == wanted
    assert "<!-- generated -->" in (ROOT / "docs" / f"reference_{part}.md").read_text()


def test_every_command_and_scenario_is_in_the_reference_with_its_options():
    page = commands_page.page()
    names = [*chain.from_iterable(PANELS.values()), *(f"scenario {name}" for name in SCENARIOS)]
    assert re.findall(r"^## feint (.*)$", page, re.MULTILINE) == names
    sections = dict(zip(names, page.split("## feint ")[1:], strict=True))
    assert "| `--honeypots X` |" not in sections["compare"]
    assert "| `--runs N` | Number of runs per arm. | `2000` |" in sections["compare"]
    assert "| `--seed N` | Random seed. The same seed gives the same result. | `0` |" in sections["compare"]
    assert "feint regenerate FILE [OPTIONS]" in sections["regenerate"]
    assert "<!-- generated -->" in (ROOT / "docs" / "commands.md").read_text()


def test_every_name_of_the_front_page_is_one():
    names = re.findall(r"^   (feint\.[\w.]+)$", (ROOT / "docs" / "reference.md").read_text(), re.MULTILINE)
    assert len(names) > 40
    for name in names:
        room, _, last = name.rpartition(".")
        try:
            assert import_module(name)
        except ModuleNotFoundError:
            assert hasattr(import_module(room), last)
        listed = public_modules(name.split(".")[1])
        assert name in listed or room in listed or "kernels" in room


@pytest.mark.parametrize("parameter", DECLARED, ids=lambda each: each.name)
def test_a_parameters_entry_has_an_anchor_and_all_that_is_declared(parameter):
    page = (ROOT / "docs" / "parameters.md").read_text()
    (row,) = [line for line in page.splitlines() if f"| [`{parameter.name}`]{{#{parameter.name}}} |" in line]
    _, default, valid, prior, off, told = [cell.strip() for cell in row.strip("|").split(" | ")]
    assert default.split(" ")[0] == plain(parameter.default)
    assert valid == parameter.brief
    assert prior == parameter.prior_text
    assert off == plain(parameter.off)
    assert told.startswith(parameter.meaning)
    assert f"{parameter.argument.capitalize()}. " in told
    assert told.endswith(parameter.source[1:] + ".")
    assert parameter.unit == "1" or f", in {parameter.unit}" in told
