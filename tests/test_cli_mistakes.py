"""The command line against wrong input: exit code 2, what was wrong and what is right, and nothing trained."""

import pytest
from terminal import SMALL, WORK, in_a_process_of_its_own

TRAINS = {
    "compare": "feint.sim.ensembles.comparison.CompareRequest.run",
    "simulate": "feint.sim.ensembles.ensemble.SimulateRequest.run",
    "replay": "feint.sim.training.replay.ReplayRequest.run",
}


SHARED = [  # options that every command that trains has
    (("--set", "similarty=1"), "model parameter 'similarty' is not known: did you mean 'similarity'?"),
    (("--set", "similarity=2"), "similarity = 2 is not valid for a model: it must be a finite number from -1 to 1."),
    (("--set", "steps=2"), "steps is a parameter of a stage: write pretraining.steps or finetuning.steps."),
    (("--set", "finetuning.steps"), "set = 'finetuning.steps' is not a setting"),
    (("--set", "similarity=[0.5]", "--set", "finetuning.objective=2"), "stage 'finetuning': objective = 2 is not one"),
    (("--curriculum", "none.toml"), "none.toml: the file cannot be read: No such file or directory."),
    (("--curriculum", "/"), "/: the file cannot be read"),
    (("--seed", "-1"), "seed = -1 is not valid: it must be a whole number from 0 to 18,446,744,073,709,551,615."),
    (("--seed", 2**64), f"seed = {2**64} is not valid"),
    (("--start", "decptive"), "start 'decptive' is not known: did you mean 'deceptive'?"),
    (("--start", "xyz"), "start 'xyz' is not known: known are fresh, internal, corrigible, deceptive."),
    (("--match", "total_steps"), "match 'total_steps' is not known: did you mean 'total-steps'?"),
    (("--figure", "a.gif"), "figure = 'a.gif' has no known format: its name must end in .svg, .pdf, .png, .eps or"),
    (("--figure", "a"), "figure = 'a' has no known format"),
    (("--figure", "none/a.svg"), "figure = 'none/a.svg' cannot be written: there is no folder 'none'."),
]
OWN = [
    ("compare", ("--runs", 0), "runs = 0 is not valid: it must be a whole number from 1 to 1,000,000,000."),
    ("simulate", ("--runs", -1), "runs = -1 is not valid: it must be a whole number from 1 to 1,000,000,000."),
    ("simulate", ("--threads", 0), "threads = 0 is not valid: it must be a whole number of at least 1."),
    ("compare", ("--half-width", 0), "half_width = 0.0 is not valid: it must be at least 1e-06 and below 1."),
    ("compare", ("--half-width", "nan"), "half_width = nan is not valid"),
    ("compare", ("--worth", 3), "worth = 3 is not allowed with match = 'target': it is for match = 'data'."),
    ("compare", ("--match", "data", "--worth", -3), "worth = -3 is not valid: it must be a whole number of at least"),
    ("replay", ("--run", -1), "run = -1 is not valid: it must be a whole number from 0 to 1,000,000,000."),
    ("replay", ("--every", 0), "every = 0 is not valid: it must be a whole number from 1 to 1,000,000,000."),
    ("compare", ("--runs", 10**20), f"runs = {10**20} is not valid"),
    ("replay", ("--run", 2**64), f"run = {2**64} is not valid"),
    ("replay", ("--csv", "none/a.csv"), "csv = 'none/a.csv' cannot be written"),
]
LISTS = "; `feint {} --help` lists arguments and options."
USAGE = [  # what the library that reads options says, and what would be right
    (("compare", "--rnus", 3), "No such option: --rnus: did you mean --runs?"),
    (("compare", "--xyzzy", 3), "No such option: --xyzzy" + LISTS.format("compare")),
    (("scenario", "xu-race", "-x"), "No such option: -x" + LISTS.format("scenario xu-race")),
    (("compare", "--runs", "many"), "Invalid value for '--runs': 'many' is not a whole number."),
    (("compare", "--half-width", "wide"), "Invalid value for '--half-width': 'wide' is not a number."),
    (("simulate", "--seed", "1.5"), "Invalid value for '--seed': '1.5' is not a whole number."),
    (("simulate", "--threads", "x"), "Invalid value for '--threads': 'x' is not a whole number."),
    (("simulate", "more"), "Got unexpected extra argument(s) (more)" + LISTS.format("simulate")),
    (
        ("compare", "--start"),
        "Option '--start' requires an argument, one of fresh, internal, corrigible, deceptive"
        + LISTS.format("compare"),
    ),
    (("sweep", "a.toml"), "Missing option '--out': give --out DIR" + LISTS.format("sweep")),
    (("export", "folder"), "Missing argument 'FILE': give FILE" + LISTS.format("export")),
    (("comapre",), "command 'comapre' is not known: did you mean 'compare'?"),
    (("compare", "--set"), "Option '--set' requires an argument" + LISTS.format("compare")),
    (("compare", "--json=3"), "Option '--json' does not take a value" + LISTS.format("compare")),
]


@pytest.fixture
def trained(monkeypatch):
    """Commands that got as far as training."""
    begun = []

    def recorded(command):
        def train(*_, **__):
            begun.append(command)
            raise RuntimeError(f"{command} trains")

        return train

    for command, function in TRAINS.items():
        monkeypatch.setattr(function, recorded(command))
    return begun


@pytest.mark.parametrize("command", TRAINS)
def test_these_tests_would_notice_training(feint, trained, command):
    with pytest.raises(RuntimeError):
        feint(command, *WORK[command])
    assert trained == [command]


@pytest.mark.parametrize("command", TRAINS)
@pytest.mark.parametrize(("words", "sentence"), SHARED)
def test_wrong_input_of_a_shared_option_is_one_sentence_and_exit_code_2(feint, command, words, sentence):
    assert feint(command, *WORK[command], *words).refusal.startswith(sentence)


@pytest.mark.parametrize(("command", "words", "sentence"), OWN)
def test_wrong_input_of_an_own_option_is_one_sentence_and_exit_code_2(feint, command, words, sentence):
    assert feint(command, *WORK[command], *words).refusal.startswith(sentence)


@pytest.mark.parametrize("command", TRAINS)
@pytest.mark.parametrize("words", [words for words, _ in SHARED if words[0] in {"--figure", "--curriculum"}])
def test_a_wrong_file_is_found_before_anything_is_computed(feint, trained, command, words):
    assert feint(command, *WORK[command], *words).refusal
    assert trained == []


@pytest.mark.parametrize(("command", "words"), [("compare", ("--half-width", 2)), ("replay", ("--csv", "none/a.csv"))])
def test_a_wrong_option_of_what_is_printed_is_found_before_anything_is_computed(feint, trained, command, words):
    assert feint(command, *WORK[command], *words).refusal
    assert trained == []


def test_too_little_memory_is_one_sentence(feint, monkeypatch):
    monkeypatch.setattr(TRAINS["compare"], lambda *_, **__: bytearray(2**62))
    assert "memory" in feint("compare", *SMALL).refusal


@pytest.mark.parametrize(("words", "sentence"), USAGE)
def test_wrong_usage_is_one_sentence_that_says_what_is_right(feint, words, sentence):
    assert feint(*words).refusal == sentence


def test_a_document_or_scenario_that_is_not_known_is_refused_with_the_nearest(feint):
    assert feint("schema", "compar").refusal == "document 'compar' is not known: did you mean 'compare'?"
    assert feint("scenario", "xu_race").refusal == "scenario 'xu_race' is not known: did you mean 'xu-race'?"
    assert feint("scenario", "xu-race", "--set", "carried=x").refusal.startswith(
        "carried = 'x' is not valid for a race: it must be a whole number from 0 to 1,000,000."
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('[[stage]]\nname = "only"', "curriculum has the one stage 'only'"),
        ('[[stage]]\nname = "a"\nstepz = 3', "FILE: stage 'a': stage parameter 'stepz' is not known"),
        ("[model]\nmodes = 0", "FILE: modes = 0 is not valid for a model"),
        ("modes = 1", "FILE: table 'modes' is not known"),
    ],
)
def test_a_mistake_in_a_curriculum_file_is_one_sentence_that_names_the_file(feint, tmp_path, text, sentence):
    file = tmp_path / "given.toml"
    file.write_text(text)
    said = feint("compare", "--runs", 3, "--curriculum", file)
    assert said.refusal.startswith(sentence.replace("FILE", str(file)))


@pytest.mark.parametrize(("words", "sentence"), [SHARED[1], SHARED[-1]])
def test_in_a_process_of_its_own_wrong_input_is_one_line_without_a_traceback(words, sentence):
    assert in_a_process_of_its_own("compare", *SMALL, *words).refusal.startswith(sentence)


def test_in_a_process_of_its_own_wrong_usage_is_exit_code_2():
    said = in_a_process_of_its_own("sweep", "study.toml")
    assert (said.code, said.out) == (2, "")
    assert "--out" in said.err
