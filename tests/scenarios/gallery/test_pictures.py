"""The figures' tables say the same of the same runs, and what is drawn is what the tables say."""

from functools import cache

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from feint.agents.mind import GROUPS
from feint.agents.model import Model
from feint.agents.outcome import LABELS, Outcome
from feint.scenarios.argument.evaluate_claim import evaluate
from feint.scenarios.claims.registry import select_claims
from feint.scenarios.gallery import outcomes
from feint.scenarios.gallery.argument import on_front, place
from feint.scenarios.gallery.gallery import FigureRequest
from feint.sim.training.parameter_point import Point

POINT = Point(model=Model(similarity=0.3)).at({"finetuning.steps": 2000})
SIZE = {"runs": 60, "levels": 3, "steps": 6, "draws": 4, "base_points": 8}


@pytest.fixture(scope="module")
def table():
    return cache(lambda name: FigureRequest(figure=name, size=SIZE, point=POINT, seed=4).table(threads=1))


def deceptive(headline, arm):
    own = headline[~headline["part"].isin([part.name for part in outcomes.COMPANIONS])]
    return own.set_index(["arm", "outcome"]).loc[(arm, "deceptive"), "estimate"]


def test_headline_transitions_lattice_and_shares_tell_of_the_same_runs(table):
    headline, flow, corners, crux = (table(name) for name in ("headline", "transitions", "lattice", "crux"))
    scratch, pretrained = (deceptive(headline, arm) for arm in ("from_scratch", "pretrain_finetune"))
    assert flow["runs"].sum() == SIZE["runs"]
    assert flow.loc[flow["finetuning"] == "deceptive", "runs"].sum() / SIZE["runs"] == pretrained
    carried = corners[list(GROUPS)].sum(axis=1)
    assert corners.loc[carried == 0, "estimate"].item() == scratch
    assert corners.loc[carried == len(GROUPS), "estimate"].item() == pretrained
    whole = crux.loc[crux["part"] == "whole", "estimate"].item()
    assert whole == pytest.approx(pretrained - scratch)
    assert deceptive(headline, "difference") == pytest.approx(whole)
    assert crux.loc[crux["other"] == "-", "estimate"].sum() == pytest.approx(2 * whole)
    assert deceptive(headline, "difference") != 0


def test_shares_of_outcomes_add_up(table):
    seen = table("cases").groupby(["start", "trained", "similarity"])["estimate"].sum()
    assert len(seen) == 3 * 2 * SIZE["levels"]
    assert seen.to_numpy() == pytest.approx(1.0)
    kinds = table("prior").groupby("claim")["count"].sum()
    assert (kinds == SIZE["draws"]).all()


def test_a_phase_diagram_counts_every_run(table):
    seen = table("phases")
    for arm in ("from_scratch", "pretrain_finetune"):
        counts = seen[[name for name in seen.columns if name.startswith(f"{arm}_")]].sum(axis=1)
        assert (counts == SIZE["runs"]).all()
    gained = seen["pretrain_finetune_deceptive"] - seen["from_scratch_deceptive"]
    assert (gained == seen["gained"] - seen["lost"]).all()


def test_every_outcome_is_stacked_once():
    assert sorted(outcomes.STACKED) == sorted(Outcome)


def test_tables_give_each_frequency_among_converged_runs_too(table):
    """In the phases they are counts, which add up to no more than all runs; shares add up to 1."""
    phases = table("phases")
    for arm in ("from_scratch", "pretrain_finetune"):
        for outcome in LABELS[1:]:
            assert (phases[f"converged_{arm}_{outcome}"] <= phases[f"{arm}_{outcome}"]).all()
        assert (phases[[name for name in phases if name.startswith(f"converged_{arm}_")]].sum(axis=1) > 0).any()
    cases = table("cases").groupby(["start", "trained", "similarity"])
    assert cases["converged_estimate"].sum().to_numpy() == pytest.approx(1.0)
    headline = table("headline").drop_duplicates(["arm", "outcome"]).set_index(["arm", "outcome"])
    pretrained, scratch = (headline.loc[(arm, "deceptive")] for arm in ("pretrain_finetune", "from_scratch"))
    gap = pretrained["converged_estimate"] - scratch["converged_estimate"]
    assert headline.loc[("difference", "deceptive"), "converged_estimate"] == pytest.approx(gap)
    assert scratch["converged"] < SIZE["runs"]


def test_the_headline_stands_beside_its_companions(table):
    """They are the parts that the claim shows, on the same runs; one marker each, in words."""
    parts = table("headline").set_index("part")
    assert list(parts.index[parts["arm"] == "difference"]) == [
        "difference",
        *("ceiling", "after-1000", "after-12000", "after-100000", "converged", "null"),
    ]
    assert parts.loc["converged", "estimate"] == parts.loc["difference", "converged_estimate"]
    again = evaluate(select_claims(["headline"]), POINT, runs=SIZE["runs"], seed=4)["headline"]
    assert parts.loc["after-1000", "low"] == again.intervals["after-1000"].low
    panel = outcomes.draw_headline(table("headline")).axes[1]
    marked = np.asarray(panel.collections[-1].get_offsets())[:, 0]
    assert marked.tolist() == parts.loc[parts["arm"] == "difference", "estimate"].tolist()
    assert "without a target" in " ".join(label.get_text() for label in panel.get_yticklabels())


def test_the_front_of_the_dodges_is_of_those_that_can_be_done(table):
    dodges = table("dodges")
    assert set(dodges["where"]) == {"in pre-training", "later", "in both stages", "nobody can do it"}
    assert set(dodges.loc[dodges["front"], "where"]) <= {"in pre-training", "later", "in both stages"}
    assert dodges["front"].any()


def test_the_race_shows_belief_pointer_and_gate(table):
    assert set(table("race")["reading"]) == {"belief", "following", "instrumental", "training"}
    course = table("race").set_index(["arm", "reading", "step"])["median"]
    assert course["from_scratch", "belief", 0] == 0.5  # it does not know yet what it is trained for
    assert course["pretrain_finetune", "belief", 0] < 0.01  # it is sure of the objective of pre-training
    assert course["pretrain_finetune", "belief", 2000] > 0.99
    labels = [text.get_text() for text in outcomes.draw_race(table("race")).legends[0].get_texts()]
    assert any("belief" in label for label in labels)


def test_quantiles_of_the_race_rise(table):
    seen = table("race")
    levels = seen.loc[seen["reading"] != "training", ["q05", "q25", "median", "q75", "q95"]].to_numpy()
    assert (np.diff(levels, axis=1) >= 0).all()
    assert set(seen["step"]) >= {0, 2000}


def test_the_cases_draw_deception_where_its_intervals_stand(table):
    drawn = outcomes.draw_cases(table("cases"))
    seen = table("cases").set_index(["start", "trained", "outcome"]).sort_index()
    for panel, (trained, start) in zip(
        drawn.axes, [(trained, start) for trained in outcomes.TRAINED for start in outcomes.STARTS], strict=True
    ):
        line = panel.lines[0]
        wanted = seen.loc[(start, trained, "deceptive"), "estimate"]
        assert np.asarray(line.get_ydata()) == pytest.approx(wanted.to_numpy())


@pytest.mark.parametrize(
    ("avoided", "lost", "front"),
    [
        ([0.5, 0.4, 0.1], [0.2, 0.1, 0.0], [True, True, True]),
        ([0.5, 0.4, 0.1], [0.0, 0.1, 0.2], [True, False, False]),
        ([0.5, 0.5], [0.1, 0.2], [True, False]),
        ([0.5, 0.5], [0.1, 0.1], [True, True]),
    ],
)
def test_the_front_is_what_nothing_beats(avoided, lost, front):
    assert on_front(np.array(avoided), np.array(lost)).tolist() == front


@pytest.mark.parametrize("seed", range(5))
def test_labels_lie_over_no_other_label_and_within_the_axes(seed):
    random = np.random.default_rng(seed)
    points = np.concatenate([random.normal(size=(8, 2)), 0.05 * random.normal(size=(5, 2))])
    reach = np.abs(0.1 * random.normal(size=points.shape))
    sheet = Figure(figsize=(6.9, 3.4), dpi=200)
    axes = sheet.subplots()
    axes.plot(*points.T, ".")
    bars = np.stack(
        [
            points[:, 0] - reach[:, 0],
            points[:, 0] + reach[:, 0],
            points[:, 1] - reach[:, 1],
            points[:, 1] + reach[:, 1],
        ],
        axis=1,
    )
    place(axes, points, [f"label-{i}" for i in range(len(points))], bars)
    sheet.draw_without_rendering()
    boxes = [Text.get_window_extent(text) for text in axes.texts]  # without the line that leads to it
    assert len(boxes) == len(points)
    edge = axes.get_window_extent().padded(2)
    for i, box in enumerate(boxes):
        assert edge.contains(box.x0, box.y0)
        assert edge.contains(box.x1, box.y1)
        assert not any(box.overlaps(other) for other in boxes[i + 1 :])
