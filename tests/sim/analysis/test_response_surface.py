"""Responses: what is read out of a sweep, its Monte Carlo variance and intervals, and what is refused."""

from dataclasses import replace

import numpy as np
import pytest
from planted import SHORT, THREE, differing, drawn, study

from feint.agents.errors import InputError
from feint.sim.analysis.among_converged import CONVERGED
from feint.sim.analysis.response_surface import counted, evaluated, points_of, response
from feint.sim.sweeps.sweep import sweep
from feint.sim.sweeps.sweep_store import last_stages
from feint.sim.training.curriculum import Curriculum
from feint.sim.training.stage import Stage

GRID = study({"similarity": [0.0, 0.9], "train_tolerance": [0.2, 0.9, 1.5]}, "grid", runs=40)


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    return sweep(GRID, tmp_path_factory.mktemp("response") / "out")


def test_a_frequency_is_that_of_the_finished_table(found):
    table = last_stages(found.frame())
    for arm in GRID.arms:
        rows = table[table["arm"] == arm]
        for outcome in ("unconverged", "internal"):
            got = response(found, arm, outcome)
            assert got.value.tolist() == (rows[outcome] / rows["runs"]).tolist()
            assert got.runs is not None
            assert got.runs.tolist() == [40] * 6
    assert 0 < response(found, "from_scratch", "unconverged").value.mean() < 1


def test_a_difference_is_that_of_the_finished_table_and_is_the_default(found):
    table = last_stages(found.frame()).dropna(subset=["difference"])
    got = response(found)
    assert (got.of, got.outcome) == ("difference", "deceptive")
    assert got.value.tolist() == pytest.approx(table["difference"].tolist())
    assert [each.low for each in got.intervals()] == pytest.approx(table["difference_low"].tolist())
    of = [response(found, arm, "unconverged").value for arm in ("pretrain_finetune", "from_scratch")]
    assert response(found, "difference", "unconverged").value == pytest.approx(of[0] - of[1])


def test_points_are_the_factors_in_the_order_of_the_study(found):
    assert response(found).points.equals(points_of(GRID))
    assert [factor.name for factor in response(found).factors] == ["similarity", "train_tolerance"]


def test_the_monte_carlo_variance_is_the_one_that_repetition_shows():
    design = study(THREE, "sobol", samples=64, runs=50, streams="independent")
    frequency = [drawn(design, lambda p: 0.2 + 0 * p.similarity, seed) for seed in range(30)]
    difference = [differing(design, lambda p: 0.2 + 0 * p.similarity, seed) for seed in range(30)]
    for each, exact in ((frequency, 0.2 * 0.8 / 50), (difference, (0.4 - 0.2**2) / 50)):
        assert np.var([one.value for one in each]) == pytest.approx(exact, rel=0.1)
        assert np.mean([one.variance for one in each]) == pytest.approx(exact, rel=0.05)


def test_a_single_run_has_no_known_variance_and_a_function_has_none():
    design = study(THREE, "sobol", samples=8, runs=1)
    assert np.isnan(drawn(design, lambda p: 0 * p.similarity).variance).all()
    function = evaluated(design, lambda p: p["similarity"])
    assert function.variance.tolist() == [0.0] * 8
    assert all(each.low == each.estimate == each.high for each in function.intervals())


def test_intervals_of_a_study_that_adds_runs_hold_at_every_look():
    facts = {"runs": 50, "half_width": 0.05, "most_runs": 400}
    looked, once = (study(THREE, "sobol", samples=8, **each) for each in (facts, {"runs": 50}))
    points, runs = points_of(once), np.full(8, 400)
    for gained, lost, of in ((40, 0, "from_scratch"), (40, 13, "difference")):
        wide, narrow = (
            counted(each, points, np.full(8, gained), np.full(8, lost), runs=runs, of=of).intervals()[0]
            for each in (looked, once)
        )
        assert wide.low < narrow.low < narrow.high < wide.high
        assert "Clopper–Pearson" in wide.method


def test_several_numbers_in_one_cell_become_text(tmp_path):
    stages = [Stage(name=name, objective=i, steps=5) for i, name in enumerate("abc")]
    vary = {"similarity": [[0.5, 0.25], [0.1, 0.9]], "c.carry": [[], ["goal"]]}
    design = study(vary, "grid", runs=4, curriculum=Curriculum(*stages))
    points = response(sweep(design, tmp_path / "out")).points
    assert points["similarity"].tolist() == ["[0.5,0.25]"] * 2 + ["[0.1,0.9]"] * 2
    assert points["c.carry"].tolist() == ["nothing", "goal"] * 2


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        (("diference",), "quantity 'diference' is not known: did you mean 'difference'?"),
        (("difference", "decptive"), "outcome 'decptive' is not known: did you mean 'deceptive'?"),
    ],
)
def test_what_is_not_there_is_refused(found, asked, sentence):
    with pytest.raises(InputError) as caught:
        response(found, *asked)
    assert str(caught.value) == sentence


def test_a_sweep_of_one_arm_has_no_difference_and_its_arm_is_the_default(tmp_path):
    alone = sweep(study({"similarity": [0.1]}, "grid", runs=4, arms=("from_scratch",)), tmp_path / "out")
    assert response(alone).of == "from_scratch"
    with pytest.raises(InputError, match=r"^a difference needs both arms, and this sweep has from_scratch alone"):
        response(alone, "difference")


def test_a_sweep_that_is_not_finished_is_refused(tmp_path):
    vary = {"similarity": {"low": 0.0, "high": 0.9, "levels": 300}}
    whole = sweep(study(vary, "grid", runs=2, curriculum=SHORT.replace({"finetuning": {"steps": 3}})), tmp_path / "out")
    sorted((tmp_path / "out" / "parts").iterdir())[-1].unlink()
    with pytest.raises(InputError, match=r"is not finished: \d+ of 300 points have their runs; continue .* --resume"):
        response(whole)


def test_a_function_must_give_a_number_a_point():
    with pytest.raises(InputError, match=r"shape \(3,\): it must give 8 numbers"):
        evaluated(study(THREE, "sobol", samples=8), lambda _: np.zeros(3))
    with pytest.raises(InputError, match=r"function gives no numbers: it must give 8, one per point"):
        evaluated(study(THREE, "sobol", samples=8), lambda points: ["a"] * len(points))


@pytest.mark.parametrize(("value", "text"), [(np.nan, "nan"), (np.inf, "inf"), (-np.inf, "-inf")])
@pytest.mark.parametrize("design", ["sobol", "saltelli", "morris", "grid"])
def test_a_value_that_is_no_number_is_refused_by_its_point(value, text, design):
    """No analysis meets one: scikit-learn's trees refuse it in words of their own, SALib's indices become NaN."""
    facts = {} if design == "grid" else {"samples": 8}
    spoilt = study(THREE, design, **facts)
    with pytest.raises(InputError) as refused:
        evaluated(spoilt, lambda points: np.where(np.arange(len(points)) == 5, value, points["similarity"]), "loss")
    right = "which is not valid: it must be a finite number at every point."
    assert str(refused.value) == f"loss is {text} at point 5, {right}"


def test_among_converged_runs_a_value_may_be_unknown_but_not_infinite():
    known = replace(evaluated(study(THREE, "sobol", samples=8), lambda points: points["similarity"]), among=CONVERGED)
    assert len(replace(known, value=np.where(np.arange(8) < 3, np.nan, known.value)).known().value) == 5
    with pytest.raises(InputError, match=r"is inf at point 0"):
        replace(known, value=np.full(8, np.inf))
