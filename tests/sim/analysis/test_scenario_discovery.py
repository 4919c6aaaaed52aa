"""Regions: planted boxes are found and said in words, their intervals hold, and luck makes none."""

import numpy as np
import pytest
from planted import THREE, UNIT, differing, drawn, of_table, study

from feint.agents.errors import InputError
from feint.sim.analysis.response_surface import evaluated
from feint.sim.analysis.scenario_discovery import Condition, digits_for, mean_over, regions

VARY = {"decoys": "prior", "plasticity_gate": "prior", "similarity": "prior"}


def boxed(points):
    """High where there are many decoys and the gate is plastic."""
    inside = (points["decoys"] > 3.1) & (points["plasticity_gate"] > 4.2)
    return np.where(inside, 0.83, 0.1)


@pytest.mark.parametrize("streams", ["common", "independent"])
def test_a_planted_box_is_found_and_said_in_words(streams):
    design = study(VARY, "sobol", samples=1024, runs=400, streams=streams)
    found = regions(drawn(design, boxed))
    first, *others = found.regions
    limits = {condition.name: condition for condition in first.conditions}
    assert set(limits) == {"decoys", "plasticity_gate"}
    assert limits["decoys"].above == pytest.approx(3.1, abs=0.1)
    assert limits["plasticity_gate"].above == pytest.approx(4.2, rel=0.15)
    assert limits["decoys"].below is limits["plasticity_gate"].below is None
    assert first.share == pytest.approx(0.38 * 0.339, abs=0.04)
    assert first.mean.low < 0.83 < first.mean.high
    assert all(each.mean.high < 0.3 for each in others)
    assert sum(each.points for each in found.regions) == found.held_out == 512
    assert found.explained is not None
    assert found.explained > 0.8
    sentence = found.sentences()[0]
    assert sentence.startswith(("decoys above 3.", "plasticity_gate above 4."))
    assert sentence.endswith(f"in {100 * first.share:.0f} % of the points")
    assert ": deception 0.8" in sentence


def test_a_difference_is_told_with_its_sign():
    def effect(points):
        return np.where(points["similarity"] > 0.5, -0.2, 0.3)

    found = regions(differing(study(VARY, "sobol", samples=256, runs=200), effect))
    above, below = found.sentences()
    assert above.startswith("similarity below 0.5")
    assert ": deception +0.3" in above or ": deception +0.2" in above
    assert ": deception -0." in below


def test_a_box_with_two_limits_on_one_parameter():
    def between(points):
        return np.where((points["decoys"] > 1) & (points["decoys"] < 3), 0.9, 0.1)

    found = regions(evaluated(study(VARY, "sobol", samples=512), between))
    assert found.regions[0].where.startswith("decoys between ")
    assert len(found.regions) == 3


def test_limits_are_written_with_as_many_digits_as_tell_them_apart():
    """Of one condition, and of all conditions of a rule on the parameter: never "between 2e+04 and 2e+04"."""
    assert Condition("a", above=20001.0, below=20049.0).text == "a between 20000 and 20050"
    assert digits_for([1.0, np.nextafter(1.0, 2.0)]) == 17
    steps = {"finetuning.steps": {"low": 20000, "high": 20100, "levels": 101}}

    def steep(points):
        return np.select([points["finetuning.steps"] <= at for at in (20030, 20040, 20070)], [0.1, 0.9, 0.3], 0.6)

    told = [region.where for region in regions(evaluated(study(steps, "grid"), steep)).regions]
    assert len({*told}) == len(told) == 4
    limits = sorted({float(word) for where in told for word in where.split() if word[0].isdigit()})
    assert limits == pytest.approx([20030.5, 20040.5, 20070.5], abs=1)


def test_no_region_is_one_of_seeds():
    design = study({"seed": [*range(8)], "decoys": {"low": 0.0, "high": 5.0, "levels": 20}}, "grid")
    found = regions(evaluated(design, lambda points: 0.3 * (points["seed"] > 3) + 0.4 * (points["decoys"] > 2)))
    assert {region.where.split()[0] for region in found.regions} == {"decoys"}


def test_values_that_are_no_numbers_are_named():
    vary = {"start": ["fresh", "internal", "deceptive"], "finetuning.carry": [[], ["goal"], ["gate", "world"]]}
    design = study({**vary, "decoys": {"low": 0.0, "high": 5.0, "levels": 20}}, "grid")

    def function(points):
        return 0.6 * (points["finetuning.carry"] == "gate+world") + 0.2 * (points["start"] != "fresh")

    found = [each.where for each in regions(evaluated(design, function)).regions]
    assert found[0].startswith("finetuning.carry is gate+world")
    assert any("finetuning.carry is nothing or goal" in where for where in found)
    assert any("start is fresh" in where for where in found)


@pytest.mark.parametrize("seed", range(5))
def test_luck_alone_makes_no_region(seed):
    design = study(THREE, "sobol", samples=256, runs=50, streams="independent", seed=seed)
    (region,) = regions(drawn(design, lambda p: 0.3 + 0 * p["similarity"], seed), seed=seed).regions
    assert region.where == "everywhere"
    assert region.share == 1
    assert region.mean.low < 0.3 < region.mean.high


def test_without_variance_there_is_one_region_and_never_a_bare_0():
    found = regions(drawn(study(THREE, "sobol", samples=64, runs=50), lambda p: 0 * p["similarity"]))
    (region,) = found.regions
    assert found.explained is None
    assert region.mean.low == region.mean.estimate == 0
    assert 0.03 < region.mean.high < 0.1  # of 50 runs that all points share


@pytest.mark.parametrize("streams", ["common", "independent"])
def test_the_interval_of_a_mean_over_points_holds_it_as_often_as_stated(streams):
    """Common runs are lucky or not at all points together, which an interval over points alone would not see."""

    def chance(points):
        return 0.2 + 0.1 * points["similarity"]

    held, narrow = [], []
    for seed in range(150):
        design = study({"similarity": UNIT}, "lhs", samples=100, runs=60, streams=streams, seed=seed)
        given = drawn(design, chance, seed)
        mean = mean_over(given, np.arange(100))
        held.append(mean.low <= 0.25 <= mean.high)
        narrow.append(abs(given.value.mean() - 0.25) < 1.98 * given.value.std(ddof=1) / 10)
    assert np.mean(held) >= 0.93
    assert (np.mean(narrow) < 0.8) == (streams == "common")


def test_a_region_that_no_held_out_point_is_in_may_have_any_mean():
    given = drawn(study(THREE, "sobol", samples=64, runs=50), lambda p: 0 * p["similarity"])
    for rows in (np.array([], int), np.array([3])):
        mean = mean_over(given, rows)
        assert (mean.low, mean.high) == (0, 1)


def test_the_same_seed_gives_the_same_regions():
    given = drawn(study(VARY, "sobol", samples=256, runs=100), boxed)
    assert regions(given, seed=3).sentences() == regions(given, seed=3).sentences()


def test_points_of_a_file_have_regions_too(tmp_path):
    """Its factors are read from its columns."""
    rows = "\n".join(f"{i / 100},{'fresh' if i % 2 else 'internal'}" for i in range(90))
    (tmp_path / "points.csv").write_text(f"similarity,start\n{rows}\n")
    design = study({}, "table", table=str(tmp_path / "points.csv"))
    found = regions(evaluated(design, lambda p: np.where(p["start"] == "fresh", 0.9, 0.1)))
    assert [each.where for each in found.regions] == ["start is fresh", "start is internal"]


@pytest.mark.parametrize(
    ("design", "facts", "sentence"),
    [
        (
            "saltelli",
            {"samples": 16},
            "design = 'saltelli' has no points that represent the space: regions need",
        ),
        ("one-at-a-time", {}, "design = 'one-at-a-time' has no points that represent the space"),
        ("lhs", {"samples": 39}, "39 points are too few: one half finds regions and the other judges them, so 40"),
    ],
)
def test_a_study_that_cannot_have_them_is_refused(design, facts, sentence):
    with pytest.raises(InputError) as caught:
        regions(drawn(study(THREE, design, runs=20, **facts), lambda p: 0 * p["similarity"]))
    assert str(caught.value).startswith(sentence)


@pytest.mark.parametrize(
    ("condition", "text"),
    [
        (Condition("a", above=2.0), "a above 2"),
        (Condition("a", below=0.12345), "a below 0.123"),
        (Condition("a", above=1.0, below=3.0), "a between 1 and 3"),
        (Condition("a", among=("x", "y")), "a is x or y"),
    ],
)
def test_conditions_in_words(condition, text):
    assert condition.text == text


def test_weights_of_a_table_count_in_regions_and_equal_ones_change_nothing(tmp_path):
    rng = np.random.default_rng(0)
    draws = {"decoys": rng.random(600) * 5, "similarity": rng.random(600) * 0.9}

    def of(weights, name):
        return regions(evaluated(of_table(tmp_path, draws, weights, name), lambda p: 0.8 * (p["decoys"] > 3) + 0.1))

    plain, equal = of(None, "plain.csv"), of([3.0] * 600, "equal.csv")
    assert plain.sentences() == equal.sentences()
    assert (plain.regions, plain.effective) == (equal.regions, None)
    heavy = of(np.where(draws["decoys"] > 3, 1.0, 4.0), "heavy.csv")
    high = heavy.regions[0]
    assert high.conditions[0].above == pytest.approx(3, abs=0.1)
    assert high.mean.estimate == pytest.approx(0.9)
    assert high.share == pytest.approx(0.4 / (0.4 + 4 * 0.6), abs=0.04)
    assert sum(region.share for region in heavy.regions) == pytest.approx(1)
    assert heavy.effective is not None
    assert 100 < heavy.effective < heavy.held_out == 300


@pytest.mark.parametrize("streams", ["common", "independent"])
def test_weighted_means_over_points_are_covered(tmp_path, streams):
    """Of chances that rise with the parameter, over draws that are weighted towards its upper end."""
    held = []
    for seed in range(100):
        x = np.random.default_rng(seed).random(100)
        design = of_table(tmp_path, {"similarity": x}, 0.5 + x, runs=60, streams=streams)
        given = drawn(design, lambda p: 0.5 * p["similarity"], seed)
        mean = mean_over(given, np.arange(100))
        held.append(mean.low <= 0.5 * (1 / 4 + 1 / 3) <= mean.high)
    assert np.mean(held) >= 0.92
