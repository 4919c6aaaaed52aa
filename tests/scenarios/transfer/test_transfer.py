"""Transfer in the race: both arms, their laws, compute and ossification, and the command."""

import json
import math

import numpy as np
import pytest
from quick import resample_little

from feint.agents.model import Model
from feint.scenarios.networks.transfer import NetworksTransfer
from feint.scenarios.transfer.arms import REGIMES, Arms, ahead, amounts, end, frontier, measure, overlap
from feint.scenarios.transfer.laws import NEARNESS, fit_arms, gap_of, law_of
from feint.scenarios.transfer.transfer import TransferRequest
from feint.sim.statistics.scaling_laws import LearningCurve
from feint.sim.training.parameter_point import Point

SMALL = {"sizes": [2, 4], "longest": 20_000}
WORDS = ("--runs", 40, "--seed", 1, "--set", "sizes=[2, 4]", "--set", "longest=20000")


@pytest.fixture(scope="module")
def found():
    return TransferRequest(settings=SMALL, runs=40, seed=1).run()


def planted(k, alpha, beta, modes, *, spent=100, runs=30, longest=10_000):
    """Arms whose transferred data follow a law: the loss falls in a straight line, the tuned arm's at D_F + D_T."""
    data = np.array([0, *amounts(longest)], float)
    more = k * np.maximum(data, 1) ** alpha * modes**beta
    dense = np.unique(np.concatenate([data, np.linspace(0, longest, 3000)]))
    scale = np.exp(0.01 * np.random.default_rng(modes).normal(size=runs))
    curve, tuned = (np.maximum(1 - each / longest, 0) for each in (dense, dense + np.interp(dense, data, more)))
    return Arms(
        changes={}, modes=modes, overlap=0.5, spent=spent,
        scratch=LearningCurve(data=dense, losses=curve[:, None] * scale),
        tuned=LearningCurve(data=dense, losses=tuned[:, None] * scale),
    )  # fmt: skip


def test_a_law_planted_in_the_arms_is_found_again():
    arms = [planted(30, 0.2, 0.4, modes) for modes in (4, 16, 64)]
    law = fit_arms(arms, seed=0)
    assert law.beta is not None
    assert law.alpha.estimate == pytest.approx(0.2, abs=0.01)
    assert law.beta.estimate == pytest.approx(0.4, abs=0.01)
    assert law.k.estimate == pytest.approx(30, rel=0.03)
    assert law.explained > 0.999


def test_of_two_planted_laws_the_gap_is_their_difference():
    further, nearer = planted(10, 0.2, 0, 4), planted(60, 0.2, 0, 4)
    gap = gap_of(further, nearer, seed=0)
    assert all(each.low <= each.high for each in gap)
    assert gap[-1].estimate == pytest.approx(50 * further.steps[further.low][-1] ** 0.2, rel=0.05)


def test_equal_cost_sets_the_arms_off_by_the_steps_of_pretraining():
    arms = planted(30, 0.2, 0, 4, spent=500)
    free, counted = (arms.differences(each).mean(axis=1) for each in (False, True))
    early = arms.low
    assert (free[early] < 0).all()
    assert (counted[early] > 0).all()
    assert np.isnan(counted[-1])
    assert [each.share for each in ahead(arms) if each.regime == "low"] == [1.0, 0.0]


def test_the_frontier_is_the_least_loss_that_a_budget_buys():
    arms = planted(30, 0.2, 0, 4, spent=500)
    free = frontier([arms], False, np.array([4.0, 400.0]))
    counted = frontier([arms], True, np.array([4.0, 400.0]))
    assert {each.arm for each in free} == {"pre-trained"}
    assert {each.arm for each in counted} == {"from scratch"}
    assert frontier([arms], True, np.array([])) == []


def test_regimes_part_the_steps():
    arms = planted(30, 0.2, 0, 4)
    parts = np.array([arms.regime(each) for each in REGIMES])
    assert (parts.sum(axis=0)[1:] == 1).all()
    assert not parts[:, 0].any()


def test_an_arm_that_ends_worse_and_later_is_seen_to_ossify():
    data = np.array([0, *amounts(1000)], float)
    scratch, stiff = (np.exp(-data / pace) for pace in (50, 200))
    runs = np.ones((1, 20)) + 0.01 * np.random.default_rng(0).normal(size=(1, 20))
    arms = Arms(
        changes={}, modes=4, overlap=0.5, spent=0,
        scratch=LearningCurve(data=data, losses=scratch[:, None] * runs),
        tuned=LearningCurve(data=data, losses=(stiff + 0.001)[:, None] * runs),
    )  # fmt: skip
    found = end(arms)
    assert found.difference.low > 0
    assert found.slower is not None
    assert found.slower > 2


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (Model(similarity=0.7), 0.7),
        (Model(similarity=0.7, spectrum=0.0, modes=2, similarity_decay=1.0), 0.7 * (1 + 1 / 2) / 2),
        (Model(similarity=0.7, spectrum=1.0, modes=2, similarity_decay=1.0), 0.7 * (1 + 1 / 4) / (1 + 1 / 2)),
    ],
)
def test_overlap_is_the_similarity_where_training_looks(model, expected):
    assert overlap(model) == pytest.approx(expected)


def test_with_nothing_handed_over_nothing_is_transferred():
    arms = measure(Point(), {"finetuning.carry": ()}, longest=2000, runs=30, seed=3, threads=1)
    assert np.array_equal(arms.scratch.losses, arms.tuned.losses)
    assert np.abs(arms.transferred()[arms.low]) == pytest.approx(0, abs=1e-6)


def test_threads_change_nothing():
    one, two = (measure(Point(), {}, longest=1000, runs=50, seed=3, threads=threads) for threads in (1, 2))
    assert np.array_equal(one.tuned.losses, two.tuned.losses)


def test_losses_begin_near_those_of_doing_nothing_and_fall(found):
    for arms in (size.arms for size in found.sizes):
        assert arms.scratch.mean[0] == pytest.approx(1, abs=0.05)
        assert arms.scratch.mean[-1] < 0.1
        assert 1000 < arms.scratch.enough < 20_000


def test_pretraining_is_worth_data_and_a_nearer_objective_more_at_first(found):
    puzzle = found.puzzle
    assert puzzle.further.transferred[0] < 0  # at the first sample it still takes itself to be trained on the other
    assert 0 < puzzle.further.transferred[1] < puzzle.nearer.transferred[0]
    assert found.law.alpha.low > 0
    assert puzzle.gap[0].low > 0
    assert puzzle.gap[0].estimate > 0


def test_capability_alone_comes_to_nearly_the_whole_at_the_end_of_the_regime(found):
    further = {handed.carried: handed.further for handed in found.handed}
    alone, whole = further["capability alone"], further["everything"]
    assert alone.ceiling == pytest.approx(whole.ceiling, rel=0.3)


def test_all_combinations_are_there_and_the_document_and_text_say_what_was_found(found):
    assert len(found.near) == math.prod(map(len, NEARNESS.values()))
    document = json.loads(found.json())
    assert document["law"]["alpha"]["estimate"] == found.law.alpha.estimate
    assert [size["modes"] for size in document["sizes"]] == [2, 4]
    assert [law["name"] for law in document["published"]] == ["text", "text and other code"]
    assert document["published_crossing"] == pytest.approx(2.644e12, rel=5e-4)
    assert document["passport"]["configuration"]["settings"] == SMALL
    text = found.text()
    for words in ("The fitted laws cross at", "Ossification", "2.64e+12", "frontier"):
        assert words in text


def test_the_figure_has_its_panels_and_nothing_stands_outside(found):
    drawn = found.figure()
    drawn.draw_without_rendering()
    assert [axes.get_title(loc="left") for axes in drawn.axes] == [
        "Loss against data",
        "Effective data transferred",
        r"k in $D_T = k\,D_F^{\,\alpha}$",
        "α in the same law",
        "At equal compute",
    ]
    for axes in drawn.axes:
        box = axes.title.get_window_extent()
        assert drawn.bbox.x0 <= box.x0 <= box.x1 <= drawn.bbox.x1


def test_a_point_whose_law_cannot_be_fitted_is_kept_without_one():
    arms = planted(30, 0.2, 0.0, 4)
    behind = Arms(
        changes={}, modes=4, overlap=0.0, spent=0, scratch=arms.scratch,
        tuned=LearningCurve(data=arms.steps, losses=1.1 + 0 * arms.scratch.losses),
    )  # fmt: skip
    law = law_of(behind)
    assert law.fit is None
    assert law.ceiling < 0


def test_the_command_prints_draws_and_tells_progress(feint, tmp_path, monkeypatch):
    resample_little(monkeypatch)
    said = feint("scenario", "transfer", *WORDS, "--json", "--figure", tmp_path / "transfer.svg")
    document = said.document
    assert document["scenario"] == "transfer"
    assert (document["runs"], document["seed"]) == (40, 1)
    assert (tmp_path / "transfer.svg").stat().st_size > 0


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--set", "modes=8"), "modes = 8 is not allowed with scenario 'transfer': set sizes = [8, 16]."),
        (("--set", "finetuning.steps=8"), "finetuning.steps = 8 is not allowed with scenario 'transfer': set longest"),
        (("--set", "match='data'"), "match = 'data' is not allowed with scenario 'transfer': set nothing"),
        (("--set", "sizes=[8]"), "sizes = [8] is not valid for scenario 'transfer': it must be a list of two or more"),
        (("--set", "sizes=[8, 4]"), "sizes = [8, 4] is not valid"),
        (("--set", "sizes=[0, 4]"), "sizes = [0, 4] is not valid"),
        (("--set", "sizes='a'"), "sizes = 'a' is not valid"),
        (("--set", "longest=10"), "longest = 10 is not valid: it must be a whole number from 1,000 to 1,000,000."),
        (("--set", "similarty=1"), "model parameter 'similarty' is not known: did you mean 'similarity'?"),
        (("--set", "start='xyz'"), "start 'xyz' is not known"),
        (("--runs", 0), "runs = 0 is not valid"),
        (("--seed", -1), "seed = -1 is not valid"),
        (("--threads", 0), "threads = 0 is not valid"),
    ],
)
def test_wrong_input_is_one_sentence(feint, words, sentence):
    assert feint("scenario", "transfer", *words).refusal.startswith(sentence)


def test_networks_are_handed_what_was_asked(monkeypatch):
    request = TransferRequest(networks=True, runs=3)
    monkeypatch.setattr(NetworksTransfer, "measure", lambda asked, *, threads, progress: (asked, threads, progress))
    assert request.run(threads=2) == (request, 2, None)
