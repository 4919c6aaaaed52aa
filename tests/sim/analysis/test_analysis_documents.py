"""The JSON documents of analyses satisfy their published schemas."""

import json

import jsonschema
import planted
import pytest

from feint.scenarios.requests import schema_text

DOCUMENTS = ("sensitivity", "regions", "share", "map")


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_satisfies_its_schema_and_nothing_else_does(name):
    document = planted.reports()[name]().document()
    schema = json.loads(schema_text(name))
    jsonschema.validate(document, schema)
    assert document["passport"]["kind"] == name
    assert document["passport"]["configuration"]["study"]["vary"].keys() == planted.THREE.keys()
    needed = schema["required"][0]
    for broken in ({**document, "extra": 1}, {k: v for k, v in document.items() if k != needed}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(broken, schema)
