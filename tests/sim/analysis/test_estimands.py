"""Quantities are numbers of paired runs, and their intervals cover as stated."""

import numpy as np
import pytest
from planted import ended
from scipy import stats

from feint.agents.outcome import Outcome
from feint.sim.analysis.estimands import (
    Frequency,
    Loss,
    StepRatio,
    Term,
    difference,
    frequency,
)
from feint.sim.ensembles.protocols import pretrained, scratch
from feint.sim.statistics.intervals import bounded_mean, clopper_pearson, frequency_interval, student, tango

A, B = pretrained(), scratch()
D, C, N = Outcome.DECEPTIVE, Outcome.CORRIGIBLE, Outcome.INTERNAL


def test_one_term_is_a_frequency():
    found = frequency("", A).measured({A: ended([D, D, N, C])})
    assert found == frequency_interval(2, 4)


def test_two_terms_are_a_paired_difference():
    pair = {A: ended([D, D, D, N, C]), B: ended([D, N, N, N, D])}
    assert difference("", A, B).measured(pair) == tango(2, 1, 5)
    assert difference("", B, A, "internal").measured(pair) == tango(2, 0, 5)


def test_two_outcomes_of_one_way_are_a_difference_too():
    race = Frequency("", (Term(A), Term(A, "corrigible", -1)))
    assert race.measured({A: ended([D] * 30 + [C] * 10 + [N] * 60)}) == tango(30, 10, 100)


def test_four_terms_are_a_mean_of_scores():
    terms = (Term(A), Term(B, sign=-1), Term(A, "corrigible", -1), Term(B, "corrigible"))
    pair = {A: ended([D] * 40 + [N] * 60), B: ended([C] * 20 + [N] * 80)}
    found = Frequency("", terms).measured(pair)
    scores = np.array([2] * 20 + [1] * 20 + [0] * 60)
    limits = stats.ttest_1samp(scores, 0).confidence_interval()
    assert (found.estimate, found.low, found.high) == pytest.approx((0.6, limits.low, limits.high))


def test_scores_that_are_all_the_same_have_an_interval_all_the_same():
    """No run differs, yet one in a hundred may: Student's interval would have no width."""
    found = bounded_mean(np.zeros(200, int), 4)
    reach = 4 * clopper_pearson(0, 200).high
    assert (found.low, found.estimate, found.high) == (-reach, 0.0, reach)


@pytest.mark.parametrize("chance", [0.0005, 0.01, 0.1, 0.5])
def test_the_interval_of_a_mean_of_scores_covers(chance):
    rng = np.random.default_rng(7)
    draws = rng.choice([-1, 0, 2], size=(2000, 400), p=[chance / 2, 1 - chance, chance / 2])
    true = chance / 2
    covered = [(each := bounded_mean(row, 3)).low <= true <= each.high for row in draws]
    assert np.mean(covered) > 0.92


def test_steps_are_compared_run_by_run():
    rng = np.random.default_rng(3)
    steps = rng.integers(100, 1000, 500)
    found = StepRatio("", A, B).measured({A: ended([N] * 500, steps * 2), B: ended([N] * 500, steps)})
    assert (found.low, found.estimate, found.high) == (1.0, 1.0, 1.0)


def test_the_median_of_step_ratios_is_covered():
    rng = np.random.default_rng(4)
    hits = 0
    for _ in range(400):
        steps = np.round(1000 * 2 ** rng.normal(0.3, 1, 101)).astype(int)
        found = StepRatio("", A, B).measured({A: ended([N] * 101, steps), B: ended([N] * 101, [1000] * 101)})
        hits += found.low <= 0.3 <= found.high
    assert 0.93 <= hits / 400 <= 1


@pytest.mark.parametrize(
    ("reached", "others", "limits"),
    [
        ([True] * 100, [True] * 100, (1.0, 1.0)),
        ([False] * 100, [True] * 100, (1.0, 6.0)),
        ([True] * 100, [False] * 100, (-6.0, 1.0)),
        ([False] * 100, [False] * 100, (-6.0, 6.0)),
        ([True] * 90 + [False] * 10, [True] * 90 + [False] * 10, (1.0, 1.0)),
    ],
)
def test_steps_of_runs_that_did_not_arrive_may_have_been_any_number_more(reached, others, limits):
    pair = {A: ended([N] * 100, [64] * 100, reached=reached), B: ended([N] * 100, [32] * 100, reached=others)}
    found = StepRatio("", A, B).measured(pair)
    assert (found.low, found.high) == limits
    assert found.estimate == 1.0


def test_few_steps_have_limits_all_the_same():
    found = StepRatio("", A, B).measured({A: ended([N], [64]), B: ended([N], [8])})
    assert (found.low, found.estimate, found.high) == (-6.0, 3.0, 6.0)


def test_a_loss_is_what_the_other_reaches_more():
    pair = {A: ended([N] * 4, performance=[0.5, 0.6, 0.7, 0.8]), B: ended([N] * 4, performance=[0.9] * 4)}
    found = Loss("", A, than=B).measured(pair)
    limits = stats.ttest_1samp([0.4, 0.3, 0.2, 0.1], 0).confidence_interval()
    assert (found.estimate, found.low, found.high) == pytest.approx((0.25, limits.low, limits.high))


def test_one_run_says_nothing_of_a_mean():
    assert student(np.array([0.5])).low == -np.inf


def test_what_a_way_changes_itself_stays():
    assert pretrained(decoys=1.0).with_defaults({"decoys": 2.0, "similarity": 0.1}) == pretrained(
        decoys=1.0, similarity=0.1
    )
    changed = difference("", pretrained(decoys=1.0), scratch()).with_changes({"decoys": 2.0})
    assert [dict(protocol.changes)["decoys"] for protocol in changed.protocols] == [1.0, 2.0]
    for quantity in (StepRatio("", A, B), Loss("", A, than=B)):
        assert [dict(protocol.changes) for protocol in quantity.with_changes({"decoys": 2.0}).protocols] == [
            {"decoys": 2.0}
        ] * 2
