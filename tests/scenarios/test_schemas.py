"""The JSON documents of scenarios have published schemas, which are what the code means."""

from pathlib import Path

import pytest

from feint.scenarios.requests import DOCUMENTS as REPORTS
from feint.scenarios.schemas import SCHEMAS, schema_text
from feint.sim.ensembles.documents import DOCUMENTS

PUBLISHED = Path(__file__).parents[2] / "docs" / "schemas"


@pytest.mark.generated
@pytest.mark.parametrize("name", [*SCHEMAS, *REPORTS])
def test_the_published_schema_of_a_scenario_is_the_one_that_the_code_means(name, rewrite):
    path = PUBLISHED / f"{name}.schema.json"
    if rewrite:
        path.write_text(schema_text(name) + "\n")
    assert path.read_text() == schema_text(name) + "\n"


def test_no_document_of_a_scenario_takes_the_name_of_another():
    assert not SCHEMAS.keys() & DOCUMENTS.keys()
    assert not REPORTS.keys() & (SCHEMAS.keys() | DOCUMENTS.keys())
