"""Claims over a table of weighted draws: beside the prior in words, document and figure, and equal where it must be."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from feint.agents.errors import InputError
from feint.agents.outcome import Outcome
from feint.scenarios.argument.argue import QUICK, ArgueRequest
from feint.scenarios.argument.crux import CruxRequest
from feint.scenarios.argument.evaluate_claim import over_prior
from feint.scenarios.argument.over_draws import OverTable
from feint.scenarios.argument.worldviews import WorldviewsRequest
from feint.scenarios.claims.registry import select_claims
from feint.sim.analysis.prior_shares import prior_draws
from feint.sim.ensembles.paired_runs import run_paired
from feint.sim.ensembles.protocols import pretrained, scratch
from feint.sim.sweeps.weighted_draws import WeightedDraws
from feint.sim.training.parameter_point import Point

TINY = replace(QUICK, runs=60, draws=8, draw_runs=20, draw_most=40, searches=0, shown=False)
NAMES = ("headline", "relearning")


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    """Tables of draws: the prior's own, some parameters with weights, and the same with equal ones."""
    folder = tmp_path_factory.mktemp("tables")
    rng = np.random.default_rng(0)
    few = pd.DataFrame({"similarity": 0.9 * rng.random(6), "decoys": 4 * rng.random(6)})
    written = {
        "prior": pd.DataFrame(prior_draws(Point(), 8, 3)),
        "few": few,
        "equal": few.assign(weight=2.0),
        "weighted": few.assign(weight=[1, 2, 3, 4, 5, 6]),
    }
    for name, table in written.items():
        table.to_csv(folder / f"{name}.csv", index=False)
    return {name: folder / f"{name}.csv" for name in written}


def argue(path, **fields):
    return ArgueRequest(**{"claim": NAMES, "size": TINY, "seed": 3, "over": path} | fields).run()


@pytest.fixture(scope="module")
def weighted(tables):
    return argue(tables["weighted"])


def test_a_table_of_draws_from_the_prior_has_the_priors_shares(tables):
    """The draws are the same ones, and each has runs of the same numbers."""
    argued = argue(tables["prior"])
    for result in argued.claims:
        assert result.over == result.prior
    assert "it has every parameter that has a prior" in " ".join(argued.text().split())


def test_equal_weights_are_none(tables):
    claims = select_claims(["headline"])
    one, other = (
        over_prior(claims, over=WeightedDraws.of(tables[name]), runs=20, shown=False) for name in ("few", "equal")
    )
    assert one.weights is other.weights is None
    assert one.shares(claims[0]) == other.shares(claims[0])


def test_the_prior_and_the_table_stand_side_by_side(weighted):
    document, text = json.loads(weighted.json()), weighted.text()
    over = document["over"]
    assert (over["file"], over["draws"], over["evaluated"]) == ("weighted.csv", 6, 6)
    assert over["effective"] == pytest.approx(21**2 / 91)
    assert (over["parameters"], over["rest"]) == (["similarity", "decoys"], "prior")
    for result, in_document in zip(weighted.claims, document["claims"], strict=True):
        assert sum(share["estimate"] for share in in_document["over"].values()) == pytest.approx(1)
        of_prior, of_table = (f"{of['holds']} {of['reversed']}" for of in (result.prior, result.over))
        assert f"{result.name} prior {of_prior} table {of_table}" in " ".join(text.split())
    assert "weighted.csv: 6 draws of 2 parameters (effective sample size 4.8); " in " ".join(text.split())
    assert weighted.frame()["over_holds"].tolist() == [result.over["holds"].estimate for result in weighted.claims]


def test_verdicts_and_the_prior_are_those_without_a_table(weighted):
    alone = argue(None)
    assert alone.over is None
    for one, other in zip(alone.claims, weighted.claims, strict=True):
        assert (one.verdict, one.prior, one.effect, one.over) == (other.verdict, other.prior, other.effect, None)
    assert [panel.get_title() for panel in alone.figure().axes] == ["over the prior", "effect over the prior"]


def test_the_figure_has_a_panel_for_each(weighted):
    *axes, effects = weighted.figure().axes
    assert [panel.get_title() for panel in axes] == ["over the prior", "over weighted.csv"]
    assert effects.get_title() == "effect over the prior"
    for panel in axes:
        assert len(panel.patches) == 3 * len(NAMES)
    assert [label.get_text().split()[1] for label in axes[0].get_yticklabels()] == list(NAMES)


def test_what_a_table_lacks_keeps_the_values_of_the_point_if_asked(tables):
    request = ArgueRequest(over=tables["weighted"], rest="point")
    assert list(request.evaluated(8, 0).values.columns) == ["similarity", "decoys"]
    facts = OverTable.of(request.table, request.evaluated(8, 0), "point", Point())
    assert facts.text().endswith("other parameters that have a prior keep the point's values.")
    assert len(ArgueRequest(over=tables["weighted"]).evaluated(8, 0).values.columns) > 20


def test_the_passport_knows_the_table_by_its_content(tables, tmp_path):
    path = tmp_path / "draws.csv"
    path.write_bytes(tables["weighted"].read_bytes())
    request = ArgueRequest(claim=("headline",), over=path)
    configuration = request.configuration()
    assert configuration["over"] == {"path": str(path), "digest": request.table.digest}
    assert ArgueRequest.from_configuration(configuration).over == path
    path.write_bytes(tables["few"].read_bytes())
    with pytest.raises(InputError, match=r"holds another table \(\w+\): this result is of one with the digest \w+\.$"):
        ArgueRequest.from_configuration(configuration)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"rest": "point"}, "rest = 'point' needs a table of draws: give --over FILE with it."),
        ({"over": "weighted", "rest": "piror"}, "rest 'piror' is not known: did you mean 'prior'?"),
        ({"over": "none.csv"}, "over = 'none.csv' cannot be read: "),
    ],
)
def test_wrong_input_is_refused(tables, fields, sentence):
    given = {name: tables.get(value, value) if name == "over" else value for name, value in fields.items()}
    with pytest.raises(InputError) as refused:
        ArgueRequest(**given)
    assert str(refused.value).startswith(sentence)


def test_world_views_have_a_column_of_the_table(tables):
    asked = {"view": ("xu-2021",), "claim": ("headline",), "runs": 20, "seed": 3}
    matrix = WorldviewsRequest(**asked, over=tables["weighted"], draws=4).run()
    alone = WorldviewsRequest(**asked).run()
    assert alone.over is alone.over_claims is None
    assert matrix["xu-2021", "headline"].intervals == alone["xu-2021", "headline"].intervals
    assert matrix.over is not None
    assert matrix.over_claims is not None
    (over,) = matrix.over_claims
    assert over.holds.estimate + over.reversed.estimate + over.neither.estimate == pytest.approx(1)
    assert matrix.over.evaluated <= 4
    assert json.loads(matrix.json())["over_claims"][0]["holds"]["estimate"] == over.holds.estimate
    assert f"headline  {over.holds}" in matrix.text()
    (axes,) = matrix.figure().axes
    assert [label.get_text().replace("\n", " ") for label in axes.get_xticklabels()][-1] == "over weighted"


def test_a_crux_over_a_table_is_the_mean_over_its_draws(tables):
    """Four draws in effect, each with five runs of its own; the whole is what the corners of all and none differ by."""
    lattice = CruxRequest(over=tables["weighted"], rest="point", runs=26, seed=3).run()
    assert lattice.over is not None
    assert (lattice.over.evaluated, lattice.runs) == (5, 25)
    draws = CruxRequest(over=tables["weighted"], rest="point").sampled(128, 3)[1]
    assert draws.unequal is None
    worths = []
    for i, row in enumerate(draws.rows):
        ended = run_paired(Point().at(row), (pretrained(), scratch()), range(5 * i, 5 * i + 5), seed=3)
        worths.append([(of.outcome == Outcome.DECEPTIVE).mean() for of in ended.values()])
    after, before = np.mean(worths, axis=0)
    assert lattice.whole.estimate == pytest.approx(after - before)
    assert lattice.corners[-1].value.estimate == pytest.approx(after)
    assert sum(share.share.estimate for share in lattice.shares) == pytest.approx(after - before)
    text = " ".join(lattice.text().split())
    assert "Means over draws of weighted.csv: 6 draws of 2 parameters (effective sample size 4.8), of which 5, " in text
    assert lattice.figure().axes
    with pytest.raises(InputError, match=r"^among = 'converged' has no mean over draws"):
        CruxRequest(over=tables["weighted"], among="converged")


def test_a_crux_of_premises_over_a_table(tables):
    asked = {"premises": True, "premise": ("decoys", "speed prior"), "runs": 10, "seed": 3}
    lattice = CruxRequest(**asked, over=tables["few"], rest="point").run()
    assert (lattice.runs, len(lattice.corners)) == (6, 4)
    assert all(-1 <= corner.value.estimate <= 1 for corner in lattice.corners)
