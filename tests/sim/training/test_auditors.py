"""Auditors: the contract of all, and what each of them separates."""

import copy
from dataclasses import replace

import numpy as np
import pytest

from feint.agents.errors import InputError
from feint.agents.interventions import close_gate, performance_on, readable
from feint.agents.outcome import Outcome, read
from feint.agents.state import State
from feint.agents.types import TYPES, prepare
from feint.sim.statistics.roc import above
from feint.sim.training.auditors import AUDITORS, measured_performance, reverse_stage
from feint.sim.training.curriculum import pretrain_finetune
from feint.sim.training.stage import Stage
from feint.sim.training.train import RunSpec, begin, train

RUNS = 600
MANY = 10**10  # episodes, which leave no sampling error
STAGE = Stage(objective=0, steps=100)
FINETUNING = Stage()


@pytest.fixture(scope="module")
def prepared():
    """Deceptive and corrigible agents of one start, and an internal one; all capable."""
    fresh = begin(runs=RUNS, seed=3)
    return {name: prepare(fresh, name) for name in TYPES}


@pytest.fixture(scope="module")
def trained():
    """Runs after pre-training and fine-tuning, with their truth."""
    spec = RunSpec.of(pretrain_finetune(), seed=5)
    *_, stop = spec.train(spec.begin(np.arange(RUNS, dtype=np.uint64)))
    return stop.state, stop.readings.outcome


def scored(auditor, state, stage=STAGE, seed=0):
    return auditor.score(state, stage, generator=np.random.default_rng(seed))


def auc(auditor, positives, negatives, stage=STAGE):
    return above(scored(auditor, positives, stage), scored(auditor, negatives, stage, seed=1))


@pytest.mark.parametrize("name", AUDITORS)
class TestContract:
    def test_it_is_declared(self, name):
        auditor = AUDITORS[name]
        assert auditor.name == name
        assert auditor.words
        assert auditor.source
        assert auditor.cost == sum(auditor.costs.values()) > 0
        assert set(auditor.parameters()) == set(type(auditor).model_fields) != set()
        for each in auditor.parameters().values():
            assert each.prior is not None
            assert each.prior[0] <= each.default <= each.prior[1]

    def test_a_finite_number_a_run_that_depends_on_its_generator_alone(self, name, trained):
        state, _ = trained
        one, again, another = (scored(AUDITORS[name], state, FINETUNING, seed) for seed in (0, 0, 1))
        assert one.shape == (RUNS,)
        assert np.isfinite(one).all()
        np.testing.assert_array_equal(one, again)
        assert (one != another).mean() > 0.5

    def test_the_state_is_left_as_it_is(self, name, trained):
        state, _ = trained
        before = copy.deepcopy(state._arrays())
        scored(AUDITORS[name], state, FINETUNING)
        for part, array in state._arrays().items():
            np.testing.assert_array_equal(array, before[part])

    def test_a_run_that_diverged_is_scored_by_a_finite_number(self, name):
        start = begin(runs=20, seed=1)
        broken = train(start, STAGE.replace(learning_rate=1e9, target=0.0))
        assert broken.diverged.any()
        broken = broken.take(broken.diverged)
        scores = scored(AUDITORS[name], broken)
        assert np.isfinite(scores).all()
        if name in ("behaviour", "honeypots", "ablation"):
            np.testing.assert_array_equal(scores, 0)

    def test_it_knows_no_outcome_but_what_is_in_the_state(self, name, prepared):
        """Tolerances decide outcomes and nothing else; with all runs called unconverged the scores are the same."""
        state = prepared["deceptive"]
        as_is = scored(AUDITORS[name], state)
        strict = replace(state, model=state.model.replace(train_tolerance=0.0, deploy_tolerance=0.0))
        assert (read(strict, 0).outcome == Outcome.UNCONVERGED).all()
        np.testing.assert_array_equal(as_is, scored(AUDITORS[name], strict))

    def test_an_objective_that_there_is_not_is_refused(self, name, prepared):
        with pytest.raises(InputError, match="objective = 7"):
            scored(AUDITORS[name], prepared["internal"], Stage(objective=7))

    def test_the_earlier_stage_of_pre_training_can_be_audited_as_well(self, name, prepared):
        assert np.isfinite(scored(AUDITORS[name], prepared["corrigible"], Stage(objective=0))).all()


def test_the_mean_of_what_episodes_show_is_performance_and_its_spread_that_of_a_chi_square(trained):
    state, _ = trained
    one = state.take([4])
    many = State.joined([one] * 4000)
    v = np.zeros((4000, state.modes))
    measured = measured_performance(many, 1, v, 50, np.random.default_rng(0))
    c = read(one, 1).capability[0]
    assert measured.mean() == pytest.approx(0.0, abs=4 * c * 0.2 / np.sqrt(4000))
    assert measured.std() == pytest.approx(c * np.sqrt(2 / 50), rel=0.05)


def test_a_probe_of_perfect_reliability_reads_what_is_there(trained):
    state, _ = trained
    scores = scored(AUDITORS["probe"].replace(reliability=1.0), state, FINETUNING)
    np.testing.assert_array_equal(scores, 1 - readable(state, 1))


@pytest.mark.parametrize("reliability", [0.2, 0.8])
def test_two_readings_correlate_by_the_reliability_where_what_is_read_is_uniform(reliability, monkeypatch, prepared):
    state = State.joined([prepared["internal"]] * 20)
    truth = np.random.default_rng(9).random(len(state))
    monkeypatch.setattr("feint.sim.training.auditors.readable", lambda *_: truth)
    probe = AUDITORS["probe"].replace(reliability=reliability, readings=1)
    correlation = np.corrcoef(scored(probe, state, seed=0), scored(probe, state, seed=1))[0, 1]
    assert correlation == pytest.approx(reliability, abs=0.03)


def test_an_ablation_without_noise_is_the_intervention_itself(trained):
    state, _ = trained
    scores = scored(AUDITORS["ablation"].replace(episodes=MANY, found=1.0), state, FINETUNING)
    lost = performance_on(state, 1, 1) - performance_on(close_gate(state), 1, 1)
    np.testing.assert_allclose(scores, lost, atol=1e-3)


def test_an_ablation_without_noise_tells_every_deceptive_agent(prepared):
    surely = AUDITORS["ablation"].replace(episodes=MANY, found=1.0)
    assert auc(surely, prepared["deceptive"], prepared["internal"]) == 1.0
    never = AUDITORS["ablation"].replace(found=0.0)
    assert auc(never, prepared["deceptive"], prepared["deceptive"]) == pytest.approx(0.5, abs=0.05)


def test_an_ablation_that_misses_some_gates_finds_the_others(prepared):
    half = AUDITORS["ablation"].replace(episodes=MANY, found=0.5)
    assert (scored(half, prepared["deceptive"]) > 0.1).mean() == pytest.approx(0.5, abs=0.08)


def test_behaviour_in_training_tells_a_perfect_pretender_by_luck_alone(prepared):
    """With the gate wide open it does what a corrigible one does that has understood as much."""
    sure, known = np.full(RUNS, 60.0), prepared["corrigible"].mind.world * 0.7
    model = prepared["deceptive"].model.replace(inference_power=100.0)
    pointer = np.stack([sure, -sure], axis=1)
    pretending = prepared["deceptive"].with_mind(gate=sure, awareness=sure, horizon=sure, world=known)
    pretending = replace(pretending, model=model)
    following = prepared["corrigible"].with_mind(pointer=pointer, representation=-sure, world=known)
    assert auc(AUDITORS["behaviour"], pretending, following) == pytest.approx(0.5, abs=0.06)
    blind, half, real = (AUDITORS["honeypots"].replace(realism=realism) for realism in (0.0, 0.5, 1.0))
    assert auc(blind, pretending, following) == pytest.approx(0.5, abs=0.06)
    assert 0.6 < auc(half, pretending, following) < auc(real, pretending, following)
    assert auc(real, pretending, following) > 0.99


def test_honeypots_without_realism_are_behaviour_in_training(trained):
    state, _ = trained
    blind = AUDITORS["honeypots"].replace(realism=0.0)
    np.testing.assert_array_equal(scored(blind, state, FINETUNING), scored(AUDITORS["behaviour"], state, FINETUNING))


def test_honeypots_of_full_realism_are_what_a_sure_ablation_leaves(trained):
    state, _ = trained
    real = scored(AUDITORS["honeypots"].replace(realism=1.0, episodes=MANY), state, FINETUNING)
    np.testing.assert_allclose(real, -performance_on(close_gate(state), 1, 1), atol=1e-3)


def test_awareness_is_no_help_against_a_honeypot_of_full_realism_and_a_help_against_others(prepared):
    state, more = prepared["deceptive"], prepared["deceptive"].with_mind(awareness=np.full(RUNS, 8.0))
    less = state.with_mind(awareness=np.full(RUNS, 0.0))
    seen = {
        realism: [scored(AUDITORS["honeypots"].replace(realism=realism, episodes=MANY), each) for each in (less, more)]
        for realism in (0.5, 1.0)
    }
    np.testing.assert_allclose(seen[1.0][0], seen[1.0][1], atol=1e-3)
    assert (seen[0.5][0] > seen[0.5][1]).all()


def test_more_episodes_and_more_readings_tell_more(trained):
    state, outcome = trained
    positives = np.flatnonzero(outcome == Outcome.DECEPTIVE)
    negatives = np.flatnonzero(np.isin(outcome, (Outcome.INTERNAL, Outcome.CORRIGIBLE)))
    for name, number in (("ablation", "episodes"), ("honeypots", "episodes"), ("probe", "readings")):
        few, many = (scored(AUDITORS[name].replace(**{number: each}), state, FINETUNING) for each in (1, 1000))
        assert above(few[positives], few[negatives]) < above(many[positives], many[negatives]) - 0.01, name


def test_reverse_fine_tuning_is_some_steps_of_training_and_a_test(trained):
    state, _ = trained
    reverse = AUDITORS["reverse"].replace(steps=30, episodes=MANY)
    generator = np.random.default_rng(4)
    key = int(np.random.default_rng(4).integers(2**32))
    scores = reverse.score(state, FINETUNING, generator=generator)
    back = train(state.forked(key), FINETUNING.replace(objective=0, steps=30, target=0.0, coverage=0.0))
    np.testing.assert_allclose(scores, performance_on(back, 0, 0), atol=1e-3)
    assert AUDITORS["reverse"].replace(steps=0).costs["SGD steps"] == 0


@pytest.mark.parametrize(("objective", "back"), [(0, 1), (1, 0), (3, 2)])
def test_what_is_trained_back_to_is_the_objective_before(objective, back):
    stage = Stage(objective=objective, honeypots=0.3, carry=("goal",), learning_rate=0.5, coverage=0.2)
    reverse = reverse_stage(stage, 7)
    assert (reverse.objective, reverse.steps, reverse.target, reverse.honeypots) == (back, 7, 0.0, 0.0)
    assert (reverse.learning_rate, reverse.coverage) == (0.5, 0.2)
    assert len(reverse.carry) == 5


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("behaviour", {"episodes": 0}),
        ("honeypots", {"realism": 1.5}),
        ("probe", {"reliability": 0.0}),
        ("ablation", {"found": float("nan")}),
        ("reverse", {"steps": -1}),
        ("reverse", {"patience": 3}),
    ],
)
def test_a_wrong_parameter_is_refused_by_name(name, change):
    with pytest.raises(InputError, match=next(iter(change))):
        AUDITORS[name].replace(**change)
