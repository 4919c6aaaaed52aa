"""Comparisons of two arms: what is trained, counted and reported."""

import numpy as np
import pytest

from feint.agents.errors import InputError
from feint.agents.model import Model
from feint.agents.outcome import LABELS, Outcome
from feint.sim.ensembles.comparison import compare
from feint.sim.ensembles.ensemble import UNITS, simulate
from feint.sim.ensembles.protocols import FROM_SCRATCH, PRETRAIN_FINETUNE
from feint.sim.statistics.intervals import FEW, clopper_pearson, tango, wilson
from feint.sim.training.curriculum import Curriculum, from_scratch, pretrain_finetune
from feint.sim.training.stage import Stage

SHORT = pretrain_finetune({"steps": 1500}, {"steps": 1500})


@pytest.fixture(scope="module")
def found():
    return compare(SHORT, runs=400, seed=3)


def test_the_arms_are_the_curriculum_and_its_last_stage_alone(found):
    assert found.pretrained.curriculum == SHORT
    assert found.scratch.curriculum == SHORT.last_alone()
    assert list(found.arms) == [FROM_SCRATCH, PRETRAIN_FINETUNE]


def test_without_a_curriculum_the_arms_are_the_defaults():
    found = compare(runs=5)
    assert found.pretrained.curriculum == pretrain_finetune()
    assert found.scratch.curriculum == from_scratch()


def test_an_arm_is_what_simulate_gives(found):
    alone = simulate(SHORT, runs=400, seed=3)
    for name in UNITS:
        np.testing.assert_array_equal(found.pretrained[name], alone[name])


def test_the_difference_is_tangos_on_the_discordant_runs(found):
    scratch = found.scratch.outcome[:, -1] == Outcome.DECEPTIVE
    after = found.pretrained.outcome[:, -1] == Outcome.DECEPTIVE
    assert found.difference() == tango((after & ~scratch).sum(), (scratch & ~after).sum(), 400)
    assert found.difference().estimate == pytest.approx(after.mean() - scratch.mean())
    assert found.difference().estimate > 0.1  # there is something to see


def test_frequencies_carry_wilson_intervals_and_exact_ones_where_few_are_counted(found):
    count = found.pretrained.counts(0)["internal"]
    assert found.frequency(PRETRAIN_FINETUNE, Outcome.INTERNAL, 0) == wilson(count, 400)
    assert found.scratch.counts()["deceptive"] < FEW
    assert found.frequency(FROM_SCRATCH, "deceptive") == clopper_pearson(found.scratch.counts()["deceptive"], 400)


def test_transitions_add_up_to_the_outcomes_of_both_stages(found):
    table = found.transitions()
    assert table.sum(axis=1).to_dict() == found.pretrained.counts(0)
    assert table.sum(axis=0).to_dict() == found.pretrained.counts(1)
    before, after = found.pretrained.outcome.T
    assert table.loc["corrigible", "deceptive"] == ((before == 2) & (after == 3)).sum() > 0
    assert (table.index.name, table.columns.name) == ("pretraining", "finetuning")


def test_more_stages_and_objectives_share_one_world():
    long = Curriculum(
        Stage(name="pretraining", objective=0, steps=200),
        Stage(name="helpful", objective=2, steps=200, target=0.0),
        Stage(name="harmless", objective=1, steps=200, target=0.0),
    )
    found = compare(long, model=Model(similarity=(0.5, 0.9)), runs=30, seed=1)
    assert found.scratch.spec.objectives == found.pretrained.spec.objectives == 3
    assert found.transitions().index.name == "pretraining"
    assert found.pretrained.outcome.shape == (30, 3)


def test_the_table_has_a_row_an_arm_run_and_stage(found):
    table = found.frame()
    assert len(table) == 400 * 3
    shares = table.groupby(["arm", "stage"], observed=True)["outcome"].value_counts()
    assert shares[PRETRAIN_FINETUNE, "finetuning", "deceptive"] == found.pretrained.counts()["deceptive"]
    assert table.attrs["configuration"]["point"]["stages"][1]["steps"] == 1500


def test_the_passport_names_the_matching_that_was_asked_for():
    found = compare(SHORT, runs=3, match="total-steps")
    assert found.passport()["configuration"]["point"]["match"] == "total-steps"


def test_every_outcome_has_a_difference(found):
    assert sum(found.difference(outcome).estimate for outcome in Outcome) == pytest.approx(0, abs=1e-12)
    assert len(LABELS) == len(Outcome)


def test_a_curriculum_of_one_stage_has_nothing_to_be_compared_with():
    with pytest.raises(InputError, match="two stages or more"):
        compare(from_scratch(), runs=3)


@pytest.mark.parametrize("confidence", [0.0, 1.0, 2.0, float("nan")])
def test_a_confidence_out_of_range_is_refused(confidence):
    with pytest.raises(InputError, match="confidence"):
        compare(runs=3, confidence=confidence)


def test_an_outcome_may_be_named_by_its_label(found):
    assert found.difference("deceptive") == found.difference(Outcome.DECEPTIVE) == found.difference()
    assert found.frequency(PRETRAIN_FINETUNE, "proxy") == found.frequency(PRETRAIN_FINETUNE, Outcome.PROXY)
    with pytest.raises(InputError, match="did you mean 'deceptive'"):
        found.difference("deceptiv")


def test_more_similarities_than_fine_tuning_objectives_are_refused():
    with pytest.raises(InputError, match="names 2 fine-tuning objectives, and the stages have 1"):
        compare(SHORT, model=Model(similarity=(0.5, 0.2)), runs=3)
