"""Rules that every kernel keeps: what the compiler may do to it, and that its fingerprint sees all that it reads."""

import ast
import inspect
import json
import os
import pkgutil
import re
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from numba import njit
from numba.core import config
from numba.core.dispatcher import Dispatcher
from numba.core.errors import TypingError
from numba.core.extending import _Intrinsic

from feint.agents.kernels import compiling, equations
from feint.agents.model import Model
from feint.sim.training.kernels.train_lanes import race
from feint.sim.training.stage import Stage
from feint.sim.training.train import begin, train

ROOT = Path(__file__).parents[1]
PACKAGES = ("feint.agents.kernels", "feint.sim.training.kernels", "feint.sim.networks.kernels")

pytestmark = pytest.mark.skipif(bool(config.DISABLE_JIT), reason="nothing is compiled")  # pyright: ignore[reportAttributeAccessIssue]


def modules():
    for package in PACKAGES:
        for found in pkgutil.iter_modules(import_module(package).__path__):
            yield import_module(f"{package}.{found.name}")


COMPILED = {
    f"{module.__name__}.{name}": value
    for module in modules()
    for name, value in vars(module).items()
    if isinstance(value, Dispatcher) and value.__module__ == module.__name__
}
KERNELS = {
    name: function
    for name, function in COMPILED.items()
    if isinstance(getattr(function, "_cache", None), compiling.KernelCache)
}

#: prints, for each file as it stands ("") and edited, the fingerprint of every kernel; one process a file
FINGERPRINTS = """
import json, os, sys
from importlib import import_module
from pathlib import Path
import numba, numpy

kernels, files = json.loads(sys.argv[1])
for file in ["", *files]:
    text = Path(file).read_text() if file else ""
    if file:
        Path(file).write_text(text + "# edited\\n")
    if os.fork() == 0:
        from feint.agents.kernels.compiling import fingerprint
        found = [getattr(import_module(module), name) for module, _, name in (k.rpartition(".") for k in kernels)]
        print(json.dumps([file, [fingerprint(function.py_func) for function in found]]), flush=True)
        os._exit(0)
    assert os.wait()[1] == 0
    if file:
        Path(file).write_text(text)
"""


def body_of(function):
    return ast.parse(inspect.getsource(function.py_func))


def values_read(function):
    """What the global names in the text of a function stand for."""
    names = {node.id for node in ast.walk(body_of(function)) if isinstance(node, ast.Name)}
    scope = function.py_func.__globals__
    return {name: scope[name] for name in names if name in scope}


def files_reached(function, seen):
    """Files of every compiled function and intrinsic that a kernel calls, directly or through another."""
    yield inspect.getfile(function.py_func)
    seen.add(function)
    for value in values_read(function).values():
        if isinstance(value, _Intrinsic):
            yield inspect.getfile(inspect.unwrap(value))
        if isinstance(value, Dispatcher) and value not in seen:
            yield from files_reached(value, seen)


@pytest.fixture(scope="module")
def changed(tmp_path_factory):
    """For each kernel, the files of a copy of the house whose edit changes its fingerprint."""
    house = tmp_path_factory.mktemp("house")
    (house / "feint").mkdir()
    (house / "feint" / "__init__.py").touch()
    for folder in ("agents", "sim"):
        shutil.copytree(ROOT / folder, house / "feint" / folder, ignore=shutil.ignore_patterns("__pycache__"))
    files = [
        file
        for folder in ("agents", "sim/training/kernels", "sim/networks/kernels")
        for file in (house / "feint" / folder).rglob("*.py")
    ]
    process = subprocess.run(
        [sys.executable, "-c", FINGERPRINTS, json.dumps([[*KERNELS], [str(file) for file in files]])],
        env={**os.environ, "PYTHONPATH": str(house), "PYTHONDONTWRITEBYTECODE": "1", "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    found = dict(json.loads(line) for line in process.stdout.splitlines())
    as_it_stands = found.pop("")
    assert len(found) == len(files)
    return {
        kernel: {Path(file).relative_to(house / "feint") for file in found if found[file][i] != as_it_stands[i]}
        for i, kernel in enumerate(KERNELS)
    }


def test_the_kernels_that_the_simulator_calls_are_found_and_kept_on_disk():
    assert {name.rpartition(".")[2] for name in KERNELS} >= {"race", "read", "draw_starts", "open_streams"}
    assert len(COMPILED) > 2 * len(KERNELS)


@pytest.mark.parametrize("name", COMPILED)
def test_the_compiler_may_contract_and_nothing_more(name):
    options = COMPILED[name].targetoptions
    assert options["fastmath"] == {"contract"}
    assert options["error_model"] == "numpy"
    assert not options.get("parallel")


@compiling.equation
def itself(x):
    return x


@njit
def sum_of(x):
    return itself(x).sum()


def test_a_piece_cannot_return_an_array_since_it_counts_no_references():
    with pytest.raises((TypeError, TypingError), match="itself returns an array"):
        sum_of(np.ones(2))


def test_a_piece_is_the_plain_function_from_python_and_has_no_code_of_its_own():
    piece: Any = equations.concept
    assert piece(0.25, 1.0, 4.0) == 2.0
    assert isinstance(piece, compiling.Piece)


@pytest.mark.parametrize("name", COMPILED)
def test_a_compiled_function_reads_others_by_plain_global_names(name):
    """The fingerprint follows names; it sees nothing behind a module's dot, in a closure or in a nested function."""
    function = COMPILED[name]
    nested = (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
    assert [type(node).__name__ for node in ast.walk(body_of(function)) if isinstance(node, nested)] == []
    assert sum(isinstance(node, ast.FunctionDef) for node in ast.walk(body_of(function))) == 1
    assert function.py_func.__code__.co_freevars == ()
    assert function.py_func.__defaults__ is None
    read_whole = [value for value in values_read(function).values() if isinstance(value, ModuleType)]
    assert [module.__name__ for module in read_whole if module is not np] == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="it takes a process a file")
@pytest.mark.parametrize("name", KERNELS)
def test_an_edit_to_any_file_that_a_kernel_reaches_changes_its_fingerprint(changed, name):
    feint = ROOT / "src" / "feint"
    reached = {Path(file).relative_to(feint) for file in files_reached(KERNELS[name], set())}
    reached |= {Path("agents/kernels/compiling.py"), Path("agents/kernels/lanes.py")}  # the ground of all
    assert Path(*name.split(".")[1:-1]).with_suffix(".py") in reached
    assert reached - changed[name] == set()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="it takes a process a file")
def test_an_edit_to_a_file_that_no_kernel_reads_leaves_the_compiled_kernels_valid(changed):
    for name, files in changed.items():
        assert Path("agents/views.py") not in files, name


@pytest.mark.slow
def test_a_kernel_computes_less_for_each_mechanism_that_is_off():
    """A grader and a belief are known when it is compiled: who leaves them off pays for nothing of them."""

    kernel: Any = race

    def arithmetic(**settings):
        """Count instructions on rows in the kernel as it is compiled, or was before, for a model."""
        kinds = []

        def called(*arguments):
            kinds.append(tuple(map(kernel.typeof_pyval, arguments)))
            return kernel(*arguments)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("feint.sim.training.train._race", called)
            train(begin(Model(**settings), runs=2), Stage(steps=1))
        text = str(kernel.overloads[kinds[0]].library._get_module_for_linking())
        return len(re.findall(r"= (?:fadd|fsub|fmul|fdiv|call)[^=\n]*<\d+ x float>", text))

    known, inferred, graded = (arithmetic(**settings) for settings in ({"identification": 1e6}, {}, {"grader": 0.0}))
    print(f"{known} instructions on rows with the objective known, {inferred} with it inferred, {graded} with a grader")
    assert 100 < known < inferred < graded
