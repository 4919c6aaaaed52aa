"""Compare small results of every room with their recordings.

If numbers are meant to change, as they were by version 2 of the model, rewrite the recordings in `tests/unchanged` with
`pytest tests/test_unchanged.py --rewrite` (also part of `nox -s golden`) and mark the entry of the change in
CHANGELOG.md by [numbers].

Passports, digests and seconds are left out, and of a list longer than `LONGEST` only some items are kept. What is
computed in double precision is compared closely everywhere. In single precision another kind of processor rounds
otherwise, so that single runs may end otherwise there, as in `test_golden.py`: the comparison is close only where the
recording was made.
"""

import csv
import json
import math
import shlex
from pathlib import Path
from typing import Any, NamedTuple

import llvmlite.binding as llvm
import pytest
from quick import argue_over_few_draws
from terminal import within_this_process

RECORDINGS = Path(__file__).parent / "unchanged"
LONGEST = 8
LEFT_OUT = {"passport", "seconds", "digest"}
CLOSE, ROUGH = {"rel": 1e-6, "abs": 1e-9}, {"rel": 0.1, "abs": 0.05}
SHORT = "--set pretraining.steps=800 --set finetuning.steps=900"
STUDY = """
runs = 20
precision = "double"
design = "grid"
stage = [
    {name = "pretraining", objective = 0, steps = 400},
    {name = "finetuning", objective = 1, steps = 500},
]

[vary]
train_tolerance = {low = 0.2, high = 1.5, levels = 3}
plasticity_gate = {low = 0.2, high = 20.0, levels = 3}
"""
DOUBLE = {
    "compare": f"compare --runs 40 --seed 3 --precision double {SHORT} --json",
    "summary": "simulate --summary --runs 60 --seed 5 --precision double --set finetuning.steps=900 --json",
    "replay": f"replay --run 17 --every 100 --precision double --start corrigible --match total-steps {SHORT} --json",
    "rare": f"rare --outcome unconverged --tilt capability=-1 --runs 500 --precision double {SHORT} --json",
    "map": "map swept --x train_tolerance --y plasticity_gate --json",
    "export": "export swept table.csv",
    "crux": f"crux --runs 30 --start corrigible --match steps --precision double {SHORT} --json",
    "why": "why deceptive-stays --json",
    "counting": "counting --draws 5000 --trains 50 --precision double --json",
    "figure": "figures crux --quick --runs 20 --precision double --out .",
    "xu-race": "scenario xu-race --json",
    "two-exits": "scenario two-exits --json",
    "rsa-2048": "scenario rsa-2048 --json",
    "networks": "scenario transfer --networks --runs 1 --set widths=[2] --json",
}
SINGLE = {
    "argue": "argue --quick --runs 20 --claim relearning --json",
    "worldviews": "worldviews --view xu-2021 --claim headline --runs 20 --json",
    "auditors": "auditors --runs 60 --auditor honeypots --auditor reverse --json",
    "overseer": "scenario overseer --runs 8 --json",
    "wrappers": "scenario wrappers --runs 20 --json",
    "calibration": "scenario calibration --runs 8 --json",
    "release": "scenario release --runs 2 --set actors=200 --set streams=2 --set years=2 --json",
}
WRITTEN = {"export": "table.csv", "figure": "crux.csv"}
"""Commands whose result is a file."""


class Recording(NamedTuple):
    """What a command gave, and the kind of processor that it ran on."""

    command: str
    processor: str
    result: Any


def kept(value: Any) -> Any:
    """Return what is recorded of a value."""
    if isinstance(value, dict):
        return {name: kept(item) for name, item in value.items() if name not in LEFT_OUT}
    if isinstance(value, list) and len(value) > LONGEST:
        return {"length": len(value), "items": kept(value[:: math.ceil(len(value) / LONGEST)])}
    if isinstance(value, list):
        return [kept(item) for item in value]
    return float(f"{value:.9g}") if isinstance(value, float) else value


def read_table(path: Path) -> list[dict[str, Any]]:
    """Return the rows of a CSV file, without the comment that holds its passport."""
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    return [{name: number(cell) for name, cell in row.items()} for row in csv.DictReader(lines)]


def number(cell: str) -> float | str:
    """Return a cell as a number, if it is one."""
    try:
        return float(cell)
    except ValueError:
        return cell


def check_same(recorded: Any, now: Any, tolerance: dict[str, float], where: str = "") -> None:
    """Assert that two results have the same structure and, within a tolerance, the same numbers."""
    if isinstance(recorded, dict):
        assert set(recorded) == set(now), where
        for name, value in recorded.items():
            check_same(value, now[name], tolerance, f"{where}.{name}")
    elif isinstance(recorded, list):
        assert len(recorded) == len(now), where
        for i, (before, after) in enumerate(zip(recorded, now, strict=True)):
            check_same(before, after, tolerance, f"{where}[{i}]")
    elif isinstance(recorded, str | bool | None) or (isinstance(recorded, int) and tolerance is CLOSE):
        assert recorded == now, where
    else:
        assert now == pytest.approx(recorded, **tolerance, nan_ok=True), where


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("unchanged")


@pytest.fixture
def feint(folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    return within_this_process(monkeypatch, capsys)


@pytest.mark.generated
@pytest.mark.parametrize("name", DOUBLE | SINGLE)
def test_a_small_result_is_the_recorded_one(name, feint, folder, rewrite, monkeypatch):
    if name in ("map", "export") and not (folder / "swept").exists():
        (folder / "study.toml").write_text(STUDY)
        assert feint("sweep", "study.toml", "--out", "swept").code == 0
    command = (DOUBLE | SINGLE)[name]
    argue_over_few_draws(monkeypatch)
    printed = feint(*shlex.split(command))
    if name in WRITTEN:
        assert printed.code == 0
    result = kept(read_table(folder / WRITTEN[name]) if name in WRITTEN else printed.document)
    now = Recording(command, str(llvm.get_host_cpu_name()), result)
    path = RECORDINGS / f"{name}.json"
    if rewrite:
        RECORDINGS.mkdir(exist_ok=True)
        path.write_text(json.dumps(now._asdict(), ensure_ascii=False) + "\n")
    recording = Recording(**json.loads(path.read_text()))
    assert recording.command == command
    close = name in DOUBLE or recording.processor == now.processor
    check_same(recording.result, now.result, CLOSE if close else ROUGH)


@pytest.mark.parametrize("broken", [{"a": [1.0, 2.00001]}, {"a": [1.0]}, {}, {"a": [1.0, 2.0], "b": 1}, {"a": "1.0"}])
def test_a_changed_number_or_structure_is_noticed(broken):
    with pytest.raises(AssertionError):
        check_same({"a": [1.0, 2.0]}, broken, CLOSE)


def test_rounding_is_no_change():
    check_same({"a": [1.0, 2.0]}, {"a": [1.0, 2.0000001]}, CLOSE)


def test_every_recording_is_of_a_command_of_this_test():
    assert {path.stem for path in RECORDINGS.glob("*.json")} == set(DOUBLE | SINGLE)
