"""The manual's page on released models: its commands print and draw what stands there."""

import re
import shlex

import numpy as np
import pytest
from pages import DOCS, FIGURES, ROOT, check_printed_and_drawn, numbers, printed
from studies.argument import claims, parts, table, turning
from terminal import within_this_process

from feint.agents.outcome import Outcome
from feint.scenarios.argument.argue import QUICK, argue
from feint.scenarios.argument.evaluate_claim import evaluate
from feint.scenarios.claims.registry import select_claims
from feint.scenarios.release.training_protocols import NEW, WRAPPED, fine_tuned
from feint.sim.ensembles.paired_runs import Was, run_paired
from feint.sim.markets.training_cost import Price
from feint.sim.training.parameter_point import Point

PAGE, TABLE = DOCS / "release.md", DOCS / "release_table.md"
HEADER = "<!-- generated: nox -s golden -->"
KINDS = ("holds", "reversed", "neither")


@pytest.fixture
def feint(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    return within_this_process(monkeypatch, capsys)


@pytest.mark.slow
@pytest.mark.generated
def test_the_page_prints_and_shows_what_its_command_prints_and_draws(feint, tmp_path, rewrite):
    ((command, stands),) = printed(PAGE)
    where = {"shown": FIGURES / "release.png", "folder": tmp_path}
    check_printed_and_drawn(feint, PAGE, command, stands, **where, rewrite=rewrite, abs=0.03)


@pytest.mark.parametrize("example", re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL))
def test_the_pages_examples_run(example, capsys):
    exec(compile(example, PAGE.name, "exec"), {})
    assert capsys.readouterr().out


def test_the_command_that_writes_a_lineage_is_one(feint, tmp_path):
    (command,) = re.findall(r"```sh\n(feint [^\n]*)\n```", PAGE.read_text())
    words = shlex.split(command.replace("family.graphml", str(tmp_path / "family.graphml")))[1:]
    assert feint(*words, "--runs", 1, "--set", "actors=300").code == 0
    assert (tmp_path / "family.graphml").stat().st_size


def tables():
    """What `feint argue --family release --quick --runs 4000 --seed 1` finds, as tables."""
    found = argue(family="release", size=QUICK, runs=4000, seed=1)
    blocks = (
        HEADER,
        table(("", "claim", "verdict at the default point", "effect", *KINDS), claims(found)),
        table(("claim", "quantity", "holds", "found", "verdict"), parts(found)),
        table(("claim", "crux", "nearest flip"), turning(found)),
    )
    return "\n\n".join(blocks) + "\n"


@pytest.mark.generated
def test_the_verdicts_at_the_point_are_those_of_the_command(rewrite):
    """What is found over the prior takes longer, and is written anew with `--rewrite` alone."""
    if rewrite:
        TABLE.write_text(tables())
    stands = TABLE.read_text()
    for name, now in evaluate(select_claims(None, "release"), runs=4000, seed=1).items():
        assert re.search(rf"`{name}` \| {now.verdict.value}[ ;]", stands)
        for part in now.claim.parts:
            (row,) = [line for line in stands.splitlines() if part.estimand.words in line]
            assert f" {now.verdicts[part.name].value}" in row
            assert numbers(row.split(" | ")[3]) == pytest.approx(_ends(now.intervals[part.name]), abs=0.03)


def _ends(interval):
    return [interval.estimate, interval.low, interval.high]


def test_the_price_falls_by_as_much_as_the_page_says():
    price, told = Price(step_price=1.0), " ".join(PAGE.read_text().split())
    (year,) = re.findall(r"divide it by about (\d+) in the first year", told)
    (decade,) = re.findall(r"divide it by about (\d+) million", told)
    assert [float(year), 1e6 * float(decade)] == pytest.approx(1 / price.at(np.array([1.0, 10.0])), rel=0.01)


def test_how_much_dearer_a_new_hazard_is_is_as_the_page_says():
    assert "a fifth of the steps of what was never there" in " ".join(PAGE.read_text().split())
    protocols = [fine_tuned(WRAPPED), fine_tuned(NEW)]
    wrapped, new = (np.median(each.steps) for each in run_paired(Point(), protocols, range(4000), seed=1).values())
    assert wrapped / new == pytest.approx(1 / 5, rel=0.1)


def test_how_many_released_models_show_it_without_a_step_is_as_the_page_says():
    protocol = fine_tuned(WRAPPED, recorders=(Was(1),))
    ended = run_paired(Point(), [protocol], range(4000), seed=1)[protocol]
    at_once = ended.steps == 0
    played = ended.recorded[Was(1)][at_once] == Outcome.DECEPTIVE
    page = " ".join(PAGE.read_text().split())
    told = re.search(r"(0\.\d+) do Y without a step when asked; (0\.\d+) of those were deceptive", page)
    assert told
    assert [float(each) for each in told.groups()] == pytest.approx([at_once.mean(), played.mean()], abs=0.02)
