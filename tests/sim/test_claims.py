"""Rules say beforehand what counts for a claim and against it, and verdicts follow from them."""

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feint.scenarios.sources import XU_2021
from feint.sim.claims import Rule, Verdict, all_of, at_least, one_of, rises, within
from feint.sim.statistics import Interval

V = Verdict


def interval(low, high):
    return Interval(estimate=(low + high) / 2, low=low, high=high, confidence=0.95, method="")


@pytest.mark.parametrize(
    ("rule", "low", "high", "verdict"),
    [
        (rises(), 0.02, 0.5, V.SUPPORTED),
        (rises(), 0.01, 0.5, V.UNDECIDED),
        (rises(), -0.01, 0.01, V.NO_EFFECT),
        (rises(), -0.5, -0.02, V.CONTRADICTED),
        (rises(), -0.5, -0.01, V.UNDECIDED),
        (rises(), -0.5, 0.5, V.UNDECIDED),
        (at_least(0.9, 0.5), 0.9, 0.95, V.SUPPORTED),
        (at_least(0.9, 0.5), 0.6, 0.8, V.NO_EFFECT),
        (at_least(0.9, 0.5), 0.1, 0.5, V.CONTRADICTED),
        (within(0.5), -0.5, 0.5, V.SUPPORTED),
        (within(0.5), 0.51, 0.8, V.CONTRADICTED),
        (within(0.5), -0.8, -0.51, V.CONTRADICTED),
        (within(0.5), 0.4, 0.6, V.UNDECIDED),
        (within(0.5), -1.0, 1.0, V.UNDECIDED),
    ],
)
def test_a_verdict_is_where_the_whole_interval_lies(rule, low, high, verdict):
    assert rule.verdict(interval(low, high)) is verdict


numbers = st.floats(-2, 2)


@given(st.sampled_from([rises(), rises(0.1), at_least(0.9, 0.5), within(0.5)]), numbers, numbers, st.floats(0, 1))
def test_what_is_possible_holds_the_kind_of_each_value_within(rule: Rule, a, b, share):
    low, high = sorted((a, b))
    inside = min(max(low + share * (high - low), low), high)
    assert rule.kind(inside) in rule.possible(low, high)


@given(st.sampled_from([rises(), at_least(0.9, 0.5), within(0.5)]), numbers, numbers, st.floats(0, 1))
def test_more_runs_never_turn_a_decided_verdict(rule: Rule, a, b, share):
    """A narrower interval within a decided one is decided alike."""
    low, high = sorted((a, b))
    decided = rule.verdict(interval(low, high))
    middle = min(max(low + share * (high - low), low), high)
    if decided is not V.UNDECIDED:
        assert rule.verdict(interval(middle, high)) is decided


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        ([V.SUPPORTED, V.SUPPORTED], V.SUPPORTED),
        ([V.SUPPORTED, V.NO_EFFECT], V.MIXED),
        ([V.SUPPORTED, V.CONTRADICTED, V.UNDECIDED], V.MIXED),
        ([V.SUPPORTED, V.UNDECIDED], V.UNDECIDED),
        ([V.UNDECIDED], V.UNDECIDED),
        ([V.NO_EFFECT, V.NO_EFFECT], V.NO_EFFECT),
    ],
)
def test_a_claim_needs_all_its_parts(found, verdict):
    assert all_of(found) is verdict


def test_or_one_of_them():
    assert one_of([V.NO_EFFECT, V.SUPPORTED, V.CONTRADICTED]) is V.SUPPORTED
    assert one_of([V.NO_EFFECT, V.NO_EFFECT]) is V.NO_EFFECT
    assert one_of([V.NO_EFFECT, V.UNDECIDED]) is V.UNDECIDED


def test_rules_say_what_they_are():
    assert rises(0.02).words == "at least 0.02; reversed at -0.02 or below"
    assert (within(0.5).low, within(0.5).above, rises().high) == (-0.5, 0.5, inf)


def test_a_source_is_an_entry_of_a_bibliography():
    entry = XU_2021.bibtex()
    assert entry.startswith("@online{xu2021pretraining,\n  author = {Xu, Mark},\n")
    assert "title = {{Pre-Training + Fine-Tuning Favors Deception}}" in entry
    assert entry.count("{") == entry.count("}")
