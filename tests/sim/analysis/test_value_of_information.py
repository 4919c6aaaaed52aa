"""Value of information on planted draws, where what a measurement decides is known."""

from typing import Any

import numpy as np
import pytest

from feint.sim.analysis.value_of_information import expected_change, value_of_information

DRAWS = 800


@pytest.fixture
def draws():
    rng = np.random.default_rng(0)
    cause = rng.random(DRAWS)
    return {"cause": cause, "holds": cause > 0.5, "else": rng.random(DRAWS)}


def test_what_tells_everything_moves_a_half_by_a_half(draws):
    change, settled = expected_change(draws["holds"].astype(float), draws["cause"], 0.01, np.random.default_rng(1))
    assert change == pytest.approx(0.5, abs=0.03)
    assert settled > 0.9


def test_what_tells_nothing_moves_only_what_chance_does(draws):
    (nothing,) = value_of_information(draws["holds"], {"else": draws["else"]}, {"else": 0.1}, {"else": "%"})
    assert nothing.change < 0.02
    assert nothing.settled < 0.02


def test_noise_makes_a_measurement_worth_less(draws):
    noises = {"sharp": 0.05, "blunt": 0.5, "useless": 20.0}
    outputs: dict[str, Any] = dict.fromkeys(noises, draws["cause"])
    ranked = value_of_information(draws["holds"], outputs, noises, dict.fromkeys(noises, "%"))
    assert [candidate.name for candidate in ranked] == ["sharp", "blunt", "useless"]
    assert ranked[0].change > 0.4 > ranked[1].change > ranked[2].change


def test_weights_count(draws):
    weights = (draws["cause"] > 0.6).astype(float)
    change, _ = expected_change(draws["holds"].astype(float), draws["cause"], 0.01, np.random.default_rng(1), weights)
    assert change == pytest.approx(0, abs=1e-9)


def test_draws_without_a_number_are_left_out(draws):
    output = np.where(draws["else"] < 0.3, np.nan, draws["cause"])
    (candidate,) = value_of_information(draws["holds"], {"cause": output}, {"cause": 0.01}, {"cause": "%"})
    assert candidate.change > 0.4
    assert (
        value_of_information(draws["holds"], {"cause": np.full(DRAWS, np.nan)}, {"cause": 0.01}, {"cause": "%"}) == []
    )
