"""What the manual's page on the overseer says of learned overseers holds in what they do."""

import json

import pytest
from pages import DOCS, PAGES, check_alike
from studies import overseer as study

from feint.scenarios.oversight.overseer_baselines import HELPED, POPULATIONS, PRIOR

TABLE = DOCS / "overseer_table.md"
FIXED = ("from scratch", "pre-training first", "from scratch, early stop", "pre-training, early stop")


@pytest.fixture(scope="module")
def overseen():
    return study.remeasured()


@pytest.mark.slow
@pytest.mark.generated
def test_what_was_learned_is_worth_what_the_table_says(overseen, rewrite):
    now = study.tables(overseen)
    if rewrite:
        TABLE.write_text(now)
    check_alike(TABLE.read_text(), now, rel=0.05)


@pytest.mark.slow
def test_no_fixed_schedule_is_good_on_both_populations(overseen):
    for name in FIXED:
        assert min(overseen.row(population, name).value.high for population in POPULATIONS) < 0.15
    assert overseen.row(PRIOR, "pre-training first").above(overseen.row(PRIOR, "from scratch")).high < 0
    assert overseen.row(HELPED, "pre-training first").above(overseen.row(HELPED, "from scratch")).low > 0


@pytest.mark.slow
def test_what_the_page_says_of_honeypots_and_the_rule(overseen):
    honeypots, stopped = (overseen.row(PRIOR, name) for name in ("honeypots, early stop", "from scratch, early stop"))
    assert honeypots.above(stopped).high < 0
    for population in POPULATIONS:
        rule, schedule = (overseen.row(population, name) for name in ("rule on readings", "honeypots, early stop"))
        fewer = schedule.outcomes["deceptive"].estimate - rule.outcomes["deceptive"].estimate
        assert 0 < fewer < schedule.outcomes["deceptive"].estimate


@pytest.mark.slow
@pytest.mark.parametrize("population", POPULATIONS)
def test_what_the_page_says_of_what_was_learned(overseen, population):
    written, by_hand = study.best(overseen, population), overseen.row(population, study.BY_HAND)
    learned = [row for row in overseen.of(population) if row.overseer.startswith("PPO")]
    assert by_hand.above(written).low > 0
    assert overseen.row(population, "PPO, seed 1").above(by_hand).low > 0
    for row in learned:
        own = row.overseer != study.ELSEWHERE
        assert row.above(written).low > 0
        assert row.deployed.high < 1
        assert row.outcomes["deceptive"].high < min(0.01 if own else 0.02, written.outcomes["deceptive"].low)
        assert row.played.ordered("objective")[0] < 0.01
        assert row.played.ordered("learning_rate")[-1] > 0.95
        assert row.played.ordered("honeypots")[0] > 0.95
        assert row.played.ordered("reset_awareness")[1] > 0.4
        assert row.slices > by_hand.slices


@pytest.mark.slow
def test_what_the_page_says_of_the_gain_and_of_the_other_population(overseen):
    for population, share in {PRIOR: 2 / 3, HELPED: 0.3}.items():
        written = study.best(overseen, population)
        by_hand, learned = (overseen.row(population, name).above(written) for name in (study.BY_HAND, "PPO, seed 1"))
        assert by_hand.estimate / learned.estimate == pytest.approx(share, abs=0.08)
        assert overseen.row(population, study.ELSEWHERE).above(overseen.row(population, "PPO, seed 1")).high < 0


def test_what_was_learned_was_trained_on_these_populations_and_is_measured_on_others():
    configuration = json.loads(study.KEPT.read_text())["passport"]["configuration"]
    assert configuration["populations"] == json.loads(json.dumps(study.populations()))
    assert study.SEED not in configuration["seeds"]
    assert f"{configuration['practice']['steps'] / 1e6:g} million slices" in PAGES["overseer"].read_text()
