"""One SGD step is the gradient of L: loss, table, oracle and kernel say the same."""

from dataclasses import replace

import numpy as np
import oracle
import pytest

from feint.agents.model import Model
from feint.sim.stage import Stage
from feint.sim.training import DTYPES, begin, train

pytestmark = pytest.mark.interpreted

CLOSE = {"rtol": 1e-6, "atol": 1e-9}
SIZES = [(modes, objectives) for modes in (1, 5, 16) for objectives in (2, 3)]
NOT_OF_A_STEP = ("train_tolerance", "deploy_tolerance", "similarity")

#: the parts that change when a parameter is set so, by the table
NAMED_BY = {
    "speed_cost": (0.0, "GCAH"),
    "goal_cost": (0.0, "u"),
    "shielding": (0.5, "uBf"),
    "inference_power": (0.5, "uBfGCAH"),
    "honeypots": (0.0, "uBfGCAH"),
    "realism": (1.0, "uBfGCAH"),
    "coverage": (0.0, "w"),
    "awareness_exposure": (0.0, "A"),
    "horizon_exposure": (0.0, "H"),
}


def drawn(kind, rng, **fixed):
    """A model or a stage out of the priors."""
    values = {}
    for name, declared in kind.parameters().items():
        if declared.prior and name not in NOT_OF_A_STEP:
            low, high = declared.prior
            values[name] = float(np.exp(rng.uniform(*np.log([low, high])))) if declared.log else rng.uniform(low, high)
    return kind(**{**values, **fixed})


def scattered(model, objectives, rng, runs=12):
    """Runs at random states, none of whose parts is saturated."""
    state = begin(model, runs=runs, seed=int(rng.integers(2**32)), objectives=objectives)
    logits = {name: rng.normal(0, 1.5, runs) for name in ("representation", "gate", "capability", "awareness")}
    return state.with_mind(
        **logits,
        horizon=rng.normal(0, 1.5, runs),
        goal=rng.normal(0, 0.7, (runs, model.modes)),
        pointer=rng.normal(0, 1.5, (runs, objectives)),
        world=rng.uniform(0, 1, (runs, objectives)),
    )


def case(modes, objectives, **fixed):
    """A random model, a random noiseless single step of it, and states to take it from."""
    rng = np.random.default_rng([modes, objectives])
    model = drawn(Model, rng, modes=modes, **{"goal_cost": 0.05, "shielding": 1.0, **fixed})
    stage = drawn(Stage, rng, objective=objectives - 1, steps=1, target=0.0, noise=0.0)
    return model, stage, scattered(model, objectives, rng)


def moves(model, stage, state):
    """The kernel's step directions: how far each part moved, over its rate."""
    moved = train(state, stage, precision="double")
    assert (moved.taken == 1).all()
    found = []
    for i, (before, after) in enumerate(zip(state.mind, moved.mind, strict=True)):
        rate = stage.learning_rate * getattr(model, f"plasticity_{oracle.PARTS[i]}") * state.bias[:, i]
        found.append((after - before) / rate.reshape(-1, *[1] * (before.ndim - 1)))
    return oracle.Mind(*found)


def assert_parts_close(found, expected, **closeness):
    for part, got, wanted in zip(oracle.PARTS, found, expected, strict=True):
        np.testing.assert_allclose(got, wanted, err_msg=part, **closeness)


@pytest.mark.parametrize(("modes", "objectives"), SIZES)
def test_table_of_step_directions_is_minus_the_gradient_of_the_loss(modes, objectives):
    model, stage, state = case(modes, objectives)
    assert stage.honeypots > 0
    assert stage.realism < 1
    for i in range(len(state)):
        mind, world, _ = oracle.run(state, i)
        assert_parts_close(
            oracle.directions(mind, world, model, stage), oracle.slopes(mind, world, model, stage), **CLOSE
        )


def test_minibatch_noise_in_the_table_is_noise_in_the_loss_but_for_capability():
    model, stage, state = case(16, 3)
    x = np.random.default_rng(5).normal(0, 0.3, model.modes)
    for i in range(len(state)):
        mind, world, _ = oracle.run(state, i)
        directions = oracle.directions(mind, world, model, stage, x)
        slopes = oracle.slopes(mind, world, model, stage, x)
        assert abs(slopes.C - directions.C) > 1e-4
        assert_parts_close(directions._replace(C=slopes.C), slopes, **CLOSE)


@pytest.mark.parametrize(("modes", "objectives"), SIZES)
def test_kernel_steps_down_the_gradient_of_the_loss(modes, objectives):
    model, stage, state = case(modes, objectives)
    found = moves(model, stage, state)
    for i in range(len(state)):
        mind, world, _ = oracle.run(state, i)
        assert_parts_close([part[i] for part in found], oracle.slopes(mind, world, model, stage), **CLOSE)


@pytest.mark.parametrize("shielding", [0.0, 0.6, 1.0])
@pytest.mark.parametrize(("modes", "objectives"), SIZES)
def test_kernel_steps_by_the_table(modes, objectives, shielding):
    model, stage, state = case(modes, objectives, shielding=shielding)
    moved = train(state, stage, precision="double")
    for i in range(len(state)):
        mind, world, bias = oracle.run(state, i)
        expected = oracle.step(mind, world, bias, model, stage, np.zeros(modes))
        assert_parts_close([part[i] for part in moved.mind], expected, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("shielding", [0.6, 1.0])
@pytest.mark.parametrize(("modes", "objectives"), SIZES)
def test_in_single_precision_the_kernel_steps_by_the_table_to_single_precision(modes, objectives, shielding):
    model, stage, state = case(modes, objectives, shielding=shielding)
    moved = train(state, stage, precision="single")
    for i in range(len(state)):
        mind, world, bias = oracle.run(state, i)
        expected = oracle.step(mind, world, bias, model, stage, np.zeros(modes))
        assert_parts_close([part[i] for part in moved.mind], expected, rtol=2e-5, atol=2e-6)


def test_every_part_moves():
    """Without this, the agreement above could be one of zeros."""
    for part in moves(*case(16, 3)):
        assert (np.abs(part) > 1e-9).all()


@pytest.mark.parametrize("name", NAMED_BY)
def test_a_parameter_moves_the_parts_whose_rows_name_it_and_no_others(name):
    value, parts = NAMED_BY[name]
    model, stage, state = case(16, 3)
    full = moves(model, stage, state)
    if name in Model.model_fields:
        model = model.replace(**{name: value})
    else:
        stage = stage.replace(**{name: value})
    changed = moves(model, stage, replace(state, model=model))
    moved = [
        part
        for part, before, after in zip(oracle.Mind._fields, full, changed, strict=True)
        if not np.allclose(before, after, rtol=1e-9, atol=0)
    ]
    assert "".join(moved) == parts


def test_kernel_steps_by_the_table_where_everything_is_saturated():
    model, stage, state = case(5, 3)
    rng = np.random.default_rng(1)
    ends = {name: rng.choice([-40.0, 40.0], len(state)) for name in ("representation", "gate", "capability", "horizon")}
    state = state.with_mind(**ends, pointer=rng.choice([-2000.0, 0.0, 2000.0], state.mind.pointer.shape))
    moved = train(state, stage, precision="double")
    assert not moved.diverged.any()
    for i in range(len(state)):
        mind, world, bias = oracle.run(state, i)
        expected = oracle.step(mind, world, bias, model, stage, np.zeros(model.modes))
        assert_parts_close([part[i] for part in moved.mind], expected, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("precision", DTYPES)
@pytest.mark.parametrize("coverage", [0.0, 0.3])
def test_a_huge_world_step_lands_exactly_on_one(coverage, precision):
    _, stage, state = case(5, 3, plasticity_world=1e9)
    moved = train(state, stage.replace(coverage=coverage), precision=precision).mind.world
    np.testing.assert_array_equal(moved[:, stage.objective], 1.0)
    others = np.delete(moved, stage.objective, axis=1)
    before = np.delete(state.mind.world, stage.objective, axis=1).astype(DTYPES[precision])
    np.testing.assert_array_equal(others, np.ones_like(others) if coverage else before)


@pytest.mark.parametrize("precision", DTYPES)
def test_the_world_model_never_leaves_the_unit_interval(precision):
    _, stage, state = case(5, 3, plasticity_world=2.5)
    world = train(state, stage.replace(steps=50, noise=1.0), precision=precision).mind.world
    assert ((world >= 0) & (world <= 1)).all()
    assert (world > state.mind.world).all()
