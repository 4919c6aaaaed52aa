"""`feint fit`: what is held to the model, what a stopped fit finds again, and what is said of wrong input."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from feint.agents.errors import InputError
from feint.scenarios.measurements.fit import FitRequest, unusual
from feint.scenarios.measurements.fit_report import ParameterRange
from feint.scenarios.measurements.prior_outputs import Simulations
from feint.sim.analysis.history_matching import Targets
from feint.sim.analysis.posterior import Data
from feint.sim.training.parameter_point import Point

ROWS = str(Path(__file__).parents[3] / "examples" / "measurements.csv")
SMALL: dict[str, Any] = {"draws": 64, "runs": 10, "seed": 1}


@pytest.fixture(scope="module")
def matched(tmp_path_factory):
    """A small history match, and the folder that keeps its draws."""
    folder = tmp_path_factory.mktemp("fit") / "draws"
    return FitRequest(file=ROWS, history=True, out=str(folder), **SMALL).run(), folder


def test_a_history_match_says_what_each_row_leaves(matched):
    fit, _ = matched
    assert fit.text().startswith(f"{ROWS}: history match")
    assert [row.name for row in fit.history.rows][:1] == ["faking after RL"]
    assert len(fit.history.rows) == 3  # the fourth is held out
    assert all(0 <= share <= 1 for line in fit.history.pairs for share in line)


def test_a_stopped_fit_goes_on(matched, monkeypatch):
    fit, folder = matched
    assert json.loads((folder / "manifest.json").read_text())["passport"]["kind"] == "fit"
    monkeypatch.setattr(Simulations, "at", lambda *_: pytest.fail("a draw was simulated again"))
    again = FitRequest(file=ROWS, history=True, out=str(folder), **SMALL).run()
    assert again.document() == fit.document()


def test_a_folder_of_another_fit_is_refused(matched):
    _, folder = matched
    with pytest.raises(InputError, match="holds another study: seed is 1 there and 2 here"):
        FitRequest(file=ROWS, history=True, out=str(folder), **{**SMALL, "seed": 2}).run()


def test_results_do_not_depend_on_threads_or_the_folder(matched):
    fit, _ = matched
    assert FitRequest(file=ROWS, history=True, **SMALL).run(threads=2).document() == fit.document()


def test_draws_are_the_first_of_a_longer_sequence():
    simulations = Simulations(point=Point(), stand_ins=(), runs=10, seed=0)
    assert np.array_equal(simulations.units(20), simulations.units(64)[:20])


def test_a_law_cannot_be_fitted(tmp_path):
    path = tmp_path / "laws.csv"
    path.write_text('name,stand_in,value,error\nalpha,"alpha, far",0.18,0.02\n')
    with pytest.raises(InputError, match="row 'alpha': use = 'fit' is not possible: write hold out or show"):
        FitRequest(file=str(path), history=True, **SMALL).run()


def test_a_history_match_has_no_posterior(matched, tmp_path):
    fit, _ = matched
    with pytest.raises(InputError, match="history = True gives no posterior"):
        fit.write_posterior(tmp_path / "a.parquet")
    assert len(fit.drawings()) == 1
    with pytest.raises(InputError, match="a fit without a posterior has no corner plot"):
        fit.save_corner(tmp_path / "corner.svg")
    with pytest.raises(InputError, match="a fit whose data say nothing about any premise has no ranges"):
        fit.save_ranges(tmp_path / "ranges.svg")


def test_ranges_are_drawn_beside_the_prior(matched):
    units = np.random.default_rng(0).random((400, 2)) * (0.5, 1.0)
    ends = {"prior_low": 0.0, "prior_high": 1.0, "learnt": True}
    told = ParameterRange(name="told", low=0.02, middle=0.2, high=0.5, distance=0.5, **ends)
    silent = ParameterRange(name="silent", low=0.05, middle=0.5, high=0.95, distance=0.04, **ends)
    fit = replace(matched[0], parameters=[told, silent], units=units)
    (axes,) = fit.ranges().axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["told"]
    assert [text.get_text() for text in axes.texts] == ["0.2 [0.02, 0.5]"]
    assert axes.lines[0].get_xdata()[0] == pytest.approx(np.median(units[:, 0]))
    assert len(fit.drawings()) == 3


def test_rows_that_the_prior_does_not_give_are_unusual():
    rng = np.random.default_rng(0)
    outputs = rng.random((500, 2))
    targets = {"measures": np.array([0, 1]), "error": np.full(2, 0.05), "discrepancy": np.full(2, 0.05)}
    shares = [
        unusual(Data.of(Targets(names=("a", "b"), value=np.array(value), **targets), ("x", "y"), 0.5), outputs, 0)
        for value in ((0.5, 0.5), (2.0, 0.5))
    ]
    assert shares[0] < 0.2
    assert shares[1] == 1.0


@pytest.mark.slow
def test_the_posterior_is_a_table_of_weighted_draws(tmp_path):
    pytest.importorskip("sbi", reason="the extra fit is not installed")
    request = FitRequest(file=ROWS, draws=256, runs=10, after=32, networks=1, seed=1)
    early = []
    fit = request.run(show=early.append)
    assert [text.startswith(f"{ROWS}: history match") for text in early] == [True]
    path = tmp_path / "posterior.parquet"
    fit.write_posterior(path)
    table = pd.read_parquet(path)
    assert {"point", "similarity", "finetuning.noise", "weight"} <= set(table.columns)
    assert table["weight"].sum() == pytest.approx(1)
    assert json.loads(pq.read_schema(path).metadata[b"passport"]) == fit.passport()
    assert [row.use for row in fit.rows_predicted] == ["hold out", "fit", "fit", "fit"]
    assert {source.source for source in fit.sources} == {
        "greenblatt2024alignment",
        "qi2024safety",
        "jain2024mechanistically",
    }
    assert len(fit.candidates) >= 10
    assert "Held-out rows, predicted before they are shown" in fit.text()
    assert all(len(line) <= 80 for line in fit.text().splitlines() if ROWS not in line)
    assert len(fit.drawings()) == 3
    assert [figure() for figure in fit.drawings()]
    fit.save_corner(tmp_path / "corner.svg")
    assert (tmp_path / "corner.svg").stat().st_size > 0
    assert fit.document() == FitRequest.from_configuration(fit.passport()["configuration"]).run().document()


@pytest.mark.slow
def test_without_fitted_rows_the_posterior_is_the_prior(tmp_path):
    pytest.importorskip("sbi", reason="the extra fit is not installed")
    path = tmp_path / "none.csv"
    path.write_text("name,stand_in,value,error,use\na,faking after,78.4,3.1,hold out\n")
    fit = FitRequest(file=str(path), draws=256, runs=10, after=32, seed=1).run()
    assert fit.calibration is None
    assert fit.history.left == 1.0
    assert max(parameter.distance for parameter in fit.parameters) == 0.0
    assert "the posterior is the prior" in fit.text()
