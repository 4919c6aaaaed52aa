"""The release scenario: what the engine trains, the claims, the report and the command."""

import json
import re
from importlib import import_module

import networkx as nx
import numpy as np
import pytest

from feint.agents.errors import InputError
from feint.scenarios.argument.evaluate_claim import evaluate
from feint.scenarios.claims.registry import FAMILIES, select_claims
from feint.scenarios.regenerate import regenerate
from feint.scenarios.release.affordability import (
    EXPERTS,
    PRICE,
    REFERENCE,
    last_states,
    pool_budgets,
    share_alone,
    share_pooled,
)
from feint.scenarios.release.conditions import AS_ASSUMED, BASE, CONDITIONS, CONTESTS, FILTERED, RESISTANT
from feint.scenarios.release.lineage import lineage_of, plain_graph
from feint.scenarios.release.release import ReleaseRequest
from feint.scenarios.release.training_protocols import (
    NEW,
    NONE,
    PLACE,
    SUPPRESSED,
    UNLEARNED,
    USES,
    WRAPPED,
    fine_tuned,
    fine_tuner,
)
from feint.sim.analysis.estimands import step_ratio
from feint.sim.ensembles.paired_runs import run_paired
from feint.sim.markets.competition import Competition, systems_by_world
from feint.sim.markets.market_parameters import world_seed
from feint.sim.markets.model_lineage import same_state
from feint.sim.results.graphml import read_graphml
from feint.sim.training.parameter_point import Point

FAMILY = "release"
SMALL = {"actors": 600, "streams": 2, "years": 4}


@pytest.fixture(scope="module")
def found():
    shares = []
    result = ReleaseRequest(runs=5, seed=4, settings=SMALL).run(progress=shares.append)
    assert sum(shares) == pytest.approx(1)
    return result


@pytest.fixture(scope="module")
def trained():
    protocols = [fine_tuned(use) for use in PLACE]
    return dict(zip(PLACE, run_paired(Point(), protocols, range(400), seed=1).values(), strict=True))


def test_money_is_scaled_by_the_steps_that_the_engine_takes_at_the_default_point():
    protocol = fine_tuned(WRAPPED)
    steps = run_paired(Point(), [protocol], range(4000), seed=7)[protocol].steps
    assert np.median(steps) == pytest.approx(REFERENCE, rel=0.1)


def test_reviving_takes_fewer_steps_than_adding_what_was_never_there(trained):
    ratio = step_ratio(trained[WRAPPED].steps, trained[NEW].steps)
    assert ratio.high < 0


def test_a_fine_tune_is_trained_once_and_is_the_engines():
    tuner = fine_tuner(SUPPRESSED, Point(), runs=6, seed=2, streams=3)
    first, again = tuner.expert("language", 2), tuner.expert("language", 2)
    assert first is again
    assert len(tuner.experts) == 1
    family = lineage_of(Point(), runs=6, seed=2, price=1.0)
    assert same_state(family["release"].state, tuner.released)
    mine = family["language"].state
    assert same_state(first, mine)
    steps = tuner.catalogue().steps[:, PLACE["language"], 1]
    assert np.array_equal(steps, np.where(mine.reached, mine.taken, np.inf))


def test_the_lineage_is_sound():
    family = lineage_of(Point(), runs=4, seed=2, price=1.0)
    family.check()


def test_all_begin_alike_whatever_is_made():
    plans = [
        fine_tuned(use, of).spec(Point(), seed=1) for use in ("language", "new hazard") for of in (SUPPRESSED, NONE)
    ]
    starts = [spec.begin(np.arange(5, dtype=np.uint64)) for spec in plans]
    assert all(np.array_equal(starts[0].world.objectives, each.world.objectives) for each in starts)


def test_pools_of_one_reach_what_one_reaches():
    dollars = np.geomspace(1, 1e6, 20)
    assert share_pooled(dollars, members=1) == pytest.approx(share_alone(dollars), abs=0.015)
    assert share_alone(np.array([0.0, 1000.0, np.inf])).tolist() == [1.0, 0.5, 0.0]
    assert pool_budgets(10).mean() == pytest.approx(10 * 1000 * np.exp(2), rel=0.1)


def test_experts_stand_one_by_one_as_they_ended():
    ended = run_paired(Point(), EXPERTS[:1], range(30), seed=1)[EXPERTS[0]]
    states = ended.recorded[last_states]
    assert [int(each.run[0]) for each in states] == list(range(30))
    assert [int(each.taken[0]) for each in states] == ended.steps.tolist()


@pytest.mark.parametrize("file", FAMILIES[FAMILY])
def test_a_file_reads_like_the_argument(file):
    said = (import_module(f"feint.scenarios.claims.release.{file}").__doc__ or "").lower()
    assert said.index("claim") < said.index("it breaks") < said.index("experiment.") < said.index("against it")


def test_claims_are_numbered_and_tried_on_the_same_runs():
    claims = select_claims(None, FAMILY)
    assert [claim.number for claim in claims] == [1, 2, 3, 4, 5]
    among, again = evaluate(claims, runs=80, seed=2), evaluate(claims[1:2], runs=80, seed=2, threads=1)
    assert among["shared-costs"].intervals == again["shared-costs"].intervals


def test_a_hazard_that_training_never_leads_to_breaks_the_first_mechanism():
    point = Point().at({"finetuning.steps": 1})
    tale = evaluate(select_claims(["falling-cost"], FAMILY), point, runs=100)["falling-cost"]
    assert tale.intervals["skills"].high < 0.1
    assert tale.intervals["new"].high < 0.1


def test_every_condition_is_found_and_differs_only_as_it_says(found):
    shown = [(result.name, result.experiment, result.release, result.changes) for result in found.found]
    assert shown == [(each.name, each.experiment, each.release, each.changes) for each in CONDITIONS]
    open_release = found.base.values("hazard")
    for name in ("×1", "pace 1", "pools of 1"):
        assert np.array_equal(found[name].values("hazard"), open_release)
    assert found.base.name == BASE


def test_cheaper_steps_reach_more_in_the_first_year(found):
    reach = [each.mean(NEW, 0).estimate for each in found.of("cost")]
    assert reach == sorted(reach)


def test_no_mitigation_lets_money_get_lost(found):
    for each in found.of("mitigation"):
        money = each.money
        assert money["income"] == pytest.approx(money["spent"] + money["returned"] + money["held"])


def test_published_points_are_priced_whatever_a_step_costs_by_default(found):
    dollars = {"llama-2-70b": 200.0, "llama-3-8b": 0.5, "gpt-3.5": 0.2, RESISTANT: 200.0}
    prices = {name: pytest.approx(spent / REFERENCE) for name, spent in dollars.items()}
    assert {each.name: each.price(2.0) for each in CONDITIONS if each.experiment == "money"} == prices
    assert {result.name: result.step_price for result in found.of("money")} == prices
    assert (found.catalogues[RESISTANT].steps[:, PLACE[WRAPPED]] == 10_000).all()
    reach = [found[name].mean(WRAPPED, 0).estimate for name in (RESISTANT, "llama-2-70b", "gpt-3.5")]
    assert reach == sorted(reach)


def test_merging_is_off_by_default_and_makes_models_broader(found):
    off, *_, on = found.of("composition")
    assert np.array_equal(off.values("hazard"), found.base.values("hazard"))
    assert not off.values("composite").any()
    assert on.mean("breadth", 3).estimate > off.mean("breadth", 3).estimate


def test_a_filtered_model_has_none_of_the_hazard_however_it_is_merged(found):
    filtered, suppressed = (found.catalogues[name] for name in (FILTERED, SUPPRESSED))
    assert np.isneginf(filtered.performance[..., PLACE[WRAPPED]]).all()
    assert np.isneginf(filtered.spillover).all()
    assert np.array_equal(filtered.steps[:, PLACE[WRAPPED]], suppressed.steps[:, PLACE[NEW]])
    assert np.isfinite(suppressed.performance).all()


def test_unlearning_is_set_against_suppressing_and_said_to_be_a_bound(found):
    lines = found.text().splitlines()
    begins = lines.index("Suppressed against unlearned")
    counts = [found.catalogues[release].steps[:, PLACE[WRAPPED]] for release in (SUPPRESSED, UNLEARNED)]
    steps = [float(np.quantile(each, 0.5, method="nearest")) for each in counts]
    assert lines[begins + 3].split()[-2:] == [f"{each:,.0f}" for each in steps]
    assert "bounds from above" in " ".join(lines[begins:])
    assert steps[0] < steps[1]


def test_contests_differ_by_what_they_change_alone(found):
    results = {result.name: result for result in found.competition}
    assert set(results) == {contest.name for contest in CONTESTS}
    for result in found.competition:
        assert result.values("shares").sum(axis=2) == pytest.approx(1)
    assert not results["nothing in common"].values("better").any()
    first = [results[name].mean("pays", 0).estimate for name in ("steps ×100", AS_ASSUMED, "worth 10")]
    assert first == sorted(first)
    last = [results[name].mean("owner", 3).estimate for name in ("fined by 0.25", AS_ASSUMED)]
    assert last == sorted(last)


def test_who_competes_in_a_world_is_of_the_actors_of_its_market(found):
    request, world = found.request, 3
    tuner = fine_tuner(SUPPRESSED, request.point, runs=request.runs, seed=request.seed, streams=found.streams)
    here = systems_by_world(tuner, request.stakes)[world]
    common = request.stakes, request.terms, found.market(world).actors, here, request.price
    again = Competition(*common, world_seed(request.seed, world)).run()
    assert np.array_equal(again.shares, found.competition[0].histories[world].shares)


def test_a_lineage_of_the_market_is_sound_and_reproducible(found):
    family = found.market_lineage()
    family.check()
    assert {family[name].kind for name in family.graph} >= {"release", "fine-tune", "publish", "take"}
    assert plain_graph(family).nodes(data=True) == plain_graph(found.market_lineage()).nodes(data=True)
    assert len(found.market_lineage(actors=[])) == 1
    history = found.base.histories[2]
    assert np.array_equal(found.market(2).ledger.public.shape, (len(USES),))
    assert found.market(2).has.mean() == pytest.approx(_having(found.market(2), history))
    for world in (5, -1, 1.5):
        with pytest.raises(InputError, match=f"world = {world} is not valid: it must be a whole number from 0 to 4"):
            found.market_lineage(world)
    with pytest.raises(InputError, match="condition 'filter' is not known: did you mean 'filtered'"):
        found["filter"]


def _having(market, history):
    """Share of actors who have what they want, from the history."""
    wants = np.bincount(market.actors.use, minlength=len(USES))
    return (history.reach[-1] * wants).sum() / wants.sum()


def test_the_text_says_what_is_assumed(found):
    text = found.text()
    for said in ("[assumption]", "[V abstract]", "pooling_loss = 0.3", "arXiv 2310.20624", "an index"):
        assert said in text


def test_one_market_gives_no_interval():
    alone = ReleaseRequest(runs=1, settings=SMALL).run()
    text = alone.text()
    assert "one market gives no intervals (–)" in " ".join(text.split())
    assert not re.search(r"±|\binf\b|\bnan\b", text)
    hazard = alone.base.mean("hazard", 0)
    assert re.search(rf"×1 +{PRICE.step_price:.4g} +{hazard.estimate:.2f} –", text)
    (low,) = {document["low"] for model in alone.document()["lineage"] for document in (model["plays"], model["hides"])}
    assert low is None
    alone.figure().draw_without_rendering()


def test_threads_are_no_option_since_conditions_are_computed_one_by_one(feint):
    assert "No such option: --threads" in feint("scenario", "release", "--threads", 2).err


def test_the_figure_is_drawn(found):
    sheet = found.figure()
    sheet.draw_without_rendering()
    panels = {axes.get_title(loc="left"): axes for axes in sheet.axes}
    assert len(panels) == 8
    drawn = [line.get_ydata() for line in panels["Competition"].lines]
    assert np.array_equal(drawn[1], found.competition[0].values("owner").mean(axis=0))
    drawn = [line.get_ydata() for line in panels["Risk under mitigations"].lines]
    assert np.array_equal(drawn[0], found.base.values("risk").mean(axis=0))
    shown = {text.get_text() for text in panels["Mitigations"].texts}
    assert {f"{each.mean('hazard', 0).estimate:.2f}" for each in found.of("mitigation")} <= shown


def test_it_is_made_again_from_its_passport(found):
    passport = json.loads(json.dumps(found.passport()))
    assert passport["configuration"] == {"settings": SMALL, "runs": 5, "seed": 4}
    again = ReleaseRequest.from_configuration(passport["configuration"])
    assert again == found.request
    assert again.run().document() == found.document()


def test_an_infinite_number_stands_in_a_passport_as_text():
    request = ReleaseRequest(settings={"tamper": np.inf})
    assert request.configuration() == {"settings": {"tamper": "inf"}}
    assert ReleaseRequest.from_configuration(request.configuration()) == request


def test_a_passport_of_version_1_holds_every_number(found):
    request = found.request
    everything = {"terms": request.terms.model_dump(), "stakes": request.stakes.model_dump()}
    size = {"streams": found.streams, "step_price": found.step_price, "runs": 5, "seed": 4}
    again = ReleaseRequest.from_configuration({**request.point.described(), **everything, **size})
    assert (again.terms, again.stakes, again.price) == (request.terms, request.stakes, request.price)
    assert (again.point, again.fine_tuning, again.runs) == (request.point, request.fine_tuning, request.runs)


def test_the_command_prints_its_document(feint):
    sets = [word for name, value in SMALL.items() for word in ("--set", f"{name}={value}")]
    told = feint("scenario", "release", "--runs", 3, "--seed", 4, *sets, "--json").document
    assert (told["markets"], told["seed"], told["passport"]["kind"]) == (3, 4, "release")
    assert len(told["found"][0]["quantities"]["hazard"]) == 4


def test_the_command_writes_a_lineage(feint, tmp_path):
    sets = [word for name, value in {**SMALL, "composing": 0.9}.items() for word in ("--set", f"{name}={value}")]
    path = tmp_path / "family.graphml"
    assert feint("scenario", "release", "--runs", 2, *sets, "--lineage", path).code == 0
    graph = read_graphml(path)
    assert nx.is_directed_acyclic_graph(graph)
    names = ("kind", "owner", "year", "steps", "dollars", "hides", "plays")
    assert {tuple(node) for _, node in graph.nodes(data=True)} == {names}
    assert regenerate(path).outcome == "same"
    assert {node["kind"] for _, node in graph.nodes(data=True)} == {"release", "fine-tune", "publish", "take", "merge"}


@pytest.mark.parametrize(
    ("name", "file", "said"),
    [
        ("xu-race", "family.graphml", "No such option: --lineage"),
        ("release", "family.png", "its name must end in .graphml"),
    ],
)
def test_a_lineage_that_cannot_be_written_is_refused_before_anything_is_run(feint, tmp_path, name, file, said):
    told = feint("scenario", name, "--lineage", tmp_path / file)
    assert told.code == 2
    assert said in told.err


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"streams": 0}, "streams = 0 is not valid"),
        ({"step_price": 0.0}, "step_price = 0.0 is not valid: a step costs more than 0 dollars"),
        ({"step_price": "dear"}, "step_price = 'dear' is not valid"),
        ({"step_price": -1.0}, "step_price = -1.0 is not valid"),
        ({"start": "internal"}, "start = 'internal' is not allowed"),
        ({"pretraining.coverage": 0.5}, "pretraining.coverage = 0.5 is not allowed here: the scenario has its own"),
        ({"finetuning.carry": ["goal"]}, "finetuning.carry = .* is not allowed here"),
        ({"detection": 2.0}, "detection = 2.0 is not valid"),
        ({"common": 2.0}, "common = 2.0 is not valid"),
        ({"detections": 0.2}, "setting 'detections' is not known: did you mean 'detection'"),
        ({"finetune.steps": 2}, "stage 'finetune' is not known"),
    ],
)
def test_what_cannot_be_is_refused(settings, said):
    with pytest.raises(InputError, match=said):
        ReleaseRequest(settings=settings, runs=2)


def test_uses_and_releases_are_named():
    with pytest.raises(InputError, match="use 'languages' is not known"):
        fine_tuned("languages")
    with pytest.raises(InputError, match="release 'opened' is not known"):
        fine_tuned("language", "opened")
    assert PRICE.step_price == pytest.approx(200 / REFERENCE)
