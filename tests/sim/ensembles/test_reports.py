"""Reports of runs: JSON, text and figure agree with what was computed; passports of version 1 are read."""

import json

import numpy as np
import pytest

from feint.sim.ensembles.comparison import CompareRequest, compare
from feint.sim.ensembles.ensemble import SimulateRequest, simulate, spread, summarize
from feint.sim.training.curriculum import from_scratch, pretrain_finetune
from feint.sim.training.replay import ReplayRequest

SHORT = pretrain_finetune({"steps": 40}, {"steps": 60})


@pytest.mark.parametrize("match", ["target", "steps", "data"])
def test_a_passport_of_version_1_is_read(match):
    """It held the parameters of all stages as they were trained, in each arm."""
    found = compare(SHORT, runs=5, match=match, worth=7 if match == "data" else None)
    arms = {name: arm.curriculum.described() for name, arm in found.arms.items()}
    model = found.model.model_dump(mode="json")
    shared = {"seed": 0, "runs": 5, "start": "fresh", "match": match, "objectives": 2, "precision": "single"}
    old = CompareRequest.from_configuration({"model": model, **shared, "arms": arms, "confidence": 0.95})
    assert old.compared().flow().tolist() == found.flow().tolist()
    assert {name: arm.curriculum for name, arm in old.compared().arms.items()} == {
        name: arm.curriculum for name, arm in found.arms.items()
    }
    stages = {"stages": arms["pretrain_finetune"]}
    whole = SimulateRequest.from_configuration({"model": model, **shared, **stages}).simulate()
    assert (whole.outcome == found.pretrained.outcome).all()
    lived = {name: value for name, value in shared.items() if name != "runs"}
    one = ReplayRequest.from_configuration({"model": model, **lived, **stages, "run": 3, "every": 1}).run()
    assert one.readings().capability[-1] == found.pretrained["capability"][3, -1]


def test_counts_are_over_all_runs():
    found = compare(SHORT, runs=20, seed=1)
    document = found.document()
    for arm in document["arms"].values():
        assert [sum(stage["counts"].values()) for stage in arm["stages"]] == [20] * len(arm["stages"])
    assert sum(sum(row.values()) for row in document["transitions"].values()) == 20
    assert document["difference"]["estimate"] == found.difference().estimate
    assert document["runs_needed"] == {"half_width": 0.01, "runs": found.runs_needed(0.01)}


def test_documents_of_diverged_runs_have_no_nan():
    with pytest.warns(RuntimeWarning, match="diverged"):
        ensemble = simulate(from_scratch(learning_rate=1e8, steps=200), runs=40, seed=1)
    stages = json.loads(ensemble.json(), parse_constant=pytest.fail)["stages"]
    assert stages[0]["diverged"] == ensemble["diverged"].sum() > 0


def test_quantiles_of_no_finite_value_are_null():
    assert set(spread(np.array([np.nan, np.inf])).values()) == {None}
    assert spread(np.array([1.0, np.nan]))["q50"] == 1.0


def test_a_summary_is_drawn_as_the_ensemble_is():
    ensemble, summary = simulate(SHORT, runs=300, seed=2), summarize(SHORT, runs=300, seed=2)
    for one, other in zip(ensemble.figure().axes, summary.figure().axes, strict=True):
        assert [bar.get_bbox().width for bar in one.patches] == [bar.get_bbox().width for bar in other.patches]  # pyright: ignore[reportAttributeAccessIssue] - bars
        assert one.get_title() == other.get_title()


def test_a_stage_may_have_the_name_of_a_tables_corner():
    text = str(simulate(SHORT.replace({"finetuning": {"name": "outcome"}}), runs=5))
    assert text.count("outcome") == 5  # the corners of two tables, and the stage in all three
