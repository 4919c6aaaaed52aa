"""Why one run ended as it did: forks against what they fork, runs whose end is known, and text against its tables."""

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2_contingency

from feint.agents.errors import InputError
from feint.agents.mind import GROUPS
from feint.agents.model import Model
from feint.agents.outcome import LABELS, Outcome, read
from feint.scenarios.argument.why_run import NOTHING, SETTLED, Fork, RunHistory, WhyRunRequest, _streams
from feint.scenarios.regenerate import regenerate
from feint.sim.ensembles.ensemble import simulate
from feint.sim.results import figure_style
from feint.sim.statistics.intervals import clopper_pearson
from feint.sim.training.curriculum import Curriculum, from_scratch, pretrain_finetune
from feint.sim.training.parameter_point import Point
from feint.sim.training.stage import Stage
from feint.sim.training.train import enter

UNAWARE = Point(
    model=Model(awareness_init=-30.0),
    curriculum=pretrain_finetune({"awareness_exposure": 0.1}, {"awareness_exposure": 0.0}),
)
"""Only pre-training can make a mind aware: without its awareness no gate ever opens in fine-tuning."""
TWICE = Point(
    model=Model(plasticity_capability=0.1, plasticity_goal=0.1),
    curriculum=Curriculum(
        Stage(name="one", objective=1, steps=150),
        Stage(name="two", objective=0, steps=100, target=0.0),
        Stage(name="three", objective=1, steps=200, target=0.0, carry=("goal", "awareness")),
    ),
)
"""Its last stage trains again for the objective of its first."""
UNDECIDED: dict[str, Any] = {"number": 133, "seed": 1}
"""A run whose end is open until late in fine-tuning."""


@pytest.fixture(scope="module")
def undecided():
    return WhyRunRequest(**UNDECIDED).run()


def before(spec, number, stages):
    """Return the state of one run at the end of its first stages."""
    state = spec.begin(np.array([number]))
    for stage in spec.curriculum.stages[:stages]:
        state = spec.train_stage(state, stage).state
    return state


def many(state, keys):
    """Return copies of one run under these noise keys."""
    return replace(state.take(np.zeros(len(keys), np.int64)), fork=np.array(keys, np.uint32))


def counts(state, spec):
    codes = read(state, spec.curriculum[-1].objective).outcome
    return {label: int((codes == code).sum()) for code, label in enumerate(LABELS)}


def test_a_run_that_only_its_awareness_made_deceptive_depends_on_it():
    history = WhyRunRequest(ends="deceptive", point=UNAWARE, seed=1).run()
    assert history.outcome == "deceptive"
    exchanged = {fork.changed: fork for fork in history.exchanged}
    assert tuple(exchanged) == tuple(GROUPS)
    assert exchanged["awareness"].counts["deceptive"] == 0
    assert history.depends_on[0] == "awareness"
    assert re.search(r"^Its end depends on what was carried over of awareness\b", history.text(), re.MULTILINE)
    assert history.unchanged.same.estimate > SETTLED


def test_a_group_that_changes_nothing_is_none_on_which_the_end_depends():
    """Without run-time inference neither awareness, gate nor horizon act: exchanging them changes no continuation."""
    history = WhyRunRequest(point=Point(model=Model(inference_power=0.0)), seed=1, number=2).run()
    for fork in history.exchanged:
        if fork.changed in ("awareness", "gate"):
            assert fork.counts == history.unchanged.counts
    assert not {"awareness", "gate"} & {*history.depends_on}


@pytest.mark.parametrize(("point", "stages"), [(Point(), 0), (Point(), 1), (TWICE, 0), (TWICE, 1), (TWICE, 2)])
def test_a_fork_at_step_0_is_the_run_before_the_stage_trained_on_under_other_keys(point, stages):
    history = WhyRunRequest(point=point, number=3, seed=1, continuations=30).run()
    spec = point.spec(seed=1, precision="single")
    state = many(before(spec, 3, stages), range(1, 31))
    for stage in spec.curriculum.stages[stages:]:
        state = spec.train_stage(state, stage).state
    (fork,) = (fork for fork in history.forks if (fork.stage, fork.step) == (spec.curriculum[stages].name, 0))
    assert fork.counts == counts(state, spec)


@pytest.mark.slow
def test_continuations_end_as_often_as_those_on_noise_of_another_seed():
    history = WhyRunRequest(**UNDECIDED, continuations=2000).run()
    spec = Point().spec(seed=1, precision="single")
    state = before(spec, 133, 1)
    others = replace(state.take(np.zeros(2000, np.int64)), seed=77, run=np.arange(2000, dtype=np.uint64))
    independent = counts(spec.train_stage(others, spec.curriculum[-1]).state, spec)
    kinds = [label for label in LABELS if independent[label] + history.unchanged.counts[label]]
    table = [[found[label] for label in kinds] for found in (history.unchanged.counts, independent)]
    assert len(kinds) > 1
    _, p, *_ = chi2_contingency(table)
    assert p > 0.001  # pyright: ignore[reportOperatorIssue]


def test_the_same_request_gives_the_same_document_whatever_the_threads(undecided):
    assert undecided.json() == WhyRunRequest(**UNDECIDED).run(threads=1).json()


def test_it_is_the_run_of_the_ensemble(undecided):
    trained = simulate(Point().curriculum, runs=134, seed=1)
    assert undecided.ended == [LABELS[code] for code in trained.outcome[133]]
    assert undecided.steps == trained.steps[133, -1]
    lived = trained.replay(133)
    for fork in undecided.forks:
        stage = undecided.stages.index(fork.stage)
        assert fork.outcome == LABELS[lived.readings(stage).outcome[fork.step]]


@pytest.mark.parametrize("stages", [0, 1, 2])
def test_no_continuation_draws_the_noise_of_the_run_or_of_another_stage(stages):
    spec = TWICE.spec(seed=1, precision="single")
    state = many(before(spec, 3, stages), range(500))
    opened = set()
    for stage in spec.curriculum.stages[stages:]:
        state = enter(state, stage)
        assert np.array_equal(_streams(state, stage), state.progress.generator)
        opened |= {
            tuple(row) for row in state.progress.generator
        }  # of the run itself, whose key is 0, and of its forks
    assert len(opened) == 500 * (3 - stages)


@pytest.mark.parametrize("start", ["fresh", "deceptive"])
def test_a_run_without_pre_training_has_nothing_to_exchange(start):
    point = Point(curriculum=from_scratch(), start=start)
    history = WhyRunRequest(point=point, seed=1, continuations=8).run()
    assert history.exchanged == []
    assert history.depends_on == []
    assert {fork.stage for fork in history.forks} == {"finetuning"}
    assert "depends on" not in history.text()
    assert [axes.axison for axes in history.figure().axes] == [True, False]


def test_only_carried_groups_are_exchanged():
    history = WhyRunRequest(point=TWICE, seed=1, continuations=4).run()
    assert [fork.changed for fork in history.exchanged] == ["goal", "awareness"]


def test_a_run_that_misses_its_target_is_said_to_and_forked_up_to_its_last_step():
    point = Point(curriculum=pretrain_finetune({"steps": 50}, {"steps": 40}))
    history = WhyRunRequest(point=point, continuations=4).run()
    assert (history.missed, history.diverged, history.steps) == (True, False, 40)
    assert "after 40 steps, without reaching its target." in " ".join(history.text().split())
    assert [fork.step for fork in history.forks][-1] < 40
    assert not WhyRunRequest(point=point.at({"finetuning.target": 0.0}), continuations=4).run().missed


def test_a_run_that_diverges_is_unconverged_and_forked_until_then():
    point = Point(curriculum=from_scratch(steps=400, learning_rate=1e150))
    with pytest.warns(RuntimeWarning, match="diverged"):
        trained = simulate(point.curriculum, runs=20)
    number = int(np.argmax(trained["diverged"][:, 0]))
    history = WhyRunRequest(point=point, number=number, continuations=16).run()
    assert (history.diverged, history.missed, history.outcome) == (True, True, "unconverged")
    assert history.steps == trained.steps[number, 0]
    assert "when it diverged." in " ".join(history.text().split())
    assert all(sum(fork.counts.values()) == 16 for fork in history.forks)


@pytest.mark.parametrize("steps", [0, 1, 2, 3, 12_000])
def test_a_stage_is_forked_at_its_first_step_and_at_ever_rarer_ones_before_its_last(steps):
    curriculum = from_scratch(steps=steps, target=0.0, noise=0.0)
    history = WhyRunRequest(point=Point(curriculum=curriculum), continuations=1).run()
    forked = [fork.step for fork in history.forks]
    assert forked[0] == 0
    assert forked == sorted(set(forked))
    assert forked[-1] < max(1, steps)
    assert len(forked) == min(11, max(1, steps))
    assert all(fork.same.estimate == 1 for fork in history.forks)  # without noise there is nothing else to come
    assert history.no_return == 0


def test_the_point_of_no_return_is_the_first_fork_from_which_on_nine_tenths_end_so(undecided):
    assert undecided.no_return is None
    assert undecided.forks[-1].same.estimate < SETTLED
    later = WhyRunRequest(number=52, seed=1).run()
    shares = [fork.same.estimate for fork in later.forks]
    assert later.no_return == 11
    assert min(shares[11:]) >= SETTLED > shares[10]


def test_shares_among_converged_continuations_leave_out_what_missed_its_target():
    point = Point(curriculum=pretrain_finetune({"steps": 1000}, {"steps": 40}))
    history = WhyRunRequest(point=point, number=1, seed=1, ends="deceptive", continuations=40).run()
    spec = point.spec(seed=1, precision="single")
    last = spec.curriculum[-1]
    stop = spec.train_stage(many(before(spec, history.run, 1), range(1, 41)), last)
    (fork,) = (fork for fork in history.forks if (fork.stage, fork.step) == ("finetuning", 0))
    deceptive = stop.readings.outcome == Outcome.DECEPTIVE
    converged = ~stop.missed & (stop.readings.outcome != Outcome.UNCONVERGED)
    assert 0 < converged.sum() < 40
    assert fork.counts["deceptive"] == deceptive.sum()
    assert fork.converged is not None
    assert fork.converged["deceptive"] == (deceptive & converged).sum()
    assert fork.same_converged == clopper_pearson(int((deceptive & converged).sum()), int(converged.sum()))
    assert "of converged" in history.text()
    assert "All continuations converged" not in history.text()


def test_a_run_that_ended_unconverged_has_no_share_among_converged_continuations():
    point = Point(curriculum=pretrain_finetune({"steps": 50}, {"steps": 40}))
    history = WhyRunRequest(point=point, continuations=4, ends="unconverged").run()
    assert {fork.same_converged for fork in history.forks} == {None}
    assert "of converged" not in history.text()


def test_if_all_continuations_converged_one_line_says_so(undecided):
    assert all(fork.converged == fork.counts for fork in undecided.forks)
    assert "All continuations converged." in undecided.text()
    assert "of converged" not in undecided.text()
    assert all(vars(fork.same_converged) == vars(fork.same) for fork in undecided.forks)


def history_of(shares, exchanged, n, began):
    """Return a history of a deceptive run with these counts of deceptive continuations among n."""
    stages = ["pretraining", "finetuning"]

    def fork(stage, step, count, changed=""):
        rest = dict.fromkeys(LABELS, 0) | {"deceptive": count, "internal": n - count}
        return Fork(
            stage=stage, step=step, changed=changed, outcome="unconverged", counts=rest, same=clopper_pearson(count, n)
        )

    places = [("pretraining", 7 * i) for i in range(began)]
    places += [("finetuning", 3 * i) for i in range(len(shares) - began)]
    forks = [fork(*place, count) for place, count in zip(places, shares, strict=True)]
    settled = [all(one.same.estimate >= SETTLED for one in forks[i:]) for i in range(len(forks))]
    request = WhyRunRequest(continuations=n)
    return RunHistory(
        run=0, seed=0, model=Model(), stages=stages, ended=["internal", "deceptive"], steps=50, missed=False,
        diverged=False, continuations=n, confidence=0.95, request=request,
        no_return=settled.index(True) if any(settled) else None,
        forks=forks,
        exchanged=[fork("finetuning", 0, count, group) for group, count in zip(GROUPS, exchanged, strict=True)],
    )  # fmt: skip


def rows_of(text):
    """Return the rows of the two tables as printed: stage or group, step, and deceptive continuations."""
    row = re.compile(r"^(\S+)(?: +([\d,]+))? .*?([\d.]+) \[([\d.]+), ([\d.]+)\]  ([\d,]+)", re.MULTILINE)
    return [(name, step, int(count.replace(",", ""))) for name, step, *_, count in row.findall(text)]


@settings(deadline=None, max_examples=200)
@given(st.data())
def test_no_sentence_contradicts_the_tables_that_are_printed(data):
    """What the text says of settled ends and of groups is worked out again from the printed counts alone."""
    n = data.draw(st.sampled_from([1, 8, 64, 999, 20_000]))
    near = st.one_of(st.integers(0, n), st.sampled_from([n, 0, int(0.9 * n), min(n, int(0.9 * n) + 1), n // 2]))
    shares = data.draw(st.lists(near, min_size=4, max_size=8))
    exchanged = data.draw(st.lists(near, min_size=5, max_size=5))
    text = history_of(shares, exchanged, n, began := data.draw(st.integers(1, len(shares) - 1))).text()
    prose, rows = " ".join(text.split()), rows_of(text)
    assert len(rows) == len(shares) + 6
    printed = [row[-1] for row in rows]
    assert printed == [*shares, shares[began], *exchanged]
    settled = [all(10 * count >= 9 * n for count in printed[i : len(shares)]) for i in range(len(shares))]
    if settled[0]:
        assert "Its end was settled from its first step on" in prose
    elif not any(settled):
        assert f"after step {rows[len(shares) - 1][1]} of finetuning, the last at which it is forked" in prose
    else:
        first = settled.index(True)
        before, after = rows[first - 1], rows[first]
        between = f"steps {before[1]} and {after[1]} of {after[0]}"
        if before[0] != after[0]:
            between = f"step {before[1]} of pretraining and the beginning of finetuning"
        assert f"Its point of no return lies between {between}:" in prose
    nothing, *groups = rows[len(shares) :]
    assert nothing[0] == NOTHING
    intervals = {row[0]: clopper_pearson(row[-1], n) for row in (nothing, *groups)}
    worse = {row[0] for row in groups if intervals[row[0]].high < min(0.5, intervals[NOTHING].low)}
    said = re.search(r"Its end depends on what was carried over of (.*?): ", prose)
    assert {*re.split(", | and ", said[1])} == worse if said else not worse
    assert bool(said) != ("Its end depends on no single group" in prose)


def test_an_end_that_is_no_likelier_without_an_exchange_depends_on_none():
    """Half of the continuations end so in any case, so that no group decides it."""
    assert history_of([640, 320, 300], [300, 310, 290, 305, 320], 1000, 1).depends_on == []
    assert history_of([640, 320, 300], [0, 310, 290, 305, 320], 1000, 1).depends_on == ["goal"]


def test_its_figure_comes_out_the_same_from_its_passport(undecided, tmp_path):
    figure_style.save(undecided.figure(), tmp_path / "a.png", undecided.passport())
    assert regenerate(tmp_path / "a.png").outcome == "same"
    assert undecided.passport()["configuration"] == UNDECIDED


def test_a_run_that_was_searched_for_is_found_again_from_its_passport(tmp_path):
    history = WhyRunRequest(ends="proxy", seed=1, continuations=4).run()
    assert history.passport()["configuration"] == {"ends": "proxy", "seed": 1, "continuations": 4}
    figure_style.save(history.figure(), tmp_path / "a.svg", history.passport())
    assert regenerate(tmp_path / "a.svg").outcome == "same"
    trained = simulate(Point().curriculum, runs=history.run + 1, seed=1)
    assert np.flatnonzero(trained.outcome[:, -1] == Outcome.PROXY).tolist() == [history.run]


def test_a_notebook_shows_it_as_tables(undecided):
    shown = undecided._repr_html_()
    assert shown.count("<table>") == 2
    assert "Run 133 of seed 1 ended pretraining as internal, finetuning as deceptive" in shown
    frame = undecided.frame()
    assert len(frame) == len(undecided.forks)
    assert frame["counts_deceptive"].tolist() == [fork.counts["deceptive"] for fork in undecided.forks]


@pytest.mark.parametrize("command", ["why-run", "replay"])
def test_an_outcome_that_never_occurs_is_refused_in_one_sentence(feint, monkeypatch, command):
    monkeypatch.setattr("feint.sim.training.replay.MOST_SEARCHED", 1024)
    refusal = feint(command, "--ends", "reward-seeking", "--run", 5).refusal
    assert refusal.startswith("ends = 'reward-seeking': none of the runs 5 to 1,028 ends so;")
    refusal = feint(command, "--ends", "deceptiv").refusal
    assert "did you mean 'deceptive'" in refusal


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"number": -1}, "run = -1 is not valid"),
        ({"continuations": 0}, "continuations = 0 is not valid"),
        ({"confidence": 1.0}, "confidence = 1.0 is not valid"),
        ({"ends": "corigible"}, "did you mean 'corrigible'"),
    ],
)
def test_what_is_not_valid_is_named(given, words):
    with pytest.raises(InputError, match=words):
        WhyRunRequest(**given)
