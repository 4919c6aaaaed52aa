"""The page in a real browser: what a reader does, and what the page does then."""

import csv
import importlib.util
import io
import json
import shlex
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from explorer.browser import Visit, browser, explorer
from terminal import within_this_process

from feint.explorer.declarations import PAGE, findings, sliders
from feint.explorer.page import write
from feint.scenarios.argument.worldview_files import views
from feint.sim.ensembles.comparison import compare
from feint.sim.training.parameter_point import Point

pytestmark = pytest.mark.slow
SHOWN = Path(__file__).parents[2] / "docs" / "figures" / "explorer.png"
RUNS = 300
ROW = ".slider[data-name='similarity']"
SMALL = f"#runs={RUNS}&view=default"
FACTS = ("number", "interval", "sentence", "status", "command")
DRAG = """async ([name, shown]) => {
  const range = document.querySelector(`.slider[data-name='${name}'] input[type=range]`), seen = new Set()
  for (let i = 0; i < 100_000 && seen.size < 4; i++) {
    range.value = String(60 + i % 40)
    range.dispatchEvent(new Event("input", {bubbles: true}))
    await new Promise(done => requestAnimationFrame(done))
    seen.add(document.getElementById(shown).innerText)
  }
  range.dispatchEvent(new Event("change", {bubbles: true}))
  return [...seen] }"""
AXE = """async () => (await axe.run(document, {resultTypes: ["violations"]})).violations.map(
  found => [found.id, found.nodes.map(node => node.target.join(" ")).slice(0, 5)])"""


@pytest.fixture(scope="module")
def chromium():
    with browser() as opened:
        yield opened


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    write(folder)
    return (folder / "index.html").as_uri()


@pytest.fixture
def visit(chromium, address):
    """Open the page as a file; in the end each page must have had no complaint, and have asked for nothing else."""
    opened = []

    def go(link="", **look):
        opened.append(Visit(chromium, address + link, **look))
        return opened[-1]

    yield go
    for page in opened:
        page.done(address)


@pytest.fixture
def sandbox(visit):
    """Open the sliders at a link, with few runs."""
    return lambda link=SMALL, **look: visit(link, **look).settled(RUNS)


def facts(page):
    return {name: page.text(f"#{name}") for name in FACTS}


def accessible(page):
    """Hold that axe-core has no finding on the page as it is."""
    found = importlib.util.find_spec("axe_playwright_python")
    if found is None or found.origin is None:
        pytest.skip("axe-core is not installed: pip install axe-playwright-python")
    page.page.evaluate(Path(found.origin).with_name("axe.min.js").read_text(encoding="utf-8"))
    assert page.page.evaluate(AXE) == []


def test_the_story_goes_from_screen_to_screen_and_ends_at_the_sliders(visit):
    page = visit()
    titles = []
    for screen in range(1, 1 + len(PAGE["story"]["screen"])):
        page.told(screen)
        titles.append(page.text("#story-title"))
        assert "{" not in page.text("#story-text")
        assert f"story={screen}" in page.page.url or screen == 1
        page.page.locator("#story-next").click()
    assert titles == [screen["title"] for screen in PAGE["story"]["screen"]]
    page.settled(2000)
    assert page.moved("#ended", "").startswith("Run 3 is internal after pre-training and deceptive in the end")
    assert page.text("#command") == "feint compare --runs 2000 --seed 0"


def test_the_story_can_be_left_at_any_screen_and_read_with_the_keys(visit):
    page = visit("#story=2&runs=300").told(2)
    page.page.keyboard.press("ArrowRight")
    page.told(3)
    page.page.keyboard.press("ArrowLeft")
    page.told(2)
    page.page.locator("#story-leave").click()
    page.settled(2000)
    held = page.page.evaluate("document.activeElement.closest('.slider').dataset.name")
    assert held == PAGE["story"]["screen"][1]["slider"]


def test_numbers_are_those_of_compare(sandbox):
    page = sandbox("#runs=300&similarity=0.8&seed=5&pretraining.coverage=0.9&match=steps")
    point = Point().at({"similarity": 0.8, "pretraining.coverage": 0.9})
    found = compare(point.curriculum, model=point.model, runs=RUNS, seed=5, match="steps")
    difference = found.difference()
    assert page.text("#number") == f"{difference.estimate:+.3f}".replace("-", "−")
    assert page.text("#interval") == f"[{difference.low:+.3f}, {difference.high:+.3f}]".replace("-", "−")
    assert page.text("#command").endswith("--set similarity=0.8 --set pretraining.coverage=0.9")


def test_the_command_gives_the_numbers_of_the_page(sandbox, monkeypatch, capsys):
    page = sandbox("#runs=300&view=carlsmith-2023&speed_cost=0.00002&seed=3")
    words = shlex.split(page.text("#command"))
    told = within_this_process(monkeypatch, capsys)(*words[1:], "--json").document
    assert page.text("#number") == f"{told['difference']['estimate']:+.3f}".replace("-", "−")


def test_numbers_move_while_a_slider_is_dragged_and_are_refined_at_rest(sandbox):
    page = sandbox()
    before, handle = page.text("#number"), page.slider("plasticity_goal")
    handle.scroll_into_view_if_needed()
    box = handle.bounding_box()
    page.page.mouse.move(box["x"] + 0.57 * box["width"], box["y"] + box["height"] / 2)
    page.page.mouse.down()
    for share in (0.65, 0.75, 0.9, 0.97):
        page.page.mouse.move(box["x"] + share * box["width"], box["y"] + box["height"] / 2)
    held = page.moved("#number", before)
    assert page.page.evaluate("document.body.dataset.runs") == ""
    page.page.mouse.up()
    page.settled(RUNS)
    assert held != before
    assert page.slider("plasticity_goal").get_attribute("aria-valuetext").startswith("very easily, ")
    assert "plasticity_goal=" in page.page.url
    page.page.locator("#undo").click()
    page.wait("() => !location.hash.includes('plasticity_goal')")
    page.settled(RUNS)
    assert page.text("#number") == before


def test_numbers_come_while_a_slider_never_rests(sandbox):
    """At each frame of a drag the slider is elsewhere, and what is drawn is of a moment before."""
    page = sandbox()
    seen = page.page.evaluate(DRAG, ["plasticity_goal", "number"])
    assert len(seen) > 2


def test_arrow_keys_move_a_slider_and_its_reset_brings_it_back(sandbox):
    page = sandbox()
    before = facts(page)
    page.slider("similarity").focus()
    for _ in range(5):
        page.page.keyboard.press("ArrowLeft")
    page.settled(RUNS)
    assert page.text("#number") != before["number"]
    page.wait("([where]) => document.querySelector(where).innerText.includes('0.')", ROW + " .reach")
    page.page.locator(ROW).get_by_role("button", name="Reset").click()
    page.settled(RUNS)
    page.wait("([number]) => document.querySelector('#number').innerText === number", before["number"])
    assert facts(page) == before


def test_a_link_gives_a_second_page_the_same_numbers_and_the_same_pinned_setting(sandbox):
    page = sandbox("#runs=300&view=xu-2021&decoys=3.3&run=7")
    page.page.locator("#pin").click()
    page.settled(RUNS)
    page.page.locator(".view", has_text="Wheaton").click()
    page.moved("#command", page.text("#command"))
    page.settled(RUNS)
    page.wait("() => document.querySelector('#pinned-table').innerText.includes('What differs')")
    other = sandbox("#" + page.page.url.partition("#")[2])
    other.wait("() => document.querySelector('#pinned-table').innerText.includes('What differs')")
    assert facts(other) == facts(page)
    assert other.text("#pinned-number") == page.text("#pinned-number")
    assert other.text("#pinned-table") == page.text("#pinned-table")


def test_a_view_lists_and_marks_its_departures(sandbox):
    page = sandbox()
    page.page.locator(".view", has_text="Wheaton").click()
    page.moved("#command", page.text("#command"))
    departures = views()["wheaton-2023"].departures
    assert page.page.locator("#view tbody tr").count() == len(departures)
    marked = page.page.locator(".slider.departs").evaluate_all("rows => rows.map(row => row.dataset.name)")
    assert sorted(marked) == sorted(departure.name for departure in departures)
    page.settled(RUNS)
    assert page.text("#verdict") == "These runs show no difference."


def test_a_deceptive_run_is_found_and_the_moment_it_turns_is_named(sandbox):
    page = sandbox("#runs=300&run=4")
    page.moved("#ended", "")
    page.page.locator("#find").click()
    page.wait("() => document.querySelector('#ended').innerText.startsWith('Run 6 ')")
    assert "deceptive in the end, and turns at step" in page.text("#ended")
    assert "turns deceptive" in (page.page.locator("#life").text_content() or "")
    page.page.locator("#find").click()
    page.wait("() => document.querySelector('#ended').innerText.startsWith('Run 13 ')")


def test_the_smallest_change_found_can_be_tried(sandbox):
    page = sandbox(SMALL)
    page.page.get_by_role("button", name="Try what reverses the answer").click()
    page.moved("#command", page.text("#command"))
    page.settled(RUNS)
    (flip,) = [flip for flip in findings()["flips"] if flip["kind"] == "reversed"]
    assert page.text("#command").count("--set") == len(flip["changes"])


def test_what_is_beside_the_difference_comes_on_request(sandbox):
    page = sandbox("#runs=300&pretraining.steps=300&finetuning.steps=300")
    page.page.locator("#show-beside").click()
    page.wait("() => document.querySelector('#beside').dataset.done === 'yes'")
    assert page.page.locator("#beside tbody tr").count() == 1 + len(page.page.evaluate("State.data.companions"))


def test_search_finds_parameters_by_name_meaning_and_source(sandbox):
    page = sandbox()
    page.page.locator("#all > summary").click()
    page.page.locator("#search").fill("carlsmith")
    shown = page.page.locator("#others .slider:visible").evaluate_all("rows => rows.map(row => row.dataset.name)")
    headline = {row["name"] for row in PAGE["headline"]}
    wanted = {row["name"] for row in sliders() if "Carlsmith" in row["source"] and row["name"] not in headline}
    assert wanted
    assert set(shown) == wanted


def test_a_link_that_is_not_valid_is_one_sentence(visit):
    page = visit("#similarity=7").settled(2000)
    assert page.text("#message").endswith("similarity = 7 is not valid: it must be a number from -1 to 1.")
    assert page.text("#command") == "feint compare --runs 2000 --seed 0"


def download(page, button):
    """What a button gives as a file."""
    with page.page.expect_download() as begun:
        page.page.locator(button).click()
    return Path(begun.value.path()).read_bytes()


def test_downloads_hold_the_numbers_of_the_page(sandbox):
    from PIL import Image

    page = sandbox("#runs=300&similarity=0.8")
    document = json.loads(download(page, "#save-json"))
    head, *lines = download(page, "#save-csv").decode().splitlines()
    assert head == f"# {page.text('#command')}"
    rows = list(csv.DictReader(lines))
    assert [int(row["count"]) for row in rows[:-1]] == [
        outcome["count"] for arm in document["arms"].values() for outcome in arm.values()
    ]
    assert float(rows[-1]["estimate"]) == document["difference"]["estimate"]
    drawing = ET.fromstring(download(page, "#save-svg"))
    assert json.loads(drawing.findtext("{http://www.w3.org/2000/svg}desc", "")) == document
    with Image.open(io.BytesIO(download(page, "#save-png"))) as image:
        assert image.width == 1440


def test_the_link_is_copied_or_laid_out_to_be_copied(sandbox):
    page = sandbox("#runs=300&similarity=0.8")
    page.page.locator("#copy-link").click()
    said = page.moved("#copy-link", "Copy the link")
    place = page.page.locator("#copied")
    assert said == ("Copied" if not place.is_visible() else "Selected: copy it")
    if place.is_visible():
        assert place.input_value() == page.page.url
    assert page.page.evaluate("Share.link()") == page.page.url


def test_intervals_are_those_of_python(sandbox):
    from feint.sim.statistics.intervals import SelectedPairs, frequency_interval, tango

    page = sandbox()
    for count, runs in ((0, 50), (3, 50), (49, 50), (50, 50), (2, 4), (700, 2000), (1999, 2000)):
        mine = page.page.evaluate("([count, runs]) => Numbers.frequency(count, runs)", [count, runs])
        right = frequency_interval(count, runs)
        assert mine == pytest.approx({name: getattr(right, name) for name in mine}, abs=1e-12)
    for first, second, runs in ((0, 0, 50), (50, 0, 50), (0, 50, 50), (7, 3, 40), (900, 2, 2000)):
        mine = page.page.evaluate("([b, c, n]) => Numbers.difference(b, c, n)", [first, second, runs])
        right = tango(first, second, runs)
        assert mine == pytest.approx({name: getattr(right, name) for name in mine}, abs=1e-9)
    pairs = SelectedPairs(events=(30, 5), selected=(90, 80), both=75, event_in=(25, 4), event_in_both=3)
    given = {"events": [30, 5], "selected": [90, 80], "both": 75, "eventIn": [25, 4], "eventInBoth": 3}
    mine, right = page.page.evaluate("(pairs) => Numbers.selectedDifference(pairs)", given), pairs.difference()
    assert mine == pytest.approx({name: getattr(right, name) for name in mine}, abs=1e-12)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1400, 900), (390, 844)], ids=lambda size: f"{size[0]}x{size[1]}")
def test_it_is_legible_and_axe_finds_nothing(visit, size, scheme):
    look = {"width": size[0], "height": size[1], "color_scheme": scheme}
    page = visit("#story=5", **look).told(5)
    accessible(page)
    page.page.locator("#story-leave").click()
    page.settled(2000)
    page.page.locator(".view", has_text="Carlsmith").click()
    page.moved("#command", page.text("#command"))
    page.settled(2000)
    page.page.locator("#all > summary").click()
    page.page.evaluate("document.querySelectorAll('details').forEach(details => { details.open = true })")
    accessible(page)
    assert page.small() == []
    assert page.page.evaluate("document.documentElement.scrollWidth") == size[0]


def test_it_can_be_printed_and_moves_nothing_where_motion_is_reduced(sandbox):
    page = sandbox(reduced_motion="reduce")
    page.page.emulate_media(media="print")
    assert not page.page.locator("#controls").is_visible()
    assert page.page.locator("#bars svg").is_visible()
    assert page.page.evaluate("getComputedStyle(document.querySelector('#pin')).transitionDuration") == "0s"


def test_it_is_served_to_this_machine_and_ends_at_ctrl_c(chromium):
    with explorer("--runs", RUNS, "--set", "similarity=0.9", "--seed", 4) as here:
        page = Visit(chromium, here).settled(RUNS)
        assert page.text("#command") == f"feint compare --runs {RUNS} --seed 4 --set similarity=0.9"
        page.page.locator("#to-default").click()
        page.moved("#command", page.text("#command"))
        page.settled(RUNS)
        assert "similarity" not in page.text("#command")
        page.done(here)


@pytest.mark.generated
def test_the_screenshot_of_the_manual_is_of_this_page(visit, rewrite):
    from PIL import Image

    if rewrite:
        page = visit("#view=xu-2021", height=1100).settled(2000)
        page.moved("#ended", "")
        page.page.evaluate("window.scrollTo(0, 0)")
        page.page.screenshot(path=str(SHOWN))
    with Image.open(SHOWN) as image:
        assert image.size == (1400, 1100)
