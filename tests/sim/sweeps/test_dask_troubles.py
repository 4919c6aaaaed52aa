"""A cluster in trouble: what happened is one sentence without Dask's own lines, and what is finished is kept."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from typing import Any

import pytest
from terminal import hearing

from feint.agents.errors import InputError
from feint.sim.sweeps import dask_cluster
from feint.sim.sweeps.dask_cluster import Cluster
from feint.sim.sweeps.study import Study
from feint.sim.sweeps.sweep import Sweep, sweep
from feint.sim.sweeps.units import Cut, Unit
from feint.sim.training.curriculum import pretrain_finetune

distributed = pytest.importorskip("distributed")

STUDY = Study(
    vary={"similarity": {"low": 0.0, "high": 0.9, "levels": 40}},
    runs=50,
    curriculum=pretrain_finetune({"steps": 100}, {"steps": 100}),
)
LONG = """runs = 120000
[vary]
similarity = [0.1, 0.2, 0.3, 0.4]
[[stage]]
name = "pretraining"
objective = 0
steps = 300
[[stage]]
name = "finetuning"
objective = 1
steps = 300
target = 0.0
"""


@pytest.fixture
def client():
    keys: dict[str, Any] = {
        "n_workers": 1,
        "threads_per_worker": 1,
        "processes": False,
        "dashboard_address": "127.0.0.1:0",
    }
    with (
        distributed.LocalCluster(**keys, memory_limit=0) as local,
        distributed.Client(local, set_as_default=False) as client,
    ):
        yield client


def pause(dask_worker):
    dask_worker.status = distributed.core.Status.paused


def test_workers_that_are_paused_for_good_end_the_sweep_with_a_sentence(client, monkeypatch, tmp_path):
    monkeypatch.setattr(dask_cluster, "STALLED", 1.0)
    monkeypatch.setattr("feint.sim.sweeps.sweep_store.CUT", Cut(points=1))
    monkeypatch.setattr(dask_cluster, "LEAST_AHEAD", 1)
    monkeypatch.setattr(dask_cluster, "AHEAD", 0)
    began = []

    def progress(*_):
        began.append(time.monotonic())
        if len(began) == 2:  # a unit is done
            client.run(pause)

    with pytest.raises(InputError, match=r"workers inproc.* are paused by Dask, at up to .* memory limit, and no unit"):
        sweep(STUDY, tmp_path / "out", scheduler=client, progress=progress)
    assert 1 <= len(Sweep.open(tmp_path / "out").files("parts")) < 40


def test_a_worker_at_work_is_waited_for(client, monkeypatch):
    monkeypatch.setattr(dask_cluster, "STALLED", 0.2)
    monkeypatch.setattr(dask_cluster, "train_there", slowly)
    with Cluster(STUDY, client) as carry, pytest.raises(InputError, match="cannot be trained: in the end"):
        list(carry([(Unit(0, 1, 0, 10), {"similarity": [0.5]})], lambda *_: None))


def slowly(_):
    time.sleep(1)
    return InputError("in the end.")


@contextmanager
def another_listener():
    """A server that answers whatever it is told as a web server does."""
    with socket.socket() as there:
        there.bind(("127.0.0.1", 0))
        there.listen()

        def answer():
            for _ in range(3):
                try:
                    met, _ = there.accept()
                except OSError:
                    return
                with met:
                    met.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n" + b" " * 1000)

        threading.Thread(target=answer, daemon=True).start()
        yield f"tcp://127.0.0.1:{there.getsockname()[1]}"


def test_another_listener_is_not_a_lack_of_memory(tmp_path):
    with another_listener() as address, pytest.raises(InputError) as refusal:
        sweep(STUDY, tmp_path / "out", scheduler=address)
    assert (
        str(refusal.value) == f"scheduler = '{address}' is not that of a Dask scheduler: something else listens there."
    )
    assert not (tmp_path / "out").exists()


def started(tmp_path, *words):
    """A long sweep in a process group of its own, when its first part is there."""
    (tmp_path / "long.toml").write_text(LONG)
    command = hearing("sweep", tmp_path / "long.toml", "--out", tmp_path / "out", *words)
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    while not any((tmp_path / "out").glob("parts/*.parquet")):
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    return process


def parts(tmp_path):
    return len([*(tmp_path / "out").glob("parts/*.parquet")])


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="it sends signals")
@pytest.mark.parametrize("words", [("--threads", 2), ("--workers", 2)], ids=["threads", "workers"])
def test_ctrl_c_keeps_what_is_under_way_and_prints_two_lines(tmp_path, words):
    process = started(tmp_path, *words)
    before = parts(tmp_path)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to all of the group
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 130
    assert [line.partition(":")[0] for line in errors.splitlines()] == ["feint", "", "feint", "feint"]
    assert "stopping as soon as the parts under way are done" in errors
    assert parts(tmp_path) > before


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="it sends signals")
def test_the_loss_of_a_scheduler_is_one_line(tmp_path):
    scheduler = f"tcp://127.0.0.1:{free_port()}"
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    port = scheduler.rpartition(":")[2]
    roles = [
        ["scheduler", "--host", "127.0.0.1", "--port", port],
        ["worker", scheduler, "--nthreads", "1", "--no-nanny"],
    ]
    started_here = [
        subprocess.Popen([sys.executable, "-m", "dask", role, *words, "--no-dashboard"], **quiet)
        for role, *words in roles
    ]
    try:
        for _ in range(300):
            with socket.socket() as there:
                if there.connect_ex(("127.0.0.1", int(port))) == 0:
                    break
            time.sleep(0.2)
        process = started(tmp_path, "--scheduler", scheduler)
        started_here[0].kill()
        out, errors = process.communicate(timeout=120)
    finally:
        for one in started_here:
            one.kill()
            one.wait()
    assert (process.returncode, out) == (2, "")
    first, last = errors.splitlines()
    assert first.startswith("feint: 4 points, 2 arms, 120,000 runs of each")
    assert last.endswith("does not answer any more; finished parts stay, continue with --resume.")
    assert parts(tmp_path) >= 1


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]
