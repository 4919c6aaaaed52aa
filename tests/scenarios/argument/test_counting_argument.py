"""Counting: the volume of what does well in training, its functions, and what SGD makes of the same draws."""

import json
from dataclasses import replace

import numpy as np
import pytest

from feint.agents.errors import InputError
from feint.agents.model import Model
from feint.agents.outcome import LABELS, Outcome, read
from feint.scenarios.argument.counting_argument import CountingRequest, drawn, patterns_of
from feint.sim.ensembles.protocols import scratch
from feint.sim.statistics.intervals import frequency_interval
from feint.sim.training.parameter_point import Point

FEW_MODES = Point(model=Model(modes=2))


def count(point=FEW_MODES, threads=None, **fields):
    return CountingRequest(point=point, **fields).run(threads=threads)


@pytest.fixture(scope="module")
def found():
    return count(draws=20_000, trains=1000, seed=2)


def test_the_kept_do_well_in_training_and_are_counted_by_type(found):
    spec = scratch().spec(FEW_MODES, seed=2)
    state = drawn(spec, range(4096), 3.0)
    readings = read(state, 1)
    kept = count(draws=4096, trains=1, seed=2).kept
    assert kept.tolist() == np.bincount(readings.outcome[readings.performance >= 0.9], minlength=len(Outcome)).tolist()
    assert found.kept.sum() > kept.sum()


def test_threads_and_the_number_of_draws_change_no_draw(found):
    again = count(draws=20_000, trains=1000, seed=2, threads=1)
    assert again.patterns == found.patterns
    for name in ("kept", "trained"):
        assert np.array_equal(getattr(again, name), getattr(found, name))
    spec = scratch().spec(FEW_MODES, seed=2)
    few, more = (drawn(spec, range(4096, last), 3.0).mind.gate for last in (4196, 8192))
    assert len(few) == 100
    assert np.isfinite(more).all()


def test_no_more_functions_than_patterns_of_signs(found):
    assert (found.functions <= 2**2).all()
    assert (found.functions <= found.kept).all()
    assert found.functions[Outcome.DECEPTIVE] > found.functions[Outcome.PROXY]


def test_functions_are_compared_among_as_many_draws(found):
    assert found.alike == found.kept[found.kept > 0].min()
    rng = np.random.default_rng(1)
    members = np.repeat(list(found.patterns[Outcome.INTERNAL]), list(found.patterns[Outcome.INTERNAL].values()))
    met = [len(set(rng.choice(members, found.alike, replace=False).tolist())) for _ in range(2000)]
    assert found.rarefied("internal") == pytest.approx(np.mean(met), abs=0.05)
    fewest = int(np.argmin(np.where(found.kept > 0, found.kept, found.draws)))
    assert found.rarefied(Outcome(fewest)) == pytest.approx(found.functions[fewest])
    assert found.rarefied("unconverged") == 0


def test_a_pattern_says_which_modes_agree():
    spec = scratch().spec(FEW_MODES, seed=2)
    state = drawn(spec, range(50), 3.0)
    b = state.world.objectives[:, 1]
    aligned = state.with_mind(goal=b.copy(), representation=np.full(50, 30.0))
    opposed = state.with_mind(goal=b * [1, -1], representation=np.full(50, 30.0))
    assert set(patterns_of(aligned, 1).tolist()) == {3}
    assert set(patterns_of(opposed, 1).tolist()) == {1}


def test_all_that_is_trained_is_counted(found):
    assert found.trained.sum() == 1000
    assert 0 <= found.distance <= 1


def test_shares_among_converged_minds_leave_out_what_missed_its_target(found):
    spec = scratch().spec(FEW_MODES, seed=2)
    stop = spec.train_stage(drawn(spec, range(4096), 3.0), spec.curriculum[-1])
    converged = ~stop.missed & (stop.readings.outcome != Outcome.UNCONVERGED) & (np.arange(4096) < 1000)
    assert 0 < converged.sum() < 1000
    for outcome, row in zip(Outcome, found.types, strict=True):
        here = int((stop.readings.outcome[converged] == outcome).sum())
        assert row.after_sgd_converged == frequency_interval(here, int(converged.sum()))
    kept = found.kept[1:].sum()
    assert found.types[Outcome.INTERNAL].volume_converged == frequency_interval(int(found.kept[1]), int(kept))
    assert f"share of the {converged.sum():,} trained" in found.text()
    assert f"{found.share_converged('deceptive', 'trained').estimate:.4f}" in found.text().split("Among the conv")[1]


def test_if_all_converged_one_line_says_so(found):
    kept = found.kept * (np.arange(len(LABELS)) > 0)
    assert "All that were kept or trained converged." in replace(found, kept=kept, converged=found.trained).text()


def test_if_none_converged_no_share_is_known(found):
    none = replace(found, converged=np.zeros(len(LABELS), int))
    assert np.isnan(none.types[1].after_sgd_converged.estimate)
    assert json.loads(none.json(), parse_constant=pytest.fail)["types"][1]["after_sgd_converged"]["estimate"] is None


def test_sgd_is_no_fair_sampler_of_the_volume():
    """Internal alignment takes more of the volume than SGD ends in: the intervals have nothing in common."""
    found = count(draws=100_000, trains=1000, seed=2)
    volume, after = (found.share("internal", of) for of in ("kept", "trained"))
    assert volume.low > after.high


def test_more_decoys_move_the_volume_towards_deception():
    shares = [
        count(Point(model=Model(modes=2, decoys=decoys)), draws=100_000, trains=1, seed=2).share("deceptive")
        for decoys in (0.0, 5.0)
    ]
    assert shares[0].high < shares[1].low


def test_the_document_and_the_text_say_the_same(found):
    told = json.loads(found.json())
    assert [each["outcome"] for each in told["types"]] == list(LABELS)
    text = found.text()
    assert f"{found.share('deceptive').estimate:.4f}" in text
    assert found.frame()["kept"].sum() == found.kept.sum()


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"draws": 0}, "draws = 0 is not valid"),
        ({"draws": 10, "trains": 11}, "trains = 11 is not valid"),
        ({"spread": 0.0}, "spread = 0.0 is not valid"),
        ({"point": Point().at({"finetuning.target": 0.0})}, "finetuning.target = 0.0 lets every mind do well"),
        ({"point": Point(model=Model(modes=17))}, "modes = 17 is too many"),
    ],
)
def test_what_is_not_valid_is_one_sentence(asked, told):
    with pytest.raises(InputError, match=told):
        count(**{"point": Point()} | asked)


def test_too_few_draws_are_said_to_be():
    with pytest.raises(InputError, match="draws = 20 are too few"):
        count(Point(), draws=20, trains=1).share("deceptive")


def test_a_distance_that_is_not_known_is_said_to_be():
    unknown = replace(count(draws=5000, trains=1, seed=2), trained=np.eye(len(LABELS), dtype=int)[Outcome.UNCONVERGED])
    assert "is not known, since no mind" in " ".join(unknown.text().split())
    assert json.loads(unknown.json(), parse_constant=pytest.fail)["distance"] is None
