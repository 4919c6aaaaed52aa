"""The scenario of the overseer: its request and its report."""

from dataclasses import replace

import numpy as np
import pytest
from terminal import within_this_process

from feint.agents.errors import InputError
from feint.agents.outcome import LABELS, Outcome
from feint.scenarios.oversight.overseer_baselines import (
    HELPED,
    POPULATIONS,
    PRIOR,
    OverseerRequest,
    Row,
    options_of,
)
from feint.sim.environments.overseer_policies import BASELINES, Episodes
from feint.sim.environments.task import CHOICES
from feint.sim.statistics.intervals import frequency_interval

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


def episodes(outcome):
    """Return episodes that ended so; -1 was not deployed."""
    outcome = np.array(outcome)
    nothing = np.zeros(len(outcome))
    many = dict.fromkeys(("performance", "harm", "cost", "slices"), nothing)
    return Episodes(deployed=outcome >= 0, outcome=outcome, orders=np.zeros((len(CHOICES), max(CHOICES)), int), **many)


def test_shares_among_converged_runs_are_of_those_deployed_and_not_unconverged():
    row = Row.of(PRIOR, "planted", episodes([-1] * 10 + [Outcome.UNCONVERGED] * 20 + [Outcome.DECEPTIVE] * 6 + [1] * 4))
    assert row.outcomes["deceptive"] == frequency_interval(6, 40)
    assert row.outcomes_converged is not None
    assert row.outcomes_converged["deceptive"] == frequency_interval(6, 10)
    assert row.outcomes_converged["unconverged"].estimate == 0
    assert row.share_converged("deceptive") == "0.600"
    none = Row.of(PRIOR, "planted", episodes([-1] * 10 + [Outcome.UNCONVERGED] * 20))
    assert none.outcomes_converged is not None
    assert np.isnan(none.outcomes_converged["deceptive"].estimate)
    assert none.share_converged("deceptive") == ""


def test_the_table_has_the_shares_among_converged_runs_if_they_were_counted(overseen):
    assert "of converged" in overseen.text()
    old = replace(overseen, overseers=[replace(row, outcomes_converged=None) for row in overseen.overseers])
    assert "of converged\n" not in old.text()


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
