"""Golden numbers: what the code gave when they were last written, `nox -s golden` to write them anew.

Outcome counts are held to a few runs in two thousand and readings to seven digits, since another kind of processor or
another version of Numba may round otherwise; within one of each they are the same to the bit.
"""

import json
from pathlib import Path

import pytest

from feint.agents.model import Model
from feint.agents.outcome import LABELS
from feint.sim.ensembles.comparison import compare
from feint.sim.ensembles.ensemble import simulate
from feint.sim.training.configuration import load
from feint.sim.training.curriculum import pretrain_finetune

ROOT = Path(__file__).parents[1]
GOLDEN = ROOT / "tests" / "golden.json"
FIRST = {"identification": 1e6, "inference_form": "exponential", "grader": -30.0}
"""The point at which version 2 of the model is version 1 (model page)."""
FIRST_COUNTS = {
    "default": {"from_scratch": (1, 1131, 868, 0, 0, 0), "pretrain_finetune": (2, 587, 283, 1060, 68, 0)},
    "reversed": {"from_scratch": (14, 892, 0, 1094, 0, 0), "pretrain_finetune": (8, 1821, 0, 137, 34, 0)},
}
"""Version 1's golden counts, in the order of `LABELS`, as they were last written under it."""


def counted(**changes):
    """Outcome counts of the default comparison and of the reversed one, with changes to both models."""
    reversed_claim = load(ROOT / "examples" / "reversed.toml")
    model = reversed_claim.model.replace(**changes)
    cases = {
        "default": compare(model=Model(**changes), runs=2000, seed=1),
        "reversed": compare(reversed_claim.curriculum, model=model, runs=2000, seed=1),
    }
    return {name: {arm: each.counts() for arm, each in found.arms.items()} for name, found in cases.items()}


def read():
    """Readings of two runs after a few steps, before rounding can grow."""
    ensemble = simulate(pretrain_finetune({"steps": 25}, {"steps": 25}), runs=2, seed=1, precision="double")
    return {name: ensemble[name].tolist() for name in ("performance", "deployed_error", "watched_error", "capability")}


@pytest.mark.generated
def test_golden_numbers_stand(rewrite):
    now = {"counts": counted(), "readings": read()}
    if rewrite:
        GOLDEN.write_text(json.dumps(now, indent=1) + "\n")
    golden = json.loads(GOLDEN.read_text())
    for name, arms in now["counts"].items():
        for arm, counts in arms.items():
            assert counts == pytest.approx(golden["counts"][name][arm], abs=6)
    for name, values in now["readings"].items():
        for row, golden_row in zip(values, golden["readings"][name], strict=True):
            assert row == pytest.approx(golden_row, rel=1e-7)


def test_version_1_is_a_point_of_version_2():
    """Its golden counts stand there; the reversed example has the settings that it had."""
    for name, arms in counted(**FIRST).items():
        for arm, counts in arms.items():
            assert counts == pytest.approx(dict(zip(LABELS, FIRST_COUNTS[name][arm], strict=True)), abs=6)
