"""Folders that were damaged, mixed up or left behind: refused in a sentence or mended, never read as something else."""

import json
import shutil
import time
from pathlib import Path

import pandas as pd
import pytest

from feint.agents.errors import InputError
from feint.sim.sweeps import unit_training
from feint.sim.sweeps.study import Study
from feint.sim.sweeps.sweep import Sweep, sweep
from feint.sim.sweeps.units import Cut
from feint.sim.training.curriculum import pretrain_finetune

STUDY = Study(
    vary={"similarity": [0.0, 0.3, 0.6, 0.9], "gate_init": [-2.0, 0.0]},
    runs=40,
    seed=5,
    curriculum=pretrain_finetune({"steps": 20}, {"steps": 30}),
)


@pytest.fixture(scope="module", autouse=True)
def small_units():
    """Parts of two points, and files of four, so that there are several."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("feint.sim.sweeps.sweep_store.CUT", Cut(points=2, points_a_file=4))
        yield


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The sweep as it is when nothing goes wrong."""
    return sweep(STUDY, tmp_path_factory.mktemp("store") / "whole")


@pytest.fixture
def folder(whole, tmp_path):
    """A copy of its folder, to be spoilt."""
    return Path(shutil.copytree(whole.folder, tmp_path / "copy"))


def files(folder, kind):
    return sorted((folder / kind).iterdir())


def named_as(path, other, digest=None):
    """The name of another file, with the digest of this one's content."""
    stem = other if isinstance(other, str) else other.name.split(".")[0]
    return path.with_name(f"{stem}.{digest or path.name.split('.')[1]}.parquet")


def swap(folder, kind):
    """Two files each under the name of the other, with the right digests."""
    one, two = files(folder, kind)[:2]
    contents = one.read_bytes(), two.read_bytes()
    one.unlink()
    two.unlink()
    named_as(one, two).write_bytes(contents[0])
    named_as(two, one).write_bytes(contents[1])


MIXED = {
    "a part over another": lambda folder: shutil.copy(files(folder, "parts")[0], files(folder, "parts")[1]),
    "a part in another's place": lambda folder: files(folder, "parts")[0].rename(
        named_as(files(folder, "parts")[0], files(folder, "parts")[1])
    ),
    "a part under a later name": lambda folder: shutil.copy(
        files(folder, "parts")[0],
        named_as(files(folder, "parts")[0], "points-000000008-000000010-runs-0000000000000-0000000000040"),
    ),
    "a part under more runs": lambda folder: files(folder, "parts")[0].rename(
        named_as(files(folder, "parts")[0], "points-000000000-000000002-runs-0000000000000-0000000000080")
    ),
    "parts exchanged": lambda folder: swap(folder, "parts"),
    "points exchanged": lambda folder: swap(folder, "points"),
    "points in another's place": lambda folder: files(folder, "points")[0].rename(
        named_as(files(folder, "points")[0], files(folder, "points")[1])
    ),
    "points among parts": lambda folder: shutil.copy(files(folder, "points")[0], folder / "parts"),
    "parts among points": lambda folder: shutil.copy(files(folder, "parts")[0], folder / "points"),
    "a folder among parts": lambda folder: (folder / "parts" / "new").mkdir(),
    "text with its digest": lambda folder: named_as(
        files(folder, "parts")[0], "points-000000008-000000010-runs-0000000000000-0000000000040", "ba7816bf8f01cfea"
    ).write_text("abc"),
    "no parts": lambda folder: shutil.rmtree(folder / "parts"),
    "no points": lambda folder: shutil.rmtree(folder / "points"),
    "neither": lambda folder: [shutil.rmtree(folder / kind) for kind in ("parts", "points")],
    "empty points": lambda folder: [path.write_bytes(b"") for path in files(folder, "points")],
    "some points lost": lambda folder: files(folder, "points")[1].unlink(),
}


@pytest.mark.parametrize("case", MIXED)
@pytest.mark.filterwarnings("ignore:.*is not finished:RuntimeWarning")
def test_no_number_changes_without_a_word_and_resume_mends_it(feint, folder, whole, tmp_path, case):
    MIXED[case](folder)
    opened = Sweep.open(folder)
    try:
        table = opened.checked().frame()
    except InputError as error:
        assert "continue the sweep with --resume" in str(error)  # noqa: PT017
    else:
        assert opened.finished == (len(table) == len(whole.frame()))
        known = whole.frame().set_index(["point", "arm", "stage"])
        rows = table.set_index(["point", "arm", "stage"])
        pd.testing.assert_frame_equal(rows, known.loc[rows.index], check_exact=True)
    code, _, errors = feint("export", folder, tmp_path / "table.csv")
    assert (code == 2) or opened.finished or "is not finished" in errors
    assert "Traceback" not in errors
    pd.testing.assert_frame_equal(sweep(STUDY, folder, resume=True).frame(), whole.frame(), check_exact=True)
    assert Sweep.open(folder).finished


def test_a_part_that_comes_back_in_other_company_is_not_counted_twice(folder, whole, tmp_path):
    """One was lost and is trained again together with its neighbour; then the lost file is restored."""
    for path in files(folder, "parts")[:2]:
        path.rename(tmp_path / path.name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("feint.sim.sweeps.sweep_store.CUT", Cut(points=4))
        sweep(STUDY, folder, resume=True)
    for path in tmp_path.glob("points-*"):
        path.rename(folder / "parts" / path.name)
    pd.testing.assert_frame_equal(Sweep.open(folder).frame(), whole.frame(), check_exact=True)
    told = []
    again = sweep(STUDY, folder, resume=True, warn=told.append)
    assert len(told) > 0
    assert all("some of its runs are in another part as well" in sentence for sentence in told)
    pd.testing.assert_frame_equal(again.frame(), whole.frame(), check_exact=True)


MANIFESTS = {
    "a study changed": lambda manifest: manifest["requests"][0]["study"].update(runs=80),
    "points changed": lambda manifest: manifest["requests"][0].update(points=4),
    "a request added": lambda manifest: manifest["requests"].append({"study": {"runs": 80}}),
    "a request of nothing": lambda manifest: manifest.update(requests=[]),
    "requests that are none": lambda manifest: manifest.update(requests={"study": 3}),
    "no runtime": lambda manifest: manifest.update(maker=None),
    "no passport": lambda manifest: manifest.pop("passport"),
}


@pytest.mark.parametrize("case", MANIFESTS)
def test_a_manifest_that_was_changed_is_refused_in_a_sentence(folder, case):
    manifest = json.loads((folder / "manifest.json").read_text())
    MANIFESTS[case](manifest)
    (folder / "manifest.json").write_text(json.dumps(manifest))
    for use in (lambda: Sweep.open(folder), lambda: sweep(STUDY, folder, resume=True)):
        with pytest.raises(
            InputError, match=r"manifest.json (that was changed after it was written|is not one that F)"
        ):
            use()


def test_json_too_deep_to_be_read_is_refused_or_unfinished(folder):
    deep = "[" * 200_000
    (folder / "finished.json").write_text(deep)
    assert not Sweep.open(folder).finished
    (folder / "manifest.json").write_text(deep)
    with pytest.raises(InputError, match=r"its manifest.json is not one that Feint wrote"):
        Sweep.open(folder)


@pytest.mark.parametrize("name", ["parts", "points", "damaged", "lock", "manifest.json"])
def test_a_file_in_place_of_a_folder_or_the_reverse_is_one_sentence(folder, name):
    path = folder / name
    if path.is_dir():
        shutil.rmtree(path)
        path.touch()
    elif name == "damaged":
        path.touch()
        files(folder, "parts")[0].write_bytes(b"")
    else:
        path.unlink()
        path.mkdir()
    with pytest.raises(InputError) as caught:
        sweep(STUDY, folder, resume=True)
    assert len(str(caught.value).splitlines()) == 1
    if name in ("parts", "points"):
        assert str(caught.value).startswith(f"{str(path)!r} is a file, and a sweep keeps a folder there: move it away")


@pytest.mark.parametrize("error", [InputError("it cannot be."), MemoryError()], ids=["input", "memory"])
def test_a_study_that_fails_at_its_first_part_leaves_no_folder(tmp_path, monkeypatch, error):
    def fail(*_):
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(unit_training, "train_unit", fail)
        with pytest.raises(type(error)):
            sweep(STUDY, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert sweep(STUDY, tmp_path / "out").finished


def test_parts_that_vanish_while_it_runs_leave_it_unfinished(tmp_path):
    def lose(fresh, before, _):
        if fresh and before:
            for path in files(tmp_path / "out", "parts")[:1]:
                path.unlink()

    found = sweep(STUDY, tmp_path / "out", progress=lose, threads=1)
    assert not found.finished
    with pytest.warns(RuntimeWarning, match="is not finished"):
        found.checked()
    looking = Study(vary=STUDY.vary, runs=10, half_width=0.01, most_runs=40, curriculum=STUDY.curriculum)
    with pytest.raises(InputError, match="cannot be read any more: continue the sweep with --resume"):
        sweep(looking, tmp_path / "looking", progress=lambda *_: lose_all(tmp_path / "looking"), threads=1)


def lose_all(folder):
    for path in files(folder, "parts"):
        path.unlink()


def test_units_under_way_at_ctrl_c_are_kept(tmp_path, monkeypatch):
    begun, ended, train = [], [], unit_training.train_unit

    def slow(study, unit, values):
        begun.append(unit)
        time.sleep(0.1)
        columns = train(study, unit, values)
        ended.append(unit)
        return columns

    def interrupt(fresh, *_):
        if fresh:
            raise KeyboardInterrupt

    monkeypatch.setattr("feint.sim.sweeps.sweep_store.CUT", Cut(points=1))
    monkeypatch.setattr(unit_training, "train_unit", slow)
    with pytest.raises(KeyboardInterrupt):
        sweep(STUDY, tmp_path / "out", threads=2, progress=interrupt)
    assert 1 < len(begun) < 8
    assert len(files(tmp_path / "out", "parts")) == len(ended) == len(begun)
