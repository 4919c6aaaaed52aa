"""How many files a value goes through: a model on its way to the kernel, and a setting of a scenario on its way out."""

import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import feint
from feint.agents.model import Model
from feint.scenarios.release.release import ReleaseRequest

ROOT = Path(__file__).parents[1]
HOUSE = f"{Path(feint.__file__).parent}/"


@contextmanager
def files_that_hold(matches):
    """Collect the files of Feint in which some function is called with, or returns, a value that matches."""
    files = set()

    def look(frame, event, returned):
        file = frame.f_code.co_filename
        if event in {"call", "return"} and file.startswith(HOUSE):
            names = frame.f_code.co_varnames[: frame.f_code.co_argcount + frame.f_code.co_kwonlyargcount]
            values = [frame.f_locals.get(name) for name in names] + [returned]
            if any(matches(value) for value in values):
                files.add(file.removeprefix(HOUSE))

    threading.setprofile(look)
    sys.setprofile(look)
    try:
        yield files
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


def test_a_model_goes_to_the_kernel_through_eight_files_at_most():
    model = Model(similarity=0.12345)
    with files_that_hold(lambda value: isinstance(value, Model) and value == model) as files:
        feint.compare(model=model, runs=16, threads=1)
    print(sorted(files))
    assert "sim/training/train.py" in files
    assert len(files) <= 8


def test_a_setting_of_a_release_goes_to_document_text_and_figure_through_twelve_files_at_most():
    setting = 0.123456
    request = ReleaseRequest(settings={"actors": 100, "years": 2, "composing": setting}, runs=2)

    def matches(value):
        return (isinstance(value, float) and value == setting) or (
            isinstance(value, dict) and any(isinstance(v, float) and v == setting for v in value.values())
        )

    with files_that_hold(matches) as files:
        report = request.run(threads=1)
        report.json()
        report.text()
        report.figure()
    sources = [file for file in ROOT.glob("s*/**/*.*") if file.suffix in {".py", ".toml"} and "src" not in file.parts]
    files |= {str(file.relative_to(ROOT)) for file in sources if "composing" in file.read_text()}
    print(sorted(files))
    assert {"sim/markets/market.py", "scenarios/release/conditions.toml"} <= files
    assert len(files) <= 12
