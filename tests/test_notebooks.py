"""Every notebook asks, is in step with its source, runs from top to bottom, and says again what it said."""

import re
from base64 import b64decode
from io import BytesIO
from pathlib import Path

import jupytext
import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient
from PIL import Image

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "notebooks").glob("*.py"))
PICTURE, SLIDERS = "image/png", "application/vnd.jupyter.widget-view+json"
TURNED = ("01_", "02_", "03_", "08_", "10_")  # notebooks in which turning a premise teaches more than a paragraph
NUMBER = re.compile(r"[+-]?\d[\d,]*\.?\d*(?:e[+-]\d+)?")
NEARLY = 0.9  # of the numbers of a notebook
NEAR = 0.01  # mean distance of two pictures, from 0 to 1
MACHINE = re.compile(r"/(?:work|tmp|home|root|Users|usr)\b|0x[0-9a-f]{6,}|\r")

each_notebook = pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)


def committed(source):
    return nbformat.read(source.with_suffix(".ipynb"), as_version=4)


def executed(source, client):
    """The notebook of a source, run in the kernel of a client as if that had just been started."""
    forget = nbformat.v4.new_code_cell("get_ipython().reset()")
    for book in (nbformat.v4.new_notebook(cells=[forget]), jupytext.read(source)):
        client.nb = book
        client.execute(cleanup_kc=False)
    return client.nb


def tidied(book):
    """Without what differs from machine to machine, and without sliders, which need a kernel."""
    book.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for i, cell in enumerate(book.cells):
        cell.id, cell.metadata = f"cell-{i}", {}
        for output in cell.get("outputs", ()):
            output.get("data", {}).pop(SLIDERS, None)
    return book


def outputs(book):
    return [output for cell in book.cells for output in cell.get("outputs", ())]


def pictures(book):
    return [output["data"][PICTURE] for output in outputs(book) if PICTURE in output.get("data", {})]


def said(book):
    """What its cells print, and what stands for its pictures."""
    return "\n".join(output.get("text") or output["data"]["text/plain"] for output in outputs(book))


def numbers(text):
    return [float(found.replace(",", "")) for found in NUMBER.findall(text)]


def words(text):
    return " ".join(NUMBER.sub("#", text).split())


@each_notebook
def test_it_begins_with_a_question_and_ends_with_what_would_change_the_answer(source):
    first, *_, last = [cell.source for cell in jupytext.read(source).cells if cell.cell_type == "markdown"]
    assert re.match(r"# .*\?$", first.splitlines()[0])
    assert last.startswith("## What would change the answer\n")


@each_notebook
def test_what_is_committed_is_in_step_with_its_source(source):
    cells, stands = (
        [(cell.cell_type, cell.source) for cell in book.cells] for book in (jupytext.read(source), committed(source))
    )
    assert cells == stands


@each_notebook
def test_what_is_committed_has_its_pictures_and_nothing_of_the_machine(source):
    book = committed(source)
    assert book == tidied(committed(source))
    assert {output.output_type for output in outputs(book)} <= {"stream", "display_data"}
    assert {output.name for output in outputs(book) if output.output_type == "stream"} <= {"stdout"}
    assert not MACHINE.search(said(book))
    assert pictures(book)
    for picture in pictures(book):
        with Image.open(BytesIO(b64decode(picture))) as image:
            assert image.width > 600
            assert len(image.convert("L").getcolors() or ()) > 10  # something is drawn on it


@pytest.fixture(scope="module")
def client():
    """One kernel for one notebook after another, since its imports take longer than some notebooks."""
    where = {"metadata": {"path": str(ROOT / "notebooks")}}
    facts = {"timeout": 600, "kernel_name": "python3", "record_timing": False, "resources": where}
    started = NotebookClient(nbformat.v4.new_notebook(), **facts)
    with started.setup_kernel():
        yield started


@pytest.mark.slow
@pytest.mark.generated
@each_notebook
def test_it_runs_and_says_what_is_committed(source, client, rewrite):
    """Words to the letter, and nearly all numbers nearly: on another kind of processor single runs end otherwise."""
    now = executed(source, client)
    assert bool(sliders(now)) == source.name.startswith(TURNED)
    if rewrite:
        nbformat.write(tidied(now), source.with_suffix(".ipynb"))
    stands = committed(source)
    assert words(said(stands)) == words(said(now))
    alike = [
        a == pytest.approx(b, rel=0.1, abs=0.03) for a, b in zip(numbers(said(stands)), numbers(said(now)), strict=True)
    ]
    assert sum(alike) >= NEARLY * len(alike)
    for old, new in zip(pictures(stands), pictures(now), strict=True):
        assert np.abs(pixels(old) - pixels(new)).mean() < NEAR


def pixels(picture):
    """In grey and from 0 to 1, each the mean of some, so that a point that moved a little is where it was."""
    with Image.open(BytesIO(b64decode(picture))) as image:
        return np.asarray(image.convert("L").resize((190, image.height // 4), Image.Resampling.BOX), float) / 255


def sliders(book):
    return [output for output in outputs(book) if SLIDERS in output.get("data", {})]


def test_none_stands_alone():
    """A notebook without a source would not be run, and a source without a notebook has no pictures."""
    assert SOURCES
    assert {file.stem for file in (ROOT / "notebooks").glob("*.ipynb")} == {source.stem for source in SOURCES}


def test_the_manual_names_every_notebook():
    page = (ROOT / "docs" / "notebooks.md").read_text()
    assert re.findall(r"^notebooks/(\w+)$", page, re.MULTILINE) == [source.stem for source in SOURCES]
