"""The page without a browser: what it takes from the declarations, how it is put together, and its server."""

import http.client
import json
import re
import threading
import urllib.parse
from pathlib import Path

import pytest
from terminal import within_this_process

from feint.agents.errors import InputError
from feint.agents.model import Model
from feint.explorer.declarations import ASSETS, PAGE, checked, data, sliders
from feint.explorer.page import RUNS, html
from feint.explorer.server import PageServer
from feint.scenarios.argument.worldview_files import views
from feint.sim.training.parameter_point import Point
from feint.sim.training.stage import Stage

TEXTS = (".css", ".html", ".js")
MOST_BYTES, MOST_LINES = 1_500_000, 400
LOADED = re.compile(r"""(?:src|href)=["'](?!data:|#|https?:)([^"']+)|@import|\bfetch\(|XMLHttpRequest|import\(""")


@pytest.fixture(scope="module")
def page():
    return html()


def test_every_number_has_a_slider_with_its_declaration():
    rows = {row["name"]: row for row in sliders()}
    numbers = {name for name, declared in Model.parameters().items() if not declared.choices}
    stages = {f"{stage}.{name}" for stage in PAGE["stages"] for name in Stage.parameters() if name != "objective"}
    assert set(rows) == numbers | stages
    for name, row in rows.items():
        assert Point().value(name) == row["default"]
        assert row["low"] < row["high"]
        assert row["meaning"]
        assert row["source"]
        for value in (row["low"], row["high"], row["default"]):
            assert Point().at({name: round(value) if row["whole"] else value})
    assert {row["name"] for row in PAGE["headline"]} <= set(rows)
    assert len(PAGE["headline"]) == 5


def test_every_view_and_every_screen_is_one_that_the_page_can_show():
    for view in views().values():
        assert checked(view.point) == {departure.name: departure.value for departure in view.departures}
    for screen in PAGE["story"]["screen"]:
        assert screen["slider"] in {row["name"] for row in PAGE["headline"]}
    assert len(PAGE["story"]["screen"]) == 5


def test_the_page_is_one_small_file_that_loads_nothing(page):
    assert len(page.encode()) < MOST_BYTES
    markup = re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)
    assert LOADED.findall(markup) == []
    assert "connect-src" not in page  # the policy's default, none, holds
    assert "<!-- " not in markup
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert found
    assert json.loads(found[1])["start"] == {"values": {}, "match": "target", "seed": 0, "runs": RUNS}


@pytest.mark.parametrize("name", [path.name for path in sorted(ASSETS.iterdir()) if path.suffix in TEXTS])
def test_an_asset_is_of_a_size_to_be_read(name):
    assert len((ASSETS / name).read_text().splitlines()) <= MOST_LINES
    assert name in {*PAGE["scripts"], "page.css", "page.html"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"start": "deceptive"}, r"^start = 'deceptive' is not on the page"),
        ({"match": "data"}, r"^match = 'data' is not on the page: it must be one of target, ceiling, steps"),
        ({"gate_form": "minimum"}, r"^gate_form = 'minimum' is not on the page"),
        ({"similarity": (0.5,)}, r"^similarity = \(0.5,\) is not on the page"),
        ({"modes": 1000}, r"^modes = 1000 is more than the page trains: it must be at most 256"),
        ({"finetuning.steps": 10**6}, r"at most 100,000"),
    ],
)
def test_a_start_that_the_page_cannot_show_is_one_sentence(changes, said):
    with pytest.raises(InputError, match=said):
        data(Point().at(changes), seed=0, runs=10)


@pytest.fixture
def served():
    server = PageServer("<p>page</p>", 0)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def asked(server, path="/", method="GET", **headers):
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port)
    connection.request(method, path, headers=headers)
    answer = connection.getresponse()
    return answer.status, answer.getheader("Content-Type"), answer.read()


def test_the_server_answers_to_the_names_of_this_machine_alone(served):
    assert asked(served) == (200, "text/html; charset=utf-8", b"<p>page</p>")
    assert asked(served, "/?view=xu-2021", "HEAD")[::2] == (200, b"")
    for host in ("localhost", "localhost:1", "127.0.0.1:5006", "[::1]:5006"):
        assert asked(served, Host=host)[0] == 200
    for host in (
        "elsewhere.org",
        f"elsewhere.org:{served.server_port}",
        "127.0.0.1.x.org",
        "localhost.x",
        "192.168.0.7",
        "[",
        "",
    ):
        for path in ("/", "/card.png"):
            status, _, content = asked(served, path, Host=host)
            assert status == 403
            assert b"for this machine alone" in content
    assert asked(served, "/../setup.py")[0] == 404
    assert asked(served, "/", "POST")[0] == 501


def test_the_picture_of_a_link_is_beside_the_page(served):
    status, kind, content = asked(served, "/card.png")
    assert (status, kind, content[:8]) == (200, "image/png", b"\x89PNG\r\n\x1a\n")


def test_a_port_that_is_taken_is_one_sentence(served, monkeypatch, capsys):
    said = within_this_process(monkeypatch, capsys)("explore", "--no-open", "--port", served.server_port)
    assert said.refusal.startswith(f"port = {served.server_port} cannot be used: ")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--port", 70000), "port = 70000 is not valid"),
        (("--runs", 0), "runs = 0"),
        (("--set", "similarity=7"), "similarity = 7"),
        (("--seed", -1), "seed = -1"),
        (("--export", "/dev/null/page"), "export = '/dev/null/page' cannot be written"),
    ],
)
def test_bad_options_are_one_sentence(words, said, monkeypatch, capsys):
    assert within_this_process(monkeypatch, capsys)("explore", "--no-open", *words).refusal.startswith(said)


def test_export_writes_the_page_and_its_picture(tmp_path, monkeypatch, capsys):
    said = within_this_process(monkeypatch, capsys)("explore", "--export", tmp_path / "page", "--seed", 2)
    assert (said.code, said.out, said.err) == (0, "", "")
    assert '"seed":2' in (tmp_path / "page" / "index.html").read_text(encoding="utf-8")
    assert (tmp_path / "page" / "card.png").stat().st_size < MOST_BYTES // 10


def test_the_manual_says_what_the_page_does():
    manual = " ".join((Path(__file__).parents[2] / "docs" / "explore.md").read_text().split())
    link = re.search(r"http://127\.0\.0\.1:5006/#(\S+)", manual)
    assert link
    known = {row["name"] for row in sliders()} | {"view", "seed", "run", "runs", "match", "pin", "story"}
    assert {name for name, _ in urllib.parse.parse_qsl(link[1])} <= known
    for name in ("steps", "runs"):
        assert f"{PAGE['most'][name]:,} {name}" in manual
    assert f"{len(sliders())} numbers" in manual
