"""The claims on fine-tuning are declared as all claims are, and tried on the same runs."""

import numpy as np
import pytest
from terminal import within_this_process

from feint.agents.errors import InputError
from feint.scenarios.argument.evaluate_claim import crux, evaluate, protocols_of
from feint.scenarios.claims.registry import claims, select_claims
from feint.sim.analysis.claims import Verdict
from feint.sim.analysis.estimands import MeanEstimand, StepRatio
from feint.sim.ensembles.paired_runs import run_paired
from feint.sim.ensembles.protocols import TrainingProtocol
from feint.sim.training.parameter_point import Point

FAMILY = "fine-tuning"
ALL = select_claims(None, FAMILY)
NAMES = [claim.name for claim in ALL]


def test_families_are_known_by_name():
    assert [claim.name for claim in select_claims(["large-rate"], FAMILY)] == ["large-rate"]
    with pytest.raises(InputError, match="family 'finetuning' is not known"):
        claims("finetuning")
    with pytest.raises(InputError, match="claim 'headline' is not known"):
        select_claims(["headline"], FAMILY)


def test_all_ways_are_journeys_and_are_trained_once():
    protocols = protocols_of(ALL)
    assert len(set(protocols)) == len(protocols)
    assert all(isinstance(protocol, TrainingProtocol) for protocol in protocols)
    assert {type(part.estimand) for claim in ALL for part in claim.parts} == {MeanEstimand, StepRatio}


def test_a_claim_alone_is_found_as_among_others():
    among, alone = evaluate(ALL, runs=80, seed=2), evaluate([ALL[1]], runs=80, seed=2, threads=1)
    assert among["thin-wrapper"].intervals == alone["thin-wrapper"].intervals


def test_fewer_runs_never_say_the_opposite():
    few, many = (evaluate(ALL, runs=runs, seed=2) for runs in (150, 600))
    opposite = {Verdict.SUPPORTED, Verdict.CONTRADICTED}
    for name in NAMES:
        for part, verdict in few[name].verdicts.items():
            assert {verdict, many[name].verdicts[part]} != opposite, (name, part)


def test_without_inference_no_wrapper_is_seen_where_nothing_points():
    """Neither gate nor pointer can carry anything, so that the core carries it all."""
    changes = {"inference_power": 0.0, "plasticity_pointer": 0.0, "decoys": 30.0, "init_spread": 0.0}
    found = evaluate(select_claims(["thin-wrapper"], FAMILY), Point().at(changes), runs=100)["thin-wrapper"]
    assert found.verdict is Verdict.CONTRADICTED


def test_a_mind_compared_with_itself_differs_by_nothing():
    quantity = ALL[0].parts[1].estimand
    assert isinstance(quantity, MeanEstimand)
    same = MeanEstimand("", quantity.of, quantity.protocol, quantity.protocol)
    ended = run_paired(Point(), same.protocols, range(60))
    found = same.measured(ended)
    assert found.estimate == 0
    assert found.low < 0 < found.high


def test_a_premise_is_switched_off_in_every_leg():
    found = crux(ALL[0], runs=60, seed=1)
    assert found.without["run-time inference"].estimate != found.effect.estimate
    assert np.isfinite([each.estimate for each in found.without.values()]).all()


def test_the_command_takes_a_family(monkeypatch, capsys):
    feint = within_this_process(monkeypatch, capsys)
    assert feint("argue", "--family", "finetuning").refusal == (
        "family 'finetuning' is not known: did you mean 'fine-tuning'?"
    )
    assert feint("argue", "--family", "fine-tuning", "--claim", "headline").refusal.startswith(
        "claim = 'headline' is not one of family = 'fine-tuning': give --family pretraining with it"
    )
