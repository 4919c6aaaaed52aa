"""Options and fixtures of the whole suite."""

import pytest
from terminal import within_this_process


def pytest_addoption(parser):
    parser.addoption(
        "--rewrite", action="store_true", help="rewrite generated and golden files instead of checking them"
    )


@pytest.fixture
def rewrite(request):
    """Whether generated files are to be rewritten."""
    return request.config.getoption("--rewrite")


@pytest.fixture
def feint(monkeypatch, capsys):
    """Call the command line within this process."""
    return within_this_process(monkeypatch, capsys)
