"""Compilation of kernels, and the cache of compiled ones."""

import contextlib
import hashlib
import types
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numba.core.caching import FunctionCache
from numba.core.dispatcher import Dispatcher

from feint.agents.kernels import lanes

F = TypeVar("F", bound=Callable[..., Any])

#: `contract` lets a product and a sum become one fused operation. Nothing more is allowed: `reassoc` with `nsz` folds
#: away what `gain` keeps of a sum's rounding and what `exp` keeps of ln 2, and results look faster and are wrong.
OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "fastmath": {"contract"}}


def equation(function: F) -> F:
    """Compile a piece of a kernel, such as an equation between lanes, that costs no call."""
    return _compiled(function, forceinline=True)


def inline(function: F) -> F:
    """Compile a piece that becomes part of its kernel before LLVM: rows that it makes are on the kernel's stack."""
    return _compiled(function, inline="always")


def kernel(function: F) -> F:
    """Compile a kernel's entry point, once per signature, and cache it on disk until anything that it reads changes."""
    dispatcher: Any = _compiled(function)
    if isinstance(dispatcher, Dispatcher):
        with contextlib.suppress(RuntimeError):  # no folder can be written to: compile again in every process
            setattr(dispatcher, "_cache", KernelCache(function))  # noqa: B010 - Numba has no public way
    return cast("F", dispatcher)


def _compiled(function: F, **options: Any) -> F:
    """Return the compiled function, or the function itself if compilation is switched off."""
    _content(function.__code__.co_filename)  # as it is now, when Python has read it
    return cast("F", numba.njit(function, **OPTIONS, **options))


class KernelCache(FunctionCache):
    """Numba's cache, with the content of everything that a kernel reads as part of the key.

    Numba itself looks at the kernel's own file only: it does not notice an edited function in another file, a changed
    global, or other fields of a named tuple.
    """

    def _index_key(self, sig: Any, codegen: Any) -> tuple[Any, ...]:
        fields = tuple(_fields(kind.instance_class) for kind in sig if hasattr(kind, "instance_class"))
        return (*super()._index_key(sig, codegen), fields, fingerprint(self._py_func))


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
