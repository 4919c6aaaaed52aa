"""The figure of duration: lengths are those of fine-tuning, half-lives are known in known cases."""

import numpy as np
import pytest

from feint.agents.model import Model
from feint.agents.outcome import Outcome
from feint.scenarios.gallery import duration
from feint.scenarios.gallery.duration import HALF_LIFE, LONGEST, SHORTEST, crossing, deceptive_after, half_life
from feint.scenarios.gallery.gallery import FigureRequest
from feint.sim.ensembles.comparison import compare
from feint.sim.training.parameter_point import Point

LENGTHS = (1000, 2000, 4000, 8000)
KEYS = {"seed": 4, "precision": "single", "threads": 1}
SIZE = {"runs": 40, "levels": 3, "draws": 2, "draw_runs": 30}


def falling(*counts, runs=1000):
    """Return whether each of `runs` runs is deceptive, `counts` of them at each length."""
    return np.arange(runs) < np.array(counts)[:, None]


@pytest.fixture(scope="module")
def table():
    return FigureRequest(figure="duration", size=SIZE, seed=4).table(threads=1)


@pytest.mark.parametrize("arm", ["from_scratch", "pretrain_finetune"])
def test_a_length_is_that_of_a_stage_without_a_target(arm):
    """One long stage is read along its way: each reading is that of a comparison which stops there."""
    lengths = (150, 400, 900)
    found = deceptive_after(Point(), arm, lengths, 50, **KEYS)
    for length, deceptive in zip(lengths, found, strict=True):
        point = Point().at({"finetuning.steps": length})
        shorter = compare(point.curriculum, runs=50, seed=4, match="steps", threads=1).arms[arm]
        assert deceptive.tolist() == (shorter.outcome[:, -1] == Outcome.DECEPTIVE).tolist()


def test_a_half_life_is_where_half_is_gone():
    assert half_life(LENGTHS, falling(800, 600, 400, 200)).estimate == pytest.approx(4000)
    between = half_life(LENGTHS, falling(800, 600, 200, 100))  # half of the way from 2,000 to 4,000
    assert between.estimate == pytest.approx(2000 * np.sqrt(2))
    assert 2000 < between.low < between.estimate < between.high < 4000


def test_its_interval_narrows_with_runs_and_may_be_open():
    few, many = (half_life(LENGTHS, falling(8 * n, 6 * n, 4 * n, 3 * n, runs=10 * n)) for n in (6, 600))
    assert many.low > few.low
    assert many.high < few.high == np.inf


def test_where_half_is_not_gone_it_is_beyond_the_longest_and_without_deception_there_is_none():
    assert half_life(LENGTHS, falling(500, 480, 470, 460)).estimate == np.inf
    none = half_life(LENGTHS, falling(0, 0, 10, 20))
    assert np.isnan([none.estimate, none.low, none.high]).all()
    assert [duration.length_text(length) for length in (np.inf, np.nan, 12_345.6)] == ["beyond", "none", "12,000"]


@pytest.mark.parametrize(("values", "length"), [((0.2, 0.1, -0.1), 2000 * np.sqrt(2)), ((0.0, 1.0, 1.0), 1000)])
def test_a_crossing_is_the_first_and_interpolated_in_the_logarithm(values, length):
    assert crossing(LENGTHS[:3], values) == pytest.approx(length)


def test_its_interval_covers_as_stated():
    """Runs lose deception at random times."""
    generator, hold = np.random.default_rng(1), 0
    still = np.array([1.0, 0.6, 0.4, 0.1])
    true = crossing(LENGTHS, (still - 0.5).tolist())
    for _ in range(300):
        leaves = generator.random(200)
        ever = generator.random(200) < 0.5
        found = half_life(LENGTHS, ever & (leaves < still[:, None]))
        hold += found.low <= true <= found.high
    assert hold >= 300 * (0.95 - 3 * np.sqrt(0.05 * 0.95 / 300))


def test_the_table_has_both_arms_at_the_point_and_quantiles_over_the_prior(table):
    lengths = [f"{length}" for length in (SHORTEST, 10_000, LONGEST)]
    for arm in ("from_scratch", "pretrain_finetune"):
        rows = table[(table["of"] == "point") & (table["arm"] == arm)]
        assert rows["steps"].tolist() == [*lengths, HALF_LIFE]
        shares = rows[rows["steps"] != HALF_LIFE]
        assert (shares["low"] <= shares["estimate"]).all()
        assert (shares["estimate"] <= shares["high"]).all()
    prior = table[table["of"] == "prior"]
    assert prior["steps"].tolist() == [*lengths, HALF_LIFE]
    assert (np.diff(prior[["q05", "q25", "median", "q75", "q95"]][:-1].to_numpy()) >= 0).all()
    assert prior["draws"].tolist()[:-1] == [SIZE["draws"]] * 3
    assert prior["draws"].iloc[-1] <= SIZE["draws"]


def test_the_first_version_forgets_and_the_second_does_not():
    """Run-time inference has no cap any more (model page, section 11)."""
    lengths = (1000, 10_000, 100_000)
    share = {}
    for name, model in {"one": Model(identification=1e6, inference_form="exponential"), "two": Model()}.items():
        found = deceptive_after(Point(model=model), "pretrain_finetune", lengths, 150, **KEYS)
        share[name] = found.mean(axis=1)
    assert share["one"][-1] < share["one"][0] * 0.65
    assert share["two"][-1] > share["two"][0] * 0.75


def test_what_is_drawn_is_what_the_table_says(table):
    drawn = duration.draw_duration(table)
    left, right = drawn.axes
    for line, arm in zip(left.lines, ("from_scratch", "pretrain_finetune"), strict=False):
        rows = table[(table["of"] == "point") & (table["arm"] == arm) & (table["steps"] != HALF_LIFE)]
        assert np.asarray(line.get_ydata()) == pytest.approx(rows["estimate"].to_numpy())
        assert np.asarray(line.get_xdata()).tolist() == rows["steps"].astype(int).tolist()
    median = table[(table["of"] == "prior") & (table["steps"] != HALF_LIFE)]["median"]
    assert np.asarray(right.lines[0].get_ydata()) == pytest.approx(median.to_numpy())
    assert left.get_xscale() == "log"
