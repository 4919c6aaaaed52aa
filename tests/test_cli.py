"""The command line: what each command prints, what each option reaches, and what it says of wrong input."""

import io
import re
import subprocess
import sys
from typing import Any

import pytest
import tqdm
from terminal import SHORT, SMALL, WORK, in_a_process_of_its_own

from feint.agents import VERSION
from feint.agents.model import Model
from feint.agents.outcome import LABELS
from feint.scenarios.requests import DOCUMENTS
from feint.sim.ensembles.comparison import CompareRequest
from feint.sim.ensembles.protocols import arms_of
from feint.sim.training.curriculum import Match
from feint.sim.training.stage import Stage

THREE = """
model.similarity = [0.9, 0.1]
stage = [
    {name = "base", objective = 0, steps = 30},
    {name = "helpful", objective = 1, steps = 20},
    {name = "harmless", objective = 2, steps = 10},
]
"""
STAGE = {"name", "counts", "converged", "missed_target", "median_steps"} | {"diverged", "at_stop"}
RESULT = {"schema", "seed", "runs", "model", "timing"} | {"passport"}

VERSION_1 = ("--set", "identification=1e6", "--set", "inference_form=exponential")
DIVERGING = (*VERSION_1, "--set", "finetuning.learning_rate=1e6")
"""At which some runs of version 1's point stop being finite; with the odds none does."""


def stages_of(document):
    return [stage for arm in document["arms"].values() for stage in arm["stages"]]


def trained(document):
    """The stages of each arm as the request in the passport trains them, by name."""
    point = CompareRequest.from_configuration(document["passport"]["configuration"]).point
    arms = arms_of(point.curriculum, Match.named(point.match))
    return {arm: {stage["name"]: stage for stage in curriculum.described()} for arm, curriculum in arms.items()}


def test_compare_prints_one_document_with_the_fields_of_the_page(feint):
    document = feint("compare", *SMALL, "--seed", 7, "--json").document
    own = {"arms", "beside", "difference", "difference_converged", "transitions", "transitions_by_stage", "runs_needed"}
    assert set(document) == RESULT | own
    assert document["beside"] is None
    assert (document["schema"], document["seed"], document["runs"]) == (1, 7, 40)
    assert set(document["model"]) == set(Model.model_fields)
    assert {arm: len(part["stages"]) for arm, part in document["arms"].items()} == {
        "from_scratch": 1,
        "pretrain_finetune": 2,
    }
    assert all(set(stage) == STAGE for stage in stages_of(document))
    assert set(document["difference"]) == {"outcome", "estimate", "low", "high", "confidence"} | {"method"}
    assert set(document["timing"]) == {"run_steps", "seconds", "threads"}
    assert all(set(stage["counts"]) == set(LABELS) for stage in stages_of(document))
    assert [sum(stage["counts"].values()) for stage in stages_of(document)] == [40, 40, 40]


def test_simulate_prints_one_document_of_pre_training_and_fine_tuning(feint):
    document = feint("simulate", *SMALL, "--json").document
    assert set(document) == RESULT | {"stages"}
    assert [stage["name"] for stage in document["stages"]] == ["pretraining", "finetuning"]
    assert [set(stage) for stage in document["stages"]] == [STAGE, STAGE]
    assert [(sum(s["counts"].values()), s["median_steps"]) for s in document["stages"]] == [(40, 100), (40, 200)]
    compared = feint("compare", *SMALL, "--json").document["arms"]
    assert document["stages"] == compared["pretrain_finetune"]["stages"]


def test_replay_prints_and_writes_the_recorded_steps_of_each_stage(feint, tmp_path):
    file = tmp_path / "run.csv"
    document = feint("replay", "--run", 3, *SHORT, "--every", 30, "--json", "--csv", file).document
    before, after = document["stages"]
    assert before["step"] == [0, 30, 60, 90, 100]
    assert after["step"] == [0, 30, 60, 90, 120, 150, 180, 200]
    assert [len(stage["outcome"]) for stage in (before, after)] == [5, 8]
    header, *rows = file.read_text().splitlines()
    assert header.startswith("stage,step,outcome,performance")
    assert [row.split(",")[:2] for row in rows[4:6]] == [["pretraining", "100"], ["finetuning", "0"]]
    assert len(rows) == 13


@pytest.mark.parametrize("command", WORK)
def test_a_table_for_people_is_printed_unless_json_is_asked_for(feint, command):
    said = feint(command, *WORK[command])
    assert (said.code, said.err) == (0, "")
    shown = {"compare": "Deception", "simulate": "missed target", "replay": "awareness"}
    assert shown[command] in said.out
    assert "{" not in said.out
    assert max(map(len, said.out.splitlines())) <= 80


def test_a_table_of_many_stages_and_long_names_is_cut_into_several_that_fit(feint, tmp_path):
    names = ["base", "a_stage_of_a_very_long_name", "helpful", "harmless"]
    stages = "\n".join(f'[[stage]]\nname = "{name}"\nobjective = {i}\nsteps = 9' for i, name in enumerate(names))
    (tmp_path / "many.toml").write_text(stages)
    for command in ("compare", "simulate"):
        said = feint(command, "--curriculum", tmp_path / "many.toml", "--runs", 5).out
        assert max(map(len, said.splitlines())) <= 80
        assert said.count("deceptive ") > 1


@pytest.mark.parametrize("form", [(), ("--json",), ("--markdown",)])
def test_parameters_lists_every_parameter(feint, form):
    said = feint("parameters", *form)
    assert said.code == 0
    assert not [name for kind in (Model, Stage) for name in kind.parameters() if name not in said.out]
    if form == ("--json",):
        assert said.document["parameters"][0]["name"] == "modes"


@pytest.mark.parametrize("name", DOCUMENTS)
def test_schema_prints_the_schema_of_a_document(feint, name):
    assert set(feint("schema", name).document["properties"]) >= {"schema"}
    assert name in feint("schema", "--help").out


def test_a_setting_applies_to_the_stage_of_its_name_in_every_arm_that_has_one(feint):
    asked = ("pretraining.coverage=0.25", "finetuning.honeypots=0.1", "similarity=.25")
    document = feint("compare", *SMALL, "--json", *(word for one in asked for word in ("--set", one))).document
    scratch, both = trained(document).values()
    assert (document["model"]["similarity"], document["model"]["modes"]) == (0.25, 16)
    assert (list(scratch), list(both)) == (["finetuning"], ["pretraining", "finetuning"])
    assert both["pretraining"]["coverage"] == 0.25
    assert [arm["finetuning"]["honeypots"] for arm in (scratch, both)] == [0.1, 0.1]
    assert (scratch["finetuning"]["coverage"], both["pretraining"]["honeypots"]) == (0, 0)


def test_a_curriculum_from_a_file_is_compared_with_its_last_stage_alone(feint, tmp_path):
    (tmp_path / "three.toml").write_text(THREE)
    asked = ("--curriculum", tmp_path / "three.toml", "--runs", 5, "--set", "harmless.target=0", "--json")
    document = feint("compare", *asked).document
    scratch, both = trained(document).values()
    assert (list(scratch), list(both)) == (["harmless"], ["base", "helpful", "harmless"])
    assert scratch["harmless"] == both["harmless"] | {"carry": []}
    assert document["model"]["similarity"] == [0.9, 0.1]
    assert [s["median_steps"] for s in feint("simulate", *asked).document["stages"]] == [30, 20, 10]


def test_start_match_and_seed_reach_the_ensemble(feint):
    document = feint("simulate", *SMALL, "--start", "deceptive", "--match", "steps", "--seed", 5, "--json").document
    configuration = document["passport"]["configuration"]
    assert [configuration["point"][name] for name in ("start", "match")] == ["deceptive", "steps"]
    assert [configuration[name] for name in ("seed", "runs")] == [5, 40]
    assert document["stages"][1]["median_steps"] == 200


def test_the_same_command_says_the_same_whatever_the_threads(feint):
    documents = [feint("compare", *SMALL, "--json", "--threads", threads).document for threads in (1, 2, 2)]
    assert [document.pop("timing")["threads"] for document in documents] == [1, 2, 2]
    assert documents[0] == documents[1] == documents[2]
    tables = {re.sub(r" in [\d.]+ s on", "", feint("compare", *SMALL).out) for _ in range(2)}
    assert len(tables) == 1


@pytest.mark.parametrize(
    ("command", "name"),
    [("compare", "a.svg"), ("compare", "a.png"), ("compare", "a.pdf"), ("simulate", "a.SVG"), ("replay", "a.png")],
)
def test_commands_that_train_draw_a_figure_in_the_format_of_its_name(feint, tmp_path, command, name):
    assert feint(command, *WORK[command], "--json", "--figure", tmp_path / name).document["seed"] == 0
    begins = {"svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF"}[name[-3:].lower()]
    assert (tmp_path / name).read_bytes().startswith(begins)


@pytest.mark.filterwarnings("default::RuntimeWarning")
def test_diverged_runs_are_one_line_an_arm_with_their_number_and_never_nan(feint):
    many = DIVERGING
    said = feint("compare", *SMALL, *many, "--json")
    document = said._replace(err="").document  # which has no NaN
    diverged = [stage["diverged"] for stage in stages_of(document) if stage["diverged"]]
    found = re.findall(r"feint: warning: (\d+) of 40 runs diverged in stage 'finetuning'.*\n", said.err)
    assert [int(number) for number in found] == diverged
    assert len(said.err.splitlines()) == len(diverged) == 2
    table = feint("compare", *SMALL, *many)
    assert table.code == 0
    assert not re.search(r"\bnan\b", table.out, re.IGNORECASE)


@pytest.mark.filterwarnings("default::RuntimeWarning")
def test_arms_that_diverge_alike_are_each_warned_of(feint):
    said = feint("compare", "--runs", 4, *SHORT, "--set", "finetuning.learning_rate=1e308")
    assert said.err.count("4 of 4 runs diverged") == 2


def test_in_a_pipe_there_is_a_document_and_nothing_else():
    assert in_a_process_of_its_own("simulate", *SMALL, "--json").document["runs"] == 40


def test_a_diverged_ensemble_is_one_warning_and_no_failure():
    said = in_a_process_of_its_own("simulate", *SMALL, *DIVERGING)
    assert said.code == 0
    assert re.fullmatch(r"feint: warning: \d+ of 40 runs diverged in stage 'finetuning' and are .*\.\n", said.err)


class Screen(io.StringIO):
    """A terminal, as far as anyone asks."""

    def isatty(self):
        return True


@pytest.mark.parametrize(("shown_on", "command"), [(Screen, "compare"), (Screen, "simulate"), (io.StringIO, "compare")])
def test_a_progress_bar_runs_to_its_end_on_a_terminal_and_is_not_there_in_a_pipe(feint, monkeypatch, shown_on, command):
    bar, screen = tqdm.tqdm, shown_on()
    at_once: dict[str, Any] = {"delay": 0, "mininterval": 0}
    monkeypatch.setattr("tqdm.tqdm", lambda **options: bar(**{**options, **at_once}))
    monkeypatch.setattr(sys, "stderr", screen)
    assert feint(command, *SMALL).code == 0
    assert ("100%" in screen.getvalue()) == (shown_on is Screen)
    assert (screen.getvalue() == "") == (shown_on is not Screen)


def test_the_version_can_be_asked_for(feint):
    assert feint("--version").out == f"{VERSION}\n"


def test_a_figure_is_written_also_where_nobody_reads_what_is_printed(tmp_path):
    command = [sys.executable, "-m", "feint", "simulate", *map(str, SMALL), "--figure", str(tmp_path / "figure.png")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.close()
        process.wait()
    assert (tmp_path / "figure.png").stat().st_size > 1000
