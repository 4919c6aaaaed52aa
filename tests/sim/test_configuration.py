"""Files and settings: what is read out of them, and one clear sentence for every mistake."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feint.agents.errors import InputError
from feint.agents.mind import GROUPS
from feint.agents.model import Model
from feint.sim.configuration import Configuration, load
from feint.sim.curriculum import Curriculum, pretrain_finetune
from feint.sim.ensemble import simulate
from feint.sim.stage import Stage

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
TWO = '[[stage]]\nname = "a"\n[[stage]]\nname = "b"\n'
NOTHING_SET = Configuration(model=Model())
repeated = settings(max_examples=150, deadline=None, derandomize=True)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return tmp_path_factory.mktemp("files") / "given.toml"


def sentence(caught):
    assert re.fullmatch(r".+[.?]", str(caught.value))
    return str(caught.value)


def loaded(file, text):
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load(file)


def set_to(*given, of=NOTHING_SET):
    return of.with_settings(given, fallback=pretrain_finetune())


def test_the_example_of_the_page_is_read_and_what_it_leaves_out_takes_the_defaults_of_its_kind(file):
    found = loaded(file, EXAMPLE)
    assert found.model == Model(similarity=0.3)
    assert found.curriculum == pretrain_finetune({"steps": 2000}, {"carry": ["goal", "capability", "world"]})
    assert [(s.steps, s.target, s.coverage) for s in found.curriculum] == [(2000, 0.0, 0.5), (12000, 0.9, 0.0)]


def test_a_model_alone_leaves_the_curriculum_open(file):
    found = loaded(file, "[model]\nsimilarity = [0.3, 1]\nmodes = 4")
    assert (found.model, found.curriculum) == (Model(similarity=(0.3, 1.0), modes=4), None)


def test_stages_alone_take_the_default_model(file):
    found = loaded(file, TWO + 'objective = 0\ncarry = []\n[[stage]]\nname = "c"\nobjective = 3')
    assert found.model == Model()
    assert found.curriculum == Curriculum(
        Stage(name="a"), Stage(name="b", objective=0, carry=()), Stage(name="c", objective=3)
    )


MISTAKES = [
    ("[modle]", ["table 'modle'", "did you mean 'model'?"]),
    ("xyz = 1", ["table 'xyz'", "model, stage"]),
    ("model = 3", ["model = 3", "[model]"]),
    ("[[model]]", ["model = [{}]", "[model]"]),
    ("[model]\nsimilarty = 1", ["model parameter 'similarty'", "did you mean 'similarity'?"]),
    ("[model.goal]\ncost = 1", ["model parameter 'goal'"]),
    ("[model]\nmodes = 1e1", ["modes = 10.0", "whole number from 1 to 1,024"]),
    ("[model]\nmodes = 0", ["modes = 0", "from 1 to 1,024"]),
    ("[model]\nshielding = 2", ["shielding = 2", "from 0 to 1"]),
    ("[model]\nshielding = true", ["shielding = True", "from 0 to 1"]),
    ("[model]\nspectrum = nan", ["spectrum = nan", "finite"]),
    ("[model]\nsimilarity = -inf", ["similarity = -inf", "from -1 to 1"]),
    ("[model]\nsimilarity = []", ["similarity = []", "one for each"]),
    ("[model]\nsimilarity = 1979-05-27", ["similarity = datetime.date(1979, 5, 27)"]),
    ("stage = 3", ["stage = 3", "[[stage]]"]),
    ("stage = [1]", ["stage = [1]", "[[stage]]"]),
    ('[stage]\nname = "a"', ["stage = {'name': 'a'}", "[[stage]]"]),
    ('[[stage]]\nname = "a"\n[[stage]]\nsteps = 3', ["stage 2", "name"]),
    ("[[stage]]\nname = 3", ["stage 3", "name = 3"]),
    ('[[stage]]\nname = "a b"', ["stage 'a b'", "name = 'a b'", "letters, digits, _ and -"]),
    ('[[stage]]\nname = "a"\nstepz = 3', ["stage 'a'", "'stepz'", "did you mean 'steps'?"]),
    ('[[stage]]\nname = "a"\nsteps = 1.5', ["stage 'a'", "steps = 1.5", "whole number from 0 to 1,000,000,000"]),
    ('[[stage]]\nname = "a"\nsteps = "many"', ["stage 'a'", "steps = 'many'", "whole number"]),
    ('[[stage]]\nname = "a"\ntarget = 1.1', ["stage 'a'", "target = 1.1", "from 0 to 1"]),
    ('[[stage]]\nname = "a"\nnoise = nan', ["stage 'a'", "noise = nan", "finite number"]),
    ('[[stage]]\nname = "a"\nobjective = -1', ["stage 'a'", "objective = -1", "from 0 to 255"]),
    ('[[stage]]\nname = "a"\ncarry = ["goal"]', ["stage 'a'", "carry = ['goal']", "first stage"]),
    (TWO + 'carry = ["gaol"]', ["stage 'b'", "carry = ['gaol']", "did you mean 'goal'?"]),
    (TWO + 'carry = "goal"', ["stage 'b'", "carry = 'goal'", "list of goal, gate"]),
    (TWO + '[[stage]]\nname = "a"', ["name = 'a'", "two stages"]),
    ("[model", ["not a TOML file", "line 1"]),
    ("[model]\nmodes = 2\nmodes = 3", ["not a TOML file"]),
    (b"[model]\n# \xff", ["not a TOML file", "utf-8"]),
    ("", ["empty", "[model]", "[[stage]]"]),
    ("# nothing\n", ["empty"]),
]
HOSTILE = {
    "an unhashable group": TWO + 'carry = [["goal"]]',
    "a whole number that no float can hold": "[model]\nsimilarity = 1" + 400 * "0",
    "a whole number of more digits than Python converts": "[model]\nmodes = 1" + 5000 * "0",
    "a deep list": "model = " + 10**5 * "[",
}


@pytest.mark.parametrize(("text", "words"), MISTAKES, ids=[str(text)[:40] for text, _ in MISTAKES])
def test_a_mistake_in_a_file_is_one_sentence_with_file_place_value_and_what_is_allowed(file, text, words):
    with pytest.raises(InputError) as caught:
        loaded(file, text)
    assert sentence(caught).startswith(f"{file}: ")
    assert not [word for word in words if word not in str(caught.value)]


@pytest.mark.xfail(reason="TypeError, OverflowError, ValueError, RecursionError instead of InputError")
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_file_is_refused_like_any_other(file, text):
    with pytest.raises(InputError, match=re.escape(str(file))):
        loaded(file, text)


def test_a_folder_and_a_file_that_is_not_there_are_refused(tmp_path):
    for path in (tmp_path, tmp_path / "none.toml", tmp_path / "none" / "a.toml"):
        with pytest.raises(InputError) as caught:
            load(path)
        assert sentence(caught).startswith(f"{path}: the file cannot be read: ")


def test_a_file_that_may_not_be_read_is_refused(monkeypatch, file):
    def forbidden(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", forbidden)
    with pytest.raises(InputError, match=r"given.toml: the file cannot be read: Permission denied\."):
        load(file)


def test_an_objective_that_the_model_does_not_have_is_refused_before_training(file):
    found = loaded(file, "[model]\nsimilarity = [0.5]\n" + TWO + "objective = 2")
    with pytest.raises(InputError, match="stage 'b': objective = 2 .* from 0 to 1"):
        simulate(found.curriculum, model=found.model, runs=1)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.9", 0.9),
        (".5", 0.5),
        ("-.5", -0.5),
        ("1.", 1.0),
        ("1e-3", 0.001),
        ("[0.3, 1]", (0.3, 1.0)),
        ("0.3 # why", 0.3),
    ],
)
@pytest.mark.parametrize("form", ["similarity={}", "  similarity =  {} "])
def test_a_setting_is_in_the_notation_of_toml_or_a_plain_number(form, text, value):
    assert set_to(form.format(text)).model == Model(similarity=value)


def test_settings_of_a_stage_reach_that_stage_alone():
    found = set_to("modes=4", "pretraining.steps=1_000", "finetuning.carry=['world', \"goal\"]", "finetuning.target=0")
    assert found.model == Model(modes=4)
    assert found.curriculum == pretrain_finetune({"steps": 1000}, {"carry": ["goal", "world"], "target": 0})


def test_settings_are_applied_over_a_file_and_the_last_of_two_counts(file):
    found = set_to("finetuning.steps=7", "modes=3", "modes=5", of=loaded(file, EXAMPLE))
    assert found.model == Model(similarity=0.3, modes=5)
    assert [stage.steps for stage in found.curriculum] == [2000, 7]
    with pytest.raises(InputError, match="stage 'pretraining' is not known: known are a, b"):
        set_to("pretraining.steps=1", of=loaded(file, TWO))


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        *(
            (text, f"set = {text!r} is not a setting: write name=value")
            for text in ("", "modes", "modes=", "=3", " = ")
        ),
        ("similarty=1", "model parameter 'similarty' is not known: did you mean 'similarity'?"),
        ("finetunin.steps=3", "stage 'finetunin' is not known: did you mean 'finetuning'?"),
        ("other.steps=3", "stage 'other' is not known: known are pretraining, finetuning."),
        ("steps=3", "steps is a parameter of a stage: write pretraining.steps or finetuning.steps."),
        ("carry=[]", "carry is a parameter of a stage: write pretraining.carry or finetuning.carry."),
        ("finetuning.stepz=3", "stage 'finetuning': stage parameter 'stepz' is not known: did you mean 'steps'?"),
        ("finetuning.steps=12,000", "stage 'finetuning': steps = '12,000' is not valid"),
        ("finetuning.noise=-1", "stage 'finetuning': noise = -1 is not valid"),
        ("pretraining.carry=['goal']", "stage 'pretraining': carry = ['goal'] is not allowed on a first stage"),
        ("finetuning.name=pretraining", "name = 'pretraining' is used by two stages"),
        ("similarity=half", "similarity = 'half' is not valid"),
        ("similarity=nan", "similarity = nan is not valid"),
        pytest.param("modes=4\nspectrum=0", "set = ", marks=pytest.mark.xfail(reason="second line silently dropped")),
    ],
)
def test_a_mistake_in_a_setting_is_one_sentence_that_says_what_is_right(setting, words):
    with pytest.raises(InputError) as caught:
        set_to(setting)
    assert sentence(caught).startswith(words)


NAMES = st.sampled_from([*Model.model_fields, *(f"finetuning.{name}" for name in Stage.model_fields), "a.b.c", "."])
VALUES = [
    "nan",
    "-inf",
    "1e400",
    "0x10",
    "07:32:00",
    "true",
    '""',
    '"a\\nb"',
    "[]",
    "{a = 1}",
    "-0.0",
    "[.1]",
    "'",
    "0",
]
VALUES = st.one_of(st.sampled_from(VALUES), st.floats().map(str), st.integers().map(str), st.text(), st.just([*GROUPS]))
PAIRS = st.tuples(NAMES | st.text(), VALUES)
LINES = st.sampled_from(["[model]", "[[stage]]", "[stage]", 'name = "a"', 'name = "b"']) | PAIRS.map(
    "{0[0]} = {0[1]}".format
)


@given(text=st.text() | PAIRS.map("{0[0]}={0[1]}".format))
@repeated
def test_any_text_as_a_setting_works_or_is_one_sentence(text):
    try:
        assert set_to(text) != NOTHING_SET
    except InputError as error:
        assert re.fullmatch(r".+[.?]", str(error))


@given(content=st.binary() | st.lists(LINES, max_size=8).map(lambda lines: "\n".join(lines).encode("utf-8", "replace")))
@repeated
def test_any_bytes_as_a_file_work_or_are_one_sentence(file, content):
    try:
        assert loaded(file, content).model.modes >= 1
    except InputError as error:
        assert re.fullmatch(r".+[.?]", str(error))
