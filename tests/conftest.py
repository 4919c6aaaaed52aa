"""Options and fixtures of the whole suite."""

import pytest
from terminal import within_this_process
from xdist.scheduler import LoadScopeScheduling


def pytest_addoption(parser):
    parser.addoption(
        "--rewrite", action="store_true", help="rewrite generated and golden files instead of checking them"
    )


SPLIT = ("test_pages.py", "test_notebooks.py")
"""Files whose tests may run on several workers: those of one page, or of one notebook, stay together."""
LONG = (
    "scenarios/test_reports.py",
    *(f"test_{name}.py" for name in ("argue", "forms", "gallery", "laws", "outcome", "sgd_step", "train_lanes")),
    *(f"test_{name}.py" for name in ("transfer", "unchanged", "verdict_tables", "views")),
)
"""Files of many tests that are slow together: near the end they would leave the other workers idle."""


def group_of(nodeid):
    """Return what is run by one worker: a file or, of a file that is split, the tests whose ids begin alike."""
    file, _, name = nodeid.partition("::")
    return f"{file}:{name.partition('[')[2].rstrip(']').partition('-')[0]}" if file.endswith(SPLIT) else file


class ByGroup(LoadScopeScheduling):
    """Scheduler of xdist that gives the tests of a group to one worker, so that each fixture is made once.

    `--dist loadgroup` does not: pytest-xdist 3.8.0 under pytest 9.2.0 ignores the names of groups.
    """

    def _split_scope(self, nodeid):
        return group_of(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Return the scheduler for several workers."""
    return ByGroup(config, log) if config.getoption("dist") == "loadscope" else None


def pytest_collection_modifyitems(items):
    """Put the groups with slow tests and the long files first, in the order of the collection otherwise."""
    slow = {group_of(item.nodeid) for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: not (group_of(item.nodeid) in slow or group_of(item.nodeid).endswith(LONG)))


@pytest.fixture
def types_kept():
    """Put the registry of types back after a test that registers some."""
    from feint.agents.types import TYPES

    before = dict(TYPES)
    yield
    TYPES.clear()
    TYPES.update(before)


@pytest.fixture
def rewrite(request):
    """Whether generated files are to be rewritten."""
    return request.config.getoption("--rewrite")


@pytest.fixture
def feint(monkeypatch, capsys):
    """Call the command line within this process."""
    return within_this_process(monkeypatch, capsys)
