"""The documents of scenarios beside those of `sim`; `docs/schemas` holds their published schemas."""

from __future__ import annotations

import json

from feint.agents.errors import unknown
from feint.scenarios.requests import DOCUMENTS, loaded
from feint.sim.results.part import Part
from feint.sim.results.report import DIALECT, schema

SCHEMAS: dict[str, type[Part]] = {
}


def schema_text(name: str) -> str:
    """Return the published JSON schema of a document; raises `InputError` if it is not known."""
    if name in DOCUMENTS:
        return schema(loaded(DOCUMENTS[name]))
    if name not in SCHEMAS:
        raise unknown("document", name, {**DOCUMENTS, **SCHEMAS})
    document = {"$schema": DIALECT} | SCHEMAS[name].model_json_schema(by_alias=True)
    return json.dumps(document, indent=2, ensure_ascii=False)
