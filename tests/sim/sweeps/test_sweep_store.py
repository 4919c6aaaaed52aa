"""The folder of a sweep: whole files or none, nothing foreign read, one process at a time."""

import errno
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from feint.agents.errors import InputError
from feint.sim.sweeps import sweep_store as stores
from feint.sim.sweeps.study import Study
from feint.sim.sweeps.sweep import Sweep, sweep
from feint.sim.sweeps.sweep_store import Store
from feint.sim.sweeps.units import Cut
from feint.sim.training.curriculum import pretrain_finetune

STUDY = Study(
    vary={"similarity": [0.0, 0.3, 0.6, 0.9], "gate_init": [-2.0, 0.0]},
    runs=40,
    seed=5,
    curriculum=pretrain_finetune({"steps": 20}, {"steps": 30}),
)


STAGES = """
[[stage]]
name = "pretraining"
objective = 0
steps = 3

[[stage]]
name = "finetuning"
objective = 1
steps = 3
"""


@pytest.fixture(scope="module", autouse=True)
def small_units():
    """Parts of two points, so that there are several."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("feint.sim.sweeps.sweep_store.CUT", Cut(points=2))
        yield


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The sweep as it is when nothing goes wrong."""
    return sweep(STUDY, tmp_path_factory.mktemp("store") / "whole")


@pytest.fixture
def folder(whole, tmp_path):
    """A copy of its folder, to be spoilt."""
    return Path(shutil.copytree(whole.folder, tmp_path / "copy"))


def parts(folder):
    return sorted(path.name for path in (folder / "parts").iterdir())


def flipped(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def foreign(path, tmp_path):
    """A sound file of another study under a name of this one's kind."""
    other = sweep(Study(vary={"similarity": [0.5]}, runs=5, curriculum=STUDY.curriculum), tmp_path / "other")
    stem = path.name.rpartition(".")[0].rpartition(".")[0]
    there = next((other.folder / "parts").iterdir())
    digest = there.name.split(".")[1]
    path.unlink()
    shutil.copy(there, path.with_name(f"{stem}.{digest}.parquet"))


DAMAGE = {
    "truncated": (lambda path, _: path.write_bytes(path.read_bytes()[:-7]), "its content is not what was written"),
    "emptied": (lambda path, _: path.write_bytes(b""), "its content is not what was written"),
    "bit-flipped": (lambda path, _: flipped(path), "its content is not what was written"),
    "foreign": (foreign, "it belongs to another study"),
    "half written": (lambda path, _: path.rename(path.with_name(f".{path.name}.1.tmp")), "it was left half written"),
    "renamed": (lambda path, _: path.rename(path.with_name("x.parquet")), "it is no file of this store"),
}


def test_a_folder_holds_manifest_points_and_parts_and_nothing_else(whole):
    assert sorted(path.name for path in whole.folder.iterdir()) == [
        "finished.json",
        "lock",
        "manifest.json",
        "parts",
        "points",
    ]
    assert len(parts(whole.folder)) == 4
    manifest = json.loads((whole.folder / "manifest.json").read_text())
    assert manifest["schema"] == 3
    assert manifest["requests"] == [{"study": json.loads(json.dumps(STUDY.described())), "points": 8}]
    assert {"feint", "numpy", "numba", "python"} <= set(manifest["passport"]["versions"])
    assert {"platform", "commit", "configuration"} <= set(manifest["passport"])


@pytest.mark.parametrize("kind", ["parts", "points"])
@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_is_named_set_aside_and_made_again_and_never_read(whole, folder, tmp_path, damage, kind):
    spoil, fault = DAMAGE[damage]
    victim = sorted((folder / kind).iterdir())[0]
    if damage == "foreign" and kind == "points":
        pytest.skip("points of another study are spoilt as parts are")
    spoil(victim, tmp_path)
    opened = Sweep.open(folder)
    assert len(opened.files(kind)) == len(whole.files(kind)) - 1
    told = []
    again = sweep(STUDY, folder, resume=True, warn=told.append)
    assert any(fault in sentence for sentence in told)
    assert len(list((folder / "damaged").iterdir())) == 1
    assert parts(folder) == parts(whole.folder)
    pd.testing.assert_frame_equal(again.frame(), whole.frame())


def test_a_sweep_is_gone_on_with_in_the_parts_it_was_begun_in(folder, whole, monkeypatch):
    """Else runs would be counted twice, in parts that overlap."""
    (folder / "parts" / parts(folder)[1]).unlink()
    monkeypatch.setattr("feint.sim.sweeps.sweep_store.CUT", Cut(points=3, points_a_file=5))
    pd.testing.assert_frame_equal(sweep(STUDY, folder, resume=True).frame(), whole.frame())
    assert parts(folder) == parts(whole.folder)


def test_without_its_points_a_sweep_has_no_row_read_under_wrong_values(whole, folder):
    for path in (folder / "points").iterdir():
        path.unlink()
    again = sweep(STUDY, folder, resume=True)
    pd.testing.assert_frame_equal(again.frame(), whole.frame())


def test_a_missing_part_is_trained_again_and_the_others_are_not(folder, whole, monkeypatch):
    (folder / "parts" / parts(folder)[2]).unlink()
    trained = []

    def spy(study, unit, values):
        trained.append(unit)
        return train_unit(study, unit, values)

    from feint.sim.sweeps.unit_training import train_unit

    monkeypatch.setattr("feint.sim.sweeps.unit_training.train_unit", spy)
    again = sweep(STUDY, folder, resume=True)
    assert [unit.first_point for unit in trained] == [4]
    pd.testing.assert_frame_equal(again.frame(), whole.frame())


def test_a_sweep_knows_whether_it_is_finished(folder, whole):
    assert whole.finished
    (folder / "parts" / parts(folder)[2]).unlink()
    assert not Sweep.open(folder).finished
    with pytest.warns(RuntimeWarning, match=r"is not finished: results are of its finished parts"):
        Sweep.open(folder).checked()
    assert sweep(STUDY, folder, resume=True).checked().finished


def test_a_folder_in_use_without_resume_is_refused(folder):
    with pytest.raises(
        InputError, match=r"holds this study already: continue it with --resume \(resume=True in Python\)\.$"
    ):
        sweep(STUDY, folder)


def test_a_folder_of_another_study_is_refused_with_the_difference(folder):
    other = Study(**{**vars(STUDY), "seed": 6, "vary": {**STUDY.vary, "gate_init": [-2.0, 1.0]}})
    with pytest.raises(InputError) as caught:
        sweep(other, folder, resume=True)
    assert "seed is 5 there and 6 here" in str(caught.value)
    assert "vary.gate_init[1] is 0.0 there and 1.0 here" in str(caught.value)


def test_of_many_differences_three_are_told_and_the_rest_counted(folder):
    other = Study(
        **{**vars(STUDY), "seed": 6, "runs": 41, "streams": "independent", "model": STUDY.model.replace(modes=3)}
    )
    with pytest.raises(InputError) as caught:
        sweep(other, folder, resume=True)
    told = "runs is 40 there and 41 here; seed is 5 there and 6 here; streams is 'common' there and 'independent' here"
    assert str(caught.value).endswith(f"holds another study: {told}; and 1 more difference.")


@pytest.mark.parametrize("there", ["nothing", "an empty folder", "what a sweep leaves that is killed at once"])
def test_where_no_sweep_was_begun_one_that_is_to_go_on_begins(tmp_path, whole, there):
    """So that a scheduler can submit the same line again."""
    if there == "an empty folder":
        (tmp_path / "out").mkdir()
    elif there != "nothing":
        with Store.opened(tmp_path / "out", STUDY, resume=False, points=8):
            (tmp_path / "out" / "manifest.json").unlink()
    for _ in range(2):
        found = sweep(STUDY, tmp_path / "out", resume=True)
        pd.testing.assert_frame_equal(found.frame(), whole.frame())
        assert found.finished


def test_a_folder_of_another_schema_is_refused(folder):
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    path.write_text(json.dumps({**manifest, "schema": 99}))
    for use in (lambda: sweep(STUDY, folder, resume=True), lambda: Sweep.open(folder)):
        with pytest.raises(
            InputError,
            match="has schema 99, and this version of Feint reads 3: carry its study out again into a new folder",
        ):
            use()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"schema": 1}'])
def test_a_manifest_that_is_none_is_refused(folder, text):
    (folder / "manifest.json").write_text(text)
    with pytest.raises(InputError, match=r"its manifest.json is not one that Feint wrote"):
        Sweep.open(folder)


def test_a_folder_with_other_files_is_refused_and_left_alone(tmp_path):
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(InputError, match=r"holds other files, such as 'thesis.tex': name a new folder"):
        sweep(STUDY, tmp_path)
    assert (tmp_path / "thesis.tex").exists()


def test_no_folder_is_one_sentence(tmp_path):
    with pytest.raises(InputError, match=r"is not a sweep's folder: manifest.json cannot be read: No such file"):
        Sweep.open(tmp_path / "nowhere")


def test_a_second_process_is_refused_and_told_who_holds_the_folder(folder, whole):
    script = (
        "import sys\n"
        "from feint.agents.errors import InputError\n"
        "from feint.sim.sweeps.sweep import Sweep, sweep\n"
        "folder = sys.argv[1]\n"
        "try:\n"
        "    sweep(Sweep.open(folder).study, folder, resume=True)\n"
        "except InputError as error:\n"
        "    print(error)\n"
    )
    with Store.opened(folder, STUDY, resume=True, points=8):
        asked = subprocess.run([sys.executable, "-c", script, str(folder)], capture_output=True, text=True, check=True)
    assert f"is in use by process {os.getpid()} on " in asked.stdout
    assert parts(folder) == parts(whole.folder)
    sweep(STUDY, folder, resume=True)


def test_a_full_disk_is_one_sentence_and_loses_no_finished_part(tmp_path, whole, monkeypatch):
    real, written = stores.os.fsync, []

    def full(handle):
        written.append(handle)
        if len(written) > 9:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(handle)

    monkeypatch.setattr(stores.os, "fsync", full)
    with pytest.raises(InputError, match="cannot be written: No space left on device; finished parts stay"):
        sweep(STUDY, tmp_path / "out", threads=1)
    monkeypatch.setattr(stores.os, "fsync", real)
    there = parts(tmp_path / "out")
    assert 0 < len(there) < 4
    assert set(there) < set(parts(whole.folder))
    pd.testing.assert_frame_equal(sweep(STUDY, tmp_path / "out", resume=True).frame(), whole.frame())


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot be written: "):
        sweep(STUDY, tmp_path / "file" / "out")


def test_a_table_of_points_is_known_by_its_content_wherever_it_lies(tmp_path, monkeypatch):
    (tmp_path / "points.csv").write_text("similarity\n0.1\n0.5\n")
    (tmp_path / "study.toml").write_text('design = "table"\ntable = "points.csv"\nruns = 5\n' + STAGES)
    found = sweep(Study.load(tmp_path / "study.toml"), tmp_path / "out")
    monkeypatch.chdir(tmp_path)
    pd.testing.assert_frame_equal(sweep(Study.load("study.toml"), "out", resume=True).frame(), found.frame())
    (tmp_path / "points.csv").write_text("similarity\n0.7\n0.0\n")
    with pytest.raises(InputError, match=r"holds another study: table is 'sha256:"):
        sweep(Study.load("study.toml"), "out", resume=True)


@pytest.mark.parametrize("resume", [False, True])
@pytest.mark.parametrize(
    ("group", "name", "sentence"),
    [
        (
            "versions",
            "its code",
            r"^out = '.*' was begun by other versions \(its code is 'another' there and '\w+' here\)",
        ),
        ("processor", "processor", r"have processors of two kinds: processor is '.*' for the one and 'another' for"),
    ],
)
def test_a_sweep_of_other_versions_or_of_another_processor_is_not_resumed(folder, group, name, sentence, resume):
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["maker"][group][name] = "another"
    path.write_text(json.dumps(manifest))
    with pytest.raises(InputError, match=sentence):
        sweep(STUDY, folder, resume=resume)


def test_a_part_that_stands_there_twice_counts_once(folder, whole, tmp_path):
    import pyarrow.parquet as pq

    victim = sorted((folder / "parts").iterdir())[0]
    again = tmp_path / "again.parquet"
    pq.write_table(pq.read_table(victim), again, compression="gzip")  # other bytes of the same content
    digest = hashlib.sha256(again.read_bytes()).hexdigest()[: stores.DIGEST]
    shutil.copy(again, folder / "parts" / f"{victim.name.split('.')[0]}.{digest}.parquet")
    assert len(parts(folder)) == len(parts(whole.folder)) + 1
    pd.testing.assert_frame_equal(Sweep.open(folder).frame(), whole.frame())


def test_a_study_that_is_refused_takes_no_folder(tmp_path):
    together = {"similarity": [0.1, [0.1]], "finetuning.objective": [1, 2]}  # valid each, and not together
    wrong = Study(vary=together, runs=5, curriculum=STUDY.curriculum)
    with pytest.raises(InputError, match=r"objective = 2 is not one that the model has"):
        sweep(wrong, tmp_path / "out")
    right = Study(vary={"similarity": [0.1, 0.7]}, runs=5, curriculum=STUDY.curriculum)
    assert sweep(right, tmp_path / "out").finished


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"is a file: name a folder"):
        sweep(STUDY, tmp_path / "file")


def test_what_a_killed_process_left_half_written_beside_the_manifest_is_swept_away(folder, whole, tmp_path):
    for place in (folder, tmp_path / "new"):
        place.mkdir(exist_ok=True)
        (place / ".manifest.json.1.tmp").touch()
        again = sweep(STUDY, place, resume=True)
        assert not list(place.glob(".*.tmp"))
        pd.testing.assert_frame_equal(again.frame(), whole.frame())
