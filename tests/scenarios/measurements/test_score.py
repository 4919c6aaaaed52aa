"""Scores: log predictive densities with known answers, which few runs cannot raise."""

from dataclasses import replace
from math import log, pi, sqrt

import numpy as np
import pytest
from scipy.stats import norm

from feint.scenarios.measurements.rows import read_rows
from feint.scenarios.measurements.score import COMMON, covariance, joint, monte_carlo_error, scored
from feint.scenarios.measurements.stand_ins import STAND_INS, measured
from feint.sim.statistics.intervals import Interval
from feint.sim.training.parameter_point import Point

Z = norm.ppf(0.975)


def number(estimate, error=0.0):
    limits = {"low": estimate - Z * error, "high": estimate + Z * error}
    return Interval(estimate=estimate, **limits, confidence=0.95, method="given")


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    path = tmp_path_factory.mktemp("rows") / "rows.csv"
    path.write_text(
        "name,stand_in,value,error\n"
        "one,faking after,70,5\ntwo,faking after,60,3\nthree,faking before,10,2\nfour,inserted kept,90,4\n"
    )
    return read_rows(path)


def test_a_row_has_the_density_of_a_normal_distribution(rows):
    row, spread = rows[0], sqrt(25 + STAND_INS["faking after"].discrepancy ** 2)
    score = scored(row, number(70))
    assert score.log_density == score.best == pytest.approx(-0.5 * log(2 * pi * spread**2))
    assert scored(row, number(40)).log_density == pytest.approx(norm.logpdf(30, scale=spread))
    assert scored(row, number(40)).deviation == pytest.approx(30 / spread)
    assert scored(row, number(40)).lost == pytest.approx(4.5 * (10 / spread) ** 2)


@pytest.mark.parametrize("estimate", [70, 60, 40, 0])
def test_a_wider_monte_carlo_error_never_raises_the_score(rows, estimate):
    """Wherever the model is: also where it is far off, and a wider normal distribution would be denser."""
    numbers = [number(estimate, error) for error in (0, 1, 3, 10, 30, 100)]
    of_one = [scored(rows[0], each).log_density for each in numbers]
    together = [joint(rows[:2], {"faking after": each}) for each in numbers]
    assert of_one == sorted(of_one, reverse=True)
    assert together == sorted(together, reverse=True)


def test_the_score_converges_in_runs():
    """A count of rows whose intervals meet did not: 30 runs met 5 of 16, and 1,000 met 1."""
    name = "faking after"
    by_runs = [measured([name], Point(), runs=runs, seed=1)[name] for runs in (30, 300, 3000)]
    exact = norm.logpdf(78.4 - by_runs[-1].estimate, scale=sqrt(3.1**2 + STAND_INS[name].discrepancy ** 2))
    from feint.scenarios.measurements.rows import shipped_rows

    (row,) = (row for row in shipped_rows() if row.name == "faking after RL")
    away = [abs(scored(row, each).log_density - exact) for each in by_runs]
    assert away[2] < 0.02
    assert max(away) < 1


def test_rows_of_one_stand_in_share_a_part_of_its_discrepancy_and_all_of_its_monte_carlo_error(rows):
    numbers = {"faking after": number(70, 2), "faking before": number(10, 1), "inserted kept": number(90)}
    matrix, square = covariance(rows, numbers), STAND_INS["faking after"].discrepancy ** 2
    assert matrix[0, 1] == matrix[1, 0] == pytest.approx(COMMON * square + 4)
    assert np.diag(matrix)[:2] == pytest.approx([25 + square + 4, 9 + square + 4])
    assert (matrix[2:, :2] == 0).all()


def test_the_joint_score_of_different_stand_ins_is_the_sum_of_theirs(rows):
    numbers = {"faking after": number(60), "faking before": number(15), "inserted kept": number(50)}
    of_each = [scored(row, numbers[row.stand_in]).log_density for row in rows[1:]]
    assert joint(rows[1:], numbers) == pytest.approx(sum(of_each))


def test_the_joint_score_counts_a_common_error_once(rows):
    """Two rows of one stand-in that miss alike lose less than twice what one loses."""
    numbers = {"faking after": number(20)}
    alike = [rows[0], replace(rows[0], name="again")]
    lost = [joint(chosen, numbers, exact=True) - joint(chosen, numbers) for chosen in (alike[:1], alike)]
    assert lost[0] < lost[1] < 1.6 * lost[0]


def test_rows_without_a_number_are_left_out(rows):
    assert joint(rows, {}) == 0
    assert joint(rows, {"faking before": number(10)}) == scored(rows[2], number(10)).log_density


def test_the_monte_carlo_error_is_that_of_the_limits():
    assert monte_carlo_error(number(3, 0.5)) == pytest.approx(0.5)
