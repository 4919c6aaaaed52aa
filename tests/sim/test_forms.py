"""Whole runs in other forms (model page, section 10), held to the oracle on the same noise."""

import numpy as np
import oracle
import pytest

from feint.agents.mind import PARTS
from feint.agents.model import Model
from feint.agents.outcome import read
from feint.sim.ensembles.ensemble import simulate
from feint.sim.training.curriculum import Curriculum
from feint.sim.training.kernels.random_streams import draw_normals
from feint.sim.training.stage import Stage
from feint.sim.training.train import begin, enter, train

QUICK = Model(gate_init=0.0, capability_init=-1.0, plasticity_capability=0.1)
PRETRAINING = Stage(name="pretraining", objective=0, steps=500, target=0.0, coverage=0.5)
FINETUNING = Stage(steps=700, awareness_exposure=0.05, horizon_exposure=0.05, honeypots=0.1, realism=0.5)


def noise_of(state, stage):
    """The normal numbers (runs, steps, modes) of a stage; for an even number of modes."""
    normals = np.empty((len(state), stage.steps * state.modes))
    draw_normals(enter(state, stage).progress.generator, normals)
    return normals.reshape(len(state), stage.steps, state.modes)


def assert_follows_oracle(before, stage, after, capability_target=0.0):
    noise, outcome = noise_of(before, stage), read(after, stage.objective).outcome
    for i in range(len(before)):
        mind, world, bias = oracle.run(before, i)
        expected = oracle.train(mind, world, bias, before.model, stage, noise[i], capability_target)
        assert after.taken[i] == expected.taken
        assert after.reached[i] == (expected.status == oracle.REACHED)
        assert outcome[i] == oracle.outcome(expected.mind, world, before.model, stage.objective)
        for name, part, wanted in zip(PARTS, after.mind, expected.mind, strict=True):
            np.testing.assert_allclose(part[i], wanted, rtol=1e-8, atol=1e-10, err_msg=name)


@pytest.mark.parametrize("forms", oracle.COVERING, ids=oracle.named)
def test_whole_runs_in_other_forms_are_those_of_the_oracle(forms):
    start = begin(QUICK.replace(**forms), runs=np.array([5, 9, 14, 22, 24]), seed=4)
    pretrained = train(start, PRETRAINING, precision="double")
    finetuned = train(pretrained, FINETUNING, capability_target=0.95, precision="double")
    reading = read(finetuned, 1)
    assert len(set(reading.outcome)) > 1
    assert reading.instrumental.max() > 0.6
    assert set(finetuned.reached) == {False, True}
    assert_follows_oracle(start, PRETRAINING, pretrained)
    assert_follows_oracle(pretrained, FINETUNING, finetuned, capability_target=0.95)


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
