"""Contract of environments: every one in `ENVIRONMENTS` passes these checks."""

import inspect
import subprocess
import sys
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.utils.env_checker import data_equivalence as same

from feint.agents.errors import InputError
from feint.sim.environments import ENVIRONMENTS

EACH = pytest.mark.parametrize("name", ENVIRONMENTS)
STEPS = 400  #: enough for random draws to differ
SECTIONS = ("description", "action space", "observation space", "rewards", "starting state", "episode end", "arguments")


def played(name, seed, actions):
    """Return all results of random actions (drawn from their own seed) over several episodes."""
    environment = gymnasium.make(name, disable_env_checker=True)
    environment.action_space.seed(actions)
    results: list[tuple[Any, ...]] = [environment.reset(seed=seed)]
    for _ in range(STEPS):
        step = environment.step(environment.action_space.sample())
        results.append(step)
        if step[2] or step[3]:
            results.append(environment.reset())
    environment.close()
    return results


@EACH
@pytest.mark.filterwarnings("ignore:.*render_modes:UserWarning", "ignore:.*not within the:UserWarning")
def test_it_passes_the_checker_of_gymnasium(name):
    check_env(gymnasium.make(name, disable_env_checker=True).unwrapped)


@EACH
def test_the_same_seed_and_actions_lead_to_the_same_and_others_do_not(name):
    first = played(name, 5, 6)
    assert same(first, played(name, 5, 6), exact=True)
    assert not same(first, played(name, 5, 7))
    assert not same(first, played(name, 8, 6))


@EACH
def test_what_is_seen_is_in_its_space_and_episodes_end_at_last(name):
    environment = gymnasium.make(name, disable_env_checker=True)
    environment.action_space.seed(3)
    seen, _ = environment.reset(seed=3)
    ended = False
    for _ in range(5000):
        assert environment.observation_space.contains(seen)
        action = environment.action_space.sample()
        seen, reward, terminated, truncated, _ = environment.step(action)
        assert np.isfinite(float(reward))
        assert type(terminated) is type(truncated) is bool
        assert not (terminated and truncated)
        if ended := terminated or truncated:
            break
    assert ended
    assert environment.observation_space.contains(seen)


@EACH
def test_its_docstring_has_the_sections_of_gymnasium(name):
    text = (inspect.getdoc(type(gymnasium.make(name).unwrapped)) or "").lower()
    assert [section for section in SECTIONS if f"## {section}\n" not in text] == []


@EACH
def test_what_it_does_not_know_is_refused_in_a_sentence(name):
    with pytest.raises(InputError, match="nonsense"):
        gymnasium.make(name, nonsense=1)
    with pytest.raises(InputError, match="reset"):
        gymnasium.make(name).unwrapped.step(gymnasium.make(name).action_space.sample())


@pytest.mark.slow
def test_gymnasium_finds_all_of_them_by_their_module_where_nothing_was_imported(tmp_path):
    """Gymnasium has loaded no plugins since 1.0, so that an id alone needs `import feint.sim.environments` before."""
    names = [f"feint.sim.environments:{name}" for name in ENVIRONMENTS]
    code = f"import gymnasium\nfor name in {names}: gymnasium.make(name).reset(seed=1)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path)
