"""A browser for the tests of the explorer, and the explorer as a process of its own."""

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

    def __init__(self, opened, address, width=1280, height=900):
        self.page = opened.new_page(viewport={"width": width, "height": height})
        self.page.set_default_timeout(WAIT * 1000)
        self.complaints, self.requests = [], []
        self.page.on("console", lambda said: self._hear(said.type, said.text))
        self.page.on("pageerror", lambda error: self._hear("error", str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(address)
        self.page.locator(".verdict").wait_for()

    def _hear(self, kind, said):
        if kind in {"error", "warning"}:
            self.complaints.append(said)

    def text(self, where):
        """What is said at a place of the page."""
        return self.page.locator(where).first.inner_text()

    def until(self, met, what):
        """Wait for something; returns how long that took, in seconds."""
        begun = time.perf_counter()
        while not met():
            assert time.perf_counter() - begun < WAIT, what
            self.page.wait_for_timeout(20)
        return time.perf_counter() - begun

    def refined(self, runs):
        """Wait for the bars of so many runs."""
        self.until(lambda: self.text(".status").startswith(f"{runs:,} runs each way"), self.text(".status"))

    def slider(self, title):
        """The handle of the slider of this title."""
        label = self.page.locator(".bk-clearfix", has_text=re.compile(rf"^{title}: ")).last
        box = label.bounding_box()
        handles = self.page.locator(".noUi-handle")
        for i in range(handles.count()):
            at = handles.nth(i).bounding_box()
            if at and 0 < at["y"] - box["y"] < 45 and abs(at["x"] - box["x"]) < 400:
                return handles.nth(i)
        raise AssertionError(title)
