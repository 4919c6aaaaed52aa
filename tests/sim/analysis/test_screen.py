"""Screening: planted premises, the noise of runs, what it says to run next, the folder it keeps, and bad input."""

import shlex
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import typer
from planted import THREE, drawn, study

import feint as front
from feint.agents.errors import InputError
from feint.agents.model import Model
from feint.agents.outcome import Outcome
from feint.commands import cli
from feint.sim.analysis import screen as screening
from feint.sim.analysis.response_surface import evaluated, points_of
from feint.sim.analysis.screen import STEP, ScreenRequest, _noise
from feint.sim.analysis.sensitivity import sensitivity
from feint.sim.ensembles.paired_runs import run_paired
from feint.sim.ensembles.protocols import pretrained, scratch
from feint.sim.sweeps.study import Study
from feint.sim.training.curriculum import from_scratch, pretrain_finetune
from feint.sim.training.parameter_point import Point

SHORT = pretrain_finetune({"steps": 60}, {"steps": 80})
TINY: dict[str, Any] = {"trajectories": 4, "runs": 4, "point": Point(curriculum=SHORT), "seed": 3}


@pytest.fixture
def screened(monkeypatch):
    """Return a function that screens a chance of the points in place of the engine."""

    def carried_out(chance, **facts):
        request = ScreenRequest(**{"of": "from_scratch", "runs": 2000, "seed": 1, **facts})

        def read(made, of, outcome, among):
            assert (made.study, of, outcome, among) == (request.study, request.of, "deceptive", "all")
            return drawn(request.study, chance, of=of)

        monkeypatch.setattr(screening, "sweep", lambda made, *_, **__: SimpleNamespace(study=made, points=[]))
        monkeypatch.setattr(screening, "read_response", read)
        return request.run()

    return carried_out


def three(points):
    """A chance that three premises move over their priors: by +0.4, by -0.3, and by 0.02."""
    return 0.4 + 0.4 * points["similarity"] / 0.95 + 0.06 * points["gate_init"] + 0.02 * points["shielding"]


def test_planted_premises_are_found_with_their_effects(screened):
    found = screened(three)
    first, second, third, *others = found.premises
    assert [row.name for row in (first, second, third)] == ["similarity", "gate_init", "shielding"]
    assert [row.effect.estimate for row in (first, second, third)] == pytest.approx([0.4, 0.3, 0.01], abs=0.02)
    assert [row.matters for row in (first, second, third)] == ["yes", "yes", "no"]
    assert (first.direction, second.direction) == ("raises", "raises")
    assert {(row.matters, row.effect.high) for row in others} == {("no", 0.0)}
    assert len(others) == 41
    assert "2 of 44 premises matter" in found.text()
    assert "Raise it: similarity, gate_init." in found.text()


def test_a_premise_of_which_sampling_error_may_be_all_is_undecided(screened):
    found = screened(lambda points: 0.5 + 0.06 * points["similarity"] / 0.95, runs=20)
    assert found.premises[0].name == "similarity"
    assert {row.matters for row in found.premises} == {"undecided", "no"}
    assert found.premises[0].noise > 0.02
    assert found.matter() == []
    (step,) = found.next
    assert step.commands == ["feint screen --of from_scratch --trajectories 128 --runs 40 --seed 1"]
    nothing = screened(lambda points: 0.5 + 0 * points["similarity"])
    assert nothing.next == []
    assert "0 of 44 premises matter" in nothing.text()


def test_noise_is_the_mean_absolute_effect_of_what_does_nothing_with_independent_streams():
    """Which correlate errors least of all streams; at each step it is capped at its expectation."""
    design = study(THREE, "morris", samples=400, runs=50, streams="independent")
    response = drawn(design, lambda points: 0.3 + 0 * points["similarity"])
    steps = np.abs(np.diff(response.value.reshape(-1, 4), axis=1)) / STEP
    expected = np.sqrt(2 / np.pi * 2 * 0.3 * 0.7 / 50) / STEP
    assert steps.mean() == pytest.approx(expected, rel=0.05)
    noise = _noise(response)
    assert list(noise) == list(THREE)
    assert np.mean(list(noise.values())) == pytest.approx(np.minimum(steps, expected).mean(), rel=0.05)
    still = drawn(study(THREE, "morris", samples=10, runs=50), lambda points: 0.3 + 0 * points["similarity"])
    assert set(_noise(still).values()) == {0.0}


def test_noise_of_real_runs_is_less_than_is_allowed_for():
    """Along one trajectory, where single runs say how far each frequency errs."""
    made, runs = Study(vary="all", design="morris", samples=4, seed=5, runs=60), 60
    rows = points_of(made).iloc[:45].to_dict("records")
    arms, scores = [pretrained(), scratch()], []
    for row in rows:
        ends = run_paired(Point().at(row), arms, range(runs))  # pyright: ignore[reportArgumentType]
        one, other = (ends[arm].outcome == Outcome.DECEPTIVE for arm in arms)
        scores.append(one.astype(int) - other)
    changes, value = np.diff(scores, axis=0), np.mean(scores, axis=1)
    errors = np.sqrt(2 / np.pi * changes.var(axis=1) / runs) / STEP
    seen = SimpleNamespace(study=made, points=points_of(made).iloc[:45], value=value)
    noise = _noise(SimpleNamespace(**vars(seen), variance=np.var(scores, axis=1) / runs))  # pyright: ignore
    assert 0 < errors.mean() < np.mean(list(noise.values())) < np.abs(changes.mean(axis=1)).mean() / STEP


def test_intervals_of_few_trajectories_hold_the_mean_absolute_effect():
    """Of a product, whose effects over one premise are the other one's levels: 0, 1/3, 2/3, 1."""
    inside = []
    for seed in range(150):
        design = study(THREE, "morris", samples=6, seed=seed)
        found = sensitivity(screening_of(design), resamples=200)
        effect = found.measures["effect"]["similarity"]
        inside.append(effect.low <= 0.5 <= effect.high)
    assert np.mean(inside) > 0.9


def screening_of(design):
    return evaluated(design, lambda points: points["similarity"] * points["shielding"])


def test_what_to_run_next_are_commands_of_the_same_point(screened):
    point = Point(model=Model(modes=8), curriculum=SHORT, match="steps")
    found = screened(three, point=point, of="pretrain_finetune", least=0.04)
    border, variance = found.next
    (line,) = border.commands
    assert line.startswith("feint boundary --x similarity --y gate_init --of deceptive --match steps --set modes=8 ")
    assert line.endswith("--set pretraining.steps=60 --set finetuning.steps=80 --seed 1")
    again, sweep, read = variance.commands
    assert again.startswith("feint screen --of pretrain_finetune --trajectories 32 --runs 2000 --least 0.04 --match st")
    assert "--study next.toml" in again
    assert (sweep, read) == (
        "feint sweep next.toml --out next",
        "feint sensitivity next --of pretrain_finetune",
    )
    for step in found.next:
        for command in step.commands:
            _, name, *words = shlex.split(command)
            parser: Any = typer.main.get_command(cli.app)
            parser.get_command(None, name).make_context(name, words)
    assert max(map(len, found.text().splitlines())) <= 80


def test_the_study_that_it_writes_varies_what_matters_at_the_same_point(screened, tmp_path):
    point = Point(model=Model(modes=8), curriculum=SHORT, match="steps")
    found = screened(three, point=point)
    found.write_study(tmp_path / "next.toml")
    made = Study.load(tmp_path / "next.toml")
    assert made.vary == {"similarity": "prior", "gate_init": "prior"}
    assert (made.design, made.arms, made.seed) == ("saltelli", ("from_scratch",), 1)
    assert made.point == point


def test_other_stages_are_named_as_a_file(screened):
    found = screened(three, point=Point(curriculum=from_scratch(name="alone")))
    assert found.next[0].commands[0].endswith("--curriculum FILE.toml --seed 1")


def test_the_figure_has_the_premises_that_matter_and_says_how_many_do_not(screened):
    found = screened(three)
    (axes,) = found.figure().axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["similarity", "gate_init"]
    assert "42 other premises change it by less than 0.05" in axes.get_title(loc="left")


def test_a_real_screening_is_the_sensitivity_of_the_sweep_that_it_keeps(feint, tmp_path):
    words = ("--trajectories", 4, "--runs", 4, "--seed", 3, "--outcome", "unconverged", "--of", "pretrain_finetune")
    words += ("--set", "finetuning.steps=80", "--out", tmp_path / "kept")
    found = feint("screen", *words, "--json").document
    assert len(found["premises"]) == 44
    kept = feint("sensitivity", tmp_path / "kept", "--of", "pretrain_finetune", "--outcome", "unconverged", "--json")
    indices = {index["name"]: index["effect"]["estimate"] for index in kept.document["indices"]}
    assert {row["name"]: row["effect"]["estimate"] for row in found["premises"]} == indices
    assert feint("screen", *words).refusal.startswith(f"out = '{tmp_path / 'kept'}'")
    assert feint("screen", *words, "--resume", "--json").document == found
    assert "out" not in found["passport"]["configuration"]
    more = feint("screen", "--trajectories", 5, "--runs", 6, *words[4:], "--resume", "--json").document
    assert (more["trajectories"], more["runs"], more["points"]) == (5, 6, 45 * 5)
    assert f" --out {tmp_path / 'kept'} --resume " in more["next"][-1]["commands"][0]


def test_the_front_door_gives_what_the_command_gives():
    request = ScreenRequest(**TINY)
    done: list[float] = []
    found = front.screen(SHORT, trajectories=4, runs=4, seed=3, threads=2, progress=done.append)
    assert found.document() == request.run(threads=1).document()
    assert sum(done) == request.work() == 45 * 4 * 4


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"of": "scratch"}, "quantity 'scratch' is not known: did you mean 'from_scratch'?"),
        ({"outcome": "deception"}, "outcome 'deception' is not known: did you mean 'deceptive'?"),
        ({"among": "converged", "outcome": "proxy"}, "a sweep counts no pairs of converged runs by 'proxy', and has"),
        ({"least": 0.0}, "least = 0.0 is not valid: it must be a number above 0."),
        ({"trajectories": 3}, "trajectories = 3 is not valid: it must be a whole number from 4 to 10,000."),
        ({"resume": True}, "resume = True is not allowed without out: name the folder of the sweep."),
        ({"curriculum": from_scratch()}, "curriculum has the one stage 'finetuning'"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(given, sentence):
    with pytest.raises(InputError) as error:
        front.screen(**{"runs": 1, "trajectories": 4, **given})
    assert str(error.value).startswith(sentence)
    assert "\n" not in str(error.value)


def test_a_few_trajectories_without_any_change_show_nothing():
    """All runs are unconverged after one step from scratch, so that every change is zero."""
    point = Point(curriculum=pretrain_finetune({"steps": 1}, {"steps": 1}))
    request = ScreenRequest(point=point, trajectories=4, runs=4, of="from_scratch")
    changes = request.run().premises
    assert {(premise.effect.high, premise.matters) for premise in changes} == {(0.0, "undecided")}
    assert {premise.matters for premise in replace(request, trajectories=16).run().premises} == {"no"}
