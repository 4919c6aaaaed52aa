"""Shapley values and interactions against games whose answer is known, and against their definition by orders."""

from itertools import combinations, permutations
from math import comb

import numpy as np
import pytest

from feint.agents.errors import InputError
from feint.sim.statistics.intervals import SelectedPairs, frequency_interval, mean_of
from feint.sim.statistics.shapley import METHOD, Game, SelectedGame

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


EVENTS = np.array([[0, 1, 0, 0, 1, 0], [1, 1, 0, 0, 0, 1], [1, 0, 1, 0, 1, 1], [1, 1, 1, 1, 0, 1]], bool)[:, None]
CHOSEN = np.array([[1, 1, 1, 1, 0, 0], [1, 1, 1, 1, 0, 0], [0, 1, 1, 0, 1, 1], [1, 1, 1, 1, 1, 1]], bool)[:, None]
"""Six runs of the sets none, a, b and both, of which 1 in 4, 2 in 4, 3 in 4 and 5 in 6 selected ones have the event."""


def test_of_selected_runs_shares_are_formed_from_the_corners_own_shares():
    found = SelectedGame(parts=("a", "b"), events=EVENTS, selected=CHOSEN)
    assert found.values() == [frequency_interval(*counts) for counts in ((1, 4), (2, 4), (3, 4), (5, 6))]
    divided = found.attribution()
    a = ((2 / 4 - 1 / 4) + (5 / 6 - 3 / 4)) / 2
    b = ((3 / 4 - 1 / 4) + (5 / 6 - 2 / 4)) / 2
    assert [divided.shares[part].estimate for part in "ab"] == pytest.approx([a, b])
    assert divided.whole.estimate == pytest.approx(a + b)
    assert divided.pair("a", "b").estimate == pytest.approx(5 / 6 - 3 / 4 - 2 / 4 + 1 / 4)
    assert {each.method for each in (divided.whole, *divided.shares.values(), *divided.pairs.values())} == {METHOD}
    pairs = SelectedPairs.of((EVENTS[3, 0], EVENTS[0, 0]), (CHOSEN[3, 0], CHOSEN[0, 0]))
    assert found.pairs((-1, 0), (0, 0)) == pairs


def test_if_all_runs_are_selected_the_shares_are_those_of_runs():
    events = np.random.default_rng(0).random((8, 2, 300)) < np.linspace(0.1, 0.8, 8)[:, None, None]
    of_runs = Game(parts=ABC, worth=events[:, 0].astype(int) - events[:, 1]).attribution(2)
    found = SelectedGame(parts=ABC, events=events, selected=np.ones_like(events)).attribution()
    for part in ABC:
        assert found.shares[part].estimate == pytest.approx(of_runs.shares[part].estimate)
        assert found.shares[part].half_width == pytest.approx(of_runs.shares[part].half_width, rel=0.1)
    for pair, index in of_runs.pairs.items():
        assert found.pairs[pair].estimate == pytest.approx(index.estimate)
    assert found.whole.estimate == pytest.approx(of_runs.whole.estimate)


@pytest.mark.parametrize("chances", [(0.3, 0.5, 0.4, 0.9), (0.0, 0.02, 0.01, 0.5)])
def test_intervals_of_selected_shares_hold_them_as_often_as_stated(chances):
    """The same luck decides in all corners, and which runs are selected differs; the second game has rare events."""
    truth = {"a": (chances[1] - chances[0] + chances[3] - chances[2]) / 2}
    truth["b"] = chances[3] - chances[0] - truth["a"]
    held = []
    for seed in range(150):
        rng = np.random.default_rng(seed)
        events = (rng.random(150) < np.array(chances)[:, None])[:, None]
        selected = (rng.random(150) < np.array([0.2, 0.5, 0.8, 0.9])[:, None])[:, None]
        found = SelectedGame(parts=("a", "b"), events=events, selected=selected).attribution(seed=seed)
        held += [found.shares[part].low <= truth[part] <= found.shares[part].high for part in "ab"]
    assert np.mean(held) >= 0.93


def test_without_a_selected_run_in_every_corner_nothing_is_divided():
    none = CHOSEN.copy()
    none[1] = False
    with pytest.raises(InputError, match=r"^no run of an arm converged with exactly these parts: a; without a value"):
        SelectedGame(parts=("a", "b"), events=EVENTS, selected=none, how="converged")
    with pytest.raises(InputError, match=r"^no run of an arm is selected with none of the parts; without"):
        SelectedGame(parts=("a", "b"), events=EVENTS, selected=np.zeros_like(none))


def test_limits_are_never_beyond_what_is_possible_and_a_seed_gives_the_same():
    few = np.zeros((4, 2, 3), bool)
    few[:, :, 0] = True
    one, again = (SelectedGame(parts=("a", "b"), events=few, selected=few).attribution(seed=4) for _ in range(2))
    assert one == again
    assert one.whole.low == pytest.approx(-2, abs=0.1)  # one selected run in each corner says next to nothing
    assert all(-2 <= share.low <= 0 <= share.high <= 2 for share in one.shares.values())
