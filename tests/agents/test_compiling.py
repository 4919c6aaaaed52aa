"""A compiled kernel is used again as long as nothing that it reads has changed, and never after.

A small package stands in for Feint's kernels: `middle.py` holds a kernel, which calls functions and reads constants of
other files. Each run of it is a process of its own, which says what the kernel gives and where it came from.
"""

import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import Any

import llvmlite.binding
import pytest
from numba.core import config

import feint
from feint.agents.kernels import compiling, reading

SOURCES = {
    "__init__.py": "",
    "constants.py": """
        from typing import NamedTuple
        import numpy as np

        SHIFT, MASK = 7.0, np.uint32(12)

        class Pair(NamedTuple):
            zero: int; unit: int
    """,
    "low.py": """
        from feint.agents.kernels.compiling import equation
        from toy.constants import MASK, SHIFT

        @equation
        def shifted(x):
            return x * 2.0 + SHIFT

        @equation
        def masked(n):
            return n & MASK
    """,
    "lists.py": """
        from feint.agents.kernels.compiling import inline
        from toy.low import shifted

        @inline
        def total(x):
            y = 0.0
            for i in range(x.size):
                y += shifted(x[i])
            return y * 1.0
    """,
    "middle.py": """
        import numpy as np
        from feint.agents.kernels.compiling import kernel
        from toy.lists import total
        from toy.low import masked

        @kernel
        def fill(x, pair, out):
            out[0], out[1], out[2] = total(x) + 0.0, masked(np.uint32(255)), pair.unit
    """,
    "run.py": """
        import json, sys
        import numpy as np
        from toy.constants import Pair
        from toy.middle import fill

        exec(sys.argv[1])
        out = np.zeros(3)
        fill(np.arange(3.0), Pair(zero=0, unit=1), out)
        found = {"out": out.tolist(), "kind": type(fill).__name__}
        if found["kind"] != "function":
            hits, misses, found["cache"] = fill.stats.cache_hits, fill.stats.cache_misses, fill.stats.cache_path
            found |= {"loaded": sum(hits.values()), "compiled": sum(misses.values())}
        print(json.dumps(found))
    """,
}

AS_IT_STANDS = [27, 12, 1]

#: an edit, in which file, and what the kernel then gives
EDITS = {
    "the kernel itself": ("middle.py", "+ 0.0", "+ 0.5", [27.5, 12, 1]),
    "an inlined function of another file": ("lists.py", "y * 1.0", "y * 2.0", [54, 12, 1]),
    "an equation of another file": ("low.py", "+ SHIFT", "- SHIFT", [-15, 12, 1]),
    "a constant of a file without kernels": ("constants.py", "7.0", "8.0", [30, 12, 1]),
    "a NumPy constant of a file without kernels": ("constants.py", "(12)", "(13)", [27, 13, 1]),
    "the fields' order in a file without kernels": ("constants.py", "zero: int; unit", "unit: int; zero", AS_IT_STANDS),
}


def run(folder, *, first="", **variables):
    """One run of the package in a process of its own; `first` is done after the imports and before the kernel."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("NUMBA_", "PYTHON"))}
    paths = os.pathsep.join([str(folder), str(Path(feint.__file__).parents[1])])
    process = subprocess.run(
        [sys.executable, "-m", "toy.run", first],
        env={**inherited, "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1", **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    return json.loads(process.stdout)


def edit(file, old, new):
    """Replace text by as much text, and leave the file its time."""
    text, before = file.read_text(), file.stat()
    file.write_text(text.replace(old, new))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert file.read_text() != text
    assert (file.stat().st_size, file.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)


@pytest.fixture(scope="module")
def cached(tmp_path_factory):
    """The package after its first run."""
    folder = tmp_path_factory.mktemp("cached")
    (folder / "toy").mkdir()
    for name, source in SOURCES.items():
        (folder / "toy" / name).write_text(dedent(source))
    found = run(folder)
    assert (found["out"], found["loaded"], found["compiled"]) == (AS_IT_STANDS, 0, 1)
    assert Path(found["cache"]).is_relative_to(folder)
    return folder


@pytest.fixture
def toy(cached, tmp_path):
    """A copy of it, to be edited."""
    return shutil.copytree(cached, tmp_path / "copy")


def test_a_kernel_whose_files_are_as_they_were_is_loaded_and_not_compiled(toy):
    found = run(toy)
    assert (found["out"], found["loaded"], found["compiled"]) == (AS_IT_STANDS, 1, 0)


@pytest.mark.parametrize("what", EDITS)
def test_an_edit_is_never_hidden_by_a_compiled_kernel(toy, what):
    name, old, new, expected = EDITS[what]
    edit(toy / "toy" / name, old, new)
    assert run(toy)["out"] == expected


def test_an_edit_between_import_and_first_use_is_not_hidden_from_the_next_process(toy):
    """The first process still has the old code, and must not keep it under the name of the new."""
    low = f"__import__('pathlib').Path({str(toy / 'toy' / 'low.py')!r})"
    assert run(toy, first=f"f = {low}; f.write_text(f.read_text().replace('2.0', '3.0'))")["out"] == AS_IT_STANDS
    assert run(toy)["out"] == [30, 12, 1]


def test_other_options_of_the_compiler_are_not_hidden_by_a_compiled_kernel(toy):
    copy = toy / "toy" / "compiling.py"
    shutil.copy(compiling.__file__, copy)
    for file in (toy / "toy").glob("*.py"):
        file.write_text(file.read_text().replace("feint.agents.kernels.compiling", "toy.compiling"))
    assert run(toy)["compiled"] == 1
    copy.write_text(copy.read_text() + '\nOPTIONS["error_model"] = "python"\n')
    assert run(toy)["compiled"] == 1


def test_where_no_folder_can_be_written_to_a_kernel_is_compiled_anew(toy, tmp_path):
    """Files stand where the folders would be: not even root can write there."""
    shutil.rmtree(toy / "toy" / "__pycache__")
    (toy / "toy" / "__pycache__").touch()
    (tmp_path / "home").touch()
    nowhere = {name: str(tmp_path / "home") for name in ("HOME", "XDG_CACHE_HOME", "LOCALAPPDATA", "NUMBA_CACHE_DIR")}
    found = run(toy, **nowhere)
    assert (found["out"], found["loaded"], found["cache"]) == (AS_IT_STANDS, 0, None)


@pytest.mark.skipif(platform.machine() not in {"x86_64", "AMD64"}, reason="it names a processor of this family")
def test_a_kernel_compiled_for_one_kind_of_processor_is_not_loaded_on_another(toy):
    assert run(toy, NUMBA_CPU_NAME="nocona", NUMBA_CPU_FEATURES="")["compiled"] == 1
    assert run(toy)["loaded"] == 1


@pytest.mark.parametrize("setting", [{"NUMBA_BOUNDSCHECK": "1"}, {"NUMBA_OPT": "0"}, {"NUMBA_SLP_VECTORIZE": "1"}])
def test_a_kernel_compiled_under_other_settings_is_not_loaded_without_them(toy, setting):
    assert run(toy, **setting)["compiled"] == 1
    assert run(toy)["loaded"] == 1


@pytest.mark.skipif(bool(config.DISABLE_JIT), reason="nothing is compiled")  # pyright: ignore[reportAttributeAccessIssue]
def test_the_key_of_a_compiled_kernel_names_the_processor_and_the_fingerprint():
    read: Any = reading.read
    codegen = read.targetctx.codegen()
    key = read._cache._index_key((), codegen)
    assert codegen.magic_tuple() in key
    assert llvmlite.binding.get_host_cpu_name() in codegen.magic_tuple()
    assert compiling.fingerprint(read.py_func) in key


def test_where_compilation_is_switched_off_a_kernel_is_a_plain_function(toy):
    assert run(toy, NUMBA_DISABLE_JIT="1") == {"out": AS_IT_STANDS, "kind": "function"}


DAMAGE = {
    "flipped": lambda content: content[:-40] + bytes([content[-40] ^ 1]) + content[-39:],
    "cut": lambda content: content[: len(content) // 2],
    "empty": lambda content: content[:0],
    "text": lambda content: b"no pickle" + content[:0],
}


def noted(file):
    """What to do first so that warnings are written to a file, one a line."""
    return f"import warnings; warnings.showwarning = lambda said, *_: print(said, file=open({str(file)!r}, 'a'))"


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("ending", ["nbi", "nbc"])
def test_a_damaged_file_of_the_cache_is_compiled_again_with_one_warning(toy, tmp_path, ending, damage):
    (file,) = (toy / "toy" / "__pycache__").glob(f"*.{ending}")
    file.write_bytes(DAMAGE[damage](file.read_bytes()))
    found = run(toy, first=noted(tmp_path / "warnings"))
    assert (found["out"], found["loaded"], found["compiled"]) == (AS_IT_STANDS, 0, 1)
    (line,) = (tmp_path / "warnings").read_text().splitlines()
    assert "compiled again" in line
    assert run(toy)["loaded"] == 1  # it was kept again


def test_where_the_cache_is_full_a_kernel_is_compiled_in_every_process_with_one_warning(toy, tmp_path):
    shutil.rmtree(toy / "toy" / "__pycache__")
    first = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (9, resource.RLIM_INFINITY)); "
    unlimited = "resource.setrlimit(resource.RLIMIT_FSIZE, 2 * (resource.RLIM_INFINITY,)); "
    for _ in range(2):
        (tmp_path / "warnings").unlink(missing_ok=True)
        warned = noted(tmp_path / "warnings").replace("print(", f"exec({unlimited!r}) or print(")
        found = run(toy, first=first + warned)
        assert (found["out"], found["loaded"], found["compiled"]) == (AS_IT_STANDS, 0, 1)
        (line,) = (tmp_path / "warnings").read_text().splitlines()
        assert "cannot be kept" in line


def test_code_that_is_kept_under_another_key_is_not_run(toy):
    """The list of a cache is written before the code: if that fails, older code may stand under the name."""
    cache = toy / "toy" / "__pycache__"
    (code,) = cache.glob("*.nbc")
    old = code.read_bytes()
    edit(toy / "toy" / "low.py", "+ SHIFT", "- SHIFT")
    assert run(toy)["out"] == [-15, 12, 1]
    for file in cache.glob("*.nbc"):
        file.write_bytes(old)
    assert run(toy)["out"] == [-15, 12, 1]
