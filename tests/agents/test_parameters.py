"""Parameters: the declarations against the table of the model's page, and validation against the declarations."""

import math
import re
from importlib import import_module

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from feint.agents.errors import InputError
from feint.agents.model import OWN, Model
from feint.sim.training.auditors import AUDITORS
from feint.sim.training.stage import Stage

L = True

MODEL_TABLE = [  # model page, section 8: name, default, prior, whether it is log-uniform
    ("modes", 16, None, not L),
    ("similarity", 0.5, (0, 0.95), not L),
    ("similarity_decay", 0, (0, 1), not L),
    ("spectrum", 1, (0, 2), not L),
    ("deployment_spectrum", 0, (0, 1), not L),
    ("plasticity_goal", 0.02, (5e-4, 0.2), L),
    ("plasticity_representation", 1, (0.1, 10), L),
    ("plasticity_pointer", 5, (0.5, 50), L),
    ("plasticity_gate", 2, (0.2, 20), L),
    ("plasticity_world", 0.01, (0.001, 0.1), L),
    ("plasticity_capability", 0.03, (0.015, 0.1), L),
    ("plasticity_awareness", 1, (0.1, 10), L),
    ("plasticity_horizon", 1, (0.1, 10), L),
    ("inference_power", 4, (0.3, 10), L),
    ("identification", 1, (0.01, 100), L),
    ("switching", 1e-3, (1e-5, 0.1), L),
    ("grader", -30, None, not L),
    ("speed_cost", 0.001, (1e-4, 0.1), L),
    ("goal_cost", 0, (0, 0.1), not L),
    ("shielding", 1, (0.5, 1), not L),
    ("representation_init", 1.5, (0, 5), not L),
    ("gate_init", -2, (-5, 0), not L),
    ("capability_init", -3, (-4, -2), not L),
    ("awareness_init", -4, (-6, -1), not L),
    ("horizon_init", -2, (-4, 0), not L),
    ("decoys", 2, (0, 5), not L),
    ("goal_init", 0.1, (0.03, 1), L),
    ("init_spread", 1, (0.5, 2), not L),
    ("plasticity_spread", 0.5, (0, 1), not L),
    ("train_tolerance", 0.1, None, not L),
    ("deploy_tolerance", 0.25, (0.1, 0.4), not L),
    ("capability_form", "logistic", None, not L),  # section 10
    ("inference_form", "odds", None, not L),
    ("gate_form", "product", None, not L),
]
STAGE_TABLE = [
    ("objective", 1, None, not L),
    ("steps", 12000, (300, 30_000), L),
    ("target", 0.9, (0.8, 0.98), not L),
    ("learning_rate", 1, (0.3, 3), L),
    ("noise", 0.3, (0.05, 1), L),
    ("coverage", 0, (0, 1), not L),
    ("awareness_exposure", 0.003, (1e-4, 0.1), L),
    ("horizon_exposure", 0.002, (1e-4, 0.1), L),
    ("honeypots", 0, (0, 0.2), not L),
    ("realism", 1, (0, 1), not L),
]
PRETRAINING_DIFFERS = {"objective": 0, "steps": 3000, "target": 0, "coverage": 0.5}
PRIOR_OF = {"steps": "pre-training", "target": "fine-tuning"}  # the others are of both
OFF = {"identification": 1e6, "grader": -30}

FORMS = {
    "capability_form": ("logistic", "power", "linear"),
    "inference_form": ("odds", "exponential", "hyperbolic", "step"),
    "gate_form": ("product", "minimum"),
}

DECLARED = [(of, p) for of in (Model, Stage) for p in of.parameters().values()]
repeated = settings(max_examples=50, deadline=None, derandomize=True)


def each(pairs):
    return pytest.mark.parametrize(("of", "declared"), [pytest.param(*pair, id=pair[1].name) for pair in pairs])


def number(declared, low, high, **ends):
    """Finite numbers of a parameter's type between bounds; None is unbounded."""
    if isinstance(declared.default, int):
        return st.integers(low, high).filter(lambda value: value not in (declared.valid if ends else ()))
    return st.floats(low, high, allow_nan=False, allow_infinity=False, **ends)


def beyond(declared, inner, outer=(None, None)):
    """Numbers within the outer bounds and out of the inner ones: a strategy for each side that has any."""
    if declared.choices:
        return []
    (low, high), (first, last) = outer, inner
    below = first is not None and (low is None or low < first)
    above = last is not None and (high is None or high > last)
    sides = [number(declared, low, first, exclude_max=True)] if below else []
    return [*sides, number(declared, last, high, exclude_min=True)] if above else sides


def refusal(of, **values):
    """The message for values that are not valid: a sentence on one line."""
    with pytest.raises(InputError) as caught:
        of(**values)
    message = str(caught.value)
    assert re.fullmatch(r".+[.?]", message)
    return message


@pytest.mark.parametrize(("of", "rows", "rest"), [(Model, MODEL_TABLE, set()), (Stage, STAGE_TABLE, {"name", "carry"})])
def test_the_declarations_are_the_table_of_the_models_page(of, rows, rest):
    assert [(p.name, p.default, p.prior, p.log) for p in of.parameters().values()] == rows
    assert set(of.model_fields) - set(of.parameters()) == rest


def test_a_prior_of_one_kind_of_stage_is_not_that_of_the_other():
    for name, declared in Stage.parameters().items():
        assert declared.prior_of == PRIOR_OF.get(name, "")
        kinds = {"pre-training": Stage(objective=0, target=0.5), "fine-tuning": Stage()}
        for kind, stage in kinds.items():
            assert stage.prior(name) == (declared.prior if PRIOR_OF.get(name, kind) == kind else None)
    assert Stage(target=0.0).prior("target") is None  # what never stops early has no target to vary


def test_what_the_second_version_added_is_off_at_known_at_once_and_without_a_grader():
    for name, off in OFF.items():
        assert Model.parameters()[name].off == off
    assert [Model(identification=nats).known_at_once for nats in (1, 999_999, 1e6, 1e9)] == [False, False, True, True]


@each(DECLARED)
def test_a_value_left_out_is_the_default_of_its_kind(of, declared):
    assert getattr(of(), declared.name) == declared.default
    if of is Stage:
        expected = PRETRAINING_DIFFERS.get(declared.name, declared.default)
        assert getattr(Stage(objective=0), declared.name) == expected


@each(DECLARED)
def test_every_declaration_says_what_why_and_whence(of, declared):
    assert all(fact.strip() for fact in (declared.meaning, declared.unit, declared.argument, declared.source))
    assert of.model_fields[declared.name].description == declared.meaning


@each(DECLARED)
def test_default_off_value_and_prior_are_valid(of, declared):
    for value in (declared.default, declared.off, *(declared.prior or ())):
        if value is not None:
            assert getattr(of(**{declared.name: value}), declared.name) == value


OFF_AT_ZERO = re.compile(r"plasticity|exposure|cost|^inference_power$|^shielding$")


@each([(of, p) for of, p in DECLARED if OFF_AT_ZERO.search(p.name)])
def test_zero_is_valid_and_off_for_every_plasticity_exposure_and_cost(of, declared):
    assert declared.off == 0
    assert getattr(of(**{declared.name: 0}), declared.name) == 0


@each([(of, p) for of, p in DECLARED if p.prior and beyond(p, p.prior, p.valid)])
@repeated
@given(data=st.data())
def test_a_valid_value_beyond_the_prior_is_accepted(of, declared, data):
    value = data.draw(st.one_of(beyond(declared, declared.prior, declared.valid)))
    assert getattr(of(**{declared.name: value}), declared.name) == value


@each([(of, p) for of, p in DECLARED if beyond(p, p.valid)])
@repeated
@given(data=st.data())
def test_a_finite_value_out_of_bounds_is_refused_with_field_value_and_what_is_allowed(of, declared, data):
    value = data.draw(st.one_of(beyond(declared, declared.valid)))
    message = refusal(of, **{declared.name: value})
    assert message.startswith(f"{declared.name} = {value!r} is not valid")
    assert message.endswith(f"{declared.allowed}.")


@each(DECLARED)
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, True, False, "1", None, [None], {}, 1j], ids=repr)
def test_what_is_no_finite_number_is_refused(of, declared, value):
    assert f"{declared.name} = " in refusal(of, **{declared.name: value})


@pytest.mark.parametrize("name", FORMS)
def test_a_form_is_one_of_its_names_the_first_by_default(name):
    declared = Model.parameters()[name]
    assert declared.choices == FORMS[name]
    assert [getattr(Model(**{name: form}), name) for form in FORMS[name]] == list(FORMS[name])
    said = refusal(Model, **{name: "other"})
    assert said == f"{name} = 'other' is not valid for a model: it must be one of {', '.join(FORMS[name])}."


@each(DECLARED)
def test_a_misspelt_name_is_refused_with_the_right_one(of, declared):
    message = refusal(of, **{declared.name[:-1]: 1})
    assert repr(declared.name[:-1]) in message
    assert f"did you mean {declared.name!r}?" in message


def test_a_name_like_no_other_is_refused_with_some_that_are_known():
    said = refusal(Model, zzz=1)
    assert all(name in said for name in ("'zzz'", *[*Model.parameters()][:6], "and others"))


def test_numbers_of_numpy_are_numbers():
    drawn = Model().replace(modes=np.int64(3), similarity=np.array([0.1, 0.2]), spectrum=np.float64(0.5))
    assert (drawn.modes, drawn.similarity, drawn.spectrum) == (3, (0.1, 0.2), 0.5)


def test_weights_are_kept_and_each_who_asks_has_his_own():
    model = Model(spectrum=1.5)
    for weights in (model.spectrum_weights, model.deployment_weights):
        first, kept = weights(), weights()
        first[:] = 0.0
        assert (weights() == kept).all()
        assert kept.mean() == pytest.approx(1)


@pytest.mark.parametrize("value", [16.0, 2.5, 0, 1025])
def test_the_number_of_modes_is_a_whole_number_from_1_to_1024(value):
    said = refusal(Model, modes=value)
    assert said == f"modes = {value!r} is not valid for a model: it must be a whole number from 1 to 1,024."


@pytest.mark.parametrize(("value", "held"), [(0.3, 0.3), (-1, -1.0), ([0.3, 1], (0.3, 1.0)), ((0.3,), (0.3,))])
def test_similarity_is_one_number_or_one_for_each_fine_tuning_objective(value, held):
    assert Model(similarity=value).similarity == held


TOO_LARGE = pytest.param([10**400], id="too large")


@pytest.mark.parametrize("value", [[], [2.0], [0.1, True], [0.1, "a"], [[0.1]], [math.nan], [0.1, None], TOO_LARGE])
def test_each_similarity_of_a_list_is_held_to_the_bounds(value):
    assert "similarity = " in refusal(Model, similarity=value)


@each(DECLARED)
def test_parameters_cannot_be_changed_in_place(of, declared):
    with pytest.raises(ValidationError, match="frozen"):
        setattr(of(), declared.name, declared.default)


def test_replace_keeps_what_was_given_and_takes_the_defaults_of_the_new_kind_for_the_rest():
    model = Model(similarity=0.3).replace(modes=4)
    assert (model.similarity, model.modes, model.given()) == (0.3, 4, {"modes": 4, "similarity": 0.3})
    stage = Stage(objective=0, steps=7).replace(objective=1)
    assert (stage.steps, stage.target, stage.coverage, stage.name) == (7, 0.9, 0.0, "finetuning")


def test_replace_validates_like_a_new_one():
    with pytest.raises(InputError, match="shielding = 2 "):
        Model().replace(shielding=2)


@pytest.mark.parametrize("module", ["agents.model", "sim.training.stage", "sim.environments.life"])
def test_a_choice_of_feint_itself_is_named_alike_everywhere(module):
    assert import_module(f"feint.{module}").OWN is OWN


def test_every_parameter_of_an_auditor_is_a_choice_of_feint_itself():
    assert {p.source for auditor in AUDITORS.values() for p in auditor.parameters().values()} == {OWN}
