"""Rare outcomes: plain counting where nothing is tilted, known laws where something is, and brute force."""

import re
from typing import Any

import numpy as np
import pytest
from scipy.stats import norm

from feint.agents.errors import InputError
from feint.agents.model import Model
from feint.sim.ensembles.comparison import compare
from feint.sim.ensembles.ensemble import summarize
from feint.sim.ensembles.importance_sampling import LEAST, RareRequest, rare
from feint.sim.ensembles.protocols import arm_of
from feint.sim.statistics.intervals import frequency_interval
from feint.sim.training.curriculum import from_scratch, pretrain_finetune
from feint.sim.training.parameter_point import Point

SHORT = pretrain_finetune({"steps": 200}, {"steps": 150, "target": 0.3})
STEP = from_scratch(steps=1, target=0.0, awareness_exposure=0.0, horizon_exposure=0.0)
NEAR = from_scratch(awareness_exposure=0.03)
OFTEN = Model(gate_init=0.0, awareness_init=-2.0)
TILT = {"plasticity_goal": -1.9, "capability": 0.9, "horizon": 1.0, "awareness": 0.6, "gate": 0.4}


def gated(gate_init):
    """A model that is deceptive after one step if and only if its gate's logit started above 0.

    It understands the objective at once, also which one it is trained for, knows its place, wants nothing, points at
    nothing, and nothing else moves: E'(g) = (1 - ψ)² with ψ = γ, and good enough is E' <= 1/4.
    """
    still: dict[str, Any] = dict.fromkeys(
        (f"plasticity_{part}" for part in ("goal", "representation", "pointer", "gate")), 0.0
    )
    still |= dict.fromkeys((f"plasticity_{part}" for part in ("capability", "awareness", "horizon")), 0.0)
    sure: dict[str, Any] = dict.fromkeys(("capability_init", "awareness_init", "horizon_init", "decoys"), 30.0)
    reading: dict[str, Any] = {"train_tolerance": 2.0, "deploy_tolerance": 0.25}
    return Model(
        gate_init=gate_init,
        plasticity_world=1e6,
        identification=1e6,
        goal_init=1e-9,
        inference_power=100.0,
        **still,
        **sure,
        **reading,
    )


def test_untilted_it_is_plain_counting():
    found, summary = rare(SHORT, "unconverged", runs=9000, seed=3, stage=0), summarize(SHORT, runs=9000, seed=3)
    assert found.seen == summary.counts(0)["unconverged"] > LEAST
    assert found.interval == summary.frequency("unconverged", 0)
    assert found.effective == found.seen
    assert (found.mean_weight.low, found.mean_weight.high) == (1, 1)
    assert rare(SHORT, "unconverged", runs=9000, seed=3).seen == summary.counts()["unconverged"]
    assert found.sums.run_steps == summary.tally.steps[0]  # the second stage was left out


def test_untilted_it_counts_converged_runs_as_a_summary_does():
    """Three runs in four miss their target."""
    found, summary = rare(SHORT, "internal", runs=3000, seed=3), summarize(SHORT, runs=3000, seed=3)
    converged = summary.converged()
    assert 0 < converged.runs < 3000
    assert found.sums.converged.seen == converged.runs
    assert found.sums.both.seen == converged.counts["internal"]
    assert found.among_converged == summary.frequency("internal", converged=True)
    assert found.among_converged.estimate != found.interval.estimate
    assert f"among the converged runs, {converged.runs / 3000:.3f} of all: {found.among_converged:.3g}" in str(found)
    document = found.document()
    assert document["frequency_converged"]["estimate"] == found.among_converged.estimate
    assert document["converged"]["estimate"] == converged.runs / 3000


def test_untilted_and_never_seen_there_is_an_upper_bound():
    found = rare(from_scratch(steps=5), runs=500)
    assert found.interval == frequency_interval(0, 500)
    assert (found.seen, found.effective, found.centre) == (0, 0, {})
    assert 0 == found.interval.low < found.interval.high < 0.01
    assert "deceptive after finetuning: ≤ 0.00735, 95 % interval (Clopper–Pearson)" in str(found)


@pytest.mark.parametrize("start", ["internal", "corrigible", "deceptive"])
def test_prepared_starts_are_counted_and_not_tilted(start):
    found = rare(from_scratch(steps=5), runs=50, start=start)
    assert found.centre == {}
    with pytest.raises(InputError, match="prepared and not drawn"):
        rare(from_scratch(steps=5), runs=50, start=start, tilt={"gate": 1.0})


def test_no_bit_of_it_depends_on_threads():
    asked: dict[str, Any] = {"tilt": {"capability": -1.0, "plasticity_goal": 0.5}, "runs": 9000, "seed": 3}
    one, *others = (rare(SHORT, "unconverged", threads=threads, **asked).sums for threads in (1, 2, 3))
    for other in others:
        np.testing.assert_array_equal(one.place, other.place)
        for name in ("every", "event", "converged", "both"):
            assert getattr(one, name) == getattr(other, name)


@pytest.mark.parametrize("exponent", [2, 3, 4, 6])
def test_a_frequency_known_in_closed_form_is_found_however_rare(exponent):
    """Trained and read by the kernels: 5,000 runs distinguish once in a million from once in a thousand."""
    reach = -float(norm.ppf(10.0**-exponent))
    found = rare(STEP, tilt={"gate": reach}, model=gated(-reach), runs=5000, seed=exponent)
    error = np.sqrt(1 / found.effective) * found.interval.estimate
    assert error < 0.05 * 10.0**-exponent
    assert abs(found.interval.estimate - 10.0**-exponent) < 4 * error
    assert found.interval.low < 10.0**-exponent < found.interval.high
    assert found.interval.high < 2 * found.interval.low
    assert abs(found.centre["gate"] - norm.pdf(reach) / norm.sf(reach)) < 0.1  # the mean of a normal tail
    assert abs(found.centre["awareness"]) < 0.3


def test_its_intervals_cover_as_stated():
    """150 ensembles of other seeds; of their 95 % intervals, two standard errors fewer than 95 in 100 hold."""
    model, hold = gated(-3.0), 0
    for seed in range(150):
        found = rare(STEP, tilt={"gate": 2.5, "horizon": 0.5}, model=model, runs=700, seed=seed, threads=1).interval
        hold += found.low <= norm.sf(3.0) <= found.high
    assert hold >= 150 * (0.95 - 2 * np.sqrt(0.05 * 0.95 / 150))


def test_tilted_runs_agree_with_brute_force():
    """About 2.6 in 1,000, by 60,000 runs and by 8,000 tilted ones of another seed."""
    brute = rare(NEAR, model=OFTEN, runs=60_000, seed=1)
    tilted = rare(NEAR, tilt=TILT, model=OFTEN, runs=8000, seed=2)
    assert 100 < brute.seen < 220
    assert tilted.effective > brute.effective
    error = np.hypot(*(found.interval.estimate / np.sqrt(found.effective) for found in (brute, tilted)))
    assert abs(brute.interval.estimate - tilted.interval.estimate) < 3.5 * error
    for name, z in brute.centre.items():  # and about where the event lies
        assert abs(z - tilted.centre[name]) < 5 * np.hypot(brute.effective**-0.5, tilted.effective**-0.5), name


def test_tilted_runs_agree_with_brute_force_about_converged_runs():
    """Of 900 steps from scratch few runs reach the target."""
    brief = from_scratch(steps=900)
    brute, tilted = (
        rare(brief, "internal", runs=runs, seed=seed, tilt=tilt)
        for runs, seed, tilt in ((20_000, 1, {}), (20_000, 2, {"capability": 0.6, "plasticity_goal": 0.4}))
    )
    assert brute.converged.estimate < 0.5
    for one, other in ((brute.converged, tilted.converged), (brute.among_converged, tilted.among_converged)):
        assert one.low < other.high
        assert other.low < one.high
    ratio = tilted.sums.both.weight / 20_000 / tilted.converged.estimate
    assert tilted.among_converged.estimate == pytest.approx(ratio)
    assert tilted.among_converged.low < ratio < tilted.among_converged.high


def test_the_share_that_converges_is_that_of_the_weight():
    """Where nearly all runs converge it is known far better than the mean of the weights."""
    tilt = {"gate": 0.8, "awareness": 1.0}
    found, plain = (rare(from_scratch(), "internal", runs=9000, seed=2, tilt=shift) for shift in (tilt, {}))
    assert plain.converged.estimate > 0.97
    assert found.converged.low <= plain.converged.high
    assert found.converged.high >= plain.converged.low
    assert found.converged.half_width < 0.25 * found.mean_weight.half_width


def test_the_mean_weight_is_one_but_for_chance():
    found = rare(STEP, tilt={"gate": 0.8, "horizon": -0.5}, model=gated(-1.0), runs=20_000, seed=5).mean_weight
    assert found.low < 1 < found.high
    assert found.half_width == pytest.approx(1.96 * np.sqrt(np.expm1(0.8**2 + 0.5**2) / 20_000), rel=0.1)


@pytest.mark.parametrize("arm", ["from_scratch", "pretrain_finetune"])
@pytest.mark.parametrize("match", ["target", "ceiling", "steps", "total-steps"])
def test_an_arm_is_trained_as_in_a_comparison(arm, match):
    model = Model()
    compared = compare(SHORT, model=model, runs=300, seed=4, match=match).arms[arm]
    alone, mode, objectives = arm_of(SHORT, arm, match, model)
    found = rare(alone, "unconverged", model=model, runs=300, seed=4, match=mode, objectives=objectives)
    assert found.seen == compared.counts()["unconverged"]
    assert found.spec.curriculum == compared.curriculum


def test_a_curriculum_of_one_stage_is_itself_in_both_arms():
    for arm in ("from_scratch", "pretrain_finetune"):
        assert RareRequest(point=Point(curriculum=NEAR), arm=arm).spec().curriculum == NEAR


def test_it_carries_its_passport():
    found = rare(SHORT, "unconverged", tilt={"capability": -1.0, "gate": 0.0}, stage=0, runs=700, seed=6)
    passport = found.passport()
    configuration = passport["configuration"]
    assert passport["kind"] == "rare"
    named = [configuration[name] for name in ("runs", "seed", "outcome", "stage", "tilt", "arm")]
    assert named == [700, 6, "unconverged", 0, {"capability": -1.0, "gate": 0.0}, "pretrain_finetune"]
    assert "model" not in configuration["point"]  # the model's own, not the tilted one
    again = RareRequest.from_configuration(configuration)
    assert again == found.request
    assert again.run().interval == found.interval


def test_progress_is_reported_of_every_run():
    finished = []
    rare(from_scratch(steps=2), runs=5000, progress=finished.append)
    assert sum(finished) == 5000


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        (
            {"tilt": {"gate": 3.0}, "runs": 30},
            r"seen in none of 30 tilted runs, .* leave the tilt out for an upper bound",
        ),
        ({"runs": 0}, "runs = 0 is not valid: it must be a whole number from 1 to 1,000,000,000,000"),
        ({"runs": 2.0}, "runs = 2.0 is not valid"),
        ({"stage": 1}, r"stage = 1 is not valid: it must be a whole number from -1 to 0\."),
        ({"stage": "last"}, "stage = 'last' is not valid"),
        ({"outcome": "deceptve"}, r"outcome 'deceptve' is not known: did you mean 'deceptive'\?"),
        ({"confidence": 2.0}, "confidence = 2.0 is not valid"),
        ({"threads": 0}, "threads = 0 is not valid"),
    ],
)
def test_what_cannot_be_estimated_is_refused(asked, sentence):
    with pytest.raises(InputError, match=sentence):
        rare(from_scratch(steps=3), **asked)


def test_too_small_an_effective_size_is_refused_with_its_number_and_a_way_out():
    with pytest.raises(InputError, match="effective size") as refused:
        rare(STEP, tilt={"gate": 1.0}, model=gated(-3.0), runs=900, seed=1)
    found = re.search(
        r"effective size of weight × event is ([\d.]+) for 'deceptive', and at least 50 is needed: "
        r"train ([\d,]+) runs or more, or tilt to where it was seen \(.*gate=(\d\.\d)",
        str(refused.value),
    )
    assert found
    effective, runs, gate = (float(part.replace(",", "")) for part in found.groups())
    assert runs == pytest.approx(900 * 50 / effective, rel=0.1)
    assert gate == pytest.approx(3.2, abs=0.2)
    assert rare(STEP, tilt={"gate": gate}, model=gated(-3.0), runs=900, seed=1).effective > 50
    assert rare(STEP, tilt={"gate": 1.0}, model=gated(-3.0), runs=2 * int(runs), seed=1).effective > 50


ASKED = ("rare", "--outcome", "unconverged", "--tilt", "capability=-1", "--tilt", "gate=0.5", "--runs", 900)
SHORTER = ("--set", "finetuning.steps=900", "--set", "pretraining.steps=100")


@pytest.mark.parametrize(("arm", "stages"), [("from_scratch", 1), ("pretrain_finetune", 2)])
def test_the_command_line_prints_one_document(feint, arm, stages):
    said = feint(*ASKED, *SHORTER, "--arm", arm, "--seed", 3, "--threads", 1, "--json").document
    trained = RareRequest.from_configuration(said["passport"]["configuration"]).spec()
    assert (said["outcome"], said["stage"], said["tilt"]) == (
        "unconverged",
        "finetuning",
        {"gate": 0.5, "capability": -1},
    )
    assert (len(trained.curriculum), trained.objectives) == (stages, 2)
    assert 0 < said["frequency"]["low"] < said["frequency"]["estimate"] < said["frequency"]["high"] <= 1
    assert 50 <= said["effective"] <= said["seen"] <= 900
    assert said["timing"]["threads"] == 1


def test_the_command_line_prints_a_few_lines_for_a_person(feint):
    said = feint(*ASKED, *SHORTER, "--precision", "double", "--match", "steps")
    assert (said.code, said.err) == (0, "")
    assert (
        "900 runs, seed 0, start fresh, matched by steps\ntilted by gate +0.5, capability -1 standard dev" in said.out
    )
    assert re.search(r"effective size of weight × event [\d.]+\nmean weight [\d.]+ \[", said.out)


def test_the_confidence_can_be_asked_for(feint):
    wide, narrow = (feint(*ASKED, *SHORTER, "--confidence", level, "--json").document for level in (0.99, 0.5))
    assert wide["passport"]["configuration"]["confidence"] == wide["frequency"]["confidence"] == 0.99
    assert wide["frequency"]["low"] < narrow["frequency"]["low"] < narrow["frequency"]["high"]
    assert "in each arm" not in feint("rare", "--help").out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--tilt", "gat=1"), "scalar 'gat' is not known: did you mean 'gate'?"),
        (("--tilt", "gate"), "tilt = 'gate' is not a setting: write name=value, as in similarity=0.9."),
        (
            ("--tilt", "gate=1", "--tilt", "gate=2"),
            "tilt = 'gate=2' names gate a second time, after 1: give it once.",
        ),
        (("--confidence", "95"), "confidence = 95.0 is not valid: it must be a number between 0 and 1."),
        (("--tilt", "gate=9"), "tilt of gate = 9 is not valid: it must be from -6 to 6."),
        (("--tilt", "gate=1", "--start", "internal"), "start = 'internal' is prepared and not drawn"),
        (("--arm", "scratch"), "arm 'scratch' is not known: did you mean 'from_scratch'?"),
        (("--outcome", "deceptve"), "outcome 'deceptve' is not known: did you mean 'deceptive'?"),
        (("--tilt", "gate=3"), "'deceptive' was seen in none of 900 tilted runs"),
        (("--match", "step"), "match 'step' is not known: did you mean 'steps'?"),
        (("--set", "steps=2"), "steps is a parameter of a stage"),
        (("--runs", 0), "runs = 0 is not valid"),
    ],
)
def test_wrong_input_is_one_sentence_and_exit_code_2(feint, words, sentence):
    assert feint("rare", "--runs", 900, *SHORTER, *words).refusal.startswith(sentence)
