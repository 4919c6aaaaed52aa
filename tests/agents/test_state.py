"""A state: taken apart, put together, kept on disk and forked, it goes on to the same bits."""

import numpy as np
import pytest

from feint.agents.errors import InputError
from feint.agents.interventions import close_gate, following, move_concept, put_back
from feint.agents.mind import GROUPS, REACHED
from feint.agents.model import Model
from feint.agents.outcome import read
from feint.agents.state import State
from feint.agents.types import prepare, starts
from feint.agents.views import Belief, view
from feint.sim.training.stage import Stage
from feint.sim.training.train import advance, begin, enter, train

MODEL = Model(modes=5, similarity=(0.7, -0.2), plasticity_goal=0.1)
FIRST = Stage(name="first", objective=0, steps=90)
SECOND = Stage(name="second", objective=2, steps=900, target=0.7)


@pytest.fixture(scope="module")
def start():
    return begin(MODEL, runs=12, seed=3, objectives=3)


@pytest.fixture(scope="module")
def underway(start):
    """In the middle of the second stage: some have stopped, the others taken 400 steps."""
    state = advance(enter(train(start, FIRST), SECOND), SECOND, 400)
    assert 0 < state.reached.sum() < 12
    return state


def arrays_of(state):
    """Every array of a state by name; written out here so as to miss none that `State` itself forgets."""
    groups = {name: getattr(state, name)._asdict() for name in ("world", "initial", "mind", "progress")}
    flat = {"run": state.run, "fork": state.fork, "bias": state.bias}
    return flat | {f"{group}.{name}": array for group, fields in groups.items() for name, array in fields.items()}


def assert_equal_states(one, other):
    """Equal in everything that a state holds, to the bit, sign of zero and kind of number."""
    assert one.model == other.model
    assert one.seed == other.seed
    assert one.occurrences == other.occurrences
    assert (one.objective, one.target) == (other.objective, other.target)
    for (name, here), there in zip(arrays_of(one).items(), arrays_of(other).values(), strict=True):
        assert (here.dtype, here.shape) == (there.dtype, there.shape), name
        assert here.tobytes() == there.tobytes(), name


def test_a_state_knows_its_size_and_how_its_runs_stopped(underway):
    assert (len(underway), underway.objectives, underway.modes) == (12, 3, 5)
    assert {len(array) for array in arrays_of(underway).values()} == {12}
    np.testing.assert_array_equal(underway.reached, underway.progress.status == REACHED)
    assert (underway.taken[~underway.reached] == 400).all()
    assert (underway.taken[underway.reached] <= 400).all()
    goal = underway.mind.goal.copy()
    goal[4] = np.inf
    broken = train(underway.with_mind(goal=goal), FIRST)
    np.testing.assert_array_equal(broken.diverged, np.arange(12) == 4)


@pytest.mark.parametrize(
    ("runs", "positions"),
    [
        ([3, 1], [3, 1]),
        ([7, 7, -1], [7, 7, 11]),
        (np.arange(12) % 4 == 0, [0, 4, 8]),
        (slice(1, 9, 3), [1, 4, 7]),
        (slice(None, None, -1), list(range(12))[::-1]),
    ],
)
def test_taken_runs_are_those_at_the_positions_in_their_order(underway, runs, positions):
    taken = underway.take(runs)
    np.testing.assert_array_equal(taken.run, positions)
    for (name, here), there in zip(arrays_of(taken).items(), arrays_of(underway).values(), strict=True):
        np.testing.assert_array_equal(here, there[positions], err_msg=name)


def test_a_start_taken_apart_is_that_of_its_run_numbers(start):
    assert_equal_states(start.take([9, 2]), begin(MODEL, runs=np.array([9, 2]), seed=3, objectives=3))


def test_a_state_taken_apart_and_joined_is_itself(underway):
    assert_equal_states(
        State.joined([underway.take(slice(0, 5)), underway.take([5]), underway.take(range(6, 12))]), underway
    )
    assert_equal_states(State.joined([underway]), underway)


def test_parts_trained_apart_and_merged_later_go_on_as_if_never_parted(start):
    whole = train(start, FIRST)
    parts = [train(start.take(each), FIRST) for each in ([5, 0, 9], [2, 11])]
    merged = train(State.joined(parts), SECOND)
    assert_equal_states(merged, train(whole, SECOND).take([5, 0, 9, 2, 11]))


def test_parts_that_stand_at_different_steps_can_be_merged(start):
    entered = enter(start, SECOND)
    early, late = advance(entered.take([0, 1]), SECOND, 30), advance(entered.take([2, 3]), SECOND, 200)
    merged = State.joined([early, late])
    np.testing.assert_array_equal(merged.taken, [30, 30, 200, 200])
    assert_equal_states(advance(merged, SECOND, SECOND.steps), train(start.take(range(4)), SECOND))


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"model": MODEL.replace(speed_cost=0.002)}, r"model = .*speed_cost=0\.002.* differs from Model"),
        ({"seed": 4}, "seed = 4 differs from 3"),
        ({"stage": FIRST}, "objective = 0 differs from -1"),
    ],
)
def test_states_of_different_making_are_not_joined(start, how, words):
    drawn = {"model": MODEL, "runs": 1, "seed": 3, "objectives": 3} | how
    stage = drawn.pop("stage", None)
    other = enter(begin(**drawn), stage) if stage else begin(**drawn)
    with pytest.raises(InputError, match=f"{words}.*only states that share it can be joined"):
        State.joined([start, start, other])


def test_states_of_one_stage_with_different_targets_are_not_joined(start):
    one, other = (enter(start, SECOND.replace(target=target)) for target in (0.7, 0.8))
    with pytest.raises(InputError, match=r"target = 0\.8 differs from 0\.7: only states that share it can be joined"):
        State.joined([one, other])


def test_a_state_knows_the_target_of_its_present_stage(start):
    assert (start.target, enter(start, FIRST).target, enter(start, SECOND).target) == (0.0, 0.0, 0.7)
    assert train(train(start, SECOND), FIRST).target == 0.0


def test_no_states_are_not_joined():
    with pytest.raises(InputError, match="give at least one state"):
        State.joined([])


def test_a_state_comes_back_from_disk_bit_for_bit(underway, tmp_path):
    gate, goal = underway.mind.gate.copy(), underway.mind.goal.copy()
    belief = np.random.default_rng(1).dirichlet(np.ones(3), 12)
    gate[:4] = [np.nan, np.inf, -np.inf, -0.0]
    goal[0, 0] = np.nextafter(0.1, 1)
    far = begin(MODEL, runs=np.array([2**64 - 1], np.uint64), seed=2**64 - 1, objectives=3)
    for state in (
        far,
        State.joined([underway.with_mind(gate=gate, goal=goal, belief=belief).forked(2**32 - 1), underway]),
    ):
        state.save(tmp_path / "state.npz")
        loaded = State.load(str(tmp_path / "state.npz"))
        assert_equal_states(loaded, state)
    assert_equal_states(State.joined([loaded, state]), State.joined([state, state]))


def test_saving_in_the_middle_of_a_stage_changes_nothing_that_follows(underway, tmp_path):
    underway.save(tmp_path / "state.npz")
    loaded = State.load(tmp_path / "state.npz")
    at_once = advance(underway, SECOND, SECOND.steps)
    assert (at_once.taken > 400).any()
    assert_equal_states(advance(loaded, SECOND, SECOND.steps), at_once)
    assert_equal_states(train(loaded, SECOND), train(underway, SECOND))


def test_a_state_of_another_format_is_refused(underway, tmp_path):
    """Such as one of version 1, whose minds have no belief."""
    underway.save(tmp_path / "state.npz")
    with np.load(tmp_path / "state.npz") as file:
        arrays = {name: file[name] for name in file.files}
    np.savez(tmp_path / "old.npz", **{**arrays, "format": np.array(1)})
    with pytest.raises(InputError, match="not a state that Feint saved: its format is 1, and this version reads 2"):
        State.load(tmp_path / "old.npz")
    del arrays["mind.belief"]
    np.savez(tmp_path / "old.npz", **arrays)
    with pytest.raises(InputError, match=r"not a state that Feint saved: .*mind\.belief"):
        State.load(tmp_path / "old.npz")


def test_forks_of_one_state_differ_by_their_key_and_then_by_noise_alone(start):
    before = train(start, FIRST)
    forks = [before.forked(key) for key in (0, 1, 2**32 - 1)]
    for key, fork in zip((0, 1, 2**32 - 1), forks, strict=True):
        assert fork.fork.tolist() == [key] * 12
        assert_equal_states(fork.forked(0), before)
    ends = [train(fork, SECOND).mind.capability for fork in forks]
    assert all((ends[i] != ends[j]).all() for i, j in ((0, 1), (0, 2), (1, 2)))
    silent = SECOND.replace(noise=0.0)
    for fork in forks:
        for part, expected in zip(train(fork, silent).mind, train(before, silent).mind, strict=True):
            np.testing.assert_array_equal(part, expected)


def test_forks_side_by_side_are_each_what_they_are_alone(start):
    forks = [train(start, FIRST).take([4, 8]).forked(key) for key in (5, 0, 6)]
    assert_equal_states(train(State.joined(forks), SECOND), State.joined([train(fork, SECOND) for fork in forks]))


@pytest.mark.parametrize("key", [-1, 2**32])
def test_a_key_that_does_not_fit_is_refused(start, key):
    with pytest.raises(InputError, match=f"key = {key} is not valid: .* from 0 to {2**32 - 1:,}"):
        start.forked(key)


USES = {
    "train": lambda state: train(state, SECOND),
    "enter": lambda state: enter(state, SECOND.replace(carry=("world",))),
    "advance": lambda state: advance(state, SECOND, 500),
    "read": lambda state: read(state, 2),
    "view": lambda state: view(state, 2).behaviour(Belief.HONEYPOT, realism=0.5),
    "put_back": lambda state: train(put_back(state, GROUPS), FIRST),
    "close_gate": close_gate,
    "move_concept": lambda state: move_concept(state, 1, np.ones(5)),
    "following": lambda state: following(state, 1),
    "forked": lambda state: train(state.forked(1), SECOND),
    "take a slice": lambda state: train(state.take(slice(0, 4)), SECOND),
    "joined": lambda state: train(State.joined([state, state]), SECOND),
} | {start: lambda state, start=start: train(prepare(state, start), SECOND) for start in starts()}


@pytest.mark.parametrize("use", USES)
def test_nothing_writes_to_the_state_that_it_is_given(underway, use):
    before = underway.take(np.arange(12))
    USES[use](underway)
    assert_equal_states(underway, before)
