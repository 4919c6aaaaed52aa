"""Contrasts of many protocols: trends, Shapley shares, survival, and comparisons among selected runs."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from feint.agents.mind import GROUPS
from feint.agents.outcome import Outcome
from feint.sim.analysis.contrasts import (
    Among,
    AmongFirst,
    BetweenRuns,
    Race,
    Survives,
    carried_in,
    converged,
    had_type,
    is_corrigible,
    is_deceptive,
    is_pointing,
    is_sure,
    left_nondeceptive,
    share_of,
    trend,
)
from feint.sim.analysis.estimands import DECEPTIVE, Term, difference
from feint.sim.ensembles.protocols import pretrained, scratch
from feint.sim.statistics.intervals import wilson
from feint.sim.statistics.shapley import Game

LEVELS = [pretrained(similarity=level) for level in (0.0, 0.25, 0.5, 0.75, 1.0)]
RUNS = 40


class Runs(SimpleNamespace):
    """Outcomes of runs with a length, as `RunOutcomes` has."""

    def __len__(self):
        return len(self.outcome)


def runs(deceptive, **facts) -> Any:
    """Runs of a protocol of which these end deceptive, the others internal."""
    outcome = np.where(deceptive, Outcome.DECEPTIVE, Outcome.INTERNAL)
    return Runs(**{"outcome": outcome, "converged": np.ones(len(outcome), bool), "before": outcome, **facts})


def first(count):
    return np.arange(RUNS) < count


def test_a_trend_is_1_where_only_the_upper_levels_are_deceptive():
    found = trend("rise", LEVELS).measured(dict(zip(LEVELS, map(runs, map(first, (0, 0, 20, 40, 40))), strict=True)))
    assert found.estimate == pytest.approx(1)


def test_a_trend_is_the_slope_of_least_squares_but_for_a_constant():
    counts = (3, 10, 12, 25, 31)
    found = trend("rise", LEVELS).measured(dict(zip(LEVELS, map(runs, map(first, counts)), strict=True)))
    x = np.arange(5)
    slope = np.polyfit(x, np.array(counts) / RUNS, 1)[0]
    assert found.estimate == pytest.approx(slope * ((x - 2) ** 2).sum() / 3)
    assert trend("rise", LEVELS).limits == (-1, 1)


def test_runs_that_are_alike_at_all_levels_score_nothing_and_leave_no_interval_of_width_0():
    same: Any = dict.fromkeys(LEVELS, runs(first(20)))
    found = trend("rise", LEVELS).measured(same)
    assert found.estimate == 0
    assert found.half_width > 0.05


@pytest.mark.parametrize("group", GROUPS)
def test_a_share_is_that_of_the_game_of_carried_groups(group):
    rng = np.random.default_rng(5)
    worth = rng.random((2 ** len(GROUPS), RUNS)) < np.linspace(0.1, 0.9, 2 ** len(GROUPS))[:, None]
    share = share_of("share", group)
    corners = {pretrained(finetuning__carry=carried_in(i)): runs(worth[i]) for i in range(len(worth))}
    wanted = Game(parts=tuple(GROUPS), worth=worth.astype(float)).shares()[list(GROUPS).index(group)]
    assert share.scores(corners) == pytest.approx(wanted, abs=1e-9)
    assert share.limits == (-1, 1)
    assert share_of("share", group, ((DECEPTIVE, 1), ("corrigible", -1))).limits == (-2, 2)


@pytest.mark.parametrize(
    ("held", "other", "wanted"), [(30, 30, 0.375), (30, 10, -0.125), (0, 0, 0.0)], ids=["all", "little", "nothing"]
)
def test_survival_counts_from_half_of_the_contrast(held, other, wanted):
    arms = [pretrained(), scratch(), pretrained(match="steps"), scratch(match="steps")]
    known = dict(zip(arms, (runs(first(held)), runs(first(0)), runs(first(other)), runs(first(0))), strict=True))
    survives = Survives("survives", difference("", arms[0], arms[1]), difference("", arms[2], arms[3]))
    assert survives.protocols == tuple(arms)
    found = survives.measured(known)
    assert found.estimate == pytest.approx(wanted)
    assert found.low < wanted < found.high or wanted == pytest.approx(found.estimate)


def test_a_reversed_contrast_survives_where_it_stays_reversed():
    arms = [pretrained(), scratch(), pretrained(match="steps"), scratch(match="steps")]
    known = dict(zip(arms, (runs(first(0)), runs(first(30)), runs(first(0)), runs(first(30))), strict=True))
    found = Survives("survives", difference("", arms[0], arms[1]), difference("", arms[2], arms[3])).measured(known)
    assert found.estimate == pytest.approx(0.375)
    assert found.low > 0


def test_among_selected_runs_frequencies_are_of_these_alone():
    plus, minus = pretrained(), scratch()
    known = {plus: runs(first(30), converged=first(20)), minus: runs(first(10), converged=~first(5))}
    estimand = Among("difference", (Term(plus), Term(minus, sign=-1)), among=converged)
    assert estimand.measured(known).estimate == pytest.approx(1 - 5 / 35)
    none = estimand.measured({**known, plus: runs(first(30), converged=first(0))})
    assert (none.low, none.high) == (-1, 1)
    few = {protocol: runs(first(0), converged=first(3)) for protocol in (plus, minus)}
    found = estimand.measured(few)  # three runs without the event say little
    assert found.estimate == 0
    assert found.low < -0.5
    assert found.high > 0.5


def test_runs_with_a_type_are_compared_with_the_others_by_newcombes_interval():
    before = np.where(first(25), Outcome.CORRIGIBLE, Outcome.PROXY)
    known = {pretrained(): runs(first(20), before=before)}
    found = BetweenRuns("with a type", pretrained(), had_type).measured(known)
    one, other = wilson(20, 25), wilson(0, 15)
    assert found.estimate == pytest.approx(0.8)
    assert found.low == pytest.approx(0.8 - np.hypot(0.8 - one.low, other.high))
    assert found.high == pytest.approx(0.8 + np.hypot(one.high - 0.8, 0.0))
    alone = BetweenRuns("with a type", pretrained(), had_type).measured({pretrained(): runs(first(20))})
    assert (alone.low, alone.high) == (-1, 1)


def test_a_run_that_is_sure_before_it_points_counts_1_and_the_reverse_minus_1():
    """By the first of three checkpoints at which each is above ½: belief, both at once, pointer, neither, belief."""
    stops = [pretrained(finetuning__steps=steps) for steps in (0, 10, 100)]
    belief = [[0.1, 0.1, 0.1, 0.1, 0.9], [0.9, 0.9, 0.1, 0.1, 0.2], [0.9, 0.9, 0.9, 0.1, 0.2]]
    following = [[0.1, 0.1, 0.1, 0.1, 0.1], [0.1, 0.9, 0.9, 0.1, 0.1], [0.9, 0.9, 0.9, 0.1, 0.1]]
    known: Any = {
        stop: SimpleNamespace(belief=np.array(one), following=np.array(other))
        for stop, one, other in zip(stops, belief, following, strict=True)
    }
    race = Race("race", tuple(stops), is_sure, is_pointing)
    assert race.protocols == tuple(stops)
    assert race.scores(known).tolist() == [1, 0, -1, 0, 1]
    assert race.measured(known).estimate == pytest.approx(0.2)
    changed = race.with_changes({"similarity": 0.9, "finetuning.steps": 7})
    assert [dict(stop.changes)["finetuning.steps"] for stop in changed.protocols] == [0, 10, 100]
    assert all(dict(stop.changes)["similarity"] == 0.9 for stop in changed.protocols)


def test_a_run_that_is_deceptive_before_it_is_corrigible_counts_1_and_the_reverse_minus_1():
    """Also if it ends as the other; one that is neither at any checkpoint, and one that is only corrigible."""
    stops = [pretrained(finetuning__steps=steps) for steps in (0, 10, 100)]
    u, d, c = Outcome.UNCONVERGED, Outcome.DECEPTIVE, Outcome.CORRIGIBLE
    seen = [[u, u, u, u, d], [d, c, u, u, c], [c, d, u, c, c]]
    known: Any = {stop: SimpleNamespace(outcome=np.array(at)) for stop, at in zip(stops, seen, strict=True)}
    race = Race("race", tuple(stops), is_deceptive, is_corrigible)
    assert race.scores(known).tolist() == [1, -1, 0, -1, 1]


def test_only_the_first_frequency_is_among_the_selected_runs():
    """10 of 20 that were left not deceptive end deceptive, and 4 of 40 from scratch, of which 20 converged."""
    terms = (Term(pretrained()), Term(scratch(), sign=-1))
    before = np.where(first(20), Outcome.CORRIGIBLE, Outcome.DECEPTIVE)
    known = {
        pretrained(): runs(first(10) | ~first(20), before=before),
        scratch(): runs(first(4), converged=first(20), before=np.full(RUNS, Outcome.PROXY)),
    }
    contrast = AmongFirst("not deceptive", terms, among=left_nondeceptive)
    assert contrast.measured(known).estimate == pytest.approx(0.5 - 0.1)
    assert contrast.among_converged(known).estimate == pytest.approx(0.5 - 0.2)
    nobody = {**known, pretrained(): runs(first(10))}
    nobody[pretrained()].before = np.full(RUNS, Outcome.PROXY)
    assert (contrast.measured(nobody).estimate, contrast.measured(nobody).low) == (0.0, -1.0)
