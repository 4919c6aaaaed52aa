"""Rules say beforehand what counts for a claim and against it, and verdicts follow from them."""

from dataclasses import replace
from itertools import product
from math import inf
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feint.scenarios.bibliography import XU_2021
from feint.scenarios.claims.registry import select_claims
from feint.sim.analysis.claims import (
    HOLDS,
    KINDS,
    NEITHER,
    REVERSED,
    Claim,
    Part,
    Rule,
    Verdict,
    apart,
    at_least,
    at_most,
    no_fall,
    rises,
    within,
)
from feint.sim.analysis.estimands import frequency
from feint.sim.ensembles.protocols import scratch
from feint.sim.statistics.intervals import Interval

V = Verdict
RULES = [rises(), rises(0.1), at_least(0.9, 0.5), at_most(0.1, 0.5), within(0.5), apart(), no_fall()]


def interval(low, high):
    return Interval(estimate=(low + high) / 2, low=low, high=high, confidence=0.95, method="")


@pytest.mark.parametrize(
    ("rule", "low", "high", "verdict"),
    [
        (rises(), 0.02, 0.5, V.SUPPORTED),
        (rises(), 0.01, 0.5, V.UNDECIDED),
        (rises(), -0.01, 0.01, V.NEITHER),
        (rises(), -0.5, -0.02, V.CONTRADICTED),
        (rises(), -0.5, -0.01, V.UNDECIDED),
        (rises(), -0.5, 0.5, V.UNDECIDED),
        (at_least(0.9, 0.5), 0.9, 0.95, V.SUPPORTED),
        (at_least(0.9, 0.5), 0.6, 0.8, V.NEITHER),
        (at_least(0.9, 0.5), 0.1, 0.5, V.CONTRADICTED),
        (within(0.5), -0.5, 0.5, V.SUPPORTED),
        (within(0.5), 0.51, 0.8, V.CONTRADICTED),
        (within(0.5), -0.8, -0.51, V.CONTRADICTED),
        (within(0.5), 0.4, 0.6, V.UNDECIDED),
        (within(0.5), -1.0, 1.0, V.UNDECIDED),
        (apart(), -0.5, -0.02, V.SUPPORTED),
        (apart(), -0.01, 0.01, V.CONTRADICTED),
        (apart(), -0.5, 0.5, V.UNDECIDED),
        (no_fall(), -0.02, 0.0, V.SUPPORTED),
        (no_fall(), -0.5, -0.03, V.CONTRADICTED),
        (at_most(0.1, 0.5), 0.0, 0.1, V.SUPPORTED),
        (at_most(0.1, 0.5), 0.5, 0.9, V.CONTRADICTED),
    ],
)
def test_a_verdict_is_where_the_whole_interval_lies(rule, low, high, verdict):
    assert rule.verdict(interval(low, high)) is verdict


numbers = st.floats(-2, 2)


@given(st.sampled_from(RULES), numbers, numbers, st.floats(0, 1))
def test_what_is_possible_holds_the_kind_of_each_value_within(rule: Rule, a, b, share):
    low, high = sorted((a, b))
    inside = min(max(low + share * (high - low), low), high)
    assert rule.kind(inside) in rule.possible(low, high)


@given(st.sampled_from(RULES), numbers, numbers, st.floats(0, 1))
def test_more_runs_never_turn_a_decided_verdict(rule: Rule, a, b, share):
    """A narrower interval within a decided one is decided alike."""
    low, high = sorted((a, b))
    decided = rule.verdict(interval(low, high))
    middle = min(max(low + share * (high - low), low), high)
    if decided is not V.UNDECIDED:
        assert rule.verdict(interval(middle, high)) is decided


def claim_of(count: int, *, any_part: bool) -> Claim:
    parts = tuple(Part(name=str(i), estimand=frequency("", scratch()), rule=rises()) for i in range(count))
    return Claim(name="", title="", source=XU_2021, section="", statement="", parts=parts, any_part=any_part)


def verdict_of(verdicts, *, any_part=False):
    claim = claim_of(len(verdicts), any_part=any_part)
    return claim.verdict({str(i): verdict for i, verdict in enumerate(verdicts)})


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        ([V.SUPPORTED, V.SUPPORTED], V.SUPPORTED),
        ([V.SUPPORTED, V.NEITHER], V.MIXED),
        ([V.SUPPORTED, V.CONTRADICTED, V.UNDECIDED], V.MIXED),
        ([V.SUPPORTED, V.UNDECIDED], V.UNDECIDED),
        ([V.UNDECIDED], V.UNDECIDED),
        ([V.NEITHER, V.NEITHER], V.NEITHER),
    ],
)
def test_a_claim_needs_all_its_parts(found, verdict):
    assert verdict_of(found) is verdict


def test_or_one_of_them():
    assert verdict_of([V.NEITHER, V.SUPPORTED, V.CONTRADICTED], any_part=True) is V.SUPPORTED
    assert verdict_of([V.NEITHER, V.NEITHER], any_part=True) is V.NEITHER
    assert verdict_of([V.NEITHER, V.UNDECIDED], any_part=True) is V.UNDECIDED


def test_rules_say_what_they_are():
    assert rises(0.02).words == "at least 0.02; reversed at -0.02 or below"
    assert rises().holds == ((0.02, inf),)


@given(st.sampled_from(RULES), numbers, numbers)
def test_a_margin_is_what_lies_within_and_below_0_what_does_not(rule: Rule, a, b):
    low, high = sorted((a, b))
    for kind in (HOLDS, REVERSED):
        if rule.margin(kind, low, high) > 0:
            assert rule.possible(low, high) == {kind}
        if rule.possible(low, high) == {kind}:
            assert rule.margin(kind, low, high) >= 0


kinds = st.sampled_from([HOLDS, REVERSED, NEITHER])


@given(st.lists(kinds, min_size=1, max_size=4), st.booleans())
def test_the_kind_of_a_claim_is_that_of_all_its_parts_or_of_one_that_holds(found, any_part):
    wanted = found[0] if len(set(found)) == 1 else NEITHER
    wanted = HOLDS if any_part and HOLDS in found else wanted
    claim = claim_of(len(found), any_part=any_part)
    assert claim.kind({str(i): kind for i, kind in enumerate(found)}) == wanted


@given(st.lists(st.frozensets(kinds, min_size=1), min_size=1, max_size=4), st.booleans())
def test_what_a_claim_may_be_is_what_some_choice_of_its_parts_is(sets, any_part):
    claim = claim_of(len(sets), any_part=any_part)
    wanted = {claim.kind({str(i): kind for i, kind in enumerate(choice)}) for choice in product(*sets)}
    assert claim.possible({str(i): each for i, each in enumerate(sets)}) == wanted


def test_a_source_is_an_entry_of_a_bibliography():
    entry = XU_2021.bibtex()
    assert entry.startswith("@online{xu2021pretraining,\n  author = {Xu, Mark},\n")
    assert "title = {{Pre-Training + Fine-Tuning Favors Deception}}" in entry
    assert entry.count("{") == entry.count("}")


def test_the_doubt_about_a_kind_is_the_chance_of_an_end_within_the_interval():
    rule, third = rises(), NormalDist().cdf(-1.959964 * 0.03 / 0.05)
    assert rule.doubts(0.5, 0.4, 0.6, 0.95) == {HOLDS: 0.0, REVERSED: 0.0, NEITHER: 0.0}
    assert rule.doubts(0.02, -0.01, 0.05, 0.95) == pytest.approx({HOLDS: 0.5, REVERSED: 0.0, NEITHER: 0.5})
    assert rule.doubts(0.05, 0.0, 0.1, 0.95) == pytest.approx({HOLDS: third, REVERSED: 0.0, NEITHER: third})
    side = NormalDist().cdf(-1.959964 / 2)
    assert rule.doubts(0.0, -0.04, 0.04, 0.95) == pytest.approx({HOLDS: side, REVERSED: side, NEITHER: 2 * side})
    assert set(rule.doubts(float("nan"), -1.0, 1.0, 0.95).values()) == {1.0}


@pytest.mark.parametrize("any_part", [False, True])
def test_a_claim_is_doubted_by_the_mistakes_that_would_change_it(any_part):
    """Draws at which both parts hold, one does, and none does, with doubts of 0.2 and 0.1."""
    (headline,) = select_claims(["headline"])
    parts = tuple(replace(headline.effect, name=name) for name in ("one", "other"))
    claim = replace(headline, parts=parts, any_part=any_part)
    kinds = np.array([[HOLDS, HOLDS, NEITHER], [HOLDS, NEITHER, NEITHER]])
    doubts = dict.fromkeys(KINDS, np.array([[0.2] * 3, [0.1] * 3]))
    assert claim.doubts(kinds, doubts)[HOLDS] == pytest.approx([0.1, 0.2, 0.3] if any_part else [0.3, 0.1, 0.1])
