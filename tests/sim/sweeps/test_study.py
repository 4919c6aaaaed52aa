"""Study files: valid ones run, invalid ones are refused in one sentence that names the field."""

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from feint.agents.errors import InputError
from feint.agents.mind import GROUPS
from feint.agents.model import Model
from feint.sim.sweeps.experimental_designs import count, points
from feint.sim.sweeps.study import DESIGNS, Study
from feint.sim.sweeps.sweep import sweep
from feint.sim.training.curriculum import Curriculum, Match, pretrain_finetune
from feint.sim.training.stage import Stage

TINY = pretrain_finetune({"steps": 5}, {"steps": 5})
VARY = {"similarity": {"low": 0.0, "high": 0.9, "levels": 4}, "finetuning.honeypots": [0.0, 0.1]}
EXAMPLE = Path(__file__).parents[3] / "examples" / "study.toml"


def refusal(content):
    with pytest.raises(InputError) as caught:
        Study.from_tables(content)
    message = str(caught.value)
    assert "\n" not in message
    assert re.fullmatch(r".+[.?]", message)
    return message


def test_the_smallest_study_of_the_manual_is_read():
    study = Study.load(EXAMPLE)
    assert (study.seed, study.runs, study.design) == (1, 1000, "grid")
    assert [factor.name for factor in study.factors] == ["similarity", "finetuning.honeypots"]
    assert count(study) == 8
    table = next(points(study))
    assert table["similarity"].tolist() == pytest.approx([0, 0, 0.3, 0.3, 0.6, 0.6, 0.9, 0.9])
    assert table["finetuning.honeypots"].tolist() == [0, 0.1] * 4


def test_a_study_file_is_a_curriculum_file_with_more_entries():
    stages = [{"name": "first", "objective": 0, "steps": 7}, {"name": "second", "objective": 2, "carry": ["goal"]}]
    content = {
        "model": {"modes": 5},
        "stage": stages,
        "vary": {"first.noise": "prior", "second.carry": [[], ["world"]]},
    }
    study = Study.from_tables(content)
    assert study.model.modes == 5
    assert study.curriculum.names == ("first", "second")
    specs = study.specs({"first.noise": 0.7, "second.carry": "gate+world"})
    assert specs["pretrain_finetune"].curriculum[0].noise == 0.7
    assert specs["pretrain_finetune"].curriculum[1].carry == ("gate", "world")
    assert specs["from_scratch"].curriculum.names == ("second",)
    assert {spec.objectives for spec in specs.values()} == {3}


def test_a_study_of_nothing_but_a_seed_needs_something_to_vary():
    assert refusal({"seed": 1}) == (
        "vary = {} names no parameter: say what varies and how, as in vary.similarity = [0.0, 0.9] in a file, "
        "and vary={'similarity': [0.0, 0.9]} in Python."
    )


MISTAKES = {
    "an unknown entry": ({"sede": 1}, "entry 'sede' is not known: did you mean 'seed'?"),
    "an unknown parameter": ({"vary": {"similarty": [0]}}, "did you mean 'similarity'?"),
    "an unknown stage": (
        {"vary": {"finetune.noise": [0]}},
        "stage 'finetune' is not known: did you mean 'finetuning'?",
    ),
    "an unknown stage parameter": ({"vary": {"finetuning.nose": [0]}}, "did you mean 'noise'?"),
    "a stage's parameter without its stage": ({"vary": {"noise": [0]}}, "write pretraining.noise or finetuning.noise"),
    "no values": ({"vary": {"similarity": []}}, "vary.similarity = [] is empty"),
    "a value twice": ({"vary": {"similarity": [0.1, 0.1]}}, "names a value twice"),
    "a lone number": ({"vary": {"similarity": 0.5}}, 'it must be a list of values, { low = …, high = … }, or "prior"'),
    "a range without an end": (
        {"vary": {"similarity": {"low": 0.0}}},
        "vary.similarity: high is missing: a range has low and",
    ),
    "a range without the other": (
        {"vary": {"similarity": {"high": 0.5, "levels": 3}}},
        "vary.similarity: low is missing",
    ),
    "a range of nothing": ({"vary": {"similarity": {"levels": 3}}}, "vary.similarity: low and high are missing"),
    "a value out of bounds": (
        {"vary": {"similarity": [0.5, 5]}},
        "similarity = 5 is not valid for a model: it must be",
    ),
    "a text among numbers": ({"vary": {"similarity": [0.1, "abc"]}}, "similarity = 'abc' is not valid for a model"),
    "a range out of bounds": ({"vary": {"similarity": {"low": 0, "high": 5}}}, "similarity = 5.0 is not valid"),
    "a value of a stage": ({"vary": {"finetuning.noise": [-1]}}, "stage 'finetuning': noise = -1 is not valid"),
    "a wrong start": ({"vary": {"start": ["fresh", "frseh"]}}, "start 'frseh' is not known: did you mean 'fresh'?"),
    "an arm by itself": ({"arms": "from_scratch", "vary": VARY}, "arms = 'from_scratch' is not a list of names."),
    "a range the wrong way": ({"vary": {"similarity": {"low": 0.9, "high": 0.1}}}, "low = 0.9 must be no more than"),
    "an unknown entry of a range": ({"vary": {"similarity": {"lo": 0, "high": 1}}}, "did you mean 'low'?"),
    "a log range from 0": ({"vary": {"speed_cost": {"low": 0, "high": 1, "log": True}}}, "must be above 0"),
    "a log range by default": ({"vary": {"speed_cost": {"low": 0, "high": 1}}}, "it must be above 0, or log = false"),
    "no levels": ({"vary": {"similarity": {"low": 0, "high": 1, "levels": 0}}}, "levels = 0 is not valid"),
    "no prior": ({"vary": {"modes": "prior"}}, "modes has no prior"),
    "a form by range": ({"vary": {"gate_form": {"low": 0, "high": 1}}}, "name its values in a list"),
    "carry of the first stage": ({"vary": {"pretraining.carry": [[]]}}, "a first stage has nothing to carry"),
    "an unknown design": ({"design": "gird"}, "design 'gird' is not known: did you mean 'grid'?"),
    "no samples": ({"design": "lhs", "vary": {"similarity": "prior"}}, "samples is missing"),
    "samples of a grid": ({"samples": 8, "vary": VARY}, "samples = 8 is not allowed with design = 'grid'"),
    "an unbalanced sequence": ({"design": "sobol", "samples": 9, "vary": {"similarity": "prior"}}, "such as 8 or 16"),
    "groups of a grid": ({"by_group": True, "vary": VARY}, "by_group = True is not"),
    "a table without a file": ({"design": "table"}, "name the file with the points in table"),
    "no arm": ({"arms": [], "vary": VARY}, "arms = [] is not valid"),
    "an unknown arm": ({"arms": ["scratch"], "vary": VARY}, "arm 'scratch' is not known"),
    "an unknown stream": ({"streams": "comon", "vary": VARY}, "did you mean 'common'?"),
    "no runs": ({"runs": 0, "vary": VARY}, "runs = 0 is not valid: it must be a whole number from 1 to"),
    "half a rule": ({"half_width": 0.01, "vary": VARY}, "half_width and most_runs go together"),
    "a wide half-width": ({"half_width": 2.0, "most_runs": 10**6, "vary": VARY}, "half_width = 2.0 is not valid"),
    "a cap below the start": ({"half_width": 0.1, "most_runs": 5, "vary": VARY}, "most_runs = 5 is not valid"),
    "a seed too large": ({"seed": 2**64, "vary": VARY}, "seed = 18446744073709551616 is not valid"),
    "a table that is none": ({"vary": 3}, "vary = 3 is not a table"),
    "all of a grid": (
        {"vary": "all"},
        "vary = 'all' is not allowed with design = 'grid': only saltelli, morris, prior vary every parameter over its",
    ),
    "all of a cube": ({"vary": "all", "design": "lhs", "samples": 8}, "is not allowed with design = 'lhs'"),
    "a word for all": ({"vary": "every"}, "vary = 'every' is not a table of names and their values, or 'all'."),
    "a bad base": ({"model": {"shielding": 2.0}, "vary": VARY}, "shielding = 2.0 is not valid"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told_in_one_sentence(mistake):
    content, said = MISTAKES[mistake]
    assert said in refusal(content)


@pytest.mark.parametrize(
    "mistake",
    [name for name, (content, _) in MISTAKES.items() if {*content} <= {*Study.__dataclass_fields__} - {"model"}],
)
def test_in_python_a_mistake_is_told_in_the_same_sentence(mistake):
    content, _ = MISTAKES[mistake]
    with pytest.raises(InputError) as caught:
        Study(**content)
    assert str(caught.value) == refusal(content)


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    path = tmp_path / "study.toml"
    with pytest.raises(InputError, match=r"study.toml: the file cannot be read: No such file"):
        Study.load(path)
    path.write_text("seed = ")
    with pytest.raises(InputError, match=r"study.toml: this is not a TOML file"):
        Study.load(path)
    path.write_text("sede = 1")
    with pytest.raises(InputError, match=r"study.toml: entry 'sede' is not known"):
        Study.load(path)


RANGES = {name: declared.prior for name, declared in Model.parameters().items() if declared.prior}
OF_STAGE = {name: declared.prior for name, declared in Stage.parameters().items() if declared.prior}


@st.composite
def contents(draw):
    """Tables of a valid study file."""
    design = draw(st.sampled_from([name for name in DESIGNS if name != "table"]))
    names = draw(st.lists(st.sampled_from(sorted(RANGES)), min_size=1, max_size=3, unique=True))
    names += [
        f"finetuning.{name}" for name in draw(st.lists(st.sampled_from(sorted(OF_STAGE)), max_size=2, unique=True))
    ]
    vary: dict = {}
    for name in names:
        low, high = (RANGES | {f"finetuning.{key}": value for key, value in OF_STAGE.items()})[name]
        kinds: list = ["prior", {"low": low, "high": high, "levels": 2}]
        if design == "grid":
            kinds.append([low, high])
        vary[name] = draw(st.sampled_from(kinds))
    if design == "grid":
        if draw(st.booleans()):
            vary["finetuning.carry"] = [[], list(GROUPS)]
        if draw(st.booleans()):
            vary["match"] = draw(st.lists(st.sampled_from([mode.value for mode in Match]), min_size=1, unique=True))
        vary = dict(list(vary.items())[-3:])
    content = {"design": design, "vary": vary, "runs": draw(st.integers(1, 5)), "seed": draw(st.integers(0, 2**64 - 1))}
    if design not in ("grid", "one-at-a-time"):
        content["samples"] = draw(st.sampled_from([1, 2, 4])) if design != "morris" else 2
    content["streams"] = draw(st.sampled_from(["common", "independent"]))
    content["stage"] = [
        {"name": "pretraining", "objective": 0, "steps": 3},
        {"name": "finetuning", "objective": 1, "steps": 3},
    ]
    return content


@given(contents())
@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
def test_any_valid_study_runs_and_its_points_are_those_counted(tmp_path_factory, content):
    study = Study.from_tables(content)
    tables = list(points(study))
    assert sum(len(table) for table in tables) == count(study)
    if count(study) <= 64:
        found = sweep(study, tmp_path_factory.mktemp("sweep") / "out", threads=2)
        assert found.counts["runs"].unique().tolist() == [study.runs]
        assert found.counts["point"].nunique() == count(study)
        assert found.study.described() == study.described()


@pytest.mark.parametrize("design", [name for name in DESIGNS if name != "table"])
def test_a_study_is_its_own_manifests(design):
    sampled: dict[str, Any] = {} if design in ("grid", "one-at-a-time") else {"samples": 4}
    study = Study(vary={"plasticity_gate": "prior"}, design=design, **sampled)
    for plain in (study.described(), study.configuration()):
        assert Study.from_configuration(plain).described() == study.described()


def test_the_whole_prior_is_every_parameter_that_has_one():
    study = Study(design="prior", samples=2, curriculum=TINY)
    names = [factor.name for factor in study.factors]
    stages = {stage.name: stage for stage in TINY}
    ranges = {f"{name}.{of}": stage.prior(of) for name, stage in stages.items() for of in Stage.parameters()}
    ranges = RANGES | {name: prior for name, prior in ranges.items() if prior}
    assert names == list(ranges)
    for factor in study.factors:
        assert (factor.low, factor.high) == ranges[factor.name]


@pytest.mark.parametrize("design", ["morris", "saltelli", "prior"])
def test_all_is_every_parameter_that_has_a_prior(design, tmp_path):
    (tmp_path / "all.toml").write_text(f'design = "{design}"\nsamples = 4\nvary = "all"\n\n[model]\nmodes = 8\n')
    study = Study.load(tmp_path / "all.toml")
    assert study == Study(design=design, samples=4, vary="all", model=Model(modes=8))
    whole = Study(design="prior", samples=4, model=Model(modes=8))
    assert study.factors == whole.factors
    assert len(study.factors) == 44
    assert Study.from_configuration(study.configuration()).factors == whole.factors
    several = Study(design=design, samples=4, vary="all", model=Model(similarity=(0.5,)))
    assert "similarity" not in several.vary


def test_a_representation_is_one_line_with_the_departures_from_the_defaults():
    study = Study(vary={"similarity": [0, 1]}, runs=5, model=Model(modes=8), curriculum=pretrain_finetune({"steps": 9}))
    assert repr(Study(vary={"similarity": [0, 1]})) == "Study(vary={'similarity': [0, 1]})"
    assert repr(study).startswith("Study(vary={'similarity': [0, 1]}, runs=5, model={'modes': 8}, stages=[{")


def test_one_arm_alone_may_have_one_stage():
    study = Study(vary={"similarity": [0.1]}, arms=("from_scratch",), curriculum=Curriculum(Stage(steps=3)))
    assert [*study.specs({})] == ["from_scratch"]
    with pytest.raises(InputError, match="needs two stages or more"):
        Study(vary={"similarity": [0.1]}, curriculum=Curriculum(Stage(steps=3)))
