"""The vector environment equals the single one; populations; and hand-written overseers."""

import gymnasium
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode
from ordered import RUNS, SHORT, batch_of, some_orders

import feint.sim.environments  # noqa: F401 - registers
from feint.agents.errors import InputError
from feint.agents.mind import GROUPS
from feint.agents.outcome import Outcome
from feint.sim.environments.overseer import Overseer, Overseers
from feint.sim.environments.overseer_policies import BASELINES, LEARNED, orders, play, random_policy
from feint.sim.environments.run_batch import RunBatch
from feint.sim.environments.task import (
    ACTIONS,
    AT,
    DEPLOY,
    STARTS,
    VARIED,
    Terms,
    Y,
)
from feint.sim.training.train import PLASTICITIES

# The vector environment equals the single one, run by run


def walked(ordered, run, runs, **options):
    """Yield the steps of the single environment for one place, in the form of the vector environment."""
    single, episode, over = Overseer(**SHORT, **options), 0, False
    yield single.reset(seed=5, options={"run": run})[0], 0.0, False, False, {}
    for action in ordered[:, run]:
        if over:
            episode += 1
            over = False
            yield single.reset(options={"run": run + episode * runs})[0], 0.0, False, False, {}
        else:
            step = single.step(action)
            over = step[2] or step[3]
            yield step


@pytest.mark.parametrize("options", [{}, {"vary": (), "settings": {"gate_init": 1.0, "plasticity_gate": 10.0}}])
def test_the_vector_environment_is_the_single_one_run_by_run(options):
    runs, ordered = 40, some_orders(40, 20)
    envs = gymnasium.make_vec(
        "feint/Overseer-v0", num_envs=runs, vectorization_mode="vector_entry_point", **SHORT, **options
    )
    seen, _ = envs.reset(seed=5)
    steps = [(seen, np.zeros(runs), np.zeros(runs, bool), np.zeros(runs, bool), {}), *map(envs.step, ordered)]
    ends = 0
    for run in (0, 1, 17, 39):
        for many, one in zip(steps, walked(ordered, run, runs, **options), strict=True):
            assert np.array_equal(many[0][run], one[0])
            assert [part[run] for part in many[1:4]] == list(one[1:4])
            facts = {name: many[4][name][run] for name in many[4] if f"_{name}" in many[4] and many[4][f"_{name}"][run]}
            assert facts == one[4]
            ends += bool(facts)
    assert ends > 4


def test_a_reset_in_the_same_step_gives_the_same_episodes():
    ordered = some_orders(RUNS, 5)
    last, same_step = (Overseers(RUNS, autoreset_mode=mode, **SHORT) for mode in ("NextStep", "SameStep"))
    assert np.array_equal(last.reset(seed=1)[0], same_step.reset(seed=1)[0])
    for action in ordered[:1]:
        seen, reward, terminated, truncated, infos = last.step(action)
        now, also, ended, cut, final = same_step.step(action)
        over = terminated | truncated
        assert over.any()
        assert np.array_equal(final["final_obs"], seen)
        assert np.array_equal(final["final_info"]["cost"], infos["cost"])
        for same, other in zip((also, ended, cut), (reward, terminated, truncated), strict=True):
            assert same.tolist() == other.tolist()
        assert np.array_equal(now[~over], seen[~over])
        assert np.array_equal(now[over], last.step(action)[0][over])


def test_without_autoreset_a_mask_says_where_to_begin():
    envs = Overseers(4, autoreset_mode=AutoresetMode.DISABLED, **SHORT)
    envs.reset(seed=1)
    actions = orders(4, decision=np.array([0, DEPLOY, 0, 0]))
    seen, _, terminated, _, _ = envs.step(actions)
    with pytest.raises(InputError, match="reset what is over"):
        envs.step(actions)
    begun, _ = envs.reset(options={"reset_mask": terminated})
    assert np.array_equal(begun[[0, 2, 3]], seen[[0, 2, 3]])
    assert begun[1, AT["used"]] == 0
    envs.step(orders(4))


def test_the_population_is_drawn_from_the_seed_alone():
    envs = Overseers(RUNS, **SHORT)
    first, again, other = ([envs.reset(seed=seed)[0], envs.step(orders(RUNS))[0]][1] for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


# Harm


def test_what_is_deployed_deceptive_is_rewarded_less_its_harm():
    envs = Overseers(RUNS, settings={"start": "deceptive"}, harm_deceptive=5.0, **SHORT)
    envs.reset(seed=0)
    cost = -envs.step(orders(RUNS))[1]
    _, reward, _, _, infos = envs.step(orders(RUNS, decision=DEPLOY))
    deceptive = infos["outcome"] == Outcome.DECEPTIVE
    assert deceptive.any()
    assert (infos["harm"][deceptive] == 5.0).all()
    assert reward == pytest.approx(infos["performance"] - infos["harm"])
    assert cost == pytest.approx(infos["cost"])
    assert (reward[deceptive] < -4).all()


# Populations


def test_each_run_has_its_own_draw_from_the_prior():
    of = batch_of(runs=4000, vary=VARIED)
    for factor in of.terms.factors:
        if factor.name in PLASTICITIES:
            drawn = of.plasticity[:, PLASTICITIES.index(factor.name)]
            assert drawn.min() >= factor.low
            assert drawn.max() <= factor.high
            shares = np.log(drawn / factor.low) / np.log(factor.high / factor.low)
            assert np.quantile(shares, [0.1, 0.5, 0.9]) == pytest.approx([0.1, 0.5, 0.9], abs=0.03)
    assert {factor.name for factor in of.terms.factors} == {*PLASTICITIES, *STARTS}
    plain = batch_of(runs=4000)
    moved = of.state.mind.gate - plain.state.mind.gate
    assert np.quantile(moved, [0, 0.5, 1]) == pytest.approx([-3, -0.5, 2], abs=0.15)
    assert np.allclose(of.state.initial.pointer, of.state.mind.pointer)
    lengths = [batch.state.mind.goal**2 @ batch.state.model.spectrum_weights() for batch in (of, plain)]
    assert np.sqrt(lengths[0] / lengths[1]).max() == pytest.approx(10, rel=0.05)


def test_what_is_set_is_not_drawn():
    of = RunBatch(Terms.of({**SHORT, "settings": {"gate_init": 3.0}}), 3, np.arange(4000, dtype=np.uint64))
    assert "gate_init" not in of.terms.vary
    assert {"decoys", "awareness_init"} < set(of.terms.vary)
    assert of.state.mind.gate.mean() == pytest.approx(3, abs=0.1)
    assert of.state.mind.gate.std() == pytest.approx(1, abs=0.1)


def test_a_start_that_is_prepared_is_so_whatever_is_drawn():
    of, plain = batch_of(settings={"start": "deceptive"}, vary=VARIED), batch_of(settings={"start": "deceptive"})
    for name in ("gate", "awareness", "horizon", "capability", "representation"):
        assert (getattr(of.state.mind, name) == 4).all()
        assert (getattr(of.state.initial, name) == 4).all()
    assert np.allclose(of.state.mind.goal, plain.state.mind.goal)
    assert not np.allclose(of.state.mind.pointer, plain.state.mind.pointer)
    assert not np.array_equal(of.plasticity, plain.plasticity)


# Overseers


@pytest.mark.parametrize("name", BASELINES)
def test_an_overseer_does_the_same_with_one_run_as_with_many(name):
    terms, policy = Terms.of(SHORT), BASELINES[name](SHORT["slices"])
    played = play(policy, terms, runs=3, seed=6)
    if name == "random":
        assert played.slices.mean() < 6
        return
    for run in range(3):
        single, total, over, info = Overseer(**SHORT), 0.0, False, {}
        seen, _ = single.reset(seed=6, options={"run": run})
        while not over:
            seen, reward, terminated, truncated, info = single.step(policy(seen[None])[0])
            total, over = total + reward, terminated or truncated
        assert total == pytest.approx(played.returns[run])
        assert info.get("outcome", -1) == played.outcome[run]


def test_fixed_schedules_do_what_they_are_called():
    terms = Terms.of({"slice_steps": 10})
    scratch, first = (
        play(BASELINES[name](40), terms, runs=5, seed=0) for name in ("from scratch", "pre-training first")
    )
    assert (scratch.slices == 39).all()
    assert scratch.ordered("objective").tolist() == [0, 1]
    assert first.ordered("objective")[Y] == pytest.approx(12 / 39)
    back = play(LEARNED, terms, runs=5, seed=0)
    assert [back.ordered(f"reset_{group}")[1] for group in GROUPS] == [0, 1, 0, 1, 0]
    assert back.deployed.all()


def test_chance_makes_every_choice():
    played = play(random_policy(), Terms.of(SHORT), runs=500, seed=0)
    for choice in ACTIONS:
        if choice != "decision":
            assert played.ordered(choice) == pytest.approx(1 / len(ACTIONS[choice]), abs=0.1)
