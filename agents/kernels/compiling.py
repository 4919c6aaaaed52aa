"""Compilation of kernels, and the cache of compiled ones."""

import gc
import hashlib
import os
import pickle
import sys
import types
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
import numpy as np
from llvmlite.binding import get_host_cpu_name
from numba.core import config as numba_config
from numba.core import typed_passes, untyped_passes
from numba.core.caching import FunctionCache, IndexDataCacheFile, NullCache
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler
from numba.core.compiler_lock import global_compiler_lock, require_global_compiler_lock
from numba.core.registry import CPUDispatcher
from numba.core.runtime.nrt import rtsys

from feint.agents.kernels import lanes
from feint.agents.kernels.beside import start_others

config: Any = numba_config  # Numba's settings; its module declares none
F = TypeVar("F", bound=Callable[..., Any])

#: `contract` lets a product and a sum become one fused operation. Nothing more is allowed: `reassoc` with `nsz` folds
#: away what `gain` keeps of a sum's rounding and what `exp` keeps of ln 2, and results look faster and are wrong.
OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "fastmath": {"contract"}}


def equation(function: F) -> F:
    """Compile a piece of a kernel, such as an equation between lanes, that costs no call."""
    _content(function.__code__.co_filename)  # as it is now, when Python has read it
    options = {**OPTIONS, "nopython": True, "forceinline": True, "_nrt": False}
    piece = function if lanes.INTERPRETED else Piece(function, targetoptions=options, pipeline_class=PieceCompiler)
    return cast("F", piece)


def inline(function: F) -> F:
    """Compile a piece that becomes part of its kernel before LLVM: rows that it makes are on the kernel's stack."""
    return _compiled(function, inline="always")


def kernel(function: F) -> F:
    """Compile a kernel's entry point, once per signature, and cache it on disk until anything that it reads changes."""
    _content(function.__code__.co_filename)  # as it is now, when Python has read it
    if lanes.INTERPRETED:
        return function
    dispatcher: Any = Kernel(function, targetoptions={**OPTIONS, "nopython": True, "no_cfunc_wrapper": True})
    try:
        dispatcher._cache = KernelCache(function)
    except RuntimeError:  # no folder can be written to
        dispatcher._cache = NoCache()
    return cast("F", dispatcher)


def _compiled(function: F, **options: Any) -> F:
    """Return the compiled function, or the function itself if compilation is switched off."""
    _content(function.__code__.co_filename)  # as it is now, when Python has read it
    return cast("F", numba.njit(function, **OPTIONS, **options))


SETTINGS = ("BOUNDSCHECK", "OPT", "LOOP_VECTORIZE", "SLP_VECTORIZE", "ENABLE_AVX", "CPU_NAME", "CPU_FEATURES")
SETTINGS += ("DISABLE_INTEL_SVML", "DEBUGINFO_DEFAULT", "EXTEND_VARIABLE_LIFETIMES")
"""Numba's settings on which compiled code depends."""
VARIABLES = (*(f"NUMBA_{name}" for name in (*SETTINGS, "DEBUGINFO", "DISABLE_JIT")), "GLIBC_TUNABLES")
VARIABLES += ("NPY_DISABLE_CPU_FEATURES", "NPY_ENABLE_CPU_FEATURES")
"""Environment variables on which bits can depend."""


class Piece(CPUDispatcher):
    """A function that is part of the kernels that call it: its code is optimised and made executable with theirs.

    Numba would do that for each function by itself as well, with wrappers for calls from Python, and again for each
    function that calls it.
    """

    def add_overload(self, cres: Any) -> None:
        """Let functions with calls of this signature find its code; raises `TypeError` if it returns an array."""
        if self.targetctx.data_model_manager[cres.signature.return_type].contains_nrt_meminfo():
            raise TypeError(f"{self.py_func.__name__} returns an array, whose references a piece does not count.")
        cres = cres._replace(entry_point=cres.library)  # the key by which they look it up
        self.targetctx.insert_user_function(cres.library, cres.fndesc, [cres.library])
        self.overloads[tuple(cres.signature.args)] = cres

    def __call__(self, *arguments: Any) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Call the plain function, since no compiled one can be called from Python."""
        return self.py_func(*arguments)


class Kernel(CPUDispatcher):
    """A function that Python calls, compiled for the types of its arguments."""

    def _compilation_chain_init_hook(self) -> None:
        """Do not look for extensions of Numba: its compiler does so, and a kernel that is kept needs none."""

    def compile(self, sig: Any) -> Any:
        """Compile the kernel, or load it from the cache."""
        with global_compiler_lock, _uncollected(), _loops_as_written():
            return super().compile(sig)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Do not look for cyclic garbage again and again in all that the compiler makes."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@contextmanager
def _loops_as_written() -> Iterator[None]:
    """Do not look for loops to make vectors of: rows are vectors, and copies of runs would become slow scatters."""
    before, config.LOOP_VECTORIZE = config.LOOP_VECTORIZE, 0
    try:
        yield
    finally:
        config.LOOP_VECTORIZE = before


#: passes of Numba's compiler for what no piece contains
NEEDLESS = {
    untyped_passes.WithLifting,
    untyped_passes.InlineClosureLikes,
    untyped_passes.RewriteDynamicRaises,
    untyped_passes.MakeFunctionToJitFunction,
    untyped_passes.FindLiterallyCalls,
    untyped_passes.LiteralUnroll,
    untyped_passes.LiteralPropagationSubPipelinePass,
    typed_passes.InlineOverloads,
    typed_passes.NopythonRewrites,
}


class PieceCompiler(Compiler):
    """Numba's compiler up to the point where LLVM would optimise the function as a whole."""

    def define_pipelines(self) -> Any:
        """Return Numba's passes, with a library of code that is to be part of others."""
        state = self.state
        state.flags.no_compile = state.flags.no_cpython_wrapper = state.flags.no_cfunc_wrapper = True
        state.library = PieceLibrary(state.targetctx.codegen(), state.func_id.func_qualname)
        (passes,) = super().define_pipelines()
        passes.passes = [step for step in passes.passes if step[0] not in NEEDLESS]
        passes.finalize()
        return [passes]


class PieceLibrary(JITCodeLibrary):
    """Code of a piece and of the pieces that it calls."""

    def finalize(self) -> None:
        """Put the pieces together; nothing can be added any more."""
        require_global_compiler_lock()
        self._raise_if_finalized()
        for library in dict.fromkeys(self._linking_libraries):
            if hasattr(library, "_reload_init"):  # not in Numba 0.61
                self._reload_init.update(library._reload_init)
            self._final_module.link_in(library._get_module_for_linking(), preserve=True)
        self._final_module.verify()
        self._finalized = True


@cache
def announce(when: str) -> None:
    """Say on a terminal, once, what is being waited for."""
    if sys.stderr is not None and sys.stderr.isatty():
        print(f"feint: compiling for this processor, which takes some seconds {when}…", file=sys.stderr, flush=True)


@cache
def warn_of_cache(what: str) -> None:
    """Warn, once, that compiled kernels cannot be read or kept."""
    warnings.warn(f"{what} (NUMBA_CACHE_DIR names the folder).", RuntimeWarning, stacklevel=2)


class CheckedFiles(IndexDataCacheFile):
    """Numba's files of a cache, with digests: one that is damaged, or of another key, is as good as none."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._version = f"{self._version}, with digests"

    def save(self, key: Any, data: Any) -> None:
        """Write compiled code, with its key."""
        super().save(key, (key, data))

    def load(self, key: Any) -> Any:
        """Return the code that is kept under a key, or None."""
        try:
            of, data = super().load(key) or (key, None)
        except Exception as error:  # whatever a damaged file may hold
            warn_of_cache(f"a compiled kernel is damaged and compiled again: {_why(error)}")
            return None
        return data if of == key else None

    def _dump(self, obj: Any) -> bytes:
        data = super()._dump(obj)
        return hashlib.sha256(data).digest() + data

    def _load_index(self) -> dict[Any, str]:
        try:
            with Path(self._index_path).open("rb") as file:
                version = pickle.load(file)
                stamp, overloads = _checked(file.read()) if version == self._version else (None, {})
        except FileNotFoundError:
            return {}
        except Exception as error:
            warn_of_cache(f"the list of compiled kernels is damaged, and they are compiled again: {_why(error)}")
            return {}
        return overloads if stamp == self._source_stamp else {}

    def _load_data(self, name: str) -> Any:
        return _checked(Path(self._data_path(name)).read_bytes())


def _checked(content: bytes) -> Any:
    """Return the object in a content that begins with its digest; raises `ValueError` if that is another."""
    digest, data = content[:32], content[32:]
    if hashlib.sha256(data).digest() != digest:
        raise ValueError("its digest is not that of its content")
    return pickle.loads(data)


def _why(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error).partition("\n")[0] or type(error).__name__


class KernelCache(FunctionCache):
    """Numba's cache, with the content of everything that a kernel reads as part of the key.

    Numba itself looks at the kernel's own file only: it does not notice an edited function in another file, a changed
    global, or other fields of a named tuple.
    """

    def __init__(self, function: Any) -> None:
        super().__init__(function)
        plain = self._cache_file
        self._cache_file = CheckedFiles(
            cache_path=plain._cache_path, filename_base=self._impl.filename_base, source_stamp=plain._source_stamp
        )

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return the kernel compiled for these types, or None if it is not kept.

        A compiled kernel needs none of the libraries that Numba's own method loads, which takes half of the time until
        the first step.
        """
        rtsys.initialize(target_context)  # memory
        with self._guard_against_spurious_io_errors():
            kernel = self._load_overload(sig, target_context)
        if kernel is None:
            start_others()
            announce("the first time")
        return kernel

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep a compiled kernel; warns if that is not possible."""
        try:
            super().save_overload(sig, data)
        except Exception as error:  # the folder is full, say
            warn_of_cache(f"compiled kernels cannot be kept, which takes some seconds in every process: {_why(error)}")

    def _index_key(self, sig: Any, codegen: Any) -> tuple[Any, ...]:
        fields = tuple(_fields(kind.instance_class) for kind in sig if hasattr(kind, "instance_class"))
        return (*super()._index_key(sig, codegen), fields, settings(), fingerprint(self._py_func))


class NoCache(NullCache):
    """Stands for the cache if no folder can be written to."""

    def load_overload(self, sig: Any, target_context: Any) -> None:
        """Return None, for a kernel that is not kept."""
        announce("in every process, since no folder can be written to (NUMBA_CACHE_DIR names one)")


def settings() -> tuple[str, ...]:
    """Return all of Numba's settings on which compiled code depends; it looks at few of them itself."""
    return tuple(f"{name} = {getattr(config, name, None)}" for name in SETTINGS)


def made_for() -> dict[str, str]:
    """Return the kind of processor for which kernels are compiled, and the variables that are set and may change bits.

    The kind is in LLVM's words, and *interpreted* if compilation is switched off.
    """
    kind = "interpreted" if lanes.INTERPRETED else str(config.CPU_NAME or get_host_cpu_name())
    return {"processor": kind, **{name: os.environ[name] for name in VARIABLES if os.environ.get(name)}}


def fingerprint(function: types.FunctionType) -> str:
    """Return the digest of a kernel: options, files of all functions that it reaches by name, and global constants."""
    ground = f"{_content(__file__)}{_content(lanes.__file__)}"  # operators of lanes are reached by no name
    digest = hashlib.sha256(f"{ground}{sorted(OPTIONS.items())}".encode())
    for item in sorted(set(_read_by(function, set()))):
        digest.update(item.encode())
    return digest.hexdigest()


def _read_by(function: types.FunctionType, seen: set[types.FunctionType]) -> Iterator[str]:
    """Yield everything that a function's compiled form depends on."""
    if function in seen:
        return
    seen.add(function)
    yield _content(function.__code__.co_filename)
    for name in function.__code__.co_names:
        value = function.__globals__.get(name)
        value = getattr(value, "py_func", getattr(value, "_defn", value))  # of a kernel's piece, or of an intrinsic
        if isinstance(value, types.FunctionType):
            yield from _read_by(value, seen)
        elif isinstance(value, type) and hasattr(value, "_fields"):
            yield _fields(value)
        elif isinstance(value, np.ndarray):
            yield f"{name} = {value.dtype} {value.shape} {value.tobytes().hex()}"
        elif isinstance(value, (bool, int, float, str, tuple, np.generic)):
            yield f"{name} = {value!r}"


def _fields(named_tuple: Any) -> str:
    return f"{named_tuple.__name__}{named_tuple._fields}"


@cache
def _content(path: str) -> str:
    """Return the digest of a file, as it was when first requested."""
    file = Path(path)
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else path
