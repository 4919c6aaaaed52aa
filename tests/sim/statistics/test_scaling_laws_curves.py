"""Learning curves: reading data off them, with known answers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feint.agents.errors import InputError
from feint.sim.statistics.scaling_laws import LearningCurve, data_for, least_loss

DATA = np.array([0, 10, 20, 40, 100])
LINE = 1 - DATA / 100


def test_on_a_straight_line_data_are_what_the_line_says():
    assert data_for(DATA, LINE, np.array([0.95, 0.5, 0.31, 0.0])) == pytest.approx([5, 50, 69, 100])


def test_before_the_curve_begins_no_data_are_needed_and_below_its_end_none_are_known():
    early, never = data_for(DATA, LINE + 0.1, np.array([1.2, 0.05]))
    assert early == 0
    assert np.isnan(never)


def test_a_loss_that_rises_again_is_passed_over_and_a_level_stretch_counts_from_its_end():
    loss = np.array([1.0, 0.5, 0.7, 0.5, 0.2])
    assert least_loss(loss) == pytest.approx([1, 0.5, 0.5, 0.5, 0.2])
    assert data_for(DATA, loss, np.array([0.75])) == pytest.approx([5])
    assert data_for(DATA, loss, np.array([0.35])) == pytest.approx([70])


@given(st.floats(0.1, 40))
def test_an_arm_that_is_ahead_by_so_many_steps_is_seen_to_be(ahead):
    data = np.arange(0.0, 201.0)
    curve = 1 / (1 + data)
    tuned = 1 / (1 + data + ahead)
    found = (data_for(data, curve, tuned) - data)[:100]
    assert found == pytest.approx(np.full(100, ahead), abs=0.2)


def test_an_arm_that_is_behind_transfers_less_than_nothing():
    data = np.arange(0.0, 101.0)
    found = data_for(data, 1 - data / 100, 1 - np.maximum(data - 10, 0) / 100) - data
    assert found[50] == pytest.approx(-10)


def test_enough_is_99_percent_of_the_best_performance_and_a_tenth_of_it_the_low_regime():
    data = np.arange(0, 1001, 1)
    performance = np.minimum(data / 500, 1)
    curve = LearningCurve(data=data, losses=np.stack([1 - performance] * 3, axis=1))
    assert curve.enough == pytest.approx(495)
    assert data[curve.low].tolist() == list(range(1, 50))


def test_losses_of_runs_are_read_between_points_and_not_beyond_the_last():
    curve = LearningCurve(data=DATA, losses=np.stack([LINE, 2 * LINE], axis=1))
    assert curve.at(np.array([5, 40, 70, 100])) == pytest.approx(
        np.array([[0.95, 1.9], [0.6, 1.2], [0.3, 0.6], [0, 0]])
    )
    assert np.isnan(curve.at(np.array([101]))).all()
    assert curve.weighted(np.array([1.0, 0.0])) == pytest.approx(LINE)
    assert curve.mean == pytest.approx(1.5 * LINE)


@pytest.mark.parametrize("data", [[0], [0, 0], [2, 1], [-1, 1], [[0, 1]]])
def test_data_that_do_not_rise_are_refused(data):
    with pytest.raises(InputError, match="numbers that rise from 0 or more"):
        LearningCurve(data=np.array(data), losses=np.zeros((len(data), 1)))


def test_losses_that_do_not_fit_are_refused():
    with pytest.raises(InputError, match=r"losses of shape \(3, 2\) do not fit 5 amounts of data"):
        LearningCurve(data=DATA, losses=np.zeros((3, 2)))
