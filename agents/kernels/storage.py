"""Arrays on the stack, so that the compiler knows them apart and a loop over lanes needs no alias checks."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import cgutils, config, types
from numba.extending import intrinsic
from numba.np.arrayobj import make_array, populate_array

CACHE_LINE = 64  # bytes


def _stack_array(element: Any) -> Any:
    """An intrinsic that makes an uninitialised C array of the given shape in the caller's own stack frame."""

    @intrinsic
    def allocate(typingctx: Any, shape: Any) -> Any:
        array_type = types.Array(element, len(shape), "C")

        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            extents = [
                context.cast(builder, extent, kind, types.intp)
                for extent, kind in zip(cgutils.unpack_tuple(builder, args[0]), shape, strict=True)
            ]
            data_type = context.get_data_type(element)
            item = context.get_abi_sizeof(data_type)
            strides, size = [], ir.Constant(extents[0].type, 1)
            for extent in reversed(extents):
                strides.insert(0, builder.mul(size, ir.Constant(size.type, item)))
                size = builder.mul(size, extent)
            data = builder.alloca(data_type, size=size)
            data.align = CACHE_LINE
            array = make_array(array_type)(context, builder)
            populate_array(
                array, data=data, shape=extents, strides=strides, itemsize=ir.Constant(size.type, item), meminfo=None
            )
            return array._getvalue()

        return array_type(shape), codegen

    return allocate


if config.DISABLE_JIT:  # pyright: ignore[reportAttributeAccessIssue] - set when Numba is loaded
    floats = np.empty
    words = partial(np.empty, dtype=np.uint32)
    integers = partial(np.empty, dtype=np.int64)

else:
    floats = _stack_array(types.float64)
    words = _stack_array(types.uint32)
    integers = _stack_array(types.int64)
