"""The posterior on a planted model, whose answer is known; skipped without sbi."""

import numpy as np
import pytest

from feint.sim.analysis.history_matching import Targets, distance_from_prior
from feint.sim.analysis.posterior import Amortised, Data, acting, features, hidden, learnt

SOURCES = ("one", "one", "two")
NAMES = ("a", "b", "c")
ERROR, DISCREPANCY, COMMON = 0.05, 0.1, 0.5


def data(value=(0.3, 0.4, 0.8)):
    """Three rows: two of one measure and source, and one of another."""
    targets = Targets(
        names=("first", "again", "second"),
        measures=np.array([0, 0, 1]),
        value=np.array(value),
        error=np.full(3, ERROR),
        discrepancy=np.full(3, DISCREPANCY),
    )
    return Data.of(targets, SOURCES, COMMON)


def planted(count=600, seed=0):
    """Draws of three parameters; the measures are the first two."""
    design = np.random.default_rng(seed).random((count, 3))
    return design, design[:, :2]


def test_rows_of_a_measure_and_source_are_joined_without_loss():
    joined = data()
    own = ERROR**2 + (1 - COMMON) * DISCREPANCY**2
    assert joined.value.tolist() == pytest.approx([0.35, 0.8])
    assert joined.own.tolist() == pytest.approx([own / 2, own])
    assert joined.common.tolist() == pytest.approx([COMMON * DISCREPANCY**2] * 2)
    assert joined.sources == ("one", "two")
    assert joined.without("one").tolist() == [False, True]


def test_simulated_data_have_the_errors_of_rows():
    noisy = data().noisy(np.zeros((40_000, 2)), np.random.default_rng(0))
    variance = ERROR**2 + (1 - COMMON) * DISCREPANCY**2, COMMON * DISCREPANCY**2
    assert noisy.var(axis=0).tolist() == pytest.approx([variance[0] / 2 + variance[1], sum(variance)], rel=0.05)


def test_parameters_that_no_measure_depends_on_are_set_apart():
    design, outputs = planted()
    assert acting(design, outputs).tolist() == [0, 1]
    assert acting(design, np.abs(design[:, 2:] - 0.5)).tolist() == [2]
    assert acting(design, np.ones((len(design), 1))).tolist() == []


def test_hidden_data_are_zero_and_marked():
    seen = features(np.array([[1.0, np.nan, 3.0]]), np.array([[True, True, False]]), np.zeros(3), np.ones(3))
    assert seen.tolist() == [[1, 0, 0, 1, 0, 0]]
    shares = hidden((4000, 5), np.random.default_rng(0)).mean(axis=1)
    assert 0.45 < (shares == 1).mean() < 0.65


def test_a_fit_to_no_rows_gives_back_the_prior():
    design, outputs = planted()
    nothing = Targets(
        names=(), measures=np.zeros(0, int), **dict.fromkeys(("value", "error", "discrepancy"), np.zeros(0))
    )
    network = learnt(design, outputs[:, :0], Data.of(nothing, (), COMMON))
    drawn = network.sample(2000)
    assert drawn.shape == (2000, 3)
    assert max(map(distance_from_prior, drawn.T)) < 0.05
    assert network.networks == []


@pytest.fixture(scope="module")
def network():
    pytest.importorskip("sbi", reason="the extra fit is not installed")
    return learnt(*planted(), data(), networks=1)


def test_the_first_draws_are_as_many_of_each_network():
    torch = pytest.importorskip("torch", reason="the extra fit is not installed")

    class Constant:
        def __init__(self, value):
            self.value = value

        def sample(self, size, condition):
            return torch.full((*size, len(condition), 1), self.value)

    plain = {"parameters": 2, "acting": np.array([1]), "middle": np.zeros(2), "scale": np.ones(2)}
    mixed = Amortised(
        data=data(), networks=[Constant(-1.0), Constant(1.0)], tested=np.zeros(0, int), losses=[], **plain
    )
    high = mixed.sample(101)[:, 1] > 0.5
    assert (high[:50].sum(), high.sum()) == (25, 50)


@pytest.mark.slow
def test_a_posterior_is_where_it_must_be(network):
    drawn = network.sample(4000)
    spread = np.sqrt(data().own + data().common)
    assert drawn[:, 0].mean() == pytest.approx(0.35, abs=0.05)
    assert drawn[:, 0].std() == pytest.approx(spread[0], rel=0.35)
    assert distance_from_prior(drawn[:, 1]) > 0.4
    assert distance_from_prior(drawn[:, 2]) < 0.05  # no measure depends on it: the prior exactly
    assert np.array_equal(drawn, network.sample(4000))


@pytest.mark.slow
def test_a_hidden_source_says_nothing(network):
    drawn = network.sample(4000, mask=data().without("one"))
    assert distance_from_prior(drawn[:, 0]) < 0.15
    assert distance_from_prior(drawn[:, 1]) > 0.4
    assert max(map(distance_from_prior, network.sample(4000, mask=np.zeros(2, bool)).T)) < 0.15


@pytest.mark.slow
def test_planted_parameters_lie_in_their_intervals(network):
    design, outputs = planted(count=100, seed=1)
    values = data().noisy(outputs, np.random.default_rng(2))
    for i in (0, 1):
        limits = [np.quantile(network.sample(300, value=value)[:, i], (0.05, 0.95)) for value in values]
        covered = np.mean([low <= truth <= high for truth, (low, high) in zip(design[:, i], limits, strict=True)])
        assert 0.8 <= covered <= 0.99


@pytest.mark.slow
def test_calibration_says_what_is_identified(network):
    check = network.calibrated(*planted(), NAMES)
    assert check.draws == 60
    assert {parameter.parameter for parameter in check.identified} == {"a", "b"}
    assert check.gained > 1
    assert all(abs(share - level) < 0.2 for share, level in zip(check.expected, check.levels, strict=True))
