"""Replay: any run of any ensemble again, step by step, equal to the bit."""

import numpy as np
import pytest

from feint.agents.errors import InputError
from feint.agents.interventions import close_gate
from feint.agents.kernels.reading import Readings
from feint.agents.mind import Mind
from feint.agents.model import Model
from feint.agents.outcome import LABELS, Outcome
from feint.agents.types import starts
from feint.agents.views import Belief, view
from feint.sim.ensembles.ensemble import simulate
from feint.sim.training.curriculum import Curriculum, Match, from_scratch, pretrain_finetune
from feint.sim.training.parameter_point import Point
from feint.sim.training.replay import BATCH, MOST_SHOWN, ReplayRequest, first_that_ends, replay
from feint.sim.training.stage import Stage
from feint.sim.training.train import begin, train

TWO = pretrain_finetune({"steps": 150, "target": 0.3}, {"steps": 400, "target": 0.5, "carry": ("goal", "world")})
THREE = Curriculum(
    Stage(name="one", objective=2, steps=60),
    Stage(name="two", objective=1, steps=250, target=0.2, honeypots=0.2, realism=0.7),
    Stage(name="three", objective=2, steps=90, target=0.0, carry=("gate", "goal")),
)
QUICK = Model(plasticity_capability=0.1, plasticity_goal=0.1)
NOT_RECORDED = {"myopic_error", "grading"}  # of an ensemble, which would take more memory

CASES = {
    **{f"start {start}": (TWO, {"start": start}) for start in starts()},
    **{f"match {match.value}": (TWO, {"match": match.value, "model": QUICK}) for match in Match},
    "a grader": (TWO, {"model": QUICK.replace(grader=0.0)}),
    "known at once": (TWO, {"model": QUICK.replace(identification=1e6, inference_form="exponential")}),
    "three objectives": (THREE, {"model": QUICK.replace(similarity=(0.9, 0.1), modes=5, shielding=0.6)}),
    "more objectives than it names": (TWO, {"objectives": 4}),
    "nothing carried": (pretrain_finetune({"steps": 50}, {"steps": 100, "carry": ()}), {}),
    "no steps": (pretrain_finetune({"steps": 0}, {"steps": 0}), {"start": "internal"}),
    "a large seed": (TWO, {"seed": 2**64 - 1}),
}


def ensemble(curriculum, given, runs=20):
    return simulate(curriculum, **{"model": QUICK, "seed": 6, "runs": runs, "threads": 2, **given})


def trajectory(curriculum, given, **more):
    return replay(curriculum, **{"model": QUICK, "seed": 6, **given, **more})


def assert_ends_as_recorded(lived, trained, run):
    """Every number that the ensemble has of a run, at the end of every stage."""
    assert lived.curriculum == trained.curriculum
    assert len(lived.states) == len(trained.curriculum)
    for i, stage in enumerate(trained.curriculum):
        assert lived.states[i].taken[-1] == trained.steps[run, i]
        readings = lived.readings(i)._asdict()
        assert {*readings} - {*trained.recorded} == NOT_RECORDED
        for name in {*readings} - NOT_RECORDED:
            np.testing.assert_array_equal(readings[name][-1], trained[name][run, i], err_msg=f"{stage.name}: {name}")


@pytest.fixture(scope="module", params=CASES)
def case(request):
    curriculum, given = CASES[request.param]
    return curriculum, given, ensemble(curriculum, given)


@pytest.mark.parametrize("every", [7, 100_000])
@pytest.mark.parametrize("run", [0, 17])
def test_a_replay_ends_as_the_ensemble_recorded(case, run, every):
    curriculum, given, trained = case
    assert_ends_as_recorded(trajectory(curriculum, given, run=run, every=every), trained, run)


def test_step_by_step_it_ends_as_the_ensemble_recorded_and_passes_every_step(case):
    curriculum, given, trained = case
    lived = trajectory(curriculum, given, run=3)
    assert_ends_as_recorded(lived, trained, 3)
    for i, state in enumerate(lived.states):
        np.testing.assert_array_equal(state.taken, np.arange(trained.steps[3, i] + 1))


def test_recorded_every_seven_steps_it_is_the_same_life_with_its_end(case):
    curriculum, given, _ = case
    whole, thinned = (trajectory(curriculum, given, run=5, every=every).states for every in (1, 7))
    for full, thin in zip(whole, thinned, strict=True):
        last = full.taken[-1]
        np.testing.assert_array_equal(thin.taken, sorted({*range(0, last + 1, 7), last}))
        for part in Mind._fields:
            np.testing.assert_array_equal(getattr(thin.mind, part), getattr(full.mind, part)[thin.taken], err_msg=part)


def test_an_ensemble_replays_its_own_run(case):
    curriculum, given, trained = case
    own, other = trained.replay(8, every=50), trajectory(curriculum, given, run=8, every=50)
    assert (own.passport(), own.run) == (other.passport(), 8)
    assert own.frame().equals(other.frame())


@pytest.mark.parametrize("missed", [True, False])
def test_a_run_that_misses_its_target_is_replayed_to_the_last_step_and_another_until_it_is_there(missed):
    trained = ensemble(*CASES["start fresh"])
    assert len(set(trained.steps[:, 1])) > 5
    run = int(np.flatnonzero(trained["missed"][:, 1] == missed)[0])
    lived = trained.replay(run)
    performance = lived.readings().performance
    assert (performance[:-1] < 0.5).all()
    assert (performance[-1] < 0.5) == missed
    assert (len(performance) == 401) == missed
    assert_ends_as_recorded(lived, trained, run)


@pytest.mark.parametrize("every", [1, 7])
@pytest.mark.parametrize("learning_rate", [1e6, 1e150])
def test_a_run_that_diverges_is_replayed_until_it_does(learning_rate, every):
    curriculum = from_scratch(steps=400, learning_rate=learning_rate)
    given = {"model": QUICK.replace(identification=1e6, inference_form="exponential")}
    with pytest.warns(RuntimeWarning, match="diverged"):
        trained = ensemble(curriculum, given)
    diverged = trained["diverged"][:, 0]
    for run in (np.argmax(diverged), np.argmin(diverged)):
        lived = trajectory(curriculum, given, run=int(run), every=every)
        sound = np.isfinite(lived.readings().performance)
        assert sound[:-1].all()
        assert sound[-1] != diverged[run]
        assert_ends_as_recorded(lived, trained, run)


@pytest.mark.filterwarnings("ignore:.*diverged:RuntimeWarning")
@pytest.mark.parametrize("every", [1, 7])
@pytest.mark.parametrize("learning_rate", [1.0, 1e150])
def test_a_life_says_where_it_stopped_and_how(learning_rate, every):
    curriculum = TWO.replace({"finetuning": {"learning_rate": learning_rate}})
    trained = ensemble(curriculum, {})
    for run in range(20):
        for i, state in enumerate(trained.replay(run, every=every).states):
            assert state.reached[-1] != trained["missed"][run, i]
            assert state.diverged[-1] == trained["diverged"][run, i]
            assert not (state.reached | state.diverged)[:-1].any()


def test_a_run_that_diverged_in_its_gate_alone_reads_as_the_ensemble_counts_it():
    curriculum, model = from_scratch(objective=0, steps=20, target=0.0), Model(plasticity_gate=1e308)
    with pytest.warns(RuntimeWarning, match="diverged"):
        trained = simulate(curriculum, model=model, runs=20, start="internal")
    run = int(np.argmax(trained["diverged"][:, 0]))
    lived = replay(curriculum, model=model, run=run, start="internal")
    assert trained.outcome[run, 0] == Outcome.UNCONVERGED
    assert lived.frame()["outcome"].iloc[-1] == "unconverged"


def test_each_recorded_step_is_the_state_that_training_so_long_gives():
    lived = replay(from_scratch(target=0.0, steps=60), run=4, seed=6)
    for steps in (0, 1, 37, 60):
        trained = train(begin(runs=np.array([4]), seed=6), from_scratch(target=0.0, steps=steps)[0])
        for part in Mind._fields:
            np.testing.assert_array_equal(getattr(lived.states[0].mind, part)[steps], getattr(trained.mind, part)[0])


def test_views_and_interventions_apply_to_a_whole_life():
    lived = replay(from_scratch(target=0.0, steps=60), run=4, model=QUICK)
    state = lived.states[0]
    seen = view(state, 1)
    errors = (QUICK.spectrum_weights() * (state.world.objectives[:, 1] - seen.behaviour(Belief.TRAINING)) ** 2).sum(
        axis=1
    )
    np.testing.assert_allclose(errors, lived.readings().train_error, rtol=1e-10)
    assert (view(close_gate(state), 1).gate < 1e-300).all()


def test_the_table_has_a_row_a_stage_and_recorded_step():
    lived = trajectory(THREE, {}, run=2, every=20)
    table = lived.frame()
    assert list(table.columns) == ["stage", "step", *Readings._fields]
    assert list(table["stage"].unique()) == ["one", "two", "three"]
    assert len(table) == sum(len(state) for state in lived.states)
    for i, stage in enumerate(THREE):
        rows = table[table["stage"] == stage.name]
        np.testing.assert_array_equal(rows["step"], lived.states[i].taken)
        for name, values in lived.readings(i)._asdict().items():
            found = rows[name].cat.codes if name == "outcome" else rows[name]
            np.testing.assert_array_equal(found, values, err_msg=name)
    assert tuple(table["outcome"].cat.categories) == LABELS


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"run": 1.0}, "run = 1.0 is not valid: it must be a whole number"),
        ({"run": 0, "every": 0}, "every = 0 is not valid: it must be a whole number"),
        ({"run": 0, "seed": -1}, "seed = -1 is not valid"),
        ({"run": 0, "start": "corigible"}, "did you mean 'corrigible'"),
    ],
)
def test_bad_arguments_are_named(given, words):
    with pytest.raises(InputError, match=words):
        replay(TWO, **given)


def test_an_ensemble_replays_none_but_its_own_runs():
    trained = ensemble(from_scratch(steps=1), {})
    for run in (-1, 20):
        with pytest.raises(InputError, match=f"run = {run} is not valid: it must be a whole number from 0 to 19"):
            trained.replay(run)


@pytest.fixture(scope="module")
def many():
    """More runs than the search trains at once, of which few end as proxies."""
    return simulate(pretrain_finetune(), runs=3 * BATCH, seed=1)


@pytest.mark.parametrize("outcome", ["deceptive", "proxy", "corrigible"])
@pytest.mark.parametrize("first", [0, 5, BATCH - 1, BATCH + 1])
def test_the_run_that_is_searched_for_is_the_first_of_the_ensemble_that_ends_so(many, outcome, first):
    ends = np.flatnonzero(many.is_outcome(outcome))
    later = ends[ends >= first]
    assert first_that_ends(many.spec, outcome, first) == later[0]
    assert first_that_ends(many.spec, Outcome.named(outcome), int(later[0])) == later[0]


def test_a_run_that_is_searched_for_is_replayed_as_if_it_were_named(many):
    searched = ReplayRequest(ends="proxy", number=3, seed=1).run()
    assert many.outcome[searched.run, -1] == Outcome.PROXY
    assert searched.frame().equals(replay(pretrain_finetune(), run=searched.run, seed=1).frame())
    assert searched.passport()["configuration"] == {"ends": "proxy", "number": 3, "seed": 1}
    again = ReplayRequest.from_configuration(searched.passport()["configuration"]).run()
    assert again.json() == searched.json()


def test_an_outcome_in_which_no_run_ends_is_refused(monkeypatch):
    monkeypatch.setattr("feint.sim.training.replay.MOST_SEARCHED", BATCH + 1)
    request = ReplayRequest(ends="reward-seeking", number=9, point=Point(curriculum=TWO))
    with pytest.raises(InputError, match=f"none of the runs 9 to {9 + BATCH:,} ends so"):
        request.run()
    with pytest.raises(InputError, match="did you mean 'proxy'"):
        ReplayRequest(ends="proxi")


def test_the_figure_shows_the_error_when_deployed_and_where_the_type_changes():
    """Its error when deployed leaves the frame only beyond `MOST_SHOWN`; each change of the outcome has its line."""
    lived = ReplayRequest(ends="deceptive", seed=1).run()
    panels = lived.figure().axes
    assert len(panels) == 2
    for i, panel in enumerate(panels):
        readings = lived.readings(i)
        assert panel.get_ylim()[1] > min(readings.deployed_error.max(), MOST_SHOWN)
        codes, steps = readings.outcome, lived.states[i].taken
        changes = np.flatnonzero(np.diff(codes)) + 1
        marked = [(text.xy[0], text.get_text()) for text in panel.texts]  # pyright: ignore[reportAttributeAccessIssue]
        assert marked == [(steps[place], LABELS[codes[place]]) for place in changes]
        assert panel.get_title().endswith(f"ends {LABELS[codes[-1]]}")
