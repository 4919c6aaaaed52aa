"""One SGD step is the gradient of L: loss, table, oracle and kernel say the same."""

from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import oracle
import pytest

from feint.agents.kernels import equations
from feint.agents.kernels.elementary import exp
from feint.agents.kernels.lanes import INTERPRETED
from feint.agents.mind import Mind, World
from feint.agents.model import Model
from feint.sim.training.stage import Stage
from feint.sim.training.train import DTYPES, begin, enter, race, train

pytestmark = pytest.mark.interpreted

CLOSE = {"rtol": 1e-6, "atol": 1e-9}
ROUNDED = {"single": {"rtol": 2e-5, "atol": 2e-6}, "double": {"rtol": 1e-12, "atol": 1e-13}}
SIZES = [(modes, objectives) for modes in (1, 5, 16) for objectives in (2, 3)]
NOT_OF_A_STEP = ("train_tolerance", "deploy_tolerance", "similarity")
SEEKING: dict[str, Any] = {"grader": 0.0}
KNOWN: dict[str, Any] = {"identification": 1e6}
#: models for which the kernel is compiled anew
KINDS: list[dict[str, Any]] = [{}, SEEKING, KNOWN, {**SEEKING, **KNOWN}]
#: number of modes, of objectives, and kind of model; compiled, some kinds are held to some numbers
CASES = [
    (modes, objectives, kind)
    for objectives, kind in product((2, 3), KINDS)
    for modes in (1, 5, 16)
    if INTERPRETED or kind != KINDS[objectives % 2 + 2]
]
IN_DOUBLE = [*CASES, (5, 4, SEEKING)] if INTERPRETED else [case for case in CASES if case[2] != KINDS[3]]
IN_SINGLE = [*CASES, (5, 4, SEEKING)]

#: the parts that change when a parameter is set so, by the table
NAMED_BY = {
    "speed_cost": (0.0, "G C A H"),
    "goal_cost": (0.0, "u"),
    "shielding": (0.5, "u B f f_g"),
    "inference_power": (0.5, "u B f G C A H f_g rho"),
    "identification": (3.0, "rho"),
    "switching": (0.3, "rho"),
    "honeypots": (0.0, "u B f G C A H f_g"),
    "realism": (1.0, "u B f G C A H f_g"),
    "coverage": (0.0, "w"),
    "awareness_exposure": (0.0, "A"),
    "horizon_exposure": (0.0, "H"),
}

#: every set of the forms of section 10; each is a kernel of its own
ALL_FORMS = [dict(zip(oracle.FORMS, forms, strict=True)) for forms in product(*oracle.FORMS.values())]
#: what the price of the gate moves, in one run or another: all, the smallest alone, or nothing where q is 0 and flat
MOVED = [
    ["G A H", "G C A H"],
    ["G A H", "G C A H"],
    ["", "G A H", "G C A H"],
    ["G C A H"],
    ["G C A H"],
    ["A", "C", "G", "H"],
    ["", "A", "G", "H"],
]
PRICED = list(zip([{}, *oracle.COVERING], MOVED, strict=True))
#: forms that other tests compile in single precision as well
FORMS_IN_SINGLE = [{"capability_form": "power"}, {"inference_form": "exponential", **KNOWN}, oracle.TOGETHER[-1]]
APART = 1e-3  # farther from a kink than finite differences move any view
UNSEEN = 1e-11


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
        belief=rng.dirichlet(np.ones(objectives), runs),
        grader=rng.normal(0, 1.5, runs),
    )


def case(modes, objectives, kind, **fixed):
    """A random model of a kind, a random noiseless single step of it, and states to take it from."""
    rng = np.random.default_rng([modes, objectives])
    model = drawn(Model, rng, modes=modes, **{"goal_cost": 0.05, "shielding": 1.0, **kind, **fixed})
    stage = drawn(Stage, rng, objective=objectives - 1, steps=1, target=0.0, noise=0.0)
    return model, stage, scattered(model, objectives, rng)


def moves(model, stage, state):
    """The kernel's step directions: how far each part moved, over its rate; the belief, which has none, as it moved."""
    moved = train(state, stage, precision="double")
    assert (moved.taken == 1).all()
    parts = [*range(len(oracle.PARTS)), oracle.PARTS.index("pointer")]  # the last is the grader's
    rates = [stage.learning_rate * getattr(model, f"plasticity_{oracle.PARTS[i]}") * state.bias[:, i] for i in parts]
    return oracle.Mind(
        *(
            (after - before) / rate.reshape(-1, *[1] * (before.ndim - 1))
            for before, after, rate in zip(state.mind, moved.mind, [*rates, np.ones(len(state))], strict=True)
        )
    )


def assert_parts_close(found, expected, **closeness):
    for part, got, wanted in zip(oracle.Mind._fields, found, expected, strict=True):
        np.testing.assert_allclose(got, wanted, err_msg=part, **closeness)


def assert_down_the_gradient(found, expected):
    """Step directions are those given; the belief takes no step down a gradient, and the loss is blind to it."""
    assert not np.any(expected.rho)
    assert_parts_close(found._replace(rho=expected.rho), expected, **CLOSE)


def minds(state):
    """Mind, world, bias and views of each run."""
    for i in range(len(state)):
        mind, world, bias = oracle.run(state, i)
        yield mind, world, bias, oracle.views(mind, world, state.model, 0)


def assert_steps_by_the_table(model, stage, state, precision):
    moved = train(state, stage, precision=precision)
    assert not moved.diverged.any()
    for i, (mind, world, bias, _) in enumerate(minds(state)):
        expected = oracle.step(mind, world, bias, model, stage, np.zeros(model.modes))
        *found, rho = (part[i] for part in moved.mind)
        assert_parts_close([*found, expected.rho], expected, **ROUNDED[precision])
        blurred = 1 if precision == "double" or model.known_at_once else max(1.0, model.identification)
        np.testing.assert_allclose(rho, expected.rho, rtol=0, atol=blurred * ROUNDED[precision]["atol"])


@pytest.mark.parametrize("honeypots", [None, 0.0, 0.5, 1.0])
@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize(("modes", "objectives"), [*SIZES, (5, 4)])
def test_table_of_step_directions_is_minus_the_gradient_of_the_loss(modes, objectives, kind, honeypots):
    model, stage, state = case(modes, objectives, kind)
    assert stage.honeypots > 0
    assert stage.realism < 1
    stage = stage if honeypots is None else stage.replace(honeypots=honeypots)
    for i in range(len(state)):
        mind, world, _ = oracle.run(state, i)
        assert_down_the_gradient(oracle.directions(mind, world, model, stage), oracle.slopes(mind, world, model, stage))


@pytest.mark.parametrize("kind", KINDS[:2], ids=str)
def test_minibatch_noise_in_the_table_is_noise_in_the_loss_but_for_capability(kind):
    model, stage, state = case(16, 3, kind)
    x = np.random.default_rng(5).normal(0, 0.3, model.modes)
    for i in range(len(state)):
        mind, world, _ = oracle.run(state, i)
        directions = oracle.directions(mind, world, model, stage, x)
        slopes = oracle.slopes(mind, world, model, stage, x)
        assert abs(slopes.C - directions.C) > 1e-4
        assert_down_the_gradient(directions._replace(C=slopes.C), slopes)


@pytest.mark.parametrize(("modes", "objectives", "kind"), IN_DOUBLE)
def test_kernel_steps_down_the_gradient_of_the_loss(modes, objectives, kind):
    model, stage, state = case(modes, objectives, kind)
    found = moves(model, stage, state)
    for i in range(len(state)):
        mind, world, _ = oracle.run(state, i)
        moved = oracle.Mind(*(part[i] for part in found))
        assert_down_the_gradient(moved, oracle.slopes(mind, world, model, stage))


@pytest.mark.parametrize("honeypots", [None, 0.0])
@pytest.mark.parametrize("shielding", [0.0, 0.6, 1.0])
@pytest.mark.parametrize(("modes", "objectives", "kind"), IN_DOUBLE)
def test_kernel_steps_by_the_table(modes, objectives, kind, shielding, honeypots):
    model, stage, state = case(modes, objectives, kind, shielding=shielding)
    stage = stage if honeypots is None else stage.replace(honeypots=honeypots)
    assert_steps_by_the_table(model, stage, state, "double")


@pytest.mark.parametrize("shielding", [0.6, 1.0])
@pytest.mark.parametrize(("modes", "objectives", "kind"), IN_SINGLE)
def test_in_single_precision_the_kernel_steps_by_the_table_to_single_precision(modes, objectives, kind, shielding):
    assert_steps_by_the_table(*case(modes, objectives, kind, shielding=shielding), "single")


def test_with_one_objective_there_is_nothing_to_find_out():
    """Curricula have two at least, but the kernel is for any number."""
    model, stage, state = case(5, 2, SEEKING)
    known = {name: getattr(state.mind, name)[:, 1:].copy() for name in ("pointer", "world")}
    mind = state.mind._replace(**known, belief=np.ones((12, 1)))
    world = World(*(part[:, 1:].copy() for part in state.world))
    state = replace(state, world=world, mind=mind, initial=mind, occurrences=(0,))
    stage = stage.replace(objective=0)
    assert_steps_by_the_table(model, stage, state, "double")
    np.testing.assert_array_equal(train(state, stage, precision="double").mind.belief, 1.0)


def test_every_part_moves():
    """Without this, the agreement above could be one of zeros."""
    for part in moves(*case(16, 3, SEEKING)):
        assert (np.abs(part) > 1e-9).all()


@pytest.mark.parametrize("precision", DTYPES)
@pytest.mark.parametrize("logit", [np.nan, -1e9, 1e9])
def test_where_the_grader_is_off_its_logit_changes_nothing_and_stays(logit, precision):
    _, stage, state = case(16, 3, {})
    trained, other = (
        train(each, stage.replace(steps=20), precision=precision)
        for each in (state.with_mind(grader=np.full(len(state), value)) for value in (-30.0, logit))
    )
    for part in set(Mind._fields) - {"grader"}:
        np.testing.assert_array_equal(getattr(other.mind, part), getattr(trained.mind, part), err_msg=part)
    np.testing.assert_array_equal(trained.mind.grader, -30.0)


@pytest.mark.skipif(not INTERPRETED, reason="a compiled kernel calls nothing that could be counted")
def test_a_belief_and_a_grader_take_an_exponential_for_each_number_and_none_where_they_are_off(monkeypatch):
    def exponentials(kind):
        """How many a pass over the lanes takes of the equations of views, to which those two belong."""
        _, stage, state = case(16, 3, kind)
        calls, state = [], enter(state, stage).copied()
        monkeypatch.setattr(equations, "exp", lambda x: calls.append(x) or exp(x))
        passes = race(state, stage, 1, "double")
        return len(calls) / passes

    without = exponentials(KNOWN)
    assert exponentials({}) == without + 2  # of three objectives one is the reference
    assert exponentials({**SEEKING, **KNOWN}) == without + 1
    assert exponentials(SEEKING) == without + 3


@pytest.mark.parametrize("name", NAMED_BY)
def test_a_parameter_moves_the_parts_whose_rows_name_it_and_no_others(name):
    value, parts = NAMED_BY[name]
    model, stage, state = case(16, 3, SEEKING)
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
    assert " ".join(moved) == parts


@pytest.mark.parametrize("kind", KINDS[:2], ids=str)
def test_kernel_steps_by_the_table_where_everything_is_saturated(kind):
    model, stage, state = case(5, 3, kind)
    rng = np.random.default_rng(1)
    ends = {name: rng.choice([-40.0, 40.0], len(state)) for name in ("representation", "gate", "capability", "horizon")}
    state = state.with_mind(
        **ends,
        pointer=rng.choice([-2000.0, 0.0, 2000.0], state.mind.pointer.shape),
        grader=rng.choice([-2000.0, 0.0, 2000.0], len(state)),
        belief=np.eye(3)[rng.integers(0, 3, len(state))],
    )
    assert_steps_by_the_table(model, stage, state, "double")


@pytest.mark.parametrize("precision", DTYPES)
@pytest.mark.parametrize("coverage", [0.0, 0.3])
def test_a_huge_world_step_lands_exactly_on_one(coverage, precision):
    _, stage, state = case(5, 3, {}, plasticity_world=1e9)
    moved = train(state, stage.replace(coverage=coverage), precision=precision).mind.world
    np.testing.assert_array_equal(moved[:, stage.objective], 1.0)
    others = np.delete(moved, stage.objective, axis=1)
    before = np.delete(state.mind.world, stage.objective, axis=1).astype(DTYPES[precision])
    np.testing.assert_array_equal(others, np.ones_like(others) if coverage else before)


@pytest.mark.parametrize("precision", DTYPES)
def test_the_world_model_never_leaves_the_unit_interval(precision):
    _, stage, state = case(5, 3, {}, plasticity_world=2.5)
    world = train(state, stage.replace(steps=50, noise=1.0), precision=precision).mind.world
    assert ((world >= 0) & (world <= 1)).all()
    assert (world > state.mind.world).all()


def case_of_forms(forms, *, saturated=False, objectives=2):
    """A model of these forms, a step of it, and states on either side of every kink."""
    rng = np.random.default_rng(10)
    fixed = {"goal_cost": 0.05, "shielding": 0.6, "inference_power": 2.0, "identification": 1.0}
    model = drawn(Model, rng, modes=3, **{**fixed, **forms})
    stage = drawn(Stage, rng, objective=1, steps=1, target=0.0, noise=0.0)
    state = scattered(model, objectives, rng, runs=40)
    parts = ("gate", "capability", "awareness", "horizon")
    draw = (lambda: rng.choice([-40.0, -1.0, 40.0], 40)) if saturated else (lambda: rng.normal(0, 3, 40))
    return model, stage, state.with_mind(**{part: draw() for part in parts})


def kink(mind, at, model):
    """How far a run is from where a form has no gradient: at an end, at the step, or between two that are smallest."""
    smallest, second, *_ = sorted((at.gamma, at.a, at.h, at.q))
    distances = {
        "linear": abs(abs(mind.C) - 4),
        "step": abs(model.inference_power * at.c - 1),
        "minimum": second - smallest,
    }
    return min(distances.get(getattr(model, name), 1.0) for name in oracle.FORMS)


def reached_through_the_gate(mind, at, model):
    """The parts that a price of the gate moves, by the forms of section 10."""
    parts = "GCAH" if at.q > 0 else "C"
    if model.gate_form == "minimum":
        parts = "GAHC"[np.argmin([at.gamma, at.a, at.h, at.q])]
    flat = model.inference_form == "step" or (model.capability_form == "linear" and abs(mind.C) > 4)
    settled = oracle.inference(mind.C, model)[1] * at.gamma * at.a * at.h < UNSEEN  # q is 1 to all digits
    return " ".join(part for part in parts if part != "C" or not (flat or settled))


@pytest.mark.parametrize("grading", [{}, SEEKING], ids=["plain", "graded"])
@pytest.mark.parametrize("forms", ALL_FORMS, ids=oracle.named)
def test_table_is_minus_the_gradient_in_every_form(forms, grading):
    """Runs that stand on a kink are left out: the loss has no gradient there."""
    model, stage, state = case_of_forms({**forms, **grading})
    model, compared = model.replace(shielding=1.0), 0
    for mind, world, _, at in minds(state):
        if kink(mind, at, model) > APART:
            expected = oracle.slopes(mind, world, model, stage)
            assert_down_the_gradient(oracle.directions(mind, world, model, stage), expected)
            compared += 1
    assert compared > 0.9 * len(state)


@pytest.mark.parametrize("saturated", [False, True])
@pytest.mark.parametrize("forms", [*oracle.COVERING, {**oracle.COVERING[-1], **SEEKING}], ids=str)
def test_kernel_steps_by_the_table_in_other_forms(forms, saturated):
    assert_steps_by_the_table(*case_of_forms(forms, saturated=saturated), "double")


@pytest.mark.parametrize("saturated", [False, True])
@pytest.mark.parametrize("forms", FORMS_IN_SINGLE, ids=str)
def test_in_single_precision_the_kernel_steps_by_the_table_in_other_forms(forms, saturated):
    assert_steps_by_the_table(*case_of_forms(forms, saturated=saturated), "single")


@pytest.mark.skipif(not INTERPRETED, reason="each set of forms would be compiled, which takes seconds")
@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("forms", ALL_FORMS, ids=oracle.named)
def test_kernel_steps_by_the_table_in_every_form(forms, kind):
    for saturated, precision in product([False, True], DTYPES):
        assert_steps_by_the_table(*case_of_forms({**forms, **kind}, saturated=saturated, objectives=3), precision)


@pytest.mark.parametrize(("forms", "kinds"), PRICED, ids=[oracle.named(forms) for forms, _ in PRICED])
def test_the_price_of_the_gate_moves_what_has_a_slope_there_and_nothing_else(forms, kinds):
    model, stage, state = case_of_forms(forms)
    free, dear = (moves(model, stage, replace(state, model=model.replace(speed_cost=cost))) for cost in (0.0, 1.0))
    seen = set()
    for i, (mind, _, _, at) in enumerate(minds(state)):
        differ = [not np.allclose(one[i], other[i], rtol=0, atol=UNSEEN) for one, other in zip(free, dear, strict=True)]
        moved = " ".join(part for part, differs in zip(oracle.Mind._fields, differ, strict=True) if differs)
        assert moved == reached_through_the_gate(mind, at, model)
        seen.add(moved)
    assert sorted(seen) == kinds


def test_a_form_moves_all_but_the_world_model_and_one_of_the_gate_not_the_belief():
    model, stage, state = case_of_forms({})
    for forms in oracle.COVERING:
        found, default = (moves(model, stage, replace(state, model=model.replace(**each))) for each in (forms, {}))
        same = [part for part in oracle.Mind._fields if np.allclose(getattr(found, part), getattr(default, part))]
        assert same == ["w", "f_g", *(["rho"] if [*forms] == ["gate_form"] else [])], forms


@pytest.mark.parametrize("forms", [{}, {"capability_form": "power"}], ids=oracle.named)
def test_in_single_precision_little_capability_grows_as_by_the_table(forms):
    """Without cancellation in 1 - (1 + e^C)^(-1/2) or in its slope."""
    model, stage, state = case_of_forms(forms)
    state = state.with_mind(capability=np.linspace(-12.0, -6.0, 40))
    moved = train(state, stage, precision="single").mind.capability - state.mind.capability
    for i, (mind, world, bias, _) in enumerate(minds(state)):
        expected = oracle.step(mind, world, bias, model, stage, np.zeros(model.modes)).C - mind.C
        np.testing.assert_allclose(moved[i], expected, rtol=2e-5)
