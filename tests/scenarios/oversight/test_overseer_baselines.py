"""The scenario of the overseer: what is asked of it, and what it gives."""

import json

import pytest
from jsonschema import validate

from feint.agents.errors import InputError
from feint.agents.outcome import LABELS
from feint.scenarios.experiments import Asked
from feint.scenarios.oversight.overseer_baselines import HELPED, POPULATIONS, PRIOR, options_of, overseen, run
from feint.scenarios.schemas import schema_text
from feint.sim.environments.baseline_overseers import BASELINES

SMALL = {"slice_steps": 25, "slices": 8}


@pytest.fixture(scope="module")
def found():
    return run(Asked(settings=SMALL, runs=60, seed=2))


def test_every_overseer_meets_every_population(found):
    assert [(row.population, row.overseer) for row in found.rows] == [(p, o) for p in POPULATIONS for o in BASELINES]
    assert all(len(row.played.returns) == 60 for row in found.rows)


def test_the_document_is_as_its_schema_says_and_adds_up(found):
    document = found.document().model_dump(mode="json", by_alias=True)
    validate(document, json.loads(schema_text("overseer")))
    for each in document["overseers"]:
        assert sum(each["outcomes"][label]["estimate"] for label in LABELS) == pytest.approx(
            each["deployed"]["estimate"]
        )
        assert each["value"]["estimate"] == pytest.approx(each["performance"] - each["harm"] - each["cost"])


def test_the_text_fits_a_terminal_and_names_all(found):
    text = found.text()
    assert max(map(len, text.splitlines())) <= 80
    assert all(text.count(name) >= len(POPULATIONS) for name in BASELINES)


def test_the_figure_has_a_row_of_panels_a_population(found):
    assert len(found.figure().axes) == 2 * len(POPULATIONS)


def test_settings_hold_on_both_populations_and_move_their_points():
    options = options_of({"slices": 5, "gate_init": -1.0})
    assert [options[name]["slices"] for name in POPULATIONS] == [5, 5]
    assert [options[name]["settings"]["gate_init"] for name in (PRIOR, HELPED)] == [-1.0, -1.0]
    assert options[HELPED]["settings"]["similarity"] == 0.9
    assert "gate_init" not in POPULATIONS[PRIOR].get("settings", {})


def test_seeds_are_other_runs(found):
    other = overseen(options_of(SMALL), runs=60, seed=3)
    assert other.row(PRIOR, "from scratch").value != found.row(PRIOR, "from scratch").value


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (Asked(networks=True), "networks = True is not allowed with scenario 'overseer'"),
        (Asked(runs=0), "runs = 0"),
        (Asked(settings={"slicess": 3}), "did you mean"),
        (Asked(settings={"harm_proxy": -1.0}), "harm_proxy = -1.0 is not valid for a task"),
    ],
)
def test_what_is_not_valid_is_refused_in_a_sentence(asked, says):
    with pytest.raises(InputError) as refused:
        run(asked)
    assert says in str(refused.value)
