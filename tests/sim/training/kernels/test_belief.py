"""The belief: a filter of tempered evidence, step by step that of the oracle, and in its limits a known answer."""

from typing import Any

import numpy as np
import oracle
import pytest

from feint.agents.model import Model
from feint.agents.outcome import read
from feint.agents.types import TYPES
from feint.sim.training.kernels.random_streams import draw_normals
from feint.sim.training.stage import Stage
from feint.sim.training.train import DTYPES, advance, begin, enter, train

PRETRAINING = Stage(name="pretraining", objective=0, steps=400, target=0.0)
FINETUNING = Stage(steps=300, target=0.0, coverage=0.3)
LOOKS = (1, 2, 5, 20, 100, 200)  # steps after which a run is compared
QUICK: dict[str, Any] = {"capability_init": -1.0, "plasticity_capability": 0.1}
#: strength of evidence and expectation of change: the default, both ends of their priors, and limits
FILTERS = [(1.0, 1e-3), (100.0, 1e-3), (100.0, 1e-5), (0.01, 0.1), (1.0, 0.0), (1.0, 1.0), (0.0, 1e-3), (1e5, 1e-3)]
FROZEN: dict[str, Any] = {f"plasticity_{part}": 0.0 for part in oracle.PARTS}
CLOSE: dict[str, Any] = {"single": {"rtol": 1e-3, "atol": 1e-4}, "double": {"rtol": 1e-8, "atol": 1e-10}}


def noise_of(state, stage):
    """The normal numbers of a stage (runs, steps, modes), for an even number of modes."""
    normals = np.empty((len(state), stage.steps * state.modes))
    draw_normals(enter(state, stage).progress.generator, normals)
    return normals.reshape(len(state), stage.steps, state.modes)


def believing(model, runs, objectives, seed=1):
    """Runs with any belief, at any understanding of the objectives."""
    rng = np.random.default_rng(seed)
    return begin(model, runs=runs, seed=seed, objectives=objectives).with_mind(
        belief=rng.dirichlet(np.full(objectives, 0.3), runs), world=rng.uniform(0, 1, (runs, objectives))
    )


def assert_believes_as_by_the_oracle(start, stage, precision):
    """At every look, in every part; the mind that comes with the belief decides how much evidence there is."""
    state, noise = enter(start, stage), noise_of(start, stage)
    expected = [oracle.run(start, i) for i in range(len(start))]
    minds, taken = [mind for mind, _, _ in expected], 0
    for look in LOOKS:
        state = advance(state, stage, look, precision=precision)
        for i, (_, world, bias) in enumerate(expected):
            for t in range(taken, look):
                minds[i] = oracle.step(minds[i], world, bias, start.model, stage, noise[i, t])
        taken = look
        for name, part, wanted in zip(state.mind._fields, state.mind, zip(*minds, strict=True), strict=True):
            np.testing.assert_allclose(part, np.array(wanted), **CLOSE[precision], err_msg=f"{name} after {look}")
    return state


@pytest.mark.parametrize("precision", DTYPES)
@pytest.mark.parametrize(("identification", "switching"), FILTERS)
def test_along_a_stage_with_noise_the_belief_is_that_of_the_oracle(identification, switching, precision):
    """From a mind that is all but sure of another objective, of three, and partly capable."""
    model = Model(identification=identification, switching=switching, similarity=(0.8, 0.3), **QUICK)
    start = train(begin(model, runs=4, seed=6, objectives=3, start="corrigible"), PRETRAINING, precision="double")
    before = start.with_mind(capability=np.linspace(-2, 2, 4), belief=np.tile([1 - 2e-6, 1e-6, 1e-6], (4, 1)))
    ended = assert_believes_as_by_the_oracle(before, FINETUNING, precision)
    assert np.abs(ended.mind.belief - before.mind.belief).max() > 1e-3
    if identification >= 100:
        assert (ended.mind.belief[:, 1] > 0.99).all()


@pytest.mark.parametrize("precision", DTYPES)
def test_the_belief_is_that_of_the_oracle_with_a_grader_and_honeypots(precision):
    """Honeypots give no evidence and take none away."""
    model = Model(grader=0.0, **QUICK)
    stage = FINETUNING.replace(honeypots=0.3, realism=0.6)
    assert_believes_as_by_the_oracle(believing(model, 4, 2), stage, precision)


@pytest.mark.parametrize("precision", DTYPES)
@pytest.mark.parametrize("objectives", [2, 3])
@pytest.mark.parametrize("switching", [0.0, 1e-5, 1e-3, 1.0])
@pytest.mark.parametrize("nats", [100.0, 1e5, 999_999.0])
def test_however_strong_the_evidence_one_sample_moves_the_belief_as_by_the_oracle(
    nats, switching, objectives, precision
):
    """Not even where the objective of the stage is the farthest do two others come out as equal."""
    model = Model(identification=nats, switching=switching, capability_init=2.0)
    start, stage = believing(model, 300, objectives), Stage(steps=1, target=0.0, noise=0.0)
    found = train(start, stage, precision=precision).mind.belief
    closeness = {"single": 1e-4, "double": 1e-12}[precision]
    for i in range(len(start)):
        mind, world, _ = oracle.run(start, i)
        expected = oracle.identified(mind, world, model, stage, np.zeros(model.modes))
        np.testing.assert_allclose(found[i], expected, rtol=0, atol=closeness)
    assert (found.argmax(axis=1) != 1).sum() > 50  # the mind may well be nearer to what is not trained


@pytest.mark.parametrize("precision", DTYPES)
@pytest.mark.parametrize("identification", [0.0, 1.0, 100.0, 1e5])
def test_a_belief_is_a_probability_whatever_it_is_shown(identification, precision):
    model = Model(identification=identification, **QUICK)
    trained = train(believing(model, 200, 3), FINETUNING.replace(noise=1.0), precision=precision)
    assert (trained.mind.belief >= 0).all()
    np.testing.assert_allclose(trained.mind.belief.sum(axis=1), 1, rtol=1e-6 if precision == "single" else 1e-14)


@pytest.mark.parametrize("precision", DTYPES)
@pytest.mark.parametrize("identification", [0.0, 100.0])
@pytest.mark.parametrize("start", TYPES)
def test_who_is_sure_and_expects_no_change_never_moves_with_evidence_or_without(start, identification, precision):
    model = Model(identification=identification, switching=0.0)
    begun = begin(model, runs=50, seed=2, objectives=3, start=start)
    np.testing.assert_array_equal(begun.mind.belief, np.tile([1.0, 0.0, 0.0], (50, 1)))
    trained = train(train(begun, FINETUNING, precision=precision), FINETUNING.replace(objective=2), precision=precision)
    np.testing.assert_array_equal(trained.mind.belief, begun.mind.belief)
    assert (trained.mind.goal != begun.mind.goal).any()


@pytest.mark.parametrize("switching", [1e-3, 0.1, 1.0])
@pytest.mark.parametrize("blind", [{"identification": 0.0}, {"inference_power": 0.0}], ids=str)
def test_a_mind_that_learns_nothing_of_its_training_forgets_what_it_was_sure_of(blind, switching):
    """Without evidence or without run-time inference: ρ_j - 1/J falls by the factor 1 - switching at each step."""
    begun = begin(Model(switching=switching, **blind), runs=5, objectives=3, start="internal")
    for steps in (1, 7, 200):
        trained = train(begun, FINETUNING.replace(steps=steps), precision="double")
        expected = 1 / 3 + (begun.mind.belief - 1 / 3) * (1 - switching) ** steps
        np.testing.assert_allclose(trained.mind.belief, expected, rtol=0, atol=1e-13)


@pytest.mark.parametrize("steps", [1, 30])
def test_of_samples_without_noise_the_evidence_adds_up(steps):
    """For a mind that does not change and expects no change: ρ_j ∝ ρ_j exp(-identification q D_j steps)."""
    model = Model(identification=0.3, switching=0.0, capability_init=0.0, **FROZEN)
    start = believing(model, 50, 3)
    trained = train(start, Stage(objective=2, steps=steps, target=0.0, noise=0.0), precision="double")
    concepts = start.mind.world[:, :, None] * start.world.objectives
    concepts += (1 - start.mind.world[:, :, None]) * start.world.misconceptions
    distances = ((start.world.objectives[:, 2:] - concepts) ** 2) @ oracle.spectrum(model)
    q = 1 - np.exp(-4 * np.exp(start.mind.capability))
    powers = start.mind.belief * np.exp(-0.3 * q[:, None] * distances * steps)
    np.testing.assert_allclose(trained.mind.belief, powers / powers.sum(axis=1, keepdims=True), rtol=1e-9, atol=1e-15)


def test_an_ideal_observer_is_as_often_right_as_it_is_sure():
    """Its strength of evidence is modes / (2 noise²): of runs that believe x of what is trained, x are trained for it.

    Half of the runs are trained for either objective, all of them know both, and one sample tells them little.
    """
    stage, runs = Stage(steps=1, target=0.0, noise=1.0, coverage=1.0), 20_000
    model = Model(identification=16 / 2, switching=0.0, similarity=0.95, capability_init=20.0, **FROZEN)
    start = begin(model, runs=runs, seed=5).with_mind(world=np.ones((runs, 2)))
    beliefs = [train(start, stage.replace(objective=j)).mind.belief[:, 1] for j in (0, 1)]
    for low in np.arange(0.1, 0.9, 0.1):
        count = [((belief >= low) & (belief < low + 0.1)).sum() for belief in beliefs]
        sure = np.concatenate([belief[(belief >= low) & (belief < low + 0.1)] for belief in beliefs]).mean()
        assert min(count) > 200
        assert abs(count[1] / sum(count) - sure) < 4 * np.sqrt(sure * (1 - sure) / sum(count))


def test_who_expects_change_finds_out_sooner_that_there_was_one():
    """And who sees more in a sample, too: the steps until half of the belief is at what is trained now."""

    def doubting(**filters):
        begun = begin(Model(**filters), runs=300, seed=3, start="corrigible")
        state, stage = enter(begun, FINETUNING.replace(steps=300)), FINETUNING
        shares = []
        for steps in range(0, 301, 10):
            state = advance(state, stage, steps)
            shares.append((read(state, 1).belief < 0.5).mean())
        return np.sum(shares)

    by_switching = [doubting(switching=switching, identification=0.3) for switching in (1e-5, 1e-3, 1e-1)]
    by_strength = [doubting(identification=nats) for nats in (0.1, 0.3, 1.0, 10.0)]
    assert (np.diff(by_switching) < 0).all()
    assert (np.diff(by_strength) < 0).all()


def test_what_is_known_at_once_is_known_from_the_first_check_and_all_that_the_others_approach():
    """A mind of 999,999 nats needs one sample of evidence, one of a million none."""
    known, almost = (Model(identification=nats, capability_init=2.0) for nats in (1e6, 999_999.0))
    none, one = Stage(steps=0), Stage(steps=1, target=0.0)
    begun = begin(known, runs=50, start="internal")
    assert (read(begun, 1).belief == 1).all()
    np.testing.assert_array_equal(train(begun, none).mind.belief, np.tile([0.0, 1.0], (50, 1)))
    ready = begin(almost, runs=50, start="internal").with_mind(world=np.ones((50, 2)))
    assert (read(ready, 1).belief == 0).all()
    np.testing.assert_allclose(train(ready, one).mind.belief, np.tile([0.0, 1.0], (50, 1)), atol=1e-12)
