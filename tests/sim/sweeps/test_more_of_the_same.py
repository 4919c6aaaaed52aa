"""More of the same: an extended sweep is the sweep that was requested at once, and trains no run a second time."""

import json
import os
import random
import signal
import subprocess
import sys
import time
import tracemalloc
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest

from feint.agents.errors import InputError
from feint.sim.sweeps import unit_training
from feint.sim.sweeps.experimental_designs import numbered_points
from feint.sim.sweeps.study import Study
from feint.sim.sweeps.sweep import Sweep, sweep
from feint.sim.sweeps.sweep_store import Store
from feint.sim.sweeps.units import Cut
from feint.sim.training.curriculum import pretrain_finetune

CURRICULUM = pretrain_finetune({"steps": 400}, {"steps": 300})
SHORT = pretrain_finetune({"steps": 5}, {"steps": 5})
GRID = {"similarity": {"low": 0.0, "high": 0.8, "levels": 2}, "gate_init": [-30.0, -1.0, 0.0]}
FINER = {"similarity": {"low": 0.0, "high": 0.8, "levels": 3}, "gate_init": [-30.0, -2.0, -1.0, 0.0, 1.0]}
PRIOR = dict.fromkeys(["similarity", "gate_init"], "prior")
STUDY = Study(vary=GRID, runs=20, seed=6, curriculum=CURRICULUM)
LOOKS = {"half_width": 0.2, "most_runs": 160}
MORE = {
    "runs": [{}, {"runs": 50}],
    "runs twice": [{}, {"runs": 21}, {"runs": 75}],
    "levels": [{}, {"vary": FINER}],
    "levels of independent streams": [
        {"streams": "independent"},
        {"vary": GRID | {"similarity": [0.0, 0.8, 0.4]}},
    ],
    "levels of a logarithmic range": [
        {"vary": {"plasticity_gate": {"low": 0.001, "high": 0.5, "levels": 3, "log": True}}},
        {"vary": {"plasticity_gate": {"low": 0.001, "high": 0.5, "levels": 5, "log": True}}},
    ],
    "a list, then a range with the same values": [
        {"vary": {"similarity": [0.0, 0.8]}},
        {"vary": {"similarity": {"low": 0.0, "high": 0.8, "levels": 5}}},
    ],
    "levels and runs in turn": [
        {},
        {"vary": FINER},
        {"runs": 33},
        {"vary": FINER | {"similarity": [0.8, 0, 0.4, 0.1]}},
    ],
    "samples": [{"design": "sobol", "vary": PRIOR, "samples": 4}, {"samples": 8, "runs": 30}, {"samples": 16}],
    "samples of the prior": [{"design": "prior", "vary": PRIOR, "samples": 2}, {"samples": 8}],
    "samples of the whole prior": [{"design": "prior", "vary": {}, "samples": 2}, {"samples": 4}],
    "base points": [{"design": "saltelli", "vary": PRIOR, "samples": 2}, {"samples": 4}],
    "trajectories": [{"design": "morris", "vary": PRIOR, "samples": 2}, {"samples": 3}],
    "half-width": [LOOKS, {"half_width": 0.12}, {"half_width": 0.05}],
    "most runs": [LOOKS | {"most_runs": 100}, {"most_runs": 130}, {"most_runs": 350, "half_width": 0.1}],
    "looks after all": [{}, LOOKS],
    "looks after more runs": [{}, LOOKS | {"runs": 30}],
    "no looks any more": [LOOKS, {"half_width": None, "most_runs": None, "runs": 160}],
    "everything": [LOOKS, {"vary": FINER, "half_width": 0.15, "most_runs": 300}],
}


@pytest.fixture(autouse=True)
def small_parts(monkeypatch):
    """Parts of few runs and points, and files of few points, so that there are several."""
    monkeypatch.setattr("feint.sim.sweeps.sweep_store.CUT", Cut(runs=64, points=2, points_a_file=4))


@pytest.fixture
def trained(monkeypatch):
    """The runs that are trained, each with the model of its point."""
    runs, train = [], unit_training.train_point

    def spy(specs, first, last):
        model = next(iter(specs.values())).model.model_dump_json()
        runs.extend((model, run) for run in range(first, last))
        return train(specs, first, last)

    monkeypatch.setattr(unit_training, "train_point", spy)
    return runs


def studies(facts):
    """The studies that were requested one after the other."""
    requested = [replace(STUDY, **facts[0])]
    for more in facts[1:]:
        requested.append(replace(requested[-1], **more))
    return requested


def same(one, other):
    """Check that two sweeps have the same tables to the bit, and the same passport."""
    for table in ("points", "counts"):
        pd.testing.assert_frame_equal(getattr(one, table), getattr(other, table), check_exact=True)
    pd.testing.assert_frame_equal(one.frame(), other.frame(), check_exact=True)
    assert one.frame().attrs == other.frame().attrs
    assert one.study.described() == other.study.described()
    assert str(one).replace(str(one.folder), "") == str(other).replace(str(other.folder), "")
    assert one.still_wide == other.still_wide
    assert one.finished
    assert other.finished


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("case", MORE)
def test_it_is_the_sweep_that_was_requested_at_once_and_trains_no_run_twice(tmp_path, trained, case, threads):
    requested, said = studies(MORE[case]), []
    for study in requested:
        sweep(study, tmp_path / "extended", resume=True, threads=threads, warn=said.append)
    extended, study = Sweep.open(tmp_path / "extended"), requested[-1]
    added = case in ("most runs", "everything")
    starts = {sentence.split(",")[0] for sentence in said}
    assert starts == ({"this adds looks to those of half_width"} if added else set())
    assert len(trained) == len(set(trained))
    in_steps = {*trained}
    trained.clear()
    same(extended, sweep(study, tmp_path / "at_once", threads=threads))
    assert {*trained} == in_steps


class StoppedError(Exception):
    """What stops a sweep in the middle."""


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("case", ["runs twice", "levels and runs in turn", "half-width", "everything"])
def test_stopped_anywhere_and_extended_further_it_is_the_same(tmp_path, trained, case, seed):
    """Each request is stopped at some parts of its own; the last one is stopped three times and then ends."""
    rng, requested = random.Random(seed), studies(MORE[case])
    for study in [*requested, requested[-1], requested[-1]]:
        left = rng.randrange(6)

        def stop(fresh, *_):
            nonlocal left
            left -= bool(fresh)
            if left < 0:
                raise StoppedError

        try:
            sweep(study, tmp_path / "extended", resume=True, threads=1, progress=stop)
        except StoppedError:
            assert not (tmp_path / "extended").exists() or not Sweep.open(tmp_path / "extended").finished
    extended = sweep(requested[-1], tmp_path / "extended", resume=True)
    assert len(trained) == len(set(trained))
    same(extended, sweep(requested[-1], tmp_path / "at_once"))


class KilledError(BaseException):
    """What ends a process in the middle, as no handler expects it."""


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("writes", range(9))
def test_killed_at_any_write_of_a_request_it_is_the_same(tmp_path, monkeypatch, writes, after):
    """The manifest, then four files of points, then parts."""
    first, *_, last = (replace(study, curriculum=SHORT) for study in studies(MORE["levels and runs in turn"]))
    sweep(first, tmp_path / "extended")
    put, left = Store._put, writes

    def kill(store, path, content):
        nonlocal left
        left -= 1
        if left < 0 and not after:
            raise KilledError
        put(store, path, content)
        if left < 0:
            raise KilledError

    monkeypatch.setattr(Store, "_put", kill)
    with pytest.raises(KilledError):
        sweep(last, tmp_path / "extended", resume=True, threads=1)
    monkeypatch.setattr(Store, "_put", put)
    same(sweep(last, tmp_path / "extended", resume=True), sweep(last, tmp_path / "at_once"))
    assert not [*(tmp_path / "extended").glob("damaged/*")]


RUN = """
import sys
import time
import feint.sim.sweeps.sweep_store as store
from feint.sim.sweeps.study import Study
from feint.sim.sweeps.sweep import sweep
store.CUT = store.CUT._replace(points=2, points_a_file=4)
sweep(Study.load(sys.argv[1]), sys.argv[2], resume=True, threads=2)
"""
FILE = """
seed = 4
runs = {runs}
[vary]
similarity = {{ low = 0.0, high = 0.9, levels = {levels} }}
[[stage]]
name = "pretraining"
objective = 0
steps = 300
[[stage]]
name = "finetuning"
objective = 1
steps = 400
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="it kills by a signal")
def test_killed_while_it_is_extended_it_is_the_same(tmp_path):
    file, folder, rng = tmp_path / "study.toml", tmp_path / "extended", random.Random(3)
    for runs, levels, kills in ((40, 4, 1), (40, 7, 1), (6000, 13, 2)):
        file.write_text(FILE.format(runs=runs, levels=levels))
        for _ in range(kills):
            process = subprocess.Popen([sys.executable, "-c", RUN, str(file), str(folder)], stderr=subprocess.DEVNULL)
            before = len([*folder.glob("parts/*")])
            while process.poll() is None and len([*folder.glob("parts/*")]) < before + rng.randrange(1, 3):
                time.sleep(0.02)
            process.send_signal(signal.SIGKILL)
            process.wait()
    study = Study.load(file)
    same(sweep(study, folder, resume=True), sweep(study, tmp_path / "at_once"))


def test_a_longer_table_may_have_its_new_rows_anywhere(tmp_path, trained):
    def table(rows, **facts):
        path = tmp_path / f"{len(rows)}.csv"
        pd.DataFrame(rows, columns=["similarity", "gate_init", "weight"]).to_csv(path, index=False)
        return replace(STUDY, vary={}, design="table", table=str(path), **facts)

    first = [(0.1, -1.0, 1.0), (0.5, 0.0, 2.0), (0.1, -1.0, 1.0)]  # one point is there twice
    second = [(0.7, 0.0, 1.0), *first[:2], (0.2, -1.0, 5.0), first[2]]
    third = [*second[::-1], (0.9, 0.0, 1.0)]
    extended = [sweep(table(rows), tmp_path / "extended", resume=True) for rows in (first, second, third)][-1]
    assert len(trained) == 6 * STUDY.runs
    same(extended, sweep(table(third), tmp_path / "at_once"))
    for path in (tmp_path / "extended" / "points").iterdir():  # they are made again from the table and the manifest
        path.unlink()
    same(sweep(table(third), tmp_path / "extended", resume=True), Sweep.open(tmp_path / "at_once"))
    with pytest.raises(InputError, match=r"the table here lacks a point of the one there, similarity = 0\.9"):
        sweep(table(second), tmp_path / "extended", resume=True)
    moved = [third[-1], *third[:-1], (0.3, 0.0, 1.0)]
    sweep(table(third, streams="independent"), tmp_path / "own")
    with pytest.raises(InputError, match="with independent streams its points must keep their numbers"):
        sweep(table(moved, streams="independent"), tmp_path / "own", resume=True)


def test_the_manifest_says_what_was_requested_first_and_what_was_added(tmp_path):
    first, second, third = studies([{}, {"runs": 30}, {"vary": FINER}])
    for study in (first, second, third):
        sweep(study, tmp_path / "out", resume=True)
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    described = json.loads(json.dumps([study.described() for study in (first, third)]))
    assert manifest["requests"] == [
        {"study": described[0], "points": 6},
        {"study": {"runs": 30}},
        {"study": {"vary": described[1]["vary"]}, "points": 15},
    ]
    assert manifest["passport"]["configuration"] == third.configuration()


LESS = {
    "fewer runs": ({}, {"runs": 19}, "runs is 20 there and 19 here; a sweep can be continued with more runs, not with"),
    "fewer levels": ({}, {"vary": GRID | {"gate_init": [-30.0, -1.0]}}, "on a grid with further levels that keeps"),
    "other levels": ({}, {"vary": GRID | {"gate_init": [-30.0, -1.0, 0.1]}}, "vary.gate_init[2] is 0.0 there and 0.1 "),
    "another order": ({}, {"vary": dict([*GRID.items()][::-1])}, "order of vary[0] is 'similarity' there and 'gate"),
    "another parameter": ({}, {"vary": GRID | {"shielding": [0.0]}}, "vary.shielding is None there and [0.0] here"),
    "another seed": ({}, {"seed": 7, "runs": 90}, "runs is 20 there and 90 here; seed is 6 there and 7 here."),
    "fewer samples": (
        {"design": "sobol", "vary": PRIOR, "samples": 8},
        {"samples": 4},
        "samples is 8 there and 4 here; a sweep can be continued with more points",
    ),
    "another range": (
        {"design": "sobol", "vary": PRIOR, "samples": 4},
        {"samples": 8, "vary": PRIOR | {"similarity": {"low": 0.0, "high": 0.5}}},
        "those before must be the first of them",
    ),
    "a Latin hypercube": (
        {"design": "lhs", "vary": PRIOR, "samples": 4},
        {"samples": 8},
        "samples is 4 there and 8 here; a Latin hypercube with more samples has other points: only sobol, prior,",
    ),
    "a larger half-width": (LOOKS, {"half_width": 0.3}, "half_width is 0.2 there and 0.3 here; half_width can become"),
    "fewer most runs": (LOOKS, {"most_runs": 159}, "most_runs is 160 there and 159 here; most_runs can become larger"),
    "another first look": (LOOKS, {"runs": 40}, "runs must stay the size of the first look, or be at least most_runs"),
    "no looks and few runs": (
        LOOKS,
        {"half_width": None, "most_runs": None, "runs": 100},
        "or be at least most_runs = 160 there",
    ),
    "another place of independent streams": (
        {"streams": "independent"},
        {"vary": FINER},
        "with independent streams its points must keep their numbers, and so come first here",
    ),
}


@pytest.mark.parametrize("case", LESS)
def test_what_is_not_more_is_another_study_and_leaves_the_folder_as_it_is(tmp_path, case):
    first, then, sentence = LESS[case]
    study = replace(STUDY, curriculum=SHORT, **first)
    sweep(study, tmp_path / "out")
    before = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    with pytest.raises(InputError, match="holds another study: ") as caught:
        sweep(replace(study, **then), tmp_path / "out", resume=True)
    assert sentence in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
    assert {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()} == before


def test_without_resume_more_is_refused_with_what_it_would_add(tmp_path):
    sweep(STUDY, tmp_path / "out")
    with pytest.raises(
        InputError, match=r"holds less of this study \(runs is 20 there and 30 here\): continue it with"
    ):
        sweep(replace(STUDY, runs=30), tmp_path / "out")


def test_new_points_are_validated_before_anything_changes(tmp_path):
    study = replace(STUDY, vary={"similarity": [0.1], "finetuning.objective": [1, 2]})
    sweep(study, tmp_path / "out")
    manifest = (tmp_path / "out" / "manifest.json").read_text()
    vary = {"similarity": [0.1, [0.1]], "finetuning.objective": [1, 2]}  # valid each, and not together
    with pytest.raises(InputError, match="objective = 2 is not one that the model has"):
        sweep(replace(study, vary=vary), tmp_path / "out", resume=True)
    assert (tmp_path / "out" / "manifest.json").read_text() == manifest
    assert sweep(study, tmp_path / "out", resume=True).finished


def test_a_grid_is_extended_in_memory_that_does_not_grow_with_it():
    """Its new points are numbered behind those before, table by table."""
    peaks = []
    for names in (("similarity", "shielding"), ("similarity", "shielding", "spectrum")):
        few, many = (
            Study(vary={name: {"low": 0.0, "high": 0.9, "levels": levels} for name in names}) for levels in (21, 41)
        )
        requests = [{"study": few.described(), "points": 1}, {"study": {"vary": many.described()["vary"]}, "points": 2}]
        tracemalloc.start()
        total = sum(len(table) for table in numbered_points(many, requests, chunk=512))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert total == 41 ** len(names)
    assert peaks[1] < 2 * peaks[0]


@pytest.mark.parametrize("p", [0.02, 0.5])
@pytest.mark.parametrize("first", [6, 3, 0], ids=["a half-width", "most runs of 4 looks", "most runs of one look"])
def test_intervals_hold_at_all_looks_at_once_so_that_a_half_width_may_be_chosen_at_any(p, first):
    """Also by somebody who stops where the interval misses; a larger most_runs, chosen so, adds what the page says."""
    most, trials = [25 * 2**k for k in range(7)], 1500
    plans = [replace(STUDY, runs=25, half_width=0.1, most_runs=runs) for runs in most]
    rng = np.random.default_rng(0)
    events = rng.binomial(np.diff(most, prepend=0), p, (trials, len(most))).cumsum(axis=1)

    @cache
    def misses(plan, count, runs):
        interval = plans[plan].interval(count, runs)
        return not interval.low <= p <= interval.high

    looks = [(plan, look) for plan in range(first, 7) for look in range(plan + 1)]
    missed = sum(any(misses(plan, row[look], most[look]) for plan, look in looks) for row in events.tolist())
    promised = 0.05 * (1 + sum(1 / (plan + 1) for plan in range(first + 1, 7)))
    assert missed <= promised * trials + 3 * np.sqrt(promised * (1 - promised) * trials)
