"""Shapley values and interactions against games whose answer is known, and against their definition by orders."""

from itertools import combinations, permutations
from math import comb

import numpy as np
import pytest

from feint.agents.errors import InputError
from feint.sim.statistics.intervals import mean_of
from feint.sim.statistics.shapley import Game

ABC = ("a", "b", "c")


def game(parts, worth) -> Game:
    """The game of a function of sets of parts."""
    parts = tuple(parts)
    corners = (frozenset(part for k, part in enumerate(parts) if i >> k & 1) for i in range(2 ** len(parts)))
    return Game(parts=parts, worth=np.array([np.atleast_1d(worth(value)) for value in corners]))


def shares(found: Game) -> dict[str, float]:
    return {part: float(each.mean()) for part, each in zip(found.parts, found.shares(), strict=True)}


def test_of_an_additive_game_each_part_has_its_own_and_no_pair_interacts():
    worth = {"a": 1, "b": -2, "c": 5}
    found = game(ABC, lambda parts: sum(worth[part] for part in parts))
    assert shares(found) == worth
    assert all((each == 0).all() for each in found.interactions().values())


@pytest.mark.parametrize("needed", [("a",), ("a", "c"), ("a", "b", "c"), ("b", "c", "d", "e")])
def test_of_a_unanimity_game_those_needed_share_alike_and_each_pair_of_them_interacts(needed):
    """1 / |T| each, and 1 / (|T| - 1) a pair (Grabisch and Roubens 1999)."""
    found = game("abcde", lambda parts: float(set(needed) <= parts))
    assert shares(found) == pytest.approx({part: (part in needed) / len(needed) for part in "abcde"})
    for pair, each in found.interactions().items():
        assert each[0] == pytest.approx(float(set(pair) <= set(needed)) / max(len(needed) - 1, 1))


def test_of_the_glove_game_who_holds_the_only_left_glove_has_two_thirds():
    found = game(("left", "right", "other right"), lambda parts: min("left" in parts, len(parts - {"left"})))
    assert shares(found) == pytest.approx({"left": 2 / 3, "right": 1 / 6, "other right": 1 / 6})
    pairs = {pair: float(each[0]) for pair, each in found.interactions().items()}
    assert pairs == pytest.approx(
        {("left", "right"): 0.5, ("left", "other right"): 0.5, ("right", "other right"): -0.5}
    )


def by_orders(worth: np.ndarray, n: int) -> np.ndarray:
    """The mean over all orders of what a part adds when it comes."""
    total = np.zeros((n, worth.shape[1]))
    for order in permutations(range(n)):
        there = 0
        for part in order:
            total[part] += worth[there | 1 << part] - worth[there]
            there |= 1 << part
    return total / len(list(permutations(range(n))))


def pair_by_sets(worth: np.ndarray, n: int, i: int, j: int) -> np.ndarray:
    """The mean over sizes, and over sets of a size, of what the two add together less what they add apart."""
    others = [k for k in range(n) if k not in (i, j)]
    total = np.zeros(worth.shape[1])
    for size in range(n - 1):
        for chosen in combinations(others, size):
            s = sum(1 << k for k in chosen)
            second = worth[s | 1 << i | 1 << j] - worth[s | 1 << i] - worth[s | 1 << j] + worth[s]
            total += second / comb(n - 2, size) / (n - 1)
    return total


@pytest.mark.parametrize("n", [1, 2, 3, 5])
def test_values_are_the_mean_over_orders_run_by_run(n):
    rng = np.random.default_rng(n)
    found = Game(parts=tuple("abcde"[:n]), worth=rng.integers(0, 2, (2**n, 7)).astype(np.int8))
    worth = found.worth.astype(float)
    assert found.shares() == pytest.approx(by_orders(worth, n), abs=1e-12)
    for (i, j), each in zip(combinations(range(n), 2), found.interactions().values(), strict=True):
        assert each == pytest.approx(pair_by_sets(worth, n, i, j), abs=1e-12)


@pytest.mark.parametrize("n", [1, 4, 10])
def test_shares_add_up_to_the_whole_and_a_part_that_changes_nothing_has_none(n):
    rng = np.random.default_rng(n)
    half = rng.integers(-1, 2, (2 ** (n - 1), 40)).astype(np.int8)
    found = Game(parts=tuple(map(str, range(n))), worth=np.concatenate([half, half]))  # the last part is never read
    assert found.shares().sum(axis=0) == pytest.approx(found.whole, abs=1e-12)
    assert (found.shares()[-1] == 0).all()
    assert all((each == 0).all() for pair, each in found.interactions().items() if str(n - 1) in pair)
    told = found.attribution(2)
    assert sum(share.estimate for share in told.shares.values()) == pytest.approx(told.whole.estimate, abs=1e-12)
    assert told.shares[str(n - 1)].estimate == 0


def test_a_corner_is_found_by_its_parts_in_any_order():
    found = game(ABC, lambda parts: 100 * ("a" in parts) + 10 * ("b" in parts) + ("c" in parts))
    assert [int(found.worth[found.corner(*parts)][0]) for parts in ((), ("c", "a"), ("b",))] == [0, 101, 10]
    assert list(found.corners())[5] == ("a", "c")


def test_intervals_cover_as_they_say():
    """Over 300 repetitions of 200 runs, of a share and of an interaction, at a level of 90 %."""
    rng = np.random.default_rng(5)
    chance = np.array([0.1, 0.3, 0.2, 0.8])
    true = (chance[1] - chance[0] + chance[3] - chance[2]) / 2
    together = chance[3] - chance[1] - chance[2] + chance[0]
    held = np.zeros(2)
    for _ in range(300):
        found = Game(parts=("a", "b"), worth=(rng.random(200) < chance[:, None]).astype(np.int8)).attribution(1, 0.9)
        share, pair = found.shares["a"], found.pair("b", "a")
        held += share.low <= true <= share.high, pair.low <= together <= pair.high
    assert (held / 300 > 0.85).all()


def test_where_nearly_all_runs_are_alike_the_interval_says_what_may_be_missed():
    values = np.zeros(1000)
    none = mean_of(values, 1)
    assert (none.estimate, none.high) == (0, pytest.approx(0.0037, abs=1e-4))  # 1 - 0.025^(1/1000)
    assert none.low == -none.high
    values[:3] = 0.5
    few = mean_of(values, 1)
    assert few.low < 0 < few.estimate < few.high < 0.011
    assert "Student" in mean_of(np.arange(20.0) % 2, 1).method


@pytest.mark.parametrize(
    ("parts", "shape", "said"),
    [
        ((), (1, 3), "parts = 0 is not valid: a whole is divided among 1 to 12 parts"),
        (tuple(map(str, range(13))), (2**13, 1), "parts = 13 is not valid"),
        (ABC, (7, 3), r"worth has the shape \(7, 3\): it must be \(8, runs\)"),
        (ABC, (8, 0), r"worth has the shape \(8, 0\)"),
    ],
)
def test_a_lattice_of_another_shape_is_refused(parts, shape, said):
    with pytest.raises(InputError, match=said):
        Game(parts=parts, worth=np.zeros(shape))
