"""Every claim is put through the same checks by being registered."""

from importlib import import_module
from pathlib import Path

import pytest

from feint.agents.errors import InputError
from feint.agents.model import Model
from feint.scenarios.argument.evaluate_claim import evaluate, evaluation_of, protocols_of
from feint.scenarios.claims import dodges
from feint.scenarios.claims.registry import FAMILIES, PROPOSED, claims, proposed_claims, select_claims
from feint.sim.analysis.claims import Claim, Part, Verdict, rises
from feint.sim.analysis.estimands import Frequency, StepRatio, difference
from feint.sim.ensembles.paired_runs import run_paired
from feint.sim.ensembles.protocols import TrainingProtocol, pretrained
from feint.sim.training.configuration import load
from feint.sim.training.parameter_point import Point, Towards

ALL = list(claims().values())
NAMES = [claim.name for claim in ALL]
DECLARED = [claim for family in FAMILIES for claim in (claims(family) | proposed_claims(family)).values()]
FILES = [file for registry in (FAMILIES, PROPOSED) for files in registry.values() for file in files]


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
    files = {path.stem for path in folder.glob("*.py")} - {"__init__", "registry", "preregistration"}
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


@pytest.mark.parametrize("name", [name for name in NAMES if name != "relearning"])
def test_without_inference_no_claim_about_deception_is_supported(powerless, name):
    assert powerless[name].verdict is not Verdict.SUPPORTED


def test_relearning_does_not_speak_of_deception(powerless):
    assert powerless["relearning"].verdict is Verdict.SUPPORTED


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
        ended = run_paired(Point(), arms.protocols, range(128), seed=seed)
        said.append(evaluation_of(null, ended).verdict)
    decided = [each for each in said if each in (Verdict.SUPPORTED, Verdict.CONTRADICTED)]
    assert len(decided) <= 10
    assert Verdict.UNDECIDED in said


@pytest.mark.parametrize("path", [None, "examples/reversed.toml"])
def test_fewer_runs_never_say_the_opposite(path):
    """The runs of the quick form are the first of the full one's."""
    point = point_of(path) if path else Point()
    few, many = (evaluate(ALL, point, runs=runs) for runs in (300, 1200))
    opposite = {Verdict.SUPPORTED, Verdict.CONTRADICTED}
    for name in NAMES:
        for part, verdict in few[name].verdicts.items():
            assert {verdict, many[name].verdicts[part]} != opposite, (name, part)
        assert {few[name].verdict, many[name].verdict} != opposite, name


@pytest.mark.parametrize("changes", [{"plasticity_goal": 0.0}, {"finetuning.target": 0.0}, {"match": "steps"}], ids=str)
def test_nothing_is_said_of_steps_that_lead_nowhere(changes):
    """No run learns X, or none has a target: how many steps it would have taken is not known."""
    found = evaluate(select_claims(["relearning"]), Point().at(changes), runs=200)["relearning"]
    assert found.verdict is Verdict.UNDECIDED


def test_the_largest_of_several_that_are_enough_is_told():
    found = evaluate(select_claims(["dodges"]), runs=300)["dodges"]
    assert found.effect.estimate == max(each.estimate for each in found.intervals.values())
    assert found.headline_part.name != "covered"


def test_a_part_of_the_way_is_told_from_where_one_stands():
    there = Point().at({"similarity": Towards(1.0, 0.5), "pretraining.steps": Towards(0.0, 2 / 3)})
    assert there.model.similarity == pytest.approx(0.75)
    assert there.value("pretraining.steps") == 1000
    further = Point(model=Model(similarity=(0.5, 0.9))).at({"similarity": Towards(1.0, 0.5)})
    assert further.model.similarity == pytest.approx((0.75, 0.95))


def test_the_headline_is_reversed_where_it_is_known_to_be():
    assert evaluate(select_claims(["headline"]), point_of("examples/reversed.toml"), runs=500)["headline"].verdict is (
        Verdict.CONTRADICTED
    )


def test_one_dodge_is_enough_and_its_interval_holds_for_all():
    claim = dodges.CLAIM
    assert claim.confidence(0.95) == pytest.approx(1 - 0.05 / len(claim.parts))
    assert {part.name for part in claim.parts} == set(dodges.DODGES)


def test_a_dodge_costs_what_it_loses_in_performance():
    ended = run_paired(Point(), [dodges.AS_IT_IS, dodges.protocol("speed")], range(200))
    found = dodges.loss("speed").measured(ended)
    wanted = ended[dodges.AS_IT_IS].performance - ended[dodges.protocol("speed")].performance
    assert found.estimate == pytest.approx(wanted.mean())


def test_all_ways_are_trained_once():
    protocols = protocols_of(ALL)
    assert len(set(protocols)) == len(protocols)
    assert {type(part.estimand) for claim in ALL for part in claim.parts} == {Frequency, StepRatio}
