"""Options and fixtures of the whole suite."""

import pytest
from terminal import within_this_process


def pytest_addoption(parser):
    parser.addoption(
        "--rewrite", action="store_true", help="rewrite generated and golden files instead of checking them"
    )


SPLIT = {"test_pages.py": "name", "test_notebooks.py": "source"}
"""Files whose tests may run on several workers, and the parameter by which they stay together."""


def group_of(item):
    """Return what is run by one worker: a file or, of a file that is split, the tests of one parameter's value."""
    split = SPLIT.get(item.path.name)
    value = item.callspec.params.get(split, "") if hasattr(item, "callspec") else ""
    return f"{item.path}:{value}" if split else str(item.path)


def pytest_collection_modifyitems(config, items):
    """For several workers, name groups of tests, and put the groups with slow tests first."""
    if not config.getoption("loadgroup", default=False):  # what xdist tells a worker, whose own `dist` is "no"
        return
    groups = [group_of(item) for item in items]
    slow = {group for item, group in zip(items, groups, strict=True) if item.get_closest_marker("slow")}
    for item, group in zip(items, groups, strict=True):
        item.add_marker(pytest.mark.xdist_group(group))
    items.sort(key=lambda item: group_of(item) not in slow)


@pytest.fixture
def rewrite(request):
    """Whether generated files are to be rewritten."""
    return request.config.getoption("--rewrite")


@pytest.fixture
def feint(monkeypatch, capsys):
    """Call the command line within this process."""
    return within_this_process(monkeypatch, capsys)
