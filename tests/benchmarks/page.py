"""The explorer's page in Chromium beside the native kernels: `PYTHONPATH=tests python -m benchmarks.page`.

Prints how long 2,000 runs each way take in the browser, in two workers, and by `compare`, in turns, and how long the
first numbers take after a slider has moved.
"""

from __future__ import annotations

import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from explorer.browser import browser
from explorer.test_engine import plain

from feint.explorer.page import write
from feint.sim.ensembles.comparison import compare
from feint.sim.training.parameter_point import Point

RUNS, TURNS, MOVES = 2000, 7, 9
MADE = """() => {
  const binary = atob(document.getElementById("wasm").textContent.trim())
  window.measured = FeintEngine.create({
    wasm: Uint8Array.from(binary, letter => letter.charCodeAt(0)),
    descriptor: JSON.parse(document.getElementById("descriptor").textContent), workers: 2,
  }) }"""
TRAINED = "async (request) => { await window.measured.compare(request) }"
MOVED = """async (value) => {
  const range = document.querySelector(".slider[data-name='plasticity_goal'] input[type=range]")
  const number = document.getElementById("number"), before = number.innerText, begun = performance.now()
  range.value = String(value)
  range.dispatchEvent(new Event("input", {bubbles: true}))
  while (number.innerText === before && performance.now() - begun < 5000) {
    await new Promise(done => requestAnimationFrame(done))
  }
  const taken = performance.now() - begun
  range.dispatchEvent(new Event("change", {bubbles: true}))
  return taken }"""


def seconds(work) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def main() -> None:
    """Measure and print."""
    point = Point()
    stages = [plain(vars(stage).items()) for stage in point.curriculum.stages]
    request = {"model": plain(vars(point.model).items()), "stages": stages, "match": "target", "runs": RUNS}
    compare(runs=RUNS)
    with TemporaryDirectory() as folder, browser() as chromium:
        write(Path(folder))
        page = chromium.new_page(viewport={"width": 1400, "height": 900})
        page.goto(f"{(Path(folder) / 'index.html').as_uri()}#runs=300&view=default")
        page.wait_for_function("() => document.body.dataset.runs === '300'")
        page.evaluate(MADE)
        pairs = [
            (
                seconds(lambda seed=seed: page.evaluate(TRAINED, {**request, "seed": seed})),
                seconds(lambda seed=seed: compare(runs=RUNS, seed=seed, threads=2)),
            )
            for seed in range(TURNS)
        ]
        first = []
        for move in range(MOVES):
            first.append(page.evaluate(MOVED, 20 + 7 * move))
            page.wait_for_function("() => document.body.dataset.runs === '300'")
    here, native = (median(column) for column in zip(*pairs, strict=True))
    print(f"{RUNS:,} runs each way: {here:.2f} s in the page, {native:.2f} s by compare, {here / native:.1f} times")
    print(f"first numbers after a move: {median(first):.0f} ms, at most {max(first):.0f}")


if __name__ == "__main__":
    main()
