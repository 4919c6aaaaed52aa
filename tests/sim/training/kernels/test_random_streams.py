"""Random streams: known answers of both generators, normal numbers that are normal, keys that keep streams apart."""

from itertools import product

import numpy as np
import pytest
from lanewise import called, each_pair, each_state
from scipy import stats

from feint.agents.model import Model
from feint.sim.training.kernels.random_streams import (
    draw_normals,
    normal_pair,
    open_stream,
    open_streams,
    philox,
    xoshiro,
)
from feint.sim.training.stage import Stage
from feint.sim.training.train import begin, enter

WORD = 2**32 - 1

#: Random123, kat_vectors, philox4x32 of 10 rounds: counter, key, answer
PHILOX_ANSWERS = [
    ([0] * 4, [0] * 2, [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]),
    ([WORD] * 4, [WORD] * 2, [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]),
    (
        [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344],
        [0xA4093822, 0x299F31D0],
        [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1],
    ),
]
#: xoshiro128++ from the state 1, 2, 3, 4
XOSHIRO_ANSWERS = [
    641, 1573767, 3222811527, 3517856514, 836907274, 4247214768, 3867114732, 1355841295, 495546011, 621204420,
]  # fmt: skip


def words(values):
    return [np.uint32(value) for value in values]


def rotated(x, bits):
    return (x << bits | x >> (32 - bits)) & WORD


def plain_xoshiro(s, count):
    """xoshiro128++ as published by Blackman and Vigna, in whole numbers without bound."""
    s, found = list(s), []
    for _ in range(count):
        found.append((rotated((s[0] + s[3]) & WORD, 7) + s[0]) & WORD)
        t = (s[1] << 9) & WORD
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= t
        s[3] = rotated(s[3], 11)
    return found, s


def plain_normals(state, count):
    """Box and Muller's normal numbers out of those words, by the map that `normal_pair` states."""
    found, _ = plain_xoshiro([int(word) for word in state], 2 * count)
    return plain_pairs(*np.array(found, np.uint32).reshape(count, 2).T).ravel()


def plain_pairs(a, b):
    """Normal numbers (n, 2) of words a and b (n,), in double precision."""
    radius = np.sqrt(-2 * np.log((a | 1) / 2**32))
    t = (b & 0x7FFFFF) / 2**22 - 1
    right, up = np.where(b >> 31, -1, 1), np.where(b >> 30 & 1, -1, 1)
    return np.stack([right * radius * np.cos((1 + t) * np.pi / 4), up * radius * np.sin((1 + t) * np.pi / 4)], axis=1)


def opened(seed=0, runs=1, stream=0, fork=0):
    generator = np.empty((runs, 4), np.uint32)
    numbers = np.arange(runs, dtype=np.uint64)
    open_streams(np.uint64(seed), numbers, np.uint32(stream), np.full(runs, fork, np.uint32), generator)
    return generator


def normals(count, **key):
    generator = opened(**key)
    out = np.empty((len(generator), count))
    draw_normals(generator, out)
    return out


@pytest.mark.interpreted
@pytest.mark.parametrize(("counter", "key", "answer"), PHILOX_ANSWERS)
def test_philox_gives_the_known_answers(counter, key, answer):
    assert list(called(philox, *words(counter), *words(key))) == answer


LIKE = np.empty(0, np.float32)


def stepped(states, count):
    """Words (count, n) of generators in the states (n, 4), and the states after them."""
    states, found = np.array(states, np.uint32), []
    for _ in range(count):
        out, states = each_state(xoshiro, LIKE, states)
        found.append(out)
    return np.array(found), states


@pytest.mark.interpreted
def test_xoshiro_gives_the_known_answers():
    found, _ = plain_xoshiro([1, 2, 3, 4], 10)
    assert found == XOSHIRO_ANSWERS
    assert stepped([[1, 2, 3, 4]], 10)[0].ravel().tolist() == XOSHIRO_ANSWERS


@pytest.mark.interpreted
def test_xoshiro_is_the_published_algorithm_from_any_state():
    rng = np.random.default_rng(1)
    starts = [[WORD] * 4, [0, 0, 0, 1], [2**31] * 4, *rng.integers(0, 2**32, (40, 4)).tolist()]
    found, states = stepped(starts, 40)
    for i, start in enumerate(starts):
        expected, last = plain_xoshiro(start, 40)
        assert found[:, i].tolist() == expected
        assert states[i].tolist() == last


@pytest.mark.interpreted
def test_a_stream_begins_where_philox_puts_its_key():
    seed, run, stream, fork = 2**63 + 5, 2**40 + 3, 7, 9
    key = words([seed & WORD, seed >> 32])
    counter = words([run & WORD, run >> 32, stream, fork])
    found = called(open_stream, np.uint64(seed), np.uint64(run), np.uint32(stream), np.uint32(fork))
    assert list(found) == list(called(philox, *counter, *key))


@pytest.mark.interpreted
def test_normals_are_box_and_muller_on_the_words_of_the_stream():
    np.testing.assert_allclose(normals(4000, seed=3)[0], plain_normals(opened(seed=3)[0], 2000), atol=2e-6)


def test_an_odd_count_drops_the_second_of_its_last_pair():
    generator, even = opened(seed=2), opened(seed=2)
    odd_out, even_out = np.empty((1, 7)), np.empty((1, 8))
    draw_normals(generator, odd_out)
    draw_normals(even, even_out)
    np.testing.assert_array_equal(odd_out, even_out[:, :7])
    np.testing.assert_array_equal(generator, even)


def test_normals_of_a_stream_are_normal():
    x = normals(400_000, seed=11)[0]
    assert stats.kstest(x, "norm").pvalue > 0.01
    for power, (moment, variance) in enumerate([(0, 1), (1, 2), (0, 15), (3, 96)], start=1):
        assert abs(np.mean(x**power) - moment) < 4 * np.sqrt(variance / x.size)


def test_the_first_normals_of_many_streams_are_normal_and_independent():
    x = normals(2, seed=12, runs=100_000)
    assert stats.kstest(x.ravel(), "norm").pvalue > 0.01
    for one, other in ((x[:, 0], x[:, 1]), (x[:-1, 0], x[1:, 0]), (x[:, 0], normals(1, seed=13, runs=100_000)[:, 0])):
        assert abs(np.corrcoef(one, other)[0, 1]) < 4 / np.sqrt(len(x))


def test_members_of_a_pair_are_independent():
    first, second = normals(400_000, seed=14)[0].reshape(-1, 2).T
    for shape in (np.positive, np.abs, np.square):
        assert abs(np.corrcoef(shape(first), shape(second))[0, 1]) < 4 / np.sqrt(first.size)
    assert stats.kstest(np.arctan2(second, first), stats.uniform(-np.pi, 2 * np.pi).cdf).pvalue > 0.01
    assert stats.kstest((first**2 + second**2) / 2, "expon").pvalue > 0.01


def test_successive_pairs_are_independent():
    x = normals(400_000, seed=15)[0]
    for lag in (1, 2, 3, 4, 16):
        assert abs(np.corrcoef(x[:-lag], x[lag:])[0, 1]) < 4 / np.sqrt(x.size)


def test_the_extreme_words_give_finite_normals():
    """The lowest bit of the first word counts as set; in single precision its last 127 values are one, and make 0."""
    turns = np.array([0, 1, 2**31, WORD], np.uint32)
    for word, radius in ((0, np.sqrt(64 * np.log(2))), (1, np.sqrt(64 * np.log(2))), (WORD, 0.0)):
        pairs = each_pair(normal_pair, LIKE, np.full(4, word, np.uint32), turns)
        np.testing.assert_allclose(np.hypot(*pairs.T), radius, rtol=1e-6)


def test_normal_pairs_of_all_words_are_right_to_2e_6():
    rng = np.random.default_rng(3)
    ends = np.concatenate([np.arange(1000), 2**32 - 1 - np.arange(1000)])
    a = np.concatenate([rng.integers(0, 2**32, 200_000), ends, 2 ** np.arange(32)]).astype(np.uint32)
    b = rng.integers(0, 2**32, a.size).astype(np.uint32)
    found, wanted = each_pair(normal_pair, LIKE, a, b), plain_pairs(a, b)
    assert np.abs(found - wanted)[a < 2**31].max() < 2e-6
    assert np.abs(np.square(found) - np.square(wanted)).max() < 2e-5  # near u = 1 the radius is a root of roundings


def test_streams_of_different_keys_differ():
    keys = list(product((0, 1, 2**32, 2**63), (0, 1, 65537, WORD), (0, 1, WORD)))
    states = [tuple(state) for seed, stream, fork in keys for state in opened(seed, 20, stream, fork).tolist()]
    assert len(set(states)) == len(keys) * 20
    assert len({word for state in states for word in state}) > 0.999 * 4 * len(states)


def test_noise_is_named_by_objective_and_by_occurrence_since_nothing_was_carried():
    state, named = begin(runs=3, objectives=3), {}
    for objective, occurrence, carry in (
        (1, 0, ("goal",)),
        (1, 1, ("goal",)),
        (0, 0, ("gate",)),
        (1, 2, ("goal",)),
        (1, 0, ()),
        (0, 0, ("goal",)),
        (1, 1, ("world",)),
        (2, 0, ("goal",)),
    ):
        state = enter(state, Stage(objective=objective, carry=carry))
        known = named.setdefault((objective, occurrence), state.progress.generator)
        np.testing.assert_array_equal(state.progress.generator, known)
    assert len({known.tobytes() for known in named.values()}) == len(named)


def test_the_start_does_not_depend_on_the_number_of_objectives_or_of_runs():
    model = Model(modes=5, similarity=0.3)
    two, four = begin(model, runs=6, seed=9, objectives=2), begin(model, runs=4, seed=9, objectives=4)
    for name in ("goal", "representation", "gate", "capability", "awareness", "horizon"):
        np.testing.assert_array_equal(getattr(two.mind, name)[:4], getattr(four.mind, name), err_msg=name)
    np.testing.assert_array_equal(two.mind.pointer[:4], four.mind.pointer[:, :2])
    np.testing.assert_array_equal(two.bias[:4], four.bias)
    np.testing.assert_array_equal(two.world.objectives[:4], four.world.objectives[:, :2])
    np.testing.assert_array_equal(two.world.misconceptions[:4], four.world.misconceptions[:, :2])
    assert len(np.unique(four.world.objectives)) == four.world.objectives.size
