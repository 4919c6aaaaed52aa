"""The headline averaged over the model's structures: all of them, weighed alike, on the same runs."""

import numpy as np
import pytest

from feint.agents.model import Model
from feint.agents.outcome import Outcome
from feint.scenarios.argument import structures
from feint.scenarios.argument.structures import structural_average, structures_of
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


def test_the_sentence_has_the_average_beside_the_point(found):
    text = found.text()
    for words in ("Over all 2 structures", f"{found.average:+.3f} on average", f"{found.here:+.3f} with the"):
        assert words in text
    assert found.structures[0].name in text
