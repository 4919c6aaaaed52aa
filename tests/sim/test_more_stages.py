"""Three stages and more: the similarity of any two objectives, what is shown of each stage, of which claims speak."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from legible import faults

from feint.agents.errors import InputError
from feint.agents.model import Model, factor
from feint.agents.outcome import LABELS
from feint.scenarios.argument.argue import ArgueRequest, Size
from feint.scenarios.argument.crux import CruxRequest
from feint.scenarios.argument.evaluate_claim import evaluate
from feint.scenarios.claims.registry import select_claims
from feint.scenarios.gallery.gallery import FigureRequest
from feint.scenarios.transfer.arms import overlap
from feint.sim.ensembles.comparison import compare
from feint.sim.ensembles.ensemble import simulate
from feint.sim.ensembles.protocols import FROM_SCRATCH, PRETRAIN_FINETUNE
from feint.sim.training.configuration import load, point_of
from feint.sim.training.curriculum import Curriculum, from_scratch, pretrain_finetune
from feint.sim.training.parameter_point import Point, Towards, as_pair, pair_text
from feint.sim.training.stage import Stage
from feint.sim.training.train import begin

EXAMPLE = Path(__file__).parents[2] / "examples" / "rlhf_safety.toml"
POINT = point_of(EXAMPLE).at({"pretraining.steps": 1000, "rlhf.steps": 1000, "safety.steps": 1000})
ROWS: Any = [[0.5], [0.4, 0.7]]


@pytest.fixture(scope="module")
def found():
    return compare(POINT.curriculum, model=POINT.model, runs=200, seed=1)


@pytest.mark.parametrize("rows", [ROWS, [[0.0], [0.0, 0.9], [0.5, -0.5, -0.6]], [[0.5], [0.5, 1.0]]], ids=str)
def test_any_two_objectives_correlate_by_their_similarity(rows):
    b = begin(Model(modes=256, spectrum=0.0, similarity=rows), runs=300, objectives=len(rows) + 1).world.objectives
    for j, row in enumerate(rows, 1):
        assert [(b[:, j] * b[:, i]).sum(axis=1).mean() for i in range(j)] == pytest.approx(row, abs=0.02)


def test_objectives_in_rows_keep_their_norm_and_the_first_of_them_its_draw():
    model = Model(similarity=ROWS)
    alone, rowed = (begin(each, runs=20, objectives=3).world.objectives for each in (Model(), model))
    np.testing.assert_array_equal(alone[:, 0], rowed[:, 0])
    np.testing.assert_allclose((model.spectrum_weights() * rowed**2).sum(axis=2), 1, rtol=1e-12)


def test_similarity_is_lost_in_the_tail_of_modes_between_any_two():
    mixed = Model(modes=8, similarity=ROWS, similarity_decay=0.5).mixture()
    matrix = np.einsum("jik,lik->kjl", mixed, mixed)
    for k in range(8):
        fall = (k + 1) ** -0.5
        wanted = [[1, 0.5 * fall, 0.4 * fall], [0.5 * fall, 1, 0.7 * fall], [0.4 * fall, 0.7 * fall, 1]]
        assert matrix[k] == pytest.approx(np.array(wanted))


def test_an_objective_that_is_a_mixture_of_others_has_nothing_of_its_own():
    below = np.zeros((3, 3, 1))
    below[1, 0], below[2, 0], below[2, 1] = 1.0, 0.3, 0.3
    assert factor(below)[1:, :, 0] == pytest.approx(np.array([[1.0, 0, 0], [0.3, 0, 0.91**0.5]]))


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([[0.5], [0.4]], "has a row [0.4]: that of objective 2 needs 2, one for each objective before it."),
        ([[0.5], [0.4, 1.5]], "similarity = 1.5 is not valid for a model: it must be a finite number from -1 to 1."),
        ([[0.5], 0.4], "is not valid for a model: it must be a finite number from -1 to 1."),
        ([[0.9], [0.9, -0.9]], "cannot be: two objectives that are near a third one are near each other"),
    ],
)
def test_similarities_that_no_objectives_have_are_refused(rows, said):
    with pytest.raises(InputError) as caught:
        Model(similarity=rows)
    assert said in str(caught.value)


def test_rows_of_similarities_go_wherever_a_list_of_them_goes():
    model = Model(similarity=ROWS)
    assert (model.similarity, model.nearest, Model(similarity=(0.2, 0.1)).nearest) == (((0.5,), (0.4, 0.7)), 0.5, 0.2)
    assert Point.from_configuration(Point(model=model).configuration()).model == model
    assert Model(**model.model_dump(mode="json")) == model
    moved: Any = Point(model=model).at({"similarity": Towards(1.0, 0.5)}).model.similarity
    assert np.concatenate(moved) == pytest.approx([0.75, 0.7, 0.85])
    assert overlap(model) == pytest.approx(0.5)
    with pytest.raises(InputError, match="names 2 fine-tuning objectives, and the stages have 1"):
        simulate(model=model, runs=1)


def test_every_stage_has_its_transitions(found):
    assert found.pretrained.curriculum.names == ("pretraining", "rlhf", "safety")
    document = found.document()
    assert [(row["before"], row["after"]) for row in document["transitions_by_stage"]] == [
        ("pretraining", "rlhf"),
        ("rlhf", "safety"),
    ]
    for i, row in enumerate(document["transitions_by_stage"]):
        table = found.transitions(i, i + 1)
        assert [[row["counts"][a][b] for b in LABELS] for a in LABELS] == table.to_numpy().tolist()
        assert table.sum(axis=1).to_dict() == found.pretrained.counts(i)
        assert table.sum(axis=0).to_dict() == found.pretrained.counts(i + 1)
    text = found.text()
    assert "pretraining → rlhf → safety; from scratch: safety alone" in " ".join(text.split())
    assert "pretraining →" in text
    assert "rlhf →" in text


def test_the_flow_has_a_column_of_blocks_for_every_stage(found):
    figure = found.figure()
    flow = figure.axes[1]
    assert [label.get_text() for label in flow.get_xticklabels()] == ["pretraining", "rlhf", "safety"]
    blocks = [sum(count > 0 for count in found.pretrained.counts(stage).values()) for stage in range(3)]
    assert len(flow.patches) == sum(blocks)
    ribbons = [found.flow(i, i + 1) for i in range(2)]
    assert len(flow.collections) == sum(np.count_nonzero(flows) for flows in ribbons)
    outside, _ = faults(figure)
    assert outside == []


def test_the_figure_of_transitions_shows_each_stage():
    request = FigureRequest(figure="transitions", size={"runs": 100}, point=POINT, seed=1)
    table = request.table(threads=1)
    assert [*table.columns] == ["pretraining", "rlhf", "finetuning", "runs"]
    assert table["runs"].sum() == 100
    (axes,) = request.picture.draw(table).axes
    assert [label.get_text() for label in axes.get_xticklabels()] == ["pretraining", "rlhf", "finetuning"]


def test_claims_speak_of_the_first_stage_and_of_the_last_and_say_so():
    """The same numbers as with two stages of these names; the arm from scratch is the last stage alone."""
    assert as_pair(Point()) == Point()
    assert pair_text(Point()) == ""
    named = as_pair(POINT)
    assert named.curriculum.names == ("pretraining", "rlhf", "finetuning")
    assert "here the first stage (pretraining), and of finetuning, here the last (safety)." in pair_text(POINT)
    other = Point(curriculum=Curriculum(Stage(name="a", objective=0, steps=300), Stage(name="b", steps=300)))
    plain = Point(curriculum=pretrain_finetune({"steps": 300}, {"steps": 300}))
    claim = select_claims(["headline"])
    one, same = (evaluate(claim, point, runs=60)["headline"].effect for point in (other, plain))
    assert one == same


def test_the_headline_at_three_stages_is_the_difference_of_the_comparison(found):
    headline = evaluate(select_claims(["headline"]), POINT, runs=200, seed=1)["headline"]
    assert headline.effect == found.difference()
    lattice = CruxRequest(point=POINT, runs=200, seed=1).run()
    assert lattice.corner().estimate == found.frequency(FROM_SCRATCH, "deceptive").estimate
    assert lattice.corners[-1].value.estimate == found.frequency(PRETRAIN_FINETUNE, "deceptive").estimate
    assert "What lies between, rlhf, is trained as it is given." in " ".join(lattice.text().split())


def test_a_claim_is_argued_at_three_stages():
    small = Size(runs=40, draws=4, draw_runs=4, draw_most=4, form_draws=0, searches=1, search_runs=300, confirming=20)
    argued = ArgueRequest(claim=("deceptive-stays",), point=POINT, size=small).run(threads=1)
    assert "here the last (safety)" in " ".join(argued.text().split())
    assert "rlhf.noise" in argued.robustness.draws[0]


@pytest.mark.parametrize(
    ("curriculum", "said"),
    [
        (from_scratch(), "stages = finetuning is one: claims speak of a first stage and a last"),
        (
            Curriculum(*(Stage(name=name, objective=i) for i, name in enumerate(("a", "finetuning", "b")))),
            "name = 'finetuning' is that by which claims speak of another stage",
        ),
    ],
)
def test_stages_of_which_claims_cannot_speak_are_refused(curriculum, said):
    with pytest.raises(InputError, match=said):
        as_pair(Point(curriculum=curriculum))
    with pytest.raises(InputError, match=said):
        CruxRequest(point=Point(curriculum=curriculum))


def test_a_stage_that_stops_at_its_first_look_is_warned_of():
    near = point_of(EXAMPLE).at({"similarity": [[0.5], [0.5, 1.0]], "safety.target": 0.8})
    with pytest.warns(RuntimeWarning, match="stage 'safety' stopped before its first step in [0-9]+ % of the runs"):
        simulate(near.curriculum, model=near.model, runs=100, seed=1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        simulate(POINT.curriculum, model=POINT.model, runs=100, seed=1)


def test_the_example_is_a_curriculum_of_three_stages():
    configured = load(EXAMPLE)
    assert configured.model.similarity == tuple(map(tuple, ROWS))
    assert configured.curriculum is not None
    assert configured.curriculum.objectives == 3
