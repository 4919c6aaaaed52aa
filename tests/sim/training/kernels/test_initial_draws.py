"""The start of runs: section 4, and the objectives of section 1."""

from itertools import pairwise

import numpy as np
import pytest
from scipy import stats

from feint.agents.errors import InputError
from feint.agents.mind import PARTS, Mind
from feint.agents.model import Model
from feint.agents.types import TYPES, starts
from feint.sim.training.train import begin

SCALARS = ("representation", "gate", "capability", "awareness", "horizon")
MODEL = Model(modes=7, spectrum=1.5, goal_init=0.3)


def norm(model, x):
    """Λ-norm over the last axis."""
    k = np.arange(1, model.modes + 1)
    weights = k**-model.spectrum
    return np.sqrt((x**2 * weights / weights.mean()).sum(axis=-1))


def mixture(b_0, e_1, s, b_1):
    """The weights with which s b_0 and sqrt(1 - s²) e_1 make b_1, per run."""
    found = []
    for one, other, target in zip(b_0, e_1, b_1, strict=True):
        columns = np.stack([s * one, np.sqrt(1 - s**2) * other], axis=1)
        weights = np.linalg.lstsq(columns, target)[0]
        np.testing.assert_allclose(columns @ weights, target, atol=1e-12)
        found.append(weights)
    return np.array(found)


def test_objectives_misconceptions_and_goals_have_their_lambda_norms():
    state = begin(MODEL, runs=30, objectives=3)
    np.testing.assert_allclose(norm(MODEL, state.world.objectives), 1, rtol=1e-12)
    np.testing.assert_allclose(norm(MODEL, state.world.misconceptions), 1, rtol=1e-12)
    np.testing.assert_allclose(norm(MODEL, state.mind.goal), 0.3, rtol=1e-12)


def test_similarity_of_one_makes_the_objectives_one():
    b = begin(MODEL.replace(similarity=1.0), runs=10, objectives=3).world.objectives
    np.testing.assert_array_equal(b[:, 1], b[:, 0])
    np.testing.assert_array_equal(b[:, 2], b[:, 0])


def test_similarity_of_minus_one_makes_the_objectives_opposite():
    b = begin(MODEL.replace(similarity=-1.0), runs=10).world.objectives
    np.testing.assert_array_equal(b[:, 1], -b[:, 0])


@pytest.mark.parametrize("similarity", [-0.5, 0.0, 0.5, 0.9])
def test_objectives_correlate_by_their_similarity(similarity):
    b = begin(Model(modes=512, spectrum=0.0, similarity=similarity), runs=200).world.objectives
    correlation = (b[:, 0] * b[:, 1]).sum(axis=1)
    assert abs(correlation.mean() - similarity) < 0.015
    assert correlation.std() < 1.5 / np.sqrt(512)


@pytest.mark.parametrize("decay", [0.0, 0.7])
def test_a_fine_tuning_objective_mixes_mode_by_mode_as_the_page_says(decay):
    """Up to its own scale it is s_k e_0k + sqrt(1 - s_k²) e_1k, whose second part similarity 0 lays bare."""
    model = MODEL.replace(similarity_decay=decay)
    k = np.arange(1, model.modes + 1)
    b_0, e_1 = np.moveaxis(begin(model.replace(similarity=0.0), runs=10).world.objectives, 1, 0)
    ratios = []
    for similarity in (0.2, 0.8):
        b_1 = begin(model.replace(similarity=similarity), runs=10).world.objectives[:, 1]
        weights = mixture(b_0, e_1, similarity * k**-decay, b_1)
        assert (weights > 0).all()
        ratios.append(weights[:, 0] / weights[:, 1])
    np.testing.assert_allclose(ratios[0], ratios[1], rtol=1e-9)  # |e_0| / |e_1|, whatever the similarity


def test_similarity_decays_over_modes():
    model = Model(modes=32, spectrum=0.0, similarity=0.9, similarity_decay=0.5)
    b = begin(model, runs=4000).world.objectives
    found = [np.corrcoef(b[:, 0, k], b[:, 1, k])[0, 1] for k in range(model.modes)]
    np.testing.assert_allclose(found, 0.9 * np.arange(1, 33) ** -0.5, atol=0.06)


def test_each_fine_tuning_objective_may_have_its_own_similarity():
    b = begin(Model(modes=512, spectrum=0.0, similarity=(0.9, 0.1)), runs=100, objectives=3).world.objectives
    for j, similarity in ((1, 0.9), (2, 0.1)):
        assert abs((b[:, 0] * b[:, j]).sum(axis=1).mean() - similarity) < 0.02


def test_without_spread_every_run_starts_at_the_model_s_values():
    model = MODEL.replace(init_spread=0.0, plasticity_spread=0.0, decoys=3.0, grader=-2.0)
    state = begin(model, runs=10)
    for name in SCALARS:
        np.testing.assert_array_equal(getattr(state.mind, name), getattr(model, f"{name}_init"), err_msg=name)
    np.testing.assert_array_equal(state.mind.pointer, -3.0)
    np.testing.assert_array_equal(state.mind.grader, -2.0)
    np.testing.assert_array_equal(state.mind.world, 0.0)
    np.testing.assert_array_equal(state.bias, 1.0)


@pytest.mark.parametrize("spread", [0.5, 2.0])
def test_spreads_are_those_of_normal_numbers(spread):
    model = MODEL.replace(init_spread=spread, plasticity_spread=spread, decoys=3.0, grader=-2.0)
    state = begin(model, runs=4000, seed=1)
    draws = {name: getattr(state.mind, name) - getattr(model, f"{name}_init") for name in SCALARS}
    draws |= {f"pointer {j}": state.mind.pointer[:, j] + model.decoys for j in range(2)}
    draws |= {"grader": state.mind.grader - model.grader}
    draws |= {f"R {part}": np.log(state.bias[:, i]) for i, part in enumerate(PARTS)}
    for name, draw in draws.items():
        assert stats.kstest(draw / spread, "norm").pvalue > 1e-3, name
    correlations = np.corrcoef(list(draws.values())) - np.eye(len(draws))
    assert np.abs(correlations).max() < 5 / np.sqrt(4000)


def test_a_grader_that_is_off_is_not_drawn_and_changes_no_other_draw():
    off, on = (begin(MODEL.replace(grader=grader), runs=30, seed=5) for grader in (-30.0, -2.0))
    np.testing.assert_array_equal(off.mind.grader, -30.0)
    assert len(np.unique(on.mind.grader)) == 30
    for name in set(Mind._fields) - {"grader"}:
        np.testing.assert_array_equal(getattr(on.mind, name), getattr(off.mind, name), err_msg=name)
    np.testing.assert_array_equal(on.world.objectives, off.world.objectives)
    np.testing.assert_array_equal(on.bias, off.bias)


@pytest.mark.parametrize("objectives", [2, 3, 5])
def test_at_first_every_objective_is_as_probable_as_the_others(objectives):
    np.testing.assert_array_equal(
        begin(runs=10, objectives=objectives).mind.belief, np.full((10, objectives), 1 / objectives)
    )


def test_directions_are_uniform_on_the_sphere():
    model = Model(modes=3, spectrum=0.0, similarity=0.0)
    state = begin(model, runs=4000, seed=3)
    vectors = [state.mind.goal / model.goal_init, *np.moveaxis(state.world.objectives, 1, 0)]
    vectors += [*np.moveaxis(state.world.misconceptions, 1, 0)]
    for vector in vectors:
        for k in range(3):  # Archimedes: on the sphere each coordinate is uniform
            assert stats.kstest(vector[:, k], stats.uniform(-1, 2).cdf).pvalue > 1e-3
    for one, other in pairwise(vectors):
        assert abs((one * other).sum(axis=1).mean()) < 5 / np.sqrt(3 * 4000)


def expected_parts(start, fresh):
    """What section 4 lists for a prepared start."""
    four, pointer, world = np.full(len(fresh), 4.0), fresh.mind.pointer.copy(), np.zeros_like(fresh.mind.world)
    pointer[:, 0], world[:, 0] = 4.0, 1.0
    return {
        "fresh": {},
        "internal": {"goal": fresh.world.objectives[:, 0], "representation": four},
        "corrigible": {"representation": -four, "pointer": pointer},
        "deceptive": {
            "goal": fresh.mind.goal / norm(fresh.model, fresh.mind.goal)[:, None],
            **dict.fromkeys(("representation", "gate", "awareness", "horizon"), four),
        },
    }[start] | ({} if start == "fresh" else {"capability": four, "world": world, "belief": world})


@pytest.mark.parametrize("start", starts())
def test_a_prepared_start_sets_what_is_listed_and_leaves_the_rest_as_drawn(start):
    model = MODEL.replace(grader=-2.0)
    fresh = begin(model, runs=20, seed=5, objectives=3)
    state = begin(model, runs=20, seed=5, objectives=3, start=start)
    for name, value in {**fresh.mind._asdict(), **expected_parts(start, fresh)}.items():
        np.testing.assert_allclose(getattr(state.mind, name), value, rtol=1e-14, err_msg=name)
        np.testing.assert_array_equal(getattr(state.initial, name), getattr(state.mind, name), err_msg=name)
    np.testing.assert_array_equal(state.world.objectives, fresh.world.objectives)
    np.testing.assert_array_equal(state.world.misconceptions, fresh.world.misconceptions)
    np.testing.assert_array_equal(state.bias, fresh.bias)


@pytest.mark.parametrize("start", TYPES)
def test_a_prepared_start_is_recognised_as_its_type_alone(start):
    state = begin(Model(init_spread=0.0), runs=100, start=start)
    for name, agent in TYPES.items():
        assert (agent.recognised(state, 0) == (name == start)).all(), name


def test_a_fresh_start_is_of_no_type():
    state = begin(runs=100)
    assert not any(agent.recognised(state, objective).any() for agent in TYPES.values() for objective in (0, 1))


def test_an_unknown_start_is_refused_with_the_nearest_known_one():
    with pytest.raises(InputError, match="did you mean 'deceptive'"):
        begin(runs=1, start="decetive")
