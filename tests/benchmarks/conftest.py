"""What the benchmarks share: how much is measured, and what is told of the machine."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version

import pytest

LOAD = os.getloadavg()[0] if hasattr(os, "getloadavg") else None  # before anything is measured
LIBRARIES = ("numba", "numpy", "jax", "torch", "mesa")


def pytest_addoption(parser):
    parser.addoption("--quick", action="store_true", help="benchmarks: fewer rounds and smaller sizes")


@pytest.fixture
def quick(request):
    """Whether less is to be measured."""
    return request.config.getoption("--quick", default=False)


@pytest.fixture
def rounds(quick):
    """In how many rounds what takes well under a second is measured."""
    return 5 if quick else 15


@pytest.fixture
def few_rounds(quick):
    """In how many rounds what takes seconds is measured."""
    return 3 if quick else 5


@pytest.hookimpl(optionalhook=True)
def pytest_benchmark_update_machine_info(config, machine_info):
    from benchmarks.peers.cpp import compiler_version
    from feint.sim.ensembles.runner import check_threads

    machine_info["cores"] = check_threads(None)
    machine_info["load"] = LOAD
    machine_info["quick"] = config.getoption("--quick", default=False)
    machine_info["versions"] = {"Python": platform.python_version(), **dict(installed()), "C++": compiler_version()}


def installed():
    """Name and version of the libraries that are there."""
    for name in LIBRARIES:
        try:
            yield name, version(name)
        except PackageNotFoundError:
            yield name, None
