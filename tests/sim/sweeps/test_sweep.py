"""Sweeps: what they count, and that nothing in it depends on how they were carried out."""

import dataclasses
import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from feint.agents.errors import InputError
from feint.agents.model import Model
from feint.agents.outcome import LABELS
from feint.sim.ensembles.comparison import compare
from feint.sim.sweeps.study import Study
from feint.sim.sweeps.sweep import Sweep, sweep
from feint.sim.sweeps.sweep_store import CONVERGED, last_stages
from feint.sim.sweeps.units import Cut
from feint.sim.training.curriculum import pretrain_finetune

CURRICULUM = pretrain_finetune({"steps": 400}, {"steps": 300})
VARY = {"similarity": [0.0, 0.9], "gate_init": [-2.0, 0.0, 1.0]}
STUDY = Study(vary=VARY, runs=60, seed=3, curriculum=CURRICULUM)


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    return sweep(STUDY, tmp_path_factory.mktemp("sweep") / "out", threads=2)


def test_every_point_is_the_comparison_of_its_parameters(found):
    table = found.frame()
    for point, values in found.points.set_index("point").iterrows():
        expected = compare(CURRICULUM, model=STUDY.model.replace(**values.to_dict()), runs=60, seed=3)
        here = table[table["point"] == point]
        for arm, ensemble in expected.arms.items():
            rows = here[here["arm"] == arm].reset_index(drop=True)
            assert rows["stage"].tolist() == list(ensemble.curriculum.names)
            for i in range(len(rows)):
                assert rows.loc[i, list(LABELS)].to_dict() == ensemble.counts(i)
                converged = ensemble.counts(i, converged=True)
                assert rows.loc[i, "converged"] == sum(converged.values())
                assert [rows.loc[i, name] for name in CONVERGED] == list(converged.values())[1:]
                assert rows.loc[i, "steps"] == ensemble.steps[:, i].sum()
                assert rows.loc[i, "missed_target"] == ensemble["missed"][:, i].sum()
        row = here.iloc[-1]
        for name, converged in (("difference", False), ("difference_converged", True)):
            difference = expected.difference(converged=converged)
            stated = [row[name], row[f"{name}_low"], row[f"{name}_high"]]
            assert stated == pytest.approx([difference.estimate, difference.low, difference.high], nan_ok=True)
        assert here["difference"].notna().sum() == 1


def test_common_streams_give_neighbours_the_same_streams_and_independent_ones_their_own(tmp_path):
    """A parameter that no outcome reads changes nothing, but where each point has streams of its own."""
    inert = {"finetuning.realism": [0.0, 0.5, 1.0]}
    counted = {}
    for streams in ("common", "independent"):
        study = Study(vary=inert, runs=80, streams=streams, curriculum=CURRICULUM)
        table = last_stages(sweep(study, tmp_path / streams).counts)
        counted[streams] = table.groupby("arm")["steps"].nunique()
    assert (counted["common"] == 1).all()
    assert (counted["independent"] > 1).all()


def test_a_sweep_is_one_line_a_text_and_a_table(found):
    assert repr(found) == f"Sweep({str(found.folder)!r}, design='grid', points=6, finished=True)"
    assert str(found).startswith("6 points, 720 runs in all, design grid\nruns, deception, and its difference between")
    assert found._repr_html_().count("<tr>") == 1 + 12
    assert found.passport()["configuration"].keys() == {"vary", "runs", "seed", "stages"}


@pytest.mark.parametrize("threads", [1, 3])
def test_no_part_depends_on_threads(found, tmp_path, threads):
    other = sweep(STUDY, tmp_path / "out", threads=threads)
    assert [path.name for path in other.files("parts")] == [path.name for path in found.files("parts")]


def test_a_point_of_many_runs_is_cut_into_several_units(tmp_path, monkeypatch):
    monkeypatch.setattr("feint.sim.sweeps.sweep_store.CUT", Cut(runs=4096))
    study = Study(vary={"similarity": [0.5]}, runs=9000, curriculum=pretrain_finetune({"steps": 3}, {"steps": 3}))
    cut = sweep(study, tmp_path / "cut")
    assert len(cut.files("parts")) == 3
    monkeypatch.undo()
    at_once = sweep(study, tmp_path / "at_once")
    assert len(at_once.files("parts")) == 1
    pd.testing.assert_frame_equal(cut.frame(), at_once.frame())


def test_more_runs_go_to_the_points_whose_intervals_are_wide(tmp_path):
    study = Study(vary={"gate_init": [-30.0, 0.0]}, runs=100, half_width=0.08, most_runs=1600, seed=2)
    assert study.rounds == [100, 200, 400, 800, 1600]
    table = last_stages(sweep(study, tmp_path / "out").frame())
    runs = table.groupby("point")["runs"].max()
    assert runs[0] < runs[1]
    width = (table["difference_high"] - table["difference_low"]) / 2
    assert ((width <= 0.08) | (table["runs"] == 1600) | width.isna()).all()
    again = sweep(study, tmp_path / "out", resume=True)
    pd.testing.assert_frame_equal(last_stages(again.frame()), table)


def test_points_that_stay_too_wide_are_counted(tmp_path):
    facts = {"runs": 50, "half_width": 0.08, "most_runs": 200, "seed": 2}
    found = sweep(Study(vary={"gate_init": [-30.0, 0.0, 1.0]}, **facts), tmp_path / "out")
    table = last_stages(found.frame())
    wide = table[(table["difference_high"] - table["difference_low"]) / 2 > 0.08]
    assert found.still_wide == wide["point"].nunique() > 0
    assert set(wide["runs"]) == {200}
    assert sweep(STUDY, tmp_path / "fixed").still_wide == 0


LOOKED = Study(vary={"gate_init": [-30.0, -1.0, 0.0, 1.0]}, runs=40, half_width=0.06, most_runs=320, seed=6)


@pytest.mark.parametrize("seed", range(6))
def test_a_sweep_to_a_half_width_that_lost_parts_goes_on_to_the_same_bits(tmp_path, monkeypatch, seed):
    """Whatever is missing or cut off, of whichever round; the rounds are decided again, and decided alike."""
    monkeypatch.setattr("feint.sim.sweeps.sweep_store.CUT", Cut(points=2))
    study, rng = dataclasses.replace(LOOKED, curriculum=CURRICULUM), random.Random(seed)
    whole = sweep(study, tmp_path / "out")
    expected, names = whole.frame(), [path.name for path in whole.files("parts")]
    assert len({path.split("-runs-")[1][:27] for path in names}) > 2  # several rounds
    for path in rng.sample(whole.files("parts"), 3):
        path.unlink() if rng.random() < 0.5 else path.write_bytes(path.read_bytes()[:-9])
    (tmp_path / "out" / "finished.json").unlink()
    again = sweep(study, tmp_path / "out", resume=True)
    pd.testing.assert_frame_equal(again.frame(), expected, check_exact=True)
    assert [path.name for path in again.files("parts")] == names


def test_arguments_in_the_wrong_order_are_one_sentence(tmp_path):
    with pytest.raises(InputError, match=r"is not a Study: write sweep\(study, out\), the folder second\."):
        sweep(tmp_path / "out", STUDY)  # pyright: ignore[reportArgumentType]
    with pytest.raises(InputError, match=r"out = 3 is not the path of a folder"):
        sweep(STUDY, 3)  # pyright: ignore[reportArgumentType]


def along(found, arm):
    """Frequencies of deception of an arm's last stage, in the order of the table."""
    last = last_stages(found.frame())
    last = last[last["arm"] == arm]
    return (last["deceptive"] / last["runs"]).tolist()


def test_a_sweep_is_drawn_by_point(found):
    (axes,) = found.figure().axes
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels[:2] == ["similarity = 0, gate_init = −2", "similarity = 0, gate_init = 0"]
    for drawn, arm in zip(axes.containers, found.study.arms, strict=True):
        assert drawn.lines[0].get_xdata().tolist() == along(found, arm)


def test_a_sweep_of_one_number_is_drawn_along_it_and_one_of_many_points_as_their_distribution(tmp_path):
    study = {"runs": 10, "curriculum": pretrain_finetune({"steps": 60}, {"steps": 80})}
    one = sweep(Study(vary={"plasticity_goal": {"low": 0.001, "high": 0.1, "levels": 3}}, **study), tmp_path / "one")
    (axes,) = one.figure().axes
    assert (axes.get_xscale(), axes.get_xlabel()) == ("log", "plasticity_goal")
    for line, arm in zip(axes.lines, one.study.arms, strict=True):
        assert line.get_xdata() == pytest.approx([0.001, 0.01, 0.1])
        assert np.asarray(line.get_ydata()).tolist() == along(one, arm)
    many = sweep(Study(vary=dict.fromkeys(VARY, "prior"), design="sobol", samples=64, **study), tmp_path / "many")
    (axes,) = many.figure().axes
    for line, arm in zip(axes.lines, many.study.arms, strict=True):
        assert np.max(line.get_xdata()) == max(along(many, arm))
        assert np.asarray(line.get_ydata())[-1] == 1


def test_a_point_that_is_not_valid_is_refused_before_any_is_trained(tmp_path):
    together = {"similarity": [0.1, [0.1]], "finetuning.objective": [1, 2]}  # valid each, and not together
    study = Study(vary=together, runs=10, curriculum=CURRICULUM)
    with pytest.raises(InputError, match=r"objective = 2 is not one that the model has"):
        sweep(study, tmp_path / "out")
    assert not (tmp_path / "out" / "parts").exists()


def test_progress_tells_what_is_done_and_what_there_is(tmp_path):
    told = []
    sweep(STUDY, tmp_path / "out", progress=lambda *numbers: told.append(numbers))
    assert told[0] == (0, 0, 360)
    assert sum(fresh for fresh, _, _ in told) == 360
    told.clear()
    sweep(STUDY, tmp_path / "out", resume=True, progress=lambda *numbers: told.append(numbers))
    assert told == [(0, 360, 360)]


def test_the_result_opens_in_pandas_polars_duckdb_and_xarray(found):
    import duckdb
    import xarray as xr

    table = found.frame()
    assert table.attrs["configuration"]["seed"] == 3
    assert found.polars().select("runs").to_series().sum() == table["runs"].sum()
    query = f"select sum(deceptive) from read_parquet('{found.folder}/parts/*.parquet')"
    assert duckdb.execute(query).fetchone() == (table["deceptive"].sum(),)
    assert pd.read_parquet(found.folder / "parts")["deceptive"].sum() == table["deceptive"].sum()
    dataset = found.dataset()
    assert dataset["stage"].to_numpy().tolist() == ["pretraining", "finetuning"]
    assert dataset["arm"].to_numpy().tolist() == ["from_scratch", "pretrain_finetune"]
    assert all(dataset[name].attrs["long_name"] and dataset[name].attrs["units"] for name in dataset.variables)
    assert dataset["gate_init"].attrs["long_name"] == Model.parameters()["gate_init"].meaning
    assert isinstance(dataset, xr.Dataset)
    assert dataset["similarity"].dims == ("point",)
    chosen = dataset["deceptive"].sel(point=1, arm="pretrain_finetune", stage="finetuning")
    row = table[(table["point"] == 1) & (table["stage"] == "finetuning") & (table["arm"] == "pretrain_finetune")]
    assert int(chosen) == int(row["deceptive"].iloc[0])


@pytest.mark.parametrize("ending", ["csv", "parquet", "nc"])
def test_the_finished_table_is_exported(found, tmp_path, ending):
    import xarray as xr

    path = tmp_path / f"table.{ending}"
    found.export(path)
    if ending == "nc":
        with xr.open_dataset(path, engine="scipy") as read:
            assert float(read["deceptive"].sum()) == found.frame()["deceptive"].sum()
        return
    read = pd.read_csv(path) if ending == "csv" else pd.read_parquet(path)
    pd.testing.assert_frame_equal(read, found.frame(), check_dtype=False)
    names = [
        "point",
        "similarity",
        "gate_init",
        "arm",
        "stage",
        "runs",
        *LABELS,
        "converged",
        *CONVERGED,
        "missed_target",
    ]
    assert list(read.columns[: len(names)]) == names


def test_an_export_of_another_kind_is_refused(found, tmp_path):
    with pytest.raises(InputError, match=r"its name must end in .csv, .csv.gz, .parquet, .nc"):
        found.export(tmp_path / "table.xls")


KILLED = """
seed = 4
runs = 30

[[stage]]
name = "pretraining"
objective = 0
steps = 300

[[stage]]
name = "finetuning"
objective = 1
steps = 400

[vary]
similarity = { low = 0.0, high = 0.9, levels = 12 }
gate_init = { low = -3.0, high = 0.0, levels = 12 }
"""
KILLS = 20
RUN = """
import os, signal, sys, time
import feint.sim.sweeps.sweep_store as store
from feint.sim.sweeps.study import Study
from feint.sim.sweeps.sweep import sweep

store.CUT = store.CUT._replace(points=4)
for line in sys.stdin:
    folder, seconds = line.split()
    begun, ended = time.perf_counter(), 0
    if (child := os.fork()) == 0:
        sweep(Study.load(sys.argv[1]), folder, resume=True, threads=2)
        os._exit(0)
    while not ended and time.perf_counter() < begun + float(seconds):
        time.sleep(0.001)
        ended, status = os.waitpid(child, os.WNOHANG)
    if not ended:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    print("killed" if not ended else time.perf_counter() - begun if status == 0 else "failed", flush=True)
"""
"""Carries out a sweep in a process of its own for each line, and kills it after so many seconds."""


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="it kills by a signal")
def test_killed_at_twenty_random_moments_and_gone_on_with_the_table_is_the_same(tmp_path):
    study, rng, folder = tmp_path / "study.toml", random.Random(1), tmp_path / "killed"
    study.write_text(KILLED)
    command = [sys.executable, "-c", RUN, str(study)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:

        def ran(folder, seconds):
            """Return how long it took; for ever if it was killed."""
            assert process.stdin is not None
            assert process.stdout is not None
            print(folder, seconds, file=process.stdin, flush=True)
            said = process.stdout.readline().strip()
            return np.inf if said == "killed" else float(said)

        whole, killed = ran(tmp_path / "whole", 600), 0
        for _ in range(10 * KILLS):
            took = ran(folder, rng.uniform(0.2, 1.0) * whole)
            killed += took == np.inf
            if killed == KILLS:
                break
            whole = min(whole, took)  # the first may have compiled, on a busier machine
            if took < np.inf:
                for path in rng.sample(sorted((folder / "parts").iterdir()), 20):  # so that there is more to do
                    path.unlink()
    assert killed == KILLS
    expected = Sweep.open(tmp_path / "whole")
    found = sweep(Study.load(study), folder, resume=True)
    pd.testing.assert_frame_equal(found.frame(), expected.frame())
    np.testing.assert_array_equal(found.counts["point"].unique(), np.arange(144))
    assert not [path for path in Path(folder).rglob("*.tmp") if "damaged" not in path.parts]
