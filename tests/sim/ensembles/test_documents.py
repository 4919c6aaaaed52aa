"""The JSON documents agree with their published schemas."""

import json
from pathlib import Path

import jsonschema
import numpy as np
import planted
import pytest

from feint.sim.ensembles.comparison import compare
from feint.sim.ensembles.documents import (
    DOCUMENTS,
    RareDocument,
    compare_document,
    parameters_document,
    replay_document,
    schema_text,
    simulate_document,
    spread,
    summary_document,
)
from feint.sim.ensembles.ensemble import simulate
from feint.sim.ensembles.importance_sampling import document, rare
from feint.sim.ensembles.streaming_summary import summarize
from feint.sim.training.curriculum import from_scratch, pretrain_finetune
from feint.sim.training.replay import replay

SCHEMAS = Path(__file__).parents[3] / "docs" / "schemas"
SHORT = pretrain_finetune({"steps": 40}, {"steps": 60})


def made(name):
    """A document of each kind."""
    documents = {
        "compare": lambda: compare_document(compare(SHORT, runs=20, seed=1)),
        "simulate": lambda: simulate_document(simulate(SHORT, runs=20, seed=1)),
        "summary": lambda: summary_document(summarize(SHORT, runs=20, seed=1)),
        "rare": lambda: RareDocument.model_validate(
            document(rare(SHORT, "unconverged", tilt={"capability": -0.5}, runs=300, seed=1))
        ),
        "replay": lambda: replay_document(replay(SHORT, run=3, seed=1)),
        "parameters": parameters_document,
        **planted.documents(),
    }
    return documents[name]()


@pytest.mark.generated
@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_published_schema_is_the_one_that_the_code_means(name, rewrite):
    path = SCHEMAS / f"{name}.schema.json"
    if rewrite:
        path.write_text(schema_text(name) + "\n")
    assert path.read_text() == schema_text(name) + "\n"


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_satisfies_its_schema_and_nothing_else_does(name):
    document = json.loads(made(name).model_dump_json(by_alias=True))
    schema = json.loads((SCHEMAS / f"{name}.schema.json").read_text())
    jsonschema.validate(document, schema)
    needed = schema["required"][0]
    for broken in ({**document, "extra": 1}, {k: v for k, v in document.items() if k != needed}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(broken, schema)


def test_counts_are_over_all_runs():
    document = compare_document(compare(SHORT, runs=20, seed=1))
    for arm in (document.arms.from_scratch, document.arms.pretrain_finetune):
        for stage in arm.stages:
            assert sum(stage.counts.model_dump().values()) == 20
    assert sum(sum(row.model_dump().values()) for row in document.transitions.values()) == 20


def test_documents_of_diverged_runs_have_no_nan():
    with pytest.warns(RuntimeWarning, match="diverged"):
        ensemble = simulate(from_scratch(learning_rate=1e6, steps=200), runs=40, seed=1)
    text = simulate_document(ensemble).model_dump_json(by_alias=True)
    assert json.loads(text, parse_constant=pytest.fail)["stages"][0]["diverged"] == ensemble["diverged"].sum() > 0


def test_quantiles_of_no_finite_value_are_null():
    assert set(spread(np.array([np.nan, np.inf])).model_dump().values()) == {None}
    assert spread(np.array([1.0, np.nan])).q50 == 1.0
