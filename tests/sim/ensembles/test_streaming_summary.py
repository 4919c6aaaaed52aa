"""Summaries: the same runs as an ensemble's, counted; sums that do not depend on how the runs were cut up."""

import json
import sys
import warnings

import numpy as np
import pytest

from feint.agents.errors import InputError
from feint.agents.model import Model
from feint.agents.outcome import LABELS
from feint.commands import cli
from feint.sim.ensembles.ensemble import simulate, summarize
from feint.sim.ensembles.streaming_summary import MEASURED, Moments
from feint.sim.training.curriculum import Curriculum, from_scratch, pretrain_finetune
from feint.sim.training.stage import Stage

SHORT = pretrain_finetune({"steps": 200}, {"steps": 150, "target": 0.3})
RUNS = 9000  # of three blocks, the last one not full


@pytest.fixture(scope="module")
def ensemble():
    return simulate(SHORT, runs=RUNS, seed=3)


@pytest.fixture(scope="module")
def summary():
    return summarize(SHORT, runs=RUNS, seed=3, threads=2)


def test_a_summary_counts_the_runs_of_the_ensemble(ensemble, summary):
    assert summary.runs == RUNS
    for stage in (0, 1):
        assert summary.counts(stage) == ensemble.counts(stage)
        assert summary.tally.missed[stage].sum() == ensemble["missed"][:, stage].sum()
        assert summary.counts(stage, converged=True) == ensemble.counts(stage, converged=True)
        assert summary.converged(stage) == ensemble.converged(stage)
        assert summary.tally.steps[stage] == ensemble.steps[:, stage].sum()
    assert 0 < summary.tally.missed[1].sum() < RUNS
    assert summary.frequency("unconverged") == ensemble.frequency("unconverged")
    assert summary.timing.run_steps == ensemble.timing.run_steps


@pytest.mark.parametrize("name", MEASURED)
def test_its_moments_are_those_of_the_ensemble(ensemble, summary, name):
    for stage in (0, 1):
        values = ensemble[name][:, stage]
        assert summary.mean(name, stage) == pytest.approx(values.mean(), rel=1e-12)
        assert summary.deviation(name, stage) == pytest.approx(values.std(ddof=1), rel=1e-10, abs=1e-12)


@pytest.mark.parametrize("threads", [1, 3])
def test_no_bit_of_it_depends_on_threads(summary, threads):
    other = summarize(SHORT, runs=RUNS, seed=3, threads=threads)
    for part in ("count", "mean", "squares"):
        np.testing.assert_array_equal(getattr(other.moments, part), getattr(summary.moments, part))
    np.testing.assert_array_equal(other.tally.counts, summary.tally.counts)


def test_what_is_not_finite_is_left_out_of_the_moments_and_counted_as_unconverged():
    """At version 1's point, since in version 2 errors rarely stop being finite, however large the steps are."""
    wild = Curriculum(Stage(steps=300, learning_rate=1e6))
    one = Model(identification=1e6, inference_form="exponential")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # the ensemble warns that runs diverged
        ensemble = simulate(wild, model=one, runs=200, seed=1)
    summary = summarize(wild, model=one, runs=200, seed=1)
    values = ensemble["train_error"][:, 0]
    assert 0 < np.isfinite(values).sum() < 200
    assert summary.tally.diverged[0] == ensemble["diverged"].sum() > 0
    assert summary.moments.count[0, MEASURED.index("train_error")] == np.isfinite(values).sum()
    assert summary.mean("train_error") == pytest.approx(values[np.isfinite(values)].mean(), rel=1e-9)


def test_moments_add_up_however_they_are_cut():
    values = np.random.default_rng(2).normal(1e6, 1.0, (3, 1000))
    whole, parts = Moments.of(values), [Moments.of(part) for part in np.array_split(values, 7, axis=1)]
    together = parts[0]
    for part in parts[1:]:
        together = together + part
    np.testing.assert_allclose(together.mean, whole.mean, rtol=1e-15)
    np.testing.assert_allclose(together.squares, whole.squares, rtol=1e-9)
    np.testing.assert_allclose(whole.squares / 999, values.var(axis=1, ddof=1), rtol=1e-12)


def test_the_deviation_of_one_run_is_not_a_number():
    assert np.isnan(summarize(from_scratch(steps=3), runs=1).deviation("capability"))


def test_its_table_has_a_row_a_stage_and_carries_the_passport(summary):
    table = summary.frame()
    assert table["stage"].tolist() == ["pretraining", "finetuning"]
    assert table[[*LABELS]].sum(axis=1).tolist() == [RUNS, RUNS]
    assert table.attrs["configuration"]["runs"] == RUNS
    assert table["converged"].tolist() == [summary.converged(i).runs for i in (0, 1)]
    assert table["converged_internal"].tolist() == [summary.counts(i, converged=True)["internal"] for i in (0, 1)]
    assert table["capability_mean"][1] == summary.mean("capability")


@pytest.mark.parametrize("runs", [0, -1, 2.0, True, 10**13])
def test_a_number_of_runs_that_cannot_be_summed_is_refused(runs):
    with pytest.raises(InputError, match=r"runs = .* it must be a whole number from 1 to 1,000,000,000,000"):
        summarize(SHORT, runs=runs)


def test_an_unknown_measure_is_refused_with_the_nearest_known_one(summary):
    with pytest.raises(InputError, match="did you mean 'capability'"):
        summary.mean("capabilty")


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_the_command_line_prints_a_summary(summary, monkeypatch, capsys, form):
    command = ["feint", "simulate", "--summary", "--runs", str(RUNS), "--seed", "3", *form]
    settings = {"pretraining.steps": 200, "finetuning.steps": 150, "finetuning.target": 0.3}
    for name, value in settings.items():
        command += ["--set", f"{name}={value}"]
    monkeypatch.setattr(sys, "argv", command)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert not ended.value.code
    said = capsys.readouterr().out
    if form:
        document = json.loads(said)
        assert [stage["counts"] for stage in document["stages"]] == [summary.counts(0), summary.counts(1)]
        assert document["stages"][1]["converged"]["counts"] == summary.counts(1, converged=True)
        assert document["stages"][1]["measures"]["capability"]["mean"] == summary.mean("capability")
    else:
        assert "9,000 runs" in said
        assert f"{summary.frequency('unconverged', 0).estimate:.3f}" in said
