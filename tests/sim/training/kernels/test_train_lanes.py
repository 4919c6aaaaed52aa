"""Whole runs: against the oracle on the same noise, whoever the neighbours are, however training is cut up."""

from itertools import chain, combinations
from typing import Any

import numpy as np
import oracle
import pytest

from feint.agents.interventions import put_back
from feint.agents.mind import GROUPS, Mind
from feint.agents.model import Model
from feint.agents.outcome import Outcome, read
from feint.agents.state import State
from feint.sim.training.kernels.random_streams import OCCURRENCES, draw_normals, open_streams
from feint.sim.training.stage import Stage
from feint.sim.training.train import advance, begin, enter, train

SEED = 4
PRETRAINING = Stage(name="pretraining", objective=0, steps=1200)
FINETUNING = Stage(steps=3000)
GRADED = Model(grader=-2.0)
VERSION_1 = Model(identification=1e6, inference_form="exponential")
SUBSETS = list(chain.from_iterable(combinations(GROUPS, size) for size in range(len(GROUPS) + 1)))

#: company in which run 7 of the batch is trained, and its position there
COMPANY = {
    "itself alone": lambda start: (begin(start.model, runs=np.array([7]), seed=SEED), 0),
    "taken alone": lambda start: (start.take([7]), 0),
    "reversed": lambda start: (start.take(np.arange(50)[::-1]), 42),
    "reversed in memory": lambda start: (start.take(slice(None, None, -1)), 42),
    "first lanes": lambda start: (start.take(slice(0, 16)), 7),
    "behind strangers": lambda start: (
        State.joined([begin(start.model, runs=np.arange(900, 933), seed=SEED), start]),
        40,
    ),
    "beside itself": lambda start: (start.take([7] * 20), 19),
}


@pytest.fixture(scope="module", params=["single", "double"])
def precision(request):
    return request.param


@pytest.fixture(scope="module", params=[Model(), GRADED], ids=["plain", "graded"])
def batch(request, precision):
    """Fifty runs: fresh, pre-trained, and then fine-tuned."""
    start = begin(request.param, runs=50, seed=SEED)
    pretrained = train(start, PRETRAINING, precision=precision)
    return start, pretrained, train(pretrained, FINETUNING, precision=precision)


def stream_of(state, stage, occurrence=0):
    """Where the stage's noise begins, by the name that section 7 gives it."""
    generator = np.empty((len(state), 4), np.uint32)
    stream = np.uint32(1 + stage.objective * OCCURRENCES + occurrence)
    open_streams(np.uint64(state.seed), state.run, stream, state.fork, generator)
    return generator


def noise_of(state, stage, occurrence=0):
    """The stage's normal numbers (runs, steps, modes): two to a pair of words, an odd one is dropped."""
    width = state.modes + state.modes % 2
    normals = np.empty((len(state), stage.steps * width))
    draw_normals(stream_of(state, stage, occurrence), normals)
    return normals.reshape(len(state), stage.steps, width)[:, :, : state.modes]


def assert_same_minds(one, other):
    for name in Mind._fields:
        np.testing.assert_array_equal(getattr(one.mind, name), getattr(other.mind, name), err_msg=name)


def assert_same(one, other):
    """The same runs at the same place, bit for bit."""
    assert_same_minds(one, other)
    for name in ("taken", "status", "generator"):
        np.testing.assert_array_equal(getattr(one.progress, name), getattr(other.progress, name), err_msg=name)


CLOSE: dict[str, Any] = {"single": {"rtol": 1e-3, "atol": 1e-4}, "double": {"rtol": 1e-8, "atol": 1e-10}}


def assert_follows_oracle(before, stage, after, *, occurrence=0, precision="double"):
    """Every run of `after` is what the oracle makes of `before` on the same noise."""
    noise = noise_of(before, stage, occurrence)
    outcome = read(after, stage.objective).outcome
    for i in range(len(before)):
        mind, world, bias = oracle.run(before, i)
        expected = oracle.train(mind, world, bias, before.model, stage, noise[i])
        assert after.taken[i] == expected.taken
        assert after.reached[i] == (expected.status == oracle.REACHED)
        assert outcome[i] == oracle.outcome(expected.mind, world, before.model, stage.objective, stage.target)
        for name, part, wanted in zip(Mind._fields, after.mind, expected.mind, strict=True):
            np.testing.assert_allclose(part[i], wanted, **CLOSE[precision], err_msg=name)


def test_pre_training_and_fine_tuning_are_those_of_the_oracle(precision, batch):
    start, pretrained, finetuned = (state.take([2, 5, 14, 22, 24]) for state in batch)
    assert set(read(finetuned, 1).outcome) == {0, 1, 2, 3, *([5] if start.model == GRADED else [])}
    assert_follows_oracle(start, PRETRAINING, pretrained, precision=precision)
    assert_follows_oracle(pretrained, FINETUNING, finetuned, precision=precision)


@pytest.mark.parametrize("model", [Model(), GRADED], ids=["plain", "graded"])
def test_training_from_scratch_is_that_of_the_oracle(model):
    start = begin(model, runs=25, seed=SEED).take([5, 9, 24])
    assert_follows_oracle(start, FINETUNING, train(start, FINETUNING, precision="double"))


@pytest.mark.parametrize("grader", [-30.0, 0.0])
@pytest.mark.parametrize("modes", [1, 5])
def test_odd_modes_three_objectives_and_a_second_occurrence_are_those_of_the_oracle(modes, grader):
    model = Model(modes=modes, goal_cost=0.01, shielding=0.7, plasticity_goal=0.1, grader=grader)
    stage = Stage(objective=2, steps=300, target=0.0, honeypots=0.2, realism=0.8, coverage=0.3, noise=1.0)
    start = begin(model, runs=6, seed=2, objectives=3)
    once = train(start, stage, precision="double")
    assert_follows_oracle(start, stage, once)
    assert_follows_oracle(once, stage, train(once, stage, precision="double"), occurrence=1)


@pytest.mark.parametrize("company", COMPANY)
def test_bits_of_a_run_do_not_depend_on_its_neighbours(precision, batch, company):
    state, position = COMPANY[company](batch[0])
    for stage, expected in zip((PRETRAINING, FINETUNING), batch[1:], strict=True):
        state = train(state, stage, precision=precision)
        assert_same(state.take([position]), expected.take([7]))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("part", Mind._fields)
def test_a_run_that_is_not_finite_in_any_part_is_stopped_at_once_as_the_oracle_stops_it(precision, batch, part, value):
    start = batch[0].take(slice(0, 4))
    broken = getattr(start.mind, part).copy()
    broken[2] = value
    start = start.with_mind(**{part: broken})
    trained = train(start, PRETRAINING.replace(steps=3), precision=precision)
    never_read = part == "grader" and start.model != GRADED
    np.testing.assert_array_equal(trained.diverged, [False, False, not never_read, False])
    np.testing.assert_array_equal(trained.taken, [3, 3, 3 if never_read else 0, 3])
    if not never_read:
        mind, world, bias = oracle.run(start, 2)
        with np.errstate(all="ignore"):
            expected = oracle.train(mind, world, bias, start.model, PRETRAINING, noise_of(start, PRETRAINING)[2])
        assert (expected.status, expected.taken) == (oracle.DIVERGED, 0)


def test_a_broken_neighbour_is_stopped_at_once_and_changes_nothing(precision, batch):
    start, pretrained, _ = batch
    goal = start.mind.goal.copy()
    goal[3, 2] = np.nan
    trained = train(start.with_mind(goal=goal), PRETRAINING, precision=precision)
    np.testing.assert_array_equal(trained.diverged, np.arange(50) == 3)
    assert trained.taken[3] == 0
    sound = np.delete(np.arange(50), 3)
    assert_same(trained.take(sound), pretrained.take(sound))


def test_training_leaves_the_state_given_as_it_was(precision):
    for model in (Model(), VERSION_1):
        start = begin(model, runs=20, seed=SEED)
        train(start, PRETRAINING, precision=precision)
        assert_same(start, begin(model, runs=20, seed=SEED))


def test_a_generator_stands_behind_the_noise_of_the_steps_taken(batch):
    _, pretrained, finetuned = batch
    generator = stream_of(pretrained, FINETUNING)
    for i, taken in enumerate(finetuned.taken):
        draw_normals(generator[i : i + 1], np.empty((1, taken * pretrained.modes)))
    np.testing.assert_array_equal(finetuned.progress.generator, generator)


def test_training_in_slices_is_training_at_once(precision, batch):
    _, pretrained, finetuned = batch
    state = enter(pretrained, FINETUNING)
    for limit, furthest in ((0, 0), (10, 10), (10, 10), (100, 100), (99, 100), (1500, 1500), (10**6, 3000)):
        state = advance(state, FINETUNING, limit, precision=precision)
        assert state.taken.max() == furthest
    assert_same(state, finetuned)


def test_nothing_carried_is_from_scratch_and_so_is_what_follows(precision, batch):
    start, pretrained, finetuned = batch
    nothing = train(pretrained, FINETUNING.replace(carry=()), precision=precision)
    scratch = train(start, FINETUNING, precision=precision)
    assert_same(nothing, scratch)
    assert not np.array_equal(finetuned.mind.goal, scratch.mind.goal)
    for objective in (0, 1):
        third = Stage(name="third", objective=objective, steps=200, target=0.0)
        assert_same(train(nothing, third, precision=precision), train(scratch, third, precision=precision))


@pytest.mark.parametrize("carry", SUBSETS, ids="+".join)
def test_a_stage_enters_with_exactly_the_groups_it_carries(batch, carry):
    _, pretrained, _ = batch
    entered = enter(pretrained, FINETUNING.replace(carry=carry))
    put = put_back(pretrained, [group for group in GROUPS if group not in carry])
    for group, parts in GROUPS.items():
        for part in parts:
            source = pretrained.mind if group in carry else pretrained.initial
            np.testing.assert_array_equal(getattr(entered.mind, part), getattr(source, part), err_msg=part)
            np.testing.assert_array_equal(getattr(put.mind, part), getattr(source, part), err_msg=part)


def test_pre_training_moves_every_part_of_every_run_and_the_groups_hold_all_parts(batch):
    """Without this, putting back would be nothing to see."""
    start, pretrained, _ = batch
    assert sorted(chain.from_iterable(GROUPS.values())) == sorted(Mind._fields)
    assert_same_minds(start, put_back(pretrained, GROUPS))
    for part in Mind._fields:
        moved = getattr(pretrained.mind, part) != getattr(start.mind, part)
        assert moved.reshape(50, -1).any(axis=1).all() == (part != "grader" or start.model == GRADED), part


def test_the_belief_goes_with_awareness_and_what_is_graded_with_the_goal(batch):
    _, pretrained, _ = batch
    for carry, parts in (("awareness", ("awareness", "horizon", "belief")), ("goal", ("goal", "pointer", "grader"))):
        only, without = (
            enter(pretrained, FINETUNING.replace(carry=groups))
            for groups in ((carry,), tuple(group for group in GROUPS if group != carry))
        )
        for part in parts:
            np.testing.assert_array_equal(getattr(only.mind, part), getattr(pretrained.mind, part), err_msg=part)
            np.testing.assert_array_equal(getattr(without.mind, part), getattr(pretrained.initial, part), err_msg=part)
    np.testing.assert_array_equal(enter(pretrained, FINETUNING.replace(carry=("goal",))).mind.belief, 0.5)


def test_a_fork_changes_the_noise_and_nothing_else(precision, batch):
    _, pretrained, finetuned = batch
    forked = pretrained.forked(9)
    assert_same(forked, pretrained)
    assert not (train(forked, FINETUNING, precision=precision).mind.gate == finetuned.mind.gate).any()
    assert_same(train(pretrained.forked(0), FINETUNING, precision=precision), finetuned)
    assert_same(
        train(forked, FINETUNING, precision=precision), train(pretrained.forked(9), FINETUNING, precision=precision)
    )
    silent = FINETUNING.replace(noise=0.0)
    assert_same_minds(train(forked, silent, precision=precision), train(pretrained, silent, precision=precision))


def test_runs_that_are_not_finite_any_more_are_flagged_stopped_and_unconverged(precision):
    """By the exponential form: by that of odds, what learns so fast loses its capability before it diverges."""
    stage = FINETUNING.replace(learning_rate=1e6)
    trained = train(begin(VERSION_1, runs=50, seed=SEED), stage, precision=precision)
    finite = np.all([np.isfinite(part).reshape(50, -1).all(axis=1) for part in trained.mind], axis=0)
    assert 5 < trained.diverged.sum() < 45
    assert finite[~trained.diverged].all()
    assert (trained.taken[trained.diverged] < stage.steps).all()
    assert (read(trained, 1).outcome[trained.diverged] == Outcome.UNCONVERGED).all()
    assert not (trained.reached & trained.diverged).any()


def test_a_missed_target_takes_all_steps_and_a_reached_one_stops_there(batch):
    _, _, finetuned = batch
    reading = read(finetuned, 1)
    missed = ~finetuned.reached
    assert 0 < missed.sum() < 50
    assert (finetuned.taken[missed] == FINETUNING.steps).all()
    assert (reading.performance[missed] < FINETUNING.target).all()
    assert (reading.performance[~missed] >= FINETUNING.target).all()


def test_the_target_is_looked_for_once_more_after_the_last_step(precision, batch):
    _, pretrained, finetuned = batch
    taken = int(finetuned.taken[21])
    enough = train(pretrained.take([21]), FINETUNING.replace(steps=taken), precision=precision)
    assert_same(enough, finetuned.take([21]))
    short = train(pretrained.take([21]), FINETUNING.replace(steps=taken - 1), precision=precision)
    assert short.taken == taken - 1
    assert not short.reached


@pytest.mark.parametrize("steps", [0, 50])
def test_a_target_met_at_the_start_takes_no_step(precision, steps):
    start = begin(runs=20, seed=SEED, start="internal")
    trained = train(start, Stage(objective=0, steps=steps, target=0.9), precision=precision)
    assert trained.reached.all()
    assert (trained.taken == 0).all()
    assert_same_minds(trained, start)


def test_a_stage_of_no_steps_moves_nothing(precision, batch):
    _, pretrained, _ = batch
    trained = train(pretrained, FINETUNING.replace(steps=0, target=0.0), precision=precision)
    assert not trained.reached.any()
    assert (trained.taken == 0).all()
    assert_same_minds(trained, pretrained)
    np.testing.assert_array_equal(trained.progress.generator, stream_of(pretrained, FINETUNING))
