"""The explorer in a real browser: what a reader does, and what the page does then."""

import contextlib
import http.client
import io
import json
import shlex
import urllib.parse
from pathlib import Path

import pytest
from explorer.browser import Visit, browser, explorer
from terminal import within_this_process

from feint.sim.ensembles.comparison import compare

ROOT = Path(__file__).parents[2]
SHOWN = ROOT / "docs" / "figures" / "explorer.png"
RUNS = 600
FONTS = """() => {
  const found = []
  const walk = root => { for (const node of root.querySelectorAll("*")) {
    if (node.shadowRoot) walk(node.shadowRoot)
    const own = [...node.childNodes].some(each => each.nodeType === 3 && each.textContent.trim())
    if (own && node.getClientRects().length && !["STYLE", "SCRIPT"].includes(node.tagName))
      found.push([parseFloat(getComputedStyle(node).fontSize), node.textContent.trim().slice(0, 40)])
  } }
  walk(document); return found }"""

CUT = """() => {
  const [flow] = [...Bokeh.documents[0].all_models].filter(each => each.name === "ribbons")
  const frame = Bokeh.index.find_one_by_id(flow.id).frame, pen = document.createElement("canvas").getContext("2d")
  pen.font = "12px helvetica"
  const long = pen.measureText("unconverged <0.1 %").width, left = frame.x_scale.compute(-0.09) - frame.bbox.left
  return [long, left, frame.bbox.right - frame.x_scale.compute(1.09)] }"""

GAP = """() => {
  const columns = [...Bokeh.documents[0].all_models].map(each => each.get_column && each.get_column("estimate"))
  return columns.find(each => each && each.length === 1)[0] }"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:Widget.name is deprecated:PendingDeprecationWarning"),  # Panel 1.5 has no other
]


@pytest.fixture(scope="module")
def chromium():
    with browser() as opened:
        yield opened


@pytest.fixture(scope="module")
def address(chromium):  # noqa: ARG001 - without a browser nothing is served
    with explorer("--runs", RUNS) as found:
        yield found


@contextlib.contextmanager
def watched(address):
    """Yield a function of pages, all of which must in the end have had no complaint, and have kept to this machine."""
    opened = []
    yield lambda page: opened.append(page) or page
    for each in opened:
        assert each.complaints == []
        fetched = [url for url in each.requests if not url.startswith(("blob:", "data:"))]
        assert [url for url in fetched if not url.startswith(address)] == []
        each.page.close()


@pytest.fixture
def visit(chromium, address):
    """Open a link."""
    with watched(address) as check:

        def go(query="", **look):
            page = check(Visit(chromium, address + query, **look))
            page.refined(RUNS)
            return page

        yield go


def test_it_loads_with_the_numbers_of_compare(visit):
    page = visit()
    found = compare(runs=RUNS).difference()
    assert page.text(".number") == f"{found.estimate:+.3f}".replace("-", "−")
    assert page.page.locator("canvas").count() >= 4
    assert page.text("pre.command") == f"feint compare --runs {RUNS} --seed 0"


@pytest.fixture(scope="module")
def home(chromium, address):
    """The page of the defaults, on which one reader does one thing after another."""
    with watched(address) as check:
        opened = check(Visit(chromium, address))
        opened.refined(RUNS)
        yield opened


def test_arrow_keys_move_a_slider_and_the_bars(home):
    page = home
    before, command = page.text(".verdict"), page.text("pre.command")
    for _ in range(200):
        page.page.keyboard.press("Tab")
        if (
            page.page.evaluate(
                "() => { let at = document.activeElement; while (at.shadowRoot) at = "
                "at.shadowRoot.activeElement; return at.className }"
            )
            == "noUi-handle noUi-handle-lower"
        ):
            break
    else:
        raise AssertionError("no slider can be reached by Tab")
    for _ in range(6):
        page.page.keyboard.press("ArrowRight")
    page.until(lambda: page.text(".verdict") != before, "the bars did not move")
    page.until(lambda: page.text("pre.command") != command, "the command did not move")
    assert "--set similarity=" in page.text("pre.command")


def test_a_slider_that_is_let_go_moves_the_bars(home):
    page = home
    before = page.text(".verdict")
    handle = page.slider("gate_init")
    handle.scroll_into_view_if_needed()
    box, rail = handle.bounding_box(), handle.locator("xpath=ancestor::*[contains(@class, 'noUi-base')]").bounding_box()
    page.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.page.mouse.down()
    page.page.mouse.move(rail["x"] + 0.1 * rail["width"], box["y"] + 5, steps=4)
    assert page.text(".verdict") == before  # while it is held, nothing is trained
    page.page.mouse.up()
    seconds = page.until(lambda: page.text(".verdict") != before, "the bars did not move")
    print(f"from letting go to the first bars: {seconds:.2f} s")
    page.refined(RUNS)
    assert "gate_init=" in page.text("pre.command")
    assert "gate_init=" in page.page.url


def test_a_world_view_loads_and_its_link_brings_it_back(home, visit):
    page = home
    before = page.text(".verdict")
    page.page.locator("select").first.select_option(label="Wheaton 2023: Deceptive alignment is <1% likely by default")
    page.until(lambda: page.text(".verdict") != before, "the bars did not move")
    page.refined(RUNS)
    page.until(lambda: "plasticity_world=0.1" in page.text("pre.command"), "the command did not move")
    assert page.page.url.endswith("?view=wheaton-2023")
    again = visit("?view=wheaton-2023")
    assert again.text(".verdict") == page.text(".verdict")
    assert again.text("pre.python") == page.text("pre.python")


def test_a_link_that_is_not_valid_gives_a_sentence_and_the_defaults(visit):
    page = visit("?similarity=7")
    assert page.text("[role=alert]").endswith(
        "similarity = 7 is not valid for a model: it must be a finite number from -1 to 1."
    )
    assert page.text("pre.command") == f"feint compare --runs {RUNS} --seed 0"


def test_it_is_legible_on_a_phone(visit):
    page = visit(width=390, height=844)
    assert page.page.evaluate("() => document.documentElement.scrollWidth") == 390
    small = [each for each in page.page.evaluate(FONTS) if each[0] < 12]
    assert small == []
    label, left, right = page.page.evaluate(CUT)
    assert label <= min(left, right)


def test_what_is_shown_beside_the_difference_comes_on_request_and_goes_with_it(visit):
    page = visit("?seed=5")
    assert page.page.locator(".beside").count() == 0
    page.page.get_by_text("Beside it", exact=True).click()
    page.until(lambda: page.page.locator(".beside td").count() == 14, "the companions did not come")
    assert "null model" in page.text(".beside")
    page.page.locator("select").first.select_option(index=4)
    page.until(lambda: page.page.locator(".beside").count() == 0, "the companions stayed")


def test_two_readers_do_not_disturb_each_other(home, visit):
    one, other = home, visit("?seed=4")
    assert one.text("pre.command") != other.text("pre.command")
    mine, before = (each.text(".verdict") for each in (one, other))
    one.page.locator("select").first.select_option(index=4)
    one.until(lambda: one.text(".verdict") != mine, "the bars did not move")
    one.refined(RUNS)
    assert other.text(".verdict") == before
    assert other.text("pre.command") == f"feint compare --runs {RUNS} --seed 4"


def test_command_and_python_that_are_shown_give_the_numbers_of_the_bars(visit, monkeypatch, capsys):
    link = "?view=carlsmith-2023&similarity=0.8&pretraining.coverage=0.9&seed=5&start=corrigible&match=steps"
    page = visit(f"{link}&finetuning.carry={urllib.parse.quote(chr(91) + chr(34) + 'goal' + chr(34) + chr(93))}")
    words = shlex.split(page.text("pre.command"))
    told = within_this_process(monkeypatch, capsys)(*words[1:], "--json").document
    number = f"{told['difference']['estimate']:+.3f}".replace("-", "−")
    assert page.text(".number") == number
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(page.text("pre.python"), {})
    assert f"estimate={told['difference']['estimate']!r}" in printed.getvalue()


def test_the_figure_comes_with_its_passport(visit, tmp_path):
    from PIL import Image

    page = visit("?similarity=0.8")
    with page.page.expect_download() as download:
        page.page.get_by_text("Figure with its passport, PNG").click()
        page.page.get_by_text("feint.png").or_(page.page.get_by_text("Figure with its passport, PNG")).first.wait_for()
    path = tmp_path / "feint.png"
    download.value.save_as(path)
    with Image.open(path) as image:
        configuration = json.loads(image.info["Description"])["configuration"]
    assert (configuration["runs"], configuration["point"]["model"]) == (RUNS, {"similarity": 0.8})


def test_ctrl_c_ends_it_as_soon_as_its_address_is_printed():
    with explorer("--runs", RUNS):
        pass


UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
}


def test_only_names_of_this_machine_are_answered():
    """Whatever name another site points to this machine; its page could read what it is sent otherwise."""
    with explorer("--runs", 64) as address:
        port = urllib.parse.urlsplit(address).port

        def answer(host, path="/", **more):
            there = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            with contextlib.closing(there):
                there.request("GET", path, headers={"Host": host, **more})
                found = there.getresponse()
                return found.status, b"for this machine alone" in found.read()

        for name in ("127.0.0.1", "localhost"):
            assert answer(f"{name}:{port}") == (200, False)
        for name in (
            "evil.example",
            f"evil.example:{port}",
            "127.0.0.1.evil.example",
            "192.168.0.7",
            "localhost.x",
        ):
            assert answer(name) == (403, True)
            assert answer(name, "/static/js/bokeh.min.js") == (403, True)
            assert answer(name, "/ws", **UPGRADE, Origin=f"http://localhost:{port}") == (403, True)


@pytest.mark.generated
def test_the_screenshot_of_the_manual_is_of_this_page(chromium, rewrite):
    from PIL import Image

    if rewrite:
        with explorer() as here:
            page = Visit(chromium, here, height=1100)
            page.refined(10_000)
            page.page.wait_for_timeout(500)
            page.page.screenshot(path=str(SHOWN))
            page.page.close()
    with Image.open(SHOWN) as image:
        assert image.size == (1280, 1100)


def test_the_file_works_without_server_and_network(chromium, tmp_path, monkeypatch, capsys):
    path = tmp_path / "page.html"
    said = within_this_process(monkeypatch, capsys)("explore", "--export", path, "--runs", 40, "--seed", 2)
    assert (said.code, said.out, said.err) == (0, "", "")
    page = Visit(chromium, path.as_uri(), width=390, height=844)
    before = page.text(".verdict")
    page.page.locator(".noUi-handle").first.focus()
    page.page.keyboard.press("ArrowRight")
    page.until(lambda: page.text(".verdict") != before, "the bars did not move")
    words = shlex.split(page.text("pre.command"))
    assert words[-2:] == ["--set", "similarity=0.0"]
    told = within_this_process(monkeypatch, capsys)(*words[1:], "--json").document
    assert page.text(".number") == f"{told['difference']['estimate']:+.3f}".replace("-", "−")
    assert page.page.evaluate(GAP) == pytest.approx(told["difference"]["estimate"])
    assert page.page.evaluate("() => document.documentElement.scrollWidth") == 390
    label, left, right = page.page.evaluate(CUT)
    assert label <= min(left, right)
    assert (
        json.loads(page.page.locator("pre.passport").inner_text() or page.page.locator("pre.passport").text_content())[
            "configuration"
        ]["runs"]
        == 40
    )
    assert page.complaints == []
    assert [url for url in page.requests if not url.startswith(("file:", "blob:", "data:"))] == []


def test_a_port_that_is_taken_is_said_in_one_sentence(address, monkeypatch, capsys):
    port = urllib.parse.urlsplit(address).port
    said = within_this_process(monkeypatch, capsys)("explore", "--no-open", "--port", port)
    assert said.refusal.startswith(f"port = {port} cannot be used: ")
