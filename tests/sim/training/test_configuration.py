"""Files and settings: what is read out of them, and one clear sentence for every mistake."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feint.agents.errors import InputError
from feint.agents.model import Model
from feint.scenarios.argument.worldview_files import view_named
from feint.sim.ensembles.ensemble import simulate
from feint.sim.training.configuration import Configuration, load
from feint.sim.training.curriculum import Curriculum, pretrain_finetune
from feint.sim.training.stage import Stage

EXAMPLE = """
[model]
similarity = 0.3

[[stage]]
name = "pretraining"
objective = 0
steps = 2000

[[stage]]
name = "finetuning"
objective = 1
carry = ["goal", "capability", "world"]
"""
A, B = ('[[stage]]\nname = "a"\n', '[[stage]]\nname = "b"\n')
NOTHING_SET = Configuration(model=Model())
repeated = settings(max_examples=150, deadline=None, derandomize=True)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return tmp_path_factory.mktemp("files") / "given.toml"


def loaded(file, text):
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load(file)


def set_to(*given, of=NOTHING_SET):
    model, curriculum = of.with_settings(given, fallback=pretrain_finetune())
    return Configuration(model=model, curriculum=curriculum)


def refusal(of, *arguments):
    """The message for what is not valid: a sentence on one line."""
    with pytest.raises(InputError, match=r"\A.+[.?]\Z") as caught:
        of(*arguments)
    return str(caught.value)


def works_or_is_refused(of, *arguments):
    try:
        of(*arguments)
    except InputError:
        refusal(of, *arguments)


def test_the_example_of_the_page_is_read_and_what_it_leaves_out_takes_the_defaults_of_its_kind(file):
    found = loaded(file, EXAMPLE)
    assert found.model == Model(similarity=0.3)
    assert found.curriculum == pretrain_finetune({"steps": 2000}, {"carry": ["goal", "capability", "world"]})
    assert [(s.steps, s.target, s.coverage) for s in found.curriculum or ()] == [(2000, 0.0, 0.5), (12000, 0.9, 0.0)]


def test_a_model_alone_leaves_the_curriculum_open(file):
    found = loaded(file, "[model]\nsimilarity = [0.3, 1]\nmodes = 4")
    assert found == Configuration(model=Model(similarity=(0.3, 1.0), modes=4), curriculum=None)


def test_stages_alone_take_the_default_model(file):
    stages = Stage(name="a"), Stage(name="b", objective=0, carry=()), Stage(name="c", objective=3)
    found = loaded(file, A + B + 'objective = 0\ncarry = []\n[[stage]]\nname = "c"\nobjective = 3')
    assert found == Configuration(model=Model(), curriculum=Curriculum(*stages))


MISTAKES = [
    ("[modle]", ["table 'modle'", "did you mean 'model'?"]),
    ("xyz = 1", ["table 'xyz'", "model, stage"]),
    ("model = 3", ["model = 3", "[model]"]),
    ("[model]\nsimilarty = 1", ["model parameter 'similarty'", "did you mean 'similarity'?"]),
    ("[model]\nmodes = 1e1", ["modes = 10.0", "whole number from 1 to 1,024"]),
    ("[model]\nshielding = true", ["shielding = True", "from 0 to 1"]),
    ("[model]\nspectrum = nan", ["spectrum = nan", "finite"]),
    ("[model]\nsimilarity = [-inf]", ["similarity = -inf", "from -1 to 1"]),
    ("[model]\nsimilarity = []", ["similarity = []", "one for each"]),
    ("stage = [1]", ["stage = [1]", "[[stage]]"]),
    ('[stage]\nname = "a"', ["stage = {'name': 'a'}", "[[stage]]"]),
    (A + "[[stage]]\nsteps = 3", ["stage 2", "name"]),
    ("[[stage]]\nname = 3", ["stage 1", "name = 3", "letters"]),
    ("stage = []", ["stage = []", "[[stage]]"]),
    ("[model]\nsteps = 3", ["steps", "parameter of a stage"]),
    ('[[stage]]\nname = "a b"', ["stage 'a b'", "name = 'a b'", "letters, digits, _ and -"]),
    (A + "stepz = 3", ["stage 'a'", "'stepz'", "did you mean 'steps'?"]),
    (A + "steps = 1.5", ["stage 'a'", "steps = 1.5", "whole number from 0 to 1,000,000,000"]),
    (A + 'steps = "many"', ["stage 'a'", "steps = 'many'", "whole number"]),
    (A + "target = 1.1", ["stage 'a'", "target = 1.1", "from 0 to 1"]),
    (A + "noise = nan", ["stage 'a'", "noise = nan", "finite number"]),
    (A + "objective = -1", ["stage 'a'", "objective = -1", "from 0 to 255"]),
    (A + 'carry = ["goal"]', ["stage 'a'", "carry = ['goal']", "first stage"]),
    (A + B + 'carry = ["gaol"]', ["stage 'b'", "carry = ['gaol']", "did you mean 'goal'?"]),
    (A + B + 'carry = "goal"', ["stage 'b'", "carry = 'goal'", "list of goal, gate"]),
    (A + B + A, ["name = 'a'", "two stages"]),
    ("[model]\nmodes = x", ["not a TOML file", "line 2"]),
    (b"[model]\n# \xff", ["not a TOML file", "utf-8"]),
    ("# nothing\n", ["empty", "[model]", "[[stage]]"]),
    (A + B + 'carry = [["goal"]]', ["stage 'b'", "carry = [['goal']]", "group ['goal']"]),
    pytest.param(
        "[model]\nsimilarity = 1" + 400 * "0",
        ["similarity is a number of 1,329 bits", "at most 64"],
        id="no float holds it",
    ),
    pytest.param("[model]\nmodes = 1" + 5000 * "0", ["not a TOML file"], id="many digits"),
    pytest.param("model = " + 10**5 * "[", ["not a TOML file"], id="deep list"),
]


@pytest.mark.parametrize(("text", "words"), MISTAKES)
def test_a_mistake_in_a_file_is_one_sentence_with_file_place_value_and_what_is_allowed(file, text, words):
    message = refusal(loaded, file, text)
    assert message.startswith(f"{file}: ")
    assert not [word for word in words if word not in message]


def test_a_file_that_cannot_be_read_is_refused(monkeypatch, tmp_path):
    (tmp_path / "empty.toml").touch()
    assert refusal(load, tmp_path / "empty.toml").startswith(f"{tmp_path / 'empty.toml'}: the file is empty")
    for path in (tmp_path, tmp_path / "none.toml", tmp_path / "none" / "a.toml"):
        assert refusal(load, path).startswith(f"{path}: the file cannot be read: ")
    monkeypatch.setattr(Path, "open", lambda *_, **__: (_ for _ in ()).throw(PermissionError(13, "Permission denied")))
    assert refusal(load, tmp_path / "empty.toml").endswith("cannot be read: Permission denied.")


def test_an_objective_that_the_model_does_not_have_is_refused_with_its_stage(file):
    found = loaded(file, "[model]\nsimilarity = [0.5]\n" + A + B + "objective = 2")
    message = refusal(lambda: simulate(Curriculum(*found.curriculum or ()), model=found.model, runs=1))
    assert message.startswith("stage 'b': objective = 2 is not one that the model has")


NUMBERS = {".5": 0.5, "-.5": -0.5, "1.": 1, "1e-3": 0.001, "[0.3, 1]": (0.3, 1.0), "0.3 # why": 0.3}


@pytest.mark.parametrize("text", NUMBERS)
@pytest.mark.parametrize("form", ["similarity={}", "  similarity =  {} "])
def test_a_setting_is_in_the_notation_of_toml_or_a_plain_number(form, text):
    assert set_to(form.format(text)).model == Model(similarity=NUMBERS[text])


def test_settings_of_a_stage_reach_that_stage_alone():
    found = set_to("modes=4", "pretraining.steps=1_000", "finetuning.carry=['world', \"goal\"]", "finetuning.target=0")
    assert found.model == Model(modes=4)
    assert found.curriculum == pretrain_finetune({"steps": 1000}, {"carry": ["goal", "world"], "target": 0})


def test_settings_are_applied_over_a_file(file):
    found = set_to("finetuning.steps=7", "modes=5", of=loaded(file, EXAMPLE))
    assert found.model == Model(similarity=0.3, modes=5)
    assert [stage.steps for stage in found.curriculum or ()] == [2000, 7]
    of_the_file = loaded(file, A + B)
    message = refusal(lambda: set_to("pretraining.steps=1", of=of_the_file))
    assert message == "stage 'pretraining' is not known: known are a, b."


def test_a_setting_is_given_once():
    message = refusal(lambda: set_to("modes=3", "modes=5"))
    assert message == "set = 'modes=5' names modes a second time, after 3: give it once."


MISSET = [
    *((text, f"set = {text!r} is not a setting: write name=value") for text in ("", "modes", "modes=", "=3", " = ")),
    ("similarty=1", "model parameter 'similarty' is not known: did you mean 'similarity'?"),
    ("finetunin.steps=3", "stage 'finetunin' is not known: did you mean 'finetuning'?"),
    ("other.steps=3", "stage 'other' is not known: known are pretraining, finetuning."),
    ("steps=3", "steps is a parameter of a stage: write pretraining.steps or finetuning.steps."),
    ("finetuning.stepz=3", "stage 'finetuning': stage parameter 'stepz' is not known: did you mean 'steps'?"),
    ("finetuning.steps=12,000", "finetuning.steps = 12,000 are 2 values, of which only compare and simulate"),
    ("pretraining.carry=['goal']", "stage 'pretraining': carry = ['goal'] is not allowed on a first stage"),
    ("similarity=nan", "similarity = nan is not valid"),
    ("modes=4\nspectrum=0", "set = 'modes=4\\nspectrum=0' is not a setting"),
    pytest.param("modes=1" + 5000 * "0", "modes = inf is not valid", id="many digits"),
    pytest.param("modes=" + 10**5 * "[", "modes = '[[[", id="deep list"),
]


@pytest.mark.parametrize(("setting", "words"), MISSET)
def test_a_mistake_in_a_setting_is_one_sentence_that_says_what_is_right(setting, words):
    assert refusal(set_to, setting).startswith(words)


names = st.sampled_from([*Model.model_fields, *(f"finetuning.{name}" for name in Stage.model_fields), "a.b.c", "."])
values = st.sampled_from(["nan", "1e400", "0x10", "07:32:00", "true", '""', '"\\n"', "[]", "{a = 1}", "[.1]", "'", "0"])
pairs = st.tuples(names | st.text(), values | st.floats().map(str) | st.integers().map(str) | st.text())
lines = st.sampled_from(["[model]", "[[stage]]", "[stage]", 'name = "a"']) | pairs.map(" = ".join)
texts = st.text() | st.lists(lines, max_size=8).map("\n".join)


@repeated
@given(setting=st.text() | pairs.map("=".join))
def test_any_text_as_a_setting_works_or_is_one_sentence(setting):
    works_or_is_refused(set_to, setting)


@repeated
@given(content=st.binary() | texts.map(lambda text: text.encode("utf-8", "replace")))
def test_any_bytes_as_a_file_work_or_are_one_sentence(file, content):
    works_or_is_refused(loaded, file, content)


SAME = {
    "toml": """
[model]
similarity = 1e-3
inference_form = "odds"
[[stage]]
name = "pretraining"
objective = 0
steps = 2000
[[stage]]
name = "finetuning"
objective = 1
carry = []
""",
    "yaml": """
# 1e-3 and .5 are numbers in YAML 1.2; `off` and dates are texts
model: {similarity: 1e-3, inference_form: odds}
stage:
- {name: pretraining, objective: 0, steps: 2000}
- name: finetuning
  objective: 1
  carry: []
because: {similarity: off, gate_init: 2026-12-01, seeds: no, octal: 010}
""",
    "json": """{"model": {"similarity": 1e-3, "inference_form": "odds"}, "stage": [
{"name": "pretraining", "objective": 0, "steps": 2000}, {"name": "finetuning", "objective": 1, "carry": []}]}""",
}


@pytest.mark.parametrize("ending", ["yaml", "yml", "YAML", "json", "JSON"])
def test_yaml_and_json_say_what_toml_says(tmp_path, ending):
    kind = "json" if ending.lower() == "json" else "yaml"
    (tmp_path / f"given.{ending}").write_text(SAME[kind])
    (tmp_path / "given.toml").write_text(SAME["toml"])
    found, told = load(tmp_path / f"given.{ending}"), load(tmp_path / "given.toml")
    assert (found.model, found.curriculum) == (told.model, told.curriculum)
    if kind == "yaml":
        assert found.because == {"similarity": "off", "gate_init": "2026-12-01", "seeds": "no", "octal": 10}


MISTAKEN = {
    "given.json": {
        "{": "this is not a JSON file: ",
        "[" * 100_000: "this is not a JSON file: ",
        "[1]": "this is no table of names and values",
        '{"model": {"modes": 3, "modes": 4}}': "modes stands twice in one table: give it once",
        '{"model": {"similarity": NaN}}': "similarity = nan is not valid",
    },
    "given.yaml": {
        "a: [": "this is not a YAML file: ",
        "[" * 100_000: "this is not a YAML file: ",
        "- 1": "this is no table of names and values",
        "": "this is no table of names and values",
        "model: {modes: 3, modes: 4}": "modes stands twice in one table: give it once",
        "1: 2": "1 is not valid as a name: it must be a text",
        "? [1]\n: 2": "[1] is not valid as a name: it must be a text",
        "a: &a [*a]": "this is not a YAML file: ",
        "a: !!python/object/apply:os.getcwd []": "this is not a YAML file: could not determine a constructor",
        "model: {similarity: .nan}": "similarity = '.nan' is not valid",
    },
}


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in MISTAKEN.items() for text in texts])
def test_a_mistake_in_yaml_or_json_is_one_sentence_with_the_file(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError) as caught:
        load(tmp_path / name)
    assert str(caught.value).startswith(f"{tmp_path / name}: {MISTAKEN[name][text]}")
    assert "\n" not in str(caught.value)


def test_the_library_for_yaml_is_named_where_it_is_missing(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "yaml", None)
    (tmp_path / "given.yaml").write_text("model: {}")
    with pytest.raises(InputError, match=r"a file in YAML needs yaml, which is not installed: .*\[tables\]"):
        load(tmp_path / "given.yaml")


@pytest.mark.parametrize("name", ["mine.TOML", "mine.yaml", "mine.Json"])
def test_world_views_may_be_in_any_notation(tmp_path, name):
    texts = {".toml": "[model]\nsimilarity = 0.25\n", ".yaml": "model: {similarity: 0.25}"}
    (tmp_path / name).write_text(texts.get(Path(name).suffix.lower(), '{"model": {"similarity": 0.25}}'))
    assert view_named(str(tmp_path / name)).model.similarity == 0.25
