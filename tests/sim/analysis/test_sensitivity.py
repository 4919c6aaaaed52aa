"""Sensitivity: published answers, what does nothing, the luck of the runs, and what is refused."""

import numpy as np
import pytest
from planted import SHORT, THREE, UNIT, drawn, study
from SALib.analyze import sobol as salib

from feint.agents.errors import InputError
from feint.sim.analysis.response_surface import evaluated, response
from feint.sim.analysis.sensitivity import sensitivity
from feint.sim.sweeps.experimental_designs import problem
from feint.sim.sweeps.sweep import sweep

CIRCLE = {"low": -np.pi, "high": np.pi}
ANGLES = {"gate_init": CIRCLE, "awareness_init": CIRCLE, "horizon_init": CIRCLE}
FIRST, TOTAL = (0.3139, 0.4424, 0.0), (0.5576, 0.4424, 0.2437)
"""Of Ishigami's function with a = 7, b = 0.1: Ishigami and Homma (1990), doi:10.1109/ISUMA.1990.151285."""


def ishigami(x, y, z):
    return np.sin(x) + 7 * np.sin(y) ** 2 + 0.1 * z**4 * np.sin(x)


def of_angles(points):
    return ishigami(*(points[name] for name in ANGLES))


def holds(interval, value):
    return interval.low <= value <= interval.high


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_ishigamis_indices_lie_within_their_intervals(seed):
    found = sensitivity(evaluated(study(ANGLES, "saltelli", samples=1024, seed=seed), of_angles), seed=seed)
    for measure, published in (("first", FIRST), ("total", TOTAL)):
        for name, value in zip(ANGLES, published, strict=True):
            index = found.measures[measure][name]
            assert holds(index, value)
            assert index.estimate == pytest.approx(value, abs=0.03)
            assert index.high - index.low < 0.3
    assert found.variance == pytest.approx(13.845, rel=0.02)
    assert [index.name for index in found.indices] == ["gate_init", "awareness_init", "horizon_init"]


def test_without_errors_the_indices_are_salibs():
    design = study(ANGLES, "saltelli", samples=64)
    function = evaluated(design, of_angles)
    found, told = sensitivity(function), salib.analyze(problem(design), function.value, calc_second_order=False, seed=1)
    for measure, theirs in (("first", "S1"), ("total", "ST")):
        ours = found.measures[measure].values()
        assert [each.estimate for each in ours] == pytest.approx(told[theirs], rel=1e-12)
        half = [(each.high - each.low) / 2 for each in ours]
        assert half == pytest.approx(told[f"{theirs}_conf"], rel=0.25)


def test_a_study_that_moves_by_argument_has_the_indices_of_arguments():
    """Ishigami's first and third angle together: S = 0.3139 + 0 + 0.2437 for what they do only together."""
    turned = {"low": 0.0, "high": 2 * np.pi, "log": False}
    design = study({**ANGLES, "plasticity_gate": turned}, "saltelli", samples=1024)

    def function(points):
        return ishigami(points["gate_init"], points["awareness_init"], points["plasticity_gate"] - np.pi)

    singly = sensitivity(evaluated(design, function))
    summed = singly.measures["first_summed"]
    assert list(summed) == ["nearness to deception", "situational awareness", "horizon"]
    assert holds(summed["nearness to deception"], 0.3139)
    facts = {"samples": 1024, "by_group": True}
    grouped = sensitivity(evaluated(study(design.vary, "saltelli", **facts), function))
    assert "first_summed" not in grouped.measures
    for measure in ("first", "total"):
        found = grouped.measures[measure]
        assert found["nearness to deception"].estimate == pytest.approx(0.5576, abs=0.03)
        assert found["situational awareness"].estimate == pytest.approx(0.4424, abs=0.03)


def bumpy(points):
    """A chance that two of THREE move, one of them by a step."""
    return 0.2 + 0.3 * points["similarity"] * points["shielding"] + 0.2 * (points["shielding"] > 0.6)


def test_with_common_streams_what_does_not_act_has_index_0_exactly():
    found = sensitivity(drawn(study(THREE, "saltelli", samples=64, runs=20), bumpy))
    for measure in ("first", "total"):
        index = found.measures[measure]["goal_cost"]
        assert (index.low, index.estimate, index.high) == (0, 0, 0)
    assert not found.subtracted
    assert found.monte_carlo_variance > 0


def test_with_independent_streams_monte_carlo_variance_is_taken_out():
    """Over many studies: indices without bias, and intervals of what is inert that hold 0 about as often as stated."""
    estimates, inside = [], []
    for seed in range(60):
        design = study(THREE, "saltelli", samples=64, runs=20, streams="independent", seed=seed)
        found = sensitivity(drawn(design, bumpy, seed), resamples=200)
        assert found.subtracted
        estimates.append(
            [index.estimate for measure in ("first", "total") for index in found.measures[measure].values()]
        )
        inside.append([holds(found.measures[measure]["goal_cost"], 0) for measure in ("first", "total")])
    exact = (0.0885, 0.8813, 0, 0.1187, 0.9115, 0)
    assert np.mean(estimates, axis=0) == pytest.approx(exact, abs=0.05)
    assert np.mean(inside) > 0.88
    plain = sensitivity(drawn(study(THREE, "saltelli", samples=64, runs=20, streams="independent"), bumpy))
    noise = plain.monte_carlo_variance
    assert noise / (noise + plain.variance) > 0.2  # what would be charged to parameters otherwise


@pytest.mark.parametrize("streams", ["common", "independent"])
@pytest.mark.parametrize("of", ["from_scratch", "pretrain_finetune"])
def test_an_inert_parameter_of_a_real_sweep_has_an_interval_that_holds_0(inert, streams, of):
    found = sensitivity(response(inert[streams], of, "unconverged"))
    for measure in ("first", "total"):
        index = found.measures[measure]["finetuning.horizon_exposure"]
        assert holds(index, 0)
        assert (index.low == index.high == 0) == (streams == "common")
    assert found.measures["total"]["train_tolerance"].low > 0.3


@pytest.fixture(scope="module")
def inert(tmp_path_factory):
    """Exposure to a horizon does nothing where the horizon is not plastic."""
    vary = {"finetuning.horizon_exposure": "prior", "train_tolerance": {"low": 0.2, "high": 1.4}}
    base = study(vary, "saltelli", samples=16, runs=40)
    model = base.model.replace(plasticity_horizon=0.0)
    folder = tmp_path_factory.mktemp("inert")
    return {
        streams: sweep(study(vary, "saltelli", samples=16, runs=40, model=model, streams=streams), folder / streams)
        for streams in ("common", "independent")
    }


def test_where_points_differ_by_luck_alone_there_are_no_indices():
    design = study(THREE, "saltelli", samples=64, runs=20, streams="independent")
    with pytest.raises(InputError, match=r"by no more than sampling error .* more runs, or use streams = 'common'\.$"):
        sensitivity(drawn(design, lambda p: 0.3 + 0 * p["similarity"]))


def test_without_variance_it_says_so_and_divides_by_nothing():
    with pytest.raises(
        InputError, match=r"^deception, from scratch is 0 at every point: there is no variance to divide\.$"
    ):
        sensitivity(drawn(study(THREE, "saltelli", samples=8, runs=20), lambda p: 0 * p["similarity"]))
    still = sensitivity(drawn(study(THREE, "morris", samples=4, runs=20), lambda p: 0 * p["similarity"]))
    assert {index.high for index in still.measures["effect"].values()} == {0}


def test_single_runs_are_refused_where_their_variance_is_needed():
    design = study(THREE, "saltelli", samples=8, runs=1, streams="independent")
    with pytest.raises(InputError, match=r"^runs = 1 leaves the Monte Carlo variance unknown"):
        sensitivity(drawn(design, bumpy))


def linear(points):
    return 2 * points["similarity"] - 3 * points["decoys"] + np.log(points["plasticity_goal"])


LINEAR = {"similarity": UNIT, "decoys": {"low": 0.0, "high": 2.0}, "plasticity_goal": "prior", "goal_cost": UNIT}


def test_elementary_effects_of_a_linear_function_are_its_slopes_over_the_ranges():
    found = sensitivity(evaluated(study(LINEAR, "morris", samples=6), linear))
    slopes = {"similarity": 2, "decoys": -6, "plasticity_goal": np.log(400), "goal_cost": 0}
    assert {index.name: index.mean_effect for index in found.indices} == pytest.approx(slopes)
    spreads = {index.name: index.spread for index in found.indices}
    for name, slope in slopes.items():
        assert found.measures["effect"][name].estimate == pytest.approx(abs(slope))
        assert found.measures["effect"][name].high == pytest.approx(abs(slope))
        assert spreads[name] == pytest.approx(0, abs=1e-9)
    assert [index.name for index in found.indices] == ["decoys", "plasticity_goal", "similarity", "goal_cost"]


def test_elementary_effects_by_argument():
    vary = {**LINEAR, "plasticity_pointer": "prior"}
    found = sensitivity(evaluated(study(vary, "morris", samples=6, by_group=True), linear))
    effects = {name: index.estimate for name, index in found.measures["effect"].items()}
    assert effects == pytest.approx(
        {"distance between losses": 2, "pointers": 6, "written goals": np.log(400), "simplicity prior": 0}
    )
    assert {index.mean_effect for index in found.indices} == {None}
    told = " ".join(str(found).split())
    assert "the effect of an argument is that of all its parameters at once, each up or down, which has no sign" in told
    (axes,) = found.figure().axes
    assert " ".join(axes.get_xlabel().split()) == "change over the whole ranges, all parameters at once"
    alone = sensitivity(evaluated(study(vary, "morris", samples=6), linear))
    assert "all its parameters" not in str(alone)
    assert alone.figure().axes[0].get_xlabel() == "change over the whole range"


def test_the_effect_of_an_argument_is_that_of_its_parameters_moved_together():
    """Two parameters of one argument, each up or down: half of the steps are of both, half of neither."""
    vary = {name: {"low": 0.0, "high": 1.0} for name in ("pretraining.honeypots", "finetuning.honeypots")}
    found = sensitivity(
        evaluated(
            study(vary, "morris", samples=400, by_group=True),
            lambda points: points["pretraining.honeypots"] + points["finetuning.honeypots"],
        )
    )
    ((name, effect),) = found.measures["effect"].items()
    assert name == "honeypots"
    assert effect.low < 1 < effect.high  # the mean of 2 and 0


def test_with_common_streams_elementary_effects_of_what_does_not_act_are_0_and_with_independent_ones_refused():
    found = sensitivity(drawn(study(THREE, "morris", samples=10, runs=20), bumpy))
    assert found.measures["effect"]["goal_cost"].high == 0
    assert found.measures["effect"]["shielding"].low > 0
    with pytest.raises(InputError, match=r"sampling error into elementary effects: Morris's design needs 'common'\.$"):
        sensitivity(drawn(study(THREE, "morris", samples=10, runs=20, streams="independent"), bumpy))


@pytest.mark.parametrize("design", ["saltelli", "morris"])
def test_the_same_seed_gives_the_same_intervals_and_another_seed_others(design):
    """Also seed 0, which SALib takes for none."""
    given = drawn(study(THREE, design, samples=16, runs=20), bumpy)
    first, again, other = (sensitivity(given, seed=seed).frame() for seed in (0, 0, 1))
    assert first.equals(again)
    assert first["estimate"].equals(other["estimate"])
    assert not first["low"].equals(other["low"])


@pytest.mark.parametrize(
    ("design", "facts", "sentence"),
    [
        ("lhs", {"samples": 8}, "design = 'lhs' has no sensitivity indices: Sobol indices need design = 'saltelli', "),
        ("grid", {}, "design = 'grid' has no sensitivity indices"),
        ("saltelli", {"samples": 4}, "samples = 4 is too few for an interval: it must be at least 8."),
        ("morris", {"samples": 2}, "samples = 2 is too few for an interval: it must be at least 4."),
    ],
)
def test_a_study_that_cannot_have_them_is_refused(design, facts, sentence):
    with pytest.raises(InputError) as caught:
        sensitivity(drawn(study(THREE, design, runs=20, **facts), bumpy))
    assert str(caught.value).startswith(sentence)


@pytest.mark.parametrize("asked", [{"resamples": 1}, {"confidence": 1.0}])
def test_wrong_numbers_are_refused(asked):
    with pytest.raises(InputError, match=r"is not valid"):
        sensitivity(drawn(study(THREE, "saltelli", samples=8, runs=20), bumpy), **asked)


@pytest.mark.parametrize("design", ["saltelli", "morris"])
def test_the_figure_has_a_bar_a_measure_and_parameter(design):
    found = sensitivity(drawn(study(THREE, design, samples=16, runs=20), bumpy))
    (axes,) = found.figure().axes
    bars = 2 if design == "saltelli" else 1
    assert len(axes.patches) == bars * len(THREE)
    assert [label.get_text() for label in axes.get_yticklabels()] == [index.name for index in found.indices]


def test_short_stages_are_short():
    assert [stage.steps for stage in SHORT] == [60, 80]


def test_methods_of_given_data_are_named_where_a_design_has_no_indices():
    with pytest.raises(InputError, match=r"method = 'delta' and 'pawn' \(--method\) take any\.$"):
        sensitivity(drawn(study(THREE, "lhs", samples=50, runs=20), bumpy))
    with pytest.raises(InputError, match=r"^method 'dleta' is not known: did you mean 'delta'\?$"):
        sensitivity(drawn(study(THREE, "lhs", samples=50, runs=20), bumpy), method="dleta")
