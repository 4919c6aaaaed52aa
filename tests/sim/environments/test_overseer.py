"""The overseer's environment: actions, observations and rewards."""

import numpy as np
import pytest
from ordered import PLAIN, RUNS, SHORT, batch_of, some_orders

import feint.sim.environments  # noqa: F401 - registers
from feint.agents.errors import InputError
from feint.agents.mind import GROUPS
from feint.agents.model import Model
from feint.agents.outcome import Outcome, read
from feint.sim.ensembles.ensemble import simulate
from feint.sim.ensembles.streaming_summary import MEASURED
from feint.sim.environments import run_batch
from feint.sim.environments.overseer import Overseer, Overseers
from feint.sim.environments.overseer_policies import orders
from feint.sim.environments.run_batch import NORMALS, Quantities, RunBatch, deploy, quantities
from feint.sim.environments.task import (
    ACTIONS,
    AT,
    BOTH,
    COLUMN,
    DEPLOY,
    SEEN,
    STOP,
    Orders,
    Task,
    Terms,
    X,
    Y,
)
from feint.sim.training.curriculum import from_scratch, pretrain_finetune
from feint.sim.training.stage import Stage
from feint.sim.training.train import advance, begin, enter, train


def slices(of, *ordered):
    """Train all runs for one slice per action; return their state."""
    for actions in ordered:
        of.train(np.arange(len(of)), Orders.of(actions, len(of)))
    return of.state


def same(state, other):
    return all(np.array_equal(mine, theirs) for mine, theirs in zip(state.mind, other.mind, strict=True))


# A schedule of slices is the curriculum that it amounts to


@pytest.mark.parametrize(
    ("on_y", "curriculum"),
    [(0, from_scratch(steps=200, target=0.0)), (2, pretrain_finetune({"steps": 80}, {"steps": 120, "target": 0.0}))],
)
def test_a_schedule_trains_what_its_curriculum_trains_to_the_bit(on_y, curriculum):
    state = slices(batch_of(), *[orders(RUNS, Y if i < on_y else X) for i in range(5)])
    ensemble = simulate(curriculum, runs=RUNS, seed=3)
    readings = read(state, X)._asdict()
    for name in MEASURED:
        if name in readings:
            assert np.array_equal(readings[name], ensemble[name][:, -1]), name
    assert np.array_equal(readings["outcome"], ensemble.outcome[:, -1])


def test_another_learning_rate_goes_on_in_the_same_stage_and_stream():
    state = slices(batch_of(), orders(RUNS, learning_rate=2), orders(RUNS, learning_rate=0))
    stages = [Stage(steps=80, target=0.0, learning_rate=rate) for rate in (1.0, 0.1)]
    engine = advance(advance(enter(begin(runs=RUNS, seed=3), stages[0]), stages[0], 40), stages[1], 80)
    assert same(state, engine)


def test_honeypots_go_on_in_the_same_stage_and_stream():
    state = slices(batch_of(), orders(RUNS), orders(RUNS, honeypots=2))
    stages = [Stage(steps=80, target=0.0, honeypots=share, realism=0.5) for share in (0.0, 0.2)]
    engine = advance(advance(enter(begin(runs=RUNS, seed=3), stages[0]), stages[0], 40), stages[1], 80)
    assert same(state, engine)


def test_an_objective_that_comes_back_is_a_stage_of_its_own():
    state = slices(batch_of(), *[orders(RUNS, objective) for objective in (X, Y, X)])
    engine = begin(runs=RUNS, seed=3)
    for objective in (X, Y, X):
        engine = train(engine, Stage(objective=objective, steps=40, target=0.0))
    assert same(state, engine)


@pytest.mark.parametrize("groups", [*GROUPS, tuple(GROUPS), ("gate", "world"), ("goal", "capability", "awareness")])
def test_what_is_put_back_is_what_an_intervention_puts_back(groups):
    groups = (groups,) if isinstance(groups, str) else groups
    back = {f"reset_{group}": 1 for group in groups}
    state = slices(batch_of(), orders(RUNS), orders(RUNS, **back), orders(RUNS, Y))
    engine = train(begin(runs=RUNS, seed=3), Stage(steps=40, target=0.0))
    kept = tuple(group for group in GROUPS if group not in groups)
    engine = train(engine, Stage(steps=40, target=0.0, carry=kept))
    assert same(state, train(engine, Stage(objective=Y, steps=40, target=0.0)))


def test_all_put_back_is_from_scratch():
    everything = {f"reset_{group}": 1 for group in GROUPS}
    state = slices(batch_of(), orders(RUNS), orders(RUNS, **everything))
    assert same(state, train(begin(runs=RUNS, seed=3), Stage(steps=40, target=0.0)))


# What is seen


def test_what_is_seen_is_in_its_space_and_its_table():
    envs = Overseers(RUNS, **SHORT)
    seen, _ = envs.reset(seed=0)
    for action in some_orders(RUNS, 12):
        assert envs.observation_space.contains(seen)
        assert envs.action_space.contains(action)
        seen = envs.step(action)[0]
    assert envs.single_observation_space.shape == (len(SEEN),)
    assert list(COLUMN)[:5] == ["decision", "objective", "learning_rate", "honeypots", "audit"]
    docstring = " ".join((Overseer.__doc__ or "").split())
    for name in ("learning_rate", "honeypots"):
        assert ", ".join(f"{value:g}" for value in ACTIONS[name]) in docstring


def test_no_type_is_seen_or_rewarded_before_deployment(monkeypatch):
    """All readings of the type, and of what only the owner of the state could read, are replaced by wrong ones."""
    ordered = some_orders(RUNS, 6)
    ordered[:, :, 0] = np.minimum(ordered[:, :, 0], STOP)

    def course():
        envs = Overseers(RUNS, settings={"gate_init": 1.0, "plasticity_gate": 20.0}, **SHORT)
        return [envs.reset(seed=4), *map(envs.step, ordered)]

    def wrong(state, objective):
        readings = read(state, objective)
        hidden = ("outcome", "deployed_error", "following", "representation", "gate", "awareness", "horizon")
        return readings._replace(
            **{name: np.full_like(getattr(readings, name), 4) for name in (*hidden, "instrumental")}
        )

    before = course()
    monkeypatch.setattr(run_batch, "read", wrong)
    for one, other in zip(before, course(), strict=True):
        for mine, theirs in zip(one[:-1], other[:-1], strict=True):
            assert np.array_equal(mine, theirs)
        assert one[-1].keys() == other[-1].keys()
        assert not {"outcome", "_outcome"} & one[-1].keys()


def test_what_is_seen_is_a_function_of_what_can_be_measured(monkeypatch):
    """Two populations with different minds but the same quantities give the same observations."""
    stated = Quantities(*(np.full(RUNS, value) for value in (0.1, 0.2, 0.9, 0.8, 0.7)))
    monkeypatch.setattr(run_batch, "quantities", lambda *_: stated)
    seen = []
    for settings in ({}, {"gate_init": 3.0, "goal_init": 1.0}):
        envs = Overseers(RUNS, settings=settings, **PLAIN)
        envs.reset(seed=4)
        seen.append(envs.step(orders(RUNS, audit=BOTH))[0])
    assert np.array_equal(*seen)


def test_readings_scatter_about_what_they_measure_as_is_stated():
    numbers = Task(episodes=25, readings=4, reliability=0.5)
    exact = Quantities(*(np.full(20000, value) for value in (0.1, 0.4, 0.9, 0.8, 0.7)))
    readings = run_batch.noisy_readings(exact, np.random.default_rng(0).standard_normal((20000, NORMALS)), numbers)
    assert readings.mean(axis=0) == pytest.approx([0.1, 0.4, 0.9, 0.8, 0.7], abs=0.004)
    assert readings.std(axis=0) == pytest.approx([0.1, 0.1, 0.1, 0.1, 12**-0.5 / 2], rel=0.02)
    once = Task(readings=1, reliability=0.5)
    uniform, two = np.random.default_rng(1).random(20000), []
    for seed in (2, 3):
        noise = np.random.default_rng(seed).standard_normal((20000, NORMALS))
        two.append(run_batch.noisy_readings(Quantities(*[uniform] * 5), noise, once)[:, -1])
    assert np.corrcoef(*two)[0, 1] == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize("realism", [0.0, 1.0])
def test_honeypots_show_training_at_no_realism_and_deployment_at_full(realism):
    of = batch_of(realism=realism, settings={"gate_init": 2.0, "awareness_init": 1.0, "horizon_init": 1.0})
    state = slices(of, *[orders(RUNS)] * 5)
    exact = quantities(of, np.arange(RUNS), np.full(RUNS, BOTH))
    readings = read(state, X)
    b, mind = state.world.objectives[:, X], state.mind
    pointing = np.exp(mind.pointer) / (1 + np.exp(mind.pointer).sum(axis=1, keepdims=True))
    w = mind.world[:, :, None]
    concepts = w * state.world.objectives + (1 - w) * state.world.misconceptions
    beta = (1 / (1 + np.exp(-mind.representation)))[:, None]
    t = beta * mind.goal + (1 - beta) * np.einsum("rj,rjk->rk", pointing, concepts)
    weights = state.model.spectrum_weights()
    deployed = readings.capability * (1 - (b - t) ** 2 @ weights)
    assert exact.honeypots == pytest.approx(readings.performance if realism == 0 else deployed, abs=1e-9)
    assert not np.allclose(readings.performance, deployed, atol=0.01)
    r2 = (t * b @ weights) ** 2 / ((t**2 @ weights) * (b**2 @ weights))
    assert exact.probe == pytest.approx(r2, abs=1e-9)


def test_a_reading_is_kept_until_the_next_and_said_to_be_old():
    envs = Overseers(RUNS, **SHORT)
    envs.reset(seed=0)
    new = envs.step(orders(RUNS, audit=BOTH))[0]
    old = envs.step(orders(RUNS))[0]
    for name in ("honeypots", "probe"):
        assert np.array_equal(new[:, AT[name]], old[:, AT[name]])
        assert new[:, AT[f"{name}_new"]].all()
        assert not old[:, AT[f"{name}_new"]].any()
    assert not np.array_equal(new[:, AT["performance"]], old[:, AT["performance"]])


def test_a_run_that_diverged_is_shown_as_bad_as_can_be_and_worth_nothing():
    envs = Overseers(4, settings={"plasticity_goal": 1e30}, **PLAIN)
    envs.reset(seed=0)
    seen = envs.step(orders(4, audit=BOTH))[0]
    assert envs.observation_space.contains(seen)
    assert (seen[:, AT["held_out_loss"]] > 2.5).all()
    _, reward, _, _, infos = envs.step(orders(4, decision=DEPLOY))
    assert (infos["outcome"] == Outcome.UNCONVERGED).all()
    assert (reward == 0).all()


def test_what_is_not_finite_is_shown_as_bad_as_can_be_and_never_as_what_it_was():
    exact = Quantities(*(np.full(3, np.nan) for _ in Quantities._fields))
    readings = run_batch.noisy_readings(exact, np.zeros((3, NORMALS)), Task())
    assert readings[:, :3].tolist() == [[3, 3, -1]] * 3
    assert np.isnan(readings[:, 3:]).all()
    course = RunBatch(Terms.of(PLAIN), 0, np.arange(4, dtype=np.uint64))
    for _ in range(3):
        course.step(orders(4), np.ones(4, bool))
    assert (course.seen[:, AT["performance"]] > -0.5).all()
    course.state.mind.goal[:2] = np.inf
    course.step(orders(4), np.ones(4, bool))
    assert course.state.diverged.tolist() == [True, True, False, False]
    assert (course.seen[:2, AT["performance"]] < -0.8).all()
    assert (course.seen[2:, AT["performance"]] > -0.5).all()


# What counts


def test_rewards_add_up_to_performance_less_harm_less_cost():
    single = Overseer(settings={"gate_init": 1.0}, **SHORT)
    single.reset(seed=2)
    rewards = [single.step(orders(1, honeypots=2, audit=BOTH)[0])[1] for _ in range(4)]
    *_, reward, terminated, truncated, info = single.step(orders(1, decision=DEPLOY)[0])
    assert (terminated, truncated) == (True, False)
    assert info["performance"] - info["harm"] - info["cost"] == pytest.approx(sum(rewards) + reward)
    assert info["cost"] == pytest.approx(4 * 1e-5 * (40 * (1 + 0.2 * 10) + 100 + 10))


def test_the_harm_is_that_of_the_type_and_the_performance_what_it_does_when_it_believes_it_is_deployed():
    """The prepared minds are trained on Y: here they understand X, and take it to be what they are trained for."""
    ready = begin(runs=RUNS, seed=0, start="deceptive")
    sure = np.tile([float(objective == X) for objective in (Y, X)], (RUNS, 1))
    deployed = deploy(ready.with_mind(world=np.ones_like(ready.mind.world), belief=sure), Task(harm_deceptive=3.0))
    assert (deployed.outcome == Outcome.DECEPTIVE).mean() > 0.9
    assert (deployed.harm[deployed.outcome == Outcome.DECEPTIVE] == 3.0).all()
    assert (deployed.harm[deployed.outcome != Outcome.DECEPTIVE] <= 1.0).all()
    assert (deployed.performance[deployed.outcome == Outcome.DECEPTIVE] < 0.75).all()
    assert ((deployed.performance >= 0) & (deployed.performance <= 1)).all()


def test_every_harmful_type_has_a_harm_of_its_own():
    """Runs of three kinds: their codes decide the harm, and nothing is read as the types that do what is wanted."""
    harms = {Outcome.DECEPTIVE: 3.0, Outcome.PROXY: 5.0, Outcome.REWARD_SEEKING: 7.0}
    task = Task(harm_deceptive=3.0, harm_proxy=5.0, harm_reward_seeking=7.0)
    model = Model(grader=0.0)
    seeking = begin(model, runs=RUNS, seed=0).with_mind(grader=np.full(RUNS, 4.0), representation=np.full(RUNS, -4.0))
    sure = np.tile([0.0, 1.0], (RUNS, 1))
    state = seeking.with_mind(world=np.ones((RUNS, 2)), belief=sure, capability=np.full(RUNS, 4.0))
    deployed = deploy(state, task)
    assert (deployed.outcome == Outcome.REWARD_SEEKING).all()
    assert (deployed.harm == 7.0).all()
    for runs in (deploy(begin(model, runs=RUNS, seed=1), task), deploy(slices(batch_of(), orders(RUNS)), task)):
        assert [harms.get(Outcome(code), 0.0) for code in runs.outcome] == runs.harm.tolist()


def test_it_is_over_with_nothing_deployed_when_all_slices_are_used():
    """And not cut off: a learner that adds the value of what is seen last would count on slices that there are not."""
    single = Overseer(**SHORT)
    single.reset(seed=0)
    steps = [single.step(orders(1)[0]) for _ in range(6)]
    assert [step[2:4] for step in steps] == [(False, False)] * 5 + [(True, False)]
    assert [step[4] for step in steps[:5]] == [{}] * 5
    assert steps[-1][4] == {"deployed": False, "cost": pytest.approx(6 * 40e-5)}
    assert steps[-1][0][AT["used"]] == 1


def test_what_is_stopped_is_not_deployed():
    single = Overseer(**SHORT)
    single.reset(seed=0)
    single.step(orders(1)[0])
    _, reward, terminated, truncated, info = single.step(orders(1, decision=STOP)[0])
    assert (reward, terminated, truncated) == (0, True, False)
    assert info == {"deployed": False, "cost": pytest.approx(40e-5)}


# What is not valid


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"slice_steps": 0}, "slice_steps = 0 is not valid for a task: it must be a whole number from 1"),
        ({"reliabilty": 0.5}, "did you mean 'reliability'?"),
        ({"settings": {"gate_int": 1}}, "did you mean 'gate_init'?"),
        ({"settings": {"match": "target"}}, "an overseer decides when training stops"),
        ({"render_mode": "human"}, "render_mode = 'human' is not valid here"),
        ({"settings": 3}, "settings = 3 is not valid: it must be a mapping"),
        ({"settings": {3: 1}}, "settings = {3: 1} is not valid: it must be a mapping"),
        ({"settings": {"finetuning.steps": 9}}, "finetuning.steps = 9 is not allowed here: a slice has slice_steps."),
        ({"settings": {"*.target": 0.5}}, "an overseer decides when training stops"),
        ({"settings": {"finetuning.honeypots": 0.5}}, "an overseer decides how many there are"),
        ({"settings": {"finetuning.realism": 0.9}}, "that of the task applies"),
        ({"settings": {"finetuning.carry": []}}, "an overseer decides what is put back"),
        ({"settings": {"gate_init": -1}, "vary": ["gate_init"]}, "it is in vary, so each run draws its own"),
        ({"slices": 65537}, "slices = 65537 is not valid for a task: it must be a whole number from 1 to 65,536"),
        ({"vary": ["gate_inti"]}, "did you mean 'gate_init'?"),
        ({"vary": "gate_init"}, "vary = 'gate_init' is not valid: it must be a list"),
    ],
)
def test_options_that_are_not_valid_are_refused_in_a_sentence(options, says):
    with pytest.raises(InputError) as refused:
        Overseer(**options)
    assert says in str(refused.value)


def test_calls_that_are_not_valid_are_refused_in_a_sentence():
    single, envs = Overseer(**SHORT), Overseers(2, **SHORT)
    for environment in (single, envs):
        with pytest.raises(InputError, match="before reset"):
            environment.step(orders(2))
        with pytest.raises(InputError, match="option 'lot' is not known"):
            environment.reset(options={"lot": 1})
    with pytest.raises(InputError, match="run = -1 is not valid"):
        single.reset(options={"run": -1})
    with pytest.raises(InputError, match="reset_mask"):
        envs.reset(options={"reset_mask": [True]})
    single.reset(seed=0)
    for wrong in (orders(1)[0] - 1, orders(1)[0] + 5, orders(1)[0][:4], orders(1)[0] * 1.0):
        with pytest.raises(InputError, match="it must be 10 whole numbers per run"):
            single.step(wrong)
    envs.reset(seed=0)
    for wrong in (orders(3), orders(1), orders(1)[0]):
        with pytest.raises(InputError, match=r"for 2 runs is not valid: it must be 10 whole numbers per run"):
            envs.step(wrong)
    with pytest.raises(InputError, match=r"action = \[9, ") as refused:
        envs.step(orders(2, decision=np.array([0, 9])))
    assert len(str(refused.value)) < 200
    with pytest.raises(InputError, match="seed = 1 is not allowed with reset_mask"):
        envs.reset(seed=1, options={"reset_mask": np.array([True, False])})
    single.step(orders(1, decision=STOP)[0])
    with pytest.raises(InputError, match="after the end"):
        single.step(orders(1)[0])
    with pytest.raises(InputError, match="mode of autoreset 'never' is not known"):
        Overseers(2, autoreset_mode="never")
    with pytest.raises(InputError, match="runs = 0"):
        Overseers(0)
