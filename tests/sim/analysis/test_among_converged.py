"""Analyses of frequencies among converged runs: hand-made counts, points without such runs, and planted answers."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from planted import SHORT, THREE, UNIT, study

from feint.agents.errors import InputError
from feint.agents.outcome import LABELS
from feint.sim.analysis.among_converged import CONVERGED
from feint.sim.analysis.phase_diagrams import MapRequest, phase_diagram
from feint.sim.analysis.prior_shares import ShareRequest, prior_share
from feint.sim.analysis.response_profiles import response_profile
from feint.sim.analysis.response_surface import AnalysisRequest, Response, layers_of, points_of, response
from feint.sim.analysis.scenario_discovery import RegionsRequest, mean_over, regions
from feint.sim.analysis.sensitivity import SensitivityRequest, sensitivity
from feint.sim.ensembles.protocols import FROM_SCRATCH, PRETRAIN_FINETUNE
from feint.sim.statistics.intervals import SelectedPairs, frequency_interval
from feint.sim.sweeps.sweep import Sweep, sweep
from feint.sim.sweeps.sweep_store import BOTH, COUNTED, PAIRED, last_stages

RUNS = 20
GRID = study({"similarity": [0.0, 0.5], "decoys": [0.0, 1.0, 2.0]}, "grid", runs=RUNS)
PRETRAINED = {"converged": [20, 10, 4, 0, 8, 5], "deceptive": [10, 5, 4, 0, 0, 1], "internal": [10, 5, 0, 0, 8, 4]}
ALONE = {"converged": [20, 5, 8, 6, 0, 1], "deceptive": [5, 1, 0, 3, 0, 1], "internal": [15, 4, 8, 3, 0, 0]}
"""Converged runs of the points of GRID, and those of them with an outcome; the fourth and fifth lack them in an arm."""
BOTH_WAYS = [(20, 10, 5, 4), (5, 3, 1, 1), (4, 4, 0, 0), (0, 0, 0, 0), (0, 0, 0, 0), (1, 1, 1, 1)]
DIFFERENCES = [0.25, 0.3, 1.0, np.nan, np.nan, -0.8]


def hand_made(design, *arms, both=BOTH_WAYS):
    """Return a finished sweep with these counts of converged runs in the two arms."""
    points = points_of(design)
    points.insert(0, "point", np.arange(len(points)))
    tables = []
    for name, counts in zip((PRETRAIN_FINETUNE, FROM_SCRATCH), arms, strict=True):
        table = pd.DataFrame(0, index=points.index, columns=["point", *COUNTED, *PAIRED])
        table = table.assign(point=points["point"], arm=name, stage="finetuning", runs=design.runs)
        table["converged"] = counts["converged"]
        table["unconverged"] = design.runs - table["converged"]
        for outcome in ("deceptive", "internal"):
            table[outcome] = table[f"converged_{outcome}"] = counts[outcome]
        tables.append(table)
    tables[0][[*BOTH]] = both
    manifest = {"requests": [{"points": len(points)}]}
    found = Sweep(folder=Path("hand-made"), study=design, manifest=manifest)
    found.__dict__.update(points=points, counts=pd.concat(tables, ignore_index=True))
    return found


@pytest.fixture(scope="module")
def made():
    return hand_made(GRID, PRETRAINED, ALONE)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A sweep in which part of the runs miss their target."""
    vary = {"similarity": [0.0, 0.9], "finetuning.steps": [100, 300, 3000]}
    return sweep(study(vary, "grid", runs=40), tmp_path_factory.mktemp("converged") / "out")


@pytest.mark.parametrize(("arm", "counts"), [(PRETRAIN_FINETUNE, PRETRAINED), (FROM_SCRATCH, ALONE)])
@pytest.mark.parametrize("outcome", ["deceptive", "internal"])
def test_a_frequency_is_the_share_of_the_converged_runs(made, arm, counts, outcome):
    found = response(made, arm, outcome, CONVERGED)
    for i, (events, runs) in enumerate(zip(counts[outcome], counts["converged"], strict=True)):
        interval = found.intervals()[i]
        if runs:
            assert found.value[i] == events / runs
            assert interval == frequency_interval(events, runs)
        else:
            assert np.isnan(found.value[i])
            assert (interval.low, interval.high, interval.method) == (0.0, 1.0, "no run selected")


def test_a_difference_is_one_of_shares_of_each_arms_own_converged_runs(made):
    found = response(made, among=CONVERGED)
    assert found.value == pytest.approx(DIFFERENCES, nan_ok=True)
    assert found.runs is not None
    assert found.runs.tolist() == [20, 5, 4, 0, 0, 1]
    pairs = SelectedPairs(events=(5, 1), selected=(10, 5), both=5, event_in=(3, 1), event_in_both=1)
    assert found.intervals(0.9)[1] == pairs.difference(0.9)
    assert (found.intervals()[3].low, found.intervals()[3].high) == (-1.0, 1.0)
    assert found.title == "deception among converged runs, pre-training + fine-tuning minus from scratch"


def test_if_all_runs_converged_it_is_the_difference_of_all_runs(made):
    """Of 20 runs, 10 against 5, and both ways in 4: six gained it and one lost it."""
    found = response(made, among=CONVERGED)
    assert found.value[0] == (6 - 1) / 20
    assert found.variance[0] == pytest.approx((7 / 20 - 0.25**2) / 19, rel=1e-12)
    assert np.isnan(found.variance[3:]).all()


def test_of_trained_runs_it_is_the_column_of_the_finished_table(trained):
    table = last_stages(trained.frame())
    own = table[table["arm"] == PRETRAIN_FINETUNE]
    found = response(trained, among=CONVERGED)
    assert found.value == pytest.approx(own["difference_converged"].to_numpy(), nan_ok=True)
    assert [at.low for at in found.intervals()] == pytest.approx(own["difference_converged_low"].tolist())
    for outcome in LABELS[1:]:
        share = response(trained, PRETRAIN_FINETUNE, outcome, CONVERGED).value
        known = own["converged"] > 0
        assert share[known] == pytest.approx((own[f"converged_{outcome}"] / own["converged"])[known].to_numpy())
        assert np.isnan(share[~known]).all()
    assert 0 < np.isnan(response(trained, FROM_SCRATCH, among=CONVERGED).value).sum() < 6


def test_a_map_shows_that_a_cell_is_not_known(made):
    layers = layers_of(made, among=CONVERGED)
    plane = phase_diagram(layers, ("decoys", "similarity"))
    assert (plane.among, plane.left_out) == (CONVERGED, 4)  # 1 in each arm, 2 of the difference
    text = str(plane)
    assert "most frequent outcome among converged runs, from scratch" in text
    assert "deception among converged runs, difference of the arms" in text
    assert "–: no run of an arm converged (4 cells)" in text.splitlines()
    assert [line.split() for line in text.splitlines() if line.startswith("0.5 ")] == [
        ["0.5", "I", "0.50", "–", "D", "1.00"],
        ["0.5", "–", "I", "1.00", "I", "0.80"],
        ["0.5", "–", "–", "-0.80"],
    ]
    document = json.loads(plane.json())
    unknown = [cell for cell in document["cells"] if cell["estimate"] is None]
    assert [cell["outcome"] for cell in unknown] == [None, None, "deceptive", "deceptive"]
    assert document["among"] == CONVERGED
    titles = [part.get_suptitle() for part in plane.figure().subfigs]
    assert titles[0] == "most frequent outcome among converged runs,\nfrom scratch"


def test_a_profile_shows_that_a_point_is_not_known(made):
    lines = response_profile(layers_of(made, outcome="deceptive", among=CONVERGED), "decoys", {"similarity": 0.5})
    assert "–: no run of an arm converged (4 cells)" in str(lines).splitlines()
    assert str(lines).count("–") == 5
    assert lines.table["estimate"].isna().sum() == 4
    drawn = lines.figure()
    assert drawn.axes[0].get_title(loc="left") == "deception among converged runs"


def test_a_map_of_nothing_is_refused():
    made = hand_made(GRID, PRETRAINED, ALONE | {"converged": [0] * 6})
    with pytest.raises(InputError, match=r"^deception among converged runs, from scratch is known at no point: no run"):
        response_profile(layers_of(made, FROM_SCRATCH, "deceptive", CONVERGED), "similarity", {"decoys": 1.0})


def planted_pairs(design, effect, seed=0, converged=0.5, missing=()):
    """Return differences among converged runs with an effect that depends on the point; no run converges at `missing`.

    Whether a run converges depends on the same luck as its outcome from scratch, and streams are as in `planted`.
    """
    points, runs = points_of(design), design.runs
    width = 1 if design.streams == "common" else len(points)
    rng = np.random.default_rng(seed)
    u, luck, other = rng.random((3, runs, width))
    plus, minus = 0.3 + np.asarray(effect(points), float), np.full(len(points), 0.3)
    happened, chosen = (u < plus, u < minus), (luck < converged, other < converged)
    counts = []
    for i in range(len(points)):
        at = min(i, width - 1)
        events = (happened[0][:, i], happened[1][:, i])
        selected = tuple((which[:, at] & (i not in missing)) for which in chosen)
        pairs = SelectedPairs.of(events, selected)
        counts.append([n for both in zip(pairs.events, pairs.selected, strict=True) for n in both])
        counts[-1] += [pairs.both, *pairs.event_in, pairs.event_in_both]
    event, n, alone, m, *_ = (table := np.array(counts)).T
    with np.errstate(invalid="ignore"):
        value = event / n - alone / m
    facts = {"of": "difference", "outcome": "deceptive", "among": CONVERGED, "runs": np.minimum(n, m)}
    return Response(study=design, points=points, value=value, pairs=table, **facts)


def flat(points):
    return 0.2 + 0 * points["similarity"]


def test_the_monte_carlo_variance_is_the_one_that_repetition_shows():
    design = study(THREE, "sobol", samples=64, runs=100, streams="independent")
    found = [planted_pairs(design, flat, seed) for seed in range(40)]
    values = np.array([at.value for at in found])
    assert values.mean() == pytest.approx(0.2, abs=0.01)
    assert np.mean([at.variance for at in found]) == pytest.approx(values.var(), rel=0.05)


@pytest.mark.parametrize("streams", ["common", "independent"])
def test_the_mean_over_points_is_covered(streams):
    held = []
    for seed in range(100):
        design = study({"similarity": UNIT}, "lhs", samples=50, runs=80, streams=streams, seed=seed)
        mean = mean_over(planted_pairs(design, lambda p: 0.2 * p["similarity"], seed), np.arange(50))
        held.append(mean.low <= 0.1 <= mean.high)
    assert np.mean(held) >= 0.93


def test_points_that_are_not_known_are_left_out_of_shares_and_regions():
    design = study(THREE, "sobol", samples=64, runs=400)
    given = planted_pairs(design, lambda p: 0.5 * (p["similarity"] > 0.5), missing=(3, 4, 60))
    share, boxes = prior_share(given, 0.1), regions(given)
    for made in (share, boxes):
        assert (made.left_out, made.among) == (3, CONVERGED)
        assert "\n3 points are left out: no run of an arm converged there\n" in str(made)
        assert made.document()["left_out"] == 3
    known = np.setdiff1d(np.arange(64), (3, 4, 60))
    assert (share.points, boxes.found_on + boxes.held_out) == (61, 61)
    assert share.holds.count == (given.value[known] >= 0.1).sum()
    assert boxes.sentences()[0].startswith(("similarity above 0.49", "similarity above 0.5"))
    assert "deception among converged runs +0." in boxes.sentences()[0]


def test_if_no_point_is_known_shares_and_regions_are_refused():
    given = planted_pairs(study(THREE, "sobol", samples=64, runs=20), flat, missing=range(64))
    for analysis in (prior_share, regions):
        with pytest.raises(InputError, match=r"is known at no point: no run of an arm converged at any of them\.$"):
            analysis(given)


@pytest.mark.parametrize(("design", "size", "base"), [("saltelli", 5, "base points"), ("morris", 4, "trajectories")])
def test_whole_base_points_and_trajectories_are_left_out_of_sensitivity(design, size, base):
    given = planted_pairs(
        study(THREE, design, samples=32, runs=400), lambda p: 0.6 * p["similarity"], missing=(2 * size, 7 * size + 1)
    )
    found = sensitivity(given)
    assert (found.left_out, found.points) == (2 * size, 30 * size)
    sentence = f"{2 * size} points are left out: those of {base} with a point where no run of an arm converged"
    assert sentence in " ".join(str(found).split())
    assert found.indices[0].name == "similarity"
    kept = np.setdiff1d(np.arange(32 * size), [*range(2 * size, 3 * size), *range(7 * size, 8 * size)])
    assert sensitivity(given.at(kept)).indices == found.indices
    few = planted_pairs(given.study, flat, missing=range(0, 32 * size, size))
    with pytest.raises(InputError, match=rf"^0 of 32 {base} are known at all their points, as elsewhere no run of an"):
        sensitivity(few)


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ((None, "deceptive", "convergd"), "kind of runs 'convergd' is not known: did you mean 'converged'?"),
        ((FROM_SCRATCH, "unconverged", CONVERGED), "outcome = 'unconverged' is that of no converged run: it needs"),
        ((None, "internal", CONVERGED), "a sweep counts no pairs of converged runs by 'internal', and has no"),
        ((None, "decptive", CONVERGED), "outcome 'decptive' is not known: did you mean 'deceptive'?"),
    ],
)
def test_what_cannot_be_counted_is_refused(made, asked, sentence):
    with pytest.raises(InputError) as caught:
        response(made, *asked)
    assert str(caught.value).startswith(sentence)


@pytest.mark.parametrize(
    ("kind", "design", "fields"),
    [
        (
            MapRequest,
            {"design": "grid", "vary": {name: [0.0, 1.0] for name in THREE}},
            {"x": "similarity", "y": "shielding"},
        ),
        (MapRequest, {"design": "one-at-a-time"}, {}),
        (ShareRequest, {"design": "sobol", "samples": 16}, {}),
        (RegionsRequest, {"design": "sobol", "samples": 64}, {"of": FROM_SCRATCH, "outcome": "internal"}),
        (SensitivityRequest, {"design": "saltelli", "samples": 8}, {"of": FROM_SCRATCH, "outcome": "internal"}),
    ],
)
def test_every_analysis_of_a_sweep_counts_converged_runs_on_request(kind, design, fields, tmp_path):
    assert issubclass(kind, AnalysisRequest)
    design = study(
        **{"vary": THREE, "runs": 60, "curriculum": SHORT.replace({"finetuning": {"steps": 4000}}), **design}
    )
    sweep(design, tmp_path / "out")
    found = kind(folder=tmp_path / "out", among=CONVERGED, **fields).run()
    document = json.loads(found.json())
    assert document["among"] == CONVERGED
    assert document["passport"]["configuration"]["request"]["among"] == CONVERGED
    assert "among converged runs" in " ".join(str(found).split())
    assert found.left_out >= 0


def test_an_unknown_kind_of_runs_is_refused_before_the_sweep_is_read(tmp_path):
    with pytest.raises(InputError, match=r"^kind of runs 'none' is not known: known are all, converged\.$"):
        ShareRequest(folder=tmp_path, among="none")
