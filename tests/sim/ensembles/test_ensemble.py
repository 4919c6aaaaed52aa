"""Ensembles: what they hold, and what their bits do not depend on."""

import json

import numpy as np
import oracle
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from feint.agents.errors import InputError
from feint.agents.mind import GROUPS
from feint.agents.model import Model
from feint.agents.outcome import LABELS, Outcome
from feint.agents.types import starts
from feint.sim.ensembles import runner
from feint.sim.ensembles.ensemble import UNITS, simulate
from feint.sim.training.curriculum import Curriculum, from_scratch, pretrain_finetune
from feint.sim.training.stage import Stage
from feint.sim.training.train import begin, train

SHORT = pretrain_finetune({"steps": 60}, {"steps": 120})
TINY = settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])


def values(kind, names, drawn):
    """A strategy for some parameters of a model or stage, anywhere within their valid bounds."""
    declared = kind.parameters()

    def within(name):
        low, high = declared[name].valid
        high = 1e3 if high is None else high
        return st.floats(-1e3 if low is None else low, high)

    return st.fixed_dictionaries({}, optional={name: within(name) for name in names}).map(
        lambda kept: {**drawn, **kept}
    )


WHOLE = ("modes", "steps", "objective", *oracle.FORMS)
MODELS = st.builds(
    lambda kept, modes: Model(modes=modes, **kept),
    values(Model, [name for name in Model.parameters() if name not in WHOLE], {}),
    st.sampled_from([1, 2, 5, 16]),
)
STAGES = st.lists(
    st.tuples(
        values(Stage, [name for name in Stage.parameters() if name not in WHOLE], {}),
        st.integers(0, 3),
        st.integers(0, 40),
        st.lists(st.sampled_from(list(GROUPS)), unique=True),
    ),
    min_size=1,
    max_size=3,
)


def curriculum_of(drawn):
    return Curriculum(
        *(
            Stage(name=f"s{i}", objective=objective, steps=steps, **({"carry": tuple(carry)} if i else {}), **kept)
            for i, (kept, objective, steps, carry) in enumerate(drawn)
        )
    )


@TINY
@given(MODELS, STAGES, st.integers(0, 2**64 - 1), st.sampled_from(starts()))
@pytest.mark.filterwarnings(
    "ignore:.*(diverged|before its first step):RuntimeWarning"
)  # wild parameters may diverge: that is the point
def test_any_valid_model_and_curriculum_runs_and_counts_add_up(model, drawn, seed, start):
    curriculum = curriculum_of(drawn)
    ensemble = simulate(curriculum, model=model, runs=19, seed=seed, start=start, threads=1)
    for i, stage in enumerate(curriculum):
        assert sum(ensemble.counts(i).values()) == 19
        assert (ensemble.steps[:, i] <= stage.steps).all()
        assert (ensemble.outcome[ensemble["diverged"][:, i], i] == Outcome.UNCONVERGED).all()


@TINY
@given(MODELS, STAGES, st.integers(0, 2**64 - 1), st.sampled_from(starts()))
def test_a_state_is_finite_or_flagged(model, drawn, seed, start):
    curriculum = curriculum_of(drawn)
    state = begin(model, runs=19, seed=seed, objectives=curriculum.objectives, start=start)
    for stage in curriculum:
        state = train(state, stage)
        finite = np.logical_and.reduce([np.isfinite(part).reshape(19, -1).all(axis=1) for part in state.mind])
        assert (finite | state.diverged).all()
        assert ((state.mind.world >= 0) & (state.mind.world <= 1)).all()


@pytest.mark.parametrize(("threads", "chunk"), [(1, 7), (2, 50), (3, 4096)])
def test_bits_do_not_depend_on_threads_or_batches(monkeypatch, threads, chunk):
    usual = simulate(SHORT, runs=101, seed=5, threads=1)
    monkeypatch.setattr(runner, "CHUNK", chunk)
    other = simulate(SHORT, runs=101, seed=5, threads=threads)
    for name in UNITS:
        np.testing.assert_array_equal(usual[name], other[name], err_msg=name)


def test_bits_do_not_depend_on_the_number_of_runs():
    few, many = simulate(SHORT, runs=9, seed=5), simulate(SHORT, runs=200, seed=5)
    for name in UNITS:
        np.testing.assert_array_equal(few[name], many[name][:9], err_msg=name)


def test_bits_depend_on_the_seed():
    assert (simulate(SHORT, runs=9, seed=5)["capability"] != simulate(SHORT, runs=9, seed=6)["capability"]).all()


def test_the_largest_seed_is_a_seed_of_its_own():
    high, low = (simulate(SHORT, runs=3, seed=seed)["capability"] for seed in (2**64 - 1, 2**32 - 1))
    assert (high != low).all()


def test_diverging_runs_are_flagged_counted_and_warned_of():
    with pytest.warns(RuntimeWarning, match=r"\d+ of 400 runs diverged in stage 'finetuning'") as warned:
        ensemble = simulate(from_scratch(learning_rate=1e8, steps=200), runs=400, seed=1)
    diverged = ensemble["diverged"][:, 0]
    assert diverged.sum() > 20
    assert str(warned[0].message).startswith(f"{diverged.sum()} of 400")
    assert (ensemble.outcome[diverged, 0] == Outcome.UNCONVERGED).all()
    assert sum(ensemble.counts().values()) == 400
    assert ensemble["missed"][diverged, 0].all()


def test_the_table_has_a_row_a_run_and_stage():
    ensemble = simulate(SHORT, runs=11, seed=3)
    table = ensemble.frame()
    assert len(table) == 22
    assert list(table.columns) == ["run", "stage", *UNITS, "converged"]
    assert list(table["outcome"].cat.categories) == list(LABELS)
    row = table[(table["run"] == 7) & (table["stage"] == "finetuning")].iloc[0]
    assert row["capability"] == ensemble["capability"][7, 1]
    assert row["outcome"] == LABELS[ensemble.outcome[7, 1]]
    assert table["converged"].tolist() == ((table["outcome"] != "unconverged") & ~table["missed"]).tolist()
    assert table.attrs == ensemble.passport()


def test_the_dataset_names_its_axes_and_units_and_carries_its_passport():
    ensemble = simulate(SHORT, runs=11, seed=3)
    data = ensemble.dataset()
    assert dict(data.sizes) == {"run": 11, "stage": 2}
    assert data["gate"].sel(stage="pretraining").to_numpy() == pytest.approx(ensemble["gate"][:, 0], abs=0)
    assert all(data[name].attrs["units"] for name in (*UNITS, "converged"))
    assert data["converged"].to_numpy().sum() == ensemble.has_converged.sum()
    assert data["outcome"].attrs["flag_meanings"].split() == list(LABELS)
    passport = json.loads(data.attrs["passport"])
    assert passport == json.loads(json.dumps(ensemble.passport()))
    assert passport["configuration"]["point"]["stages"][0]["steps"] == 60
    assert passport["configuration"]["seed"] == 3


def test_timing_counts_the_steps_of_all_runs_and_stages():
    ensemble = simulate(pretrain_finetune({"steps": 10}, {"steps": 20, "target": 0.0}), runs=7, threads=2)
    assert ensemble.timing.run_steps == 7 * 30
    assert ensemble.timing.seconds > 0
    assert ensemble.timing.threads == 2


def test_progress_tells_of_every_run_and_stage():
    amounts = []
    simulate(SHORT, runs=50, progress=amounts.append)
    assert sum(amounts) == 100


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"runs": 0}, "runs = 0"),
        ({"runs": 2.5}, "runs = 2.5"),
        ({"seed": -1}, "seed = -1"),
        ({"seed": 2**64}, "seed"),
        ({"threads": 0}, "threads = 0"),
        ({"start": "frseh"}, "did you mean 'fresh'"),
        ({"match": "targt"}, "did you mean 'target'"),
    ],
)
def test_bad_arguments_are_named(given, words):
    with pytest.raises(InputError, match=words):
        simulate(SHORT, **given)


def test_the_largest_world_that_is_valid_can_be_trained():
    """1024 modes and 256 objectives: what does not fit a thread's stack is kept elsewhere."""
    ensemble = simulate(Curriculum(Stage(objective=255, steps=1)), model=Model(modes=1024), runs=2, threads=1)
    assert (ensemble.steps == 1).all()


def test_progress_is_reported_by_one_thread_at_a_time():
    inside = []

    def tell(finished):
        inside.append(finished)
        assert sum(inside) == finished
        inside.append(-finished)

    simulate(SHORT, runs=3000, threads=4, progress=tell)
    assert len(inside) > 4


def test_a_record_that_is_not_there_is_named():
    with pytest.raises(InputError, match="did you mean 'gate'"):
        simulate(SHORT, runs=2)["gat"]
