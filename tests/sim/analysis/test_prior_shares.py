"""The prior: draws, units, and shares of planted effects, also where points' own runs leave it open."""

import numpy as np
import pytest
from legible import faults
from planted import THREE, UNIT, differing, of_table, study

from feint.agents.errors import InputError
from feint.agents.model import Model
from feint.sim.analysis.claims import rises
from feint.sim.analysis.prior_shares import factors_at, in_units, prior_draws, prior_share, shares_of
from feint.sim.analysis.response_surface import counted, evaluated, points_of
from feint.sim.analysis.scenario_discovery import regions
from feint.sim.training.parameter_point import Point


def thirds(points):
    """+0.3 over one half, -0.3 over a third, nothing over a sixth."""
    x = points["similarity"]
    return np.where(x > 0.5, 0.3, np.where(x > 1 / 6, -0.3, 0.0))


EXACT = {"holds": 1 / 2, "reversed": 1 / 3, "neither": 1 / 6}


def test_a_function_is_classified_exactly():
    found = prior_share(evaluated(study(THREE, "sobol", samples=256), thirds))
    assert {name: kind.count for name, kind in found.kinds.items()} == {"holds": 128, "reversed": 85, "neither": 43}
    assert (found.points, found.unresolved, found.of_what) == (256, 0, "the ranges varied")
    for name, kind in found.kinds.items():
        assert kind.certain == kind.count == kind.possible
        assert kind.interval.low < EXACT[name] < kind.interval.high
        assert (kind.sampling.low, kind.sampling.high) == (kind.interval.low, kind.interval.high)


def test_an_effect_of_just_the_minimum_counts():
    effects = iter(np.array([0.02, -0.02, 0.019, -0.019, 0.0, 0.5, -0.5, 0.02]))
    found = prior_share(
        evaluated(study(THREE, "sobol", samples=8), lambda p: [next(effects) for _ in range(len(p))]), 0.02
    )
    assert {name: kind.count for name, kind in found.kinds.items()} == {"holds": 3, "reversed": 2, "neither": 3}


def test_points_that_their_own_runs_leave_open_are_counted_and_bound_the_share():
    """Of 100 runs, 30 against 1 is beyond luck; 3 against 3 is not, and may be either sign or nothing."""
    design = study(THREE, "sobol", samples=64, runs=100)
    gained = np.repeat([30, 3, 0, 0], 16)
    lost = np.repeat([1, 3, 30, 0], 16)
    found = prior_share(counted(design, points_of(design), gained, lost, runs=np.full(64, 100)), 0.03)
    told = {name: (kind.certain, kind.count, kind.possible) for name, kind in found.kinds.items()}
    assert told == {"holds": (16, 16, 48), "reversed": (16, 16, 48), "neither": (0, 32, 32)}
    assert found.unresolved == 32
    holds = found.kinds["holds"]
    assert holds.interval.low == holds.sampling.low
    assert holds.interval.high > 0.75 > holds.sampling.high


def test_figures_of_a_difference_are_legible():
    effects = differing(study(THREE, "sobol", samples=128, runs=60), lambda p: 0.5 * p["similarity"] * p["shielding"])
    for drawn in (prior_share(effects).figure(), regions(effects).figure()):
        assert faults(drawn) == ([], [])
        (axes,) = drawn.axes
        assert "pre-training + fine-tuning minus from scratch" in axes.get_title(loc="left") + axes.get_xlabel()


@pytest.mark.parametrize(("streams", "runs"), [("common", 60), ("independent", 60)])
def test_shares_of_planted_effects_are_covered(streams, runs):
    """Over scrambles of the sequence and draws of the runs."""
    held, alone = [], []
    for seed in range(100):
        design = study({"similarity": UNIT, "decoys": UNIT}, "sobol", samples=64, runs=runs, streams=streams, seed=seed)
        found = prior_share(differing(design, thirds, seed, base=0.05), 0.1)
        for name, exact in EXACT.items():
            kind = found.kinds[name]
            held.append(kind.interval.low <= exact <= kind.interval.high)
            alone.append(kind.sampling.low <= exact <= kind.sampling.high)
    assert np.mean(held) >= 0.97
    assert np.mean(alone) > 0.9


def test_shares_of_points_with_runs_of_their_own_are_narrow_and_covered():
    """An effect that crosses the limit slowly, of which limits from certain to possible points say little."""

    def effect(points):
        return 0.2 * (points["similarity"] - 0.5)

    held, width, hull = [], [], []
    for seed in range(60):
        facts = {"samples": 128, "runs": 100, "seed": seed, "streams": "independent"}
        kind = prior_share(differing(study({"similarity": UNIT, "decoys": UNIT}, "sobol", **facts), effect, seed), 0.04)
        holds = kind.kinds["holds"]
        held.append(holds.interval.low <= 0.3 <= holds.interval.high)
        width.append(holds.interval.high - holds.interval.low)
        hull.append((holds.possible - holds.certain) / 128)
    assert np.mean(held) >= 0.93
    assert np.mean(width) < 0.6 * np.mean(hull)


def test_doubts_widen_the_limits_of_the_points_alone_by_what_need_not_cancel():
    """Of 100 points 50 hold; ten of these are open with a doubt of 0.3, and ten others with one of 0.1."""
    kinds = ["holds"] * 50 + ["neither"] * 50
    possible = [frozenset({"holds"})] * 40 + [frozenset({"holds", "neither"})] * 20 + [frozenset({"neither"})] * 40
    doubts = np.array([0.0] * 40 + [0.3] * 10 + [0.1] * 10 + [0.0] * 40)
    holds = shares_of(kinds, possible, {"holds": doubts, "neither": doubts, "reversed": doubts})["holds"]
    alone = holds.sampling
    assert (holds.certain, holds.count, holds.possible) == (40, 50, 60)
    assert holds.interval.low == pytest.approx(0.5 - np.hypot(0.5 - alone.low, 2 / 3 * 0.03))
    assert holds.interval.high == pytest.approx(0.5 + np.hypot(alone.high - 0.5, 2 / 3 * 0.01))


def test_an_effect_that_crosses_the_limit_slowly_is_covered_though_luck_moves_all_points():
    """With common runs the limits of the points alone miss the share more often than not."""

    def effect(points):
        return 0.2 * (points["similarity"] - 0.5)

    held, alone = [], []
    for seed in range(60):
        design = study({"similarity": UNIT, "decoys": UNIT}, "sobol", samples=128, runs=100, seed=seed)
        kind = prior_share(differing(design, effect, seed), 0.04).kinds["holds"]
        held.append(kind.interval.low <= 0.3 <= kind.interval.high)
        alone.append(kind.sampling.low <= 0.3 <= kind.sampling.high)
    assert np.mean(held) >= 0.95
    assert np.mean(alone) < 0.5


def test_of_the_prior_is_said_of_the_prior():
    vary = {"similarity": "prior", "decoys": "prior"}
    for design in ("prior", "sobol", "lhs"):
        found = prior_share(evaluated(study(vary, design, samples=16), lambda p: p["similarity"]))
        assert found.of_what == "the prior"


@pytest.mark.parametrize(
    ("design", "facts", "least", "sentence"),
    [
        ("grid", {}, 0.02, "design = 'grid' is no sample of points: a share needs one of prior, sobol, lhs, table."),
        ("saltelli", {"samples": 8}, 0.02, "design = 'saltelli' is no sample of points"),
        ("sobol", {"samples": 8}, 0, "least = 0 is not valid: it must be a number above 0."),
        ("sobol", {"samples": 8}, float("nan"), "least = nan is not valid"),
    ],
)
def test_what_cannot_be_told_is_refused(design, facts, least, sentence):
    with pytest.raises(InputError) as caught:
        prior_share(evaluated(study(THREE, design, **facts), lambda p: p["similarity"]), least)
    assert str(caught.value).startswith(sentence)


def test_draws_are_of_the_whole_prior_and_valid():
    draws = prior_draws(Point(), 16, seed=1)
    names = {factor.name for factor in factors_at(Point())}
    assert len(draws) == 16
    assert all(set(draw) == names for draw in draws)
    assert {"similarity", "pretraining.coverage", "finetuning.honeypots"} <= names
    for draw in draws:
        Point().at(draw)
        assert 0 <= draw["similarity"] <= 0.95


def test_draws_depend_on_the_seed_alone():
    assert prior_draws(Point(), 8, seed=1) == prior_draws(Point(model=Model(similarity=0.9)), 8, seed=1)
    assert prior_draws(Point(), 8, seed=1) != prior_draws(Point(), 8, seed=2)


def test_draws_come_in_powers_of_two():
    with pytest.raises(InputError, match="samples = 12"):
        prior_draws(Point(), 12, seed=1)


def test_units_go_from_one_end_of_the_prior_to_the_other():
    for factor in factors_at(Point()):
        assert in_units(factor, factor.low) == 0
        assert in_units(factor, factor.high) == pytest.approx(1)
        assert in_units(factor, factor.at(0.3)) == pytest.approx(0.3, abs=1e-3 if factor.whole else 1e-9)
        if factor.log:
            assert in_units(factor, 0.0) == 0


def test_shares_take_the_luck_of_runs_into_account():
    ends = [(0.1, 0.3), (0.0, 0.06), (-0.01, 0.01), (-0.3, -0.1)]
    kinds = [rises().kind((low + high) / 2) for low, high in ends]
    found = shares_of(kinds, [rises().possible(*each) for each in ends])
    told = {kind: (share.count, share.certain, share.possible) for kind, share in found.items()}
    assert told == {"holds": (2, 1, 2), "reversed": (1, 1, 1), "neither": (1, 1, 2)}
    assert all(share.interval.low <= share.sampling.estimate <= share.interval.high for share in found.values())
    assert sum(share.sampling.estimate for share in found.values()) == pytest.approx(1)


def test_several_similarities_stay_as_they_are():
    names = {factor.name for factor in factors_at(Point(model=Model(similarity=(0.5,))))}
    assert "similarity" not in names
    assert "similarity_decay" in names


def test_a_table_of_draws_from_the_prior_has_the_priors_shares(tmp_path):
    """With equal weights or none, and also with the same draws heavier and more seldom."""
    vary = {"similarity": "prior", "decoys": "prior"}
    prior = study(vary, "prior", samples=128, runs=50)
    draws = {str(name): column for name, column in points_of(prior).items()}
    whole = prior_share(differing(prior, thirds))
    for weights, name in ((None, "plain.csv"), ([0.5] * 128, "equal.csv")):
        table = prior_share(differing(of_table(tmp_path, draws, weights, name, runs=50), thirds))
        assert table.kinds == whole.kinds
        assert (table.of_what, table.effective) == ("the table", None)
    rare = np.where(draws["similarity"] > 0.5, 4.0, 1.0) * np.random.default_rng(0).uniform(0.5, 1.5, 128)
    rows = np.random.default_rng(1).choice(128, 4096, p=1 / rare / (1 / rare).sum())
    again = {name: column.to_numpy()[rows] for name, column in draws.items()}
    weighted = prior_share(evaluated(of_table(tmp_path, again, rare[rows], "rare.csv"), thirds))
    exact = prior_share(evaluated(prior, thirds))
    for kind, share in weighted.kinds.items():
        assert share.sampling.estimate == pytest.approx(exact.kinds[kind].sampling.estimate, abs=0.03)
    assert weighted.effective is not None
    assert weighted.effective < 4096
    assert f"4,096 points by weight (effective sample size {weighted.effective:.1f})" in " ".join(str(weighted).split())
    assert weighted.holds.interval.method.endswith("unresolved points either way; the effective sample size")
