"""The headline averaged over the model's structures: all of them, weighed alike, on the same runs."""

from dataclasses import replace

import numpy as np
import pytest

from feint.agents.model import Model
from feint.agents.outcome import Outcome
from feint.scenarios.argument import structures
from feint.scenarios.argument.structures import structural_average, structures_of
from feint.sim.ensembles.comparison import compare
from feint.sim.ensembles.paired_runs import run_paired
from feint.sim.ensembles.protocols import pretrained, scratch
from feint.sim.training.parameter_point import Point

RUNS = 60
TWO = {"inferred": {}, "known at once": {"identification": 1e6}}


@pytest.fixture(scope="module")
def found():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(structures, "structures_of", lambda _: TWO.items())
        return structural_average(Point(), runs=RUNS, seed=4)


def scores(changes):
    ended = run_paired(Point().at(changes), [pretrained(), scratch()], range(RUNS), seed=4)
    plus, minus = (ended[protocol].outcome == Outcome.DECEPTIVE for protocol in (pretrained(), scratch()))
    return plus.astype(int) - minus


def test_every_form_is_combined_with_every_other_inferred_or_known():
    every = dict(structures_of(Point()))
    forms = [declared for name, declared in Model.parameters().items() if name.endswith("_form")]
    assert len(every) == 2 * np.prod([len(declared.choices) for declared in forms]) == 48
    assert len({str(Point().at(changes)) for changes in every.values()}) == 48
    own = [name for name, changes in every.items() if Point().at(changes) == Point()]
    assert own == ["logistic, odds, product, inferred"]
    assert sum(Point().at(changes).model.known_at_once for changes in every.values()) == 24


def test_where_the_point_knows_at_once_inferring_is_at_the_default():
    known = Point(model=Model(identification=1e6))
    assert {changes["identification"] for _, changes in structures_of(known)} == {1.0, 1e6}
    slow = Point(model=Model(identification=0.1))
    assert {changes["identification"] for _, changes in structures_of(slow)} == {0.1, 1e6}


def test_the_average_weighs_structures_alike_run_by_run(found):
    each = np.array([scores(changes) for changes in TWO.values()])
    assert found.average.estimate == pytest.approx(each.mean())
    runs = each.mean(axis=0)
    assert found.average.half_width == pytest.approx(2.001 * runs.std(ddof=1) / RUNS**0.5, rel=1e-3)
    assert found.here.estimate == pytest.approx(each[0].mean())


def test_structures_are_listed_from_the_least_effect_up(found):
    estimates = {name: scores(changes).mean() for name, changes in TWO.items()}
    assert {row.name: row.estimate for row in found.structures} == pytest.approx(estimates)
    assert [row.estimate for row in found.structures] == sorted(estimates.values())
    assert (found.holds, found.reversed) == (2, 0)


def among(changes):
    """The headline's effect among converged runs."""
    compared = compare(Point().at(changes).curriculum, model=Point().at(changes).model, runs=RUNS, seed=4)
    return compared.difference(converged=True)


def test_among_converged_runs_structures_are_averaged_too(found):
    each = {name: among(changes) for name, changes in TWO.items()}
    assert {row.name: row.among_converged for row in found.structures} == each
    assert found.here.among_converged == each["inferred"]
    average = found.average.among_converged
    assert average.estimate == pytest.approx(np.mean([one.estimate for one in each.values()]))
    assert average.low < average.estimate < average.high
    words = f"Among converged runs it is {average:+.3f} on average, and {found.here.among_converged:+.3f} with"
    assert words in found.text()


def test_an_average_over_a_structure_in_which_no_run_converged_is_not_known(monkeypatch):
    nobody = {"capability_init": -30.0, "plasticity_capability": 0.0}
    monkeypatch.setattr(structures, "structures_of", lambda _: {"inferred": {}, "incapable": nobody}.items())
    partly = structural_average(Point(), runs=20, seed=4)
    assert partly.average.among_converged is not None
    assert np.isnan(partly.average.among_converged.estimate)
    assert np.isfinite(partly.average.estimate)
    assert "Among converged runs the average is not known" in partly.text()


def test_without_these_numbers_the_sentence_leaves_them_out(found):
    old = replace(found, average=replace(found.average, among_converged=None))
    assert "onverged" not in old.text()


def test_the_sentence_has_the_average_beside_the_point(found):
    text = found.text()
    for words in ("Over all 2 structures", f"{found.average:+.3f} on average", f"{found.here:+.3f} with the"):
        assert words in text
    assert found.structures[0].name in text
