"""The manual's page on the overseer: its command prints what stands there, and what was learned is worth it."""

import json
import re
import shlex
from pathlib import Path

import pytest
from PIL import Image
from studies import overseer as study
from terminal import within_this_process

from feint.agents.outcome import Outcome
from feint.scenarios.overseer import HELPED, POPULATIONS, PRIOR

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "overseer.md"
TABLE = ROOT / "docs" / "overseer_table.md"
SHOWN = ROOT / "docs" / "figures" / "overseer.png"
PRINTED = re.compile(r"<!-- (feint [^\n]*) -->\n```text\n(.*?)```", re.DOTALL)
NUMBER = re.compile(r"[+-]?\d[\d,]*\.?\d*")
FAILED = (HELPED, "PPO, seed 2")
FIXED = ("from scratch", "pre-training first", "from scratch, early stop", "pre-training, early stop")


@pytest.fixture
def feint(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    return within_this_process(monkeypatch, capsys)


@pytest.fixture(scope="module")
def found():
    return study.remeasured()


def numbers(text):
    return [float(each.replace(",", "")) for each in NUMBER.findall(text)]


def words(text):
    return " ".join(NUMBER.sub("#", text).split())


@pytest.mark.slow
@pytest.mark.generated
def test_the_page_prints_and_shows_what_its_command_prints_and_draws(feint, tmp_path, rewrite):
    """Numbers nearly: on another kind of processor a run in a thousand may end otherwise."""
    ((command, stands),) = PRINTED.findall(PAGE.read_text())
    path = SHOWN if rewrite else tmp_path / SHOWN.name
    said = feint(*shlex.split(command)[1:], "--figure", path)
    assert (said.code, said.err) == (0, "")
    if rewrite:
        before, after = (f"{command} -->\n```text\n{text}```" for text in (stands, said.out))
        PAGE.write_text(PAGE.read_text().replace(before, after))
        return
    assert words(stands) == words(said.out)
    assert numbers(stands) == pytest.approx(numbers(said.out), rel=0.05, abs=0.02)
    with Image.open(path) as new, Image.open(SHOWN) as old:
        assert old.size == pytest.approx(new.size, rel=0.02)
        told, standing = (json.loads(image.info["Description"])["configuration"] for image in (new, old))
    assert told == standing


@pytest.mark.slow
@pytest.mark.generated
def test_what_was_learned_is_worth_what_the_table_says(found, rewrite):
    now = study.told(found)
    if rewrite:
        TABLE.write_text(now)
    stands = TABLE.read_text()
    assert words(stands) == words(now)
    assert numbers(stands) == pytest.approx(numbers(now), rel=0.05, abs=0.02)


def test_the_example_prints_what_stands_below_it(capsys):
    page = PAGE.read_text()
    example = re.findall(r"```python\n(.*?)```", page, re.DOTALL)[0]
    exec(compile(example, PAGE.name, "exec"), {})
    assert f"```text\n{capsys.readouterr().out}```" in page


@pytest.mark.slow
def test_no_fixed_schedule_is_good_on_both_populations(found):
    for name in FIXED:
        assert min(found.row(population, name).value.high for population in POPULATIONS) < 0.15
    assert found.row(PRIOR, "pre-training first").above(found.row(PRIOR, "from scratch")).high < 0
    assert found.row(HELPED, "pre-training first").above(found.row(HELPED, "from scratch")).low > 0


@pytest.mark.slow
def test_what_the_page_says_of_honeypots_and_the_rule(found):
    honeypots, stopped = (found.row(PRIOR, name) for name in ("honeypots, early stop", "from scratch, early stop"))
    assert honeypots.above(stopped).high < 0
    for population in POPULATIONS:
        rule, schedule = (found.row(population, name) for name in ("rule on readings", "honeypots, early stop"))
        fewer = schedule.share(Outcome.DECEPTIVE).estimate - rule.share(Outcome.DECEPTIVE).estimate
        assert 0 < fewer < schedule.share(Outcome.DECEPTIVE).estimate


@pytest.mark.slow
@pytest.mark.parametrize("population", POPULATIONS)
def test_what_the_page_says_of_what_was_learned(found, population):
    written, by_hand = study.best(found, population), found.row(population, study.BY_HAND)
    learned = [row for row in found.of(population) if row.overseer.startswith("PPO")]
    assert by_hand.above(written).low > 0
    assert found.row(population, "PPO, seed 1").above(by_hand).low > 0
    for row in learned:
        fails = (row.population, row.overseer) == FAILED
        assert row.above(written).high < 0 if fails else row.above(written).low > 0
        assert row.deployed.high < (0.8 if fails else 1)
        assert row.share(Outcome.DECEPTIVE).high < min(0.01, written.share(Outcome.DECEPTIVE).low)
        assert row.played.ordered("objective")[0] < 0.01
        assert row.played.ordered("learning_rate")[-1] > 0.95
        assert row.played.ordered("honeypots")[0] > 0.95
        assert row.played.ordered("reset_gate")[1] > 0.3
        assert row.mean("slices") > by_hand.mean("slices")


@pytest.mark.slow
def test_what_the_page_says_of_the_gain_and_of_the_other_population(found):
    for population, share in {PRIOR: 2 / 3, HELPED: 1 / 2}.items():
        written = study.best(found, population)
        by_hand, learned = (found.row(population, each).above(written) for each in (study.BY_HAND, "PPO, seed 1"))
        assert by_hand.estimate / learned.estimate == pytest.approx(share, abs=0.08)
    assert found.row(HELPED, study.ELSEWHERE).above(found.row(HELPED, "PPO, seed 1")).low > 0
    failed = found.row(*FAILED)
    assert failed.deployed.estimate == pytest.approx(0.5, abs=0.06)
    assert failed.mean("slices") > 30


def test_what_was_learned_was_trained_on_these_populations_and_is_measured_on_others():
    configuration = json.loads(study.KEPT.read_text())["passport"]["configuration"]
    terms = {name: study.Terms.of(options).configuration() for name, options in POPULATIONS.items()}
    assert configuration["populations"] == json.loads(json.dumps(terms))
    assert study.SEED not in configuration["seeds"]
    assert f"{configuration['practice']['steps'] / 1e6:g} million slices" in PAGE.read_text()
