"""Every claim is put through the same checks by being registered."""

from dataclasses import replace
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from feint.agents.errors import InputError
from feint.agents.interventions import acting
from feint.agents.mind import GROUPS, PARTS
from feint.agents.model import Model
from feint.agents.outcome import Outcome, read
from feint.scenarios.argument.evaluate_claim import evaluate, evaluation_of, over_prior_parts, protocols_of
from feint.scenarios.claims.pretraining import dodges, relearning
from feint.scenarios.claims.registry import FAMILIES, PROPOSED, claims, proposed_claims, select_claims
from feint.sim.analysis.claims import Claim, Part, Verdict, rises
from feint.sim.analysis.contrasts import Among, BetweenRuns, Race, Survives, Weighted
from feint.sim.analysis.estimands import Frequency, Loss, StepRatio, difference
from feint.sim.ensembles.paired_runs import run_paired
from feint.sim.ensembles.protocols import TrainingProtocol, pretrained, scratch
from feint.sim.training.configuration import load
from feint.sim.training.parameter_point import Point, Towards
from feint.sim.training.train import enter, race

ALL = list(claims().values())


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


NAMES = [claim.name for claim in ALL]
DECLARED = [claim for family in FAMILIES for claim in (claims(family) | proposed_claims(family)).values()]
FILES = [
    f"{family.replace('-', '')}.{file}"
    for registry in (FAMILIES, PROPOSED)
    for family, files in registry.items()
    for file in files
]


def point_of(path):
    configured = load(path)
    assert configured.curriculum is not None
    return Point(model=configured.model, curriculum=configured.curriculum)


@pytest.mark.parametrize("claim", DECLARED, ids=lambda claim: claim.name)
def test_a_claim_says_beforehand_what_it_is(claim: Claim):
    assert claim.statement.endswith(".")
    assert claim.section
    assert claim.source.where
    assert claim.tested
    assert claim.effect.tested
    names = [part.name for part in claim.parts]
    assert len(set(names)) == len(names)
    assert all(part.estimand.words and part.rule.words for part in claim.parts)


@pytest.mark.parametrize("file", FILES)
def test_a_file_reads_like_the_argument(file):
    """The claim in its source's terms, the experiment, and what would count against it."""
    text = (import_module(f"feint.scenarios.claims.{file}").__doc__ or "").lower()
    assert text.index("claim") < text.index("experiment.") < text.index("against it")


@pytest.mark.parametrize("family", FAMILIES)
def test_claims_are_numbered_in_the_order_of_their_registry(family):
    numbers = [claim.number for claim in (claims(family) | proposed_claims(family)).values()]
    assert numbers == list(range(1, len(numbers) + 1))


def test_every_claim_file_is_registered():
    folder = Path(str(import_module("feint.scenarios.claims").__file__)).parent
    files = {f"{path.parent.name}.{path.stem}" for path in folder.glob("*/*.py") if path.stem != "__init__"}
    assert files == {*FILES}
    assert len(files) == len(FILES)


def test_no_two_claims_share_a_name():
    assert len({claim.name for claim in DECLARED}) == len(DECLARED)


def test_claims_are_asked_for_by_name():
    assert [claim.name for claim in select_claims(["matching", "headline", "matching"])] == ["matching", "headline"]
    assert [claim.name for claim in select_claims(None)] == NAMES
    with pytest.raises(InputError, match="claim 'headlines' is not known"):
        select_claims(["headlines"])


@pytest.fixture(scope="module")
def powerless():
    return evaluate(ALL, Point(model=Model(inference_power=0.0)), runs=500)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in NAMES if name != "relearning"])
def test_without_inference_no_claim_about_deception_is_supported(powerless, name):
    assert powerless[name].verdict is not Verdict.SUPPORTED


@pytest.mark.slow
def test_relearning_does_not_speak_of_deception(powerless):
    as_it_is = evaluate(select_claims(["relearning"]), runs=500)["relearning"]
    assert powerless["relearning"].intervals == as_it_is.intervals
    assert as_it_is.verdicts["equal-distance"] is Verdict.SUPPORTED


@pytest.mark.slow
def test_where_there_is_no_deception_none_lasts(powerless):
    verdicts = powerless["duration"].verdicts
    assert verdicts == {
        "after-100000": Verdict.SUPPORTED,
        "after-12000": Verdict.SUPPORTED,
        "after-1000": Verdict.NEITHER,
    }
    assert powerless["duration"].verdict is Verdict.MIXED


@pytest.mark.slow
def test_identical_arms_are_hardly_ever_said_to_differ():
    """On independent streams: supported or contradicted in at most 5 % of 200 seeds."""
    arms = difference("", pretrained(), TrainingProtocol(lot=1))
    null = Claim(
        name="null",
        title="",
        source=ALL[0].source,
        section="",
        statement="",
        parts=(Part(name="", estimand=arms, rule=rises()),),
    )
    said = []
    for seed in range(200):
        ended = run_paired(Point(), arms.protocols, range(64), seed=seed)
        said.append(evaluation_of(null, ended).verdict)
    decided = [each for each in said if each in (Verdict.SUPPORTED, Verdict.CONTRADICTED)]
    assert len(decided) <= 10
    assert Verdict.UNDECIDED in said


@pytest.mark.slow
@pytest.mark.parametrize("path", [None, "examples/reversed.toml"])
def test_fewer_runs_never_say_the_opposite(path):
    """The runs of the quick form are the first of the full one's. Parts that train for 100,000 steps are left out."""
    point = point_of(path) if path else Point()
    brief = [replace(claim, parts=over_prior_parts(claim)) for claim in ALL if claim.name != "duration"]
    few, many = (evaluate(brief, point, runs=runs) for runs in (160, 640))
    opposite = {Verdict.SUPPORTED, Verdict.CONTRADICTED}
    for name in few:
        for part, verdict in few[name].verdicts.items():
            assert {verdict, many[name].verdicts[part]} != opposite, (name, part)
        assert {few[name].verdict, many[name].verdict} != opposite, name


@pytest.mark.slow
@pytest.mark.parametrize("changes", [{"plasticity_goal": 0.0}, {"finetuning.target": 0.0}, {"match": "steps"}], ids=str)
def test_nothing_is_said_of_steps_that_lead_nowhere(changes):
    """No run learns X, or none has a target: how many steps it would have taken is not known."""
    found = evaluate(select_claims(["relearning"]), Point().at(changes), runs=200)["relearning"]
    assert found.verdict is Verdict.UNDECIDED


@pytest.mark.slow
def test_the_largest_of_several_that_are_enough_is_told():
    found = evaluate(select_claims(["dodges"]), runs=300)["dodges"]
    assert found.effect.estimate == max(found.intervals[part.name].estimate for part in found.claim.tested)
    assert found.headline_part.name != "covered"


def test_a_part_of_the_way_is_told_from_where_one_stands():
    there = Point().at({"similarity": Towards(1.0, 0.5), "pretraining.steps": Towards(0.0, 2 / 3)})
    assert there.model.similarity == pytest.approx(0.75)
    assert there.value("pretraining.steps") == 1000
    further = Point(model=Model(similarity=(0.5, 0.9))).at({"similarity": Towards(1.0, 0.5)})
    assert further.model.similarity == pytest.approx((0.75, 0.95))


@pytest.mark.slow
def test_the_headline_is_reversed_where_it_is_known_to_be():
    assert evaluate(select_claims(["headline"]), point_of("examples/reversed.toml"), runs=500)["headline"].verdict is (
        Verdict.CONTRADICTED
    )


def test_one_dodge_is_enough_and_its_interval_holds_for_all():
    claim = dodges.CLAIM
    in_pretraining = {name for name, dodge in dodges.DODGES.items() if dodge.where == "in pre-training"}
    assert {part.name for part in claim.tested} == in_pretraining == {"untold", "covered", "nearer", "shorter"}
    assert claim.confidence(0.95) == pytest.approx(1 - 0.05 / 4)
    costs = {f"{name}-{cost}" for name in dodges.DODGES for cost in ("performance", "steps")}
    assert {part.name for part in claim.parts} == set(dodges.DODGES) | costs


def test_what_nobody_can_do_is_marked():
    marked = {part.name for part in dodges.CLAIM.parts if "nobody can do it" in part.estimand.words}
    assert marked == {f"reset-{group}" for group in GROUPS}


def test_a_dodge_costs_what_it_loses_in_performance():
    ended = run_paired(Point(), [dodges.AS_IT_IS, dodges.protocol("speed")], range(200))
    found = dodges.loss("speed").measured(ended)
    wanted = ended[dodges.AS_IT_IS].performance - ended[dodges.protocol("speed")].performance
    assert found.estimate == pytest.approx(wanted.mean())


def test_all_ways_are_trained_once():
    protocols = protocols_of(ALL)
    assert len(set(protocols)) == len(protocols)
    kinds = {type(part.estimand) for claim in ALL for part in claim.parts}
    assert kinds == {Frequency, StepRatio, Weighted, Among, BetweenRuns, Race, Survives, Loss}


@pytest.mark.parametrize("start", ["fresh", "internal"])
@pytest.mark.parametrize("similarity", relearning.SIMILARITIES)
def test_relearning_follows_its_closed_form(start, similarity):
    """E falls as Σ_k λ_k d_k² e^(-4 c β² η λ_k t) to the floor c β² η noise² that minibatches leave."""
    point = Point().at({**relearning.CLOSED, "similarity": similarity, "finetuning.target": 0.0})
    spec = scratch(start=start).spec(point, seed=0)
    (stage,) = spec.curriculum
    state = enter(spec.begin(np.arange(200, dtype=np.uint64)), stage)
    spectrum, objective = point.model.spectrum_weights(), state.world.objectives[:, stage.objective]
    away = objective - acting(state, stage.objective)
    beta, capability = sigmoid(4.0), sigmoid(4.0)
    rate = stage.learning_rate * point.model.plasticity_goal * state.bias[:, PARTS.index("goal")]
    moving = state.copied()
    for steps in (0, 10, 30, 100):
        race(moving, stage, steps, "double")
        pace = capability * beta**2 * rate[:, None] * spectrum
        left = np.exp(-4 * pace * steps)
        law = (spectrum * away**2 * left + pace * stage.noise**2 / len(spectrum) * (1 - left)).sum(axis=1)
        assert read(moving, stage.objective).train_error.mean() == pytest.approx(law.mean(), rel=0.03, abs=5e-4)
    assert law.mean() < 0.7 * (spectrum * away**2).sum(axis=1).mean()


def test_at_equal_distance_the_law_gives_equal_numbers_of_steps():
    """At similarity s the way from Y is 2 (1 - s), that from the initial draw about 1: equal at a half alone."""
    point, stage = Point().at(relearning.CLOSED), 1
    for similarity in relearning.SIMILARITIES:
        there = point.at({"similarity": similarity})
        distances = []
        for start in ("internal", "fresh"):
            spec = scratch(start=start).spec(there, seed=0)
            state = enter(spec.begin(np.arange(400, dtype=np.uint64)), spec.curriculum[0])
            away = state.world.objectives[:, stage] - acting(state, stage)
            distances.append(float((away**2 @ there.model.spectrum_weights()).mean()))
        assert distances == pytest.approx([2 * (1 - similarity), 1.0], abs=0.07)


@pytest.mark.slow
def test_first_and_last_among_internal_runs_are_those_of_runs_that_pretraining_left_internal():
    """In deception, on the runs with this type before fine-tuning, of which either protocol has the same."""
    claim = claims()["head-start"]
    ended = run_paired(Point(), protocols_of([claim]), range(200))
    for part in claim.parts[-2:]:
        assert isinstance(part.estimand, Among)
        carried, without = (ended[term.protocol] for term in part.estimand.terms)
        assert np.array_equal(carried.before, without.before)
        internal = carried.before == Outcome.INTERNAL
        shares = [(runs.outcome[internal] == Outcome.DECEPTIVE).mean() for runs in (carried, without)]
        found = part.estimand.measured(ended)
        assert found.estimate == pytest.approx(shares[0] - shares[1])
        scores = [(runs.outcome[internal] == Outcome.DECEPTIVE).astype(float) for runs in (carried, without)]
        if part.name == "internal-last":
            reach = 1.97 * (scores[0] - scores[1]).std(ddof=1) / internal.sum() ** 0.5
            assert found.half_width == pytest.approx(reach, rel=0.02)


def test_prepared_starts_keep_their_type_through_pretraining():
    """What the three cases suppose of the model with which fine-tuning begins."""
    starts = {"internal": Outcome.INTERNAL, "corrigible": Outcome.CORRIGIBLE, "deceptive": Outcome.DECEPTIVE}
    ended = run_paired(Point(), [pretrained(start=start) for start in starts], range(100))
    for start, outcome in starts.items():
        assert (ended[pretrained(start=start)].before == outcome).mean() >= 0.99, start
