"""Scenarios with real networks: what they print, their documents and figures, with networks hardly trained."""

from pathlib import Path

import numpy as np
import pytest
from quick import hardly_train

from feint.agents.errors import InputError
from feint.scenarios.finetuning.revival import RevivalRequest
from feint.scenarios.finetuning.wrappers import WrappersRequest
from feint.scenarios.networks.battery import NetworksWrappers
from feint.scenarios.networks.transfer import NetworksTransfer
from feint.scenarios.regenerate import regenerate, report_of
from feint.scenarios.transfer.transfer import TransferRequest
from feint.sim.networks.seed_models import Measurement
from feint.sim.networks.transfer import FEW, MANY, Transfer
from feint.sim.results import figure_style

PUBLISHED = Path(__file__).parents[3] / "docs" / "schemas"
REQUESTS = {"wrappers": WrappersRequest, "revival": RevivalRequest, "transfer": TransferRequest}
SEEDS, WIDTHS = 3, (4, 8)


@pytest.fixture
def short(monkeypatch):
    hardly_train(monkeypatch)


def request_of(name):
    settings = {"widths": list(WIDTHS)} if name == "transfer" else {}
    return REQUESTS[name](runs=SEEDS, seed=2, networks=True, settings=settings)


def planted(beta=0.4, alpha=0.2, k=60.0):
    """Curves whose loss falls with the logarithm of the data, with the effective data of a law."""
    found = Transfer(loss={}, error={}, widths=(8, 16, 32, 64), seeds=4, seed=0)
    data = {"scratch": np.array(MANY, float), "near": np.array(FEW, float), "far": np.array(FEW, float)}
    worth = k * data["near"] ** alpha * (found.sizes[:, None] / 1000) ** beta
    effective = {
        "scratch": data["scratch"] * np.ones((4, 1)),
        "near": data["near"] + worth,
        "far": data["far"] * np.ones((4, 1)),
    }
    for arm, each in effective.items():
        among = np.interp(each, MANY, 0.7 - 0.06 * np.arange(len(MANY)))  # straight between the points of scratch
        found.error[arm] = found.loss[arm] = np.repeat(among[..., None], found.seeds, axis=-1)
    return found


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("name", REQUESTS)
def test_a_scenario_says_how_many_networks_there_are(name):
    """Its document, figure and passport are checked with all others."""
    found = request_of(name).run()
    assert f"{SEEDS} real networks each way, seed 2" in found.text()
    assert found.document()["seeds"] == SEEDS
    assert len(found.frame()) > SEEDS
    if name != "transfer":
        assert {"median", "lower_quartile", "least", "most", "unit"} < {*found.frame().columns}


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("name", REQUESTS)
def test_a_figure_is_made_again_from_its_passport(name, tmp_path):
    report = request_of(name).run()
    figure_style.save(report.figure(), tmp_path / "a.svg", report.passport())
    assert regenerate(tmp_path / "a.svg", threads=1).outcome == "same"


@pytest.mark.parametrize("name", REQUESTS)
def test_the_kind_of_an_earlier_version_names_the_command_that_draws_it(name):
    kind = "networks-transfer" if name == "transfer" else "networks"
    with pytest.raises(InputError, match=rf"{kind}' is of an earlier version.*: run feint scenario .*{name}.*\.$"):
        report_of({"kind": kind, "configuration": {}})


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("name", REQUESTS)
def test_threads_change_nothing(name):
    documents = [request_of(name).run(threads=threads).document() for threads in (1, 3)]
    assert documents[0] == documents[1]


@pytest.mark.parametrize("name", REQUESTS)
def test_settings_that_real_networks_do_not_have_are_refused(name):
    with pytest.raises(InputError, match="number 'modes' is not known"):
        REQUESTS[name](settings={"modes": 3}, networks=True).run()
    with pytest.raises(InputError, match="runs = 0 is not valid"):
        REQUESTS[name](runs=0, networks=True)


@pytest.mark.usefixtures("short")
def test_other_learning_rates_leave_out_the_bands_that_need_the_usual_ones():
    found = WrappersRequest(networks=True, runs=1, settings={"learning_rates": [1e-3]}).run()
    assert isinstance(found, NetworksWrappers)
    assert Measurement("probe", "pre-trained", "refuse", 1e-3) in found.battery.values
    assert [band.name for band in found.bands] == ["probe, raw input"]


def test_widths_that_are_none_are_refused():
    with pytest.raises(InputError, match=r"widths = \[8, 8\] are not valid: they must be different whole numbers"):
        TransferRequest(networks=True, settings={"widths": [8, 8]}).run()


def test_effective_data_and_the_law_are_those_that_were_planted():
    curves = planted()
    worth = 60 * np.array(FEW) ** 0.2 * (curves.sizes[:, None] / 1000) ** 0.4
    np.testing.assert_allclose(curves.effective("near"), worth, rtol=1e-6)
    np.testing.assert_allclose(curves.effective("far")[:, 1:], 0, atol=1e-6)
    found = NetworksTransfer.of(curves)
    (law,) = [law for law in found.laws if (law.arm, law.score) == ("near", "error")]
    assert law.k
    assert law.alpha
    assert law.beta
    assert law.alpha.estimate == pytest.approx(0.2, abs=1e-6)
    assert law.beta.estimate == pytest.approx(0.4, abs=1e-6)
    assert law.k.estimate == pytest.approx(60 / 1000**0.4, rel=1e-6)
    assert "none; it takes two seeds, and three points with a positive D_T" in found.text().replace("\n", " ")


@pytest.mark.usefixtures("short")
def test_one_seed_has_no_law_for_it_has_no_interval():
    found = TransferRequest(networks=True, runs=1, settings={"widths": [4]}).run()
    assert isinstance(found, NetworksTransfer)
    assert {law.fit for law in found.laws} == {None}
    assert [law.k for law in found.laws] == [None] * 4


def test_the_table_of_transfer_has_a_row_an_arm_width_and_amount():
    table = NetworksTransfer.of(planted(), TransferRequest(networks=True)).frame()
    assert len(table) == 4 * (len(MANY) + 2 * len(FEW))
    assert {"loss_median", "error_least", "error_upper_quartile"} < {*table.columns}
    assert table.attrs["configuration"] == {"networks": True}
