"""Sensitivity from given data: order and size of planted effects, what does nothing, weights, and what is refused."""

import numpy as np
import pytest
from planted import THREE, drawn, of_table, study

from feint.agents.errors import InputError
from feint.sim.analysis.response_surface import evaluated
from feint.sim.analysis.sensitivity import sensitivity

FEW = {"resamples": 10}
METHODS = ("delta", "pawn")


def bumpy(points):
    """A chance that two of THREE move, one of them by a step."""
    return 0.2 + 0.3 * points["similarity"] * points["shielding"] + 0.2 * (points["shielding"] > 0.6)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("design", ["lhs", "sobol", "saltelli"])
def test_any_design_gives_the_planted_order(method, design):
    samples = {"lhs": 300, "sobol": 256, "saltelli": 64}[design]
    given = sensitivity(drawn(study(THREE, design, samples=samples, runs=40), bumpy), method=method, **FEW)
    assert given.method == method
    assert [index.name for index in given.indices[:2]] == ["shielding", "similarity"]
    of_it = [getattr(index, method) for index in given.indices]
    assert of_it[0].low > of_it[1].high
    assert of_it[0].low > given.inert
    assert of_it[2].low < given.inert
    assert given.effective is None
    assert f"columns of random numbers, which do nothing, have at most {given.inert:.3f}" in " ".join(
        str(given).split()
    )


def test_delta_of_a_copy_is_near_1_and_of_a_response_alone_near_0():
    """Half the distance between a uniform density and that of one class of five: 1 - 1 / 5, but for the edges."""
    given = sensitivity(evaluated(study(THREE, "sobol", samples=512), lambda p: p["similarity"]), method="delta", **FEW)
    first, *others = given.indices
    assert (first.name, given.measures["delta"]["similarity"].estimate) == ("similarity", pytest.approx(0.75, abs=0.1))
    assert all(given.measures["delta"][index.name].estimate < 0.1 for index in others)


@pytest.mark.parametrize("method", METHODS)
def test_seed_0_is_a_seed(method):
    """Analyses of SALib 1.6 take it for none (findings/salib-seed-zero.sh)."""
    response = drawn(study(THREE, "lhs", samples=150, runs=40), bumpy)
    one, two = (sensitivity(response, method=method, seed=0, **FEW) for _ in range(2))
    assert one.measures == two.measures
    assert one.inert == two.inert


@pytest.mark.parametrize("method", METHODS)
def test_names_and_equal_values_are_analysed_too(tmp_path, method):
    rng = np.random.default_rng(0)
    design = of_table(tmp_path, {"start": rng.choice(["fresh", "internal"], 200), "similarity": np.full(200, 0.5)})
    given = sensitivity(evaluated(design, lambda p: 1.0 * (p["start"] == "internal")), method=method, **FEW)
    assert [index.name for index in given.indices] == ["start", "similarity"]
    assert getattr(given.indices[0], method).low > given.inert


@pytest.mark.parametrize("method", METHODS)
def test_equal_weights_change_nothing_and_others_count(tmp_path, method):
    """With weights on the half where `similarity` does nothing, it has less of an effect than the other parameter."""
    rng = np.random.default_rng(1)
    draws = {"similarity": rng.random(400) * 0.9, "shielding": rng.random(400)}

    def gated(points):
        return np.where(points["shielding"] > 0.5, points["similarity"], points["shielding"])

    def of(weights, name):
        return sensitivity(evaluated(of_table(tmp_path, draws, weights, name), gated), method=method, **FEW)

    plain, equal = of(None, "plain.csv"), of([2.5] * 400, "equal.csv")
    assert plain.frame().equals(equal.frame())
    heavy = of(np.where(draws["shielding"] > 0.5, 0.02, 1.0), "heavy.csv")
    assert heavy.effective is not None
    assert heavy.points == round(heavy.effective)
    assert "because SALib takes no weights" in " ".join(str(heavy).split())
    assert heavy.indices[0].name == "shielding"
    before, after = (
        next(getattr(index, method).estimate for index in given.indices if index.name == "similarity")
        for given in (plain, heavy)
    )
    assert before > after + 0.05


@pytest.mark.parametrize(
    ("points", "sentence"),
    [
        (30, "30 points are too few for indices from given data: 40"),
        (60, "function is 0.5 at every point: there is no"),
    ],
)
def test_what_has_no_indices_is_refused(points, sentence):
    with pytest.raises(InputError) as refused:
        sensitivity(evaluated(study(THREE, "lhs", samples=points), lambda p: 0.5 + 0 * p["similarity"]), method="pawn")
    assert str(refused.value).startswith(sentence)


def test_too_few_effective_points_are_refused(tmp_path):
    design = of_table(tmp_path, {"similarity": np.linspace(0, 0.9, 100)}, [1e6] * 3 + [1] * 97)
    with pytest.raises(InputError, match=r"^100 points of an effective sample size of 3 are too few"):
        sensitivity(evaluated(design, lambda p: p["similarity"]), method="delta")


@pytest.mark.parametrize("method", METHODS)
def test_the_figure_has_a_bar_per_parameter(method):
    given = sensitivity(drawn(study(THREE, "lhs", samples=60, runs=20), bumpy), method=method, **FEW)
    (axes,) = given.figure().axes
    assert len(axes.patches) == len(THREE)
    assert given.frame()["measure"].unique().tolist() == [method]
