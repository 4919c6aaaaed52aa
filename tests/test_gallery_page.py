"""The manual's gallery shows what its commands draw, legibly."""

import json
import re
import shlex
import shutil
from pathlib import Path

import pytest
from legible import boxes, faults

from feint.scenarios.gallery.gallery import PICTURES
from feint.sim.results import provenance
from feint.sim.results.provenance import passport_in

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "gallery.md"
FOLDER = ROOT / "docs" / "figures" / "argument"
SHOWN = sorted(path for path in FOLDER.rglob("*") if path.suffix in (".svg", ".png"))
COMMANDS = re.findall(r"<!-- gallery -->\n```sh\n(.*?)\n```", PAGE.read_text(), re.DOTALL)
LARGEST = 240_000  # bytes of a figure in the repository, of which hatches take many


@pytest.mark.generated
def test_the_gallery_is_drawn_by_the_commands_on_its_page(feint, tmp_path, rewrite):
    """They find the data there under the configuration that they ask for; without, they would compute for minutes."""
    assert len(COMMANDS) == 2
    folder = FOLDER if rewrite else shutil.copytree(FOLDER, tmp_path / "argument")
    for command in COMMANDS:
        _, *words = shlex.split(command.replace("docs/figures/argument", str(folder)))
        said = feint(*words, *(["--again"] if rewrite else []))
        assert said.code == 0, said.err
        assert rewrite or " computed" not in said.out
    if rewrite:
        assert feint("figures", "sensitivity", "--out", FOLDER, "--format", "png").code == 0
        (FOLDER / "sensitivity.svg").unlink()


@pytest.mark.parametrize("path", SHOWN, ids=lambda path: str(path.relative_to(FOLDER)))
def test_a_figure_that_is_shown_is_of_the_data_beside_it(path):
    told = passport_in(path)
    content, data = provenance.read_csv(path.with_suffix(".csv"))
    assert told["data"] == data["data"] == provenance.digest(content)
    assert path.stat().st_size < LARGEST
    assert f"figures/argument/{path.relative_to(FOLDER)}" in PAGE.read_text()


def test_every_figure_is_shown():
    assert {path.stem for path in SHOWN} == set(PICTURES)


@pytest.mark.parametrize("path", SHOWN, ids=lambda path: str(path.relative_to(FOLDER)))
def test_no_text_of_a_figure_lies_over_another_or_leaves_the_page(path):
    drawn = PICTURES[path.stem].drawn(provenance.table_from_csv(provenance.read_csv(path.with_suffix(".csv"))[0]))
    found = list(boxes(drawn))
    assert len(found) > 5
    assert faults(drawn) == ([], [])


def test_the_page_says_how_long_deception_lasts():
    table = provenance.table_from_csv(provenance.read_csv(FOLDER / "duration.csv")[0])
    words = " ".join(PAGE.read_text().split())
    here = table[(table["of"] == "point") & (table["arm"] == "pretrain_finetune")].set_index("steps")["estimate"]
    assert f"falls from {here['1000']:.2f} to {here['100000']:.2f} within the 100,000 steps" in words
    assert here["half-life"] == float("inf")
    prior = table[(table["of"] == "prior") & (table["steps"] != "half-life")]
    lives = table[(table["of"] == "prior") & (table["steps"] == "half-life")].iloc[0]
    assert f"of {prior['draws'].iloc[0]:.0f} draws {lives['draws']:.0f} have a half-life" in words
    quarter = float(f"{lives['q25']:.2g}")
    assert f"a quarter of these one of {quarter:,.0f} steps or less" in words
    assert lives["median"] == float("inf")


def test_the_page_says_how_figures_are_made_again():
    words = json.dumps(PAGE.read_text())
    assert all(f"feint {command}" in words for command in ("figures", "regenerate", "schema regenerate"))
