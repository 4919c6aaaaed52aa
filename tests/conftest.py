"""Options and fixtures of the whole suite."""

import pytest


def pytest_addoption(parser):
    parser.addoption(
        "--rewrite", action="store_true", help="rewrite generated and golden files instead of checking them"
    )


@pytest.fixture
def rewrite(request):
    """Whether generated files are to be written anew."""
    return request.config.getoption("--rewrite")
