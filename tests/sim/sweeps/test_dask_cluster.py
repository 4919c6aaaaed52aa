"""Sweeps on a Dask cluster: the same bits as in threads, whatever happens to the workers."""

import json
import os
import re
import signal
import socket
import sys
from contextlib import contextmanager
from dataclasses import replace
from importlib import import_module

import pandas as pd
import pytest

from feint.agents.errors import InputError
from feint.commands import cli
from feint.sim.sweeps import dask_cluster as clusters
from feint.sim.sweeps.dask_cluster import AHEAD, Cluster
from feint.sim.sweeps.runtime import this_runtime
from feint.sim.sweeps.study import Study
from feint.sim.sweeps.sweep import Sweep, sweep
from feint.sim.sweeps.units import Cut, Unit
from feint.sim.training.curriculum import pretrain_finetune

distributed = pytest.importorskip("distributed")

STUDY = Study(
    vary={"similarity": {"low": 0.0, "high": 0.9, "levels": 8}, "finetuning.honeypots": [0.0, 0.1]},
    runs=1500,
    seed=7,
    curriculum=pretrain_finetune({"steps": 200}, {"steps": 300}),
)
UNITS = 16  # of a point each
FREE = "127.0.0.1:0"  # any free port
UNIT, VALUES = Unit(0, 1, 0, 10), {"similarity": [0.5]}


@pytest.fixture(scope="module", autouse=True)
def small_units():
    """Parts of one point, so that there are several."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("feint.sim.sweeps.sweep_store.CUT", Cut(points=1))
        yield


@pytest.fixture(scope="module")
def client():
    """A client of a cluster of two processes that any test may kill."""
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, memory_limit=0, dashboard_address=FREE) as local,
        distributed.Client(local, set_as_default=False) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """What the other sweeps must come to: one thread, never stopped."""
    return sweep(STUDY, tmp_path_factory.mktemp("whole") / "out", threads=1)


def same(one, other):
    """Whether two sweeps have equal tables, and files of the same names, which end in digests of their content."""
    pd.testing.assert_frame_equal(one.counts, other.counts)
    pd.testing.assert_frame_equal(one.frame(), other.frame())
    for kind in ("points", "parts"):
        names = [path.name for path in one.files(kind)]
        assert names == [path.name for path in other.files(kind)]
    assert len(names) == UNITS
    return True


class StoppedError(Exception):
    """What stops a sweep in the middle."""


def after(parts, act):
    """A progress callback that acts once, when so many parts are stored."""
    stored = []

    def progress(fresh, *_):
        stored.append(fresh)
        if len(stored) == 1 + parts:  # it is called once before the first
            act()

    return progress


def stop():
    raise StoppedError


@contextmanager
def another_runtime(client, address, other, *, late):
    """One worker reports another runtime than its own; late, when it sends what it has trained."""
    names = ["feint.sim.sweeps.dask_cluster", *([] if late else ["feint.sim.sweeps.runtime"])]

    def put(runtime):
        for name in names:
            vars(import_module(name))["this_runtime"] = runtime

    client.run(put, lambda: other, workers=[address])
    yield
    client.run(put, this_runtime, workers=[address])


def store_nothing(*_):
    """In place of what stores the columns of a unit."""


def workers_of(client):
    client.wait_for_workers(2)
    return sorted(client.nthreads())


def test_two_threads_are_as_good_as_one(tmp_path, whole):
    assert same(sweep(STUDY, tmp_path / "out", threads=2), whole)


def test_so_are_two_workers_that_are_started_for_it(tmp_path, whole):
    assert same(sweep(STUDY, tmp_path / "out", workers=2), whole)


def test_so_is_a_cluster_one_worker_of_which_is_killed(tmp_path, whole, client):
    workers_of(client)
    before = client.run(os.getpid)
    victim, busy = min(before), []

    def kill():
        busy.extend(client.processing()[victim])
        os.kill(before[victim], signal.SIGKILL)

    assert same(sweep(STUDY, tmp_path / "out", scheduler=client, progress=after(3, kill)), whole)
    assert busy
    workers_of(client)
    now = set(client.run(os.getpid).values())
    assert before[victim] not in now
    assert len(now & set(before.values())) == 1


@pytest.mark.parametrize("cluster_first", [True, False])
def test_a_sweep_begun_by_the_one_is_gone_on_with_by_the_other(tmp_path, whole, client, cluster_first):
    protocols = [{"scheduler": client.scheduler.address}, {"threads": 2}]
    first, second = protocols if cluster_first else protocols[::-1]
    workers_of(client)
    with pytest.raises(StoppedError):
        sweep(STUDY, tmp_path / "out", progress=after(5, stop), **first)
    assert 5 <= len(Sweep.open(tmp_path / "out").files("parts")) < UNITS
    assert same(sweep(STUDY, tmp_path / "out", resume=True, **second), whole)


@pytest.mark.parametrize("way", ["workers", "scheduler"])
def test_a_sweep_of_threads_is_extended_on_a_cluster_to_the_same_bits(tmp_path, whole, client, way):
    few = replace(STUDY, runs=500, vary={**STUDY.vary, "finetuning.honeypots": [0.1]})
    sweep(few, tmp_path / "out", threads=2)
    on = {"workers": {"workers": 2}, "scheduler": {"scheduler": client}}[way]
    extended = sweep(STUDY, tmp_path / "out", resume=True, **on)
    pd.testing.assert_frame_equal(extended.counts, whole.counts, check_exact=True)
    pd.testing.assert_frame_equal(extended.frame(), whole.frame(), check_exact=True)
    assert extended.finished


def test_no_more_units_are_under_way_than_keep_the_cluster_busy(client):
    workers_of(client)
    taken = []

    def jobs():
        for i in range(100):
            taken.append(i)
            yield Unit(i, i + 1, 0, 10), VALUES

    most, found = 0, set()
    with Cluster(STUDY, client) as carry:
        for unit, columns in carry(jobs(), store_nothing):
            most = max(most, len(taken) - len(found))
            found.add(unit.first_point)
            assert set(columns["point"]) == {unit.first_point}
    assert found == set(range(100))
    assert most <= 2 * AHEAD + 1


def test_the_loss_of_the_scheduler_is_one_sentence_and_keeps_what_is_finished(tmp_path, whole):
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, memory_limit=0, dashboard_address=FREE
    ) as local:
        client = distributed.Client(local, set_as_default=False)
        with pytest.raises(InputError, match=r"does not answer any more; finished parts stay, continue with --resume"):
            sweep(STUDY, tmp_path / "out", scheduler=client, progress=after(3, local.close))
        client.close()
    assert len(Sweep.open(tmp_path / "out").files("parts")) >= 3
    assert same(sweep(STUDY, tmp_path / "out", resume=True, threads=2), whole)


FAILING = {
    "a value that is not valid": ({"similarity": [7.0]}, "cannot be trained: similarity = 7.0 is not valid"),
    "an error of the worker": ({"similarity": 7.0}, "failed on a worker: TypeError: "),
}


@pytest.mark.parametrize("case", FAILING)
def test_a_unit_that_fails_is_one_sentence(client, case):
    values, sentence = FAILING[case]
    with Cluster(STUDY, client) as carry, pytest.raises(InputError) as told:
        list(carry([(UNIT, values)], store_nothing))
    assert f"unit {UNIT.name} {sentence}" in str(told.value)
    assert "finished parts stay, continue with --resume." in str(told.value).lower()
    assert len(str(told.value).splitlines()) == 1


def test_so_is_one_whose_workers_die(client, monkeypatch):
    def die(*_):
        os.kill(os.getpid(), signal.SIGKILL)

    workers_of(client)
    monkeypatch.setattr(client.cluster.scheduler, "allowed_failures", 0)
    monkeypatch.setattr(clusters, "train_there", die)
    with Cluster(STUDY, client) as carry, pytest.raises(InputError, match="was under way whenever a worker died"):
        list(carry([(UNIT, VALUES)], store_nothing))


HERE = this_runtime()
OTHERS = {
    "another version": (
        {"versions": {**HERE.versions, "numba": "0.1"}},
        f"w runs other versions: numba is '0.1' there and {HERE.versions['numba']!r} here; ",
    ),
    "other code": ({"versions": {**HERE.versions, "its code": "0"}}, "w runs other versions: its code is '0' there"),
    "another processor": (
        {"processor": {**HERE.processor, "processor": "z80"}},
        f"w have processors of two kinds: processor is {HERE.processor['processor']!r} for the one and 'z80' for the o",
    ),
    "other instructions": ({"instructions": HERE.instructions | {"magic"}}, "two kinds: only one has magic; "),
}


@pytest.mark.parametrize("case", OTHERS)
def test_what_differs_in_another_process_is_said(case):
    changed, sentence = OTHERS[case]
    with pytest.raises(InputError) as told:
        HERE.check_same(replace(HERE, where="w", **changed))
    assert sentence in str(told.value)
    HERE.check_same(replace(HERE, where="w"))


def carry_all(client, jobs):
    with Cluster(STUDY, client) as carry:
        return list(carry(jobs, store_nothing))


@pytest.mark.parametrize("late", [False, True], ids=["at once", "late"])
@pytest.mark.parametrize("case", ["another version", "another processor"])
def test_a_worker_that_would_make_other_bits_is_refused(client, case, late):
    """Also one that comes when the sweep is under way, so that only what it sends can tell."""
    changed, _ = OTHERS[case]
    other = replace(HERE, where="w", **changed)
    _, address = workers_of(client)
    jobs = ((Unit(i, i + 1, 0, 10), {"similarity": [0.5]}) for i in range(40))
    with another_runtime(client, address, other, late=late), pytest.raises(InputError) as told:
        carry_all(client, jobs)
    assert re.search(r"\bw (runs other versions|and process)|and w have processors", str(told.value))


def test_what_kernels_are_compiled_for_is_known():
    assert HERE.instructions
    assert {"machine", "processor", "numpy.power"} <= set(HERE.processor)
    assert {"feint", "its code", "python", "numpy", "numba", "llvmlite", "scipy"} == set(HERE.versions)


WRONG = {
    "no worker": ({"workers": 0}, "workers = 0 is not valid: it must be a whole number of at least 1."),
    "half a worker": ({"workers": 1.5}, "workers = 1.5 is not valid"),
    "a truth": ({"workers": True}, "workers = True is not valid"),
    "both": ({"workers": 2, "scheduler": "tcp://127.0.0.1:1"}, "workers = 2 is not allowed with a scheduler"),
    "no address": ({"scheduler": 8786}, "scheduler = 8786 is not an address"),
    "an empty one": ({"scheduler": ""}, "scheduler = '' is not an address"),
    "no port": ({"scheduler": "tcp://127.0.0.1"}, "scheduler = 'tcp://127.0.0.1' is not an address: missing port"),
    "no such protocol": ({"scheduler": "post://a:1"}, "scheduler = 'post://a:1' is not an address: unknown address"),
    "no such file": ({"scheduler": "none.json"}, "scheduler = 'none.json' cannot be read: No such file"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_no_cluster_is_one_sentence_before_a_folder_is_begun(tmp_path, case):
    protocol, sentence = WRONG[case]
    with pytest.raises(InputError) as told:
        sweep(STUDY, tmp_path / "out", **protocol)
    assert str(told.value).startswith(sentence)
    assert len(str(told.value).splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_a_scheduler_file_names_the_scheduler(tmp_path, client):
    file = tmp_path / "scheduler.json"
    known = {"id": 1, "address": client.scheduler.address}
    file.write_text(json.dumps(known))  # Dask's own writer fails once units have run
    assert clusters.address_of(file) == client.scheduler.address
    file.write_text(json.dumps({"id": 1}))
    with pytest.raises(InputError, match="is not a scheduler file: it names no address"):
        clusters.address_of(str(file))


@pytest.mark.parametrize("listens", [False, True])
def test_a_scheduler_that_does_not_answer_is_waited_for_a_moment_only(tmp_path, monkeypatch, capsys, listens):
    """Whether nobody is there, or somebody who is silent."""
    (tmp_path / "study.toml").write_text("runs = 10\nseed = 1\n[vary]\nsimilarity = [0.0, 0.5]\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(clusters, "PATIENCE", 0.3)
    with socket.socket() as there:
        there.bind(("127.0.0.1", 0))
        if listens:
            there.listen()
        address = f"tcp://127.0.0.1:{there.getsockname()[1]}"
        monkeypatch.setattr(sys, "argv", ["feint", "sweep", "study.toml", "--out", "out", "--scheduler", address])
        with pytest.raises(SystemExit) as ended:
            cli.main()
    assert ended.value.code == 2
    sentence = f"scheduler = '{address}' cannot be reached: no scheduler answers within 0.3 seconds."
    assert capsys.readouterr().err.splitlines() == [f"feint: {sentence}"]
    assert not (tmp_path / "out").exists()


def test_a_client_that_was_closed_is_refused(tmp_path, client):
    closed = distributed.Client(client.scheduler.address, set_as_default=False)
    closed.close()
    with pytest.raises(InputError, match="cannot be used: it is closed; give one that waits"):
        sweep(STUDY, tmp_path / "out", scheduler=closed)


def test_a_missing_library_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(
        InputError, match=r"needs distributed, which is not installed: .venv/bin/pip install -e '.\[clus"
    ):
        Cluster(STUDY, workers=1)
