"""The model is audited: nothing idle, nothing out of reach, nothing absurd that does not matter."""

import json
from dataclasses import replace

import pytest
from quick import audit_few_claims

from feint.agents.model import Model
from feint.scenarios.argument.model_audit import ABSURD, Audit, AuditRequest, Reached, absurdities, react
from feint.scenarios.claims.registry import select_claims
from feint.sim.analysis.estimands import Frequency, Term
from feint.sim.analysis.prior_shares import factors_at
from feint.sim.ensembles.paired_runs import run_paired
from feint.sim.ensembles.protocols import TrainingProtocol, pretrained
from feint.sim.statistics.intervals import bounded_mean, look_confidence
from feint.sim.sweeps.factors import factor_of
from feint.sim.training.curriculum import pretrain_finetune
from feint.sim.training.parameter_point import Point

POINT = Point()
SHORTER = Point(curriculum=pretrain_finetune({"steps": 2500}, {"steps": 2500}))


@pytest.fixture(scope="module")
def found() -> Audit:
    """An audit by few claims, whose numbers are those of 32 runs, two rows of lanes."""
    with pytest.MonkeyPatch.context() as patch:
        audit_few_claims(patch)
        return AuditRequest(point=SHORTER, points=1, draws=16, runs=32, seed=0).run()


def test_some_claim_reacts_to_every_parameter(found):
    """Not one is without any effect on any run; so few runs do not say how large it is (the manual's page does)."""
    assert {each.parameter for each in found.reactions} == {factor.name for factor in factors_at(POINT)}
    assert [each.parameter for each in found.reactions if each.identical] == []
    moved = [abs(each.change) for each in found.reactions]
    assert moved == sorted(moved, reverse=True)
    assert {"similarity", "identification"} <= {each.parameter for each in found.reactions if each.seen}
    assert all(each.parameter in found.inert for each in found.reactions if each.change == 0)


def test_every_outcome_is_reached(found):
    assert found.unreachable == []  # reward-seeking, without a grader, is no fault
    graded = replace(found, request=AuditRequest(point=Point(model=Model(grader=0.0))))
    assert graded.unreachable == ["reward-seeking"]
    assert replace(found, reached=[Reached(outcome="proxy", draws=0, largest=0.0)]).unreachable == ["proxy"]


def test_the_absurd_does_what_it_must_and_moves_the_answer():
    tested = list(absurdities(POINT, 200, 1))
    assert [each.name for each in tested] == list(ABSURD)
    assert [each.name for each in tested if not each.as_expected] == []
    assert [each.name for each in tested if each.moved < 0.05] == []


def test_nothing_reacts_to_what_is_never_read():
    """Realism where there are no honeypots."""
    realism = factor_of("finetuning.realism", "prior", POINT.model, POINT.curriculum)
    (claim,) = select_claims(["headline"])
    idle = react(realism, POINT, [{}], [claim], 50, 0)
    assert (idle.identical, idle.seen, idle.change) == (True, False, 0)
    assert not react(realism, POINT, [{"finetuning.honeypots": 0.2}], [claim], 50, 0).identical


def test_a_change_stays_within_what_is_possible():
    """A frequency moves by at most 1, and of an interval nothing lies beyond."""
    stays = select_claims(["deceptive-stays"])
    assert isinstance(stays[0].effect.estimand, Frequency)
    assert len(stays[0].effect.estimand.terms) == 1
    power = factor_of("inference_power", "prior", POINT.model, POINT.curriculum)
    moved = react(replace(power, low=0.0, log=False), SHORTER, [{}], stays, 20, 0)
    assert moved.change > 0.9
    assert moved.high == 1


def test_luck_is_no_reaction():
    """Where the ends of a range are two lots of one way of training, a change is hardly ever seen."""
    null = Frequency("", (Term(pretrained()), Term(TrainingProtocol(lot=1), sign=-1)))
    level = look_confidence(0.95, 20)
    scores = (null.scores(run_paired(POINT, null.protocols, range(100), seed=seed)) for seed in range(40))
    changes = [bounded_mean(each, 2, level) for each in scores]
    assert sum(each.low > 0 or each.high < 0 for each in changes) <= 1


def test_the_text_names_what_has_no_effect(found):
    told = json.loads(found.json())
    assert len(told["absurd"]) == len(ABSURD)
    idle = replace(found.reactions[0], parameter="nothing", seen=False)
    text = replace(found, reactions=[idle]).text()
    assert "NOTHING SEEN" in text
    assert max(map(len, text.splitlines())) <= 80
