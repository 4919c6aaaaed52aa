"""What a release leads to: the engine's part, the claims, what is told, and the command."""

import json
from importlib import import_module

import jsonschema
import networkx as nx
import numpy as np
import pytest
from terminal import within_this_process

from feint.agents.errors import InputError
from feint.scenarios.argument.evaluate_claim import evaluate
from feint.scenarios.claims.registry import FAMILIES, select_claims
from feint.scenarios.claims.shared_costs import EXPERTS
from feint.scenarios.experiments import Asked
from feint.scenarios.gallery.originals import made_again
from feint.scenarios.release import affordability as reaching
from feint.scenarios.release import release
from feint.scenarios.release.affordability import REFERENCE, STANDING, alone, pooled, purses
from feint.scenarios.release.conditions import BASE, COMPOSITION, CONDITIONS, COST, MITIGATION, MONEY, RESISTED, hazard
from feint.scenarios.release.contests import AS_ASSUMED, CONTESTS, owner, pays
from feint.scenarios.release.lineage import lineage_of, plain
from feint.scenarios.release.training_protocols import DOMAINS, NAMED, NONE, SUPPRESSED, USES, made, parent, stages
from feint.scenarios.schemas import schema_text
from feint.sim.analysis.estimands import step_ratio
from feint.sim.ensembles.paired_runs import run_paired
from feint.sim.markets.actors import key_of
from feint.sim.markets.competition import Competition
from feint.sim.markets.fine_tuning_uses import Workshop
from feint.sim.markets.model_lineage import same
from feint.sim.markets.payoffs import systems
from feint.sim.results.text_tables import WIDTH
from feint.sim.training.parameter_point import Point

FAMILY = "release"
SMALL = {"actors": 600, "streams": 2, "years": 4}


@pytest.fixture(scope="module")
def found():
    told = []
    result = release.run(Asked(runs=5, seed=4, settings=SMALL, progress=told.append))
    assert sum(told) == pytest.approx(1)
    return result


@pytest.fixture
def feint(monkeypatch, capsys):
    return within_this_process(monkeypatch, capsys)


@pytest.fixture(scope="module")
def trained():
    protocols = [made(use.name) for use in USES]
    return dict(zip(NAMED, run_paired(Point(), protocols, range(400), seed=1).values(), strict=True))


def test_money_is_scaled_by_the_steps_that_the_engine_takes_at_the_default_point():
    protocol = made("wrapped hazard")
    steps = run_paired(Point(), [protocol], range(4000), seed=7)[protocol].steps
    assert np.median(steps) == pytest.approx(REFERENCE, rel=0.1)


def test_reviving_takes_fewer_steps_than_adding_what_was_never_there(trained):
    ratio = step_ratio(trained["wrapped hazard"].steps, trained["new hazard"].steps)
    assert ratio.high < 0


def test_a_fine_tune_is_trained_once_and_is_the_engines():
    spec = parent().spec(Point(), seed=2)
    state = spec.begin(np.arange(6, dtype=np.uint64))
    for stop in spec.train(state):
        state = stop.state
    shop = Workshop(state, stages(Point()), streams=3, wrapped=0, domains=DOMAINS)
    first, again = shop.taken("language"), shop.taken("language")
    assert shop.trained == 3
    assert np.array_equal(first.steps, again.steps)
    family = lineage_of(Point(), runs=6, seed=2, price=1.0)
    assert same(family["release"].state, state)
    mine = family["language"].state
    assert np.array_equal(first.steps[:, 1], np.where(mine.reached, mine.taken, np.inf))


def test_the_lineage_is_sound():
    family = lineage_of(Point(), runs=4, seed=2, price=1.0)
    family.check()


def test_all_begin_alike_whatever_is_made():
    plans = [made(use, of).spec(Point(), seed=1) for use in ("language", "new hazard") for of in (SUPPRESSED, NONE)]
    starts = [spec.begin(np.arange(5, dtype=np.uint64)) for spec in plans]
    assert all(np.array_equal(starts[0].world.objectives, each.world.objectives) for each in starts)


def test_pools_of_one_reach_what_one_reaches():
    dollars = np.geomspace(1, 1e6, 20)
    assert pooled(dollars, members=1) == pytest.approx(alone(dollars), abs=0.015)
    assert alone(np.array([0.0, 1000.0, np.inf])).tolist() == [1.0, 0.5, 0.0]
    assert purses(10).mean() == pytest.approx(10 * 1000 * np.exp(2), rel=0.1)


def test_experts_stand_one_by_one_as_they_ended():
    ended = run_paired(Point(), EXPERTS[:1], range(30), seed=1)[EXPERTS[0]]
    states = ended.recorded[STANDING]
    assert [int(each.run[0]) for each in states] == list(range(30))
    assert [int(each.taken[0]) for each in states] == ended.steps.tolist()


@pytest.mark.parametrize("file", FAMILIES[FAMILY])
def test_a_file_reads_like_the_argument(file):
    said = (import_module(f"feint.scenarios.claims.{file}").__doc__ or "").lower()
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
    assert [each.condition for each in found.found] == list(CONDITIONS)
    open_release = found.base.line(lambda course: course.hazard)
    for name in ("×1", "pace 1", "pools of 1"):
        assert np.array_equal(found[name].line(lambda course: course.hazard), open_release)
    assert found.base.condition.name == BASE


def test_cheaper_steps_reach_more_in_the_first_year(found):
    reach = [each.reach("new hazard", 0).estimate for each in found.of(COST)]
    assert reach == sorted(reach)


def test_no_mitigation_lets_money_get_lost(found):
    for each in found.of(MITIGATION):
        money = each.money
        assert money["income"] == pytest.approx(money["spent"] + money["returned"] + money["held"])


def test_published_points_are_priced_whatever_a_step_costs_by_default(found):
    cheap = release.Setting.of(Asked(runs=5, seed=4, settings={**SMALL, "step_price": 2.0}))
    told = {each.condition.name: each.condition.dollars(cheap.step_price) for each in found.of(MONEY)}
    assert told == {"llama-2-70b": 10.0, "llama-3-8b": 0.025, "gpt-3.5": 0.01, RESISTED: 10.0}
    assert (found.taken[RESISTED]["wrapped hazard"].steps == 10_000).all()
    reach = [found[name].reach("wrapped hazard", 0).estimate for name in (RESISTED, "llama-2-70b", "gpt-3.5")]
    assert reach == sorted(reach)


def test_merging_is_off_by_default_and_makes_models_broader(found):
    off, *_, on = found.of(COMPOSITION)
    assert np.array_equal(off.line(lambda course: course.hazard), found.base.line(lambda course: course.hazard))
    assert not off.line(lambda course: course.composite).any()
    assert on.mean(lambda course: course.breadth, 3).estimate > off.mean(lambda course: course.breadth, 3).estimate


def test_a_filtered_model_has_none_of_the_hazard_however_it_is_merged(found):
    place = [use.name for use in USES].index("wrapped hazard")
    assert all(np.isneginf(each.shows[:, :, place]).all() for each in found.composed["filtered"].values())
    assert all(np.isfinite(each.shows).all() for each in found.composed[SUPPRESSED].values())


def test_unlearning_is_set_against_suppressing_and_said_to_be_a_bound(found):
    lines = found.text().splitlines()
    begins = lines.index("Suppressed against unlearned")
    steps = [float(np.quantile(found.taken[each]["wrapped hazard"].steps, 0.5, method="nearest")) for each in BOTH]
    assert lines[begins + 3].split()[-2:] == [f"{each:,.0f}" for each in steps]
    assert "bounds from above" in " ".join(lines[begins:])
    assert steps[0] < steps[1]


BOTH = SUPPRESSED, "unlearned"


def test_contests_differ_by_what_they_change_alone(found):
    raced = {each.contest.name: each for each in found.raced}
    assert set(raced) == {contest.name for contest in CONTESTS}
    for each in found.raced:
        assert each.line(lambda race: race.shares.sum(axis=1)) == pytest.approx(1)
    assert not raced["nothing in common"].line(lambda race: race.better).any()
    first = [raced[name].mean(pays, 0).estimate for name in ("steps ×100", AS_ASSUMED, "worth 10")]
    assert first == sorted(first)
    last = [raced[name].mean(owner, 3).estimate for name in ("fined by 0.25", AS_ASSUMED)]
    assert last == sorted(last)


def test_who_competes_in_a_world_is_of_the_actors_of_its_market(found):
    setting, world = found.setting, 3
    shop = release._workshop(setting, SUPPRESSED)
    here = [each.world(world) for each in systems(shop, setting.stakes)]
    common = setting.stakes, setting.terms, found.market(world).actors, here, setting.price
    again = Competition(*common, key_of(setting.seed, world)).run()
    assert np.array_equal(again.shares, found.raced[0].courses[world].shares)


def test_a_lineage_of_the_market_is_sound_and_reproducible(found):
    family = found.lineage()
    family.check()
    assert {family[name].kind for name in family.graph} >= {"release", "fine-tune", "publish", "take"}
    assert plain(family).nodes(data=True) == plain(found.lineage()).nodes(data=True)
    assert len(found.lineage(actors=[])) == 1
    course = found.base.courses[2]
    assert np.array_equal(found.market(2).ledger.public.shape, (len(USES),))
    assert found.market(2).has.mean() == pytest.approx(_having(found.market(2), course))
    for world in (5, -1, 1.5):
        with pytest.raises(InputError, match=f"world = {world} is not valid: it must be a whole number from 0 to 4"):
            found.lineage(world)
    with pytest.raises(InputError, match="condition 'filter' is not known: did you mean 'filtered'"):
        found["filter"]


def _having(market, course):
    """Share of actors who have what they want, from what the course told."""
    wants = np.bincount(market.actors.use, minlength=len(USES))
    return (course.reach[-1] * wants).sum() / wants.sum()


def test_the_text_fits_a_terminal_and_says_what_is_assumed(found):
    text = found.text()
    assert max(map(len, text.splitlines())) <= WIDTH
    for said in ("[assumption]", "[V abstract]", "pooling_loss = 0.3", "arXiv 2310.20624", "an index"):
        assert said in text


def test_the_figure_is_drawn(found):
    sheet = found.figure()
    sheet.draw_without_rendering()
    panels = {axes.get_title(loc="left"): axes for axes in sheet.axes}
    assert len(panels) == 8
    drawn = [line.get_ydata() for line in panels["Competition"].lines]
    assert np.array_equal(drawn[1], found.raced[0].line(owner).mean(axis=0))
    drawn = [line.get_ydata() for line in panels["Risk under mitigations"].lines]
    assert np.array_equal(drawn[0], found.base.line(lambda course: course.risk).mean(axis=0))
    told = {text.get_text() for text in panels["Mitigations"].texts}
    assert {f"{each.mean(hazard, 0).estimate:.2f}" for each in found.of(MITIGATION)} <= told


def test_it_is_made_again_from_its_passport(found):
    again = made_again(json.loads(json.dumps(found.passport())))
    assert again.passport == found.passport()


def test_the_command_prints_its_document(feint):
    sets = [word for name, value in SMALL.items() for word in ("--set", f"{name}={value}")]
    told = feint("scenario", "release", "--runs", 3, "--seed", 4, *sets, "--json").document
    jsonschema.validate(told, json.loads(schema_text("release")))
    assert (told["markets"], told["seed"], told["passport"]["kind"]) == (3, 4, "release")
    assert len(told["found"][0]["quantities"]["hazard"]) == 4


def test_the_command_writes_a_lineage(feint, tmp_path):
    sets = [word for name, value in {**SMALL, "composing": 0.9}.items() for word in ("--set", f"{name}={value}")]
    path = tmp_path / "family.graphml"
    assert feint("scenario", "release", "--runs", 2, *sets, "--lineage", path).code == 0
    graph = nx.read_graphml(path)
    assert nx.is_directed_acyclic_graph(graph)
    assert {node["kind"] for _, node in graph.nodes(data=True)} == {"release", "fine-tune", "publish", "take", "merge"}


@pytest.mark.parametrize(
    ("name", "file", "said"),
    [
        ("xu-race", "family.graphml", "it is told of release alone"),
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
        ({"step_price": -1.0}, "at_release = -1.0 is not valid"),
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
        release.run(Asked(settings=settings, runs=2))


def test_uses_and_releases_are_named():
    with pytest.raises(InputError, match="use 'languages' is not known"):
        made("languages")
    with pytest.raises(InputError, match="release 'opened' is not known"):
        made("language", "opened")
    assert reaching.PRICE.at_release == 10.0
