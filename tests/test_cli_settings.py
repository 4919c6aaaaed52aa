"""Settings on the command line: two against each other, several values of one, numbers, lists, names, completion."""

import os
import subprocess
import sys

import numpy as np
import pytest
from terminal import SHORT, SMALL

import feint as package
from feint.agents.errors import InputError
from feint.agents.model import Model
from feint.agents.types import starts
from feint.commands.build import whole
from feint.commands.settings import with_second_setting
from feint.sim.ensembles.comparison import CompareRequest
from feint.sim.ensembles.versus import Versus
from feint.sim.statistics.intervals import bounded_mean, tango
from feint.sim.training.configuration import parse_setting, separated
from feint.sim.training.curriculum import MATCHES, pretrain_finetune
from feint.sim.training.parameter_point import Point
from feint.sim.training.stage import Stage

BRIEF = pretrain_finetune({"steps": 400}, {"steps": 400})
TWO = ("--set", "similarity=0.9", "--versus", *SHORT, "--set", "similarity=0.1", "--start=deceptive")


@pytest.fixture(scope="module")
def versus():
    return package.compare(BRIEF, model=Model(similarity=0.9), runs=200, seed=3, versus={"similarity": 0.1})


def test_two_settings_are_compared_on_the_runs_that_each_has_by_itself(versus):
    apart = [package.compare(BRIEF, model=Model(similarity=s), runs=200, seed=3) for s in (0.9, 0.1)]
    assert isinstance(versus, Versus)
    for there, alone in zip(versus.arms, apart, strict=True):
        for arm, ensemble in alone.arms.items():
            np.testing.assert_array_equal(there[arm].outcome, ensemble.outcome)
    one, other = (of.pretrained.is_outcome("internal") for of in apart)
    row = versus.contrast("pretrain_finetune", "internal")
    assert row.difference == tango(int((one & ~other).sum()), int((other & ~one).sum()), 200)
    assert row.difference.estimate == pytest.approx(row.this.estimate - row.versus.estimate)
    whole_row = versus.contrast()
    scores = [of.pretrained.is_outcome("deceptive") * 1 - of.scratch.is_outcome("deceptive") for of in apart]
    assert whole_row.difference == bounded_mean(scores[0] - scores[1], 4)
    assert whole_row.this == apart[0].difference()
    assert (versus.this, versus.versus) == ({"similarity": 0.9}, {"similarity": 0.1})
    with pytest.raises(InputError, match="is no contrast"):
        versus.contrast("scratch")


def test_what_follows_versus_belongs_to_the_second_setting(feint, tmp_path):
    document = feint("compare", *SMALL, *TWO, "--json").document
    assert document["this"] == {"similarity": 0.9, "start": "fresh"}
    assert document["versus"] == {"similarity": 0.1, "start": "deceptive"}
    request = CompareRequest.from_configuration(document["passport"]["configuration"])
    assert request.versus is not None
    assert (request.point.start, request.versus.start) == ("fresh", "deceptive")
    said = feint("compare", *SMALL, *TWO, "--figure", tmp_path / "a.svg").out
    assert "this:    similarity=0.9, start=fresh" in said
    assert max(map(len, said.splitlines())) <= 80
    assert feint("regenerate", tmp_path / "a.svg").code == 0


@pytest.mark.parametrize(
    ("words", "read"),
    [
        ("--versus --set a=1", ["--versus", "", "--versus", "a=1"]),
        ("--set b=2 --versus a=1 --runs 3", ["--set", "b=2", "--versus", "a=1", "--runs", "3"]),
        ("--versus --match=steps --json", ["--versus", "", "--versus", "match=steps", "--json"]),
        ("--versus", ["--versus", ""]),
        ("--set a=1", ["--set", "a=1"]),
    ],
)
def test_the_words_of_a_second_setting(words, read):
    assert with_second_setting(words.split()) == read


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--versus", *SHORT), "versus names the same setting"),
        (("--versus", "similarity=0.1", "--beside"), "--beside, --versus and several values"),
        (("--versus", "similarity=0.1,0.2"), "similarity = 0.1,0.2 are 2 values"),
        (("--versus", "similarity=3"), "similarity = 3 is not valid for a model"),
        (("--set", "similarity=0.1,3"), "similarity = 3 is not valid for a model"),
        (("--set", "modes=" + ",".join(map(str, range(1, 102)))), "vary names 101 settings"),
    ],
)
def test_settings_that_cannot_be_compared_are_refused(feint, words, sentence):
    assert feint("compare", *SMALL, *words).refusal.startswith(sentence)


def test_several_values_make_a_table_with_a_row_for_each_as_if_it_were_alone(feint):
    asked = ("--set", "similarity=0.1,0.9", "--set", "finetuning.honeypots=0,1e-1")
    document = feint("compare", *SMALL, *asked, "--json").document
    values = [row["values"] for row in document["settings"]]
    assert [tuple(row.values()) for row in values] == [(0.1, 0), (0.1, 0.1), (0.9, 0), (0.9, 0.1)]
    alone = feint("compare", *SMALL, "--set", "similarity=0.9", "--set", "finetuning.honeypots=0", "--json").document
    assert document["settings"][2]["difference"] == {k: v for k, v in alone["difference"].items() if k != "outcome"}
    said = feint("compare", *SMALL, *asked)
    assert said.out.count("similarity=0.1") == 2
    simulated = feint("simulate", *SMALL, "--set", "similarity=0.1,0.9", "--json").document
    plain = feint("simulate", *SMALL, "--set", "similarity=0.9", "--json").document
    shares = {label: share["estimate"] for label, share in simulated["settings"][1]["shares"].items()}
    assert shares == {label: count / 40 for label, count in plain["stages"][-1]["counts"].items()}


def test_a_parameter_that_is_itself_a_list_takes_lists_in_brackets(feint, tmp_path):
    stages = "\n".join(f'[[stage]]\nname = "{"abc"[i]}"\nobjective = {i}\nsteps = 9' for i in range(3))
    (tmp_path / "three.toml").write_text(stages)
    asked = ("--curriculum", tmp_path / "three.toml", "--runs", 5)
    document = feint("compare", *asked, "--set", "similarity=[0.1,0.2],[0.3,0.4]", "--json").document
    assert [row["values"] for row in document["settings"]] == [{"similarity": [0.1, 0.2]}, {"similarity": [0.3, 0.4]}]
    one = feint("simulate", *SMALL, "--set", "finetuning.carry=goal,gate", "--json").document
    stage = one["passport"]["configuration"]["point"]["stages"][1]
    assert stage["carry"] == ["goal", "gate"]
    refusal = feint("replay", *SHORT, "--set", "similarity=0.1,0.2").refusal
    assert refusal.startswith("similarity = 0.1,0.2 are 2 values, of which only compare and simulate make a table")


def test_the_figure_of_a_table_comes_out_the_same(feint, tmp_path):
    file = tmp_path / "a.svg"
    assert feint("simulate", *SMALL, "--set", "similarity=0.1,0.9", "--set", "modes=16,8", "--figure", file).code == 0
    assert feint("regenerate", file).code == 0


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1e4", 10_000),
        ("2,000", 2000),
        ("1,000,000", 10**6),
        ("2_000", 2000),
        ("-3", -3),
        ("1.5e1", 15),
        ("1e22", 10**22),
    ],
)
def test_whole_numbers_may_be_written_as_people_do(text, number):
    assert whole(text) == number


@pytest.mark.parametrize("text", ["1,5", "2,00", "1.5", "1e-3", "nan", "inf", "1e999", "1e99999999999", "", "2,000.5"])
def test_what_is_no_whole_number_stays_refused(feint, text):
    assert "is not a whole number" in feint("simulate", f"--runs={text}").refusal


def test_settings_take_whole_numbers_in_the_notation_of_floats(feint):
    document = feint(
        "simulate", *SMALL[:2], "--set", "pretraining.steps=1e2", "--set", "finetuning.steps=2e2", "--json"
    )
    assert [stage["median_steps"] for stage in document.document["stages"]] == [100, 200]
    assert "steps = 1.5 is not valid" in feint("simulate", "--set", "finetuning.steps=1.5").refusal


def test_lists_may_be_written_with_commas(feint):
    both = feint("auditors", *SMALL[2:], "--runs", 30, "--auditor", "behaviour,probe", "--json").document
    assert both["passport"]["configuration"]["auditors"] == ["behaviour", "probe"]
    assert separated("a, [1,2] ,{b=1,c=2},'d,e',") == ["a", "[1,2]", "{b=1,c=2}", "'d,e'", ""]
    assert parse_setting("similarity=0.1,[0.2, 0.3]") == ("similarity", (0.1, [0.2, 0.3]))
    assert parse_setting("similarity=[0.2, 0.3]") == ("similarity", [0.2, 0.3])


def test_a_parameter_is_printed_in_full_and_found_by_a_word(feint):
    said = feint("parameters", "finetuning.honeypots").out
    facts = Stage.parameters()["honeypots"]
    for text in (facts.meaning, facts.allowed, facts.prior_text, facts.unit):
        assert text in said
    assert feint("parameters", "HONEYPOT").out.count("\n\n") >= 2
    assert feint("parameters", "similarity", "--json").document["parameters"][0]["name"] == "similarity"
    assert feint("parameters", "simlarity").refusal == "parameter 'simlarity' is not known: did you mean 'similarity'?"
    for kind in (Model, Stage):
        for name, declared in kind.parameters().items():
            entry = " ".join(feint("parameters", name).out.split())
            assert " ".join(declared.meaning.split()) in entry
            assert " ".join(declared.source.split()) in entry


def test_objectives_that_no_stage_trains_are_told(feint):
    said = feint("simulate", *SMALL, "--set", "finetuning.objective=9")
    assert said.err == "feint: warning: there are 10 objectives, of which no stage trains 1 to 8.\n"


@pytest.mark.parametrize("flag", ["-h", "-V"])
def test_short_flags(feint, flag):
    assert feint(flag).code == 0
    assert feint("compare", "-h").out == feint("compare", "--help").out


def test_a_missing_name_is_refused_with_the_names_there_are(feint):
    assert "give DOCUMENT, one of overseer, " in feint("schema").refusal
    assert "one of fresh, internal, corrigible, deceptive" in feint("simulate", "--start").refusal


def completed(*words):
    """What a shell is told that the last word may be."""
    line = " ".join(["feint", *words])
    variables = {"_FEINT_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(len(words))}
    call = "import sys; sys.argv = ['feint']; from feint.__main__ import main; main()"
    environment = {**os.environ, **variables}
    done = subprocess.run([sys.executable, "-c", call], capture_output=True, text=True, env=environment, check=False)
    return done.stdout.split()


def test_shells_complete_commands_options_and_names():
    assert completed("comp") == ["compare"]
    assert completed("compare", "--vers") == ["--versus"]
    assert completed("compare", "--start", "") == [*starts()]
    assert completed("simulate", "--match", "t") == [name for name in MATCHES if name[0] == "t"]
    assert completed("schema", "exp") == []
    assert completed("parameters", "honey") == ["honeypots"]


def test_crux_has_no_share_of_what_is_no_type_and_audit_needs_draws(feint):
    assert "is no type of what is trained" in feint("crux", "--outcome", "unconverged").refusal
    assert feint("audit", "--draws", 0).refusal == "draws = 0 is not valid: it must be a whole number of at least 1."
    assert feint("audit", "--draws", 3).refusal == "draws = 3 is not valid: it must be a power of two."


@pytest.mark.parametrize(
    ("words", "way"),
    [
        (("simulate", "--runs", 10**9), "--summary keeps counts alone"),
        (("compare", "--runs", 10**9), "`feint sweep`, which keeps counts alone"),
        (("worldviews", "--runs", 10**9), "request fewer"),
        (("auditors", "--runs", 10**9), "request fewer"),
        (("crux", "--runs", 10**9), "request fewer"),
        (("replay", "--set", "modes=1024", "--set", "pretraining.steps=1e8"), "record fewer with --every N"),
    ],
)
def test_what_cannot_be_held_is_refused_beforehand_with_the_need_and_the_way(feint, monkeypatch, words, way):
    monkeypatch.setattr("feint.sim.results.memory._limits", lambda: iter([8e9]))
    refusal = feint(*words).refusal
    assert "GB of memory, and 8.0 GB are free" in refusal
    assert way in refusal


def test_a_point_may_stand_for_the_second_setting(versus):
    other = Point(model=Model(similarity=0.1), curriculum=BRIEF)
    same = package.compare(BRIEF, model=Model(similarity=0.9), runs=200, seed=3, versus=other)
    assert same.document()["contrasts"] == versus.document()["contrasts"]
