"""Sums of frequencies among converged runs: planted outcomes with some unconverged runs and missed targets."""

import numpy as np
import pytest
from planted import ended as runs

from feint.agents.outcome import Outcome
from feint.sim.analysis.contrasts import Among, BetweenRuns, converged, had_type, left_internal, trend
from feint.sim.analysis.estimands import Effect, Frequency, StepRatio, Term, difference, frequency
from feint.sim.ensembles.protocols import pretrained, scratch
from feint.sim.statistics.intervals import (
    SelectedPairs,
    bounded_mean,
    clopper_pearson,
    frequency_interval,
    look_confidence,
    student,
    tango,
)

A, B = pretrained(), scratch()
D, C, N, U = Outcome.DECEPTIVE, Outcome.CORRIGIBLE, Outcome.INTERNAL, Outcome.UNCONVERGED
LEVELS = [pretrained(similarity=level) for level in (0.0, 0.25, 0.5, 0.75, 1.0)]


def test_a_frequency_is_counted_among_the_converged_runs_of_its_protocol():
    outcomes = [D] * 20 + [N] * 30 + [U] * 50
    assert frequency("", A).among_converged({A: runs(outcomes, missed=range(5))}) == frequency_interval(15, 45)
    assert frequency("", A).among_converged({A: runs(outcomes)}) == frequency_interval(20, 50)


def test_a_difference_is_that_of_shares_of_different_runs():
    pair = {A: runs([D] * 30 + [N] * 50 + [U] * 20), B: runs([U] * 60 + [D] * 10 + [N] * 30, missed=[60, 99])}
    happened = [each.outcome == D for each in pair.values()]
    wanted = SelectedPairs.of(happened, [each.converged for each in pair.values()]).difference()
    found = difference("", A, B).among_converged(pair)
    assert found == wanted
    assert found.estimate == pytest.approx(30 / 80 - 9 / 38)
    assert difference("", B, A).among_converged(pair).estimate == pytest.approx(9 / 38 - 30 / 80)
    turned = Frequency("", (Term(B, sign=-1), Term(A)))
    assert turned.among_converged(pair) == wanted


def test_outcomes_of_one_protocol_are_compared_among_its_converged_runs():
    race = Frequency("", (Term(A), Term(A, "corrigible", -1)))
    assert race.among_converged({A: runs([D] * 30 + [C] * 10 + [N] * 60 + [U] * 40)}) == tango(30, 10, 100)


def test_a_sum_over_protocols_has_the_frequencies_of_each_among_its_own_converged_runs():
    terms = (Term(A), Term(B, sign=-1), Term(A, "corrigible", -1), Term(B, "corrigible"))
    pair = {A: runs([D] * 40 + [C] * 10 + [U] * 50), B: runs([U] * 20 + [C] * 20 + [N] * 60, missed=range(95, 100))}
    found = Frequency("", terms).among_converged(pair)
    assert found.estimate == pytest.approx((40 - 10) / 50 + 20 / 75)


def test_if_all_runs_converged_it_is_the_sum_over_all_runs():
    terms = (Term(A), Term(B, sign=-1), Term(A, "corrigible", -1), Term(B, "corrigible"))
    pair = {A: runs([D] * 40 + [N] * 60), B: runs([C] * 20 + [N] * 80)}
    found, wanted = (
        Frequency("", terms).among_converged(pair),
        bounded_mean(np.array([2] * 20 + [1] * 20 + [0] * 60), 4),
    )
    assert (found.estimate, found.low, found.high) == pytest.approx((wanted.estimate, wanted.low, wanted.high))
    assert found.method == wanted.method


def test_if_the_same_runs_converged_it_is_the_sum_over_these():
    rng = np.random.default_rng(5)
    known = {level: rng.choice([D, N], 60) for level in LEVELS}
    some = {level: runs([*outcomes, *[U] * 40]) for level, outcomes in known.items()}
    rise = trend("rise", LEVELS)
    assert rise.among_converged(some) == rise.measured({level: runs(outcomes) for level, outcomes in known.items()})


def test_a_trend_among_converged_runs_is_that_of_their_shares():
    counts, kept = (3, 10, 12, 25, 31), (40, 60, 80, 90, 100)
    known = {
        level: runs([D] * count + [N] * (among - count) + [U] * (100 - among))
        for level, count, among in zip(LEVELS, counts, kept, strict=True)
    }
    found = trend("rise", LEVELS).among_converged(known)
    shares = np.array(counts) / kept
    assert found.estimate == pytest.approx(np.dot(np.arange(5) - 2, shares) / 3)
    assert found.low < found.estimate < found.high


@pytest.mark.parametrize("chance", [0.02, 0.3])
def test_the_interval_of_a_sum_covers_where_runs_are_shared_and_only_some_converge(chance):
    """Which runs converge depends on the luck that they share, as do their outcomes."""
    rng, hits = np.random.default_rng(11), 0
    terms = (Term(A), Term(B, sign=-1), Term(A, "corrigible", -1))
    for _ in range(600):
        luck, other = rng.random((2, 400))
        one = np.select([luck < chance, luck < 2 * chance, luck < 0.8], [D, C, N], U)
        two = np.select([luck < chance / 2, other < 0.3], [D, U], N)
        found = Frequency("", terms).among_converged({A: runs(one), B: runs(two)})
        true = -(chance / 2) / (chance / 2 + (1 - chance / 2) * 0.7)
        hits += found.low <= true <= found.high
    assert 0.93 <= hits / 600 <= 0.99


def test_scores_whose_mean_is_the_sum_among_converged_runs():
    pair = {A: runs([D] * 30 + [N] * 50 + [U] * 20), B: runs([U] * 60 + [D] * 10 + [N] * 30)}
    scores = difference("", A, B).scores_among_converged(pair)
    assert scores.mean() == pytest.approx(30 / 80 - 10 / 40)
    assert np.isnan(difference("", A, B).scores_among_converged({**pair, B: runs([U] * 100)})).all()
    everyone = {A: runs([D] * 30 + [N] * 70), B: runs([N] * 60 + [D] * 40)}
    assert difference("", A, B).scores_among_converged(everyone) == pytest.approx(difference("", A, B).scores(everyone))


def test_converged_runs_that_are_all_alike_leave_room_for_those_not_seen():
    """Forty of 4,000 runs converged in one protocol, none deceptive: some may be all the same."""
    terms = (Term(A), Term(B, sign=-1), Term(A, "corrigible", -1))
    pair = {A: runs([N] * 40 + [U] * 3960), B: runs([N] * 4000)}
    found = Frequency("", terms).among_converged(pair)
    level = look_confidence(0.95, 2)
    reach = 2 * clopper_pearson(0, 40, level).high + clopper_pearson(0, 4000, level).high
    assert (found.low, found.estimate, found.high) == pytest.approx((-reach, 0, reach))


def test_if_no_run_of_a_protocol_converged_nothing_is_known():
    nobody = {A: runs([D] * 10, missed=range(10)), B: runs([N] * 10)}
    for estimand, ends in (
        (frequency("", A), (0, 1)),
        (difference("", A, B), (-1, 1)),
        (Frequency("", (Term(A), Term(B, sign=-1), Term(A, "corrigible", -1))), (-2, 1)),
    ):
        found = estimand.among_converged(nobody)
        assert np.isnan(found.estimate)
        assert (found.low, found.high) == ends


def test_a_comparison_among_selected_runs_keeps_the_converged_of_them():
    terms = (Term(A), Term(B, sign=-1))
    pair = {A: runs([D] * 10 + [N] * 80 + [U] * 10, missed=range(5)), B: runs([N] * 50 + [D] * 50)}
    same = Among("", terms, among=converged)
    assert same.among_converged(pair) == same.measured(pair)
    left = Among("", terms, among=left_internal)  # a run's outcome before is the same here
    assert left.among_converged(pair).estimate == 0
    assert left.measured(pair).estimate == 0


def test_runs_of_one_protocol_are_compared_among_its_converged_ones():
    before = BetweenRuns("with a type", A, had_type)
    some = runs([D] * 20 + [N] * 20 + [Outcome.PROXY] * 40 + [U] * 20, missed=range(10))
    assert before.measured({A: some}).estimate == pytest.approx(20 / 40)
    assert before.among_converged({A: some}).estimate == pytest.approx(10 / 30)


def test_what_is_no_frequency_has_no_number_among_converged_runs():
    pair = {A: runs([N] * 4), B: runs([N] * 4)}
    assert StepRatio("", A, B).among_converged(pair) is None


def test_converged_runs_whose_scores_cancel_leave_an_interval_of_some_width():
    """Every run ends alike at all levels that have a weight: the trend is 0, but not known to be that exactly."""
    outcomes = [D] * 20 + [N] * 20 + [U] * 3960
    same = dict.fromkeys(LEVELS, runs(outcomes)) | {LEVELS[2]: runs([D] * 4000)}  # the middle has no weight
    found, few = (trend("rise", LEVELS).among_converged(same), clopper_pearson(0, 4000).high)
    assert (found.low, found.estimate, found.high) == pytest.approx((-few, 0, few))


def test_an_effect_holds_both_numbers_within_the_declared_limits():
    rise = trend("rise", LEVELS)
    none = {level: runs([N, D], missed=[0, 1]) for level in LEVELS}
    effect = Effect.of(rise, rise.measured(none), rise.among_converged(none))
    assert effect.among_converged is not None
    assert (effect.among_converged.low, effect.among_converged.high) == (-1, 1)
    assert Effect.of(rise, student(np.zeros(3))).among_converged is None
