"""Functions of lanes: single instructions, with compilation off NumPy's, and elementary functions of them.

A call into the C library cannot be vectorised. `exp` and `sigmoid` reduce their argument to a short interval and
evaluate a polynomial on it; `tests/agents/test_arithmetic.py` states the errors.
"""

from collections.abc import Callable
from operator import methodcaller
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from feint.agents.kernels.compiling import equation
from feint.agents.kernels.lanes import Lanes, either, spread

MANTISSA = {32: 23, 64: 52}  # bits


def _of_one(result: Callable[[Any], Any], emit: Callable[..., Any]) -> Any:
    """Return an intrinsic of one row; `emit` builds its instruction."""

    @intrinsic
    def function(typingctx: Any, x: Any) -> Any:
        kind = result(x)

        def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            return emit(builder, sig.args[0], context.get_value_type(kind), args[0])

        return kind(x), codegen

    return function


def _of_llvm(name: str) -> Any:
    def emit(builder: Any, lanes: Any, vector: Any, value: Any) -> Any:
        full = f"llvm.{name}.v{lanes.count}f{lanes.element.bitwidth}"
        function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(vector, [vector]), full)
        return builder.call(function, [value])

    return _of_one(lambda x: x, emit)


def _seen_as(element: Any) -> Any:
    return _of_one(lambda x: Lanes(element, x.count), lambda builder, _, vector, value: builder.bitcast(value, vector))


def _one_of_two(sign: str) -> Any:
    @intrinsic
    def pick(typingctx: Any, x: Any, y: Any) -> Any:
        lanes = x if isinstance(x, Lanes) else y

        def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            x, y = (spread(context, builder, *pair, lanes) for pair in zip(sig.args, args, strict=True))
            return builder.select(builder.fcmp_ordered(sign, x, y), x, y)

        return lanes(x, y), codegen

    return pick


@intrinsic
def _where(typingctx: Any, condition: Any, x: Any, y: Any) -> Any:
    lanes = x if isinstance(x, Lanes) else y

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        x, y = (spread(context, builder, *pair, lanes) for pair in zip(sig.args[1:], args[1:], strict=True))
        return builder.select(args[0], x, y)

    return lanes(condition, x, y), codegen


@intrinsic
def _scaled(typingctx: Any, x: Any, n: Any) -> Any:
    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        lanes = sig.args[0]
        bits = lanes.element.bitwidth
        whole = ir.VectorType(ir.IntType(bits), lanes.count)
        exponent = builder.shl(builder.fptosi(args[1], whole), ir.Constant(whole, [MANTISSA[bits]] * lanes.count))
        return builder.bitcast(builder.add(builder.bitcast(args[0], whole), exponent), args[0].type)

    return x(x, n), codegen


@intrinsic
def _rotated(typingctx: Any, x: Any, bits: Any) -> Any:
    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        lanes, vector = sig.args[0], args[0].type
        funnel = ir.FunctionType(vector, [vector] * 3)
        shift = cgutils.get_or_insert_function(builder.module, funnel, f"llvm.fshl.v{lanes.count}i32")
        return builder.call(shift, [args[0], args[0], spread(context, builder, sig.args[1], args[1], lanes)])

    return x(x, bits), codegen


@intrinsic
def _in_precision_of(typingctx: Any, x: Any, like: Any) -> Any:
    kind = like.dtype

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return args[0] if kind == x else builder.fpext(args[0], context.get_value_type(kind))

    return kind(x, like), codegen


def _plain_scaled(x: Any, n: Any) -> Any:
    with np.errstate(invalid="ignore"):  # a NaN n gives any exponent, as on a processor
        return np.ldexp(x, n.astype(np.int64))


def _which(builder: Any, lanes: Any, word: Any, value: Any) -> Any:
    return builder.zext(builder.bitcast(value, ir.IntType(lanes.count)), word)


def _to_float(builder: Any, lanes: Any, vector: Any, value: Any) -> Any:
    return (builder.sitofp if lanes.element.signed else builder.uitofp)(value, vector)


def _single(_builder: Any, lanes: Any, bit: Any, _value: Any) -> Any:
    return ir.Constant(bit, int(lanes.element == types.float32))


sqrt = either(_of_llvm("sqrt"), np.sqrt)
rint = either(_of_llvm("rint"), np.rint)  #: to the nearest whole number
where = either(_where, np.where)
least = either(_one_of_two("<"), lambda x, y: np.where(np.less(x, y), x, y))  #: if either is NaN, the second
most = either(_one_of_two(">"), lambda x, y: np.where(np.greater(x, y), x, y))  #: if either is NaN, the second
scaled = either(_scaled, _plain_scaled)  #: x · 2^n for whole n, if neither x nor the result is tiny or huge
rotated = either(_rotated, lambda x, bits: x << np.uint32(bits) | x >> np.uint32(32 - bits))  #: 32-bit words, left
in_precision_of = either(_in_precision_of, lambda x, like: x.astype(like.dtype))  #: single precision, as that of rows
which = either(  #: truth values as the bits of a word, lane 0 lowest
    _of_one(lambda _: types.uint64, _which), lambda x: np.uint64(sum(1 << i for i, bit in enumerate(x) if bit))
)
single = either(_of_one(lambda _: types.boolean, _single), lambda x: x.dtype == np.float32)  #: known when compiled
to_float = either(_of_one(lambda x: Lanes(types.float32, x.count), _to_float), methodcaller("astype", np.float32))
as_floats = either(_seen_as(types.float32), methodcaller("view", np.float32))  #: the same bits
as_counts = either(_seen_as(types.int32), methodcaller("view", np.int32))
as_words = either(_seen_as(types.uint32), methodcaller("view", np.uint32))


LOG2_E = 1.4426950408889634
LN2_HIGH = 6.93147180369123816490e-01  # the leading bits of ln 2: products with small integers are exact
LN2_LOW = 1.90821492927058770002e-10
LN2_HIGH_SINGLE = 0.693359375
LN2_LOW_SINGLE = -2.12194440e-4


@equation
def exp(x):
    """e^x; arguments beyond ±708 (in single precision ±87) are held there, so that it is normal. NaN stays NaN."""
    if single(x):  # the polynomial is the best of its degree: relative error 7e-8 on |r| <= ln(2) / 2
        x = most(-87.0, least(87.0, x))
        n = rint(x * LOG2_E)
        r = (x - n * LN2_HIGH_SINGLE) - n * LN2_LOW_SINGLE
        y = 0.00138146132 * r + 0.00836870982
        y = y * r + 0.0416683874
        y = y * r + 0.166665207
        y = y * r + 0.499999935
    else:
        x = most(-708.0, least(708.0, x))
        n = rint(x * LOG2_E)
        r = (x - n * LN2_HIGH) - n * LN2_LOW
        y = (1.0 / 6227020800.0) * r + 1.0 / 479001600.0
        y = y * r + 1.0 / 39916800.0
        y = y * r + 1.0 / 3628800.0
        y = y * r + 1.0 / 362880.0
        y = y * r + 1.0 / 40320.0
        y = y * r + 1.0 / 5040.0
        y = y * r + 1.0 / 720.0
        y = y * r + 1.0 / 120.0
        y = y * r + 1.0 / 24.0
        y = y * r + 1.0 / 6.0
        y = y * r + 0.5
    y = y * r + 1.0
    y = y * r + 1.0
    return scaled(y, n)


@equation
def sigmoid(x):
    """σ(x) = 1 / (1 + e^-x)."""
    return 1.0 / (1.0 + exp(-x))
