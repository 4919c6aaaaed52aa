"""The manual's page on fine-tuning: its commands print and draw what stands there."""

import re
import shlex

import numpy as np
import pytest
from pages import DOCS, FIGURES, ROOT, check_printed_and_drawn, numbers, printed
from studies.argument import claims, parts, table, turning
from terminal import within_this_process

from feint.scenarios.argument.argue import QUICK, argue
from feint.scenarios.finetuning.revival import NEVER, RevivalCondition
from feint.sim.analysis.claims import KINDS
from feint.sim.analysis.estimands import step_ratio
from feint.sim.ensembles.paired_runs import run_paired
from feint.sim.training.parameter_point import Point

PAGE, TABLE = DOCS / "finetuning.md", DOCS / "finetuning_table.md"
HEADER = "<!-- generated: nox -s golden -->"
DRAWN = ("wrappers", "revival")


@pytest.fixture
def feint(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    return within_this_process(monkeypatch, capsys)


@pytest.mark.slow
@pytest.mark.generated
def test_what_the_page_prints_and_shows_is_what_its_commands_print_and_draw(feint, tmp_path, rewrite):
    commands = printed(PAGE)
    assert [shlex.split(command)[2] for command, _ in commands] == list(DRAWN)
    for command, stands in commands:
        shown = FIGURES / f"finetuning_{shlex.split(command)[2]}.png"
        check_printed_and_drawn(feint, PAGE, command, stands, shown=shown, folder=tmp_path, rewrite=rewrite)


def test_without_coverage_is_as_the_page_says():
    point, base = Point().at({"pretraining.coverage": 0.0}), RevivalCondition()
    ended = run_paired(point, base.protocols.values(), range(2000), seed=1)
    mine, never = ended[base.protocol()].steps, ended[base.controls[NEVER]].steps
    ratio = step_ratio(mine, never)
    found = [np.median(mine), np.median(never), *(2**end for end in (ratio.estimate, ratio.low, ratio.high))]
    page = " ".join(PAGE.read_text().split())
    told = re.search(r"median is (\d+) steps against (\d+), a ratio of ([\d.]+) \[([\d.]+), ([\d.]+)\]", page)
    assert told
    assert [float(each) for each in told.groups()] == pytest.approx(found, rel=0.1)


def tables():
    """What `feint argue --family fine-tuning --quick --runs 4000 --seed 1` finds, as tables."""
    found = argue(family="fine-tuning", size=QUICK, runs=4000, seed=1)
    blocks = (
        HEADER,
        table(("", "claim", "verdict at the default point", "effect", *KINDS), claims(found)),
        table(("claim", "quantity", "holds", "found", "verdict"), parts(found)),
        table(("claim", "crux", "nearest flip"), turning(found)),
    )
    return "\n\n".join(blocks) + "\n"


@pytest.mark.slow
@pytest.mark.generated
def test_the_verdicts_are_those_of_the_command(rewrite):
    now = tables()
    if rewrite:
        TABLE.write_text(now)
    stands = TABLE.read_text()
    verdicts = [re.findall(r"`([a-z-]+)` \| ([a-z ]+)[;|]", text) for text in (stands, now)]
    assert verdicts[0] == verdicts[1]
    point, new = (text.split("| claim | crux")[0] for text in (stands, now))
    assert numbers(point) == pytest.approx(numbers(new), rel=0.1, abs=0.03)
