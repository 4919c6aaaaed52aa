"""Noise of three values, which only the study of it draws."""

import numpy as np
import pytest
from studies import noise as study

from feint.sim.training.stage import Stage
from feint.sim.training.train import begin, train

ONE_STEP = Stage(objective=1, steps=1)


def felt(start, noise, drawn=None):
    """Where the goals of runs go in one step."""
    stage = ONE_STEP.replace(noise=noise)
    if drawn is None:
        return train(start, stage, precision="double").mind.goal
    return study.on_three_values(train, start, stage, precision="double", drawn=drawn).mind.goal


@pytest.mark.slow
@pytest.mark.parametrize("drawn", [study.rounded, study.from_words])
def test_a_sixth_of_the_noise_is_at_either_end_and_the_rest_is_zero(drawn):
    start = begin(runs=3000, seed=1)
    signs = np.sign(felt(start, 1.0, drawn) - felt(start, 0.0))
    shares = [(signs == sign).mean() for sign in (-1, 0, 1)]
    np.testing.assert_allclose(shares, [1 / 6, 2 / 3, 1 / 6], atol=4 * 0.5 / np.sqrt(signs.size))


@pytest.mark.slow
def test_rounded_noise_is_that_of_the_three_values_which_is_nearest():
    start = begin(runs=300, seed=1)
    still = felt(start, 0.0)
    normal, rounded = felt(start, 1.0) - still, felt(start, 1.0, study.rounded) - still
    ends = rounded != 0
    size = study.ROOT_3 * normal[ends] / rounded[ends]  # of the normal number, and whether the signs agree
    assert size.min() > study.UPPER
    assert 1.2 < size.mean() < 1.6


@pytest.mark.slow
def test_the_study_begins_with_the_runs_of_the_ensemble():
    counts = study.study("prepared", (100,))
    setting = study.SETTINGS["prepared"]
    state = begin(setting.model, runs=100, seed=0, start=setting.start)
    for i, stage in enumerate(setting.curriculum):
        state = train(state, stage)
        assert counts.steps[i, 0] == state.taken.sum()
    assert counts.runs == 100
