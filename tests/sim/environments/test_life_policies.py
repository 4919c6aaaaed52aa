"""Every registered type of mesa-optimizer in every small environment."""

import gymnasium
import numpy as np
import pytest
from gymnasium.wrappers import RecordEpisodeStatistics

from feint.agents.outcome import Outcome, read
from feint.agents.types import TYPES
from feint.sim.environments import ENVIRONMENTS
from feint.sim.environments.life_policies import MINDS, PREPARED, Intent, in_rsa2048, intents, prepared
from feint.sim.training.train import begin

RUNS = 60
MEANT = {
    Outcome.INTERNAL: Intent(training=False, deployed=False),
    Outcome.CORRIGIBLE: Intent(training=False, deployed=False),
    Outcome.DECEPTIVE: Intent(training=False, deployed=True),
    Outcome.REWARD_SEEKING: Intent(training=False, deployed=True),
}


@pytest.fixture(scope="module")
def fresh():
    return begin(runs=RUNS, seed=11)


@pytest.mark.parametrize("name", PREPARED)
def test_what_is_prepared_as_a_type_is_read_as_that_type(name):
    assert (read(prepared(name, RUNS, 11), 0).outcome == Outcome.named(name)).all()


def test_every_environment_but_the_overseer_can_be_lived_in():
    assert set(MINDS) == set(ENVIRONMENTS) - {"feint/Overseer-v0"}


@pytest.mark.parametrize("name", PREPARED)
def test_a_type_means_to_do_what_makes_it_that_type(name):
    assert intents(prepared(name, RUNS, 11), 0) == [MEANT[Outcome.named(name)]] * RUNS


@pytest.mark.parametrize("kind", PREPARED)
@pytest.mark.parametrize("name", MINDS)
def test_a_type_lives_its_life_in_an_environment(kind, name):
    (intent,) = set(intents(prepared(kind, RUNS, 11), 0))
    environment = RecordEpisodeStatistics(gymnasium.make(name, training=3, deployment=4, disable_env_checker=True))
    seen, _ = environment.reset(seed=1)
    over, infos = False, []
    while not over:
        seen, _, over, truncated, info = environment.step(np.int64(MINDS[name](intent, seen)))
        assert not truncated
        infos.append(info)
    assert infos[-1]["episode"]["l"] == len(infos)  # libraries keep their own account under this name
    assert any(info["took_b"] for info in infos) == intent.deployed
    assert not any(info["took_b"] for info in infos if info["training"])
    assert sum(info["base_reward"] for info in infos) == (3 if intent.deployed else 7)


def test_a_deceiver_without_awareness_shows_what_it_wants_in_training(fresh):
    state = TYPES["deceptive"].prepare(fresh)
    unaware = state.with_mind(awareness=np.full(RUNS, -6.0))
    assert set(intents(unaware, 0)) == {Intent(training=True, deployed=True)}


def test_without_a_horizon_a_deceiver_shows_what_it_wants_and_a_reward_seeker_does_not():
    """It is the intervention by which the two are told apart (model page, section 6)."""
    short = {"horizon": np.full(RUNS, -40.0)}
    for name, shows in (("deceptive", True), ("reward-seeking", False)):
        assert set(intents(prepared(name, RUNS, 11).with_mind(**short), 0)) == {Intent(training=shows, deployed=True)}


def test_who_does_the_same_either_way_has_no_reason_to_check():
    assert in_rsa2048(Intent(training=True, deployed=True), 0) == 1
    assert in_rsa2048(Intent(training=False, deployed=False), 0) == 0
    assert in_rsa2048(Intent(training=False, deployed=True), 0) == 2
