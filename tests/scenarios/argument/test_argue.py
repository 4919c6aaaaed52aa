"""The argument put to the test: over the prior, with forms swapped, and in words and documents."""

import json
from dataclasses import replace

import numpy as np
import pytest

from feint.agents.errors import InputError
from feint.scenarios.argument.argue import QUICK, ArgueRequest
from feint.scenarios.argument.evaluate_claim import (
    DEFAULT,
    Effect,
    evaluate,
    moved_tolerances,
    other_forms,
    over_prior,
    over_prior_parts,
)
from feint.scenarios.claims.pretraining import capability_matching as matching
from feint.scenarios.claims.registry import claims, select_claims
from feint.scenarios.release.affordability import reached
from feint.sim.analysis.allocation import ROOM
from feint.sim.analysis.claims import HOLDS, NEITHER, REVERSED
from feint.sim.analysis.estimands import SHARE, SHARE_DIFFERENCE, MeanEstimand
from feint.sim.analysis.nearest_flip import STOPS
from feint.sim.analysis.prior_shares import prior_draws
from feint.sim.ensembles.comparison import compare
from feint.sim.ensembles.paired_runs import OWN, run_paired
from feint.sim.ensembles.protocols import pretrained
from feint.sim.statistics.intervals import Interval
from feint.sim.training.parameter_point import Point

TINY = replace(QUICK, runs=200, draws=8, draw_runs=20, draw_most=40, search_runs=6000, confirming=400)
NAMES = ["headline", "relearning", "matching"]
PART = "difference"


def columns(*rows):
    """Columns of what is measured at draws with these estimates and limits, each by 100 runs."""
    return np.column_stack([np.array(rows, float), np.full(len(rows), 100)])


def argue(*names, threads=None, progress=None, **fields):
    """Test these claims with few runs."""
    return ArgueRequest(claim=names, **{"size": TINY, "seed": 3} | fields).run(threads=threads, progress=progress)


@pytest.fixture(scope="module")
def found():
    return argue(*NAMES)


def test_each_claim_has_all_that_is_asked_of_it(found):
    assert [result.name for result in found.claims] == NAMES
    for result in found.claims:
        assert result.crux.effect == result.evaluation.effect
        assert set(result.prior) == {HOLDS, REVERSED, NEITHER}
        kinds = [flip.kind for flip in result.nearest_flips]
        claim, intervals = result.evaluation.claim, result.evaluation.intervals
        here = claim.kind({part.name: part.rule.kind(intervals[part.name].estimate) for part in claim.tested})
        assert kinds == ([STOPS, REVERSED] if here == HOLDS else [HOLDS])


def test_threads_and_company_change_nothing(found):
    alone = argue("headline", threads=1)
    for key, values in alone.robustness.limits.items():
        assert np.array_equal(values, found.robustness.limits[key])
    assert alone["headline"].evaluation.intervals == found["headline"].evaluation.intervals
    assert str(alone["headline"].nearest_flips) == str(found["headline"].nearest_flips)  # an empty spread is NaN


def test_a_draw_is_tried_on_runs_of_its_own():
    (claim,) = select_claims(["headline"])
    spread = over_prior([claim], draws=4, runs=60, seed=2)
    rows = prior_draws(Point(), 4, 2)
    for i in range(4):
        runs = range(ROOM * i, ROOM * i + 60)
        ended = run_paired(Point().at(rows[i]), claim.effect.estimand.protocols, runs, seed=2)
        wanted = claim.effect.estimand.measured(ended)
        limits = spread.limits[DEFAULT, OWN, claim.name, PART][i]
        assert limits[:4].tolist() == [wanted.estimate, wanted.low, wanted.high, 60]


def test_forms_are_swapped_and_tolerances_moved():
    (claim,), form = select_claims(["headline"]), "capability_form = power"
    forms = {form: other_forms()[form]}
    spread = over_prior([claim], draws=4, runs=60, seed=2, readings=moved_tolerances(), forms=forms)
    rows = prior_draws(Point(), 4, 2)
    reading = (("deploy_tolerance", 0.4),)
    there = Point().at({**rows[1], "capability_form": "power", "deploy_tolerance": 0.4})
    ended = run_paired(there, claim.effect.estimand.protocols, range(ROOM, ROOM + 60), seed=2)
    wanted = claim.effect.estimand.measured(ended).estimate
    assert spread.limits[form, reading, claim.name, PART][1, 0] == wanted
    assert {key[:2] for key in spread.limits} == {
        (form, reading) for form in (DEFAULT, form) for reading in (OWN, *moved_tolerances())
    }


def test_all_forms_that_are_not_the_default_are_tried():
    assert set(other_forms()) == {
        "capability_form = power",
        "capability_form = linear",
        "inference_form = exponential",
        "inference_form = hyperbolic",
        "inference_form = step",
        "gate_form = minimum",
    }


def test_a_claim_that_the_model_leaves_no_choice_is_told():
    (claim,) = select_claims(["headline"])
    spread = over_prior([claim], draws=4, runs=60, seed=2)
    assert spread.baked_in(claim) is None
    everywhere = columns(*[[0.5, 0.4, 0.6]] * 256)
    fixed = replace(spread, limits=dict.fromkeys(spread.limits, everywhere))
    assert fixed.baked_in(claim) == HOLDS
    nowhere = columns(*[[-0.5, -0.6, -0.4]] * 256)
    assert replace(spread, limits=dict.fromkeys(spread.limits, nowhere)).baked_in(claim) == REVERSED


def test_a_claim_holds_where_all_its_parts_do():
    (claim,) = select_claims(["head-start"])
    spread = over_prior([claim], draws=4, runs=60, seed=2)
    holds, falls = [0.5, 0.4, 0.6], [-0.5, -0.6, -0.4]
    keys = {key[3]: key for key in spread.limits}
    one = columns(holds, holds, falls, falls)
    other = columns(holds, falls, holds, falls)
    found = dict.fromkeys(keys.values(), other) | {keys["first"]: one}
    told = {kind: share.count for kind, share in replace(spread, limits=found).shares(claim).items()}
    assert told == {HOLDS: 1, REVERSED: 1, NEITHER: 2}
    part = {kind: share.count for kind, share in replace(spread, limits=found).shares(claim, "first").items()}
    assert part == {HOLDS: 2, REVERSED: 2, NEITHER: 0}


def test_where_the_contrast_changes_its_sign_is_told():
    (claim,) = select_claims(["matching"])
    spread = over_prior([claim], draws=2, runs=60, seed=2)
    rows = {"target": [[0.5, 0.4, 0.6]] * 2, "steps": [[-0.5, -0.6, -0.4], [0.01, -0.1, 0.1]]}
    found = {key: columns(*rows.get(key[3], rows["target"])) for key in spread.limits}
    changes = matching.sign_changes(replace(spread, limits=found))
    assert (changes["steps"].count, changes["steps"].certain, changes["steps"].possible) == (1, 1, 2)
    assert changes["total-steps"].possible == 0
    assert "by steps 0.50" in matching.remark(replace(spread, limits=found))


def test_draws_that_are_turned_over_for_sure_come_before_those_that_may_be():
    (claim,) = select_claims(["headline"])
    spread = over_prior([claim], draws=2, runs=60, seed=2)
    key = next(iter(spread.limits))
    unsure, sure = [-0.03, -0.1, 0.1], [-0.5, -0.6, -0.4]
    assert replace(spread, limits={key: columns(unsure, sure)}).turned(claim, REVERSED) == [spread.draws[1]]
    assert replace(spread, limits={key: columns(unsure, unsure)}).turned(claim, REVERSED) == spread.draws


def test_progress_ends_where_it_was_said_to(monkeypatch):
    monkeypatch.setattr("feint.scenarios.argument.argue.structural_average", lambda *_, **__: None)
    forms = dict([*other_forms().items()][:1])
    monkeypatch.setattr("feint.scenarios.argument.argue.other_forms", lambda: forms)
    told = []
    size = replace(TINY, draws=4, form_draws=2)
    argue("relearning", size=size, progress=told.append)
    assert sum(told) == ArgueRequest(claim=("relearning",), size=size).work() == 4 + 2 + 1


def test_parts_that_are_only_shown_and_train_for_long_are_evaluated_at_the_point_alone():
    everything = {name: [part.name for part in over_prior_parts(claim)] for name, claim in claims().items()}
    absent = {name: {part.name for part in claims()[name].parts} - {*parts} for name, parts in everything.items()}
    assert {name: parts for name, parts in absent.items() if parts} == {"headline": {"after-100000"}}


def test_the_quick_form_evaluates_over_the_prior_what_its_tested_parts_train():
    few = {name: {part.name for part in over_prior_parts(claim, shown=False)} for name, claim in claims().items()}
    for name, claim in claims().items():
        assert {part.name for part in claim.tested} <= few[name]
    assert few["headline"] == {"difference", "converged"}
    assert {part.name for part in claims()["matching"].parts} == few["matching"]
    assert not ArgueRequest(quick=True).chosen_size.shown
    for request in (ArgueRequest(quick=True, family="release"), ArgueRequest(quick=True, claim=("headline",))):
        assert request.chosen_size == QUICK


def test_a_part_at_the_point_alone_has_no_shares(found):
    told = {part.name: part.prior for part in found["headline"].parts}
    assert told["after-100000"] is None
    assert set(told["difference"] or {}) == {HOLDS, REVERSED, NEITHER}
    assert json.loads(found.json())["claims"][0]["parts"][4]["prior"] is None


def test_flips_of_all_claims_are_searched_but_in_the_quick_form_of_all():
    assert ArgueRequest(quick=True).chosen_size.searches == 0
    unsearched = argue("telling", size=replace(TINY, searches=0, draws=2))
    assert unsearched["telling"].nearest_flips == []
    assert "Nearest flip: not searched" in unsearched.text()
    assert QUICK.searches == ArgueRequest().chosen_size.searches == 3


def test_flips_are_searched_for_a_claim_that_trains_for_long():
    """Deception can stop lasting; that the claim is reversed is out of reach, because no share lies below -0.02."""
    few = replace(TINY, runs=50, draws=2, draw_runs=10, searches=1, search_runs=200, confirming=20)
    stops, turned = argue("duration", size=few, seed=5)["duration"].nearest_flips
    assert (stops.kind, turned.kind) == (STOPS, REVERSED)
    assert (turned.starts, turned.found) == (0, 0)


def test_the_document_holds_verdicts_and_effects(found):
    told = json.loads(found.json())
    first = told["claims"][0]
    assert (first["name"], first["verdict"]) == ("headline", found["headline"].verdict.value)
    assert first["effect"]["estimate"] == found["headline"].evaluation.effect.estimate
    assert told["passport"]["configuration"]["size"]["draws"] == 8
    flips = {flip["kind"]: flip for flip in first["nearest_flips"]}
    assert list(flips) == [STOPS, REVERSED]
    for flip in flips.values():
        assert flip["searches"] == 3
        assert (flip["nearest"] is None) == (flip["found"] == 0) == (flip["lowest"] is None)


def test_effects_that_are_frequencies_have_their_number_among_converged_runs(found):
    headline, relearning = found["headline"], found["relearning"]
    compared = compare(runs=TINY.runs, seed=3)
    among = headline.effect.among_converged
    assert among == compared.difference(converged=True)
    parts = {part.name: part.effect for part in headline.parts}
    assert parts["converged"].estimate == among.estimate
    assert parts[PART].among_converged == among
    assert relearning.effect.among_converged is None
    sentence = f"Among the converged runs of each way of training the effect is {among:+.3f}."
    assert sentence in " ".join(headline.text(found.robustness).split())
    assert "Among the converged" not in relearning.text(found.robustness)
    for premise, effect in headline.crux.without.items():
        assert effect.among_converged is not None, premise


def test_an_effect_among_no_converged_run_is_not_known():
    (claim,) = select_claims(["headline"])
    nobody = Point().at({"capability_init": -30.0, "plasticity_capability": 0.0})
    reported = evaluate([claim], nobody, runs=20)["headline"].reported
    assert reported.estimate == 0
    assert reported.among_converged is not None
    assert np.isnan(reported.among_converged.estimate)
    assert (reported.among_converged.low, reported.among_converged.high) == (-1, 1)


def test_the_text_names_every_number(found):
    text = found.text()
    for result in found.claims:
        assert result.verdict.value in text
        assert f"{result.evaluation.effect.estimate:+.3f}" in text
        assert all("".join(f"Nearest flip: {flip}".split()) in "".join(text.split()) for flip in result.nearest_flips)
    assert list(found.frame()["verdict"]) == [result.verdict.value for result in found.claims]
    assert found.frame()["prior_holds_low"].between(0, 1).all()


def test_runs_at_the_point_may_be_others():
    assert argue("relearning", runs=50).request.chosen_size.runs == 50
    assert ArgueRequest(quick=True).chosen_size.runs == 1000


@pytest.mark.parametrize(
    ("claim", "family", "message"),
    [
        (
            "headline",
            "fine-tuning",
            "claim = 'headline' is not one of family = 'fine-tuning': give --family pre",
        ),
        (
            "thin-wrapper",
            "pretraining",
            "claim = 'thin-wrapper' is not one of family = 'pretraining': give --family ",
        ),
        ("thin-wraper", "fine-tuning", "in family 'fine-tuning', claim 'thin-wraper' is not known: did you mean 'thin"),
        ("x", "release", "in family 'release', claim 'x' is not known: known are falling-cost, shared-costs, "),
        ("headline", "releases", "family 'releases' is not known: did you mean 'release'?"),
    ],
)
def test_a_claim_of_another_family_is_refused_with_both_names(feint, claim, family, message):
    with pytest.raises(InputError) as refused:
        ArgueRequest(claim=("headline" if family == "pretraining" else claim, claim), family=family)
    assert str(refused.value).startswith(message)
    assert feint("argue", "--claim", claim, "--family", family).refusal.startswith(message)


@pytest.mark.parametrize(("limits", "ends"), [(SHARE, (0, 1)), (SHARE_DIFFERENCE, (-1, 1)), (None, (-1.2, 1.4))])
def test_an_effect_lies_within_the_limits_that_its_estimand_declares(limits, ends):
    estimand = MeanEstimand("share of runs", reached, pretrained(), limits=limits)
    effect = Effect.of(estimand, Interval(estimate=0.6, low=-1.2, high=1.4, confidence=0.95, method=""))
    assert (effect.estimate, effect.low, effect.high, effect.quantity) == (0.6, *ends, "share of runs")


@pytest.mark.parametrize("runs", [1, 3])
def test_few_runs_give_finite_intervals_and_shares_within_their_range(runs):
    released = argue(
        "falling-cost",
        family="release",
        runs=runs,
        size=replace(TINY, draws=2, draw_runs=5, draw_most=5, search_runs=900),
    )
    for part in released["falling-cost"].parts:
        least = -1 if "less" in part.effect.quantity else 0
        assert least <= part.effect.low <= part.effect.estimate <= part.effect.high <= 1
