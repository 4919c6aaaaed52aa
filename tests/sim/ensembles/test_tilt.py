"""Tilted starts: where they come from, and the weight that undoes the tilt."""

import numpy as np
import pytest
from scipy.stats import kstest, norm

from feint.agents.errors import InputError
from feint.agents.model import Model
from feint.sim.ensembles.tilt import BIASES, LOGITS, SCALARS, Tilt, deviations, moved
from feint.sim.training.curriculum import from_scratch
from feint.sim.training.train import RunSpec

RUNS = np.arange(6000)
MILLION = -float(norm.ppf(1e-6))  # standard deviations that a draw exceeds once in a million


def spec(seed=1, start="fresh", **model):
    return RunSpec.of(from_scratch(), model=Model(**model), seed=seed, start=start)


@pytest.mark.parametrize("name", LOGITS)
def test_a_tilted_logit_is_drawn_as_by_a_model_with_its_init_elsewhere(name):
    """The same numbers, moved by δ · init_spread."""
    one = spec(init_spread=0.5)
    before = getattr(one.model, f"{name}_init")
    other = spec(init_spread=0.5, **{f"{name}_init": before + 0.75})
    found, expected = Tilt.of({name: 1.5}, one).begin(one, RUNS).state, other.begin(RUNS)
    for part, values in expected.mind._asdict().items():
        np.testing.assert_allclose(getattr(found.mind, part), values, rtol=0, atol=1e-13)
        np.testing.assert_array_equal(getattr(found.initial, part), getattr(found.mind, part))
    np.testing.assert_array_equal(found.bias, expected.bias)
    np.testing.assert_array_equal(found.world.objectives, expected.world.objectives)


@pytest.mark.parametrize("i", range(len(BIASES)))
def test_a_tilted_plasticity_is_this_runs_factor_on_it_and_nothing_else(i):
    state = spec().begin(RUNS)
    found = moved(state, {BIASES[i]: -2.0})
    factors = found.bias / state.bias
    np.testing.assert_allclose(factors[:, i], np.exp(-2.0 * 0.5), rtol=1e-14)
    np.testing.assert_array_equal(np.delete(factors, i, axis=1), 1.0)
    np.testing.assert_array_equal(found.mind.gate, state.mind.gate)


@pytest.mark.parametrize("i", range(len(SCALARS)))
def test_deviations_of_a_start_are_standard_normal_numbers(i):
    """Whatever the model's inits and spreads."""
    z = deviations(spec(init_spread=0.3, gate_init=-5.0, plasticity_spread=2.0).begin(RUNS), SCALARS)
    assert z.shape == (len(RUNS), len(SCALARS))
    assert kstest(z[:, i], "norm").pvalue > 1e-4
    assert np.abs(np.delete(np.corrcoef(z.T)[i], i)).max() < 5 / np.sqrt(len(RUNS))


@pytest.mark.parametrize("name", SCALARS)
def test_once_in_a_million_is_found_by_a_tilt_alone(name):
    """P(z > 4.75) = 1e-6, reweighted from 6,000 starts: within four standard errors of 3 % each."""
    one = spec(seed=3)
    for sign in (1.0, -1.0):
        starts = Tilt.of({name: sign * MILLION}, one).begin(one, RUNS)
        z = starts.deviations[:, SCALARS.index(name)]
        hit = starts.weights * (sign * z > MILLION)
        error = hit.std() / np.sqrt(len(RUNS))
        assert error < 0.04e-6
        assert abs(hit.mean() - 1e-6) < 4 * error
        np.testing.assert_allclose(z, deviations(starts.state, [name])[:, 0], rtol=0, atol=1e-12)


def test_two_scalars_are_tilted_at_once_and_weights_multiply():
    """P(z1 > 3) P(z2 < -2) = 3.1e-5, and weights of mean 1 and variance exp(Σ δ²) - 1."""
    one = spec(seed=4)
    runs = np.arange(40_000)
    starts = Tilt.of({"gate": 3.0, "plasticity_goal": -2.0}, one).begin(one, runs)
    gate, goal = (starts.deviations[:, SCALARS.index(name)] for name in ("gate", "plasticity_goal"))
    hit = starts.weights * ((gate > 3) & (goal < -2))
    assert hit.mean() == pytest.approx(norm.sf(3) * norm.sf(2), abs=4 * hit.std() / np.sqrt(len(runs)))
    slight = Tilt.of({"gate": 0.4, "horizon": -0.3}, one).begin(one, runs).weights
    assert slight.mean() == pytest.approx(1, abs=4 * slight.std() / np.sqrt(len(runs)))
    assert slight.var() == pytest.approx(np.expm1(0.4**2 + 0.3**2), rel=0.1)


def test_without_a_tilt_every_weight_is_one_and_the_start_the_plans():
    one = spec()
    for shifts in (None, {}, {"gate": 0.0}):
        tilt = Tilt.of(shifts, one)
        assert tilt.shifts == {}
        starts = tilt.begin(one, RUNS)
        assert (starts.weights == 1.0).all()
        np.testing.assert_array_equal(starts.state.mind.gate, one.begin(RUNS).mind.gate)


def test_what_is_not_drawn_is_not_reported():
    assert Tilt.of({}, spec(start="internal")).known == ()
    assert Tilt.of({}, spec(init_spread=0.0)).known == BIASES
    assert Tilt.of({}, spec(plasticity_spread=0.0)).known == LOGITS


@pytest.mark.parametrize(
    ("shifts", "model", "start", "sentence"),
    [
        ({"gat": 1}, {}, "fresh", r"scalar 'gat' is not known: did you mean 'gate'\?"),
        ({"goal": 1}, {}, "fresh", "scalar 'goal' is not known"),
        ({"gate": 6.5}, {}, "fresh", r"tilt of gate = 6.5 is not valid: it must be from -6 to 6\."),
        ({"gate": float("nan")}, {}, "fresh", "tilt of gate = nan is not valid"),
        ({"gate": "2"}, {}, "fresh", "tilt of gate = '2' is not valid"),
        ({"gate": True}, {}, "fresh", "tilt of gate = True is not valid"),
        (["gate"], {}, "fresh", r"tilt = \['gate'\] is not valid: write \{'gate': 2.0\}"),
        (
            {"gate": 1},
            {},
            "deceptive",
            "start = 'deceptive' is prepared and not drawn: only a fresh start can be tilted",
        ),
        (
            {"gate": 1},
            {"init_spread": 0.0},
            "fresh",
            r"init_spread = 0.0 does not let gate be tilted: .* 1e-06 to 50\.",
        ),
        ({"gate": 1}, {"init_spread": 1e-9}, "fresh", "init_spread = 1e-09 does not let gate be tilted"),
        ({"plasticity_goal": 1}, {"plasticity_spread": 0.0}, "fresh", "plasticity_spread = 0.0 does not let"),
        ({"plasticity_goal": 1}, {"plasticity_spread": 99.0}, "fresh", "plasticity_spread = 99.0 does not let"),
    ],
)
def test_what_cannot_be_tilted_is_refused_with_one_sentence(shifts, model, start, sentence):
    with pytest.raises(InputError, match=sentence):
        Tilt.of(shifts, spec(start=start, **model))
