"""Every JSON document has a published schema, which is what the code means."""

import json
from pathlib import Path

import pytest

from feint.scenarios.requests import DOCUMENTS, schema_text

PUBLISHED = Path(__file__).parents[2] / "docs" / "schemas"


def test_a_schema_says_how_large_a_seed_may_be():
    seed = json.loads(schema_text("compare"))["properties"]["seed"]
    assert seed["type"] == "integer"
    assert "above 2^53" in seed["description"]


@pytest.mark.generated
@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_published_schema_is_the_one_that_the_code_means(name, rewrite):
    path = PUBLISHED / f"{name}.schema.json"
    if rewrite:
        path.write_text(schema_text(name) + "\n")
    assert path.read_text() == schema_text(name) + "\n"
