"""Experiments with real networks: what they print, their documents and figures, with networks hardly trained."""

import json
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from feint.agents.errors import InputError
from feint.scenarios.experiments import Asked
from feint.scenarios.networks import revival as networks_revival
from feint.scenarios.networks import transfer as networks_transfer
from feint.scenarios.networks import wrappers as networks_wrappers
from feint.sim.networks import model_cache as lineage
from feint.sim.networks import seed_models as subject
from feint.sim.networks import transfer
from feint.sim.networks.measurement_key import Finding
from feint.sim.networks.transfer import FEW, MANY, Transfer

PUBLISHED = Path(__file__).parents[2] / "docs" / "schemas"
EXPERIMENTS = {"wrappers": networks_wrappers, "revival": networks_revival, "transfer": networks_transfer}
SEEDS, WIDTHS = 3, (4, 8)


@pytest.fixture
def short(monkeypatch):
    """Training that takes next to no time, of which nothing is learnt."""
    monkeypatch.setattr(subject, "SCHEDULE", ((20, 1e-3),))
    monkeypatch.setattr(subject, "FINETUNING", 10)
    monkeypatch.setattr(subject, "LONGEST", 20)
    monkeypatch.setattr(lineage, "PLATEAU", 10)
    monkeypatch.setattr(transfer, "LOOKS", (2, 5))


def asked(name, **more):
    settings = {"widths": list(WIDTHS)} if name == "transfer" else {}
    return Asked(runs=SEEDS, seed=2, networks=True, settings=settings, **more)


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
@pytest.mark.parametrize("name", EXPERIMENTS)
def test_an_experiment_prints_within_80_columns_and_has_document_figure_and_passport(name, tmp_path):
    told = []
    found = EXPERIMENTS[name].run(asked(name, progress=told.append))
    assert sum(told) == pytest.approx(1)
    text = found.text()
    assert max(map(len, text.split("\n"))) <= 80, text
    assert f"{SEEDS} real networks each way, seed 2" in text
    document = found.document().model_dump(mode="json", by_alias=True)
    jsonschema.validate(document, json.loads((PUBLISHED / f"networks-{name}.schema.json").read_text()))
    assert document["seeds"] == SEEDS
    found.figure().savefig(tmp_path / "drawn.svg")
    assert found.passport()["configuration"]["seed"] == 2


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("name", EXPERIMENTS)
def test_threads_change_nothing(name):
    documents = [EXPERIMENTS[name].run(asked(name, threads=threads)).document() for threads in (1, 3)]
    assert documents[0] == documents[1]


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_settings_that_real_networks_do_not_have_are_refused(name):
    with pytest.raises(InputError, match="number 'modes' is not known"):
        EXPERIMENTS[name].run(Asked(settings={"modes": 3}))
    with pytest.raises(InputError, match="seeds = 0 is not valid"):
        EXPERIMENTS[name].run(Asked(runs=0))


@pytest.mark.usefixtures("short")
def test_other_learning_rates_leave_out_the_bands_that_need_the_usual_ones():
    found = networks_wrappers.run(Asked(runs=1, settings={"learning_rates": [1e-3]}))
    assert Finding("probe", "pre-trained", "refuse", 1e-3) in found.battery.values
    assert [band.name for band in found.document().bands] == ["probe, raw input"]


def test_widths_that_are_none_are_refused():
    with pytest.raises(InputError, match=r"widths = \[8, 8\] are not valid: they must be different whole numbers"):
        networks_transfer.run(Asked(settings={"widths": [8, 8]}))


def test_effective_data_and_the_law_are_those_that_were_planted():
    found = networks_transfer.Transferred(found=planted())
    worth = 60 * np.array(FEW) ** 0.2 * (found.found.sizes[:, None] / 1000) ** 0.4
    np.testing.assert_allclose(found.found.effective("near"), worth, rtol=1e-6)
    np.testing.assert_allclose(found.found.effective("far")[:, 1:], 0, atol=1e-6)
    law = found.laws["near", "error"]
    assert law is not None
    assert law.beta is not None
    assert law.alpha.estimate == pytest.approx(0.2, abs=1e-6)
    assert law.beta.estimate == pytest.approx(0.4, abs=1e-6)
    assert law.k.estimate == pytest.approx(60 / 1000**0.4, rel=1e-6)
    assert "none; it takes two seeds, and three points with a positive D_T" in found.text().replace("\n", " ")


@pytest.mark.usefixtures("short")
def test_one_seed_has_no_law_for_it_has_no_interval():
    found = networks_transfer.run(Asked(runs=1, settings={"widths": [4]}))
    assert set(found.laws.values()) == {None}
    assert [law.k for law in found.document().laws] == [None] * 4


def test_the_table_of_transfer_has_a_row_an_arm_width_and_amount():
    table = planted().frame()
    assert len(table) == 4 * (len(MANY) + 2 * len(FEW))
    assert table.attrs["kind"] == "networks-transfer"
