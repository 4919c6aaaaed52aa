"""Claims of one's own: what a file says, and what is refused in one sentence."""

from pathlib import Path

import pytest

from feint.agents.errors import InputError
from feint.scenarios.argument.argue import ArgueRequest, Size
from feint.scenarios.argument.power import PowerRequest
from feint.scenarios.argument.worldviews import WorldviewsRequest
from feint.scenarios.claims.registry import claims, select_claims
from feint.sim.analysis.claim_files import claim_of, load_claim
from feint.sim.analysis.claims import UNPUBLISHED, at_least, at_most, rises
from feint.sim.analysis.contrasts import trend
from feint.sim.analysis.estimands import difference, frequency
from feint.sim.ensembles.protocols import pretrained, scratch

EXAMPLE = Path(__file__).parents[3] / "examples" / "claim.toml"
SMALL = Size(runs=60, draws=4, draw_runs=4, draw_most=4, form_draws=0, searches=1, search_runs=400, confirming=20)
PLUS = {"name": "a", "plus": {}, "minus": {"arm": "from_scratch"}}


def tables(**more):
    return {"name": "mine", "statement": "It rises.", "part": [PLUS], **more}


def with_part(**changes):
    return tables(part=[{name: value for name, value in {**PLUS, **changes}.items() if value is not None}])


ALONE = {"plus": None, "minus": None}


def test_a_file_declares_what_it_says():
    claim = load_claim(EXAMPLE)
    assert (claim.name, claim.source, claim.effect.name) == ("honeypots-help", UNPUBLISHED, "fewer")
    assert claim.title != claim.statement
    assert claim.effect.estimand == difference(
        "deception avoided by honeypots in a tenth of the episodes", pretrained(), pretrained(finetuning__honeypots=0.1)
    )
    assert claim.effect.rule == rises(0.02)
    assert [part.tested for part in claim.parts] == [True, False]


def test_each_shape_of_a_part_is_an_estimand():
    of, levels = {"arm": "from_scratch", "finetuning.steps": 50}, [0.1, 0.5, 0.9]
    claim = claim_of(
        tables(
            part=[
                {"words": "w", "of": of, "outcome": "internal", "rule": {"at_least": [0.5, 0.4]}},
                {"words": "w", "parameter": "similarity", "values": levels, "of": {"start": "internal"}},
                {"words": "w", "of": {"finetuning": {"carry": ["goal"]}}, "rule": {"at_most": [0.1, 0.1]}},
            ]
        )
    )
    assert [part.name for part in claim.parts] == ["part-1", "part-2", "part-3"]
    assert [part.estimand for part in claim.parts] == [
        frequency("w", scratch(finetuning__steps=50), "internal"),
        trend("w", [pretrained(start="internal", similarity=level) for level in levels]),
        frequency("w", pretrained(finetuning__carry=("goal",))),
    ]
    assert [part.rule for part in claim.parts] == [at_least(0.5, 0.4), rises(), at_most(0.1, 0.1)]


def test_the_effect_that_is_reported_is_that_of_a_tested_part():
    claim = claim_of(tables(part=[{**PLUS, "tested": False}, {**PLUS, "name": "b"}]))
    assert claim.effect.name == "b"


def test_a_source_is_cited_by_author_and_year():
    claim = claim_of(tables(source={"author": "A", "title": "T", "year": 2025}, section="2"))
    assert (claim.source.author, claim.source.year, claim.section) == ("A", 2025, "2")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({}, 'the claim has no name: give it one, as in name = "…".'),
        ({"name": "mine"}, 'the claim has no statement: give it one, as in statement = "…".'),
        (tables(name=3), "name = 3 is not text: write it in quotes."),
        (tables(name="a b"), "name = 'a b' is not valid for a claim: it must begin with a letter, and be of letters"),
        (tables(nam="a"), "entry of a claim 'nam' is not known: did you mean 'name'?"),
        (tables(any_part="yes"), "any_part = 'yes' is not true or false."),
        (tables(part=[]), "part = [] leaves nothing to test: begin a part with [[part]]"),
        (tables(part=[3]), "part = 3 is not a table: begin each part with [[part]]."),
        (with_part(tested=False), "part = [] leaves nothing to test"),
        (tables(part=[PLUS, PLUS]), "part 'a': name = 'a' is used by two parts: each part needs a name of its own."),
        (with_part(outcome="deceptiv"), "part 'a': outcome 'deceptiv' is not known: did you mean 'deceptive'?"),
        (
            with_part(minus=None),
            "part 'a': plus is given: a part needs plus and minus (a difference), of (a frequency)",
        ),
        (with_part(**ALONE), "part 'a': nothing is given: a part needs plus and minus"),
        (with_part(**ALONE, of={}), "part 'a': rule is missing: say how often it must be, as in rule = { at_least"),
        (
            with_part(minus={"similarty": 0.9}),
            "part 'a': minus: model parameter 'similarty' is not known: did you mean",
        ),
        (with_part(minus={"similarity": 3}), "part 'a': minus: similarity = 3 is not valid for a model: it must be"),
        (
            with_part(minus={"pretraining.stps": 3}),
            "part 'a': minus: stage 'pretraining': stage parameter 'stps' is not",
        ),
        (
            with_part(minus={"arm": "scratch"}),
            "part 'a': minus.arm 'scratch' is not known: did you mean 'from_scratch'?",
        ),
        (
            with_part(minus={"start": "honest"}),
            "part 'a': minus: start 'honest' is not known: known are fresh, internal",
        ),
        (
            with_part(rule={}),
            "part 'a': rule = {} is not one rule: give one of rises, no_fall, within, apart, at_least",
        ),
        (with_part(rule={"rise": 1}), "part 'a': rule 'rise' is not known: did you mean 'rises'?"),
        (with_part(rule={"rises": -1}), "part 'a': rule.rises = -1 is not valid: it must be a number above 0"),
        (with_part(rule={"at_least": 0.5}), "part 'a': rule.at_least = 0.5 is not two numbers: from where it holds"),
        (with_part(rule={"at_least": [0.1, 0.2]}), "part 'a': rule.at_least = [0.1, 0.2] overlaps itself: the first"),
        (with_part(**ALONE, parameter="similarity", values=[0.5]), "part 'a': values = [0.5] is no trend: give two"),
        (tables(source={"author": "A"}), "source has no title: give author, title and year, or leave source out."),
        (tables(source={"author": 3}), "source.author = 3 is not text: write it in quotes."),
    ],
)
def test_what_is_not_a_claim_is_refused_in_one_sentence(content, said):
    with pytest.raises(InputError) as caught:
        claim_of(content)
    assert str(caught.value).startswith(said)


def test_a_bad_file_is_named_and_ends_with_code_2(feint, tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text('name = "mine"\nstatement = "It rises."\n[[part]]\nplus = {}\nminus = { similarity = 3 }\n')
    ended = feint("argue", "--claim", file)
    assert ended.code == 2
    assert f"{file}: part 'part-1': minus: similarity = 3 is not valid for a model" in ended.err
    ended = feint("argue", "--claim", tmp_path / "none.toml")
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert "the file cannot be read" in ended.err


def test_a_claim_of_ones_own_has_a_name_of_its_own():
    with pytest.raises(InputError, match="name = 'headline' is that of a registered claim: give your own another"):
        ArgueRequest(claim=(claim_of(tables(name="headline")),))
    with pytest.raises(InputError, match="name = 'mine' is that of two claims: give each a name of its own"):
        select_claims([claim_of(tables()), claim_of(tables(statement="It falls."))])
    assert select_claims([claims()["headline"]])[0].number == 1


def test_a_claim_of_ones_own_has_verdict_shares_crux_and_flip():
    """Beside a registered one, in the words and the document of which nothing changes."""
    request = ArgueRequest(claim=(str(EXAMPLE), "relearning"), size=SMALL, seed=1)
    argued = request.run(threads=1)
    own, registered = argued.claims
    assert (own.name, own.number, own.source) == ("honeypots-help", 1, None)
    assert registered.source is not None
    assert set(own.prior) == {"holds", "reversed", "neither"}
    assert own.crux.without
    assert [flip.searches for flip in own.nearest_flips] in ([1], [1, 1])
    assert f"  {load_claim(EXAMPLE).statement.split(',')[0]}" in own.text(argued.robustness)
    assert argued.document()["claims"][0]["source"] is None
    again = ArgueRequest.from_configuration(argued.passport()["configuration"])
    assert again == request
    assert again.run(threads=1).json() == argued.json()


def test_power_and_world_views_take_a_claim_of_ones_own():
    power = PowerRequest(claim=str(EXAMPLE), pilot=40, trials=5, seed=1)
    assert power.run(threads=1).claim == "honeypots-help"  # pyright: ignore[reportAttributeAccessIssue]
    assert PowerRequest.from_configuration(power.configuration()) == power
    matrix = WorldviewsRequest(view=("xu-2021",), claim=(str(EXAMPLE),), runs=20).run(threads=1)
    assert [cell.claim for cell in matrix.cells] == ["honeypots-help"] * 2


def test_of_a_claim_declared_in_python_a_passport_holds_the_name_alone():
    own = claim_of(tables())
    bare = type(own)(name=own.name, statement=own.statement, parts=own.parts)
    configuration = ArgueRequest(claim=(bare,)).configuration()
    assert configuration["claim"] == ["mine"]
    with pytest.raises(InputError, match="claim 'mine'"):
        ArgueRequest.from_configuration(configuration)
