"""The layout: which room may import which, how the folders are reached, what the front door offers."""

import ast
import json
import subprocess
import sys
from collections import Counter
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

import feint

ROOT = Path(__file__).parents[1]
FOLDERS = ("agents", "sim", "scenarios")
FRONT_DOOR = ROOT / "src" / "feint"
LIBRARIES = {"matplotlib", "numba", "numpy", "pandas", "pydantic", "rich", "scipy", "seaborn", "typer", "xarray"}
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def files_of(folder):
    """The files of a folder that stands at the top; of the front door those beside the links and in its own folders."""
    own = [FRONT_DOOR, *(each for each in FRONT_DOOR.iterdir() if each.is_dir() and not each.is_symlink())]
    found = (
        (file for place in own for file in place.glob("*.py")) if folder == "feint" else (ROOT / folder).rglob("*.py")
    )
    return sorted(file for file in found if "__pycache__" not in file.parts)


OURS = [file for folder in (*FOLDERS, "feint") for file in files_of(folder)]


@cache
def parsed(file):
    return ast.parse(file.read_text())


def named(file):
    return str(file.relative_to(ROOT))


def imports(file):
    """Every module that a file imports, wherever in it; a relative one begins with a dot."""
    for node in ast.walk(parsed(file)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module == "feint" and not node.level:
            yield from (f"feint.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")


ORDER = (
    "agents",
    "sim/results",
    "sim/statistics",
    "sim/training",
    "sim/ensembles",
    "sim/markets",
    "sim/sweeps",
    "sim/networks",
    "sim/analysis",
    "sim/environments",
    "scenarios/bibliography",
    "scenarios/xu_race",
    "scenarios/networks",
    "scenarios/oversight",
    "scenarios/finetuning",
    "scenarios/release",
    "scenarios/claims",
    "scenarios/argument",
    "scenarios/transfer",
    "scenarios/measurements",
    "scenarios/gallery",
    "scenarios/requests",
    "scenarios/regenerate",
    "feint",
)
"""Rooms from the ground up: a module imports its own room and those before it."""


def room(module):
    """The room of a module of Feint; of a package that holds rooms, such as feint.sim, nothing."""
    parts = module.split(".")[1:]
    if not parts or parts[0] not in FOLDERS:
        return "feint"
    name = parts[0] if parts[0] == "agents" else "/".join(parts[:2])
    return name if name in ORDER else ""


def module_of(file):
    """The name under which a file is imported."""
    parts = file.relative_to(ROOT).with_suffix("").parts
    parts = parts[1:] if parts[0] == "src" else ("feint", *parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported_modules(file):
    """The modules of Feint that a file imports by name, also within functions and under TYPE_CHECKING."""
    names = {module_of(each) for each in OURS}
    for node in ast.walk(parsed(file)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in names)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "feint":
            whole = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (each for each in whole if each in names)
            if any(each not in names for each in whole):
                yield node.module


def public(body):
    """Functions and classes of a body that have public names, and those within the classes."""
    for node in body:
        if isinstance(node, (*FUNCTIONS, ast.ClassDef)) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from public(node.body)


def assigned(name):
    """The value that the front door gives a name, which must be a literal."""
    for node in parsed(FRONT_DOOR / "__init__.py").body:
        if isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == [name]:
            return ast.literal_eval(node.value)
    raise AssertionError(name)


def test_imports_run_one_way():
    edges = [(module_of(file), module) for file in OURS for module in imported_modules(file)]
    assert len(edges) > len(OURS)
    ranked = [(file, module) for file, module in edges if room(file) and room(module)]
    assert {room(each) for pair in ranked for each in pair} == set(ORDER)
    back = [
        f"{file} imports {module}" for file, module in ranked if ORDER.index(room(file)) < ORDER.index(room(module))
    ]
    assert back == []


def test_modules_import_each_other_in_no_circle():
    graph = {module_of(file): set(imported_modules(file)) - {module_of(file)} for file in OURS}
    while free := [module for module, wanted in graph.items() if not wanted & graph.keys()]:
        for module in free:
            del graph[module]
    assert graph == {}


def test_folders_and_files_are_of_a_size_to_be_read():
    """26,500 lines with version 1; then 3,500 for version 2, 5,000 for measurements, 4,000 for borders, 3,000 since."""
    modules = [file for file in OURS if file.name != "__init__.py"]
    lines = {named(file): len(file.read_text().splitlines()) for file in modules}
    per_folder = Counter(file.parent for file in modules)
    assert {str(folder): count for folder, count in per_folder.items() if count > 25} == {}
    assert {file: count for file, count in lines.items() if count > 400} == {}
    assert len(lines) <= 216
    assert sum(lines.values()) <= 42_000


def length(function):
    """The lines of a function without its docstring and its decorators."""
    first = function.body[0]
    described = first.end_lineno - first.lineno + 1 if ast.get_docstring(function) else 0
    return function.end_lineno - function.lineno + 1 - described


def test_no_function_but_a_kernel_has_more_than_40_lines():
    functions = [
        (f"{named(file)}: {node.name}", length(node))
        for file in OURS
        if "kernels" not in file.parts
        for node in ast.walk(parsed(file))
        if isinstance(node, FUNCTIONS)
    ]
    assert functions
    assert {name: lines for name, lines in functions if lines > 40} == {}


@pytest.mark.parametrize("folder", [*FOLDERS, "feint", "tests"])
def test_imports_are_absolute_and_by_the_name_of_feint(folder):
    found = [(named(file), module) for file in files_of(folder) for module in imports(file)]
    assert found
    assert [(file, module) for file, module in found if module.split(".")[0] in {*FOLDERS, ""}] == []


def test_compilers_are_imported_by_the_kernels_alone():
    found = {file for file in OURS for module in imports(file) if module.split(".")[0] in {"numba", "llvmlite"}}
    assert {file.parent for file in found} == {ROOT / "agents" / "kernels"}


def test_no_test_is_longer_than_400_lines_and_most_have_no_more_than_150():
    lines = {named(file): len(file.read_text().splitlines()) for file in files_of("tests")}
    long = {file: count for file, count in sorted(lines.items()) if count > 150}
    print("over 150 lines:", long)
    assert max(lines.values()) <= 400, long
    assert len(long) < len(lines) / 2, long


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_link_leads_from_the_front_door_to_the_folder_wherever_the_checkout_stands(folder):
    link = FRONT_DOOR / folder
    assert link.is_symlink()
    assert link.readlink() == Path("..", "..", folder)
    assert link.resolve() == ROOT.resolve() / folder
    assert (link / "__init__.py").is_file()


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_is_imported_under_the_name_of_feint_alone(folder):
    module = import_module(f"feint.{folder}")
    assert module.__name__ == f"feint.{folder}"
    assert folder not in sys.modules


def test_import_feint_loads_none_of_the_libraries():
    code = (
        "import sys, json; before = set(sys.modules); import feint; print(json.dumps([*(set(sys.modules) - before)]))"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    loaded = json.loads(printed)
    assert "feint" in loaded
    assert LIBRARIES & {module.split(".")[0] for module in loaded} == set()


@pytest.mark.parametrize("name", feint.__all__)
def test_a_public_name_is_the_one_of_its_room_and_is_listed(name):
    (room,) = [room for room, names in assigned("_ROOMS").items() if name in names]
    assert getattr(feint, name) is getattr(import_module(room), name)
    assert name in dir(feint)


def test_type_checkers_rooms_and_public_names_agree():
    (block,) = [node for node in parsed(FRONT_DOOR / "__init__.py").body if isinstance(node, ast.If)]
    assert ast.unparse(block.test) == "TYPE_CHECKING"
    for_checkers = []
    for node in block.body:
        assert isinstance(node, ast.ImportFrom)
        for alias in node.names:
            assert alias.asname == alias.name  # an import without it is not re-exported
            for_checkers.append((node.module, alias.name))
    rooms = [(room, name) for room, names in assigned("_ROOMS").items() for name in names]
    assert Counter(for_checkers) == Counter(rooms)
    assert Counter(name for _, name in rooms) == Counter(assigned("__all__"))
    assert set(feint.__all__) == set(assigned("__all__"))


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match=r"module 'feint' has no attribute 'simulat'"):
        feint.simulat  # noqa: B018  # pyright: ignore[reportAttributeAccessIssue]
    assert not hasattr(feint, "_nothing")


@pytest.mark.parametrize("file", OURS, ids=named)
def test_every_public_function_class_and_method_says_what_it_is(file):
    assert ast.get_docstring(parsed(file))
    members = (node for node in public(parsed(file).body) if not is_overload(node))
    silent = [f"{node.name}, line {node.lineno}" for node in members if not ast.get_docstring(node)]
    assert silent == []


def is_overload(node):
    """Whether a function only says which type it returns for which arguments."""
    return any(isinstance(mark, ast.Name) and mark.id == "overload" for mark in node.decorator_list)
