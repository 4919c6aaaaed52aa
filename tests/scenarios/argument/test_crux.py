"""Lattices against the two ways of training that are their ends; cruxes against premises that do, or do not, matter."""

import json
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from PIL import Image

from feint.agents.errors import InputError
from feint.agents.mind import GROUPS
from feint.agents.model import Model
from feint.agents.outcome import Outcome
from feint.scenarios.argument.crux import SWITCHED, lattice
from feint.scenarios.argument.evaluate_claim import Effect, crux, cruxes
from feint.scenarios.argument.premises import PREMISES, without
from feint.scenarios.claims.registry import claims
from feint.sim.analysis.claims import Part, rises
from feint.sim.analysis.estimands import Frequency, Term, frequency
from feint.sim.ensembles.comparison import compare
from feint.sim.ensembles.paired_runs import run_paired
from feint.sim.ensembles.protocols import TrainingProtocol, pretrained, scratch
from feint.sim.statistics.intervals import frequency_interval
from feint.sim.training.curriculum import pretrain_finetune
from feint.sim.training.parameter_point import Point

RUNS = 300
NEVER_READ = Point(model=Model(inference_power=0.0))  # with q = 0 neither gate, awareness nor horizon act
SHORT = Point(curriculum=pretrain_finetune().replace({"pretraining": {"steps": 200}, "finetuning": {"steps": 400}}))


def premises_lattice(point=None, premises=SWITCHED, **fields):
    return lattice(point, premises=True, premise=tuple(premises), **fields)


@pytest.fixture(scope="module")
def found():
    return lattice(runs=RUNS, seed=3)


def game_of(lattice):
    """The worth of every set in each run, which a lattice keeps if runs were trained."""
    assert lattice.game is not None
    return lattice.game


def test_with_nothing_carried_each_run_ends_as_from_scratch_and_with_all_as_after_both_stages(found):
    ended = run_paired(Point(), [scratch(), pretrained()], range(RUNS), seed=3)
    compared = compare(runs=RUNS, seed=3)
    for corner, protocol, arm in ((0, scratch(), compared.scratch), (-1, pretrained(), compared.pretrained)):
        assert (game_of(found).worth[corner] == arm.is_outcome("deceptive")).all()
        assert (game_of(found).worth[corner] == (ended[protocol].outcome == 3)).all()


def test_shares_add_up_to_the_headline_s_difference(found):
    shares = found.attribution.shares
    whole = compare(runs=RUNS, seed=3).difference()
    assert sum(share.estimate for share in shares.values()) == pytest.approx(whole.estimate, abs=1e-12)
    assert found.attribution.whole == whole
    assert game_of(found).shares().sum(axis=0) == pytest.approx(game_of(found).whole, abs=1e-12)
    assert game_of(found).worth.dtype == np.int8


def test_a_group_that_is_never_read_has_no_share_in_any_run():
    found = lattice(NEVER_READ, runs=RUNS, outcome="corrigible")
    unread = [game_of(found).shares()[game_of(found).parts.index(group)] for group in ("gate", "awareness")]
    assert all((each == 0).all() for each in unread)
    assert np.abs(game_of(found).shares()).max() > 0
    for pair, each in game_of(found).interactions().items():
        if {"gate", "awareness"} & {*pair}:
            assert (each == 0).all()


def test_the_ends_of_a_lattice_of_premises_are_the_headline_with_all_on_and_with_all_off():
    chosen = ("coverage", "decoys", "written goals first")
    found = premises_lattice(premises=chosen, runs=60, seed=2)
    for off, corner in ((chosen, 0), (("decoys", "coverage"), game_of(found).corner("written goals first")), ((), -1)):
        there = without(Point(), off)
        compared = compare(there.curriculum, model=there.model, runs=60, seed=2)
        assert game_of(found).worth[corner].mean() == pytest.approx(compared.difference().estimate)
    assert sum(share.estimate for share in found.attribution.shares.values()) == pytest.approx(
        found.attribution.whole.estimate, abs=1e-12
    )


BRIEF = Point(curriculum=pretrain_finetune({"steps": 2000}, {"steps": 600}))  # in which part of the runs converge


def test_among_converged_runs_a_corner_is_their_share_and_the_whole_the_headline_s():
    found = lattice(BRIEF, runs=RUNS, seed=3, among="converged")
    compared = compare(BRIEF.curriculum, runs=RUNS, seed=3)
    assert found.whole == compared.difference(converged=True)
    assert found.whole != compared.difference()
    assert sum(row.share.estimate for row in found.shares) == pytest.approx(found.whole.estimate, abs=1e-12)
    subsets = [(), ("goal",), ("awareness", "world"), GROUPS]
    protocols = [pretrained(finetuning__carry=tuple(group for group in GROUPS if group in parts)) for parts in subsets]
    ended = run_paired(BRIEF, protocols, range(RUNS), seed=3)
    for parts, protocol in zip(subsets, protocols, strict=True):
        runs = ended[protocol]
        count = int(((runs.outcome == Outcome.DECEPTIVE) & runs.converged).sum())
        assert found.corner(*parts) == frequency_interval(count, int(runs.converged.sum()))
        assert 0 < runs.converged.sum() < RUNS
    for row in found.shares:
        assert row.share.method.startswith("percentile bootstrap over runs")
        assert row.share.low <= row.share.estimate <= row.share.high


def test_among_converged_runs_a_lattice_of_premises_has_their_differences():
    found = premises_lattice(BRIEF, ("coverage", "decoys"), runs=60, seed=2, among="converged")
    for off, corner in (((), ("coverage", "decoys")), (("decoys",), ("coverage",)), (("coverage", "decoys"), ())):
        there = without(BRIEF, off)
        compared = compare(there.curriculum, model=there.model, runs=60, seed=2)
        assert found.corner(*corner) == compared.difference(converged=True)
    assert sum(row.share.estimate for row in found.shares) == pytest.approx(found.whole.estimate, abs=1e-12)


def test_a_corner_in_which_no_run_converged_cannot_be_divided():
    point = Point(curriculum=pretrain_finetune({"steps": 200}, {"steps": 2}))
    with pytest.raises(InputError, match=r"^no run of an arm converged with none of the parts; without a value of eve"):
        lattice(point, runs=20, among="converged")
    with pytest.raises(InputError, match=r"^outcome = 'unconverged' is that of no converged run"):
        lattice(point, among="converged", outcome="unconverged")
    with pytest.raises(InputError, match=r"^kind of runs 'coverged' is not known: did you mean 'converged'"):
        lattice(point, among="coverged")


def test_a_premise_that_is_off_already_has_no_share():
    point = Point(model=Model(speed_cost=0.0, shielding=0.0))
    found = premises_lattice(point, ("speed prior", "coverage", "crystallisation"), runs=60)
    assert (game_of(found).shares()[[0, 2]] == 0).all()


@pytest.mark.parametrize("pair", [("awareness by exposure", "awareness by reward"), ("goal carried", "world carried")])
def test_premises_are_switched_off_in_any_order(pair):
    assert without(Point(), pair) == without(Point(), pair[::-1])


def test_numbers_depend_neither_on_threads_nor_on_what_else_is_asked():
    one, two = (premises_lattice(SHORT, ("decoys", "coverage"), runs=50, threads=n) for n in (1, 2))
    assert (game_of(one).worth == game_of(two).worth).all()
    alone = crux(claims()["headline"], runs=80, threads=1)
    assert cruxes([claims()["matching"], claims()["headline"]], runs=80, threads=2)["headline"] == alone


@pytest.fixture(scope="module")
def hung():
    return crux(claims()["headline"], runs=RUNS, seed=3)


def test_the_headline_hangs_on_a_premise_without_which_it_is_gone(hung):
    assert hung.premise in {"run-time inference", "awareness carried", "awareness by exposure"}
    assert abs(hung.without[hung.premise].estimate) < 0.12 < hung.effect.estimate
    assert list(hung.without) == list(hung.change)
    assert {*hung.without} == {*PREMISES}
    sizes = [abs(change.estimate) for change in hung.change.values()]
    assert sizes == sorted(sizes, reverse=True)
    assert hung.premise == next(iter(hung.without))
    assert list(hung.frame()["premise"]) == list(hung.without)


def test_the_effect_with_a_premise_off_is_the_effect_at_the_point_where_it_is_off(hung):
    for name in ("coverage", "capability carried"):
        there = without(Point(), [name])
        compared = compare(there.curriculum, model=there.model, runs=RUNS, seed=3)
        among = compared.difference(converged=True)
        wanted = Effect(quantity=f"the effect without {name}", **vars(compared.difference()), among_converged=among)
        assert hung.without[name] == wanted
        change = hung.without[name].estimate - hung.effect.estimate
        assert hung.change[name].estimate == pytest.approx(change)
        assert hung.change[name].low <= change <= hung.change[name].high


def test_premises_that_may_change_it_as_much_are_ties(hung):
    first = hung.change[hung.premise]
    least = min(abs(first.low), abs(first.high))
    for name, change in hung.change.items():
        if name != hung.premise:
            assert (name in hung.ties) == (max(abs(change.low), abs(change.high)) >= least)


def test_where_no_premise_changes_the_effect_there_is_no_crux():
    claim = claims()["relearning"]  # the claim closes all the routes that premises would open
    found = crux(claim, runs=100)
    assert found.premise is None
    assert found.ties == ()


def test_a_claim_keeps_what_it_sets_itself():
    part = replace(claims()["headline"].parts[0], estimand=frequency("", pretrained(inference_power=8.0)))
    claim = replace(claims()["headline"], parts=(part,))
    found = crux(claim, SHORT, runs=50)
    assert found.change["run-time inference"] == replace(
        found.change["run-time inference"], estimate=0.0, low=0.0, high=0.0
    )
    assert found.change["run-time inference"].method == "the same training"


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda: premises_lattice(premises=["coverag"]), "premise 'coverag' is not known: did you mean 'coverage'"),
        (lambda: premises_lattice(premises=[]), "premises = 0 are not 1 to 12"),
        (lambda: premises_lattice(premises=PREMISES), "premises = 18 are not 1 to 12"),
        (lambda: lattice(runs=0), "runs = 0 is not valid"),
        (lambda: lattice(outcome="deceptiv"), "did you mean 'deceptive'"),
        (lambda: lattice(confidence=1.0), "confidence = 1.0 is not valid"),
        (lambda: crux(claims()["headline"], runs=-1), "runs = -1 is not valid"),
        (lambda: without(Point(), ["decoy"]), "premise 'decoy' is not known"),
        (lambda: lattice(seed=-1), "seed = -1 is not valid"),
    ],
)
def test_wrong_input_is_refused_in_a_sentence(ask, said):
    with pytest.raises(InputError, match=said):
        ask()


def test_tables_carry_the_passport(found):
    shares = found.frame()
    assert len(found.corners) == 32
    assert found.corners[0].value == found.corner()
    assert {part for corner in found.corners for part in corner.parts} == {*GROUPS}
    assert len(shares) == 15
    assert list(shares.columns) == ["part", "other", "estimate", "low", "high", "method"]
    assert list(shares["part"][:5]) == [*GROUPS]
    assert list(zip(shares["part"][5:], shares["other"][5:], strict=True)) == [*combinations(GROUPS, 2)]
    assert set(shares["other"][:5]) == {""}
    assert shares.attrs["configuration"] == {"runs": RUNS, "seed": 3}


def overlapping(figure):
    """Pairs of texts of a figure that lie over each other, and texts that leave it."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    FigureCanvasAgg(figure).draw()
    shown = [
        (text.get_text(), text.get_window_extent())
        for text in figure.findobj(lambda each: hasattr(each, "get_text") and each.get_visible())
        if text.get_text().strip() and not text.get_rotation() % 90
    ]
    page = figure.bbox
    out = [told for told, box in shown if box.x0 < page.x0 - 1 or box.x1 > page.x1 + 1]
    out = [told for told in out if told.strip("−0123456789.")]  # ticks beyond the limits are not drawn
    over = [
        (a, b)
        for i, (a, one) in enumerate(shown)
        for b, other in shown[:i]
        if min(one.x1, other.x1) - max(one.x0, other.x0) > 1 and min(one.y1, other.y1) - max(one.y0, other.y0) > 1
    ]
    return over, out


def test_no_text_of_the_figures_lies_over_another(found):
    premises = premises_lattice(SHORT, SWITCHED[:6], runs=20)
    one = premises_lattice(SHORT, ["coverage"], runs=20)
    converged = replace(found, among="converged")
    drawn = [each.figure() for each in (found, premises, one, converged)]
    drawn += [each.lattice_figure() for each in (found, converged)]
    for figure in drawn:
        assert overlapping(figure) == ([], [])
        assert figure.get_figwidth() == pytest.approx(6.9)
    with pytest.raises(InputError, match="of = 'premises' cannot be drawn"):
        premises.lattice_figure()


QUICK = ("--runs", 40, "--set", "pretraining.steps=200", "--set", "finetuning.steps=400")


def test_the_command_prints_shares_and_draws_them(feint, tmp_path):
    shares, every = tmp_path / "shares.png", tmp_path / "lattice.png"
    said = feint("crux", *QUICK, "--outcome", "internal", "--figure", shares, "--lattice", every)
    assert (said.code, said.err) == (0, "")
    document = feint("crux", *QUICK, "--outcome", "internal", "--json").document
    assert document["of"] == "carried"
    assert len(document["corners"]) == 32
    total = sum(each["share"]["estimate"] for each in document["shares"])
    assert total == pytest.approx(document["whole"]["estimate"], abs=1e-12)
    for each in document["shares"]:
        share = each["share"]
        assert f"{share['estimate']:+.4f} [{share['low']:+.4f}, {share['high']:+.4f}]" in said.out
    for path in (shares, every):
        with Image.open(path) as image:
            told = json.loads(image.info["Description"])
        assert told["configuration"] == document["passport"]["configuration"]


def test_the_command_says_that_converged_runs_are_counted(feint, tmp_path):
    words = ("crux", "--runs", 40, "--among", "converged")
    said = feint(*words, "--figure", tmp_path / "shares.png")
    assert (said.code, said.err) == (0, "")
    text = " ".join(said.out.split())
    assert "Value of a corner: how often converged runs end deceptive with each set" in text
    assert "(of shares and interactions: percentile bootstrap over runs; exact where fewer than 5 have" in text
    document = feint(*words, "--json").document
    assert document["among"] == document["passport"]["configuration"]["among"] == "converged"
    assert feint("crux", "--runs", 40, "--json").document["among"] == "all"


def test_the_command_divides_among_premises_named(feint):
    words = ("crux", "--premises", "--premise", "coverage", "--premise", "decoys", *QUICK)
    document = feint(*words, "--json").document
    assert document["of"] == "premises"
    assert {each["part"] for each in document["shares"]} == {"coverage", "decoys"}
    said = feint(*words).out
    assert "coverage, decoys" in said


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--premise", "coverage"), "--premise needs --premises: without it"),
        (("--premises", "--premise", "coverag"), "premise 'coverag' is not known: did you mean 'coverage'?"),
        (("--premises", "--lattice", "x.png"), "--lattice and --premises exclude each other"),
        (("--runs", "0"), "runs = 0 is not valid"),
        (("--outcome", "deceived"), "'deceived'"),
        (("--figure", "x.bmp"), "figure = 'x.bmp' has no known format"),
        (("--set", "pretraining.step=3"), "'step' is not known"),
        (("--confidence", "2"), "confidence = 2.0 is not valid"),
    ],
)
def test_the_command_refuses_wrong_input_in_one_sentence(feint, words, sentence):
    assert sentence in feint("crux", *words).refusal


def test_no_crux_is_named_where_there_is_nothing_to_hang_on():
    """Two lots of one way of training: with 15 premises to pick from, one is named in hardly any of 40 seeds."""
    null = Frequency("", (Term(pretrained()), Term(TrainingProtocol(lot=1), sign=-1)))
    claim = replace(claims()["headline"], parts=(Part(name="null", estimand=null, rule=rises()),))
    point = Point(curriculum=pretrain_finetune({"steps": 2000}, {"steps": 2000}))
    named = sum(crux(claim, point, runs=64, seed=seed).premise is not None for seed in range(40))
    assert named <= 4
