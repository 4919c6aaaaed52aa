"""What carries the change that fine-tuning makes: known answers in prepared minds, and the command."""

import numpy as np
import pytest

from feint.agents.interventions import performance_on
from feint.scenarios.finetuning.groups import FEWEST, PREPARED, kinds_of
from feint.scenarios.finetuning.protocols import CORNERS, X, Y, finetuning, no_pretraining, staged
from feint.scenarios.finetuning.wrappers import SWEEPS, WrappersRequest, wrapped
from feint.sim.ensembles.paired_runs import PARTS, PutBack, game_of, rest_of, run_paired
from feint.sim.training.parameter_point import Point
from feint.sim.training.train import Stop, begin

REQUEST = WrappersRequest(runs=60, seed=4, settings={"pretraining.steps": 400})


@pytest.fixture(scope="module")
def found():
    told = []
    result = REQUEST.run(progress=told.append)
    assert sum(told) == pytest.approx(1)
    return result


def corners(changed):
    """What PutBack records of minds that understand all and are sure of X, if fine-tuning changed these parts alone."""
    start = begin(runs=40, seed=2, objectives=4, start="internal")
    sure = np.eye(4)[np.full(len(start), X)]
    sees = np.full(len(start), 40.0)
    start = start.with_mind(
        world=np.ones_like(start.mind.world), belief=sure, awareness=sees, horizon=sees, capability=sees
    )
    after = start.with_mind(**changed(start)).arriving(start.progress, X, 0.9, start.occurrences)
    stops = [Stop(state, None, None, 0) for state in (start, after)]  # pyright: ignore[reportArgumentType]
    return PutBack(1)(stops), after


KNOWN = {
    "gate": lambda state: {"gate": np.full(len(state), 40.0)},
    "goal": lambda state: {"goal": state.world.objectives[:, X].copy()},
}


@pytest.mark.parametrize("part", KNOWN)
def test_a_change_of_one_part_is_all_its_own(part):
    """A mind that only opened its gate is a pure wrapper; one whose goal was rewritten has none."""
    recorded, after = corners(KNOWN[part])
    for place, objective in enumerate((Y, X)):
        game, at = game_of(recorded[:, place]), PARTS.index(part)
        shares = game.shares()
        assert shares[at] == pytest.approx(game.whole, abs=1e-12)
        assert np.abs(np.delete(shares, at, axis=0)).max() < 1e-12
        assert (rest_of(recorded[:, place]) == 0).all()
        assert np.array_equal(game.worth[-1], performance_on(after, objective, X))
    assert (game_of(recorded[:, 1]).whole > 0).all()


def test_gate_back_brings_a_pure_wrapper_back_to_where_it_was():
    recorded, _ = corners(KNOWN["gate"])
    game = game_of(recorded[:, 0])
    assert np.array_equal(game.worth[game.corner(*PARTS[1:])], recorded[:, 0, 16])


@pytest.mark.parametrize(("start", "part"), [("internal", "goal"), ("corrigible", "pointer")])
def test_unaware_minds_are_changed_where_their_objective_is(start, part):
    """A written objective is written over, a pointed one is pointed elsewhere."""
    protocol = staged(no_pretraining(), finetuning(), recorders=(CORNERS,), start=start)
    shares = (
        game_of(run_paired(Point(), [protocol], range(60), seed=1)[protocol].recorded[CORNERS][:, X])
        .shares()
        .mean(axis=1)
    )
    assert shares[PARTS.index(part)] > 0.9 * shares.sum()


def test_without_inference_the_gate_carries_nothing():
    (base,) = SWEEPS[""]
    protocols = [base.protocol(), *(base.protocols[kind] for kind in PREPARED)]
    ended = run_paired(Point().at({"inference_power": 0.0}), protocols, range(40), seed=1)
    for protocol in protocols:
        for place in range(2):
            game = game_of(ended[protocol].recorded[CORNERS][:, place])
            assert np.array_equal(game.worth[::2], game.worth[1::2])
            assert np.abs(game.shares()[0]).max() < 1e-15


def test_what_carries_the_change_adds_up_to_it(found):
    for each in found.groups:
        for change in each.changes.values():
            parts = sum(part.estimate for part in change.parts.values())
            assert parts == pytest.approx(change.total.estimate, abs=1e-10)
            assert change.after.estimate - change.before.estimate == pytest.approx(change.total.estimate, abs=1e-10)
            rest = change.parts["rest"].estimate
            assert change.wrapper.estimate + change.core.estimate + rest == pytest.approx(parts)


def test_every_condition_has_every_start_and_all_runs(found):
    wanted = [condition for sweep in SWEEPS.values() for condition in sweep]
    assert list(dict.fromkeys(each.condition for each in found.groups)) == wanted
    for condition in wanted:
        mine = {each.kind: each.runs for each in found.groups if each.condition == condition}
        assert mine["any"] == 60
        assert {kind for kind in mine if kind.endswith("*")} == {"internal*", "corrigible*", "deceptive*"}


def test_types_of_few_runs_are_left_out():
    outcomes = np.array([1] * FEWEST + [2] * (FEWEST - 1))
    assert [kind for kind, _ in kinds_of(outcomes)] == ["any", "internal"]


def test_gentler_is_shallower(found):
    after = [each.read["after"].estimate for each in found.at("rate") if each.kind == "internal*"]
    assert after[0] > after[1] > after[2]


def test_threads_change_nothing(found):
    ((condition, ended),) = REQUEST.sweep({"": SWEEPS[""]}, threads=1)
    assert list(wrapped(condition, ended)) == found.at("")


def test_the_text_has_the_change_on_x(found):
    text = found.text()
    assert f"{found.at('')[0].changes['X'].total.estimate:+.2f} ±" in text


def test_the_figure_is_drawn_with_every_sweep(found):
    sheet = found.figure()
    sheet.draw_without_rendering()
    assert len(sheet.axes) == 2 + 3 * 3


def test_the_command_prints_its_document(feint):
    told = feint("scenario", "wrappers", "--runs", 20, "--seed", 4, "--set", "pretraining.steps=50", "--json").document
    assert (told["runs"], told["seed"], told["passport"]["kind"]) == (20, 4, "wrappers")
    assert told["passport"]["configuration"]["settings"] == {"pretraining.steps": 50}


@pytest.mark.parametrize(
    ("words", "right"),
    [
        (("--runs", 5), "runs = 5 are too few for this scenario: give at least 20."),
        (("--runs", 0), "runs = 0 is not valid: it must be a whole number from 1 to 1,000,000,000."),
        (("--seed", -1), "seed = -1 is not valid: it must be a whole number from 0 to 18,446,744,073,709,551,615."),
        (("--set", "start=internal"), "start = 'internal' is not allowed here: the scenario has its own."),
        (
            ("--set", "finetuning.steps=5"),
            "finetuning.steps = 5 is not allowed here: fine-tuning on X has its own; set pretraining.steps.",
        ),
        (
            ("--set", "*.target=0.5"),
            "*.target = 0.5 is not allowed here: fine-tuning on X has its own; set pretraining.target.",
        ),
        (("--set", "similarity=[0.5]"), "similarity = [0.5] is not valid here: give one number."),
        (("--set", "similarty=0.5"), "model parameter 'similarty' is not known: did you mean 'similarity'?"),
        (("--set", "tuning.steps=5"), "stage 'tuning' is not known: did you mean 'finetuning'?"),
    ],
)
@pytest.mark.parametrize("name", ["wrappers", "revival"])
def test_what_is_not_valid_is_one_sentence(feint, name, words, right):
    assert feint("scenario", name, *words).refusal == right
