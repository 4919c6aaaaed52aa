"""Imitation: the exact chance of taking over, exact flows, and a finite population beside them."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from feint.sim.markets.competition import flow, imitate, net_imitation

START = np.array([0.7, 0.2, 0.1])
STANDING = np.array([1.0, 1.3, 1.2])


def test_one_among_few_takes_over_as_often_as_is_known_exactly():
    """(1 - e^(-d)) / (1 - e^(-d N)) where the newcomer has d more, times the selection; one looks at a time."""
    count, populations, generator = 6, 20_000, np.random.default_rng(1)
    for ahead in (-0.3, 0.4):
        strategy = np.zeros((populations, count), int)
        strategy[:, 0] = 1
        flat, first = strategy.reshape(-1), np.arange(populations) * count
        while ((strategy.any(axis=1)) & (~strategy.all(axis=1))).any():
            one, gap = generator.integers(count, size=populations), generator.integers(1, count, size=populations)
            standing = np.where(flat == 1, ahead, 0.0)
            imitate(flat, standing, first + one, first + (one + gap) % count, generator.random(populations))
        exact = (1 - np.exp(-ahead)) / (1 - np.exp(-ahead * count))
        assert strategy.all(axis=1).mean() == pytest.approx(exact, abs=4 * 0.5 / populations**0.5)


def test_all_look_before_any_copies():
    strategy, standing = np.array([0, 1]), np.array([0.0, 0.0])
    imitate(strategy, standing, np.array([0, 1]), np.array([1, 0]), np.array([0.4, 0.4]))
    assert strategy.tolist() == [1, 0]


def test_who_stands_beyond_all_is_copied_and_copies_none():
    strategy, standing = np.array([0, 1]), np.array([-1e9, 1e9])
    imitate(strategy, standing, np.array([0, 1]), np.array([1, 0]), np.array([0.999, 1e-9]))
    assert strategy.tolist() == [1, 1]


def test_shares_of_a_flow_go_on_adding_up_to_one():
    found = flow(np.stack([START, START[::-1]]), net_imitation(np.stack([STANDING, STANDING]), 5.0), 2.0, 0.1)
    assert found.sum(axis=1) == pytest.approx(0, abs=1e-15)
    assert np.abs(found).max() > 0.1


def test_two_strategies_flow_by_the_logistic_that_solves_them():
    """x / (1 - x) grows as e^(m t tanh(s d / 2))."""
    share, ahead, selection, meetings, until = 0.02, 0.3, 4.0, 2.0, 3.0
    standing = np.array([ahead, 0.0])
    solved = solve_ivp(
        lambda _, x: flow(x, net_imitation(standing, selection), meetings, 0.0),
        (0, until),
        [share, 1 - share],
        rtol=1e-9,
        atol=1e-12,
    )
    odds = share / (1 - share) * np.exp(meetings * until * np.tanh(selection * ahead / 2))
    assert solved.y[0, -1] == pytest.approx(odds / (1 + odds), rel=1e-6)


def test_what_is_tried_at_random_comes_to_rest_where_flow_and_trying_cancel():
    """Without selection all are alike in the end, whatever they began with."""
    solved = solve_ivp(lambda _, x: flow(x, net_imitation(STANDING, 0.0), 2.0, 0.5), (0, 40), START, rtol=1e-9)
    assert solved.y[:, -1] == pytest.approx(1 / 3, abs=1e-6)


def test_weak_selection_flows_by_the_replicator_equation():
    weak, meetings = 1e-4, 2.0
    fitter = STANDING - START @ STANDING
    found = flow(START, net_imitation(STANDING, weak), meetings, 0.0)
    assert found == pytest.approx(meetings * weak / 2 * START * fitter, rel=1e-6)


def test_many_actors_flow_as_a_population_without_end_does():
    count, pace, steps, selection = 200_000, 0.05, 60, 5.0
    generator = np.random.default_rng(2)
    strategy = generator.choice(3, size=count, p=START)
    for _ in range(steps):
        who = np.flatnonzero(generator.random(count) < pace)
        met = generator.integers(count, size=len(who))
        imitate(strategy, selection * STANDING[strategy], who, met, generator.random(len(who)))
    solved = solve_ivp(
        lambda _, x: flow(x, net_imitation(STANDING, selection), 1.0, 0.0), (0, pace * steps), START, rtol=1e-9
    )
    assert np.bincount(strategy) / count == pytest.approx(solved.y[:, -1], abs=0.01)
