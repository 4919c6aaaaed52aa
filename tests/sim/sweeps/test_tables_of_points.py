"""Lists of values, seeds and names go through points, folders, exports and back without a change of a bit."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from feint.agents.errors import InputError
from feint.sim.analysis.phase_diagrams import phase_diagram
from feint.sim.analysis.response_profiles import response_profile
from feint.sim.analysis.response_surface import layers_of
from feint.sim.ensembles.comparison import compare
from feint.sim.results.table_files import in_netcdf
from feint.sim.sweeps.experimental_designs import points
from feint.sim.sweeps.study import Study
from feint.sim.sweeps.sweep import Sweep, sweep
from feint.sim.sweeps.sweep_store import last_stages
from feint.sim.sweeps.weighted_draws import WeightedDraws
from feint.sim.training.curriculum import Curriculum, pretrain_finetune
from feint.sim.training.stage import Stage

THREE = Curriculum(*(Stage(name=name, objective=i, steps=30) for i, name in enumerate("abc")))
MIXED = {"similarity": [0.3, [0.1, 1 / 3], [0.3, 0.3]], "gate_init": [-1.0, 0.5]}
LISTS = Study(vary=MIXED, runs=40, curriculum=THREE, name="lists")
SHORT = pretrain_finetune({"steps": 30}, {"steps": 30})
TEXTS = ["0.3", "[0.1,0.3333333333333333]", "[0.3,0.3]"]


@pytest.fixture(scope="module")
def lists(tmp_path_factory):
    return sweep(LISTS, tmp_path_factory.mktemp("lists") / "out")


def test_numbers_and_lists_of_numbers_stand_in_one_column_as_texts(lists):
    (table,) = points(LISTS)
    assert table["similarity"].tolist() == [text for text in TEXTS for _ in range(2)]
    pd.testing.assert_frame_equal(Sweep.open(lists.folder).points, lists.points)
    assert lists.points["similarity"].tolist() == table["similarity"].tolist()
    for point, similarity in ((0, 0.3), (2, (0.1, 1 / 3))):
        model = LISTS.model.replace(similarity=similarity, gate_init=-1.0)
        expected = compare(THREE, model=model, runs=40, seed=0).arms["pretrain_finetune"].counts(-1)
        counts = last_stages(lists.counts).query(f"point == {point} and arm == 'pretrain_finetune'")
        assert {label: int(counts[label].iloc[0]) for label in expected} == expected


@pytest.mark.parametrize("ending", ["csv", "CSV", "csv.gz", "parquet"])
def test_an_export_is_a_table_of_points_that_gives_the_same_counts(lists, tmp_path, ending):
    path = tmp_path / f"table.{ending}"
    lists.export(path)
    again = Study(design="table", table=str(path), runs=40, curriculum=THREE)
    pd.testing.assert_frame_equal(pd.concat(points(again)), pd.concat(points(LISTS)))
    if ending == "csv":
        pd.testing.assert_frame_equal(sweep(again, tmp_path / "again").counts, lists.counts)
    assert [row["similarity"] for row in WeightedDraws.of(path, LISTS.point).rows[::2]] == [
        0.3,
        (0.1, 1 / 3),
        (0.3, 0.3),
    ]


def test_lists_are_named_in_netcdf_maps_and_profiles(lists, tmp_path):
    lists.export(tmp_path / "table.nc")
    with xr.open_dataset(tmp_path / "table.nc", engine="scipy") as read:
        assert read["similarity"].to_numpy().tolist() == [text for text in TEXTS for _ in range(2)]
        assert int(read["runs"].sum()) == lists.counts["runs"].sum()
    shown = phase_diagram(layers_of(lists), ["gate_init", "similarity"])
    assert {cell.at["similarity"] for cell in shown.cells} == {*TEXTS}
    held = response_profile(layers_of(lists), "gate_init", {"similarity": [0.1, 1 / 3]})
    assert held.held == {"similarity": TEXTS[1]}
    assert response_profile(layers_of(lists), "gate_init", {"similarity": 0.3}).held == {"similarity": "0.3"}
    assert shown.figure()


def test_a_grid_of_numbers_is_extended_by_lists(tmp_path):
    first = replace(LISTS, vary={**MIXED, "similarity": [0.3]})
    sweep(first, tmp_path / "out")
    extended = sweep(LISTS, tmp_path / "out", resume=True)
    pd.testing.assert_frame_equal(extended.frame(), sweep(LISTS, tmp_path / "once").frame(), check_exact=True)


@pytest.mark.parametrize("cell", ["[0.1 0.5]", "[0.1,", "(0.1,'a')", "[]", "[[0.1],[0.2]]", "True", "[1e999,0.1]"])
def test_a_cell_that_is_no_list_of_numbers_is_refused_with_row_and_column(tmp_path, cell):
    pd.DataFrame({"similarity": [0.1, cell]}).to_csv(tmp_path / "points.csv", index=False)
    with pytest.raises(InputError, match=r"points.csv', row 2, column 'similarity': similarity = "):
        list(points(Study(design="table", table=str(tmp_path / "points.csv"), curriculum=THREE)))


@pytest.mark.parametrize("values", [[{"a": 1}], [[[0.1]]], [[0.1, [0.2]]], [None], [True]])
def test_values_that_are_none_are_refused_in_a_sentence(values):
    with pytest.raises(InputError, match=r"similarity"):
        Study(vary={"similarity": values})


SEEDS = Study(vary={"gate_init": [-1.0, 0.5], "seed": [3, 2**64 - 1]}, runs=50, curriculum=SHORT, name="seeds")


def test_seeds_are_an_axis_of_a_study(tmp_path):
    done = sweep(SEEDS, tmp_path / "out")
    table = done.frame()
    assert done.varied == ["gate_init", "seed"]
    for seed in SEEDS.vary["seed"]:
        alone = sweep(
            Study(vary={"gate_init": [-1.0, 0.5]}, runs=50, seed=seed, curriculum=SHORT), tmp_path / str(seed)
        )
        rows = table[table["seed"] == np.uint64(seed)].reset_index(drop=True)
        own = alone.frame()
        assert own["seed"].unique().tolist() == [seed]
        kept = [name for name in own if name not in ("point", "seed", "study", "digest")]
        pd.testing.assert_frame_equal(rows[kept], own[kept])
    for ending in ("csv", "parquet"):
        done.export(tmp_path / f"table.{ending}")
        again = Study(design="table", table=str(tmp_path / f"table.{ending}"), runs=50, curriculum=SHORT)
        (listed,) = points(again)
        assert listed["seed"].tolist() == [3, 2**64 - 1] * 2
        assert "seed" not in WeightedDraws.of(tmp_path / f"table.{ending}").values
    done.export(tmp_path / "table.nc")
    with xr.open_dataset(tmp_path / "table.nc", engine="scipy") as read:
        assert [*map(int, read["seed"].to_numpy())] == [3, 2**64 - 1] * 2


def test_a_seed_is_not_a_parameter_of_draws_nor_of_a_design_that_draws(tmp_path):
    pd.DataFrame({"similarity": [0.1], "seed": [3]}).to_csv(tmp_path / "draws.csv", index=False)
    with pytest.raises(InputError, match=r"column 'seed': a seed is no parameter of a draw: .*leave the column out"):
        WeightedDraws.of(tmp_path / "draws.csv")
    (table,) = points(Study(design="table", table=str(tmp_path / "draws.csv")))
    assert table["seed"].tolist() == [3]
    for wrong in ([-1], [0.5], ["a"], {"low": 0, "high": 3}, "prior"):
        with pytest.raises(InputError, match="seed"):
            Study(vary={"seed": wrong})


def test_every_export_says_which_study_its_rows_are_of(tmp_path):
    done = sweep(replace(SEEDS, vary={"gate_init": [-1.0]}, seed=2**60), tmp_path / "out")
    other = sweep(replace(SEEDS, vary={"gate_init": [-1.0, 0.5]}, name=""), tmp_path / "other")
    digest = done.study.digest
    assert (
        digest == Study.from_configuration(json.loads(json.dumps(done.study.described()))).digest != other.study.digest
    )
    assert replace(done.study, name="else").digest == digest
    read = {}
    for ending, reader in (("csv", pd.read_csv), ("parquet", pd.read_parquet)):
        done.export(tmp_path / f"table.{ending}")
        read[ending] = reader(tmp_path / f"table.{ending}")
        assert read[ending][["seed", "study", "digest"]].drop_duplicates().to_numpy().tolist() == [
            [2**60, "seeds", digest]
        ]
    done.export(tmp_path / "table.nc")
    with xr.open_dataset(tmp_path / "table.nc", engine="scipy") as data:
        assert [str(data[name].to_numpy().astype(str)) for name in ("seed", "study", "digest")] == [
            str(2**60),
            "seeds",
            digest,
        ]
    ways: dict[str, Any] = {"coords": "different", "compat": "equals", "data_vars": "all", "join": "outer"}
    together = xr.concat([done.dataset(), other.dataset().isel(point=[0])], "digest", **ways)
    assert together["study"].to_numpy().tolist() == ["seeds", "unnamed"]
    both = pd.concat([done.frame(), other.frame()])
    both.to_csv(tmp_path / "both.csv", index=False)  # as tables of several sweeps are put together: no point is lost
    assert len(WeightedDraws.of(tmp_path / "both.csv")) == 3


def test_a_study_has_the_name_of_its_file_or_its_own(tmp_path):
    (tmp_path / "mine.toml").write_text("[vary]\nsimilarity = [0.1]\n")
    (tmp_path / "other.toml").write_text('name = "told"\n[vary]\nsimilarity = [0.1]\n')
    assert [Study.load(tmp_path / f"{name}.toml").name for name in ("mine", "other")] == ["mine", "told"]
    with pytest.raises(InputError, match="name = 3 is not valid: it must be a text"):
        Study(vary={"similarity": [0.1]}, name=3)  # pyright: ignore[reportArgumentType]


def test_integers_of_numpy_are_seeds_values_and_bounds(tmp_path):
    study = Study(
        vary={
            "gate_init": np.array([-1.0, 0.5]),
            "modes": [np.int64(8)],
            "decoys": {"low": np.int64(1), "high": 2.0, "levels": np.int32(2)},
        },
        seed=np.int64(3),  # pyright: ignore[reportArgumentType]
        runs=np.int32(20),  # pyright: ignore[reportArgumentType]
        curriculum=SHORT,
    )
    plain = Study(
        vary={"gate_init": [-1.0, 0.5], "modes": [8], "decoys": {"low": 1, "high": 2, "levels": 2}},
        seed=3,
        runs=20,
        curriculum=SHORT,
    )
    assert json.dumps(study.described()) == json.dumps(plain.described())
    assert sweep(study, tmp_path / "out").finished


def test_totals_beyond_32_bits_are_doubles_in_netcdf_and_beyond_53_texts(tmp_path):
    data = xr.Dataset(
        {"steps": ("point", [2**31, 3]), "runs": ("point", [2**31 - 1, 3]), "large": ("point", [2**53 + 1, 3])}
    )
    in_netcdf(data).to_netcdf(tmp_path / "table.nc", engine="scipy")
    with xr.open_dataset(tmp_path / "table.nc", engine="scipy") as read:
        assert read["steps"].dtype == np.float64
        assert read["runs"].dtype == np.int32
        assert [[*map(int, read[name].to_numpy())] for name in data] == [
            data[name].to_numpy().tolist() for name in data
        ]
