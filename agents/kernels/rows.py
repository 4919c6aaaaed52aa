"""Rows of lanes in memory, on the stack or on the heap, and views of the same memory lane by lane."""

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic
from numba.np.arrayobj import make_array, populate_array

from feint.agents.kernels.lanes import ROW, Lanes, either, lanes_in

WORD = ir.IntType(64)


def _view(context: Any, builder: Any, kind: Any, data: Any, shape: Any, owner: Any = None) -> Any:
    """Return a C array of this type and shape over memory; `owner` keeps the memory alive."""
    size = ir.Constant(WORD, context.get_abi_sizeof(context.get_data_type(kind.dtype)))
    strides, step = [], size
    for extent in reversed(shape):
        strides.insert(0, step)
        step = builder.mul(step, extent)
    array = make_array(kind)(context, builder)
    pointer = builder.bitcast(data, context.get_data_type(kind.dtype).as_pointer())
    populate_array(array, data=pointer, shape=shape, strides=strides, itemsize=size, meminfo=owner)
    return array._getvalue()


def _rows(element_of: Callable[[Any], Any], *, heap: bool = False) -> Any:
    @intrinsic
    def allocate(typingctx: Any, like: Any, shape: Any) -> Any:
        kind = types.Array(Lanes(element_of(like.dtype), ROW * 8 // like.dtype.bitwidth), len(shape), "C")

        def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            extents = zip(cgutils.unpack_tuple(builder, args[1]), sig.args[1], strict=True)
            extents = [context.cast(builder, extent, kind, types.intp) for extent, kind in extents]
            size = ir.Constant(WORD, 1)
            for extent in extents:
                size = builder.mul(size, extent)
            row, owner = context.get_data_type(kind.dtype), None
            if heap:
                size = builder.mul(size, ir.Constant(WORD, context.get_abi_sizeof(row)))
                owner = context.nrt.meminfo_alloc_aligned(builder, size, ROW)
                data = context.nrt.meminfo_data(builder, owner)
            else:
                data = builder.alloca(row, size=size)
                data.align = ROW
            return _view(context, builder, kind, data, extents, owner)

        return kind(like, shape), codegen

    return allocate


@intrinsic
def _row_each(typingctx: Any, like: Any, each: Any) -> Any:
    kind = types.Array(Lanes(like.dtype, ROW * 8 // like.dtype.bitwidth), 1, "C")
    count = len(each)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        data = cgutils.alloca_once(builder, ir.ArrayType(context.get_data_type(kind.dtype), count))
        data.align = ROW
        return _view(context, builder, kind, data, [ir.Constant(WORD, count)])

    return kind(like, each), codegen


@intrinsic
def _by_lane(typingctx: Any, rows: Any) -> Any:
    lanes = rows.dtype
    kind = types.Array(lanes.element, rows.ndim + 1, "C")

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        array = make_array(sig.args[0])(context, builder, args[0])
        shape = [*cgutils.unpack_tuple(builder, array.shape), ir.Constant(WORD, lanes.count)]
        return _view(context, builder, kind, array.data, shape)

    return kind(rows), codegen


@intrinsic
def _lanes_of(typingctx: Any, rows: Any) -> Any:
    return types.intp(rows), lambda *_: ir.Constant(WORD, rows.dtype.count)


def _plain_rows(dtype: Any = None) -> Any:
    return lambda like, shape: np.empty((*shape, lanes_in(like.dtype)), dtype or like.dtype)


#: `rows(like, shape)`: rows on the stack in the precision of `like`, uninitialised; the compiler knows them apart
rows = either(_rows(lambda dtype: dtype), _plain_rows())
many_rows = either(_rows(lambda dtype: dtype, heap=True), _plain_rows())  #: such rows on the heap
words = either(_rows(lambda _: types.uint32), _plain_rows(np.uint32))  #: as many lanes of 32-bit words
counts = either(_rows(lambda _: types.int32), _plain_rows(np.int32))  #: as many lanes of integers
row_each = either(_row_each, lambda like, each: rows(like, (len(each),)))  #: one per objective, perhaps in registers
lanes_of = either(_lanes_of, lambda row: row.shape[-1])  #: how many lanes a row has
by_lane = either(_by_lane, np.asarray)  #: the same memory as numbers, with the lanes as the last axis
