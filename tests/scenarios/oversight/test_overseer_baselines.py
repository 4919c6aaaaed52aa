"""The scenario of the overseer: its request and its report."""

import pytest
from terminal import within_this_process

from feint.agents.errors import InputError
from feint.agents.outcome import LABELS
from feint.scenarios.oversight.overseer_baselines import (
    HELPED,
    POPULATIONS,
    PRIOR,
    OverseerRequest,
    options_of,
)
from feint.sim.environments.overseer_policies import BASELINES

SMALL = {"slice_steps": 25, "slices": 8}


@pytest.fixture(scope="module")
def overseen():
    return OverseerRequest(settings=SMALL, runs=60, seed=2).run()


def test_every_overseer_meets_every_population(overseen):
    assert [(row.population, row.overseer) for row in overseen.overseers] == [
        (p, o) for p in POPULATIONS for o in BASELINES
    ]
    assert all(len(row.played.returns) == 60 for row in overseen.overseers)


def test_the_document_adds_up(overseen):
    document = overseen.document()
    for row in document["overseers"]:
        shares = [row["outcomes"][label]["estimate"] for label in LABELS]
        assert sum(shares) == pytest.approx(row["deployed"]["estimate"])
        assert row["value"]["estimate"] == pytest.approx(row["performance"] - row["harm"] - row["cost"])


def test_the_text_names_every_overseer(overseen):
    text = overseen.text()
    assert all(text.count(name) >= len(POPULATIONS) for name in BASELINES)


def test_the_figure_has_a_row_of_panels_a_population(overseen):
    assert len(overseen.figure().axes) == 2 * len(POPULATIONS)


def test_settings_hold_on_both_populations_and_move_their_points():
    options = options_of({"slices": 5, "gate_init": -1.0})
    assert [options[name]["slices"] for name in POPULATIONS] == [5, 5]
    assert [options[name]["settings"]["gate_init"] for name in (PRIOR, HELPED)] == [-1.0, -1.0]
    assert options[HELPED]["settings"]["similarity"] == 0.9
    assert "gate_init" not in POPULATIONS[PRIOR].get("settings", {})


def test_seeds_are_other_runs(overseen):
    other = OverseerRequest(settings=SMALL, runs=60, seed=3).run()
    assert other.row(PRIOR, "from scratch").value != overseen.row(PRIOR, "from scratch").value


@pytest.mark.parametrize(
    ("request_of", "message"),
    [
        ({"runs": 0}, "runs = 0"),
        ({"settings": {"slicess": 3}}, "did you mean"),
        ({"settings": {"harm_proxy": -1.0}}, "harm_proxy = -1.0 is not valid for a task"),
    ],
)
def test_what_is_not_valid_is_refused_in_a_sentence(request_of, message):
    with pytest.raises(InputError) as refused:
        OverseerRequest(**request_of).run()
    assert message in str(refused.value)


@pytest.mark.parametrize("option", [("--networks",), ("--threads", 2)])
def test_options_that_the_scenario_does_not_have_are_refused(monkeypatch, capsys, option):
    feint = within_this_process(monkeypatch, capsys)
    refusal = feint("scenario", "overseer", *option).refusal
    assert refusal == f"No such option: {option[0]}; `feint scenario overseer --help` lists arguments and options."
