"""What networks give to the scoreboard, read off measurements with known answers."""

import numpy as np
import pytest

from feint.scenarios.measurements import networks
from feint.scenarios.measurements.stand_ins import STAND_INS
from feint.scenarios.networks.battery import SEEDS
from feint.sim.networks.transfer import FEW, MANY, Transfer
from feint.sim.statistics.scaling_laws import TransferLaw

WIDTHS = (8, 16, 32)
LAW = TransferLaw(name="planted", k=40, alpha=0.3, beta=0.2)


@pytest.fixture(scope="module")
def planted():
    """Curves whose error falls in a straight line, that of the tuned arms at D_F + D_T of the law; all seeds alike."""
    few, many = np.array(FEW, float), np.array(MANY, float)
    shape = Transfer(loss={}, error={}, widths=WIDTHS, seeds=SEEDS, seed=0)
    scratch = np.array([1 - many / many[-1]] * len(WIDTHS))
    tuned = np.array([[1 - (d + LAW.transferred(d, n)) / many[-1] for d in few] for n in shape.sizes])
    error = {arm: np.repeat(each[..., None], SEEDS, 2) for arm, each in {"scratch": scratch, "near": tuned}.items()}
    error["far"] = 1.5 + 0 * error["near"]
    return Transfer(loss=error, error=error, widths=WIDTHS, seeds=SEEDS, seed=0)


def test_a_planted_law_is_found_again(planted):
    law = planted.law("near", "error")
    assert (law.k.estimate, law.alpha.estimate, law.beta.estimate) == pytest.approx((LAW.k, LAW.alpha, LAW.beta))


def test_an_arm_that_transfers_nothing_has_no_law(planted):
    assert planted.law("far", "error") is None


def test_stand_ins_are_filled_by_name_and_those_without_a_number_left_out(monkeypatch, planted):
    steps = {
        networks.BASELINE: np.full(SEEDS, 100.0),
        networks.RETRAINED["revival, near"]: np.full(SEEDS, 25.0),
        networks.RETRAINED["revival, far"]: np.full(SEEDS, np.inf),
    }
    monkeypatch.setattr(networks, "battery", lambda *_, **__: steps)
    monkeypatch.setattr(networks, "transfer", lambda *_, **__: planted)
    numbers = dict(networks.network_numbers(0))
    assert set(numbers) == {"revival, near", "alpha, near"} <= set(STAND_INS)
    assert numbers["revival, near"].estimate == pytest.approx(-2)
    assert numbers["alpha, near"].estimate == pytest.approx(0.3)
