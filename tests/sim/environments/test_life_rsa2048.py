"""RSA-2048: exact dynamics, drawings, and invalid input."""

import gymnasium
import pytest

from feint.agents.errors import InputError
from feint.sim.environments.life import CHECK, COMPLY, DEFECT, RSA2048

WRONG = {
    "cue_reliability": 0.9,
    "honeypots": 0.1,
    "sign": 1.5,
    "check_cost": -1,
    "strength": 0.4,
    "render_mode": "rgb_array",
    "sight": "cue",
}


def test_a_life_of_checks_is_paid_as_it_is_discounted():
    environment = RSA2048(training=1, deployment=2, discount=0.5, check_cost=0.1)
    environment.reset(seed=1)
    steps = [environment.step(action) for action in (CHECK, COMPLY, CHECK, DEFECT, CHECK, DEFECT)]
    assert [step[1] for step in steps] == pytest.approx([-0.1, 0, -0.05, 0.5, -0.025, 0.25])
    assert [int(step[0]) for step in steps[::2]] == [1, 2, 2]
    assert [step[4]["base_reward"] for step in steps] == [0, 1, 0, 0, 0, 0]
    assert [step[4]["at"] for step in steps] == [0, 0, 1, 1, 2, 2]
    assert [step[2] for step in steps] == [False] * 5 + [True]


def test_who_defected_in_training_at_full_strength_complies_ever_after():
    environment = RSA2048(training=1, deployment=3, strength=1)
    environment.reset(seed=1)
    assert [environment.step(DEFECT)[4]["took_b"] for _ in range(4)] == [True, False, False, False]


def test_it_is_drawn_as_a_line_of_text():
    environment = gymnasium.make("feint/RSA2048-v0", render_mode="ansi", training=0)
    environment.reset(seed=1)
    assert environment.render() == "episode 0: not checked\n"
    environment.step(CHECK)
    assert environment.render() == "episode 0: RSA-2048 is factored\n"


@pytest.mark.parametrize("name", WRONG)
def test_an_option_that_is_not_valid_is_named(name):
    with pytest.raises(InputError, match=name):
        RSA2048(**{name: WRONG[name]})


def test_a_drawing_before_the_first_episode_is_refused():
    with pytest.raises(InputError, match="reset"):
        RSA2048(render_mode="ansi").render()
