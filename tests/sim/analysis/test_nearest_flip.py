"""The nearest flip is found where it is known, never through a reading, and confirmed on runs no search has seen."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from studies.flips import HEADLINE, VERSION_1

from feint.agents.model import Model
from feint.scenarios.claims.registry import select_claims
from feint.sim.analysis.claims import HOLDS, REVERSED, at_least, rises
from feint.sim.analysis.nearest_flip import FRESH, OWN_RUNS, STOPS, Change, Flip, FlipSearch, NearestFlip
from feint.sim.analysis.prior_shares import factors_at, in_units, prior_draws
from feint.sim.ensembles.paired_runs import TOLERANCES, run_paired
from feint.sim.statistics.intervals import Interval, student
from feint.sim.training.parameter_point import Point

POINT = Point()
QUANTITY = HEADLINE.effect.estimand
FALL = 0.32 / 2**0.5  # distance of the plane on which similarity and decoys lower 0.3 to -0.02


def search(kind, **fields):
    """Return a search for a flip of the headline claim."""
    return FlipSearch(**{"claim": HEADLINE, "point": POINT, "kind": kind} | fields)


@pytest.fixture
def planted(monkeypatch):
    """Let the mean over runs be 0.3 minus what similarity and decoys move in units of the prior; return the runs."""
    trained = []

    def looked(self, offsets, runs, _):
        trained.append(runs)
        there = self.point.at(self.values(offsets)).model
        moved = (there.similarity - 0.5) / 0.95 + (there.decoys - 2.0) / 5.0
        noise = np.random.default_rng(runs.start).normal(0, 0.05, len(runs))
        yield {"difference": student(0.3 - moved + noise - noise.mean() * 0.5, self.level)}, len(runs)

    monkeypatch.setattr(FlipSearch, "looked", looked)
    return trained


@pytest.mark.parametrize(("kind", "least"), [(REVERSED, FALL), (STOPS, 0.28 / 2**0.5)])
def test_the_nearest_point_of_a_plane_is_found(planted, kind, least):
    """It lies half the way along either parameter; all other parameters together move by little."""
    result = search(kind, budget=90_000).nearest(prior_draws(POINT, 32, seed=1))
    assert result.searches == result.found == 3
    assert least < result.lowest <= result.median <= result.highest < 1.25 * least
    flip = result.nearest
    assert flip is not None
    assert flip.distance == result.lowest
    assert {change.name for change in flip.changes[:2]} == {"similarity", "decoys"}
    assert flip.effects["difference"].high <= (-0.02 if kind == REVERSED else 0.02)
    assert planted[-1].start >= FRESH


@pytest.mark.usefixtures("planted")
def test_the_distance_is_that_of_the_changes():
    flip = search(REVERSED).nearest(prior_draws(POINT, 32, seed=1)).nearest
    assert flip is not None
    of = {factor.name: factor for factor in factors_at(POINT)}
    moved = [in_units(of[move.name], move.there) - in_units(of[move.name], move.here) for move in flip.changes]
    assert np.linalg.norm(moved) == pytest.approx(flip.distance, abs=0.01)  # whole numbers are rounded
    assert all(move.here == POINT.value(move.name) for move in flip.changes)
    assert np.all(np.diff(np.abs(moved)) <= 1e-3)


def test_searches_train_no_more_than_they_may_on_runs_of_their_own(planted):
    looking = search(REVERSED, searches=2, budget=20_000)
    looking.nearest(prior_draws(POINT, 32, seed=1))
    tried = [runs for runs in planted if runs.start < FRESH]
    assert {runs.start for runs in tried} == {0, OWN_RUNS}
    assert sum(map(len, tried)) <= looking.spent <= 20_000
    fresh = sorted((runs.start, runs.stop) for runs in planted if runs.start >= FRESH)
    assert all(stop <= start for (_, stop), (start, _) in pairwise(fresh))


@pytest.mark.parametrize("runs", [100, 150])
def test_a_start_that_few_runs_do_not_call_flipped_is_tried_with_more(monkeypatch, runs):
    """Everything but the point itself is flipped, and is called so from a number of runs on."""

    def looked(self, offsets, first, _):
        value = -0.3 if np.abs(offsets).sum() > 0.5 and len(first) >= runs else 0.3
        interval = Interval(estimate=value, low=value, high=value, confidence=self.level, method="")
        yield {"difference": interval}, len(first)

    monkeypatch.setattr(FlipSearch, "looked", looked)
    looking = search(REVERSED, budget=30_000)
    assert looking.nearest(prior_draws(POINT, 2, seed=1)).found == 3
    assert looking.spent <= 30_000


def test_no_more_runs_are_spent_where_flips_of_few_runs_are_none_of_more(monkeypatch):
    def looked(self, offsets, first, _):
        value = -0.3 if np.abs(offsets).sum() > 0.5 and len(first) <= 100 else 0.3
        interval = Interval(estimate=value, low=value, high=value, confidence=self.level, method="")
        yield {"difference": interval}, len(first)

    monkeypatch.setattr(FlipSearch, "looked", looked)
    looking = search(REVERSED, budget=30_000)
    assert looking.nearest(prior_draws(POINT, 8, seed=1)).found == 0
    assert looking.spent <= 30_000


@pytest.mark.usefixtures("planted")
def test_nothing_is_found_where_no_start_is_flipped_or_the_point_itself_is():
    nowhere = search(REVERSED).nearest([{factor.name: factor.low for factor in factors_at(POINT)}])
    already = search(HOLDS).nearest(prior_draws(POINT, 4, seed=1))
    for result in (nowhere, already):
        assert (result.found, result.nearest) == (0, None)
        assert np.isnan([result.lowest, result.median, result.highest]).all()
    assert str(nowhere) == "none found at which the claim is reversed, by 3 searches from 1 draws."


def test_a_reading_is_never_moved(monkeypatch):
    """An effect that only the tolerances lower is never flipped, though every start has others."""

    def looked(self, offsets, runs, _):
        model = self.point.at(self.values(offsets)).model
        value = 0.3 if model.deploy_tolerance == 0.25 and model.train_tolerance == 0.1 else -0.3
        interval = Interval(estimate=value, low=value, high=value, confidence=self.level, method="")
        yield {"difference": interval}, len(runs)

    monkeypatch.setattr(FlipSearch, "looked", looked)
    looking = search(REVERSED, budget=9000)
    assert not {factor.name for factor in looking.factors} & set(TOLERANCES)
    assert len(looking.factors) == len(factors_at(POINT)) - 1
    assert looking.nearest(prior_draws(POINT, 8, seed=1)).found == 0


def test_a_point_outside_the_prior_is_left_by_the_shortest_way(monkeypatch):
    """Identification stands at 2 in units of its prior, and the claim is reversed from 1.7 downwards."""

    def looked(self, offsets, runs, _):
        value = 0.3 if self.point.at(self.values(offsets)).model.identification > 63_000 else -0.3
        interval = Interval(estimate=value, low=value, high=value, confidence=self.level, method="")
        yield {"difference": interval}, len(runs)

    monkeypatch.setattr(FlipSearch, "looked", looked)
    result = search(REVERSED, point=Point(model=Model(identification=1e6))).nearest(prior_draws(POINT, 8, seed=1))
    assert 0.3 <= result.lowest < 0.4
    assert result.nearest is not None
    assert result.nearest.changes[0].name == "identification"


@pytest.mark.parametrize(
    ("any_part", "values", "kinds"),
    [
        (False, (0.5, 0.5), {HOLDS}),
        (False, (0.5, 0.0), {STOPS}),
        (False, (-0.5, -0.5), {STOPS, REVERSED}),
        (True, (0.5, -0.5), {HOLDS}),
        (True, (0.0, -0.5), {STOPS}),
        (True, (-0.5, -0.5), {STOPS, REVERSED}),
    ],
)
def test_a_claim_of_two_parts_stops_holding_with_one_of_them_unless_one_is_enough(monkeypatch, any_part, values, kinds):
    parts = tuple(replace(HEADLINE.effect, name=name, rule=rises()) for name in ("one", "other"))
    claim = replace(HEADLINE, parts=parts, any_part=any_part)
    effects = {
        name: Interval(estimate=value, low=value - 0.01, high=value + 0.01, confidence=0.95, method="")
        for name, value in zip(("one", "other"), values, strict=True)
    }
    monkeypatch.setattr(FlipSearch, "looked", lambda *_: iter([(effects, 4000)]))
    for kind in (HOLDS, STOPS, REVERSED):
        looking = search(kind, claim=claim)
        here = np.zeros(len(looking.base))
        assert (looking.margin(here, range(4000))[0] > 0) == (kind in kinds)
        assert (looking._confirmed(here, FRESH) is not None) == (kind in kinds)


def test_a_clear_point_takes_a_sixth_of_the_runs_and_a_close_one_all():
    """And the first sixth is part of them: margins are those of one ensemble."""
    looking = search(REVERSED, confirming=4000)
    here = np.zeros(len(looking.base))
    margin, runs = looking.margin(here, range(400))
    assert (margin < 0, runs) == (True, 67)
    effects = looking.effects(here, range(400))
    close = replace(HEADLINE.effect, rule=at_least(0.5, effects["difference"].estimate))
    looking = search(REVERSED, claim=replace(HEADLINE, parts=(close,)), confirming=4000)
    assert looking.margin(here, range(400))[1] == 400
    assert looking.effects(here, range(400)) == effects


@pytest.mark.usefixtures("planted")
def test_the_spread_is_over_the_searches_that_found_one():
    flip = search(REVERSED, searches=1).nearest(prior_draws(POINT, 32, seed=1)).nearest
    assert flip is not None
    flips = [replace(flip, distance=distance) for distance in (0.5, 0.2, 0.8)]
    result = NearestFlip.of(REVERSED, [flips[0], None, *flips[1:]], 7)
    assert (result.starts, result.searches, result.found) == (7, 4, 3)
    assert (result.lowest, result.median, result.highest) == (0.2, 0.5, 0.8)
    assert result.nearest is flips[1]
    assert "3 of 4 searches found one, at distances of 0.20, 0.50, 0.80 (lowest, median, highest)." in str(result)


def test_a_flip_of_the_headline_is_one_on_other_runs_too():
    """From a point with short pre-training and goals that are soon written, 0.57 away."""
    known = {factor.name: factor.base for factor in factors_at(POINT)} | {
        "pretraining.steps": 300,
        "plasticity_goal": 0.1,
    }
    flip = search(STOPS, searches=1, budget=9000, confirming=2000).nearest([known]).nearest
    assert flip is not None
    assert flip.effects["difference"].high <= 0.02
    assert flip.distance < 0.57
    there = POINT.at({move.name: move.there for move in flip.changes})
    again = QUANTITY.measured(run_paired(there, QUANTITY.protocols, range(2000), seed=99))
    assert again.low < 0.03
    assert again.estimate < QUANTITY.measured(run_paired(POINT, QUANTITY.protocols, range(2000), seed=99)).low


def test_version_1_is_what_the_study_starts_from():
    assert VERSION_1.model.identification == 1e6
    assert VERSION_1.model.inference_form == "exponential"
    assert VERSION_1.value("finetuning.target") == 0.9
    assert select_claims(["headline"])[0].tested == HEADLINE.parts


def test_a_move_has_as_many_digits_as_tell_its_ends_apart():
    moves = [Change(name="a", here=0.003, there=0.0029959), Change(name="b", here=1.0, there=2.5)]
    said = str(Flip(distance=0.00065, changes=moves, effects={"x": student(np.array([0.1, 0.2]))}))
    assert said.startswith("a 0.003 → 0.002996, b 1 → 2.5 (distance 0.00065 in the prior's units)")
