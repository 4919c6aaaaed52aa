"""The page's engine in a real browser: it ends the runs that the native kernels train as these do."""

import numpy as np
import pytest
from explorer.browser import Visit, browser

from feint.explorer.page import write
from feint.sim.ensembles.comparison import compare
from feint.sim.training.parameter_point import Point

pytestmark = pytest.mark.slow
RUNS, SEED = 200, 3
ALIKE = 0.98  # of the runs at a point; rounding differs between processors, so that a run may end otherwise
POINTS = {
    "default": {},
    "alike": {"similarity": 0.9},
    "grader": {"grader": 0.5},
    "known": {"identification": 1e6},
    "modes": {"modes": 16, "spectrum": 1.0, "deployment_spectrum": 0.5, "similarity_decay": 0.3},
    "honeypots": {"finetuning.honeypots": 0.2, "pretraining.awareness_exposure": 0.5},
}
TRAIN = """async (request) => {
  const binary = atob(document.getElementById("wasm").textContent.trim())
  const engine = FeintEngine.create({
    wasm: Uint8Array.from(binary, letter => letter.charCodeAt(0)),
    descriptor: JSON.parse(document.getElementById("descriptor").textContent), workers: 2,
  })
  const {arms} = await engine.compare(request)
  return Object.fromEntries(Object.entries(arms).map(
    ([arm, {stages}]) => [arm, stages.map(({outcome, taken}) => [[...outcome], [...taken]])])) }"""


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    write(folder)
    with browser() as chromium:
        yield Visit(chromium, (folder / "index.html").as_uri()).page


def plain(parameters):
    """The parameters of a model or stage as the page sends them."""
    lists = ((name, [*value] if isinstance(value, (tuple, frozenset)) else value) for name, value in parameters)
    return {name: value for name, value in lists if name == "name" or not isinstance(value, str)}


@pytest.mark.parametrize("changes", POINTS.values(), ids=POINTS)
def test_runs_end_as_those_of_the_native_kernels_do(page, changes):
    point = Point().at(changes)
    stages = [plain(vars(stage).items()) for stage in point.curriculum.stages]
    request = {"model": plain(vars(point.model).items()), "stages": stages, "match": "target"}
    told = page.evaluate(TRAIN, {**request, "runs": RUNS, "seed": SEED})
    native = compare(point.curriculum, model=point.model, runs=RUNS, seed=SEED).arms
    assert {*told} == {*native}
    for arm, ensemble in native.items():
        outcomes, steps = (np.array(rows) for rows in zip(*told[arm], strict=True))
        assert np.mean(ensemble.outcome == outcomes.T) >= ALIKE
        assert np.mean(ensemble.steps == steps.T) >= ALIKE
