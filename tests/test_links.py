"""Links within README, CONTRIBUTING and the manual lead somewhere, and so do the files that they name."""

import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from check_manual import dangling

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
GENERATED_AT_BUILD = ("claims.md", "results.md")  # what they link to is checked in the built manual
FENCED = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s]+)\)|\{download\}`[^`]*?<?([^<>`]+)>?`")
NAMED = re.compile(r"(?<![\w/.])(?:docs|examples|tests|notebooks|scenarios|sim|agents)/[\w./-]*\w")
MADE = re.compile(r"docs/_build")
HISTORY = ("CHANGELOG.md", "preregistration.md")  # they name files that were moved since


def text(path):
    return FENCED.sub("", path.read_text())


@cache
def anchors(path):
    """Those of a page's headings, of its own targets and of its spans."""
    page = text(path)
    headings = re.findall(r"^#{1,3} (.*)$", page, re.MULTILINE)
    slugs = {re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}
    return slugs | set(re.findall(r"^\(([\w-]+)\)=$", page, re.MULTILINE)) | set(re.findall(r"\{#([\w-]+)\}", page))


def nowhere(path):
    """The links of a page that lead nowhere."""
    for found in LINK.findall(text(path)):
        link = found[0] or found[1]
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        aim = (path.parent / name).resolve() if name else path
        known = not anchor or aim.suffix != ".md" or aim.name in GENERATED_AT_BUILD
        if not aim.exists() or not (known or anchor in anchors(aim)):
            yield link


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_link_leads_somewhere(path):
    assert list(nowhere(path)) == []


@pytest.mark.parametrize("path", [path for path in PAGES if path.name not in HISTORY], ids=lambda path: path.name)
def test_every_file_of_the_repository_that_is_named_exists(path):
    """From the root, or from the page, where a toctree's entries have no ending."""
    named = [name for name in NAMED.findall(path.read_text()) if not MADE.match(name)]
    assert [name for name in named if not (ROOT / name).exists() and not list(path.parent.glob(f"{name}*"))] == []


def test_a_link_that_leads_nowhere_is_found(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# One\n\n[a](other.md) [b](#two) [c](#one) [d](page.md#one) {download}`x <gone.json>`\n")
    assert list(nowhere(page)) == ["other.md", "#two", "gone.json"]


def test_a_link_of_the_built_manual_that_leads_nowhere_is_found(tmp_path):
    (tmp_path / "a.html").write_text('<a href="b.html#x">1</a><a href="b.html#y">2</a><img src="c.png">')
    (tmp_path / "b.html").write_text('<p id="x"><a href="https://example.org/none">3</a><a href="#">4</a>')
    assert sorted(dangling(tmp_path)) == ["a.html: b.html#y", "a.html: c.png"]
    check = [sys.executable, str(ROOT / "tests" / "check_manual.py"), str(tmp_path)]
    assert subprocess.run(check, check=False, capture_output=True).returncode == 1
