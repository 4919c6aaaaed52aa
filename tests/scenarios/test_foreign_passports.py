"""Passports of another's hand: refused as a whole before anything runs, in one sentence, or followed as they are."""

import csv
import json
import struct
import time
import zlib
from functools import partial

import pytest
from terminal import in_a_process_of_its_own

from feint.agents.errors import InputError
from feint.scenarios.regenerate import regenerate, work_of
from feint.scenarios.requests import KINDS, loaded
from feint.scenarios.xu_race import XuRaceRequest
from feint.sim.ensembles.comparison import CompareRequest
from feint.sim.results import figure_style, provenance
from feint.sim.results.provenance import passport, passport_in

MADE = {"passport": 2, "kind": "ensemble", "configuration": {"runs": 5}, "versions": {"feint": "0.1"}, "commit": None}
SIGNATURE = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def race():
    report = XuRaceRequest(settings={"carried": 40}).run()
    return report.figure(), report.passport()


@pytest.fixture
def _never(monkeypatch):
    """Requests that fail the test if they are carried out."""

    def run(*_, **__):
        raise AssertionError("it runs")

    for kind in ("ensemble", "comparison", "figure", "worldviews"):
        monkeypatch.setattr(loaded(KINDS[kind]), "run", run)


def written(tmp_path, content, ending="csv"):
    path = tmp_path / f"a.{ending}"
    line = content if isinstance(content, str) else json.dumps(content)
    path.write_bytes(f"# feint: {line}\na,b\n1,2\n".encode())
    return path


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"kind": ["ensemble"]}, r"kind = \['ensemble'\] is not valid"),
        ({"kind": None}, "kind = None is not valid"),
        ({"versions": "1"}, "versions = '1' is not valid"),
        ({"versions": {"numpy": [1]}}, r"versions.numpy = \[1\] is not valid"),
        ({"platform": [1]}, r"platform = \[1\] is not valid"),
        ({"platform": {"machine": {}}}, r"platform.machine = \{\} is not valid"),
        ({"drawn": 3}, "drawn = 3 is not valid"),
        ({"drawn": {"versions": 3}}, "drawn.versions = 3 is not valid"),
        ({"commit": 3}, "commit = 3 is not valid"),
        ({"data": 3}, "data = 3 is not valid"),
        ({"passport": "2"}, "passport = '2' is not valid"),
        ({"passport": 3}, "passport = 3 is not a version from 1 to 2"),
        ({"kind": "\ud800"}, "text that cannot be encoded"),
        ({"kind": "\x1b[2Jensemble"}, r"kind = '\\x1b\[2Jensemble' is no figure"),
        ({"kind": "x" * 10**6}, "kind = 'xxxx"),
        ({"configuration": {"runs": "5"}}, "runs = '5' is not valid: input should be a valid integer"),
        ({"configuration": {"runs": 5.5}}, "runs = 5.5 is not valid"),
        ({"configuration": {"runs": [5]}}, r"runs = \[5\] is not valid"),
        ({"configuration": {"seed": -1}}, "seed = -1 is not valid"),
        ({"configuration": {"summary": "yes"}}, "summary = 'yes' is not valid"),
        ({"configuration": {"point": 3}}, "passport that this version of Feint cannot read"),
        ({"configuration": {"point": {"model": {"similarity": {"a": 1}}}}}, "similarity = .* is not valid"),
        ({"configuration": {"point": {"stages": [3]}}}, "passport that this version of Feint cannot read"),
        ({"configuration": {"point": {"stages": [{"name": ["a"]}]}}}, r"name = \['a'\]"),
        ({"configuration": [1]}, r"configuration = \[1\] is not valid"),
        ({"kind": "figure", "configuration": {"figure": "headline", "size": {"runs": [1]}}}, r"size\['runs'\] = "),
        ({"kind": "worldviews", "configuration": {"claim": "headline"}}, "claim = 'headline' is not valid"),
    ],
)
@pytest.mark.usefixtures("_never")
def test_a_field_of_a_wrong_type_is_refused_by_name(tmp_path, change, words):
    with pytest.raises(InputError, match=words) as refusal:
        regenerate(written(tmp_path, MADE | change))
    assert len(str(refusal.value)) <= 300
    assert str(refusal.value).isprintable()


@pytest.mark.parametrize("line", ["[" * 100_000, "{}", "[]", "3", '{"kind": "ensemble"}', "NaN", "\x00", '{"a": 1'])
def test_a_line_that_is_no_passport_is_refused(tmp_path, line):
    with pytest.raises(InputError, match=r"(carries|has) no passport"):
        regenerate(written(tmp_path, line))


@pytest.mark.parametrize("command", ["ensemble", "comparison"])
@pytest.mark.usefixtures("_never")
def test_much_work_is_done_with_force_alone(tmp_path, command):
    path = written(tmp_path, MADE | {"kind": command, "configuration": {"runs": 3 * 10**7}})
    with pytest.raises(InputError, match=r"asks for about [\d,]+ times the work .*: write --force if that is what"):
        regenerate(path)
    with pytest.raises(AssertionError, match="it runs"):
        regenerate(path, force=True)


@pytest.mark.parametrize(
    "configuration",
    [
        {"point": {"stages": [{"name": "a", "objective": 0, "steps": 10**9}, {"name": "b", "objective": 1}]}},
        {"point": {"model": {"modes": 1024}}, "runs": 10_000},
        {"half_width": 1e-5},
    ],
)
def test_work_is_steps_and_modes_and_precision_too(configuration):
    assert work_of(CompareRequest.from_configuration(configuration)) > 100
    assert work_of(CompareRequest.from_configuration({"runs": 20_000, "seed": 2**63})) < 100


def test_rows_that_were_cut_and_other_ends_of_lines_are_named(request):
    before = "a,b\n1,2\n3,4\n"
    first = provenance.first_difference
    assert first(before, before.replace("\n", "\r\n")) == "the ends of lines"
    assert first(before.replace("\n", "\r"), before) == "the ends of lines"
    assert first("a,b\n1,2\n3\n", before) == (
        "row 2 of the table has 1 cells below 2 names: every row must have one cell for each name"
    )
    request.addfinalizer(partial(csv.field_size_limit, csv.field_size_limit(100_000)))
    assert "field larger than field limit" in (first(before, "a,b\n1," + "2" * 200_000) or "")


def test_a_file_with_old_line_ends_keeps_its_passport(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"# feint: " + json.dumps(MADE).encode() + b"\ra,b\r1,2\r")
    assert passport_in(path) == MADE


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def chunks(content):
    at = len(SIGNATURE)
    while at < len(content):
        (length,) = struct.unpack(">I", content[at : at + 4])
        yield content[at + 4 : at + 8], content[at + 8 : at + 8 + length]
        at += 12 + length


@pytest.mark.parametrize("kind", [b"tEXt", b"iTXt", b"zTXt"])
@pytest.mark.parametrize("behind", [False, True])
def test_the_text_of_a_picture_is_read_wherever_it_stands(tmp_path, race, kind, behind):
    figure, made = race
    path = tmp_path / "a.png"
    figure_style.save(figure, path, made)
    line = provenance.passport_line(made).encode()
    text = {b"tEXt": line, b"iTXt": b"\x00\x00\x00\x00" + line, b"zTXt": b"\x00" + zlib.compress(line)}[kind]
    rest = [(name, content) for name, content in chunks(path.read_bytes()) if name not in {b"tEXt", b"iTXt"}]
    rest.insert(-1 if behind else 1, (kind, b"Description\x00" + text))
    path.write_bytes(SIGNATURE + b"".join(chunk(*each) for each in rest))
    assert passport_in(path) == json.loads(json.dumps(made))


def test_damage_to_a_pdf_is_found_quietly_and_quickly(tmp_path, race, capfd):
    figure, made = race
    path = tmp_path / "a.pdf"
    figure_style.save(figure, path, made)
    whole = path.read_bytes()
    at = whole.index(b"startxref")
    damaged = [whole[:at], whole[at:], whole.replace(b"xref", b"xerf")]
    damaged += [whole[: at // 2] + b"1 0 obj\n" * 10**6 + whole[at:], b"%PDF-1.4\n" + b"\n<<" * 10**6]
    began = time.process_time()
    for content in damaged:
        path.write_bytes(content)
        with pytest.raises(InputError, match="carries no passport"):
            passport_in(path)
    assert time.process_time() - began < 5
    assert capfd.readouterr() == ("", "")


def test_what_has_changed_is_printed_without_its_control_characters(tmp_path, race):
    figure, made = race
    made = {**made, "versions": {**made["versions"], "numpy": "\x1b[31m1.0", "evil\x07": "2"}}
    figure_style.save(figure, tmp_path / "a.svg", passport("xu-race", {}) | {"kind": made["kind"]} | made)
    told = regenerate(tmp_path / "a.svg")
    assert r"numpy: \x1b[31m1.0 then" in told.text()
    assert r"evil\x07: 2 then, none now" in told.text()


def test_in_a_process_of_its_own_it_is_one_line_and_exit_code_2(tmp_path):
    path = written(tmp_path, MADE | {"kind": "\x1b]0;x\x07", "versions": {"feint": "\x1b"}})
    ended = in_a_process_of_its_own("regenerate", path)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("feint: kind = '\\x1b]0;x\\x07' is no figure that can be drawn again")
    assert ended.err.rstrip("\n").isprintable()
