"""Mutated inputs of every kind that is read: each is accepted, or refused in one sentence that fits on a screen."""

import json
import random
import re
import shutil
from pathlib import Path

import pytest
from terminal import in_a_process_of_its_own

from feint.agents.errors import InputError
from feint.agents.model import Model
from feint.agents.state import State
from feint.scenarios.argument import graph
from feint.scenarios.argument.worldview_files import load_view
from feint.scenarios.measurements.conflict_cases import FOLDER, case_of
from feint.scenarios.measurements.counts import counted_in
from feint.scenarios.measurements.rows import read_rows
from feint.scenarios.regenerate import request_of, work_of
from feint.sim.results import provenance
from feint.sim.results.provenance import passport_in
from feint.sim.sweeps import experimental_designs
from feint.sim.sweeps.dask_cluster import address_of
from feint.sim.sweeps.study import Study
from feint.sim.sweeps.sweep import Sweep
from feint.sim.training import configuration
from feint.sim.training.curriculum import pretrain_finetune
from feint.sim.training.train import begin

ROOT = Path(__file__).parents[1]
EACH, SEED = 34, 20261201
NASTY = ["0", "-1", "1e999", "nan", "inf", "-0.0", "true", '""', "[]", "{}", "[[1]]", "[{a = 1}]", '{a = 1, b = "x"}']
NASTY += ["9" * 400, "0x" + "f" * 5000, '"' + "x" * 40_000 + '"', "[" + "1, " * 20_000 + "]", "[" * 900 + "]" * 900]
NASTY += ['"\\u001b[2J"', '"../x"', '"\\u0000"', "1979-05-27", "'name'", "0.5, 0.7", "5", '["a", 1]', "2.5", "1e300"]
BYTES = [b"\x00", b"\xff\xfe", b"\r", b'"', b"[", b"]", b"{", b"}", b",", b"=", b"\n\n", "ß".encode(), b"\xed\xa0\x80"]


def texts():
    """A valid file of each kind in text, by its ending and kind, with what reads it."""
    passport = {**provenance.passport("ensemble", {"runs": 5, "point": {"model": {"similarity": 0.3}}}), "data": None}
    study = 'seed = 1\nruns = 20\ndesign = "lhs"\nsamples = 4\n[vary]\nsimilarity = {low = 0.0, high = 0.9}\n'
    study += '"finetuning.honeypots" = [0.0, 0.1]\n[model]\ndecoys = 1.0\n'
    view = next((ROOT / "scenarios" / "views").glob("*.toml")).read_text()
    case = (FOLDER / "persistence.toml").read_text()
    return {
        "curriculum.toml": ((ROOT / "examples" / "reversed.toml").read_text(), configuration.load),
        "study.toml": (study, lambda path: experimental_designs.count(Study.load(path))),
        "view.toml": (view, load_view),
        "case.toml": (case, lambda path: case_of(str(path))),
        "rows.csv": ((ROOT / "examples" / "measurements.csv").read_text(), read_rows),
        "counts.csv": ("answer,score\nyes,1\nno,0.5\n", lambda path: counted_in(path, "answer = yes", "score > 0")),
        "data.csv": (f"# feint: {json.dumps(passport)}\na,b\n1,2\n3,x\n", followed),
        "graph.json": (json.dumps({"nodes": [{"id": "a"}], "edges": [], "directed": True}, indent=1), graph.read),
        "scheduler.json": (json.dumps({"address": "tcp://a:1", "id": 1}, indent=1), address_of),
    }


def followed(path):
    """Read a passport and make its request, and compare its table; nothing is trained."""
    work_of(request_of(passport_in(path)))
    provenance.first_difference(provenance.read_csv(path)[0], "a,b\n1,2\n")


def mutated_text(text, rng):
    """Return a text with one to three changes: of values, lines and letters."""
    for _ in range(rng.randint(1, 3)):
        values = [*re.finditer(r"(?<==)[^\n]+|(?<=: )[^\n,]+|(?<=,)[^\n,]*", text)]
        lines, way = text.split("\n"), rng.randrange(6)
        i = rng.randrange(len(lines))
        if way <= 2 and values:
            value = rng.choice(values)
            text = text[: value.start()] + rng.choice(NASTY) + text[value.end() :]
        elif way == 3:
            text = "\n".join([*lines[:i], *lines[i + 1 :]])
        elif way == 4:
            text = "\n".join([*lines[: i + 1], *lines[i:]])
        else:
            at = rng.randrange(len(text) + 1)
            text = text[:at] + rng.choice(BYTES).decode("utf-8", "replace") + text[at + rng.randrange(3) :]
    return text.encode()


def mutated_bytes(content, rng):
    """Return a file with some bytes changed, lost or doubled."""
    content = bytearray(content)
    for _ in range(rng.randint(1, 4)):
        at, length = rng.randrange(len(content)), rng.randrange(1, 40)
        content[at : at + rng.choice([1, 1, length])] = rng.choice([*BYTES, b"", bytes(content[at : at + length])])
    return bytes(content)


def refusal(read, path):
    """Return the sentence of a refusal, empty if the file is accepted."""
    try:
        read(path)
    except InputError as error:
        return str(error)
    return ""


def check(sentence):
    assert len(sentence) <= 300, sentence
    assert sentence.isprintable(), sentence
    assert not sentence or re.search(r"[.?]$", sentence), sentence


@pytest.mark.parametrize("name", texts())
def test_a_mutated_text_is_accepted_or_refused_in_a_sentence(tmp_path, name):
    text, read = texts()[name]
    path, rng, refused = tmp_path / name, random.Random(f"{SEED} {name}"), 0
    path.write_text(text)
    if name == "case.toml":
        shutil.copy(FOLDER / "rows.csv", tmp_path)
    assert refusal(read, path) == ""
    for _ in range(EACH):
        path.write_bytes(mutated_text(text, rng))
        sentence = refusal(read, path)
        check(sentence)
        assert "where it stands" not in sentence, sentence  # the last resort, which names no field
        assert "has a type that is not valid where it stands" not in sentence  # which names no field
        refused += bool(sentence)
    assert refused > EACH / 4


@pytest.fixture(scope="module")
def binaries(tmp_path_factory):
    """A valid file of each kind in bytes, with what reads it."""
    from matplotlib.figure import Figure

    from feint.sim.results.figure_style import save

    folder = tmp_path_factory.mktemp("binaries")
    begin(Model(modes=3), runs=2, seed=1).save(folder / "state.npz")
    for ending in ("svg", "png", "pdf"):
        save(Figure(figsize=(1, 1)), folder / f"figure.{ending}", provenance.passport("ensemble", {"runs": 5}))
    graph.write(graph.leading_to("headline"), folder / "graph.graphml")
    figures = {f"figure.{ending}": lambda path: request_of(passport_in(path)) for ending in ("svg", "png", "pdf")}
    readers = {"state.npz": State.load, "graph.graphml": graph.read, **figures}
    return {name: ((folder / name).read_bytes(), read) for name, read in readers.items()}


@pytest.mark.parametrize("name", ["state.npz", "graph.graphml", "figure.svg", "figure.png", "figure.pdf"])
def test_a_mutated_file_is_accepted_or_refused_in_a_sentence(tmp_path, binaries, name):
    content, read = binaries[name]
    path, rng = tmp_path / name, random.Random(f"{SEED} {name}")
    for _ in range(EACH):
        path.write_bytes(mutated_bytes(content, rng))
        check(refusal(read, path))


def test_a_mutated_manifest_is_accepted_or_refused_in_a_sentence(tmp_path):
    study = Study(vary={"similarity": [0.1, 0.5]}, runs=5, curriculum=pretrain_finetune({"steps": 9}, {"steps": 9}))
    from feint.sim.sweeps.sweep_store import Store

    with Store.opened(tmp_path / "out", study, resume=False, points=2):
        pass
    manifest, rng = tmp_path / "out" / "manifest.json", random.Random(SEED)
    text = manifest.read_text()
    for _ in range(EACH):
        manifest.write_bytes(mutated_text(text, rng))
        check(refusal(lambda path: Sweep.open(path).frame(), tmp_path / "out"))


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (("compare", "--runs", 2, "--curriculum"), "curriculum.toml"),
        (("sweep", "--out", "out"), "study.toml"),
        (("regenerate",), "data.csv"),
    ],
)
def test_in_a_process_of_its_own_it_is_one_line_and_exit_code_2(tmp_path, words, name):
    text, read = texts()[name]
    path, rng = tmp_path / name, random.Random(f"{SEED} {name}")
    path.write_text(text)
    while not refusal(read, path):
        path.write_bytes(mutated_text(text, rng))
    ended = in_a_process_of_its_own(*(tmp_path / word if word == "out" else word for word in words), path)
    check(ended.refusal)


@pytest.mark.parametrize("value", ["[[1]]", "[{a = 1}]", "{a = [1]}", '["a", ["b"]]', "[[[]]]", "0x" + "f" * 5000])
@pytest.mark.parametrize(
    "key", ["name", "objective", "steps", "carry", "honeypots", "similarity", "decoys", "gate_form"]
)
def test_a_value_of_a_wrong_type_is_refused_by_its_field(tmp_path, key, value):
    """Each in a curriculum, as a setting and varied by a study."""
    head = "[model]" if key in Model.model_fields else "[[stage]]" if key == "name" else '[[stage]]\nname = "a"'
    (tmp_path / "a.toml").write_text(f"{head}\n{key} = {value}\n")
    stage = "" if key in Model.model_fields else "finetuning."
    (tmp_path / "b.toml").write_text(f'runs = 5\n[vary]\n"{stage}{key}" = {value}\n')
    sentences = [refusal(configuration.load, tmp_path / "a.toml"), refusal(Study.load, tmp_path / "b.toml")]
    setting = [f"{stage}{key}={value}"]
    default = configuration.Configuration(model=Model())
    sentences.append(refusal(lambda setting: default.with_settings(setting, pretrain_finetune()), setting))
    for sentence in sentences:
        check(sentence)
        assert key in sentence or (key, value) == ("similarity", "[[1]]")  # one for each objective
        assert "where it stands" not in sentence
