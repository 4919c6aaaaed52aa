"""A browser for the tests of the explorer, and `feint explore` as a process of its own."""

import os
import re
import shutil
import signal
import subprocess
import time
from contextlib import contextmanager

import pytest
from terminal import hearing

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
READY = re.compile(r"feint: the explorer is at (http://127\.0\.0\.1:\d+/)")
WAIT = 300  # seconds after which what is waited for counts as never coming, on a busy machine too
SMALLEST = 12  # pixels of a letter that can be read
FONTS = """() => [...document.querySelectorAll("main *")].filter(node =>
  node.getClientRects().length && [...node.childNodes].some(child => child.nodeType === 3 && child.textContent.trim()))
  .map(node => [parseFloat(getComputedStyle(node).fontSize), node.textContent.trim().slice(0, 40)])"""


@contextmanager
def browser():
    """A headless browser with a fresh profile; skips where there is none, unless FEINT_BROWSER_REQUIRED=1."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        reason = f"no browser is installed: none of {', '.join(NAMES)}"
        if os.environ.get("FEINT_BROWSER_REQUIRED") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=FLAGS)
        try:
            yield opened
        finally:
            opened.close()


@contextmanager
def explorer(*words):
    """`feint explore` with these options, on a free port; yields its address, and holds that Ctrl-C ends it quietly."""
    command = hearing("explore", "--no-open", "--port", 0, *words)
    served = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert served.stdout is not None
        found = READY.match(served.stdout.readline())
        assert found, served.stderr and served.stderr.read()
        yield found[1]
    finally:
        served.send_signal(signal.SIGINT)
        try:
            out, err = served.communicate(timeout=WAIT)
        finally:
            served.kill()  # does nothing to one that has ended
    assert (served.returncode, out, err) == (0, "", "")


class Visit:
    """A page that is open in a browser, with all that it complained of and asked for."""

    def __init__(self, opened, address, *, width=1400, height=900, **look):
        self.page = opened.new_page(viewport={"width": width, "height": height}, **look)
        self.page.set_default_timeout(WAIT * 1000)
        self.complaints, self.requests = [], []
        self.page.on("console", lambda said: self._hear(said.type, said.text))
        self.page.on("pageerror", lambda error: self._hear("error", str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(address)

    def _hear(self, kind, said):
        if kind in {"error", "warning"}:
            self.complaints.append(said)

    def text(self, where):
        """What is said at a place of the page."""
        return self.page.locator(where).first.inner_text()

    def wait(self, script, *given):
        """Wait until a function of the page gives something true; its policy allows no evaluation, so it is polled."""
        begun = time.monotonic()
        while not self.page.evaluate(script, list(given)):
            assert time.monotonic() - begun < WAIT, (script, given, self.complaints)
            self.page.wait_for_timeout(50)

    def settled(self, runs):
        """Wait for the numbers of so many runs, which are the last that come."""
        self.wait("([runs]) => document.body.dataset.runs === String(runs)", runs)
        return self

    def told(self, screen):
        """Wait for a screen of the story."""
        self.wait("([screen]) => document.body.dataset.story === String(screen)", screen)
        return self

    def moved(self, where, before):
        """Wait until a text of the page is another one; returns it."""
        self.wait("([where, before]) => document.querySelector(where).innerText !== before", where, before)
        return self.text(where)

    def slider(self, name):
        """The slider of a parameter."""
        return self.page.locator(f".slider[data-name='{name}'] input[type=range]")

    def small(self):
        """The texts whose letters are too small to be read."""
        return [found for found in self.page.evaluate(FONTS) if found[0] < SMALLEST]

    def done(self, address):
        """Hold that it complained of nothing and asked no other place for anything; close it."""
        assert self.complaints == []
        elsewhere = [url for url in self.requests if not url.startswith((address, "blob:", "data:"))]
        assert elsewhere == []
        self.page.close()
