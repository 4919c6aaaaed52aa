"""The nearest flip is found where it is known, and confirmed on runs that the search has not seen."""

import numpy as np
import pytest

from feint.scenarios.claims import pretraining_vs_scratch as headline
from feint.sim.analysis.prior_shares import FRESH, FlipSearch, factors_at, prior_draws
from feint.sim.ensembles.paired_runs import run_paired
from feint.sim.statistics.intervals import student
from feint.sim.training.parameter_point import Point

POINT = Point()
HEADLINE = headline.CLAIM
QUANTITY = HEADLINE.effect.estimand


@pytest.fixture
def planted(monkeypatch):
    """Runs whose mean is 0.3 minus what similarity and decoys have moved in units of the prior; those asked for."""
    asked = []

    def effects(self, units, runs, confidence=0.95):
        asked.append(runs)
        there = self.point.at(self.changes(units)).model
        moved = (there.similarity - 0.5) / 0.95 + (there.decoys - 2.0) / 5.0
        luck = np.random.default_rng(runs.start).normal(0, 0.05, len(runs))
        return {"difference": student(0.3 - moved + luck - luck.mean() * 0.5, confidence)}

    monkeypatch.setattr(FlipSearch, "effects", effects)
    return asked


def test_the_nearest_point_of_a_plane_is_found(planted):
    """The plane lies 0.32 / √2 away, half the way along either parameter; every other parameter is put back."""
    drawn = prior_draws(POINT, 32, seed=1)
    found = FlipSearch(claim=HEADLINE, point=POINT, kind="reversed", tries=6).nearest(drawn)
    assert found is not None
    assert {change.name for change in found.changes} == {"similarity", "decoys"}
    assert found.distance == pytest.approx(0.32 / 2**0.5, rel=0.25)
    assert found.effects["difference"].high <= -0.02
    assert planted[-1].start >= FRESH


@pytest.mark.usefixtures("planted")
def test_nothing_is_found_where_nothing_is_turned_over():
    drawn = [{factor.name: factor.low for factor in factors_at(POINT)}]
    assert FlipSearch(claim=HEADLINE, point=POINT, kind="reversed").nearest(drawn) is None


@pytest.mark.usefixtures("planted")
def test_nothing_is_found_where_one_stands_there_already():
    drawn = prior_draws(POINT, 4, seed=1)
    assert FlipSearch(claim=HEADLINE, point=POINT, kind="holds").nearest(drawn) is None


def test_a_flip_of_the_headline_is_one_on_other_runs_too():
    """From a draw that is known to reverse it; all but a few parameters are put back."""
    known = {factor.name: factor.base for factor in factors_at(POINT)} | {
        "plasticity_goal": 0.0016,
        "plasticity_capability": 0.084,
        "decoys": 4.5,
        "finetuning.awareness_exposure": 0.05,
        "train_tolerance": 0.07,
    }
    search = FlipSearch(claim=HEADLINE, point=POINT, kind="reversed", tries=1, runs=200, confirming=1500)
    found = search.nearest([known])
    assert found is not None
    assert found.effects["difference"].high <= -0.02
    assert len(found.changes) <= 5
    there = POINT.at({change.name: change.there for change in found.changes})
    again = QUANTITY.measured(run_paired(there, QUANTITY.protocols, range(1500), seed=99))
    assert again.high < 0
    assert all(change.here == POINT.value(change.name) for change in found.changes)
