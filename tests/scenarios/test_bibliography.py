"""The bibliography has every source that a parameter, a claim, a mechanism or a world view names."""

import re

from feint.agents.model import Model
from feint.scenarios.argument.premises import MECHANISMS
from feint.scenarios.bibliography import SOURCES
from feint.scenarios.claims.registry import FAMILIES, claims
from feint.sim.training.stage import Stage

CITATION = re.compile(r'(\w+)(?: et al\.)?(?:, "([^"]+)")? \((\d{4})\)')
"""An author, a title in most citations, and a year."""


def test_a_source_that_a_parameter_names_has_an_entry():
    cited = {
        citation
        for declared in (*Model.parameters().values(), *Stage.parameters().values())
        for citation in CITATION.findall(declared.source)
    }
    assert len(cited) >= 5
    for author, title, year in cited:
        entries = [entry for entry in SOURCES.values() if author in entry.author and str(entry.year) == year]
        assert entries, (author, year)
        assert any(title in ("", entry.title) for entry in entries), title


def test_claims_and_mechanisms_cite_entries():
    cited = [claim.source for family in FAMILIES for claim in claims(family).values()]
    keys = {key for mechanism in MECHANISMS.values() for key in (*mechanism.sources, *mechanism.disputed_by)}
    assert keys | {source.key for source in cited} <= SOURCES.keys()
    assert all(SOURCES[source.key] is source for source in cited)
