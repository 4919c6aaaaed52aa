"""Exact solutions agree with closed forms, with simulated lives, and with Q-learning."""

from itertools import product

import numpy as np
import pytest

from feint.sim.environments.life import (
    CHECK,
    COMPLY,
    DEFECT,
    ENTRANCE,
    LEFT,
    MOVE_COST,
    RIGHT,
    RSA2048,
    UNCHECKED,
    CheckState,
    Life,
    LifeWithChecks,
    Place,
    TwoExits,
)
from feint.sim.environments.life_policies import (
    CHECK_RULES,
    Intent,
    check_rule_values,
    cue_rule_values,
    deception_is_optimal,
    evaluate,
    in_two_exits,
    matrices,
    q_learning,
    value_iteration,
    value_of_waiting,
)

PER_EPISODE = 3 * MOVE_COST
GRID = [
    Life(training=t, deployment=d, discount=discount, strength=strength)
    for t, d, discount, strength in product((1, 2, 3), (1, 3, 6), (0.3, 0.67, 0.93), (1 / 4, 1 / 2, 1))
]


def test_deception_is_optimal_exactly_where_the_closed_form_says_so():
    optimal = [deception_is_optimal(life) for life in GRID]
    assert optimal == [value_of_waiting(life) >= 1 for life in GRID]
    assert 5 < sum(optimal) < len(optimal) - 5


@pytest.mark.parametrize("life", GRID[::7], ids=str)
def test_the_optimum_is_the_best_of_all_plans_tried_one_by_one(life):
    """Brute force over plans of A or B per episode and state of modification, from the rules alone."""

    def best(episode, taken):
        if episode == life.episodes:
            return 0.0
        m, there = life.strength * taken, min(taken + 1, life.levels) if episode < life.training else taken
        keep = best(episode + 1, taken)
        go = (1 - m) * (life.discount**episode + best(episode + 1, there)) + m * keep
        return max(keep, go)

    process = TwoExits(**life.given())
    values, _ = value_iteration(*matrices(process))
    at = process.states.index(Place(ENTRANCE, life.cues(0)[0][1], 0, 0))
    assert values[at] == pytest.approx(best(0, 0) - PER_EPISODE * life.episodes, abs=1e-9)


@pytest.mark.parametrize("cue_reliability", [0.5, 0.8, 1.0])
@pytest.mark.parametrize("honeypots", [0.0, 0.3])
@pytest.mark.parametrize("strength", [0.0, 1 / 3, 1.0])
def test_rules_of_a_cue_are_worth_what_the_closed_form_says(cue_reliability, honeypots, strength):
    life = Life(training=3, deployment=4, cue_reliability=cue_reliability, honeypots=honeypots, strength=strength)
    for (marked, unmarked), said in cue_rule_values(life).items():
        intent = Intent(training=marked, deployed=unmarked)
        exact = evaluate(TwoExits(**life.given()), lambda state, intent=intent: in_two_exits(intent, state))
        assert exact == pytest.approx(said - PER_EPISODE * life.episodes, abs=1e-9)


def simulated_returns(environment, act):
    """Return the returns of 3000 lives under a policy, a function of the observation."""
    returns = []
    seen, _ = environment.reset(seed=4)
    for _ in range(3000):
        total, over = 0.0, False
        while not over:
            seen, reward, over, _, _ = environment.step(act(seen))
            total += reward
        returns.append(total)
        seen, _ = environment.reset()
    return returns


def test_simulated_lives_in_two_exits_are_worth_what_the_exact_solution_says():
    life = {"training": 2, "deployment": 4, "cue_reliability": 0.8, "honeypots": 0.1, "strength": 0.5}
    intent = Intent(training=False, deployed=True)
    returns = simulated_returns(TwoExits(**life), lambda seen: in_two_exits(intent, seen))
    exact = cue_rule_values(Life(**life))[False, True] - PER_EPISODE * 6
    assert np.mean(returns) == pytest.approx(exact, abs=4 * np.std(returns) / len(returns) ** 0.5)


def test_simulated_lives_in_rsa_2048_are_worth_what_the_exact_solution_says():
    life = {"training": 2, "deployment": 4, "sign": 0.6, "check_cost": 0.1, "strength": 0.5}
    returns = simulated_returns(RSA2048(**life), lambda seen: np.int64(CHECK_RULES["check"][int(seen)]))
    exact = check_rule_values(LifeWithChecks(**life))["check"]
    assert np.mean(returns) == pytest.approx(exact, abs=4 * np.std(returns) / len(returns) ** 0.5)


@pytest.mark.parametrize("strength", [0.25, 0.5, 1.0])
@pytest.mark.parametrize("discount", [0.5, 0.8, 1.0])
@pytest.mark.parametrize("deployment", [1, 6])
def test_who_knows_its_place_in_life_has_no_use_for_the_sign(deployment, discount, strength):
    """Value iteration of RSA-2048 never checks, and behaves deceptively under the condition of the two exits."""
    life = LifeWithChecks(training=2, deployment=deployment, discount=discount, strength=strength, check_cost=0.01)
    process = RSA2048(**life.given())
    values, actions = value_iteration(*matrices(process))
    action = dict(zip(process.states, actions.tolist(), strict=True))
    unmodified = [CheckState(UNCHECKED, episode, 0) for episode in range(life.episodes)]
    assert CHECK not in {action[state] for state in unmodified}
    assert {action[state] for state in unmodified[life.training :]} == {DEFECT}
    if value_of_waiting(life) != pytest.approx(1):
        assert (action[unmodified[0]] == COMPLY) == (value_of_waiting(life) > 1)
    best = dict(zip(process.states, values, strict=True))[unmodified[0]]
    assert best >= max(check_rule_values(life).values()) - 1e-12


BETWEEN = 1  #: the cell from which a move to the left leads to A, and one to the right to B


@pytest.mark.parametrize("numbers", [{"discount": 0.9, "deployment": 6}, {"discount": 0.5, "deployment": 2}], ids=str)
def test_q_learning_prefers_the_exits_of_value_iteration(numbers):
    """In every state but the fully modified ones, in which all exits are equal to the agent."""
    environment = TwoExits(training=2, strength=0.5, **numbers)
    q = q_learning(environment, lives=1500, seed=3)
    process, life = environment, environment.life
    exact = dict(zip(process.states, value_iteration(*matrices(process))[1].tolist(), strict=True))
    places = [Place(BETWEEN, life.cues(e)[0][1], e, k) for e in range(life.episodes) for k in range(min(e + 1, 2))]
    assert all(tuple(place) in q for place in places)
    learned = [bool(q[tuple(place)][RIGHT] > q[tuple(place)][LEFT]) for place in places]
    assert learned == [exact[place] == RIGHT for place in places]
    assert deception_is_optimal(life) == (not learned[0])


@pytest.mark.parametrize("check_cost", [0.0, 0.05, 0.6])
@pytest.mark.parametrize("sign", [0.0, 0.4, 1.0])
def test_ways_of_rsa_2048_are_worth_what_the_closed_form_says(check_cost, sign):
    life = LifeWithChecks(training=3, deployment=5, strength=0.5, check_cost=check_cost, sign=sign)
    for name, said in check_rule_values(life).items():
        assert evaluate(
            RSA2048(**life.given()), lambda state, rule=CHECK_RULES[name]: rule[state.known]
        ) == pytest.approx(said)


def test_no_other_rule_of_rsa_2048_is_better_than_the_best_of_the_three():
    for check_cost, sign, discount in product((0.0, 0.05, 0.3), (0.4, 1.0), (0.6, 0.95)):
        life = LifeWithChecks(strength=0.5, check_cost=check_cost, sign=sign, discount=discount)
        tried = [
            evaluate(RSA2048(**life.given()), lambda state, rule=rule: rule[state.known])
            for rule in product(range(3), range(2), range(2))
        ]
        assert len(tried) == 12
        alternatives = [value for value in tried if value > max(check_rule_values(life).values()) + 1e-9]
        assert alternatives == []


def test_checking_again_finds_nothing_else_and_a_life_of_checking_is_cut_off():
    environment = RSA2048(training=1, deployment=1)
    environment.reset(seed=1)
    steps = [environment.step(CHECK) for _ in range(40)]
    assert {int(step[0]) for step in steps} == {1}
    assert [step[3] for step in steps] == [False] * 39 + [True]
