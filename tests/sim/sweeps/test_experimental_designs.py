"""Designs: where their points lie."""

import numpy as np
import pandas as pd
import pytest

from feint.agents.errors import InputError, load_extra
from feint.sim.sweeps.experimental_designs import count, points, problem, sobol_cubes
from feint.sim.sweeps.study import Study

VARY = {
    "similarity": {"low": 0.0, "high": 0.9, "levels": 3},
    "plasticity_gate": {"low": 0.2, "high": 20.0, "levels": 3},
    "finetuning.steps": {"low": 10, "high": 1000},
}


def table_of(**given):
    study = Study(**{"vary": VARY, **given})
    found = pd.concat(list(points(study)), ignore_index=True)
    assert len(found) == count(study)
    assert found["point"].tolist() == list(range(len(found)))
    return found.drop(columns="point")


def test_a_grid_is_every_combination_with_logarithmic_levels_where_the_prior_is():
    found = table_of()
    assert len(found) == 3 * 3 * 5
    assert sorted(found["similarity"].unique()) == pytest.approx([0, 0.45, 0.9])
    assert sorted(found["plasticity_gate"].unique()) == pytest.approx([0.2, 2.0, 20.0])
    assert not found.duplicated().any()
    assert found["finetuning.steps"].dtype.kind == "i"


def test_one_at_a_time_is_the_point_itself_and_each_ends_alone():
    found = table_of(design="one-at-a-time")
    base = found.iloc[0]
    assert base.tolist() == [0.5, 2.0, 12000]
    assert len(found) == 7
    assert ((found != base).sum(axis=1) == [0, 1, 1, 1, 1, 1, 1]).all()


def test_a_latin_hypercube_has_one_point_in_each_stratum():
    found = table_of(design="lhs", samples=20)
    for name, (low, high) in {"similarity": (0, 0.9), "plasticity_gate": (np.log(0.2), np.log(20))}.items():
        values = np.log(found[name]) if name == "plasticity_gate" else found[name]
        strata = np.floor((values - low) / (high - low) * 20).astype(int)
        assert sorted(strata) == list(range(20))


def test_a_sobol_sequence_fills_the_range_and_depends_on_the_seed():
    found = table_of(design="sobol", samples=64)
    assert found["similarity"].mean() == pytest.approx(0.45, abs=0.02)
    assert np.log(found["plasticity_gate"]).mean() == pytest.approx(np.log(2.0), abs=0.1)
    assert not found.equals(table_of(design="sobol", samples=64, seed=1))
    pd.testing.assert_frame_equal(found, table_of(design="sobol", samples=64))


def test_saltellis_design_changes_one_parameter_between_a_base_point_and_its_partners():
    found = table_of(design="saltelli", samples=4)
    assert len(found) == 4 * 5
    block = found.iloc[:5]
    assert ((block.iloc[1:4] != block.iloc[0]).sum(axis=1) == 1).all()


def test_saltellis_design_by_group_moves_a_group_together():
    vary = {"plasticity_awareness": "prior", "awareness_init": "prior", "decoys": "prior"}
    found = table_of(vary=vary, design="saltelli", samples=4, by_group=True)
    assert len(found) == 4 * (2 + 2)
    study = Study(vary=vary, design="saltelli", samples=4, by_group=True)
    assert problem(study)["groups"] == ["situational awareness", "situational awareness", "pointers"]


def test_morriss_trajectories_move_one_parameter_at_a_step():
    found = table_of(design="morris", samples=3)
    for first in range(0, 12, 4):
        walk = found.iloc[first : first + 4].to_numpy()
        assert ((walk[1:] != walk[:-1]).sum(axis=1) == 1).all()


def test_a_list_cannot_be_walked_by_a_design_that_draws():
    study = Study(vary={"similarity": [0.1, 0.2]}, design="lhs", samples=4)
    with pytest.raises(InputError, match=r"vary.similarity is a list, which design = 'lhs' cannot vary"):
        next(points(study))


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_table_is_read_as_it_stands(tmp_path, ending):
    rows = pd.DataFrame(
        {"similarity": [0.1, 0.9], "finetuning.carry": ["nothing", "goal+gate"], "start": ["fresh", "internal"]}
    )
    path = tmp_path / f"points.{ending}"
    rows.to_csv(path, index=False) if ending == "csv" else rows.to_parquet(path)
    study = Study(design="table", table=str(path))
    found = next(points(study))
    pd.testing.assert_frame_equal(found.drop(columns="point"), rows)
    specs = study.specs({name: found[name].iloc[1] for name in rows.columns})
    assert specs["pretrain_finetune"].start == "internal"
    assert specs["pretrain_finetune"].curriculum[1].carry == ("goal", "gate")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("similarty\n0.1\n", "did you mean 'similarity'"),
        ("similarity\n", "has no point"),
        (
            "similarity,decoys\n0.1,\n",
            r"points.csv', row 1, column 'decoys': the cell is empty, and every point needs every value\.",
        ),
        (
            "similarity,decoys\n0.1,1\nabc,2\n0.3,3\n",
            r"points.csv', row 2, column 'similarity': similarity = 'abc' is not valid for a model: it must be a",
        ),
        ("decoys,similarity\n1,0.1\n1,0.2\n1,7\n", r"row 3, column 'similarity': similarity = 7\.0 is not valid"),
        ("finetuning.steps\n10\n11\n12.5\n", r"row 3, column 'finetuning.steps': stage 'finetuning': steps = 12\.5 is"),
        ("start\nfresh\nfrseh\n", r"row 2, column 'start': start 'frseh' is not known: did you mean 'fresh'"),
        ("finetuning.carry\nnothing\ngoal+gat\n", r"row 2, column 'finetuning.carry': .*did you mean 'gate'"),
        ("", "cannot be read"),
    ],
)
def test_a_table_that_is_not_one_of_points_is_refused(tmp_path, text, said):
    path = tmp_path / "points.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=said):
        count(Study(design="table", table=str(path)))


def test_whole_numbers_written_as_others_are_whole_and_several_numbers_stand_in_one_cell(tmp_path):
    pd.DataFrame({"finetuning.steps": [10.0, 12.0], "similarity": [[0.5], [0.9]]}).to_parquet(tmp_path / "p.parquet")
    found = next(points(Study(design="table", table=str(tmp_path / "p.parquet"))))
    assert found["finetuning.steps"].tolist() == [10, 12]
    assert found["finetuning.steps"].dtype.kind == "i"
    assert found["similarity"].tolist() == ["[0.5]", "[0.9]"]


def test_a_missing_library_is_named_with_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "SALib", None)
    monkeypatch.setitem(__import__("sys").modules, "SALib.sample", None)
    with pytest.raises(
        InputError,
        match=r"a Saltelli design needs SALib, which is not installed: .venv/bin/pip install -e '.\[analysis\]' in",
    ):
        load_extra("SALib.sample", "a Saltelli design")


def test_a_cube_does_not_depend_on_the_size_of_its_parts():
    (whole,) = sobol_cubes(5, 64, seed=3)
    assert np.array_equal(np.concatenate([*sobol_cubes(5, 64, seed=3, chunk=16)]), whole)
    assert [np.array_equal(cube, whole[:20]) for cube in sobol_cubes(5, 20, seed=3)] == [True]
