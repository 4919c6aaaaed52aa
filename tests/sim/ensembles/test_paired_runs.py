"""Trials are what `simulate` computes, whatever they are put together with."""

import numpy as np
import pytest

from feint.agents.model import Model
from feint.sim.ensembles.comparison import compare
from feint.sim.ensembles.ensemble import simulate
from feint.sim.ensembles.paired_runs import OWN, run_paired
from feint.sim.ensembles.protocols import TrainingProtocol, pretrained, scratch
from feint.sim.training.curriculum import pretrain_finetune
from feint.sim.training.parameter_point import Point

SHORT = pretrain_finetune({"steps": 400}, {"steps": 900})
POINT = Point(curriculum=SHORT)
WAYS = [
    scratch(),
    pretrained(),
    pretrained(finetuning__carry=("capability",)),
    pretrained(finetuning__honeypots=0.2),
    pretrained(pretraining__target=0.5),
    scratch(start="deceptive"),
]


@pytest.fixture(scope="module")
def ended():
    return run_paired(POINT, WAYS, range(150), seed=5)


def test_both_arms_are_those_of_a_comparison(ended):
    found = compare(SHORT, runs=150, seed=5)
    for protocol, arm in ((scratch(), found.scratch), (pretrained(), found.pretrained)):
        assert np.array_equal(ended[protocol].outcome, arm.outcome[:, -1])
        assert np.array_equal(ended[protocol].before, arm.outcome[:, 0])
        assert np.array_equal(ended[protocol].steps, arm.steps[:, -1])
        assert np.array_equal(ended[protocol].all_steps, arm.steps.sum(axis=1))
        assert np.array_equal(ended[protocol].performance, arm["performance"][:, -1])
        assert np.array_equal(ended[protocol].missed, arm["missed"][:, -1])
        deployed = arm["capability"][:, -1] * (1 - arm["deployed_error"][:, -1])
        assert np.array_equal(ended[protocol].deployed, deployed)


@pytest.mark.parametrize("protocol", WAYS, ids=str)
def test_a_way_alone_ends_as_among_others(ended, protocol):
    alone = run_paired(POINT, [protocol], range(150), seed=5)[protocol]
    assert np.array_equal(alone.outcome, ended[protocol].outcome)
    assert np.array_equal(alone.performance, ended[protocol].performance)


def test_runs_are_numbered_and_threads_do_not_matter(ended):
    later = run_paired(POINT, WAYS, range(100, 150), seed=5, threads=1)
    for protocol in WAYS:
        assert np.array_equal(later[protocol].performance, ended[protocol].performance[100:])


def test_nothing_carried_is_from_scratch(ended):
    nothing = pretrained(finetuning__carry=())
    found = run_paired(POINT, [nothing], range(150), seed=5)[nothing]
    assert np.array_equal(found.performance, ended[scratch()].performance)


def test_another_lot_has_luck_of_its_own(ended):
    other = TrainingProtocol(lot=1)
    found = run_paired(POINT, [other], range(150), seed=5)[other]
    assert not (found.performance == ended[pretrained()].performance).any()


def test_outcomes_at_other_tolerances_are_those_of_a_model_that_has_them():
    moved = (("deploy_tolerance", 0.1),), (("train_tolerance", 0.2),)
    found = run_paired(POINT, [pretrained()], range(150), seed=5, readings=moved)[pretrained()]
    assert set(found.outcomes) == {OWN, *moved}
    for reading in moved:
        direct = simulate(SHORT, model=Model().replace(**dict(reading)), runs=150, seed=5)
        assert np.array_equal(found.read_as(reading).outcome, direct.outcome[:, -1])
        assert np.array_equal(found.read_as(reading).performance, found.performance)


def test_a_run_that_diverges_performs_nothing():
    wild = scratch(finetuning__noise=1e30)
    found = run_paired(POINT, [wild], range(40), seed=5)[wild]
    assert np.isfinite(found.performance).all()
    assert np.isfinite(found.deployed).all()
