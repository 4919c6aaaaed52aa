"""The manual's glossary: terms in order, each once, and every outcome and verdict among them."""

import re
from pathlib import Path

from feint.agents.outcome import LABELS
from feint.sim.analysis.claims import Verdict

PAGE = Path(__file__).parents[1] / "docs" / "glossary.md"
TERMS = re.findall(r"^\| \[([^]]+)\]\{#[\w-]+\} \| [^|]+\. \| \[[^]]+\]\([^)]+\) \|$", PAGE.read_text(), re.MULTILINE)


def test_every_row_has_a_term_a_sentence_and_a_page():
    assert len(TERMS) == PAGE.read_text().count("\n| [") > 100


def test_terms_are_in_alphabetical_order_and_differ():
    keys = [re.sub(r"[^a-z ]", "", term.lower()) for term in TERMS]
    assert keys == sorted(set(keys))


def test_every_outcome_and_verdict_is_explained():
    assert {*LABELS, *(verdict.value for verdict in Verdict)} <= set(TERMS)
