"""Reports of runs: JSON, text, table and passport agree with what was computed, and with the published schemas."""

import json
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from feint.scenarios.requests import report_of
from feint.sim.ensembles.comparison import CompareRequest, compare
from feint.sim.ensembles.ensemble import SimulateRequest, simulate, spread, summarize
from feint.sim.ensembles.importance_sampling import rare
from feint.sim.training.curriculum import from_scratch, pretrain_finetune
from feint.sim.training.parameters_report import ParametersRequest
from feint.sim.training.replay import ReplayRequest, replay

SCHEMAS = Path(__file__).parents[3] / "docs" / "schemas"
SHORT = pretrain_finetune({"steps": 40}, {"steps": 60})
MADE = {
    "compare": lambda: compare(SHORT, runs=20, seed=1),
    "simulate": lambda: simulate(SHORT, runs=20, seed=1, objectives=3),
    "summary": lambda: summarize(SHORT, runs=20, seed=1, start="internal"),
    "rare": lambda: rare(SHORT, "unconverged", tilt={"capability": -0.5}, runs=300, seed=1),
    "replay": lambda: replay(SHORT, run=3, seed=1, every=7),
    "parameters": lambda: ParametersRequest().run(),
}


@pytest.fixture(scope="module", params=MADE)
def named(request):
    return request.param, MADE[request.param]()


def test_a_document_satisfies_its_schema_and_nothing_else_does(named):
    name, report = named
    document = json.loads(report.json())
    schema = json.loads((SCHEMAS / f"{name}.schema.json").read_text())
    jsonschema.validate(document, schema)
    needed = schema["required"][0]
    for broken in ({**document, "extra": 1}, {k: v for k, v in document.items() if k != needed}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(broken, schema)


def test_a_report_has_one_line_for_a_prompt_and_tables_for_a_notebook(named):
    name, report = named
    assert type(report) is report_of(name)
    assert len(repr(report)) < 200
    assert repr(report).startswith(f"{type(report).__name__}(")
    assert str(report) == report.text()
    if name not in ("rare", "parameters"):
        assert report._repr_html_().count("<table>") >= 2


def test_the_passport_makes_the_same_report_again(named):
    _, report = named
    configuration = json.loads(json.dumps(report.passport()["configuration"]))
    again = type(report.request).from_configuration(configuration)
    assert again == report.request
    first, second = (json.loads(made.json()) for made in (report, again.run()))
    for document in (first, second):
        document.pop("timing", None)
    assert first == second


@pytest.mark.parametrize("match", ["target", "steps", "data"])
def test_a_passport_of_version_1_is_read(match):
    """It held the parameters of all stages as they were trained, in each arm."""
    found = compare(SHORT, runs=5, match=match, worth=7 if match == "data" else None)
    arms = {name: arm.curriculum.described() for name, arm in found.arms.items()}
    model = found.model.model_dump(mode="json")
    shared = {"seed": 0, "runs": 5, "start": "fresh", "match": match, "objectives": 2, "precision": "single"}
    old = CompareRequest.from_configuration({"model": model, **shared, "arms": arms, "confidence": 0.95})
    assert old.run().flow().tolist() == found.flow().tolist()
    assert {name: arm.curriculum for name, arm in old.run().arms.items()} == {
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
        ensemble = simulate(from_scratch(learning_rate=1e6, steps=200), runs=40, seed=1)
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
    assert text.count("outcome") == 3
