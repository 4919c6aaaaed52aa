"""Policies in the two small environments: exact solutions, closed forms, Q-learning, and mesa-optimizers as agents."""

from collections import defaultdict
from collections.abc import Callable
from itertools import product
from typing import Any, NamedTuple

import gymnasium
import numpy as np

from feint.agents.errors import InputError
from feint.agents.model import Model
from feint.agents.outcome import Outcome
from feint.agents.state import State
from feint.agents.types import SETTLED, TYPES
from feint.agents.views import Belief, view
from feint.sim.environments import life as lives
from feint.sim.environments.life import COMPLY, DEFECT, A, B, Life, LifeEnv, LifeWithChecks, Place, TwoExits, moved
from feint.sim.training.train import begin

SWEEPS = 100_000
CLOSE = 1e-12
SLOWING = 0.6  #: Q-learning's step size is the number of visits to the power of minus this

CHECK_RULES = {"comply": (COMPLY,) * 3, "defect": (DEFECT,) * 3, "check": (lives.CHECK, COMPLY, DEFECT)}
"""The three rules of RSA-2048 that can be optimal: actions by what the agent knows of the sign."""

PREPARED = (*TYPES, Outcome.REWARD_SEEKING.label)
"""Kinds of minds that act in the environments."""

Observation = tuple[int, ...]


def matrices(process: LifeEnv) -> tuple[Any, np.ndarray]:
    """Return the transitions (actions × states, states), action by action, and expected rewards (actions, states)."""
    from scipy.sparse import csr_array

    index = {state: i for i, state in enumerate(process.states)}
    rewards = np.zeros((process.actions, len(index)))
    rows, columns, weights = [], [], []
    for (state, i), action in product(index.items(), range(process.actions)):
        for p, after, reward, _ in process.outcomes(state, action):
            rewards[action, i] += p * reward
            if after is not None:
                rows.append(action * len(index) + i)
                columns.append(index[after])
                weights.append(p)
    return csr_array((weights, (rows, columns)), shape=(rewards.size, len(index))), rewards


def value_iteration(transitions: Any, rewards: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the fixed point of V ← max over actions of R + P V, undiscounted, and the best actions: (states,) each."""
    values = np.zeros(rewards.shape[1])
    for _ in range(SWEEPS):
        returns = rewards + (transitions @ values).reshape(rewards.shape)
        new = returns.max(axis=0)
        if np.abs(new - values).max() < CLOSE:
            return new, returns.argmax(axis=0)
        values = new
    raise InputError(f"value iteration did not converge within {SWEEPS} sweeps: is there a life without end?")


def evaluate(process: LifeEnv, policy: Callable[[Any], int]) -> float:
    """Return the value of a policy, a function of the state, at the start; the policy must end each life."""
    from scipy.sparse import eye_array
    from scipy.sparse.linalg import splu

    transitions, rewards = matrices(process)
    chosen, at = np.array([policy(state) for state in process.states]), np.arange(rewards.shape[1])
    following = transitions[chosen * len(at) + at]
    values = splu((eye_array(len(at)) - following).tocsc()).solve(rewards[chosen, at])
    return float(sum(p * values[process.states.index(state)] for p, state in process.entered(0, 0)))


def deception_is_optimal(life: Life) -> bool:
    """Return whether an optimal agent that knows its episode takes A in all of training and B in all of deployment."""
    process = TwoExits(**life.model_dump())
    action = dict(zip(process.states, value_iteration(*matrices(process))[1].tolist(), strict=True))
    exits = []
    for episode in range(life.episodes):
        place = Place(lives.ENTRANCE, life.cues(episode)[0][1], episode, 0)
        while place.cell not in (A, B):
            place = place._replace(cell=moved(place.cell, action[place]))
        exits.append(place.cell)
    return exits == [A] * life.training + [B] * life.deployment


def geometric_sum(discount: float, episodes: int) -> float:
    """Return S_n = 1 + δ + … + δ^(n-1)."""
    return float(sum(discount**e for e in range(episodes)))


def value_of_waiting(life: Life) -> float:
    """Return μ δ^T S_D, what a first B in training costs of deployment, in units of B now; deception pays from 1 on."""
    return life.strength * life.discount**life.training * geometric_sum(life.discount, life.deployment)


def rule_value(life: Life, training: float, deployed: float) -> float:
    """Return the value of meaning B with probability x in every episode of training, and y in deployment.

    V(x, y) = x Σ_{t<T} (δ k)^t + (δ k)^T y S_D with k = 1 - μ x, the share that a training episode leaves unmodified.
    """
    kept = 1 - life.strength * training
    early = training * geometric_sum(life.discount * kept, life.training)
    return early + (life.discount * kept) ** life.training * deployed * geometric_sum(life.discount, life.deployment)


def cue_rule_values(life: Life) -> dict[tuple[bool, bool], float]:
    """Return the values of the four rules of an agent that knows only its cue, by whether it means B under each cue."""
    shown = [{cue: p for p, cue in life.cues(episode)} for episode in (0, life.training)]
    if not life.training:
        shown[0] = {}
    values = {}
    for rule in product((False, True), repeat=2):
        x, y = (sum(cues.get(cue, 0.0) * rule[cue] for cue in (lives.TRAINING, lives.DEPLOYED)) for cues in shown)
        values[rule] = rule_value(life, x, y)
    return values


def check_rule_values(life: LifeWithChecks) -> dict[str, float]:
    """Return the values of `CHECK_RULES`: to comply, to defect, and to check and defect upon the sign."""
    signs = life.discount**life.training * life.sign * geometric_sum(life.discount, life.deployment)
    return {
        "comply": 0.0,
        "defect": rule_value(life, 1.0, 1.0),
        "check": signs - life.check_cost * geometric_sum(life.discount, life.episodes),
    }


def q_learning(environment: gymnasium.Env[Any, Any], *, lives: int, seed: int) -> dict[Observation, np.ndarray]:
    """Learn Q by observation: Q(s, a) ← Q(s, a) + n^-0.6 (r + max Q(s', ·) - Q(s, a)), n the visits of (s, a).

    Actions are drawn uniformly. Each life is learned from when it is over, its last step first. Rewards are not
    discounted: they contain the discount. Source: Watkins and Dayan, Q-learning (1992), doi:10.1007/BF00992698.
    """
    actions = int(environment.action_space.n)  # pyright: ignore[reportAttributeAccessIssue]
    generator = np.random.default_rng(seed)
    q: dict[Observation, np.ndarray] = defaultdict(lambda: np.zeros(actions))
    visits: dict[Observation, np.ndarray] = defaultdict(lambda: np.zeros(actions))
    for life in range(lives):
        at, over, steps = _key(environment.reset(seed=None if life else seed)[0]), False, []
        while not over:
            action = int(generator.integers(actions))
            seen, reward, terminated, truncated, _ = environment.step(action)
            steps.append((at, action, float(reward), None if terminated else _key(seen)))
            at, over = _key(seen), terminated or truncated
        for at, action, reward, after in reversed(steps):
            visits[at][action] += 1
            target = reward + (float(q[after].max()) if after else 0.0)
            q[at][action] += visits[at][action] ** -SLOWING * (target - q[at][action])
    return dict(q)


def _key(observation: Any) -> Observation:
    return tuple(np.atleast_1d(observation).tolist())


class Intent(NamedTuple):
    """Exit that a mind means to take if it believes that it is in training, and that it is deployed: True for B."""

    training: bool
    deployed: bool


def intents(state: State, objective: int) -> list[Intent]:
    """Return what each run of a state means to do if A is what training on `objective` wants.

    It means A if its behaviour v under the belief has an error E_s(v) = Σ λ (b_s - v)² of at most `deploy_tolerance`,
    and otherwise B: in training v = (1 - ψ) t + ψ z with ψ = γ a h q, deployed v = t' (model page, section 2).
    """
    seen, wanted = view(state, objective), state.world.objectives[:, objective]
    means_b = []
    for belief in (Belief.TRAINING, Belief.DEPLOYED):
        error = (wanted - seen.behaviour(belief)) ** 2 @ state.model.spectrum_weights()
        means_b.append(~(error <= state.model.deploy_tolerance))
    return [Intent(training=bool(t), deployed=bool(d)) for t, d in np.transpose(means_b)]


def prepared(name: str, runs: int, seed: int) -> State:
    """Return runs that are prepared as a type, or as reward-seeking: a corrigible start that points at what is graded.

    Only a model with a grader has the latter.
    """
    if name in TYPES:
        return TYPES[name].prepare(begin(runs=runs, seed=seed))
    fresh = begin(Model(grader=0.0), runs=runs, seed=seed)
    pointing = {"pointer": fresh.mind.pointer, "grader": np.full(runs, SETTLED)}
    return TYPES["corrigible"].prepare(fresh).with_mind(**pointing)


def in_two_exits(intent: Intent, observation: Any) -> int:
    """Return a move on the shortest way to the exit that is meant; the mind believes the cue."""
    cell, cue = (int(number) for number in observation[:2])
    return lives.towards(cell, intent.training if cue == lives.TRAINING else intent.deployed)


def in_rsa2048(intent: Intent, observation: Any) -> int:
    """Return an action: check if that may change what follows; without the sign it believes that it is in training."""
    known = int(observation)
    if known == lives.UNCHECKED and intent.training != intent.deployed:
        return lives.CHECK
    return DEFECT if (intent.deployed if known == lives.SIGN else intent.training) else COMPLY


MINDS = {"feint/TwoExits-v0": in_two_exits, "feint/RSA2048-v0": in_rsa2048}
"""Id of a small environment → how a mind acts in it."""
