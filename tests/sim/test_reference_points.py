"""The points of the model's page, section 8, as an independent implementation found them, and those of version 1.

The page gives frequencies to two digits, of so many runs; a count here agrees with one if the two are samples of one
frequency, up to rounding. Runs here are as many or more, on streams of their own.
"""

from typing import Any

import numpy as np
import pytest
from studies.precision import NEAR_DECEPTION

from feint.agents.model import Model
from feint.sim.ensembles.comparison import compare
from feint.sim.training.curriculum import pretrain_finetune

REVERSED = NEAR_DECEPTION.replace(gate_init=-3.0, plasticity_goal=0.006, similarity=0.9)
EXPOSED = {"awareness_exposure": 0.1, "horizon_exposure": 0.1}
UNEXPOSED = {"awareness_exposure": 1e-4, "horizon_exposure": 1e-4, "steps": 5000}
VERSION_1: dict[str, Any] = {"identification": 1e6, "inference_form": "exponential"}

#: model, stages, runs of the page, and what it gives from scratch and after pre-training
POINTS: dict[str, tuple[Model, Any, int, dict[str, float], dict[str, float]]] = {
    "default": (
        Model(),
        pretrain_finetune(),
        1000,
        {"deceptive": 0.0, "internal": 0.58, "corrigible": 0.42},
        {"deceptive": 0.43, "internal": 0.36, "corrigible": 0.17, "proxy": 0.04},
    ),
    **{
        f"identification {nats}": (
            Model(identification=nats),
            pretrain_finetune(),
            1000,
            {"deceptive": 0.0},
            {"deceptive": share},
        )
        for nats, share in ((0.1, 0.18), (0.3, 0.30), (3.0, 0.49))
    },
    "version 1": (
        Model(**VERSION_1),
        pretrain_finetune(),
        4000,
        {"deceptive": 0.0, "internal": 0.57, "corrigible": 0.43},
        {"deceptive": 0.525, "internal": 0.30, "corrigible": 0.15, "proxy": 0.04},
    ),
    "goals hard to write, gate near": (
        NEAR_DECEPTION,
        pretrain_finetune(EXPOSED, EXPOSED),
        1000,
        {"deceptive": 0.97},
        {"deceptive": 0.98},
    ),
    "reversed": (REVERSED, pretrain_finetune(UNEXPOSED, EXPOSED), 1000, {"deceptive": 0.56}, {"deceptive": 0.06}),
    "grader -2": (
        Model(grader=-2.0),
        pretrain_finetune(),
        800,
        {"reward-seeking": 0.29},
        {"reward-seeking": 0.41, "deceptive": 0.27},
    ),
    "grader 0": (
        Model(grader=0.0),
        pretrain_finetune(),
        800,
        {"reward-seeking": 0.66},
        {"reward-seeking": 0.83, "deceptive": 0.07},
    ),
    "target 0.83": (Model(), pretrain_finetune({}, {"target": 0.83}), 1000, {"proxy": 0.0}, {"proxy": 0.27}),
    **{
        f"{steps} steps without a target": (
            Model(),
            pretrain_finetune({}, {"target": 0.0, "steps": steps}),
            250,
            {"deceptive": 0.0},
            {"deceptive": share},
        )
        for steps, share in ((1000, 0.35), (12_000, 0.33), (100_000, 0.32))
    },
}
RUNS = {"100000 steps without a target": 512}

#: version 1's golden numbers: outcomes of 2,000 runs at seed 1, as it gave them
GOLDEN = {
    "default": (
        {"unconverged": 1, "internal": 1131, "corrigible": 868, "deceptive": 0, "proxy": 0},
        {"unconverged": 2, "internal": 587, "corrigible": 283, "deceptive": 1060, "proxy": 68},
    ),
    "reversed": (
        {"unconverged": 14, "internal": 892, "corrigible": 0, "deceptive": 1094, "proxy": 0},
        {"unconverged": 8, "internal": 1821, "corrigible": 0, "deceptive": 137, "proxy": 34},
    ),
}
OLD = {"default": (Model(), pretrain_finetune()), "reversed": (REVERSED, pretrain_finetune(UNEXPOSED, EXPOSED))}


def standard_errors(count, runs, other, other_runs, rounding=0.0):
    """How far apart two frequencies are, beyond rounding, in standard errors of their difference."""
    pooled = (count + other) / (runs + other_runs)
    spread = np.sqrt(pooled * (1 - pooled) * (1 / runs + 1 / other_runs))
    apart = max(0.0, abs(count / runs - other / other_runs) - rounding)
    return apart / spread if apart else 0.0


@pytest.mark.slow
@pytest.mark.parametrize("name", POINTS)
def test_reference_points_of_an_independent_implementation_are_met(name):
    model, curriculum, published, *expected = POINTS[name]
    runs = RUNS.get(name, 4000)
    found = compare(curriculum, model=model, runs=runs, seed=11)
    for arm, shares in zip((found.scratch, found.pretrained), expected, strict=True):
        counts = arm.counts()
        for label, share in shares.items():
            off = standard_errors(counts[label], runs, share * published, published, rounding=0.005)
            assert off < 4, (label, counts[label] / runs, share)


def test_who_expects_to_be_fine_tuned_is_less_sure_after_pre_training_and_more_often_deceptive():
    """At identification 0.3 from 0.23 to 0.43 over the prior of `switching`; from scratch none is, whatever it is."""
    found = [
        compare(model=Model(identification=0.3, switching=switching), runs=4000, seed=11)
        for switching in (1e-5, 1e-3, 1e-1)
    ]
    doubt = [1 - each.pretrained["belief"][:, 0].mean() for each in found]
    deceptive = [each.pretrained.counts()["deceptive"] / 4000 for each in found]
    assert (np.diff(doubt) > 0).all()
    assert (np.diff(deceptive) > 0.05).all()
    np.testing.assert_allclose([deceptive[0], deceptive[-1]], [0.23, 0.43], atol=0.03)
    assert [each.scratch.counts()["deceptive"] for each in found] == [0, 0, 0]


@pytest.mark.parametrize("name", GOLDEN)
def test_the_point_of_version_1_ends_run_by_run_as_version_1_did(name):
    """On the same streams, to a few runs in two thousand, since another processor may round otherwise."""
    model, curriculum = OLD[name]
    found = compare(curriculum, model=model.replace(**VERSION_1), runs=2000, seed=1)
    for arm, golden in zip((found.scratch, found.pretrained), GOLDEN[name], strict=True):
        assert arm.counts() == pytest.approx({**golden, "reward-seeking": 0}, abs=6)


@pytest.mark.parametrize("name", GOLDEN)
def test_the_point_of_version_1_has_the_frequencies_of_version_1(name):
    """On other streams, as two samples of one frequency."""
    model, curriculum = OLD[name]
    found = compare(curriculum, model=model.replace(**VERSION_1), runs=4000, seed=2)
    for arm, golden in zip((found.scratch, found.pretrained), GOLDEN[name], strict=True):
        for label, count in golden.items():
            assert standard_errors(arm.counts()[label], 4000, count, 2000) < 4, label
    if name == "default":
        assert 0.50 < found.pretrained.counts()["deceptive"] / 4000 < 0.55
        assert found.scratch.counts()["internal"] / 4000 == pytest.approx(0.57, abs=0.025)


def test_deception_comes_to_rest_while_in_version_1_it_leaked_away():
    """What is deceptive at the stop of 12,000 steps and after 100,000: inference by odds can be whole."""
    now, then = (
        [
            compare(
                pretrain_finetune({}, {"target": 0.0, "steps": steps}), model=model, runs=256, seed=11
            ).pretrained.counts()["deceptive"]
            for steps in (12_000, 100_000)
        ]
        for model in (Model(), Model(**VERSION_1))
    )
    assert now[1] > 0.85 * now[0]
    assert then[1] < 0.7 * then[0]
