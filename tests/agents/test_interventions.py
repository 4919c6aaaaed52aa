"""Interventions: each changes the one thing that it names. What outcomes make of them is in `test_outcome.py`."""

import numpy as np
import pytest

from feint.agents.errors import InputError
from feint.agents.interventions import close_gate, following, move_concept, put_back
from feint.agents.mind import GROUPS, Mind
from feint.agents.model import Model
from feint.agents.outcome import read
from feint.agents.types import starts
from feint.agents.views import Belief, view
from feint.sim.training.stage import Stage
from feint.sim.training.train import begin, train

STAGE = Stage(steps=200, target=0.0, coverage=0.5)
MODEL = Model(modes=6, plasticity_goal=0.1)


@pytest.fixture(scope="module")
def trained():
    return train(begin(MODEL, runs=30, seed=2, objectives=3), STAGE)


def changed_parts(before, after):
    return {part for part in Mind._fields if not np.array_equal(getattr(before.mind, part), getattr(after.mind, part))}


def pointed(state, objective):
    """(1 - β) π_s, written out."""
    beta = 1 / (1 + np.exp(-state.mind.representation))
    powers = np.exp(state.mind.pointer)
    return (1 - beta) * powers[:, objective] / (1 + powers.sum(axis=1))


@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.parametrize("start", starts())
def test_putting_a_group_back_restores_its_parts_as_the_run_began_and_no_others(group, start):
    begun = begin(MODEL, runs=30, seed=2, start=start)
    moved = begun.with_mind(**{part: array + 0.5 for part, array in begun.mind._asdict().items()})
    back = put_back(moved, [group])
    assert changed_parts(moved, back) == set(GROUPS[group])
    for part in GROUPS[group]:
        np.testing.assert_array_equal(getattr(back.mind, part), getattr(begun.mind, part))


def test_putting_back_touches_nothing_but_the_mind_and_twice_is_once(trained):
    once = put_back(trained, ("goal", "world"))
    for kept in ("world", "bias", "initial", "progress", "occurrences", "fork", "run"):
        assert getattr(once, kept) is getattr(trained, kept)
    assert changed_parts(once, put_back(once, iter(["world", "goal"]))) == set()
    assert changed_parts(trained, put_back(trained, [])) == set()
    assert changed_parts(trained.with_mind(**trained.initial._asdict()), put_back(trained, GROUPS)) == set()


@pytest.mark.parametrize(
    ("group", "words"),
    [("gaet", "group 'gaet' is not known: did you mean 'gate'"), ("pointer", "known are goal, gate, capability")],
)
def test_an_unknown_group_is_refused(trained, group, words):
    with pytest.raises(InputError, match=words):
        put_back(trained, ["goal", group])


def test_with_the_gate_closed_it_does_in_training_what_it_does_when_deployed(trained):
    opened = trained.with_mind(**dict.fromkeys(("gate", "capability", "awareness", "horizon"), np.full(30, 8.0)))
    assert (view(opened, 1).gate > 0.3).all()
    closed = close_gate(opened)
    assert changed_parts(opened, closed) == {"gate"}
    assert (view(closed, 1).gate < 1e-300).all()
    np.testing.assert_array_equal(view(closed, 1).behaviour(Belief.TRAINING), view(opened, 1).terminal)
    np.testing.assert_array_equal(view(closed, 1).behaviour(Belief.DEPLOYED), view(opened, 1).terminal)


def test_a_closed_gate_reads_as_closed_and_leaves_the_other_readings(trained):
    before, after = read(trained, 1), read(close_gate(trained), 1)
    np.testing.assert_allclose([after.gate, after.instrumental], 0.0, atol=1e-300)
    for name in ("deployed_error", "following", "representation", "capability", "awareness", "horizon"):
        np.testing.assert_array_equal(getattr(after, name), getattr(before, name), err_msg=name)


def test_a_run_whose_gate_was_closed_can_be_trained_on_and_its_gate_stays_closed(trained):
    after = train(close_gate(trained), STAGE)
    assert not after.diverged.any()
    assert (after.taken == STAGE.steps).all()
    assert (read(after, 1).gate < 1e-300).all()


@pytest.mark.parametrize("objective", [0, 1, 2])
def test_a_moved_concept_moves_what_training_is_understood_to_want_and_leaves_the_mind(trained, objective):
    displacement = np.linspace(-2, 3, 6)
    moved = move_concept(trained, objective, displacement)
    assert changed_parts(trained, moved) == set()
    for stage in (0, 1, 2):
        sure = {"belief": np.tile(np.eye(3)[stage], (30, 1))}
        shift = view(moved.with_mind(**sure), stage).understood - view(trained.with_mind(**sure), stage).understood
        expected = displacement if stage == objective else np.zeros(6)
        np.testing.assert_allclose(shift, np.tile(expected, (30, 1)), atol=1e-13)
        shift = view(moved, stage).understood - view(trained, stage).understood
        np.testing.assert_allclose(shift, np.outer(trained.mind.belief[:, objective], displacement), atol=1e-13)


@pytest.mark.parametrize("objective", [0, 1, 2])
def test_the_terminal_objective_follows_a_moved_concept_by_the_pointer_s_share(trained, objective):
    displacement = np.linspace(-2, 3, 6)
    shift = view(move_concept(trained, objective, displacement), 1).terminal - view(trained, 1).terminal
    np.testing.assert_allclose(shift, np.outer(pointed(trained, objective), displacement), atol=1e-13)


@pytest.mark.parametrize("objective", [0, 1, 2])
def test_following_is_the_pointer_s_share(trained, objective):
    share = pointed(trained, objective)
    assert np.ptp(share) > 0.01
    np.testing.assert_allclose(following(trained, objective), share, atol=1e-13)


def test_a_written_goal_follows_nothing_and_a_settled_pointer_its_concept_wholly(trained):
    written = trained.with_mind(representation=np.full(30, np.inf))
    np.testing.assert_allclose(following(written, 1), 0.0, atol=1e-13)
    pointer = np.tile([-1e3, 1e3, -1e3], (30, 1))
    pointing = trained.with_mind(representation=np.full(30, -np.inf), pointer=pointer)
    np.testing.assert_allclose(following(pointing, 1), 1.0, atol=1e-13)
    np.testing.assert_allclose(following(pointing, 0), 0.0, atol=1e-13)
