"""The model is audited: nothing idle, nothing out of reach, nothing absurd that does not matter."""

import json
from dataclasses import replace

import jsonschema
import pytest

from feint.scenarios.audit import ABSURD, Audit, Reached, absurdities, audit, lines, react
from feint.scenarios.check_documents import audit_document
from feint.scenarios.documents import schema_text
from feint.scenarios.registry import asked
from feint.sim.factors import factor_of
from feint.sim.point import Point
from feint.sim.priors import factors_at

POINT = Point()


@pytest.fixture(scope="module")
def found() -> Audit:
    return audit(points=1, draws=16, runs=50, seed=0)


def test_some_claim_reacts_to_every_parameter(found):
    """Not one is without any effect on any run; so few runs do not say how large it is (the manual's page does)."""
    assert {each.parameter for each in found.reactions} == {factor.name for factor in factors_at(POINT)}
    assert [each.parameter for each in found.reactions if each.identical] == []
    assert [each.largest for each in found.reactions] == sorted(
        (each.largest for each in found.reactions), reverse=True
    )


def test_every_outcome_is_reached(found):
    assert found.unreachable == []
    assert replace(found, reached=[Reached(outcome="proxy", draws=0, largest=0.0)]).unreachable == ["proxy"]


def test_the_absurd_does_what_it_must_and_moves_the_answer():
    tested = list(absurdities(POINT, 200, 1))
    assert [each.absurd for each in tested] == list(ABSURD)
    assert [each.absurd.name for each in tested if not each.as_expected] == []
    assert [each.absurd.name for each in tested if each.moved < 0.05] == []


def test_nothing_reacts_to_what_is_never_read():
    """Realism where there are no honeypots."""
    realism = factor_of("finetuning.realism", "prior", POINT.model, POINT.curriculum)
    idle = react(realism, POINT, {}, asked(None), 50, 0)
    assert idle.identical
    assert idle.largest == 0
    assert not react(realism, POINT, {"finetuning.honeypots": 0.2}, asked(None), 50, 0).identical


def test_what_is_found_is_told(found):
    told = json.loads(audit_document(found).model_dump_json(by_alias=True))
    jsonschema.validate(told, json.loads(schema_text("audit")))
    assert len(told["absurd"]) == len(ABSURD)
    idle = replace(found.reactions[0], parameter="nothing", largest=0.0)
    text = "\n".join(lines(replace(found, reactions=[idle])))
    assert "nothing                           0.000" in text
    assert "NOTHING REACTS" in text
