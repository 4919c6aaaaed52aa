"""The manual's page on analysis has every command of its table."""

import re

from pages import PAGES, printed


def test_every_command_of_the_page_is_one_of_its_table():
    page = PAGES["analysis"]
    named = set(re.findall(r"^\| `feint (\w+)", page.read_text(), re.MULTILINE))
    assert named == {"map", "sensitivity", "regions", "share"}
    assert {command.split()[1] for command, _ in printed(page)} == named
