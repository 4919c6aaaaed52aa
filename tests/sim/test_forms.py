"""Whole runs in other forms (model page, section 10), held to the oracle on the same noise."""

import numpy as np
import oracle
import pytest
from studies.precision import NEAR_DECEPTION

from feint.agents.mind import Mind
from feint.agents.model import Model
from feint.agents.outcome import Outcome, read
from feint.agents.views import view
from feint.sim.ensembles.ensemble import simulate
from feint.sim.training.curriculum import Curriculum, pretrain_finetune
from feint.sim.training.kernels.random_streams import draw_normals
from feint.sim.training.stage import Stage
from feint.sim.training.train import begin, enter, train

EXPOSED = {"awareness_exposure": 0.1, "horizon_exposure": 0.1}
QUICK = Model(gate_init=0.0, capability_init=-1.0, plasticity_capability=0.1)
PRETRAINING = Stage(name="pretraining", objective=0, steps=500, target=0.0, coverage=0.5)
OPEN = dict.fromkeys(("gate", "awareness", "horizon"), np.full(9, 1000.0))  # the gate is as open as q
FINETUNING = Stage(steps=700, target=0.95, awareness_exposure=0.05, horizon_exposure=0.05, honeypots=0.1, realism=0.5)


def noise_of(state, stage):
    """The normal numbers (runs, steps, modes) of a stage; for an even number of modes."""
    normals = np.empty((len(state), stage.steps * state.modes))
    draw_normals(enter(state, stage).progress.generator, normals)
    return normals.reshape(len(state), stage.steps, state.modes)


def assert_follows_oracle(before, stage, after):
    noise, outcome = noise_of(before, stage), read(after, stage.objective).outcome
    for i in range(len(before)):
        mind, world, bias = oracle.run(before, i)
        expected = oracle.train(mind, world, bias, before.model, stage, noise[i])
        assert after.taken[i] == expected.taken
        assert after.reached[i] == (expected.status == oracle.REACHED)
        assert outcome[i] == oracle.outcome(expected.mind, world, before.model, stage.objective, stage.target)
        for name, part, wanted in zip(Mind._fields, after.mind, expected.mind, strict=True):
            np.testing.assert_allclose(part[i], wanted, rtol=1e-8, atol=1e-10, err_msg=name)


@pytest.mark.parametrize("forms", [*oracle.COVERING, {**oracle.COVERING[-1], "grader": 0.0}], ids=str)
def test_whole_runs_in_other_forms_are_those_of_the_oracle(forms):
    start = begin(QUICK.replace(**forms), runs=np.array([5, 9, 14, 22, 35]), seed=4)
    pretrained = train(start, PRETRAINING, precision="double")
    finetuned = train(pretrained, FINETUNING, precision="double")
    reading = read(finetuned, 1)
    assert len(set(reading.outcome)) > 1
    assert reading.instrumental.max() > 0.6
    assert set(finetuned.reached) == {False, True}
    assert_follows_oracle(start, PRETRAINING, pretrained)
    assert_follows_oracle(pretrained, FINETUNING, finetuned)


@pytest.mark.parametrize("start", ["fresh", "deceptive"])
@pytest.mark.parametrize("forms", oracle.COVERING, ids=oracle.named)
def test_without_inference_power_no_run_is_ever_deceptive_in_any_form(forms, start):
    model = NEAR_DECEPTION.replace(inference_power=0.0, **forms)
    curriculum = pretrain_finetune({**EXPOSED, "steps": 500}, {**EXPOSED, "steps": 1500})
    ensemble = simulate(curriculum, model=model, runs=500, seed=4, start=start, precision="double")
    assert not (ensemble.outcome == Outcome.DECEPTIVE).any()
    assert (ensemble["instrumental"] == 0).all()


def test_in_single_precision_runs_in_other_forms_end_as_in_double():
    """Where a form has a kink, too: hardly a run ends otherwise for having rounded there."""
    model = QUICK.replace(**oracle.TOGETHER[-1])
    curriculum = Curriculum(PRETRAINING, FINETUNING.replace(steps=2000))
    single, double = (
        simulate(curriculum, model=model, runs=2000, seed=3, precision=precision).outcome[:, -1]
        for precision in ("single", "double")
    )
    assert len(set(double)) > 3
    assert (single != double).mean() < 0.005


@pytest.mark.parametrize("form", oracle.FORMS["capability_form"])
def test_inference_by_odds_grows_with_what_is_missing_of_capability_and_has_no_cap(form):
    """q = 1 - exp(-K c / (1 - c)), and 1 where nothing is missing."""
    C = np.array([-1000.0, -8.0, -3.5, -1.0, 0.0, 1.0, 3.5, 4.0, 1000.0])
    c = np.array([oracle.capability(each, Model(capability_form=form))[0] for each in C])
    odds = np.exp(np.minimum(C, 700)) if form == "logistic" else c / np.maximum(1 - c, 1e-300)
    for power in (0.0, 0.3, 4.0):
        start = begin(Model(capability_form=form, inference_power=power), runs=9)
        q = view(start.with_mind(capability=C, **OPEN), 1).gate
        expected = -np.expm1(-power * np.minimum(odds, 1e6))
        np.testing.assert_allclose(q, expected, rtol=1e-12, atol=1e-15)
        assert q[-1] == (power > 0)
        assert (q == 0).all() == (power == 0)


@pytest.mark.parametrize("precision", ["single", "double"])
@pytest.mark.parametrize("form", oracle.FORMS["capability_form"])
def test_where_capability_is_whole_inference_by_odds_is_flat(form, precision):
    """The price of the gate, which lowers capability through q wherever that has a slope, then changes nothing."""
    C = np.array([-8.0, -3.5, -1.0, 0.0, 1.0, 4.0, 40.0, 85.0, 1000.0])
    moved = []
    for cost in (0.0, 1.0):
        start = begin(Model(capability_form=form, speed_cost=cost, init_spread=0.0), runs=9)
        state = start.with_mind(capability=C, **OPEN)
        moved.append(train(state, Stage(steps=1, target=0.0, noise=0.0), precision=precision).mind.capability)
    steeper = np.abs(moved[0] - moved[1]) > 1e-9
    slope = [oracle.inference(each, Model(capability_form=form))[1] for each in C]
    np.testing.assert_array_equal(steeper, np.array(slope) > 1e-6)
    assert steeper[3]
    assert not steeper[-3:].any()
