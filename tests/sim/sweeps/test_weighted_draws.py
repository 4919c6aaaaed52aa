"""Tables of weighted draws: how they are read, thinned and completed, and what they must not hold."""

import numpy as np
import pandas as pd
import pytest
from planted import of_table

from feint.agents.errors import InputError
from feint.sim.analysis.prior_shares import factors_at
from feint.sim.analysis.response_surface import response
from feint.sim.sweeps.experimental_designs import count, points
from feint.sim.sweeps.sweep import Sweep, sweep
from feint.sim.sweeps.weighted_draws import WeightedDraws
from feint.sim.training.parameter_point import Point

SIMILARITY = {"similarity": [0.1, 0.2, 0.3, 0.4]}


def read(folder, columns, ending="csv"):
    path = folder / f"draws.{ending}"
    table = pd.DataFrame(columns)
    table.to_csv(path, index=False) if ending == "csv" else table.to_parquet(path)
    return WeightedDraws.of(path)


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_table_is_read_with_weights_that_sum_to_1_and_without_draws_of_none(tmp_path, ending):
    draws = read(tmp_path, {**SIMILARITY, "start": ["fresh"] * 3 + ["internal"], "weight": [1, 0, 2, 1]}, ending)
    assert draws.rows[-1] == {"similarity": 0.4, "start": "internal"}
    assert draws.weights == pytest.approx([0.25, 0.5, 0.25])
    assert draws.effective == pytest.approx(1 / 0.375)
    assert list(draws.frame().columns) == ["similarity", "start", "weight"]


@pytest.mark.parametrize("weight", [{}, {"weight": [3.0] * 4}])
def test_equal_weights_are_none(tmp_path, weight):
    draws = read(tmp_path, SIMILARITY | weight)
    assert draws.unequal is None
    assert list(draws.frame().columns) == ["similarity"]
    assert draws.effective == pytest.approx(4)


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ({"similarty": [0.1]}, "draws.csv', column 'similarty': parameter to vary 'similarty' is not known: did you"),
        (SIMILARITY | {"weight": [1, -2, 1, 1]}, "draws.csv', row 2, column 'weight': weight = -2 is not valid: it mu"),
        (SIMILARITY | {"weight": [1, 1, None, 1]}, "draws.csv', row 3, column 'weight': weight = nan is not valid"),
        (SIMILARITY | {"weight": ["a", 1, 1, 1]}, "draws.csv', row 1, column 'weight': weight = 'a' is not valid"),
        (SIMILARITY | {"weight": [1, 1, np.inf, 1]}, "draws.csv', row 3, column 'weight': weight = inf is not valid"),
        (SIMILARITY | {"weight": [0] * 4}, "draws.csv', column 'weight': every weight is 0: give at least one draw a"),
        ({"similarity": [0.1, 7.0]}, "draws.csv', row 2, column 'similarity': similarity = 7.0 is not valid"),
        ({"similarity": []}, "draws.csv' has no point: give it a header of parameter names"),
        ({"weight": [1.0]}, "draws.csv' has no parameter: name a column for each, as in `similarity`."),
    ],
)
def test_a_bad_table_is_refused_in_one_sentence(tmp_path, columns, sentence):
    with pytest.raises(InputError) as refused:
        read(tmp_path, columns)
    assert sentence in str(refused.value)


def test_columns_that_are_no_parameter_are_left_out(tmp_path):
    draws = read(tmp_path, SIMILARITY | {"point": range(4), "runs": [9] * 4, "nuisance.probe_reliability": [0.5] * 4})
    assert list(draws.values.columns) == ["similarity"]


def test_a_file_of_another_kind_and_one_that_is_not_there_are_refused(tmp_path):
    for name, sentence in (
        ("draws.nc", "its name must end in .csv, .tsv, .csv.gz, .tsv.gz or .parquet."),
        ("none.csv", "cannot be read"),
    ):
        with pytest.raises(InputError, match=sentence):
            WeightedDraws.of(tmp_path / name)


def test_a_resample_has_each_draw_as_often_as_its_weight_says(tmp_path):
    draws = read(tmp_path, SIMILARITY | {"weight": [1, 2, 3, 4]})
    again = draws.resampled(100, seed=5)
    assert again.unequal is None
    assert [int((again.values["similarity"] == value).sum()) for value in SIMILARITY["similarity"]] == [10, 20, 30, 40]
    assert draws.resampled(7, seed=5).values.equals(draws.resampled(7, seed=5).values)
    equal = read(tmp_path, SIMILARITY)
    assert equal.resampled(4, seed=5).values.equals(equal.values)


def test_a_thinned_table_trains_no_draw_twice_and_has_the_effective_size_that_is_left(tmp_path):
    rng = np.random.default_rng(0)
    draws = read(tmp_path, {"similarity": rng.random(1000) * 0.9, "weight": rng.lognormal(size=1000)})
    few = draws.thinned(64, seed=1)
    assert len(few) <= 64
    assert not few.values.duplicated().any()
    assert few.effective <= 64
    assert few.effective < draws.effective
    assert draws.thinned(1000) is draws
    means = [of.weights @ of.values["similarity"] for of in (draws.thinned(64, seed) for seed in range(50))]
    assert np.mean(means) == pytest.approx(draws.weights @ draws.values["similarity"], abs=0.015)


def test_what_a_table_lacks_is_drawn_from_its_prior(tmp_path):
    draws = read(tmp_path, {"similarity": np.linspace(0, 0.9, 64)})
    whole, names = draws.completed(Point(), seed=3), {factor.name for factor in factors_at(Point())}
    assert {*whole.values.columns} == names
    assert {*draws.lacking(Point())} == names - {"similarity"}
    assert whole.lacking(Point()) == []
    assert whole.values["similarity"].equals(draws.values["similarity"])
    for factor in factors_at(Point()):
        assert whole.values[factor.name].between(factor.low, factor.high).all()
    for row in whole.rows[:4]:
        Point().at(row)


def test_a_sweep_over_a_table_carries_its_weights(tmp_path):
    draws = {"similarity": np.linspace(0.1, 0.8, 6)}
    study = of_table(tmp_path, draws, [1, 2, 3, 4, 5, 0], runs=10)
    done = sweep(study, tmp_path / "swept")
    assert done.varied == ["similarity"]
    assert done.points["weight"].tolist() == pytest.approx([n / 15 for n in range(1, 6)])
    assert response(done).points["weight"].sum() == pytest.approx(1)
    assert [factor.name for factor in response(done).factors] == ["similarity"]
    done.export(tmp_path / "table.parquet")
    again = WeightedDraws.of(tmp_path / "table.parquet")  # of two arms and two stages
    assert again.weights == pytest.approx(done.points["weight"].to_numpy())
    assert again.values["similarity"].tolist() == pytest.approx(draws["similarity"][:5])
    assert "weight" in done.dataset()
    assert Sweep.open(tmp_path / "swept").points.equals(done.points)


def test_a_study_may_take_fewer_rows_of_a_table_than_it_has(tmp_path):
    study = of_table(tmp_path, {"similarity": np.linspace(0, 0.9, 300)}, np.linspace(1, 2, 300), samples=20)
    (table,) = points(study)
    assert count(study) == len(table) == 20
    assert "weight" not in table  # each of them hit once
