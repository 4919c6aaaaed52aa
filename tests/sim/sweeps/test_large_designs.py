"""A large design begins at once, in memory that does not grow with it; what cannot be held is refused beforehand."""

import random
import tracemalloc

import pandas as pd
import pytest

from feint.agents.errors import InputError
from feint.agents.model import Model
from feint.sim.sweeps import unit_training
from feint.sim.sweeps.experimental_designs import check_design, checked_count, count, points, values_of
from feint.sim.sweeps.study import Study
from feint.sim.sweeps.sweep import Sweep, sweep
from feint.sim.sweeps.units import Cut
from feint.sim.training.curriculum import Curriculum, pretrain_finetune
from feint.sim.training.stage import Stage

SHORT = pretrain_finetune({"steps": 3}, {"steps": 3})


def grid(levels, **facts):
    vary = {name: {"low": 0.0, "high": 0.9, "levels": levels} for name in ("similarity", "shielding", "spectrum")}
    return Study(**{"vary": vary, "runs": 2, "curriculum": SHORT, **facts})


class StoppedError(BaseException):
    """What ends a sweep in the middle."""


def begun(study, folder, monkeypatch, units=3):
    """Carry out the first units of a study; return the points validated, and the peak of memory."""
    specs, validated = Study.specs, []

    def stop(fresh, *_):
        nonlocal units
        units -= fresh > 0
        if not units:
            raise StoppedError

    with monkeypatch.context() as patch:
        patch.setattr(Study, "specs", lambda self, values: [validated.append(1), specs(self, values)][1])
        tracemalloc.start()
        with pytest.raises(StoppedError):
            sweep(study, folder, threads=1, progress=stop)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return len(validated), peak


def test_a_grid_of_two_million_points_trains_its_first_parts_before_it_is_written_out(tmp_path, monkeypatch):
    begun(grid(8), tmp_path / "compiled", monkeypatch, units=1)
    (few, low), (many, high) = (begun(grid(n), tmp_path / str(n), monkeypatch) for n in (16, 126))
    assert count(grid(126)) > 2_000_000
    assert many == few < 3 * 256 + 10  # each once, as it is trained
    assert len([*(tmp_path / "126" / "points").iterdir()]) == 1
    assert high < 2 * low
    opened = Sweep.open(tmp_path / "126")
    assert not opened.finished
    assert len(opened.points) == 4096


def test_points_that_were_not_written_when_it_was_stopped_are_when_it_goes_on(tmp_path, monkeypatch):
    monkeypatch.setattr("feint.sim.sweeps.sweep_store.CUT", Cut(points=2, points_a_file=4))
    study = grid(3)
    begun(study, tmp_path / "stopped", monkeypatch)
    assert len([*(tmp_path / "stopped" / "points").iterdir()]) < 7
    done = sweep(study, tmp_path / "stopped", resume=True)
    pd.testing.assert_frame_equal(done.frame(), sweep(study, tmp_path / "once").frame(), check_exact=True)
    assert done.finished


MOST = int(Stage.parameters()["steps"].valid[1] or 0)
JOINT = {
    "similarity": [0.1, 0.2, [0.1], [0.1, 0.2], [0.3, 0.2]],
    "c.objective": [1, 2, 3],
    "b.objective": [0, 1],
    "match": ["target", "total-steps", "data", "steps"],
    "b.steps": [10, MOST // 2, MOST],
    "c.steps": [20, MOST - 5],
    "modes": [4, 16],
    "gate_init": [-1.0, 0.0],
    "start": ["fresh", "internal"],
    "c.carry": [[], ["goal"]],
}


@pytest.mark.parametrize("seed", range(25))
def test_trying_few_combinations_finds_what_trying_all_points_finds(tmp_path, seed):
    rng = random.Random(seed)
    names = rng.sample([*JOINT], 4)
    stages = Curriculum(*(Stage(name=name, objective=i, steps=30) for i, name in enumerate("abc")))
    vary = {name: rng.sample(JOINT[name], rng.randrange(1, 3)) for name in names}
    match = rng.choice(["target", "data"])
    study = Study(vary=vary, runs=2, curriculum=stages, match=match)
    (table,) = points(study)
    values_of(table).to_csv(tmp_path / "points.csv", index=False)
    listed = Study(design="table", table=str(tmp_path / "points.csv"), runs=2, curriculum=stages, match=match)

    def refused(check):
        try:
            check()
        except InputError:
            return True
        return False

    every = [refused(lambda row=row: study.specs(row)) for row in values_of(table).to_dict("records")]
    assert refused(lambda: check_design(study)) == refused(lambda: check_design(listed)) == any(every)


def test_no_rule_of_a_model_or_a_stage_joins_parameters_that_are_not_tried_together():
    """Each is checked by itself, so that `check_design` needs only what `Study.specs` checks besides."""
    for kind in (Model, Stage):
        assert not kind.__pydantic_decorators__.model_validators


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        (
            {"vary": {"decoys": {"low": 0, "high": 5, "levels": 10**12}}},
            "levels = 1000000000000 is not valid: it must be",
        ),
        ({"vary": {"decoys": {"low": 0, "high": 5, "levels": 1e12}}}, "levels = 1000000000000.0 is not valid"),
        (
            {"vary": {name: {"low": 0, "high": 0.5, "levels": 10**6} for name in ("similarity", "shielding")}},
            "the study has 1,000,000,000,000 points: with streams = 'common' it may have 999,999,999",
        ),
        (
            {"vary": {"decoys": "prior", "similarity": "prior"}, "design": "lhs", "samples": 5 * 10**8},
            "samples = 500000000 is too many: design = 'lhs' draws 500,000,000 points at once, which needs 8 GB",
        ),
        ({"vary": "all", "design": "saltelli", "samples": 2**24}, "points at once, which needs"),
    ],
)
def test_what_cannot_be_held_is_refused_in_a_sentence_before_anything_is_made(tmp_path, monkeypatch, facts, sentence):
    monkeypatch.setattr(unit_training, "train_unit", None)
    with pytest.raises(InputError) as refused:
        sweep(Study(**facts), tmp_path / "out")
    assert sentence in str(refused.value)
    assert not (tmp_path / "out").exists()
    with pytest.raises(InputError):
        checked_count(Study(**facts))
