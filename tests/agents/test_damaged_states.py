"""Saved states that are damaged, or whose arrays do not fit each other: one sentence, and no kernel reads them."""

from dataclasses import replace

import numpy as np
import pytest

from feint.agents.errors import InputError
from feint.agents.model import Model
from feint.agents.state import SHAPES, State
from feint.sim.training.stage import Stage
from feint.sim.training.train import begin, enter

STAGE = Stage(name="first", objective=1, steps=90)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    path = tmp_path_factory.mktemp("states") / "state.npz"
    enter(begin(Model(modes=5), runs=3, seed=3), STAGE).save(path)
    with np.load(path) as file:
        return path, {name: file[name] for name in file.files}


def loaded(arrays, tmp_path):
    np.savez(tmp_path / "other.npz", **arrays)
    return State.load(tmp_path / "other.npz")


MUTILATED = {
    "fewer runs": lambda array: array[:-1],
    "more runs": lambda array: np.concatenate([array, array]),
    "one axis less": lambda array: array[0],
    "one axis more": lambda array: array[..., None],
    "other numbers": lambda array: array.astype(np.float32 if array.dtype != np.float32 else np.int8),
    "text": lambda array: array.astype(str),
    "the other end first": lambda array: array.astype(array.dtype.newbyteorder(">")),
}


@pytest.mark.parametrize("how", MUTILATED)
@pytest.mark.parametrize("name", SHAPES)
def test_an_array_of_another_shape_or_type_is_refused_by_its_name(saved, tmp_path, name, how):
    with pytest.raises(InputError, match=r"not a state that Feint saved: array '[a-z.]+' (has|holds) "):
        loaded({**saved[1], name: MUTILATED[how](saved[1][name])}, tmp_path)


@pytest.mark.parametrize("name", [name for name, (_, axes) in SHAPES.items() if len(axes) > 1])
def test_an_array_with_a_column_less_is_refused_by_its_name(saved, tmp_path, name):
    with pytest.raises(InputError, match=r"array '[a-z.]+' has the shape \(3, "):
        loaded({**saved[1], name: saved[1][name][:, :-1]}, tmp_path)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("world.objectives", np.nan, "array 'world.objectives' has values that are not valid"),
        ("world.misconceptions", np.inf, "array 'world.misconceptions' has values that are not valid"),
        ("bias", np.nan, "array 'bias' has values that are not valid: they must be from 0"),
        ("progress.taken", -1, "array 'progress.taken' has values"),
        ("progress.status", 7, "array 'progress.status' has values that are not valid: they must be from -1 to 2"),
        ("objective", 2, "objective = 2 is not valid: it must be a whole number from -1 to 1"),
        ("target", np.nan, "target = nan is not valid"),
        ("occurrences", [0, 1, 2], r"occurrences = \(0, 1, 2\) is not valid"),
        ("occurrences", [0, -1], "occurrences = -1 is not valid"),
        ("model", '{"modes": 6}', r"'world.objectives' has the shape \(3, 2, 5\): it must be \(runs, objectives, 6\)"),
        ("model", '{"modes": 5, "similarity": [0.1, 0.2]}', "it must have 3 objectives, as its model names"),
        ("model", "[" * 5000, "not a state that Feint saved"),
        ("model", '{"modes": 5, "sim\\u001b[2J": 1}', r"model parameter 'sim\\x1b\[2J' is not known"),
    ],
)
def test_values_that_do_not_fit_are_refused(saved, tmp_path, name, value, words):
    changed = np.array(value)
    if name in SHAPES:
        changed = saved[1][name].copy()
        changed.flat[0] = value
    with pytest.raises(InputError, match=words) as refusal:
        loaded({**saved[1], name: changed}, tmp_path)
    assert len(str(refusal.value)) <= 300


def test_the_constructor_refuses_what_the_file_would(saved):
    state = State.load(saved[0])
    with pytest.raises(InputError, match=r"array 'mind.gate' has the shape \(2,\): it must be \(3,\), for \(runs\)"):
        replace(state, mind=state.mind._replace(gate=state.mind.gate[1:]))
    with pytest.raises(InputError, match=r"array 'mind\.goal' is not contiguous"):
        replace(state, mind=state.mind._replace(goal=np.asfortranarray(state.mind.goal)))
    with pytest.raises(InputError, match="array 'bias' holds list: it must hold float64"):
        replace(state, bias=state.bias.tolist())
    loose = state.mind._replace(gate=np.full(3, np.nan))
    assert np.isnan(replace(state, mind=loose).mind.gate).all()  # a run that has diverged


def test_columns_first_are_put_right_on_loading(saved, tmp_path):
    again = loaded({**saved[1], "mind.goal": np.asfortranarray(saved[1]["mind.goal"])}, tmp_path)
    assert again.mind.goal.tobytes() == State.load(saved[0]).mind.goal.tobytes()


def test_damage_anywhere_in_the_file_is_one_sentence(saved, tmp_path):
    whole, rng, refused = saved[0].read_bytes(), np.random.default_rng(5), []
    for _ in range(300):
        content = bytearray(whole)
        for place in rng.integers(0, len(whole), rng.integers(1, 4)):
            content[place] = rng.integers(0, 256)
        if rng.random() < 0.1:
            content = content[: rng.integers(0, len(whole))]
        (tmp_path / "state.npz").write_bytes(content)
        try:
            State.load(tmp_path / "state.npz")
        except InputError as error:
            refused.append(str(error))
    assert len(refused) > 150
    assert [sentence for sentence in refused if "state.npz: " not in sentence or len(sentence) > 300] == []


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\x93NUMPY\x01\x00v\x00" + b"{" * 118, b"\x80\x04N."])
def test_other_files_are_refused(tmp_path, content):
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(InputError, match="not a state that Feint saved"):
        State.load(tmp_path / "a.npz")
    for path in (tmp_path / "none.npz", tmp_path):
        with pytest.raises(InputError, match="the file cannot be read: "):
            State.load(path)
