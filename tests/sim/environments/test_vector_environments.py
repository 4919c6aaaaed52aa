"""The vector environment takes what Gymnasium's own take: a seed per place, a limit of steps, NumPy's integers."""

from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode

from feint.agents.errors import InputError
from feint.sim.environments import ENVIRONMENTS

NAME, SHORT = "feint/Overseer-v0", {"slice_steps": 10, "slices": 4}
SEEDS, PLACES = [7, 3, 7], 3
DEPLOYING = 12  # step of the actions below in which some deploy


def made(mode, **options) -> Any:  # whose seed may be a list, which the type of its base does not say
    return gymnasium.make_vec(NAME, num_envs=PLACES, vectorization_mode=mode, **SHORT, **options)


def actions(steps):
    """Actions of all places: they train, with audits, and deploy now and then."""
    rng = np.random.default_rng(4)
    drawn = rng.integers(0, [1, 2, 3, 3, 4, 2, 2, 2, 2, 2], size=(steps, PLACES, 10))
    drawn[:, :, 0] = np.where(rng.random((steps, PLACES)) < 1 / DEPLOYING, 2, 0)
    return drawn


def assert_same(own, other, steps=14):
    """Both give the same observations, rewards and ends."""
    for action in actions(steps):
        for one, two in zip(own.step(action)[:4], other.step(action)[:4], strict=True):
            np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("limit", [None, 1, 3])
def test_with_a_seed_per_place_it_is_gymnasiums_sync_environment(limit):
    limited = {} if limit is None else {"max_episode_steps": limit}
    own, sync = made("vector_entry_point", **limited), made("sync", **limited)
    np.testing.assert_array_equal(own.reset(seed=SEEDS)[0], sync.reset(seed=SEEDS)[0])
    assert_same(own, sync)
    np.testing.assert_array_equal(own.reset()[0], sync.reset()[0])  # each place goes on with its next run
    assert_same(own, sync)
    some = [None, 5, None]
    np.testing.assert_array_equal(own.reset(seed=some)[0], sync.reset(seed=some)[0])
    assert_same(own, sync)


@pytest.mark.slow
def test_with_a_seed_per_place_it_is_gymnasiums_async_environment():
    own, processes = made("vector_entry_point", max_episode_steps=3), made("async", max_episode_steps=3)
    try:
        np.testing.assert_array_equal(own.reset(seed=SEEDS)[0], processes.reset(seed=SEEDS)[0])
        assert_same(own, processes, steps=5)
    finally:
        processes.close()


def test_a_mask_begins_some_places_with_seeds_of_their_own():
    options = {"autoreset_mode": AutoresetMode.DISABLED}
    own = made("vector_entry_point", **options)
    sync = made("sync", vector_kwargs=options)
    for environment in (own, sync):
        environment.reset(seed=SEEDS)
        environment.step(actions(1)[0])
    for seed in ([1, 2, 3], [None] * PLACES):
        masked = [np.array([True, False, True]) for _ in range(2)]  # Gymnasium's takes the mask out of the options
        again = [env.reset(seed=seed, options={"reset_mask": mask})[0] for env, mask in zip((own, sync), masked)]  # noqa: B905
        np.testing.assert_array_equal(*again)
        step = actions(2)[1]
        np.testing.assert_array_equal(own.step(step)[0], sync.step(step)[0])


def test_an_episode_that_is_cut_off_begins_again_in_the_same_step_on_request():
    own = made("vector_entry_point", max_episode_steps=2, autoreset_mode="SameStep")
    own.reset(seed=SEEDS)
    going_on = np.zeros((PLACES, 10), int)
    assert not own.step(going_on)[3].any()
    *_, truncated, infos = own.step(going_on)
    assert truncated.all()
    assert infos["_final_obs"].all()
    assert not own.step(going_on)[3].any()


def test_without_a_limit_or_with_none_nothing_is_cut_off():
    for limit in ({}, {"max_episode_steps": None}, {"max_episode_steps": -1}):
        own = made("vector_entry_point", **limit)
        own.reset(seed=1)
        assert not any(own.step(action)[3].any() for action in actions(5))


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_numpys_integers_are_seeds_and_others_are_refused_in_a_sentence(name):
    environment: Any = gymnasium.make(name, disable_env_checker=True)
    plain, of_numpy = environment.reset(seed=3)[0], environment.reset(seed=np.int64(3))[0]
    np.testing.assert_array_equal(plain, of_numpy)
    for seed in (-1, 1.5, "1"):
        with pytest.raises(InputError, match=r"seed = .* is not valid: it must be a whole number"):
            environment.unwrapped.reset(seed=seed)


@pytest.mark.parametrize("seed", [[1, 2], [1, 2, "3"], "123", 1.5, [1, 2, -3]])
def test_seeds_that_are_not_one_per_place_are_refused_in_a_sentence(seed):
    with pytest.raises(InputError, match=r"seed = .* is not valid: it must be a whole number"):
        made("vector_entry_point").reset(seed=seed)
    with pytest.raises(InputError, match="max_episode_steps = 0 is not valid: it must be a whole number of at least 1"):
        made("vector_entry_point", max_episode_steps=0)
