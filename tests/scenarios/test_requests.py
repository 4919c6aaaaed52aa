"""Everything that is registered is what the registry says, and has a place in the manual."""

import re
from pathlib import Path

import pytest

from feint.agents.errors import InputError
from feint.commands import cli
from feint.scenarios.requests import COMMANDS, DOCUMENTS, KINDS, SCENARIOS, loaded, report_of
from feint.sim.results.report import Report
from feint.sim.results.request import Request

MANUAL = {page.name: page.read_text(encoding="utf-8") for page in (Path(__file__).parents[2] / "docs").glob("*.md")}
CALLS = [*(f"feint {name}" for name in cli.OWN | COMMANDS), *(f"feint scenario {name}" for name in SCENARIOS)]


@pytest.mark.parametrize("target", sorted({*COMMANDS.values(), *SCENARIOS.values(), *KINDS.values()}))
def test_a_registered_request_is_a_request(target):
    assert issubclass(loaded(target), Request)


@pytest.mark.parametrize(("kind", "target"), KINDS.items())
def test_a_kind_is_that_of_its_request(kind, target):
    assert loaded(target).kind == kind


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_figure_of_a_scenario_can_be_made_again(name):
    assert KINDS[loaded(SCENARIOS[name]).kind] == SCENARIOS[name]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_is_that_of_a_report(name):
    assert issubclass(report_of(name), Report)


@pytest.mark.parametrize("words", CALLS)
def test_every_command_and_scenario_is_in_the_manual(words):
    """A page of the manual shows how it is called."""
    assert any(re.search(rf"{words}(?![\w-])", text) for text in MANUAL.values()), words


def test_documents_are_known_by_name():
    with pytest.raises(InputError, match="document 'overseers' is not known: did you mean 'overseer'"):
        report_of("overseers")
